package secret

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"
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
