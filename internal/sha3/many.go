package sha3

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
	last  [Width]uint64 // the bytes of each message after its whole lanes, and the suffix
	ended bool          // last is added, and the message padded
}

// BeginSum256 begins SHA3-256 of n messages, from 1 to Width.
func (m *Many) BeginSum256(n int) { m.begin(n, sha3_256) }

// BeginSum512 is [Many.BeginSum256] with SHA3-512.
func (m *Many) BeginSum512(n int) { m.begin(n, sha3_512) }

// BeginSHAKE128 is [Many.BeginSum256] with SHAKE128.
func (m *Many) BeginSHAKE128(n int) { m.begin(n, shake128) }

// BeginSHAKE256 is [Many.BeginSum256] with SHAKE256.
func (m *Many) BeginSHAKE256(n int) { m.begin(n, shake256) }

func (m *Many) begin(n int, f function) {
	m.n, m.function, m.lane, m.ended = n, f, 0, false
	clear(m.a[:m.halves()])
}

// halves returns how many times four states are in use. States without a message repeat the last
// one, so that kernels have something to read and to write.
func (m *Many) halves() int { return (m.n + 3) / 4 }

// Write writes the next part of each message. The parts have the same length. It is a multiple of
// 8, except that of the last part.
func (m *Many) Write(parts [][]byte) {
	whole := len(parts[0]) &^ 7
	for done := 0; done < whole; {
		size := min(whole-done, m.rate-8*m.lane)
		for half := range m.halves() {
			p := m.pointers(parts, half, done, size)
			write4AVX2(&m.a[half][m.lane], p[0], p[1], p[2], p[3], size/8)
		}
		done += size
		m.lane += size / 8
		if 8*m.lane == m.rate {
			m.permute()
			m.lane = 0
		}
	}
	for i, p := range parts {
		m.last[i] = uint64(m.end) << (8 * len(p[whole:]))
		for j, x := range p[whole:] {
			m.last[i] |= uint64(x) << (8 * j)
		}
	}
}

// Read fills outs, whose lengths are the same, from the next blocks. The length is a multiple of 8,
// and of the rate too, except that of the last call.
func (m *Many) Read(outs [][]byte) {
	if !m.ended {
		m.pad()
	}
	for done := 0; done < len(outs[0]); done += m.rate {
		m.permute()
		size := min(len(outs[0])-done, m.rate)
		for half := range m.halves() {
			p := m.pointers(outs, half, done, size)
			squeeze4AVX2(p[0], p[1], p[2], p[3], size/8, &m.a[half])
		}
	}
}

// pad ends the messages. The last block is not permuted yet.
func (m *Many) pad() {
	for i := range 4 * m.halves() {
		a := &m.a[i/4]
		a[m.lane][i%4] ^= m.last[min(i, m.n-1)]
		a[m.rate/8-1][i%4] ^= lastBit << 56
	}
	m.ended = true
}

// pointers returns the places of four strings at offset, of size bytes.
func (m *Many) pointers(of [][]byte, half, offset, size int) (p [4]*byte) {
	for i := range p {
		p[i] = &of[min(4*half+i, m.n-1)][offset:][:size][0]
	}
	return p
}

func (m *Many) permute() {
	if m.halves() == 1 {
		Permute4(&m.a[0])
	} else {
		Permute8(&m.a)
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
