package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
	"github.com/btcsuite/btcd/btcutil/bech32"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hybridkem/internal/envelope"
	"hybridkem/internal/progress"
	"hybridkem/kem"
	"hybridkem/xwing"
)

// The post-quantum keys of age are those of X-Wing, in Bech32 with these prefixes.
const (
	ageIdentity  = "AGE-SECRET-KEY-PQ-"
	ageRecipient = "age1pq"
)

// ageIntro begins a file that is encrypted in the age format.
const ageIntro = "age-encryption.org/"

var byteOrderMark = []byte("\ufeff")

var errSealed = notKey("encrypted in the age format; kemtool open decrypts it")

// isSealed reports whether a file is encrypted in the age format.
func isSealed(file []byte) bool {
	return bytes.HasPrefix(file, []byte(ageIntro)) || isArmored(file)
}

func isArmored(file []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(file, byteOrderMark)), []byte(armor.Header))
}

// ageLines returns the lines of a file of age that are not comments, and their numbers.
func ageLines(file []byte) (lines []string, numbers []int) {
	file = bytes.TrimPrefix(file, byteOrderMark)
	number := 0
	for line := range strings.Lines(string(file)) {
		number++
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
			numbers = append(numbers, number)
		}
	}
	return lines, numbers
}

// isAge reports whether a file has keys of age.
func isAge(file []byte) bool {
	lines, _ := ageLines(file)
	return len(lines) > 0 && (strings.HasPrefix(lines[0], "AGE-") || strings.HasPrefix(lines[0], "age1"))
}

// splitAge returns the keys in a file of age. Errors do not show its lines.
func splitAge(file []byte) (parts []part, err error) {
	lines, numbers := ageLines(file)
	for i, line := range lines {
		p := part{kem: xwing.KEM()}
		switch {
		case strings.HasPrefix(line, ageIdentity+"1"):
			p.kind = envelope.PrivateKey
			if p.bytes, err = decodeIdentity(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", numbers[i], err)
			}
		case strings.HasPrefix(line, ageRecipient+"1"):
			p.kind = envelope.PublicKey
			if _, p.bytes, err = plugin.ParseRecipient(line); err != nil {
				return nil, fmt.Errorf("line %d: a damaged recipient of age", numbers[i])
			}
		case strings.HasPrefix(line, "AGE-SECRET-KEY-1"), strings.HasPrefix(line, "age1") && strings.Count(line, "1") == 1:
			p = part{kind: "an X25519 key of age, which is not post-quantum"}
		case strings.HasPrefix(line, "AGE-"), strings.HasPrefix(line, "age1"):
			p = part{kind: "a key of a plugin of age"}
		default:
			return nil, fmt.Errorf("line %d is no key of age", numbers[i])
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// decodeIdentity returns the seed of an identity of age.
func decodeIdentity(identity string) ([]byte, error) {
	_, words, err := bech32.Decode(identity)
	if err != nil {
		return nil, errors.New("a damaged identity of age: its checksum is wrong, or characters are missing")
	}
	defer clear(words)
	seed, err := bech32.ConvertBits(words, 5, 8, false)
	if err != nil || len(seed) != xwing.SeedSize {
		return nil, errors.New("an identity of age of a wrong length")
	}
	return seed, nil
}

// encodeIdentity returns a private key of X-Wing as an identity of age.
func encodeIdentity(dk kem.DecapsulationKey) (string, error) {
	seed := dk.Bytes()
	defer clear(seed)
	words, err := bech32.ConvertBits(seed, 8, 5, true)
	if err != nil {
		return "", err
	}
	defer clear(words)
	identity, err := bech32.Encode(strings.ToLower(ageIdentity), words)
	return strings.ToUpper(identity), err
}

// encodeRecipient returns a public key of X-Wing as a recipient of age.
func encodeRecipient(ek kem.EncapsulationKey) string {
	return plugin.EncodeRecipient(strings.TrimPrefix(ageRecipient, "age1"), ek.Bytes())
}

// checkAge returns an error if age has no format for keys of k.
func checkAge(name string, k kem.KEM) error {
	if k != xwing.KEM() {
		return fmt.Errorf("%s: a key of %s; files are encrypted with keys of X-Wing only, the KEM for which the age format has keys", name, k.Name())
	}
	return nil
}

func (t *tool) seal() *cobra.Command {
	var out outputFlags
	var recipients []string
	var armored bool
	c := &cobra.Command{
		Use:        "seal -r PUBLIC-KEY... [-a] [-o FILE] [FILE]",
		Short:      "Encrypt a file to public keys",
		SuggestFor: []string{"encrypt", "enc"},
		Long: `Seal encrypts a file, so that the owners of the public keys can decrypt it. It writes
FILE to FILE.age, and standard input to standard output. The keys are of X-Wing. The
file has the age format, which kemtool open and age read.

It is not signed: whoever has the public key can make such a file.`,
		Example: `  kemtool seal -r alice.pub -r bob.pub letter
  tar c letters | kemtool seal -r alice.pub -o letters.age`,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(recipients) == 0 {
				return usagef("no recipient: name the file of a public key with -r")
			}
			name, err := t.argument(c, args, recipients...)
			if err != nil {
				return err
			}
			if out.name == "" && name != "-" {
				out.name = name + ".age"
			}
			kind := aSealedFile
			if armored {
				kind = text
			}
			o, err := t.create(out, kind)
			if err != nil {
				return err
			}
			return t.sealFile(o, name, recipients, armored)
		},
	}
	out.add(c)
	c.Flags().StringArrayVarP(&recipients, "recipient", "r", nil, "encrypt to the public key in `FILE`, or to an age1pq1… recipient; may be repeated")
	c.Flags().BoolVarP(&armored, "armor", "a", false, "write text, in PEM")
	return c
}

func (t *tool) sealFile(o *output, name string, recipients []string, armored bool) error {
	var to []age.Recipient
	for _, r := range recipients {
		ek, err := t.recipient(r)
		if err != nil {
			return err
		}
		if err := checkAge(inputName(r), ek.KEM()); err != nil {
			return err
		}
		key, err := age.ParseHybridRecipient(encodeRecipient(ek))
		if err != nil {
			return fmt.Errorf("%s: age does not take this key", inputName(r))
		}
		to = append(to, key)
	}
	in, err := t.openInput(name, "the file to encrypt")
	if err != nil {
		return err
	}
	defer in.Close()
	t.showProgress(in, "sealing")
	if !armored {
		err = encrypt(o, in, to)
	} else {
		w := bufio.NewWriterSize(o, 1<<16) // armor writes lines
		a := armor.NewWriter(w)
		if err = encrypt(a, in, to); err == nil {
			err = errors.Join(a.Close(), w.Flush())
		}
	}
	if err != nil {
		return cmp.Or(o.failed, err)
	}
	return t.commit()
}

// encrypt encrypts a file in the age format.
func encrypt(w io.Writer, r io.Reader, to []age.Recipient) error {
	encrypting, err := age.Encrypt(w, to...)
	if err != nil {
		return err
	}
	if _, err := io.Copy(encrypting, r); err != nil {
		return err
	}
	return encrypting.Close()
}

// recipient reads a public key from a file, or from the argument itself.
func (t *tool) recipient(name string) (kem.EncapsulationKey, error) {
	if !strings.HasPrefix(name, ageRecipient+"1") {
		ek, err := t.readPublic(name)
		if errors.Is(err, fs.ErrNotExist) && (strings.HasPrefix(name, "age1") || strings.HasPrefix(name, "ssh-")) {
			return nil, errors.New("-r takes keys of X-Wing: in a file, or as a recipient age1pq1…")
		}
		return ek, err
	}
	parts, err := split([]byte(name))
	if err != nil {
		return nil, fmt.Errorf("the recipient age1pq1…: %w", err)
	}
	return t.publicKey("the recipient age1pq1…", parts)
}

func (t *tool) openCommand() *cobra.Command {
	var out outputFlags
	var names []string
	var passphraseFile string
	c := &cobra.Command{
		Use:        "open -i PRIVATE-KEY... [-o FILE] [FILE.age]",
		Short:      "Decrypt a file",
		SuggestFor: []string{"decrypt", "dec", "unseal"},
		Long: `Open decrypts a file that kemtool seal or age encrypted. It writes FILE.age to FILE, and
standard input to standard output.

A file appears only if all of it is genuine. Standard output gets each part of 64 KiB as
soon as this part is known to be genuine: if a later part is damaged or missing, open
exits with status 1 after it has written the beginning.

A terminal is shown text only, without control characters, except with -o -.`,
		Example: `  kemtool open -i alice.pem letter.age
  kemtool open -i alice.pem letters.age -o - | tar x`,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(names) == 0 {
				return usagef("no private key: name its file with -i")
			}
			name, err := t.argument(c, args, append(names, passphraseFile)...)
			if err != nil {
				return err
			}
			if out.name == "" && name != "-" {
				plain, ok := strings.CutSuffix(name, ".age")
				if !ok || plain == "" {
					return usagef("the name %s does not end in .age: name the output with -o", name)
				}
				out.name = plain
			}
			o, err := t.create(out, plaintext)
			if err != nil {
				return err
			}
			return t.openFile(o, name, names, passphraseFile)
		},
	}
	out.add(c)
	c.Flags().StringArrayVarP(&names, "key", "i", nil, "decrypt with the private key in `FILE`; may be repeated")
	c.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "identity" { // as age calls it
			name = "key"
		}
		return pflag.NormalizedName(name)
	})
	addPassphrase(c, &passphraseFile)
	return c
}

func (t *tool) openFile(o *output, name string, keys []string, passphraseFile string) error {
	var identities []age.Identity
	for _, keyName := range keys {
		key, err := t.readPrivate(keyName, passphraseFile)
		if err != nil {
			return err
		}
		defer key.Destroy()
		if err := checkAge(inputName(keyName), key.KEM()); err != nil {
			return err
		}
		encoded, err := encodeIdentity(key.(kem.DecapsulationKey))
		if err != nil {
			return err
		}
		identity, err := age.ParseHybridIdentity(encoded)
		if err != nil {
			return fmt.Errorf("%s: age does not take this key", inputName(keyName))
		}
		identities = append(identities, identity)
	}
	in, err := t.openInput(name, "the file to decrypt")
	if err != nil {
		return err
	}
	defer in.Close()
	t.showProgress(in, "opening")
	if err := decrypt(o, in, identities, o.terminal); err != nil {
		return cmp.Or(o.failed, in.wrap(err))
	}
	return t.commit()
}

// decrypt decrypts a file in the age format.
func decrypt(w io.Writer, r io.Reader, identities []age.Identity, shown bool) error {
	const maxSpace = 1024 // before the armor
	b := bufio.NewReaderSize(r, 1<<16)
	start, err := b.Peek(maxSpace + len(armor.Header))
	if err != nil && err != io.EOF {
		return withoutPath(err)
	}
	var src io.Reader = b
	switch {
	case len(start) == 0:
		return errors.New("the file is empty")
	case isArmored(start):
		if bytes.HasPrefix(start, byteOrderMark) {
			b.Discard(len(byteOrderMark))
		}
		src = armor.NewReader(b)
	case isUTF16(start), bytes.HasPrefix(start, []byte(ageIntro+"v1\r")):
		return errors.New("damaged, as by PowerShell's >; write encrypted files with -o, or with -a")
	case !bytes.HasPrefix(start, []byte(ageIntro)):
		return errors.New("not encrypted in the age format, which kemtool seal and age write")
	}
	plain, err := age.Decrypt(src, identities...)
	if err != nil {
		return headerError(err)
	}
	if shown {
		return show(w, plain)
	}
	if _, err := io.Copy(w, plainReader{plain}); err != nil {
		return err
	}
	return nil
}

// headerError explains why a file cannot be decrypted at all.
func headerError(err error) error {
	noMatch := (*age.NoIdentityMatchError)(nil)
	if !errors.As(err, &noMatch) {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return errors.New("cut short in the header")
		}
		return fmt.Errorf("the header is damaged: %w", err)
	}
	for _, stanza := range noMatch.StanzaTypes {
		switch stanza {
		case "scrypt":
			return errors.New("encrypted with a passphrase, and not to a key; age decrypts it")
		case "mlkem768x25519":
			return errors.New("not encrypted to this private key, or damaged")
		}
	}
	return fmt.Errorf("not encrypted to X-Wing keys, but to %s; age decrypts it", strings.Join(noMatch.StanzaTypes, ", "))
}

// A plainReader explains errors of the encrypted file.
type plainReader struct{ io.Reader }

func (r plainReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err == nil || err == io.EOF {
		return n, err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, errors.New("cut short: the end of the encrypted file is missing")
	}
	return n, fmt.Errorf("damaged: %w", withoutPath(err))
}

// show writes text to a terminal. It refuses control characters, which could change what the
// terminal shows or does.
func show(w io.Writer, plain io.Reader) error {
	r, out := bufio.NewReader(plainReader{plain}), bufio.NewWriter(w)
	for {
		c, size, err := r.ReadRune()
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return errors.Join(out.Flush(), err)
		}
		if c == utf8.RuneError && size == 1 || unicode.IsControl(c) && !strings.ContainsRune("\n\r\t", c) {
			return errors.Join(out.Flush(), errors.New("not text, and so not shown on a terminal; name a file with -o, or insist with -o -"))
		}
		if _, err := out.WriteRune(c); err != nil {
			return err
		}
	}
}

// showProgress shows a bar while in is read, if it is large.
func (t *tool) showProgress(in *input, name string) {
	const large = 32 << 20
	if in.info != nil && in.info.Mode().IsRegular() && in.info.Size() >= large {
		in.bar = progress.New(t.stderr, name, in.info.Size())
	}
}
