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
	if _, directives, err := place("p.go", "package p\n// A comment on //ct:declassify."); directives != nil || err != nil {
		t.Error("a comment on directives is taken for one")
	}
	if got, directives, err := place("p.go", want); got != want || directives != nil || err != nil {
		t.Error("a file without directives is changed")
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
	p, err := load(os.Args[0], "..")
	if err != nil {
		t.Fatal(err)
	}
	pc := func(f any) string { return fmt.Sprintf("<frame><ip>%#x</ip></frame>", reflect.ValueOf(f).Pointer()) }
	inside, outside := pc(place), pc(runtime.GC)
	const request, onStack = "Uninitialised value was created by a client request", "Uninitialised value was created by a stack allocation"
	for _, tt := range []struct {
		kind, stack, origin, want string
	}{
		{"UninitCondition", inside, request, "branch in hybridkem/assurance/taint.place finding"},
		{"UninitCondition", inside, "", "branch in hybridkem/assurance/taint.place finding"},
		{"UninitValue", inside, onStack, "address in hybridkem/assurance/taint.place finding"},
		{"UninitValue", outside + inside, request, "address in hybridkem/assurance/taint.place finding"},
		{"UninitValue", outside + inside, onStack, "address in hybridkem/assurance/taint.place"},
		{"UninitCondition", outside, onStack, "branch in runtime.GC"},
		{"UninitCondition", outside, request, "branch in runtime.GC finding"},
		{"UninitCondition", outside, "", "branch in runtime.GC"},
		{"InvalidRead", outside, "", ""},
		{"InvalidRead", inside, "", "error"},
		{"Leak_DefinitelyLost", inside, "", ""},
	} {
		got := ""
		reports, err := p.parse([]byte("<valgrindoutput><clientmsg><text>\nop</text></clientmsg><error><kind>" + tt.kind +
			"</kind><stack>" + tt.stack + "</stack><auxwhat>" + tt.origin + "</auxwhat></error></valgrindoutput>"))
		for _, r := range reports {
			got += r.kind + " in " + r.place().function
			if r.finding() {
				got += " finding"
			}
			if r.operation != "op" {
				t.Errorf("the operation is %s", r.operation)
			}
		}
		if err != nil {
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%s at %s, %s: %q, want %q", tt.kind, tt.stack, tt.origin, got, tt.want)
		}
	}
}

func TestVariableLatency(t *testing.T) {
	for _, tt := range []struct {
		instructions string
		want         bool
	}{
		{"div    %rcx;idivl  0x8(%rsp);vdivsd %xmm0,%xmm1,%xmm2;sqrtss %xmm0,%xmm1;fdivp;fsqrt;pdep %rax,%rbx,%rcx;repz cmpsb %es:(%rdi),%ds:(%rsi)", true},
		{"mul    %rcx;imul   %rax,%rbx;mulx %rax,%rbx,%rcx;rep stos %rax,%es:(%rdi);vpsrlvq %ymm0,%ymm1,%ymm2;fld %st(0)", false},
	} {
		for i := range strings.SplitSeq(tt.instructions, ";") {
			if variable.MatchString(i) != tt.want {
				t.Errorf("%s: %v", i, !tt.want)
			}
		}
	}
}
