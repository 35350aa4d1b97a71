package main

import (
	"errors"

	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/kem"
	"hybridkem/xwing"
)

// fromSeeds names what keys from parts are compared with: keys from seeds, with the same parts.
const fromSeeds = "hybridkem, keys from seeds"

// partsTable returns the operations of keys from parts. Generated keys are random, so that both forms draw their
// own seeds.
func partsTable() ([]operation, error) {
	var table []operation
	for _, x := range []struct{ seeds, parts kem.KEM }{
		{xwing.KEM(), composite.MLKEM768X25519SHA3256()},
		{combiner.MLKEM768P256(), composite.MLKEM768ECDHP256SHA3256()},
	} {
		fromSeed, err1 := x.seeds.GenerateKey()
		fromParts, err2 := x.parts.GenerateKey()
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		seed, stored := fromSeed.Bytes(), fromParts.Bytes()
		_, ciphertext := fromSeed.PublicKey().Encapsulate()
		_, ciphertextOfParts := fromParts.PublicKey().Encapsulate()
		compare := func(name string, parts, seeds func(int)) {
			table = append(table, operation{section: x.parts.Name(), name: name, parts: 1, contenders: []contender{
				goContender(ours, parts), goContender(fromSeeds, seeds),
			}})
		}
		compare(keyGeneration, func(int) { x.parts.GenerateKey() }, func(int) { x.seeds.GenerateKey() })
		compare("key from its bytes", func(int) { x.parts.NewDecapsulationKey(stored) }, func(int) { x.seeds.NewDecapsulationKey(seed) })
		compare(decapsulate, func(int) { fromParts.Decapsulate(ciphertextOfParts) }, func(int) { fromSeed.Decapsulate(ciphertext) })
	}
	return table, nil
}
