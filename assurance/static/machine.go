package main

import (
	"fmt"
	"path/filepath"

	"hybridkem/assurance/internal/compiler"
)

// public lists the packages whose exported functions and methods are given secrets.
var public = []string{
	"./kem", "./mlkem", "./xwing", "./combiner", "./combiner/tlskex", "./combiner/sshkex", "./combiner/composite",
	"./combiner/openpgp", "./batch", "./keyfile",
	"./noise", "./noise/noisetest", "./internal/hybrid",
}

// checkMachine examines the machine code of the packages that handle secrets, for a
// platform. It collects the instructions whose time depends on their operands. Of arm64, it follows
// the module's kernels, and decodes what the assembler was given as numbers elsewhere.
func checkMachine(r *report, module compiler.Module, p compiler.Platform) error {
	list, err := p.Go(module, "list", append([]string{"-deps"}, public...)...)
	if err != nil {
		return err
	}
	functions, err := p.Listing(module, handling.FindAllString(list, -1)...)
	if err != nil {
		return err
	}
	instructions, kernels := 0, 0
	for _, f := range functions {
		r.detail("%s: %s", p, f.Name)
		instructions += len(f.Code)
		if p.Arch == "arm64" && checkA64(r, f) {
			kernels++
		}
		for _, i := range f.Code {
			if variable.MatchString(i.String()) && !dividing.MatchString(f.Name) {
				r.variable.Add(f.Name, filepath.Base(i.File)+":"+i.Line)
			}
		}
	}
	fmt.Printf("%s: %d functions with %d instructions\n", p, len(functions), instructions)
	if kernels > 0 {
		fmt.Printf("%s: %d kernels followed\n", p, kernels)
	}
	return nil
}
