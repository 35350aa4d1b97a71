package main

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"hybridkem"
	"hybridkem/internal/envelope"
	"hybridkem/internal/expanded"
	"hybridkem/kem"
	"hybridkem/keyfile"
)

// For some KEMs, no document defines a key file. Their keys are PEM blocks here, with the
// KEM's name before one of these labels. A block holds the seed, the private keys of the parts, or the encapsulation key.
const (
	privateLabel = " PRIVATE KEY"
	publicLabel  = " PUBLIC KEY"
)

func marshalPrivateKey(dk kem.DecapsulationKey) ([]byte, error) {
	file, err := keyfile.MarshalPrivateKeyPEM(dk)
	if errors.Is(err, errors.ErrUnsupported) {
		seed := dk.Bytes()
		defer clear(seed)
		return envelope.Encode(dk.KEM().Name()+privateLabel, seed), nil
	}
	return file, err
}

func marshalPublicKey(ek kem.EncapsulationKey) ([]byte, error) {
	file, err := keyfile.MarshalPublicKeyPEM(ek)
	if errors.Is(err, errors.ErrUnsupported) {
		return envelope.Encode(ek.KEM().Name()+publicLabel, ek.Bytes()), nil
	}
	return file, err
}

// A part is a key in a file, or something that has one. Other kinds than those of package envelope
// describe what kemtool does not use.
type part struct {
	kind  envelope.Kind
	bytes []byte  // DER, or the key itself if kem is set
	kem   kem.KEM // or nil
}

func isPrivate(k envelope.Kind) bool { return k == envelope.PrivateKey || k == envelope.EncryptedKey }
func isPublic(k envelope.Kind) bool {
	return k == envelope.PublicKey || k == envelope.Certificate || k == envelope.Request
}

// split returns the parts of a file, in memory of their own.
func split(file []byte) ([]part, error) {
	switch {
	case len(file) == 0:
		return nil, errors.New("the file is empty")
	case isUTF16(file):
		return nil, errUTF16
	case isSealed(file):
		return nil, errSealed
	case bytes.Contains(file, []byte("-----BEGIN ")):
		return splitPEM(file)
	case isAge(file):
		return splitAge(file)
	}
	if k := identify(file); k != "" {
		return []part{{k, bytes.Clone(file), nil}}, nil
	}
	return nil, describe(file)
}

var errUTF16 = errors.New("text in UTF-16, as PowerShell's > writes it; write files with -o, or save it as UTF-8")

// isUTF16 reports whether a file is text in UTF-16, with a byte order mark or with ASCII at its beginning.
func isUTF16(file []byte) bool {
	return bytes.HasPrefix(file, []byte("\xff\xfe")) || bytes.HasPrefix(file, []byte("\xfe\xff")) || asciiInUTF16.Match(file)
}

var asciiInUTF16 = regexp.MustCompile(`^(([^\x00]\x00){3}|(\x00[^\x00]){3})`)

// identify is envelope.Identify, but for files that may be a seed or a key from parts. One that has the length of such a
// key can also be the file of a shorter key.
func identify(file []byte) envelope.Kind {
	for _, k := range hybridkem.All() {
		if k.SeedSize() != len(file) {
			continue
		}
		if dk, err := k.NewDecapsulationKey(file); err == nil {
			dk.Destroy()
			if key, err := keyfile.ParseLegacyPrivateKey(file); err == nil {
				key.Destroy()
				break
			}
			return ""
		}
	}
	return envelope.Identify(file)
}

// A notKey describes a file that is known, and no key.
type notKey string

func (n notKey) Error() string { return string(n) }

func splitPEM(file []byte) ([]part, error) {
	blocks, err := envelope.Split(file)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, b := range blocks {
		p, err := blockPart(b)
		if err != nil {
			envelope.Clear(blocks)
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func blockPart(b envelope.Block) (part, error) {
	k, ok := envelope.Labels[b.Label]
	switch is := identify(b.Bytes); {
	case b.Headers && strings.HasSuffix(b.Label, "PRIVATE KEY"):
		return part{}, fmt.Errorf("the block %q has headers, as old encrypted keys have; openssl pkcs8 -topk8 converts them", b.Label)
	case b.Headers:
		return part{}, fmt.Errorf("the block %q has headers", b.Label)
	case ok && is != "" && is != k:
		hint := ""
		if isPrivate(is) {
			hint = "; take care of it as of a private key, and correct the label"
		}
		return part{}, fmt.Errorf("the block %q holds %s%s", b.Label, is, hint)
	case is == "" && (k == envelope.PrivateKey || k == envelope.PublicKey):
		return part{}, fmt.Errorf("the block %q: %v", b.Label, describe(b.Bytes))
	case ok:
		return part{k, b.Bytes, nil}, nil
	}
	for label, k := range map[string]envelope.Kind{privateLabel: envelope.PrivateKey, publicLabel: envelope.PublicKey} {
		if name, ok := strings.CutSuffix(b.Label, label); ok {
			if found, err := hybridkem.ByName(name); err == nil {
				return part{k, b.Bytes, found}, nil
			}
		}
	}
	return part{kind: envelope.Kind(fmt.Sprintf("a block %q", b.Label))}, nil
}

// list describes parts, a few kinds with their numbers.
func list(parts []part) string {
	counts := map[envelope.Kind]int{}
	for _, p := range parts {
		counts[p.kind]++
	}
	var texts []string
	for _, p := range parts {
		text := string(p.kind)
		if n := counts[p.kind]; n > 1 {
			text += fmt.Sprintf(" (%d times)", n)
		}
		if slices.Contains(texts, text) {
			continue
		}
		if len(texts) == 5 {
			texts = append(texts, "more")
			break
		}
		texts = append(texts, text)
	}
	if last := len(texts) - 1; last > 0 {
		return strings.Join(texts[:last], ", ") + " and " + texts[last]
	}
	return texts[0]
}

// A privateKey is a private key from a file.
type privateKey struct {
	kem.Decapsulator
	der []byte // PKCS #8, or nil
}

func (k privateKey) Destroy() {
	clear(k.der)
	k.Decapsulator.Destroy()
}

// readParts reads a file of keys. The caller wipes the parts.
func (t *tool) readParts(name, what string) (*input, []part, error) {
	in, file, err := t.read(name, what)
	if err != nil {
		return nil, nil, err
	}
	defer clear(file)
	parts, err := split(file)
	if err != nil {
		return nil, nil, in.wrap(err)
	}
	return in, parts, nil
}

func wipe(parts []part) {
	for _, p := range parts {
		clear(p.bytes)
	}
}

// readPrivate reads the private key of a file.
func (t *tool) readPrivate(name, passphraseFile string) (kem.Decapsulator, error) {
	in, parts, err := t.readParts(name, "the private key")
	if err != nil {
		return nil, err
	}
	defer wipe(parts)
	key, err := t.privateKey(in, parts, passphraseFile, false)
	if err != nil {
		return nil, in.wrap(err)
	}
	clear(key.der)
	return key.Decapsulator, nil
}

// privateKey returns the only private key among parts. With old, it also takes the forms that
// keyfile.ParseLegacyPrivateKey takes.
func (t *tool) privateKey(in *input, parts []part, passphraseFile string, old bool) (key privateKey, err error) {
	fit := only(parts, isPrivate)
	switch {
	case len(fit) == 0:
		return key, fmt.Errorf("holds %s, and no private key of a KEM", list(parts))
	case len(fit) > 1: // those of other algorithms do not count, as in package keyfile
		if fit = slices.DeleteFunc(fit, part.isForeign); len(fit) != 1 {
			return key, fmt.Errorf("holds %s; leave one private key in the file", list(parts))
		}
	}
	p := fit[0]
	if p.kind == envelope.PrivateKey {
		if in.info != nil && readable(in.info) {
			t.warn("%s: others can read this private key (mode %04o); chmod 600 helps", in.name, in.info.Mode().Perm())
		}
		return p.private(old)
	}
	scheme, err := parseEncrypted(p.bytes)
	if err != nil {
		return key, err
	}
	passphrase, err := t.passphrase(passphraseFile, in.name)
	if err != nil {
		return key, err
	}
	defer clear(passphrase)
	der, err := scheme.decrypt(passphrase)
	if err != nil {
		return key, err
	}
	if key, err = (part{kind: envelope.PrivateKey, bytes: der}).private(old); err != nil {
		clear(der)
	}
	return key, err
}

// only returns the parts whose kinds fit.
func only(parts []part, fits func(envelope.Kind) bool) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return !fits(p.kind) })
}

// isForeign reports whether a part is a private key of an algorithm that keyfile does not read.
func (p part) isForeign() bool {
	key, err := keyfile.ParseLegacyPrivateKey(p.bytes)
	if err == nil {
		key.Destroy()
	}
	return errors.Is(err, kem.ErrUnsupported)
}

// private returns the private key of a part that is not encrypted.
func (p part) private(old bool) (privateKey, error) {
	if p.kem != nil {
		dk, err := p.kem.NewDecapsulationKey(p.bytes)
		return privateKey{dk, nil}, library(err)
	}
	parse := keyfile.ParsePKCS8PrivateKey
	if old {
		parse = keyfile.ParseLegacyPrivateKey
	}
	dk, err := parse(p.bytes)
	return privateKey{dk, p.bytes}, library(err)
}

// readPublic reads the only public key of a file. If it is that of a certificate, readPublic
// says that the certificate was not checked.
func (t *tool) readPublic(name string) (kem.EncapsulationKey, error) {
	in, parts, err := t.readParts(name, "the public key")
	if err != nil {
		return nil, err
	}
	defer wipe(parts)
	return t.publicKey(in.name, parts)
}

// publicKey returns the key of the only part that has one of a KEM. The others may be, for
// example, certificates of authorities.
func (t *tool) publicKey(name string, parts []part) (key kem.EncapsulationKey, err error) {
	var notes []string
	var errs []error
	fit := only(parts, isPublic)
	if len(fit) == 0 {
		hint := ""
		if len(only(parts, isPrivate)) > 0 {
			hint = "; kemtool pub makes the public key of a private one"
		}
		return nil, fmt.Errorf("%s: holds %s, and no public key of a KEM%s", name, list(parts), hint)
	}
	for _, p := range fit {
		ek, n, err := p.public()
		switch {
		case err != nil:
			errs = append(errs, err)
		case key != nil && !key.Equal(ek):
			return nil, fmt.Errorf("%s: holds %s with different public keys; leave one in the file", name, list(parts))
		default:
			key, notes = ek, n
		}
	}
	if key == nil {
		return nil, fmt.Errorf("%s: %w", name, errs[0])
	}
	for _, n := range notes {
		t.warn("%s: %s", name, n)
	}
	return key, nil
}

// public returns the public key of a part, and what a user of the key should know.
func (p part) public() (ek kem.EncapsulationKey, notes []string, err error) {
	der := p.bytes
	switch {
	case p.kem != nil:
		ek, err = p.kem.NewEncapsulationKey(p.bytes)
		return ek, nil, library(err)
	case p.kind == envelope.Certificate:
		c, err := x509.ParseCertificate(p.bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("not a valid certificate: %w", err)
		}
		der = c.RawSubjectPublicKeyInfo
		notes = append(notes, fmt.Sprintf("the certificate of %q was not checked, neither its issuer nor its use", c.Subject))
		if now := time.Now(); now.After(c.NotAfter) {
			notes = append(notes, "the certificate expired on "+c.NotAfter.Format(time.DateOnly))
		} else if now.Before(c.NotBefore) {
			notes = append(notes, "the certificate is not valid before "+c.NotBefore.Format(time.DateOnly))
		}
	case p.kind == envelope.Request:
		r, err := x509.ParseCertificateRequest(p.bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("not a valid certificate request: %w", err)
		}
		der = r.RawSubjectPublicKeyInfo
		notes = append(notes, fmt.Sprintf("the certificate request of %q was not checked", r.Subject))
	}
	ek, err = keyfile.ParsePKIXPublicKey(der)
	return ek, notes, library(err)
}

// expandedForm returns a private key whose seed is unknown in the form of RFC 9935, PKCS #8.
func expandedForm(key privateKey) ([]byte, error) {
	ek := key.PublicKey()
	spki, err := keyfile.MarshalPKIXPublicKey(ek)
	if err != nil {
		return nil, err
	}
	var info, algorithm cryptobyte.String
	s := cryptobyte.String(spki)
	if !s.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		return nil, errors.New("a public key without an algorithm")
	}
	// An expanded key is ŝ, the encapsulation key, its hash and z.
	encoded := ek.Bytes()
	start := bytes.Index(key.der, encoded) - (len(encoded) - 32)
	end := start + 2*len(encoded) + 32
	if start < 0 || end > len(key.der) {
		return nil, errors.New("the expanded key is not in the file")
	}
	check, err := expanded.Parse(ek.KEM(), key.der[start:end])
	if err != nil {
		return nil, err
	}
	check.Destroy()
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(algorithm)
		b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(key.der[start:end]) })
	})
	return b.Bytes()
}

// describe describes a file that is no key by its length: as a notKey, if this is the length of
// something of a KEM.
func describe(file []byte) error {
	var texts []string
	var element cryptobyte.String
	s := cryptobyte.String(file)
	for _, length := range []struct {
		what string
		of   func(kem.KEM) int
	}{
		{"a ciphertext", kem.KEM.CiphertextSize},
		{"a raw encapsulation key", kem.KEM.EncapsulationKeySize},
		{"a shared key", kem.KEM.SharedKeySize},
		{"a seed", func(k kem.KEM) int { return privateKeySize(k, false) }},
		{"a raw private key", func(k kem.KEM) int { return privateKeySize(k, true) }},
	} {
		if names := namesWith(length.of, len(file)); names != "" {
			texts = append(texts, fmt.Sprintf("%s of %s", length.what, names))
		}
	}
	switch {
	case texts != nil:
		return notKey(fmt.Sprintf("no key file, but %d bytes, the length of %s", len(file), strings.Join(texts, "; or of ")))
	case utf8.Valid(file): // text that begins with a zero begins like DER
	case s.ReadASN1Element(&element, asn1.SEQUENCE) && s.Empty():
		return errors.New("a file in DER, but none that kemtool knows")
	case element != nil:
		what := cmp.Or(envelope.Identify(element), "a file in DER")
		return fmt.Errorf("%s, with trailing data: its length is %d bytes, and the file has %d", what, len(element), len(file))
	case file[0] == 0x30:
		return fmt.Errorf("%d bytes that begin like a key in DER, and are damaged or cut short", len(file))
	}
	return fmt.Errorf("neither a key in PEM or DER nor one of age, and nothing of a KEM has its length, %d bytes", len(file))
}

// privateKeySize returns the size of a seed, or of a private key from parts, and 0 if k has no such keys.
func privateKeySize(k kem.KEM, fromParts bool) int {
	if kem.KeysFromParts(k) != fromParts {
		return 0
	}
	return k.SeedSize()
}

// namesWith returns the names of the KEMs with a length, or of the first of them.
func namesWith(of func(kem.KEM) int, length int) string {
	var names []string
	for _, k := range hybridkem.All() {
		if of(k) == length {
			names = append(names, k.Name())
		}
	}
	if n := len(names); n > 4 {
		names = append(names[:3], fmt.Sprintf("%d more KEMs", n-3))
	}
	return strings.Join(names, ", ")
}
