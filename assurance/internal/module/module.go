// Package module copies the module under test, so that a copy can be changed.
package module

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Tools are folders that the library does without.
var Tools = []string{".git", "assurance", "bench", "doc", "examples", "interop", "mutation", "node_modules"}

// Copy copies the files of the module in from to the folder to. It leaves out the folders
// of the given names, and gives each file to edit, if that is not nil, with its name in the
// module, whose result it writes.
func Copy(to, from string, without []string, edit func(name, source string) (string, error)) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(without, d.Name()) {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o777)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		source := string(b)
		if edit != nil {
			if source, err = edit(filepath.ToSlash(name), source); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(to, name), []byte(source), 0o666)
	})
}

// Replace replaces the first occurrence of old in a file.
func Replace(file, old, new string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), old) {
		return fmt.Errorf("%s does not contain %q", file, old)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(b), old, new, 1)), 0o666)
}
