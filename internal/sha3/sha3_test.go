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

// TestParts hashes inputs of every length up to three blocks, cut into random parts.
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

// A message is the message of a long hash. Its hash must be want.
type message struct {
	begin func(l *Long, size int)
	bytes []byte
	want  []byte
}

// messages returns messages for both hashes. Their sizes are at the edges of blocks, and the
// largest.
func messages() (ms []message) {
	for _, size := range []int{0, 1, rate256 - 1, rate256, rate256 + 1, 3*rate256 - 1, 3 * rate256, 9 * rate256, 1184, 32 + 1568} {
		b := random(size)
		sum := sha3.Sum256(b)
		ms = append(ms, message{(*Long).BeginSum256, b, sum[:]}, message{(*Long).BeginSHAKE256, b, sha3.SumSHAKE256(b, 32)})
	}
	return ms
}

// check compares the long hash l with that of m. Sum must give it twice.
func (m message) check(t *testing.T, b *Batch, l *Long) {
	t.Helper()
	for range 2 {
		var got [32]byte
		if b.Sum(&got, l); !bytes.Equal(got[:], m.want) {
			t.Fatalf("the hash of %d bytes is wrong", len(m.bytes))
		}
	}
}

// TestLong makes each hash alone, and with the states of Next.
func TestLong(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for _, m := range messages() {
			var l Long
			m.begin(&l, len(m.bytes))
			l.Write(m.bytes)
			m.check(t, new(Batch), &l)
			if !Kernels() {
				continue
			}
			l = Long{}
			m.begin(&l, len(m.bytes))
			blocks := 0
			single := Single{Long: [2]*Long{&l}}
			for i := range len(m.bytes) + 1 {
				l.Write(m.bytes[max(0, i-1):i])
				for single.at = 0; single.Next(); blocks++ {
					Permute(&single.State)
				}
				single.State = l.state
			}
			single.at = 0
			single.End()
			if want := len(m.bytes)/rate256 + 1; blocks != want {
				t.Errorf("%d bytes have %d blocks, want %d", len(m.bytes), blocks, want)
			}
			m.check(t, new(Batch), &l)
		}
	})
}

// TestStreams makes random sequences of calls without a long hash, and beside one or two of all kinds.
// The long messages are written in random steps. A part of each is made outside of the batch.
func TestStreams(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for range 100 {
			var b Batch
			for range 12 {
				randomCall(t, r, &b)
			}
		}
		all := messages()
		for _, m := range all {
			for range 100 {
				var b Batch
				ms := [2]message{m, all[r.IntN(len(all))]}
				var longs [2]Long
				var written [2]int
				write := func(i, n int) {
					longs[i].Write(ms[i].bytes[written[i]:][:n])
					written[i] += n
				}
				for i, m := range ms {
					m.begin(&longs[i], len(m.bytes))
					if r.IntN(4) > 0 {
						b.Long[i] = &longs[i]
					}
					if r.IntN(4) == 0 {
						write(i, r.IntN(len(m.bytes)+1))
						if single := (Single{Long: [2]*Long{nil, &longs[i]}}); Kernels() && single.Next() {
							Permute(&single.State)
							single.End()
						}
					}
				}
				for range 12 {
					if i := r.IntN(3); i < 2 {
						write(i, r.IntN(len(ms[i].bytes)-written[i]+1))
					}
					randomCall(t, r, &b)
				}
				for i, m := range ms {
					write(i, len(m.bytes)-written[i])
				}
				first := r.IntN(2)
				ms[first].check(t, &b, &longs[first])
				if r.IntN(2) == 0 {
					b.Long = [2]*Long{&longs[1-first], nil}
					randomCall(t, r, &b)
				}
				ms[1-first].check(t, &b, &longs[1-first])
				for i, m := range ms {
					if !bytes.Equal(m.bytes, random(len(m.bytes))) {
						t.Fatalf("message %d was changed", i)
					}
				}
			}
		}
	})
}

// randomCall makes streams or a hash of b, and checks them.
func randomCall(t *testing.T, r *rand.Rand, b *Batch) {
	t.Helper()
	in := make([]byte, 32+r.IntN(40))
	for i := range in {
		in[i] = byte(r.Uint32())
	}
	kind := r.IntN(5)
	if kind == 4 {
		var got [64]byte
		if b.Sum512(&got, in); got != sha3.Sum512(in) {
			t.Fatalf("SHA3-512 of %d bytes is wrong", len(in))
		}
		return
	}
	seed := [32]byte(in)
	ends, first := make([][2]byte, 1+r.IntN(2*States)), r.IntN(256-2*States)
	for i := range ends {
		ends[i] = [2]byte{byte(first + i), byte(r.Uint32())}
	}
	size := []int{8, 32, 128, 136, 144, 192, 3 * RateSHAKE128}[r.IntN(7)]
	room := half + r.IntN(half+1)
	out := make([]byte, room*size)
	var n int
	one, endSize := sha3.SumSHAKE128, 2
	if kind < 2 {
		n = b.SHAKE128s(out, size, &seed, ends)
	} else {
		one, endSize = sha3.SumSHAKE256, 1
		n = b.SHAKE256s(out, size, &seed, first, first+len(ends))
	}
	if n < 1 || n > min(len(ends), room) {
		t.Fatalf("%d streams of %d are made", n, len(ends))
	}
	for i := range n {
		if want := one(append(bytes.Clone(in[:32]), ends[i][:endSize]...), size); !bytes.Equal(out[i*size:][:size], want) {
			t.Fatalf("stream %d of %d, of %d bytes, is wrong", i, n, size)
		}
	}
	if seed != [32]byte(in) {
		t.Fatal("the seed was changed")
	}
}

// TestBeside makes more and fewer streams of SHAKE256 than fit beside that of SHAKE128.
func TestBeside(t *testing.T) {
	in, end := random(64), [2]byte{7, 9}
	seed256, seed128 := (*[32]byte)(in), (*[32]byte)(in[32:])
	testkit.Implementations(t, func(t *testing.T) {
		var b Batch
		b.Sum512(new([64]byte), in) // leaves something in the states
		for n := range 12 {
			for _, size256 := range []int{8, 128, rate256} {
				for _, size128 := range []int{0, 8, 3 * RateSHAKE128} {
					memory := make([]byte, n*size256+size128+1)
					out256, out128 := memory[:n*size256], memory[n*size256:][:size128]
					b.Beside(out256, size256, seed256, out128, seed128, end)
					for i := range n {
						if want := sha3.SumSHAKE256(append(bytes.Clone(seed256[:]), byte(i)), size256); !bytes.Equal(out256[i*size256:][:size256], want) {
							t.Fatalf("stream %d of %d, of %d bytes, is wrong beside %d bytes", i, n, size256, size128)
						}
					}
					if want := sha3.SumSHAKE128(append(bytes.Clone(seed128[:]), end[:]...), size128); !bytes.Equal(out128, want) {
						t.Fatalf("%d bytes are wrong beside %d streams of %d bytes", size128, n, size256)
					}
					if memory[len(memory)-1] != 0 {
						t.Fatal("more is written than the streams")
					}
				}
			}
		}
		if !bytes.Equal(in, random(64)) {
			t.Fatal("a seed was changed")
		}
	})
}

func TestSum512(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for size := 32; size < 72; size++ {
			check := func(b *Batch) {
				t.Helper()
				var out [64]byte
				if b.Sum512(&out, random(size)); out != sha3.Sum512(random(size)) {
					t.Fatalf("the hash of %d bytes is wrong", size)
				}
			}
			check(new(Batch))
			for _, m := range messages() {
				var l Long
				m.begin(&l, len(m.bytes))
				l.Write(m.bytes)
				for i := range 2 {
					var b Batch
					b.Long[i] = &l
					check(&b)
					m.check(t, &b, &l)
				}
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
	in, out, streams := random(20*34), make([]byte, 1000), make([]byte, States*504)
	var h256 [32]byte
	var h512 [64]byte
	var block [RateSHAKE128]byte
	testkit.Implementations(t, func(t *testing.T) {
		testkit.NoAllocations(t, "all of the package", func() {
			Sum256(&h256, in, in)
			SHAKE256(out, in, in)
			var h, j Long
			h.BeginSum256(len(in))
			j.BeginSHAKE256(len(in))
			j.Write(in)
			b := Batch{Long: [2]*Long{&h, &j}}
			b.Sum512(&h512, in[:64])
			h.Write(in)
			b.SHAKE128s(streams, 504, (*[32]byte)(in), [][2]byte{{1, 2}, {3, 4}})
			b.SHAKE256s(streams, 128, (*[32]byte)(in), 1, 3)
			b.Beside(streams[:7*128], 128, (*[32]byte)(in), out, (*[32]byte)(in), [2]byte{})
			b.Sum(&h256, &h)
			b.Sum(&h256, &j)
			SHAKE128At(&block, 504, in)
		})
	})
}
