package main

import (
	"debug/elf"
	"debug/gosym"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"hybridkem/internal/overlay"
)

// A program is a build of taint/program.
type program struct {
	path  string
	table *gosym.Table
}

// runAll builds the program from the module and runs it with all of the implementations at the
// same time. Each runs the operations that match pattern on n secrets.
func runAll(module *overlay.Overlay, implementations []implementation, n int, pattern string) (all []report, err error) {
	dir, err := os.MkdirTemp("", "taint-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	results := make([]result, len(implementations))
	var wait sync.WaitGroup
	for i, x := range implementations {
		path := filepath.Join(dir, x.tags) // the same for equal tags, so that the go command links once
		if out, err := module.Go(".", "build", "-tags", x.tags, "-o", path, "./taint/program"); err != nil {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
		p, err := load(path)
		if err != nil {
			return nil, err
		}
		wait.Go(func() { results[i] = p.run(x, n, pattern) })
	}
	wait.Wait()
	for i, r := range results {
		fmt.Printf("%s: %d operations\n", implementations[i].name, r.operations)
		all = append(all, r.reports...)
		err = errors.Join(err, r.err)
	}
	return all, err
}

// load reads the table of functions and lines from an executable.
func load(path string) (*program, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := f.Section(".gopclntab").Data()
	if err != nil {
		return nil, err
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(lines, f.Section(".text").Addr))
	return &program{path, table}, err
}

// A frame is a place in a program. If its code was inlined, function is the function that it
// was inlined into.
type frame struct {
	pkg, function, file string
	line                int
}

func (f frame) String() string { return fmt.Sprintf("%s (%s:%d)", f.function, f.file, f.line) }

func (p *program) frame(pc uint64) frame {
	file, line, fn := p.table.PCToLine(pc)
	if fn == nil {
		return frame{function: fmt.Sprintf("%#x", pc)}
	}
	return frame{fn.PackageName(), fn.Name, file, line}
}

// text returns the line of the source at the place.
func (f frame) text() string {
	source, _ := os.ReadFile(f.file) // with an error the text is empty, and the report is not accepted
	for i, line := range strings.Split(string(source), "\n") {
		if i+1 == f.line {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// A report says that a branch or an address depends on uninitialised memory.
type report struct {
	kind  string
	stack []frame // the innermost first
}

// place returns the innermost frame outside the packages runtime and internal/..., which hold
// helpers of the compiler such as the comparison of memory.
func (r report) place() frame {
	for _, f := range r.stack {
		if f.pkg != "" && f.pkg != "runtime" && !strings.HasPrefix(f.pkg, "internal/") {
			return f
		}
	}
	return r.stack[0]
}

func (r report) String() string {
	s := fmt.Sprintf("%s in %v: %s", r.kind, r.place(), r.place().text())
	for _, f := range r.stack {
		s += fmt.Sprintf("\n\t%v", f)
		if f.pkg == "main" {
			break // the frame of the operation
		}
	}
	return s
}

// A result is the outcome of a run.
type result struct {
	operations int
	reports    []report
	err        error
}

func (p *program) run(x implementation, n int, pattern string) result {
	file := p.path + x.name + ".xml"
	command := exec.Command("valgrind", "--error-limit=no", "--leak-check=no", "--track-origins=yes", "--num-callers=30",
		"--xml=yes", "--xml-file="+file, p.path, x.set, strconv.Itoa(n), pattern)
	// There must be one thread only: see package mark.
	command.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
	if message, err := command.CombinedOutput(); err != nil {
		return result{err: fmt.Errorf("valgrind, %s: %w\n%s", x.name, err, message)}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return result{err: err}
	}
	r := p.parse(b)
	if r.operations == 0 && r.err == nil {
		r.err = errors.New("no operation has such a name")
	}
	return r
}

// A memcheckError is an error in memcheck's XML.
type memcheckError struct {
	Kind   string   `xml:"kind"`
	Origin []string `xml:"auxwhat"` // the first says where the uninitialised value was created
	Stacks []struct {
		IPs []string `xml:"frame>ip"`
	} `xml:"stack"` // the first is the stack of the error, the second that of the origin
}

// parse reads memcheck's XML: the names of operations that the program has printed, and the
// errors.
func (p *program) parse(b []byte) (r result) {
	var out struct {
		Operations []string        `xml:"clientmsg>text"`
		Errors     []memcheckError `xml:"error"`
	}
	r.err = xml.Unmarshal(b, &out)
	r.operations = len(out.Operations)
	for _, e := range out.Errors {
		r.err = errors.Join(r.err, p.add(&r, e))
	}
	return r
}

// kinds maps memcheck's kinds of errors to the kinds of reports. Errors of other kinds are not
// reported.
var kinds = map[string]string{"UninitCondition": "branch", "UninitValue": "address"}

// ours matches the packages that handle secrets. A report counts if one of them is on its
// stack.
var ours = regexp.MustCompile(`^(hybridkem|filippo\.io/edwards25519|golang\.org/x/crypto|main)(/|$)`)

// add adds e to the reports, unless its kind does not matter or the Go runtime caused it. It
// returns an error if code that handles secrets accesses memory that valgrind holds for
// invalid, because valgrind would lose secrets there.
func (p *program) add(r *result, e memcheckError) error {
	x := report{kind: kinds[e.Kind]}
	inside := false
	for _, ip := range e.Stacks[0].IPs {
		pc, err := strconv.ParseUint(ip, 0, 64)
		if err != nil {
			return err
		}
		f := p.frame(pc)
		x.stack = append(x.stack, f)
		inside = inside || ours.MatchString(f.pkg)
	}
	if inside && strings.HasPrefix(e.Kind, "Invalid") {
		return fmt.Errorf("%s at %v, which is out of bounds for valgrind: it keeps no marks there", e.Kind, x.place())
	}
	// Valgrind does not understand the runtime's stacks, and takes values on them for
	// uninitialised. The origin tells them apart from secrets, which a client request creates.
	origin := strings.Join(e.Origin, "; ")
	own := !strings.Contains(origin, "client request")
	if inside {
		own = strings.Contains(origin, "stack allocation") && x.stack[0].pkg == "runtime"
	}
	if x.kind != "" && !own {
		r.reports = append(r.reports, x)
	}
	return nil
}
