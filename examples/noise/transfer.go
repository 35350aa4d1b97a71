package main

import (
	"errors"
	"io"
	"os"
	"time"

	"hybridkem/noise"
)

// newConfig returns the configuration of a side, from the files of its own keys and of the peer's.
func newConfig(own, peer string) (*noise.Config, error) {
	config := &noise.Config{
		Protocol:         "Noise_hybridXX_25519+MLKEM768_ChaChaPoly_SHA256",
		Prologue:         []byte("hybridkem examples/noise 1"),
		HandshakeTimeout: 10 * time.Second,
	}
	var err error
	if config.Static, config.StaticKEM, err = readPrivate(own); err != nil {
		return nil, err
	}
	config.PeerStatic, config.PeerStaticKEM, err = readPublic(peer)
	return config, err
}

const receipt = "received"

// sendFile sends a file, and waits until the other end has kept it.
func sendFile(conn *noise.Conn, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(conn, file); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil { // The other end keeps the file because of this.
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(conn, 100))
	if err == nil && string(answer) != receipt {
		err = errors.New("the other end has not kept the file")
	}
	return err
}

// receiveFile receives a file. It removes it if it was not sent whole.
func receiveFile(conn *noise.Conn, name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, conn)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	_, err = io.WriteString(conn, receipt)
	return err
}
