package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"

	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/xwing"
)

// create makes the file name, which must not exist, whole or not at all. It fills the file under
// another name, and gives it its own when it is on the disk. Only a process that is killed leaves the
// other name behind, .handshake-*.
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
	folder, err := os.Open(filepath.Dir(name))
	if err == nil {
		err = errors.Join(folder.Sync(), folder.Close())
	}
	if err != nil && runtime.GOOS != "windows" { // which cannot sync a folder
		os.Remove(name)
		return err
	}
	return nil
}

// checkCreate reports whether create can make the file name. It makes another file to find out.
func checkCreate(name string) error {
	_, err := os.Lstat(name)
	if err == nil {
		return fmt.Errorf("%s exists", name)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	probe := filepath.Join(filepath.Dir(name), ".handshake-"+rand.Text())
	defer os.Remove(probe)
	return create(probe, 0o600, func(io.Writer) error { return nil })
}

// createPEM makes a file of what a function of keyfile returned.
func createPEM(name string, perm fs.FileMode, pem []byte, err error) error {
	if err != nil {
		return err
	}
	defer clear(pem)
	return create(name, perm, func(w io.Writer) error {
		_, err := w.Write(pem)
		return err
	})
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
		key, err := xwing.GenerateKey()
		if err != nil {
			return nil, err
		}
		pem, err := keyfile.MarshalPrivateKeyPEM(key)
		key.Destroy()
		if err := createPEM(file, 0o600, pem, err); err != nil {
			return nil, err
		}
	}
	key, err := readKey[*xwing.DecapsulationKey](file, keyfile.ParsePrivateKeyPEM)
	if err != nil {
		return nil, err
	}
	// Windows has no such bits.
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		log.Printf("warning: others may open the private key %s, whose mode is %v", file, info.Mode())
	}
	if missing(pub) {
		pem, err := keyfile.MarshalPublicKeyPEM(key.EncapsulationKey())
		err = createPEM(pub, 0o644, pem, err)
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

// readKey reads a key of X-Wing, of type K, with a function of keyfile.
func readKey[K any, I interface{ KEM() kem.KEM }](name string, parse func(pem []byte) (I, error)) (key K, err error) {
	pem, err := os.ReadFile(name)
	if err != nil {
		return key, err
	}
	defer clear(pem)
	parsed, err := parse(pem)
	if err != nil {
		return key, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := any(parsed).(K)
	if !ok {
		return key, fmt.Errorf("%s: a key of %s, not of X-Wing", name, parsed.KEM().Name())
	}
	return key, nil
}

func readPublicKey(name string) (*xwing.EncapsulationKey, error) {
	return readKey[*xwing.EncapsulationKey](name, keyfile.ParsePublicKeyPEM)
}
