// Tls13 is a small TLS 1.3 client that fetches a page. Its only key exchanges are those with
// ML-KEM: the hybrids of RFC 10024, and those of two drafts, ML-KEM alone and the hybrids of
// ML-KEM-512. It is meant to be read alongside RFC 9846, which obsoletes RFC 8446: a section
// without a document is a section of RFC 9846.
//
//	record.go       section 5     records, their protection, what may come when
//	keyschedule.go  section 7     secrets and keys
//	handshake.go    section 4     the steps of the handshake, Finished
//	hello.go        section 4.2   ClientHello, HelloRetryRequest, ServerHello, extensions
//	certificate.go  section 4.5   Certificate, CertificateVerify
//	conn.go         section 4.7   reading and writing, KeyUpdate, closing
//	alert.go        section 6     what the server is told when something is wrong
//	print.go                      what a terminal shows of the server's text
//
// In TLS, the client's share is an encapsulation key and the server's share is the
// ciphertext. The shared key of a hybrid of [hybridkem/combiner/tlskex] is the concatenation
// of two secrets, as RFC 9954 describes. Its KDF is the key schedule, which also hashes both
// shares with the rest of the transcript.
//
// The client prefers X25519MLKEM768 and sends only the share of that group. A server
// that wants another group asks for it with a HelloRetryRequest. The client lacks P-256,
// which section 9.1 demands. It has no session resumption, no early data and no
// certificate of its own: a server that asks for one is told so. It does not check
// whether certificates are revoked. It is an example of using KEMs and not a vetted
// implementation. For real traffic, use crypto/tls, which supports the hybrids of RFC 10024
// too.
//
// Without arguments, Tls13 fetches a page from a crypto/tls server on the loopback
// interface, once with each group that crypto/tls has. To fetch another page:
//
//	tls13 [-group NAME] [-ca FILE] [-handshake TIME] [-timeout TIME] https://HOST[:PORT]/PATH
//
// What it prints is text: escapes such as \x1b take the place of control characters.
package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	maxHeader = 1 << 20     // of an HTTP response, in bytes
	lingering = time.Second // how long to wait for the server after an alert

	systemRoots = "system" // not empty, so that a script's empty variable does not mean it
)

func main() {
	// A second signal ends the program at once, even if a system call keeps it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

var errUsage = errors.New("use it with one https URL, or without arguments")

// run returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tls13", flag.ContinueOnError)
	flags.SetOutput(stderr)
	name := flags.String("group", "", "offer no group but `NAME`")
	ca := flags.String("ca", systemRoots, "trust the certificates in `FILE`, which is in PEM; system stands for the system's")
	handshakeTime := flags.Duration("handshake", 10*time.Second, "give up if the handshake takes longer than `TIME`")
	timeout := flags.Duration("timeout", time.Minute, "give up if the server takes longer than `TIME` for everything")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}

	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	cfg := config{groups: allGroups, suites: allSuites, handshakeTime: *handshakeTime}
	switch {
	case len(args) == 0:
		err = demonstrate(ctx, stdout, cfg)
	case flags.NArg() == 1:
		err = get(ctx, stdout, flags.Arg(0), *name, *ca, cfg)
	default:
		err = errUsage
	}
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted, or out of time")
	}
	fmt.Fprintln(stderr, "tls13:", visible(err.Error()))
	if err == errUsage {
		return 2
	}
	return 1
}

// get fetches the page that the command line names.
func get(ctx context.Context, stdout io.Writer, page, name, ca string, cfg config) error {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return errUsage
	}
	if u.User != nil {
		return errors.New("the URL has a user name, which this client would not send")
	}
	if name != "" {
		if cfg.groups, err = findGroup(name); err != nil {
			return err
		}
	}
	if ca != systemRoots {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		cfg.roots = x509.NewCertPool()
		if !cfg.roots.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s: no certificate", ca)
		}
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "443")
	}
	return fetch(ctx, stdout, address, u, cfg)
}

func findGroup(name string) ([]*group, error) {
	var names []string
	for _, g := range allGroups {
		if strings.EqualFold(g.name, name) {
			return []*group{g}, nil
		}
		names = append(names, g.name)
	}
	return nil, fmt.Errorf("no group %q: there are %s", name, strings.Join(names, ", "))
}

// fetch connects to a server and prints what was negotiated and the page.
func fetch(ctx context.Context, stdout io.Writer, address string, u *url.URL, cfg config) error {
	cfg.serverName = u.Hostname()
	if _, err := checkedName(cfg.serverName); err != nil {
		return err
	}
	deadline := time.Now().Add(cfg.handshakeTime)
	dialer := net.Dialer{Deadline: deadline}
	tcp, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer tcp.Close()
	defer context.AfterFunc(ctx, func() { tcp.Close() })()
	tcp.SetDeadline(deadline)

	if err := exchange(ctx, tcp, stdout, u, cfg); err != nil {
		// Closing a connection with unread bytes resets it. That could destroy an alert
		// that the server has not read yet.
		tcp.(*net.TCPConn).CloseWrite()
		tcp.SetDeadline(time.Now().Add(lingering))
		io.Copy(io.Discard, tcp)
		return err
	}
	return nil
}

func exchange(ctx context.Context, tcp net.Conn, stdout io.Writer, u *url.URL, cfg config) error {
	c, err := handshake(tcp, cfg)
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	tcp.SetDeadline(time.Time{}) // from here on, ctx is the limit
	err = getPage(ctx, c, stdout, u)
	if closing := c.Close(); err == nil {
		err = closing
	}
	return err
}

func getPage(ctx context.Context, c *conn, stdout io.Writer, u *url.URL) error {
	fmt.Fprintf(stdout, "group         %s\n", c.group.name)
	fmt.Fprintf(stdout, "cipher suite  %s\n", c.suite.name)
	fmt.Fprintf(stdout, "server        %s\n", visible(c.server.Subject.String()))

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	request.Close = true
	if err := request.Write(c); err != nil {
		return err
	}
	limited := &io.LimitedReader{R: c, N: maxHeader}
	response, err := readResponse(bufio.NewReader(limited), request)
	if err != nil {
		return fmt.Errorf("the response: %w", err)
	}
	defer response.Body.Close()
	limited.N = math.MaxInt64 // the page may be as long as the time allows
	fmt.Fprintf(stdout, "status        %s\n\n", visible(response.Status))
	if err := printPage(stdout, response.Body); err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	return nil
}

// readResponse reads a response up to the page. It skips interim responses such as 100
// Continue (RFC 9110, section 15.2).
func readResponse(in *bufio.Reader, request *http.Request) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(in, request)
		if err != nil {
			return nil, err
		}
		switch code := response.StatusCode; {
		case code >= 200:
			return response, nil
		case code < 100 || code == http.StatusSwitchingProtocols:
			return nil, fmt.Errorf("the status %q was not asked for", response.Status)
		}
	}
}
