package keyfile

import (
	"bytes"
	"cmp"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hybridkem/combiner"
	"hybridkem/internal/fault"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// integrated has the algorithms of draft-ietf-jose-hpke-pq-pqt, section 3, that encrypt the plaintext
// itself. For each there is one that encrypts a content key, with -KE behind the name.
var integrated = []struct {
	name string
	kem  kem.KEM
}{
	{"HPKE-8", combiner.MLKEM768P256()},
	{"HPKE-9", xwing.KEM()},
	{"HPKE-10", combiner.MLKEM1024P384()},
	{"HPKE-12", mlkem.KEM768()},
	{"HPKE-13", mlkem.KEM1024()},
}

// kemOf returns the KEM of a JWK's algorithm, or kem.ErrUnsupported.
func kemOf(alg string) (kem.KEM, error) {
	name := strings.TrimSuffix(alg, "-KE")
	for _, a := range integrated {
		if a.name == name {
			return a.kem, nil
		}
	}
	return nil, fault.New(pkg, kem.ErrUnsupported, "the algorithm of the JWK is %s, which is not HPKE-8, -9, -10, -12 or -13, with or without -KE", short(alg))
}

// hasAlgorithm reports whether an algorithm is for keys of k.
func hasAlgorithm(k kem.KEM) bool {
	for _, a := range integrated {
		if a.kem == k {
			return true
		}
	}
	return false
}

// MarshalPrivateJWK returns a decapsulation key as a JSON Web Key: kty AKP (RFC 9964, section 3), with the
// seed as priv and the encapsulation key as pub. alg is an algorithm of draft-ietf-jose-hpke-pq-pqt, and the
// key must be one of its KEM:
//
//   - HPKE-8 and HPKE-8-KE: MLKEM768-P256;
//   - HPKE-9 and HPKE-9-KE: X-Wing, which the draft calls MLKEM768-X25519;
//   - HPKE-10 and HPKE-10-KE: MLKEM1024-P384;
//   - HPKE-12 and HPKE-12-KE: ML-KEM-768, also a key of crypto/mlkem;
//   - HPKE-13 and HPKE-13-KE: ML-KEM-1024, also a key of crypto/mlkem.
//
// A key should be used with one algorithm only. kid is the key's name, for the member of the same name. If
// it is empty, there is no such member. It must be valid UTF-8.
//
// The members are in alphabetical order, without spaces. The result is one JSON value, so it can be an
// element of a JWK Set, as a [json.RawMessage].
//
// The error wraps [kem.ErrUnsupported] for another algorithm, an expanded key, or a key that no algorithm
// is for. It wraps [kem.ErrOtherKEM] for a key that another algorithm is for, [kem.ErrDestroyed]
// for a key that has been destroyed, [kem.ErrNoKey] for nil and zero values, and [kem.ErrKeyFile] for a wrong
// kid.
//
// MarshalPrivateJWK uses encoding/base64, which looks up bytes of the key in a table. So its time may depend
// on the key.
func MarshalPrivateJWK(key any, alg, kid string) ([]byte, error) {
	k, seed, err := seedOf(key)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	_, ek, err := encodingOf(key.(crypto.Decapsulator).Encapsulator())
	if err != nil {
		return nil, err
	}
	return marshalJWK(k, alg, kid, seed, ek)
}

// MarshalPublicJWK is [MarshalPrivateJWK] for an encapsulation key. Its result has no priv.
//
// Without a kid, its result is what RFC 7638 hashes: the thumbprint of the key and of its private key
// is the SHA-256 of the result. It often serves as the kid, in base64url.
func MarshalPublicJWK(pub any, alg, kid string) ([]byte, error) {
	k, ek, err := encodingOf(pub)
	if err != nil {
		return nil, err
	}
	return marshalJWK(k, alg, kid, nil, ek)
}

// marshalJWK returns a JWK of a key of k. It is public if seed is nil.
func marshalJWK(k kem.KEM, alg, kid string, seed, ek []byte) ([]byte, error) {
	want, err := kemOf(alg)
	switch {
	case err != nil:
		return nil, err
	case !hasAlgorithm(k):
		return nil, fault.New(pkg, kem.ErrUnsupported, "no JWK for keys of %s", k.Name())
	case k != want:
		return nil, fault.New(pkg, kem.ErrOtherKEM, "%s is for keys of %s, not of %s", alg, want.Name(), k.Name())
	case !utf8.ValidString(kid):
		return nil, fault.New(pkg, kem.ErrKeyFile, "the kid is not valid UTF-8")
	}
	head := `{"alg":"` + alg + `"`
	if kid != "" {
		text, _ := json.Marshal(kid) // A string gives no error.
		head += `,"kid":` + string(text)
	}
	// The last number is for the rest. A slice that grows would leave a copy of the seed.
	b := make([]byte, 0, len(head)+base64url.EncodedLen(len(seed))+base64url.EncodedLen(len(ek))+40)
	b = append(b, head+`,"kty":"AKP"`...)
	if seed != nil {
		b = append(b, `,"priv":"`...)
		b = base64url.AppendEncode(b, seed)
		b = append(b, '"')
	}
	b = append(b, `,"pub":"`...)
	b = base64url.AppendEncode(b, ek)
	b = append(b, `"}`...)
	return exact(b), nil
}

// base64url refuses padding and unused bits.
var base64url = base64.RawURLEncoding.Strict()

// ParsePrivateJWK reads a decapsulation key from a JSON Web Key of kty AKP, and returns its alg and its
// kid. The key is of the KEM that [MarshalPrivateJWK] lists for alg: a *mlkem.DecapsulationKey768,
// *mlkem.DecapsulationKey1024, *xwing.DecapsulationKey or a key of package combiner. The kid is empty if
// there is none.
//
// alg, kty, priv and pub must be there, and pub must belong to priv. kid is optional, and so are use, which
// must be "enc", and key_ops, which must not contain "sign" or "verify". Other members are ignored. No
// member may be there twice. Names are compared exactly, as RFC 7517 demands: "Alg" is not "alg". priv and
// pub must be base64url without padding, and without escapes.
//
// The error wraps [kem.ErrUnsupported] for another kty or alg, so that a reader of a JWK Set can skip such
// keys. It wraps [kem.ErrLength] for a priv or a pub that does not have the length of alg's KEM,
// [kem.ErrKeyPair] if pub does not belong to priv, [kem.ErrSeed] for a seed without a key, [kem.ErrFIPS]
// with GODEBUG=fips140=only, and else [kem.ErrKeyFile]: the JSON is malformed, or a member is missing or
// wrong, or the JWK is a public key.
//
// What is said of the time of MarshalPrivateJWK holds here too. If the JSON is malformed, a copy of the key
// may stay in memory.
func ParsePrivateJWK(jwk []byte) (key kem.DecapsulationKey, alg, kid string, err error) {
	j, err := splitJWK(jwk)
	if err != nil {
		return nil, "", "", err
	}
	if key, err = j.privateKey(); err != nil {
		return nil, "", "", err
	}
	return key, j.alg, j.kid, nil
}

// ParsePublicJWK is [ParsePrivateJWK] for an encapsulation key. A JWK with a priv is a private key, and is
// refused. The error is that of the key's package if pub is not a key.
func ParsePublicJWK(jwk []byte) (key kem.EncapsulationKey, alg, kid string, err error) {
	j, err := splitJWK(jwk)
	if err != nil {
		return nil, "", "", err
	}
	if key, err = j.publicKey(); err != nil {
		return nil, "", "", err
	}
	return key, j.alg, j.kid, nil
}

// A jwk is a JWK of kty AKP whose algorithm is known.
type jwk struct {
	kem      kem.KEM
	alg, kid string
	object
}

// splitJWK splits a JWK. It checks all but the keys.
func splitJWK(file []byte) (*jwk, error) {
	members, err := parseObject(file)
	if err != nil {
		return nil, err
	}
	j := &jwk{object: members}
	kty, err1 := j.text("kty")
	use, err2 := j.text("use")
	alg, err3 := j.text("alg")
	kid, err4 := j.text("kid")
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	switch {
	case kty == "":
		return nil, fault.New(pkg, kem.ErrKeyFile, "the JWK has no kty")
	case kty != "AKP":
		return nil, fault.New(pkg, kem.ErrUnsupported, "the kty of the JWK is %s, not AKP", short(kty))
	case alg == "":
		return nil, fault.New(pkg, kem.ErrKeyFile, "the JWK has no alg")
	}
	j.alg, j.kid = alg, kid
	if j.kem, err = kemOf(alg); err != nil {
		return nil, err
	}
	if _, ok := j.object["use"]; ok && use != "enc" {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the use of the JWK is %s, not enc", short(use))
	}
	return j, j.checkOperations()
}

// checkOperations checks key_ops, if it is there.
func (j *jwk) checkOperations() error {
	value, ok := j.object["key_ops"]
	if !ok {
		return nil
	}
	var operations []*string
	if json.Unmarshal(value, &operations) != nil || operations == nil || slices.Contains(operations, nil) {
		return fault.New(pkg, kem.ErrKeyFile, "key_ops is not an array of strings")
	}
	for _, operation := range operations {
		if *operation == "sign" || *operation == "verify" {
			return fault.New(pkg, kem.ErrKeyFile, "key_ops has %s, and the key is for encryption", *operation)
		}
	}
	return nil
}

func (j *jwk) privateKey() (kem.DecapsulationKey, error) {
	if _, ok := j.object["priv"]; !ok {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the JWK has no priv, and is a public key: ParsePublicJWK reads it")
	}
	seed, err := j.bytes("priv")
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	pub, err := j.bytes("pub")
	if err != nil {
		return nil, err
	}
	if want := j.kem.EncapsulationKeySize(); len(pub) != want {
		return nil, fault.Length(pkg, "encapsulation key", pub, want, "")
	}
	dk, err := j.kem.NewDecapsulationKey(seed)
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	if !bytes.Equal(pub, dk.PublicKey().Bytes()) {
		dk.Destroy()
		return nil, fault.New(pkg, kem.ErrKeyPair, "pub does not belong to priv")
	}
	return dk, nil
}

func (j *jwk) publicKey() (kem.EncapsulationKey, error) {
	if _, ok := j.object["priv"]; ok {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the JWK has a priv, and is a private key: ParsePrivateJWK reads it")
	}
	pub, err := j.bytes("pub")
	if err != nil {
		return nil, err
	}
	ek, err := j.kem.NewEncapsulationKey(pub)
	if err != nil {
		return nil, fault.In(pkg, err)
	}
	return ek, nil
}

// An object is a JSON object. The values are parts of the file.
type object map[string][]byte

const space = " \t\r\n" // of JSON

// parseObject splits a file that is one JSON object. encoding/json alone would take the last of several
// members of one name, ignore the case of names, and copy the key.
func parseObject(file []byte) (object, error) {
	rest := bytes.Trim(file, space)
	if !bytes.HasPrefix(rest, []byte("{")) {
		if k := identify(file); k != unknown {
			return nil, k.fault("a JWK")
		}
	}
	if !bytes.HasPrefix(rest, []byte("{")) || !json.Valid(file) || !utf8.Valid(file) {
		return nil, fault.New(pkg, kem.ErrKeyFile, "the file of %d bytes is not one JSON object: it is cut or damaged, or data follows", len(file))
	}
	members := object{}
	for rest = bytes.Trim(rest[1:len(rest)-1], space); len(rest) > 0; {
		var member []byte
		member, rest = cutJSON(rest, ',')
		quoted, value := cutJSON(member, ':')
		var name string
		if err := json.Unmarshal(quoted, &name); err != nil {
			return nil, fault.New(pkg, kem.ErrKeyFile, "a name of a member is damaged")
		}
		if _, ok := members[name]; ok {
			return nil, fault.New(pkg, kem.ErrKeyFile, "the JWK has the member %s twice", short(name))
		}
		members[name] = bytes.Trim(value, space)
	}
	return members, nil
}

// cutJSON cuts a part of valid JSON at the first separator that is outside strings, arrays and objects.
func cutJSON(b []byte, separator byte) (before, after []byte) {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == separator && depth == 0:
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// text returns a member that is a string. It is empty if there is no such member.
func (o object) text(name string) (string, error) {
	value, ok := o[name]
	if !ok {
		return "", nil
	}
	var text *string
	if err := json.Unmarshal(value, &text); err != nil || text == nil {
		return "", fault.New(pkg, kem.ErrKeyFile, "%s is not a string", name)
	}
	return *text, nil
}

// bytes returns a member that is a string in base64url. Since it may be secret, it makes no string of it.
func (o object) bytes(name string) ([]byte, error) {
	value := o[name]
	if !bytes.HasPrefix(value, []byte(`"`)) {
		return nil, fault.New(pkg, kem.ErrKeyFile, "%s is missing, or is not a string", name)
	}
	text := value[1 : len(value)-1]
	b := make([]byte, base64url.DecodedLen(len(text)))
	if _, err := base64url.Decode(b, text); err != nil {
		clear(b)
		return nil, fault.New(pkg, kem.ErrKeyFile, "%s is not base64url without padding", name)
	}
	return b, nil
}

// short quotes a text for an error. A long one, which could be a key in the wrong place, is only described.
func short(s string) string {
	if len(s) > 20 {
		return fmt.Sprintf("a text of %d bytes", len(s))
	}
	return strconv.Quote(s)
}
