// Handshake sends a file over TCP. Client and server agree on keys in two messages, with nothing but
// KEMs. To show who it is, the server does not sign. It decapsulates.
//
//	client                                                           server
//
//	  ephemeral key ‖ ciphertext for the long-term key ‖ confirmation  →
//	  ←  accepted ‖ ciphertext for the ephemeral key ‖ confirmation
//
//	  {size of the file} {data} {data} …, end of stream                →
//	  ←                                                         {receipt}
//
// The client knows the server's long-term X-Wing key beforehand, and draws an ephemeral key pair. Its
// confirmation is derived from the secret for the long-term key. The server's confirmation is derived
// from that secret and the secret for the ephemeral key. So are the keys of the records, one for each
// direction. HKDF-SHA256 derives them all, each with the hash of the protocol's name, the long-term
// key and every byte sent before. Braces mean a ChaCha20-Poly1305 record. The client's first record
// proves that the client could open the server's message.
//
// Unless both parts of X-Wing, ML-KEM-768 and X25519, are broken:
//
//   - Only the holder of the pinned key can read the file.
//   - A file that is kept is what one client sent, whole and in order.
//   - Whoever steals the long-term key later cannot open recorded transfers. The ephemeral key gives
//     this forward secrecy. It begins with the server's message. The client's message has none, and
//     carries no data.
//
// But the server does not know who the client is. Everyone who has its public key can make it keep a
// file of up to -max bytes, or occupy its 32 connections with transfers. Each of these can fill -max
// bytes of the disk until it ends. The server logs a line for each connection that fails. The client's
// message can be replayed, but a replay only brings an answer. It costs the server two operations of
// X-Wing and a connection, which is closed when a newer one needs the place. Connections that come
// faster than handshakes end do keep clients out. Lengths are visible, and a rejection can be forged.
// Only the KEM keys are wiped from memory, and other secrets are not. This is an example of using KEMs
// and not a vetted protocol. For real traffic, use TLS.
//
// It is not written with package noise on purpose: it shows what a protocol needs beside a bare KEM. That
// is a transcript, a key schedule, confirmations, records and an end. To send a file without writing
// these, see examples/noise.
//
// Without arguments, Handshake runs both ends on the loopback interface, and -help shows how to run
// them apart. One file holds the long-term private key, and FILE.pub beside it the public key. Both
// are PEM, as keyfile and kemtool write it. The server makes both, or FILE.pub alone if only that is
// missing. It ends when it has received one file, and does not overwrite an existing one.
package main

import (
	"cmp"
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
	"sync"
	"syscall"

	"hybridkem/xwing"
)

// endings are the signals that end the program in an orderly way.
var endings = []os.Signal{os.Interrupt, syscall.SIGTERM}

func main() {
	// A signal makes the server dismiss its clients. The errors that follow clean up like any others.
	// A second signal ends the program at once, even if a system call keeps it.
	ctx, stop := signal.NotifyContext(context.Background(), endings...)
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `usage:
  handshake                                                  both ends, over the loopback interface
  handshake -listen ADDR -key FILE [-out FILE] [-max BYTES]  a server, which receives one file
  handshake -connect ADDR -server-key FILE.pub -send FILE    a client, which sends it

`

// run returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("handshake", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	listenAddr := flags.String("listen", "", "receive a file at `ADDR`, such as localhost:4040")
	keyFile := flags.String("key", "", "take the server's private key from `FILE`; make FILE and FILE.pub if they are missing")
	out := flags.String("out", "received", "keep the file as `FILE`, which must not exist")
	limit := flags.Int64("max", 1<<30, "refuse files of more than `BYTES`")
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
	asServer := *listenAddr != "" && *keyFile != "" && *out != "" && *limit >= 0
	asClient := *connectAddr != "" && *pinnedFile != "" && *name != ""
	switch {
	case flags.NFlag()+flags.NArg() == 0:
		err = loopback(ctx, stdout, logger, stderr)
	case asServer && *connectAddr+*pinnedFile+*name == "" && flags.NArg() == 0:
		err = listen(ctx, stdout, *listenAddr, *keyFile, &server{out: *out, size: *limit, limits: usual, log: logger, stderr: stderr})
	case asClient && flags.NFlag() == 3 && flags.NArg() == 0:
		err = connect(ctx, stdout, *pinnedFile, *name, &client{addr: *connectAddr, limits: usual, stderr: stderr})
	default:
		flags.Usage()
		return 2
	}
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	logger.Print(err)
	return 1
}

// loopback runs both ends. The file consists of random numbers from a fixed seed.
func loopback(ctx context.Context, stdout io.Writer, log *log.Logger, stderr io.Writer) error {
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
	const size = 8 << 20
	fmt.Fprintln(stdout, "Both ends run here, over the loopback interface. -help shows how to run them apart.")
	fmt.Fprintf(stdout, "server: listening on  %v, with a new X-Wing key\n", listener.Addr())
	fmt.Fprintf(stdout, "client: knows the server's public key, and sends a file of %d pseudo-random bytes, the same in every run\n", size)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{key: key, out: filepath.Join(dir, "received"), size: size, limits: usual, log: log}
	c := &client{addr: listener.Addr().String(), pinned: key.EncapsulationKey(), limits: usual, stderr: stderr}
	var kept *report
	var keepErr error
	var serving sync.WaitGroup
	serving.Go(func() { kept, keepErr = s.receive(ctx, listener) })
	sent, err := c.send(ctx, io.LimitReader(rand.NewChaCha8([32]byte{}), size), size)
	if err != nil {
		cancel() // the server would wait for another client
	}
	serving.Wait()
	if err := cmp.Or(err, keepErr); err != nil {
		return err
	}
	printSent(stdout, sent)
	printKept(stdout, kept, "a temporary file")
	fmt.Fprintln(stdout, "The digests agree: the server kept what the client sent.")
	return nil
}

func listen(ctx context.Context, stdout io.Writer, addr, keyFile string, s *server) error {
	if err := checkCreate(s.out); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	for _, name := range []string{keyFile, keyFile + ".pub"} {
		if filepath.Clean(s.out) == filepath.Clean(name) {
			return fmt.Errorf("-out is a file of the key, %s", name)
		}
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	s.key, err = loadKey(keyFile, s.log)
	if err != nil {
		return err
	}
	defer s.key.Destroy()
	fmt.Fprintf(stdout, "server: public key in %s.pub\n", keyFile)
	fmt.Fprintf(stdout, "server: listening on  %v\n", listener.Addr())
	r, err := s.receive(ctx, listener)
	if err != nil {
		return err
	}
	printKept(stdout, r, s.out)
	return nil
}

func connect(ctx context.Context, stdout io.Writer, pinnedFile, name string, c *client) error {
	var err error
	c.pinned, err = readPublicKey(pinnedFile)
	if err != nil {
		return err
	}
	info, err := os.Stat(name) // before Open, which would wait for a FIFO's other end
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file, and has no size to announce", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := c.send(ctx, file, info.Size())
	if err != nil {
		return err
	}
	printSent(stdout, r)
	return nil
}

func printSent(w io.Writer, r *report) {
	fmt.Fprintf(w, "client: handshake     %d bytes to the server and %d bytes back, in %.3f ms\n", helloSize, answerSize, 1e3*r.handshake.Seconds())
	fmt.Fprintf(w, "client: sent          %d bytes, on the server's disk after %.3f ms (%.0f MB/s)\n", r.size, 1e3*r.transfer.Seconds(), 1e-6*float64(r.size)/r.transfer.Seconds())
	fmt.Fprintf(w, "client: SHA-256       %x\n", r.digest)
}

func printKept(w io.Writer, r *report, name string) {
	fmt.Fprintf(w, "server: kept          %d bytes as %s\n", r.size, name)
	fmt.Fprintf(w, "server: SHA-256       %x\n", r.digest)
}
