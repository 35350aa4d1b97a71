// Package sha3 makes the hashes of ML-KEM and X-Wing, according to FIPS 202. It takes inputs
// in parts, writes to the caller's memory, and makes several hashes at once with a [Batch].
//
// Its sponges run on kernels for Keccak-f[1600]. On machines without kernels, crypto/sha3 does
// everything. All functions leave secrets on the stack: callers run them within
// secret.Do.
package sha3

import (
	"crypto/sha3"
	"crypto/subtle"
	"encoding/binary"

	"hybridkem/internal/cpu"
)

//go:generate go run -C ../_asm ./sha3

// RateSHAKE128 is the size of the blocks in which SHAKE128 squeezes.
const RateSHAKE128 = 168

// Sum256 sets out to SHA3-256 of the concatenated parts.
func Sum256(out *[32]byte, parts ...[]byte) {
	if Kernels() {
		sha3_256.hash(out[:], parts...)
		return
	}
	h := sha3.New256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	h.Reset()
}

// SHAKE256 fills out from SHAKE256 of the concatenated parts.
func SHAKE256(out []byte, parts ...[]byte) {
	if Kernels() {
		shake256.hash(out, parts...)
		return
	}
	h := sha3.NewSHAKE256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Read(out)
	h.Reset()
}

// SHAKE128At sets out to the block at offset of SHAKE128 of the concatenated parts.
//
// It squeezes all blocks before that one too. It is for the rare stream of a Batch that is too
// short.
func SHAKE128At(out *[RateSHAKE128]byte, offset int, parts ...[]byte) {
	if Kernels() {
		s := sponge{rate: RateSHAKE128}
		for _, p := range parts {
			s.absorb(p)
		}
		s.pad(endSHAKE)
		for i := 0; i <= offset; i += RateSHAKE128 {
			s.squeeze(out[:])
		}
		return
	}
	h := sha3.NewSHAKE128()
	for _, p := range parts {
		h.Write(p)
	}
	for i := 0; i <= offset; i += RateSHAKE128 {
		h.Read(out[:])
	}
}

// A function is one of FIPS 202, section 6. The byte end holds the suffix of its messages and
// the first bit of the padding.
type function struct {
	rate int // in bytes
	end  byte
}

// rate256 is the rate of SHA3-256 and SHAKE256.
const rate256 = 136

const (
	endSHA3  = 0b1_10
	endSHAKE = 0b1_1111
)

var (
	sha3_256 = function{rate256, endSHA3}
	sha3_512 = function{72, endSHA3}
	shake128 = function{RateSHAKE128, endSHAKE}
	shake256 = function{rate256, endSHAKE}
)

// lastBit is the last bit of the padding, in the last byte of a block.
const lastBit = 0x80

// A sponge is KECCAK[c] of FIPS 202, section 5.2, on kernels.
type sponge struct {
	a    [200]byte
	rate int
	n    int // the size of what is absorbed of a block
}

// absorb absorbs p. It permutes the state after each whole block.
func (s *sponge) absorb(p []byte) {
	for len(p) > 0 {
		free := s.a[s.n:s.rate]
		n := subtle.XORBytes(free, free, p)
		p, s.n = p[n:], s.n+n
		if s.n == s.rate {
			Permute(&s.a)
			s.n = 0
		}
	}
}

// pad ends the message. The last block is not permuted yet.
func (s *sponge) pad(end byte) {
	s.a[s.n] ^= end
	s.a[s.rate-1] ^= lastBit
}

// squeeze fills out from the next blocks. It permutes the state before each.
func (s *sponge) squeeze(out []byte) {
	for len(out) > 0 {
		Permute(&s.a)
		out = out[copy(out, s.a[:s.rate]):]
	}
}

// hash fills out from f of the concatenated parts.
func (f function) hash(out []byte, parts ...[]byte) {
	s := sponge{rate: f.rate}
	for _, p := range parts {
		s.absorb(p)
	}
	s.pad(f.end)
	s.squeeze(out)
}

// States is the number of states that a Batch permutes at once, and the largest number of
// streams that it makes at once.
const States = 4

// A Batch makes short hashes side by side, in four states that are permuted at once. That takes
// as long whether one of the states is used or all. So a Batch can make one long hash beside the
// short ones, block by block, in a state that they do not need.
//
// These are the permutations of a decapsulation with ML-KEM-768. The long hash is J. Its message
// z ‖ c has the blocks c₀ to c₈, and its result is K̄, the key for a rejected ciphertext.
//
//	             state 0     state 1     state 2     state 3
//	K′, r′       G(m′ ‖ h)   –           –           c₀
//	y            PRF(r′,0)   PRF(r′,1)   PRF(r′,2)   c₁
//	e₁           PRF(r′,3)   PRF(r′,4)   PRF(r′,5)   c₂
//	e₂           PRF(r′,6)   –           –           c₃
//	Sum          (c₄ to c₈: one state, five times)
//
// Until the first block of the long message is written, the short hashes use all four states. If
// a later block is not written in time, state 3 waits: it is set aside during the
// permutation.
//
// A Batch holds secrets. The zero Batch is ready for use, without a long hash.
type Batch struct {
	a    [25][States]uint64 // four states, interleaved: lane (x, y) of state i is a[x+5y][i]
	long long
}

// longState is the state of the long hash.
const longState = States - 1

// A long is the hash of one long message, to 32 bytes.
type long struct {
	function
	message  [maxBlocks * rate256]byte // followed by the padding, once all is written
	size     int                       // the size of the message
	padded   int                       // the size of the message with the padding
	written  int                       // the number of bytes written; padded if all are
	absorbed int                       // the number of bytes absorbed, in whole blocks
	sum      [32]byte                  // the hash, once all blocks are absorbed
}

// maxBlocks is the number of blocks of the longest message: 32 bytes and a ciphertext of
// ML-KEM-1024.
const maxBlocks = (32+1568)/rate256 + 1

// BeginSum256 begins the long hash: SHA3-256 of a message of that size, 1 to 1600 bytes. A batch
// makes one long hash. The calls of Write must give exactly its message.
func (b *Batch) BeginSum256(size int) { b.long.begin(sha3_256, size) }

// BeginSHAKE256 is [Batch.BeginSum256] with 32 bytes of SHAKE256.
func (b *Batch) BeginSHAKE256(size int) { b.long.begin(shake256, size) }

func (l *long) begin(f function, size int) {
	l.function, l.size, l.padded = f, size, (size/rate256+1)*rate256
}

// Write writes the next part of the long message.
func (b *Batch) Write(p []byte) {
	l := &b.long
	l.written += copy(l.message[l.written:], p)
	if l.written == l.size {
		l.message[l.size] = l.end
		l.message[l.padded-1] ^= lastBit
		l.written = l.padded
	}
}

// ready reports whether a block is written and not absorbed.
func (l *long) ready() bool { return l.written-l.absorbed >= rate256 }

// hasState reports whether state 3 belongs to l: a block is absorbed, and not all are.
func (l *long) hasState() bool { return l.absorbed > 0 && l.absorbed < l.padded }

// next returns the next block, and counts it as absorbed.
func (l *long) next() *[rate256]byte {
	block := (*[rate256]byte)(l.message[l.absorbed:])
	l.absorbed += rate256
	return block
}

// free returns the number of states for short hashes.
func (b *Batch) free() int {
	if Kernels() && (b.long.hasState() || b.long.ready()) {
		return longState
	}
	return States
}

// permute permutes the four states. If a block of the long message is ready, the long hash
// absorbs it first. If none is ready, and state 3 belongs to the long hash, it keeps its value.
func (b *Batch) permute() {
	switch l := &b.long; {
	case l.ready():
		block := l.next()
		absorb4(&b.a, block)
		Permute4(&b.a)
		if l.absorbed == l.padded {
			for i := range len(l.sum) / 8 {
				binary.LittleEndian.PutUint64(l.sum[8*i:], b.a[i][longState])
			}
		}
	case l.hasState():
		var waiting [25]uint64
		for i := range b.a {
			waiting[i] = b.a[i][longState]
		}
		Permute4(&b.a)
		for i := range b.a {
			b.a[i][longState] = waiting[i]
		}
	default:
		Permute4(&b.a)
	}
}

// Sum sets out to the long hash. All of its message must have been written.
func (b *Batch) Sum(out *[32]byte) {
	l := &b.long
	if !Kernels() {
		l.portable(out)
		return
	}
	if l.absorbed < l.padded {
		s := sponge{rate: l.rate}
		if l.hasState() {
			for i := range b.a {
				binary.LittleEndian.PutUint64(s.a[8*i:], b.a[i][longState])
			}
		}
		s.absorb(l.message[l.absorbed:l.padded])
		l.sum, l.absorbed = [32]byte(s.a[:]), l.padded
	}
	*out = l.sum
}

// portable sets out to the hash without kernels.
func (l *long) portable(out *[32]byte) {
	if l.end == endSHA3 {
		Sum256(out, l.message[:l.size])
	} else {
		SHAKE256(out[:], l.message[:l.size])
	}
}

// Sum512 sets out to SHA3-512 of in, of 32 to 71 bytes.
func (b *Batch) Sum512(out *[64]byte, in []byte) {
	if !Kernels() {
		*out = sha3.Sum512(in)
		return
	}
	if !b.long.ready() {
		sha3_512.hash(out[:], in)
		return
	}
	var block [72]byte
	block[copy(block[:], in)] = endSHA3
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(block[8*i:]) }
	b.start((*[32]byte)(in), &[States]uint64{word(4)}, sha3_512)
	for i := 5; i < len(block)/8; i++ {
		b.a[i][0] ^= word(i)
	}
	b.permute()
	for i := range len(out) / 8 {
		binary.LittleEndian.PutUint64(out[8*i:], b.a[i][0])
	}
}

// SHAKE128s makes streams of size bytes, a multiple of 8, from SHAKE128 of seed and each
// of the ends. It makes as many as it can at once, of the first ends, and returns their
// number. They are written to out one after the other. It has room for States streams.
func (b *Batch) SHAKE128s(out []byte, size int, seed *[32]byte, ends [][2]byte) (n int) {
	n = min(len(ends), b.free())
	if !Kernels() {
		for i, end := range ends[:n] {
			h := sha3.NewSHAKE128()
			h.Write(seed[:])
			h.Write(end[:])
			h.Read(out[i*size:][:size])
			h.Reset()
		}
		return n
	}
	var last [States]uint64
	for i, end := range ends[:n] {
		last[i] = uint64(end[0]) | uint64(end[1])<<8 | endSHAKE<<16
	}
	b.streams(out, size, shake128, seed, &last, n)
	return n
}

// SHAKE256s is [Batch.SHAKE128s] with SHAKE256, and with the single bytes from first to
// end - 1 as the ends.
func (b *Batch) SHAKE256s(out []byte, size int, seed *[32]byte, first, end int) (n int) {
	n = min(end-first, b.free())
	if !Kernels() {
		for i := range n {
			SHAKE256(out[i*size:][:size], seed[:], []byte{byte(first + i)})
		}
		return n
	}
	var last [States]uint64
	for i := range n {
		last[i] = uint64(byte(first+i)) | endSHAKE<<8
	}
	b.streams(out, size, shake256, seed, &last, n)
	return n
}

// streams makes n streams on kernels, from messages of seed and a last word.
//
// Four at once cost less than two one after the other: only a single one is made
// alone.
func (b *Batch) streams(out []byte, size int, f function, seed *[32]byte, last *[States]uint64, n int) {
	if n == 1 && !b.long.ready() {
		s := sponge{rate: f.rate}
		s.absorb(seed[:])
		binary.LittleEndian.PutUint64(s.a[len(seed):], last[0])
		s.a[f.rate-1] ^= lastBit
		s.squeeze(out[:size])
		return
	}
	b.start(seed, last, f)
	for done := 0; done < size; done += f.rate {
		b.permute()
		squeeze4(out[done:], size, min(f.rate, size-done), &b.a)
	}
}

// start absorbs messages of seed and a last word in the states for short hashes. It clears
// state 3 for a long hash that begins.
func (b *Batch) start(seed *[32]byte, last *[States]uint64, f function) {
	if b.long.ready() && !b.long.hasState() {
		b.a = [25][States]uint64{}
	}
	start4(&b.a, seed, last, f.rate, b.free())
}

// Kernels reports whether this machine has kernels for Keccak-f[1600]. Without them, crypto/sha3
// does everything, and Permute, Permute4, start4, absorb4 and squeeze4 must not be called.
func Kernels() bool { return cpu.AVX2 }

// Permute applies Keccak-f[1600] to a state, in the order of bytes of FIPS 202.
func Permute(a *[200]byte) {
	if cpu.AVX512 {
		permute1AVX512(a)
		return
	}
	permute1BMI2(a)
}

// Permute4 applies Keccak-f[1600] to four states, whose lanes are interleaved: lane
// (x, y) of state i is a[x+5y][i].
func Permute4(a *[25][States]uint64) {
	if cpu.AVX512 {
		permute4AVX512(a)
		return
	}
	permute4AVX2(a)
}

// Permute8 applies Keccak-f[1600] to twice four states, each four in the layout of Permute4.
func Permute8(a *[2][25][4]uint64) {
	if cpu.WideAVX512 {
		permute8AVX512(a)
		return
	}
	Permute4(&a[0])
	Permute4(&a[1])
}

// start4 sets the first n states, 3 or 4, to one block each. The block of state i is seed,
// suffixes[i], zeros, and 0x80 in the last byte of the rate.
func start4(a *[25][States]uint64, seed *[32]byte, suffixes *[States]uint64, rate, n int) {
	start4AVX2(a, seed, suffixes, rate/8-1, n)
}

// absorb4 adds a block of SHA3-256 or SHAKE256 to the last of four states.
func absorb4(a *[25][States]uint64, block *[rate256]byte) { absorb4AVX2(a, block) }

// squeeze4 copies the first n bytes of each of four states, in the order of bytes of
// FIPS 202: those of state i to out[i*stride:]. n is a multiple of 8.
func squeeze4(out []byte, stride, n int, a *[25][States]uint64) {
	_ = out[3*stride+n-1]
	squeeze4AVX2(&out[0], &out[stride], &out[2*stride], &out[3*stride], 0, n/8, a)
}
