// Command traced runs operations between two functions that mark their beginning and end. Command
// bench runs it under an emulator of arm64, which logs each instruction. Its arguments are the set of
// internal/cpu to use, or "" for what the machine chooses; 504 bytes in hexadecimal, to sample from;
// and the names of operations.
//
// It prints the sets that it could use, those that are on, and then the name of each operation that
// it has run. An operation that needs a kernel is left out if there is none.
package main

import (
	stdsha3 "crypto/sha3"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"filippo.io/edwards25519"

	"hybridkem/internal/cpu"
	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

//go:noinline
func begin() {}

//go:noinline
func end() {}

func main() {
	// The log tells threads apart, and not goroutines.
	runtime.LockOSThread()
	set, names := os.Args[1], os.Args[3:]
	stream, err := hex.DecodeString(os.Args[2])
	if err != nil {
		panic(err)
	}
	fmt.Println("all", strings.Join(cpu.Sets(), " "))
	if set != "" {
		cpu.Use(set)
	}
	var on []string
	for _, s := range []struct {
		name string
		on   bool
	}{{"NEON", cpu.NEON}, {"Narrow", cpu.Narrow}, {"Rotating", cpu.Rotating}, {"SHA3", cpu.SHA3}} {
		if s.on {
			on = append(on, s.name)
		}
	}
	fmt.Println("on", strings.Join(on, " "))

	operations := kernels(stream)
	for _, k := range []kem.KEM{mlkem.KEM768(), xwing.KEM()} {
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, k.Name()+"/") }) {
			addKEM(operations, k)
		}
	}
	for _, name := range names {
		f, ok := operations[name]
		if !ok {
			continue
		}
		// The first time is not traced, since what is computed only once belongs to no operation.
		f()
		begin()
		f()
		end()
		fmt.Println(name)
	}
}

// kernels returns the operations on polynomials, states of Keccak and points.
func kernels(stream []byte) map[string]func() {
	var vector [3]ring.NTT
	var factors [3]ring.Factor
	for i := range vector {
		vector[i].SampleVartime(0, stream)
		factors[i].Set(&vector[i])
	}
	poly, transform := ring.Poly(vector[0]), vector[1]
	var product, sampled ring.NTT
	var factor ring.Factor

	var state [200]byte
	var states [25][4]uint64
	h, block := stdsha3.NewSHAKE128(), make([]byte, sha3.RateSHAKE128)
	h.Read(block)

	scalar, point := [32]byte(stream), [32]byte(stream[32:])
	var out [32]byte
	operations := map[string]func(){
		"kernels/NTT":                      func() { poly.NTT() },
		"kernels/InverseNTT":               func() { transform.InverseNTT() },
		"kernels/InnerProduct, k = 3":      func() { product.InnerProduct(vector[:], 1, factors[:]) },
		"kernels/Factor.Set":               func() { factor.Set(&vector[0]) },
		"kernels/SampleVartime, 504 bytes": func() { sampled.SampleVartime(0, stream) },
		"Keccak/crypto ×1":                 func() { h.Read(block) },
		"Keccak/crypto ×4": func() {
			for range 4 {
				h.Read(block)
			}
		},
		"X25519/variable base": func() { x25519.ScalarMult(&out, &scalar, &point) },
		"X25519/fixed base":    func() { x25519.ScalarBaseMult(&out, &scalar) },
		"X25519/edwards25519": func() {
			s, err := new(edwards25519.Scalar).SetBytesWithClamping(scalar[:])
			check(err)
			new(edwards25519.Point).ScalarBaseMult(s).BytesMontgomery()
		},
	}
	if sha3.Kernels() {
		operations["Keccak/permutation ×1"] = func() { sha3.Permute(&state) }
		operations["Keccak/permutation ×4"] = func() { sha3.Permute4(&states) }
	}
	return operations
}

// addKEM adds the operations of a KEM.
func addKEM(operations map[string]func(), k kem.KEM) {
	seed := make([]byte, k.SeedSize())
	dk, err := k.NewDecapsulationKey(seed)
	check(err)
	encoded := dk.PublicKey().Bytes()
	ek, err := k.NewEncapsulationKey(encoded)
	check(err)
	sharedKey, ciphertext := ek.Encapsulate()
	if again, err := dk.Decapsulate(ciphertext); err != nil || string(again) != string(sharedKey) {
		panic(k.Name() + " decapsulates something else")
	}
	operations[k.Name()+"/key generation"] = func() {
		_, err := k.NewDecapsulationKey(seed)
		check(err)
	}
	operations[k.Name()+"/parse + encapsulate"] = func() {
		ek, err := k.NewEncapsulationKey(encoded)
		check(err)
		ek.Encapsulate()
	}
	operations[k.Name()+"/encapsulate"] = func() { ek.Encapsulate() }
	operations[k.Name()+"/decapsulate"] = func() {
		_, err := dk.Decapsulate(ciphertext)
		check(err)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
