// Command bench measures hybridkem beside other implementations of the same
// algorithms: those in Go that it is built with, and those in C whose sources it is given.
//
//	cd bench && go run .                              all, in less than ten minutes
//	cd bench && go run . -quick                       less exactly, in less than one
//	cd bench && go run . -run 'X-Wing/decapsulate'     only what matches
//	cd bench && go run . -set SHA3                    with kernels that are not in use on this machine
//	cd bench && go run . -peers DIR -o DIR            with peers in C; files and pictures too
//	cd bench && go run . -peers DIR -o ../doc/bench -readme ../README.md
//	cd bench && go run . -pools -peers DIR -o ../doc/bench -readme ../doc/pools.md
//	cd bench && go run . -arm64 -peers DIR -o ../doc/bench
//
// It prints tables. With -o, it also writes results.json, table.md and three pictures
// to a folder. With -readme, it replaces the text between the lines <!-- bench --> and
// <!-- /bench --> of a file by a short table and the link to a picture. With -from, it
// measures nothing and does this with the results of an earlier run.
//
// With -pools, it measures another thing: ways in which a server can decapsulate, such as
// pools, with few goroutines and with many. This takes about six minutes, and with -quick
// less than one. It writes pools.json and three pictures.
//
// With -arm64, it measures nothing. It counts the instructions that operations execute on arm64
// under QEMU, and models the cycles of kernels by llvm-mca for named cores: those of this
// module with its kernels and without them, and those of peers. This needs no such machine, and
// says nothing certain about one: the output says how far to trust it. It writes arm64.json and
// arm64.md. For a peer, the file that says how to build it needs a line such as
//
//	arm64: -Iinclude assembly/arm64/*.S
//
// -peers names a folder with copies of some of the peers' repositories: mlkem-native (of
// pq-code-package), libcrux (of cryspen), s2n-bignum (of awslabs) and ml-kem (of kstzv).
// Nothing is downloaded. Next to each, a file that you write says how to build it, such
// as mlkem-native.build. It has a line for each table that the peer should be in:
//
//	ML-KEM-768: -Iinclude -DSOMETHING=768 source/*.c assembly/*.S
//
// The options and file patterns go to $CC, or cc, together with -O3 -march=native and a
// program from the folder peers here, whose comment says what it needs. Each peer runs
// as a process of its own, which reads the same clock. If a peer is missing, does not
// build or computes something else, its row says so.
//
// -baseline names a folder with another checkout of this module, such as one of an older
// commit that git worktree makes. Its operations run in processes of their own, and have rows
// like those of peers.
//
// Before anything is timed, all implementations are checked to compute the same. Then
// they run alternately: a round has one sample of each, in changing order. A sample is
// fixed work for about a millisecond. Ratios are taken within a round.
//
// The same operations are benchmarks for go test, with names that benchstat can split:
//
//	go test -bench KEM/op=Decapsulate -count 10 | tee new; benchstat -col /impl new
//
// It exits with status 1 if it fails, and with status 2 if its arguments are wrong.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"hybridkem/internal/cpu"
	"hybridkem/internal/progress"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options holds the arguments of the command line.
type options struct {
	plan              plan
	poolPlan          poolPlan
	pattern           *regexp.Regexp
	pools, arm64      bool
	peers, baseline   string
	out, readme, from string
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if err := o.run(stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// parse reads the command line and writes errors to stderr.
func parse(args []string, stderr io.Writer) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	quick := flags.Bool("quick", false, "measure less exactly, in less than a minute")
	pattern := flags.String("run", "", "measure only the operations that match `regexp`, such as X-Wing/decapsulate")
	o := options{plan: defaultPlan, poolPlan: defaultPoolPlan}
	flags.StringVar(&usual, "set", cpu.Chosen(), "measure whole operations in this `implementation`, such as SHA3")
	flags.BoolVar(&o.pools, "pools", false, "measure ways to decapsulate in a server: pools, caches, queues")
	flags.BoolVar(&o.arm64, "arm64", false, "measure nothing: count instructions for arm64 under an emulator, and model cycles")
	flags.StringVar(&o.peers, "peers", "", "build and measure the peers in C whose sources are in `folder`")
	flags.StringVar(&o.baseline, "baseline", "", "measure beside it the checkout of this module in `folder`, such as an older one")
	flags.StringVar(&o.out, "o", "", "write the results, and tables and pictures of them, to `folder`")
	flags.StringVar(&o.readme, "readme", "", "replace the table in `file`; needs -o")
	flags.StringVar(&o.from, "from", "", "measure nothing, and take the results from `file`, which an earlier run has written")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "bench measures hybridkem beside other implementations.")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	misuse := func(format string, args ...any) (options, error) {
		err := fmt.Errorf(format, args...)
		fmt.Fprintln(stderr, "bench:", err)
		return o, err
	}
	if flags.NArg() > 0 {
		return misuse("unexpected argument %q", flags.Arg(0))
	}
	if o.readme != "" && (o.out == "" || *pattern != "") {
		return misuse("-readme needs -o, for the picture, and all operations")
	}
	if o.from != "" && (*quick || *pattern != "" || o.peers+o.baseline != "") {
		return misuse("-from measures nothing, and has no use for -quick, -run, -peers and -baseline")
	}
	if o.pools && o.baseline != "" {
		return misuse("-pools has no use for -baseline")
	}
	if o.arm64 && (o.pools || *quick || o.baseline != "" || usual != cpu.Chosen()) {
		return misuse("-arm64 has no use for -pools, -quick, -baseline and -set")
	}
	if !slices.Contains(cpu.Sets(), usual) {
		return misuse("-set: this machine can run %q, and not %q", cpu.Sets(), usual)
	}
	cpu.Use(usual)
	if *quick {
		o.plan, o.poolPlan = quickPlan, quickPoolPlan
	}
	var err error
	if o.pattern, err = regexp.Compile(*pattern); err != nil {
		return misuse("-run: %w", err)
	}
	for name, folder := range map[string]*string{"-peers": &o.peers, "-baseline": &o.baseline} {
		if *folder == "" {
			continue
		}
		if info, err := os.Stat(*folder); err != nil {
			return misuse("%s: %w", name, err)
		} else if !info.IsDir() {
			return misuse("%s: %s is no folder", name, *folder)
		}
		// The path must be absolute, since compilers run in these folders.
		if *folder, err = filepath.Abs(*folder); err != nil {
			return misuse("%s: %w", name, err)
		}
	}
	return o, nil
}

func (o options) run(stdout, stderr io.Writer) error {
	if o.readme != "" {
		// This finds a bad file now rather than after minutes of measuring.
		if err := checkMarkers(o.readme); err != nil {
			return err
		}
	}
	d, err := o.document(stderr)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, d.text())
	if o.out != "" {
		if err := write(d, o.out); err != nil {
			return err
		}
	}
	if o.readme != "" {
		return updateReadme(d, o.readme, o.out)
	}
	return nil
}

// document measures, or reads what another run has measured.
func (o options) document(stderr io.Writer) (document, error) {
	switch {
	case o.from != "" && o.pools:
		return decode(o.from, new(poolReport))
	case o.from != "" && o.arm64:
		return decode(o.from, new(arm64Report))
	case o.from != "":
		return decode(o.from, new(report))
	case o.pools:
		return o.measurePools(stderr)
	case o.arm64:
		return o.modelArm64(stderr)
	}
	return o.measureOperations(stderr)
}

// decode reads results from a file.
func decode[D document](file string, d D) (D, error) {
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, d)
	}
	if err != nil {
		err = fmt.Errorf("-from: %s: %w", file, err)
	}
	return d, err
}

// measureOperations measures all operations that match the pattern.
func (o options) measureOperations(stderr io.Writer) (*report, error) {
	operations, groups, err := goOperations()
	if err != nil {
		return nil, err
	}
	operations = slices.DeleteFunc(operations, func(x operation) bool { return !o.pattern.MatchString(x.section + "/" + x.name) })
	if len(operations) == 0 {
		return nil, fmt.Errorf("no operation matches %q", o.pattern)
	}
	r := &report{Machine: describeMachine(time.Now())}
	if o.peers != "" {
		r.Machine.Compiler = compilerVersion()
		var children []*child
		if children, r.Peers, r.Failures, err = startPeers(o.peers, peersOf(operations)); err != nil {
			return nil, err
		}
		defer closeAll(children)
		r.Failures = append(r.Failures, joinPeers(operations, groups, children)...)
	}
	if o.baseline != "" {
		children, builds, err := startBaselines(o.baseline, operations)
		if err != nil {
			return nil, err
		}
		defer closeAll(children)
		r.Peers = append(r.Peers, builds...)
		r.Failures = append(r.Failures, joinPeers(operations, groups, children)...)
	}
	return r, o.measure(r, operations, groups, stderr)
}

func closeAll(children []*child) {
	for _, c := range children {
		c.close()
	}
}

// goOperations returns all operations with their implementations in Go.
func goOperations() ([]operation, []*kemGroup, error) {
	groups, err := kemGroups()
	if err != nil {
		return nil, nil, err
	}
	kernels, err := kernelOperations()
	if err != nil {
		return nil, nil, err
	}
	parts, err := partsTable()
	if err != nil {
		return nil, nil, err
	}
	table, err := kemOperationTable(groups)
	return slices.Concat(table, parts, kernels), groups, err
}

// measure fills in all measurements of r.
func (o options) measure(r *report, operations []operation, groups []*kemGroup, stderr io.Writer) error {
	total := o.plan.expected(operations)
	for _, x := range operations {
		if brokenDown(x) {
			total += o.plan.profile
		}
		total += time.Duration(len(throughputContenders(x))*len(goroutineCounts())) * o.plan.throughput
	}
	bar := progress.New(stderr, "measuring", int64(total))
	defer bar.Close()

	r.Results = measure(operations, o.plan, bar)
	for _, x := range operations {
		if brokenDown(x) {
			b, err := measureBreakdown(x, o.plan.profile)
			if err != nil {
				return err
			}
			r.Breakdowns = append(r.Breakdowns, b)
			bar.Add(int64(o.plan.profile))
		}
	}
	for _, x := range operations {
		r.Throughput = append(r.Throughput, measureThroughput(x, o.plan.throughput, bar)...)
	}
	r.Memory = measureMemory(groups, operations)
	return nil
}
