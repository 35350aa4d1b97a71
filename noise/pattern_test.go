package noise

import "testing"

// TestPatterns checks all patterns of patterns.txt, and counts them.
func TestPatterns(t *testing.T) {
	names := patternNames()
	if len(names) != 3+12+23+12+12 {
		t.Errorf("%d patterns: %v", len(names), names)
	}
	for _, name := range names {
		if _, err := parsePattern(name); err != nil {
			t.Error(err)
		}
	}
}
