package main

import (
	"errors"
	"slices"
	"testing"
)

func TestAgree(t *testing.T) {
	groups, err := kemGroups()
	if err != nil {
		t.Fatal(err)
	}
	damage := func(b []byte) []byte {
		b = slices.Clone(b)
		b[0] ^= 1
		return b
	}
	for _, g := range groups {
		reference := g.implementations[0].subject
		x := g.implementations[len(g.implementations)-1].subject
		if err := agree(reference, x); err != nil {
			t.Errorf("%s: %v", g.kem.Name(), err)
		}
		for name, wrong := range map[string]func(s *subject){
			"encapsulation key": func(s *subject) {
				s.encapsulationKey = func(i int) ([]byte, error) {
					key, err := x.encapsulationKey(i)
					return damage(key), err
				}
			},
			"shared key": func(s *subject) {
				s.encapsulate = func(i int) ([]byte, []byte, error) {
					sharedKey, ciphertext, err := x.encapsulate(i)
					return damage(sharedKey), ciphertext, err
				}
			},
			"another key's shared key": func(s *subject) {
				s.decapsulate = func(i int, ciphertext []byte) ([]byte, error) { return x.decapsulate((i+1)%inputs, ciphertext) }
			},
			// What a decapsulation without implicit rejection would do.
			"rejection": func(s *subject) {
				seen := make(map[string][]byte)
				s.decapsulate = func(i int, ciphertext []byte) ([]byte, error) {
					if sharedKey, ok := seen[string(ciphertext[inputs:])]; ok {
						return sharedKey, nil
					}
					sharedKey, err := x.decapsulate(i, ciphertext)
					seen[string(ciphertext[inputs:])] = sharedKey
					return sharedKey, err
				}
			},
		} {
			s := x
			wrong(&s)
			if err := agree(reference, s); !errors.Is(err, errDisagrees) {
				t.Errorf("%s, wrong %s: %v", g.kem.Name(), name, err)
			}
		}
	}
}

func TestOperations(t *testing.T) {
	operations, _, err := goOperations()
	if err != nil {
		t.Fatal(err)
	}
	if len(operations) < 4*len(kemOperations)+3+3+20 {
		t.Errorf("only %d operations", len(operations))
	}
	for _, o := range operations {
		if len(o.contenders) == 0 || !isOurs(o.contenders[0].implementation) || o.parts == 0 {
			t.Errorf("%s, %s: %+v", o.section, o.name, o)
		}
		for _, c := range o.contenders {
			c.op(0)
			c.op(inputs)
		}
	}
}
