package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
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

// caFile returns the name of a file with the certificate of the authority.
func caFile(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "ca.pem")
	check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca().certificate.Raw}), 0o600))
	return file
}
