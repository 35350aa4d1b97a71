package main

var combStatements []statement
