package kats

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hybridkem/internal/testkit"
	"hybridkem/kats/vectors"
)

func TestFiles(t *testing.T) {
	for _, f := range Files() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			r, err := f.Run(func(done int) {
				if calls++; done != calls {
					t.Errorf("progress(%d) as call %d", done, calls)
				}
			})
			if err != nil {
				t.Error(err)
			}
			for _, failure := range r.Failed {
				t.Error(failure)
			}
			if r.Passed != f.Count-f.Skip || calls != f.Count {
				t.Errorf("%d of %d vectors passed, %d run", r.Passed, f.Count-f.Skip, calls)
			}
		})
	}
}

// inside names the package that runs each file that needs more than the public packages.
var inside = map[string]string{
	"mlkem_accumulated.jsonl":       "internal/mlkem",
	"mlkem_cctv_intermediate.jsonl": "internal/mlkem",
}

func TestEveryFileIsRun(t *testing.T) {
	entries, err := os.ReadDir("vectors")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		named := func(f File) bool { return f.Name == name }
		if strings.Contains(name, ".jsonl") && !slices.ContainsFunc(files, named) && !isRunIn(inside[name], name) {
			t.Errorf("vectors/%s is not in the table", name)
		}
	}
}

// isRunIn reports whether a test of the package in dir names the file.
func isRunIn(dir, name string) bool {
	tests, _ := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	for _, test := range tests {
		source, err := os.ReadFile(test)
		if dir != "" && err == nil && strings.Contains(string(source), `"`+name+`"`) {
			return true
		}
	}
	return false
}

func TestWrongCount(t *testing.T) {
	for _, f := range Files() {
		for _, count := range []int{0, f.Count - 1, f.Count + 1} {
			g := f
			g.Count = count
			if r, err := g.Run(nil); err == nil || r.Passed > 0 {
				t.Errorf("%s with %d for %d vectors: %d passed, error %v", f.Name, count, f.Count, r.Passed, err)
			}
		}
	}
	f := files[1]
	f.Skip--
	if _, err := f.Run(nil); err == nil {
		t.Errorf("%s with %d vectors skipped for %d: no error", f.Name, f.Skip+1, f.Skip)
	}
}

// fields names the fields of each file that matter: the answers, and those inputs that no
// change may leave without effect on an answer.
var fields = map[string]struct{ answers, inputs []string }{
	"xwing_draft.jsonl":                                {[]string{"sk", "pk", "ct", "ss"}, []string{"seed", "eseed"}},
	"hpke_pq_draft.jsonl":                              {[]string{"skRm", "pkRm", "enc", "shared_secret"}, []string{"ikmR", "ikmE"}},
	"hpke_pq_go.jsonl":                                 {[]string{"skRm", "pkRm", "enc", "shared_secret"}, []string{"ikmR", "ikmE"}},
	"own_hybrids.jsonl":                                {[]string{"ek", "ct", "ss"}, []string{"seed", "random"}},
	"mlkem_acvp_keygen.jsonl.gz":                       {[]string{"ek", "dk"}, []string{"seed"}},
	"derive_key_pair.jsonl":                            {[]string{"seed", "ek"}, []string{"ikm"}},
	"mlkem_acvp_encap.jsonl.gz":                        {[]string{"c", "K"}, []string{"ek", "m"}},
	"mlkem_acvp_decap.jsonl":                           {[]string{"K"}, []string{"c"}},
	"mlkem_acvp_ekcheck.jsonl":                         {[]string{"result"}, nil},
	"mlkem_acvp_dkcheck.jsonl":                         {[]string{"result"}, nil},
	"wycheproof_mlkem_keygen_seed_test.jsonl.gz":       {[]string{"ek", "dk"}, []string{"seed"}},
	"wycheproof_mlkem_encaps_test.jsonl.gz":            {[]string{"c", "K", "result"}, []string{"ek", "m"}},
	"wycheproof_mlkem_test.jsonl.gz":                   {[]string{"ek", "K", "result"}, []string{"seed", "c"}},
	"wycheproof_mlkem_semi_expanded_decaps_test.jsonl": {[]string{"ek", "K", "result"}, []string{"c"}},
	"mlkem_cctv_modulus.jsonl.gz":                      {[]string{"result"}, nil},
	"mlkem_cctv_strcmp.jsonl":                          {[]string{"K"}, []string{"c"}},
	"mlkem_cctv_unlucky.jsonl":                         {[]string{"c", "K"}, []string{"ek", "m", "c"}},
	"incremental_mlkem.jsonl":                          {[]string{"ct1", "ct2", "ss"}, []string{"m", "header", "ek_vector"}},
	"keyformat_mlkem.jsonl":                            {[]string{"result", "class"}, []string{"seed", "der"}},
	"keyformat_xwing.jsonl":                            {nil, []string{"seed", "der"}},
	"cms_kemri.jsonl": {[]string{"ss", "kek"},
		[]string{"pkcs8_seed", "pkcs8_expanded", "pkcs8_both", "spki", "ct", "ori_info"}},
	"age_hybrid.jsonl":               {[]string{"expect", "file_key"}, nil},
	"jose_hpke_pq.jsonl":             {[]string{"alg"}, []string{"compact"}},
	"composite_mlkem.jsonl":          {[]string{"oid", "label", "ek", "ss", "dk_pkcs8"}, []string{"dk", "ct", "certificate"}},
	"composite_mlkem_combiner.jsonl": {[]string{"input", "ss"}, []string{"ss_PQ", "ss_T", "ct_T", "ek_T", "label"}},
	"openpgp_mlkem768_x25519.jsonl":  {[]string{"ek_PQ", "ek_T", "ss_PQ", "ss_T", "kek"}, []string{"seed_PQ", "dk_T", "ct_PQ", "ct_T", "label"}},
	"wycheproof_x25519_test.jsonl":   {[]string{"shared"}, nil},
}

// paths names the values of each file of Noise that no change may leave without effect, in objects and lists.
var paths = map[string][]string{
	"noise_plain.jsonl.gz": {
		"messages.ciphertext", "messages.payload", "messages.sender", "handshake_hash", "init_prologue", "resp_prologue", "init_static", "resp_static",
		"init_ephemeral", "resp_ephemeral", "init_psks", "resp_psks", "init_remote_static", "resp_remote_static", "protocol_name",
	},
	"noise_kem.jsonl.gz": {
		"messages.ciphertext", "messages.payload", "messages.sender", "messages.h", "messages.encaps.m", "transport.ciphertext", "transport.payload",
		"handshake_hash", "prologue", "psks", "init_static", "resp_static", "init_ephemeral", "resp_ephemeral",
		"init_kem_static_seed", "resp_kem_static_seed", "init_kem_ephemeral_seed", "resp_kem_ephemeral_seed", "protocol_name",
	},
	"noise_xxhfs_mlkem768.jsonl": {
		"msg_a", "msg_b", "msg_c", "hash_a", "hash_b", "handshake_hash", "init_static", "resp_static", "init_ephemeral", "resp_ephemeral",
		"init_kem_seed", "resp_kem_m", "prologue", "protocol",
	},
}

// steps says how far apart the vectors are that TestWrongVectors takes, where it does not take all.
var steps = map[string]int{"noise_plain.jsonl.gz": 19, "noise_kem.jsonl.gz": 3}

// TestWrongVectors checks that no vector passes after an answer is changed or removed, or
// an input changed. So a vector that passes has checked something.
func TestWrongVectors(t *testing.T) {
	for _, f := range Files() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			lines, err := vectors.Lines(f.Name, f.Count)
			if err != nil {
				t.Fatal(err)
			}
			step := 1
			if testing.Short() {
				step = max(1, len(lines)/10)
			} else if s, ok := steps[f.Name]; ok && !testkit.Sweep() {
				step = s
			}
			for i, line := range lines {
				if i%step != 0 || skipped(f, line) {
					continue
				}
				variants := append(wrongVariants(t, f, i, line), changedPaths(t, f, i, line)...)
				if len(variants) == 0 {
					t.Errorf("line %d: nothing to change", i+1)
				}
				for _, wrong := range variants {
					if f.check(wrong) == nil {
						t.Errorf("line %d: this passes too: %s", i+1, wrong)
					}
				}
			}
		})
	}
}

// wrongVariants returns variants of vector i that must fail. Each differs in one field.
func wrongVariants(t *testing.T, f File, i int, line []byte) (variants [][]byte) {
	var vector map[string]any
	if err := json.Unmarshal(line, &vector); err != nil {
		t.Fatal(err)
	}
	add := func(vector map[string]any) {
		line, err := json.Marshal(vector)
		if err != nil {
			t.Fatal(err)
		}
		variants = append(variants, line)
	}
	with := func(field string, value any) map[string]any {
		wrong := maps.Clone(vector)
		wrong[field] = value
		return wrong
	}

	valid := vector["result"] != "invalid"
	for _, field := range fields[f.Name].answers {
		value, ok := vector[field].(string)
		switch {
		case !ok:
		case field == "class": // the reason why the key is invalid
			for _, class := range []string{"h_ek_mismatch", "s_mismatch", "z_mismatch"} {
				// The same check refuses both of these classes.
				if value != class && (value != "seed_expanded_mismatch" || class != "z_mismatch") {
					add(with(field, class))
				}
			}
		case field == "result" && valid:
			wrong := with(field, "invalid")
			add(wrong)
			wrong["class"] = "c_length" // says that the ciphertext is invalid, not the key
			add(wrong)
		case field == "result":
			add(with(field, "valid"))
		case field == "expect":
			for _, expect := range []string{"success", "no match", "header failure", ""} {
				if value != expect {
					add(with(field, expect))
				}
			}
		case field == "file_key" && vector["expect"] != "success": // no file key is found
		case valid:
			add(with(field, nil))
			add(with(field, ""))
			add(with(field, changeDigit(value, 7919*i%len(value))))
		}
	}
	if valid {
		for _, field := range fields[f.Name].inputs {
			add(with(field, changeDigit(vector[field].(string), 0)))
			// In a key file every digit matters. In a certificate some do not.
			if value := vector[field].(string); field == "der" && vector["kind"] != "certificate" {
				for at := range len(value) {
					if at < 100 || at%97 == 0 {
						add(with(field, changeDigit(value, at)))
					}
				}
			}
		}
	}
	return variants
}

func skipped(f File, line []byte) bool {
	err := f.check(line)
	return err == errNoKEM || err == errOldName
}

// changedPaths returns the vector with each value changed that paths names.
func changedPaths(t *testing.T, f File, i int, line []byte) (variants [][]byte) {
	for _, path := range paths[f.Name] {
		// Some vectors have keys that their patterns have no use for.
		v, _ := vectors.DecodeNoise(line)
		initiator, responder := v.StaticKeys()
		unused := map[string]bool{
			"init_static": initiator == 'N', "resp_remote_static": initiator == 'N',
			"resp_static": responder == 'N', "init_remote_static": responder == 'N', "resp_ephemeral": len(v.Messages) == 1,
		}
		if unused[path] {
			continue
		}
		for at, n := 0, 1; at < n; at++ {
			var vector any
			if err := json.Unmarshal(line, &vector); err != nil {
				t.Fatal(err)
			}
			n = 0 // how many strings the path leads to
			changed := replaced(vector, strings.Split(path, "."), func(value string) string {
				if n++; n-1 != at {
					return value
				}
				switch {
				case value == "":
					return "00"
				case strings.HasSuffix(path, "sender"):
					return map[string]string{"init": "resp", "resp": "init"}[value]
				case strings.HasPrefix(path, "protocol"):
					return value + "0"
				}
				digits := len(value)
				switch {
				case strings.HasSuffix(path, "_seed"):
					digits /= 2 // z matters for other ciphertexts only
				case strings.HasPrefix(path, "init_") || strings.HasPrefix(path, "resp_"):
					digits = max(2, digits-2) // X25519 ignores bits of the last byte, and of the low half of the first one
				}
				return changeDigit(value, 7919*i%digits/2*2)
			})
			if line, err := json.Marshal(changed); n > 0 && err == nil {
				variants = append(variants, line)
			}
		}
	}
	return variants
}

// replaced replaces the strings that a path leads to, through objects and lists.
func replaced(value any, path []string, f func(string) string) any {
	switch v := value.(type) {
	case string:
		if len(path) == 0 {
			return f(v)
		}
	case []any:
		for i := range v {
			v[i] = replaced(v[i], path, f)
		}
	case map[string]any:
		if inner, ok := v[path[0]]; ok {
			v[path[0]] = replaced(inner, path[1:], f)
		}
	}
	return value
}

func changeDigit(s string, i int) string {
	digit := "0"
	if s[i] == '0' {
		digit = "1"
	}
	return s[:i] + digit + s[i+1:]
}

// TestWrongJOSE checks that a change of any part of a JWK or a JWE that package kats looks at is noticed.
func TestWrongJOSE(t *testing.T) {
	file, err := vectors.Read[joseVector]("jose_hpke_pq.jsonl", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range file {
		var jwk map[string]string
		if err := json.Unmarshal(v.JWK, &jwk); err != nil {
			t.Fatal(err)
		}
		for name, value := range jwk {
			for at := 0; at < len(value); at += 1 + len(value)/8 {
				if name == "priv" && at >= 42 {
					break // z, a half of the seeds of ML-KEM, is for invalid ciphertexts only
				}
				wrong, changed := v, maps.Clone(jwk)
				changed[name] = changeDigit(value, at)
				if wrong.JWK, err = json.Marshal(changed); err != nil {
					t.Fatal(err)
				}
				if wrong.check() == nil {
					t.Errorf("%s: a JWK with another %s passes", v.Alg, name)
				}
			}
		}
		for i := range 4 {
			for _, at := range []int{0, 20, 30} {
				wrong := v
				m := &wrong.Flattened
				part := []*string{&m.Protected, &m.EncryptedKey, &m.Ciphertext, &m.AAD}[i]
				*part = changeDigit(*part, at)
				// With -KE, HPKE has sealed a key, and not the plaintext and its AAD.
				if inside := i == 1 || !strings.HasSuffix(v.Alg, "-KE"); inside && wrong.check() == nil {
					t.Errorf("%s: a JWE with part %d changed passes", v.Alg, i)
				}
			}
		}
	}
}

// TestExpandedKeyParts checks that a change in any part of an expanded key is noticed.
func TestExpandedKeyParts(t *testing.T) {
	keys, err := vectors.Read[keyGen]("mlkem_acvp_keygen.jsonl.gz", 75)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range keys {
		for part, at := range map[string]int{
			"ŝ": 0, "ek": len(v.DK) - 65, "H(ek)": len(v.DK) - 33, "z": len(v.DK) - 1,
		} {
			wrong := v
			wrong.DK = slices.Clone(v.DK)
			wrong.DK[at] ^= 1
			if wrong.check() == nil {
				t.Errorf("%s: dk with another %s passes", v.Set.Name(), part)
			}
		}
	}
}

// TestOddVectors checks that no malformed vector passes.
func TestOddVectors(t *testing.T) {
	for _, f := range Files() {
		for _, line := range []string{"", "{", "{}", "null", "[]", `{"set":"ML-KEM-767","ek":"","dk":"","result":"invalid"}`} {
			if f.check([]byte(line)) == nil {
				t.Errorf("%s: %q passes", f.Name, line)
			}
		}
	}
	var v verdict
	if v.UnmarshalText([]byte("invald")) == nil {
		t.Error("a misspelt result is accepted")
	}
}
