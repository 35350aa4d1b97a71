package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"hybridkem/assurance/internal/compiler"
)

// public lists the packages whose exported functions and methods are given secrets.
var public = []string{
	"./kem", "./mlkem", "./xwing", "./combiner", "./combiner/tlskex", "./combiner/sshkex", "./batch", "./keyfile",
	"./internal/hybrid",
}

// checkMachine examines the machine code of the packages that handle secrets, for a
// platform. It collects the instructions whose time depends on their operands, and checks the
// kernels.
func checkMachine(r *report, module compiler.Module, p compiler.Platform) error {
	list, err := p.Go(module, "list", append([]string{"-deps"}, public...)...)
	if err != nil {
		return err
	}
	functions, err := p.Listing(module, handling.FindAllString(list, -1)...)
	if err != nil {
		return err
	}
	kernels, instructions := 0, 0
	for _, f := range functions {
		r.detail("%s: %s", p, f.Name)
		instructions += len(f.Code)
		for _, i := range f.Code {
			if variable.MatchString(i.String()) && !dividing.MatchString(f.Name) {
				r.variable.Add(f.Name, filepath.Base(i.File)+":"+i.Line)
			}
		}
		if !strings.HasPrefix(f.Name, "hybridkem/") || !strings.HasSuffix(f.Code[0].File, ".s") {
			continue
		}
		if p != compiler.Platforms[0] {
			r.find("%s: %s is a kernel at which nothing looks", p, f.Name)
			continue
		}
		k, err := newKernel(r, module, f)
		if err != nil {
			return err
		}
		kernels++
		k.check(r)
	}
	fmt.Printf("%s: %d functions with %d instructions, %d of them kernels\n", p, len(functions), instructions, kernels)
	return nil
}
