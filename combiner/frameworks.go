package combiner

import "hybridkem/kem"

// A Group is a nominal group of draft-irtf-cfrg-hybrid-kems: [X25519], [P256] or
// [P384]. Another one can be given to [UK] or [CK] as the KEM whose ciphertext is
// an ephemeral share: that gives the bytes of [UG] or [CG].
type Group struct{ part *part }

// X25519 returns the group of RFC 7748: seeds are scalars, and shared secrets
// u-coordinates. A share whose order divides 8 is refused.
func X25519() Group { return Group{&x25519Part} }

// P256 returns NIST's P-256 with uncompressed points. Shared secrets are
// x-coordinates.
//
// Its operations are crypto/ecdh's and allocate memory.
func P256() Group { return Group{&p256Part} }

// P384 returns NIST's P-384 with uncompressed points. Shared secrets are
// x-coordinates.
//
// Its operations are crypto/ecdh's and allocate memory.
func P384() Group { return Group{&p384Part} }

// UG returns the hybrid of pq and a group with the [Universal] combiner. The
// label is its name, and must be of no other KEM.
func UG(label string, pq kem.KEM, t Group) kem.KEM {
	return &hybrid{name: label, label: []byte(label), pq: partOf(pq), t: t.part, kdf: universal}
}

// UK returns the hybrid of pq and another KEM with the [Universal] combiner. The
// label is its name, and must be of no other KEM.
func UK(label string, pq, t kem.KEM) kem.KEM {
	return &hybrid{name: label, label: []byte(label), pq: partOf(pq), t: partOf(t), kdf: universal}
}

// CG returns the hybrid of pq and a group with the [C2PRI] combiner, for which pq
// must be ciphertext second-preimage resistant, as ML-KEM is. The label is its
// name, and must be of no other KEM.
func CG(label string, pq kem.KEM, t Group) kem.KEM {
	return &hybrid{name: label, label: []byte(label), pq: partOf(pq), t: t.part, kdf: c2pri}
}

// CK returns the hybrid of pq and another KEM with the [C2PRI] combiner, for
// which pq must be ciphertext second-preimage resistant, as ML-KEM is. The label
// is its name, and must be of no other KEM.
func CK(label string, pq, t kem.KEM) kem.KEM {
	return &hybrid{name: label, label: []byte(label), pq: partOf(pq), t: partOf(t), kdf: c2pri}
}
