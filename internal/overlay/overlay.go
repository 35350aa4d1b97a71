// Package overlay changes sources of the module for one run of the go command and leaves
// the files alone. With it, programs plant bugs to show that tests and tools find them.
package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// An Overlay holds the texts of changed and new files.
type Overlay struct {
	root  string
	texts map[string]string // by name, relative to root
}

// New returns an empty overlay of the module in the directory root.
func New(root string) *Overlay { return &Overlay{root, map[string]string{}} }

// Clone returns a copy of o.
func (o *Overlay) Clone() *Overlay { return &Overlay{o.root, maps.Clone(o.texts)} }

// Text returns the text of the named file, with any change that o makes. The name is
// relative to the root.
func (o *Overlay) Text(name string) (string, error) {
	name = filepath.Clean(name)
	if text, ok := o.texts[name]; ok {
		return text, nil
	}
	b, err := os.ReadFile(filepath.Join(o.root, name))
	return string(b), err
}

// Set replaces the text of the named file or adds a new file.
func (o *Overlay) Set(name, text string) { o.texts[filepath.Clean(name)] = text }

// Errors of Replace.
var (
	ErrStale     = errors.New("STALE: the text to replace is not there")
	ErrAmbiguous = errors.New("AMBIGUOUS: the text to replace is there more than once")
)

// Replace replaces old in the named file. It returns an error unless old occurs exactly
// once.
func (o *Overlay) Replace(name, old, new string) error {
	text, err := o.Text(name)
	if err != nil {
		return err
	}
	switch strings.Count(text, old) {
	case 0:
		return fmt.Errorf("%s: %w", name, ErrStale)
	case 1:
		o.Set(name, strings.Replace(text, old, new, 1))
		return nil
	}
	return fmt.Errorf("%s: %w", name, ErrAmbiguous)
}

// Go runs the go command with args in the directory dir and returns its output.
func (o *Overlay) Go(dir string, args ...string) (string, error) {
	temporary, err := os.MkdirTemp("", "overlay-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temporary)
	list, err := o.write(temporary)
	if err != nil {
		return "", err
	}
	command := exec.Command("go", slices.Insert(slices.Clone(args), 1, "-overlay="+list)...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	return string(out), err
}

// write writes the changed files into dir. It returns the name of the file that the flag
// -overlay of the go command takes.
func (o *Overlay) write(dir string) (list string, err error) {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range o.texts {
		// The base name keeps the extension, which the go command needs.
		file := filepath.Join(dir, strconv.Itoa(len(replace))+"-"+filepath.Base(name))
		replace[filepath.Join(root, name)] = file
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list = filepath.Join(dir, "overlay.json")
	return list, os.WriteFile(list, b, 0o666)
}
