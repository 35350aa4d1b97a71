package main

import (
	"debug/elf"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"testing"
)

func TestPlace(t *testing.T) {
	const imports = `; import "hybridkem/assurance/taint/mark"`
	for _, tt := range []struct{ source, want string }{
		{"// Package p.\npackage p\n\t//ct:declassify x: it is one\n", "// Package p.\npackage p" + imports + "\n\tx = mark.Declassified(x)\n"},
		{"package p\n//ct:declassify x.y[:]: it is sent", "package p" + imports + "\nmark.Public(x.y[:])"},
		{"package p\n// A comment on //ct:declassify.", "package p\n// A comment on //ct:declassify."},
	} {
		if got := place(tt.source); got != tt.want {
			t.Errorf("%q becomes %q", tt.source, got)
		}
	}
}

// TestPlanted checks that the sources still have the lines in which leaks are planted.
func TestPlanted(t *testing.T) {
	module, err := placeAll("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := planted(module); err != nil {
		t.Error(err)
	}
}

// TestParse parses XML as valgrind writes it, with addresses in this executable.
func TestParse(t *testing.T) {
	if f, err := elf.Open(os.Args[0]); err != nil || f.Section(".gopclntab") == nil {
		t.Skip("not an executable that valgrind runs")
	}
	p, err := load(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	pc := func(f any) string { return fmt.Sprintf("<frame><ip>%#x</ip></frame>", reflect.ValueOf(f).Pointer()) }
	inside, outside := pc(place), pc(runtime.GC)
	const request, onStack = "Uninitialised value was created by a client request", "Uninitialised value was created by a stack allocation"
	for _, tt := range []struct {
		kind, stack, origin, want string
	}{
		{"UninitCondition", inside, "", "branch in hybridkem/assurance/taint.place"},
		{"UninitValue", inside, onStack, "address in hybridkem/assurance/taint.place"},
		{"UninitValue", outside + inside, request, "address in hybridkem/assurance/taint.place"},
		{"UninitValue", outside + inside, onStack, ""},
		{"UninitCondition", outside, onStack, ""},
		{"UninitCondition", outside, request, "branch in runtime.GC"},
		{"UninitCondition", outside, "", ""},
		{"InvalidRead", outside, "", ""},
		{"InvalidRead", inside, "", "error"},
		{"Leak_DefinitelyLost", inside, "", ""},
	} {
		got := ""
		r := p.parse([]byte("<valgrindoutput><clientmsg><text>op</text></clientmsg><error><kind>" + tt.kind +
			"</kind><stack>" + tt.stack + "</stack><auxwhat>" + tt.origin + "</auxwhat></error></valgrindoutput>"))
		switch {
		case r.err != nil:
			got = "error"
		case r.operations != 1:
			t.Errorf("%d operations", r.operations)
		case len(r.reports) > 0:
			got = r.reports[0].kind + " in " + r.reports[0].place().function
		}
		if got != tt.want {
			t.Errorf("%s at %s, %s: %q, want %q", tt.kind, tt.stack, tt.origin, got, tt.want)
		}
	}
}
