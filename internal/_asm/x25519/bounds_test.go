package main

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"hybridkem/internal/_asm/kit"
)

// carried is the bound of carried limbs.
const carried = 1<<51 + 1<<17

// TestBounds runs the generated instructions of the IFMA kernels on intervals, one for each
// lane, and goes around loops until no interval changes. It checks that factors have at most 52
// bits, that sums have at most 64 bits, that no difference is negative, and that the kernels
// return carried limbs.
func TestBounds(t *testing.T) {
	file, err := kit.Build(kernels)
	if err != nil {
		t.Fatal(err)
	}
	for _, kernel := range file.Functions() {
		if !strings.HasSuffix(kernel.Name, "IFMA") {
			continue
		}
		m := newMachine(file)
		if err := m.run(kernel); err != nil {
			t.Errorf("%s: %v", kernel.Name, err)
		}
		limbs := 0
		for _, name := range results {
			if has(kernel, name) {
				limbs += nLimbs
			}
		}
		if m.products == 0 || len(m.stored) != limbs {
			t.Errorf("%s: saw %d products and %d limbs of the result", kernel.Name, m.products, len(m.stored))
		}
	}
}

// TestBoundsFail runs kernels that break a bound, or that the machine cannot follow. Each must
// give an error.
func TestBoundsFail(t *testing.T) {
	for name, body := range map[string]func(g *ifma, s place){
		"a factor of 53 bits": func(g *ifma, s place) {
			x := g.load(s)
			g.VPADDQ(x[0], x[0], x[0])
			g.VPMADD52LUQ(x[0], x[1], x[2])
		},
		"a sum of 65 bits": func(g *ifma, s place) {
			x := g.broadcast(1 << 63)
			g.VPADDQ(x, x, x)
			g.VMOVDQU64(x, s(0))
		},
		"a negative difference": func(g *ifma, s place) {
			x := g.load(s)
			g.VPSUBQ(x[0], x[1], lastLane(g), x[1])
			g.VMOVDQU64(x[1], s(0))
		},
		"a negative difference after a permutation": func(g *ifma, s place) {
			x, zero := g.vector(), g.vector()
			g.ZERO(zero)
			g.VMOVDQU64_Z(s(0), lastLane(g), x)
			g.VPERMQ(operand.U8(0b00_11_00_00), x, x)
			g.VPSUBQ(x, zero, x)
		},
		"a negative difference in the upper half of a table": func(g *ifma, s place) {
			x, zero := g.ZMM(), g.YMM()
			g.ZERO(zero)
			g.VMOVDQU64(g.Quads("halves", 0, 0, 0, 0, 1, 1, 1, 1), x)
			g.VEXTRACTI64X4(operand.U8(1), x, x.AsY())
			g.VPSUBQ(x.AsY(), zero, zero)
		},
		"limbs of another size": func(g *ifma, s place) {
			x := reg.Register(g.ZMM())
			if g.wide() {
				x = g.YMM()
			}
			g.VMOVDQU64(s(0), x)
		},
		"a limb that was overwritten by one of another size": func(g *ifma, s place) {
			places, _ := g.frame(1)
			x := g.load(s)
			g.VMOVDQU64(x[0], places[0](0))
			if g.wide() {
				g.VMOVDQU64(x[0].AsY(), places[0](0).Offset(32))
			} else {
				g.VMOVDQU64(x[0].AsZ(), places[0](0))
			}
			g.VMOVDQU64(places[0](0), x[0])
		},
		"a sum in a loop": func(g *ifma, s place) {
			x := g.load(s)
			g.Repeat("loop", 3, func() { g.VPADDQ(x[0], x[1], x[1]) })
			g.VMOVDQU64(x[1], s(0))
		},
		"a sum in memory in a loop": func(g *ifma, s place) {
			g.Repeat("loop", 3, func() {
				x := g.load(s)
				g.VPADDQ(x[0], x[0], x[0])
				g.VMOVDQU64(x[0], s(0))
			})
			x := g.load(s)
			g.VPMADD52LUQ(x[0], x[1], x[2])
		},
		"a word among limbs that are used": func(g *ifma, s place) {
			places, _ := g.frame(1)
			x := g.load(s)
			g.VMOVDQU64(x[0], places[0](0))
			g.MOVQ(s(0).Base, places[0](0).Offset(24))
			g.VMOVDQU64(places[0](0), x[0])
		},
		"limbs of two places": func(g *ifma, s place) {
			x := g.vector()
			g.VMOVDQU64(s(0).Offset(8), x)
		},
		"an address that was moved": func(g *ifma, s place) {
			g.ADDQ(operand.U8(32), s(0).Base)
			g.load(s)
		},
		"a mask that was never set": func(g *ifma, s place) {
			x := g.load(s)
			g.VPADDQ(x[0], x[0], reg.K1, x[1])
		},
		"a result that is not carried": func(g *ifma, s place) {
			x := g.load(s)
			g.VPADDQ(x[0], x[1], x[1])
			g.VMOVDQU64(x[1], s(0))
		},
	} {
		file, err := kit.Build(func(f *kit.File) {
			for _, lanes := range []int{4, lanes8} {
				f.Kernel(fmt.Sprintf("fail%dIFMA", lanes), fmt.Sprintf("func(s *[5][%d]uint64)", lanes), kit.AVX512IFMA, kit.Header{Does: name})
				g := newIFMA(f)
				if lanes == lanes8 {
					g = newWideIFMA(f)
				}
				body(g, g.at(f.Pointer("s")))
				f.Ret()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, kernel := range file.Functions() {
			if err := newMachine(file).run(kernel); err == nil {
				t.Errorf("%s was not found in %s", name, kernel.Name)
			}
		}
	}
}

// lastLane returns a mask of the last lane of a register.
func lastLane(g *ifma) reg.Register {
	r, k := g.GP32(), g.K()
	g.MOVL(operand.U32(1<<(g.size/8-1)), r)
	g.KMOVB(r, k)
	return k
}

// An interval is the set of numbers from low to high.
type interval struct{ low, high uint64 }

var anything = interval{0, 1<<64 - 1}

func (x interval) join(y interval) interval {
	return interval{min(x.low, y.low), max(x.high, y.high)}
}

// lanes holds the intervals of the quads in a register or in memory. Those that a smaller register
// does not have are 0.
type lanes [lanes8]interval

func (x lanes) join(y lanes) (z lanes) {
	for i := range z {
		z[i] = x[i].join(y[i])
	}
	return z
}

// A selection tells for each lane whether a mask may select it (yes), and whether a mask may
// leave it out (no). Both are possible.
type selection [lanes8]struct{ yes, no bool }

// A state is what is known before an instruction. It does not contain registers and memory that
// were never written.
type state struct {
	vectors map[int]lanes      // by register
	masks   map[int]selection  // by register
	memory  map[location]lanes // these do not overlap
	origin  map[reg.ID]string  // the memory that a register points to: a parameter, a table or the stack
	numbers map[reg.ID]uint64  // the numbers in registers, if they are known
}

type location struct {
	origin string
	disp   int
	quads  int // the size
}

func joinMaps[K comparable, V any](a, b map[K]V, join func(a, b V) V) map[K]V {
	c := make(map[K]V)
	for k, v := range a {
		if w, ok := b[k]; ok {
			c[k] = join(v, w)
		}
	}
	return c
}

func (s selection) join(t selection) selection {
	for i := range s {
		s[i].yes, s[i].no = s[i].yes || t[i].yes, s[i].no || t[i].no
	}
	return s
}

func (s *state) join(t *state) *state {
	numbers := make(map[reg.ID]uint64)
	for r, n := range s.numbers {
		if m, ok := t.numbers[r]; ok && m == n {
			numbers[r] = n
		}
	}
	origin := make(map[reg.ID]string)
	for r, o := range s.origin {
		if t.origin[r] == o {
			origin[r] = o
		}
	}
	return &state{
		joinMaps(s.vectors, t.vectors, lanes.join),
		joinMaps(s.masks, t.masks, selection.join),
		joinMaps(s.memory, t.memory, lanes.join),
		origin, numbers,
	}
}

func (s *state) equal(t *state) bool {
	return maps.Equal(s.vectors, t.vectors) && maps.Equal(s.masks, t.masks) && maps.Equal(s.memory, t.memory) &&
		maps.Equal(s.origin, t.origin) && maps.Equal(s.numbers, t.numbers)
}

func (s *state) clone() *state {
	return &state{maps.Clone(s.vectors), maps.Clone(s.masks), maps.Clone(s.memory), maps.Clone(s.origin), maps.Clone(s.numbers)}
}

// A machine runs kernels on intervals.
type machine struct {
	tables   map[string][]uint64
	state    *state
	width    int // the number of lanes of the instruction's result
	quads    int // the number of quads of its operand in memory
	errors   []string
	products int               // the number of products so far
	stored   map[location]bool // the limbs of the result so far
}

// results lists the parameters for results. A kernel has some of them.
var results = []string{"s", "x", "z"}

func has(kernel *ir.Function, parameter string) bool {
	_, err := kernel.Signature.Params().Lookup(parameter).Resolve()
	return err == nil
}

func newMachine(file *ir.File) *machine {
	m := &machine{tables: make(map[string][]uint64), stored: make(map[location]bool)}
	for _, section := range file.Sections {
		if g, ok := section.(*ir.Global); ok {
			for _, d := range g.Data {
				m.tables[g.Symbol.Name] = append(m.tables[g.Symbol.Name], uint64(d.Value.(operand.U64)))
			}
		}
	}
	return m
}

// run returns an error if the kernel breaks a bound.
func (m *machine) run(kernel *ir.Function) error {
	before := make(map[*ir.Instruction]*state)
	instructions, next := flow(kernel)
	before[instructions[0]] = &state{make(map[int]lanes), make(map[int]selection), parameters(kernel), make(map[reg.ID]string), make(map[reg.ID]uint64)}
	for todo := []*ir.Instruction{instructions[0]}; len(todo) > 0; {
		i := todo[0]
		todo = todo[1:]
		m.state = before[i].clone()
		m.step(i)
		if len(m.errors) > 0 {
			return fmt.Errorf("%s %v: %s", i.OpcodeWithSuffixes(), i.Operands, strings.Join(m.errors, "; "))
		}
		for _, n := range next[i] {
			after := m.state
			if old, ok := before[n]; ok {
				after = old.join(after)
				if after.equal(old) {
					continue
				}
			}
			before[n] = after.clone()
			todo = append(todo, n)
		}
	}
	for _, i := range instructions {
		if before[i] == nil {
			return fmt.Errorf("%s %v is never reached", i.Opcode, i.Operands)
		}
		if i.IsTerminal {
			for at, x := range before[i].memory {
				if !slices.Contains(results, at.origin) {
					continue
				}
				for _, limb := range x {
					if limb.high >= carried {
						return fmt.Errorf("limb %d of the result may be %#x", at.disp/(8*at.quads), limb.high)
					}
				}
			}
		}
	}
	return nil
}

// parameters returns the memory before a kernel runs: carried limbs.
func parameters(kernel *ir.Function) map[location]lanes {
	quads := 4
	if strings.Contains(kernel.Signature.String(), "[5][8]uint64") {
		quads = lanes8
	}
	var limb lanes
	for i := range quads {
		limb[i].high = carried - 1
	}
	memory := make(map[location]lanes)
	for _, name := range []string{"s", "u"} {
		if has(kernel, name) {
			for k := range nLimbs {
				memory[location{name, 8 * quads * k, quads}] = limb
			}
		}
	}
	return memory
}

// flow returns the instructions of a kernel, and the instructions that may follow each of them.
func flow(kernel *ir.Function) (is []*ir.Instruction, next map[*ir.Instruction][]*ir.Instruction) {
	next = make(map[*ir.Instruction][]*ir.Instruction)
	targets := make(map[ir.Label]*ir.Instruction)
	var labels []ir.Label
	for _, node := range kernel.Nodes {
		switch n := node.(type) {
		case ir.Label:
			labels = append(labels, n)
		case *ir.Instruction:
			for _, l := range labels {
				targets[l] = n
			}
			labels = nil
			if len(is) > 0 {
				if last := is[len(is)-1]; !last.IsTerminal && !last.IsUnconditionalBranch() {
					next[last] = append(next[last], n)
				}
			}
			is = append(is, n)
		}
	}
	for _, i := range is {
		if l := i.TargetLabel(); l != nil {
			next[i] = append(next[i], targets[*l])
		}
	}
	return is, next
}

func (m *machine) fail(format string, args ...any) {
	m.errors = append(m.errors, fmt.Sprintf(format, args...))
}

func index(op operand.Op) int { return int(op.(reg.Physical).PhysicalIndex()) }

// address returns the location of a memory operand.
func (m *machine) address(mem operand.Mem) location {
	if mem.Symbol.Name != "" {
		return location{mem.Symbol.Name, mem.Disp, m.quads}
	}
	origin, ok := m.state.origin[mem.Base.(reg.Physical).ID()]
	if mem.Base == reg.StackPointer {
		origin = "frame"
	} else if !ok {
		m.fail("an unknown address")
	}
	if m.tables[origin] == nil && origin != "digits" && mem.Disp%(8*m.quads) != 0 {
		m.fail("limbs at an address that is not a multiple of their size")
	}
	return location{origin, mem.Disp, m.quads}
}

// read returns the lanes of an operand. If it is memory with fewer quads than lanes, they are
// repeated.
func (m *machine) read(op operand.Op) lanes {
	mem, ok := op.(operand.Mem)
	if !ok {
		x, ok := m.state.vectors[index(op)]
		if !ok {
			m.fail("an unknown register")
		}
		return x
	}
	at := m.address(mem)
	x, ok := m.state.memory[at]
	table := m.tables[at.origin]
	return m.each(func(i int) interval {
		i %= m.quads
		switch quad := at.disp/8 + i; {
		case ok:
			return x[i]
		case at.origin == "pointTable" && quad%words == words-1:
			return interval{0, 1<<63 - 1}
		case at.origin == "pointTable", at.origin == "scalars":
			return anything
		case table != nil:
			return interval{table[quad], table[quad]}
		}
		m.fail("unknown memory at %v", at)
		return anything
	})
}

// write sets the lanes of an operand that the mask selects to the lanes of x. The other lanes
// become zero if zeroing is set, and otherwise do not change.
func (m *machine) write(op operand.Op, x lanes, mask selection, zeroing bool) {
	var old lanes
	if slices.ContainsFunc(mask[:m.width], func(s struct{ yes, no bool }) bool { return s.no }) && !zeroing {
		old = m.read(op)
	}
	for i, s := range mask {
		switch {
		case i >= m.width:
			x[i] = interval{} // as an instruction for smaller registers does
		case !s.yes:
			x[i] = old[i]
		case s.no:
			x[i] = x[i].join(old[i])
		}
	}
	if mem, ok := op.(operand.Mem); ok {
		at := m.overwrite(mem)
		m.state.memory[at] = x
		if slices.Contains(results, at.origin) {
			m.stored[at] = true
		}
	} else {
		m.state.vectors[index(op)] = x
	}
}

// overwrite returns the location of a memory operand. The limbs that were there, even in part, are
// unknown afterwards.
func (m *machine) overwrite(mem operand.Mem) location {
	at := m.address(mem)
	maps.DeleteFunc(m.state.memory, func(old location, _ lanes) bool {
		return old.origin == at.origin && old.disp < at.disp+8*at.quads && at.disp < old.disp+8*old.quads
	})
	return at
}

// everywhere returns a selection that has the same in every lane.
func everywhere(yes, no bool) (s selection) {
	for i := range s {
		s[i].yes, s[i].no = yes, no
	}
	return s
}

var (
	all  = everywhere(true, false)
	some = everywhere(true, true)
)

func (m *machine) each(f func(i int) interval) (x lanes) {
	for i := range m.width {
		x[i] = f(i)
	}
	return x
}

func unknown(int) interval { return anything }

// step runs one instruction.
func (m *machine) step(i *ir.Instruction) {
	s, ops := m.state, i.Operands
	var last operand.Op
	if len(ops) > 0 {
		last = ops[len(ops)-1]
	}
	if r, ok := last.(reg.Physical); ok && r.Kind() == reg.KindOpmask {
		m.mask(i, index(r))
		return
	}
	if r, ok := last.(reg.Physical); !ok || r.Kind() != reg.KindVector {
		if _, ok := last.(operand.Mem); !ok || !strings.HasPrefix(i.Opcode, "V") {
			m.scalar(i)
			return
		}
	}

	for _, op := range ops {
		if r, ok := op.(reg.Physical); ok && r.Kind() == reg.KindVector {
			m.width = int(r.Size()) / 8
		}
	}
	m.quads = m.width
	switch {
	case i.Opcode == "VPBROADCASTQ", slices.Contains(i.Suffixes, "BCST"):
		m.quads = 1
	case strings.HasSuffix(i.Opcode, "I64X4"):
		m.quads = 4
	}
	mask, zeroing := all, slices.Contains(i.Suffixes, "Z")
	inputs := ops[:len(ops)-1]
	if n := len(inputs); n > 0 {
		if k, ok := inputs[n-1].(reg.Physical); ok && k.Kind() == reg.KindOpmask {
			if mask, ok = s.masks[index(k)]; !ok {
				m.fail("an unknown mask")
			}
			inputs = inputs[:n-1]
		}
	}
	if i.Opcode == "VPXORQ" && len(inputs) == 2 && inputs[0] == inputs[1] && inputs[0] == last {
		m.write(last, lanes{}, mask, zeroing)
		return
	}
	if i.Opcode == "VPBROADCASTQ" {
		x := m.each(unknown)
		if r, ok := inputs[0].(reg.Physical); !ok {
			x = m.read(inputs[0])
		} else if n, ok := s.numbers[r.ID()]; ok {
			x = m.each(func(int) interval { return interval{n, n} })
		}
		m.write(last, x, mask, zeroing)
		return
	}
	if i.Opcode == "VPMOVM2Q" || i.Opcode == "VMOVD" {
		m.write(last, m.each(unknown), all, false)
		return
	}
	// x gets the operands in the order of Intel's manuals, without the immediate and the mask.
	immediate := -1
	var x []lanes
	for n := range inputs {
		switch op := inputs[len(inputs)-1-n].(type) {
		case operand.U8:
			immediate = int(op)
		default:
			x = append(x, m.read(op))
		}
	}
	if i.Opcode == "VPBLENDMQ" {
		m.write(last, x[0], all, false)
		m.write(last, x[1], mask, false)
		return
	}
	m.write(last, m.compute(i.Opcode, immediate, x, last, mask), mask, zeroing)
}

// compute returns the result of the instruction for the operands x.
func (m *machine) compute(opcode string, immediate int, x []lanes, last operand.Op, mask selection) lanes {
	switch opcode {
	case "VMOVDQU64", "VMOVDQA64", "VBROADCASTI64X4":
		return x[0]
	case "VEXTRACTI64X4":
		var half lanes
		copy(half[:4], x[0][4*immediate:])
		return half
	case "VPADDQ":
		return m.each(func(i int) interval { return m.sum(x[0][i], x[1][i], mask[i].yes) })
	case "VPSUBQ":
		return m.each(func(i int) interval {
			a, b := x[0][i], x[1][i]
			if a.low < b.high && mask[i].yes {
				m.fail("a difference of %#x and %#x in lane %d", a, b, i)
			}
			return interval{a.low - b.high, a.high - b.low}
		})
	case "VPMADD52LUQ", "VPMADD52HUQ":
		old := m.read(last)
		return m.each(func(i int) interval {
			a, b := x[0][i], x[1][i]
			if max(a.high, b.high) >= 1<<52 {
				m.fail("factors of %#x and %#x", a.high, b.high)
			}
			m.products++
			hi, lo := bits.Mul64(a.high, b.high)
			product := hi<<12 | lo>>52
			if opcode == "VPMADD52LUQ" {
				product = 1<<52 - 1
				if hi == 0 {
					product = min(product, lo)
				}
			}
			return m.sum(old[i], interval{0, product}, true)
		})
	case "VPMULLQ":
		return m.each(func(i int) interval {
			hi, lo := bits.Mul64(x[0][i].high, x[1][i].high)
			if hi != 0 {
				m.fail("a product of %#x and %#x", x[0][i].high, x[1][i].high)
			}
			return interval{x[0][i].low * x[1][i].low, lo}
		})
	case "VPSRLQ":
		if immediate < 0 {
			return m.each(unknown)
		}
		return m.each(func(i int) interval { return interval{x[0][i].low >> immediate, x[0][i].high >> immediate} })
	case "VPSLLQ", "VPABSQ", "VPXORQ", "VPRORQ", "VPSUBB", "VPABSB":
		return m.each(unknown)
	case "VPANDQ":
		return m.each(func(i int) interval { return interval{0, min(x[0][i].high, x[1][i].high)} })
	case "VPTERNLOGQ":
		a := m.read(last)
		return m.each(func(i int) interval {
			switch b, c := x[0][i], x[1][i]; immediate {
			case orAnd:
				return interval{0, c.high}
			case orOfAnd:
				return interval{0, 1<<bits.Len64(max(a[i].high, min(b.high, c.high))) - 1}
			}
			m.fail("an unknown function of three bits")
			return anything
		})
	case "VPERMQ":
		if immediate < 0 {
			any := x[1][0]
			for _, lane := range x[1][:m.width] {
				any = any.join(lane)
			}
			return m.each(func(int) interval { return any })
		}
		return m.each(func(i int) interval { return x[0][i&^3|immediate>>(2*(i&3))&3] })
	case "VPERMILPD":
		return m.each(func(i int) interval { return x[0][i&^1|immediate>>i&1] })
	case "VPUNPCKLQDQ":
		return m.each(func(i int) interval { return x[i&1][i&^1] })
	case "VPUNPCKHQDQ":
		return m.each(func(i int) interval { return x[i&1][i|1] })
	}
	m.fail("an unknown instruction")
	return lanes{}
}

func (m *machine) sum(a, b interval, used bool) interval {
	high, carry := bits.Add64(a.high, b.high, 0)
	if carry != 0 {
		if used {
			m.fail("a sum of %#x and %#x", a.high, b.high)
		}
		return anything
	}
	return interval{a.low + b.low, high}
}

// mask runs an instruction whose result is a mask.
func (m *machine) mask(i *ir.Instruction, k int) {
	switch i.Opcode {
	case "KMOVB":
		n, ok := m.state.numbers[i.Operands[0].(reg.Physical).ID()]
		if !ok {
			m.fail("an unknown mask")
		}
		var s selection
		for lane := range s {
			s[lane].yes = n>>lane&1 == 1
			s[lane].no = !s[lane].yes
		}
		m.state.masks[k] = s
	case "KANDB":
		a, ok := m.state.masks[index(i.Operands[0])]
		b, ok2 := m.state.masks[index(i.Operands[1])]
		if !ok || !ok2 {
			m.fail("an unknown mask")
		}
		for lane := range a {
			a[lane].yes = a[lane].yes && b[lane].yes
			a[lane].no = a[lane].no || b[lane].no
		}
		m.state.masks[k] = a
	default: // a comparison
		m.state.masks[k] = some
	}
}

// moving lists the origins of addresses that a kernel may change. All memory of
// such an origin has the same bounds. The address of the stack frame is changed once, to align it.
var moving = []string{"pointTable", "roundConstants", "digits", "scalars", "stack", "a"}

// scalar runs an instruction on general registers. It follows only constants and addresses.
func (m *machine) scalar(i *ir.Instruction) {
	for _, out := range i.Outputs {
		if mem, ok := out.(operand.Mem); ok {
			m.quads = 1
			m.overwrite(mem)
		}
	}
	for _, out := range i.OutputRegisters() {
		id := out.(reg.Physical).ID()
		origin := ""
		delete(m.state.numbers, id)
		switch from := i.Operands[0].(type) {
		case operand.Mem:
			switch {
			case i.Opcode != "LEAQ" && i.Opcode != "MOVQ":
			case from.Symbol.Name != "":
				origin = from.Symbol.Name
			case i.Opcode == "LEAQ":
				origin = "stack"
				if o, ok := m.state.origin[from.Base.(reg.Physical).ID()]; ok {
					origin = o
				}
			}
			if i.Opcode == "LEAQ" && from.Disp != 0 && !slices.Contains(moving, origin) {
				m.fail("an address is moved")
			}
		case reg.Physical:
			if i.Opcode == "MOVQ" {
				origin = m.state.origin[from.ID()]
			}
		case operand.U64:
			m.state.numbers[id] = uint64(from)
		case operand.U32:
			if strings.HasPrefix(i.Opcode, "MOV") {
				m.state.numbers[id] = uint64(from)
			}
		}
		if old := m.state.origin[id]; slices.Contains(moving, old) && (i.Opcode == "ADDQ" || i.Opcode == "ANDQ") {
			origin = old
		}
		if origin == "" {
			delete(m.state.origin, id)
		} else {
			m.state.origin[id] = origin
		}
	}
}
