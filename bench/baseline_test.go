package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestBaseline compares the module with itself.
func TestBaseline(t *testing.T) {
	operations, groups, err := goOperations()
	if err != nil {
		t.Fatal(err)
	}
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	children, builds, err := startBaselines(checkout, operations)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(children)
	if len(builds) != len(baselines) {
		t.Errorf("built for %v", builds)
	}
	for _, f := range joinPeers(operations, groups, children) {
		t.Errorf("%s: %s", f.Section, f.Reason)
	}
	// Each operation that one process can do at once or one by one has a baseline.
	for _, o := range operations {
		has := false
		for _, c := range o.contenders {
			if c.implementation == baselineName {
				has = true
				if d, err := c.run(3); err != nil || d <= 0 {
					t.Errorf("%s, %s: %v, %v", o.section, o.name, d, err)
				}
			}
		}
		want := strings.HasPrefix(o.section, "ML-KEM") || o.section == "X-Wing" || o.section == sectionX25519
		if has != want {
			t.Errorf("%s, %s: baseline is %v, want %v", o.section, o.name, has, want)
		}
	}
}

// TestBaselineDisagrees checks that a checkout which computes something else is not measured.
func TestBaselineDisagrees(t *testing.T) {
	operations, groups, err := goOperations()
	if err != nil {
		t.Fatal(err)
	}
	other := answering(baselineName, "X-Wing", strings.Split(strings.Repeat("ok 00\n", 1000), "\n")...)
	failures := joinPeers(operations, groups, []*child{other})
	if len(failures) != 1 || !strings.Contains(failures[0].Reason, errDisagrees.Error()) {
		t.Errorf("failures: %v", failures)
	}
}
