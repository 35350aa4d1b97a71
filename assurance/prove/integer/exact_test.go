package integer

import (
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"hybridkem/assurance/prove/term"
)

// operations make a word of 64 bits from others.
var operations = map[string]func(x, y *term.Word, k int) *term.Word{
	"add":      func(x, y *term.Word, k int) *term.Word { return term.Add(x, y) },
	"sub":      func(x, y *term.Word, k int) *term.Word { return term.Sub(x, y) },
	"mul":      func(x, y *term.Word, k int) *term.Word { return term.Mul(x, y) },
	"upper":    func(x, y *term.Word, k int) *term.Word { return term.MulHighU(x, y) },
	"low52":    func(x, y *term.Word, k int) *term.Word { return term.Mul52Low(x, y) },
	"high52":   func(x, y *term.Word, k int) *term.Word { return term.Mul52High(x, y) },
	"adc":      func(x, y *term.Word, k int) *term.Word { return term.Adc(x, y, y.Bits(k, 1)) },
	"carry":    func(x, y *term.Word, k int) *term.Word { return term.ZeroExtend(term.Carry(x, y, x.Bits(k, 1)), 64) },
	"sbb":      func(x, y *term.Word, k int) *term.Word { return term.Sbb(x, y, y.Bits(k, 1)) },
	"borrow":   func(x, y *term.Word, k int) *term.Word { return term.ZeroExtend(term.Borrow(x, y, x.Bits(k, 1)), 64) },
	"shift":    func(x, y *term.Word, k int) *term.Word { return term.Shr(x, k) },
	"left":     func(x, y *term.Word, k int) *term.Word { return term.Shl(x, k) },
	"low bits": func(x, y *term.Word, k int) *term.Word { return term.ZeroExtend(x.Bits(0, k+1), 64) },
	"choice":   func(x, y *term.Word, k int) *term.Word { return term.Ite(x.Bits(k, 1), x, y) },
	"masked":   func(x, y *term.Word, k int) *term.Word { return term.And(term.Spread(x.Bits(k, 1), 64), y) },
	"spread":   func(x, y *term.Word, k int) *term.Word { return term.Spread(x.Bits(k, 1), 64) },
	"exchange": func(x, y *term.Word, k int) *term.Word { return term.Cat(x.Bits(k, 64-k), y.Bits(64-k, k)) },
	"xor":      func(x, y *term.Word, k int) *term.Word { return term.Xor(x, y) },
	"and":      func(x, y *term.Word, k int) *term.Word { return term.And(x, y) },
	"add32":    half(term.Add),
	"sub32":    half(term.Sub),
	"mul32":    half(term.Mul),
}

// half applies f to the lower halves.
func half(f func(x, y *term.Word) *term.Word) func(x, y *term.Word, k int) *term.Word {
	return func(x, y *term.Word, k int) *term.Word { return term.ZeroExtend(f(x.Bits(0, 32), y.Bits(0, 32)), 64) }
}

// TestExact builds random words, and evaluates each of them and the polynomial for it on random
// values. The value has to lie within the interval, too, bounds of rows have to hold, and quotients
// that are said to be 0 have to be.
func TestExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	names := slices.Sorted(maps.Keys(operations))
	polynomials, vanished := 0, 0
	for range 300 {
		s, e := term.NewSpace(), NewField(big.NewInt(1), Every(64))
		var vars []*term.Word
		var limits []uint64
		for i := range 3 {
			v := s.Var(fmt.Sprint("v", i), 64)
			limit := ^uint64(0) >> []int{0, 1, 12, 40}[rng.IntN(4)]
			e.Assume(v, UpTo(new(big.Int).SetUint64(limit)))
			vars, limits = append(vars, v), append(limits, limit)
		}
		pool := append([]*term.Word{s.Const(64, rng.Uint64()>>rng.IntN(64)), s.Const(64, 1<<rng.IntN(64))}, vars...)
		for range 12 {
			name := names[rng.IntN(len(names))]
			pool = append(pool, operations[name](pool[rng.IntN(len(pool))], pool[rng.IntN(len(pool))], rng.IntN(64)))
		}
		for k, w := range pool {
			other := pool[max(k-1, 0)]
			quotients := []*term.Word{term.Carry(w, other, w.Bits(0, 1)), term.Borrow(w, other, w.Bits(0, 1)), term.MulHighU(w, other)}
			quotients = slices.DeleteFunc(quotients, func(q *term.Word) bool { return !e.Vanishes(q) })
			vanished += len(quotients)
			high := e.BoundRow(w, other)
			f, i := e.Of(w), e.Interval(w)
			if a := f.Atoms(); len(a) != 1 || a[0] != w {
				polynomials++
			}
			for range 6 {
				in := make([]uint64, len(vars))
				for j := range in {
					if in[j] = rng.Uint64() >> rng.IntN(64) & limits[j]; rng.IntN(4) == 0 {
						in[j] = limits[j]
					}
				}
				value := func(w *term.Word) *big.Int { return new(big.Int).SetUint64(term.Compile(w, vars...).Run(in...)) }
				for _, q := range quotients {
					if value(q).Sign() != 0 {
						t.Fatalf("%v does not vanish for %v", q, in)
					}
				}
				if v := value(other); v.Lsh(v, 64).Add(v, value(w)).Cmp(high) > 0 {
					t.Fatalf("%v and %v are more than %v for %v", w, other, high, in)
				}
				got, ok := f.Replace(func(w *term.Word) (Poly, bool) { return New(value(w)), true }).Const()
				if want := value(w); !ok || got.Cmp(want) != 0 {
					t.Fatalf("%v is %v for %v, and the polynomial %v is %v", w, want, in, f, got)
				} else if want.Cmp(i.Low) < 0 || want.Cmp(i.High) > 0 {
					t.Fatalf("%v is %v for %v, outside %v", w, want, in, i)
				}
			}
		}
	}
	if polynomials < 1000 || vanished < 1000 {
		t.Errorf("only %d words were more than atoms, and only %d quotients 0", polynomials, vanished)
	}
}
