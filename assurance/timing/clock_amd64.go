package main

// clock returns the time stamp counter, read when all instructions before have been
// executed, and before any that follows.
func clock() int64
