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
	"hybridkem/internal/testkit"
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

// startNode starts node with a script, which uses the package of npm. It returns a function that asks the script, and the
// version of the package. A question and its answer are each one line of JSON.
func startNode(t *testing.T, npm string, args ...string) (ask func(question, answer any), peer testkit.Peer) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts another program")
	}
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skipf("peer not run: %s: there is no node", npm)
	}
	description, err := os.ReadFile("node_modules/" + npm + "/package.json")
	if err != nil {
		t.Skipf("peer not run: %s: npm ci was not run in the folder interop", npm)
	}
	peer = testkit.Peer{Name: npm, Path: path}
	if err := json.Unmarshal(description, &peer); err != nil || peer.Version == "" {
		t.Fatalf("the version of %s is unknown: %v", npm, err)
	}
	node := exec.Command(path, args...)
	node.Stderr = os.Stderr
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := node.Wait(); err != nil {
			t.Error(err)
		}
	})
	questions, answers := json.NewEncoder(in), bufio.NewReader(out)
	return func(question, answer any) {
		t.Helper()
		if err := questions.Encode(question); err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, answer)
		}
		if err != nil {
			t.Fatal(err)
		}
	}, peer
}

func TestNoble(t *testing.T) {
	ask, peer := startNode(t, "@noble/post-quantum", "peer.mjs")
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

			var a answer
			ask(request{name, hex.EncodeToString(seed), hex.EncodeToString(coins),
				[]string{hex.EncodeToString(own), hex.EncodeToString(altered)}}, &a)
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
	t.Logf("peer: %v: ML-KEM, X-Wing, MLKEM768-P256 and MLKEM1024-P384", peer)
}
