package combiner

import (
	"hybridkem/internal/hybrid"
	"hybridkem/kem"
)

// A Group is a nominal group of draft-irtf-cfrg-hybrid-kems: [X25519], [P256] or
// [P384]. Another one can be given to [UK] or [CK], as a KEM whose ciphertext is an
// ephemeral share.
type Group struct{ part *hybrid.Part }

// X25519 returns the group of RFC 7748: seeds are scalars, and shared secrets
// u-coordinates. A share whose order divides 8 is refused.
func X25519() Group { return Group{&hybrid.X25519} }

// P256 returns NIST's P-256 with uncompressed points. Shared secrets are
// x-coordinates.
//
// Its operations are crypto/ecdh's and allocate memory.
func P256() Group { return Group{&p256} }

// P384 returns NIST's P-384 with uncompressed points. Shared secrets are
// x-coordinates.
//
// Its operations are crypto/ecdh's and allocate memory.
func P384() Group { return Group{&p384} }

// UG returns the hybrid of pq and a group with the [Universal] combiner. The
// label is its name.
//
// The label is all that keeps the shared keys of different KEMs apart, so it should
// name the framework too. No two KEMs may have the same label, nor may one label
// be the beginning of another (the draft asks that) or its end (it is hashed last).
//
// If a part that is not of this module returns an error, EncapsulateTo returns it
// and Encapsulate panics. UG panics if the label is empty, pq nil, or t the zero
// Group.
func UG(label string, pq kem.KEM, t Group) kem.KEM {
	return framework(label, hybrid.KEMPart(pq), t.part, hybrid.Universal)
}

// UK returns the hybrid of pq and another KEM with the [Universal] combiner. See
// [UG] for labels and errors.
func UK(label string, pq, t kem.KEM) kem.KEM {
	return framework(label, hybrid.KEMPart(pq), hybrid.KEMPart(t), hybrid.Universal)
}

// CG returns the hybrid of pq and a group with the [C2PRI] combiner, for which pq
// must be ciphertext second-preimage resistant, as ML-KEM is. See [UG] for
// labels and errors.
func CG(label string, pq kem.KEM, t Group) kem.KEM {
	return framework(label, hybrid.KEMPart(pq), t.part, hybrid.C2PRI)
}

// CK returns the hybrid of pq and another KEM with the [C2PRI] combiner, for
// which pq must be ciphertext second-preimage resistant, as ML-KEM is. See [UG]
// for labels and errors.
func CK(label string, pq, t kem.KEM) kem.KEM {
	return framework(label, hybrid.KEMPart(pq), hybrid.KEMPart(t), hybrid.C2PRI)
}

func framework(label string, pq, t *hybrid.Part, combiner hybrid.Combiner) kem.KEM {
	if label == "" || t == nil {
		panic("combiner: a KEM needs a label and a group")
	}
	return &hybrid.Hybrid{Package: "combiner", ID: label, PQ: pq, T: t, Combiner: combiner, Label: []byte(label)}
}
