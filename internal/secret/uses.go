package secret

import (
	"sync/atomic"
	"unsafe"
)

// A Uses counts the uses of a secret that can be destroyed meanwhile. After Destroy no use
// begins, and the secret is overwritten when none is left. All methods are safe for concurrent
// use.
//
// One key may be in use on many cores at once, and a counter that all of them write to would
// slow them down. So there are several counters, each in cache lines of its own, and a goroutine
// takes the one that its stack's address gives.
type Uses struct {
	secret    interface{ Overwrite() }
	destroyed atomic.Bool
	over      atomic.Bool // the secret is overwritten, or about to be
	_         [64]byte
	counters  [1 << counterBits]counter
}

const counterBits = 3

type counter struct {
	n atomic.Int32
	_ [60]byte
}

// A Use is a use that has begun.
type Use struct{ counter *counter }

// Init sets the secret to overwrite. It comes before all else.
func (u *Uses) Init(secret interface{ Overwrite() }) { u.secret = secret }

// Begin begins a use, which must End, unless the secret is destroyed.
func (u *Uses) Begin() (use Use, ok bool) {
	// Stacks are far apart, and a goroutine's calls of the same depth are at one address.
	var here byte
	hash := uint32(uintptr(unsafe.Pointer(&here))>>11) * 0x9e3779b1
	use = Use{&u.counters[hash>>(32-counterBits)]}
	use.counter.n.Add(1)
	if u.destroyed.Load() {
		u.End(use)
		return Use{}, false
	}
	return use, true
}

// End ends a use.
func (u *Uses) End(use Use) {
	use.counter.n.Add(-1)
	if u.destroyed.Load() {
		u.overwrite()
	}
}

// Destroy destroys the secret. It does not wait for uses that have begun.
func (u *Uses) Destroy() {
	u.destroyed.Store(true)
	u.overwrite()
}

// Destroyed reports whether Destroy has been called.
func (u *Uses) Destroyed() bool { return u.destroyed.Load() }

// overwrite overwrites a destroyed secret if no use is left. A counter that has been zero
// since Destroy counts no use any more, only attempts to begin one.
func (u *Uses) overwrite() {
	for i := range u.counters {
		if u.counters[i].n.Load() != 0 {
			return // The use counted there ends later, and then comes here itself.
		}
	}
	if u.over.CompareAndSwap(false, true) {
		u.secret.Overwrite()
	}
}
