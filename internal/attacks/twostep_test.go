package attacks

import (
	"bytes"
	"crypto/rand"
	"crypto/sha3"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hybridkem/internal/cpu"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/mlkem/mlkemtest"
)

// A state is an encapsulation between its two steps, of any parameter set.
type state interface {
	Begin(sharedKey, part1, header []byte) error
	Finish(vector []byte) ([]byte, error)
	FinishTo(part2, vector []byte) error
	Bytes() []byte
	Destroy()
	Destroyed() bool
	json.Marshaler
}

// A twoStep is a parameter set with the functions for both steps.
type twoStep struct {
	set
	part1, part2, vector int // sizes
	begin                func(header []byte) (s state, sharedKey, part1 []byte, err error)
	derand               func(header, random []byte) (s state, sharedKey, part1 []byte, err error)
	restore              func(b []byte) (state, error)
	null, zero           func() state
	copy                 func(state) state
	stored               string // the state of usual, in hexadecimal
}

// A pointer is a pointer to a state.
type pointer[S any] interface {
	*S
	state
}

func newTwoStep[S any, P pointer[S]](
	s set, part1, part2, vector int,
	begin func([]byte) (P, []byte, []byte, error),
	derand func([]byte, []byte) (P, []byte, []byte, error),
	restore func([]byte) (P, error),
	stored string,
) twoStep {
	orNil := func(p P) state {
		if p == nil {
			return nil
		}
		return p
	}
	return twoStep{
		s, part1, part2, vector,
		func(header []byte) (state, []byte, []byte, error) {
			p, sharedKey, part1, err := begin(header)
			return orNil(p), sharedKey, part1, err
		},
		func(header, random []byte) (state, []byte, []byte, error) {
			p, sharedKey, part1, err := derand(header, random)
			return orNil(p), sharedKey, part1, err
		},
		func(b []byte) (state, error) {
			p, err := restore(b)
			return orNil(p), err
		},
		func() state { return P(nil) }, func() state { return P(new(S)) },
		func(s state) state {
			c := *s.(P)
			return P(&c)
		},
		stored,
	}
}

var twoSteps = []twoStep{
	newTwoStep(sets[0], mlkem.CiphertextPart1Size512, mlkem.CiphertextPart2Size512, mlkem.EncapsulationVectorSize512,
		mlkem.BeginEncapsulation512, mlkemtest.BeginEncapsulation512, mlkem.NewEncapsulationState512,
		"0102"+
			"9fff0c77bdfc13e6c0be448c3d9385c14ca5734daed1def29c4a50e3fc4463121ae812f8ba5e0464268a4b065a180cced8d9982f937b709875a0c19f48fb4d91"+
			"20242a323c485666788ca2bad4f00e2e50749ac2ec184676a8dc124a84c0fe3e"+
			"114c3f74a3069aa8050a1a9db8c99c12"),
	newTwoStep(sets[1], mlkem.CiphertextPart1Size768, mlkem.CiphertextPart2Size768, mlkem.EncapsulationVectorSize768,
		mlkem.BeginEncapsulation768, mlkemtest.BeginEncapsulation768, mlkem.NewEncapsulationState768,
		"0103"+
			"e9238dbd2a776d01db5f2ac1eee26fea742f367c0e116cdee6ea1ce82cb2f0f6aa58ae91bb2ceaae569ebb9551399dc0a60994578fcaaba062a19b69e7731c65"+
			"20242a323c485666788ca2bad4f00e2e50749ac2ec184676a8dc124a84c0fe3e"+
			"8c6ce6401a84b0fd5e834217b5c9fe4d"),
	newTwoStep(sets[2], mlkem.CiphertextPart1Size1024, mlkem.CiphertextPart2Size1024, mlkem.EncapsulationVectorSize1024,
		mlkem.BeginEncapsulation1024, mlkemtest.BeginEncapsulation1024, mlkem.NewEncapsulationState1024,
		"0104"+
			"fb22a8044d61fdec72ffbe515f50ab708daf575aa5abec02b64e9e3e9e935b6c8f8b0b5168974dac96167cca076248df8ea7aa6f07d8e29951276eb8f001c3da"+
			"20242a323c485666788ca2bad4f00e2e50749ac2ec184676a8dc124a84c0fe3e"+
			"c7dafe946459d510109ff96e4c38cd18"),
}

// A split is a key pair, a message, and the one-step encapsulation of the message.
type split struct {
	dk                                       kem.DecapsulationKey
	header, vector, m, sharedKey, ciphertext []byte
}

func (s twoStep) newSplit(t testing.TB, seed, m []byte) split {
	t.Helper()
	dk := must(s.NewDecapsulationKey(seed))(t)
	header, vector := headerOf(dk.PublicKey())
	sharedKey, ciphertext, err := kemtest.Encapsulate(dk.PublicKey(), m)
	if err != nil {
		t.Fatal(err)
	}
	return split{dk, header, vector, m, sharedKey, ciphertext}
}

// headerOf returns the header and the vector of an encapsulation key.
func headerOf(ek kem.EncapsulationKey) (header, vector []byte) {
	own := ek.(interface {
		Header() []byte
		EncapsulationVector() []byte
	})
	return own.Header(), own.EncapsulationVector()
}

func (s twoStep) usual(t testing.TB) split { return s.newSplit(t, pattern(64), pattern(32)) }

// finishes checks that a state gives part 2 of a ciphertext, once.
func (x split) finishes(t testing.TB, what string, s state) {
	t.Helper()
	want := x.ciphertext[len(x.ciphertext)-part2Size(x.ciphertext):]
	if s.Destroyed() {
		t.Errorf("%s: destroyed before its use", what)
	}
	got, err := s.Finish(x.vector)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: part 2 is wrong: %v", what, err)
	}
	x.finished(t, what, s, kem.ErrDestroyed)
}

// finished checks that every method refuses a state, with an error of the given kind.
func (x split) finished(t testing.TB, what string, s state, kind error) {
	t.Helper()
	part2 := pattern(part2Size(x.ciphertext))
	err := s.FinishTo(part2, x.vector)
	if !errors.Is(err, kind) || !bytes.Equal(part2, pattern(len(part2))) || s.Bytes() != nil || s.Destroyed() != (kind == kem.ErrDestroyed) {
		t.Errorf("%s: the state is not refused with %v: %v", what, kind, err)
	}
	if got, err := s.Finish(x.vector); !errors.Is(err, kind) || got != nil {
		t.Errorf("%s: the state is not refused with %v: %v", what, kind, err)
	}
}

// part2Size returns the size of part 2 of a ciphertext.
func part2Size(ciphertext []byte) int {
	if len(ciphertext) == mlkem.CiphertextSize1024 {
		return mlkem.CiphertextPart2Size1024
	}
	return mlkem.CiphertextPart2Size768
}

// TestTwoStep compares both steps with one, in all ways to begin and in every implementation.
func TestTwoStep(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for _, s := range twoSteps {
			for n := range byte(4) {
				seed, m := sha3.SumSHAKE256([]byte{n}, 64), sha3.SumSHAKE256([]byte{n}, 32)
				x := s.newSplit(t, seed, m)
				if !bytes.Equal(slices.Concat(x.vector, x.header[:32]), x.dk.PublicKey().Bytes()) {
					t.Fatalf("%s: vector and header are not the encapsulation key", s.Name())
				}
				own, sharedKey, part1, err := s.derand(x.header, m)
				if err != nil || !bytes.Equal(sharedKey, x.sharedKey) || !bytes.Equal(part1, x.ciphertext[:s.part1]) {
					t.Fatalf("%s: the first step gives another shared key or part 1: %v", s.Name(), err)
				}
				stored := must(s.restore(own.Bytes()))(t)
				x.finishes(t, s.Name(), own)
				x.finishes(t, s.Name()+", stored", stored)

				random, sharedKey, part1, err := s.begin(x.header)
				if err != nil {
					t.Fatal(err)
				}
				part2 := must(random.Finish(x.vector))(t)
				decapsulates(t, s.Name(), x.dk, slices.Concat(part1, part2), sharedKey)
				// The same state again, and the buffers of the caller. Part 2 takes the place of the vector.
				again, vector := bytes.Clone(sharedKey), bytes.Clone(x.vector)
				if err := random.Begin(again, part1, x.header); err != nil || bytes.Equal(again, sharedKey) {
					t.Fatalf("%s: Begin gives the same shared key, or an error: %v", s.Name(), err)
				}
				if err := random.FinishTo(vector[:s.part2], vector); err != nil {
					t.Fatal(err)
				}
				decapsulates(t, s.Name(), x.dk, slices.Concat(part1, vector[:s.part2]), again)
			}
		}
	})
}

// TestStoredStates writes a state in each implementation, and finishes it in every other. The fixed states
// are the same on all machines.
func TestStoredStates(t *testing.T) {
	implementations := cpu.Sets()
	defer cpu.Use(cpu.Chosen())
	for _, s := range twoSteps {
		x := s.usual(t)
		fixed := must(hex.DecodeString(s.stored))(t)
		for _, writer := range implementations {
			cpu.Use(writer)
			own, _, _, err := s.derand(x.header, x.m)
			if err != nil {
				t.Fatal(err)
			}
			b := own.Bytes()
			if !bytes.Equal(b, fixed) {
				t.Errorf("%s: %s stores %x, want %x", s.Name(), writer, b, fixed)
			}
			for _, reader := range implementations {
				cpu.Use(reader)
				read := must(s.restore(b))(t)
				if !bytes.Equal(read.Bytes(), b) {
					t.Errorf("%s: %s stores otherwise what %s has written", s.Name(), reader, writer)
				}
				x.finishes(t, s.Name()+", "+writer+" and "+reader, read)
			}
		}
	}
}

// TestAlteredStates alters each bit of stored states, cuts them, and gives them to other parameter sets.
func TestAlteredStates(t *testing.T) {
	for i, s := range twoSteps {
		x := s.usual(t)
		own, _, _, err := s.derand(x.header, x.m)
		if err != nil {
			t.Fatal(err)
		}
		b := own.Bytes()
		refused := func(what string, b []byte, kind error, text string) {
			t.Helper()
			got, err := s.restore(b)
			if got != nil || !errors.Is(err, kind) || !strings.HasPrefix(err.Error(), "mlkem: stored encapsulation state "+text) {
				t.Errorf("%s: %s gives the error %v", s.Name(), what, err)
			}
		}
		for bit := range 8 * len(b) {
			altered, text := bytes.Clone(b), "has a wrong checksum"
			altered[bit/8] ^= 1 << (bit % 8)
			switch bit / 8 {
			case 0:
				text = fmt.Sprintf("is of version %d, want 1", altered[0])
			case 1:
				text = "is of another parameter set"
			}
			refused(fmt.Sprintf("bit %d", bit), altered, kem.ErrState, text)
		}
		for n := range len(b) + 2 {
			if n != len(b) {
				refused("another length", append(bytes.Clone(b), 0)[:n], kem.ErrLength, fmt.Sprintf("has %d bytes", n))
			}
		}
		// The checksum is right here, so that only the version or the parameter set is wrong.
		for at, text := range []string{"is of version 2", "is of another parameter set"} {
			altered := bytes.Clone(b)
			altered[at]++
			copy(altered[98:], stateChecksum(altered))
			refused("another byte with its checksum", altered, kem.ErrState, text)
		}
		if got, err := twoSteps[(i+1)%3].restore(b); got != nil || !errors.Is(err, kem.ErrState) {
			t.Errorf("%s: another parameter set reads the state: %v", s.Name(), err)
		}
		x.finishes(t, s.Name(), must(s.restore(b))(t))
	}
}

// TestWrongSteps gives wrong arguments to both steps. Each is refused with an error, nothing is written,
// and the state stays.
func TestWrongSteps(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for _, s := range twoSteps {
			x := s.usual(t)
			own, _, _, err := s.derand(x.header, x.m)
			if err != nil {
				t.Fatal(err)
			}
			b := own.Bytes()
			begin := func(what string, sharedKey, part1, header []byte, kind error) {
				t.Helper()
				before := slices.Concat(sharedKey, part1)
				err := own.Begin(sharedKey, part1, header)
				if !errors.Is(err, kind) || !bytes.Equal(slices.Concat(sharedKey, part1), before) || !bytes.Equal(own.Bytes(), b) {
					t.Errorf("%s: Begin with %s writes, or gives the error %v", s.Name(), what, err)
				}
			}
			buffers := pattern(32 + s.part1 + 1)
			for _, n := range []int{0, 32, 63, 65, s.vector} {
				begin("a wrong header", buffers[:32], buffers[32:][:s.part1], make([]byte, n), kem.ErrLength)
				if got, sharedKey, part1, err := s.begin(make([]byte, n)); got != nil || sharedKey != nil || part1 != nil || !errors.Is(err, kem.ErrLength) {
					t.Errorf("%s: a header of %d bytes: %v", s.Name(), n, err)
				}
			}
			begin("a short shared key", buffers[:31], buffers[32:][:s.part1], x.header, kem.ErrLength)
			begin("a long part 1", buffers[:32], buffers[32:], x.header, kem.ErrLength)
			begin("a whole ciphertext", make([]byte, 32), make([]byte, s.CiphertextSize()), x.header, kem.ErrLength)
			begin("buffers that overlap", buffers[:32], buffers[31:][:s.part1], x.header, kem.ErrOverlap)

			finish := func(what string, own state, part2, vector []byte, kind error, text string) {
				t.Helper()
				before, stored := bytes.Clone(part2), own.Bytes()
				err := own.FinishTo(part2, vector)
				if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) || !bytes.Equal(part2, before) || !bytes.Equal(own.Bytes(), stored) {
					t.Errorf("%s: Finish with %s writes, or gives the error %v", s.Name(), what, err)
				}
				if len(part2) != s.part2 {
					return // The vector is right.
				}
				if got, err := own.Finish(vector); got != nil || !errors.Is(err, kind) {
					t.Errorf("%s: Finish with %s gives the error %v", s.Name(), what, err)
				}
			}
			part2 := pattern(s.part2)
			finish("a short part 2", own, part2[1:], x.vector, kem.ErrLength, "second part")
			finish("a short vector", own, part2, x.vector[1:], kem.ErrLength, "vector")
			finish("a whole key", own, part2, x.dk.PublicKey().Bytes(), kem.ErrLength, "vector")
			for at := 0; at < s.vector; at += step(97, 400) {
				vector := bytes.Clone(x.vector)
				vector[at] ^= 1 // may make a coefficient too large, too
				finish("another vector", own, part2, vector, kem.ErrEncapsulationKey, "vector")
			}
			vector := bytes.Clone(x.vector)
			setCoefficient(vector, 0, 0)
			finish("another valid vector", own, part2, vector, kem.ErrEncapsulationKey, "hash")
			for at := range x.header {
				header := bytes.Clone(x.header)
				header[at] ^= 0x80
				other, _, _, err := s.derand(header, x.m)
				if err != nil {
					t.Fatal(err)
				}
				finish("another header", other, part2, x.vector, kem.ErrEncapsulationKey, "hash")
			}
			for _, i := range []int{0, 1, s.vector*2/3 - 1} {
				for _, value := range []int{q, q + 1, 1<<12 - 1} {
					vector := bytes.Clone(x.vector)
					setCoefficient(vector, i, value)
					hash := sha3.Sum256(slices.Concat(vector, x.header[:32]))
					bad, _, _, err := s.derand(slices.Concat(x.header[:32], hash[:]), x.m)
					if err != nil {
						t.Fatal(err)
					}
					finish("a coefficient that is too large, and its hash", bad, part2, vector, kem.ErrEncapsulationKey, "coefficient")
				}
			}
			x.finishes(t, s.Name(), own)
		}
	})
}

// TestStates puts states through all that can happen to them, beside copies.
func TestStates(t *testing.T) {
	for _, s := range twoSteps {
		x := s.usual(t)
		sharedKey, part1 := make([]byte, 32), make([]byte, s.part1)
		null, zero := s.null(), s.zero()
		x.finished(t, "a nil pointer", null, kem.ErrNoKey)
		x.finished(t, "a zero value", zero, kem.ErrNoKey)
		null.Destroy()
		zero.Destroy()
		if err := null.Begin(sharedKey, part1, x.header); !errors.Is(err, kem.ErrNoKey) {
			t.Errorf("%s: a nil pointer begins with the error %v", s.Name(), err)
		}
		if err := zero.Begin(sharedKey, part1, x.header[1:]); !errors.Is(err, kem.ErrLength) {
			t.Errorf("%s: a zero value begins with the error %v", s.Name(), err)
		}
		x.finished(t, "a zero value that has not begun", zero, kem.ErrNoKey)

		for what, end := range map[string]func(own, twin state){
			"Destroy":           func(own, twin state) { own.Destroy() },
			"Destroy of a copy": func(own, twin state) { twin.Destroy() },
			"Finish":            func(own, twin state) { own.Finish(x.vector) },
			"Finish of a copy":  func(own, twin state) { twin.Finish(x.vector) },
		} {
			own := s.zero()
			if err := own.Begin(sharedKey, part1, x.header); err != nil {
				t.Fatal(err)
			}
			twin := s.copy(own)
			end(own, twin)
			x.finished(t, s.Name()+" after "+what, own, kem.ErrDestroyed)
			x.finished(t, s.Name()+", a copy, after "+what, twin, kem.ErrDestroyed)
			if err := own.Begin(sharedKey, part1, x.header); err != nil {
				t.Fatal(err)
			}
			x.finished(t, s.Name()+", a copy from before Begin", twin, kem.ErrDestroyed)
			if err := twin.Begin(sharedKey, part1, x.header); !errors.Is(err, kem.ErrDestroyed) {
				t.Errorf("%s: a copy from before begins with the error %v", s.Name(), err)
			}
			part2 := must(own.Finish(x.vector))(t)
			decapsulates(t, s.Name()+" again after "+what, x.dk, slices.Concat(part1, part2), sharedKey)
		}
	}
}

// TestBeginPanics checks that a state stays if its next randomness cannot be drawn.
func TestBeginPanics(t *testing.T) {
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	for _, s := range twoSteps {
		x := s.usual(t)
		own, _, _, err := s.derand(x.header, x.m)
		if err != nil {
			t.Fatal(err)
		}
		rand.Reader = strings.NewReader("too short")
		sharedKey, part1 := pattern(32), pattern(s.part1)
		panicked := func() (value any) {
			defer func() { value = recover() }()
			return own.Begin(sharedKey, part1, x.header)
		}()
		if text, ok := panicked.(string); !ok || !strings.Contains(text, "rand.Reader") || !bytes.Equal(sharedKey, pattern(32)) || !bytes.Equal(part1, pattern(s.part1)) {
			t.Errorf("%s: Begin without randomness writes, or does not panic", s.Name())
		}
		x.finishes(t, s.Name(), own)
	}
}

// TestStatesMeanwhile begins, finishes and destroys states while other goroutines do the same. Each use must
// give a right result or an error. It is best run under the race detector.
func TestStatesMeanwhile(t *testing.T) {
	for _, s := range twoSteps[:2] {
		x := s.usual(t)
		own := s.zero()
		var begun, done atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				sharedKey, part1 := make([]byte, 32), make([]byte, s.part1)
				for i := range 60 {
					err := own.Begin(sharedKey, part1, x.header)
					if err == nil {
						begun.Add(1)
					} else if !errors.Is(err, kem.ErrInUse) && !errors.Is(err, kem.ErrDestroyed) {
						t.Error(err)
					}
					b := own.Bytes()
					if b != nil {
						if _, err := s.restore(b); err != nil {
							t.Error(err)
						}
					}
					_, err = own.Finish(x.vector)
					if err == nil {
						done.Add(1)
					} else if !errors.Is(err, kem.ErrInUse) && !errors.Is(err, kem.ErrDestroyed) && !errors.Is(err, kem.ErrNoKey) {
						t.Error(err)
					}
					if own.Destroyed(); i%8 == 0 {
						own.Destroy()
					}
					runtime.Gosched()
				}
			})
		}
		wg.Wait()
		if begun.Load() == 0 || done.Load() == 0 {
			t.Errorf("%s: %d states begun, %d finished", s.Name(), begun.Load(), done.Load())
		}
	}
}

// TestTwoStepAllocations checks that both steps allocate nothing if the caller has the memory.
func TestTwoStepAllocations(t *testing.T) {
	for _, s := range twoSteps {
		x := s.usual(t)
		own, sharedKey, part1, err := s.begin(x.header)
		if err != nil {
			t.Fatal(err)
		}
		part2 := make([]byte, s.part2)
		testkit.NoAllocations(t, s.Name()+": both steps", func() {
			if err := errors.Join(own.Begin(sharedKey, part1, x.header), own.FinishTo(part2, x.vector)); err != nil {
				t.Fatal(err)
			}
		})
		decapsulates(t, s.Name(), x.dk, slices.Concat(part1, part2), sharedKey)
	}
}
