package sha3

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"unsafe"

	"hybridkem/internal/testkit"
)

// kernels runs f for every implementation with kernels.
func kernels(t *testing.T, f func(t *testing.T)) {
	testkit.Implementations(t, func(t *testing.T) {
		if !Kernels() {
			t.Skip("no kernels")
		}
		f(t)
	})
}

// A transition is a state before and after the oracle's permutation.
type transition struct{ from, to state }

// transitions returns transitions from states of zeros, of ones, with a single one in each
// place, and of random bits.
func transitions() (ts []transition) {
	add := func(a state) { ts = append(ts, transition{a, permute(a)}) }
	add(state{})
	var ones state
	for x := range 5 {
		for y := range 5 {
			ones[x][y] = ^uint64(0)
			for z := range 64 {
				var one state
				one[x][y] = 1 << z
				add(one)
			}
		}
	}
	add(ones)
	bytes := random(200 * 100)
	for ; len(bytes) > 0; bytes = bytes[200:] {
		add(fromBytes((*[200]byte)(bytes)))
	}
	return ts
}

// interleave returns the states in the layout of Permute4.
func interleave(states [4]state) (a [25][4]uint64) {
	for i, s := range states {
		for x := range 5 {
			for y := range 5 {
				a[x+5*y][i] = s[x][y]
			}
		}
	}
	return a
}

func TestPermute(t *testing.T) {
	ts := transitions()
	kernels(t, func(t *testing.T) {
		for i, tr := range ts {
			a := tr.from.bytes()
			Permute(&a)
			if a != tr.to.bytes() {
				t.Fatalf("wrong for state %d, %x", i, tr.from.bytes())
			}
		}
	})
}

// TestStack checks that permutations leave nothing of a state on the stack.
func TestStack(t *testing.T) {
	a1, a4 := (*[200]byte)(random(200)), new([25][4]uint64)
	for i := range a4 {
		copy(a4[i][:], []uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()})
	}
	kernels(t, func(t *testing.T) {
		testkit.LeavesNothing(t, 1, func() { Permute(a1) })
		testkit.LeavesNothing(t, 1, func() { Permute4(a4) })
	})
}

// TestPermute4 has every state in every place, beside different others.
func TestPermute4(t *testing.T) {
	ts := transitions()
	kernels(t, func(t *testing.T) {
		for i := range ts {
			var from, to [4]state
			for j := range 4 {
				tr := ts[(i+j*j*401)%len(ts)]
				from[j], to[j] = tr.from, tr.to
			}
			a := interleave(from)
			Permute4(&a)
			if a != interleave(to) {
				t.Fatalf("wrong for states %x", from)
			}
		}
	})
}

// TestPermute8 is TestPermute4 for eight states.
func TestPermute8(t *testing.T) {
	ts := transitions()
	kernels(t, func(t *testing.T) {
		for i := range ts {
			var from, to [2][4]state
			for j := range 8 {
				tr := ts[(i+j*j*401)%len(ts)]
				from[j/4][j%4], to[j/4][j%4] = tr.from, tr.to
			}
			a := [2][25][4]uint64{interleave(from[0]), interleave(from[1])}
			Permute8(&a)
			if a != [2][25][4]uint64{interleave(to[0]), interleave(to[1])} {
				t.Fatalf("wrong for states %x", from)
			}
		}
	})
}

// TestSqueeze4 takes every number of lanes, with outputs next to each other and apart.
func TestSqueeze4(t *testing.T) {
	var states [4]state
	for i := range states {
		states[i] = fromBytes((*[200]byte)(random(200 + i)))
	}
	a := interleave(states)
	kernels(t, func(t *testing.T) {
		for n := 8; n <= 200; n += 8 {
			for _, stride := range []int{n, n + 1, 504} {
				got := bytes.Repeat([]byte{0x5a}, 3*stride+n+1)
				want := bytes.Clone(got)
				squeeze4(got[:3*stride+n], stride, n, &a)
				for i, s := range states {
					b := s.bytes()
					copy(want[i*stride:], b[:n])
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("wrong for %d bytes, %d apart", n, stride)
				}
			}
		}
		if a != interleave(states) {
			t.Error("the states have changed")
		}
	})
}

// TestStart4 and TestAbsorb4 compare all states, also those that must not change.
func TestStart4(t *testing.T) {
	seed, suffixes := (*[32]byte)(random(32)), &[4]uint64{1, 2 << 20, 3 << 40, 1<<63 | 4}
	kernels(t, func(t *testing.T) {
		for _, rate := range []int{72, 136, 168} {
			for n := range 5 {
				var before [4]state
				for i := range before {
					before[i] = fromBytes((*[200]byte)(random(300 + i)))
				}
				want := before
				for i := range n {
					var b [200]byte
					copy(b[:], seed[:])
					binary.LittleEndian.PutUint64(b[32:], suffixes[i])
					b[rate-1] ^= 0x80
					want[i] = fromBytes(&b)
				}
				a := interleave(before)
				if start4(&a, seed, suffixes, rate, n); a != interleave(want) {
					t.Errorf("wrong for %d states and a rate of %d", n, rate)
				}
			}
		}
		if *seed != [32]byte(random(32)) || *suffixes != [4]uint64{1, 2 << 20, 3 << 40, 1<<63 | 4} {
			t.Error("an input has changed")
		}
	})
}

func TestAbsorb4(t *testing.T) {
	kernels(t, func(t *testing.T) {
		var states [4]state
		for i := range states {
			states[i] = fromBytes((*[200]byte)(random(300 + i)))
		}
		block := (*[136]byte)(random(136))
		a := interleave(states)
		for n := range states {
			absorb4(&a, block, n)
			b := states[n].bytes()
			for i, x := range block {
				b[i] ^= x
			}
			states[n] = fromBytes(&b)
			if a != interleave(states) {
				t.Errorf("the sum of state %d is wrong", n)
			}
		}
		if *block != [136]byte(random(136)) {
			t.Error("the block has changed")
		}
	})
}

// TestBegin4 has another seed for each state.
func TestBegin4(t *testing.T) {
	seeds, suffixes := [4][32]byte{}, &[4]uint64{1, 2 << 20, 3 << 40, 1<<63 | 4}
	for i := range seeds {
		seeds[i] = [32]byte(random(32 + i))
	}
	before := seeds
	kernels(t, func(t *testing.T) {
		for end := 5; end < 25; end++ {
			var want [4]state
			for i := range want {
				var b [200]byte
				copy(b[:], seeds[i][:])
				binary.LittleEndian.PutUint64(b[32:], suffixes[i])
				b[8*end+7] = 0x80
				want[i] = fromBytes(&b)
			}
			a := interleave([4]state{fromBytes((*[200]byte)(random(200)))})
			if begin4(&a, &seeds[3], &seeds[2], &seeds[1], &seeds[0], suffixes, 8*(end+1)); a == interleave(want) {
				t.Error("the order of the seeds does not matter")
			}
			if begin4(&a, &seeds[0], &seeds[1], &seeds[2], &seeds[3], suffixes, 8*(end+1)); a != interleave(want) {
				t.Errorf("wrong for an end at %d", end)
			}
		}
		if seeds != before || *suffixes != [4]uint64{1, 2 << 20, 3 << 40, 1<<63 | 4} {
			t.Error("an input has changed")
		}
	})
}

// TestWrite4 takes every number of lanes, and messages in any order in memory.
func TestWrite4(t *testing.T) {
	var states [4]state
	for i := range states {
		states[i] = fromBytes((*[200]byte)(random(300 + i)))
	}
	messages := random(4 * 200)
	kernels(t, func(t *testing.T) {
		for n := 1; n <= 25; n++ {
			var in [4][]byte
			want, offset := states, n%3
			for i := range in {
				in[i] = messages[(3-i)*190+i:][:offset+8*n]
				b := states[i].bytes()
				for j, x := range in[i][offset:] {
					b[j] ^= x
				}
				want[i] = fromBytes(&b)
			}
			a := interleave(states)
			if write4(&a[0], &[4]*byte{&in[0][0], &in[1][0], &in[2][0], &in[3][0]}, offset, n); a != interleave(want) {
				t.Fatalf("wrong for %d lanes", n)
			}
		}
		if !bytes.Equal(messages, random(4*200)) {
			t.Error("a message has changed")
		}
	})
}

func TestIterated(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 100
	}
	var from, to [4]state
	for i := range from {
		from[i] = fromBytes((*[200]byte)(random(200 + i)))
		to[i] = from[i]
		for range n {
			to[i] = permute(to[i])
		}
	}
	kernels(t, func(t *testing.T) {
		a1, a4 := from[0].bytes(), interleave(from)
		a8 := [2][25][4]uint64{a4, a4}
		for range n {
			Permute(&a1)
			Permute4(&a4)
			Permute8(&a8)
		}
		if a1 != to[0].bytes() {
			t.Error("Permute is wrong")
		}
		if a4 != interleave(to) {
			t.Error("Permute4 is wrong")
		}
		if a8 != [2][25][4]uint64{interleave(to), interleave(to)} {
			t.Error("Permute8 is wrong")
		}
	})
}

// TestMemory runs the kernels at every alignment that their types allow and at both ends of
// accessible memory. It checks that they write nothing outside their arguments.
func TestMemory(t *testing.T) {
	tr := transition{from: fromBytes((*[200]byte)(random(200)))}
	tr.to = permute(tr.from)
	from4 := interleave([4]state{tr.from, tr.to, {}, tr.from})
	to4 := interleave([4]state{tr.to, permute(tr.to), permute(state{}), tr.to})
	again := permute(tr.to)
	again4 := interleave([4]state{again, permute(again), permute(permute(state{})), again})
	from1, to1 := tr.from.bytes(), tr.to.bytes()
	apart := [4][200]byte{to1, permute(tr.to).bytes(), permute(state{}).bytes(), to1}
	var lane [4][8]byte
	for i := range lane {
		lane[i] = [8]byte(apart[i][:])
	}

	seed, suffixes, block := (*[32]byte)(random(32)), &[4]uint64{1, 2, 3, 4}, (*[136]byte)(random(136))
	var oneBlock [200]byte
	copy(oneBlock[:], seed[:])
	oneBlock[167] = 0x80
	var starts [4]state
	for i := range starts {
		oneBlock[32] = byte(suffixes[i])
		starts[i] = fromBytes(&oneBlock)
	}
	started := interleave(starts)
	var added [200]byte
	copy(added[:], block[:])
	absorbed := interleave([4]state{3: fromBytes(&added)})

	kernels(t, func(t *testing.T) {
		for offset := range 64 {
			tryAt(t, 1, offset, from1, to1, Permute)
			tryAt(t, 8, offset*8, from4, to4, Permute4)
			tryAt(t, 8, offset*8, [2][25][4]uint64{from4, to4}, [2][25][4]uint64{to4, again4}, Permute8)
			tryAt(t, 8, offset*8, to4, to4, func(a *[25][4]uint64) { squeeze4(make([]byte, 800), 200, 200, a) })
			tryAt(t, 8, offset*8, [25][4]uint64{}, started, func(a *[25][4]uint64) { start4(a, seed, suffixes, 168, 4) })
			tryAt(t, 1, offset, *seed, *seed, func(seed *[32]byte) { start4(new([25][4]uint64), seed, suffixes, 168, 4) })
			tryAt(t, 8, offset*8, *suffixes, *suffixes, func(suffixes *[4]uint64) { start4(new([25][4]uint64), seed, suffixes, 168, 4) })
			tryAt(t, 8, offset*8, [25][4]uint64{}, absorbed, func(a *[25][4]uint64) { absorb4(a, block, 3) })
			tryAt(t, 1, offset, *block, *block, func(block *[136]byte) { absorb4(new([25][4]uint64), block, 3) })
			tryAt(t, 1, offset, [4][200]byte{}, apart, func(to *[4][200]byte) { squeeze4(flat(to), 200, 200, &to4) })
			for i := range apart {
				tryAt(t, 1, offset, apart[i], apart[i], func(in *[200]byte) {
					var a [25][4]uint64
					from := apart
					from[i] = [200]byte{}
					p := [4]*byte{&from[0][0], &from[1][0], &from[2][0], &from[3][0]}
					p[i] = &in[0]
					if write4(&a[0], &p, 0, 25); a != to4 {
						t.Errorf("message %d at offset %d: wrong", i, offset)
					}
				})
				tryAt(t, 1, offset, [200]byte{}, apart[i], func(out *[200]byte) {
					var to [4][200]byte
					p := [4]*byte{&to[0][0], &to[1][0], &to[2][0], &to[3][0]}
					p[i] = &out[0]
					read4(&p, 0, 25, &to4)
				})
			}
			tryAt(t, 8, offset*8, [25][4]uint64{}, started, func(a *[25][4]uint64) { begin4(a, seed, seed, seed, seed, suffixes, 168) })
			tryAt(t, 8, offset*8, *suffixes, *suffixes, func(suffixes *[4]uint64) {
				begin4(new([25][4]uint64), seed, seed, seed, seed, suffixes, 168)
			})
			for i := range 4 {
				tryAt(t, 1, offset, *seed, *seed, func(in *[32]byte) {
					p := [4]*[32]byte{seed, seed, seed, seed}
					p[i] = in
					begin4(new([25][4]uint64), p[0], p[1], p[2], p[3], suffixes, 168)
				})
			}
			tryAt(t, 8, offset*8, [25][4]uint64{}, to4, func(a *[25][4]uint64) {
				write4(&a[0], &[4]*byte{&apart[0][0], &apart[1][0], &apart[2][0], &apart[3][0]}, 0, 25)
			})
			tryAt(t, 1, offset, [4][8]byte{}, lane, func(to *[4][8]byte) { squeeze4(flat(to), 8, 8, &to4) })
		}
	})
}

func flat[A any](a *A) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(a)), unsafe.Sizeof(*a)) }

// tryAt runs permute at the given distance from either guard page.
func tryAt[A comparable](t *testing.T, align, offset int, from, to A, permute func(*A)) {
	t.Helper()
	size := int(unsafe.Sizeof(from))
	first, second := testkit.Guarded(t, offset+size)
	for _, memory := range []struct {
		state []byte
		rest  []byte
	}{
		{first[offset:], first[:offset]},
		{second[:size], second[size:]},
	} {
		if uintptr(unsafe.Pointer(&memory.state[0]))%uintptr(align) != 0 {
			t.Fatal("the state is not aligned")
		}
		for i := range memory.rest {
			memory.rest[i] = 0x5a
		}
		a := (*A)(unsafe.Pointer(&memory.state[0]))
		*a = from
		permute(a)
		if *a != to {
			t.Fatalf("%T wrong at offset %d", *a, offset)
		}
		for _, b := range memory.rest {
			if b != 0x5a {
				t.Fatalf("%T at offset %d: memory beside it written", *a, offset)
			}
		}
	}
}

func TestKernelAllocations(t *testing.T) {
	kernels(t, func(t *testing.T) {
		testkit.NoAllocations(t, "a permutation", func() {
			var a1 [200]byte
			var a4 [25][4]uint64
			var out [800]byte
			Permute(&a1)
			Permute4(&a4)
			squeeze4(out[:], 200, 200, &a4)
			write4(&a4[0], &[4]*byte{&out[0], &out[200], &out[400], &out[600]}, 0, 25)
		})
	})
}
