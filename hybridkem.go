package hybridkem

import (
	"slices"
	"strings"
	"unicode"

	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/combiner/openpgp"
	"hybridkem/combiner/sshkex"
	"hybridkem/combiner/tlskex"
	"hybridkem/internal/fault"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// All returns every KEM of the module that has a name. The KEMs of TLS and SSH are only for protocols that hash
// their transcript: [kem.NeedsTranscript] reports whether a KEM is one of them. The decapsulation keys of composite
// ML-KEM and OpenPGP are made from keys of the parts, and not from seeds: [kem.KeysFromParts] reports whether those
// of a KEM are.
func All() []kem.KEM {
	return []kem.KEM{
		xwing.KEM(),
		mlkem.KEM512(),
		mlkem.KEM768(),
		mlkem.KEM1024(),
		combiner.MLKEM768P256(),
		combiner.MLKEM1024P384(),
		combiner.MLKEM512X25519(),
		combiner.MLKEM1024X25519(),
		tlskex.X25519MLKEM768(),
		tlskex.SecP256r1MLKEM768(),
		tlskex.SecP384r1MLKEM1024(),
		tlskex.MLKEM512X25519(),
		tlskex.SecP256r1MLKEM512(),
		sshkex.MLKEM768X25519SHA256(),
		sshkex.MLKEM768NISTP256SHA256(),
		sshkex.MLKEM1024NISTP384SHA384(),
		composite.MLKEM768X25519SHA3256(),
		composite.MLKEM768ECDHP256SHA3256(),
		composite.MLKEM768ECDHP384SHA3256(),
		composite.MLKEM1024ECDHP384SHA3256(),
		composite.MLKEM1024ECDHP521SHA3256(),
		openpgp.MLKEM768X25519(),
	}
}

// aliases are further names of KEMs.
var aliases = []struct {
	name string
	kem  kem.KEM
}{
	{"MLKEM768-X25519", xwing.KEM()}, // draft-irtf-cfrg-concrete-hybrid-kems
	{"MLKEM512", tlskex.MLKEM512()},  // draft-ietf-tls-mlkem
	{"MLKEM768", tlskex.MLKEM768()},
	{"MLKEM1024", tlskex.MLKEM1024()},
}

// ByName returns the KEM with the given name, as its document spells it. Case does not matter.
// Some KEMs have a second name in another document: X-Wing is also "MLKEM768-X25519", and in TLS
// ML-KEM-512, ML-KEM-768 and ML-KEM-1024 are "MLKEM512", "MLKEM768" and "MLKEM1024". ByName finds
// the KEM by both. Its Name is the first.
//
// If no KEM has the name, the error wraps [kem.ErrUnsupported]. It suggests similar names and
// lists the Names of all KEMs. ByName does not guess, since the names of different KEMs can differ
// by a single hyphen.
func ByName(name string) (kem.KEM, error) {
	names := []string{}
	for _, k := range All() {
		if strings.EqualFold(name, k.Name()) {
			return k, nil
		}
		names = append(names, k.Name())
	}
	candidates := slices.Clone(names)
	for _, a := range aliases {
		if strings.EqualFold(name, a.name) {
			return a.kem, nil
		}
		if !slices.Equal(letters(a.name), letters(a.kem.Name())) { // otherwise one suggestion is enough
			candidates = append(candidates, a.name)
		}
	}
	suggestion := ""
	if near := nearest(name, candidates); near != nil {
		suggestion = "did you mean " + strings.Join(near, " or ") + "? "
	}
	return nil, fault.New("hybridkem", kem.ErrUnsupported, "no KEM is named %q; %sthe names are %s", name, suggestion, strings.Join(names, ", "))
}

// nearest returns the names whose letters and digits differ least from those of name. It
// returns nil if every name differs in more than three.
func nearest(name string, names []string) (near []string) {
	least := 4
	for _, candidate := range names {
		switch d := distance(letters(name), letters(candidate)); {
		case d < least:
			least, near = d, []string{candidate}
		case d == least && near != nil:
			near = append(near, candidate)
		}
	}
	return near
}

// letters returns the letters and digits of s in lower case. It leaves out the prefix
// "hybridkem/".
func letters(s string) []rune {
	var out []rune
	for _, r := range strings.TrimPrefix(s, "hybridkem/") {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, unicode.ToLower(r))
		}
	}
	return out
}

// distance returns how many letters must be inserted, deleted or replaced to turn a into b.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			replace := diagonal
			if x != y {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
