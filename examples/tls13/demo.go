package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"time"
)

// demonstrate fetches a page from a crypto/tls server with each group that crypto/tls has. The
// page names the group that the server has used.
func demonstrate(ctx context.Context, stdout io.Writer, cfg config) error {
	certificate, roots, err := selfSigned()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, CurvePreferences: curves(allGroups)},
		ErrorLog:  log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "crypto/tls has used %v\n", r.TLS.CurveID)
		}),
	}
	go server.ServeTLS(listener, "", "")
	defer server.Close()

	cfg.roots = roots
	u := &url.URL{Scheme: "https", Host: listener.Addr().String(), Path: "/"}
	for _, g := range allGroups {
		if len(curves([]*group{g})) == 0 {
			fmt.Fprintf(stdout, "crypto/tls does not have %s\n\n", g.name)
			continue
		}
		var page bytes.Buffer
		cfg.groups = []*group{g}
		if err := fetch(ctx, &page, u.Host, u, cfg); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		fmt.Fprintln(stdout, page.String())
		if !bytes.Contains(page.Bytes(), []byte("crypto/tls has used "+g.name)) {
			return errors.New("the server has used another group")
		}
	}
	return nil
}

// curves returns those of the groups that the crypto/tls of this program has. It has those whose
// names it knows: MLKEM1024 since Go 1.27.
func curves(groups []*group) (all []tls.CurveID) {
	for _, g := range groups {
		if id := tls.CurveID(g.id); id.String() == g.name {
			all = append(all, id)
		}
	}
	return all
}

func selfSigned() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	template.Subject.CommonName = "loopback"
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots, nil
}
