package hybrid

// External is the code of a part that is outside this package: a NIST curve of
// package nist, or a kem.KEM (part_kem.go).
//
// Its methods get memory of their own, so that the compiler can keep the buffers
// of callers on the stack, and so that foreign code cannot change them. All
// slices have the sizes of the part.
type External interface {
	// NewPrivateKey makes a key pair from b, which is a seed or the stored form of the
	// private key. It also returns the encoded encapsulation key.
	NewPrivateKey(b []byte, stored bool) (ExternalPrivateKey, ExternalPublicKey, []byte, error)
	// NewPublicKey parses and checks an encapsulation key.
	NewPublicKey(b []byte) (ExternalPublicKey, error)
}

// An ExternalPublicKey is the encapsulation key of an external part.
type ExternalPublicKey interface {
	// Encapsulate fills sharedKey and ciphertext. It draws its own randomness if
	// random is empty.
	Encapsulate(sharedKey, ciphertext, random []byte) error
}

// An ExternalPrivateKey is the decapsulation key of an external part.
type ExternalPrivateKey interface {
	// DecapsulateTo fills sharedKey.
	DecapsulateTo(sharedKey, ciphertext []byte) error
	// Bytes returns the stored form of the key, in memory that the caller may overwrite.
	Bytes() []byte
	// Destroy overwrites the secrets of the key, if it can.
	Destroy()
}

// ExternalPart returns the part of x.
func ExternalPart(name string, x External, size Sizes) Part {
	return Part{kind: kindExternal, name: name, external: x, size: size}
}

// newExternal makes a key pair from b, which is a seed or the stored form of the private key.
func (p *Part) newExternal(dk *privatePart, ek *publicPart, b []byte, stored bool) (err error) {
	own := clone(b)
	defer clear(own)
	dk.external, ek.external, ek.encoded, err = p.external.NewPrivateKey(own, stored)
	return err
}

// storeExternal writes the stored form of a private key to b.
func (dk *privatePart) storeExternal(b []byte) {
	own := dk.external.Bytes()
	defer clear(own)
	copy(b, own)
}

// parseExternal parses an encapsulation key.
func (p *Part) parseExternal(ek *publicPart, b []byte) (err error) {
	ek.encoded = clone(b)
	ek.external, err = p.external.NewPublicKey(clone(b))
	return err
}

// encapsulateExternal fills ss and ct. With an error it has written nothing.
func (ek *publicPart) encapsulateExternal(ss, ct, random []byte) error {
	// One allocation for three slices, each with no more capacity than length.
	own := make([]byte, len(ss)+len(ct)+len(random))
	defer clear(own)
	end := len(ss) + len(ct)
	ownSS, ownCT, ownRandom := own[:len(ss):len(ss)], own[len(ss):end:end], own[end:]
	copy(ownRandom, random)
	if err := ek.external.Encapsulate(ownSS, ownCT, ownRandom); err != nil {
		return err
	}
	copy(ss, ownSS)
	copy(ct, ownCT)
	return nil
}

// decapsulateExternal fills ss. With an error it has written nothing.
func (dk *privatePart) decapsulateExternal(ss, ct []byte) error {
	own := make([]byte, len(ss)+len(ct)) // one allocation for two slices
	defer clear(own)
	ownSS, ownCT := own[:len(ss):len(ss)], own[len(ss):]
	copy(ownCT, ct)
	//ct:declassify ownCT[:]: a ciphertext is public
	if err := dk.external.DecapsulateTo(ownSS, ownCT); err != nil {
		return err
	}
	copy(ss, ownSS)
	return nil
}
