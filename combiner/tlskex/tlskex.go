// Package tlskex is the key exchanges of TLS 1.3 that join ML-KEM to a group, according to
// RFC 10024. The client's share is the encapsulation key, and the server's the ciphertext.
//
// The shared keys are not fit for use as they are. They are the concatenated secrets of the
// parts, without a KDF, and nothing binds them to the shares of the group. They are for a
// protocol that, like TLS, hashes both shares into all that it derives from the shared key:
// [kem.NeedsTranscript] tells them from other KEMs. Elsewhere use hybridkem/xwing, or the KEMs of
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

// X25519MLKEM768 returns the key exchange of that name: shares of 1216 and 1120 bytes, and
// shared keys of 64. ML-KEM stands before X25519 in all three.
func X25519MLKEM768() kem.KEM { return &x25519MLKEM768 }

var x25519MLKEM768 = hybrid.Hybrid{
	Package: "tlskex", ID: "X25519MLKEM768",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.Concatenation,
}

// SecP256r1MLKEM768 returns the key exchange of that name: shares of 1249 and 1153 bytes, and
// shared keys of 64. P-256 stands before ML-KEM in all three.
func SecP256r1MLKEM768() kem.KEM { return &secP256r1MLKEM768 }

var secP256r1MLKEM768 = hybrid.Hybrid{
	Package: "tlskex", ID: "SecP256r1MLKEM768",
	PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.Concatenation, TFirst: true,
}

// SecP384r1MLKEM1024 returns the key exchange of that name: shares of 1665 bytes each, and
// shared keys of 80. P-384 stands before ML-KEM in all three.
func SecP384r1MLKEM1024() kem.KEM { return &secP384r1MLKEM1024 }

var secP384r1MLKEM1024 = hybrid.Hybrid{
	Package: "tlskex", ID: "SecP384r1MLKEM1024",
	PQ: &hybrid.MLKEM1024, T: &nist.P384, Combiner: hybrid.Concatenation, TFirst: true,
}
