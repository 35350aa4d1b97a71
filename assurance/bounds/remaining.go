package main

type check struct {
	function string
	count    int // in the platform that has most
	text     string
}

// remaining are the checks that the compiler leaves, and why they cannot fail.
var remaining = []struct {
	reason string
	checks []check
}{
	{"The indices are made of constants: all calls take the same ones, and the tests call them.", []check{
		{"ring.NTT.InverseNTT", 4, "a, b := w[start:][:length], w[start+length:][:length]"},
		{"ring.NTT.InverseNTT", 4, "c, d := w[start+2*length:][:length], w[start+3*length:][:length]"},
		{"ring.NTT.InverseNTT", 2, "zeta, zetaAB, zetaCD := zetas[k], zetas[2*k+1], zetas[2*k]"},
		{"ring.Poly.NTT", 4, "a, b := w[start:][:length], w[start+length:][:length]"},
		{"ring.Poly.NTT", 4, "c, d := w[start+2*length:][:length], w[start+3*length:][:length]"},
		{"ring.Poly.NTT", 3, "zeta, zetaAB, zetaCD := zetas[k], zetas[2*k], zetas[2*k+1]"},
		{"x25519.element.setLimbs", 1, "l := [5]uint64{f[0][i] + 19*(f[4][i]>>51), f[1][i], f[2][i], f[3][i], f[4][i] & limbMask}"},
	}},
	{"b has as many bytes as d or eta asks for: mlkem cuts it so, in each of the parameter sets.", []check{
		{"ring.Poly.compressPortable", 2, "copy(b[i*d:][:d], bytes[:])"},
		{"ring.Poly.decompressPortable", 2, "copy(bytes[:], b[i*d:][:d])"},
		{"ring.Poly.SampleCBD", 1, "f.sampleCBD2((*[128]byte)(b))"},
		{"ring.Poly.SampleCBD", 1, "f.sampleCBD3((*[192]byte)(b))"},
		{"ring.Poly.SampleCBD", 1, "sampleCBD2AVX2((*[N]int16)(f), (*[128]byte)(b))"},
		{"ring.Poly.SampleCBD", 1, "sampleCBD3AVX2((*[N]int16)(f), (*[192]byte)(b))"},
		{"ring.Poly.Compress", 1, "compress10AVX2((*[32 * 10]byte)(b), c)"},
		{"ring.Poly.Compress", 1, "compress11AVX2((*[32 * 11]byte)(b), c)"},
		{"ring.Poly.Compress", 1, "compress1AVX2((*[32 * 1]byte)(b), c)"},
		{"ring.Poly.Compress", 1, "compress4AVX2((*[32 * 4]byte)(b), c)"},
		{"ring.Poly.Compress", 1, "compress5AVX2((*[32 * 5]byte)(b), c)"},
		{"ring.Poly.Decompress", 1, "decompress10AVX2(c, (*[32 * 10]byte)(b))"},
		{"ring.Poly.Decompress", 1, "decompress11AVX2(c, (*[32 * 11]byte)(b))"},
		{"ring.Poly.Decompress", 1, "decompress1AVX2(c, (*[32 * 1]byte)(b))"},
		{"ring.Poly.Decompress", 1, "decompress4AVX2(c, (*[32 * 4]byte)(b))"},
		{"ring.Poly.Decompress", 1, "decompress5AVX2(c, (*[32 * 5]byte)(b))"},
	}},
	{"The vectors of a key have the lengths that its k gives, k is at most maxK, and keys are not " +
		"compared with those of another k.", []check{
		{"mlkem.DecapsulationKey.SameExpansion", 1, "difference |= dk.s[i][j] ^ x.s[i][j]"},
		{"mlkem.DecapsulationKey.decrypt", 1, "product.InnerProduct(dk.s, 1, u[:k])"},
		{"mlkem.DecapsulationKey.decrypt", 1, "u[i].Set(ui.NTT())"},
		{"mlkem.DecapsulationKey.keyGen", 1, "copy(encoded[k*ring.EncodedSize:], ek.rho[:])"},
		{"mlkem.DecapsulationKey.keyGen", 1, "encoded := buf[:p.EncapsulationKeySize()]"},
		{"mlkem.DecapsulationKey.keyGen", 2, "factors[i].Set(&dk.s[i])"},
		{"mlkem.DecapsulationKey.keyGen", 1, "made = ek.expandMatrix(&b, made, (i+1)*k, encoded[:i*ring.EncodedSize])"},
		{"mlkem.DecapsulationKey.keyGen", 1, "noise[i].NTT().Reduce()"},
		{"mlkem.DecapsulationKey.keyGen", 2, "product.InnerProduct(ek.a[i*k:], 1, factors[:k])"},
		{"mlkem.DecapsulationKey.keyGen", 1, "noise := ring.Polys(dk.s[:2*k])"},
		{"mlkem.DecapsulationKey.keyGen", 1, "t := noise[k+i].NTT()"},
		{"mlkem.DecapsulationKey.keyGen", 1, "t.Encode((*[ring.EncodedSize]byte)(encoded[i*ring.EncodedSize:]))"},
		{"mlkem.EncapsulationKey.AppendBytes", 1, "ek.t[i].Encode(&encoded)"},
		{"mlkem.EncapsulationKey.encrypt", 1, "e := noise[:k+1]"},
		{"mlkem.EncapsulationKey.encrypt", 1, "factors[i].Set(y[i].NTT())"},
		{"mlkem.EncapsulationKey.encrypt", 1, "product.InnerProduct(ek.a[i:], k, factors[:k])"},
		{"mlkem.EncapsulationKey.encrypt", 1, "y := noise[:k]"},
		{"mlkem.EncapsulationKey.expandMatrix", 1, "rest := ek.a[made:]"},
		{"mlkem.EncapsulationKey.init", 1, "dk.ek, dk.s = ek, polys[k*k:][:k]"},
		{"mlkem.EncapsulationKey.init", 2, "ek.a, ek.t = polys[:k*k:k*k], polys[n-k:]"},
	}},
	{"Callers have compared lengths with those of the parameter set, which are the sums of the " +
		"parts that are cut off.", []check{
		{"mlkem.DecapsulationKey.ParseExpanded", 1, "dk.z = [32]byte(z)"},
		{"mlkem.DecapsulationKey.ParseExpanded", 6, "encodedS, encodedEK, h, z := b[:sSize], b[sSize:][:ekSize], b[sSize+ekSize:][:32], b[sSize+ekSize+32:]"},
		{"mlkem.DecapsulationKey.decrypt", 2, "ui.Decompress(c[i*32*du:][:32*du], du)"},
		{"mlkem.DecapsulationKey.decrypt", 2, "w.Decompress(c[k*32*du:][:32*dv], dv)"},
		{"mlkem.EncapsulationKey.Parse", 1, "ek.rho = [32]byte(b[len(ek.t)*ring.EncodedSize:])"},
		{"mlkem.decode", 1, "below := v[i].Decode((*[ring.EncodedSize]byte)(b[i*ring.EncodedSize:]))"},
		{"mlkem.sink.put", 1, "again := buf[:32*d]"},
		{"mlkem.sink.put", 1, "part := s.ciphertext[:32*d]"},
		{"mlkem.sink.put", 1, "s.ciphertext = s.ciphertext[32*d:]"},
	}},
	{"A Batch makes no more streams than it is asked for, and at most as many as it has room for; " +
		"it is asked for at most as many as are missing.", []check{
		{"mlkem.EncapsulationKey.expandMatrix", 1, "for i := range rest[:n] {"},
		{"mlkem.EncapsulationKey.expandMatrix", 2, "sampleNTT(&rest[i], b.Stream(i), &ek.rho, ends[i])"},
		{"mlkem.expandNoise", 1, "batch := b.SHAKE256s(64*eta, seed, numbers[made:len(v)], known)"},
		{"mlkem.expandNoise", 2, "v[made+i].SampleCBD(b.Stream(i), eta)"},
	}},
	{"These look in the place of kernels, which do not. The numbers are those of the parameter " +
		"sets, all of which the tests run.", []check{
		{"sha3.squeeze4", 1, "_ = out[3*stride+n-1]"},
		{"ring.NTT.InnerProduct", 1, "_ = a[(len(b)-1)*stride]"},
		{"ring.NTT.SampleVartime", 1, "_ = f[n:]"},
	}},
	{"The line before, or the same index for the other implementation, has looked: a has the " +
		"polynomials of a row, or of a column from its first on, and b is not empty.", []check{
		{"ring.NTT.InnerProduct", 1, "a, b := &a[i*stride], &b[i]"},
		{"ring.NTT.InnerProduct", 1, "innerProductAVX2((*[N]int16)(f), (*[N]int16)(&a[0]), stride, b[0].words(), len(b))"},
		{"ring.NTT.InnerProduct", 1, "innerProductAVX512VBMI2((*[N]int16)(f), (*[N]int16)(&a[0]), stride, b[0].words(), len(b))"},
	}},
	{"The kernel reads nothing beyond the stream. The compiler for 386 does not see that i+2 does " +
		"not overflow.", []check{
		{"ring.NTT.SampleVartime", 1, "stream = stream[read:]"},
		{"ring.NTT.SampleVartime", 2, "x := uint(stream[i]) | uint(stream[i+1])<<8 | uint(stream[i+2])<<16"},
	}},
	{"edwards25519 says that the result has 32 bytes.", []check{
		{"x25519.multiplyBase", 1, "Y.setBytes((*[Size]byte)(y.Bytes()))"},
		{"x25519.multiplyBase", 1, "Z.setBytes((*[Size]byte)(z.Bytes()))"},
	}},
}
