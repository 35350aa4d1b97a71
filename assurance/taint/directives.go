package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"hybridkem/internal/overlay"
)

// A directive is a line of the source that says where a secret becomes public:
//
//	//ct:declassify EXPRESSION: reason
//
// In the build that valgrind runs, it becomes a call that marks the value of the expression
// as known. If the expression is a slice, that is its address and its length; what it holds
// stays marked, so that such a directive concerns static only. An expression that ends in
// [:] is for the bytes that a slice holds.
type directive struct {
	place, expression, reason string
}

var directiveLine = regexp.MustCompile(`^(\s*)//ct:declassify ([^:]+|[^:]+\[:\]): (.+)$`)

// place puts calls in the place of directives, on the same lines.
func place(name, source string) (string, []directive, error) {
	var found []directive
	lines := strings.Split(source, "\n")
	for i, line := range lines {
		m := directiveLine.FindStringSubmatch(line)
		if m == nil {
			if strings.Contains(line, "//ct:") && !strings.HasPrefix(strings.TrimSpace(line), "// ") {
				return "", nil, fmt.Errorf("%s:%d: a directive that is not understood", name, i+1)
			}
			continue
		}
		lines[i] = fmt.Sprintf("%s%s = mark.Declassified(%[2]s)", m[1], m[2])
		if strings.HasSuffix(m[2], "[:]") {
			lines[i] = fmt.Sprintf("%smark.Public(%s)", m[1], m[2])
		}
		found = append(found, directive{fmt.Sprintf("%s:%d", name, i+1), m[2], m[3]})
	}
	if found != nil {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "package ") })
		lines[i] += `; import "hybridkem/assurance/taint/mark"`
	}
	return strings.Join(lines, "\n"), found, nil
}

// notOurs are the folders with sources of other modules than the library.
var notOurs = []string{".git", "_asm", "assurance", "bench", "mutation", "node_modules"}

// placeAll returns the module in the folder root with all declassifications in place.
func placeAll(root string) (*overlay.Overlay, []directive, error) {
	o := overlay.New(root)
	var all []directive
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains(notOurs, d.Name()) {
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		source, err := o.Text(name)
		if err != nil {
			return err
		}
		source, found, err := place(name, source)
		if found != nil {
			o.Set(name, source)
			all = append(all, found...)
		}
		return err
	})
	return o, all, err
}
