package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"hybridkem/batch"
	"hybridkem/kem"
)

// atOnce is the number of rows in a batch. Times of batches are for one row.
const atOnce = 8

// oursSingly names what a batch is compared with: the same, one after the other.
const oursSingly = "hybridkem, one by one"

// The operations of batches. They are compared with atOnce single operations.
const (
	keyGenerations    = keyGeneration + ", 8 at once"
	parseEncapsulates = parseEncapsulate + ", 8 at once"
	decapsulates      = decapsulate + ", 8 at once"
	variableBases     = variableBase + ", 8 at once"
)

var batchOperations = []string{keyGenerations, parseEncapsulates, decapsulates}

// compareBatch returns the operation of a batch and of atOnce single ones on inputs i, i + 1
// and so on.
func compareBatch(section, name string, together, single func(i int)) operation {
	return operation{section: section, name: name, parts: atOnce, contenders: []contender{
		goContender(ours, together),
		goContender(oursSingly, func(i int) {
			for j := range atOnce {
				single(i + j)
			}
		}),
	}}
}

// batchTable returns the operations of a KEM that batches do. All of them, also the single
// ones, write into memory that is used again and again.
func batchTable(k kem.KEM, seeds [][]byte) ([]operation, error) {
	pairs := make([]batch.KeyPair, atOnce)
	publics := make([]batch.PublicKey, atOnce)
	encapsulations := make([]batch.Encapsulation, atOnce)
	decapsulations := make([]batch.Decapsulation, atOnce)
	encoded := make([][]byte, inputs)
	for i, seed := range seeds {
		dk, err := k.NewDecapsulationKey(seed)
		if err != nil {
			return nil, err
		}
		encoded[i] = dk.PublicKey().Bytes()
	}
	dk, err := k.NewDecapsulationKey(seeds[0])
	if err != nil {
		return nil, err
	}
	want, ciphertext := dk.PublicKey().Encapsulate()
	for j := range atOnce {
		encapsulations[j].SharedKey, encapsulations[j].Ciphertext = make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
		decapsulations[j] = batch.Decapsulation{Key: dk, SharedKey: make([]byte, k.SharedKeySize()), Ciphertext: ciphertext}
	}
	parseEncapsulate8 := func(i int) {
		for j := range publics {
			publics[j].Bytes = encoded[(i+j)%inputs]
		}
		batch.Parse(k, publics)
		for j := range encapsulations {
			encapsulations[j].Key = publics[j].Key
		}
		batch.Encapsulate(encapsulations)
	}

	// What is timed is checked once.
	batch.Generate(k, pairs)
	parseEncapsulate8(0)
	batch.Decapsulate(decapsulations)
	for j := range atOnce {
		err := errors.Join(pairs[j].Err, publics[j].Err, encapsulations[j].Err, decapsulations[j].Err)
		if err != nil {
			return nil, fmt.Errorf("%s, %d at once: %w", k.Name(), atOnce, err)
		}
		other, err := k.NewDecapsulationKey(seeds[j])
		if err != nil {
			return nil, err
		}
		got, err := other.Decapsulate(encapsulations[j].Ciphertext)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(got, encapsulations[j].SharedKey) || !bytes.Equal(want, decapsulations[j].SharedKey) || kem.CheckKeyPair(pairs[j].Key) != nil {
			return nil, fmt.Errorf("%s, %d at once: %w", k.Name(), atOnce, errDisagrees)
		}
	}

	sharedKey, again := make([]byte, k.SharedKeySize()), slices.Clone(ciphertext)
	own, err := k.GenerateKey()
	if err != nil {
		return nil, err
	}
	ek, err := k.NewEncapsulationKey(encoded[0])
	if err != nil {
		return nil, err
	}
	regenerate, reset := own.(interface{ Regenerate() error }).Regenerate, ek.(resetter).Reset
	return []operation{
		compareBatch(k.Name(), keyGenerations, func(int) { batch.Generate(k, pairs) }, func(int) { regenerate() }),
		compareBatch(k.Name(), parseEncapsulates, parseEncapsulate8, func(i int) {
			reset(encoded[i%inputs])
			ek.EncapsulateTo(sharedKey, again)
		}),
		compareBatch(k.Name(), decapsulates, func(int) { batch.Decapsulate(decapsulations) }, func(int) { dk.DecapsulateTo(sharedKey, ciphertext) }),
	}, nil
}
