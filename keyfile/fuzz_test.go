package keyfile_test

import (
	"bytes"
	"encoding/pem"
	"testing"

	"hybridkem/kem"
	"hybridkem/keyfile"
)

// FuzzKeyFile parses any bytes. A key with a seed is written again. The new file must give the same key.
// It must be equal to the old file if their lengths are equal and the old file has a form of RFC 9935, and must
// not be longer.
func FuzzKeyFile(f *testing.F) {
	for _, v := range keyFiles(f) {
		f.Add([]byte(v.DER))
	}
	for _, k := range composites() {
		dk, err := k.GenerateKey()
		if err != nil {
			f.Fatal(err)
		}
		file, err := keyfile.MarshalPKCS8PrivateKey(dk)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	for _, file := range otherPrograms(f) {
		if block, _ := pem.Decode(file.contents); block != nil {
			file.contents = block.Bytes
		}
		f.Add(file.contents)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		before := bytes.Clone(der)
		private, privateErr := keyfile.ParsePKCS8PrivateKey(der)
		legacy, legacyErr := keyfile.ParseLegacyPrivateKey(der)
		public, publicErr := keyfile.ParsePKIXPublicKey(der)
		if !bytes.Equal(der, before) {
			t.Fatal("the file was changed")
		}
		if (private == nil) != (privateErr != nil) || (legacy == nil) != (legacyErr != nil) || (public == nil) != (publicErr != nil) {
			t.Fatalf("%T with error %v, %T with error %v, %T with error %v", private, privateErr, legacy, legacyErr, public, publicErr)
		}
		if private != nil && legacy == nil {
			t.Fatalf("the form is read, but not as a legacy form: %v", legacyErr)
		}
		if dk, ok := legacy.(kem.DecapsulationKey); ok {
			again := must[[]byte](t)(keyfile.MarshalPKCS8PrivateKey(dk))
			const tag = 2 // bytes of a tag and a length, which a bare seed lacks
			if private != nil && len(again) == len(der) && !bytes.Equal(again, der) || len(again) > len(der)+tag {
				t.Fatalf("written as %x", again)
			}
			if key := must[kem.Decapsulator](t)(keyfile.ParsePKCS8PrivateKey(again)); !dk.Equal(key) || private != nil && !dk.Equal(private) {
				t.Fatal("the new file gives another key")
			}
		}
		if public != nil {
			if again := must[[]byte](t)(keyfile.MarshalPKIXPublicKey(public)); !bytes.Equal(again, der) {
				t.Fatalf("written as %x", again)
			}
		}
	})
}

// FuzzPEM parses any text. A key that is read must be in a block of the file.
func FuzzPEM(f *testing.F) {
	for _, file := range otherPrograms(f) {
		f.Add(file.contents)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		private, privateErr := keyfile.ParsePrivateKeyPEM(file)
		public, publicErr := keyfile.ParsePublicKeyPEM(file)
		if (private == nil) != (privateErr != nil) || (public == nil) != (publicErr != nil) {
			t.Fatalf("%T with error %v, %T with error %v", private, privateErr, public, publicErr)
		}
		foundPrivate, foundPublic := private == nil, public == nil
		rest := bytes.TrimPrefix(file, []byte("\ufeff"))
		for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
			if private != nil {
				key, err := keyfile.ParsePKCS8PrivateKey(block.Bytes)
				foundPrivate = foundPrivate || err == nil && bytes.Equal(key.PublicKey().Bytes(), private.PublicKey().Bytes())
			}
			if public != nil {
				key, err := keyfile.ParsePKIXPublicKey(block.Bytes)
				foundPublic = foundPublic || err == nil && public.Equal(key)
			}
		}
		if !foundPrivate || !foundPublic {
			t.Fatal("a key that is in no block")
		}
	})
}
