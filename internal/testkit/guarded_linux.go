package testkit

import (
	"os"
	"syscall"
	"testing"
)

// Guarded returns two zeroed buffers of the given size for kernels to run on. Touching
// memory right before the first or right after the second faults. On other systems it
// skips the test.
func Guarded(t testing.TB, size int) (first, second []byte) {
	t.Helper()
	page := os.Getpagesize()
	length := (size + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, page+length+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(b); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{b[:page], b[page+length:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	middle := b[page:][:length:length]
	return middle[:size:size], middle[length-size:]
}
