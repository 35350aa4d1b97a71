package batch

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"hybridkem/internal/fault"
	"hybridkem/internal/many"
	"hybridkem/kem"
)

var (
	// ErrBusy means that as many callers wait in a [Queue] as its limit allows.
	ErrBusy = errors.New("batch: too many callers wait")
	// ErrClosed means that a [Queue] has been closed.
	ErrClosed = errors.New("batch: the queue is closed")

	errNoContext = fault.New(pkg, kem.ErrUnsupported, "the context is nil")
)

// A Queue does operations of many goroutines, and joins those that have to wait.
//
// A queue lets a number of batches run at once. A caller who comes while fewer run begins one, in
// the caller's own goroutine. A caller who comes while so many run waits. When a batch ends, the
// caller who has waited longest runs the next one. It consists of the operations of that caller and
// of up to seven others who wait: those with the same operation and the same KEM, the oldest first.
// A queue has no goroutines of its own, and nobody waits for company that is not there: a batch that
// begins only lets goroutines run before that are ready to run and have no processor.
//
// Each batch begins with the oldest caller. So a caller waits for at most as many batches as there
// are callers before it. Among the 32 oldest, younger callers may overtake older ones whose KEM or
// operation differs. At most 7·(30 + batches) callers overtake any other.
//
// The methods return what the operation itself would return, or ErrBusy if too many callers wait,
// ErrClosed after Close, or the error of the context if it ends while the caller waits. They then
// return at once, even if another goroutine is at work on the operation, and nothing reads or writes
// the buffers any more: whatever other goroutines read and write is a copy, which is overwritten
// afterwards. The key may still be in use for a moment. Once the caller's own goroutine runs a batch,
// the context does not stop it.
//
// Operations that are not done together run alone, each in the goroutine of its caller: those of hybrids
// with NIST curves, and those of KEMs and keys from other modules. So a panic of such a key reaches the
// caller of the operation that panics, and nobody else.
//
// The methods are safe for concurrent use. They allocate nothing in the steady state, apart from
// what the operation itself allocates. An operation must not wait for the queue that runs it.
type Queue struct {
	limit, batches int

	mu          sync.Mutex
	idle        sync.Cond // no batch runs
	closed      bool
	running     int  // batches; while it is less than q.batches, nobody waits
	waiting     int  // rows from first to last
	first, last *row // the oldest and the newest
	free        *row // rows to use again

	// How many batches have begun since one has let others run, and after how many the next one does.
	skipped, interval int
}

// NewQueue returns a queue that lets at most limit callers wait, and runs at most the given number
// of batches at once. If batches is zero or less, it is GOMAXPROCS at the time of the call.
func NewQueue(limit, batches int) *Queue {
	if batches <= 0 {
		batches = runtime.GOMAXPROCS(0)
	}
	q := &Queue{limit: limit, batches: batches}
	q.idle.L = &q.mu
	return q
}

// Close makes the queue refuse calls with [ErrClosed] from then on. Calls that have begun, also
// those that wait, end as usual. Close returns when no operation is left.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for q.running > 0 {
		q.idle.Wait()
	}
}

// Generate is the method GenerateKey of k.
func (q *Queue) Generate(ctx context.Context, k kem.KEM) (kem.DecapsulationKey, error) {
	if k == nil {
		return nil, errNoKEM
	}
	c := call{op: generate, kem: k}
	err := q.do(ctx, &c)
	return fault.OrNil(c.generated, err)
}

// Parse is the method NewEncapsulationKey of k.
func (q *Queue) Parse(ctx context.Context, k kem.KEM, encapsulationKey []byte) (kem.EncapsulationKey, error) {
	if k == nil {
		return nil, errNoKEM
	}
	c := call{op: parse, kem: k, encoded: encapsulationKey}
	err := q.do(ctx, &c)
	return fault.OrNil(c.ek, err)
}

// Encapsulate is the method EncapsulateTo of ek.
func (q *Queue) Encapsulate(ctx context.Context, ek kem.EncapsulationKey, sharedKey, ciphertext []byte) error {
	if ek == nil {
		return errNoEncapsulation
	}
	return q.do(ctx, &call{op: encapsulate, ek: ek, sharedKey: sharedKey, ciphertext: ciphertext})
}

// Decapsulate is the method DecapsulateTo of dk.
func (q *Queue) Decapsulate(ctx context.Context, dk kem.Decapsulator, sharedKey, ciphertext []byte) error {
	if dk == nil {
		return errNoDecapsulation
	}
	return q.do(ctx, &call{op: decapsulate, dk: dk, sharedKey: sharedKey, ciphertext: ciphertext})
}

// do does c at once or waits.
func (q *Queue) do(ctx context.Context, c *call) error {
	if ctx == nil {
		return errNoContext
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if begun, err := q.enter(nil); err != nil {
		return err
	} else if begun {
		return q.begin(ctx, c)
	}
	// The methods of keys and contexts may be code of another module. The lock is not held here, and a
	// panic leaves nothing behind.
	r, done := q.newRow(c), ctx.Done()
	if begun, err := q.enter(r); err != nil {
		q.recycle(r)
		return err
	} else if begun {
		q.recycle(r)
		return q.begin(ctx, c)
	}
	return q.wait(ctx, done, r, c)
}

// begin runs a batch that begins with c, which has not waited.
//
// Goroutines that are ready to run but have no processor are not in the queue, and would hardly get into it
// as long as those that have one call again and again. So begin lets them run before. If none of them comes,
// it does so less often.
func (q *Queue) begin(ctx context.Context, c *call) error {
	q.mu.Lock()
	q.skipped++
	invite := q.skipped >= q.interval
	q.mu.Unlock()
	if !invite {
		return q.runAlone(c)
	}
	runtime.Gosched()
	q.mu.Lock()
	q.skipped = 0
	came := q.waiting > 0
	if came {
		q.interval = 0
	} else {
		q.interval = min(q.interval+1, maxInterval)
	}
	q.mu.Unlock()
	if !came {
		return q.runAlone(c)
	}
	var r *row
	defer func() {
		if r == nil { // A method of the key has panicked, or ended the goroutine.
			q.end(nil)
		}
	}()
	r = q.newRow(c)
	defer q.recycle(r)
	return q.lead(ctx, r, c)
}

// maxInterval is how many batches begin without letting others run before, if nobody has come for long.
const maxInterval = 16

// enter begins a batch, if one more may run. Otherwise it lets r wait if it is not nil.
func (q *Queue) enter(r *row) (begun bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, ErrClosed
	case q.running < q.batches:
		q.running++
		return true, nil
	case q.waiting >= q.limit:
		return false, ErrBusy
	case r != nil:
		q.push(r)
	}
	return false, nil
}

// wait waits until another goroutine has done r, or until it is the turn of r to run a batch. done is the
// channel of ctx.
func (q *Queue) wait(ctx context.Context, done <-chan struct{}, r *row, c *call) error {
	select {
	case <-r.wake:
	case <-done:
		if q.withdraw(r) {
			return ctx.Err()
		}
		<-r.wake // whoever changed the state is about to send it
	}
	// From here on, no other goroutine has r.
	defer q.recycle(r)
	if r.state == leading {
		return q.lead(ctx, r, c)
	}
	return r.deliver(c)
}

// withdraw takes back r, unless it is done or its turn has come.
func (q *Queue) withdraw(r *row) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch r.state {
	case waiting:
		q.remove(r)
		q.put(r)
	case taken:
		r.state = abandoned
	default:
		return false
	}
	return true
}

// lead runs a batch that begins with r. Without others, it uses the caller's buffers.
func (q *Queue) lead(ctx context.Context, r *row, c *call) error {
	batch := [many.Width]*row{r}
	n := 1
	defer func() { q.end(batch[1:n]) }() // also if a method of ctx panics
	if err := ctx.Err(); err != nil {
		return err
	}
	n = q.join(&batch)
	if n == 1 || !runTogether(batch[:n]) {
		return c.run()
	}
	return r.deliver(c)
}

// runAlone runs c as a batch.
func (q *Queue) runAlone(c *call) error {
	defer q.end(nil) // also if the operation panics, or ends the goroutine
	return c.run()
}

// window is how many of the oldest rows can be taken into a batch.
const window = 4 * many.Width

// join adds rows that wait to a batch that has only its first row. It returns how many rows it has then.
func (q *Queue) join(batch *[many.Width]*row) (n int) {
	leader := batch[0]
	n = 1
	if leader.group == nil {
		return n
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.first
	for seen := 0; r != nil && seen < window && n < len(batch); seen++ {
		next := r.next
		if r.op == leader.op && r.group == leader.group {
			q.remove(r)
			r.state, r.err = taken, ErrNotDone
			batch[n] = r
			n++
		}
		r = next
	}
	return n
}

// end ends a batch. It wakes the callers of rows, and lets the oldest that waits run the next batch.
// If the batch has come to a bad end, rows that are not done run alone.
func (q *Queue) end(rows []*row) {
	var wake [many.Width]*row // The first is the next to run a batch, if there is one.
	n := 1
	q.mu.Lock()
	for _, r := range rows {
		switch {
		case r.state == abandoned:
			q.put(r)
			continue
		case r.err == ErrNotDone:
			r.state, r.group = leading, nil
			q.running++
		default:
			r.state = done
		}
		wake[n] = r
		n++
	}
	if r := q.first; r != nil && q.running <= q.batches {
		q.remove(r)
		r.state = leading
		wake[0] = r
	} else if q.running--; q.running == 0 {
		q.idle.Broadcast()
	}
	q.mu.Unlock()
	// The scheduler runs the goroutine first that is woken last. If this were the next to run a batch,
	// and so on, then those whose operations are done would wait until the time slice is over.
	for _, r := range wake[:n] {
		if r != nil {
			r.wake <- struct{}{}
		}
	}
}
