package main

var transformStatements []statement
