// Server shows what batches bring to a server: it agrees on keys with many clients at once, and
// decapsulates for them one by one, or in batches. Both ends run in this program, over the loopback
// interface.
//
//	client                                              server
//
//	  ciphertext for the server's key ‖ confirmation  →
//	  ←                                    confirmation
//
// The clients know the server's long-term key beforehand. Both confirmations are derived from the
// shared key, by HKDF-SHA256 with a hash of the server's key and of the ciphertext, and so is a key for
// what an application would send then. Unlike that of the example handshake, this exchange has no
// forward secrecy: whoever steals the long-term key later can open recorded sessions. It is as small as
// an exchange can be, so that the server's decapsulations count.
//
// The server has a goroutine for each connection. With -batch=on, the goroutines decapsulate through a
// batch.Queue, which joins the operations of those that have to wait. That is one line of code. A
// single client has nobody to be joined with, and gains nothing.
//
// The clients' work runs on the same processors, and so the gain is less than that of a server alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"hybridkem"
	"hybridkem/batch"
	"hybridkem/kem"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const (
	connections = 1024             // at most, of the server at once
	patience    = 10 * time.Second // of one end, until the other has done its part of an exchange
)

// run returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	name := flags.String("kem", "X-Wing", "use the KEM of this `name`")
	batches := flags.String("batch", "both", "decapsulate in batches: off, on, or both in turn")
	var l load
	flags.IntVar(&l.clients, "clients", 256, "run so many clients")
	flags.IntVar(&l.each, "each", 100, "make so many exchanges in each connection")
	flags.DurationVar(&l.duration, "time", 5*time.Second, "measure for so long")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	turns := map[string][]bool{"off": {false}, "on": {true}, "both": {false, true}}[*batches]
	k, err := hybridkem.ByName(*name)
	if err == nil && (turns == nil || l.clients <= 0 || l.each <= 0 || l.duration <= 0 || flags.NArg() > 0) {
		err = errors.New("-batch is off, on or both; the numbers and the time are positive; there are no other arguments")
	}
	if err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 2
	}
	if err := compare(ctx, k, l, turns, stdout); err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 1
	}
	return 0
}

// compare measures the server in turns, with batches or without.
func compare(ctx context.Context, k kem.KEM, l load, turns []bool, stdout io.Writer) error {
	key, err := k.GenerateKey()
	if err != nil {
		return err
	}
	defer key.Destroy()
	fmt.Fprintf(stdout, "%s, %d clients, %d exchanges in each connection, over the loopback interface\n", k.Name(), l.clients, l.each)
	var results []string
	for _, batches := range turns {
		name := "without batches"
		if batches {
			name = "with batches"
		}
		fmt.Fprintf(stdout, "\n%s\n", name)
		result, err := measure(ctx, key, l, batches, stdout)
		if err != nil {
			return err
		}
		results = append(results, fmt.Sprintf("%-16s%s", name, result))
	}
	fmt.Fprintf(stdout, "\n%s\n", strings.Join(results, "\n"))
	return nil
}

// measure runs a server and its clients, and prints a line each second. It returns a line about all of
// the time.
func measure(ctx context.Context, key kem.DecapsulationKey, l load, batches bool, stdout io.Writer) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	l.addr, l.ek = listener.Addr().String(), key.PublicKey()
	s := &server{key: key, connections: connections, patience: patience}
	if batches {
		s.queue = batch.NewQueue(connections, 0)
		defer s.queue.Close()
	}
	serverCtx, dismiss := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { s.serve(serverCtx, listener) })
	defer serving.Wait()
	defer dismiss()

	ctx, cancel := context.WithTimeout(ctx, l.duration)
	defer cancel()
	var done, all record
	ended := make(chan error)
	start := time.Now()
	go func() { ended <- l.run(ctx, &done) }()
	for last := start; ; {
		select {
		case now := <-time.After(time.Second):
			second := done.take()
			all.add(second...)
			fmt.Fprintf(stdout, "%16s%s\n", "", describe(second, now.Sub(last)))
			last = now
		case err := <-ended:
			all.add(done.take()...)
			return describe(all.take(), time.Since(start)), err
		}
	}
}
