package combiner

import (
	"hybridkem/internal/hybrid"
	"hybridkem/kem"
)

// MLKEM768X25519 returns the KEM of that name in
// draft-irtf-cfrg-concrete-hybrid-kems. It is X-Wing under its other name; see
// hybridkem/xwing.
func MLKEM768X25519() kem.KEM { return &mlkem768X25519 }

var mlkem768X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM768-X25519",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, KDF: hybrid.C2PRI,
	Label: []byte(hybrid.XWingLabel),
}

// MLKEM768P256 returns the KEM of that name in
// draft-irtf-cfrg-concrete-hybrid-kems.
func MLKEM768P256() kem.KEM { return &mlkem768P256 }

var mlkem768P256 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM768-P256",
	PQ: &hybrid.MLKEM768, T: &p256, KDF: hybrid.C2PRI,
	Label: []byte("MLKEM768-P256"),
}

// MLKEM1024P384 returns the KEM of that name in
// draft-irtf-cfrg-concrete-hybrid-kems.
func MLKEM1024P384() kem.KEM { return &mlkem1024P384 }

var mlkem1024P384 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM1024-P384",
	PQ: &hybrid.MLKEM1024, T: &p384, KDF: hybrid.C2PRI,
	Label: []byte("MLKEM1024-P384"),
}

// MLKEM512X25519 returns the CG framework on ML-KEM-512 and X25519, with the label
// "MLKEM512-X25519". The name is this module's: no document registers it.
func MLKEM512X25519() kem.KEM { return &mlkem512X25519 }

var mlkem512X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM512-X25519",
	PQ: &hybrid.MLKEM512, T: &hybrid.X25519, KDF: hybrid.C2PRI,
	Label: []byte("MLKEM512-X25519"),
}

// MLKEM1024X25519 returns the CG framework on ML-KEM-1024 and X25519, with the
// label "MLKEM1024-X25519". The name is this module's: no document registers it.
func MLKEM1024X25519() kem.KEM { return &mlkem1024X25519 }

var mlkem1024X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM1024-X25519",
	PQ: &hybrid.MLKEM1024, T: &hybrid.X25519, KDF: hybrid.C2PRI,
	Label: []byte("MLKEM1024-X25519"),
}

// X25519MLKEM768 returns the key exchange of that name in RFC 10024: the client's
// share is the encapsulation key and the server's the ciphertext, ML-KEM before
// X25519 in both, and the shared key is the concatenated secrets, 64 bytes.
//
// It has no KDF: the shared key depends neither on the ciphertext nor on the
// encapsulation key. It is fit only for a protocol that, like TLS, hashes both
// into what it derives from the shared key. Keys expand from a seed of 32 bytes
// as in the frameworks, on which the RFC is silent.
func X25519MLKEM768() kem.KEM { return &x25519MLKEM768 }

var x25519MLKEM768 = hybrid.Hybrid{
	Package: "combiner", ID: "X25519MLKEM768",
	PQ: &hybrid.MLKEM768, T: &hybrid.X25519, KDF: hybrid.Bare,
}

// SecP256r1MLKEM768 returns the key exchange of that name in RFC 10024, with the
// curve before ML-KEM in shares and shared key, which has 64 bytes.
//
// The warnings at [X25519MLKEM768] are for it too.
func SecP256r1MLKEM768() kem.KEM { return &secP256r1MLKEM768 }

var secP256r1MLKEM768 = hybrid.Hybrid{
	Package: "combiner", ID: "SecP256r1MLKEM768",
	PQ: &hybrid.MLKEM768, T: &p256, KDF: hybrid.Bare, TFirst: true,
}

// SecP384r1MLKEM1024 returns the key exchange of that name in RFC 10024, with the
// curve before ML-KEM in shares and shared key, which has 80 bytes.
//
// The warnings at [X25519MLKEM768] are for it too.
func SecP384r1MLKEM1024() kem.KEM { return &secP384r1MLKEM1024 }

var secP384r1MLKEM1024 = hybrid.Hybrid{
	Package: "combiner", ID: "SecP384r1MLKEM1024",
	PQ: &hybrid.MLKEM1024, T: &p384, KDF: hybrid.Bare, TFirst: true,
}
