package main

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"hybridkem/internal/overlay"
)

// directive matches a line of the source that says where a secret becomes public:
//
//	//ct:declassify EXPRESSION: reason
//
// In the build that valgrind runs, it becomes a call that marks the value of the expression
// as known. If the expression is a slice, that is its address and its length; what it holds
// stays marked, so that such a directive concerns static only. An expression that ends in
// [:] is for the bytes that a slice holds. What is no such line is a comment, and shows in what
// is found.
var directive = regexp.MustCompile(`^(\s*)//ct:declassify ([^:]+|[^:]+\[:\]): .`)

// place puts calls in the place of directives, on the same lines.
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

// placeAll returns the module in the folder root with all declassifications in place.
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
