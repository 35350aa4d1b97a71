// Command program runs operations on secrets, under valgrind:
//
//	program SET N PATTERN
//
// Command taint builds it from a module in which calls have replaced the directives. SET is the
// set of instructions to use. The operations whose names match PATTERN run on N secrets each.
// The program panics if a result is wrong.
package main

import (
	"bytes"
	"crypto/rand"
	mathrand "math/rand/v2"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"

	"hybridkem/assurance/taint/mark"
	"hybridkem/internal/cpu"
)

func main() {
	debug.SetGCPercent(-1) // reused memory would still have marks
	want(mark.Begin(), "valgrind is not there")
	cpu.Use(os.Args[1])
	rand.Reader = reader{}
	pattern := regexp.MustCompile(os.Args[3])
	for range must(strconv.Atoi(os.Args[2])) {
		for _, k := range kems() {
			for _, o := range operations {
				name := k.Name() + ", " + o.name
				if pattern.MatchString(name) && o.exists(k) {
					mark.Print(name)
					o.run(k)
				}
			}
		}
	}
}

// want panics with the message unless ok.
func want(ok bool, message string) {
	if !ok {
		panic(message)
	}
}

// must returns x, and panics with an error.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// generator makes the values of the secrets, which are the same in each run.
var generator = mathrand.NewChaCha8([32]byte{})

func random(n int) []byte {
	b := make([]byte, n)
	generator.Read(b)
	return b
}

// A reader replaces crypto/rand.Reader. The bytes that it gives are secrets.
type reader struct{}

func (reader) Read(b []byte) (int, error) {
	generator.Read(b)
	mark.Secret(b)
	return len(b), nil
}

// secret returns a copy of b that is marked as a secret.
func secret(b []byte) []byte {
	c := bytes.Clone(b)
	mark.Secret(c)
	return c
}

// public marks the bytes of b as known, and returns b.
func public(b []byte) []byte {
	mark.Public(b)
	return b
}

// wantSecret panics unless each byte of b depends on a secret.
func wantSecret(b []byte) {
	want(mark.IsSecret(b), "the result does not depend on the secret: marks have been lost")
}

// wantEqual marks a and b as known, and panics unless equal tells whether they are equal.
func wantEqual(a, b []byte, equal bool) {
	want(bytes.Equal(public(a), public(b)) == equal, "the result is wrong")
}

// wantResult marks result as known, and panics unless it is the expected one.
func wantResult(result, expected bool) {
	want(mark.Declassified(result) == expected, "the result is wrong")
}
