package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"golang.org/x/term"

	"hybridkem/internal/progress"
)

// maxInput is larger than any key, certificate or ciphertext.
const maxInput = 1 << 20

// An input is an opened file or standard input.
type input struct {
	io.Reader
	name string      // for a message
	info fs.FileInfo // nil if unknown
	file *os.File    // to be closed, or nil
	bar  *progress.Bar
}

func (in *input) Read(b []byte) (int, error) {
	n, err := in.Reader.Read(b)
	if in.bar != nil {
		in.bar.Add(int64(n))
	}
	if err != nil && err != io.EOF {
		err = in.wrap(withoutPath(err))
	}
	return n, err
}

// wrap returns err with the name of the input, unless it is about another file.
func (in *input) wrap(err error) error {
	if errors.As(err, new(*fs.PathError)) {
		return err
	}
	return fmt.Errorf("%s: %w", in.name, err)
}

func (in *input) Close() error {
	if in.bar != nil {
		in.bar.Close()
	}
	if in.file == nil {
		return nil
	}
	return in.file.Close()
}

// openInput opens a file that is read as what.
func (t *tool) openInput(name, what string) (*input, error) {
	in := &input{name: inputName(name)}
	if name == "-" {
		if t.stdin == os.Stdin && term.IsTerminal(int(os.Stdin.Fd())) {
			fmt.Fprintf(t.stderr, "kemtool: reading %s from the terminal\n", what)
		}
		in.Reader = t.stdin
	} else {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		in.Reader, in.file = file, file
	}
	if file, ok := in.Reader.(*os.File); ok {
		info, err := file.Stat()
		if err != nil {
			return nil, errors.Join(err, in.Close())
		}
		in.info = info
		if info.IsDir() {
			return nil, errors.Join(fmt.Errorf("%s is a directory", in.name), in.Close())
		}
	}
	return in, nil
}

func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// read reads a file that is short, as keys are.
func (t *tool) read(name, what string) (*input, []byte, error) {
	in, err := t.openInput(name, what)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err == nil && len(b) > maxInput {
		err = fmt.Errorf("%s: more than %d bytes, too long for %s", in.name, maxInput, what)
		if isSealed(b) {
			err = in.wrap(errSealed)
		}
	}
	if err != nil {
		clear(b)
		return nil, nil, err
	}
	return in, b, nil
}

// passphrase returns the passphrase for the private key in a file.
func (t *tool) passphrase(file, key string) ([]byte, error) {
	if file == "" {
		return t.ask(fmt.Sprintf("Passphrase for %s: ", key))
	}
	if t.phrase == nil { // <(command) can be read once
		in, b, err := t.read(file, "the passphrase")
		if err != nil {
			return nil, err
		}
		if in.info != nil && readable(in.info) {
			t.warn("%s: others can read this passphrase (mode %04o); chmod 600 helps", in.name, in.info.Mode().Perm())
		}
		line, _, _ := bytes.Cut(bytes.TrimPrefix(b, byteOrderMark), []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case isUTF16(b):
			return nil, &fs.PathError{Op: "read", Path: file, Err: errUTF16}
		case len(line) == 0:
			return nil, &fs.PathError{Op: "read", Path: file, Err: errors.New("the first line is empty, where the passphrase belongs")}
		}
		t.phrase = line
	}
	return bytes.Clone(t.phrase), nil
}

// askTerminal asks a person at the terminal, whatever the standard streams are.
func (t *tool) askTerminal(prompt string) ([]byte, error) {
	in, out := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		in, out = "CONIN$", "CONOUT$"
	}
	r, err := os.OpenFile(in, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("there is no terminal to ask for the passphrase (%w); use --passphrase-file", withoutPath(err))
	}
	defer r.Close()
	w, err := os.OpenFile(out, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	fd := int(r.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.restore = func() { term.Restore(fd, state) }
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		t.restore = nil
		t.mu.Unlock()
		fmt.Fprintln(w)
	}()
	fmt.Fprint(w, prompt)
	return term.ReadPassword(fd)
}
