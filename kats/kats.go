// Package kats checks this module against the known answers of its standards: it runs the
// test vectors of package vectors through the public packages.
//
// The command kats/cmd/kats runs all of them.
package kats

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"hybridkem/kats/vectors"
)

// A File is a file of test vectors, with the way to run them.
type File struct {
	Name      string // in package vectors
	Source    string // who published it
	Operation string // what it tests
	Count     int    // the number of vectors in it
	Skip      int    // how many of them are for a KEM or a protocol name that this module does not take

	// check returns nil only if the vector demanded something and got it. It returns
	// errNoKEM or errOldName for a vector to skip.
	check func(vector []byte) error
}

var files = []File{
	{"xwing_draft.jsonl", "X-Wing draft", "X-Wing, all operations", 3, 0, each(xwingVector.check)},
	{"hpke_pq_draft.jsonl", "HPKE-PQ draft", "KEMs of HPKE, all operations", 13, 4, each(hpkeVector.check)},
	{"hpke_pq_go.jsonl", "Go", "KEMs of HPKE, all operations", 13, 4, each(hpkeVector.check)},
	{"derive_key_pair.jsonl", "HPKE-PQ and X-Wing drafts", "DeriveKeyPair of X-Wing, both rules", 2, 0, each(deriveVector.check)},
	{"own_hybrids.jsonl", "this module", "hybrids for which no document has vectors", 12, 0, each(ownVector.check)},
	{"mlkem_acvp_keygen.jsonl.gz", "ACVP 1.1.0.40", "ML-KEM key generation", 75, 0, each(keyGen.check)},
	{"mlkem_acvp_encap.jsonl.gz", "ACVP 1.1.0.40", "ML-KEM encapsulation", 75, 0, each(encap.check)},
	{"mlkem_acvp_decap.jsonl", "ACVP 1.1.0.40", "ML-KEM decapsulation, expanded keys", 30, 0, each(decap.check)},
	{"mlkem_acvp_ekcheck.jsonl", "ACVP 1.1.0.40", "ML-KEM encapsulation key check", 30, 0, each(ekCheck.check)},
	{"mlkem_acvp_dkcheck.jsonl", "ACVP 1.1.0.40", "ML-KEM expanded key check", 30, 0, each(dkCheck.check)},
	{"wycheproof_mlkem_keygen_seed_test.jsonl.gz", "Wycheproof", "ML-KEM key generation", 300, 0, each(keyGen.check)},
	{"wycheproof_mlkem_encaps_test.jsonl.gz", "Wycheproof", "ML-KEM encapsulation", 795, 0, each(encap.check)},
	{"wycheproof_mlkem_test.jsonl.gz", "Wycheproof", "ML-KEM decapsulation, seeds", 579, 0, each(seedDecap.check)},
	{"wycheproof_mlkem_semi_expanded_decaps_test.jsonl", "Wycheproof", "ML-KEM decapsulation, expanded keys", 27, 0, each(expandedDecap.check)},
	{"mlkem_cctv_modulus.jsonl.gz", "CCTV", "ML-KEM encapsulation key check", 2595, 0, each(ekCheck.check)},
	{"mlkem_cctv_strcmp.jsonl", "CCTV", "ML-KEM decapsulation, expanded keys", 3, 0, each(decap.check)},
	{"mlkem_cctv_unlucky.jsonl", "CCTV", "ML-KEM, long streams of the matrix", 3, 0, each(unlucky.check)},
	{"keyformat_mlkem.jsonl", "RFC 9935", "ML-KEM keys in files", 19, 0, each(mlkemFormat.check)},
	{"keyformat_xwing.jsonl", "X-Wing draft", "X-Wing keys in files", 2, 0, each(xwingFormat.check)},
	{"cms_kemri.jsonl", "RFC 9936", "ML-KEM in CMS", 1, 0, each(cmsVector.check)},
	{"age_hybrid.jsonl", "CCTV", "X-Wing in files of age", 18, 0, each(ageVector.check)},
	{"jose_hpke_pq.jsonl", "JOSE HPKE PQ draft", "keys in JWKs, encapsulated keys in JWEs", 10, 0, each(joseVector.check)},
	{"incremental_mlkem.jsonl", "ACVP 1.1.0.40, split", "ML-KEM encapsulation in two steps", 9, 0, each(twoStep.check)},
	{"composite_mlkem.jsonl", "composite ML-KEM draft", "composite KEMs, decapsulation and keys in files", 9, 2, each(compositeVector.check)},
	{"composite_mlkem_combiner.jsonl", "composite ML-KEM draft", "combiner of the composite KEMs", 3, 0, each(compositeCombination.check)},
	{"openpgp_mlkem768_x25519.jsonl", "RFC 9980", "KEM of OpenPGP, decapsulation", 3, 0, each(openPGPVector.check)},
	{"wycheproof_x25519_test.jsonl", "Wycheproof", "X25519, within X25519MLKEM768", 518, 0, each(x25519Vector.check)},
	{"noise_plain.jsonl.gz", "Noise", "Noise with 25519", 2562, 0, checkNoise},
	{"noise_kem.jsonl.gz", "Clatter, own", "Noise with KEMs", 31, 0, checkNoise},
	{"noise_xxhfs_mlkem768.jsonl", "libp2p, own", "Noise XXhfs", 4, 2, checkNoise},
}

// Files returns every file, in the order in which the command runs them.
func Files() []File { return slices.Clone(files) }

// A Result tells how the vectors of a file fared.
type Result struct {
	Passed  int
	Skipped int
	Failed  []error // one for each failed vector, with its name and what differs
}

// Run runs the vectors of the file. If progress is not nil, Run calls it after each
// vector. It returns an error if it cannot read the file, or if the file has another
// number of vectors, or of vectors to skip, than f says.
func (f File) Run(progress func(done int)) (Result, error) {
	var r Result
	lines, err := vectors.Lines(f.Name, f.Count)
	if err != nil {
		return r, fmt.Errorf("kats: %w", err)
	}
	for i, line := range lines {
		switch err := f.check(line); err {
		case nil:
			r.Passed++
		case errNoKEM, errOldName:
			r.Skipped++
		default:
			v, _ := vectors.Decode[struct{ ID string }](line)
			r.Failed = append(r.Failed, fmt.Errorf("kats: vector %s (line %d): %w", v.ID, i+1, err))
		}
		if progress != nil {
			progress(i + 1)
		}
	}
	if r.Skipped != f.Skip {
		return r, fmt.Errorf("kats: %s: %d vectors skipped, not %d", f.Name, r.Skipped, f.Skip)
	}
	return r, nil
}

// each turns a check of one kind of vector into a check of the vector's JSON.
func each[V any](check func(V) error) func([]byte) error {
	return func(line []byte) error {
		v, err := vectors.Decode[V](line)
		if err != nil {
			return err
		}
		return check(v)
	}
}

var errNoKEM = errors.New("a KEM that this module does not have")

// A verdict is what the vector's author says of its input. A missing verdict means valid.
type verdict string

const invalid verdict = "invalid"

func (v *verdict) UnmarshalText(text []byte) error {
	switch *v = verdict(text); *v {
	case "valid", "acceptable", invalid:
		return nil
	}
	return fmt.Errorf("unknown result %q", text)
}

// refused returns an error if err is nil: an invalid input must be refused.
func refused(what string, err error) error {
	if err == nil {
		return fmt.Errorf("invalid %s is accepted", what)
	}
	return nil
}

// match returns an error if got and want differ. The error says where.
func match(what string, got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s has %d bytes, not %d", what, len(got), len(want))
	}
	i := 0
	for got[i] == want[i] {
		i++
	}
	end := min(i+8, len(got))
	return fmt.Errorf("%s differs at byte %d: got %x, want %x", what, i, got[i:end], want[i:end])
}
