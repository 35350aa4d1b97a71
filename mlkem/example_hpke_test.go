package mlkem_test

import (
	"crypto"
	"crypto/hpke"
	stdmlkem "crypto/mlkem"
	"fmt"

	"hybridkem/mlkem"
)

// An hpkeKey is a decapsulation key for crypto/hpke. The type of its encapsulation key
// comes from crypto/mlkem.
type hpkeKey struct{ *mlkem.DecapsulationKey768 }

func (k hpkeKey) Encapsulator() crypto.Encapsulator {
	ek, err := stdmlkem.NewEncapsulationKey768(k.EncapsulationKey().Bytes())
	if err != nil {
		panic(err) // It is the key of a key pair, and valid.
	}
	return ek
}

// Package crypto/hpke opens messages with a key of this package.
func Example_hpke() {
	dk, err := mlkem.GenerateKey768()
	if err != nil {
		panic(err)
	}
	defer dk.Destroy()
	private, err := hpke.NewMLKEMPrivateKey(hpkeKey{dk})
	if err != nil {
		panic(err)
	}

	// The sender has the encoded encapsulation key.
	public, err := hpke.MLKEM768().NewPublicKey(dk.EncapsulationKey().Bytes())
	if err != nil {
		panic(err)
	}
	info := []byte("example.org/mail v1")
	sealed, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, []byte("Meet me at noon."))
	if err != nil {
		panic(err)
	}

	message, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, sealed)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", message)
	// Output: Meet me at noon.
}
