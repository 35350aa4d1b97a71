package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const startMarker, endMarker = "<!-- bench -->", "<!-- /bench -->"

// replaceMarked returns text with everything between the markers replaced.
func replaceMarked(text, replacement string) (string, error) {
	before, rest, ok := strings.Cut(text, startMarker)
	if !ok {
		return "", fmt.Errorf("no marker %s", startMarker)
	}
	_, after, ok := strings.Cut(rest, endMarker)
	if !ok {
		return "", fmt.Errorf("no marker %s after %s", endMarker, startMarker)
	}
	return before + startMarker + "\n" + replacement + endMarker + after, nil
}

// checkMarkers returns the error that updateReadme would return for file.
func checkMarkers(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := replaceMarked(string(text), ""); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// updateReadme writes the summary of d between the markers in file. The pictures are in
// dir.
func updateReadme(d document, file, dir string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	// Links must be relative to the file's folder.
	from, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return err
	}
	to, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	folder, err := filepath.Rel(from, to)
	if err != nil {
		return err
	}
	text, err := replaceMarked(string(old), d.summary(filepath.ToSlash(folder)))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(text), 0o666)
}

// featuredKEMs are the KEMs in the README's table.
var featuredKEMs = []string{"ML-KEM-768", "ML-KEM-1024", "X-Wing"}

// featuredOperations have a row for each of these KEMs, if they were measured.
var featuredOperations = slices.Concat(kemOperations, []string{decapsulates})

// A family is a set of implementations that share one column or colour.
type family struct {
	name, colour    string
	implementations []string
}

var families = []family{
	{ours, "#0b62a4", []string{ours}},
	{"Go standard library", "#8c959f", []string{cryptoMLKEM, composition}},
	{circlName, "#e69f00", []string{circlName}},
	{"mlkem-native", "#2a9d6f", []string{"mlkem-native", sum.name}},
	{"libcrux", "#c2689d", []string{"libcrux"}},
	{"kstzv/ml-kem", "#7fc4e8", []string{"kstzv/ml-kem"}},
}

// find returns the family's result, or nil if there is none.
func (f family) find(r *report, section, operation string) *result {
	for _, implementation := range f.implementations {
		if x := r.find(section, operation, implementation); x != nil {
			return x
		}
	}
	return nil
}

// measuredFamilies returns the families that have a result for a featured KEM.
func (r *report) measuredFamilies() []family {
	var found []family
	for _, f := range families {
		for _, kem := range featuredKEMs {
			if f.find(r, kem, keyGeneration) != nil || f.find(r, kem, decapsulate) != nil {
				found = append(found, f)
				break
			}
		}
	}
	return found
}

// summary returns the text for a README: the machine, the table and the picture.
func (r *report) summary(folder string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %s. Median times; in parentheses hybridkem's time divided by this one, so below 1 hybridkem is faster.\n",
		r.Machine.CPU, r.Machine.Go, r.Machine.Date)
	fmt.Fprintf(&b, "X-Wing of the standard library is %s.\n\n", composition)
	t := table{header: []string{""}}
	columns := r.measuredFamilies()
	for _, f := range columns {
		t.header = append(t.header, f.name)
	}
	for _, kem := range featuredKEMs {
		for _, operation := range featuredOperations {
			row, measured := []string{kem + ", " + operation}, false
			for _, f := range columns {
				cell := "–"
				if x := f.find(r, kem, operation); x != nil {
					measured = true
					if cell = formatTime(x.Nanoseconds.Median); !isOurs(x.Implementation) {
						cell += fmt.Sprintf(" (%.2f)", x.Ratio.Median)
					}
				}
				row = append(row, cell)
			}
			if measured {
				t.rows = append(t.rows, row)
			}
		}
	}
	for _, f := range columns {
		for _, n := range notes {
			measured := slices.ContainsFunc(r.Results, func(x result) bool {
				return x.Implementation == n.implementation && slices.Contains(featuredKEMs, x.Section)
			})
			if !measured || n.section != "" || !slices.Contains(f.implementations, n.implementation) {
				continue
			}
			label := f.name
			if n.implementation != f.name {
				label += " (" + n.implementation + ")"
			}
			t.notes = append(t.notes, label+": "+n.note)
		}
	}
	b.WriteString(t.markdownBody())
	fmt.Fprintf(&b, "\n![Time per operation](%s/times.svg)\n", folder)
	return b.String()
}
