package mlkem

import (
	"bytes"

	"hybridkem/internal/ring"
	"hybridkem/internal/sha3"
)

// HeaderSize is the size of a header: ρ ‖ H(ek).
const HeaderSize = 32 + 32

// A State is an encapsulation between its two steps. The first step needs only the header of the
// encapsulation key, and the second the rest of the key, t̂.
type State struct {
	params *Params
	header [HeaderSize]byte
	m      [32]byte
	e      *encryption // in room
	room   atLine[encryption]
}

// NewState allocates a state of p, and a head beside it. The state is not a valid one before
// [State.Begin] or [State.Restore] has set it.
func NewState[H any](p *Params) (*H, *State) {
	memory := new(struct {
		head  H
		state State
	})
	s := &memory.state
	s.params, s.e = p, s.room.get()
	return &memory.head, s
}

// Params returns the parameter set of the state.
func (s *State) Params() *Params { return s.params }

// AppendInputs appends the header and m, from which [State.Restore] makes the state again, to b.
func (s *State) AppendInputs(b []byte) []byte {
	return append(append(b, s.header[:]...), s.m[:]...)
}

// Overwrite overwrites the secrets of s.
func (s *State) Overwrite() {
	clear(s.m[:])
	clear(s.e.f[:])
	clear(s.e.factors[:s.params.k])
}

// Begin sets s, sharedKey and c₁ from the randomness m.
//
// It implements the part of ML-KEM.Encaps_internal, according to FIPS 203, Algorithm 17, that does not
// need t̂. It makes Â column by column, beside the polynomial of u that needs the column, and keeps
// nothing of it.
func (s *State) Begin(sharedKey *[32]byte, c1 []byte, header *[HeaderSize]byte, m *[32]byte) {
	s.header, s.m = *header, *m
	p, k, rho := s.params, s.params.k, (*[32]byte)(s.header[:])
	//ct:declassify rho: it is the half of the header that the encapsulation key has, too
	var ends [maxK * maxK][2]byte // i ‖ j
	for i := range k {
		for j := range k {
			ends[i*k+j] = [2]byte{byte(i), byte(j)}
		}
	}
	var x struct { // as in an expander
		batch   sha3.Batch
		streams [sha3.States * usualStream]byte
	}
	key, r := g(&x.batch, &s.m, s.header[32:])
	var streams [noiseSize]byte
	noise := prf{batch: &x.batch, seed: &r, streams: streams[:]}

	var room atLine[columns]
	memory := room.get()
	made, ready := 0, 0 // the number of polynomials of Â that are made, and of those in memory
	if k == 3 {
		// Batches of four or eight leave one of the nine polynomials. It costs least beside all of the noise.
		noise.made = 64 * eta2 * (2*k + 1)
		x.batch.Beside(streams[:noise.made], 64*eta2, &r, x.streams[:usualStream], rho, ends[0])
		sampleNTT(&memory.a[0], x.streams[:usualStream], rho, ends[0])
		made, ready = 1, 1
	}
	s.e.sampleY(p, &noise)

	rest := c1
	for range k {
		for ready < k {
			n := sample(memory.a[ready:], &x.batch, x.streams[:], rho, ends[made:k*k])
			made, ready = made+n, ready+n
		}
		rest = s.e.encryptU(p, &noise, rest, memory.a[:k], 1, &memory.product)
		ready = copy(memory.a[:], memory.a[k:ready])
	}
	//ct:declassify c1: it is sent
	s.e.addMessage(&noise, &s.m, &memory.product)
	*sharedKey = key
}

// columns holds a column of Â, and polynomials of the next ones that a batch has made with it. For k = 3 that
// is all of Â at most: one polynomial and a batch. For other k, batches end where columns do.
type columns struct {
	a       [1 + sha3.States]ring.NTT
	product ring.NTT
}

// Restore sets s to what Begin has made of the header and m.
func (s *State) Restore(header *[HeaderSize]byte, m *[32]byte) {
	s.header, s.m = *header, *m
	var b sha3.Batch
	_, r := g(&b, &s.m, s.header[32:])
	var streams [noiseSize]byte
	noise := prf{batch: &b, seed: &r, streams: streams[:]}
	s.e.sampleY(s.params, &noise)
	for range s.params.k {
		noise.next() // e₁, which only c₁ needs
	}
	var room ring.NTT
	s.e.addMessage(&noise, &s.m, &room)
}

// Finish sets c₂ from the encoded t̂, of VectorSize bytes, unless a coefficient is not below q, which
// reduced tells, or the header is that of another key, which matches tells.
//
// It implements the rest of ML-KEM.Encaps_internal. It only reads s, so that several calls at once do
// the same.
func (s *State) Finish(c2, vector []byte) (reduced, matches bool) {
	p := s.params
	var room atLine[struct {
		t       [maxK]ring.NTT
		product ring.NTT
	}]
	memory := room.get()
	t := memory.t[:p.k]
	if reduced = decode(t, vector); !reduced {
		return false, false
	}
	var h [32]byte // H(ek)
	sha3.Sum256(&h, vector, s.header[:32])
	if !bytes.Equal(h[:], s.header[32:]) {
		return true, false
	}
	s.e.encryptV(p, c2, t, &memory.product)
	//ct:declassify c2: it is sent
	return true, true
}
