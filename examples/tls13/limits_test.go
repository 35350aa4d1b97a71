package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestUseless uses servers that send records and messages that bring nothing. crypto/tls
// has the same limit.
func TestUseless(t *testing.T) {
	ticket := message(typeNewSessionTicket, []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0})
	update := func(request byte) func(*fake) {
		return func(f *fake) {
			f.sendAs(typeHandshake, message(typeKeyUpdate, []byte{request}))
			f.out = f.out.next()
		}
	}
	canceled := func(f *fake) { f.sendAs(typeAlert, []byte{1, byte(userCanceled)}) }
	inHandshake := map[string]func(*fake){
		"change_cipher_spec": func(f *fake) { f.raw(20, 3, 3, 0, 1, 1) },
		"user_canceled":      canceled,
	}
	later := map[string]func(*fake){
		"user_canceled":        canceled,
		"empty":                func(f *fake) { f.seal([]byte{byte(typeApplicationData)}) },
		"padding":              func(f *fake) { f.seal([]byte{byte(typeApplicationData), 0, 0}) },
		"ticket":               func(f *fake) { f.sendAs(typeHandshake, ticket) },
		"ticket in pieces":     func(f *fake) { f.sendAs(typeHandshake, ticket[:5]); f.sendAs(typeHandshake, ticket[5:]) },
		"KeyUpdate":            update(0),
		"KeyUpdate, requested": update(1),
	}
	kinds := slices.Collect(maps.Values(later))
	sent := 0
	later["all kinds in turn"] = func(f *fake) { sent++; kinds[sent%len(kinds)](f) }

	for count, want := range map[int]alert{maxUseless: closeNotify, maxUseless + 1: unexpectedMessage} {
		for name, send := range inHandshake {
			for _, at := range []uint8{typeServerHello, typeCertificate, typeFinished} {
				f := &fake{before: func(f *fake, now uint8) {
					if now == at || now == typeEncryptedExtensions { // with a message in between
						for range count {
							send(f)
						}
					}
				}}
				t.Run(name, func(t *testing.T) { checkFake(t, f, testConfig(), want) })
			}
		}

		each := func(send func(*fake)) func(*fake) {
			return func(f *fake) {
				for range count {
					send(f)
				}
			}
		}
		together := func(f *fake) { f.sendAs(typeHandshake, bytes.Repeat(ticket, count)) }
		t.Run("tickets in one record", func(t *testing.T) { checkFake(t, fakeBetween(together), testConfig(), want) })
		for name, send := range later {
			t.Run(name, func(t *testing.T) { checkFake(t, fakeBetween(each(send)), testConfig(), want) })
		}
	}
}

// fakeBetween returns a server that calls send before each of two parts of the page. It
// allows answers to KeyUpdates.
func fakeBetween(send func(*fake)) *fake {
	return &fake{then: func(f *fake) error {
		if err := f.readRequest(); err != nil {
			return err
		}
		for _, part := range []string{fakePage, "page"} {
			send(f)
			f.write(typeApplicationData, []byte(part))
		}
		f.write(typeAlert, []byte{1, byte(closeNotify)})
		for {
			t, data, err := f.get()
			switch {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			case t != typeHandshake || !bytes.Equal(data, message(typeKeyUpdate, []byte{0})):
				return errors.New("the client sends something other than KeyUpdates")
			}
			f.in = f.in.next()
		}
	}}
}

// drip calls send every few milliseconds until it fails, since the client has closed the
// connection. It returns an error if the client does not.
func drip(send func() error) error {
	for range 4000 {
		if err := send(); err != nil {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.New("the client does not close the connection")
}

// TestHandshakeTime uses servers that send something again and again, but never finish the
// handshake.
func TestHandshakeTime(t *testing.T) {
	t.Parallel() // it waits
	var all sync.WaitGroup
	defer all.Wait()
	record := func(f *fake, b []byte) error { return f.write(typeHandshake, b) }
	raw := func(f *fake, b []byte) error { _, err := f.rw.Write(b); return err }
	for name, test := range map[string]struct {
		at    uint8
		send  func(*fake, []byte) error
		first []byte
	}{
		"a record in the clear": {typeServerHello, raw, []byte{22, 3, 3, 0x40, 0, typeServerHello}},
		"records in the clear":  {typeServerHello, record, []byte{typeServerHello, 0, 0xff, 0xfc}},
		"a protected record":    {typeCertificate, raw, []byte{23, 3, 3, 0x40, 0}},
		"protected records":     {typeCertificate, record, []byte{typeCertificate, 0, 0xff, 0xfc}},
	} {
		all.Go(func() {
			var end error
			f := &fake{before: func(f *fake, now uint8) {
				if now == test.at {
					next := test.first
					end = drip(func() error {
						err := test.send(f, next)
						next = []byte{0}
						return err
					})
				}
			}}
			cfg := testConfig()
			cfg.handshakeTime = 300 * time.Millisecond
			address, done := f.start(t)
			start := time.Now()
			_, err := visit(t, address, cfg)
			if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) > 10*time.Second {
				t.Errorf("%s: after %v: %v", name, time.Since(start), err)
			}
			checkError(t, name, err, "handshake: ")
			<-done
			if end != nil {
				t.Errorf("%s: %v", name, end)
			}
		})
	}
}

// program runs the program for the page of a fake server at host, which must be 127.0.0.1 by
// another name.
func program(t *testing.T, f *fake, host string, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	if f.chain == nil {
		f.chain = [][]byte{ca().issue(keys()["P-256"].Public(), func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })}
	}
	address, done := f.start(t)
	page := "https://" + strings.Replace(address, "127.0.0.1", host, 1) + "/"
	var out, err strings.Builder
	code = run(t.Context(), append(flags, "-ca", caFile(t), page), &out, &err)
	<-done
	return code, out.String(), err.String()
}

// caFile returns the name of a file with the certificate of the authority.
func caFile(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "ca.pem")
	check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca().certificate.Raw}), 0o600))
	return file
}

// TestTransferTime uses servers that never finish the page.
func TestTransferTime(t *testing.T) {
	t.Parallel() // it waits
	var all sync.WaitGroup
	defer all.Wait()
	for name, parts := range map[string][2]string{
		"interim responses": {"", "HTTP/1.1 103 Early Hints\r\n\r\n"},
		"header":            {"HTTP/1.1 200 OK\r\n", "a: b\r\n"},
		"page":              {fakePage, "x"},
		"page of chunks":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
		"KeyUpdates":        {fakePage, "update"},
	} {
		all.Go(func() {
			f := &fake{then: func(f *fake) error {
				if err := f.readRequest(); err != nil {
					return err
				}
				f.write(typeApplicationData, []byte(parts[0]))
				return drip(func() error {
					if name == "KeyUpdates" {
						if err := f.write(typeHandshake, message(typeKeyUpdate, []byte{0})); err != nil {
							return err
						}
						f.out = f.out.next()
					}
					return f.write(typeApplicationData, []byte(parts[1]))
				})
			}}
			start := time.Now()
			code, _, stderr := program(t, f, "127.0.0.1", "-timeout", "600ms")
			if code != 1 || stderr != "tls13: interrupted, or out of time\n" || time.Since(start) > 10*time.Second {
				t.Errorf("%s: after %v: exit status %d, %q", name, time.Since(start), code, stderr)
			}
		})
	}

	all.Go(func() { // longer than the handshake may take
		const handshakeTime = time.Second
		f := &fake{then: func(f *fake) error {
			time.Sleep(handshakeTime + handshakeTime/5)
			return servePage(f)
		}}
		code, stdout, stderr := program(t, f, "127.0.0.1", "-handshake", handshakeTime.String())
		if code != 0 || !strings.HasSuffix(stdout, "served") {
			t.Errorf("exit status %d, %q", code, stderr)
		}
	})
}
