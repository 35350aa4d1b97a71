//go:build !amd64 || purego

package main

func useADX() bool { return false }
