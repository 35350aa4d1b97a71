package main

var encodingStatements []statement
