package main

import "testing"

func TestHeldBytes(t *testing.T) {
	if got := heldBytes(func() any { return make([]byte, 4096) }); got < 4096 || got > 4096+64 {
		t.Errorf("4096 bytes hold %d", got)
	}
}

//go:noinline
func deep(b byte) byte {
	var frame [40 << 10]byte
	frame[b] = b
	return frame[b/2]
}

//go:noinline
func shallow(b byte) byte {
	var frame [10 << 10]byte
	frame[b] = b
	return frame[b/2]
}

func TestStackOf(t *testing.T) {
	if got := stackOf(func(int) {}); got > 4<<10 {
		t.Errorf("doing nothing takes a stack of %d bytes", got)
	}
	if got := stackOf(func(int) { deep(7) }); got != 64<<10 {
		t.Errorf("a frame of 40 KiB takes a stack of %d bytes, want 64 KiB", got)
	}
	for range 3 { // goroutines of an earlier round leave stacks behind
		if got := stackOf(func(int) { shallow(7) }); got != 16<<10 {
			t.Errorf("a frame of 10 KiB takes a stack of %d bytes, want 16 KiB", got)
		}
	}
}
