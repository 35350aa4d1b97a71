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
	} else {
		shake256Portable(out, parts...)
	}
}

func shake256Portable(out []byte, parts ...[]byte) {
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

// A Long is the hash of one long message, to 32 bytes. The blocks of the message are absorbed beside
// short hashes in a [Batch], or in the state of a [Single], or in the end by Sum.
type Long struct {
	end      byte                      // that of the hash function, whose rate is rate256
	message  [maxBlocks * rate256]byte // followed by the padding, once all is written
	size     int                       // the size of the message
	padded   int                       // the size of the message with the padding
	written  int                       // the number of bytes written; padded if all are
	absorbed int                       // the number of bytes absorbed, in whole blocks
	state    [200]byte                 // unless it has a seat
	seat     int                       // the state of a Batch that belongs to this hash, or 0
}

// maxBlocks is the number of blocks of the longest message: 32 bytes and a ciphertext of
// ML-KEM-1024.
const maxBlocks = (32+1568)/rate256 + 1

// BeginSum256 begins SHA3-256 of a message of that size, 1 to 1600 bytes. The calls of Write must
// give exactly its message.
func (l *Long) BeginSum256(size int) { l.begin(endSHA3, size) }

// BeginSHAKE256 is [Long.BeginSum256] with 32 bytes of SHAKE256.
func (l *Long) BeginSHAKE256(size int) { l.begin(endSHAKE, size) }

func (l *Long) begin(end byte, size int) {
	l.end, l.size, l.padded = end, size, (size/rate256+1)*rate256
}

// Write writes the next part of the message.
func (l *Long) Write(p []byte) {
	l.written += copy(l.message[l.written:], p)
	if l.written == l.size {
		l.message[l.size] = l.end
		l.message[l.padded-1] ^= lastBit
		l.written = l.padded
	}
}

// ready reports whether a block is written and not absorbed.
func (l *Long) ready() bool { return l != nil && l.written-l.absorbed >= rate256 }

// block returns the next block, and counts it as absorbed.
func (l *Long) block() *[rate256]byte {
	block := (*[rate256]byte)(l.message[l.absorbed:])
	l.absorbed += rate256
	return block
}

// Sum sets out to the hash. All of the message must have been written. If a Batch makes the hash, its
// [Batch.Sum] must be called instead.
func (l *Long) Sum(out *[32]byte) {
	if !Kernels() {
		if l.end == endSHA3 {
			Sum256(out, l.message[:l.size])
		} else {
			SHAKE256(out[:], l.message[:l.size])
		}
		return
	}
	for l.ready() {
		subtle.XORBytes(l.state[:], l.state[:], l.block()[:])
		Permute(&l.state)
	}
	*out = [32]byte(l.state[:])
}

// A Single makes long hashes one after the other in a single state, which somebody else permutes.
type Single struct {
	State [200]byte
	Long  [2]*Long // the hashes, or nil
	at    int      // the hash that State belongs to
}

// Next absorbs the next block, and reports whether there was one. The caller then permutes State. It
// needs kernels.
func (s *Single) Next() bool {
	for ; s.at < len(s.Long); s.at++ {
		if l := s.Long[s.at]; l.ready() {
			subtle.XORBytes(s.State[:], s.State[:], l.block()[:])
			return true
		}
		s.End()
		s.State = [200]byte{}
	}
	return false
}

// End gives the state back to the hash that it belongs to, which can then be continued elsewhere.
func (s *Single) End() {
	if s.at < len(s.Long) && s.Long[s.at] != nil {
		s.Long[s.at].state = s.State
	}
}

// States is the largest number of streams that a [Batch] makes at once.
const States = 2 * half

// half is the number of states that Permute4 permutes.
const half = 4

// A Batch makes short hashes side by side, in four states that are permuted at once. That takes
// as long whether one of the states is used or all. So a Batch can make one or two long hashes
// beside the short ones, block by block, in states that they do not need.
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
// With [cpu.WideAVX512] there are four more states, for short hashes only. They are permuted too
// where that saves permutations. In a decapsulation they would save none, since J has blocks for
// all of them. These are the permutations of a key generation with ML-KEM-768, where H(ek) has the
// blocks h₀ to h₈, and each stream of the matrix Â has three blocks:
//
//	             state 0     state 1     state 2     state 3     states 4 to 7
//	ρ, σ         G(d ‖ k)    (one state)
//	ŝ, ê         PRF(σ,0)    PRF(σ,1)    –           –           PRF(σ,2) to PRF(σ,5)
//	Â, 3 times   Â₀₀         Â₀₁         –           –           Â₀₂ to Â₁₂
//	Â, 3 times   Â₂₀         Â₂₁         Â₂₂         h₀ to h₂    –
//	Sum          (h₃ to h₈: one state, six times)
//
// A Batch holds secrets. The zero Batch is ready for use, without a long hash.
type Batch struct {
	a [25][half]uint64 // states 0 to 3: lane (x, y) of state i is a[x+5y][i]

	// Long has the long hashes that are made beside the short ones, or nil. As long as a block of
	// the first is ready, state 3 belongs to it. The second gets state 2 where the short hashes leave
	// that state free. Hashes may be exchanged after Sum.
	Long [2]*Long
}

// firstSeat is the state of the first long hash. The second has the one before.
const firstSeat = half - 1

// start absorbs messages of seed and a last word in the first n of states 0 to 3.
func (b *Batch) start(seed *[32]byte, last *[half]uint64, f function, n int) {
	for _, l := range b.Long {
		if l != nil && l.seat != 0 && l.seat < n {
			b.sit(l, 0)
		}
	}
	if l := b.Long[0]; l.ready() && l.absorbed == 0 && b.Long[1] == nil {
		// To clear all is quicker than to store each lane of one state: processors do not forward
		// the four parts of what start4 loads.
		b.a = [25][half]uint64{}
		l.seat = firstSeat
	}
	start4(&b.a, seed, last, f.rate, n)
}

// permute permutes states 0 to 3, and states 4 to 7 if upper is not nil. The first n are those of
// short hashes. If a block of a long hash is ready and its state is free, that hash absorbs it
// first. Otherwise the long hash leaves its state.
func (b *Batch) permute(n int, upper *[25][half]uint64) {
	if l := b.Long[0]; l != nil {
		b.absorb(l, firstSeat, n)
	}
	if l := b.Long[1]; l != nil {
		b.absorb(l, firstSeat-1, n)
	}
	if upper != nil {
		permute8(&b.a, upper)
	} else {
		Permute4(&b.a)
	}
}

// absorb absorbs the next block of l in the state of that seat. If no block is ready, or the state is
// one of the first n, l leaves its state instead.
func (b *Batch) absorb(l *Long, seat, n int) {
	if !l.ready() || seat < n {
		seat = 0
	}
	if l.seat != seat {
		b.sit(l, seat)
	}
	if seat != 0 {
		absorb4(&b.a, l.block(), seat)
	}
}

// sit moves the state of l to a seat among the states of b, or away from them if seat is 0.
func (b *Batch) sit(l *Long, seat int) {
	if old := l.seat; old != 0 {
		for i := range b.a {
			binary.LittleEndian.PutUint64(l.state[8*i:], b.a[i][old])
		}
	}
	if seat != 0 {
		for i := range b.a {
			b.a[i][seat] = binary.LittleEndian.Uint64(l.state[8*i:])
		}
	}
	l.seat = seat
}

// Sum sets out to l, a long hash of b. It makes the other one meanwhile.
func (b *Batch) Sum(out *[32]byte, l *Long) {
	for Kernels() && !b.few(0) && l.ready() {
		b.permute(0, nil)
	}
	for _, l := range b.Long {
		if l != nil && l.seat != 0 {
			b.sit(l, 0)
		}
	}
	l.Sum(out)
}

// Sum512 sets out to SHA3-512 of in, of 32 to 71 bytes.
func (b *Batch) Sum512(out *[64]byte, in []byte) {
	if !Kernels() {
		*out = sha3.Sum512(in)
		return
	}
	if b.few(1) {
		sha3_512.hash(out[:], in)
		return
	}
	var block [72]byte
	block[copy(block[:], in)] = endSHA3
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(block[8*i:]) }
	b.start((*[32]byte)(in), &[half]uint64{word(4)}, sha3_512, 1)
	for i := 5; i < len(block)/8; i++ {
		b.a[i][0] ^= word(i)
	}
	b.permute(1, nil)
	for i := range len(out) / 8 {
		binary.LittleEndian.PutUint64(out[8*i:], b.a[i][0])
	}
}

// few reports whether n short hashes, and the long ones that have a block ready, are sooner made one after the
// other than at once. Permute4 takes less time than Permute does twice on amd64, and as much as two to three
// times on arm64.
func (b *Batch) few(n int) bool {
	for _, l := range b.Long {
		if l.ready() {
			n++
		}
	}
	if cpu.NEON {
		return n <= 2
	}
	return n <= 1
}

// SHAKE128s makes streams of size bytes, a multiple of 8, from SHAKE128 of seed and each
// of the ends. It makes as many as it can at once, of the first ends, and returns their
// number. They are written to out one after the other. It has room for four streams at least.
func (b *Batch) SHAKE128s(out []byte, size int, seed *[32]byte, ends [][2]byte) (n int) {
	n = min(len(ends), len(out)/size, States)
	if !Kernels() {
		for i, end := range ends[:n] {
			shake128Portable(out[i*size:][:size], seed, end)
		}
		return n
	}
	var last [States]uint64
	for i, end := range ends[:n] {
		last[i] = word128(end)
	}
	return b.streams(out, size, shake128, seed, &last, n, len(ends))
}

// shake128Portable fills out from SHAKE128 of seed ‖ end. With this in SHAKE128s, kernels would have less of
// the stack.
func shake128Portable(out []byte, seed *[32]byte, end [2]byte) {
	h := sha3.NewSHAKE128()
	h.Write(seed[:])
	h.Write(end[:])
	h.Read(out)
	h.Reset()
}

// SHAKE256s is [Batch.SHAKE128s] with SHAKE256, and with the single bytes from first to
// end - 1 as the ends.
func (b *Batch) SHAKE256s(out []byte, size int, seed *[32]byte, first, end int) (n int) {
	n = min(end-first, len(out)/size, States)
	if !Kernels() {
		for i := range n {
			shake256Portable(out[i*size:][:size], seed[:], []byte{byte(first + i)})
		}
		return n
	}
	var last [States]uint64
	for i := range n {
		last[i] = word256(first + i)
	}
	return b.streams(out, size, shake256, seed, &last, n, end-first)
}

// Beside fills out256 with streams of size256 bytes, at most a block, from SHAKE256 of seed256 and each of the
// bytes 0, 1, and so on. Beside them it fills out128 from SHAKE128 of seed128 and end128. The batch must
// have no long hash.
//
// These are the permutations of an encapsulation with ML-KEM-768 in two steps:
//
//	state 0     state 1     state 2     state 3
//	PRF(r,0)    PRF(r,1)    PRF(r,2)    Â₀₀
//	PRF(r,3)    PRF(r,4)    PRF(r,5)    Â₀₀
//	PRF(r,6)    –           –           Â₀₀
func (b *Batch) Beside(out256 []byte, size256 int, seed256 *[32]byte, out128 []byte, seed128 *[32]byte, end128 [2]byte) {
	if !Kernels() {
		for end := byte(0); len(out256) > 0; end++ {
			shake256Portable(out256[:size256], seed256[:], []byte{end})
			out256 = out256[size256:]
		}
		shake128Portable(out128, seed128, end128)
		return
	}
	const beside = half - 1
	start4(&b.a, seed128, &[half]uint64{beside: word128(end128)}, RateSHAKE128, half)
	for end := 0; len(out256) > 0 || len(out128) > 0; end += beside {
		start4(&b.a, seed256, &[half]uint64{word256(end), word256(end + 1), word256(end + 2)}, rate256, beside)
		Permute4(&b.a)
		var blocks [half * RateSHAKE128]byte
		squeeze4(blocks[:], RateSHAKE128, RateSHAKE128, &b.a)
		for i := range beside {
			out256 = out256[copy(out256, blocks[i*RateSHAKE128:][:size256]):]
		}
		out128 = out128[copy(out128, blocks[beside*RateSHAKE128:]):]
	}
}

// word128 returns the last word of a message of SHAKE128s, and word256 that of one of SHAKE256s.
func word128(end [2]byte) uint64 { return uint64(end[0]) | uint64(end[1])<<8 | endSHAKE<<16 }
func word256(end int) uint64     { return uint64(byte(end)) | endSHAKE<<8 }

// streams makes streams on kernels, from messages of seed and a last word. It makes as many of
// room as it can at once, and returns their number. In the end the caller wants want streams.
//
// Eight at once can cost half as much again as four. They pay unless the first long hash has
// blocks to absorb in all the permutations that four at once would take.
func (b *Batch) streams(out []byte, size int, f function, seed *[32]byte, last *[States]uint64, room, want int) (n int) {
	free, first := half, b.Long[0]
	if first.ready() {
		free = firstSeat
	}
	var upper *[25][half]uint64
	if cpu.WideAVX512 && room > free {
		absorbed := 0
		for made := 0; made < want; made += free {
			for done := 0; done < size; done += f.rate {
				absorbed += rate256
			}
		}
		if first == nil || absorbed > first.written-first.absorbed {
			upper = new([25][half]uint64)
			free += half
		}
	}
	n = min(room, free)
	if b.few(n) {
		for i := range n {
			f.stream(out[i*size:][:size], seed, last[i])
		}
		return n
	}
	lower := n
	if upper != nil {
		lower = n - half
		start4(upper, seed, (*[half]uint64)(last[lower:]), f.rate, half)
	}
	b.start(seed, (*[half]uint64)(last[:]), f, lower)
	for done := 0; done < size; done += f.rate {
		b.permute(lower, upper)
		squeezed := min(f.rate, size-done)
		squeeze4(out[done:], size, squeezed, &b.a)
		if upper != nil {
			// These overwrite what squeeze4 has taken from states without a stream.
			squeeze4(out[lower*size+done:], size, squeezed, upper)
		}
	}
	return n
}

// stream makes a single stream.
func (f function) stream(out []byte, seed *[32]byte, last uint64) {
	s := sponge{rate: f.rate}
	s.absorb(seed[:])
	binary.LittleEndian.PutUint64(s.a[len(seed):], last)
	s.a[f.rate-1] ^= lastBit
	s.squeeze(out)
}

// Kernels reports whether this machine has kernels for Keccak-f[1600]. Without them, crypto/sha3
// does everything, and Permute, Permute4, start4, absorb4 and squeeze4 must not be called.
func Kernels() bool { return cpu.AVX2 || cpu.Rotating || cpu.SHA3 }

// Permute applies Keccak-f[1600] to a state, in the order of bytes of FIPS 202.
func Permute(a *[200]byte) {
	if cpu.AVX512 {
		permute1AVX512(a)
		return
	}
	if cpu.Rotating {
		permute1A64(a)
		return
	}
	if cpu.SHA3 {
		permute1SHA3(a)
		return
	}
	permute1BMI2(a)
}

// Permute4 applies Keccak-f[1600] to four states, whose lanes are interleaved: lane
// (x, y) of state i is a[x+5y][i].
func Permute4(a *[25][4]uint64) {
	if cpu.AVX512 {
		permute4AVX512(a)
		return
	}
	if cpu.SHA3 {
		permute4SHA3(a)
		return
	}
	if cpu.Rotating {
		permute4NEON(a)
		return
	}
	permute4AVX2(a)
}

// Permute8 applies Keccak-f[1600] to twice four states, each four in the layout of Permute4.
func Permute8(a *[2][25][4]uint64) { permute8(&a[0], &a[1]) }

// permute8 is Permute8 of states in two places.
func permute8(a, b *[25][4]uint64) {
	if cpu.WideAVX512 {
		permute8AVX512(a, b)
		return
	}
	Permute4(a)
	Permute4(b)
}

// start4 sets the first n states to one block each. The block of state i is seed,
// suffixes[i], zeros, and 0x80 in the last byte of the rate.
func start4(a *[25][4]uint64, seed *[32]byte, suffixes *[4]uint64, rate, n int) {
	if !cpu.NEON {
		start4AVX2(a, seed, suffixes, rate/8-1, n)
		return
	}
	for lane := range a {
		var word uint64
		if lane < 4 {
			word = binary.LittleEndian.Uint64(seed[8*lane:])
		}
		for i := range a[lane][:n] {
			a[lane][i] = word
		}
	}
	copy(a[4][:n], suffixes[:])
	for i := range n {
		a[rate/8-1][i] ^= lastBit << 56
	}
}

// begin4 sets the states to one block each. The block of state i is the i-th seed, suffixes[i], zeros, and 0x80 in
// the last byte of the rate.
func begin4(a *[25][4]uint64, seed0, seed1, seed2, seed3 *[32]byte, suffixes *[4]uint64, rate int) {
	if !cpu.NEON {
		begin4AVX2(a, seed0, seed1, seed2, seed3, suffixes, rate/8-1)
		return
	}
	*a = [25][4]uint64{4: *suffixes}
	write4NEON(&a[0], &seed0[0], &seed1[0], &seed2[0], &seed3[0], 0, 4)
	for i := range a[0] {
		a[rate/8-1][i] ^= lastBit << 56
	}
}

// absorb4 adds a block of SHA3-256 or SHAKE256 to one of four states.
func absorb4(a *[25][4]uint64, block *[rate256]byte, state int) {
	if !cpu.NEON {
		absorb4AVX2(a, block, state)
		return
	}
	for lane := range len(block) / 8 {
		a[lane][state] ^= binary.LittleEndian.Uint64(block[8*lane:])
	}
}

// write4 adds n lanes of four messages, which begin at offset, to lanes of four states.
func write4(a *[4]uint64, in *[4]*byte, offset, n int) {
	if !cpu.NEON {
		write4AVX2(a, in[0], in[1], in[2], in[3], offset, n)
		return
	}
	write4NEON(a, in[0], in[1], in[2], in[3], offset, n)
}

// squeeze4 copies the first n bytes of each of four states, in the order of bytes of
// FIPS 202: those of state i to out[i*stride:]. n is a multiple of 8.
func squeeze4(out []byte, stride, n int, a *[25][4]uint64) {
	_ = out[3*stride+n-1]
	read4(&[4]*byte{&out[0], &out[stride], &out[2*stride], &out[3*stride]}, 0, n/8, a)
}

// read4 copies the first n lanes of each of four states to four strings, where they begin at offset.
func read4(out *[4]*byte, offset, n int, a *[25][4]uint64) {
	if !cpu.NEON {
		squeeze4AVX2(out[0], out[1], out[2], out[3], offset, n, a)
		return
	}
	squeeze4NEON(out[0], out[1], out[2], out[3], offset, n, a)
}
