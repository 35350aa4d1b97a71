package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age/armor"
	"github.com/btcsuite/btcd/btcutil/bech32"

	"hybridkem/kats/vectors"
)

func bech32Of(t *testing.T, seed []byte) string {
	t.Helper()
	words, err1 := bech32.ConvertBits(seed, 8, 5, true)
	s, err2 := bech32.Encode(strings.ToLower(ageIdentity), words)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return strings.ToUpper(s)
}

// TestVectors decrypts published files of age. In some, the ciphertext of X-Wing is malformed.
func TestVectors(t *testing.T) {
	files, err := vectors.Read[struct {
		ID, Expect string
		Payload    string `json:"payload_sha256,omitempty"`
		Identities []string
		File       vectors.Hex
	}]("age_hybrid.jsonl", 18)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, v := range files {
		write(t, "key", strings.Join(v.Identities, "\n"))
		write(t, "file.age", string(v.File))
		r := call("", false, "open -i key file.age")
		switch v.Expect {
		case "success":
			sum := sha256.Sum256([]byte(read(t, "file")))
			if r.status != 0 || hex.EncodeToString(sum[:]) != v.Payload {
				t.Errorf("%s: %+v", v.ID, r)
			}
			os.Remove("file")
			continue
		case "header failure":
			if !strings.Contains(r.stderr, "the header is damaged: ") {
				t.Errorf("%s: %+v", v.ID, r)
			}
		case "no match":
			if !strings.Contains(r.stderr, "not encrypted to ") {
				t.Errorf("%s: %+v", v.ID, r)
			}
		default:
			t.Errorf("%s: unknown expectation %q", v.ID, v.Expect)
		}
		if r.status != 1 || len(filesHere(t)) != 2 {
			t.Errorf("%s: %+v, %q", v.ID, r, filesHere(t))
		}
	}
}

// TestSealAndOpen encrypts files of several sizes to several keys.
func TestSealAndOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, line := range []string{"keygen -o alice.pem", "keygen -o bob.pem", "keygen -o eve.pem", "pub alice.pem -o alice.pub", "pub bob.pem -o bob.pub"} {
		ok(t, "", line)
	}
	recipient := strings.TrimSpace(ok(t, "", "convert bob.pub --to age"))
	const chunk = 1 << 16
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3*chunk + 5} {
		for _, options := range []string{"-r alice.pub -r bob.pub", "-a -r alice.pub -r " + recipient} {
			letter := strings.Repeat("letter\n", size)[:size]
			write(t, "letter", letter)
			ok(t, "", "seal "+options+" letter")
			sealed := read(t, "letter.age")
			if strings.HasPrefix(sealed, armor.Header) != strings.HasPrefix(options, "-a") {
				t.Errorf("seal %s begins with %q", options, sealed[:30])
			}
			fails(t, "", "seal "+options+" letter", 1, "letter.age exists; -f overwrites it")
			fails(t, "", "open -i alice.pem letter.age", 1, "letter exists; -f overwrites it")
			os.Remove("letter")
			fails(t, "", "open -i eve.pem letter.age", 1, "letter.age: not encrypted to this private key, or damaged")
			ok(t, "", "open -i eve.pem -i alice.pem letter.age")
			if read(t, "letter") != letter {
				t.Errorf("open gives another file of %d bytes", size)
			}
			if got := ok(t, sealed, "open -i bob.pem"); got != letter {
				t.Errorf("open gives another output of %d bytes", size)
			}
			if got := ok(t, ok(t, letter, "seal "+options), "open --identity bob.pem -"); got != letter {
				t.Errorf("seal and open through pipes give another output of %d bytes", size)
			}
			os.Remove("letter.age")
		}
	}
}

// TestDamagedFiles opens files that are cut short, altered, or longer. No output is left, and what
// standard output gets is a beginning of the right contents.
func TestDamagedFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	letter := strings.Repeat("0123456789abcdef", 1<<13) + "end" // two chunks and a little more
	sealed := ok(t, letter, "seal -r public")
	armored := ok(t, letter, "seal -a -r public")
	header := strings.Index(sealed, "\n--- ") + 5 + 43 + 1
	n := 0
	check := func(file, what string, wants ...string) {
		n++
		write(t, "letter.age", file)
		fails(t, "", "open -i key letter.age", 1, "kemtool open: letter.age: ")
		r := call(file, false, "open -i key")
		if r.status != 1 || !strings.HasPrefix(letter, r.stdout) || len(r.stdout) == len(letter) {
			t.Errorf("%s: exit status %d, %d bytes, %s", what, r.status, len(r.stdout), r.stderr)
		}
		for _, want := range wants {
			if strings.Contains(r.stderr, want) {
				return
			}
		}
		t.Errorf("%s: %s, want %q", what, r.stderr, wants)
	}
	for _, i := range []int{1, 10, 21, 22, 40, 1000, header - 1, header, header + 10} {
		check(sealed[:i], "cut in the header", "cut short in the header", "not encrypted in the age format", "the header is damaged")
	}
	for _, i := range []int{header + 16, header + 17, header + 40, 1 << 16, len(sealed) - 20, len(sealed) - 1} {
		check(sealed[:i], "cut in the contents", "cut short: the end of the encrypted file is missing", "damaged: ")
	}
	const encrypted = 1<<16 + 16 // a chunk
	check(sealed[:header+16+encrypted], "cut between chunks", "cut short: the end of the encrypted file is missing")
	check(sealed+"x", "a byte more", "damaged: ")
	check(sealed+sealed, "twice", "damaged: ")
	for i := 0; i < len(sealed); i += 1 + len(sealed)/150 {
		b := []byte(sealed)
		b[i] ^= 1
		check(string(b), "altered", "damaged", "not encrypted")
	}
	for _, i := range []int{len(sealed) - 1, header + 16 + encrypted, header + 16 + encrypted - 1} {
		b := []byte(sealed)
		b[i] ^= 0x80
		check(string(b), "altered in the contents", "damaged: ")
	}
	swapped := sealed[:header+16] + sealed[header+16+encrypted:header+16+2*encrypted] + sealed[header+16:header+16+encrypted] + sealed[header+16+2*encrypted:]
	check(swapped, "chunks exchanged", "damaged: ")
	for _, i := range []int{len(armor.Header), 100, 10000, len(armored) - 40, len(armored) - 10} {
		check(armored[:i], "armor cut", "damaged", "cut short")
	}
	check(strings.Replace(armored, "A", "!", 1)+"", "armor altered", "not encrypted", "damaged")
	check("\xff\xfea\x00g\x00", "UTF-16", "PowerShell")
	check(strings.ReplaceAll(sealed, "\n", "\r\n"), "CRLF", "PowerShell")
	if n < 150 {
		t.Errorf("%d cases only", n)
	}
	if got := ok(t, "\ufeff"+armored, "open -i key"); got != letter {
		t.Error("armor with a byte order mark is not read")
	}
	if got := ok(t, "\n \n"+strings.ReplaceAll(armored, "\n", "\r\n")+"\n", "open -i key"); got != letter {
		t.Error("armor with other line ends is not read")
	}
}

// TestStream seals and opens much data in little memory, and finds damage in its last chunk.
func TestStream(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	const size = 64 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	run := func(stdin io.Reader, line string) int {
		tool := &tool{env: env{stdin: stdin, stdout: io.Discard, stderr: io.Discard}}
		status := tool.run(strings.Fields(line))
		runtime.ReadMemStats(&after)
		peak = max(peak, after.HeapSys-min(after.HeapSys, before.HeapSys))
		return status
	}
	if status := run(io.LimitReader(zeros{}, size), "seal -r public -o big.age"); status != 0 {
		t.Fatal("seal fails")
	}
	if status := run(nil, "open -i key big.age"); status != 0 {
		t.Fatal("open fails")
	}
	if info, err := os.Stat("big"); err != nil || info.Size() != size {
		t.Errorf("%v, %v", info, err)
	}
	os.Remove("big")
	if peak > 32<<20 {
		t.Errorf("took %d MiB more memory for %d MiB", peak>>20, size>>20)
	}
	file, err := os.OpenFile("big.age", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("x"), info.Size()-10); err != nil {
		t.Fatal(err)
	}
	if status := run(nil, "open -i key big.age"); status != 1 {
		t.Errorf("exit status %d for a damaged last chunk", status)
	}
	if got := strings.Join(filesHere(t), " "); got != "big.age key public" {
		t.Errorf("left behind: %s", got)
	}
}

// zeros is an endless stream.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestAge exchanges files with the program age.
func TestAge(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	program := filepath.Join(t.TempDir(), "age")
	if out, err := exec.Command("go", "build", "-o", program, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Chdir(t.TempDir())
	age := func(stdin string, args ...string) string {
		t.Helper()
		c := exec.Command(program, args...)
		var stdout, stderr bytes.Buffer
		c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &stdout, &stderr
		if err := c.Run(); err != nil {
			t.Fatalf("age %s: %v: %s", strings.Join(args, " "), err, stderr.String())
		}
		return stdout.String()
	}
	ok(t, "", "keygen -o key.pem")
	ok(t, "", "pub key.pem -o key.pub")
	ok(t, "", "convert key.pem --to age -o key.txt")
	ok(t, "", "convert key.pub --to age -o recipient.txt")
	letter := strings.Repeat("letter\n", 30000)
	for _, option := range []string{"", " -a"} {
		for _, r := range []string{"key.pub", "recipient.txt"} {
			if age(ok(t, letter, "seal -r "+r+option), "-d", "-i", "key.txt") != letter {
				t.Errorf("age opens another file than kemtool seal -r %s%s sealed", r, option)
			}
		}
		for _, i := range []string{"key.pem", "key.txt"} {
			args := append(strings.Fields(option), "-R", "recipient.txt")
			if ok(t, age(letter, args...), "open -i "+i) != letter {
				t.Errorf("kemtool open -i %s opens another file than age%s encrypted", i, option)
			}
		}
	}
	ok(t, age(letter, "-e", "-i", "key.txt"), "open -i key.pem -o letter")
	if read(t, "letter") != letter {
		t.Error("kemtool opens another file than age -e -i encrypted")
	}
	const x25519 = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	fails(t, age(letter, "-r", x25519), "open -i key.pem", 1, "not encrypted to X-Wing keys, but to X25519; age decrypts it")
}
