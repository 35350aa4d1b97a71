package main

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"testing"
)

// TestRFC8448 checks the key schedule and the record layer against RFC 8448, section 3,
// where the shared secret comes from X25519.
func TestRFC8448(t *testing.T) {
	unhex := func(s string) []byte { return must(hex.DecodeString(s)) }
	equal := func(what string, got []byte, want string) {
		t.Helper()
		if hex.EncodeToString(got) != want {
			t.Errorf("%s: got %x, want %s", what, got, want)
		}
	}
	shared := unhex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
	hellos := unhex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")   // ClientHello to ServerHello
	finished := unhex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13") // to the server's Finished

	s := allSuites[0]
	secret := s.handshakeSecret(shared)
	equal("handshake secret", secret, "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
	mainSecret := s.mainSecret(secret)
	equal("main secret", mainSecret, "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919")

	server := s.protect(s.deriveSecret(secret, "s hs traffic", hellos))
	equal("server's handshake secret", server.secret, "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
	equal("server's handshake key", s.expandLabel(server.secret, "key", nil, 16), "3fce516009c21727d0f2e4e86ee403bc")
	equal("server's handshake IV", server.iv, "5d313eb2671276ee13000b30")
	client := s.protect(s.deriveSecret(secret, "c hs traffic", hellos))
	equal("client's handshake secret", client.secret, "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
	equal("client's handshake key", s.expandLabel(client.secret, "key", nil, 16), "dbfaa693d1762c5b666af5d950258d01")
	equal("client's handshake IV", client.iv, "5bd3c71b836e0b76bb73265f")
	verify := s.finished(client.secret, finished)
	equal("client's Finished", verify, "a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61")

	serverData := s.protect(s.deriveSecret(mainSecret, "s ap traffic", finished))
	equal("server's secret", serverData.secret, "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643")
	equal("server's key", s.expandLabel(serverData.secret, "key", nil, 16), "9f02283b6c9c07efc26bb9f2ac92e356")
	equal("server's IV", serverData.iv, "cf782b88dd83549aadf1e984")
	clientData := s.protect(s.deriveSecret(mainSecret, "c ap traffic", finished))
	equal("client's secret", clientData.secret, "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
	equal("client's key", s.expandLabel(clientData.secret, "key", nil, 16), "17422dda596ed5d9acd890e3c63f5051")
	equal("client's IV", clientData.iv, "5b78923dee08579033e523d9")

	// RFC 8448 has no KeyUpdate, so the expected values come from section 7.2 of RFC
	// 9846, written out.
	info := "\x00\x20" + "\x11tls13 traffic upd" + "\x00"
	next := serverData.next()
	equal("server's next secret", next.secret, hex.EncodeToString(must(hkdf.Expand(sha256.New, serverData.secret, info, 32))))
	equal("server's next IV", next.iv, hex.EncodeToString(must(hkdf.Expand(sha256.New, next.secret, "\x00\x0c\x08tls13 iv\x00", 12))))

	var sent bytes.Buffer
	c := &conn{records: records{in: serverData, out: client, confirmed: true}}
	c.rw = struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(unhex("1703030043" +
		"2e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d" +
		"1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9")), &sent}
	c.in.number = 1 // after the ticket
	page, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 50)
	for i := range data {
		data[i] = byte(i)
	}
	equal("server's data", page, hex.EncodeToString(data))

	check(c.write(typeHandshake, message(typeFinished, verify)))
	c.out = clientData
	must(c.Write(data))
	check(c.Close())
	equal("client's records", sent.Bytes(), "1703030035"+
		"75ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb384bd1caeacab6867d726c40546"+
		"1703030043"+
		"a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4"+
		"1703030013c9872760655666b74d7ff1153efd6db6d0b0e3")
}
