package main

var adxStatements []statement
