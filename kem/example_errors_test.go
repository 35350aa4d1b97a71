package kem_test

import (
	"errors"
	"fmt"

	"hybridkem/kem"
	"hybridkem/xwing"
)

// The text of an error is for people and may change. A program asks errors.Is.
func Example_errors() {
	_, err := xwing.NewEncapsulationKey(make([]byte, 1184))
	fmt.Println(err)
	fmt.Println(errors.Is(err, kem.ErrLength))

	dk, err := xwing.GenerateKey()
	if err != nil {
		panic(err)
	}
	_, ciphertext := dk.EncapsulationKey().Encapsulate()
	dk.Destroy()
	_, err = dk.Decapsulate(ciphertext)
	fmt.Println(err)
	fmt.Println(errors.Is(err, kem.ErrDestroyed))
	// Output:
	// xwing: encapsulation key has 1184 bytes, want 1216
	// true
	// xwing: the decapsulation key has been destroyed
	// true
}
