package sha3

import (
	"crypto/sha3"
	"encoding/binary"

	"hybridkem/internal/keccak"
)

const (
	// Lanes is how many streams a Batch makes at once at most.
	Lanes = 4
	// MaxStream is how long they can be: three blocks of SHAKE128.
	MaxStream = 3 * RateSHAKE128
)

// A Batch makes hashes side by side. Beside short ones, all of one kind, it makes a
// long one, SHA3-256 or SHAKE256, to 32 bytes, block by block: a block costs nothing
// where a lane is to spare. The message of the long one lies in memory, and becomes
// known by and by: methods are given its beginning, as far as it is known.
//
// The zero Batch makes no long hash.
type Batch struct {
	a    [25][Lanes]uint64 // the states, with interleaved lanes; the last is that of the long hash
	out  [Lanes * MaxStream]byte
	size int // of each stream in out
	long long
}

// A long is how far the long hash has come. Its rate is rate256.
type long struct {
	function
	head     [32]byte // what comes before the message, if anything does
	n        int      // the size of head
	size     int      // of the message
	absorbed int      // how much of it and of head is absorbed
	padded   bool     // so is all of it, with the padding
	sum      [32]byte // the result, once it is padded
}

// guest is the lane of the long hash, as long as that is inside.
const guest = Lanes - 1

// BeginSum256 makes the long hash SHA3-256 of a message of that size.
func (b *Batch) BeginSum256(size int) { b.long = long{function: sha3_256, size: size} }

// BeginSHAKE256 makes the long hash SHAKE256 of head and a message of that size.
func (b *Batch) BeginSHAKE256(head *[32]byte, size int) {
	b.long = long{function: shake256, head: *head, n: len(head), size: size}
}

// inside reports whether the long hash has a state.
func (l *long) inside() bool { return l.absorbed > 0 && !l.padded }

// due reports whether a block of the long message is known and not absorbed yet.
func (l *long) due(known []byte) bool {
	return l.rate > 0 && !l.padded && (l.n+len(known)-l.absorbed >= rate256 || len(known) == l.size)
}

// permute permutes the states of streams, and that of the long hash if a block of it is
// due, which it absorbs first.
func (b *Batch) permute(known []byte) {
	switch l := &b.long; {
	case l.due(known):
		b.absorb(known)
		keccak.Permute4(&b.a)
		if l.padded {
			for i := range len(l.sum) / 8 {
				binary.LittleEndian.PutUint64(l.sum[8*i:], b.a[i][guest])
			}
		}
	case l.inside():
		var waiting [25]uint64
		for i := range b.a {
			waiting[i] = b.a[i][guest]
		}
		keccak.Permute4(&b.a)
		for i := range b.a {
			b.a[i][guest] = waiting[i]
		}
	default:
		keccak.Permute4(&b.a)
	}
}

// absorb absorbs the block of the long message that is due.
func (b *Batch) absorb(known []byte) {
	//ct:declassify known: long hashes are of ciphertexts and encapsulation keys
	l := &b.long
	var block *[rate256]byte
	if at := l.absorbed - l.n; at >= 0 && len(known)-at >= rate256 {
		block = (*[rate256]byte)(known[at:])
	} else {
		// Of head and the message, or the last one.
		block = new([rate256]byte)
		n := copy(block[:], l.head[:l.n][min(l.absorbed, l.n):])
		n += copy(block[n:], known[max(at, 0):])
		if n < rate256 {
			block[n] = l.end
			block[rate256-1] ^= lastBit
			l.padded = true
		}
	}
	keccak.Absorb4(&b.a, block)
	l.absorbed = min(l.absorbed+rate256, l.n+len(known))
}

// Sum sets out to the long hash of the message, all of which is now known.
func (b *Batch) Sum(out *[32]byte, message []byte) {
	l := &b.long
	switch {
	case l.padded:
		*out = l.sum
	case !l.inside() || !keccak.Available():
		l.hashAll(out, message)
	default:
		s := sponge{rate: l.rate}
		for i := range b.a {
			binary.LittleEndian.PutUint64(s.a[8*i:], b.a[i][guest])
		}
		s.absorb(message[l.absorbed-l.n:])
		s.pad(l.end)
		s.squeeze(out[:])
	}
}

func (l *long) hashAll(out *[32]byte, message []byte) {
	if l.end == endSHA3 {
		Sum256(out, message)
	} else {
		SHAKE256(out[:], l.head[:l.n], message)
	}
}

// Sum512 sets out to SHA3-512 of in, of 32 to 71 bytes.
func (b *Batch) Sum512(out *[64]byte, in, known []byte) {
	if !keccak.Available() {
		*out = sha3.Sum512(in)
		return
	}
	if !b.long.due(known) {
		sha3_512.hash(out[:], in)
		return
	}
	var block [72]byte
	block[copy(block[:], in)] = endSHA3
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(block[8*i:]) }
	b.start((*[32]byte)(in), &[Lanes]uint64{word(4)}, sha3_512, known)
	for i := 5; i < len(block)/8; i++ {
		b.a[i][0] ^= word(i)
	}
	b.permute(known)
	for i := range len(out) / 8 {
		binary.LittleEndian.PutUint64(out[8*i:], b.a[i][0])
	}
}

// SHAKE128s makes streams of size bytes, a multiple of 8, from SHAKE128 of seed and each
// of the ends. It makes as many as it can at once, of the first ends, and returns their
// number.
func (b *Batch) SHAKE128s(size int, seed *[32]byte, ends [][2]byte, known []byte) (n int) {
	n = min(len(ends), b.lanes(known))
	if !keccak.Available() {
		h := sha3.NewSHAKE128()
		for i, end := range ends[:n] {
			b.stream(h, i, size, seed, end[:])
		}
		return n
	}
	var last [Lanes]uint64
	for i, end := range ends[:n] {
		last[i] = uint64(end[0]) | uint64(end[1])<<8 | endSHAKE<<16
	}
	b.streams(shake128, size, seed, &last, n, known)
	return n
}

// SHAKE256s is [Batch.SHAKE128s] with SHAKE256 and ends of one byte.
func (b *Batch) SHAKE256s(size int, seed *[32]byte, ends []byte, known []byte) (n int) {
	n = min(len(ends), b.lanes(known))
	if !keccak.Available() {
		h := sha3.NewSHAKE256()
		for i := range n {
			b.stream(h, i, size, seed, ends[i:][:1])
		}
		return n
	}
	var last [Lanes]uint64
	for i, end := range ends[:n] {
		last[i] = uint64(end) | endSHAKE<<8
	}
	b.streams(shake256, size, seed, &last, n, known)
	return n
}

// Stream returns the i-th of the streams that were made last.
func (b *Batch) Stream(i int) []byte { return b.out[i*b.size:][:b.size] }

// lanes returns how many streams there is room for.
func (b *Batch) lanes(known []byte) int {
	if keccak.Available() && (b.long.inside() || b.long.due(known)) {
		return guest
	}
	return Lanes
}

// stream makes a stream without kernels.
func (b *Batch) stream(h *sha3.SHAKE, i, size int, seed *[32]byte, end []byte) {
	b.size = size
	h.Write(seed[:])
	h.Write(end)
	h.Read(b.Stream(i))
	h.Reset()
}

// streams makes n streams on kernels, from messages of seed and a last word.
//
// Four at once cost less than two one after the other: only a single one is made
// alone.
func (b *Batch) streams(f function, size int, seed *[32]byte, last *[Lanes]uint64, n int, known []byte) {
	b.size = size
	if n == 1 && !b.long.due(known) {
		s := sponge{rate: f.rate}
		s.absorb(seed[:])
		binary.LittleEndian.PutUint64(s.a[len(seed):], last[0])
		s.a[f.rate-1] ^= lastBit
		s.squeeze(b.Stream(0))
		return
	}
	b.start(seed, last, f, known)
	for done := 0; done < size; done += f.rate {
		b.permute(known)
		keccak.Squeeze4(b.out[done:], size, min(f.rate, size-done), &b.a)
	}
}

// start absorbs messages of seed and a last word for all lanes that are free, and lets the
// long hash in if a block of it is due.
func (b *Batch) start(seed *[32]byte, last *[Lanes]uint64, f function, known []byte) {
	if !b.long.inside() && b.long.due(known) {
		b.a = [25][Lanes]uint64{}
	}
	keccak.Start4(&b.a, seed, last, f.rate, b.lanes(known))
}
