package noise_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"fmt"
	"io"

	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/noise"
)

// newStatic returns a static key, which a real program keeps in a file.
func newStatic() *ecdh.PrivateKey {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// newStaticKEM is newStatic for ML-KEM-768.
func newStaticKEM() kem.Decapsulator {
	key, err := mlkem.KEM768().GenerateKey()
	if err != nil {
		panic(err)
	}
	return key
}

// exchange runs a handshake, prints how large its messages are, and sends a transport message. A real program sends
// the messages over a network.
func exchange(initiator, responder *noise.Config) {
	alice, err := noise.NewHandshakeState(initiator, true)
	if err != nil {
		panic(err)
	}
	defer alice.Destroy()
	bob, err := noise.NewHandshakeState(responder, false)
	if err != nil {
		panic(err)
	}
	defer bob.Destroy()
	sender, receiver := alice, bob
	for !alice.Done() {
		message, err := sender.WriteMessage(nil, nil)
		if err != nil {
			panic(err)
		}
		if _, err := receiver.ReadMessage(nil, message); err != nil {
			panic(err)
		}
		fmt.Println(len(message), "bytes")
		sender, receiver = receiver, sender
	}
	fmt.Println("equal hashes:", bytes.Equal(alice.HandshakeHash(), bob.HandshakeHash()))

	send, _, err := alice.Split()
	if err != nil {
		panic(err)
	}
	defer send.Destroy()
	_, receive, err := bob.Split()
	if err != nil {
		panic(err)
	}
	defer receive.Destroy()
	message, err := send.Encrypt(nil, nil, []byte("hello"))
	if err != nil {
		panic(err)
	}
	plaintext, err := receive.Decrypt(nil, nil, message)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(plaintext))
}

// Without a KEM, a handshake is small, and does not resist quantum computers. With XX, each side gets to know the
// other's static key, and must judge it: see [noise.HandshakeState.PeerStatic].
func ExampleHandshakeState() {
	const protocol = "Noise_XX_25519_ChaChaPoly_SHA256"
	exchange(
		&noise.Config{Protocol: protocol, Static: newStatic()},
		&noise.Config{Protocol: protocol, Static: newStatic()},
	)
	// Output:
	// 32 bytes
	// 96 bytes
	// 64 bytes
	// equal hashes: true
	// hello
}

// With hfs, ephemeral keys of a KEM keep secret what is sent, also from a quantum computer in the future. Static keys
// are those of X25519.
func ExampleHandshakeState_hfs() {
	const protocol = "Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256"
	exchange(
		&noise.Config{Protocol: protocol, Static: newStatic()},
		&noise.Config{Protocol: protocol, Static: newStatic()},
	)
	// Output:
	// 1216 bytes
	// 1200 bytes
	// 64 bytes
	// equal hashes: true
	// hello
}

// With a pq pattern, a KEM takes the place of DH. The initiator of NK knows the responder's key.
func ExampleHandshakeState_pq() {
	const protocol = "Noise_pqNK_MLKEM768_ChaChaPoly_SHA256"
	static := newStaticKEM()
	exchange(
		&noise.Config{Protocol: protocol, PeerStaticKEM: static.PublicKey()},
		&noise.Config{Protocol: protocol, StaticKEM: static},
	)
	// Output:
	// 2288 bytes
	// 1104 bytes
	// equal hashes: true
	// hello
}

// With a hybrid pattern, both sides have two static keys, of X25519 and of the KEM. An attacker must break both.
func ExampleHandshakeState_hybrid() {
	const protocol = "Noise_hybridIK_25519+MLKEM768_AESGCM_SHA256"
	static, staticKEM := newStatic(), newStaticKEM()
	exchange(
		&noise.Config{
			Protocol: protocol,
			Static:   newStatic(), StaticKEM: newStaticKEM(),
			PeerStatic: static.PublicKey(), PeerStaticKEM: staticKEM.PublicKey(),
		},
		&noise.Config{Protocol: protocol, Static: static, StaticKEM: staticKEM},
	)
	// Output:
	// 3568 bytes
	// 3424 bytes
	// equal hashes: true
	// hello
}

// With a pre-shared key, only sides that have it can finish the handshake.
func ExampleHandshakeState_psk() {
	const protocol = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s"
	psk := make([]byte, 32)
	rand.Read(psk)
	config := &noise.Config{Protocol: protocol, PSKs: [][]byte{psk}}
	exchange(config, config)
	// Output:
	// 48 bytes
	// 48 bytes
	// equal hashes: true
	// hello
}

// A server and a client that know each other's static keys. The server answers with what it has read.
func ExampleConn() {
	const protocol = "Noise_hybridXX_25519+MLKEM768_ChaChaPoly_SHA256"
	server := &noise.Config{Protocol: protocol, Static: newStatic(), StaticKEM: newStaticKEM()}
	client := &noise.Config{Protocol: protocol, Static: newStatic(), StaticKEM: newStaticKEM()}
	server.PeerStatic, server.PeerStaticKEM = client.Static.PublicKey(), client.StaticKEM.PublicKey()
	client.PeerStatic, client.PeerStaticKEM = server.Static.PublicKey(), server.StaticKEM.PublicKey()

	listener, err := noise.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.Copy(conn, conn)
	}()

	conn, err := noise.Dial("tcp", listener.Addr().String(), client)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("hello")); err != nil {
		panic(err)
	}
	// The end of the stream, after which the server has nothing more to answer.
	if err := conn.CloseWrite(); err != nil {
		panic(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(answer))
	// Output: hello
}
