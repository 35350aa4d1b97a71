package secret

import (
	"sync/atomic"
	"unsafe"

	"hybridkem/internal/fault"
	"hybridkem/kem"
)

// A Uses counts the uses of the memory of a key, so that the secret in it can be destroyed, and another
// key can take the place of the key, while others use it. After Destroy no use of the secret begins, and
// the last one to end overwrites the secret. A reset is refused while there is a use. All methods are safe
// for concurrent use.
//
// Many cores may use one key at the same time. A single counter that all of them write to would slow
// them down, so there are several counters, each in a cache line of its own. A goroutine chooses one
// by the address of its stack.
type Uses struct {
	secret   interface{ Overwrite() } // nil if the key is public
	state    word                     // the generation, and the bits below
	counters []counter
}

// The bits of a state, below the generation. With none of them, the key can be used.
const (
	resetting = 1 << 0 // a Reset has begun and not ended

	// The phases of a destroyed key.
	destroyed   = 1 << 1
	overwriting = 2 << 1
	overwritten = 3 << 1
	phases      = 3 << 1

	// generation is the distance of two generations, and the first one.
	generation = 1 << 3
)

// following returns the generation after g. It is never zero, which is the generation of a zero value. On a
// machine of 32 bits, generations repeat after 2²⁹ - 1 resets.
func following(g uintptr) uintptr {
	if g += generation; g == 0 {
		return generation
	}
	return g
}

// A counter counts uses of a secret, and uses of the public key beside it.
type counter struct {
	n [2]atomic.Int32
	_ [56]byte
}

const secretUse, publicUse = 0, 1

// The counters of a key. They lie beside its Uses. The first line of them keeps the others apart from what
// is before them.
type (
	Counters       [1 + 8]counter // for a key pair
	PublicCounters [1 + 4]counter // for a public key, whose memory would grow a lot with more
)

// A Use is a use that has begun and not ended.
type Use struct{ counter *atomic.Int32 }

// Init sets the secret to overwrite, which is nil for a public key, and the counters. It must be called
// before all other methods, and no reset is needed for the first key. Init returns the generation.
func (u *Uses) Init(secret interface{ Overwrite() }, counters []counter) Generation {
	u.secret, u.state, u.counters = secret, generation, counters[1:]
	return generation
}

// Begin begins a use of the secret, which the caller must end with End. It returns an error, and begins
// no use, if the secret has been destroyed, if a reset is in progress, or if there is no key of the given
// generation any more.
func (u *Uses) Begin(own *Generation) (Use, error) { return u.begin(own, secretUse, 0) }

// BeginPublic is Begin for a use of the public key, which stays when the secret is destroyed.
func (u *Uses) BeginPublic(own *Generation) (Use, error) { return u.begin(own, publicUse, phases) }

func (u *Uses) begin(own *Generation, kind int, ignored uintptr) (Use, error) {
	for {
		g, state := u.load(own)
		if state&^ignored != g {
			return Use{}, refusal(g, state, kind)
		}
		// The stacks of two goroutines are far apart. The calls of one goroutine from the same depth
		// have the same address.
		var here byte
		hash := uint32(uintptr(unsafe.Pointer(&here))>>11) * 0x9e3779b1
		use := Use{&u.counters[hash>>29&uint32(len(u.counters)-1)].n[kind]}
		use.counter.Add(1)
		if u.state.Load()&^ignored == g {
			return use, nil
		}
		u.End(use)
	}
}

// load returns a generation and the state of the key. If the generation is that of the variable which is
// being reset, both are from the same moment.
func (u *Uses) load(own *Generation) (g, state uintptr) {
	for {
		g, state = (*word)(own).Load(), u.state.Load()
		if (*word)(own).Load() == g {
			return g, state
		}
	}
}

// current reports whether a key of generation g is there and not destroyed, or is being reset. While a
// reset ends, one variable has the next generation already.
func current(g, state uintptr) bool {
	return state&^resetting == g || state&resetting != 0 && following(state&^resetting) == g
}

var (
	errDestroyed = fault.New("", kem.ErrDestroyed, "the decapsulation key has been destroyed")
	errReplaced  = fault.New("", kem.ErrDestroyed, "the decapsulation key has been destroyed: Reset has put another key in its place")
	errReset     = fault.New("", kem.ErrReset, "Reset has put another key in the place of the encapsulation key")
	errResetting = fault.New("", kem.ErrInUse, "the key is being reset")
	errInUse     = fault.New("", kem.ErrInUse, "the key is in use and cannot be reset")
	errOfPair    = fault.New("", kem.ErrInUse, "the encapsulation key belongs to a decapsulation key and cannot be reset alone")
)

// refusal returns the reason why no use begins.
func refusal(g, state uintptr, kind int) error {
	switch {
	case state&resetting != 0:
		return errResetting
	case kind == publicUse:
		return errReset
	case state&^phases == g:
		return errDestroyed
	}
	return errReplaced
}

// End ends a use, and overwrites the secret if it was the last use of a destroyed one.
func (u *Uses) End(use Use) {
	use.counter.Add(-1)
	if u.state.Load()&phases == destroyed {
		u.overwrite()
	}
}

// Destroy lets no further use of the secret begin, and overwrites the secret if it is not in use. It does
// not wait for uses that have begun. If a reset is in progress, the reset destroys the new key when it
// ends.
func (u *Uses) Destroy(own *Generation) {
	for {
		g, state := u.load(own)
		if !current(g, state) {
			return
		}
		if u.state.CompareAndSwap(state, state|destroyed) {
			u.overwrite()
			return
		}
	}
}

// Destroyed reports whether Destroy has been called, or another key has taken the place of the key.
func (u *Uses) Destroyed(own *Generation) bool { return !current(u.load(own)) }

// overwrite overwrites a destroyed secret if no use is left. After Destroy, a counter that has been
// zero once counts only attempts to begin a use, which fail.
func (u *Uses) overwrite() {
	state := u.state.Load()
	if state&(phases|resetting) != destroyed || u.used(secretUse) {
		return // If it is in use, the last use will call overwrite when it ends.
	}
	g := state &^ phases
	if u.state.CompareAndSwap(state, g|overwriting) {
		defer u.state.Store(g | overwritten)
		u.secret.Overwrite()
	}
}

// used reports whether there are uses of a kind.
func (u *Uses) used(kind int) bool {
	for i := range u.counters {
		if u.counters[i].n[kind].Load() != 0 {
			return true
		}
	}
	return false
}

// A Reset is a reset that has begun and not ended. The zero value is for the first key, before anybody else
// has the memory.
type Reset struct {
	uses      *Uses
	own       *Generation
	g, before uintptr // the generation and the state that cancel restores
}

// BeginReset begins a reset of a key pair, which the caller must end, and overwrites the old secret. Until the
// end, no use and no other reset can begin. It returns an error, and changes nothing, if there is a use of the
// secret or of the public key, if another reset is in progress, or if there is no key of the given generation
// any more. A destroyed key can be reset.
func (u *Uses) BeginReset(own *Generation) (Reset, error) {
	r, err := u.beginReset(own, secretUse)
	if err != nil || r.before == r.g|overwritten {
		return r, err
	}
	r.before = r.g | overwritten
	done := false
	defer func() {
		if !done { // Overwrite has panicked.
			r.cancel()
		}
	}()
	u.secret.Overwrite()
	done = true
	return r, nil
}

// BeginPublicReset is BeginReset for a public key. It also returns an error if the key is that of a key
// pair.
func (u *Uses) BeginPublicReset(own *Generation) (Reset, error) {
	if u.secret != nil {
		return Reset{}, errOfPair
	}
	return u.beginReset(own, publicUse)
}

func (u *Uses) beginReset(own *Generation, kind int) (Reset, error) {
	g, state := u.load(own)
	switch {
	case state == g, state == g|overwritten:
	case state&^phases == g:
		return Reset{}, errInUse // The last use of a destroyed secret has not ended.
	default:
		return Reset{}, refusal(g, state, kind)
	}
	if !u.state.CompareAndSwap(state, g|resetting) {
		return Reset{}, errInUse
	}
	r := Reset{u, own, g, state}
	if u.used(secretUse) || u.used(publicUse) {
		r.cancel()
		return Reset{}, errInUse
	}
	return r, nil
}

// cancel ends a reset. The state is as before.
func (r Reset) cancel() {
	if r.uses.state.CompareAndSwap(r.g|resetting, r.before) {
		return
	}
	r.uses.state.Store(r.before | destroyed) // Destroy has been called meanwhile.
	r.uses.overwrite()
}

// End ends a reset. The new key can be used, through the variable that has been reset and copies made
// from now on. If Destroy has been called meanwhile, End destroys the new key and returns an error.
func (r Reset) End() error {
	if r.uses == nil {
		return nil
	}
	next := following(r.g)
	(*word)(r.own).Store(next)
	if r.uses.state.CompareAndSwap(r.g|resetting, next) {
		return nil
	}
	defer r.uses.state.Store(next | overwritten)
	r.uses.secret.Overwrite()
	return errDestroyed
}

// OrDestroy runs f, and destroys key if f returns an error or panics.
func OrDestroy(key interface{ Destroy() }, f func() error) (err error) {
	done := false
	defer func() {
		if !done || err != nil {
			key.Destroy()
		}
	}()
	err = f()
	done = true
	return err
}
