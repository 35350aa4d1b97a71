package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxInput is larger than any key or ciphertext.
const maxInput = 1 << 16

func readInput(e env, name string) ([]byte, error) {
	r := e.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		r = file
	}
	b, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(b) > maxInput {
		err = errors.New("too long for a key or a ciphertext")
	}
	if err != nil {
		clear(b)
		return nil, fmt.Errorf("%s: %w", inputName(name), err)
	}
	return b, nil
}

func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// A content is a kind of output.
type content struct {
	what     string // for an error message; used if terminal is false
	perm     fs.FileMode
	terminal bool
}

var (
	secret = content{"a secret", 0o600, false}
	binary = content{"a ciphertext", 0o644, false}
	text   = content{"", 0o644, true}
)

// An output is the file to write to. It is standard output if the name is empty or "-".
type output struct {
	name  string
	force bool
}

func newOutput(flags *flag.FlagSet) *output {
	o := new(output)
	flags.StringVar(&o.name, "o", "", "")
	flags.BoolVar(&o.force, "f", false, "")
	return o
}

func (o *output) write(e env, c content, b []byte) error {
	switch {
	case o.name == "" && e.terminal && !c.terminal:
		return fmt.Errorf("%s is not written to a terminal, except with -o -", c.what)
	case o.name == "" || o.name == "-":
		_, err := e.stdout.Write(b)
		return err
	case o.force:
		return replace(o.name, b, c.perm)
	}
	file, err := os.OpenFile(o.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, c.perm)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; -f writes over it", o.name)
	}
	if err != nil {
		return err
	}
	return finish(file, b)
}

// replace replaces a file by a new one, which may have other permissions. The old file
// stays until the new one is complete.
func replace(name string, b []byte, perm fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".kemtool-*")
	if err != nil {
		return err
	}
	if err := finish(file, b); err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(file.Name(), perm), os.Rename(file.Name(), name)); err != nil {
		os.Remove(file.Name())
		return err
	}
	return nil
}

// finish writes and closes a new file. If that fails, it removes the file.
func finish(file *os.File, b []byte) error {
	_, err := file.Write(b)
	if err := errors.Join(err, file.Close()); err != nil {
		os.Remove(file.Name())
		return err
	}
	return nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
