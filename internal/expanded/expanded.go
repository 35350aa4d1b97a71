// Package expanded reads expanded decapsulation keys of any parameter set of ML-KEM, for
// packages that treat all sets alike.
package expanded

import (
	"hybridkem/internal/fault"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A Key is an expanded key of package mlkem.
type Key struct {
	kem.Decapsulator
	// Matches reports whether it is that of a key from a seed, of the same KEM.
	Matches func(seedKey kem.DecapsulationKey) bool
}

var parsers = map[kem.KEM]func([]byte) (Key, error){
	mlkem.KEM512():  parser(mlkem.NewExpandedKey512, (*mlkem.ExpandedKey512).Matches),
	mlkem.KEM768():  parser(mlkem.NewExpandedKey768, (*mlkem.ExpandedKey768).Matches),
	mlkem.KEM1024(): parser(mlkem.NewExpandedKey1024, (*mlkem.ExpandedKey1024).Matches),
}

func parser[K kem.Decapsulator, D kem.DecapsulationKey](
	parse func([]byte) (K, error), matches func(K, D) bool,
) func([]byte) (Key, error) {
	return func(b []byte) (Key, error) {
		k, err := parse(b)
		if err != nil {
			return Key{}, err
		}
		return Key{k, func(seedKey kem.DecapsulationKey) bool { return matches(k, seedKey.(D)) }}, nil
	}
}

// Parse reads an expanded key of k, which must be one of ML-KEM.
func Parse(k kem.KEM, b []byte) (Key, error) {
	parse, ok := parsers[k]
	if !ok {
		return Key{}, fault.New("mlkem", kem.ErrUnsupported, "%s has no expanded keys", k.Name())
	}
	return parse(b)
}
