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

// A program is taint/program, built of some state of the module.
type program struct {
	path  string
	table *gosym.Table
}

// runAll builds the program from the module, and runs it with several implementations at the
// same time: the operations that match pattern, on n secrets each.
func runAll(module *overlay.Overlay, implementations []implementation, n int, pattern string) (all []report, err error) {
	dir, err := os.MkdirTemp("", "taint-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	results := make([]result, len(implementations))
	var wait sync.WaitGroup
	for i, x := range implementations {
		path := filepath.Join(dir, x.tags) // the go command does not link twice
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

// load reads the table of functions and lines of an executable.
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

// A frame is a place in a program. The function is the one into which the code was inlined.
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

// text returns the line of the source.
func (f frame) text() string {
	source, _ := os.ReadFile(f.file) // without it, nothing is accepted
	for i, line := range strings.Split(string(source), "\n") {
		if i+1 == f.line {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// A report is a branch or an address that depends on what is not initialised.
type report struct {
	kind  string
	stack []frame // from the innermost on
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

func (r report) String() string {
	s := fmt.Sprintf("%s in %v: %s", r.kind, r.place(), r.place().text())
	for _, f := range r.stack {
		s += fmt.Sprintf("\n\t%v", f)
		if f.pkg == "main" {
			break // the operation
		}
	}
	return s
}

// A result is what valgrind says of a run.
type result struct {
	operations int
	reports    []report
	err        error
}

func (p *program) run(x implementation, n int, pattern string) result {
	file := p.path + x.name + ".xml"
	command := exec.Command("valgrind", "--error-limit=no", "--leak-check=no", "--track-origins=yes", "--num-callers=30",
		"--xml=yes", "--xml-file="+file, p.path, x.set, strconv.Itoa(n), pattern)
	// One thread: see package mark.
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
	Origin []string `xml:"auxwhat"` // the first is that of a value that is not initialised
	Stacks []struct {
		IPs []string `xml:"frame>ip"`
	} `xml:"stack"` // the second is the origin's
}

// parse reads memcheck's XML: the names that the program prints, and errors.
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

// kinds are memcheck's, by what they are to us. Others are nothing.
var kinds = map[string]string{"UninitCondition": "branch", "UninitValue": "address"}

// ours are the packages that handle secrets. What they call does too.
var ours = regexp.MustCompile(`^(hybridkem|filippo\.io/edwards25519|golang\.org/x/crypto|main)(/|$)`)

// add adds e to the reports, if it is of a kind that matters and not the Go runtime's own.
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
	// Valgrind mistakes the stacks of the runtime, and takes what is on them for not
	// initialised. It tells where a value was created: secrets are by a request.
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
