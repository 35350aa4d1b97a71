package hybrid

import (
	"hybridkem/internal/cpu"
	"hybridkem/internal/fault"
	"hybridkem/internal/fips"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/sha3"
	"hybridkem/internal/x25519"
	"hybridkem/kem"
)

// This file has the operations on ML-KEM and X25519 in which the long hashes of ML-KEM are made while
// X25519 computes. The ladder mostly waits for its own results, and so leaves time for their permutations.

// weaves reports whether the parts are ML-KEM and X25519, on a machine whose ladder can permute.
func (h *Hybrid) weaves() bool { return h.Together() && cpu.AVX512IFMA }

// decapsulateWoven fills the secrets of both parts. J(z ‖ c) is made beside X25519.
//
//go:noinline
func (s *secrets) decapsulateWoven(ssPQ, ssT, ctPQ, ctT []byte) error {
	var j sha3.Long
	s.pq.mlkem.BeginJ(&j, ctPQ)
	ss := (*[x25519.Size]byte)(ssT)
	scalarMultBeside(&j, ss, &s.t.x25519, (*[x25519.Size]byte)(ctT))
	if err := checkOrder(ss); err != nil {
		return err
	}
	s.pq.mlkem.DecapsulateWith(&j, (*[mlkemSharedKeySize]byte)(ssPQ), ctPQ)
	return nil
}

// scalarMultBeside sets ss to scalar times share, and makes blocks of j meanwhile.
//
// It is not inlined, so that the memory of the Single is free again when ML-KEM needs some: secret.Do
// provides no more.
//
//go:noinline
func scalarMultBeside(j *sha3.Long, ss, scalar, share *[x25519.Size]byte) {
	single := sha3.Single{Long: [2]*sha3.Long{j}}
	x25519.ScalarMultPermuting(ss, scalar, share, &single.State, single.Next)
	single.End()
}

// DecapsulateSeed decapsulates with the key of a seed, or of a stored form, like Expand and then DecapsulateTo,
// and returns their errors. It makes no key that lasts, and allocates nothing. It is only for hybrids of ML-KEM
// and X25519 whose combiner does not hash the encapsulation key of ML-KEM. For others it returns kem.ErrUnsupported.
func (h *Hybrid) DecapsulateSeed(sharedKey, seed, ciphertext []byte) error {
	if !h.Together() || h.Combiner == UniversalCombiner {
		return h.wrap(errSeed)
	}
	switch h.PQ.params {
	case &mlkem.MLKEM512:
		return decapsulateSeed[mlkem.Polys512](h, sharedKey, seed, ciphertext)
	case &mlkem.MLKEM768:
		return decapsulateSeed[mlkem.Polys768](h, sharedKey, seed, ciphertext)
	default:
		return decapsulateSeed[mlkem.Polys1024](h, sharedKey, seed, ciphertext)
	}
}

var errSeed = fault.New("", kem.ErrUnsupported, "this hybrid needs a key to decapsulate: see kem.DecapsulateSeed")

// decapsulateSeed is DecapsulateSeed for a parameter set.
func decapsulateSeed[Polys any](h *Hybrid, sharedKey, seed, ciphertext []byte) error {
	if err := h.checkSeed(seed); err != nil {
		return err
	}
	if err := fips.Check(h.Package); err != nil {
		return err
	}
	if err := fault.DecapsulateTo(h.Package, sharedKey, ciphertext, h.SharedKeySize(), h.CiphertextSize()); err != nil {
		return err
	}
	var once mlkem.Once[Polys]
	var err error
	h.do(func() { err = decapsulateOnce(h, &once, sharedKey, seed, ciphertext) })
	return err
}

// decapsulateOnce is what decapsulateSeed does with secrets.
func decapsulateOnce[Polys any](h *Hybrid, once *mlkem.Once[Polys], sharedKey, seed, ciphertext []byte) error {
	var expanded [mlkemSeedSize + x25519.Size]byte
	if h.FromParts {
		pq, t := h.split(seed, mlkemSeedSize)
		copy(expanded[copy(expanded[:], pq):], t)
	} else {
		sha3.SHAKE256(expanded[:], seed)
	}
	ctPQ, ctT := h.split(ciphertext, h.PQ.size.Ciphertext)
	var secrets [mlkemSharedKeySize + x25519.Size]byte
	ss := (*[x25519.Size]byte)(secrets[mlkemSharedKeySize:])

	weaves := h.weaves()
	once.Generate(h.PQ.params, (*[mlkemSeedSize]byte)(expanded[:]), ctPQ, !weaves)
	var single sha3.Single
	if weaves {
		single.Long = [2]*sha3.Long{&once.H, &once.J}
	}
	var public publicKey // for combine, which hashes no key of ML-KEM
	public.t.encoded = public.t.x25519[:]
	scalar := (*[x25519.Size]byte)(expanded[mlkemSeedSize:])
	x25519.ScalarMultBothPermuting(&public.t.x25519, ss, scalar, (*[x25519.Size]byte)(ctT), &single.State, single.Next)
	//ct:declassify public.t.x25519: it is a part of the encapsulation key
	single.End()

	err := checkOrder(ss)
	once.Finish(h.PQ.params, (*[mlkemSharedKeySize]byte)(secrets[:]), ctPQ)
	if err != nil {
		return h.wrap(err)
	}
	h.combine(sharedKey, secrets[:], ciphertext, &public)
	return nil
}
