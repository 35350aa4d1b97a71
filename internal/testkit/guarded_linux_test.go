package testkit

import (
	"runtime/debug"
	"testing"
	"unsafe"
)

// TestGuarded checks that the buffers can be touched, and that the bytes before and after
// them cannot.
func TestGuarded(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	faults := func(p unsafe.Pointer, offset int) (faulted bool) {
		defer func() { faulted = recover() != nil }()
		*(*byte)(unsafe.Add(p, offset))++
		return
	}
	for _, size := range []int{1, 200, 4096, 4097} {
		first, second := Guarded(t, size)
		if len(first) != size || len(second) != size {
			t.Fatalf("%d and %d bytes, want %d", len(first), len(second), size)
		}
		p, q := unsafe.Pointer(&first[0]), unsafe.Pointer(&second[0])
		if faults(p, 0) || faults(p, size-1) || faults(q, 0) || faults(q, size-1) {
			t.Errorf("of %d bytes some can't be touched", size)
		}
		if !faults(p, -1) || !faults(q, size) {
			t.Errorf("%d bytes are not guarded", size)
		}
	}
}
