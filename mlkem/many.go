package mlkem

import (
	"hybridkem/internal/derand"
	"hybridkem/internal/many"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
	"hybridkem/kem"
)

// This file implements many.KEM. A method does for each row what the operation on one key does before
// it computes. Then it computes all rows that have no error at once. Keys of other types do their rows
// themselves, and may panic, as may a reader that has replaced crypto/rand.Reader.

// Together implements many.KEM.
func (p *parameterSet) Together() bool { return true }

// Knows implements many.KEM.
func (p *parameterSet) Knows(key any) bool {
	switch key := key.(type) {
	case kem.EncapsulationKey:
		_, ok := p.public(key)
		return ok
	case kem.Decapsulator:
		_, ok := p.private(key)
		return ok
	}
	return false
}

// ExpandMany implements many.KEM.
func (p *parameterSet) ExpandMany(rows many.Rows[many.KeyPair]) {
	var (
		n      int
		own    many.Rows[many.KeyPair]
		keys   [many.Width]kem.DecapsulationKey
		resets [many.Width]secret.Reset
		dks    [many.Width]*mlkem.DecapsulationKey
		seeds  [many.Width]*[SeedSize]byte
	)
	for _, row := range rows[:rows.Len()] {
		if row.Err = checkSeed(row.Seed); row.Err != nil {
			continue
		}
		key := row.Key
		memory, ok := p.private(key)
		if !ok || memory.privateKey == nil {
			key, memory = p.newKeyPair()
		}
		if resets[n], row.Err = memory.beginReset(); row.Err != nil {
			continue
		}
		own[n], keys[n], dks[n], seeds[n] = row, key, memory.dk, (*[SeedSize]byte)(row.Seed)
		n++
	}
	if n == 0 {
		return
	}
	secret.DoDeep(func() { mlkem.GenerateMany(dks[:n], seeds[:n]) })
	for i, row := range own[:n] {
		if row.Err = endReset(resets[i]); row.Err == nil {
			row.Key = keys[i]
		}
	}
}

// ParseMany implements many.KEM.
func (p *parameterSet) ParseMany(rows many.Rows[many.PublicKey]) {
	var (
		n       int
		own     many.Rows[many.PublicKey]
		keys    [many.Width]kem.EncapsulationKey
		resets  [many.Width]secret.Reset
		eks     [many.Width]*mlkem.EncapsulationKey
		encoded [many.Width][]byte
		valid   [many.Width]bool
	)
	for _, row := range rows[:rows.Len()] {
		key := row.Key
		memory, ok := p.public(key)
		if !ok || memory.publicKey == nil {
			key, memory = p.newEncapsulationKey()
		}
		if resets[n], row.Err = memory.beginParsing(row.Bytes); row.Err != nil {
			continue
		}
		own[n], keys[n], eks[n], encoded[n] = row, key, memory.ek, row.Bytes
		n++
	}
	if n == 0 {
		return
	}
	mlkem.ParseMany(eks[:n], encoded[:n], valid[:n])
	for i, row := range own[:n] {
		if !valid[i] { // The memory is fresh.
			row.Err = errEncapsulationKey
		} else if row.Err = endReset(resets[i]); row.Err == nil {
			row.Key = keys[i]
		}
	}
}

// EncapsulateMany implements many.KEM.
func (p *parameterSet) EncapsulateMany(rows many.Rows[many.Encapsulation], random derand.Random) {
	var (
		n           int
		uses        [many.Width]secret.Use
		own         many.Rows[many.Encapsulation]
		keys        [many.Width]*publicKey
		eks         [many.Width]*mlkem.EncapsulationKey
		sharedKeys  [many.Width]*[SharedKeySize]byte
		ciphertexts [many.Width][]byte
	)
	defer func() {
		for i, key := range keys[:n] {
			key.uses.End(uses[i])
		}
	}()
	for _, row := range rows[:rows.Len()] {
		key, ok := p.public(row.Key)
		if !ok {
			row.Do()
			continue
		}
		use, err := key.beginEncapsulation(row.SharedKey, row.Ciphertext)
		if err != nil {
			row.Err = err
			continue
		}
		own[n], uses[n], keys[n], eks[n] = row, use, key.publicKey, key.ek
		sharedKeys[n], ciphertexts[n] = (*[SharedKeySize]byte)(row.SharedKey), row.Ciphertext
		n++
	}
	if n == 0 {
		return
	}
	secret.DoDeep(func() {
		var drawn [many.Width * randomSize]byte
		if copy(drawn[:], random.Bytes()) == 0 {
			secret.Random(drawn[:n*randomSize])
		}
		var ms [many.Width]*[randomSize]byte
		for i := range n {
			ms[i] = (*[randomSize]byte)(drawn[i*randomSize:])
		}
		mlkem.EncapsulateMany(eks[:n], sharedKeys[:n], ciphertexts[:n], ms[:n])
	})
	for _, row := range own[:n] {
		row.Err = nil
	}
}

// DecapsulateMany implements many.KEM.
func (p *parameterSet) DecapsulateMany(rows many.Rows[many.Decapsulation]) {
	var (
		n           int
		uses        [many.Width]secret.Use
		own         many.Rows[many.Decapsulation]
		keys        [many.Width]*privateKey
		dks         [many.Width]*mlkem.DecapsulationKey
		sharedKeys  [many.Width]*[SharedKeySize]byte
		ciphertexts [many.Width][]byte
	)
	defer func() {
		for i, key := range keys[:n] {
			key.uses.End(uses[i])
		}
	}()
	for _, row := range rows[:rows.Len()] {
		key, ok := p.private(row.Key)
		if !ok {
			row.Do()
			continue
		}
		use, err := key.beginDecapsulation(row.SharedKey, row.Ciphertext)
		if err != nil {
			row.Err = err
			continue
		}
		own[n], uses[n], keys[n], dks[n] = row, use, key.privateKey, key.dk
		sharedKeys[n], ciphertexts[n] = (*[SharedKeySize]byte)(row.SharedKey), row.Ciphertext
		n++
	}
	if n == 0 {
		return
	}
	secret.DoDeep(func() { mlkem.DecapsulateMany(dks[:n], sharedKeys[:n], ciphertexts[:n]) })
	for _, row := range own[:n] {
		row.Err = nil
	}
}
