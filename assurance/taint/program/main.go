// Command program runs operations on secrets, under valgrind. Command taint builds it, in a
// copy of the module in which declassifications are in place:
//
//	program IMPLEMENTATION SEED OPERATION...
//
// runs the operations and prints what is wrong with their results. Without arguments it
// prints the names of all operations.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"hybridkem/assurance/taint/mark"
	"hybridkem/internal/cpu"
)

func main() {
	if len(os.Args) == 1 {
		for _, o := range operations() {
			fmt.Println(o.name)
		}
		return
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(implementation, seed string, names []string) error {
	debug.SetGCPercent(-1) // memory that is used again would keep marks
	if !mark.Begin() {
		return errors.New("valgrind is not there")
	}
	if !use(implementation) {
		return fmt.Errorf("valgrind offers %v and not %s", cpu.Sets(), implementation)
	}
	generator.Seed(sha256.Sum256([]byte(seed)))
	rand.Reader = reader{}
	for _, o := range operations() {
		if slices.Contains(names, o.name) {
			mark.Print(o.name)
			if err := o.run(); err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
		}
	}
	return nil
}

// use makes everything run with the named set.
func use(name string) bool {
	if name == "ADX" {
		return useADX()
	}
	if !slices.Contains(cpu.Sets(), name) {
		return false
	}
	cpu.Use(name)
	return true
}

// A reader takes the place of the random bytes of crypto/rand, which are secrets.
type reader struct{}

func (reader) Read(b []byte) (int, error) {
	copy(b, random(len(b)))
	mark.Secret(b)
	return len(b), nil
}

// secret returns a copy of b that is marked as a secret.
func secret(b []byte) []byte {
	c := bytes.Clone(b)
	mark.Secret(c)
	return c
}

// publish marks what is returned to the caller, and public from there on.
func publish(b []byte) []byte {
	mark.Public(b)
	return b
}
