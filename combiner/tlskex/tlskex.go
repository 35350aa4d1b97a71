// Package tlskex has the key exchanges of TLS 1.3 that combine ML-KEM with a group,
// according to RFC 10024. The share of the client is the encapsulation key, and the share of
// the server is the ciphertext.
//
// The shared key is the concatenated secrets of the parts, without a KDF, and nothing binds
// it to the shares of the group. Use it only in a protocol that, like TLS, hashes both
// shares into everything that it derives from the shared key. [kem.NeedsTranscript] reports
// true for these KEMs. For other purposes use hybridkem/xwing, or the KEMs of
// hybridkem/combiner.
//
// Keys expand from a seed of 32 bytes as in the frameworks of hybridkem/combiner. The RFC
// has no seeds.
package tlskex

import (
	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
)

// X25519MLKEM768 returns the key exchange of that name. The shares have 1216 and 1120
// bytes, and the shared key has 64. ML-KEM comes before X25519 in the key, the ciphertext
// and the shared key.
func X25519MLKEM768() kem.KEM { return &x25519MLKEM768 }

var x25519MLKEM768 = hybrid.Hybrid{
	Package: "tlskex", ID: "X25519MLKEM768",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.Concatenation,
}

// SecP256r1MLKEM768 returns the key exchange of that name. The shares have 1249 and 1153
// bytes, and the shared key has 64. P-256 comes before ML-KEM in the key, the ciphertext
// and the shared key.
func SecP256r1MLKEM768() kem.KEM { return &secP256r1MLKEM768 }

var secP256r1MLKEM768 = hybrid.Hybrid{
	Package: "tlskex", ID: "SecP256r1MLKEM768",
	PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.Concatenation, TFirst: true,
}

// SecP384r1MLKEM1024 returns the key exchange of that name. Both shares have 1665 bytes, and
// the shared key has 80. P-384 comes before ML-KEM in the key, the ciphertext and the shared
// key.
func SecP384r1MLKEM1024() kem.KEM { return &secP384r1MLKEM1024 }

var secP384r1MLKEM1024 = hybrid.Hybrid{
	Package: "tlskex", ID: "SecP384r1MLKEM1024",
	PQ: &hybrid.MLKEM1024, T: &nist.P384, Combiner: hybrid.Concatenation, TFirst: true,
}
