package attacks

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"hybridkem/kats/vectors"
)

var update = flag.Bool("update", false, "write the known answers of this module's own hybrids")

// TestOwnAnswers checks the known answers of the two hybrids that no document registers. It
// compares them with results of package spec and crypto/ecdh, which share nothing with the code but
// crypto/sha3. The seeds and the randomness are SHAKE128 of the names.
func TestOwnAnswers(t *testing.T) {
	const name, each = "own_hybrids.jsonl", 3
	var want bytes.Buffer
	for _, h := range []hybrid{hybrids[1], hybrids[2]} {
		stream := sha3.NewSHAKE128()
		stream.Write([]byte(h.Name()))
		for n := range each {
			seed, random := make([]byte, 32), make([]byte, 64)
			stream.Read(seed)
			stream.Read(random)
			x := h.exchange(t, seed, random)
			sharedKey := h.combine(x.ssM, h.group.exchange(x.seedT, x.ctT), x.ctT, x.ekT)
			err := json.NewEncoder(&want).Encode(struct {
				ID     string `json:"id"`
				KEM    string `json:"kem"`
				Seed   string `json:"seed"`
				EK     string `json:"ek"`
				Random string `json:"random"`
				CT     string `json:"ct"`
				SS     string `json:"ss"`
			}{
				"own/" + h.Name() + "/" + string(rune('1'+n)), h.Name(), hex.EncodeToString(seed), hex.EncodeToString(x.wantEK),
				hex.EncodeToString(random), hex.EncodeToString(x.honestCiphertext), hex.EncodeToString(sharedKey),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if *update {
		file := filepath.Join("..", "..", "kats", "vectors", name)
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written")
	}
	lines := must(vectors.Lines(name, 2*each))(t)
	if !bytes.Equal(bytes.Join(lines, nil), want.Bytes()) {
		t.Error("the known answers are not those of the specification")
	}
}
