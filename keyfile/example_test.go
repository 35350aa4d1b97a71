package keyfile_test

import (
	"bytes"
	stdmlkem "crypto/mlkem"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	"hybridkem/combiner/composite"
	"hybridkem/kats/vectors"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

func Example() {
	dk, err := xwing.GenerateKey()
	if err != nil {
		panic(err)
	}
	private, err := keyfile.MarshalPrivateKeyPEM(dk)
	if err != nil {
		panic(err)
	}
	public, err := keyfile.MarshalPublicKeyPEM(dk.EncapsulationKey())
	if err != nil {
		panic(err)
	}

	// Later, read the keys from the files. They could be keys of other KEMs.
	key, err := keyfile.ParsePrivateKeyPEM(private)
	if err != nil {
		panic(err)
	}
	pub, err := keyfile.ParsePublicKeyPEM(public)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%T %v\n", key, dk.Equal(key))
	fmt.Printf("%T %v\n", pub, dk.EncapsulationKey().Equal(pub))
	// Output:
	// *xwing.DecapsulationKey true
	// *xwing.EncapsulationKey true
}

// The draft of the composite KEMs allows to use a key of X-Wing as one of MLKEM768-X25519-SHA3-256.
func ExampleParsePKCS8PrivateKey_composite() {
	dk, err := xwing.GenerateKey()
	if err != nil {
		panic(err)
	}
	file, err := keyfile.MarshalPKCS8PrivateKey(dk)
	if err != nil {
		panic(err)
	}

	// Somebody encapsulates to the composite key.
	key, err := keyfile.ParsePKCS8PrivateKey(file)
	if err != nil {
		panic(err)
	}
	converted, err := composite.FromXWing(key.(*xwing.DecapsulationKey))
	if err != nil {
		panic(err)
	}
	file, err = keyfile.MarshalPKCS8PrivateKey(converted)
	if err != nil {
		panic(err)
	}
	key, err = keyfile.ParsePKCS8PrivateKey(file)
	if err != nil {
		panic(err)
	}
	sharedKey, ciphertext := converted.PublicKey().Encapsulate()
	again, err := key.Decapsulate(ciphertext)
	fmt.Println(key.KEM().Name(), bytes.Equal(sharedKey, again), err)
	// Output: MLKEM768-X25519-SHA3-256 true <nil>
}

// example is a certificate of RFC 9935.
var example = func() []byte {
	type file struct {
		Set, Kind string
		DER       vectors.Hex
	}
	files, err := vectors.Read[file]("keyformat_mlkem.jsonl", 19)
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		if f.Set == "ML-KEM-768" && f.Kind == "certificate" {
			return f.DER
		}
	}
	panic("it is missing")
}()

// Package x509 returns the SubjectPublicKeyInfo of a certificate unparsed. This example
// does not check whether the certificate can be trusted.
func ExampleParsePKIXPublicKey_certificate() {
	certificate, err := x509.ParseCertificate(example) // of ML-KEM-768, from RFC 9935
	if err != nil {
		panic(err)
	}
	pub, err := keyfile.ParsePKIXPublicKey(certificate.RawSubjectPublicKeyInfo)
	if err != nil {
		panic(err)
	}
	ek, ok := pub.(*mlkem.EncapsulationKey768)
	if !ok {
		panic("not a key of ML-KEM-768")
	}
	sharedKey, ciphertext := ek.Encapsulate()
	fmt.Println(certificate.Issuer, len(sharedKey), len(ciphertext))
	// Output: CN=LAMPS WG,O=IETF 32 1088
}

// The key is one of crypto/mlkem, whose own encoding is the seed.
func ExampleMarshalPrivateKeyPEM_standardLibrary() {
	dk, err := stdmlkem.GenerateKey768()
	if err != nil {
		panic(err)
	}
	file, err := keyfile.MarshalPrivateKeyPEM(dk)
	if err != nil {
		panic(err)
	}
	key, err := keyfile.ParsePrivateKeyPEM(file)
	if err != nil {
		panic(err)
	}
	again, err := stdmlkem.NewDecapsulationKey768(key.(*mlkem.DecapsulationKey768).Bytes())
	if err != nil {
		panic(err)
	}
	fmt.Println(bytes.Equal(again.EncapsulationKey().Bytes(), dk.EncapsulationKey().Bytes()))
	// Output: true
}

// The file was written by Botan 3.13, in a form from before RFC 9935.
func ExampleParseLegacyPrivateKey() {
	file, err := os.ReadFile("testdata/keys/botan-3.13-768.pem")
	if err != nil {
		panic(err)
	}
	_, err = keyfile.ParsePrivateKeyPEM(file)
	fmt.Println(err)

	block, _ := pem.Decode(file)
	if block == nil {
		panic("no PEM block")
	}
	dk, err := keyfile.ParseLegacyPrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	converted, err := keyfile.MarshalPrivateKeyPEM(dk)
	if err != nil {
		panic(err)
	}
	key, err := keyfile.ParsePrivateKeyPEM(converted)
	fmt.Println(key, err)
	// Output:
	// keyfile: the private key has a form from before RFC 9935, a bare seed: ParseLegacyPrivateKey and "kemtool convert" read it
	// mlkem.DecapsulationKey768(ML-KEM-768) <nil>
}

// The kid of a JWK is often its thumbprint, which RFC 7638 defines.
func ExampleMarshalPrivateJWK() {
	dk, err := xwing.GenerateKey()
	if err != nil {
		panic(err)
	}
	const alg = "HPKE-9"
	hashed, err := keyfile.MarshalPublicJWK(dk.EncapsulationKey(), alg, "")
	if err != nil {
		panic(err)
	}
	thumbprint := sha256.Sum256(hashed)
	kid := base64.RawURLEncoding.EncodeToString(thumbprint[:])

	private, err := keyfile.MarshalPrivateJWK(dk, alg, kid)
	if err != nil {
		panic(err)
	}
	public, err := keyfile.MarshalPublicJWK(dk.EncapsulationKey(), alg, kid)
	if err != nil {
		panic(err)
	}
	set, err := json.Marshal(map[string][]json.RawMessage{"keys": {public}}) // for others
	if err != nil {
		panic(err)
	}

	key, alg1, kid1, err := keyfile.ParsePrivateJWK(private)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%T %v %s %v\n", key, dk.Equal(key), alg1, kid1 == kid)
	fmt.Printf("%.24s\n", set)
	// Output:
	// *xwing.DecapsulationKey true HPKE-9 true
	// {"keys":[{"alg":"HPKE-9"
}
