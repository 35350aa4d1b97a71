package kats

import (
	"crypto"
	"errors"
	"fmt"
	"slices"

	"hybridkem/internal/expanded"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/mlkem"
	"hybridkem/mlkem/mlkemtest"
)

// A set is a parameter set of ML-KEM. In JSON it is the set's name.
type set struct{ kem.KEM }

// UnmarshalText returns an error for an unknown name, so that such a vector never counts
// as a refused key.
func (s *set) UnmarshalText(name []byte) error {
	for _, k := range []kem.KEM{mlkem.KEM512(), mlkem.KEM768(), mlkem.KEM1024()} {
		if k.Name() == string(name) {
			s.KEM = k
			return nil
		}
	}
	return fmt.Errorf("unknown parameter set %q", name)
}

func (s set) newExpandedKey(b []byte) (expanded.Key, error) { return expanded.Parse(s.KEM, b) }

type keyGen struct {
	Set          set
	Seed, EK, DK vectors.Hex
}

// check cannot compare dk = ŝ ‖ ek ‖ H(ek) ‖ z byte for byte, since the module never
// writes an expanded key. Instead dk must parse, which requires the right H(ek), and it
// must match the key that the seed gives, which requires the rest.
func (v keyGen) check() error {
	seedKey, err := v.Set.NewDecapsulationKey(v.Seed)
	if err != nil {
		return err
	}
	expandedKey, err := v.Set.newExpandedKey(v.DK)
	if err != nil {
		return err
	}
	return errors.Join(
		match("ek", seedKey.Encapsulator().Bytes(), v.EK),
		verify("dk is not of this seed", expandedKey.Matches(seedKey)))
}

type encap struct {
	Set    set
	EK, M  vectors.Hex
	C, K   vectors.Hex `json:",omitempty"`
	Result verdict     `json:",omitempty"`
}

func (v encap) check() error {
	ek, err := v.Set.NewEncapsulationKey(v.EK)
	if v.Result == invalid {
		return refused("ek", err)
	}
	if err != nil {
		return err
	}
	return encapsulates(ek, v.M, v.K, v.C)
}

type decap struct {
	Set      set
	DK, C, K vectors.Hex
}

func (v decap) check() error {
	dk, err := v.Set.newExpandedKey(v.DK)
	if err != nil {
		return err
	}
	return decapsulates(dk, v.C, v.K)
}

type twoStep struct {
	Set          set
	M, Header    vectors.Hex
	Vector       vectors.Hex `json:"ek_vector"`
	CT1, CT2, SS vectors.Hex
	Origin       string
}

// check does both steps. It also encapsulates to the whole key, which must give the same.
func (v twoStep) check() error {
	var state interface {
		Finish(vector []byte) (part2 []byte, err error)
	}
	var sharedKey, part1 []byte
	var err error
	switch v.Set.KEM {
	case mlkem.KEM512():
		state, sharedKey, part1, err = mlkemtest.BeginEncapsulation512(v.Header, v.M)
	case mlkem.KEM768():
		state, sharedKey, part1, err = mlkemtest.BeginEncapsulation768(v.Header, v.M)
	case mlkem.KEM1024():
		state, sharedKey, part1, err = mlkemtest.BeginEncapsulation1024(v.Header, v.M)
	}
	if err != nil {
		return err
	}
	part2, err := state.Finish(v.Vector)
	if err != nil {
		return err
	}
	ek, err := v.Set.NewEncapsulationKey(slices.Concat(v.Vector, v.Header[:32]))
	if err != nil {
		return err
	}
	return errors.Join(
		match("part 1", part1, v.CT1), match("part 2", part2, v.CT2), match("the shared key", sharedKey, v.SS),
		encapsulates(ek, v.M, v.SS, slices.Concat(v.CT1, v.CT2)))
}

type unlucky struct {
	Set             set
	EK, DK, M, C, K vectors.Hex
}

func (v unlucky) check() error {
	return errors.Join(
		encap{Set: v.Set, EK: v.EK, M: v.M, C: v.C, K: v.K}.check(),
		decap{v.Set, v.DK, v.C, v.K}.check())
}

type ekCheck struct {
	Set    set
	EK     vectors.Hex
	Result verdict
}

func (v ekCheck) check() error {
	ek, err := v.Set.NewEncapsulationKey(v.EK)
	if v.Result == invalid {
		return refused("ek", err)
	}
	if err != nil {
		return err
	}
	return match("ek", ek.Bytes(), v.EK)
}

type dkCheck struct {
	Set    set
	DK     vectors.Hex
	Result verdict
}

func (v dkCheck) check() error {
	dk, err := v.Set.newExpandedKey(v.DK)
	if v.Result == invalid {
		return refused("dk", err)
	}
	if err != nil {
		return err
	}
	end := len(v.DK) - 64
	return match("ek", dk.Encapsulator().Bytes(), v.DK[end-v.Set.EncapsulationKeySize():end])
}

// mixedDecap holds what Wycheproof's two decapsulation files have in common. In both,
// some vectors have an invalid key and others an invalid ciphertext.
type mixedDecap struct {
	Set    set
	C      vectors.Hex
	EK, K  vectors.Hex `json:",omitempty"`
	Class  string
	Result verdict
}

func (v mixedDecap) with(dk crypto.Decapsulator, err error) error {
	if v.Result == invalid && v.Class != "c_length" {
		return refused("key", err)
	}
	if err != nil {
		return err
	}
	if err := match("ek", dk.Encapsulator().Bytes(), v.EK); err != nil {
		return err
	}
	if v.Result == invalid {
		_, err := dk.Decapsulate(v.C)
		return refused("c", err)
	}
	return decapsulates(dk, v.C, v.K)
}

type seedDecap struct {
	mixedDecap
	Seed vectors.Hex
}

func (v seedDecap) check() error { return v.with(v.Set.NewDecapsulationKey(v.Seed)) }

type expandedDecap struct {
	mixedDecap
	DK vectors.Hex
}

func (v expandedDecap) check() error {
	dk, err := v.Set.newExpandedKey(v.DK)
	return v.with(dk, err)
}

func encapsulates(ek kem.EncapsulationKey, random, sharedKey, ciphertext []byte) error {
	gotKey, gotCiphertext, err := kemtest.Encapsulate(ek, random)
	if err != nil {
		return err
	}
	return errors.Join(match("shared key", gotKey, sharedKey), match("ciphertext", gotCiphertext, ciphertext))
}

func decapsulates(dk crypto.Decapsulator, ciphertext, sharedKey []byte) error {
	got, err := dk.Decapsulate(ciphertext)
	if err != nil {
		return err
	}
	return match("decapsulated key", got, sharedKey)
}
