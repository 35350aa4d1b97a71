package main

import (
	"bytes"
	"debug/elf"
	"debug/gosym"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A program is taint/program, as it was built in the copy of the module in dir.
type program struct {
	path  string
	roots []string // where its sources are
	table *gosym.Table
	lines map[string][]string // of files that have been read
}

func build(dir, tags string) (*program, error) {
	path := filepath.Join(dir, "program-"+tags)
	command := exec.Command("go", "build", "-trimpath", "-tags", tags, "-o", path, "./taint/program")
	command.Dir = filepath.Join(dir, "assurance")
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return load(path, dir)
}

// load reads the tables of an executable made from the module in dir.
func load(path, dir string) (*program, error) {
	p := &program{path: path, lines: map[string][]string{}}
	out, err := exec.Command("go", "env", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		return nil, err
	}
	env := strings.Fields(string(out))
	p.roots = []string{dir, filepath.Join(env[0], "src"), env[1]}
	f, err := elf.Open(p.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := f.Section(".gopclntab").Data()
	if err != nil {
		return nil, err
	}
	p.table, err = gosym.NewTable(nil, gosym.NewLineTable(lines, f.Section(".text").Addr))
	return p, err
}

// A frame is a place in a program.
type frame struct {
	pkg, function string // function is where inlined code ends up
	file          string // as the compiler names it, without versions
	line          int
	text          string // of the line
}

func (f frame) String() string { return fmt.Sprintf("%s (%s:%d)", f.function, f.file, f.line) }

var version = regexp.MustCompile(`@v[^/]*`)

func (p *program) frame(pc uint64) frame {
	file, line, fn := p.table.PCToLine(pc)
	if fn == nil {
		return frame{function: fmt.Sprintf("%#x", pc)}
	}
	return frame{fn.PackageName(), fn.Name, version.ReplaceAllString(file, ""), line, p.text(file, line)}
}

// text returns the line of a file that the compiler names in this way.
func (p *program) text(file string, line int) string {
	lines, ok := p.lines[file]
	if !ok {
		path := file
		if own, ok := strings.CutPrefix(version.ReplaceAllString(file, ""), "hybridkem/"); ok {
			path = own
		}
		for _, root := range p.roots {
			if b, err := os.ReadFile(filepath.Join(root, path)); err == nil {
				lines = strings.Split(string(b), "\n")
			}
		}
		p.lines[file] = lines
	}
	if line < 1 || line > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[line-1])
}

// A report is something that depends on what is not initialised.
type report struct {
	kind      string
	operation string  // in which it came first
	stack     []frame // from the innermost on
	foreign   bool    // the runtime's own
}

// place returns the innermost frame that is not in a helper of the compiler, like the
// comparison of memory.
func (r report) place() frame {
	for _, f := range r.stack {
		if f.pkg != "" && f.pkg != "runtime" && !strings.HasPrefix(f.pkg, "internal/") {
			return f
		}
	}
	return r.stack[0]
}

// accepted is what is known outside the module, or is no dependence on a secret: lines of
// files.
var accepted = []struct{ file, line, reason string }{
	{"internal/mlkem/expand.go", "byte((made + i) % k), byte((made + i) / k)", "places in the matrix, which are public"},
	{"filippo.io/edwards25519/edwards25519.go", "if p.x == (field.Element{}) && p.y == (field.Element{}) {",
		"x is never zero for a multiple of the base point by a clamped scalar"},
	{"filippo.io/edwards25519/scalar.go", "if b[31] > 127 {", "never: a scalar is below the group's order"},
	{"crypto/internal/fips140/ecdh/ecdh.go", "isZero(key) || !isLess(key, c.N)", "whether a candidate is a scalar, see SPEC.md"},
	{"crypto/internal/fips140/nistec/p256.go", "if n > 16 {", "never: n is a digit of a scalar"},
	{"crypto/internal/fips140/nistec/p256.go", "if n > 32 {", "never: n is a digit of a scalar"},
	{"crypto/internal/fips140/nistec/p384.go", "if n >= 16 {", "never: n is a digit of a scalar"},
	{"crypto/internal/fips140/nistec/p256.go", "if p.z.IsZero() == 1 {", "never: the order is prime, no factor zero"},
	{"crypto/internal/fips140/nistec/p384.go", "if p.z.IsZero() == 1 {", "never: the order is prime, no factor zero"},
	{"crypto/internal/fips140/nistec/p256_asm.go", "if p.isInfinity() == 1 {", "never: the order is prime, no factor zero"},
	{"crypto/internal/fips140/sha3/shake.go", "rate - (len(rateEnc)+len(data))%rate", "sizes, and of cSHAKE, which is not used"},
	{"crypto/internal/fips140/aes/aes_generic.go", "if i%nk == 0 {", "counters, and of AES, which is linked in for crypto/rand only"},
}

// finding reports whether r concerns the module, and is not accepted.
func (r report) finding() bool {
	at := r.place()
	for _, a := range accepted {
		if strings.Contains(at.file, a.file) && strings.Contains(at.text, a.line) {
			return false
		}
	}
	return !r.foreign
}

func (r report) String() string {
	at := r.place()
	s := fmt.Sprintf("%s in %v: %s", r.kind, at, at.text)
	for _, f := range r.stack {
		if f.pkg == "main" {
			break
		}
		s += fmt.Sprintf("\n\t%v", f)
	}
	return s
}

// ours are the packages whose instructions concern us. What they call does too.
var ours = regexp.MustCompile(`^(hybridkem|filippo\.io/edwards25519|golang\.org/x/crypto|main)(/|$)`)

// kinds are those of memcheck.
var kinds = map[string]string{
	"UninitCondition": "branch",
	"UninitValue":     "address",
}

// run runs operations on secrets that expand from seed.
func (p *program) run(set string, seed int, operations []string) ([]report, error) {
	out := p.path + ".xml"
	command := exec.Command("valgrind", append([]string{
		"--error-limit=no", "--leak-check=no", "--track-origins=yes", "--num-callers=30", "--xml=yes", "--xml-file=" + out,
		p.path, set, strconv.Itoa(seed),
	}, operations...)...)
	// One thread: see package mark.
	command.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
	if message, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("valgrind: %w\n%s", err, message)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	return p.parse(b)
}

// parse reads what memcheck found.
func (p *program) parse(b []byte) (reports []report, err error) {
	operation := ""
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return reports, nil
		}
		if err != nil {
			return nil, err
		}
		start, _ := token.(xml.StartElement)
		switch start.Name.Local {
		case "clientmsg":
			var message struct {
				Text string `xml:"text"`
			}
			if err := d.DecodeElement(&message, &start); err != nil {
				return nil, err
			}
			operation = strings.TrimSpace(message.Text)
		case "error":
			var e memcheckError
			if err := d.DecodeElement(&e, &start); err != nil {
				return nil, err
			}
			r, err := p.report(&e)
			if err != nil {
				return nil, err
			}
			if r.operation = operation; r.kind != "" {
				reports = append(reports, r)
			}
		}
	}
}

// A memcheckError is an error in memcheck's XML.
type memcheckError struct {
	Kind   string   `xml:"kind"`
	Origin []string `xml:"auxwhat"`
	Stacks []struct {
		IPs []string `xml:"frame>ip"`
	} `xml:"stack"`
}

// report returns what e is to us; the kind is empty if it is nothing.
func (p *program) report(e *memcheckError) (report, error) {
	r := report{kind: kinds[e.Kind]}
	inside := false
	for _, ip := range e.Stacks[0].IPs {
		pc, err := strconv.ParseUint(ip, 0, 64)
		if err != nil {
			return r, err
		}
		f := p.frame(pc)
		r.stack = append(r.stack, f)
		inside = inside || ours.MatchString(f.pkg)
	}
	if inside && strings.HasPrefix(e.Kind, "Invalid") {
		return r, fmt.Errorf("%s at %v, which is out of bounds for valgrind: it keeps no marks there", e.Kind, r.place())
	}
	// Valgrind mistakes the stacks of the runtime, and so calls what is on them not
	// initialised. It knows where such values come from: secrets come from a request.
	origin := func(text string) bool { return len(e.Origin) > 0 && strings.Contains(e.Origin[0], text) }
	if inside {
		r.foreign = origin("stack allocation") && r.stack[0].pkg == "runtime"
	} else {
		r.foreign = !origin("client request")
	}
	return r, nil
}

var (
	instruction = regexp.MustCompile(`^ *([0-9a-f]+):\t(.+)$`)
	// variable matches what takes a time that depends on its operands, on some processor.
	variable = regexp.MustCompile(`^(i?div|v?(div|sqrt)[sp][sd]|f[a-z]*(div|sqrt)|pdep|pext|rep[nz]+ )`)
)

// divisions returns all divisions, and other instructions of variable latency, in the
// module and what it may call with secrets.
func (p *program) divisions() (reports []report, err error) {
	out, err := exec.Command("objdump", "-d", "--no-show-raw-insn", p.path).Output()
	if err != nil {
		return nil, err
	}
	seen := 0
	for line := range bytes.Lines(out) {
		m := instruction.FindSubmatch(bytes.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		seen++
		if !variable.Match(m[2]) {
			continue
		}
		pc, err := strconv.ParseUint(string(m[1]), 16, 64)
		if err != nil {
			return nil, err
		}
		f := p.frame(pc)
		if ours.MatchString(f.pkg) && f.pkg != "main" || strings.HasPrefix(f.pkg, "crypto") {
			reports = append(reports, report{kind: strings.Fields(string(m[2]))[0], stack: []frame{f}})
		}
	}
	if seen < 10000 {
		return nil, errors.New("objdump shows no instructions")
	}
	return reports, nil
}
