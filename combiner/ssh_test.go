package combiner_test

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/ssh"

	"hybridkem/combiner/sshkex"
	"hybridkem/combiner/tlskex"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
)

// An sshMethod is a key exchange of RFC 10042.
type sshMethod struct {
	name string
	kem  kem.KEM
	hash func() hash.Hash
}

var sshMethods = []sshMethod{
	{"mlkem768x25519-sha256", sshkex.MLKEM768X25519SHA256(), sha256.New},
	{"mlkem768nistp256-sha256", sshkex.MLKEM768NISTP256SHA256(), sha256.New},
	{"mlkem1024nistp384-sha384", sshkex.MLKEM1024NISTP384SHA384(), sha512.New384},
}

// The client and the server in this file support one method at a time, and one algorithm of
// each other kind.
const (
	sshHostKey = ssh.KeyAlgoED25519
	sshCipher  = "aes128-gcm@openssh.com"
)

// Message numbers: RFC 4253, section 12, RFC 4252, section 6, and RFC 5656, section 7.1.
const (
	msgServiceRequest = 5
	msgServiceAccept  = 6
	msgKexInit        = 20
	msgNewKeys        = 21
	msgKexInitMessage = 30
	msgKexReply       = 31
	msgAuthRequest    = 50
	msgAuthSuccess    = 52
)

// An sshConn is one end of a connection. It supports a login without authentication, and nothing after it.
type sshConn struct {
	method   sshMethod
	conn     net.Conn
	r        *bufio.Reader
	in, out  *sshGCM // nil before the new keys are used
	isClient bool

	// The inputs of the exchange hash.
	clientVersion, serverVersion string
	clientInit, serverInit       []byte
}

// sshString returns the length of b followed by b: RFC 4251, section 5.
func sshString(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// sshPacket returns the payload of a packet: a message number and its fields.
func sshPacket(number byte, fields ...[]byte) []byte {
	return append([]byte{number}, bytes.Join(fields, nil)...)
}

func readSSHString(s *cryptobyte.String) ([]byte, error) {
	var size uint32
	var b []byte
	if !s.ReadUint32(&size) || !s.ReadBytes(&b, int(size)) {
		return nil, errors.New("a string is too short")
	}
	return b, nil
}

// An sshGCM encrypts one direction of a connection: RFC 5647.
type sshGCM struct {
	aead  cipher.AEAD
	nonce []byte
}

func newSSHGCM(key, iv []byte) *sshGCM {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return &sshGCM{aead, iv}
}

// next returns the nonce of a packet, and increments its last eight bytes for the next packet: section 7.1.
func (g *sshGCM) next() []byte {
	nonce := bytes.Clone(g.nonce)
	counter := g.nonce[4:]
	binary.BigEndian.PutUint64(counter, binary.BigEndian.Uint64(counter)+1)
	return nonce
}

// write sends a packet: RFC 4253, section 6, and RFC 5647, section 7.2.
func (c *sshConn) write(payload []byte) error {
	const block = 16
	covered := 1 + len(payload)
	if c.out == nil {
		covered += 4 // before encryption begins, the padding covers the length, too
	}
	padding := block - covered%block
	if padding < 4 {
		padding += block
	}
	size := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+padding))
	body := append(append([]byte{byte(padding)}, payload...), make([]byte, padding)...)
	if c.out != nil {
		body = c.out.aead.Seal(nil, c.out.next(), body, size)
	}
	_, err := c.conn.Write(append(size, body...))
	return err
}

// read receives a packet with the given number, and returns its payload.
func (c *sshConn) read(number byte) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c.r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > 35000 {
		return nil, errors.New("a packet is too long")
	}
	if c.in != nil {
		n += uint32(c.in.aead.Overhead())
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(c.r, body); err != nil {
		return nil, err
	}
	if c.in != nil {
		var err error
		if body, err = c.in.aead.Open(nil, c.in.next(), body, size[:]); err != nil {
			return nil, err
		}
	}
	if len(body) < 2 || 1+int(body[0]) >= len(body) {
		return nil, errors.New("a packet has no payload")
	}
	if payload := body[1 : len(body)-int(body[0])]; payload[0] == number {
		return payload, nil
	}
	return nil, fmt.Errorf("message %d, want %d", body[1], number)
}

// errNotOffered means that the peer does not support the method of the connection.
var errNotOffered = errors.New("the peer does not offer this method")

// start exchanges versions and lists of algorithms: RFC 4253, sections 4.2 and 7.1.
func (c *sshConn) start() error {
	own := "SSH-2.0-hybridkem_test"
	if _, err := io.WriteString(c.conn, own+"\r\n"); err != nil {
		return err
	}
	line, err := c.r.ReadString('\n')
	if err != nil {
		return err
	}
	c.clientVersion, c.serverVersion = own, strings.TrimRight(line, "\r\n")

	cookie := make([]byte, 16)
	rand.Read(cookie)
	ownInit := sshPacket(msgKexInit, cookie)
	for _, list := range []string{c.method.name, sshHostKey, sshCipher, sshCipher, "", "", "none", "none", "", ""} {
		ownInit = append(ownInit, sshString([]byte(list))...)
	}
	ownInit = append(ownInit, 0, 0, 0, 0, 0)
	if err := c.write(ownInit); err != nil {
		return err
	}
	if c.serverInit, err = c.read(msgKexInit); err != nil {
		return err
	}
	if len(c.serverInit) < 1+len(cookie) {
		return errors.New("the list of algorithms is too short")
	}
	lists := cryptobyte.String(c.serverInit[1+len(cookie):])
	methods, err := readSSHString(&lists)
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Split(string(methods), ","), c.method.name) {
		return errNotOffered
	}
	c.clientInit = ownInit
	if !c.isClient {
		c.clientVersion, c.serverVersion = c.serverVersion, c.clientVersion
		c.clientInit, c.serverInit = c.serverInit, c.clientInit
	}
	return nil
}

// exchangeHash is H of RFC 10042, section 2.5, in which K is a string and not a number.
func (c *sshConn) exchangeHash(hostKey, cInit, sReply, k []byte) []byte {
	h := c.method.hash()
	for _, b := range [][]byte{
		[]byte(c.clientVersion), []byte(c.serverVersion), c.clientInit, c.serverInit, hostKey, cInit, sReply, k,
	} {
		h.Write(sshString(b))
	}
	return h.Sum(nil)
}

// newKeys switches to keys derived from K and H: RFC 4253, sections 7.2 and 7.3.
func (c *sshConn) newKeys(k, h []byte) error {
	if err := c.write(sshPacket(msgNewKeys)); err != nil {
		return err
	}
	if _, err := c.read(msgNewKeys); err != nil {
		return err
	}
	derive := func(letter byte, size int) []byte {
		f := c.method.hash()
		f.Write(bytes.Join([][]byte{sshString(k), h, {letter}, h}, nil))
		return f.Sum(nil)[:size]
	}
	c.out, c.in = newSSHGCM(derive('C', 16), derive('A', 12)), newSSHGCM(derive('D', 16), derive('B', 12))
	if !c.isClient {
		c.in, c.out = c.out, c.in
	}
	return nil
}

// client exchanges keys with a server, verifies its signature over the exchange hash, and logs in. The
// login shows that both sides have the same keys.
func (c *sshConn) client(hostKey ssh.PublicKey) error {
	if err := c.start(); err != nil {
		return err
	}
	dk, err := c.method.kem.GenerateKey()
	if err != nil {
		return err
	}
	defer dk.Destroy()
	cInit := dk.Encapsulator().Bytes()
	if err := c.write(sshPacket(msgKexInitMessage, sshString(cInit))); err != nil {
		return err
	}
	packet, err := c.read(msgKexReply)
	if err != nil {
		return err
	}
	reply := cryptobyte.String(packet[1:])
	hostKeyBytes, err1 := readSSHString(&reply)
	sReply, err2 := readSSHString(&reply)
	signature, err3 := readSSHString(&reply)
	if err := errors.Join(err1, err2, err3); err != nil || !reply.Empty() {
		return fmt.Errorf("the reply is malformed: %v", err)
	}
	sharedKey, err := dk.Decapsulate(sReply)
	if err != nil {
		return err
	}
	h := c.exchangeHash(hostKeyBytes, cInit, sReply, sharedKey)
	if !bytes.Equal(hostKeyBytes, hostKey.Marshal()) {
		return errors.New("another host key")
	}
	var s ssh.Signature
	if err := ssh.Unmarshal(signature, &s); err != nil {
		return err
	}
	if err := hostKey.Verify(h, &s); err != nil {
		return fmt.Errorf("the signature over the exchange hash: %w", err)
	}
	if err := c.newKeys(sharedKey, h); err != nil {
		return err
	}
	if err := c.write(sshPacket(msgServiceRequest, sshString([]byte("ssh-userauth")))); err != nil {
		return err
	}
	if _, err := c.read(msgServiceAccept); err != nil {
		return err
	}
	login := [][]byte{sshString([]byte("alice")), sshString([]byte("ssh-connection")), sshString([]byte("none"))}
	if err := c.write(sshPacket(msgAuthRequest, login...)); err != nil {
		return err
	}
	_, err = c.read(msgAuthSuccess)
	return err
}

// server is the other side of client. It accepts every login.
func (c *sshConn) server(signer ssh.Signer) error {
	if err := c.start(); err != nil {
		return err
	}
	packet, err := c.read(msgKexInitMessage)
	if err != nil {
		return err
	}
	message := cryptobyte.String(packet[1:])
	cInit, err := readSSHString(&message)
	if err != nil {
		return err
	}
	ek, err := c.method.kem.NewEncapsulationKey(cInit)
	if err != nil {
		return err
	}
	sharedKey, sReply := ek.Encapsulate()
	hostKey := signer.PublicKey().Marshal()
	h := c.exchangeHash(hostKey, cInit, sReply, sharedKey)
	signature, err := signer.Sign(rand.Reader, h)
	if err != nil {
		return err
	}
	if err := c.write(sshPacket(msgKexReply, sshString(hostKey), sshString(sReply), sshString(ssh.Marshal(signature)))); err != nil {
		return err
	}
	if err := c.newKeys(sharedKey, h); err != nil {
		return err
	}
	request, err := c.read(msgServiceRequest)
	if err != nil {
		return err
	}
	if err := c.write(sshPacket(msgServiceAccept, request[1:])); err != nil {
		return err
	}
	if _, err := c.read(msgAuthRequest); err != nil {
		return err
	}
	return c.write(sshPacket(msgAuthSuccess))
}

// newSSHSigner returns the host key of a server.
func newSSHSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// TestSSH exchanges keys with golang.org/x/crypto/ssh, once as a client and once as a server. That package
// has the first method only. With the KEM of TLS, which gives another K, the signature of the server must
// not verify.
func TestSSH(t *testing.T) {
	method := sshMethods[0]
	signer := newSSHSigner(t)
	config := ssh.Config{KeyExchanges: []string{method.name}, Ciphers: []string{sshCipher}}
	serverConfig := &ssh.ServerConfig{Config: config, NoClientAuth: true}
	serverConfig.AddHostKey(signer)
	clientConfig := &ssh.ClientConfig{Config: config, User: "alice", HostKeyCallback: ssh.FixedHostKey(signer.PublicKey())}

	for _, test := range []struct {
		name string
		own  func(c *sshConn) error
		peer func(conn net.Conn) error
	}{
		{"client", func(c *sshConn) error {
			c.isClient = true
			return c.client(signer.PublicKey())
		}, func(conn net.Conn) error {
			_, _, _, err := ssh.NewServerConn(conn, serverConfig)
			return err
		}},
		{"server", func(c *sshConn) error {
			return c.server(signer)
		}, func(conn net.Conn) error {
			_, _, _, err := ssh.NewClientConn(conn, "", clientConfig)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, k := range []kem.KEM{method.kem, tlskex.X25519MLKEM768()} {
				own, peer := connection(t)
				peerErr := make(chan error, 1)
				go func() {
					defer peer.Close()
					peerErr <- test.peer(peer)
				}()
				err := test.own(&sshConn{method: sshMethod{method.name, k, method.hash}, conn: own, r: bufio.NewReader(own)})
				own.Close()
				err = errors.Join(err, <-peerErr)
				if k == method.kem && err != nil {
					t.Error(err)
				}
				if k != method.kem && (err == nil || !strings.Contains(err.Error(), "signature")) {
					t.Errorf("with %s: %v", k.Name(), err)
				}
			}
		})
	}
}

// TestSSHMethods exchanges keys by each method between the client and the server of this file. A method
// that the other side does not offer ends with an error.
func TestSSHMethods(t *testing.T) {
	signer := newSSHSigner(t)
	for _, client := range sshMethods {
		for _, server := range sshMethods {
			a, b := connection(t)
			serverErr := make(chan error, 1)
			go func() {
				defer b.Close()
				serverErr <- (&sshConn{method: server, conn: b, r: bufio.NewReader(b)}).server(signer)
			}()
			err := (&sshConn{method: client, conn: a, r: bufio.NewReader(a), isClient: true}).client(signer.PublicKey())
			a.Close()
			if err := errors.Join(err, <-serverErr); (client.name == server.name) != (err == nil) || err != nil && !errors.Is(err, errNotOffered) {
				t.Errorf("%s with %s: %v", client.name, server.name, err)
			}
		}
	}
}

// TestSSHPrograms lets other programs log in to a server here, by each method that they have. A program
// that sends its login has verified the server's signature over the exchange hash, and has the same keys.
func TestSSHPrograms(t *testing.T) {
	signer := newSSHSigner(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(known, append([]byte("* "), ssh.MarshalAuthorizedKey(signer.PublicKey())...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, program := range []struct {
		name, program, version string
		methods                []string // arguments that print the methods; if there are none, all are offered
		arguments              func(method, port string) []string
	}{
		{"OpenSSH", "ssh", `^OpenSSH_(\d[^ ,]*)`, []string{"-Q", "kex"}, func(method, port string) []string {
			return []string{
				"-F", "none", "-p", port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
				"-o", "UserKnownHostsFile=" + known, "-o", "KexAlgorithms=" + method, "alice@127.0.0.1", "true",
			}
		}},
		{"PuTTY", "plink", `^plink: Release (\S+)`, nil, func(_, port string) []string {
			return []string{"-ssh", "-batch", "-P", port, "-hostkey", ssh.FingerprintSHA256(signer.PublicKey()), "alice@127.0.0.1", "true"}
		}},
	} {
		t.Run(program.name, func(t *testing.T) {
			peer := testkit.FindPeer(t, program.name, program.program, "-V", program.version)
			for _, method := range sshMethods {
				t.Run(method.name, func(t *testing.T) {
					if program.methods != nil {
						out, err := exec.Command(peer.Path, program.methods...).Output()
						if err != nil {
							t.Fatal(err)
						}
						if !slices.Contains(strings.Fields(string(out)), method.name) {
							t.Skipf("peer not run: %v: it has no %s", peer, method.name)
						}
					}
					switch err := logIn(t, method, signer, peer.Path, program.arguments); {
					case errors.Is(err, errNotOffered) && program.methods == nil:
						t.Skipf("peer not run: %v: it does not offer %s", peer, method.name)
					case err != nil:
						t.Error(err)
					default:
						t.Logf("peer: %v: %s", peer, method.name)
					}
				})
			}
		})
	}
}

// logIn runs a server until the program, started with the arguments, has logged in.
func logIn(t *testing.T, method sshMethod, signer ssh.Signer, path string, arguments func(method, port string) []string) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	command := exec.CommandContext(t.Context(), path, arguments(method.name, port)...)
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		command.Wait()
		listener.Close() // so that nobody waits for a program that has not connected
	}()
	serve := func() error {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		return (&sshConn{method: method, conn: conn, r: bufio.NewReader(conn)}).server(signer)
	}
	err = serve()
	command.Process.Kill() // it has nothing more to do
	<-ended
	if err != nil {
		return fmt.Errorf("%w; the program says: %s", err, &output)
	}
	return nil
}

// connection returns both ends of a connection, which has a deadline.
func connection(t *testing.T) (a, b net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if a, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	a.SetDeadline(deadline)
	b.SetDeadline(deadline)
	return a, b
}
