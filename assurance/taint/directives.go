package main

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"hybridkem/internal/overlay"
)

// directive matches a line of the source that says that a secret becomes public:
//
//	//ct:declassify EXPRESSION: reason
//
// In the build that valgrind runs, the line becomes a call that marks the value of the
// expression as known. The value of a slice is its address and its length: its bytes stay
// secret, so such a directive has an effect for static only. An expression that ends in [:]
// makes the bytes public. A directive that this does not match stays a comment, and the
// secret that it should make public is then a finding.
var directive = regexp.MustCompile(`^(\s*)//ct:declassify ([^:]+|[^:]+\[:\]): .`)

// place replaces the directives in a source by calls, and keeps all line numbers.
func place(source string) string {
	lines, pkg, found := strings.Split(source, "\n"), 0, false
	for i, line := range lines {
		m := directive.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "package "):
			pkg = i
		case m != nil && strings.HasSuffix(m[2], "[:]"):
			lines[i] = fmt.Sprintf("%smark.Public(%s)", m[1], m[2])
		case m != nil:
			lines[i] = fmt.Sprintf("%s%s = mark.Declassified(%[2]s)", m[1], m[2])
		}
		found = found || m != nil
	}
	if found {
		lines[pkg] += `; import "hybridkem/assurance/taint/mark"`
	}
	return strings.Join(lines, "\n")
}

// placeAll returns the module in the folder root with calls in the place of all directives.
func placeAll(root string) (*overlay.Overlay, error) {
	o := overlay.New(root)
	for _, pattern := range []string{"*.go", "*/*.go", "*/*/*.go", "*/*/*/*.go"} {
		names, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			source, err := o.Text(name)
			if err != nil {
				return nil, err
			}
			if placed := place(source); placed != source {
				o.Set(name, placed)
			}
		}
	}
	return o, nil
}
