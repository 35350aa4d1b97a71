// Package integer takes words for integers: it writes them as polynomials with integer
// coefficients, and knows bounds of them. So it shows what arithmetic on several words, or on
// limbs, computes modulo a prime.
package integer

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"hybridkem/assurance/prove/term"
)

// A Poly is a polynomial over the integers. Its atoms are words: variables, and other words
// that are not looked into. The zero value is not usable; New makes a polynomial.
type Poly struct {
	terms map[monomial]*big.Int // without zeros
	words map[uint32]*term.Word // the atoms, by their numbers
}

// A monomial holds the numbers of its atoms in ascending order, four bytes for each.
type monomial string

func (m monomial) atoms() (ids []uint32) {
	for at := 0; at < len(m); at += 4 {
		ids = append(ids, binary.BigEndian.Uint32([]byte(m[at:at+4])))
	}
	return ids
}

func newMonomial(ids []uint32) monomial {
	slices.Sort(ids)
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.BigEndian.AppendUint32(b, id)
	}
	return monomial(b)
}

// New returns a constant.
func New(c *big.Int) Poly {
	f := Poly{map[monomial]*big.Int{}, map[uint32]*term.Word{}}
	if c.Sign() != 0 {
		f.terms[""] = c
	}
	return f
}

// Int returns a constant.
func Int(c int64) Poly { return New(big.NewInt(c)) }

// Atom returns w as an atom.
func Atom(w *term.Word) Poly {
	id := uint32(w.ID)
	return Poly{map[monomial]*big.Int{newMonomial([]uint32{id}): big.NewInt(1)}, map[uint32]*term.Word{id: w}}
}

// Pow2 returns 2^k.
func Pow2(k int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(k)) }

// addScaled adds c·g to f.
func (f Poly) addScaled(g Poly, c *big.Int) {
	for m, x := range g.terms {
		v := new(big.Int).Mul(x, c)
		if old := f.terms[m]; old != nil {
			v.Add(v, old)
		}
		if v.Sign() == 0 {
			delete(f.terms, m)
		} else {
			f.terms[m] = v
		}
	}
	maps.Copy(f.words, g.words)
}

// Plus returns f + c·g.
func (f Poly) Plus(g Poly, c *big.Int) Poly {
	sum := Poly{maps.Clone(f.terms), maps.Clone(f.words)}
	sum.addScaled(g, c)
	return sum
}

// Add returns f + g.
func (f Poly) Add(g Poly) Poly { return f.Plus(g, big.NewInt(1)) }

// Sub returns f - g.
func (f Poly) Sub(g Poly) Poly { return f.Plus(g, big.NewInt(-1)) }

// Times returns c·f.
func (f Poly) Times(c *big.Int) Poly { return Int(0).Plus(f, c) }

// Mul returns f·g.
func (f Poly) Mul(g Poly) Poly {
	product := Int(0)
	for m, x := range f.terms {
		part := Poly{make(map[monomial]*big.Int, len(g.terms)), g.words}
		for n, y := range g.terms {
			part.terms[newMonomial(append(m.atoms(), n.atoms()...))] = y
		}
		product.addScaled(part, x)
	}
	maps.Copy(product.words, f.words)
	return product
}

// Mod returns f with its coefficients reduced modulo p.
func (f Poly) Mod(p *big.Int) Poly {
	r := Poly{map[monomial]*big.Int{}, f.words}
	for m, x := range f.terms {
		if v := new(big.Int).Mod(x, p); v.Sign() != 0 {
			r.terms[m] = v
		}
	}
	return r
}

// IsZero reports whether all coefficients are 0.
func (f Poly) IsZero() bool { return len(f.terms) == 0 }

// Const returns the value of a polynomial without atoms.
func (f Poly) Const() (c *big.Int, ok bool) {
	switch len(f.terms) {
	case 0:
		return new(big.Int), true
	case 1:
		c = f.terms[""]
		return c, c != nil
	}
	return nil, false
}

// linear returns the atom of a monomial that is just an atom.
func (f Poly) linear(m monomial) *term.Word {
	if len(m) != 4 {
		return nil
	}
	return f.words[binary.BigEndian.Uint32([]byte(m))]
}

// coefficient returns the coefficient of an atom.
func (f Poly) coefficient(w *term.Word) *big.Int {
	if c := f.terms[newMonomial([]uint32{uint32(w.ID)})]; c != nil {
		return c
	}
	return new(big.Int)
}

// Atoms returns the atoms that occur, in the order of their numbers.
func (f Poly) Atoms() []*term.Word {
	seen := map[uint32]bool{}
	for m := range f.terms {
		for _, id := range m.atoms() {
			seen[id] = true
		}
	}
	var out []*term.Word
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, f.words[id])
	}
	return out
}

// Replace returns f with polynomials in place of atoms.
func (f Poly) Replace(by func(w *term.Word) (Poly, bool)) Poly {
	out := Int(0)
	for m, x := range f.terms {
		part := New(x)
		for _, id := range m.atoms() {
			g, ok := by(f.words[id])
			if !ok {
				g = Atom(f.words[id])
			}
			part = part.Mul(g)
		}
		out.addScaled(part, big.NewInt(1))
	}
	return out
}

func (f Poly) String() string {
	var parts []string
	for _, m := range slices.Sorted(maps.Keys(f.terms)) {
		s := f.terms[m].String()
		for _, id := range m.atoms() {
			s += "·" + f.words[id].String()
		}
		if parts = append(parts, s); len(parts) == 4 {
			return fmt.Sprintf("%s + %d more", strings.Join(parts, " + "), len(f.terms)-4)
		}
	}
	if parts == nil {
		return "0"
	}
	return strings.Join(parts, " + ")
}
