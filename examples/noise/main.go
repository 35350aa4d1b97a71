// Noise sends a file, or agrees on a pre-shared key for WireGuard, over a connection of package noise. Both ends
// have two static keys, of X25519 and of ML-KEM-768, and an attacker must break both. Read transfer.go first, and
// then psk.go.
//
//	sender                                   receiver
//
//	  handshake of hybridXX: four messages   ↔
//	  {file}, end of the stream              →
//	                          ←  {"received"}
//
// Each end knows the other's public keys beforehand, and ends the handshake with anybody else. The receiver then waits
// for the next connection. Static keys are encrypted on the way. Whoever steals all keys later cannot open recorded transfers, since the handshake also has
// ephemeral keys. A file that is cut off is not kept. Lengths are visible.
//
// Without arguments, Noise runs both ends on the loopback interface. An identity is four files: NAME.x25519.pem
// and NAME.mlkem768.pem are PKCS #8 and secret, and with .pub.pem they are public keys. They can be made by
// openssl and kemtool as well.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"hybridkem/noise"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const usage = `usage:
  noise                                                          both ends, over the loopback interface
  noise -new NAME                                                makes the key files of an identity
  noise -listen ADDR -own NAME -peer NAME (-receive FILE | -psk)
  noise -connect ADDR -own NAME -peer NAME (-send FILE | -psk)

`

// run returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("noise", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	name := flags.String("new", "", "make the key files of the identity `NAME`")
	listen := flags.String("listen", "", "wait at `ADDR` for the other end")
	connect := flags.String("connect", "", "connect to `ADDR`")
	own := flags.String("own", "", "this end's identity, `NAME`")
	peer := flags.String("peer", "", "the other end's identity, `NAME`; its public keys are needed")
	send := flags.String("send", "", "send `FILE`")
	receive := flags.String("receive", "", "receive `FILE`, which must not exist")
	psk := flags.Bool("psk", false, "print a pre-shared key for WireGuard")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}

	var err error
	switch {
	case len(args) == 0:
		err = demonstrate(stdout)
	case *name != "" && len(args) == 2:
		err = newIdentity(*name)
	case flags.NArg() == 0 && *own != "" && *peer != "" && *listen != "" && *connect == "" && *send == "" && (*receive != "") != *psk:
		err = serve(*listen, *own, *peer, stdout, use(stdout, false, receiveFile, *receive))
	case flags.NArg() == 0 && *own != "" && *peer != "" && *connect != "" && *listen == "" && *receive == "" && (*send != "") != *psk:
		err = dial(*connect, *own, *peer, use(stdout, true, sendFile, *send))
	default:
		flags.Usage()
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "noise:", err)
		return 1
	}
	return 0
}

// use returns what to do with a connection: transfer a file, or print a pre-shared key if file is empty.
func use(stdout io.Writer, initiator bool, transfer func(conn *noise.Conn, file string) error, file string) func(conn *noise.Conn) error {
	return func(conn *noise.Conn) error {
		if file != "" {
			return transfer(conn, file)
		}
		psk, err := agree(conn, initiator)
		if err == nil {
			fmt.Fprintln(stdout, psk)
		}
		return err
	}
}

// serve listens, and uses the first connection from the peer.
func serve(addr, own, peer string, stdout io.Writer, use func(conn *noise.Conn) error) error {
	config, err := newConfig(own, peer)
	if err != nil {
		return err
	}
	listener, err := noise.Listen("tcp", addr, config)
	if err != nil {
		return err
	}
	defer listener.Close()
	fmt.Fprintln(stdout, "listening on", listener.Addr())
	return accept(listener, use)
}

// accept uses the first connection from the peer. Anybody else can only make it wait for the HandshakeTimeout.
func accept(listener net.Listener, use func(conn *noise.Conn) error) error {
	for {
		inner, err := listener.Accept()
		if err != nil {
			return err
		}
		conn := inner.(*noise.Conn)
		if conn.Handshake() == nil {
			defer conn.Close()
			return use(conn)
		}
		conn.Close()
	}
}

// dial connects, and uses the connection.
func dial(addr, own, peer string, use func(conn *noise.Conn) error) error {
	config, err := newConfig(own, peer)
	if err != nil {
		return err
	}
	conn, err := noise.Dial("tcp", addr, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	return use(conn)
}

// demonstrate sends a file and agrees on a key between two ends in this process.
func demonstrate(stdout io.Writer) error {
	dir, err := os.MkdirTemp("", "noise")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	alice, bob := filepath.Join(dir, "alice"), filepath.Join(dir, "bob")
	for _, name := range []string{alice, bob} {
		if err := newIdentity(name); err != nil {
			return err
		}
	}
	config, err := newConfig(bob, alice)
	if err != nil {
		return err
	}
	listener, err := noise.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return err
	}
	defer listener.Close()
	between := func(useAlice, useBob func(conn *noise.Conn) error) error {
		served := make(chan error, 1)
		go func() { served <- accept(listener, useBob) }()
		if err := dial(listener.Addr().String(), alice, bob, useAlice); err != nil {
			return err
		}
		return <-served
	}

	sent, received := filepath.Join(dir, "sent"), filepath.Join(dir, "received")
	if err := os.WriteFile(sent, make([]byte, 1<<20), 0o600); err != nil {
		return err
	}
	err = between(func(conn *noise.Conn) error {
		state := conn.ConnectionState()
		fmt.Fprintf(stdout, "%s\nhandshake hash %x\n", state.Protocol, state.HandshakeHash)
		return sendFile(conn, sent)
	}, func(conn *noise.Conn) error { return receiveFile(conn, received) })
	if err != nil {
		return err
	}
	file, err := os.ReadFile(received)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "bob received %d bytes with the SHA-256 %x\n", len(file), sha256.Sum256(file))

	var keys [2]string
	err = between(func(conn *noise.Conn) (err error) {
		keys[0], err = agree(conn, true)
		return err
	}, func(conn *noise.Conn) (err error) {
		keys[1], err = agree(conn, false)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "for WireGuard, alice and bob put into [Peer]:\nPresharedKey = %s\nPresharedKey = %s\n", keys[0], keys[1])
	return nil
}
