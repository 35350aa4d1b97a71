package sha3

import "hybridkem/internal/cpu"

// Width is the largest number of messages that a Many hashes at once.
const Width = 8

// A Many hashes several messages in lockstep. The messages have the same length, and so have the
// outputs. It needs [Kernels].
//
// A Begin method comes first. Calls of Write give the messages part by part. Then calls of Read
// squeeze the outputs. A Many holds secrets.
type Many struct {
	a [2][25][4]uint64 // two times four states, each in the layout of Permute4
	n int              // the number of messages
	function
	lane  int           // the number of lanes of the last block that are written
	last  [Width]uint64 // the lane after those of each message: its last bytes, and the suffix
	ended bool          // last is added, and the messages are padded
}

// BeginSum256 begins SHA3-256 of n messages, from 1 to Width.
func (m *Many) BeginSum256(n int) { m.begin(sha3_256, n) }

// BeginSum512 is [Many.BeginSum256] with SHA3-512.
func (m *Many) BeginSum512(n int) { m.begin(sha3_512, n) }

// BeginSHAKE256 is [Many.BeginSum256] with SHAKE256.
func (m *Many) BeginSHAKE256(n int) { m.begin(shake256, n) }

func (m *Many) begin(f function, n int) {
	m.n, m.function, m.lane, m.ended = n, f, 0, false
	m.a = [2][25][4]uint64{}
	for i := range m.last {
		m.last[i] = uint64(f.end)
	}
}

// BeginSHAKE128s begins SHAKE128 of the messages seeds[i] ‖ ends[i], which are then complete.
func (m *Many) BeginSHAKE128s(seeds []*[32]byte, ends [][2]byte) {
	for i := range m.last {
		end := ends[min(i, len(seeds)-1)]
		m.last[i] = uint64(end[0]) | uint64(end[1])<<8 | endSHAKE<<16
	}
	m.start(shake128, seeds)
}

// BeginSHAKE256s is [Many.BeginSHAKE128s] with SHAKE256.
func (m *Many) BeginSHAKE256s(seeds []*[32]byte, ends []byte) {
	for i := range m.last {
		m.last[i] = uint64(ends[min(i, len(seeds)-1)]) | endSHAKE<<8
	}
	m.start(shake256, seeds)
}

// start sets the states to messages of the seeds and of m.last.
func (m *Many) start(f function, seeds []*[32]byte) {
	m.n, m.function, m.ended = len(seeds), f, true
	for four := range m.a {
		if m.used(four) {
			seed := func(i int) *[32]byte { return seeds[min(4*four+i, m.n-1)] }
			begin4(&m.a[four], seed(0), seed(1), seed(2), seed(3), (*[4]uint64)(m.last[4*four:]), f.rate)
		}
	}
}

// used reports whether one of four states has a message. The others of the four repeat the last
// message, so that kernels have something to read and to write.
func (m *Many) used(four int) bool { return 4*four < m.n }

// Write writes the next part of each message. The parts have the same length. It is a multiple of
// 8, except that of the last part.
func (m *Many) Write(parts [][]byte) {
	size := len(parts[0])
	if whole := size &^ 7; whole > 0 {
		p := m.pointers(parts)
		for done := 0; done < whole; {
			n := min(whole-done, m.rate-8*m.lane)
			for four, p := range p {
				if m.used(four) {
					write4(&m.a[four][m.lane], &p, done, n/8)
				}
			}
			done += n
			m.lane += n / 8
			if 8*m.lane == m.rate {
				m.permute()
				m.lane = 0
			}
		}
	}
	if size%8 > 0 {
		for i := range m.last {
			rest := parts[min(i, m.n-1)][size&^7:]
			m.last[i] = uint64(m.end) << (8 * len(rest))
			for j, x := range rest {
				m.last[i] |= uint64(x) << (8 * j)
			}
		}
	}
}

// Read fills outs, whose lengths are the same, from the next blocks. The length is a multiple of 8,
// and of the rate too, except that of the last call.
func (m *Many) Read(outs [][]byte) {
	if !m.ended {
		m.pad()
	}
	p := m.pointers(outs)
	for done := 0; done < len(outs[0]); done += m.rate {
		m.permute()
		n := min(len(outs[0])-done, m.rate)
		for four, p := range p {
			if m.used(four) {
				read4(&p, done, n/8, &m.a[four])
			}
		}
	}
}

// pad ends the messages. The last block is not permuted yet.
func (m *Many) pad() {
	for i, last := range m.last {
		a := &m.a[i/4]
		a[m.lane][i%4] ^= last
		a[m.rate/8-1][i%4] ^= lastBit << 56
	}
	m.ended = true
}

// pointers returns the places of the strings. Those after the last are the last one again.
func (m *Many) pointers(strings [][]byte) (p [2][4]*byte) {
	for i := range Width {
		s := strings[min(i, m.n-1)]
		_ = s[len(strings[0])-1] // the kernels do not check bounds
		p[i/4][i%4] = &s[0]
	}
	return p
}

// AtOnce returns how many states one kernel permutes: Width, 4, or 1 without kernels.
func AtOnce() int {
	switch {
	case cpu.WideAVX512:
		return Width
	case Kernels():
		return 4
	}
	return 1
}

func (m *Many) permute() {
	if m.used(1) {
		Permute8(&m.a)
	} else {
		Permute4(&m.a[0])
	}
}

// Sum256Many sets each of outs to SHA3-256 of a message. There are 1 to Width messages, of the same
// length.
func Sum256Many(outs []*[32]byte, messages [][]byte) {
	if len(messages) == 1 || !Kernels() {
		for i, out := range outs {
			Sum256(out, messages[i])
		}
		return
	}
	var m Many
	m.BeginSum256(len(messages))
	m.Write(messages)
	var sums [Width][]byte
	for i, out := range outs {
		sums[i] = out[:]
	}
	m.Read(sums[:len(outs)])
}

// SHAKE256Many fills each of outs from SHAKE256 of a message. There are 1 to Width messages, of the
// same length, and the length of the outputs is the same multiple of 8.
func SHAKE256Many(outs, messages [][]byte) {
	if len(messages) == 1 || !Kernels() {
		for i, out := range outs {
			SHAKE256(out, messages[i])
		}
		return
	}
	var m Many
	m.BeginSHAKE256(len(messages))
	m.Write(messages)
	m.Read(outs)
}
