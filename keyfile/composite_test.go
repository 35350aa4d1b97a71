package keyfile_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/combiner/openpgp"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/xwing"
)

// composites returns the composite KEMs.
func composites() []kem.KEM {
	return []kem.KEM{composite.MLKEM768X25519SHA3256(), composite.MLKEM768ECDHP256SHA3256(), composite.MLKEM768ECDHP384SHA3256(),
		composite.MLKEM1024ECDHP384SHA3256(), composite.MLKEM1024ECDHP521SHA3256()}
}

// algorithm returns the AlgorithmIdentifier of 1.3.6.1.5.5.7.6 and last, in hexadecimal.
func algorithm(last int) string {
	return seq(element("06", "2b060105050706", fmt.Sprintf("%02x", last)))
}

// A curveKey is a private key of a composite KEM with a curve, in hexadecimal.
type curveKey struct {
	kem                            kem.KEM
	algorithm, seed, scalar, curve string
	point                          string // of the curve
	encapsulationKey               string
}

// contents returns the contents of the OCTET STRING with an ECPrivateKey of the given elements.
func (k curveKey) contents(elements ...string) string { return k.seed + seq(elements...) }

func (k curveKey) file(contents ...string) string {
	return seq("020100", k.algorithm, element("04", contents...))
}

// curveKeys returns a key of each curve. All bytes of a seed or a scalar are equal.
func curveKeys(t *testing.T, seed string) (keys []curveKey) {
	t.Helper()
	for _, k := range []struct {
		kem               kem.KEM
		algorithm, scalar int
		curve             string
	}{
		{composite.MLKEM768ECDHP256SHA3256(), 59, 32, "06082a8648ce3d030107"},
		{composite.MLKEM768ECDHP384SHA3256(), 60, 48, "06052b81040022"},
		{composite.MLKEM1024ECDHP384SHA3256(), 63, 48, "06052b81040022"},
		{composite.MLKEM1024ECDHP521SHA3256(), 66, 66, "06052b81040023"},
	} {
		key := curveKey{kem: k.kem, algorithm: algorithm(k.algorithm), curve: element("a0", k.curve),
			seed: strings.Repeat(seed, 64), scalar: strings.Repeat(seed, k.scalar)}
		if k.scalar == 66 {
			key.scalar = "0001" + key.scalar[4:]
		}
		stored := must[[]byte](t)(hex.DecodeString(key.contents("020101", element("04", key.scalar), key.curve)))
		dk := must[kem.DecapsulationKey](t)(k.kem.NewDecapsulationKey(stored))
		key.encapsulationKey = hex.EncodeToString(dk.PublicKey().Bytes())
		key.point = key.encapsulationKey[len(key.encapsulationKey)-2-4*k.scalar:]
		keys = append(keys, key)
	}
	return keys
}

// TestECPrivateKey reads the private keys of composite KEMs with a curve, in good forms and bad ones.
func TestECPrivateKey(t *testing.T) {
	count := 0
	for _, k := range curveKeys(t, "5a") {
		size := len(k.scalar) / 2
		version, scalar := "020101", element("04", k.scalar)
		point := element("a1", element("03", "00", k.point))
		zeros, ones := strings.Repeat("00", size), strings.Repeat("ff", size)
		good := k.file(k.contents(version, scalar, k.curve))
		withPublicKey := func(ek string) string {
			return seq("020101", k.algorithm, element("04", k.contents(version, scalar, k.curve)), element("81", "00", ek))
		}
		name := fmt.Sprintf("P-%d", min(8*size, 521))
		key := "the private key of " + name
		for _, test := range []struct {
			name, file string
			kind       error // nil if the file is read
			want       string
		}{
			{"as written", good, nil, ""},
			{"with its point", k.file(k.contents(version, scalar, k.curve, point)), nil, ""},
			{"with its public key", withPublicKey(k.encapsulationKey), nil, ""},
			{"with attributes", seq("020100", k.algorithm, element("04", k.contents(version, scalar, k.curve)), "a000"), nil, ""},

			{"another point", k.file(k.contents(version, scalar, k.curve, strings.Replace(point, k.point[2:6], "0000", 1))), kem.ErrKeyPair, "the private key of " + name + " is not its uncompressed point"},
			{"the point compressed", k.file(k.contents(version, scalar, k.curve, element("a1", element("03", "0002", k.point[2:2+2*size])))), kem.ErrKeyPair, "not its uncompressed point"},
			{"an empty point", k.file(k.contents(version, scalar, k.curve, element("a1", "030100"))), kem.ErrKeyPair, "not its uncompressed point"},
			{"a point with unused bits", k.file(k.contents(version, scalar, k.curve, element("a1", element("03", "01", k.point)))), kem.ErrKeyFile, "whole bytes"},
			{"a point that is no BIT STRING", k.file(k.contents(version, scalar, k.curve, element("a1", element("04", k.point)))), kem.ErrKeyFile, "the public key in " + key},
			{"data after the point", k.file(k.contents(version, scalar, k.curve, element("a1", element("03", "00", k.point), "00"))), kem.ErrKeyFile, "trailing data at the end of the public key in " + key},
			{"data after the field of the point", k.file(k.contents(version, scalar, k.curve, point, "00")), kem.ErrKeyFile, "trailing data at the end of " + key},
			{"two points", k.file(k.contents(version, scalar, k.curve, point, point)), kem.ErrKeyFile, "trailing data at the end of " + key},
			{"another public key", withPublicKey("00" + k.encapsulationKey[2:]), kem.ErrKeyPair, "does not belong"},
			{"the point as the public key", withPublicKey(k.point), kem.ErrKeyPair, "does not belong"},
			{"an empty public key", withPublicKey(""), kem.ErrKeyPair, "does not belong"},

			{"another curve", k.file(k.contents(version, scalar, element("a0", "06052b8104000a"))), kem.ErrPrivateKey, key + " is of another curve, secp256k1 (1.3.132.0.10)"},
			{"Brainpool", k.file(k.contents(version, scalar, element("a0", "06092b2403030208010107"))), kem.ErrPrivateKey, "of another curve, brainpoolP256r1 ("},
			{"a curve of nobody", k.file(k.contents(version, scalar, element("a0", "06022a03"))), kem.ErrPrivateKey, "which is unknown (1.2.3)"},
			{"no curve", k.file(k.contents(version, scalar)), kem.ErrKeyFile, "the name of the curve in " + key + " is missing"},
			{"the point without a curve", k.file(k.contents(version, scalar, point)), kem.ErrKeyFile, "the name of the curve in " + key + " does not have the tag 0xa0"},
			{"an empty curve", k.file(k.contents(version, scalar, "a000")), kem.ErrKeyFile, "the curve in " + key + " has no valid identifier"},
			{"a curve with parameters", k.file(k.contents(version, scalar, element("a0", k.curve[4:], "0500"))), kem.ErrKeyFile, "no valid identifier"},
			{"parameters instead of a name", k.file(k.contents(version, scalar, element("a0", seq(version)))), kem.ErrKeyFile, "no valid identifier"},

			{"zero", k.file(k.contents(version, element("04", zeros), k.curve)), kem.ErrPrivateKey, key + " is zero, or not below the order of the curve"},
			{"too large", k.file(k.contents(version, element("04", ones), k.curve)), kem.ErrPrivateKey, key + " is zero, or not below the order of the curve"},
			{"a short scalar", k.file(k.contents(version, element("04", k.scalar[2:]), k.curve)), kem.ErrPrivateKey, fmt.Sprintf("the scalar in %s has %d bytes, want %d", key, size-1, size)},
			{"a long scalar", k.file(k.contents(version, element("04", "00", k.scalar), k.curve)), kem.ErrPrivateKey, fmt.Sprintf("the scalar in %s has %d bytes, want %d", key, size+1, size)},
			{"a number as the scalar", k.file(k.contents(version, element("02", k.scalar), k.curve)), kem.ErrKeyFile, "the scalar in " + key + " does not have the tag 0x04"},
			{"a long length of the scalar", k.file(k.contents(version, fmt.Sprintf("0481%02x", size), k.scalar, k.curve)), kem.ErrKeyFile, "the length of the scalar in " + key + " is not DER"},
			{"no scalar", k.file(k.contents(version)), kem.ErrKeyFile, "the scalar in " + key + " is missing"},
			{"a bare scalar", k.file(k.seed, k.scalar), kem.ErrPrivateKey, key + " is a bare scalar, want an ECPrivateKey"},
			{"version 0", k.file(k.contents("020100", scalar, k.curve)), kem.ErrKeyFile, "unknown version of " + key},
			{"version 257", k.file(k.contents("02020101", scalar, k.curve)), kem.ErrKeyFile, "unknown version of " + key},
			{"no version", k.file(k.contents(scalar, k.curve)), kem.ErrKeyFile, "the version of " + key + " does not have the tag 0x02"},
			{"nothing in it", k.file(k.contents()), kem.ErrKeyFile, "the version of " + key + " is missing"},
			{"a long length", k.file(k.seed, fmt.Sprintf("3081%02x", (len(k.contents(version, scalar, k.curve))-len(k.seed))/2-2), version, scalar, k.curve), kem.ErrKeyFile, "is not one SEQUENCE in DER"},
			{"an indefinite length", k.file(k.seed, "3080", version, scalar, k.curve, "0000"), kem.ErrKeyFile, "is not one SEQUENCE in DER"},
			{"data behind it", k.file(k.contents(version, scalar, k.curve), "00"), kem.ErrKeyFile, "is not one SEQUENCE in DER: it is cut or damaged, or data follows"},
			{"PKCS #8 in it", k.file(k.seed, seq("020100", seq("06072a8648ce3d0201", k.curve[4:]), element("04", seq(version, scalar)))), kem.ErrKeyFile, "unknown version of " + key},
			{"only the seed", k.file(k.seed), kem.ErrLength, ": that is the length of a seed of ML-KEM-"},
			{"no private key", k.file(""), kem.ErrLength, "has 0 bytes, want "},
			{"a short seed", k.file(k.contents(version, scalar, k.curve)[2:]), kem.ErrKeyFile, "is not one SEQUENCE in DER"},
			{"a tag before the seed", k.file(element("80", k.seed), seq(version, scalar, k.curve)), kem.ErrKeyFile, "is not one SEQUENCE in DER"},
			{"parameters of the algorithm", seq("020100", seq(k.algorithm[4:], "0500"), element("04", k.contents(version, scalar, k.curve))), kem.ErrKeyFile, "the algorithm has parameters"},
		} {
			count++
			der := must[[]byte](t)(hex.DecodeString(test.file))
			before := bytes.Clone(der)
			dk, err := keyfile.ParsePKCS8PrivateKey(der)
			if !bytes.Equal(der, before) {
				t.Errorf("%s, %s: the file was changed", k.kem.Name(), test.name)
			}
			if test.kind != nil {
				if dk != nil || !errors.Is(err, test.kind) || !strings.HasPrefix(err.Error(), "keyfile: ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s, %s: %v, want %q", k.kem.Name(), test.name, err, test.want)
				}
				continue
			}
			if _, ok := dk.(*combiner.PartsKey); !ok || dk.KEM() != k.kem {
				t.Errorf("%s, %s: %v, %v", k.kem.Name(), test.name, dk, err)
				continue
			}
			if file := must[[]byte](t)(keyfile.MarshalPKCS8PrivateKey(dk)); hex.EncodeToString(file) != good {
				t.Errorf("%s, %s: written as %x, want %s", k.kem.Name(), test.name, file, good)
			}
		}
	}
	if count < 4*40 {
		t.Errorf("only %d files", count)
	}
}

// TestComposites checks what differs between the files of composites and those of other KEMs.
func TestComposites(t *testing.T) {
	key58 := strings.Repeat("5a", 96)
	dk58 := must[kem.DecapsulationKey](t)(composite.MLKEM768X25519SHA3256().NewDecapsulationKey(bytes.Repeat([]byte{0x5a}, 96)))
	ek58 := hex.EncodeToString(dk58.PublicKey().Bytes())
	parsePrivate, parsePublic := parser(keyfile.ParsePKCS8PrivateKey), parser(keyfile.ParsePKIXPublicKey)
	for _, test := range []struct {
		parse            func([]byte) (any, error)
		name, file, want string
	}{
		{parsePrivate, "", seq("020100", algorithm(58), element("04", key58)), ""},
		{parsePrivate, "", seq("020101", algorithm(58), element("04", key58), element("81", "00", ek58)), ""},
		{parsePublic, "", seq(algorithm(58), element("03", "00", ek58)), ""},
		{parsePrivate, "a short key", seq("020100", algorithm(58), element("04", key58[2:])), "private key of ML-KEM-768 and X25519 has 95 bytes, want 96"},
		{parsePrivate, "a long key", seq("020100", algorithm(58), element("04", key58, "00")), "has 97 bytes, want 96"},
		{parsePrivate, "X-Wing's seed", seq("020100", algorithm(58), element("04", key58[:64])), "has 32 bytes, want 96"},
		{parsePrivate, "with a tag", seq("020100", algorithm(58), element("04", element("04", key58))), "has 98 bytes, want 96"},
		{parsePrivate, "another public key", seq("020101", algorithm(58), element("04", key58), element("81", "00", ek58[:len(ek58)-2], "00")), "does not belong"},
		{parsePublic, "a short key", seq(algorithm(58), element("03", "00", ek58[2:])), "encapsulation key has 1215 bytes, want 1216"},
		{parsePublic, "a wrapped key", seq(algorithm(58), element("03", "00", seq(ek58))), "encapsulation key has 1220 bytes, want 1216"},
		{parsePublic, "parameters", seq(seq(algorithm(58)[4:], "0500"), element("03", "00", ek58)), "the algorithm has parameters"},
		{parsePublic, "low order", seq(algorithm(58), element("03", "00", ek58[:2*1184], strings.Repeat("00", 32))), "low order"},
		{parsePublic, "no point", seq(algorithm(59), element("03", "00", ek58[:2*1184], strings.Repeat("04", 65))), "not an uncompressed point of P-256"},
	} {
		wantError(t, test.parse, test.name, test.file, test.want)
	}
	// All identifiers from .55 to .66 are in src/algParams.md of the draft.
	for last, name := range map[int]string{
		55: "MLKEM768-RSA2048-SHA3-256", 56: "MLKEM768-RSA3072-SHA3-256", 57: "MLKEM768-RSA4096-SHA3-256",
		61: "MLKEM768-ECDH-brainpoolP256r1-SHA3-256", 62: "MLKEM1024-RSA3072-SHA3-256",
		64: "MLKEM1024-ECDH-brainpoolP384r1-SHA3-256", 65: "MLKEM1024-X448-SHA3-256",
	} {
		want := fmt.Sprintf("the key is for %s (1.3.6.1.5.5.7.6.%d), not for a supported KEM", name, last)
		wantError(t, parsePrivate, name, seq("020100", algorithm(last), element("04", key58)), want)
		wantError(t, parsePublic, name, seq(algorithm(last), element("03", "00", ek58)), want)
	}
	wantError(t, parsePublic, ".67", seq(algorithm(67), element("03", "00", ek58)), "unknown algorithm 1.3.6.1.5.5.7.6.67")
}

// TestRawComposites gives private keys of composites without a file to the readers. A file of an X25519
// composite has the length of a key of a P-256 composite, and is not taken for one. Nor is a file of X-Wing, with
// attributes, that has the length of a key of an X25519 composite.
func TestRawComposites(t *testing.T) {
	for _, k := range composites() {
		// A key can begin like any file.
		raw := newKey(t, k).Bytes()
		for _, beginning := range []string{"", seq("020100", seq(), "0400", strings.Repeat("00", len(raw)-11))[:40]} {
			copy(raw, must[[]byte](t)(hex.DecodeString(beginning)))
			for _, parse := range []func([]byte) (any, error){parser(keyfile.ParsePKCS8PrivateKey), parser(keyfile.ParsePKIXPublicKey), parser(keyfile.ParsePrivateKeyPEM)} {
				if key, err := parse(raw); key != nil || !errors.Is(err, kem.ErrKeyFile) || !strings.Contains(err.Error(), "a raw private key of ML") {
					t.Errorf("%s: %v", k.Name(), err)
				}
			}
		}
	}
	withAttributes := seq("020100", seq("060b2b0601040183e62d81c87a"), element("04", strings.Repeat("5a", 32)),
		element("a0", seq("06012a", element("31", element("04", strings.Repeat("00", 31))))))
	if len(withAttributes) != 2*composites()[0].SeedSize() {
		t.Fatal("the lengths differ: the test is needless")
	}
	wantError(t, parser(keyfile.ParsePKCS8PrivateKey), "", withAttributes, "")
	file := must[[]byte](t)(keyfile.MarshalPKCS8PrivateKey(newKey(t, composites()[0])))
	if len(file) != composites()[1].SeedSize() {
		t.Fatal("the lengths differ: the test is needless")
	}
	if _, err := keyfile.ParsePKIXPublicKey(file); err == nil || !strings.Contains(err.Error(), "the file is a private key, not") {
		t.Errorf("a file of %d bytes: %v", len(file), err)
	}
}

// TestNoFormat checks what the errors for keys from parts without a format advise.
func TestNoFormat(t *testing.T) {
	for _, test := range []struct {
		kem  kem.KEM
		want string
	}{
		{must[kem.KEM](t)(combiner.FromParts(xwing.KEM())), "X-Wing from parts, but the same parts make a key of composite.MLKEM768X25519SHA3256"},
		{must[kem.KEM](t)(combiner.FromParts(combiner.MLKEM768P256())), "composite.MLKEM768ECDHP256SHA3256"},
		{must[kem.KEM](t)(combiner.FromParts(combiner.MLKEM1024P384())), "composite.MLKEM1024ECDHP384SHA3256"},
		{must[kem.KEM](t)(combiner.FromParts(combiner.MLKEM1024X25519())), "from parts"},
		{openpgp.MLKEM768X25519(), "packets of OpenPGP"},
	} {
		dk := newKey(t, test.kem)
		_, err1 := keyfile.MarshalPKCS8PrivateKey(dk)
		_, err2 := keyfile.MarshalPKIXPublicKey(dk.PublicKey())
		for _, err := range []error{err1, err2} {
			if !errors.Is(err, kem.ErrUnsupported) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.kem.Name()) {
				t.Errorf("%v, want %q", err, test.want)
			}
		}
	}
}
