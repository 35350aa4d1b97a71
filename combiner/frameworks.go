package combiner

import (
	"reflect"
	"slices"
	"strings"

	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
	"hybridkem/mlkem"
)

// A Group is a nominal group of draft-irtf-cfrg-hybrid-kems: [X25519], [P256], [P384] or [P521].
// To use another group, make it a KEM whose ciphertext is an ephemeral share, and call
// [UK] or [CK].
type Group struct{ part *hybrid.Part }

// X25519 returns the group of RFC 7748. Seeds are scalars, and shared secrets are
// u-coordinates. A share of low order is refused.
func X25519() Group { return Group{&hybrid.X25519} }

// P256 returns NIST's P-256 with uncompressed points. Shared secrets are
// x-coordinates.
//
// Its operations are crypto/ecdh's and allocate memory.
func P256() Group { return Group{&nist.P256} }

// P384 returns NIST's P-384 with uncompressed points. Shared secrets are
// x-coordinates.
//
// Its operations are crypto/ecdh's and allocate memory.
func P384() Group { return Group{&nist.P384} }

// P521 returns NIST's P-521 with uncompressed points. Shared secrets are
// x-coordinates. draft-irtf-cfrg-concrete-hybrid-kems does not have this curve. Here its
// seeds have 66 bytes, a big-endian number whose bits from 2^521 on are ignored.
//
// Its operations are crypto/ecdh's and allocate memory.
func P521() Group { return Group{&nist.P521} }

// UG returns the hybrid of pq and a group with the [Universal] combiner. The
// label is its name.
//
// Only the label keeps the shared keys of different KEMs apart, so it should name the
// framework too. No two KEMs may have the same label. No label may be the beginning of
// another, as the draft demands, or its end, because the label is hashed last.
//
// UG panics if the label is empty or taken, if pq is nil, if one of the sizes of pq is not
// positive, if the keys of pq are made from parts ([kem.KeysFromParts]), or if t is the zero
// Group. A label is taken if it is the name or the label of a KEM of this module, if it ends in
// such a label, or if such a label ends in it. There is one exception: with the parts and the
// label of a named KEM of this package, [CG] returns that KEM.
//
// If a part from outside this module returns an error, EncapsulateTo returns the error and
// Encapsulate panics.
func UG(label string, pq kem.KEM, t Group) kem.KEM {
	return framework(label, part(pq), t.part, hybrid.UniversalCombiner)
}

// UK returns the hybrid of pq and another KEM with the [Universal] combiner. See
// [UG] for labels and errors.
func UK(label string, pq, t kem.KEM) kem.KEM {
	return framework(label, part(pq), part(t), hybrid.UniversalCombiner)
}

// CG returns the hybrid of pq and a group with the [C2PRI] combiner, for which pq
// must be ciphertext second-preimage resistant, as ML-KEM is. See [UG] for
// labels and errors.
func CG(label string, pq kem.KEM, t Group) kem.KEM {
	return framework(label, part(pq), t.part, hybrid.C2PRICombiner)
}

// CK returns the hybrid of pq and another KEM with the [C2PRI] combiner, for
// which pq must be ciphertext second-preimage resistant, as ML-KEM is. See [UG]
// for labels and errors.
func CK(label string, pq, t kem.KEM) kem.KEM {
	return framework(label, part(pq), part(t), hybrid.C2PRICombiner)
}

// part returns k as a part of a hybrid, or nil if k is nil or a nil pointer. The KEMs of package mlkem are
// parts that package hybrid knows. It panics if keys of k do not expand from a seed, and if k gives a size that
// is not positive: without a secret of one part, a hybrid would be the other part alone.
func part(k kem.KEM) *hybrid.Part {
	if isNil(k) {
		return nil
	}
	switch k {
	case mlkem.KEM512():
		return &hybrid.MLKEM512
	case mlkem.KEM768():
		return &hybrid.MLKEM768
	case mlkem.KEM1024():
		return &hybrid.MLKEM1024
	}
	if kem.KeysFromParts(k) {
		panic("combiner: keys of " + k.Name() + " do not expand from a seed")
	}
	if min(k.SeedSize(), k.EncapsulationKeySize(), k.CiphertextSize(), k.SharedKeySize()) <= 0 {
		panic("combiner: a size of " + k.Name() + " is not positive")
	}
	return hybrid.KEMPart(k)
}

// isNil reports whether x is nil or a nil pointer.
func isNil(x any) bool {
	v := reflect.ValueOf(x)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// framework returns the hybrid of two parts, or the named hybrid that it is. It panics as UG says.
func framework(label string, pq, t *hybrid.Part, combiner hybrid.Combiner) kem.KEM {
	switch {
	case label == "":
		panic("combiner: a KEM needs a label")
	case pq == nil:
		panic("combiner: the post-quantum KEM is nil")
	case t == nil:
		panic("combiner: the traditional KEM is nil, or the group a zero value")
	}
	h := &hybrid.Hybrid{Package: "combiner", ID: label, PQ: pq, T: t, Combiner: combiner, Label: []byte(label)}
	for _, named := range []*hybrid.Hybrid{&mlkem768P256, &mlkem1024P384, &mlkem512X25519, &mlkem1024X25519} {
		if named.ID == label && named.PQ == pq && named.T == t && named.Combiner == combiner {
			return named
		}
		refuseEnd(label, named.ID)
	}
	for _, other := range otherLabels {
		refuseEnd(label, other)
	}
	if slices.Contains(taken, label) {
		panic("combiner: the label " + label + " is the name of another KEM")
	}
	return h
}

// refuseEnd panics if one of the labels is the end of the other, or if they are equal.
func refuseEnd(label, named string) {
	if strings.HasSuffix(label, named) || strings.HasSuffix(named, label) {
		panic("combiner: the label " + label + " is, ends, or ends in that of another KEM, " + named)
	}
}

// otherLabels are the labels of KEMs of other packages.
var otherLabels = []string{
	hybrid.XWingLabel, "MLKEM768-P384", "MLKEM1024-P521", // composite ML-KEM has more, which are labels here
	"\x23OpenPGPCompositeKDFv1\x15",
}

// taken are the names of KEMs that are not labels.
var taken = []string{
	"ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "X-Wing", "MLKEM768-X25519",
	"MLKEM512", "MLKEM768", "MLKEM1024",
	"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM512X25519", "SecP256r1MLKEM512",
	"mlkem768x25519-sha256", "mlkem768nistp256-sha256", "mlkem1024nistp384-sha384",
	"MLKEM768-X25519-SHA3-256", "MLKEM768-ECDH-P256-SHA3-256", "MLKEM768-ECDH-P384-SHA3-256",
	"MLKEM1024-ECDH-P384-SHA3-256", "MLKEM1024-ECDH-P521-SHA3-256", "ML-KEM-768+X25519",
}
