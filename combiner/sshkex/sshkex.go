// Package sshkex is the key exchanges of SSH that join ML-KEM to a group, according to
// RFC 10042. C_INIT is the encapsulation key, and S_REPLY the ciphertext.
//
// The shared keys are not fit for use as they are. They are the K of the RFC, a hash of the
// secrets of the parts and of nothing else, so that nothing binds them to the shares of the
// group. They are for a protocol that, like SSH, hashes both messages into all that it derives from
// the shared key: [kem.NeedsTranscript] tells them from other KEMs. Elsewhere use
// hybridkem/xwing, or the KEMs of hybridkem/combiner.
//
// Keys expand from a seed of 32 bytes as in the frameworks of hybridkem/combiner. The RFC
// has no seeds.
package sshkex

import (
	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
)

// MLKEM768X25519SHA256 returns mlkem768x25519-sha256: messages of 1216 and 1120 bytes. The
// shared key is the SHA-256 of the concatenated secrets, which SSH encodes as a string.
// ML-KEM stands before X25519 everywhere.
func MLKEM768X25519SHA256() kem.KEM { return &mlkem768X25519SHA256 }

var mlkem768X25519SHA256 = hybrid.Hybrid{
	Package: "sshkex", ID: "mlkem768x25519-sha256",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.SHA256,
}

// MLKEM768NISTP256SHA256 returns mlkem768nistp256-sha256: messages of 1249 and 1153 bytes. The
// shared key is a SHA-256, as of [MLKEM768X25519SHA256].
func MLKEM768NISTP256SHA256() kem.KEM { return &mlkem768NISTP256SHA256 }

var mlkem768NISTP256SHA256 = hybrid.Hybrid{
	Package: "sshkex", ID: "mlkem768nistp256-sha256",
	PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.SHA256,
}

// MLKEM1024NISTP384SHA384 returns mlkem1024nistp384-sha384: messages of 1665 bytes each. The
// shared key, of 48 bytes, is the SHA-384 of the concatenated secrets.
func MLKEM1024NISTP384SHA384() kem.KEM { return &mlkem1024NISTP384SHA384 }

var mlkem1024NISTP384SHA384 = hybrid.Hybrid{
	Package: "sshkex", ID: "mlkem1024nistp384-sha384",
	PQ: &hybrid.MLKEM1024, T: &nist.P384, Combiner: hybrid.SHA384,
}
