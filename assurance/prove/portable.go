package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hybridkem/assurance/internal/compiler"
	"hybridkem/assurance/internal/proved"
	"hybridkem/assurance/prove/source"
	"hybridkem/assurance/prove/term"
)

// This file proves statements about portable functions. It interprets their source, and has the
// compiler to trust. A proof shows too that the function does not panic and does not branch on
// data, for the arguments of the statement.

// portableArchs are the architectures for whose integers portable functions are looked at:
// those with the sizes of 64 and of 32 bits.
var portableArchs = []string{"amd64", "386"}

// loadPortable reads the source of the packages with kernels, without kernels, for architectures.
func loadPortable(module compiler.Module, archs ...string) (programs []*source.Program, err error) {
	patterns := []string{"math/bits", "encoding/binary", "crypto/subtle", "crypto/internal/constanttime", "crypto/internal/fips140/subtle"}
	for _, name := range append([]string{"mlkem"}, packages...) {
		patterns = append(patterns, "./internal/"+name)
	}
	for _, arch := range archs {
		p, err := source.Load(module, compiler.Platform{Arch: arch, Tag: "purego"}, patterns...)
		if err != nil {
			return nil, err
		}
		programs = append(programs, p)
	}
	return programs, nil
}

// portable returns the portable function that a statement is about.
func (s *statement) portable() (function string, ok bool) {
	return strings.CutPrefix(s.kernel, "portable ")
}

// aboutPortable proves a statement about a portable function, on all of portableArchs.
func (s *statement) aboutPortable(function string, programs []*source.Program, start time.Time) (line string, err error) {
	if len(programs) == 0 {
		return "", errors.New("the source was not read")
	}
	what, steps := "", 0
	for i, program := range programs {
		p := &proof{statement: s, space: term.NewSpace(), program: program}
		p.source = source.New(p.space, program)
		if p.function, err = program.Function(function); err == nil {
			err = s.prove(p)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", portableArchs[i], err)
		}
		steps += p.source.Steps
		for f := range p.source.Called {
			interpreted.Store(f, true)
		}
		if what = s.says; p.detail != "" {
			what += "; " + p.detail
		}
	}
	return fmt.Sprintf("%-32s %s (%d instructions, %.1f s, portable)", function, what, steps, time.Since(start).Seconds()), nil
}

// interpreted has the functions that were interpreted in proofs that succeeded.
var interpreted sync.Map

// notInterpreted returns an error if a function of package proved was not interpreted.
func notInterpreted() (err error) {
	for _, f := range proved.Functions {
		if _, ok := interpreted.Load(f); !ok {
			err = errors.Join(err, fmt.Errorf("no statement is about %s", f))
		}
	}
	return err
}

// interpret calls the portable function.
func (p *proof) interpret(args ...source.Value) (source.Value, error) {
	return p.source.Call(p.function, args...)
}

// numbers returns an object with n numbers of w bits that are variables.
func (p *proof) numbers(name string, n, w int, writable bool) *source.Object {
	o := source.NewObject(name, writable)
	for i := range n {
		o.Cells = append(o.Cells, p.space.Var(fmt.Sprint(name, i), w))
	}
	return o
}
