package main

import (
	"errors"
	"fmt"

	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/term"
)

// The statements about the samplers of ring. They prove the loop of SampleNTT, FIPS 203,
// Algorithm 7: the numbers of 12 bits in a stream are candidates, and those that are less than
// q are appended to f, in their order, until f has 256 coefficients.
//
// The proofs are by induction. A kernel comes to the head of a loop at some position, which
// has variables for the number of coefficients in f, and for the bytes of the stream that were
// read and that are left. The rest of the machine is what it is on entry, but for registers
// that differ after a round, which are unknown. From there, the kernel is executed in cases
// that together are all, and in each case it has to append the right candidates and come to
// the head of a loop, at the position after them, or to return. Each round reads something,
// so that the stream has an end.
//
// f, the stream and the stack do not overlap: in Go, f and the stream have different types.
//
// A case knows the outcome of some comparisons of the position with constants. The kernel
// can make no other comparison with a variable, or it is refused. In a round, it can access
// nothing but the bytes of the stream that the round is about, and the coefficients of f for
// which there is room; none of them is read.

// A position is how far a sampler has come.
type position struct {
	count      *term.Word // of the coefficients in f, or twice as many: where the next one belongs
	read, left *term.Word // bytes of the stream
	points     bool       // count is an offset in f
}

// after returns the position after so many other coefficients and bytes.
func (pos position) after(coefficients, bytes int) position {
	s := pos.count.Space
	none := s.Const(1, 0)
	count := term.Adc(pos.count, s.Const(64, uint64(coefficients)), none)
	if pos.points {
		count = term.Add(pos.count, s.Const(64, uint64(2*coefficients)))
	}
	return position{
		count,
		term.Add(pos.read, s.Const(64, uint64(bytes))),
		term.Sbb(pos.left, s.Const(64, uint64(bytes)), none),
		pos.points,
	}
}

// offset returns where in f the next coefficient belongs.
func (pos position) offset() *term.Word {
	if pos.points {
		return pos.count
	}
	return term.Shl(pos.count, 1)
}

// The general registers that hold the position in all kernels, which is checked at each
// head, and the number of bytes that a round of the second loop takes. With NEON, a pointer to where the
// next coefficient belongs is in place of their number.
const (
	countRegister  = 1
	streamRegister = 2
	leftRegister   = 3
	bytesRegister  = 7
)

// sampled is a sampler that is being proved.
type sampled struct {
	*proof
	f, stream *machine.Region // the parts that may be accessed
	accepted  [32]*term.Word  // bit j tells that candidate j is less than q
	positions int
	cases     int
}

// facts are outcomes of comparisons.
type facts = map[*term.Word]bool

// constant returns a number of 64 bits.
func (s *sampled) constant(n int) *term.Word { return s.space.Const(64, uint64(n)) }

// position returns a position of variables that nothing else depends on.
func (s *sampled) position() position {
	s.positions++
	variable := func(name string) *term.Word { return s.space.Var(fmt.Sprint(name, s.positions), 64) }
	return position{variable("count"), variable("read"), variable("left"), s.code.A64()}
}

// enter calls a kernel and executes it to the head of its first loop, which must be at the
// start of the stream.
func enter(p *proof, results int) (*sampled, *machine.Machine, error) {
	s := &sampled{proof: p, f: machine.NewRegion("f", 0, true), stream: machine.NewRegion("the stream", 0, false)}
	start := s.position()
	start.read = s.constant(0)
	n := start.count
	if start.points {
		start.count = term.Shl(n, 1)
	}
	args := []machine.Value{p.arg(s.f), {Word: n}, p.arg(s.stream), {Word: start.left}}
	for i := range 1 + results {
		args = append(args, machine.Value{Word: p.space.Var(fmt.Sprint("argument", i), 64)})
	}
	m := machine.New(p.space, p.code, args...)
	for _, i := range p.code.Listing() {
		var head uint64
		switch {
		case i.Op == "JMP":
			head = i.Args[0].Imm
		case i.Op == "b":
			head = i.A64.Args[0].Imm
		}
		if head == 0 || head >= i.Address {
			continue
		}
		if err := s.run(m, head); err != nil {
			return nil, nil, err
		}
		m.Stack.Writable = false // machines share it
		return s, m, s.isAt(m, start)
	}
	return nil, nil, errors.New("there is no loop")
}

// run executes the kernel up to an address.
func (s *sampled) run(m *machine.Machine, to uint64) error {
	m.Steps = 0
	err := m.RunTo(to)
	s.steps += m.Steps
	if err == nil && m.PC != to {
		return fmt.Errorf("it does not come to %#x", to)
	}
	return err
}

// past returns the address behind the next instruction with this name, and the register to
// which the instruction writes.
func (s *sampled) past(m *machine.Machine, op string) (address uint64, register int) {
	for _, i := range s.code.Listing() {
		if i.Op != op || i.Address < m.PC {
			continue
		}
		if i.A64 != nil {
			return i.Address + uint64(len(i.Bytes)), i.A64.Args[0].Reg
		}
		return i.Address + uint64(len(i.Bytes)), i.Args[0].Reg
	}
	return 0, 0
}

// at returns a copy of a machine that is at a position, and knows facts about it. It can
// access so many coefficients of f and so many candidates of the stream.
func (s *sampled) at(m *machine.Machine, pos position, room, candidates int, known facts) *machine.Machine {
	*s.f = *machine.NewRegion("f", 2*room, true)
	s.f.Origin = pos.offset()
	*s.stream = *machine.Variables(s.space, "candidate ", candidates, 12, 12, false)
	s.stream.Name, s.stream.Origin = "the stream", pos.read
	c := m.Fork(false)
	c.Known = known
	c.General[countRegister] = s.countAt(pos)
	c.General[streamRegister] = machine.Value{Region: s.stream, Word: pos.read}
	c.General[leftRegister].Word = pos.left
	return c
}

// countAt returns what the register for the coefficients holds.
func (s *sampled) countAt(pos position) machine.Value {
	if pos.points {
		return machine.Value{Region: s.f, Word: pos.count}
	}
	return machine.Value{Word: pos.count}
}

// isAt checks that a machine is at a position.
func (s *sampled) isAt(m *machine.Machine, pos position) error {
	for r, want := range map[int]machine.Value{
		countRegister:  s.countAt(pos),
		streamRegister: {Region: s.stream, Word: pos.read},
		leftRegister:   {Word: pos.left},
	} {
		if got := m.General[r]; got != want {
			return fmt.Errorf("general register %d holds %v, not %v", r, got.Word, want.Word)
		}
	}
	return nil
}

// comesTo executes the kernel up to an address, at which it has to be at a position and to have
// appended coefficients to f.
func (s *sampled) comesTo(m *machine.Machine, to uint64, pos position, appended []*term.Word) error {
	s.cases++
	clear(s.f.Data)
	if err := s.run(m, to); err != nil {
		return err
	}
	for i, want := range appended {
		if got := s.f.Field(i, 16); got != want {
			return fmt.Errorf("coefficient n+%d is %v, not %v", i, got, want)
		}
	}
	return s.isAt(m, pos)
}

// join makes unknown what a machine at the head of a loop holds and another does not, apart
// from the position. It reports whether there was something.
func join(head, m *machine.Machine) bool {
	for _, r := range []int{countRegister, streamRegister, leftRegister} {
		m.General[r] = head.General[r]
	}
	return head.Join(m)
}

// candidate returns candidate j of a round.
func (s *sampled) candidate(j int) *term.Word {
	return term.ZeroExtend(s.space.Var(fmt.Sprint("candidate ", j), 12), 16)
}

// accepts checks that bit j of a mask tells that candidate j is less than q, for so many
// candidates, and that the bits above are 0.
func (s *sampled) accepts(mask *term.Word, candidates int) error {
	for j := range mask.Width {
		bit := mask.Bits(j, 1)
		switch {
		case j >= candidates && bit.Is(0), j < candidates && bit == s.accepted[j]:
			continue
		case j >= candidates:
			return fmt.Errorf("bit %d is %v", j, bit)
		}
		vars, _ := term.Support(bit)
		if len(vars) != 1 || vars[0] != s.candidate(j).Bits(0, 12).Node() {
			return fmt.Errorf("whether candidate %d is accepted depends on %v", j, term.Names(vars))
		}
		err := term.Enumerate([]*term.Word{bit, vars[0].Word}, 12, func(out []uint64) bool { return (out[0] == 1) == (out[1] < q) })
		if err != nil {
			return fmt.Errorf("whether candidate %d is accepted: %w", j, err)
		}
		s.accepted[j] = bit
	}
	return nil
}

// leaves checks that a kernel returns with these results.
func (s *sampled) leaves(m *machine.Machine, results ...*term.Word) error {
	m.Steps = 0
	m.Stack.Writable = true
	clear(m.Stack.Data[len(m.Stack.Data)-8*len(results):])
	err := m.Run()
	m.Stack.Writable = false
	s.steps += m.Steps
	s.cases++
	for i, want := range results {
		if got := m.Result(5 + i); err == nil && got != want {
			err = fmt.Errorf("result %d is %v, not %v", i, got, want)
		}
	}
	return err
}

// half proves half a round of sampleVartimeAVX2, or of the first loop of sampleVartimeNEON, which appends those of candidates first to
// first+7 that are accepted. It goes to an address, and reads so many bytes. The lowest bits of
// a register must tell which candidates are accepted; all their values are tried. half returns
// a machine that describes the results of all.
func (s *sampled) half(m *machine.Machine, sets, first int, pos position, read int, to uint64) (all *machine.Machine, err error) {
	mask := term.ZeroExtend(term.Cat(s.accepted[first:16]...), 64)
	if got := m.General[sets].Word; got != mask {
		return nil, fmt.Errorf("the mask is %v, not %v", got, mask)
	}
	for set := range uint64(256) {
		c := m.Fork(false)
		c.General[sets].Word = term.Cat(s.space.Const(8, set), mask.Bits(8, 56))
		var taken []*term.Word
		for j := range 8 {
			if set>>j&1 == 1 {
				taken = append(taken, s.candidate(first+j))
			}
		}
		if err := s.comesTo(c, to, pos.after(len(taken), read), taken); err != nil {
			return nil, fmt.Errorf("accepted are %08b of the candidates from %d on: %w", set, first, err)
		}
		if all == nil {
			all = c
		} else {
			join(all, c)
		}
	}
	return all, nil
}

func sampleAVX2Proof(p *proof) error {
	s, head, err := enter(p, 2)
	if err != nil {
		return err
	}
	pos := s.position()
	few := machine.Less(pos.left, s.constant(24))
	room := machine.LessOrEqual(pos.count, s.constant(240))
	for changed := true; changed; {
		m := s.at(head, pos, 8, 16, facts{few: false, room: true})
		masked, sets := s.past(m, "VPMOVMSKB")
		if err := s.run(m, masked); err != nil {
			return err
		}
		if err := s.accepts(m.General[sets].Word, 16); err != nil {
			return err
		}
		shifted, _ := s.past(m, "SHR")
		if m, err = s.half(m, sets, 0, pos, 0, shifted); err != nil {
			return err
		}
		// f may have any number of coefficients up to 248 now.
		middle := pos
		middle.count = s.position().count
		if m, err = s.half(s.at(m, middle, 8, 16, nil), sets, 8, middle, 24, head.PC); err != nil {
			return err
		}
		changed = join(head, m)
	}
	for _, known := range []facts{{few: true}, {few: false, room: false}} {
		if err := s.leaves(s.at(head, pos, 0, 0, known), pos.count, pos.read); err != nil {
			return err
		}
	}
	s.detail = fmt.Sprint(s.cases, " cases")
	return nil
}

func sampleNEONProof(p *proof) error {
	s, head, err := enter(p, 2)
	if err != nil {
		return err
	}
	pos := s.position()
	end := func(n int) *term.Word { return s.constant(2 * n) }
	few := machine.Less(pos.left, s.constant(24))
	room := machine.LessOrEqualU(pos.count, end(240))
	var masked uint64
	for changed := true; changed; {
		m := s.at(head, pos, 8, 16, facts{few: false, room: true})
		var sets int
		masked, sets = s.past(m, "umov")
		if err := s.run(m, masked); err != nil {
			return err
		}
		if err := s.accepts(m.General[sets].Word, 16); err != nil {
			return err
		}
		shifted, upper := s.past(m, "ubfm")
		if m, err = s.half(m, sets, 0, pos, 0, shifted); err != nil {
			return err
		}
		middle := pos // f may have any number of coefficients up to 248 now
		middle.count = s.position().count
		if m, err = s.half(s.at(m, middle, 8, 16, nil), upper, 8, middle, 24, head.PC); err != nil {
			return err
		}
		changed = join(head, m)
	}

	// The second loop begins where there is no room for 16.
	rest := s.at(head, pos, 0, 0, facts{few: false, room: false})
	if err := s.run(rest, s.lastLoop()); err != nil {
		return err
	}
	if err := s.isAt(rest, pos); err != nil {
		return err
	}
	for changed := true; changed; {
		if changed, err = s.fill(rest); err != nil {
			return err
		}
	}
	full := machine.LessU(pos.count, end(256))
	for _, exit := range []struct {
		head  *machine.Machine
		known facts
	}{{head, facts{few: true}}, {rest, facts{few: true}}, {rest, facts{few: false, term.Not(full): true}}} {
		if err := s.leaves(s.at(exit.head, pos, 0, 0, exit.known), term.Shr(pos.count, 1), pos.read); err != nil {
			return err
		}
	}
	s.detail = fmt.Sprint(s.cases, " cases")
	return nil
}

// lastLoop returns the head of the last loop.
func (s *sampled) lastLoop() (head uint64) {
	for _, i := range s.code.Listing() {
		if i.Op == "b" && i.A64.Args[0].Imm < i.Address {
			head = i.A64.Args[0].Imm
		}
	}
	return head
}

// fill proves all rounds of the second loop of sampleVartimeNEON, for each number of coefficients from
// 241 on. It reports whether a register of the head has become unknown.
func (s *sampled) fill(head *machine.Machine) (changed bool, err error) {
	var second *machine.Machine // all machines between the halves
	upper := 0
	for n := 241; n < 256; n++ {
		pos := s.position()
		pos.count = s.constant(2 * n)
		m := s.filling(head, pos, n, facts{machine.Less(pos.left, s.constant(24)): false})
		masked, sets := s.past(m, "umov")
		if err := s.run(m, masked); err != nil {
			return false, err
		}
		if err := s.accepts(m.General[sets].Word, 16); err != nil {
			return false, err
		}
		var shifted uint64
		shifted, upper = s.past(m, "ubfm")
		all, err := s.filled(m, sets, 0, pos, n, 0, shifted)
		if err != nil {
			return false, err
		}
		if second == nil {
			second = all
		} else {
			join(second, all)
		}
	}
	for n := 241; n <= 256; n++ {
		pos := s.position()
		pos.count = s.constant(2 * n)
		all, err := s.filled(s.filling(second, pos, n, nil), upper, 8, pos, n, 24, head.PC)
		if err != nil {
			return false, err
		}
		changed = join(head, all) || changed
	}
	return changed, nil
}

// filling returns a copy of a machine that is where f has n coefficients. It can read and write the last
// eight of f, and those from the n-th on.
func (s *sampled) filling(m *machine.Machine, pos position, n int, known facts) *machine.Machine {
	c := s.at(m, pos, 0, 16, known)
	first := min(n, 248)
	*s.f = *machine.NewRegion("f", 2*(256-first), true)
	s.f.Origin = s.constant(2 * first)
	for i := first; i < 256; i++ {
		s.f.Set(2*(i-first), s.space.Var(fmt.Sprint("f", i), 16))
	}
	return c
}

// filled proves half a round of the second loop of sampleVartimeNEON, as half does, where f has n
// coefficients.
func (s *sampled) filled(m *machine.Machine, sets, first int, pos position, n, read int, to uint64) (all *machine.Machine, err error) {
	mask := term.ZeroExtend(term.Cat(s.accepted[first:16]...), 64)
	if got := m.General[sets].Word; got != mask {
		return nil, fmt.Errorf("the mask is %v, not %v", got, mask)
	}
	for set := range uint64(256) {
		c := s.filling(m, pos, n, m.Known)
		c.General[sets].Word = term.Cat(s.space.Const(8, set), mask.Bits(8, 56))
		s.cases++
		if err := s.run(c, to); err != nil {
			return nil, fmt.Errorf("f has %d, accepted are %08b: %w", n, set, err)
		}
		next := n
		for j := range 8 {
			if set>>j&1 == 0 || next == 256 {
				continue
			}
			if got := s.f.Field(next-min(n, 248), 16); got != s.candidate(first+j) {
				return nil, fmt.Errorf("f has %d, accepted are %08b: coefficient %d is %v", n, set, next, got)
			}
			next++
		}
		for i := min(n, 248); i < n; i++ {
			if got := s.f.Field(i-min(n, 248), 16); got != s.space.Var(fmt.Sprint("f", i), 16) {
				return nil, fmt.Errorf("f has %d, accepted are %08b: coefficient %d becomes %v", n, set, i, got)
			}
		}
		if err := s.isAt(c, pos.after(next-n, read)); err != nil {
			return nil, err
		}
		if all == nil {
			all = c
		} else {
			join(all, c)
		}
	}
	return all, nil
}

func sampleAVX512Proof(p *proof) error {
	s, whole, err := enter(p, 1)
	if err != nil {
		return err
	}
	pos := s.position()
	few := machine.Less(pos.left, s.constant(48))
	room := machine.LessOrEqual(pos.count, s.constant(224))
	for changed := true; changed; {
		changed, err = s.round(whole, pos, 32, 32, facts{few: false, room: true})
		if err != nil {
			return err
		}
	}

	// The second loop begins where the first cannot go on.
	var rest *machine.Machine
	for _, known := range []facts{{few: true}, {few: false, room: false}} {
		m := s.at(whole, pos, 0, 0, known)
		head, _ := s.past(m, "JMP")
		if err := s.run(m, head); err != nil {
			return err
		}
		if err := s.isAt(m, pos); err != nil {
			return err
		}
		if rest == nil {
			rest = m
		} else {
			join(rest, m)
		}
	}
	for changed := true; changed; {
		if changed, err = s.rest(rest); err != nil {
			return err
		}
	}

	end := s.position()
	end.left = s.constant(0)
	m := s.at(rest, end, 0, 0, nil)
	m.General[bytesRegister].Word = s.space.Var("bytes of the last round", 64)
	if err := s.leaves(m, end.count); err != nil {
		return fmt.Errorf("at the end of the stream: %w", err)
	}
	end = s.position()
	end.count = s.constant(256)
	m = s.at(rest, end, 0, 0, facts{machine.Equal(end.left, s.constant(0)): false})
	if err := s.leaves(m, end.count); err != nil {
		return fmt.Errorf("with 256 coefficients: %w", err)
	}
	s.detail = fmt.Sprint(s.cases, " cases")
	return nil
}

// rest proves all rounds of the second loop of sampleVartimeAVX512VBMI2: for fewer than 224
// coefficients and for each other number below 256, with at least 48 bytes left, and with each
// other number of bytes.
func (s *sampled) rest(head *machine.Machine) (changed bool, err error) {
	for n := 223; n < 256; n++ { // 223 stands for all fewer than 224
		for bytes := 3; bytes <= 48; bytes += 3 {
			pos, known := s.position(), facts{}
			if n < 224 {
				known[machine.Equal(pos.count, s.constant(256))] = false
				for found := range 33 {
					// There is room for more than 32.
					room := term.Sbb(s.constant(256), pos.count, s.space.Const(1, 0))
					known[machine.LessOrEqual(room, s.constant(found))] = false
				}
			} else {
				pos.count = s.constant(n)
			}
			if bytes == 48 {
				known[machine.Equal(pos.left, s.constant(0))] = false
				known[machine.Less(pos.left, s.constant(48))] = false
			} else {
				pos.left = s.constant(bytes)
			}
			changed, err = s.round(head, pos, 256-n, bytes/3*2, known)
			if err != nil {
				return false, fmt.Errorf("%v coefficients, %v bytes left: %w", pos.count, pos.left, err)
			}
			if changed {
				return true, nil
			}
		}
	}
	return false, nil
}

// round proves a round of a loop of sampleVartimeAVX512VBMI2, which appends those of so many
// candidates that are accepted, as long as there is room, and returns to the head of the loop.
// It executes the kernel for all numbers of accepted candidates. It reports whether a register
// of the head has become unknown.
func (s *sampled) round(head *machine.Machine, pos position, room, candidates int, known facts) (changed bool, err error) {
	m := s.at(head, pos, min(room, 32), candidates, known)
	masked, register := s.past(m, "KMOVD")
	if err := s.run(m, masked); err != nil {
		return false, err
	}
	if err := s.accepts(m.General[register].Word, candidates); err != nil {
		return false, err
	}
	mask := term.Cat(s.accepted[:candidates]...)
	counted, register := s.past(m, "POPCNT")
	if err := s.run(m, counted); err != nil {
		return false, err
	}
	sum := term.ZeroExtend(term.Popcount(term.ZeroExtend(mask, 32)), 64)
	if got := m.General[register].Word; got != sum {
		return false, fmt.Errorf("the number of accepted candidates is %v, not %v", got, sum)
	}
	var all, inOrder []*term.Word
	for j := range candidates {
		all = append(all, s.candidate(j))
	}
	for i := range candidates {
		inOrder = append(inOrder, term.Select(mask, all, i))
	}
	for found := range candidates + 1 {
		c := m.Fork(false)
		c.General[register].Word = s.constant(found)
		taken := min(found, room)
		next := pos.after(taken, candidates/2*3)
		if err := s.comesTo(c, head.PC, next, inOrder[:taken]); err != nil {
			return false, fmt.Errorf("%d of %d candidates are accepted: %w", found, candidates, err)
		}
		if next.left.Is(0) {
			// There is no round any more that takes bytes.
			c.General[bytesRegister] = head.General[bytesRegister]
		}
		changed = join(head, c) || changed
	}
	return changed, nil
}

var sampleStatements = []statement{
	{"ring.sampleVartimeAVX2", "appends to f what Algorithm 7 does, while 24 bytes are left and f has at most 240, and returns how many f has and the bytes read, for n from 0 to 256 and any stream; writes only f[n:]", sampleAVX2Proof},
	{"ring.sampleVartimeNEON", "appends to f what Algorithm 7 does, while 24 bytes are left, and returns how many f has and the bytes read, for n from 0 to 256 and any stream; changes only f[n:]", sampleNEONProof},
	{"ring.sampleVartimeAVX512VBMI2", "appends to f what Algorithm 7 does, and returns how many f has, for n from 0 to 256 and any stream of a multiple of 3 bytes; writes only f[n:]", sampleAVX512Proof},
}
