package combiner

import (
	"hybridkem/internal/hybrid"
	"hybridkem/kem"
)

// MLKEM768X25519 returns MLKEM768-X25519 of draft-irtf-cfrg-concrete-hybrid-kems:
// encapsulation keys of 1216 bytes, ciphertexts of 1120. It is X-Wing under its
// other name: the bytes are the same, but its keys are of another type than those of
// hybridkem/xwing, and not Equal to them.
func MLKEM768X25519() kem.KEM { return &mlkem768X25519 }

var mlkem768X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM768-X25519",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.C2PRI,
	Label: []byte(hybrid.XWingLabel),
}

// MLKEM768P256 returns MLKEM768-P256 of draft-irtf-cfrg-concrete-hybrid-kems:
// encapsulation keys of 1249 bytes, ciphertexts of 1153.
func MLKEM768P256() kem.KEM { return &mlkem768P256 }

var mlkem768P256 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM768-P256",
	PQ: &hybrid.MLKEM768, T: &p256, Combiner: hybrid.C2PRI,
	Label: []byte("MLKEM768-P256"),
}

// MLKEM1024P384 returns MLKEM1024-P384 of draft-irtf-cfrg-concrete-hybrid-kems:
// encapsulation keys and ciphertexts of 1665 bytes.
func MLKEM1024P384() kem.KEM { return &mlkem1024P384 }

var mlkem1024P384 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM1024-P384",
	PQ: &hybrid.MLKEM1024, T: &p384, Combiner: hybrid.C2PRI,
	Label: []byte("MLKEM1024-P384"),
}

// MLKEM512X25519 returns the CG framework on ML-KEM-512 and X25519, with the label
// "MLKEM512-X25519": encapsulation keys of 832 bytes, ciphertexts of 800. The name
// is this module's: no document registers it.
func MLKEM512X25519() kem.KEM { return &mlkem512X25519 }

var mlkem512X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM512-X25519",
	PQ: &hybrid.MLKEM512, T: &hybrid.X25519, Combiner: hybrid.C2PRI,
	Label: []byte("MLKEM512-X25519"),
}

// MLKEM1024X25519 returns the CG framework on ML-KEM-1024 and X25519, with the
// label "MLKEM1024-X25519": encapsulation keys and ciphertexts of 1600 bytes. The
// name is this module's: no document registers it.
func MLKEM1024X25519() kem.KEM { return &mlkem1024X25519 }

var mlkem1024X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM1024-X25519",
	PQ: &hybrid.MLKEM1024, T: &hybrid.X25519, Combiner: hybrid.C2PRI,
	Label: []byte("MLKEM1024-X25519"),
}

// X25519MLKEM768 returns the key exchange of that name in RFC 10024: the client's
// share is the encapsulation key, of 1216 bytes, and the server's the ciphertext,
// of 1120, ML-KEM before X25519 in both, as in the shared key of 64 bytes, the
// concatenated secrets.
//
// It has no KDF, so nothing binds the shared key to the X25519 shares. It is fit
// only for a protocol that, like TLS, hashes both shares into what it derives from
// the shared key. Keys expand from a seed of 32 bytes
// as in the frameworks, on which the RFC is silent.
func X25519MLKEM768() kem.KEM { return &x25519MLKEM768 }

var x25519MLKEM768 = hybrid.Hybrid{
	Package: "combiner", ID: "X25519MLKEM768",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.Bare,
}

// SecP256r1MLKEM768 returns the key exchange of that name in RFC 10024, with the
// curve before ML-KEM in the shares, of 1249 and 1153 bytes, and in the shared key,
// of 64.
//
// The warnings at [X25519MLKEM768] are for it too.
func SecP256r1MLKEM768() kem.KEM { return &secP256r1MLKEM768 }

var secP256r1MLKEM768 = hybrid.Hybrid{
	Package: "combiner", ID: "SecP256r1MLKEM768",
	PQ: &hybrid.MLKEM768, T: &p256, Combiner: hybrid.Bare, TFirst: true,
}

// SecP384r1MLKEM1024 returns the key exchange of that name in RFC 10024, with the
// curve before ML-KEM in the shares, of 1665 bytes each, and in the shared key, of
// 80.
//
// The warnings at [X25519MLKEM768] are for it too.
func SecP384r1MLKEM1024() kem.KEM { return &secP384r1MLKEM1024 }

var secP384r1MLKEM1024 = hybrid.Hybrid{
	Package: "combiner", ID: "SecP384r1MLKEM1024",
	PQ: &hybrid.MLKEM1024, T: &p384, Combiner: hybrid.Bare, TFirst: true,
}

// MLKEM768X25519SHA256 returns the key exchange mlkem768x25519-sha256 of SSH, RFC 10042:
// C_INIT is the encapsulation key, of 1216 bytes, and S_REPLY the ciphertext, of 1120,
// ML-KEM before X25519 in both. The shared key is the K of the RFC, 32 bytes, the SHA-256
// of the concatenated secrets, which SSH encodes as a string.
//
// Nothing binds the shared key to the X25519 shares. It is fit only for a protocol that,
// like SSH, hashes both messages into what it derives from the shared key. Keys expand
// from a seed of 32 bytes as in the frameworks, on which the RFC is silent.
func MLKEM768X25519SHA256() kem.KEM { return &mlkem768X25519SHA256 }

var mlkem768X25519SHA256 = hybrid.Hybrid{
	Package: "combiner", ID: "mlkem768x25519-sha256",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, Combiner: hybrid.SHA256,
}

// MLKEM768NISTP256SHA256 returns the key exchange mlkem768nistp256-sha256 of SSH, RFC
// 10042, with messages of 1249 and 1153 bytes and a shared key of 32.
//
// The warnings at [MLKEM768X25519SHA256] are for it too.
func MLKEM768NISTP256SHA256() kem.KEM { return &mlkem768NISTP256SHA256 }

var mlkem768NISTP256SHA256 = hybrid.Hybrid{
	Package: "combiner", ID: "mlkem768nistp256-sha256",
	PQ: &hybrid.MLKEM768, T: &p256, Combiner: hybrid.SHA256,
}

// MLKEM1024NISTP384SHA384 returns the key exchange mlkem1024nistp384-sha384 of SSH, RFC
// 10042, with messages of 1665 bytes each and a shared key of 48, a SHA-384.
//
// The warnings at [MLKEM768X25519SHA256] are for it too.
func MLKEM1024NISTP384SHA384() kem.KEM { return &mlkem1024NISTP384SHA384 }

var mlkem1024NISTP384SHA384 = hybrid.Hybrid{
	Package: "combiner", ID: "mlkem1024nistp384-sha384",
	PQ: &hybrid.MLKEM1024, T: &p384, Combiner: hybrid.SHA384,
}
