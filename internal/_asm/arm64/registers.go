package arm64

import (
	"errors"
	"fmt"
	"slices"
)

// A register is a general or a vector register, which gets its number when the kernel is complete.
type register struct {
	vector bool
	low    bool // the number must be below 16
	number int
	group  []*register // of registers that must have successive numbers, or nil
}

// sp is the stack pointer. flags stands for the condition flags.
var sp, flags = &register{}, &register{}

// An operand is an operand of an instruction.
type operand interface{ String() string }

// A text is an operand that Go's assembler gets as it is.
type text string

func (t text) String() string { return string(t) }

// Imm is an immediate operand.
type Imm int

func (i Imm) String() string { return fmt.Sprintf("$%d", int(i)) }

// Imm64 is an immediate operand that is printed as a hexadecimal number.
type Imm64 uint64

func (i Imm64) String() string { return fmt.Sprintf("$0x%016x", uint64(i)) }

// An R is a general register.
type R struct{ *register }

func (r R) String() string {
	if r == ZR {
		return "ZR"
	}
	return fmt.Sprintf("R%d", r.number)
}

// ZR is the register that is zero.
var ZR = R{&register{number: -1}}

// A shifted is a general register that an instruction shifts or rotates before use.
type shifted struct {
	R
	how string
	by  int
}

func (s shifted) String() string { return fmt.Sprintf("%s%s%d", s.R, s.how, s.by) }

// Ror returns r rotated to the right, as an operand.
func (r R) Ror(by int) Source {
	if by %= 64; by == 0 {
		return r
	}
	return shifted{r, "@>", by}
}

// Lsl and Lsr return r shifted, as an operand.
func (r R) Lsl(by int) Source { return shifted{r, "<<", by} }
func (r R) Lsr(by int) Source { return shifted{r, ">>", by} }

// A Source is an operand of an instruction with general registers: an R, one that is shifted, or
// an immediate.
type Source operand

// An Arrangement says how a vector register is divided.
type Arrangement struct {
	name  string // as Go's assembler writes it
	gnu   string // as GNU as does
	size  uint32 // the binary logarithm of the size of an element in bytes
	whole uint32 // 1 if it takes all 128 bits
}

// The arrangements.
var (
	B8  = Arrangement{"B8", "8b", 0, 0}
	B16 = Arrangement{"B16", "16b", 0, 1}
	H4  = Arrangement{"H4", "4h", 1, 0}
	H8  = Arrangement{"H8", "8h", 1, 1}
	S2  = Arrangement{"S2", "2s", 2, 0}
	S4  = Arrangement{"S4", "4s", 2, 1}
	D2  = Arrangement{"D2", "2d", 3, 1}
)

// A V is a vector register, divided into elements.
type V struct {
	*register
	Arrangement
}

func (v V) String() string { return fmt.Sprintf("V%d.%s", v.number, v.name) }

// As returns the same register, divided otherwise.
func (v V) As(a Arrangement) V { return V{v.register, a} }

// A Lane is an element of a vector register.
type Lane struct {
	V
	i int
}

func (l Lane) String() string { return fmt.Sprintf("V%d.%c[%d]", l.number, l.name[0], l.i) }

// Lane returns an element of v.
func (v V) Lane(i int) Lane { return Lane{v, i} }

// GP returns a new general register.
func (f *File) GP() R { return R{&register{}} }

// Vector returns a new vector register.
func (f *File) Vector(a Arrangement) V { return V{&register{vector: true}, a} }

// Vectors returns new vector registers with successive numbers, as the instructions for structures
// and tables need them.
func (f *File) Vectors(n int, a Arrangement) []V {
	group := make([]*register, n)
	vectors := make([]V, n)
	for i := range group {
		group[i] = &register{vector: true, group: group}
		vectors[i] = V{group[i], a}
	}
	return vectors
}

// A Mem is memory at a register and an offset in bytes.
type Mem struct {
	base   *register
	Offset int
	region string // memory of different regions does not overlap
}

func (m Mem) String() string {
	if m.base == sp {
		return fmt.Sprintf("%d(RSP)", m.Offset)
	}
	return fmt.Sprintf("%d(R%d)", m.Offset, m.base.number)
}

// At returns the memory at an offset from m.
func (m Mem) At(offset int) Mem {
	m.Offset += offset
	return m
}

// Base returns the register that m is at.
func (m Mem) Base() R { return R{m.base} }

// At returns memory of m's region at a register.
func (r R) At(m Mem) Mem { return Mem{base: r.register, region: m.region} }

// generalRegisters are those that kernels may use: R18 belongs to the platform, R27 to the
// assembler, R28 to the goroutine, R29 to the frame, and R30 to the return address.
var generalRegisters = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26}

var vectorRegisters = []int{
	31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
}

// An interval is the part of a kernel from the first to the last node that needs a register.
type interval struct {
	*register
	first, last int
}

// allocate gives all registers of the kernel their numbers. A register that becomes free is taken
// again as late as possible.
func (k *kernel) allocate() error {
	free := map[bool][]int{false: slices.Clone(generalRegisters), true: slices.Clone(vectorRegisters)}
	var live []*interval
	intervals := k.intervals()
	for _, next := range intervals {
		live = slices.DeleteFunc(live, func(i *interval) bool {
			// An instruction may write to a register that it reads for the last time.
			if i.last > next.first || i.first == next.first {
				return false
			}
			for j := range max(1, len(i.group)) {
				free[i.vector] = append(free[i.vector], i.number+j)
			}
			return true
		})
		pool := free[next.vector]
		size := max(1, len(next.group))
		place := func(low bool) int {
			return slices.IndexFunc(pool, func(number int) bool {
				for j := range size {
					if !slices.Contains(pool, number+j) {
						return false
					}
				}
				return low == (next.vector && number < 16)
			})
		}
		at := -1
		if !next.low { // the low ones are left to those that need them
			at = place(false)
		}
		if at < 0 {
			at = place(true)
		}
		if at < 0 {
			return errors.New("there are not enough registers")
		}
		number := pool[at]
		for j := range size {
			if next.group != nil {
				next.group[j].number = number + j
			}
			i := slices.Index(pool, number+j)
			pool = slices.Delete(pool, i, i+1)
		}
		next.number = number
		free[next.vector] = pool
		live = append(live, next)
	}
	return nil
}

// intervals returns the intervals of all registers, by their starts. A register that a loop gets
// from outside, or from its last round, is needed in the whole loop.
func (k *kernel) intervals() []*interval {
	var order []*interval
	found := map[*register]*interval{}
	labels := map[string]int{}
	type loop struct{ first, last int }
	var loops []loop
	read := map[*register][]int{}  // where a register is read
	write := map[*register][]int{} // where it is written
	for at, n := range k.nodes {
		if n.label != "" {
			labels[n.label] = at
		}
		if n.instruction == nil {
			continue
		}
		if target, ok := labels[n.target]; ok && n.target != "" {
			loops = append(loops, loop{target, at})
		}
		see := func(registers []*register, places map[*register][]int) {
			for _, r := range registers {
				if r == flags || r == sp || r == ZR.register {
					continue
				}
				if r.group != nil {
					r = r.group[0]
				}
				places[r] = append(places[r], at)
				if i := found[r]; i != nil {
					i.last = at
				} else {
					found[r] = &interval{r, at, at}
					order = append(order, found[r])
				}
			}
		}
		see(n.reads, read)
		see(n.writes, write)
	}
	for again := true; again; {
		again = false
		for _, l := range loops {
			for _, i := range order {
				if i.last < l.first || i.first > l.last {
					continue
				}
				within := func(at int) bool { return l.first <= at && at <= l.last }
				r, w := slices.IndexFunc(read[i.register], within), slices.IndexFunc(write[i.register], within)
				carried := i.first < l.first || r >= 0 && (w < 0 || read[i.register][r] <= write[i.register][w])
				if first, last := min(i.first, l.first), max(i.last, l.last); carried && (first != i.first || last != i.last) {
					i.first, i.last, again = first, last, true
				}
			}
		}
	}
	slices.SortStableFunc(order, func(a, b *interval) int { return a.first - b.first })
	return order
}
