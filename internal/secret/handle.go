package secret

import "sync/atomic"

// A word is an atomic.Uintptr that can be set before others see it, without the time of an atomic
// operation, and that can be copied.
type word uintptr

func (w *word) Load() uintptr { return atomic.LoadUintptr((*uintptr)(w)) }

func (w *word) Store(x uintptr) { atomic.StoreUintptr((*uintptr)(w), x) }

func (w *word) CompareAndSwap(old, x uintptr) bool {
	return atomic.CompareAndSwapUintptr((*uintptr)(w), old, x)
}

// A Generation numbers the keys that one after the other are in the same memory.
type Generation word

// Load returns the generation, also while a reset sets it.
func (g *Generation) Load() Generation { return Generation((*word)(g).Load()) }

// A Handle is what the variables of callers hold: the memory of a key, and which of the keys that are in
// this memory one after the other it is. A copy is the same key. The zero value is no key.
type Handle[M any] struct {
	memory     *M
	Generation Generation
}

// NewHandle returns a handle. The generation is from Init, or from another handle.
func NewHandle[M any](memory *M, generation Generation) Handle[M] {
	return Handle[M]{memory, generation}
}

// Memory returns the memory of the key, or nil if h is a zero value.
func (h *Handle[M]) Memory() *M {
	if h.Generation.Load() < generation {
		return nil
	}
	return h.memory // It has been set before the generation, and does not change.
}

// Set makes h, which must be a zero value, a copy of x. It returns an error if somebody else has set h, or is
// doing it.
func (h *Handle[M]) Set(x *Handle[M]) error {
	g := (*word)(&h.Generation)
	if !g.CompareAndSwap(0, generation-1) {
		return errResetting
	}
	h.memory = x.memory
	g.Store(uintptr(x.Generation))
	return nil
}
