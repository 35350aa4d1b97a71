package main

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"hybridkem/internal/cpu"
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

const sectionKernel = "kernels"

// featureSets returns the names of the instruction sets that this module's kernels can
// use on this machine, the best first.
func featureSets() []string {
	sets := cpu.Sets()
	slices.Reverse(sets)
	return sets
}

// usual is the implementation in which whole operations are measured.
var usual = cpu.Chosen()

// withSet returns c, changed so that its samples run with the named feature set of this
// module.
func withSet(set string, c contender) contender {
	run := c.run
	c.implementation += " " + set
	c.run = func(n int) (time.Duration, error) {
		cpu.Use(set)
		defer cpu.Use(usual)
		return run(n)
	}
	return c
}

// kernelOperations returns the operations on the building blocks of KEMs, and those of package noise.
func kernelOperations() ([]operation, error) {
	curve, err := x25519Operations()
	if err != nil {
		return nil, err
	}
	sponge, err := keccakOperations()
	if err != nil {
		return nil, err
	}
	noise, err := noiseOperations()
	return slices.Concat(noise, curve, sponge, ringOperations()), err
}

// ringOperations returns this module's kernels that have no counterpart in the APIs of
// other libraries.
func ringOperations() []operation {
	var operations []operation
	index := make(map[string]int)
	for _, set := range featureSets() {
		for _, k := range ringKernels() {
			if _, ok := index[k.name]; !ok {
				index[k.name] = len(operations)
				operations = append(operations, operation{section: sectionKernel, name: k.name, parts: 1})
			}
			o := &operations[index[k.name]]
			o.contenders = append(o.contenders, withSet(set, goContender(ours, k.op)))
		}
	}
	return operations
}

// A kernel is a function under internal/.
type kernel struct {
	name string
	op   func(i int)
}

func ringKernels() []kernel {
	var streams [inputs][sha3.States * streamOutput]byte
	for i := range streams {
		shake128s(streams[i][:], append(make([]byte, streamInput-1), byte(i)))
	}
	var matrix [16]ring.NTT
	var factors [4]ring.Factor
	for i := range matrix {
		for n, j := 0, i; n < ring.N; j++ {
			n = matrix[i].SampleVartime(n, streams[j%inputs][:streamOutput])
		}
	}
	for i := range factors {
		factors[i].Set(&matrix[i])
	}

	var poly, other ring.Poly
	var transform, decoded, sampled, product ring.NTT
	var factor ring.Factor
	var encoded [ring.EncodedSize]byte
	matrix[0].Encode(&encoded)
	noise := streams[0][:]

	kernels := []kernel{
		// The transforms work in place, so these two include a copy of 512 bytes.
		{"NTT", func(int) { poly = ring.Poly(matrix[1]); poly.NTT() }},
		{"InverseNTT", func(int) { transform = matrix[1]; transform.InverseNTT() }},
		{"Factor.Set", func(int) { factor.Set(&matrix[0]) }},
	}
	for k := 2; k <= 4; k++ {
		kernels = append(kernels, kernel{fmt.Sprintf("InnerProduct, k = %d", k), func(int) { product.InnerProduct(matrix[:], k, factors[:k]) }})
	}
	for _, d := range []int{1, 4, 5, 10, 11} {
		b := make([]byte, 32*d)
		kernels = append(kernels,
			kernel{fmt.Sprintf("Compress, d = %d", d), func(int) { (*ring.Poly)(&matrix[0]).Compress(b, d) }},
			kernel{fmt.Sprintf("Decompress, d = %d", d), func(int) { other.Decompress(b, d) }})
	}
	var hash32 [32]byte
	var hash64 [64]byte
	var batch sha3.Batch
	key, random := make([]byte, 1184), make([]byte, 32)
	return append(kernels,
		kernel{"Encode", func(int) { matrix[0].Encode(&encoded) }},
		kernel{"Decode", func(int) { decoded.Decode(&encoded) }},
		kernel{"SampleVartime, 504 bytes", func(i int) { sampled.SampleVartime(0, streams[i%inputs][:streamOutput]) }},
		kernel{"SampleCBD, η = 2", func(int) { other.SampleCBD(noise[:128], 2) }},
		kernel{"SampleCBD, η = 3", func(int) { other.SampleCBD(noise[:192], 3) }},
		kernel{"SHA3-256 of 1184 bytes", func(int) { sha3.Sum256(&hash32, key) }},
		kernel{"SHA3-512 of 64 bytes", func(int) { batch.Sum512(&hash64, key[:64]) }},
		kernel{"crypto/rand, 32 bytes", func(int) { rand.Read(random) }},
	)
}
