package progress

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	got := line("x", 1, 4, 2*time.Second)
	if want := "x [" + strings.Repeat("=", 10) + strings.Repeat(" ", 30) + "]  25 %, 6s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := line("x", 9, 4, time.Second); !strings.HasSuffix(got, "] 100 %, 0s left") {
		t.Errorf("%q for more steps than there are", got)
	}
}

func TestBar(t *testing.T) {
	var s strings.Builder
	b := &Bar{w: &s, name: "x", total: 2, start: time.Now()}
	b.Add(1)
	b.Add(1) // too soon to be shown
	b.Close()
	if got := s.String(); strings.Count(got, "x [") != 1 || !strings.Contains(got, " 50 %") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the terminal is sent %q", got)
	}
}

func TestNoTerminal(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	b := New(f, "x", 2)
	b.Add(1)
	b.Close()
	f.Close()
	if got, err := os.ReadFile(name); err != nil || len(got) != 0 {
		t.Errorf("a file is sent %q: %v", got, err)
	}
}
