package keyfile_test

import (
	"bytes"
	"testing"

	"hybridkem/kem"
	"hybridkem/keyfile"
)

// FuzzKeyFile parses any bytes. A key with a seed is written again. The new file must give the same key.
// It must be equal to the old file if their lengths are equal, and must not be longer.
func FuzzKeyFile(f *testing.F) {
	for _, v := range keyFiles(f) {
		f.Add([]byte(v.DER))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		before := bytes.Clone(der)
		private, privateErr := keyfile.ParsePKCS8PrivateKey(der)
		public, publicErr := keyfile.ParsePKIXPublicKey(der)
		if !bytes.Equal(der, before) {
			t.Fatal("the file was changed")
		}
		if (private == nil) != (privateErr != nil) || (public == nil) != (publicErr != nil) {
			t.Fatalf("%T with error %v, %T with error %v", private, privateErr, public, publicErr)
		}
		if dk, ok := private.(kem.DecapsulationKey); ok {
			again := must[[]byte](t)(keyfile.MarshalPKCS8PrivateKey(dk))
			if (len(again) == len(der) && !bytes.Equal(again, der)) || len(again) > len(der) {
				t.Fatalf("written as %x", again)
			}
			if key := must[kem.Decapsulator](t)(keyfile.ParsePKCS8PrivateKey(again)); !dk.Equal(key) {
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
