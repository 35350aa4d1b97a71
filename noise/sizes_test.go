package noise

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// sizesOf returns the sizes of the messages of a handshake.
func sizesOf(t *testing.T, p *Protocol) (sizes []string) {
	t.Helper()
	w := writers{newQuartet(t, p, nil).sides}
	for _, hs := range w.sides {
		hs.secrets.fixed = nil
	}
	for i := range p.pattern.messages {
		sizes = append(sizes, fmt.Sprint(len(w.message(t, i, nil))))
	}
	return sizes
}

// TestSizes compares the sizes of messages without payloads with the table in SPEC.md.
func TestSizes(t *testing.T) {
	text, err := os.ReadFile("../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (Noise_\S+) \| ([0-9, ]+) \|$`).FindAllStringSubmatch(string(text), -1)
	for _, row := range rows {
		if got := strings.Join(sizesOf(t, parse(t, row[1])), ", "); got != row[2] {
			t.Errorf("%s: %s, and SPEC.md has %s", row[1], got, row[2])
		}
	}
	if len(rows) < 16 {
		t.Errorf("%d rows", len(rows))
	}
	// The KEMs of the table of names.
	for _, k := range kems {
		if !strings.Contains(string(text), fmt.Sprintf("\n| %s | %s |\n", k.Name, k.KEM.Name())) {
			t.Errorf("SPEC.md does not have %s", k.Name)
		}
	}
}
