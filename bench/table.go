package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A table is text in rows and columns. If a row ends early, its last cell spans the rest.
type table struct {
	title  string
	header []string
	rows   [][]string
	notes  []string
}

// text returns the table for a terminal, with aligned columns.
func (t *table) text() string {
	widths := make([]int, len(t.header))
	lines := append([][]string{t.header}, t.rows...)
	for _, line := range lines {
		for i, cell := range line {
			if i < len(line)-1 || len(line) == len(widths) {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	var b strings.Builder
	fmt.Fprintln(&b, t.title)
	for _, line := range lines {
		var s strings.Builder
		for i, cell := range line {
			fmt.Fprintf(&s, "  %-*s", widths[i], cell)
		}
		fmt.Fprintln(&b, strings.TrimRight(s.String(), " "))
	}
	for _, n := range t.notes {
		fmt.Fprintln(&b, "  "+n)
	}
	return b.String()
}

// markdown returns the table with its title as a heading.
func (t *table) markdown() string {
	return fmt.Sprintf("## %s\n\n%s", t.title, t.markdownBody())
}

// markdownBody returns the table and its notes.
func (t *table) markdownBody() string {
	var b strings.Builder
	line := func(cells []string) {
		for _, cell := range cells {
			fmt.Fprintf(&b, "| %s ", strings.ReplaceAll(cell, "|", `\|`))
		}
		b.WriteString("|\n")
	}
	line(t.header)
	b.WriteString(strings.Repeat("|---", len(t.header)) + "|\n")
	for _, row := range t.rows {
		line(row)
	}
	if len(t.notes) > 0 {
		fmt.Fprintf(&b, "\n%s\n", strings.Join(t.notes, "  \n"))
	}
	return b.String()
}
