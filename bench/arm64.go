package main

import (
	stdsha3 "crypto/sha3"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"hybridkem/internal/cpu"
	"hybridkem/internal/progress"
)

// The emulated CPUs under which instructions are counted: ARMv8.0, ARMv8.2 without SHA-3, and everything
// that the emulator has.
const (
	oldest = "cortex-a53"
	middle = "cortex-a76"
	newest = "max"
)

var emulatedCPUs = []string{oldest, middle, newest}

// Implementations in the results of -arm64.
const (
	oursPortable = ours + ", portable"
	edwards      = "filippo.io/edwards25519"
)

// A traced operation is one of command traced.
type tracedOperation struct {
	section, name, implementation string
	traced                        string         // its name there, or "" for section/name
	only                          *regexp.Regexp // the functions that belong to it; nil for all
}

// pattern returns what -run matches, as for operations that are measured.
func (t tracedOperation) pattern() string { return t.section + "/" + t.name }

// command returns the operation's name in command traced.
func (t tracedOperation) command() string {
	if t.traced != "" {
		return t.traced
	}
	return t.pattern()
}

// countedOperations are those whose instructions are counted on each CPU.
var countedOperations = func() []tracedOperation {
	var all []tracedOperation
	for _, section := range []string{"ML-KEM-768", sectionX25519, "X-Wing"} {
		names := []string{keyGeneration, parseEncapsulate, encapsulate, decapsulate}
		if section == sectionX25519 {
			names = []string{variableBase, fixedBase}
		}
		for _, name := range names {
			all = append(all, tracedOperation{section: section, name: name, implementation: ours})
		}
	}
	return append(all, tracedOperation{section: sectionX25519, name: fixedBase, implementation: edwards, traced: "X25519/edwards25519"})
}()

// The kernels whose cycles are modelled.
const (
	kernelNTT      = "NTT"
	kernelInverse  = "InverseNTT"
	kernelProduct  = "InnerProduct, k = 3"
	kernelFactor   = "Factor.Set"
	kernelSampling = "SampleVartime, 504 bytes"
)

// permutation matches the function of crypto/sha3 that permutes. It cannot be called alone.
var permutation = regexp.MustCompile(`^crypto/internal/fips140/sha3\.keccakF1600`)

var modelledOperations = []tracedOperation{
	{section: sectionKernel, name: kernelNTT, implementation: ours},
	{section: sectionKernel, name: kernelInverse, implementation: ours},
	{section: sectionKernel, name: kernelProduct, implementation: ours},
	{section: sectionKernel, name: kernelFactor, implementation: ours},
	{section: sectionKernel, name: kernelSampling, implementation: ours},
	{section: sectionKeccak, name: permutation1, implementation: ours},
	{section: sectionKeccak, name: permutation1, implementation: "crypto/sha3", traced: "Keccak/crypto ×1", only: permutation},
	{section: sectionKeccak, name: permutation4, implementation: ours},
	{section: sectionKeccak, name: permutation4, implementation: "4 × crypto/sha3", traced: "Keccak/crypto ×4", only: permutation},
	{section: sectionX25519, name: variableBase, implementation: ours},
	{section: sectionX25519, name: fixedBase, implementation: ours},
	{section: sectionX25519, name: fixedBase, implementation: edwards, traced: "X25519/edwards25519"},
}

// A count is the number of instructions that an operation executes.
type count struct {
	Section        string `json:"section"`
	Operation      string `json:"operation"`
	Implementation string `json:"implementation"`
	CPU            string `json:"emulated_cpu"`
	Sets           string `json:"sets,omitempty"` // of this module, which are on
	Instructions   int    `json:"instructions"`
}

// A modelled is what llvm-mca says of an operation.
type modelled struct {
	Section        string   `json:"section"`
	Operation      string   `json:"operation"`
	Implementation string   `json:"implementation"`
	Kernels        []string `json:"kernels,omitempty"` // of this module, which it calls
	Instructions   int      `json:"instructions"`
	// Cycles are by core. A core that lacks an instruction is not in it.
	Cycles map[string]float64 `json:"model_cycles"`
}

// A tracer builds and traces programs.
type tracer struct {
	work    string   // a folder for what it builds
	program *program // command traced
	pattern *regexp.Regexp
	stream  []byte // to sample from
	report  *arm64Report
	rows    []modelRow
}

// A modelRow is a result whose cycles are not modelled yet.
type modelRow struct {
	modelled
	program *program
	trace   []uint64
}

// modelArm64 counts instructions under an emulator of arm64, and models cycles. Nothing is timed.
func (o options) modelArm64(stderr io.Writer) (*arm64Report, error) {
	matches := func(x tracedOperation) bool { return o.pattern.MatchString(x.pattern()) }
	if !slices.ContainsFunc(countedOperations, matches) && !slices.ContainsFunc(modelledOperations, matches) {
		return nil, fmt.Errorf("no operation matches %q", o.pattern)
	}
	if err := checkTools(o.peers != ""); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	t := &tracer{work: work, pattern: o.pattern, stream: rejectionStream(), report: &arm64Report{
		Go: runtime.Version(), Date: time.Now().UTC().Format(time.DateOnly),
		Tools: []string{toolVersion(emulator), toolVersion(modeller)},
	}}
	if t.program, err = t.build(); err != nil {
		return nil, err
	}
	if err := t.count(); err != nil {
		return nil, err
	}
	if err := t.traceKernels(); err != nil {
		return nil, err
	}
	if o.peers != "" {
		t.tracePeers(o.peers)
	}
	return t.report, t.model(stderr)
}

// rejectionStream returns bytes to sample a polynomial from.
func rejectionStream() []byte { return stdsha3.SumSHAKE256([]byte("hybridkem/bench"), streamOutput) }

// build builds command traced for arm64.
func (t *tracer) build() (*program, error) {
	binary := filepath.Join(t.work, "traced")
	cmd := exec.Command("go", "build", "-o", binary, "hybridkem/bench/traced")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return loadProgram(binary, "main.begin", "main.end")
}

// counted matches the functions whose instructions count: those that compute, and not those of the
// runtime that find memory or run other goroutines.
var counted = regexp.MustCompile(`^(hybridkem/|crypto/|filippo\.io/|golang\.org/x/crypto/|internal/bytealg\.|runtime\.(memmove|memclr|memequal|duff))`)

// A tracing is what a run of command traced has given.
type tracing struct {
	all    []string            // the sets that the CPU can use
	on     string              // those that were on
	traces map[string][]uint64 // by the name of the operation there
}

// run runs command traced with a set of internal/cpu on an emulated CPU.
func (t *tracer) run(cpu, set string, operations []tracedOperation) (tracing, error) {
	args := []string{set, fmt.Sprintf("%x", t.stream)}
	for _, o := range operations {
		args = append(args, o.command())
	}
	segments, output, err := t.program.trace(cpu, counted, args...)
	if err != nil {
		return tracing{}, err
	}
	return parseTraced(segments, string(output))
}

// parseTraced joins the output of command traced with the segments of its trace.
func parseTraced(segments [][]uint64, output string) (tracing, error) {
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	if len(lines) != 2+len(segments) {
		return tracing{}, fmt.Errorf("command traced prints %d lines about %d operations", len(lines), len(segments))
	}
	x := tracing{traces: make(map[string][]uint64)}
	all, okAll := strings.CutPrefix(lines[0], "all ")
	on, okOn := strings.CutPrefix(lines[1], "on")
	if !okAll || !okOn {
		return tracing{}, fmt.Errorf("command traced prints %q", lines[:2])
	}
	x.all, x.on = strings.Fields(all), strings.TrimSpace(on)
	for i, name := range lines[2:] {
		x.traces[name] = segments[i]
	}
	return x, nil
}

// wanted returns the operations that -run matches.
func (t *tracer) wanted(operations []tracedOperation) []tracedOperation {
	return slices.DeleteFunc(slices.Clone(operations), func(o tracedOperation) bool { return !t.pattern.MatchString(o.pattern()) })
}

// count counts the instructions of operations on each CPU, with the kernels that the module chooses there
// and with none.
func (t *tracer) count() error {
	operations := t.wanted(countedOperations)
	if len(operations) == 0 {
		return nil
	}
	for _, emulated := range emulatedCPUs {
		chosen := ""
		if emulated == newest {
			// The module does not know this core, and would take its SHA-3 instructions to be slow.
			chosen = "SHA3"
		}
		for _, set := range []string{chosen, cpu.Portable} {
			x, err := t.run(emulated, set, operations)
			if err != nil {
				return err
			}
			for _, o := range operations {
				c := count{o.section, o.name, o.implementation, emulated, x.on, len(x.traces[o.command()])}
				switch {
				case o.implementation != ours && set == cpu.Portable:
					continue
				case o.implementation != ours:
					c.Sets = ""
				case set == cpu.Portable:
					c.Implementation = oursPortable
				}
				t.report.Counts = append(t.report.Counts, c)
			}
		}
	}
	return nil
}

// traceKernels traces what is modelled, with each set.
func (t *tracer) traceKernels() error {
	operations := t.wanted(modelledOperations)
	if len(operations) == 0 {
		return nil
	}
	seen := make(map[tracedOperation][]string) // the kernels that an operation has called, with each set
	sets := []string{cpu.Portable}
	for i := 0; i < len(sets); i++ {
		x, err := t.run(newest, sets[i], operations)
		if err != nil {
			return err
		}
		sets = x.all
		for _, o := range operations {
			trace := x.traces[o.command()]
			kernels := strings.Join(t.program.kernelsIn(trace), " ")
			// A set for which the operation has no other kernels adds nothing.
			if trace == nil || slices.Contains(seen[o], kernels) {
				continue
			}
			seen[o] = append(seen[o], kernels)
			implementation := o.implementation
			if implementation == ours {
				implementation += ", " + sets[i]
			}
			t.add(o, implementation, t.program, trace)
		}
	}
	for _, o := range operations {
		if o.implementation == ours && strings.Join(seen[o], "") == "" {
			t.report.Missing = append(t.report.Missing, o.pattern())
		}
	}
	return nil
}

// add adds a row whose cycles are to be modelled.
func (t *tracer) add(o tracedOperation, implementation string, p *program, trace []uint64) {
	if o.only != nil {
		trace = p.only(trace, o.only)
	}
	t.rows = append(t.rows, modelRow{modelled{
		Section: o.section, Operation: o.name, Implementation: implementation,
		Kernels: p.kernelsIn(trace), Instructions: len(trace), Cycles: make(map[string]float64),
	}, p, trace})
}

// model models the cycles of all rows, with as many processes as there are processors.
func (t *tracer) model(stderr io.Writer) error {
	bar := progress.New(stderr, "modelling", int64(len(t.rows)*len(cores)))
	defer bar.Close()
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, row := range t.rows {
		instructions, err := row.program.disassemble(row.trace)
		if err != nil {
			return err
		}
		for _, c := range cores {
			wg.Go(func() {
				limit <- struct{}{}
				defer func() { <-limit }()
				n, err := c.cycles(instructions)
				mu.Lock()
				defer mu.Unlock()
				if err != nil && first == nil {
					first = fmt.Errorf("%s, %s: %w", row.Operation, row.Implementation, err)
				}
				if err == nil && n > 0 {
					row.Cycles[c.name] = n
				}
				bar.Add(1)
			})
		}
	}
	wg.Wait()
	for _, row := range t.rows {
		t.report.Modelled = append(t.report.Modelled, row.modelled)
	}
	// The rows of an operation stand together, in the order of the operations.
	slices.SortStableFunc(t.report.Modelled, func(a, b modelled) int { return a.place() - b.place() })
	return first
}

// place returns the index of the result's operation.
func (m modelled) place() int {
	return slices.IndexFunc(modelledOperations, func(o tracedOperation) bool { return o.section == m.Section && o.name == m.Operation })
}
