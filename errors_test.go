package hybridkem_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"
	"testing"

	"hybridkem"
	"hybridkem/combiner"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// wantError checks that err wraps kind and contains want. The error must name exactly one
// package of this module, once.
func wantError(t *testing.T, what string, err, kind error, want string) {
	t.Helper()
	switch {
	case !errors.Is(err, kind):
		t.Errorf("%s: %v, want %v", what, err, kind)
	case !regexp.MustCompile(`^[a-z]+: `).MatchString(err.Error()) || len(packageNames.FindAllString(err.Error(), -1)) != 1:
		t.Errorf("%s: %q does not name one package, once", what, err)
	case !strings.Contains(err.Error(), want):
		t.Errorf("%s: %q does not say %q", what, err, want)
	}
}

var packageNames = regexp.MustCompile(`\b(hybridkem|batch|kem|mlkem|mlkemtest|xwing|combiner|composite|openpgp|tlskex|sshkex|keyfile|kemtest|hybrid|derand|expanded|fault|testkit): `)

// TestErrors provokes each kind of error in each KEM.
func TestErrors(t *testing.T) {
	step := 61
	switch {
	case testkit.Sweep():
		step = 7
	case testing.Short():
		step = 256
	}
	hybrids := []kem.KEM{
		combiner.UG("own", mlkem.KEM768(), combiner.X25519()),
		combiner.CG("foreign", testkit.Foreign(mlkem.KEM768(), testkit.Faults{}), combiner.P256()),
		combiner.CK("nested", mlkem.KEM512(), combiner.UK("inner", mlkem.KEM512(), combiner.CG("innermost", mlkem.KEM512(), combiner.X25519()))),
		combiner.UK("foreign and nested", xwing.KEM(), testkit.Foreign(combiner.MLKEM768P256(), testkit.Faults{})),
	}
	for _, k := range append(hybridkem.All(), hybrids...) {
		name := k.Name()
		dk, err := k.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		ek := dk.PublicKey()
		sharedKey, ciphertext := ek.Encapsulate()
		encoded := ek.Bytes()

		_, err = k.NewDecapsulationKey(dk.Bytes()[1:])
		wantError(t, name+", seed", err, kem.ErrLength, " bytes, want ")
		_, err = k.NewEncapsulationKey(encoded[1:])
		wantError(t, name+", encapsulation key", err, kem.ErrLength, " bytes, want ")
		_, err = dk.Decapsulate(ciphertext[1:])
		wantError(t, name+", ciphertext", err, kem.ErrLength, " bytes, want ")
		wantError(t, name+", buffer", dk.DecapsulateTo(sharedKey[1:], ciphertext), kem.ErrLength, "the buffer for the shared key has ")
		wantError(t, name+", buffer", ek.EncapsulateTo(sharedKey[1:], ciphertext), kem.ErrLength, "the buffer for the shared key has ")
		wantError(t, name+", buffer", ek.EncapsulateTo(sharedKey, ciphertext[1:]), kem.ErrLength, "the buffer for the ciphertext has ")
		wantError(t, name+", overlap", ek.EncapsulateTo(ciphertext[:len(sharedKey)], ciphertext), kem.ErrOverlap, "overlap")

		// Overwrite 32 bytes at each position. In an ML-KEM key, the bytes 0xff make coefficients
		// of q or more. In a share, zeros make a point of low order, or bytes that are no point.
		refused := 0
		for _, bad := range []byte{0, 0xff} {
			for i := 0; i+32 <= len(encoded); i++ {
				b := bytes.Clone(encoded)
				copy(b[i:], bytes.Repeat([]byte{bad}, 32))
				if i%step != 0 && i+32 != len(encoded) {
					continue
				}
				if _, err := k.NewEncapsulationKey(b); err != nil {
					refused++
					if !errors.Is(err, kem.ErrEncapsulationKey) && !errors.Is(err, kem.ErrLowOrder) {
						t.Errorf("%s, encapsulation key: %v", name, err)
					}
					wantError(t, name+", encapsulation key", err, err, "")
				}
				if i+32 > len(ciphertext) {
					continue
				}
				c := bytes.Clone(ciphertext)
				copy(c[min(i, len(c)-32):], bytes.Repeat([]byte{bad}, 32))
				if _, err := dk.Decapsulate(c); err != nil {
					refused++
					if !errors.Is(err, kem.ErrCiphertext) && !errors.Is(err, kem.ErrLowOrder) {
						t.Errorf("%s, ciphertext: %v", name, err)
					}
					wantError(t, name+", ciphertext", err, err, "")
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s refuses nothing", name)
		}

		_, err = keyfile.MarshalPKCS8PrivateKey(dk)
		if err != nil {
			wantError(t, name+", file", err, kem.ErrUnsupported, name)
			wantError(t, name+", file", err, errors.ErrUnsupported, name)
		}
		dk.Destroy()
		_, err = dk.Decapsulate(ciphertext)
		wantError(t, name+", destroyed", err, kem.ErrDestroyed, "destroyed")
		wantError(t, name+", destroyed", dk.DecapsulateTo(sharedKey, ciphertext), kem.ErrDestroyed, "destroyed")
	}
}

// TestErrorTexts compares errors word for word.
func TestErrorTexts(t *testing.T) {
	mlkemKey, err1 := mlkem.GenerateKey768()
	xwingKey, err2 := xwing.GenerateKey()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	private, err := keyfile.MarshalPKCS8PrivateKey(mlkemKey)
	if err != nil {
		t.Fatal(err)
	}
	public, err := keyfile.MarshalPublicKeyPEM(xwingKey.EncapsulationKey())
	if err != nil {
		t.Fatal(err)
	}
	_, ciphertext := mlkemKey.EncapsulationKey().Encapsulate()
	foreign, err := testkit.Foreign(mlkem.KEM768(), testkit.Faults{}).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		got  func() error
		kind error
		want string
	}{
		{func() error { _, err := mlkemKey.Decapsulate(ciphertext[1:]); return err }, kem.ErrLength,
			"mlkem: ciphertext has 1087 bytes, want 1088"},
		{func() error { _, err := mlkem.NewDecapsulationKey768(make([]byte, 2400)); return err }, kem.ErrLength,
			"mlkem: seed has 2400 bytes, want 64: that is the length of an expanded key, see the functions NewExpandedKey"},
		{func() error { _, err := mlkem.NewExpandedKey768(make([]byte, 64)); return err }, kem.ErrLength,
			"mlkem: expanded key has 64 bytes, want 2400: that is the length of a seed, see the functions NewDecapsulationKey"},
		{func() error {
			destroyed, err := xwing.GenerateKey()
			if err != nil {
				return err
			}
			destroyed.Destroy()
			return kem.CheckKeyPair(destroyed)
		}, kem.ErrDestroyed, "xwing: the decapsulation key has been destroyed"},
		{func() error { _, err := mlkem.NewDecapsulationKey768(private); return err }, kem.ErrLength,
			"mlkem: seed has 86 bytes, want 64: it is DER, see package keyfile"},
		{func() error { _, err := xwing.NewEncapsulationKey(public); return err }, kem.ErrLength,
			"xwing: encapsulation key has 1734 bytes, want 1216: it is PEM, see package keyfile"},
		{func() error { _, err := xwing.NewDecapsulationKey(make([]byte, 64)); return err }, kem.ErrLength,
			"xwing: seed has 64 bytes, want 32: that is the length of a seed of ML-KEM-768"},
		{func() error {
			p256, err := combiner.MLKEM768P256().GenerateKey()
			if err != nil {
				return err
			}
			_, _, err = kemtest.Encapsulate(p256.PublicKey(), make([]byte, 32+128))
			return err
		}, kem.ErrSeed, "kemtest: no scalar of the curve in the seed"},
		{func() error {
			_, err := combiner.MLKEM768P256().NewEncapsulationKey(make([]byte, 1249))
			return err
		}, kem.ErrEncapsulationKey, "combiner: share in the encapsulation key is not an uncompressed point of P-256"},
		{func() error {
			p384, err := combiner.MLKEM1024P384().GenerateKey()
			if err != nil {
				return err
			}
			_, err = p384.Decapsulate(make([]byte, 1665))
			return err
		}, kem.ErrCiphertext, "combiner: share in the ciphertext is not an uncompressed point of P-384"},
		{func() error { return new(mlkem.DecapsulationKey768).DecapsulateTo(nil, nil) }, kem.ErrNoKey,
			"mlkem: the decapsulation key is nil or a zero value"},
		{func() error { return new(xwing.EncapsulationKey).EncapsulateTo(nil, nil) }, kem.ErrNoKey,
			"xwing: the key is nil or a zero value"},
		{func() error { _, _, err := kemtest.Encapsulate(nil, nil); return err }, kem.ErrNoKey,
			"kemtest: the encapsulation key is nil or a zero value"},
		{func() error { _, _, err := kemtest.Encapsulate(foreign.PublicKey(), nil); return err }, kem.ErrUnsupported,
			"kemtest: ML-KEM-768 does not take its randomness from outside"},
		{func() error { _, _, err := kemtest.Encapsulate(xwingKey.PublicKey(), make([]byte, 32)); return err }, kem.ErrLength,
			"kemtest: randomness has 32 bytes, want 64"},
		{func() error {
			_, err := keyfile.ParsePrivateKeyPEM(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{0xfd}}))
			return err
		}, kem.ErrKeyFile,
			"keyfile: the private key file of 1 bytes is not one SEQUENCE in DER: it is cut or damaged, or data follows"},
	} {
		err := test.got()
		if err == nil || err.Error() != test.want || test.kind != nil && !errors.Is(err, test.kind) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
