package main

import (
	"errors"
	"fmt"
	"slices"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
)

// The statements about the kernels of sha3. Keccak-f and all moving of lanes come out as terms
// that are identical to those of the specification, so nothing is left to prove.

// keccakF applies Keccak-f[1600] to a state of terms, as FIPS 202, section 3, describes it:
// a[x][y] is lane (x, y). It tells the lanes after each round.
func keccakF(s *term.Space, a [5][5]*term.Word, after func(lane *term.Word)) [5][5]*term.Word {
	for round := range 24 {
		// θ, Algorithm 1.
		var c [5]*term.Word
		for x := range 5 {
			c[x] = a[x][0]
			for y := 1; y < 5; y++ {
				c[x] = term.Xor(c[x], a[x][y])
			}
		}
		for x := range 5 {
			d := term.Xor(c[(x+4)%5], term.Rotl(c[(x+1)%5], 1))
			for y := range 5 {
				a[x][y] = term.Xor(a[x][y], d)
			}
		}
		// ρ, Algorithm 2.
		x, y := 1, 0
		for t := range 24 {
			a[x][y] = term.Rotl(a[x][y], (t+1)*(t+2)/2)
			x, y = y, (2*x+3*y)%5
		}
		// π, Algorithm 3.
		var b [5][5]*term.Word
		for x := range 5 {
			for y := range 5 {
				b[x][y] = a[(x+3*y)%5][x]
			}
		}
		// χ, Algorithm 4.
		for x := range 5 {
			for y := range 5 {
				a[x][y] = term.Xor(b[x][y], term.And(term.Not(b[(x+1)%5][y]), b[(x+2)%5][y]))
			}
		}
		// ι, Algorithm 6.
		rc := uint64(0)
		for j := range 7 {
			rc |= keccakBit(j+7*round) << (1<<j - 1)
		}
		a[0][0] = term.Xor(a[0][0], s.Const(64, rc))
		for x := range 5 {
			for y := range 5 {
				after(a[x][y])
			}
		}
	}
	return a
}

// keccakBit is rc(t), FIPS 202, Algorithm 5.
func keccakBit(t int) uint64 {
	r := [9]uint64{1}
	for range t % 255 {
		copy(r[1:], r[:8])
		r[0] = r[8]
		r[4] ^= r[8]
		r[5] ^= r[8]
		r[6] ^= r[8]
	}
	return r[0]
}

// states returns memory for n interleaved states of variables: lane l of state i is variable
// n·l + i of this name.
func (p *proof) states(name string, n int) *machine.Region {
	return machine.Variables(p.space, name, 25*n, 64, 64, true)
}

// lane returns lane l of state i of n.
func lane(r *machine.Region, n, l, i int) *term.Word { return r.Field(n*l+i, 64) }

// wantLanes compares all lanes of n states with want(l, i).
func wantLanes(r *machine.Region, n int, want func(l, i int) *term.Word) error {
	for l := range len(r.Data) / 8 / n {
		for i := range n {
			if got := lane(r, n, l, i); got != want(l, i) {
				return fmt.Errorf("lane %d of state %d in %s is %v, not %v", l, i, r.Name, got, want(l, i))
			}
		}
	}
	return nil
}

// permutation proves a kernel that permutes n states in each of so many arguments.
func permutation(n, arguments int) func(p *proof) error {
	return func(p *proof) error {
		var args []machine.Value
		var regions []*machine.Region
		for k := range arguments {
			regions = append(regions, p.states(fmt.Sprintf("a%d.", k), n))
			args = append(args, p.arg(regions[k]))
		}
		if _, err := p.call(args...); err != nil {
			return err
		}
		for k, r := range regions {
			if err := p.isPermuted(r, fmt.Sprintf("a%d.", k), n); err != nil {
				return err
			}
		}
		return nil
	}
}

// isPermuted checks that n interleaved states are Keccak-f[1600] of the states of variables with
// this name.
func (p *proof) isPermuted(r *machine.Region, name string, n int) error {
	before := p.states(name, n)
	for i := range n {
		var a [5][5]*term.Word
		for l := range 25 {
			a[l%5][l/5] = lane(before, n, l, i)
		}
		if err := p.isKeccakF(a, func(l int) *term.Word { return lane(r, n, l, i) }); err != nil {
			return fmt.Errorf("%w of state %d is another term", err, i)
		}
	}
	return nil
}

// isKeccakF checks that lanes are Keccak-f[1600] of a state. Kernels that rotate lanes late have
// other terms, and then bits are compared: those of each round's lanes are among theirs.
func (p *proof) isKeccakF(a [5][5]*term.Word, lane func(l int) *term.Word) error {
	first := lane(0)
	sums := newBitSums()
	after := func(*term.Word) {}
	if first != keccakF(p.space, a, after)[0][0] {
		after = sums.name
	}
	want := keccakF(p.space, a, after)
	for l := range 25 {
		if w := want[l%5][l/5]; lane(l) != w && !sums.same(lane(l), w) {
			return fmt.Errorf("lane (%d, %d)", l%5, l/5)
		}
	}
	return nil
}

// oneBlock returns lane l of state i of a message of one block, whose padding ends in lane
// end.
func (p *proof) oneBlock(l, end int, seed, suffix *term.Word) *term.Word {
	w := p.space.Const(64, 0)
	switch {
	case l < 4:
		w = seed
	case l == 4:
		w = suffix
	}
	if l == end {
		w = term.Xor(w, p.space.Const(64, 1<<63))
	}
	return w
}

func startProof(p *proof) error {
	for n := range 5 {
		for end := range 25 {
			a, before := p.states("a", 4), p.states("a", 4)
			seed := machine.Variables(p.space, "seed", 4, 64, 64, false)
			suffixes := machine.Variables(p.space, "suffix", 4, 64, 64, false)
			if _, err := p.call(p.arg(a), p.arg(seed), p.arg(suffixes), p.number(end), p.number(n)); err != nil {
				return err
			}
			err := wantLanes(a, 4, func(l, i int) *term.Word {
				if i >= n {
					return lane(before, 4, l, i)
				}
				return p.oneBlock(l, end, seed.Field(l%4, 64), suffixes.Field(i, 64))
			})
			if err != nil {
				return fmt.Errorf("n = %d, end = %d: %w", n, end, err)
			}
		}
	}
	return nil
}

func beginProof(p *proof) error {
	for end := 5; end < 25; end++ {
		a := machine.NewRegion("a", 800, true)
		args := []machine.Value{p.arg(a)}
		var seeds [4]*machine.Region
		for i := range seeds {
			seeds[i] = machine.Variables(p.space, fmt.Sprintf("seed%d.", i), 4, 64, 64, false)
			args = append(args, p.arg(seeds[i]))
		}
		suffixes := machine.Variables(p.space, "suffix", 4, 64, 64, false)
		if _, err := p.call(append(args, p.arg(suffixes), p.number(end))...); err != nil {
			return err
		}
		err := wantLanes(a, 4, func(l, i int) *term.Word {
			return p.oneBlock(l, end, seeds[i].Field(l%4, 64), suffixes.Field(i, 64))
		})
		if err != nil {
			return fmt.Errorf("end = %d: %w", end, err)
		}
	}
	return nil
}

func absorbProof(p *proof) error {
	for state := range 4 {
		a, before := p.states("a", 4), p.states("a", 4)
		block := machine.Variables(p.space, "block", 17, 64, 64, false)
		if _, err := p.call(p.arg(a), p.arg(block), p.number(state)); err != nil {
			return err
		}
		err := wantLanes(a, 4, func(l, i int) *term.Word {
			w := lane(before, 4, l, i)
			if i == state && l < 17 {
				w = term.Xor(w, block.Field(l, 64))
			}
			return w
		})
		if err != nil {
			return fmt.Errorf("state = %d: %w", state, err)
		}
	}
	return nil
}

// parts returns memory of so many lanes of variables in each of four messages, and pointers to
// the messages. The lanes begin at an offset that is a variable.
func (p *proof) parts(name string, lanes int, writable bool) (rs [4]*machine.Region, args []machine.Value) {
	for i := range rs {
		rs[i] = machine.Variables(p.space, fmt.Sprintf("%s%d.", name, i), lanes, 64, 64, writable)
		rs[i].Origin = p.space.Var("offset", 64)
		args = append(args, p.arg(rs[i]))
	}
	return rs, args
}

func writeProof(p *proof) error {
	for n := 1; n <= 25; n++ {
		a := machine.Variables(p.space, "a", 4*n, 64, 64, true)
		before := machine.Variables(p.space, "a", 4*n, 64, 64, true)
		in, args := p.parts("in", n, false)
		args = append([]machine.Value{p.arg(a)}, args...)
		if _, err := p.call(append(args, machine.Value{Word: in[0].Origin}, p.number(n))...); err != nil {
			return fmt.Errorf("n = %d: %w", n, err)
		}
		err := wantLanes(a, 4, func(l, i int) *term.Word {
			return term.Xor(lane(before, 4, l, i), in[i].Field(l, 64))
		})
		if err != nil {
			return fmt.Errorf("n = %d: %w", n, err)
		}
	}
	return nil
}

// squeezeProof also covers outputs that are the same memory, if their states are equal: what is
// written last is right, and nothing that was written is read.
func squeezeProof(p *proof) error {
	for n := 1; n <= 25; n++ {
		a := machine.Variables(p.space, "a", 100, 64, 64, false)
		out, args := p.parts("out", n, true)
		if _, err := p.call(append(args, machine.Value{Word: out[0].Origin}, p.number(n), p.arg(a))...); err != nil {
			return fmt.Errorf("n = %d: %w", n, err)
		}
		for i, r := range out {
			err := wantLanes(r, 1, func(l, _ int) *term.Word { return lane(a, 4, l, i) })
			if slices.Contains(r.Read, true) {
				err = errors.New("an output is read")
			}
			if err != nil {
				return fmt.Errorf("n = %d, output %d: %w", n, i, err)
			}
		}
	}
	return nil
}

var keccakStatements = []statement{
	{"sha3.permute1", "Keccak-f[1600] of a state", permutation(1, 1)},
	{"sha3.permute4", "Keccak-f[1600] of four states", permutation(4, 1)},
	{"sha3.permute8", "Keccak-f[1600] of eight states", permutation(4, 2)},
	{"sha3.start4", "states of messages of one block, for n from 0 to 4 and every end; other states stay", startProof},
	{"sha3.begin4", "four states of messages of one block, for end from 5 to 24", beginProof},
	{"sha3.absorb4", "17 lanes are added to one state, for all four; other lanes stay", absorbProof},
	{"sha3.write4", "n lanes are added to four states, for n from 1 to 25 and any offset", writeProof},
	{"sha3.squeeze4", "n lanes of four states are copied, for n from 1 to 25 and any offset, also to the same memory if states are equal", squeezeProof},
}
