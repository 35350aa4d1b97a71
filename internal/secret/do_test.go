package secret

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"
)

// TestDo checks that Do runs its function and passes a panic on. Tests in package attacks search the
// memory for secrets that Do leaves.
func TestDo(t *testing.T) {
	ran := false
	Do(func() { ran = true })
	if !ran {
		t.Error("f was not run")
	}
	want := errors.New("a panic")
	defer func() {
		if got := recover(); got != want {
			t.Errorf("Do panics with %v, want %v", got, want)
		}
	}()
	Do(func() { panic(want) })
	t.Error("Do returned from a panic")
}

// TestTiming checks that f runs with data-independent timing, in every form of Do.
func TestTiming(t *testing.T) {
	for name, do := range map[string]func(f func()){
		"Do": Do, "DoDeep": DoDeep, "DoFar": func(f func()) { DoFar(1, f) }, "Uses.Do": func(f func()) { (*Uses)(nil).Do(Use{}, f) },
	} {
		do(func() {
			callers := make([]uintptr, 32)
			for frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)]); ; {
				frame, more := frames.Next()
				if frame.Function == "crypto/subtle.WithDataIndependentTiming" {
					return
				}
				if !more {
					t.Errorf("%s runs f without data-independent timing", name)
					return
				}
			}
		})
	}
}

// A keeping reader keeps the last slice that it was asked to fill.
type keeping struct {
	source io.Reader
	last   []byte
}

func (k *keeping) Read(b []byte) (int, error) {
	k.last = b
	return k.source.Read(b)
}

// TestRandom draws from a reader that takes the place of crypto/rand.Reader.
func TestRandom(t *testing.T) {
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	source := bytes.Repeat([]byte{7}, 48)
	k := &keeping{source: bytes.NewReader(source)}
	rand.Reader = k
	b := make([]byte, 48)
	Random(b)
	if !bytes.Equal(b, source) {
		t.Errorf("drew %x", b)
	}
	if !bytes.Equal(k.last, make([]byte, 48)) {
		t.Error("Random leaves a copy of the randomness")
	}
	defer func() {
		if recover() == nil {
			t.Error("Random does not panic when the reader ends")
		}
	}()
	Random(b)
}

// kibibytes takes n KiB of the stack.
//
//go:noinline
func kibibytes(n int) byte {
	var frame [1 << 10]byte
	frame[n] = 1
	if n > 1 {
		frame[n] = kibibytes(n-1) + frame[n/2]
	}
	return frame[n]
}

// TestRoom checks that the stack does not move while f runs. If it moved, the old stack would be
// free while secrets are still on it.
func TestRoom(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection could move the stack too
	far := func(f func()) { DoFar(1, f) }
	twice := func(f func()) { DoFar(2, f) }
	for name, test := range map[string]struct {
		do  func(f func())
		use func()
	}{
		"Do":             {Do, func() { kibibytes(11) }},
		"DoDeep":         {DoDeep, func() { kibibytes(44) }},
		"DoFar":          {far, func() { kibibytes(60) }},
		"DoFar in DoFar": {twice, func() { below(4, func() { far(func() { kibibytes(60) }) }) }},
	} {
		for used := range 64 { // in KiB
			moved := make(chan bool)
			go func() { // on a small stack
				below(used, func() {
					test.do(func() {
						var here byte
						before := uintptr(unsafe.Pointer(&here))
						test.use()
						moved <- before != uintptr(unsafe.Pointer(&here))
					})
				})
			}()
			if <-moved {
				t.Errorf("%s: the stack has moved, with %d KiB of it in use before", name, used)
			}
		}
	}
}

// below calls f with n KiB more of the stack in use.
//
//go:noinline
func below(n int, f func()) byte {
	var frame [1 << 10]byte
	if n > 0 {
		return below(n-1, f) & frame[n]
	}
	f()
	return frame[n]
}

const mark = 0x5a

// marked takes n KiB of the stack, and leaves marks there.
//
//go:noinline
func marked(n int) byte {
	var frame [1 << 10]byte
	for i := range frame {
		frame[i] = mark
	}
	if n > 1 {
		return marked(n-1) & frame[n]
	}
	return frame[n]
}

// marks counts the marks on the stack in the n KiB below its caller. The stack must have them.
//
//go:noinline
func marks(n int) (found int) {
	var here byte
	for i := range n << 10 {
		if *(*byte)(unsafe.Add(unsafe.Pointer(&here), -i)) == mark {
			found++
		}
	}
	return found
}

// TestOverwritten checks that Do and DoDeep overwrite the stack that functions inside them have used.
func TestOverwritten(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection could make the stack smaller
	left := func(n int, f func()) int {
		found := make(chan int)
		go func() { // on a new stack, which kibibytes makes large enough
			kibibytes(96)
			func() {
				defer func() { recover() }()
				f()
			}()
			found <- marks(n + 1)
		}()
		return <-found
	}
	for doName, do := range map[string]struct {
		do func(f func())
		n  int // how many KiB f uses
	}{
		"Do":     {Do, 11},
		"DoFar":  {func(f func()) { DoFar(1, f) }, 11},
		"DoDeep": {DoDeep, 44},
	} {
		if found := left(do.n, func() { marked(do.n) }); found < do.n*800 {
			t.Errorf("%d marks are left without %s: the test is broken", found, doName)
		}
		for name, f := range map[string]func(){
			"a function":              func() { marked(do.n) },
			"a function that panics":  func() { marked(do.n); panic("of its own") },
			"a function within panic": func() { defer marked(do.n); panic("of its own") },
		} {
			if found := left(do.n, func() { do.do(f) }); found > 64 {
				t.Errorf("%s leaves %d marks with %s", name, found, doName)
			}
		}
	}
}
