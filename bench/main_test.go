package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMisuse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		code int
		args []string
	}{
		{0, []string{"-h"}},
		{2, []string{"-unknown"}},
		{2, []string{"argument"}},
		{2, []string{"-run", "("}},
		{2, []string{"-set", "none"}},
		{2, []string{"-readme", "README.md"}},
		{2, []string{"-readme", "README.md", "-o", "x", "-run", "X-Wing"}},
		{2, []string{"-peers", filepath.Join(file, "none")}},
		{2, []string{"-peers", file}},
		{2, []string{"-baseline", file}},
		{2, []string{"-pools", "-baseline", filepath.Dir(file)}},
		{2, []string{"-arm64", "-pools"}},
		{2, []string{"-arm64", "-quick"}},
		{2, []string{"-arm64", "-baseline", filepath.Dir(file)}},
		{1, []string{"-arm64", "-run", "no such operation"}},
		{1, []string{"-baseline", filepath.Dir(file)}},
		{2, []string{"-from", file, "-quick"}},
		{2, []string{"-from", file, "-run", "X-Wing"}},
		{2, []string{"-from", file, "-peers", filepath.Dir(file)}},
		{1, []string{"-run", "no such operation"}},
		{1, []string{"-pools", "-run", "no such mode"}},
		{1, []string{"-from", file}},
		{1, []string{"-pools", "-from", filepath.Join(file, "none")}},
		{1, []string{"-o", file, "-quick", "-run", "^Keccak/×1$"}},
	} {
		var stderr strings.Builder
		if code := run(test.args, io.Discard, &stderr); code != test.code {
			t.Errorf("%q: exit status %d, want %d", test.args, code, test.code)
		}
		if stderr.Len() == 0 {
			t.Errorf("%q: nothing on the standard error", test.args)
		}
	}
}

// files writes a folder with the given contents and returns its name.
func files(t *testing.T, contents map[string]string) string {
	dir := t.TempDir()
	for name, content := range contents {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPeersThatFail(t *testing.T) {
	if _, err := exec.LookPath(compiler()); err != nil {
		t.Skip(err)
	}
	const curveHeader = `#include <stdint.h>
void curve25519_x25519_byte(uint8_t *, const uint8_t *, const uint8_t *);
void curve25519_x25519_byte_alt(uint8_t *, const uint8_t *, const uint8_t *);
void curve25519_x25519base_byte(uint8_t *, const uint8_t *);
void curve25519_x25519base_byte_alt(uint8_t *, const uint8_t *);
`
	// Each function executes just the given instruction, which returns or raises a
	// signal.
	curve := func(instruction string) string {
		return ".text\n.globl curve25519_x25519_byte, curve25519_x25519_byte_alt, curve25519_x25519base_byte, curve25519_x25519base_byte_alt\n" +
			"curve25519_x25519_byte:\ncurve25519_x25519_byte_alt:\ncurve25519_x25519base_byte:\ncurve25519_x25519base_byte_alt:\n\t" + instruction + "\n" +
			".section .note.GNU-stack,\"\",@progbits\n"
	}
	for _, test := range []struct {
		name, operation, implementation string
		peers                           map[string]string
		want                            string
	}{
		{"missing", "ML-KEM-768/decapsulate", "mlkem-native", nil, "has no folder mlkem-native"},
		{"without a file", "ML-KEM-768/decapsulate", "mlkem-native", map[string]string{"mlkem-native/a.c": ""}, "has no file mlkem-native.build"},
		{
			"without a line", "ML-KEM-768/decapsulate", "mlkem-native",
			map[string]string{"mlkem-native/a.c": "", "mlkem-native.build": "ML-KEM-512: a.c\n"}, "no line for ML-KEM-768",
		},
		{
			"incomplete", "ML-KEM-768/decapsulate", "mlkem-native",
			map[string]string{"mlkem-native/a.c": "", "mlkem-native.build": "ML-KEM-768: -I. a.c b*.c\n"}, "has no b*.c",
		},
		{
			"not compiling", "ML-KEM-768/decapsulate", "mlkem-native",
			map[string]string{"mlkem-native/mlkem_native.h": "#error broken on purpose\n", "mlkem-native.build": "ML-KEM-768: -I.\n"},
			"does not build: ",
		},
		{
			"computing something else", "X25519/fixed base", "s2n-bignum",
			map[string]string{"s2n-bignum/h/s2n-bignum.h": curveHeader, "s2n-bignum/a.S": curve("ret"), "s2n-bignum.build": "X25519: -Ih *.S"},
			"computes something else",
		},
		{
			"crashing", "X25519/fixed base", "s2n-bignum",
			map[string]string{"s2n-bignum/h/s2n-bignum.h": curveHeader, "s2n-bignum/a.S": curve("ud2"), "s2n-bignum.build": "X25519: -Ih *.S"},
			"its harness has ended",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			dir := files(t, test.peers)
			t.Chdir(filepath.Dir(dir)) // so that -peers gets a relative name
			if code := run([]string{"-quick", "-run", test.operation, "-peers", filepath.Base(dir)}, &stdout, &stderr); code != 0 {
				t.Errorf("exit status %d: %s", code, &stderr)
			}
			found := false
			for line := range strings.Lines(stdout.String()) {
				if strings.HasPrefix(line, "  "+test.implementation+" ") && strings.Contains(line, "not measured: ") {
					found = found || strings.Contains(line, test.want)
				}
			}
			if !found {
				t.Errorf("no row of %s says %q:\n%s", test.implementation, test.want, &stdout)
			}
			if strings.Contains(stdout.String(), filepath.Clean(os.TempDir())) {
				t.Errorf("the output names a folder of this machine:\n%s", &stdout)
			}
		})
	}
}

// answering returns a child whose harness gives the given answers.
func answering(name, section string, answers ...string) *child {
	return &child{
		peer:   peer{name: name, section: section},
		stdin:  discard{io.Discard},
		stdout: bufio.NewReader(strings.NewReader(strings.Join(answers, "\n") + "\n")),
	}
}

type discard struct{ io.Writer }

func (discard) Close() error { return nil }

func TestSum(t *testing.T) {
	native := answering("mlkem-native", "ML-KEM-768", "ok 300", "ok 300")
	other := answering("mlkem-native", "ML-KEM-512", "ok 1", "ok 1")
	curve := answering("s2n-bignum", sectionX25519, "ok 40", "error broken")
	if _, ok := sumContender(sum.parts[decapsulate], []*child{native, other}); ok {
		t.Error("a sum without one of its parts")
	}
	if _, ok := sumContender(sum.parts[encapsulate], []*child{native, other, curve}); ok {
		t.Error("a sum without parts")
	}
	c, ok := sumContender(sum.parts[decapsulate], []*child{other, native, curve})
	if !ok {
		t.Fatal("no sum")
	}
	if d, err := c.run(1); d != 340 || err != nil {
		t.Errorf("the sum of 300 and 40 is %d, %v", d, err)
	}
	if _, err := c.run(1); err == nil {
		t.Error("no error when a part fails")
	}
}
