// Package interop compares this module with other implementations: flynn/noise, a Go module;
// packages of npm, which need node and "npm ci --ignore-scripts" in this folder; and OpenSSL from 3.5 on,
// whose path is in PEER_OPENSSL or which is on PATH. Tests that miss their peer are skipped.
package interop

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"hybridkem"
	"hybridkem/kats/vectors"
	"hybridkem/kem/kemtest"
)

type request struct {
	Name        string   `json:"name"`
	Seed        string   `json:"seed"`
	Random      string   `json:"random"`
	Ciphertexts []string `json:"ciphertexts"`
}

type answer struct {
	EncapsulationKey, Ciphertext, SharedKey vectors.Hex
	Decapsulated                            []vectors.Hex
}

// startPeer starts the other implementation and returns a function that asks it.
func startPeer(t *testing.T) func(request) answer {
	t.Helper()
	if testing.Short() {
		t.Skip("starts another program")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("peer not run: @noble/post-quantum: there is no node")
	}
	if _, err := os.Stat("node_modules"); err != nil {
		t.Skip("peer not run: @noble/post-quantum: npm ci was not run in the folder interop")
	}
	peer := exec.Command("node", "peer.mjs")
	peer.Stderr = os.Stderr
	in, err := peer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := peer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := peer.Wait(); err != nil {
			t.Error(err)
		}
	})
	requests, answers := json.NewEncoder(in), bufio.NewReader(out)
	return func(r request) (a answer) {
		t.Helper()
		if err := requests.Encode(r); err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &a)
		}
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func TestNoble(t *testing.T) {
	ask := startPeer(t)
	random := rand.NewChaCha8([32]byte{})
	for _, test := range []struct {
		name               string
		randomSize, rounds int
	}{
		{"ML-KEM-512", 32, 100},
		{"ML-KEM-768", 32, 100},
		{"ML-KEM-1024", 32, 100},
		{"X-Wing", 64, 100},
		{"MLKEM768-P256", 160, 10}, // slow on the other side
		{"MLKEM1024-P384", 80, 10},
	} {
		name := test.name
		k, err := hybridkem.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for range test.rounds {
			seed, coins := make([]byte, k.SeedSize()), make([]byte, test.randomSize)
			random.Read(seed)
			random.Read(coins)
			dk, err := k.NewDecapsulationKey(seed)
			if err != nil {
				t.Fatal(err)
			}
			ek := dk.PublicKey()
			wantKey, wantCiphertext, err := kemtest.Encapsulate(ek, coins)
			if err != nil {
				t.Fatal(err)
			}
			ownKey, own := ek.Encapsulate()
			altered := bytes.Clone(own)
			altered[random.Uint64()%uint64(len(altered)-97)] ^= 1 // not in the share of a group, which has at most 97 bytes
			rejected, err := dk.Decapsulate(altered)
			if err != nil {
				t.Fatal(err)
			}

			a := ask(request{name, hex.EncodeToString(seed), hex.EncodeToString(coins),
				[]string{hex.EncodeToString(own), hex.EncodeToString(altered)}})
			if !bytes.Equal(a.EncapsulationKey, ek.Bytes()) || !bytes.Equal(a.Ciphertext, wantCiphertext) || !bytes.Equal(a.SharedKey, wantKey) {
				t.Fatalf("%s: seed %x, randomness %x: the other side has another key or encapsulation", name, seed, coins)
			}
			if len(a.Decapsulated) != 2 || !bytes.Equal(a.Decapsulated[0], ownKey) || !bytes.Equal(a.Decapsulated[1], rejected) {
				t.Fatalf("%s: seed %x: the other side decapsulates %x and %x otherwise", name, seed, own, altered)
			}
			if got, err := dk.Decapsulate(a.Ciphertext); err != nil || !bytes.Equal(got, a.SharedKey) {
				t.Fatalf("%s: seed %x: the other side's ciphertext %x is decapsulated otherwise: %v", name, seed, a.Ciphertext, err)
			}
			parsed, err := k.NewEncapsulationKey(a.EncapsulationKey)
			if err != nil || !parsed.Equal(ek) {
				t.Fatalf("%s: seed %x: the other side's encapsulation key is refused: %v", name, seed, err)
			}
		}
	}
	var peer struct{ Version string }
	b, err := os.ReadFile("node_modules/@noble/post-quantum/package.json")
	if err == nil {
		err = json.Unmarshal(b, &peer)
	}
	if err != nil || peer.Version == "" {
		t.Fatalf("the version of the other side is unknown: %v", err)
	}
	t.Logf("peer: @noble/post-quantum %s: ML-KEM, X-Wing, MLKEM768-P256 and MLKEM1024-P384", peer.Version)
}
