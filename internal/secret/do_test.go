package secret

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"
)

// TestDo checks what becomes of a panic. What Do leaves in memory, package attacks searches for.
func TestDo(t *testing.T) {
	ran := false
	Do(func() { ran = true })
	if !ran {
		t.Error("f was not run")
	}
	want := errors.New("of its own")
	defer func() {
		if got := recover(); got != want {
			t.Errorf("Do panics with %v, want %v", got, want)
		}
	}()
	Do(func() { panic(want) })
	t.Error("Do returned from a panic")
}

// keeping keeps what it was asked to fill.
type keeping struct {
	source io.Reader
	last   []byte
}

func (k *keeping) Read(b []byte) (int, error) {
	k.last = b
	return k.source.Read(b)
}

// TestRandom draws from a source that the program has put in the place of crypto/rand.Reader.
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
		t.Error("a copy of the randomness is left")
	}
	defer func() {
		if recover() == nil {
			t.Error("a source that ends is no panic")
		}
	}()
	Random(b)
}
