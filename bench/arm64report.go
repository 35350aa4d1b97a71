package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// An arm64Report holds what -arm64 has counted and modelled.
type arm64Report struct {
	Go       string      `json:"go"`
	Date     string      `json:"date"`
	Tools    []string    `json:"tools"`
	Peers    []peerBuild `json:"peers"`
	Failures []failure   `json:"failures"`
	Counts   []count     `json:"counted_instructions"`
	Modelled []modelled  `json:"modelled"`
	// Missing are the operations for which this module has no kernel on arm64.
	Missing []string `json:"without_kernels"`
}

// arm64Title and arm64Warnings say what the numbers are.
const arm64Title = "Modelled speed on arm64: nothing here is measured"

var arm64Warnings = []string{
	"Instructions are exact: counted as QEMU emulates them, one by one. They are those of this module, of crypto/... and of the functions that copy, " +
		"clear or compare memory. Those with which the Go runtime finds memory or runs other goroutines do not count. A few depend on where memory lies, so runs differ by less than a thousandth. They are no times: cores differ in how many they execute at once.",
	"Cycles are those of llvm-mca's models of cores, for the instructions that ran under QEMU. No machine has run for them. The models know dispatch, ports and latencies, " +
		"and neither caches nor branch prediction nor delays from stores to loads. They take stores not to alias, which flatters compiled code that spills registers.",
	"Where others have measured the same code, models were within about 30 %, with two exceptions. Products of vectors on neoverse-n1 are wrong: the model has an NTT at less than half of what was measured, " +
		"so for kernels with such products take the column of cortex-a72. And LLVM's apple-m1 is the model of Cyclone, a core of 2013: its figures for vectors are usable, " +
		"and those for code with general registers are not; the column of neoverse-v3 is nearer.",
	"Kernels are called several times in a row in the model, as in an operation; what takes more than 50,000 instructions is called once. The peers' tables of constants are other numbers, which changes no instruction; what they compute is checked for Keccak and X25519.",
	"A dash stands for a core that lacks an instruction.",
}

func (r *arm64Report) files() (map[string]string, error) {
	results, err := encode(r)
	return map[string]string{"arm64.json": results, "arm64.md": r.markdown()}, err
}

func (r *arm64Report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", arm64Title)
	for _, line := range append(r.lines(), arm64Warnings...) {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n%s", t.markdown())
	}
	return b.String()
}

func (r *arm64Report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\n", arm64Title)
	for _, line := range append(r.lines(), arm64Warnings...) {
		fmt.Fprintln(&b, line)
	}
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n%s", t.text())
	}
	return b.String()
}

// summary returns the instructions per operation.
func (r *arm64Report) summary(string) string {
	t := r.countTable()
	return fmt.Sprintf("%s.\n\n%s", arm64Title, t.markdown())
}

// lines say what the numbers were made with.
func (r *arm64Report) lines() []string {
	lines := []string{r.Go + "; " + strings.Join(r.Tools, "; ") + "; " + r.Date}
	for _, p := range r.Peers {
		lines = append(lines, fmt.Sprintf("%s at commit %s", p.Name, cmp.Or(p.Commit, "unknown")))
	}
	return lines
}

func (r *arm64Report) tables() []table {
	var tables []table
	if len(r.Counts) > 0 {
		tables = append(tables, r.countTable())
	}
	if len(r.Modelled) > 0 {
		tables = append(tables, r.cycleTable())
	}
	if goals := r.goalTable(); len(goals.rows) > 0 {
		tables = append(tables, goals)
	}
	return tables
}

func (r *arm64Report) countTable() table {
	t := table{
		title:  "Instructions per operation, counted under emulation",
		header: []string{""},
		notes: []string{"This module with its kernels / its portable Go in the same program, beside the same assembly of the standard library. In parentheses is the ratio. " +
			"The name of the emulated CPU only decides which instructions there are, and which kernels the module chooses. On max, those with SHA-3 instructions are switched on."},
	}
	for _, cpu := range emulatedCPUs {
		header := cpu
		for _, c := range r.Counts {
			if c.CPU == cpu && c.Implementation == ours {
				header = fmt.Sprintf("%s (%s)", cpu, cmp.Or(c.Sets, "no sets"))
			}
		}
		t.header = append(t.header, header)
	}
	for _, o := range countedOperations {
		row := []string{o.section + ", " + o.name}
		if o.implementation != ours {
			row[0] += ", " + o.implementation
		}
		found := false
		for _, cpu := range emulatedCPUs {
			cell := "–"
			if n := r.instructions(o.section, o.name, o.implementation, cpu); n > 0 {
				found = true
				cell = grouped(n)
				if portable := r.instructions(o.section, o.name, oursPortable, cpu); o.implementation == ours && portable > 0 {
					cell += fmt.Sprintf(" / %s (%.2f)", grouped(portable), float64(n)/float64(portable))
				}
			}
			row = append(row, cell)
		}
		if found {
			t.rows = append(t.rows, row)
		}
	}
	return t
}

// instructions returns how many instructions were counted, or 0 if none were.
func (r *arm64Report) instructions(section, operation, implementation, cpu string) int {
	for _, c := range r.Counts {
		if c.Section == section && c.Operation == operation && c.Implementation == implementation && c.CPU == cpu {
			return c.Instructions
		}
	}
	return 0
}

func (r *arm64Report) cycleTable() table {
	t := table{title: "Model cycles of kernels, not measured", header: []string{"", "", "instructions"}}
	for _, c := range cores {
		t.header = append(t.header, c.name)
	}
	for i, m := range r.Modelled {
		row := []string{"", m.Implementation, grouped(m.Instructions)}
		if i == 0 || m.Section != r.Modelled[i-1].Section || m.Operation != r.Modelled[i-1].Operation {
			row[0] = m.title()
		}
		if len(m.Kernels) > 0 {
			row[1] += " (" + strings.Join(m.Kernels, ", ") + ")"
		}
		for _, c := range cores {
			cell := "–"
			if n := m.Cycles[c.name]; n > 0 {
				cell = grouped(int(math.Round(n)))
			}
			row = append(row, cell)
		}
		t.rows = append(t.rows, row)
	}
	if len(r.Missing) > 0 {
		t.notes = append(t.notes, "This module has no kernels for arm64 for: "+strings.Join(r.Missing, "; ")+".")
	}
	for _, f := range r.Failures {
		t.notes = append(t.notes, fmt.Sprintf("%s is not modelled: %s.", f.Implementation, f.Reason))
	}
	return t
}

// title returns the operation's name for a table.
func (m modelled) title() string {
	if m.Section == sectionKernel {
		return m.Operation
	}
	return m.Section + ", " + m.Operation
}

// A goal is an upper limit for a ratio: of our best model cycles on a core to the best of the peers
// in a list, or of our instructions on cortex-a53 to those of another implementation.
type goal struct {
	section, operation string
	limit              float64
	core               string // "" for instructions
	peers              []string
	kernels            string // what a kernel of ours must have in its name, if not all are meant
}

// goals are those of the plan for kernels on arm64.
var goals = func() []goal {
	var all []goal
	for _, kernel := range []string{kernelNTT, kernelInverse, kernelProduct, kernelFactor, kernelSampling} {
		for _, core := range []string{"neoverse-v2", "neoverse-n2"} {
			all = append(all, goal{section: sectionKernel, operation: kernel, limit: 1.05, core: core, peers: []string{"mlkem-native"}})
		}
	}
	all = append(all, goal{section: sectionKeccak, operation: permutation4, limit: 1, core: "neoverse-v3", peers: []string{peerTwice}, kernels: "SHA3"})
	for _, core := range []string{"neoverse-v1", "neoverse-v2", "neoverse-n1"} {
		all = append(all, goal{section: sectionKeccak, operation: permutation4, limit: 1.1, core: core, peers: []string{peerHybrid}})
	}
	for i, name := range []string{keyGeneration, parseEncapsulate, encapsulate, decapsulate} {
		all = append(all, goal{section: "ML-KEM-768", operation: name, limit: []float64{0.6, 0.6, 0.4, 0.45}[i], peers: []string{oursPortable}})
	}
	return append(all,
		goal{section: sectionX25519, operation: variableBase, limit: 1.05, core: "neoverse-v2", peers: []string{"s2n-bignum"}},
		goal{section: sectionX25519, operation: fixedBase, limit: 0.55, peers: []string{edwards}},
		goal{section: "X-Wing", operation: decapsulate, limit: 0.8, peers: []string{oursPortable}},
	)
}()

// ratio returns the ratio that the goal limits. It returns 0 if one of both is missing.
func (x goal) ratio(r *arm64Report) float64 {
	if x.core == "" {
		n, of := r.instructions(x.section, x.operation, ours, oldest), r.instructions(x.section, x.operation, x.peers[0], oldest)
		if of == 0 {
			return 0
		}
		return float64(n) / float64(of)
	}
	best := func(matches func(m modelled) bool) (cycles float64) {
		for _, m := range r.Modelled {
			if n := m.Cycles[x.core]; m.Section == x.section && m.Operation == x.operation && n > 0 && matches(m) && (cycles == 0 || n < cycles) {
				cycles = n
			}
		}
		return cycles
	}
	mine := best(func(m modelled) bool {
		return slices.ContainsFunc(m.Kernels, func(k string) bool { return strings.Contains(k, x.kernels) })
	})
	theirs := best(func(m modelled) bool {
		return slices.ContainsFunc(x.peers, func(p string) bool { return m.Implementation == p || strings.HasPrefix(m.Implementation, p+", ") })
	})
	if theirs == 0 {
		return 0
	}
	return mine / theirs
}

func (r *arm64Report) goalTable() table {
	t := table{
		title:  "Ratios against targets, modelled or counted",
		header: []string{"", "of", "compared with", "target", "ratio", ""},
		notes:  []string{"The best kernel of this module on that core, and the best of what it is compared with. Instructions are those on " + oldest + "."},
	}
	for _, x := range goals {
		ratio := x.ratio(r)
		if ratio == 0 {
			continue
		}
		verdict := "met"
		if ratio > x.limit {
			verdict = "not met"
		}
		of := "instructions"
		if x.core != "" {
			of = "model cycles, " + x.core
		}
		name := modelled{Section: x.section, Operation: x.operation}.title()
		if x.kernels != "" {
			name += ", " + x.kernels
		}
		t.rows = append(t.rows, []string{name, of, strings.Join(x.peers, ", "), fmt.Sprintf("≤ %.2f", x.limit), fmt.Sprintf("%.3f", ratio), verdict})
	}
	return t
}

// grouped formats a number with a comma between each three digits.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
