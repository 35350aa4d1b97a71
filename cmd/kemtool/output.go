package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// A content is a kind of output.
type content struct {
	what  string // for a message
	perm  fs.FileMode
	shown bool // whether a terminal may show it
}

var (
	aPrivateKey = content{"a private key", 0o600, false}
	aSharedKey  = content{"a shared key", 0o600, false}
	aCiphertext = content{"a ciphertext", 0o644, false}
	aPublicKey  = content{"a public key in DER", 0o644, false}
	aSealedFile = content{"an encrypted file", 0o644, false}
	plaintext   = content{"the contents of an encrypted file", 0o600, true}
	text        = content{"text", 0o644, true}
)

// An output is where to write to. If that is a regular file, the output is a temporary file
// beside it until commit.
type output struct {
	content
	outputFlags             // the name is for a message
	path        string      // the file itself, behind symbolic links; "" for standard output
	existing    fs.FileInfo // what is at path, or nil
	w           io.Writer
	terminal    bool     // whether w is a terminal
	failed      error    // of the last Write
	temp        *os.File // nil if the output is no regular file
	backup      string   // another name of the file that was at path
}

// outputFlags are the flags of an output.
type outputFlags struct {
	name            string
	force           bool
	flag, forceFlag string // for messages
}

func (f *outputFlags) add(c *cobra.Command) {
	f.flag, f.forceFlag = "-o", "-f"
	c.Flags().StringVarP(&f.name, "output", "o", "", "write to `FILE`; - is standard output")
	c.Flags().BoolVarP(&f.force, "force", "f", false, "overwrite the output")
}

// create makes an output before any work is done.
func (t *tool) create(f outputFlags, c content) (*output, error) {
	o, err := t.place(f)
	if err != nil {
		return nil, err
	}
	return o, t.openOutput(o, c)
}

// place checks where an output goes. Standard output is named "" if nothing was said, and "-" if it
// was asked for.
func (t *tool) place(f outputFlags) (*output, error) {
	o := &output{outputFlags: f}
	switch f.name {
	case "", "-", "/dev/stdout":
		o.name, o.w = "standard output", t.stdout
		o.terminal = t.terminal && f.name != "-"
		if file, ok := t.stdout.(*os.File); ok {
			o.existing, _ = file.Stat()
		}
	default:
		if err := o.find(); err != nil {
			return nil, err
		}
		if o.existing != nil && o.existing.Mode().IsRegular() && !f.force {
			return nil, fmt.Errorf("%s exists; %s overwrites it", o.name, o.forceFlag)
		}
	}
	for _, other := range t.outputs {
		if o.same(other) {
			return nil, usagef("%s and %s are the same file", other.name, o.name)
		}
	}
	for _, in := range t.inputs {
		if o.is(in.info) {
			return nil, usagef("%s is both read and written: choose another output", in.name)
		}
	}
	return o, nil
}

// find finds out what is at the place of the output. A symbolic link is followed.
func (o *output) find() (err error) {
	o.path = o.name
	o.existing, err = os.Stat(o.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(o.name); err == nil {
			return fmt.Errorf("%s is a symbolic link to a file that does not exist", o.name)
		}
		dir, base := filepath.Split(o.name)
		if dir, err = filepath.EvalSymlinks(cmp.Or(dir, ".")); err != nil {
			return o.cannotMake(err)
		}
		o.path = filepath.Join(dir, base)
		return nil
	case err != nil:
		return err
	case o.existing.IsDir():
		return fmt.Errorf("%s is a directory", o.name)
	case o.existing.Mode().IsRegular():
		o.path, err = filepath.EvalSymlinks(o.name)
	}
	return err
}

// cannotMake returns the error for an output in a directory where no file can be made.
func (o *output) cannotMake(err error) error {
	return fmt.Errorf("%s: no file can be made in %s: %w", o.name, filepath.Dir(o.name), withoutPath(err))
}

// same reports whether two outputs are one file. They may both be one device.
func (o *output) same(other *output) bool {
	switch {
	case o.path == "" && other.path == "":
		return true
	case o.existing != nil || other.existing != nil:
		return o.is(other.existing)
	}
	dir, err1 := os.Stat(filepath.Dir(o.path))
	otherDir, err2 := os.Stat(filepath.Dir(other.path))
	return err1 == nil && err2 == nil && os.SameFile(dir, otherDir) && filepath.Base(o.path) == filepath.Base(other.path)
}

// is reports whether the output is the file that info describes. Standard input and output may be one
// terminal or one socket.
func (o *output) is(info fs.FileInfo) bool {
	return o.existing != nil && info != nil && os.SameFile(o.existing, info) && (info.Mode().IsRegular() || info.Mode()&fs.ModeNamedPipe != 0)
}

// openOutput opens the temporary file, or what is written in place: a device or a FIFO.
func (t *tool) openOutput(o *output, c content) error {
	o.content = c
	if o.w == nil && o.existing != nil && !o.existing.Mode().IsRegular() {
		file, err := os.OpenFile(o.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if info, err := file.Stat(); err != nil || info.Mode().IsRegular() {
			return errors.Join(fmt.Errorf("%s has become a regular file", o.name), err, file.Close())
		}
		o.w, o.terminal = file, term.IsTerminal(int(file.Fd()))
	}
	if o.terminal && !c.shown {
		return fmt.Errorf("%s is not written to a terminal; name a file with %s, or insist with %s -", c.what, o.flag, o.flag)
	}
	if o.path == "" && !c.shown && c.perm == 0o600 && o.existing != nil && readable(o.existing) {
		t.warn("standard output is a file that others can read (mode %04o); -o makes a file that they cannot", o.existing.Mode().Perm())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outputs = append(t.outputs, o)
	if o.w != nil {
		return nil
	}
	temp := filepath.Join(filepath.Dir(o.path), ".kemtool-"+rand.Text())
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, o.perm)
	if err != nil {
		return o.cannotMake(err)
	}
	o.w, o.temp = file, file
	return nil
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if err != nil {
		o.failed = o.named(err)
	}
	return n, o.failed
}

// named returns err with the name of the output, and not with that of a temporary file.
func (o *output) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", o.name, withoutPath(err))
}

// withoutPath returns err without the name of a temporary file.
func withoutPath(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	if e := (*os.LinkError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// write writes the whole output, and makes sure that it is on the disk.
func (o *output) write(b []byte) error {
	if _, err := o.Write(b); err != nil {
		return err
	}
	return o.sync()
}

func (o *output) sync() error {
	if o.temp == nil {
		return nil
	}
	return o.named(o.temp.Sync())
}

// commit moves the temporary files into place. If one cannot be moved, none is.
func (t *tool) commit() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var files, moved []*output
	for _, o := range t.outputs {
		if o.temp != nil {
			files = append(files, o)
		} else if file, ok := o.w.(*os.File); ok && o.path != "" {
			if err := file.Close(); err != nil {
				return err
			}
		}
	}
	for _, o := range files {
		err := errors.Join(o.sync(), o.temp.Close())
		if err == nil {
			err = o.move(len(files) > 1)
		}
		if err != nil {
			for _, m := range moved {
				err = errors.Join(err, m.moveBack())
			}
			return err
		}
		moved = append(moved, o)
	}
	for _, o := range moved {
		o.temp = nil
		if o.backup != "" {
			os.Remove(o.backup)
		}
		syncDir(filepath.Dir(o.path))
	}
	return nil
}

// link and rename are replaced in tests.
var link, rename = os.Link, os.Rename

// move moves the temporary file into place. It overwrites only the file that was there when the
// output was checked. With backup, this file keeps another name.
func (o *output) move(backup bool) error {
	temp := o.temp.Name()
	if o.existing != nil {
		if now, err := os.Lstat(o.path); err != nil || !os.SameFile(o.existing, now) {
			return fmt.Errorf("%s: another program has just replaced this file", o.name)
		}
		if backup {
			o.backup = temp + "-old"
			err := link(o.path, o.backup)
			if err != nil { // a file system without links, or a file of another user
				err = rename(o.path, o.backup)
			}
			if err != nil {
				return o.named(err)
			}
		}
		err := o.named(rename(temp, o.path))
		if err != nil {
			err = errors.Join(err, o.moveBack())
		}
		return err
	}
	err := link(temp, o.path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// A file system without links. An empty file reserves the name.
		var file *os.File
		if file, err = os.OpenFile(o.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, o.perm); err == nil {
			if err = errors.Join(file.Close(), rename(temp, o.path)); err != nil {
				os.Remove(o.path)
			}
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: another program has just made this file", o.name)
	}
	if err == nil {
		os.Remove(temp)
	}
	return o.named(err)
}

// moveBack restores what was there before move. If it cannot, the old file keeps its other name.
func (o *output) moveBack() error {
	switch {
	case o.existing == nil:
		return o.named(os.Remove(o.path))
	case o.backup == "":
		return nil
	}
	if err := rename(o.backup, o.path); err != nil {
		return fmt.Errorf("%s cannot be restored; %s has its old contents: %w", o.name, o.backup, withoutPath(err))
	}
	os.Remove(o.backup) // rename leaves both names if they are links to one file
	return nil
}

// removeTemporary removes what has not been moved into place.
func (t *tool) removeTemporary() {
	for _, o := range t.outputs {
		if o.temp != nil {
			o.temp.Close()
			os.Remove(o.temp.Name())
		}
	}
}

// syncDir makes sure that a new name in the directory is on the disk. Not every system can.
func syncDir(name string) {
	if dir, err := os.Open(name); err == nil {
		dir.Sync()
		dir.Close()
	}
}

// readable reports whether others can read the file.
func readable(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && info.Mode()&0o044 != 0 && runtime.GOOS != "windows"
}
