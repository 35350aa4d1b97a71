package main

import (
	"maps"
	"testing"
)

func TestParseBounds(t *testing.T) {
	for text, want := range map[string]map[string]interval{
		"|f| < q":                   {"f": {-3328, 3328}},
		"|f| < 8q; any g":           {"f": {-26631, 26631}, "g": {-32768, 32767}},
		"-1846 <= f <= 1872":        {"f": {-1846, 1872}},
		"0 <= f < 2^12":             {"f": {0, 4095}},
		"|f| <= 2; h canonical":     {"f": {-2, 2}, "h": {0, 3328}},
		"f canonical if it is good": {"f if it is good": {0, 3328}},
		"-2^15 <= f < 2^15":         {"f": {-32768, 32767}},
		"-q <= f <= -2q":            nil,
		"|f| > 3":                   nil,
		"|f| < q; |f| < 8q":         nil,
		"f < q":                     nil,
		"n <= 256; the stream":      nil,
		"":                          nil,
	} {
		got, err := parseBounds(text)
		if !maps.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// TestStated checks that a header must promise what the comment of its method promises, and
// state what is asked for.
func TestStated(t *testing.T) {
	all, err := comments()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ kernel, header, where, name, want string }{
		{"a", "a is the portable Poly.NTT. In: |f| <= 4000. Out: |f| < 8q. Needs: x.", "In", "f", ""},
		{"b", "b is the portable Poly.NTT. In: |f| <= 3000. Out: |f| < 8q. Needs: x.", "In", "f", "In: the header has |f| <= 3000, but Poly.NTT has |f| <= 3328"},
		{"c", "c is the portable Poly.NTT. In: |f| < q. Out: |f| < 9q. Needs: x.", "Out", "f", "Out: the header has |f| <= 29960, but Poly.NTT has |f| <= 26631"},
		{"d", "d is the portable Poly.NTT. In: |f| < q. Needs: x.", "Out", "f", `the header has no line "Out:"`},
		{"e", "e is the portable Poly.NTT. In: |f| < q. Needs: x.", "In", "g", `the header states nothing of g after "In:"`},
		{"f", "f is the portable Poly.Decompress for d = 1. Out: 0 <= f <= 3329. Needs: x.", "Out", "f", "Out: the header has 0 <= f <= 3329, but Poly.Decompress has 0 <= f <= 3328"},
	} {
		all[c.kernel] = c.header
		p := proof{statement: &statement{kernel: "ring." + c.kernel}}
		_, err := p.stated(c.where, c.name)
		if delete(all, c.kernel); err == nil && c.want != "" || err != nil && err.Error() != c.want {
			t.Errorf("%q: %v", c.header, err)
		}
	}
}
