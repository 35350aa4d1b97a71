package a64

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var disassembled = regexp.MustCompile(`(?m)^ *[0-9a-f]+:\t([0-9a-f]{8}) *\t([^\n]*)`)

// objdump returns the text of GNU objdump for each word, with numbers in decimal. The first word is
// at address 0.
func objdump(t *testing.T, words []uint32) []string {
	t.Helper()
	program, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("aarch64-linux-gnu-objdump is not installed")
	}
	file := filepath.Join(t.TempDir(), "words")
	var b bytes.Buffer
	if err := errors.Join(binary.Write(&b, binary.LittleEndian, words), os.WriteFile(file, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-D", "-z", "-b", "binary", "-m", "aarch64", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var texts []string
	for _, m := range disassembled.FindAllStringSubmatch(string(out), -1) {
		texts = append(texts, Normal(m[2]))
	}
	if len(texts) != len(words) {
		t.Fatalf("%d texts for %d words", len(texts), len(words))
	}
	return texts
}

// TestObjdump decodes words of each row of the table, and others, and compares them with
// objdump. What objdump does not know must not be decoded.
func TestObjdump(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var words []uint32
	for k := range rows {
		for n := range 120 {
			w := random.Uint32()
			if n%4 == 0 { // all registers 31, for aliases
				for _, letter := range []byte("nmad")[:1+random.IntN(4)] {
					f := rows[k].fields[letter]
					w |= (1<<f.width - 1) << f.low
				}
			}
			if n%4 == 1 { // m is n, for aliases
				n, m := rows[k].fields['n'], rows[k].fields['m']
				w = w&^(31<<m.low) | w>>n.low&31<<m.low
			}
			words = append(words, w&^rows[k].mask|rows[k].value)
		}
	}
	for range 20000 {
		words = append(words, random.Uint32())
	}
	texts := objdump(t, words)
	decoded, wrong := map[string]int{}, map[string]bool{}
	for n, w := range words {
		i, err := Decode(w, uint64(4*n))
		if err != nil {
			if n < 120*len(rows) && !strings.HasPrefix(texts[n], ".inst") {
				t.Errorf("%v; objdump: %q", err, texts[n])
			}
			continue
		}
		decoded[i.Op]++
		if got := i.String(); got != texts[n] && !wrong[i.Op] {
			wrong[i.Op] = true
			t.Errorf("%08x is %q; objdump: %q", w, got, texts[n])
		}
	}
	if len(decoded) < 250 {
		t.Errorf("%d instructions were decoded", len(decoded))
	}
	for k := range rows {
		if op := strings.NewReplacer("{2}", "", "{c}", "eq").Replace(rows[k].op); decoded[op] == 0 {
			t.Errorf("no word is %s", op)
		}
	}
}

// TestWords decodes known words, and words that are no instructions.
func TestWords(t *testing.T) {
	for n, w := range words {
		i, err := Decode(w.word, uint64(4*n))
		if err != nil {
			t.Error(err)
		} else if got := i.String(); got != w.text {
			t.Errorf("%08x is %q, not %q", w.word, got, w.text)
		}
	}
	if len(words) < len(rows) {
		t.Errorf("%d words for %d rows", len(words), len(rows))
	}
	for _, w := range []uint32{0, 0xffffffff, 0xd4000001, 0xd53bd040, 0x1e622820, 0x4e61d420, 0x0b8403e0 | 3<<22, 0x4ee29c20} {
		if i, err := Decode(w, 0); err == nil {
			t.Errorf("%08x is %v", w, i)
		}
	}
}
