package main

var sampleStatements []statement
