package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"hybridkem/kats"
)

func runCommand(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, &out, &errs)
	return status, out.String(), errs.String()
}

// TestEmit checks that -emit prints the draft's published files byte for byte.
func TestEmit(t *testing.T) {
	for form, file := range map[string]string{
		"xwing":      "xwing_draft.json",
		"xwing-text": "xwing_draft.txt",
	} {
		want, err := os.ReadFile("../../vectors/" + file)
		if err != nil {
			t.Fatal(err)
		}
		status, stdout, stderr := runCommand("-emit", form)
		if status != 0 || stdout != string(want) || stderr != "" {
			t.Errorf("-emit %s: status %d, equal %v, %q", form, status, stdout == string(want), stderr)
		}
	}
}

func TestAllFiles(t *testing.T) {
	status, stdout, stderr := runCommand()
	if status != 0 || stderr != "" {
		t.Errorf("status %d, %q", status, stderr)
	}
	passed, skipped := 0, 0
	for _, f := range kats.Files() {
		passed, skipped = passed+f.Count-f.Skip, skipped+f.Skip
	}
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	total := fmt.Sprintf("%d passed, 0 failed, %d not run", passed, skipped)
	if len(lines) != 1+len(kats.Files())+1 || !strings.HasPrefix(lines[len(lines)-1], total) {
		t.Errorf("want a header, a line per file and %q, got\n%s", total, stdout)
	}
	if strings.Contains(stdout, "\r") {
		t.Error("progress is shown where there is no terminal")
	}
}

func TestFileFlag(t *testing.T) {
	for _, text := range []string{"xwing_draft", "X-Wing draft\nX-Wing, all", "X-Wing, all"} {
		status, stdout, _ := runCommand("-file", text)
		if status != 0 || !strings.Contains(stdout, "\n3 passed, 0 failed\n") {
			t.Errorf("-file %q: status %d\n%s", text, status, stdout)
		}
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{
		{"-emit", "yaml"}, {"-file", "no such file"}, {"-unknown"}, {"argument"},
	} {
		status, stdout, stderr := runCommand(args...)
		if status != 2 || stdout != "" || stderr == "" {
			t.Errorf("%q: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	if status, _, stderr := runCommand("-h"); status != 0 || !strings.Contains(stderr, "-emit") {
		t.Errorf("-h: status %d, %q", status, stderr)
	}
}

func TestFailure(t *testing.T) {
	files := kats.Files()[:2]
	files[0].Count++
	var stdout, stderr bytes.Buffer
	status := runFiles(files, &stdout, &stderr)
	if status != 1 || !strings.Contains(stdout.String(), "FAILED\n") || !strings.Contains(stdout.String(), "\n9 passed, 4 failed") {
		t.Errorf("a file with the wrong count: status %d\n%s", status, &stdout)
	}
	if !strings.HasPrefix(stderr.String(), "kats: ") {
		t.Errorf("a file with the wrong count: %q", &stderr)
	}

	stderr.Reset()
	report(&stderr, kats.Result{Failed: make([]error, 25)}, errors.New("kats: a file"))
	if lines := strings.Count(stderr.String(), "\n"); lines != 1+10+1 || !strings.Contains(stderr.String(), "15 more") {
		t.Errorf("25 failures: %d lines\n%s", lines, &stderr)
	}
}
