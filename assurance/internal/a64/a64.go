// Package a64 decodes machine words of A64, the instructions of arm64: those that kernels use,
// and their relatives. It prints an instruction as GNU as writes it.
//
// A word that the package does not know is an error, and so is one that the architecture does
// not allow.
package a64

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
)

// A Kind is what an operand is.
type Kind byte

const (
	General   Kind = iota + 1 // a general register
	Vector                    // a vector register, a part of one, or some that follow each other
	Memory                    // memory
	Immediate                 // a number
	Label                     // an address
	Condition                 // a condition of flags
)

// These are not among the registers 0 to 30.
const (
	SP = 31
	ZR = 32 // it is always 0
)

// A Mode tells what happens to the base of an address.
type Mode byte

const (
	Offset Mode = iota // nothing
	Pre                // it becomes the address that is accessed
	Post               // it is accessed, and then becomes the address
)

// An Operand is an argument of an instruction.
type Operand struct {
	Kind  Kind
	Reg   int // the number of a register, or of the base of an address
	Bits  int // of a general register, or of an element of a vector
	Lanes int // elements of a vector; 0: the register is a number of that many bits
	Index int // the only element that is meant; -1: all
	Count int // registers in a list; 0: no list

	Imm   uint64 // of an immediate, a label or a condition
	Shift string // what is done to a register or an immediate, such as lsl
	By    int    // the count of that

	Disp  int64 // of an address
	Other int   // a register in an address, or -1
	Mode  Mode
}

// An Instruction is a decoded instruction. Op and Args are the architecture's own names, and not
// aliases, so that there is one name for each operation. The suffix 2, of instructions on
// upper halves, is part of the name.
type Instruction struct {
	Word    uint32
	Address uint64
	Op      string
	Args    []Operand
}

// Decode decodes the word at an address.
func Decode(word uint32, address uint64) (*Instruction, error) {
	for k := range rows {
		r := &rows[k]
		if word&r.mask != r.value {
			continue
		}
		if i, ok := r.decode(word, address); ok {
			return i, nil
		}
	}
	return nil, fmt.Errorf("the word %#08x is no instruction that is known", word)
}

// A row is an instruction of the table.
type row struct {
	op          string
	args        []string
	sizes       string // which element sizes are allowed: 0 to 3 are 8 to 64 bits; "": all
	mask, value uint32
	fields      ['z' + 1]field
}

// A field is where the bits of a letter are in a word.
type field struct{ low, width int }

// newRow parses a row. The pattern has the bits of a word from the highest on: a letter stands for a
// bit of the field with this name.
func newRow(op, pattern, args, sizes string) row {
	r := row{op: op, sizes: sizes}
	if args != "" {
		r.args = strings.Split(args, ", ")
	}
	at := 32
	for _, c := range []byte(strings.ReplaceAll(pattern, " ", "")) {
		at--
		switch c {
		case '0', '1':
			r.mask |= 1 << at
			r.value |= uint32(c-'0') << at
		default:
			f := &r.fields[c]
			if f.width > 0 && f.low != at+1 {
				panic("a64: field " + string(c) + " of " + op + " is in two parts")
			}
			f.low = at
			f.width++
		}
	}
	if at != 0 {
		panic(fmt.Sprintf("a64: the pattern of %s lacks %d bits", op, at))
	}
	return r
}

// A decoding is a word that is being decoded.
type decoding struct {
	*row
	word    uint32
	address uint64
}

func (d *decoding) has(letter byte) bool { return d.fields[letter].width > 0 }

// field returns a field, or 0 if the row does not have it.
func (d *decoding) field(letter byte) int {
	f := d.fields[letter]
	return int(d.word >> f.low & (1<<f.width - 1))
}

// signed returns a field with sign.
func (d *decoding) signed(letter byte) int64 {
	f := d.fields[letter]
	return int64(d.field(letter)) << (64 - f.width) >> (64 - f.width)
}

// size returns the size of elements: log₂ of their bytes.
func (d *decoding) size() int {
	if d.has('k') { // of a shift: its highest bit tells
		return bits.Len(uint(d.field('k'))) - 1
	}
	if d.has('j') { // of an element: the lowest bit tells
		return bits.TrailingZeros(uint(d.field('j')))
	}
	return d.field('s')
}

func (r *row) decode(word uint32, address uint64) (*Instruction, bool) {
	d := &decoding{r, word, address}
	if r.sizes != "" && !strings.ContainsRune(r.sizes, rune('0'+d.size())) {
		return nil, false
	}
	i := &Instruction{Word: word, Address: address, Op: r.op}
	if base, ok := strings.CutSuffix(i.Op, "{2}"); ok {
		if i.Op = base; d.field('q') == 1 {
			i.Op += "2"
		}
	}
	if base, ok := strings.CutSuffix(i.Op, "{c}"); ok {
		i.Op = base + conditions[d.field('c')]
	}
	for _, a := range r.args {
		o, ok := d.operand(a)
		if !ok {
			return nil, false
		}
		i.Args = append(i.Args, o)
	}
	return i, true
}

// operand decodes an operand. Its description in the table begins with its kind.
func (d *decoding) operand(a string) (Operand, bool) {
	o := Operand{Index: -1, Other: -1}
	switch a[0] {
	case 'X', 'W', 'R':
		return d.general(a)
	case 'V', 'F', 'L':
		return d.vector(a)
	case '[', ']', '!':
		return d.memory(a)
	case '#':
		o.Kind = Immediate
		return o, d.immediate(&o, a[1:])
	case '@':
		o.Kind = Label
		disp := d.signed('i') * 4
		switch a {
		case "@adr":
			disp = disp + int64(d.field('l'))
		case "@page":
			disp = (disp + int64(d.field('l'))) << 12
			o.Imm = d.address &^ 0xfff
			o.Imm += uint64(disp)
			return o, true
		}
		o.Imm = d.address + uint64(disp)
		return o, true
	case '?':
		o.Kind, o.Imm = Condition, uint64(d.field('c'))
		return o, true
	}
	panic("a64: operand " + a)
}

var shifts = [4]string{"lsl", "lsr", "asr", "ror"}

// general decodes a general register: R has 64 or 32 bits by field f, and s behind it means
// that number 31 is the stack pointer. A shift may follow.
func (d *decoding) general(a string) (Operand, bool) {
	o := Operand{Kind: General, Reg: d.field(a[1]), Bits: 64, Index: -1, Other: -1}
	if a[0] == 'W' || a[0] == 'R' && d.field('f') == 0 {
		o.Bits = 32
	}
	if o.Reg == 31 && !strings.HasSuffix(a, "s") {
		o.Reg = ZR
	}
	switch a[2:] {
	case "~", "+": // shifted, and in a sum not rotated
		o.Shift, o.By = shifts[d.field('h')], d.field('i')
		return o, o.By < o.Bits && (a[2] == '~' || o.Shift != "ror")
	case "^": // extended
		option, by := d.field('o'), d.field('i')
		if by > 4 {
			return o, false
		}
		o.Shift, o.By = extensions[option], by
		if option&3 != 3 {
			o.Bits = 32
		}
	}
	return o, true
}

var extensions = [8]string{"uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"}

// vector decodes a vector register: V with an arrangement, F a number in it, or L a list. What
// follows the point tells the size and the number of elements.
func (d *decoding) vector(a string) (Operand, bool) {
	o := Operand{Kind: Vector, Index: -1, Other: -1}
	if a[0] == 'L' {
		o.Count = int(a[1] - '0')
		a = a[1:]
	}
	o.Reg = d.field(a[1])
	total := 64 << d.field('q')
	switch arrangement := a[3:]; arrangement {
	case "T", "U", "A": // by size
		o.Bits = 8 << d.size()
	case "W": // twice the size, in all of the register
		o.Bits, total = 16<<d.size(), 128
	case "P": // twice the size
		o.Bits = 16 << d.size()
	case "B":
		o.Bits = 8
	case "H":
		o.Bits = 16
	case "S":
		o.Bits = 32
	case "16b":
		o.Bits, total = 8, 128
	case "4s":
		o.Bits, total = 32, 128
	case "2d":
		o.Bits, total = 64, 128
	case "b", "h", "s", "d", "q":
		o.Bits = 8 << strings.Index("bhsdq", arrangement)
	case "d1": // the upper half
		o.Bits, o.Lanes, o.Index = 64, 2, 1
		return o, true
	case "e": // the element of a product
		o.Bits = 8 << d.size()
		switch d.size() {
		case 1:
			o.Index = d.field('z')<<2 | d.field('x')<<1 | d.field('y')
		case 2:
			o.Index = d.field('z')<<1 | d.field('x')
			o.Reg |= d.field('y') << 4
		}
	case "j": // the element that field j tells
		o.Bits = 8 << d.size()
		o.Index = d.field('j') >> (d.size() + 1)
	case "g": // and g, with the size from j
		o.Bits = 8 << d.size()
		o.Index = d.field('g') >> d.size() // the bits below do not matter
	case "lb", "lh", "ls", "ld": // the element of a list
		o.Bits = 8 << strings.IndexByte("bhsd", arrangement[1])
		for _, letter := range []byte("qer") {
			o.Index = max(o.Index, 0)<<d.fields[letter].width | d.field(letter)
		}
	}
	if a[0] == 'F' {
		return o, true
	}
	if o.Lanes = total / o.Bits; o.Index >= 0 {
		o.Lanes = 128 / o.Bits
	}
	switch a[3:] {
	case "T", "e": // one element is no vector
		return o, o.Lanes > 1
	case "A": // and two are no vector to add up
		return o, o.Lanes > 2
	}
	return o, true
}

// memory decodes an address: [ leaves the base alone, ! and ] change it before and after. Then
// comes what is added to it, and log₂ of a factor.
func (d *decoding) memory(a string) (Operand, bool) {
	o := Operand{Kind: Memory, Reg: d.field('n'), Index: -1, Other: -1}
	o.Mode = map[byte]Mode{'[': Offset, '!': Pre, ']': Post}[a[0]]
	scale := 0
	if len(a) > 2 {
		scale = int(a[2] - '0')
	}
	switch a[1] {
	case 'u':
		o.Disp = int64(d.field('i')) << scale
	case 's':
		o.Disp = d.signed('i') << scale
	case 'r': // a register
		o.Other, o.Bits = d.field('m'), 64
		option := d.field('o')
		if option&2 == 0 {
			return o, false
		}
		if o.Other == 31 {
			o.Other = ZR
		}
		if option&1 == 0 {
			o.Bits = 32
		}
		if o.Shift = extensions[option]; option == 3 {
			o.Shift = "lsl"
		}
		if o.By = -1; d.field('e') == 1 { // without a factor, which is not the factor 1
			o.By = scale
		}
	case 'm': // a register, or the size of what is accessed
		if o.Other = d.field('m'); o.Other == 31 {
			o.Other, o.Disp = -1, d.accessed()
		} else {
			o.Bits = 64
		}
	}
	return o, true
}

// accessed returns how many bytes a list of registers has in memory.
func (d *decoding) accessed() int64 {
	l, ok := d.vector(d.args[0])
	if !ok {
		return 0
	}
	if l.Index >= 0 || strings.HasSuffix(d.op, "r") {
		return int64(l.Count * l.Bits / 8)
	}
	return int64(l.Count * l.Lanes * l.Bits / 8)
}

// immediate decodes a number.
func (d *decoding) immediate(o *Operand, a string) bool {
	switch a {
	case "0":
	case "i":
		o.Imm = uint64(d.field('i'))
	case "l":
		o.Imm = uint64(d.field('l'))
	case "12": // of a sum
		if o.Imm = uint64(d.field('i')); d.field('h') == 1 {
			o.Shift, o.By = "lsl", 12
		}
	case "16": // of a move
		o.Imm, o.Shift, o.By = uint64(d.field('i')), "lsl", 16*d.field('h')
		return o.By < 32 || d.field('f') == 1
	case "logical":
		return d.logical(o)
	case "bits": // of a bit field: its numbers are less than the width
		o.Imm = uint64(d.field('i'))
		return d.field('f') == 1 || o.Imm < 32
	case "last":
		o.Imm = uint64(d.field('l'))
		return d.field('f') == 1 || o.Imm < 32
	case "right": // shift
		o.Imm = uint64(16<<d.size() - (d.field('k')<<3 | d.field('l')))
	case "left":
		o.Imm = uint64((d.field('k')<<3 | d.field('l')) - 8<<d.size())
	case "size": // of elements, in bits
		o.Imm = 8 << d.size()
	case "ext":
		o.Imm = uint64(d.field('i'))
		return d.field('q') == 1 || o.Imm < 8
	case "upper": // bit
		o.Imm = uint64(1<<5 | d.field('l'))
	case "8", "8h", "8s", "8m", "8d":
		return d.modified(o, a)
	default:
		panic("a64: immediate " + a)
	}
	return true
}

// logical decodes the mask of a logical operation: a run of ones, rotated, and repeated.
func (d *decoding) logical(o *Operand) bool {
	n, r, s := d.field('e'), d.field('i'), d.field('l')
	code := uint(n<<6 | ^s&63)
	if code < 2 || n == 1 && d.field('f') == 0 {
		return false
	}
	width := 1 << (bits.Len(code) - 1)
	ones := s&(width-1) + 1
	if ones == width {
		return false
	}
	run := uint64(1)<<ones - 1
	turn := r & (width - 1)
	all := ^uint64(0) >> (64 - width)
	run = (run>>turn | run<<(width-turn)) & all
	for ; width < 64; width *= 2 {
		run |= run << width
	}
	if d.field('f') == 0 {
		run &= 1<<32 - 1
	}
	o.Imm = run
	return true
}

// modified decodes the immediate of a move to a vector.
func (d *decoding) modified(o *Operand, a string) bool {
	o.Imm = uint64(d.field('i')<<5 | d.field('l'))
	switch a {
	case "8h", "8s":
		if d.field('o') > 0 {
			o.Shift, o.By = "lsl", 8*d.field('o')
		}
	case "8m":
		o.Shift, o.By = "msl", 8<<d.field('o')
	case "8d": // a bit for each byte
		mask := uint64(0)
		for i := range 8 {
			mask |= o.Imm >> i & 1 * 0xff << (8 * i)
		}
		o.Imm = mask
	}
	return true
}

// Words returns up to n random words of each instruction in the table. Not all words of a row are
// instructions.
func Words(random *rand.Rand, n int) (words []uint32) {
	for k := range rows {
		for range n {
			words = append(words, random.Uint32()&^rows[k].mask|rows[k].value)
		}
	}
	return words
}
