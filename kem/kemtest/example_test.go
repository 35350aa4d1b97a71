package kemtest_test

import (
	"encoding/hex"
	"fmt"

	"hybridkem/kem/kemtest"
	"hybridkem/xwing"
)

// The first known answer of draft-connolly-cfrg-xwing-kem.
func ExampleEncapsulate() {
	seed, err := hex.DecodeString("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
	if err != nil {
		panic(err)
	}
	random, err := hex.DecodeString( // m of ML-KEM, and the ephemeral scalar of X25519
		"3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2" +
			"35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2")
	if err != nil {
		panic(err)
	}

	dk, err := xwing.NewDecapsulationKey(seed)
	if err != nil {
		panic(err)
	}
	sharedKey, ciphertext, err := kemtest.Encapsulate(dk.PublicKey(), random)
	if err != nil {
		panic(err)
	}
	fmt.Printf("shared key %x\n", sharedKey)
	fmt.Printf("ciphertext %x… of %d bytes\n", ciphertext[:16], len(ciphertext))
	// Output:
	// shared key d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384
	// ciphertext b83aa828d4d62b9a83ceffe1d3d3bb1e… of 1120 bytes
}
