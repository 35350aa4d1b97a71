package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sampleReport returns a small report.
func sampleReport() *report {
	at := func(ns float64) summary { return summary{ns, ns * 0.9, ns, ns * 1.1, ns} }
	r := &report{
		Machine:  machine{CPU: "A CPU <model 1>", Go: "go1.26.0", Features: []string{"AVX2"}, Date: "2026-01-02"},
		Failures: []failure{{"ML-KEM-768", "libcrux", "does not build: a | b"}},
		Memory:   []footprint{{"ML-KEM-768", ours, 100, 50, map[string]int{decapsulate: 32 << 10}}},
		Breakdowns: []breakdown{{"ML-KEM-768", decapsulate, 10, map[string]float64{
			hashing: 0.75, products: 0.25,
		}}},
	}
	for _, kem := range featuredKEMs {
		std := cryptoMLKEM
		if kem == "X-Wing" {
			std = composition
		}
		r.Results = append(r.Results,
			result{Section: kem, Operation: decapsulate, Implementation: ours, Samples: 3, Nanoseconds: at(12345), Ratio: at(1), Bytes: 32, Allocations: 1},
			result{Section: kem, Operation: decapsulate, Implementation: std, Samples: 3, Nanoseconds: at(24690), Ratio: at(0.5)})
	}
	r.Results = append(r.Results, result{Section: sectionKernel, Operation: "NTT", Implementation: ours + " portable", Nanoseconds: at(987.6)})
	for _, n := range []int{1, 2, 4} {
		r.Throughput = append(r.Throughput, throughput{"X-Wing", decapsulate, ours, n, at(1000 * float64(n))})
	}
	return r
}

func TestText(t *testing.T) {
	text := sampleReport().text()
	for _, want := range []string{
		"A CPU <model 1>",
		"  hybridkem     12.3 µs ±10%\n",
		"  crypto/mlkem  24.7 µs ±10% (0.50)\n",
		"  libcrux       not measured: does not build: a | b\n",
		"  NTT  988 ns ±10%\n",
		"32 / 1 / 32 KiB",
		"  X-Wing, decapsulate, hybridkem  1000 ±10%  2000 ±10%  4000 ±10%\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestCell(t *testing.T) {
	for implementation, want := range map[string]string{ours: "1.00 ns ±0%", oursInto: "1.00 ns ±0%", oursSingly: "1.00 ns ±0% (0.40)", baselineName: "1.00 ns ±0% (0.40)"} {
		x := result{Implementation: implementation, Nanoseconds: summarize([]float64{1}), Ratio: summarize([]float64{0.4})}
		if got := x.cell(); got != want {
			t.Errorf("%s: %q, want %q", implementation, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	text := sampleReport().markdown()
	for _, want := range []string{
		"## ML-KEM-768\n\n|  | decapsulate |\n|---|---|\n| hybridkem | 12.3 µs ±10% |\n",
		"| libcrux | not measured: does not build: a \\| b |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestNotes(t *testing.T) {
	r := sampleReport()
	if text := r.text(); strings.Contains(text, "libcrux: ") {
		t.Error("a note on a peer that was not measured")
	}
	for _, kem := range featuredKEMs {
		r.Results = append(r.Results, result{Section: kem, Operation: decapsulate, Implementation: "libcrux"})
	}
	if n := strings.Count(r.text(), "  libcrux: "); n != 1 {
		t.Errorf("%d notes on libcrux, want one", n)
	}
}

func TestTableText(t *testing.T) {
	x := table{title: "title", header: []string{"", "µs", "b"}, rows: [][]string{{"one", "1", "2"}, {"η", "spans what is left"}}, notes: []string{"note"}}
	want := "title\n       µs  b\n  one  1   2\n  η    spans what is left\n  note\n"
	if got := x.text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOursFirst(t *testing.T) {
	r := &report{Results: []result{
		{Section: "s", Operation: "a", Implementation: "other"},
		{Section: "s", Operation: "a", Implementation: "z"},
		{Section: "s", Operation: "b", Implementation: oursInto},
	}}
	x := r.sectionTable("s")
	if x.rows[0][0] != oursInto || x.rows[1][0] != "other" || x.rows[2][0] != "z" || x.rows[0][1] != "–" {
		t.Errorf("%v", x.rows)
	}
}

func TestFormatTime(t *testing.T) {
	for ns, want := range map[float64]string{
		0.5: "0.50 ns", 9.994: "9.99 ns", 9.996: "10.0 ns", 99.96: "100 ns", 987.6: "988 ns", 1234: "1.23 µs", 123456: "123 µs", 2.5e6: "2.50 ms",
	} {
		if got := formatTime(ns); got != want {
			t.Errorf("formatTime(%v) = %q, want %q", ns, got, want)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := write(sampleReport(), dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var again report
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if again.text() != sampleReport().text() {
		t.Error("results.json does not hold the whole report")
	}
	for name, want := range map[string][]string{
		"times.svg":      {"A CPU &lt;model 1&gt;", ">12.3<", ">24.7<", "ML-KEM-1024", "Go standard library"},
		"breakdown.svg":  {">75<", ">25<", "12.3 µs"},
		"throughput.svg": {">4<", ">4k<", "X-Wing, decapsulate"},
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader(string(b))); err == nil; {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, s := range append(want, "</svg>") {
			if !strings.Contains(string(b), s) {
				t.Errorf("%s has no %q", name, s)
			}
		}
		if strings.Contains(string(b), "NaN") || strings.Contains(string(b), "Inf") {
			t.Errorf("%s has no finite coordinates", name)
		}
	}
}

func TestReadme(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "README.md")
	const old = "before\n<!-- bench -->\nstale\n<!-- /bench -->\nafter\n"
	if err := os.WriteFile(file, []byte(old), 0o666); err != nil {
		t.Fatal(err)
	}
	r := sampleReport()
	r.Results = append(r.Results,
		result{Section: "ML-KEM-768", Operation: decapsulate, Implementation: "mlkem-native"},
		result{Section: "ML-KEM-768", Operation: decapsulates, Implementation: ours, Nanoseconds: summary{Median: 4321}})
	for range 2 { // the second time it replaces its own text
		if err := updateReadme(r, file, filepath.Join(dir, "doc", "bench")); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(b)
	if !strings.HasPrefix(got, "before\n<!-- bench -->\nA CPU") || !strings.HasSuffix(got, "<!-- /bench -->\nafter\n") || strings.Contains(got, "stale") {
		t.Errorf("got\n%s", got)
	}
	for _, want := range []string{
		"|  | hybridkem | Go standard library | mlkem-native |\n",
		"| ML-KEM-768, decapsulate, 8 at once | 4.32 µs | – | – |\n",
		"| X-Wing, decapsulate | 12.3 µs | 24.7 µs (0.50) | – |\n\nmlkem-native: ",
		"(doc/bench/times.svg)",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("not once %q in\n%s", want, got)
		}
	}
}

// TestReadmeNotes checks that each note begins with the name of a column, and that a column
// has the notes on what was measured only.
func TestReadmeNotes(t *testing.T) {
	r := sampleReport()
	notesOf := func() (notes []string) {
		table, after, _ := strings.Cut(r.summary("x"), " |\n\n")
		_, header, _ := strings.Cut(table, "\n\n")
		header, _, _ = strings.Cut(header, "\n")
		body, _, _ := strings.Cut(after, "\n\n")
		for note := range strings.SplitSeq(body, "  \n") {
			column, _, _ := strings.Cut(note, ":")
			column, _, _ = strings.Cut(column, " (")
			if !strings.Contains(header, "| "+column+" |") {
				t.Errorf("a note on %q under the columns %s", column, header)
			}
			notes = append(notes, note)
		}
		return notes
	}
	add := func(section, implementation string) {
		r.Results = append(r.Results, result{Section: section, Operation: decapsulate, Implementation: implementation})
	}
	add("ML-KEM-768", "mlkem-native")
	add(sectionKeccak, "libcrux")
	if notes := notesOf(); len(notes) != 1 || !strings.HasPrefix(notes[0], "mlkem-native: Holds") {
		t.Errorf("notes %q", notes)
	}
	add("X-Wing", sum.name)
	add("ML-KEM-768", "libcrux")
	if notes := notesOf(); len(notes) != 3 || !strings.HasPrefix(notes[1], "mlkem-native (mlkem-native + s2n-bignum): What X-Wing needs") {
		t.Errorf("notes %q", notes)
	}
}

func TestReadmeWithoutMarkers(t *testing.T) {
	for _, text := range []string{"", "no marker\n", "<!-- bench -->\n", "<!-- /bench -->\n<!-- bench -->\n"} {
		file := filepath.Join(t.TempDir(), "README.md")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := updateReadme(sampleReport(), file, t.TempDir()); err == nil {
			t.Errorf("%q: no error", text)
		}
		if code := run([]string{"-readme", file, "-o", t.TempDir()}, io.Discard, io.Discard); code != 1 {
			t.Errorf("%q: exit status %d, want 1", text, code)
		}
		if b, err := os.ReadFile(file); err != nil || string(b) != text {
			t.Errorf("%q has become %q, %v", text, b, err)
		}
	}
}
