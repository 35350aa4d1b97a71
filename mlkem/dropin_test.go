package mlkem_test

import (
	"bytes"
	"crypto"
	stdmlkem "crypto/mlkem"
	stdmlkemtest "crypto/mlkem/mlkemtest"
	"errors"
	"fmt"
	"slices"
	"testing"

	"hybridkem/mlkem"
	"hybridkem/mlkem/mlkemtest"
)

// A decapsulationKey has the methods of crypto/mlkem's decapsulation keys.
type decapsulationKey[E encapsulationKey] interface {
	crypto.Decapsulator
	Bytes() []byte
	EncapsulationKey() E
}

type encapsulationKey interface {
	crypto.Encapsulator
}

// A behaviour does one thing with a package. It returns the results and whether there was an error.
type behaviour func(seed, random []byte) (results [][]byte, err error)

// behaviours returns things that programs written for crypto/mlkem do. D and E are the types of the
// keys, not of pointers to them, so that a behaviour can copy a key.
func behaviours[D, E any, DK interface {
	*D
	decapsulationKey[EK]
}, EK interface {
	*E
	encapsulationKey
}](
	generate func() (DK, error), newDK func([]byte) (DK, error), newEK func([]byte) (EK, error),
	derandomized func(EK, []byte) ([]byte, []byte, error),
) map[string]behaviour {
	with := func(use func(dk DK, sharedKey, ciphertext []byte) ([][]byte, error)) behaviour {
		return func(seed, random []byte) ([][]byte, error) {
			dk, err := newDK(seed)
			if err != nil {
				return nil, err
			}
			sharedKey, ciphertext, err := derandomized(dk.EncapsulationKey(), random)
			if err != nil {
				return nil, err
			}
			return use(dk, sharedKey, ciphertext)
		}
	}
	lengths := func(wrong func(n int) error, around int) behaviour {
		return func(_, _ []byte) (results [][]byte, err error) {
			var refused []byte
			for _, n := range []int{0, 1, 31, 32, 33, around - 1, around, around + 1, 2 * around} {
				if wrong(n) != nil {
					refused = append(refused, 1)
				} else {
					refused = append(refused, 0)
				}
			}
			if wrong(-1) == nil {
				return nil, errors.New("nil is accepted")
			}
			return [][]byte{refused}, nil
		}
	}
	make := func(n int) []byte {
		if n < 0 {
			return nil
		}
		return make([]byte, n)
	}
	size := 0 // the size of a ciphertext
	if dk, err := generate(); err == nil {
		_, ciphertext := dk.EncapsulationKey().Encapsulate()
		size = len(ciphertext)
	}
	return map[string]behaviour{
		"keys": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			return [][]byte{dk.Bytes(), dk.EncapsulationKey().Bytes(), dk.Encapsulator().Bytes()}, nil
		}),
		"an exchange": with(func(dk DK, sharedKey, ciphertext []byte) ([][]byte, error) {
			got, err := dk.Decapsulate(ciphertext)
			return [][]byte{sharedKey, ciphertext, got}, err
		}),
		"a rejection": with(func(dk DK, _, ciphertext []byte) ([][]byte, error) {
			ciphertext[7] ^= 1
			got, err := dk.Decapsulate(ciphertext)
			return [][]byte{got}, err
		}),
		"capacities": with(func(dk DK, _, ciphertext []byte) ([][]byte, error) {
			got, err := dk.Decapsulate(ciphertext)
			all := [][]byte{dk.Bytes(), dk.EncapsulationKey().Bytes(), got, ciphertext}
			for _, b := range all {
				if len(append(b, 1)) == len(b) {
					return nil, errors.New("nothing is appended")
				}
			}
			return all, err
		}),
		"a copy of a private key": with(func(dk DK, _, ciphertext []byte) ([][]byte, error) {
			cp := *dk
			dk = nil
			got, err := DK(&cp).Decapsulate(ciphertext)
			return [][]byte{got, DK(&cp).Bytes(), DK(&cp).EncapsulationKey().Bytes()}, err
		}),
		"a copy of a public key": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			cp := *dk.EncapsulationKey()
			sharedKey, ciphertext := EK(&cp).Encapsulate()
			got, err := dk.Decapsulate(ciphertext)
			if err == nil && !bytes.Equal(got, sharedKey) {
				err = errors.New("a copy is another key")
			}
			return [][]byte{EK(&cp).Bytes()}, err
		}),
		"a struct with keys by value": with(func(dk DK, sharedKey, ciphertext []byte) ([][]byte, error) {
			var pair struct {
				dk D
				ek E
			}
			pair.dk, pair.ek = *dk, *dk.EncapsulationKey()
			other := pair
			got, err := DK(&other.dk).Decapsulate(ciphertext)
			return [][]byte{got, EK(&other.ek).Bytes()}, err
		}),
		"comparison by ==": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			cp := *dk
			if any(cp) != any(*dk) {
				return nil, errors.New("a copy is another value")
			}
			return nil, nil
		}),
		"printing": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			text := fmt.Sprint(dk, *dk) + fmt.Sprintf("%+v %#v", dk, *dk)
			seed := fmt.Sprint(dk.Bytes()[:4])
			if bytes.Contains([]byte(text), []byte(seed[1:len(seed)-1])) {
				return nil, errors.New("the seed is printed")
			}
			return nil, nil
		}),
		"public keys": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			ek, err := newEK(dk.EncapsulationKey().Bytes())
			if err != nil {
				return nil, err
			}
			return [][]byte{ek.Bytes()}, nil
		}),
		"a public key not reduced": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			b := dk.EncapsulationKey().Bytes()
			b[0], b[1] = 0xff, 0xff
			ek, err := newEK(b)
			if ek != nil {
				return nil, errors.New("a key beside an error")
			}
			if err == nil {
				return nil, errors.New("no error")
			}
			return nil, nil
		}),
		"keys made at random": func(_, _ []byte) ([][]byte, error) {
			one, err1 := generate()
			two, err2 := generate()
			if err := errors.Join(err1, err2); err != nil {
				return nil, err
			}
			if bytes.Equal(one.Bytes(), two.Bytes()) {
				return nil, errors.New("the same key twice")
			}
			return nil, nil
		},
		"lengths of seeds":       lengths(func(n int) error { _, err := newDK(make(n)); return err }, 64),
		"lengths of public keys": lengths(func(n int) error { _, err := newEK(make(n)); return err }, size),
		"lengths of ciphertexts": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			return lengths(func(n int) error {
				got, err := dk.Decapsulate(make(n))
				if err != nil && got != nil {
					return nil // this differs from the results of the other package
				}
				return err
			}, size)(nil, nil)
		}),
		"lengths of randomness": with(func(dk DK, _, _ []byte) ([][]byte, error) {
			return lengths(func(n int) error { _, _, err := derandomized(dk.EncapsulationKey(), make(n)); return err }, 32)(nil, nil)
		}),
	}
}

// TestDropIn runs each behaviour with crypto/mlkem and with this package, and compares the results.
func TestDropIn(t *testing.T) {
	for name, both := range map[string][2]map[string]behaviour{
		"768": {
			behaviours(stdmlkem.GenerateKey768, stdmlkem.NewDecapsulationKey768, stdmlkem.NewEncapsulationKey768, stdmlkemtest.Encapsulate768),
			behaviours(mlkem.GenerateKey768, mlkem.NewDecapsulationKey768, mlkem.NewEncapsulationKey768, mlkemtest.Encapsulate768),
		},
		"1024": {
			behaviours(stdmlkem.GenerateKey1024, stdmlkem.NewDecapsulationKey1024, stdmlkem.NewEncapsulationKey1024, stdmlkemtest.Encapsulate1024),
			behaviours(mlkem.GenerateKey1024, mlkem.NewDecapsulationKey1024, mlkem.NewEncapsulationKey1024, mlkemtest.Encapsulate1024),
		},
	} {
		for what, std := range both[0] {
			seed, random := bytes.Repeat([]byte{31, 7, 211, 99}, 16), bytes.Repeat([]byte{201}, 32)
			want, wantErr := std(seed, random)
			got, err := both[1][what](seed, random)
			if (err != nil) != (wantErr != nil) || !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%s, %s: %x and %v, want %x and %v", name, what, got, err, want, wantErr)
			}
			if wantErr != nil {
				t.Errorf("%s, %s: crypto/mlkem itself: %v", name, what, wantErr)
			}
		}
		if len(both[0]) != 16 {
			t.Errorf("%d behaviours", len(both[0]))
		}
	}
}
