// Command baseline is a harness around this module, in Go. Command bench builds it within
// another checkout of the module, to compare that with its own. Therefore it uses only what
// old checkouts have too. It answers the commands that peers/harness.h lists. Its argument is
// the section.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"hybridkem/internal/x25519"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// These equal the constants inputs and atOnce of bench.
const (
	inputs = 16
	atOnce = 8
)

// A harness holds inputs, held keys, and the outputs of the last operation.
type harness struct {
	in         map[string]*[inputs][]byte // by kind: seed, ek, ct
	out        map[string][]byte          // by kind: ek, ct, ss
	made       kem.DecapsulationKey       // its encapsulation key is an output
	kem        kem.KEM
	dk         kem.DecapsulationKey
	ek         kem.EncapsulationKey
	operations map[string]func(i int) error
}

func main() {
	h := &harness{
		in:  map[string]*[inputs][]byte{"seed": new([inputs][]byte), "ek": new([inputs][]byte), "ct": new([inputs][]byte)},
		out: make(map[string][]byte),
	}
	section := os.Args[1]
	if section == "X25519" {
		h.x25519()
	} else {
		for _, k := range []kem.KEM{mlkem.KEM512(), mlkem.KEM768(), mlkem.KEM1024(), xwing.KEM()} {
			if k.Name() == section {
				h.kem = k
			}
		}
		h.kems()
	}
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if answer, err := h.answer(strings.TrimSuffix(line, "\n")); err != nil {
			fmt.Println("error", err)
		} else {
			fmt.Println(strings.TrimSpace("ok " + answer))
		}
	}
}

func (h *harness) answer(line string) (string, error) {
	command, rest, _ := strings.Cut(line, " ")
	switch command {
	case "set":
		var kind string
		var i int
		var value []byte
		if _, err := fmt.Sscanf(rest, "%s %d %x", &kind, &i, &value); err != nil {
			return "", err
		}
		h.in[kind][i] = value
		return "", nil
	case "hold":
		return "", h.hold()
	case "get":
		if rest == "ek" && h.made != nil {
			return hex.EncodeToString(h.made.PublicKey().Bytes()), nil
		}
		return hex.EncodeToString(h.out[rest]), nil
	case "once", "time":
		var n int
		number, name, _ := strings.Cut(rest, " ")
		if _, err := fmt.Sscan(number, &n); err != nil || h.operations[name] == nil {
			return "", fmt.Errorf("no operation %q", rest)
		}
		if command == "once" {
			return "", h.operations[name](n)
		}
		return h.time(n, h.operations[name])
	}
	return "", fmt.Errorf("no command %q", command)
}

// time does what goContender of bench does.
func (h *harness) time(n int, op func(i int) error) (string, error) {
	var failed error
	start := time.Now()
	for i := range n {
		if err := op(i % inputs); err != nil {
			failed = err
		}
	}
	return fmt.Sprint(time.Since(start).Nanoseconds()), failed
}

func (h *harness) hold() (err error) {
	if h.kem == nil {
		return nil
	}
	if h.dk, err = h.kem.NewDecapsulationKey(h.in["seed"][0]); err != nil {
		return err
	}
	h.ek, err = h.kem.NewEncapsulationKey(h.in["ek"][0])
	return err
}

// many returns an operation that does op as often as a batch has rows. The outputs are those
// of input i.
func many(op func(i int) error) func(i int) error {
	return func(i int) error {
		for j := range atOnce {
			if err := op((i + atOnce - 1 - j) % inputs); err != nil {
				return err
			}
		}
		return nil
	}
}

func (h *harness) kems() {
	k := h.kem
	keep := func(sharedKey, ciphertext []byte) { h.out["ss"], h.out["ct"] = sharedKey, ciphertext }
	sharedKey, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
	seed, ek, ct := h.in["seed"], h.in["ek"], h.in["ct"]
	h.operations = map[string]func(i int) error{
		"key generation": func(i int) (err error) {
			h.made, err = k.NewDecapsulationKey(seed[i])
			return err
		},
		"parse + encapsulate": func(i int) error {
			key, err := k.NewEncapsulationKey(ek[i])
			if err != nil {
				return err
			}
			keep(key.Encapsulate())
			return nil
		},
		"encapsulate": func(int) error {
			keep(h.ek.Encapsulate())
			return nil
		},
		"decapsulate": func(int) error {
			sharedKey, err := h.dk.Decapsulate(ct[0])
			keep(sharedKey, nil)
			return err
		},
		"seed to shared key": func(i int) error {
			dk, err := k.NewDecapsulationKey(seed[i])
			if err != nil {
				return err
			}
			sharedKey, err := dk.Decapsulate(ct[i])
			keep(sharedKey, nil)
			return err
		},
		"key generation, 8 at once": many(func(int) error {
			_, err := k.GenerateKey()
			return err
		}),
		"parse + encapsulate, 8 at once": many(func(i int) error {
			key, err := k.NewEncapsulationKey(ek[i])
			if err != nil {
				return err
			}
			return key.EncapsulateTo(sharedKey, ciphertext)
		}),
		"decapsulate, 8 at once": many(func(int) error { return h.dk.DecapsulateTo(sharedKey, ct[0]) }),
	}
}

func (h *harness) x25519() {
	public, shared := new([32]byte), new([32]byte)
	h.out["ek"], h.out["ss"] = public[:], shared[:]
	scalar := func(i int) *[32]byte { return (*[32]byte)(h.in["seed"][i]) }
	point := func(i int) *[32]byte { return (*[32]byte)(h.in["ek"][i]) }
	variable := func(i int) error {
		x25519.ScalarMult(shared, scalar(i), point(i))
		return nil
	}
	h.operations = map[string]func(i int) error{
		"fixed base": func(i int) error {
			x25519.ScalarBaseMult(public, scalar(i))
			return nil
		},
		"variable base": variable,
		"both": func(i int) error {
			x25519.ScalarMultBoth(public, shared, scalar(i), point(i))
			return nil
		},
		"variable base, 8 at once": many(variable),
	}
}
