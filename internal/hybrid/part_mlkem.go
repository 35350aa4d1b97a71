package hybrid

import (
	"hybridkem/internal/fault"
	"hybridkem/internal/mlkem"
	"hybridkem/kem"
)

// The sizes that all parameter sets of ML-KEM share.
const (
	mlkemSeedSize      = 64 // d ‖ z
	mlkemSharedKeySize = 32
	mlkemRandomSize    = 32 // m
)

// The parts with ML-KEM. They call internal/mlkem without an interface.
var (
	MLKEM512  = mlkemPart("ML-KEM-512", &mlkem.MLKEM512)
	MLKEM768  = mlkemPart("ML-KEM-768", &mlkem.MLKEM768)
	MLKEM1024 = mlkemPart("ML-KEM-1024", &mlkem.MLKEM1024)
)

// mlkemPart returns the part of a parameter set, whose sizes it computes.
func mlkemPart(name string, p *mlkem.Params) Part {
	return Part{kind: kindMLKEM, name: name, params: p, size: Sizes{
		Seed: mlkemSeedSize, Private: mlkemSeedSize,
		EncapsulationKey: p.EncapsulationKeySize(), Ciphertext: p.CiphertextSize(),
		SharedKey: mlkemSharedKeySize, Random: mlkemRandomSize,
	}}
}

// errModulus is the error for a key that fails the modulus check of FIPS 203,
// section 7.2.
var errModulus = fault.New("", kem.ErrEncapsulationKey, "encapsulation key has an ML-KEM coefficient that is not below q")

// newMLKEM expands a key pair from seed. If the keys have no memory yet, as in
// the part T, it allocates some.
func (p *Part) newMLKEM(dk *privatePart, ek *publicPart, seed *[mlkemSeedSize]byte) {
	if dk.mlkem == nil {
		_, dk.mlkem, ek.mlkem = mlkem.NewKeyPair[struct{}](p.params)
	}
	dk.mlkem.Generate(seed)
}

// parseMLKEM parses an encapsulation key of the right size. It returns errModulus
// if a coefficient is not below q. If the key has no memory yet, as in the part
// T, it allocates some.
func (p *Part) parseMLKEM(ek *publicPart, b []byte) error {
	if ek.mlkem == nil {
		_, ek.mlkem = mlkem.NewEncapsulationKey[struct{}](p.params)
	}
	if !ek.mlkem.Parse(b) {
		return errModulus
	}
	return nil
}
