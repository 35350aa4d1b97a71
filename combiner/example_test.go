package combiner_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"fmt"

	"hybridkem/combiner"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A hybrid that no document defines. Its label begins with a name that nobody else
// uses. The rest names the parts, the framework and a version.
func ExampleCG() {
	k := combiner.CG("example.org/MLKEM768+P384/CG/v1", mlkem.KEM768(), combiner.P384())

	dk, err := k.GenerateKey()
	if err != nil {
		panic(err)
	}
	defer dk.Destroy()
	bobKey, ciphertext := dk.PublicKey().Encapsulate()
	aliceKey, err := dk.Decapsulate(ciphertext)
	if err != nil {
		panic(err)
	}
	fmt.Println(k.Name())
	fmt.Println(k.EncapsulationKeySize(), k.CiphertextSize(), bytes.Equal(aliceKey, bobKey))
	// Output:
	// example.org/MLKEM768+P384/CG/v1
	// 1281 1185 true
}

// An ML-KEM seed and an X25519 key from elsewhere become one key. It is stored as both, one after the other. The
// parts must not be used for anything else.
func Example_parts() {
	pq, err := mlkem.GenerateKey768()
	if err != nil {
		panic(err)
	}
	t, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	dk, err := combiner.NewPartsKey(xwing.KEM(), pq, t)
	if err != nil {
		panic(err)
	}
	defer dk.Destroy()
	pq.Destroy()
	stored := dk.Bytes()
	defer clear(stored)

	// Later, the key is read again.
	k, err := combiner.FromParts(xwing.KEM())
	if err != nil {
		panic(err)
	}
	again, err := k.NewDecapsulationKey(stored)
	if err != nil {
		panic(err)
	}
	defer again.Destroy()
	// Encapsulation keys are those of X-Wing.
	ek, err := xwing.NewEncapsulationKey(again.PublicKey().Bytes())
	if err != nil {
		panic(err)
	}
	bobKey, ciphertext := ek.Encapsulate()
	aliceKey, err := again.Decapsulate(ciphertext)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(stored), again.Equal(dk), bytes.Equal(aliceKey, bobKey))
	// Output: 96 true true
}

// A protocol that stores ML-KEM and X25519 keys separately can combine their secrets
// itself. It must not use the keys for anything else.
func ExampleC2PRI() {
	const label = "example.org/MLKEM768+X25519 stored apart/v1"

	// Alice has two keys.
	dkPQ, err := mlkem.GenerateKey768()
	if err != nil {
		panic(err)
	}
	defer dkPQ.Destroy()
	dkT, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	ekPQ, ekT := dkPQ.EncapsulationKey(), dkT.PublicKey()

	// Bob sends an ML-KEM ciphertext, and an ephemeral share as the ciphertext of X25519.
	ssPQ, ctPQ := ekPQ.Encapsulate()
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	ssT, err := ephemeral.ECDH(ekT)
	if err != nil {
		panic(err)
	}
	ctT := ephemeral.PublicKey().Bytes()
	bobKey := combiner.C2PRI(ssPQ, ssT, ctT, ekT.Bytes(), []byte(label))
	clear(ssPQ)
	clear(ssT)

	// Alice
	ssPQ, err = dkPQ.Decapsulate(ctPQ)
	if err != nil {
		panic(err)
	}
	share, err := ecdh.X25519().NewPublicKey(ctT)
	if err != nil {
		panic(err)
	}
	ssT, err = dkT.ECDH(share)
	if err != nil {
		panic(err)
	}
	aliceKey := combiner.C2PRI(ssPQ, ssT, ctT, ekT.Bytes(), []byte(label))
	clear(ssPQ)
	clear(ssT)

	fmt.Println(bytes.Equal(aliceKey, bobKey))
	// Output: true
}
