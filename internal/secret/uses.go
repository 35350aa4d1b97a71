package secret

import (
	"sync/atomic"
	"unsafe"
)

// A Uses counts the uses of a secret, so that the secret can be destroyed while it is in use. After
// Destroy no use begins, and the last use to end overwrites the secret. All methods are safe for
// concurrent use.
//
// Many cores may use one key at the same time. A single counter that all of them write to would slow
// them down, so there are several counters, each in a cache line of its own. A goroutine chooses one
// by the address of its stack.
type Uses struct {
	secret    interface{ Overwrite() }
	destroyed atomic.Bool
	over      atomic.Bool // somebody has overwritten the secret or is doing it
	_         [64]byte
	counters  [1 << counterBits]counter
}

const counterBits = 3

type counter struct {
	n atomic.Int32
	_ [60]byte
}

// A Use is a use that has begun and not ended.
type Use struct{ counter *counter }

// Init sets the secret to overwrite. It must be called before all other methods.
func (u *Uses) Init(secret interface{ Overwrite() }) { u.secret = secret }

// Begin begins a use, which the caller must end with End. It reports false, and begins no use, if
// the secret has been destroyed.
func (u *Uses) Begin() (use Use, ok bool) {
	// The stacks of two goroutines are far apart. The calls of one goroutine from the same depth have
	// the same address.
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

// End ends a use, and overwrites the secret if it was the last use of a destroyed one.
func (u *Uses) End(use Use) {
	use.counter.n.Add(-1)
	if u.destroyed.Load() {
		u.overwrite()
	}
}

// Destroy lets no further use begin, and overwrites the secret if it is not in use. It does not wait
// for uses that have begun.
func (u *Uses) Destroy() {
	u.destroyed.Store(true)
	u.overwrite()
}

// Destroyed reports whether Destroy has been called.
func (u *Uses) Destroyed() bool { return u.destroyed.Load() }

// overwrite overwrites a destroyed secret if no use is left. After Destroy, a counter that has been
// zero once counts only attempts to begin a use, which fail.
func (u *Uses) overwrite() {
	for i := range u.counters {
		if u.counters[i].n.Load() != 0 {
			return // The use that is counted here will call overwrite when it ends.
		}
	}
	if u.over.CompareAndSwap(false, true) {
		u.secret.Overwrite()
	}
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
