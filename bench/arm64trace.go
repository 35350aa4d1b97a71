package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A program is an executable for arm64 that marks what is to be traced by calls of two functions.
type program struct {
	path       string
	functions  []function // sorted by address
	code       []byte
	start      uint64 // the address of code
	begin, end uint64 // the addresses of the marking functions
}

// A function is one of a program. It is at the addresses from start to end.
type function struct {
	name       string
	start, end uint64
}

// loadProgram reads the functions of an executable whose marking functions have the names begin and end.
func loadProgram(path, begin, end string) (*program, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &program{path: path}
	text := f.Section(".text")
	if text == nil {
		return nil, fmt.Errorf("%s has no code", path)
	}
	p.start = text.Addr
	if p.code, err = text.Data(); err != nil {
		return nil, err
	}
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	for _, s := range symbols {
		// Some assembly gives its functions no type.
		if t := elf.ST_TYPE(s.Info); t != elf.STT_FUNC && t != elf.STT_NOTYPE || s.Size == 0 || s.Value < p.start || s.Value >= p.start+uint64(len(p.code)) {
			continue
		}
		p.functions = append(p.functions, function{s.Name, s.Value, s.Value + s.Size})
		switch s.Name {
		case begin:
			p.begin = s.Value
		case end:
			p.end = s.Value
		}
	}
	if p.begin == 0 || p.end == 0 {
		return nil, fmt.Errorf("%s has no function %s or %s", path, begin, end)
	}
	slices.SortFunc(p.functions, func(a, b function) int { return int(int64(a.start - b.start)) })
	return p, nil
}

// at returns the function at an address, or nil if there is none.
func (p *program) at(pc uint64) *function {
	i, found := slices.BinarySearchFunc(p.functions, pc, func(f function, pc uint64) int { return int(int64(f.start - pc)) })
	if !found {
		i--
	}
	if i < 0 || pc >= p.functions[i].end {
		return nil
	}
	return &p.functions[i]
}

// trace runs the program on a CPU of the emulator. For each time between the marking functions, it
// returns the addresses of the instructions executed, in this order. Only functions that match counted
// are in it, and only the thread that called the marking function. It also returns the program's
// output.
func (p *program) trace(cpu string, counted *regexp.Regexp, args ...string) (segments [][]uint64, output []byte, err error) {
	var filter []string
	for i := 0; i < len(p.functions); {
		// Neighbours are one range, with what is between them, since a long list makes the emulator slow.
		f := p.functions[i]
		last := f.end
		for i++; i < len(p.functions) && p.logs(&p.functions[i-1], counted) && p.logs(&p.functions[i], counted); i++ {
			last = p.functions[i].end
		}
		if p.logs(&f, counted) {
			filter = append(filter, fmt.Sprintf("%#x+%#x", f.start, last-f.start))
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	cmd := exec.Command(emulator, append([]string{
		"-cpu", cpu, "-d", "in_asm,exec,nochain", "-dfilter", strings.Join(filter, ","), "-D", "/dev/fd/3", p.path}, args...)...)
	// A goroutine that the runtime interrupts would execute more.
	cmd.Env = append(os.Environ(), "GOGC=off", "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
	cmd.ExtraFiles = []*os.File{w}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, nil, err
	}
	segments, logErr := readLog(r, p.begin, p.end)
	if err := cmd.Wait(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return nil, nil, fmt.Errorf("%s under %s: %w: %s", p.path, cpu, err, line)
	}
	if logErr != nil {
		return nil, nil, logErr
	}
	for i, pcs := range segments {
		segments[i] = p.only(p.withoutRestarts(pcs), counted)
	}
	return segments, stdout.Bytes(), nil
}

// logs reports whether the emulator is to log the instructions of f.
func (p *program) logs(f *function, counted *regexp.Regexp) bool {
	return f.start == p.begin || f.start == p.end || counted.MatchString(f.name)
}

// readLog reads the emulator's log of executed blocks of instructions. It returns the addresses of what
// ran between begin and end, on the same thread.
func readLog(log io.Reader, begin, end uint64) (segments [][]uint64, err error) {
	blocks := make(map[uint64][]uint64) // the addresses of each block's instructions, by the first
	var listed uint64                   // the address of the block that the log lists
	var thread []byte                   // of the segment that has begun, or nil
	var segment []uint64
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		line := lines.Bytes()
		bad := func() error { return fmt.Errorf("the emulator's log has the line %q", line) }
		switch {
		case bytes.HasPrefix(line, []byte("IN:")):
			listed = 0
		case bytes.HasPrefix(line, []byte("OBJD")):
			return nil, errors.New("the emulator lacks a disassembler, whose output is needed")
		case bytes.HasPrefix(line, []byte("0x")):
			// Such as: 0x00400078:  d65f03c0  ret
			pc, err := hexadecimal(line[2:], ":")
			if err != nil {
				return nil, bad()
			}
			if listed == 0 {
				listed = pc
				blocks[pc] = nil
			}
			blocks[listed] = append(blocks[listed], pc)
		case bytes.HasPrefix(line, []byte("Stopped ")):
			// A block that is logged and then stopped before it runs is logged again. Such as:
			// Stopped execution of TB chain before 0x7f05c8000100 [0000000000400078] main.begin
			_, rest, _ := bytes.Cut(line, []byte("["))
			pc, err := hexadecimal(rest, "]")
			if err != nil {
				return nil, bad()
			}
			if rest := len(segment) - len(blocks[pc]); rest >= 0 && slices.Equal(segment[rest:], blocks[pc]) {
				segment = segment[:rest]
			}
		case bytes.HasPrefix(line, []byte("Trace ")):
			// Such as: Trace 0: 0x7f05c8000100 [0000000000001001/0000000000400078/00000020/ff200000] main.begin
			number, rest, _ := bytes.Cut(line, []byte(":"))
			_, rest, _ = bytes.Cut(rest, []byte("/"))
			pc, err := hexadecimal(rest, "/")
			if err != nil || blocks[pc] == nil {
				return nil, bad()
			}
			switch {
			case thread == nil:
				if pc == begin {
					thread, segment = slices.Clone(number), nil
				}
			case !bytes.Equal(number, thread) || pc == begin:
			case pc == end:
				segments = append(segments, segment)
				thread, segment = nil, nil
			default:
				segment = append(segment, blocks[pc]...)
			}
		}
	}
	if thread != nil {
		return nil, errors.New("the emulator's log ends within an operation")
	}
	return segments, lines.Err()
}

// hexadecimal parses the hexadecimal number before sep.
func hexadecimal(b []byte, sep string) (uint64, error) {
	number, _, _ := bytes.Cut(b, []byte(sep))
	return strconv.ParseUint(string(number), 16, 64)
}

// withoutRestarts removes what a Go function executed before it called the runtime for more stack, or
// because other goroutines waited: then it starts again. This depends on the time that has passed, and
// would make counts inexact.
func (p *program) withoutRestarts(pcs []uint64) []uint64 {
	out := pcs[:0]
	for i := 0; i < len(pcs); i++ {
		out = append(out, pcs[i])
		if target := p.at(p.callee(pcs[i])); target == nil || !strings.HasPrefix(target.name, "runtime.morestack") {
			continue
		}
		start := p.at(pcs[i]).start
		for len(out) > 0 {
			last := out[len(out)-1]
			out = out[:len(out)-1]
			if last == start {
				break
			}
		}
		for i+1 < len(pcs) && pcs[i+1] != start {
			i++
		}
	}
	return out
}

// callee returns the target of the instruction at pc if it is BL, and 0 otherwise.
func (p *program) callee(pc uint64) uint64 {
	i := pc - p.start
	if i > uint64(len(p.code)-4) {
		return 0
	}
	word := binary.LittleEndian.Uint32(p.code[i:])
	if word>>26 != 0b100101 {
		return 0
	}
	return pc + uint64(int64(int32(word<<6)>>6)*4)
}

// only returns the part of a trace that is in functions that match.
func (p *program) only(pcs []uint64, match *regexp.Regexp) []uint64 {
	matches := make(map[*function]bool)
	for i := range p.functions {
		matches[&p.functions[i]] = match.MatchString(p.functions[i].name)
	}
	return slices.DeleteFunc(slices.Clone(pcs), func(pc uint64) bool { return !matches[p.at(pc)] })
}

// kernelsIn returns the names of this module's functions in assembly that a trace contains, in the
// order of their first instructions. The Go linker marks assembly by a suffix.
func (p *program) kernelsIn(pcs []uint64) (names []string) {
	var last *function
	for _, pc := range pcs {
		if last != nil && pc >= last.start && pc < last.end {
			continue
		}
		last = p.at(pc)
		if last == nil {
			continue
		}
		name, assembly := strings.CutSuffix(last.name, ".abi0")
		if !assembly || !strings.HasPrefix(name, "hybridkem/") {
			continue
		}
		name = name[strings.LastIndex(name, ".")+1:]
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
