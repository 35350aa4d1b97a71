package mlkem

import (
	"crypto/subtle"
	"errors"

	"hybridkem/internal/derand"
	"hybridkem/internal/fault"
	"hybridkem/internal/fips"
	"hybridkem/internal/mlkem"
	"hybridkem/internal/secret"
	"hybridkem/internal/sha3"
	"hybridkem/kem"
)

const (
	// HeaderSize is the size of the header of an encapsulation key: its last 32 bytes, ρ,
	// and its hash.
	HeaderSize = 64

	// EncapsulationStateSize is the size of a stored encapsulation state.
	EncapsulationStateSize = stateEnd + checksumSize

	// EncapsulationVectorSize512 is the size of an ML-KEM-512 encapsulation vector.
	EncapsulationVectorSize512 = 768
	// CiphertextPart1Size512 is the size of part 1 of an ML-KEM-512 ciphertext.
	CiphertextPart1Size512 = 640
	// CiphertextPart2Size512 is the size of part 2 of an ML-KEM-512 ciphertext.
	CiphertextPart2Size512 = 128

	// EncapsulationVectorSize768 is the size of an ML-KEM-768 encapsulation vector.
	EncapsulationVectorSize768 = 1152
	// CiphertextPart1Size768 is the size of part 1 of an ML-KEM-768 ciphertext.
	CiphertextPart1Size768 = 960
	// CiphertextPart2Size768 is the size of part 2 of an ML-KEM-768 ciphertext.
	CiphertextPart2Size768 = 128

	// EncapsulationVectorSize1024 is the size of an ML-KEM-1024 encapsulation vector.
	EncapsulationVectorSize1024 = 1536
	// CiphertextPart1Size1024 is the size of part 1 of an ML-KEM-1024 ciphertext.
	CiphertextPart1Size1024 = 1408
	// CiphertextPart2Size1024 is the size of part 2 of an ML-KEM-1024 ciphertext.
	CiphertextPart2Size1024 = 160
)

// A stored state consists of its version, its parameter set, the header, m, and a checksum of all
// before. What expands from these is not stored: it has no form that all implementations share.
//
// The checksum finds accidents and no attacks. Whoever can write a state with a valid checksum
// knows its m, and so the shared key. If a state has another m than the first step, part 2 does not
// fit part 1, and the decapsulation gives a shared key that nobody else has.
const (
	stateVersion = 1
	stateHeader  = 2 // where the header begins
	stateM       = stateHeader + HeaderSize
	stateEnd     = stateM + randomSize
	checksumSize = 16

	checksumLabel = "hybridkem encapsulation state"
)

var (
	errNoState        = fault.New(pkg, kem.ErrNoKey, "the encapsulation state is nil or a zero value")
	errStateDestroyed = fault.New(pkg, kem.ErrDestroyed, "the encapsulation state has been finished, destroyed, or replaced by Begin")
	errStateInUse     = fault.New(pkg, kem.ErrInUse, "the encapsulation state is in use")
	errVector         = fault.New(pkg, kem.ErrEncapsulationKey, "encapsulation vector has a coefficient that is not below q")
	errOtherVector    = fault.New(pkg, kem.ErrEncapsulationKey, "encapsulation vector does not have the hash that is in the header")
	errChecksum       = fault.New(pkg, kem.ErrState, "stored encapsulation state has a wrong checksum")
)

// A stateMemory is the memory of an encapsulation state. The secrets are behind one more pointer, as in
// a privateKey.
type stateMemory struct {
	uses  secret.Uses
	state *mlkem.State
}

// A state is what an encapsulation state refers to, as private is for keys.
type state struct {
	*stateMemory
	generation *secret.Generation
}

// init sets the memory, and returns its generation. The state is that of a destroyed one, so that the first
// step begins as every other.
func (m *stateMemory) init(s *mlkem.State, counters *secret.PublicCounters) secret.Generation {
	m.state = s
	generation := m.uses.Init(s, counters[:])
	m.uses.Destroy(&generation)
	return generation
}

// appendHeader appends the header of the key to b. It returns nil if begin returns an error.
func (k public) appendHeader(b []byte) []byte {
	use, err := k.begin()
	if err != nil {
		return nil
	}
	defer k.uses.End(use)
	return k.ek.AppendHeader(b)
}

// stateError returns an error of secret.Uses as one that tells of states and not of keys.
func stateError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kem.ErrInUse):
		return errStateInUse
	}
	return errStateDestroyed
}

// begin begins a use of the state, which the caller must end.
func (s state) begin() (secret.Use, error) {
	if s.stateMemory == nil {
		return secret.Use{}, errNoState
	}
	use, err := s.uses.Begin(s.generation)
	return use, stateError(err)
}

func (s state) destroy() {
	if s.stateMemory != nil {
		s.uses.Destroy(s.generation)
	}
}

func (s state) destroyed() bool { return s.stateMemory != nil && s.uses.Destroyed(s.generation) }

// checkBegin checks the arguments of a first step, and whether keys may be used.
func checkBegin(p *mlkem.Params, sharedKey, part1, header []byte) error {
	if len(header) != HeaderSize {
		return fault.Length(pkg, "header", header, HeaderSize, "")
	}
	if err := fault.BeginTo(pkg, sharedKey, part1, SharedKeySize, p.C1Size()); err != nil {
		return err
	}
	return fips.Check(pkg)
}

// encapsulate does the first step, whose arguments have been checked. Random bytes are drawn before the old
// state is overwritten, because drawing may panic.
func (s state) encapsulate(sharedKey, part1, header []byte, random derand.Random) (err error) {
	secret.Do(func() {
		var m [randomSize]byte
		if copy(m[:], random.Bytes()) == 0 {
			secret.Random(m[:])
		}
		var r secret.Reset
		if r, err = s.uses.BeginReset(s.generation); err == nil {
			s.state.Begin((*[SharedKeySize]byte)(sharedKey), part1, (*[HeaderSize]byte)(header), &m)
			r.End() // Its error tells of a Destroy meanwhile, which is the same as one after this step.
		}
	})
	return stateError(err)
}

// finishTo does the second step. If it succeeds, it destroys the state.
func (s state) finishTo(part2, vector []byte) error {
	use, err := s.begin()
	if err != nil {
		return err
	}
	p := s.state.Params()
	if err := fault.FinishTo(pkg, part2, vector, p.C2Size(), p.VectorSize()); err != nil {
		s.uses.End(use)
		return err
	}
	var reduced, matches bool
	s.uses.Do(use, func() { reduced, matches = s.state.Finish(part2, vector) })
	switch {
	case !reduced:
		return errVector
	case !matches:
		return errOtherVector
	}
	s.destroy()
	return nil
}

// append appends the stored state to b. It returns nil if begin returns an error.
func (s state) append(b []byte) []byte {
	use, err := s.begin()
	if err != nil {
		return nil
	}
	s.uses.Do(use, func() {
		b = s.state.AppendInputs(append(b, stateVersion, s.state.Params().K()))
		sum := checksum(b)
		b = append(b, sum[:]...)
	})
	return b
}

func checksum(b []byte) [checksumSize]byte {
	var sum [32]byte
	sha3.Sum256(&sum, []byte(checksumLabel), b[:stateEnd])
	return [checksumSize]byte(sum[:])
}

// restore sets a new state from its stored form.
func (s state) restore(b []byte) (err error) {
	if len(b) != EncapsulationStateSize {
		return fault.Length(pkg, "stored encapsulation state", b, EncapsulationStateSize, "")
	}
	version, k := b[0], b[1]
	//ct:declassify version: it is the same in all states
	//ct:declassify k: the parameter set is public
	if version != stateVersion {
		return fault.New(pkg, kem.ErrState, "stored encapsulation state is of version %d, want %d", version, stateVersion)
	}
	if want := s.state.Params().K(); k != want {
		return fault.New(pkg, kem.ErrState, "stored encapsulation state is of another parameter set, whose k is %d and not %d", k, want)
	}
	if err := fips.Check(pkg); err != nil {
		return err
	}
	secret.Do(func() {
		sum := checksum(b)
		valid := subtle.ConstantTimeCompare(sum[:], b[stateEnd:])
		//ct:declassify valid: whether a stored state is valid is public
		if valid != 1 {
			err = errChecksum
			return
		}
		var r secret.Reset
		if r, err = s.uses.BeginReset(s.generation); err == nil {
			s.state.Restore((*[HeaderSize]byte)(b[stateHeader:]), (*[randomSize]byte)(b[stateM:]))
			err = r.End()
		}
	})
	return err
}
