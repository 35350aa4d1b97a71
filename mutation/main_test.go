package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hybridkem/internal/overlay"
)

// newModule makes a module with two functions, only one of them tested, and changes to a folder
// in it.
func newModule(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module m\n",
		"m.go":      "package m\n\nfunc F() int { return 1 }\nfunc G() int { return 1 }\n",
		"m_test.go": "package m\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) {\n\tif F() != 1 {\n\t\tt.Error(\"F\")\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(dir, "mutation")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
}

// TestTry tries one mutation for each possible outcome.
func TestTry(t *testing.T) {
	newModule(t)
	for _, test := range []struct {
		old, new, tests string
		by, err         string
	}{
		{"F() int { return 1 }", "F() int { return 2 }", ".", "TestF", ""},
		{"G() int { return 1 }", "G() int { return 2 }", ".", "", "NOT CAUGHT"},
		{"F() int { return 1 }", "F() int { for {} }", ". -timeout=1s", "", "TIMED OUT"},
		{"F() int { return 1 }", "F() int { return", ".", "", "NO TEST FAILED"},
		{"F() int { return 1 }", "F() int { return 2 }", ". -run=TestG", "", "NOT CAUGHT"},
		{"return 1", "return 2", ".", "", "AMBIGUOUS"},
		{"return 3", "return 2", ".", "", "STALE"},
	} {
		by, err := mutation{"a mutation", "m.go", test.old, test.new, test.tests}.try()
		if by != test.by || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %q, %v, want %q, %s", test.new, by, err, test.by, test.err)
		}
	}
}

// TestCheck checks that mutations that cannot be put in, and mutations that are the same, are
// errors.
func TestCheck(t *testing.T) {
	newModule(t)
	one := mutation{"one", "m.go", "F() int { return 1 }", "F() int { return 2 }", "."}
	other := mutation{"other", "m.go", "G() int { return 1 }", "G() int { return 2 }", "."}
	if err := check([]mutation{one, other}); err != nil {
		t.Error(err)
	}
	named := other
	named.name = "one"
	same := mutation{"same", "m.go", "F() int { return 1", "F() int { return 2", "."}
	for _, second := range []mutation{named, same} {
		if check([]mutation{one, second}) == nil {
			t.Errorf("%q is the same as %q", second.name, one.name)
		}
	}
	one.old, other.old = "return 1", "return 3"
	if err := check([]mutation{one, other}); !errors.Is(err, overlay.ErrAmbiguous) || !errors.Is(err, overlay.ErrStale) {
		t.Errorf("%v, want both errors", err)
	}
}

// TestBaseline checks that tests which fail without a mutation are an error.
func TestBaseline(t *testing.T) {
	newModule(t)
	ms := []mutation{{"a mutation", "m.go", "F() int { return 1 }", "F() int { return 2 }", ". -run=TestG"}}
	if err := baseline(ms); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile("../m.go", []byte("package m\n\nfunc F() int { return 2 }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if baseline(ms) == nil {
		t.Error("tests that fail pass")
	}
}

func TestEvery(t *testing.T) {
	all := []mutation{{name: "a"}, {name: "b"}, {name: "c"}, {name: "d"}}
	for part, want := range map[string]string{"1/1": "abcd", "1/3": "ad", "2/3": "b", "3/3": "c", "9/9": ""} {
		some, err := every(all, part)
		got := ""
		for _, m := range some {
			got += m.name
		}
		if got != want || err != nil {
			t.Errorf("part %s is %s, error %v, want %s", part, got, err, want)
		}
	}
	for _, part := range []string{"", "1", "0/2", "3/2", "-1/2", "a/b"} {
		if _, err := every(all, part); err == nil {
			t.Errorf("%q is a part", part)
		}
	}
}
