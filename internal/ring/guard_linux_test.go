//go:build amd64 && !purego

package ring

import (
	"os"
	"syscall"
	"testing"
)

// guarded returns size bytes between two pages that cannot be touched: flush with
// the one after them, or with the one before.
func guarded(t *testing.T, size int, atEnd bool) []byte {
	page := os.Getpagesize()
	inner := (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{all[:page], all[page+inner:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if atEnd {
		return all[page+inner-size:][:size:size]
	}
	return all[page:][:size:size]
}
