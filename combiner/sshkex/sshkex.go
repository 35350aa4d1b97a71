// Package sshkex has the key exchanges of SSH that combine ML-KEM with a group, according
// to RFC 10042. C_INIT is the encapsulation key, and S_REPLY is the ciphertext.
//
// The shared key is the K of the RFC. It is a hash of the secrets of the parts and of nothing
// else, so that nothing binds it to the shares of the group. Use it only in a protocol
// that, like SSH, hashes both messages into everything that it derives from the shared key.
// [kem.NeedsTranscript] reports true for these KEMs. For other purposes use hybridkem/xwing,
// or the KEMs of hybridkem/combiner.
//
// Keys expand from a seed of 32 bytes as in the frameworks of hybridkem/combiner. The RFC
// has no seeds.
package sshkex

import (
	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
)

// MLKEM768X25519SHA256 returns mlkem768x25519-sha256. The messages have 1216 and 1120
// bytes. The shared key is the SHA-256 of the concatenated secrets, and SSH encodes it as a
// string. ML-KEM comes before X25519 in the key, the ciphertext and the hash.
func MLKEM768X25519SHA256() kem.KEM { return &mlkem768X25519SHA256 }

var mlkem768X25519SHA256 = hybrid.Hybrid{
	Package: "sshkex", ID: "mlkem768x25519-sha256",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.SHA256,
}

// MLKEM768NISTP256SHA256 returns mlkem768nistp256-sha256. The messages have 1249 and 1153
// bytes. The shared key is a SHA-256, as with [MLKEM768X25519SHA256].
func MLKEM768NISTP256SHA256() kem.KEM { return &mlkem768NISTP256SHA256 }

var mlkem768NISTP256SHA256 = hybrid.Hybrid{
	Package: "sshkex", ID: "mlkem768nistp256-sha256",
	PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.SHA256,
}

// MLKEM1024NISTP384SHA384 returns mlkem1024nistp384-sha384. Both messages have 1665 bytes.
// The shared key has 48 bytes, and is the SHA-384 of the concatenated secrets.
func MLKEM1024NISTP384SHA384() kem.KEM { return &mlkem1024NISTP384SHA384 }

var mlkem1024NISTP384SHA384 = hybrid.Hybrid{
	Package: "sshkex", ID: "mlkem1024nistp384-sha384",
	PQ: &hybrid.MLKEM1024, T: &nist.P384, Combiner: hybrid.SHA384,
}
