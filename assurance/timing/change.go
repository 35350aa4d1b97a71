package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A change of the module's source, in a build of this command.
type change struct{ name, file, old, new string }

var (
	earlyExit = change{"earlyExit", "internal/mlkem/kpke.go",
		"len(again) >= 8;", "len(again) >= 8 && s.difference == 0;"}
	constantRho = change{"constantRho", "internal/mlkem/kpke.go",
		"ek.rho = [32]byte(seeds[:32])", "ek.rho = [32]byte{}"}
)

// apply returns the path of the file and its changed text.
func (c change) apply() (path, changed string, err error) {
	path, err = filepath.Abs(filepath.Join("..", c.file))
	if err != nil {
		return "", "", err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	if strings.Count(string(source), c.old) != 1 {
		return "", "", fmt.Errorf("%s: the text to replace is not there, or more than once", c.name)
	}
	return path, strings.Replace(string(source), c.old, c.new, 1), nil
}

// run builds this command with the module changed, and runs it. The sources stay as they are.
func (c change) run(stdout io.Writer, args ...string) error {
	original, source, err := c.apply()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "timing-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return err
	}
	err = errors.Join(os.WriteFile(changed, []byte(source), 0o666), os.WriteFile(overlay, replace, 0o666))
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "timing")
	build := exec.Command("go", "build", "-overlay", overlay, "-ldflags", "-X main.built="+c.name,
		"-o", program, "./timing")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, out)
	}
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = stdout, os.Stderr
	return command.Run()
}
