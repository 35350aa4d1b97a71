package hybridkem_test

import (
	"errors"
	"fmt"

	"hybridkem"
	"hybridkem/kem"
)

func ExampleByName() {
	k, err := hybridkem.ByName("mlkem768-x25519") // another name of X-Wing
	if err != nil {
		panic(err)
	}
	fmt.Println(k.Name(), k.EncapsulationKeySize(), k.CiphertextSize())

	_, err = hybridkem.ByName("Kyber768")
	fmt.Println(errors.Is(err, kem.ErrUnsupported))
	// Output:
	// X-Wing 1216 1120
	// true
}

// The KEMs whose shared keys can be used without the transcript of a protocol, and whose private keys are seeds.
func ExampleAll() {
	for _, k := range hybridkem.All() {
		if kem.NeedsTranscript(k) || kem.KeysFromParts(k) {
			continue // of TLS or SSH, or of X.509 or OpenPGP
		}
		fmt.Println(k.Name())
	}
	// Output:
	// X-Wing
	// ML-KEM-512
	// ML-KEM-768
	// ML-KEM-1024
	// MLKEM768-P256
	// MLKEM1024-P384
	// hybridkem/MLKEM512+X25519
	// hybridkem/MLKEM1024+X25519
}
