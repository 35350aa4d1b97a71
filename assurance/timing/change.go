package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"hybridkem/internal/overlay"
)

// A change of the module's source, in a build of this command.
type change struct{ name, file, old, new string }

var (
	earlyExit = change{"earlyExit", "internal/mlkem/kpke.go",
		"len(again) >= 8;", "len(again) >= 8 && s.difference == 0;"}
	constantRho = change{"constantRho", "internal/mlkem/kpke.go",
		"ek.rho = [32]byte(seeds[:32])", "ek.rho = [32]byte{}"}
)

// apply returns the module with the change.
func (c change) apply() (*overlay.Overlay, error) {
	o := overlay.New("..")
	return o, o.Replace(c.file, c.old, c.new)
}

// run builds this command with the module changed, and runs it. The sources stay as they are.
func (c change) run(stdout io.Writer, args ...string) error {
	dir, err := os.MkdirTemp("", "timing-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o, err := c.apply()
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	program := filepath.Join(dir, "timing")
	out, err := o.Go(".", "build", "-ldflags", "-X main.built="+c.name, "-o", program, "./timing")
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, out)
	}
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = stdout, os.Stderr
	return command.Run()
}
