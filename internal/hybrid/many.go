package hybrid

import (
	"crypto/subtle"

	"hybridkem/internal/derand"
	"hybridkem/internal/fips"
	"hybridkem/internal/many"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
	"hybridkem/internal/sha3"
	"hybridkem/internal/x25519"
)

// This file does several operations at once, with hybrids of ML-KEM and X25519. A method does for each row
// what the operation on one key does before it computes. Then it computes all rows that have no error at
// once. Keys of other types do their rows themselves, and may panic, as may a reader that has replaced
// crypto/rand.Reader.

// Together implements many.KEM. It reports whether the parts are ML-KEM and X25519.
func (h *Hybrid) Together() bool { return h.PQ.kind == kindMLKEM && h.T.kind == kindX25519 }

// Knows implements many.KEM.
func (h *Hybrid) Knows(key any) bool {
	_, private := h.types().Private(key)
	_, public := h.types().Public(key)
	return private || public
}

// private returns the key that dk is, if it is one of h.
func (h *Hybrid) private(dk any) (*DecapsulationKey, bool) {
	own, ok := h.types().Private(dk)
	if key := own.private(); key != nil && key.public.hybrid != h {
		return nil, false
	}
	return own, ok
}

// public returns the key that ek is, if it is one of h.
func (h *Hybrid) public(ek any) (*EncapsulationKey, bool) {
	own, ok := h.types().Public(ek)
	if key := own.public(); key != nil && key.hybrid != h {
		return nil, false
	}
	return own, ok
}

// ExpandMany implements many.KEM.
func (h *Hybrid) ExpandMany(rows many.Rows[many.KeyPair]) {
	var (
		n      int
		own    many.Rows[many.KeyPair]
		keys   [many.Width]*DecapsulationKey
		resets [many.Width]secret.Reset
	)
	for _, row := range rows[:rows.Len()] {
		if row.Err = h.checkSeed(row.Seed); row.Err != nil {
			continue
		}
		if row.Err = fips.Check(h.Package); row.Err != nil {
			continue
		}
		dk, ok := h.private(row.Key)
		if !ok || dk.private() == nil {
			dk, resets[n] = h.newKeyPair(), secret.Reset{}
		} else if resets[n], row.Err = dk.beginReset(); row.Err != nil {
			row.Err = h.wrap(row.Err)
			continue
		}
		own[n], keys[n] = row, dk
		n++
	}
	if n == 0 {
		return
	}
	secret.DoDeep(func() { h.expandMany(keys[:n], own) })
	for i, row := range own[:n] {
		if row.Err = h.in(resets[i].End()); row.Err == nil {
			row.Key = h.types().AsPrivate(keys[i])
		}
	}
}

// expandMany is expand of several keys, which for keys from parts gets stored forms.
func (h *Hybrid) expandMany(keys []*DecapsulationKey, rows many.Rows[many.KeyPair]) {
	n := len(keys)
	const size = mlkemSeedSize + x25519.Size
	var (
		expanded    [many.Width][size]byte
		seeds, outs [many.Width][]byte
		dks         [many.Width]*mlkem.DecapsulationKey
		mlkemSeeds  [many.Width]*[mlkemSeedSize]byte
		shares, x   [many.Width]*[x25519.Size]byte
	)
	for i, dk := range keys {
		key := dk.private()
		seeds[i], outs[i] = rows[i].Seed, expanded[i][:]
		dks[i], mlkemSeeds[i] = key.secrets.pq.mlkem, (*[mlkemSeedSize]byte)(outs[i])
		shares[i], x[i] = &key.public.t.x25519, &key.secrets.t.x25519
	}
	if h.FromParts {
		for i := range n {
			pq, t := h.split(seeds[i], mlkemSeedSize)
			copy(outs[i][copy(outs[i], pq):], t)
		}
	} else {
		for i, dk := range keys {
			dk.private().secrets.seed = [SeedSize]byte(seeds[i])
		}
		sha3.SHAKE256Many(outs[:n], seeds[:n])
	}
	mlkem.GenerateMany(dks[:n], mlkemSeeds[:n])
	for i := range n {
		*x[i] = [x25519.Size]byte(outs[i][mlkemSeedSize:])
	}
	x25519.ScalarBaseMultMany(shares[:n], x[:n])
	for _, dk := range keys {
		public := &dk.private().public
		//ct:declassify public.t.x25519: it is a part of the encapsulation key
		public.t.encoded = public.t.x25519[:]
		public.keepEncodings()
	}
}

// ParseMany implements many.KEM.
func (h *Hybrid) ParseMany(rows many.Rows[many.PublicKey]) {
	var (
		n       int
		own     many.Rows[many.PublicKey]
		keys    [many.Width]*EncapsulationKey
		resets  [many.Width]secret.Reset
		eks     [many.Width]*mlkem.EncapsulationKey
		encoded [many.Width][]byte
		valid   [many.Width]bool
	)
	for _, row := range rows[:rows.Len()] {
		ek, ok := h.public(row.Key)
		fresh := !ok || ek.public() == nil
		if fresh {
			ek = h.newEncapsulationKey()
		}
		if resets[n], row.Err = ek.beginParsing(row.Bytes, fresh); row.Err != nil {
			continue
		}
		encodedPQ, share := h.split(row.Bytes, h.PQ.size.EncapsulationKey)
		if row.Err = h.in(ek.public().t.parseX25519((*[x25519.Size]byte)(share))); row.Err != nil {
			continue
		}
		own[n], keys[n], eks[n], encoded[n] = row, ek, ek.public().pq.mlkem, encodedPQ
		n++
	}
	if n == 0 {
		return
	}
	mlkem.ParseMany(eks[:n], encoded[:n], valid[:n])
	for i, row := range own[:n] {
		if !valid[i] { // The memory is fresh.
			row.Err = h.wrap(errModulus)
			continue
		}
		keys[i].public().keepEncodings()
		if row.Err = h.in(resets[i].End()); row.Err == nil {
			row.Key = h.types().AsPublic(keys[i])
		}
	}
}

// EncapsulateMany implements many.KEM.
func (h *Hybrid) EncapsulateMany(rows many.Rows[many.Encapsulation], random derand.Random) {
	var (
		n    int
		uses [many.Width]secret.Use
		keys [many.Width]*publicKey
		own  many.Rows[many.Encapsulation]
	)
	defer func() {
		for i, key := range keys[:n] {
			key.uses.End(uses[i])
		}
	}()
	for _, row := range rows[:rows.Len()] {
		ek, ok := h.public(row.Key)
		if !ok {
			row.Do()
			continue
		}
		key, use, err := ek.beginEncapsulation(row.SharedKey, row.Ciphertext)
		if err != nil {
			row.Err = err
			continue
		}
		own[n], keys[n], uses[n] = row, key, use
		n++
	}
	if n == 0 {
		return
	}
	secret.DoDeep(func() { h.encapsulateMany(keys[:n], own, random.Bytes()) })
	for _, row := range own[:n] {
		row.Err = nil
	}
}

// encapsulateMany encapsulates to several keys. It draws the randomness if random is empty.
func (h *Hybrid) encapsulateMany(keys []*publicKey, rows many.Rows[many.Encapsulation], random []byte) {
	n := len(keys)
	const size = mlkemRandomSize + x25519.Size
	var (
		drawn                   [many.Width * size]byte
		s                       manySecrets
		eks                     [many.Width]*mlkem.EncapsulationKey
		ms                      [many.Width]*[mlkemRandomSize]byte
		ctPQ                    [many.Width][]byte
		ctT, x25519s, ephemeral [many.Width]*[x25519.Size]byte
		sharedKeys, ciphertexts [many.Width][]byte
	)
	if copy(drawn[:], random) == 0 {
		secret.Random(drawn[:n*size])
	}
	ssPQ, ssT := s.split()
	for i, row := range rows[:n] {
		sharedKeys[i], ciphertexts[i] = row.SharedKey, row.Ciphertext
		pq, t := h.split(row.Ciphertext, h.PQ.size.Ciphertext)
		eks[i], ctPQ[i] = keys[i].pq.mlkem, pq
		x25519s[i], ctT[i] = &keys[i].t.x25519, (*[x25519.Size]byte)(t)
		ms[i] = (*[mlkemRandomSize]byte)(drawn[i*size:])
		ephemeral[i] = (*[x25519.Size]byte)(drawn[i*size+mlkemRandomSize:])
	}
	mlkem.EncapsulateMany(eks[:n], ssPQ[:n], ctPQ[:n], ms[:n])
	x25519.ScalarMultBothMany(ctT[:n], ssT[:n], ephemeral[:n], x25519s[:n])
	//ct:declassify ciphertexts: they are sent
	h.combineMany(sharedKeys[:n], &s, ciphertexts[:n], keys)
}

// DecapsulateMany implements many.KEM.
func (h *Hybrid) DecapsulateMany(rows many.Rows[many.Decapsulation]) {
	var (
		n    int
		uses [many.Width]secret.Use
		keys [many.Width]*privateKey
		own  many.Rows[many.Decapsulation]
	)
	defer func() {
		for i, key := range keys[:n] {
			key.public.uses.End(uses[i])
		}
	}()
	for _, row := range rows[:rows.Len()] {
		dk, ok := h.private(row.Key)
		if !ok {
			row.Do()
			continue
		}
		key, use, err := dk.beginDecapsulation(row.SharedKey, row.Ciphertext)
		if err != nil {
			row.Err = err
			continue
		}
		own[n], keys[n], uses[n] = row, key, use
		n++
	}
	if n > 0 {
		secret.DoDeep(func() { h.decapsulateMany(keys[:n], own) })
	}
}

// decapsulateMany decapsulates with several keys. A row whose share has low order gets an error.
func (h *Hybrid) decapsulateMany(keys []*privateKey, rows many.Rows[many.Decapsulation]) {
	n := len(keys)
	var (
		s                       manySecrets
		dks                     [many.Width]*mlkem.DecapsulationKey
		ctPQ                    [many.Width][]byte
		ctT, scalars            [many.Width]*[x25519.Size]byte
		publics                 [many.Width]*publicKey
		sharedKeys, ciphertexts [many.Width][]byte
	)
	ssPQ, ssT := s.split()
	for i, row := range rows[:n] {
		pq, t := h.split(row.Ciphertext, h.PQ.size.Ciphertext)
		dks[i], ctPQ[i] = keys[i].secrets.pq.mlkem, pq
		scalars[i], ctT[i] = &keys[i].secrets.t.x25519, (*[x25519.Size]byte)(t)
	}
	mlkem.DecapsulateMany(dks[:n], ssPQ[:n], ctPQ[:n])
	x25519.ScalarMultMany(ssT[:n], scalars[:n], ctT[:n])

	var lowOrder [many.Width]int
	for i := range n {
		lowOrder[i] = subtle.ConstantTimeCompare(ssT[i][:], make([]byte, x25519.Size))
	}
	//ct:declassify lowOrder: it depends only on the shares, which are public
	m := 0
	for i, row := range rows[:n] {
		if lowOrder[i] == 1 {
			row.Err = h.wrap(errLowOrder)
			continue
		}
		row.Err = nil
		s[m], publics[m], sharedKeys[m], ciphertexts[m] = s[i], &keys[i].public, row.SharedKey, row.Ciphertext
		m++
	}
	h.combineMany(sharedKeys[:m], &s, ciphertexts[:m], publics[:m])
}

// manySecrets are the secrets of the parts, of each row: PQ's and then T's.
type manySecrets [many.Width][mlkemSharedKeySize + x25519.Size]byte

// split returns the places of the secrets of PQ and of T.
func (s *manySecrets) split() (pq, t [many.Width]*[32]byte) {
	for i := range s {
		pq[i], t[i] = (*[32]byte)(s[i][:32]), (*[32]byte)(s[i][32:])
	}
	return pq, t
}

// combineMany is combine of several rows. It writes the shared keys at last.
func (h *Hybrid) combineMany(sharedKeys [][]byte, s *manySecrets, ciphertexts [][]byte, eks []*publicKey) {
	n := len(sharedKeys)
	if h.NeedsTranscript() || !sha3.Kernels() || n < 2 {
		for i := range n {
			h.combine(sharedKeys[i], s[i][:], ciphertexts[i], eks[i])
		}
		return
	}
	var parts [many.Width][7][]byte
	for i := range n {
		parts[i] = h.hashed(s[i][:], ciphertexts[i], eks[i])
	}
	var hashes sha3.Many
	hashes.BeginSum256(n)
	for j := range parts[0] {
		var column [many.Width][]byte
		for i := range n {
			column[i] = parts[i][j]
		}
		hashes.Write(column[:n])
	}
	hashes.Read(sharedKeys)
}
