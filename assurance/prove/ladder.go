package main

var ladderStatements []statement
