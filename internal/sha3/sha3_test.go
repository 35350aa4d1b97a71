package sha3

import (
	"bytes"
	"crypto/sha3"
	"math/rand/v2"
	"testing"

	"hybridkem/internal/testkit"
)

// random returns n bytes that depend on nothing but n.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return b
}

func TestRates(t *testing.T) {
	for _, r := range []struct{ got, want int }{
		{sha3_256.rate, sha3.New256().BlockSize()},
		{sha3_512.rate, sha3.New512().BlockSize()},
		{shake128.rate, sha3.NewSHAKE128().BlockSize()},
		{shake256.rate, sha3.NewSHAKE256().BlockSize()},
		{RateSHAKE128, sha3.NewSHAKE128().BlockSize()},
	} {
		if r.got != r.want {
			t.Errorf("a rate is %d, want %d", r.got, r.want)
		}
	}
}

// TestParts has every length up to three blocks of every hash, in all kinds of parts.
func TestParts(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for n := range 3*rate256 + 2 {
			b := random(n)
			for range 5 {
				var parts [][]byte
				for rest := b; len(rest) > 0; {
					part := rest[:r.IntN(len(rest)+1)]
					parts, rest = append(parts, part), rest[len(part):]
				}
				var h256 [32]byte
				out := make([]byte, 2*n+1)
				Sum256(&h256, parts...)
				SHAKE256(out, parts...)
				if h256 != sha3.Sum256(b) || !bytes.Equal(out, sha3.SumSHAKE256(b, len(out))) {
					t.Fatalf("a hash of %d bytes in %d parts is wrong", n, len(parts))
				}
				if !bytes.Equal(b, random(n)) {
					t.Fatalf("a hash changed its input")
				}
			}
		}
	})
}

// A message is one of a long hash, and what it has to become.
type message struct {
	head  *[32]byte
	bytes []byte
	want  []byte
}

// messages returns some of all sizes that matter, and none.
func messages() (ms []message) {
	ms = append(ms, message{})
	for _, size := range []int{0, 1, rate256 - 33, rate256 - 32, rate256 - 1, rate256, rate256 + 1, 3*rate256 - 32, 3 * rate256, 9 * rate256, 1184} {
		b := random(size)
		sum := sha3.Sum256(b)
		head := (*[32]byte)(random(33))
		ms = append(ms, message{nil, b, sum[:]}, message{head, b, sha3.SumSHAKE256(append(bytes.Clone(head[:]), b...), 32)})
	}
	return ms
}

func (m message) begin(b *Batch) {
	switch {
	case m.head != nil:
		b.BeginSHAKE256(m.head, len(m.bytes))
	case m.want != nil:
		b.BeginSum256(len(m.bytes))
	}
}

func (m message) check(t *testing.T, b *Batch) {
	t.Helper()
	if m.want == nil {
		return
	}
	var got [32]byte
	b.Sum(&got, m.bytes)
	if !bytes.Equal(got[:], m.want) {
		t.Fatalf("the hash of %d bytes is wrong", len(m.bytes))
	}
}

func TestLong(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for _, m := range messages() {
			b := Batch{}
			m.begin(&b)
			m.check(t, &b)
		}
	})
}

// TestStreams makes random sequences of calls beside long hashes of all kinds, whose
// messages become known in random steps; some calls come before the long hash begins.
func TestStreams(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, m := range messages() {
			for range 100 {
				var b Batch
				begin, known := r.IntN(3), 0
				for step := range 12 {
					if step == begin {
						m.begin(&b)
					}
					if step >= begin && r.IntN(3) > 0 {
						known += r.IntN(len(m.bytes) - known + 1)
					}
					randomCall(t, r, &b, m.bytes[:known])
				}
				m.check(t, &b)
			}
		}
	})
}

// randomCall makes streams or a hash of b, and checks them.
func randomCall(t *testing.T, r *rand.Rand, b *Batch, known []byte) {
	t.Helper()
	in := make([]byte, 32+r.IntN(40))
	for i := range in {
		in[i] = byte(r.Uint32())
	}
	kind := r.IntN(5)
	if kind == 4 {
		var got [64]byte
		if b.Sum512(&got, in, known); got != sha3.Sum512(in) {
			t.Fatalf("SHA3-512 of %d bytes is wrong", len(in))
		}
		return
	}
	seed := [32]byte(in)
	ends, firsts := make([][2]byte, 1+r.IntN(Lanes+1)), make([]byte, Lanes+1)
	for i := range ends {
		ends[i] = [2]byte{byte(r.Uint32()), byte(r.Uint32())}
		firsts[i] = ends[i][0]
	}
	size := []int{8, 32, 128, 136, 144, 192, MaxStream}[r.IntN(7)]
	var n int
	one, endSize := sha3.SumSHAKE128, 2
	if kind < 2 {
		n = b.SHAKE128s(size, &seed, ends, known)
	} else {
		one, endSize = sha3.SumSHAKE256, 1
		n = b.SHAKE256s(size, &seed, firsts[:len(ends)], known)
	}
	if n < 1 || n > min(len(ends), Lanes) {
		t.Fatalf("%d streams of %d are made", n, len(ends))
	}
	for i := range n {
		if want := one(append(bytes.Clone(in[:32]), ends[i][:endSize]...), size); !bytes.Equal(b.Stream(i), want) {
			t.Fatalf("stream %d of %d, of %d bytes, is wrong", i, n, size)
		}
	}
	if seed != [32]byte(in) {
		t.Fatal("the seed was changed")
	}
}

func TestSum512(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for size := 32; size < 72; size++ {
			for _, m := range messages() {
				var b Batch
				m.begin(&b)
				var out [64]byte
				b.Sum512(&out, random(size), m.bytes)
				if out != sha3.Sum512(random(size)) {
					t.Fatalf("the hash of %d bytes is wrong", size)
				}
				m.check(t, &b)
			}
		}
	})
}

func TestSHAKE128At(t *testing.T) {
	in := random(34)
	want := sha3.SumSHAKE128(in, 10*RateSHAKE128)
	testkit.Implementations(t, func(t *testing.T) {
		for offset := 0; offset < len(want); offset += RateSHAKE128 {
			var out [RateSHAKE128]byte
			SHAKE128At(&out, offset, in)
			if !bytes.Equal(out[:], want[offset:][:RateSHAKE128]) {
				t.Errorf("the block at %d is wrong", offset)
			}
		}
	})
}

func TestAllocations(t *testing.T) {
	in, out := random(20*34), make([]byte, 1000)
	var h256 [32]byte
	var h512 [64]byte
	var block [RateSHAKE128]byte
	testkit.Implementations(t, func(t *testing.T) {
		testkit.NoAllocations(t, "all of the package", func() {
			Sum256(&h256, in, in)
			SHAKE256(out, in, in)
			var b Batch
			b.BeginSHAKE256((*[32]byte)(in), len(in))
			b.Sum512(&h512, in[:64], in)
			b.SHAKE128s(MaxStream, (*[32]byte)(in), [][2]byte{{1, 2}, {3, 4}}, in)
			b.SHAKE256s(128, (*[32]byte)(in), []byte{1, 2}, in)
			b.Sum(&h256, in)
			SHAKE128At(&block, 504, in)
		})
	})
}
