package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"

	"hybridkem/keyfile"
	"hybridkem/xwing"
)

// create makes the file name, which must not exist, whole or not at all. It fills the file under
// another name, and gives it its name when it is on the disk. If the process is killed before that,
// a file .handshake-* stays.
func create(name string, perm fs.FileMode, fill func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".handshake-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	err = fill(tmp)
	if err == nil {
		err = errors.Join(tmp.Chmod(perm), tmp.Sync())
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), name); err != nil { // Rename would replace an existing file
		return err
	}
	if err := syncFolder(filepath.Dir(name)); err != nil {
		os.Remove(name)
		return err
	}
	return nil
}

func createBytes(name string, perm fs.FileMode, b []byte) error {
	return create(name, perm, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// syncFolder makes sure that the names of new files are on the disk. Windows has no call for it.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// loadKey reads the server's private key from file, and checks that file.pub holds the public key. It
// makes both files if neither exists, and file.pub if only that is missing.
func loadKey(file string, log *log.Logger) (*xwing.DecapsulationKey, error) {
	pub := file + ".pub"
	isNew := missing(file)
	if isNew && !missing(pub) {
		return nil, fmt.Errorf("%s exists, but not its private key, %s", pub, file)
	}
	if isNew {
		if err := createPrivateKey(file); err != nil {
			return nil, err
		}
	}
	key, err := readPrivateKey(file, log)
	if err != nil {
		return nil, err
	}
	if missing(pub) {
		err := createPublicKey(pub, key.EncapsulationKey())
		// Another server with this key may have been faster.
		if err != nil && !errors.Is(err, fs.ErrExist) {
			if isNew {
				os.Remove(file)
			}
			return nil, err
		}
	}
	ek, err := readPublicKey(pub)
	if err != nil {
		return nil, err
	}
	if !ek.Equal(key.EncapsulationKey()) {
		return nil, fmt.Errorf("%s does not hold the public key of %s", pub, file)
	}
	return key, nil
}

func missing(name string) bool {
	_, err := os.Lstat(name)
	return errors.Is(err, fs.ErrNotExist)
}

func createPrivateKey(name string) error {
	key, err := xwing.GenerateKey()
	if err != nil {
		return err
	}
	defer key.Destroy()
	pem, err := keyfile.MarshalPrivateKeyPEM(key)
	if err != nil {
		return err
	}
	defer clear(pem)
	return createBytes(name, 0o600, pem)
}

func createPublicKey(name string, ek *xwing.EncapsulationKey) error {
	pem, err := keyfile.MarshalPublicKeyPEM(ek)
	if err != nil {
		return err
	}
	return createBytes(name, 0o644, pem)
}

func readPrivateKey(name string, log *log.Logger) (*xwing.DecapsulationKey, error) {
	pem, mode, err := readSmall(name)
	if err != nil {
		return nil, err
	}
	defer clear(pem)
	dk, err := keyfile.ParsePrivateKeyPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := dk.(*xwing.DecapsulationKey)
	if !ok {
		dk.Destroy()
		return nil, fmt.Errorf("%s: a key of %s, not of X-Wing", name, dk.KEM().Name())
	}
	// Windows keeps no such bits.
	if mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		log.Printf("warning: others may open the private key %s, whose mode is %v", name, mode)
	}
	return key, nil
}

func readPublicKey(name string) (*xwing.EncapsulationKey, error) {
	pem, _, err := readSmall(name)
	if err != nil {
		return nil, err
	}
	ek, err := keyfile.ParsePublicKeyPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := ek.(*xwing.EncapsulationKey)
	if !ok {
		return nil, fmt.Errorf("%s: a key of %s, not of X-Wing", name, ek.KEM().Name())
	}
	return key, nil
}

// readSmall reads a file that is too small to fill its buffer. Only that buffer ever holds the
// contents, so that the caller can clear them.
func readSmall(name string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	buf := make([]byte, 64<<10)
	n, err := io.ReadFull(file, buf)
	if err == nil {
		clear(buf)
		return nil, 0, fmt.Errorf("%s is too large for a key file", name)
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		clear(buf)
		return nil, 0, err
	}
	return buf[:n], info.Mode(), nil
}
