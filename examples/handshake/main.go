// Handshake sends a file over TCP. Its keys are agreed on in two messages, which
// use KEMs for everything. The server does not sign to show who it is. It
// decapsulates.
//
// The client knows the server's long-term X-Wing key beforehand, and draws an
// ephemeral key pair.
//
//	client                                                           server
//
//	  ephemeral key ‖ ciphertext for the long-term key ‖ confirmation  →
//	  ←  accepted ‖ ciphertext for the ephemeral key ‖ confirmation
//
//	  {data} {data} … {final data}, end of stream                      →
//	  ←                                                         {receipt}
//
// The client's confirmation is derived from the secret for the long-term key.
// The server's confirmation is derived from that secret and the secret for the
// ephemeral key. So are the keys of the records, one for each direction.
// HKDF-SHA256 derives them all, each with the hash of the protocol's name, the
// long-term key and every byte sent before. Braces mean a ChaCha20-Poly1305
// record. The client's first record proves that the client could open the
// server's message.
//
// Unless both parts of X-Wing, ML-KEM-768 and X25519, are broken:
//
//   - Only the holder of the pinned key can read the file.
//   - A file that is kept is what one client sent, whole and in order.
//   - Whoever steals the long-term key later cannot open recorded transfers.
//     The ephemeral key gives this forward secrecy. It begins with the server's
//     message. The client's message has no forward secrecy, and carries no data.
//
// But the server does not know who the client is: everyone who has its public
// key can send a file of any size. The client's message can be replayed, but a
// replay only brings an answer. Lengths are visible, and a rejection can be
// forged. Only the KEM keys are wiped from memory, and other secrets are not.
// This is an example of using KEMs and not a vetted protocol. For real traffic,
// use TLS.
//
// Without flags, Handshake runs both ends on the loopback interface. To run
// them apart:
//
//	handshake -listen ADDR -key FILE [-out FILE]
//	handshake -connect ADDR -server-key FILE.pub -send FILE
//
// FILE holds the long-term private key, and FILE.pub beside it the public key.
// Both are PEM, as package keyfile and kemtool write it. The server makes the
// files that do not exist. It receives one file, and does not overwrite an
// existing one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"hybridkem/xwing"
)

func main() {
	// An interrupt closes the connection. The error that follows cleans up like any other error.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

var errUsage = errors.New("use -listen with -key, or -connect with -server-key and -send, or no arguments")

// run returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("handshake", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listenAddr := flags.String("listen", "", "receive a file at `ADDR`")
	keyFile := flags.String("key", "", "take the server's private key from `FILE`; make FILE and FILE.pub if they are missing")
	out := flags.String("out", "received", "keep the file as `FILE`, which must not exist")
	connectAddr := flags.String("connect", "", "send a file to the server at `ADDR`")
	pinnedFile := flags.String("server-key", "", "take the server's public key from `FILE`")
	name := flags.String("send", "", "send `FILE`")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}

	logger := log.New(stderr, "handshake: ", 0)
	server := *listenAddr != "" && *keyFile != ""
	client := *connectAddr != "" && *pinnedFile != "" && *name != ""
	switch {
	case flags.NArg() > 0:
		err = errUsage
	case flags.NFlag() == 0:
		err = loopback(ctx, stdout)
	case server && *connectAddr+*pinnedFile+*name == "":
		err = listen(ctx, stdout, logger, *listenAddr, *keyFile, *out)
	case client && flags.NFlag() == 3:
		err = connect(ctx, stdout, *connectAddr, *pinnedFile, *name)
	default:
		err = errUsage
	}
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	logger.Print(err)
	if err == errUsage {
		return 2
	}
	return 1
}

// loopback runs both ends. The file consists of random numbers from a fixed seed.
func loopback(ctx context.Context, stdout io.Writer) error {
	dir, err := os.MkdirTemp("", "handshake-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	key, err := xwing.GenerateKey()
	if err != nil {
		return err
	}
	defer key.Destroy()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	var server *report
	var serverErr error
	done := make(chan struct{})
	go func() {
		server, serverErr = receive(ctx, listener, key, filepath.Join(dir, "received"))
		close(done)
	}()
	file := io.LimitReader(rand.NewChaCha8([32]byte{}), 8<<20)
	client, clientErr := send(ctx, listener.Addr().String(), key.EncapsulationKey(), file)
	listener.Close() // stops a server that the client did not reach
	<-done
	if clientErr != nil || serverErr != nil {
		return fmt.Errorf("client: %v; server: %v", clientErr, serverErr)
	}

	fmt.Fprintf(stdout, "client's message  %9d bytes\n", helloSize)
	fmt.Fprintf(stdout, "server's message  %9d bytes\n", answerSize)
	client.print(stdout)
	fmt.Fprintf(stdout, "at the server     %x\n", server.digest)
	if client.digest != server.digest {
		return errors.New("the digests differ")
	}
	fmt.Fprintln(stdout, "the digests agree")
	return nil
}

func listen(ctx context.Context, stdout io.Writer, log *log.Logger, addr, keyFile, out string) error {
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s exists", out)
	}
	key, err := loadKey(keyFile, log)
	if err != nil {
		return err
	}
	defer key.Destroy()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "public key in     %s.pub\n", keyFile)
	fmt.Fprintf(stdout, "listening on      %v\n", listener.Addr())
	r, err := receive(ctx, listener, key, out)
	if err != nil {
		return err
	}
	r.print(stdout)
	return nil
}

func connect(ctx context.Context, stdout io.Writer, addr, pinnedFile, name string) error {
	pinned, err := readPublicKey(pinnedFile)
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := send(ctx, addr, pinned, file)
	if err != nil {
		return err
	}
	r.print(stdout)
	return nil
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "file              %9d bytes\n", r.size)
	fmt.Fprintf(w, "sent in all       %9d bytes\n", r.sent)
	fmt.Fprintf(w, "received in all   %9d bytes\n", r.received)
	fmt.Fprintf(w, "handshake         %9.3f ms\n", 1e3*r.handshake.Seconds())
	fmt.Fprintf(w, "transfer          %9.3f ms, %.0f MB/s\n", 1e3*r.transfer.Seconds(), 1e-6*float64(r.size)/r.transfer.Seconds())
	fmt.Fprintf(w, "SHA-256           %x\n", r.digest)
}
