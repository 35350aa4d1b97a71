// Package tlskex has the key exchanges of TLS 1.3 with ML-KEM. The share of the client is the
// encapsulation key, and the share of the server is the ciphertext. In TLS they are called groups.
//
// Five of them combine ML-KEM with a group, as RFC 9954 describes. [X25519MLKEM768],
// [SecP256r1MLKEM768] and [SecP384r1MLKEM1024] are those of RFC 10024. [MLKEM512X25519] and
// [SecP256r1MLKEM512] are those of draft-rosomakho-tls-ecdhe-mlkem512, an individual draft that
// may change. Their shared key is the concatenated secrets of the parts, without
// a KDF, and nothing binds it to the shares of the group. Use it only in a protocol that, like TLS,
// hashes both shares into everything that it derives from the shared key. [kem.NeedsTranscript]
// reports true for these KEMs. For other purposes use hybridkem/xwing, or the KEMs of
// hybridkem/combiner. Keys expand from a seed of 32 bytes as in the frameworks of
// hybridkem/combiner. The documents have no seeds.
//
// The other three, of draft-ietf-tls-mlkem, are ML-KEM alone. [MLKEM512], [MLKEM768] and
// [MLKEM1024] are other names for the KEMs of hybridkem/mlkem, whose Name, keys and errors they
// have. [kem.NeedsTranscript] reports false for them: another ciphertext gives another shared key,
// and so does another encapsulation key, unless the owner of two keys has made both from one z.
// TLS hashes both shares, so that even such keys do no harm.
package tlskex

import (
	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// X25519MLKEM768 returns the key exchange of that name. The shares have 1216 and 1120
// bytes, and the shared key has 64. ML-KEM comes before X25519 in the key, the ciphertext
// and the shared key. In TLS it is the group 4588.
func X25519MLKEM768() kem.KEM { return &x25519MLKEM768 }

var x25519MLKEM768 = hybrid.Hybrid{
	Package: "tlskex", ID: "X25519MLKEM768",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.Concatenation,
}

// SecP256r1MLKEM768 returns the key exchange of that name. The shares have 1249 and 1153
// bytes, and the shared key has 64. P-256 comes before ML-KEM in the key, the ciphertext
// and the shared key. In TLS it is the group 4587.
func SecP256r1MLKEM768() kem.KEM { return &secP256r1MLKEM768 }

var secP256r1MLKEM768 = hybrid.Hybrid{
	Package: "tlskex", ID: "SecP256r1MLKEM768",
	PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.Concatenation, TFirst: true,
}

// SecP384r1MLKEM1024 returns the key exchange of that name. Both shares have 1665 bytes, and
// the shared key has 80. P-384 comes before ML-KEM in the key, the ciphertext and the shared
// key. In TLS it is the group 4589.
func SecP384r1MLKEM1024() kem.KEM { return &secP384r1MLKEM1024 }

var secP384r1MLKEM1024 = hybrid.Hybrid{
	Package: "tlskex", ID: "SecP384r1MLKEM1024",
	PQ: &hybrid.MLKEM1024, T: &nist.P384, Combiner: hybrid.Concatenation, TFirst: true,
}

// MLKEM512X25519 returns the key exchange of that name. The shares have 832 and 800 bytes, and
// the shared key has 64. ML-KEM comes before X25519 in the key, the ciphertext and the shared
// key. In TLS it is the group 4586.
//
// It is not "hybridkem/MLKEM512+X25519" of hybridkem/combiner, whose keys and ciphertexts have the
// same form.
func MLKEM512X25519() kem.KEM { return &mlkem512X25519 }

var mlkem512X25519 = hybrid.Hybrid{
	Package: "tlskex", ID: "MLKEM512X25519",
	PQ: &hybrid.MLKEM512, T: &hybrid.X25519, Combiner: hybrid.Concatenation,
}

// SecP256r1MLKEM512 returns the key exchange of that name. The shares have 865 and 833 bytes,
// and the shared key has 64. P-256 comes before ML-KEM in the key, the ciphertext and the shared
// key. In TLS it is the group 4585.
func SecP256r1MLKEM512() kem.KEM { return &secP256r1MLKEM512 }

var secP256r1MLKEM512 = hybrid.Hybrid{
	Package: "tlskex", ID: "SecP256r1MLKEM512",
	PQ: &hybrid.MLKEM512, T: &nist.P256, Combiner: hybrid.Concatenation, TFirst: true,
}

// MLKEM512 returns mlkem.KEM512, which is the group 512 of TLS. The shares have 800 and 768
// bytes.
func MLKEM512() kem.KEM { return mlkem.KEM512() }

// MLKEM768 returns mlkem.KEM768, which is the group 513 of TLS. The shares have 1184 and 1088
// bytes.
func MLKEM768() kem.KEM { return mlkem.KEM768() }

// MLKEM1024 returns mlkem.KEM1024, which is the group 514 of TLS. Both shares have 1568 bytes.
func MLKEM1024() kem.KEM { return mlkem.KEM1024() }
