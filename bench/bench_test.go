package main

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
)

func BenchmarkKEM(b *testing.B) {
	benchmark(b, func(o operation) string {
		if strings.HasPrefix(o.section, "ML-KEM") || o.section == "X-Wing" {
			return fmt.Sprintf("op=%s/kem=%s", camel(o.name), o.section)
		}
		return ""
	})
}

func BenchmarkX25519(b *testing.B) { benchmarkSection(b, sectionX25519) }
func BenchmarkKeccak(b *testing.B) { benchmarkSection(b, sectionKeccak) }
func BenchmarkNoise(b *testing.B)  { benchmarkSection(b, sectionNoise) }
func BenchmarkKernel(b *testing.B) { benchmarkSection(b, sectionKernel) }

func benchmarkSection(b *testing.B, section string) {
	benchmark(b, func(o operation) string {
		if o.section == section {
			return "op=" + camel(o.name)
		}
		return ""
	})
}

// benchmark runs each operation as a sub-benchmark of the name that name returns. It
// skips operations without a name.
func benchmark(b *testing.B, name func(operation) string) {
	operations, _, err := goOperations()
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range operations {
		n := name(o)
		if n == "" {
			continue
		}
		for _, c := range o.contenders {
			b.Run(n+"/impl="+plain(c.implementation), func(b *testing.B) {
				b.ReportAllocs()
				if _, err := c.run(b.N); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// camel joins the words of an operation's name, as in ParseEncapsulate.
func camel(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '×' })
	for i, w := range words {
		if w[0] >= 'a' && w[0] <= 'z' {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// plain returns an implementation's name without the characters that have a meaning in
// names of benchmarks.
func plain(implementation string) string {
	return strings.NewReplacer("/", ".", " + ", "+", ", …", "-", " ", "-").Replace(implementation)
}

func TestBenchmarkNames(t *testing.T) {
	for in, want := range map[string]string{parseEncapsulate: "ParseEncapsulate", "Compress, d = 10": "CompressD10", "×4": "×4"} {
		if got := camel(in); got != want {
			t.Errorf("camel(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{composition: "crypto.mlkem+crypto.ecdh", oursInto: "hybridkem-To"} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}
