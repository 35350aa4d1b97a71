// Package module copies the module under test, so that a copy can be changed.
package module

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Copy copies the files of the module in from to the folder to. It leaves out the folders
// of the given names, and gives each file to edit, with its name in the module, whose result
// it writes.
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
		source, err := edit(filepath.ToSlash(name), string(b))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), []byte(source), 0o666)
	})
}
