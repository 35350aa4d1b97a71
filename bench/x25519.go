package main

import (
	"crypto/ecdh"
	"fmt"

	"filippo.io/edwards25519"
	circlx25519 "github.com/cloudflare/circl/dh/x25519"

	"hybridkem/internal/x25519"
)

const sectionX25519 = "X25519"

// The operations of X25519. The harness in C uses the same names.
const (
	fixedBase    = "fixed base"
	variableBase = "variable base"
	bothBases    = "both"
)

var x25519Names = []string{fixedBase, variableBase, bothBases}

// A multiplication returns scalar times the base point, scalar times point, or both.
type multiplication func(scalar, point *[32]byte) (public, shared [32]byte)

// A curve is an implementation of X25519. Its multiplications are indexed by the name of
// the operation.
type curve struct {
	name            string
	multiplications map[string]multiplication
}

// x25519Inputs returns scalars and points.
func x25519Inputs() (scalars, points *[inputs][32]byte) {
	scalars, points = new([inputs][32]byte), new([inputs][32]byte)
	for i, seed := range fixedSeeds(64) {
		scalars[i] = [32]byte(seed)
		x25519.ScalarBaseMult(&points[i], (*[32]byte)(seed[32:]))
	}
	return scalars, points
}

func x25519Operations() ([]operation, error) {
	scalars, points := x25519Inputs()
	std, err := standardCurve(scalars)
	if err != nil {
		return nil, err
	}
	curves := []curve{ourCurve, std, circlCurve, edwardsCurve}

	var operations []operation
	for _, name := range x25519Names {
		o := operation{section: sectionX25519, name: name, parts: 1}
		reference := curves[0].multiplications[name]
		for _, c := range curves {
			f, ok := c.multiplications[name]
			if !ok {
				continue
			}
			for i := range scalars {
				public, shared := f(&scalars[i], &points[i])
				wantPublic, wantShared := reference(&scalars[i], &points[i])
				if public != wantPublic || shared != wantShared {
					return nil, fmt.Errorf("X25519, %s, %s: %w", name, c.name, errDisagrees)
				}
			}
			o.contenders = append(o.contenders, goContender(c.name, func(i int) {
				f(&scalars[i%inputs], &points[i%inputs])
			}))
		}
		operations = append(operations, o)
	}
	batch, err := x25519Batch(scalars, points)
	return append(operations, batch), err
}

// x25519Batch returns the operation that multiplies atOnce points.
func x25519Batch(scalars, points *[inputs][32]byte) (operation, error) {
	// The inputs twice, so that a batch can begin with each of them.
	var k, u []*[32]byte
	for i := range 2 * inputs {
		k, u = append(k, &scalars[i%inputs]), append(u, &points[i%inputs])
	}
	out := make([]*[32]byte, atOnce)
	for j := range out {
		out[j] = new([32]byte)
	}
	together := func(i int) {
		i %= inputs
		x25519.ScalarMultMany(out, k[i:i+atOnce], u[i:i+atOnce])
	}
	var single [32]byte
	for i := range inputs {
		together(i)
		for j := range out {
			if x25519.ScalarMult(&single, k[i+j], u[i+j]); single != *out[j] {
				return operation{}, fmt.Errorf("X25519, %s: %w", variableBases, errDisagrees)
			}
		}
	}
	return compareBatch(sectionX25519, variableBases, together, func(i int) {
		x25519.ScalarMult(&single, k[i%inputs], u[i%inputs])
	}), nil
}

var ourCurve = curve{ours, map[string]multiplication{
	fixedBase: func(scalar, _ *[32]byte) (public, shared [32]byte) {
		x25519.ScalarBaseMult(&public, scalar)
		return public, shared
	},
	variableBase: func(scalar, point *[32]byte) (public, shared [32]byte) {
		x25519.ScalarMult(&shared, scalar, point)
		return public, shared
	},
	bothBases: func(scalar, point *[32]byte) (public, shared [32]byte) {
		x25519.ScalarMultBoth(&public, &shared, scalar, point)
		return public, shared
	},
}}

// standardCurve is crypto/ecdh. That package computes a public key with each private key.
// So for the variable base, the private keys are made beforehand.
func standardCurve(scalars *[inputs][32]byte) (curve, error) {
	held := make(map[[32]byte]*ecdh.PrivateKey)
	for _, scalar := range scalars {
		key, err := ecdh.X25519().NewPrivateKey(scalar[:])
		if err != nil {
			return curve{}, err
		}
		held[scalar] = key
	}
	exchange := func(key *ecdh.PrivateKey, point *[32]byte) [32]byte {
		peer, _ := ecdh.X25519().NewPublicKey(point[:])
		shared, _ := key.ECDH(peer)
		return [32]byte(shared)
	}
	return curve{"crypto/ecdh", map[string]multiplication{
		fixedBase: func(scalar, _ *[32]byte) (public, shared [32]byte) {
			key, _ := ecdh.X25519().NewPrivateKey(scalar[:])
			return [32]byte(key.PublicKey().Bytes()), shared
		},
		variableBase: func(scalar, point *[32]byte) (public, shared [32]byte) {
			return public, exchange(held[*scalar], point)
		},
		bothBases: func(scalar, point *[32]byte) (public, shared [32]byte) {
			key, _ := ecdh.X25519().NewPrivateKey(scalar[:])
			return [32]byte(key.PublicKey().Bytes()), exchange(key, point)
		},
	}}, nil
}

var circlCurve = curve{circlName, map[string]multiplication{
	fixedBase: func(scalar, _ *[32]byte) (public, shared [32]byte) {
		circlx25519.KeyGen((*circlx25519.Key)(&public), (*circlx25519.Key)(scalar))
		return public, shared
	},
	variableBase: func(scalar, point *[32]byte) (public, shared [32]byte) {
		circlx25519.Shared((*circlx25519.Key)(&shared), (*circlx25519.Key)(scalar), (*circlx25519.Key)(point))
		return public, shared
	},
	bothBases: func(scalar, point *[32]byte) (public, shared [32]byte) {
		circlx25519.KeyGen((*circlx25519.Key)(&public), (*circlx25519.Key)(scalar))
		circlx25519.Shared((*circlx25519.Key)(&shared), (*circlx25519.Key)(scalar), (*circlx25519.Key)(point))
		return public, shared
	},
}}

var edwardsCurve = curve{"filippo.io/edwards25519", map[string]multiplication{
	fixedBase: func(scalar, _ *[32]byte) (public, shared [32]byte) {
		s, _ := new(edwards25519.Scalar).SetBytesWithClamping(scalar[:])
		return [32]byte(new(edwards25519.Point).ScalarBaseMult(s).BytesMontgomery()), shared
	},
}}
