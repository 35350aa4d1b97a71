//go:build (!amd64 && !arm64) || purego

package cpu

var implementations []implementation
