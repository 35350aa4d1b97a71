package main

var mutations = []mutation{
	// Key generation.
	{"k byte missing from G", "internal/mlkem/kpke.go", "g(&b, &dk.d, []byte{byte(k)})", "g(&b, &dk.d, nil)", "./internal/mlkem"},
	{"matrix transposed", "internal/mlkem/kpke.go", "i, j := (made+l)/k, (made+l)%k", "j, i := (made+l)/k, (made+l)%k", "./internal/mlkem"},
	{"column taken for a row", "internal/mlkem/kpke.go", "InnerProduct(ek.a[i:], k, yHat[:k])", "InnerProduct(ek.a[i*k:], 1, yHat[:k])", "./internal/mlkem"},
	{"η of the wrong set", "internal/mlkem/params.go", "{k: 2, eta1: 3,", "{k: 2, eta1: 2,", "./internal/mlkem"},
	{"η₁ in the place of η₂", "internal/mlkem/params.go", "eta2 = 2", "eta2 = 3", "./internal/mlkem"},
	{"noise counter not continued", "internal/mlkem/kpke.go", "noise.eta, noise.end = eta2, 2*k+1", "noise.eta, noise.n, noise.end = eta2, 0, k+1", "./internal/mlkem"},
	{"wrong d_u", "internal/mlkem/params.go", "eta1: 2, du: 11, dv: 5", "eta1: 2, du: 10, dv: 5", "./internal/mlkem"},

	// Sampling.
	{"sampler accepts q", "internal/ring/sample.go", "m += (lo - Q) >>", "m += (lo - Q - 1) >>", "./internal/ring"},
	{"sampler cannot continue", "internal/mlkem/kpke.go", "n < ring.N; offset", "n < 0; offset", "./internal/mlkem"},
	{"sampler starts anew", "internal/mlkem/kpke.go", "n = f.SampleVartime(n, block[:])", "n += f.SampleVartime(0, block[:])", "./internal/mlkem"},
	{"stream continued a block late", "internal/sha3/sha3.go", "h.Write(p)\n\t}\n\tfor i := 0; i <= offset;", "h.Write(p)\n\t}\n\tfor i := 0; i < offset;", "./internal/sha3"},
	{"noise of the wrong sign", "internal/ring/sample.go", "(sums & lowPairs) + twos - ((sums >> 2) & lowPairs)", "((sums >> 2) & lowPairs) + twos - (sums & lowPairs)", "./internal/ring"},

	// Arithmetic.
	{"one reduction too few", "internal/ring/ntt.go", "w[i] = w[i].barrettReduce()", "_ = w[i].barrettReduce", "./internal/ring"},
	{"last layer without its zeta", "internal/ring/ntt.go", "zetas[(len(w)+i)/2])", "zetas[1])", "./internal/ring"},
	{"borrow between two coefficients", "internal/ring/pair.go", "positive := a + bias", "positive := a", "./internal/ring"},
	{"γ of the wrong sign", "internal/ring/mul.go", "gamma = -gamma", "gamma = +gamma", "./internal/ring"},
	{"rounding down in compression", "internal/ring/encode.go", "const half = 1 << 39", "const half = 0", "./internal/ring"},
	{"rounding down in decompression", "internal/ring/encode.go", "half := uint64(1) << (d - 1)", "half := uint64(0)", "./internal/ring"},
	{"carry dropped in X25519", "internal/x25519/field.go", "h3, _ = bits.Add64(h3, 0, c)\n\t\tl0, c", "l0, c", "./internal/x25519"},
	{"rare carry dropped in a square", "internal/x25519/field.go", "r6, _ := bits.Add64(h3, 0, c)", "r6 := h3", "./internal/x25519"},
	{"rare carry dropped in a product", "internal/x25519/field.go", "l2, c = bits.Add64(l2, h1, c)\n\t\tl3, c = bits.Add64(l3, h2, c)\n\t\th3, _ = bits.Add64(h3, 0, c)\n\t\tl0, c", "l2, c = bits.Add64(l2, h1, 0)\n\t\tl3, c = bits.Add64(l3, h2, c)\n\t\th3, _ = bits.Add64(h3, 0, c)\n\t\tl0, c", "./internal/x25519"},
	{"another rare carry dropped in a product", "internal/x25519/field.go", "l3, c = bits.Add64(l3, h2, c)\n\t\th3, _ = bits.Add64(h3, 0, c)\n\t\tl0, c", "l3, c = bits.Add64(l3, h2, 0)\n\t\th3, _ = bits.Add64(h3, 0, c)\n\t\tl0, c", "./internal/x25519"},
	{"high bit of u not ignored", "internal/x25519/field.go", "v[3] &= low63\n}", "}", "./internal/x25519"},
	{"scalar not clamped", "internal/x25519/x25519.go", "k[0] &= 248", "k[0] &= 255", "./internal/x25519"},
	{"non-canonical result", "internal/x25519/field.go", "r.pick(&s, -(s[3] >> 63))", "", "./internal/x25519"},
	{"sign of an inverse dropped", "internal/x25519/invert.go", "d.pick(&minusD, -(f[3] >> 63))", "", "./internal/x25519"},
	{"rare carry dropped in an inverse", "internal/x25519/invert.go", "over := -(s3 >> 63)", "over := uint64(0)", "./internal/x25519"},
	{"one division step too few", "internal/x25519/invert.go", "divsteps20(f, g, ζ, rest)", "divsteps20(f, g, ζ, rest-1)", "./internal/x25519"},
	{"rare carry dropped between limbs", "internal/x25519/kernels.go", " + 19*(f[4][i]>>51)", "", "./internal/x25519"},
	{"another rare carry dropped between limbs", "internal/x25519/kernels.go", "bits.Add64(v[0], 19*(v[3]>>63), 0)", "bits.Add64(v[0], 0, 0)", "./internal/x25519"},
	{"swap of the ladder missed between words", "internal/x25519/kernels.go", "previous = word >> 63", "previous = 0", "./internal/x25519"},
	{"last digit not carried to", "internal/x25519/kernels.go", "d[2*Size-1] += carry << 4", "", "./internal/x25519"},
	{"infinity spoils both products", "internal/x25519/x25519.go", "z2.pick(&element{1}, infinity)", "", "./internal/x25519"},

	// Checks.
	{"modulus check missing", "internal/mlkem/keys.go", "if !decode(ek.t, b) {", "if decode(ek.t, b); false {", "./internal/attacks ./kats"},
	{"modulus check of half the coefficients", "internal/ring/encode.go", "(Q - 1 - lo) | (Q - 1 - hi)", "(Q - 1 - lo)", "./internal/ring"},
	{"modulus check of the last polynomial only", "internal/mlkem/keys.go", "valid = valid && below", "valid = below", "./internal/mlkem"},
	{"modulus check of ŝ missing", "internal/mlkem/keys.go", "!decode(dk.s, encodedS) ||", "decode(dk.s, encodedS) && false ||", "./internal/mlkem"},
	{"hash of an expanded key not checked", "internal/mlkem/keys.go", " || ek.h != [32]byte(h)", " || h == nil", "./internal/attacks ./kats"},
	{"ciphertext length not checked", "internal/fault/fault.go", "if len(ciphertext) != ciphertextSize {\n\t\treturn Length", "if len(ciphertext) < ciphertextSize {\n\t\treturn Length", "./internal/attacks"},
	{"z of an expanded key not compared", "internal/mlkem/keys.go", "return subtle.ConstantTimeEq(int32(difference), 0)&subtle.ConstantTimeCompare(dk.z[:], x.z[:]) == 1", "return difference == 0", "./mlkem ./kats"},
	{"ŝ of an expanded key not compared", "internal/mlkem/keys.go", "difference |= dk.s[i][j] ^ x.s[i][j]", "_ = j", "./mlkem ./kats"},
	{"ek of an expanded key not compared", "internal/mlkem/keys.go", "if !dk.ek.Equal(x.ek) {", "if false {", "./mlkem"},
	{"low order accepted in a key", "internal/hybrid/part_x25519.go", "if x25519.IsLowOrder(&ek.x25519) {", "if false {", "./internal/attacks ./kats"},
	{"low order accepted in a ciphertext", "internal/hybrid/part_x25519.go", "if lowOrder == 1 {", "if lowOrder == 2 {", "./internal/attacks ./kats"},

	// Memory and randomness.
	{"stack not overwritten", "internal/secret/do.go", "\toverwrite()\n\treturn", "\treturn", "./internal/attacks"},
	{"stack not overwritten after a panic", "internal/secret/do.go", "value = recover()", "value = nil", "./internal/attacks"},
	{"stack not grown", "internal/secret/do.go", "\tgrow(false)\n", "", "./internal/attacks"},
	{"stack overwritten in part", "internal/secret/do.go", "depth = 14<<10 + 512", "depth = 6 << 10", "./internal/attacks"},
	{"scalar left by Destroy", "internal/hybrid/part.go", "	*dk = privatePart{}\n", "", "./internal/attacks ./internal/hybrid"},
	{"randomness drawn in two parts", "internal/secret/secret.go", "if _, err := io.ReadFull(rand.Reader, copied); err", "io.ReadFull(rand.Reader, copied[:16])\n\tif _, err := io.ReadFull(rand.Reader, copied[16:]); err", "."},
	{"key pair never tested", "internal/fips/fips.go", "if !fips140.Enabled() {", "if true {", "."},

	// Key files.
	{"expanded key not tried", "keyfile/keyfile.go", "return kem.CheckKeyPair(key)", "return nil", "./keyfile ./kats"},
	{"expanded key beside a seed not destroyed", "keyfile/keyfile.go", "\tdefer key.Destroy()\n", "", "./internal/attacks"},
	{"seed and expanded key not compared", "keyfile/keyfile.go", "if !matches {", "if !matches && false {", "./keyfile ./kats"},
	{"public key beside a seed not compared", "keyfile/keyfile.go", "if publicKey != nil && !bytes.Equal(", "if publicKey == nil && !bytes.Equal(", "./keyfile"},
	{"data after a key accepted", "keyfile/keyfile.go", "return f, contents, publicKey, end(s, \"the private key file\")", "return f, contents, publicKey, nil", "./keyfile"},
	{"parameters accepted", "keyfile/keyfile.go", "if !algorithm.Empty() {", "if false {", "./keyfile"},
	{"unused bits accepted", "keyfile/keyfile.go", "!bits.ReadUint8(&unused) || unused != 0", "!bits.ReadUint8(&unused)", "./keyfile"},

	// Decapsulation.
	{"comparison cut short", "internal/mlkem/kpke.go", "len(again) >= 8; part", "len(again) > 32; part", "./internal/attacks"},
	{"comparison like that of strings", "internal/mlkem/kpke.go", "len(again) >= 8; part", "len(again) >= 8 && again[0] != 0; part", "./internal/attacks"},
	{"comparison of the last part only", "internal/mlkem/kpke.go", "s.difference |= binary", "s.difference = binary", "./internal/attacks"},
	{"select inverted", "internal/mlkem/mlkem.go", "subtle.ConstantTimeCopy(differ(c, again),", "subtle.ConstantTimeCopy(1-differ(c, again),", "./internal/mlkem"},
	{"half of the ciphertext compared", "internal/mlkem/mlkem.go", "x, y = x[8:], y[8:]", "x, y = x[16:], y[16:]", "./internal/mlkem"},
	{"always accepted", "internal/mlkem/mlkem.go", "subtle.ConstantTimeCopy(differ(c, again), key[:], rejected[:])", "_ = subtle.ConstantTimeCopy\n\t_ = differ", "./internal/mlkem"},
	{"z not used", "internal/mlkem/mlkem.go", "b.Write(dk.z[:])", "b.Write(dk.d[:])", "./internal/mlkem"},
	{"ciphertext not in the rejection key", "internal/mlkem/mlkem.go", "\tb.Write(c)\n", "\tb.Write(make([]byte, len(c)))\n", "./internal/mlkem"},

	// Hybrids.
	{"label misplaced", "internal/hybrid/hybrid.go", "(sharedKey), ssPQ, ssT, ctT, ek.t.encoded, h.Label)", "(sharedKey), h.Label, ssPQ, ssT, ctT, ek.t.encoded)", "./combiner ./xwing"},
	{"label misspelt", "internal/hybrid/hybrid.go", "`/^\\`", "`\\^/`", "./xwing ./kats"},
	{"secrets in the wrong order", "internal/hybrid/hybrid.go", "(sharedKey), ssPQ, ssT, ctT, ek.t.encoded, h.Label)", "(sharedKey), ssT, ssPQ, ctT, ek.t.encoded, h.Label)", "./combiner ./xwing"},
	{"label misplaced in the universal combiner", "internal/hybrid/hybrid.go", "ssPQ, ssT, ctPQ, ctT, ek.pq.encoded, ek.t.encoded, h.Label)", "h.Label, ssPQ, ssT, ctPQ, ctT, ek.pq.encoded, ek.t.encoded)", "./combiner"},
	{"arguments of C2PRI swapped", "combiner/combiner.go", "sha3.Sum256(&sharedKey, ssPQ, ssT, ctT, ekT, label)", "sha3.Sum256(&sharedKey, ssPQ, ssT, ekT, ctT, label)", "./combiner"},
	{"hybrid parts swapped", "combiner/tlskex/tlskex.go", "PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.Concatenation, TFirst: true", "PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.Concatenation", "./combiner"},
	{"hybrid seed expanded in the wrong order", "internal/hybrid/keys.go", "expanded[:h.PQ.size.Seed]); err", "expanded[len(expanded)-h.PQ.size.Seed:]); err", "./combiner ./xwing"},
	{"share made canonical before it is hashed", "internal/hybrid/hybrid.go", "(sharedKey), ssPQ, ssT, ctT, ek.t.encoded, h.Label)", "(sharedKey), ssPQ, ssT, append(append([]byte(nil), ctT[:31]...), ctT[31]&127), ek.t.encoded, h.Label)", "./internal/attacks"},
	{"own share hashed for the peer's", "internal/hybrid/hybrid.go", "(sharedKey), ssPQ, ssT, ctT, ek.t.encoded, h.Label)", "(sharedKey), ssPQ, ssT, ek.t.encoded, ctT, h.Label)", "./combiner ./xwing"},
	{"scalar candidates not tried in turn", "internal/nist/nist.go", "slices.Chunk(seed, c.scalarSize)", "slices.Chunk(seed[:c.scalarSize], c.scalarSize)", "./combiner"},
	{"parts not compared", "internal/hybrid/hybrid.go", "bytes.Equal(h.Label, x.Label) &&\n\t\th.PQ.equal(x.PQ) && h.T.equal(x.T)", "bytes.Equal(h.Label, x.Label)", "."},
	{"second part not compared", "internal/hybrid/hybrid.go", "h.PQ.equal(x.PQ) && h.T.equal(x.T)", "h.PQ.equal(x.PQ)", "."},
	{"parts of parts not compared", "internal/hybrid/part.go", "return p.hybrid.equal(x.hybrid)", "return p.hybrid.ID == x.hybrid.ID", "."},
	{"combiners not compared", "internal/hybrid/hybrid.go", "h.Combiner == x.Combiner && ", "", "."},
	{"Equal does not look at the parts", "internal/hybrid/keys.go", "ek.key.hybrid.equal(other.key.hybrid) &&", "ek.key.hybrid.ID == other.key.hybrid.ID &&", "."},
	{"label of another KEM with other parts", "combiner/frameworks.go", "\t\trefuseEnd(label, named.ID)\n", "", "."},
	{"label that ends another's", "combiner/frameworks.go", " || strings.HasSuffix(named, label) {", " || named == label {", "."},
	{"name of another KEM for a label", "combiner/frameworks.go", "if slices.Contains(taken, label) {", "if slices.Contains(taken, label) && false {", "./combiner ."},
	{"key of another hybrid encapsulated to", "internal/hybrid/hybrid.go", "if !ok || own.key.hybrid != h {", "if !ok {", "./internal/hybrid ./combiner ."},

	// Memory and randomness.
	{"Destroy wipes nothing", "internal/mlkem/keys.go", "\tclear(dk.s)\n", "", "./internal/mlkem"},
	{"Destroy leaves z", "internal/mlkem/keys.go", "\tclear(dk.z[:])\n", "", "./internal/hybrid"},
	{"Destroy leaves the hybrid's seed", "internal/hybrid/keys.go", "\tclear(s.seed[:])\n", "", "./internal/hybrid"},
	{"Destroy leaves a part", "internal/hybrid/keys.go", "\ts.pq.overwrite()\n", "", "./internal/hybrid"},
	{"use begins after Destroy", "internal/secret/uses.go", "\tif u.destroyed.Load() {\n\t\tu.End(use)\n\t\treturn Use{}, false\n\t}\n", "", "./internal/attacks ./mlkem ."},
	{"refused use stays counted", "internal/secret/uses.go", "\t\tu.End(use)\n\t\treturn Use{}, false", "\t\treturn Use{}, false", "./internal/secret"},
	{"last use does not overwrite", "internal/secret/uses.go", "\tuse.counter.n.Add(-1)\n\tif u.destroyed.Load() {", "\tuse.counter.n.Add(-1)\n\tif false {", "./internal/secret"},
	{"overwritten while in use", "internal/secret/uses.go", "u.counters[i].n.Load() != 0", "i < 0", "./internal/secret"},
	{"keys print as they are", "xwing/xwing.go", "func (dk DecapsulationKey) Format(", "func (dk *DecapsulationKey) format(", "./internal/attacks"},
	{"overlap accepted", "internal/fault/fault.go", "if overlap(sharedKey, ciphertext) {", "if false {", "./kem/kemtest ./internal/attacks"},
	{"adjacent buffers refused", "internal/fault/fault.go", "return startA < startB+uintptr(len(b)) &&", "return startA <= startB+uintptr(len(b)) &&", "./kem/kemtest ./internal/attacks"},
	{"error wraps nothing", "internal/fault/fault.go", "return &fault{pkg, text, err}", "return &fault{pkg, text, nil}", "."},
	{"use stays counted", "internal/secret/uses.go", "\tuse.counter.n.Add(-1)\n", "", "./internal/attacks ./mlkem ./internal/hybrid ."},
	{"destroyed, but not overwritten", "internal/secret/uses.go", "\tu.destroyed.Store(true)\n\tu.overwrite()", "\tu.destroyed.Store(true)", "./internal/attacks ./internal/hybrid"},
	{"cap > len", "internal/hybrid/hybrid.go", "c := make([]byte, len(b))", "c := make([]byte, len(b), len(b)+1)", "./internal/attacks"},
	{"internal memory handed out", "internal/hybrid/keys.go", "return clone(key.secrets.seed[:])", "return key.secrets.seed[:]", "./internal/attacks"},
	{"written before the error", "internal/hybrid/hybrid.go", "if h.PQ.mayFail() || h.T.mayFail() {", "if false {", "./combiner"},
	{"randomness not filled", "mlkem/mlkem.go", "secret.Random(m[:])", "secret.Random(m[:8])", "."},
	{"ephemeral scalar always zero", "internal/hybrid/hybrid.go", "secret.Random(random)\n", "secret.Random(random[:32])\n", "."},
	{"half of the seed drawn", "mlkem/mlkem.go", "secret.Random(seed[:])", "secret.Random(seed[:32])", "."},
	{"keys of all KEMs equal", "internal/mlkem/keys.go", "ek.rho == x.rho && slices.Equal", "true || slices.Equal", "./internal/attacks"},

	// The conformance suite.
	{"end of the ciphertext not flipped", "kem/kemtest/conformance.go", "for i := range ciphertext {", "for i := range ciphertext[:700] {", "./kem/kemtest"},
	{"capacity not looked at", "kem/kemtest/conformance.go", "if cap(first) != len(first) {", "if cap(first) < len(first) {", "./kem/kemtest"},
	{"longer inputs not tried", "kem/kemtest/conformance.go", "for length := range 2*n + 1 {", "for length := range n + 1 {", "./kem/kemtest"},

	// Errors.
	{"error names two packages", "internal/fault/fault.go", "text = f.text", "text = f.Error()", "./combiner ./mlkem ./keyfile ./internal/hybrid ."},

	// Examples.
	{"number of a record not in its nonce", "examples/handshake/record.go", "chacha20poly1305.NonceSize), r.number)", "chacha20poly1305.NonceSize), 0)", "./examples/handshake"},
	{"length of a record not authenticated", "examples/handshake/record.go", "r.aead.Open(ciphertext[:0], r.nonce(), ciphertext, header)", "r.aead.Open(ciphertext[:0], r.nonce(), ciphertext, r.buf[:0])", "./examples/handshake"},
	{"client not confirmed", "examples/handshake/handshake.go", "if !hmac.Equal(confirmation, t.derive(\"client confirmation\", staticSecret)) {", "if false {", "./examples/handshake"},
	{"end of a file not awaited", "examples/handshake/transfer.go", "for t := recordData; t != recordFinal; {", "for t := recordData; t == recordData; t = recordFinal {", "./examples/handshake"},
	{"message number does not count up", "examples/hpke/hpke.go", "\tc.seq++\n\treturn ct, nil", "\treturn ct, nil", "./examples/hpke"},
	{"info not in the key schedule", "examples/hpke/hpke.go", "infoHash := k.LabeledExtract(nil, \"info_hash\", info)", "infoHash := k.LabeledExtract(nil, \"info_hash\", nil)", "./examples/hpke"},
	{"key of another KEM accepted", "examples/hpke/hpke.go", "if k.Name() != s.kem.Name() {", "if false {", "./examples/hpke"},
	{"signature of the server not checked", "examples/tls13/certificate.go", "if !valid {", "if !valid && !fits {", "./examples/tls13"},
	{"name of the server not checked", "examples/tls13/certificate.go", "DNSName: h.serverName, ", "", "./examples/tls13"},
	{"server's Finished not checked", "examples/tls13/handshake.go", "if !hmac.Equal(message[4:], want) {", "if !hmac.Equal(message[4:], want) && len(want) == 0 {", "./examples/tls13"},
	{"downgrade not noticed", "examples/tls13/hello.go", "[]byte(\"DOWNGRD\\x01\")", "[]byte(\"DOWNGRD\\x02\")", "./examples/tls13"},
	{"keys of both directions swapped", "examples/tls13/handshake.go", "\"c ap traffic\"", "\"s ap traffic\"", "./examples/tls13"},
}

// kernelMutations are in code that runs only where there are kernels of a set.
var kernelMutations = []struct {
	set       string
	mutations []mutation
}{
	{"AVX2", []mutation{
		{"stream continued a block late, on kernels", "internal/sha3/sha3.go", "s.pad(endSHAKE)\n\t\tfor i := 0; i <= offset;", "s.pad(endSHAKE)\n\t\tfor i := 0; i < offset;", "./internal/sha3"},
		{"last bit of the padding misplaced", "internal/sha3/sponge.go", "s.a[s.rate-1] ^= lastBit", "s.a[s.rate-2] ^= lastBit", "./internal/sha3"},
		{"padding set instead of added", "internal/sha3/sponge.go", "s.a[s.rate-1] ^= lastBit", "s.a[s.rate-1] |= lastBit", "./internal/sha3"},
		{"suffix of SHAKE for SHA-3", "internal/sha3/sponge.go", "sha3_512 = function{72, endSHA3}", "sha3_512 = function{72, endSHAKE}", "./internal/sha3"},
		{"rate of SHAKE256 for SHAKE128", "internal/sha3/batch.go", "b.streams(out, size, shake128,", "b.streams(out, size, shake256,", "./internal/sha3"},
		{"full block not permuted", "internal/sha3/sponge.go", "\t\t\tkeccak.Permute(&s.a)\n\t\t\ts.n = 0", "\t\t\ts.n = 0", "./internal/sha3"},
		{"part begins a block", "internal/sha3/sponge.go", "\tfor len(p) > 0 {", "\ts.n = 0\n\tfor len(p) > 0 {", "./internal/sha3"},
		{"end of a stream dropped", "internal/sha3/batch.go", "uint64(end[1])<<8 | endSHAKE<<16", "endSHAKE<<16", "./internal/sha3"},
		{"last block not squeezed", "internal/sha3/batch.go", "done < size; done += f.rate", "done+f.rate <= size; done += f.rate", "./internal/sha3"},
		{"state of a waiting long hash given away", "internal/sha3/batch.go", "(b.long.hasState() || b.long.ready())", "b.long.ready()", "./internal/sha3"},
		{"long hash permuted while it waits", "internal/sha3/batch.go", "\tcase l.hasState():\n", "\tcase false:\n", "./internal/sha3"},
		{"long hash begins in the state of a short one", "internal/sha3/batch.go", "\t\tb.a = [25][States]uint64{}\n", "", "./internal/sha3"},
		{"long message padded before it ends", "internal/sha3/batch.go", "if l.written == l.size {", "if l.written > 0 {", "./internal/sha3"},
		{"padding of a long message set instead of added", "internal/sha3/batch.go", "l.message[l.blocks-1] ^= lastBit", "l.message[l.blocks-1] = lastBit", "./internal/sha3"},
		{"check of the last coefficients only, in assembly", "internal/ring/ring_amd64.s", "VPOR           Y4, Y3, Y3\n", "VMOVDQA        Y4, Y3\n", "./internal/ring"},
		{"half of the last store dropped, in assembly", "internal/ring/ring_amd64.s", "VPSRLDQ      $0x04, X4, X4", "VPSRLDQ      $0x08, X4, X4", "./internal/ring"},
		{"noise of one pattern wrong, in assembly", "internal/ring/ring_amd64.s", "DATA differences<>+3(SB)/1, $+2", "DATA differences<>+3(SB)/1, $+1", "./internal/ring"},
		{"stream of another state squeezed, in assembly", "internal/keccak/keccak_amd64.s", "VPERM2I128  $0x31, Y4, Y2, Y2\n\tVMOVDQU     Y2, (BX)", "VPERM2I128  $0x20, Y4, Y2, Y2\n\tVMOVDQU     Y2, (BX)", "./internal/keccak ./internal/sha3"},
	}},
	{"ADX", []mutation{
		{"borrow dropped in a difference, in assembly", "internal/x25519/x25519_amd64.s", "CMOVQCS constant38<>+0(SB), R8\n\tSUBQ    R8, DX\n\tSBBQ    $0x00, BX\n\tSBBQ    $0x00, SI\n\tSBBQ    $0x00, DI\n\tMOVQ    DX, 192(SP)", "SUBQ    R8, DX\n\tSBBQ    $0x00, BX\n\tSBBQ    $0x00, SI\n\tSBBQ    $0x00, DI\n\tMOVQ    DX, 192(SP)", "./internal/x25519"},
		{"digits in the wrong order, in assembly", "internal/x25519/x25519_amd64.s", "\tXORQ    $0x41, CX", "\tXORQ    $0x40, CX", "./internal/x25519"},
	}},
}
