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

// demonstrate fetches a page with each group from a crypto/tls server. The page names the
// group that the server has used.
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
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
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
		var page bytes.Buffer
		cfg.groups = []*group{g}
		if err := fetch(ctx, &page, u.Host, u, cfg); err != nil {
			return fmt.Errorf("%s: %w", g.kem.Name(), err)
		}
		fmt.Fprintln(stdout, page.String())
		if !bytes.Contains(page.Bytes(), []byte("crypto/tls has used "+g.kem.Name())) {
			return errors.New("the server has used another group")
		}
	}
	return nil
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
