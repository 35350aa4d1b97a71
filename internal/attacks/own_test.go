package attacks

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hybridkem/combiner"
	"hybridkem/combiner/tlskex"
	"hybridkem/kats/vectors"
	"hybridkem/kem"
)

var update = flag.Bool("update", false, "write the known answers of this module's own hybrids")

// TestOwnAnswers checks the known answers of the hybrids for which no document has any. It
// compares them with results of package spec and crypto/ecdh, which share nothing with the code but
// crypto/sha3. The seeds and the randomness are SHAKE128 of the names.
func TestOwnAnswers(t *testing.T) {
	const name, each = "own_hybrids.jsonl", 3
	own := []kem.KEM{combiner.MLKEM512X25519(), combiner.MLKEM1024X25519(), tlskex.MLKEM512X25519(), tlskex.SecP256r1MLKEM512()}
	var want bytes.Buffer
	for _, k := range own {
		h := hybrids[slices.IndexFunc(hybrids, func(h hybrid) bool { return h.KEM == k })]
		stream := sha3.NewSHAKE128()
		stream.Write([]byte(h.Name()))
		for n := range each {
			seed, random := make([]byte, 32), make([]byte, 32+h.group.seedSize)
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
	lines := must(vectors.Lines(name, len(own)*each))(t)
	if !bytes.Equal(bytes.Join(lines, nil), want.Bytes()) {
		t.Error("the known answers are not those of the specification")
	}
}
