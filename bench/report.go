package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A report holds the results of a run.
type report struct {
	Machine    machine      `json:"machine"`
	Peers      []peerBuild  `json:"peers"`
	Failures   []failure    `json:"failures"`
	Results    []result     `json:"results"`
	Memory     []footprint  `json:"memory"`
	Breakdowns []breakdown  `json:"breakdowns"`
	Throughput []throughput `json:"throughput"`
}

// A document is what a run has measured, in all its forms.
type document interface {
	// text is for a terminal.
	text() string
	// files are the contents of files by name.
	files() (map[string]string, error)
	// summary is Markdown with links to pictures among the files, which are in the folder.
	summary(folder string) string
}

// write writes the document's files into dir.
func write(d document, dir string) error {
	files, err := d.files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// encode returns the results as the content of a file.
func encode(results any) (string, error) {
	b, err := json.MarshalIndent(results, "", "\t")
	return string(b) + "\n", err
}

func (r *report) files() (map[string]string, error) {
	results, err := encode(r)
	files := map[string]string{"results.json": results, "table.md": r.markdown()}
	if len(r.measuredFamilies()) > 0 {
		files["times.svg"] = timesPicture(r)
	}
	if len(r.Breakdowns) > 0 {
		files["breakdown.svg"] = breakdownPicture(r)
	}
	if len(r.Throughput) > 0 {
		files["throughput.svg"] = throughputPicture(r)
	}
	return files, err
}

func (r *report) text() string {
	var b strings.Builder
	for _, line := range r.Machine.lines() {
		fmt.Fprintln(&b, line)
	}
	fmt.Fprintf(&b, "\n%s\n", legend)
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n%s", t.text())
	}
	return b.String()
}

// markdown returns the report as a Markdown page.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Measurements\n\n")
	for _, line := range r.Machine.lines() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	fmt.Fprintf(&b, "\n%s\n", legend)
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n%s", t.markdown())
	}
	return b.String()
}

const legend = `Times are medians. ± is half the interquartile range. In parentheses is the median ratio, round by round, of
hybridkem's time to this one: below 1, hybridkem is faster. All keys come from the same fixed seeds, which
operations that expand or parse a key take in turn. An encapsulation includes drawing its randomness from the
system: by crypto/rand in Go, by getrandom in C.`

func (m machine) lines() []string {
	lines := []string{
		fmt.Sprintf("%s, %d hardware threads, %s/%s", m.CPU, m.Threads, m.OS, m.Arch),
		"features: " + strings.Join(m.Features, " "),
	}
	if m.Governor != "" {
		lines = append(lines, "governor: "+m.Governor)
	}
	version := m.Go
	if m.GOAMD64 != "" {
		version += ", GOAMD64=" + m.GOAMD64
	}
	lines = append(lines, fmt.Sprintf("%s, GOMAXPROCS=%d, %s", version, m.MaxProcs, strings.Join(m.Modules, ", ")))
	if m.Compiler != "" {
		lines = append(lines, m.Compiler)
	}
	return append(lines, m.Date)
}

// notes say where an implementation's operations differ from the others'. A note without
// a section stands under the first table that has the implementation.
var notes = []struct{ implementation, section, note string }{
	{oursInto, "", "EncapsulateTo, DecapsulateTo and Reset, into memory that is used again."},
	{oursSteps, "", "Begin and FinishTo, into memory that is used again: first from the header of the key, then with the rest."},
	{oursSingly, "", "The same operations, one after the other, into memory that is used again. In columns of what is done at once, times are for one operation."},
	{fromSeeds, "", "X-Wing and MLKEM768-P256, whose keys are seeds, and which have the same parts. Keys of both forms are random here."},
	{baselineName, "", "hybridkem at another commit, as a process of its own."},
	{cryptoHPKE, "", "What its API shows: NewSender or NewRecipient, and Export. That includes the key schedule, with SHAKE256."},
	{"mlkem-native", "", "Holds keys in the expanded encoding. Key generation writes it; each decapsulation checks the hash in it and expands the matrix anew."},
	{sum.name, "", "What X-Wing needs of both, one after the other, without the combiner."},
	{"libcrux", "", "Its unpacked keys, which hold the matrix as those of hybridkem do; its packed ones for parse + encapsulate, with its check of the key."},
	{"kstzv/ml-kem", "", "Key generation includes making and destroying a pool of one slot. Encapsulation does not check the key's coefficients, and decapsulation expands the matrix anew."},
	{itsOperations, sectionNoise, "Key generations, encapsulation and so on of both sides, one after the other. HMACs are those of crypto/hmac."},
	{"crypto/ecdh", sectionX25519, "The private key is held for the variable base, and the point is parsed."},
	{"crypto/sha3", sectionKeccak, "Its permutation is that of a block of a long output, which it copies."},
	{circlName, sectionKeccak, "×4 is its permutation of four states under a sponge of this program."},
}

// tables returns the report as tables.
func (r *report) tables() []table {
	var tables []table
	noted := make(map[string]bool)
	for _, section := range r.sections() {
		t := r.sectionTable(section)
		for _, n := range notes {
			applies := slices.ContainsFunc(r.Results, func(x result) bool {
				return x.Section == section && x.Implementation == n.implementation && cmp.Or(n.section, section) == section
			})
			if applies && !noted[n.note] {
				noted[n.note] = true
				t.notes = append(t.notes, n.implementation+": "+n.note)
			}
		}
		tables = append(tables, t)
	}
	if len(r.Memory) > 0 {
		tables = append(tables, r.memoryTable())
	}
	if len(r.Breakdowns) > 0 {
		tables = append(tables, r.breakdownTable())
	}
	if len(r.Throughput) > 0 {
		tables = append(tables, r.throughputTable())
	}
	tables = append(tables, r.collectionTable())
	if len(r.Peers) > 0 {
		tables = append(tables, r.peerTable())
	}
	return tables
}

// sections returns the sections of results, in order.
func (r *report) sections() []string {
	var sections []string
	for _, x := range r.Results {
		if !slices.Contains(sections, x.Section) {
			sections = append(sections, x.Section)
		}
	}
	return sections
}

var sectionTitles = map[string]string{
	sectionKeccak: "Keccak-f[1600]: time per state and permutation, in SHAKE128 with three in each of n streams, and alone; and of a matrix",
	sectionKernel: "Kernels of hybridkem, by feature set",
}

// sectionTable has a row for each implementation. In the section of kernels it has a row
// for each operation.
func (r *report) sectionTable(section string) table {
	t := table{title: cmp.Or(sectionTitles[section], section)}
	byOperation := section == sectionKernel
	cells := make(map[[2]string]string)
	var rows, columns []string
	for _, x := range r.Results {
		if x.Section != section {
			continue
		}
		row, column := x.Implementation, x.Operation
		if byOperation {
			row, column = column, row
		}
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
		if !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
		cells[[2]string{row, column}] = x.cell()
	}
	// This module comes first, even if it lacks the first operation.
	slices.SortStableFunc(rows, func(a, b string) int {
		switch {
		case isOurs(a) == isOurs(b):
			return 0
		case isOurs(a):
			return -1
		}
		return 1
	})
	t.header = append([]string{""}, columns...)
	for _, row := range rows {
		line := []string{row}
		for _, column := range columns {
			line = append(line, cmp.Or(cells[[2]string{row, column}], "–"))
		}
		t.rows = append(t.rows, line)
	}
	for _, f := range r.Failures {
		if f.Section == section {
			t.rows = append(t.rows, []string{f.Implementation, "not measured: " + f.Reason})
		}
	}
	return t
}

// cell formats a time and its spread. For what this module is compared with, it adds the
// ratio.
func (x result) cell() string {
	if x.Error != "" {
		return x.Error
	}
	s := fmt.Sprintf("%s ±%.0f%%", formatTime(x.Nanoseconds.Median), x.Nanoseconds.spread())
	if isOurs(x.Implementation) && x.Implementation != oursSingly && x.Implementation != fromSeeds {
		return s
	}
	return s + fmt.Sprintf(" (%.2f)", x.Ratio.Median)
}

// isOurs reports whether the implementation belongs to this module.
func isOurs(implementation string) bool {
	return strings.HasPrefix(implementation, ours)
}

// formatTime formats a time with three digits.
func formatTime(ns float64) string {
	switch {
	case ns < 1e3:
		return digits(ns) + " ns"
	case ns < 1e6:
		return digits(ns/1e3) + " µs"
	}
	return digits(ns/1e6) + " ms"
}

// digits formats a number below 1000 with three digits.
func digits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

func (r *report) memoryTable() table {
	t := table{
		title:  "Memory",
		header: append([]string{"", "decapsulation key", "encapsulation key"}, kemOperations...),
		notes:  []string{"The bytes that a key holds; then, for each operation: bytes allocated / allocations / stack of a new goroutine, which starts with 2 KiB."},
	}
	for _, f := range r.Memory {
		row := []string{f.KEM + ", " + f.Implementation, fmt.Sprint(f.DecapsulationKey), fmt.Sprint(f.EncapsulationKey)}
		for _, operation := range kemOperations {
			cell := "–"
			if x := r.find(f.KEM, operation, f.Implementation); x != nil {
				cell = fmt.Sprintf("%.0f / %.0f / %d KiB", x.Bytes, x.Allocations, f.Stack[operation]>>10)
			}
			row = append(row, cell)
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// find returns a result, or nil if there is none.
func (r *report) find(section, operation, implementation string) *result {
	for i := range r.Results {
		x := &r.Results[i]
		if x.Section == section && x.Operation == operation && x.Implementation == implementation && x.Error == "" {
			return x
		}
	}
	return nil
}

func (r *report) breakdownTable() table {
	t := table{
		title:  "Where the time of hybridkem goes, in percent",
		header: append([]string{""}, categories...),
		notes:  []string{"By samples of the CPU. The inversion that both products of an encapsulation share counts for the variable base; other is mostly memory and randomness."},
	}
	for _, b := range r.Breakdowns {
		row := []string{b.KEM + ", " + b.Operation}
		for _, c := range categories {
			row = append(row, fmt.Sprintf("%.0f", 100*b.Shares[c]))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func (r *report) throughputTable() table {
	t := table{title: "Operations per second, by number of goroutines", header: []string{""}}
	for _, p := range r.Throughput {
		if p.Goroutines == 1 {
			t.rows = append(t.rows, []string{p.KEM + ", " + p.Operation + ", " + p.Implementation})
		}
		if len(t.rows) == 1 {
			t.header = append(t.header, fmt.Sprint(p.Goroutines))
		}
		last := &t.rows[len(t.rows)-1]
		*last = append(*last, fmt.Sprintf("%.0f ±%.0f%%", p.PerSecond.Median, p.PerSecond.spread()))
	}
	return t
}

// collectionTable shows how much garbage collection the times contain.
func (r *report) collectionTable() table {
	t := table{
		title:  "Garbage collections that fell into timed samples",
		header: []string{"", "samples", "collections", "pauses"},
		notes:  []string{"A collection runs after each round, outside of the timed samples, so these hardly contain the cost of what operations allocate. Operations per second do."},
	}
	for _, section := range r.sections() {
		var samples, collections int
		var pauses time.Duration
		for _, x := range r.Results {
			if x.Section == section {
				samples, collections, pauses = samples+x.Samples, collections+x.Collections, pauses+x.Pauses
			}
		}
		t.rows = append(t.rows, []string{section, fmt.Sprint(samples), fmt.Sprint(collections), pauses.String()})
	}
	return t
}

func (r *report) peerTable() table {
	t := table{
		title:  "Peers",
		header: []string{"", "for", "commit"},
		notes:  []string{"Those in C are built with " + strings.Join(cflags, " ") + " and what the file beside the sources says."},
	}
	for _, p := range r.Peers {
		t.rows = append(t.rows, []string{p.Name, p.Section, cmp.Or(p.Commit, "unknown")})
	}
	return t
}
