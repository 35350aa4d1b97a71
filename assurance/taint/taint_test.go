package main

import (
	"debug/elf"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestPlace(t *testing.T) {
	const source = "// Package p.\npackage p\n\nfunc f() {\n\tx := 1\n\t//ct:declassify x: it is one\n\tg(x)\n}\n"
	const want = "// Package p.\npackage p; import \"hybridkem/assurance/taint/mark\"\n\nfunc f() {\n\tx := 1\n" +
		"\tx = mark.Declassified(x)\n\tg(x)\n}\n"
	got, directives, err := place("p.go", source)
	if err != nil || got != want {
		t.Errorf("%v: %s", err, got)
	}
	if len(directives) != 1 || directives[0] != (directive{"p.go:6", "x", "it is one"}) {
		t.Errorf("the directives are %v", directives)
	}
	got, _, err = place("p.go", "package p\n\t//ct:declassify x.y[:]: it is sent")
	if err != nil || !strings.HasSuffix(got, "\n\tmark.Public(x.y[:])") {
		t.Errorf("%v: %s", err, got)
	}
	for _, source := range []string{want, "package p\n// A comment on //ct:declassify."} {
		if got, directives, err := place("p.go", source); got != source || directives != nil || err != nil {
			t.Errorf("a source without directives is changed: %s", got)
		}
	}
	for _, line := range []string{"//ct:declassify x", "//ct:declassify : x", "x := 1 //ct:declassify x: it is one", "//ct:public x: y"} {
		if _, _, err := place("p.go", "package p\n"+line); err == nil {
			t.Errorf("%s is accepted", line)
		}
	}
}

// TestParse reads what valgrind says of this executable.
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
		{"UninitCondition", inside, request, "branch in hybridkem/assurance/taint.place"},
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
