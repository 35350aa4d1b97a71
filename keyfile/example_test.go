package keyfile_test

import (
	"crypto/x509"
	"fmt"

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
