// Command prove shows that the kernels of amd64 and arm64 compute what FIPS 202, FIPS 203 and RFC 7748
// say, for all inputs within the bounds that their headers state, and that they read and write
// nothing but their arguments. It looks at the machine code in linked programs, which it
// builds for this purpose. No assembler, generator or compiler of kernels has to be trusted.
//
// It shows the same of portable functions of ring and x25519, and that they do not panic. Of
// these it looks at the source, so the compiler has to be trusted.
//
//	cd assurance && go run ./prove                      all, in about a minute
//	cd assurance && go run ./prove -kernel nttAVX2      one kernel
//	cd assurance && go run ./prove -cosim               compare the semantics with the processor, and with qemu for arm64
//
// It prints whether objdump decodes the kernels alike, if objdump is installed, and
// a line for each kernel: the statement, the bounds, the number of instructions that
// were executed, the time, and a hash of the code and the constants.
//
// It exits with status 1 if a statement does not hold, or if a kernel has no statement.
package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"hybridkem/assurance/internal/compiler"
	"hybridkem/assurance/prove/cosim"
	"hybridkem/assurance/prove/machine"
	"hybridkem/assurance/prove/source"
	"hybridkem/assurance/prove/term"
)

// packages lists the packages with kernels, in the folder internal of the module.
var packages = []string{"ring", "sha3", "x25519"}

// A statement says what a kernel or a portable function computes, and proves it.
type statement struct {
	// The kernel with its package, such as ring.nttAVX2. Without a set of instructions, ring.ntt stands
	// for kernels with all sets. Or a portable function: portable ring.Poly.NTT.
	kernel string
	says   string
	prove  func(p *proof) error
}

// sets has the ends of kernels' names.
var sets = []string{"AVX2", "AVX512", "AVX512VBMI2", "BMI2", "ADX", "IFMA", "NEON", "A64", "SHA3"}

// statements has the statements about all kernels and portable functions.
var statements = slices.Concat(keccakStatements, transformStatements, encodingStatements, sampleStatements,
	adxStatements, ladderStatements, combStatements, portableStatements, composedStatements)

// A proof is a statement that is being proved.
type proof struct {
	*statement
	space  *term.Space
	code   *machine.Kernel
	steps  int
	detail string // what the proof has found, such as bounds

	hidesData bool // independent was called

	// Of a portable function, in place of code.
	program  *source.Program
	source   *source.Machine
	function source.Function
}

// call executes the kernel once with these arguments.
func (p *proof) call(args ...machine.Value) (*machine.Machine, error) {
	if err := p.independent(args...); err != nil {
		return nil, err
	}
	m := machine.New(p.space, p.code, args...)
	err := m.Run()
	p.steps += m.Steps
	return m, err
}

// independent shows that the kernel's addresses and jumps do not depend on data. Each statement
// needs this, unless the kernel has public data and Vartime in its name.
func (p *proof) independent(args ...machine.Value) error {
	if strings.Contains(p.kernel, "Vartime") {
		return nil
	}
	p.hidesData = true
	return machine.Independent(p.space, p.code, slices.Clone(args)...)
}

// arg returns a pointer to the start of a region.
func (p *proof) arg(r *machine.Region) machine.Value { return machine.Pointer(p.space, r, 0) }

// number returns an argument that is a number.
func (p *proof) number(n int) machine.Value { return machine.Number(p.space, n) }

// run proves a statement about a kernel of the programs, or about a portable function.
func (s *statement) run(linked programs, portable []*source.Program) (line string, err error) {
	start := time.Now()
	if function, ok := s.portable(); ok {
		line, err = s.aboutPortable(function, portable, start)
	} else {
		var code *machine.Kernel
		if code, err = linked.kernel(s.kernel); err == nil {
			line, err = s.about(code, start)
		}
	}
	if err != nil {
		return fmt.Sprintf("NOT PROVED %-32s %v", s.kernel, err), err
	}
	return line, nil
}

// about proves a statement about a kernel.
func (s *statement) about(code *machine.Kernel, start time.Time) (line string, err error) {
	p := &proof{statement: s, space: term.NewSpace(), code: code}
	if err := s.prove(p); err != nil {
		return "", err
	}
	if !p.hidesData && !strings.Contains(s.kernel, "Vartime") {
		return "", errors.New("nothing shows that addresses and jumps do not depend on data")
	}
	what := s.says
	if p.detail != "" {
		what += "; " + p.detail
	}
	return fmt.Sprintf("%-32s %s (%d instructions, %.1f s, %s)",
		s.kernel, what, p.steps, time.Since(start).Seconds(), code.Hash()), nil
}

// kernelArchs lists the architectures with kernels.
var kernelArchs = []string{"amd64", "arm64"}

// Programs have kernels, by architecture and package.
type programs map[string]map[string]*machine.Program

// build links the packages with kernels into programs, in an empty folder.
func build(root string) (programs, error) {
	all := programs{}
	for _, arch := range kernelArchs {
		var err error
		if all[arch], err = buildFor(root, arch); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func buildFor(root, arch string) (map[string]*machine.Program, error) {
	dir, err := os.MkdirTemp("", "prove")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	byPackage := map[string]*machine.Program{}
	for _, name := range packages {
		file := filepath.Join(dir, name)
		c := exec.Command("go", "test", "-c", "-vet=off", "-o", file, "./internal/"+name)
		c.Dir, c.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, out)
		}
		if byPackage[name], err = machine.Open(file); err != nil {
			return nil, err
		}
	}
	return byPackage, nil
}

// kernel decodes a kernel, named with its package. Kernels of two architectures have different
// names.
func (all programs) kernel(name string) (k *machine.Kernel, err error) {
	pkg, _, _ := strings.Cut(name, ".")
	for _, arch := range kernelArchs {
		var of error
		if k, of = all[arch][pkg].Kernel("hybridkem/internal/" + name + ".abi0"); of == nil {
			return k, nil
		}
		err = errors.Join(err, fmt.Errorf("%s: %w", arch, of))
	}
	return nil, err
}

var textRE = regexp.MustCompile(`(?m)^TEXT ·(\w+)\(SB\)`)

// kernels returns the names of all functions in assembly, with their packages. That of internal/cpu
// computes nothing: it reads the number of the core.
func kernels(root string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(root, "internal", "*", "*.s"))
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		if name == "cpu" {
			continue
		}
		if !slices.Contains(packages, name) {
			return nil, fmt.Errorf("package %s has functions in assembly, and no statements", name)
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range textRE.FindAllSubmatch(source, -1) {
			names = append(names, name+"."+string(m[1]))
		}
	}
	return names, err
}

// statementsAbout returns the statements about these kernels, and those about portable functions. It
// is an error if a kernel has not one statement, or if there are statements about no kernel.
func statementsAbout(names []string) (list []statement, err error) {
	count := map[string]int{}
	for _, s := range statements {
		if _, ok := s.portable(); ok {
			list = append(list, s)
			continue
		}
		before := len(list)
		for _, name := range names {
			if set, ok := strings.CutPrefix(name, s.kernel); ok && (set == "" || slices.Contains(sets, set)) {
				list = append(list, statement{name, s.says, s.prove})
				count[name]++
			}
		}
		if len(list) == before {
			err = errors.Join(err, fmt.Errorf("there is a statement about %s, and no such kernel", s.kernel))
		}
	}
	for _, name := range names {
		if count[name] != 1 {
			err = errors.Join(err, fmt.Errorf("%s has %d statements", name, count[name]))
		}
	}
	return list, err
}

// compareDecoders decodes all kernels of the programs a second time, with objdump, if that is
// installed for their architecture.
func compareDecoders(names []string, linked programs) (line string, err error) {
	instructions, compared := 0, 0
	missing := map[string]int{}
	for _, name := range names {
		k, err := linked.kernel(name)
		if err != nil {
			return "", err
		}
		if _, err := exec.LookPath(k.Objdump()); err != nil {
			missing[k.Objdump()]++
			continue
		}
		n, err := k.CompareWithObjdump()
		if err != nil {
			return "", err
		}
		instructions += n
		compared++
	}
	line = fmt.Sprintf("%d instructions of %d kernels: two decoders agree", instructions, compared)
	for _, program := range slices.Sorted(maps.Keys(missing)) {
		line += fmt.Sprintf("\n%s is not installed: one decoder only for %d kernels", program, missing[program])
	}
	return line, nil
}

// Terms live long, so that there is little to collect, in the tests too.
func init() { debug.SetGCPercent(400) }

func main() {
	only := flag.String("kernel", "", "prove only the statements about kernels with these letters in their names")
	simulate := flag.Bool("cosim", false, "compare the semantics of instructions with the processor instead, and with qemu for arm64")
	flag.Parse()
	command := func() error { return run("..", *only) }
	if *simulate {
		command = func() error { return cosimulate("..") }
	}
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(1)
	}
}

// cosimulate compares package machine with processors.
func cosimulate(root string) error {
	linked, err := build(root)
	if err != nil {
		return err
	}
	for _, arch := range kernelArchs {
		report, err := cosim.Run(root, arch, linked[arch])
		if err != nil {
			return fmt.Errorf("%s: %w", arch, err)
		}
		fmt.Printf("%s: %v\n", arch, report)
	}
	return nil
}

func run(root, only string) error {
	start := time.Now()
	linked, err := build(root)
	if err != nil {
		return err
	}
	sources, err := loadPortable(compiler.In(root), portableArchs...)
	if err != nil {
		return err
	}
	names, err := kernels(root)
	if err != nil {
		return err
	}
	list, unstated := statementsAbout(names)
	line, err := compareDecoders(names, linked)
	if err != nil {
		return err
	}
	fmt.Println(line)
	queue := make(chan *statement)
	var group sync.WaitGroup
	var print sync.Mutex
	failed, proved := 0, 0
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for s := range queue {
				line, err := s.run(linked, sources)
				print.Lock()
				fmt.Println(line)
				if err != nil {
					failed++
				} else {
					proved++
				}
				print.Unlock()
			}
		})
	}
	for i := range list {
		if strings.Contains(list[i].kernel, only) {
			queue <- &list[i]
		}
	}
	close(queue)
	group.Wait()
	fmt.Printf("%d statements proved in %.0f s\n", proved, time.Since(start).Seconds())
	if failed > 0 || proved == 0 {
		return fmt.Errorf("%d not proved", failed)
	}
	if proved == 0 {
		return fmt.Errorf("no statement has %q in its name", only)
	}
	if only != "" {
		return nil
	}
	return errors.Join(unstated, notInterpreted())
}
