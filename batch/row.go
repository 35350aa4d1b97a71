package batch

import (
	"sync"

	"hybridkem/internal/fault"
	"hybridkem/internal/many"
	"hybridkem/kem"
)

type operation int

const (
	generate operation = iota
	parse
	encapsulate
	decapsulate
)

// A call is an operation with its arguments and its results.
type call struct {
	op                    operation
	kem                   kem.KEM              // of generate and parse
	generated             kem.DecapsulationKey // the result of generate
	encoded               []byte               // the argument of parse
	ek                    kem.EncapsulationKey // the result of parse, or the key of encapsulate
	dk                    kem.Decapsulator     // the key of decapsulate
	sharedKey, ciphertext []byte
}

// run does the operation.
func (c *call) run() (err error) {
	switch c.op {
	case generate:
		c.generated, err = c.kem.GenerateKey()
	case parse:
		c.ek, err = c.kem.NewEncapsulationKey(c.encoded)
	case encapsulate:
		err = c.ek.EncapsulateTo(c.sharedKey, c.ciphertext)
	case decapsulate:
		err = c.dk.DecapsulateTo(c.sharedKey, c.ciphertext)
	}
	return err
}

// group returns the KEM that can do c together with other calls. It returns nil if c must run alone:
// if code of another module takes part, which may panic, and if the arguments have wrong sizes.
func (c *call) group() many.KEM {
	k, key := c.kem, any(nil)
	switch c.op {
	case encapsulate:
		k, key = c.ek.KEM(), c.ek
	case decapsulate:
		k, key = c.dk.KEM(), c.dk
	}
	m, ok := many.Of(k)
	if !ok || key != nil && !m.Knows(key) || !c.fits(m) {
		return nil
	}
	return m
}

// fits reports whether the arguments have the sizes of k.
func (c *call) fits(k kem.KEM) bool {
	switch c.op {
	case parse:
		return len(c.encoded) == k.EncapsulationKeySize()
	case encapsulate:
		return fault.EncapsulateTo(pkg, c.sharedKey, c.ciphertext, k.SharedKeySize(), k.CiphertextSize()) == nil
	case decapsulate:
		return fault.DecapsulateTo(pkg, c.sharedKey, c.ciphertext, k.SharedKeySize(), k.CiphertextSize()) == nil
	}
	return true
}

// A row is a call that waits, and its copy of what another goroutine may read or write. Its owner is
// the caller, except that the queue owns it while it waits, and the goroutine that runs the batch
// while it is taken or abandoned.
type row struct {
	call
	err    error
	group  many.KEM // nil if the call must run alone
	memory []byte   // for the slices in call

	state      state         // guarded by Queue.mu while the caller is not the owner
	wake       chan struct{} // tells the caller that the state is leading or done
	prev, next *row
}

type state int

const (
	waiting   state = iota // in the list of the queue
	leading                // the caller runs the next batch
	taken                  // another goroutine runs the batch
	abandoned              // the same, but the caller has gone
	done                   // the results are there
)

// newRow returns a row for c.
func (q *Queue) newRow(c *call) *row {
	group := c.group()
	q.mu.Lock()
	r := q.free
	if r != nil {
		q.free = r.next
	}
	q.mu.Unlock()
	if r == nil {
		r = &row{wake: make(chan struct{}, 1)}
	}
	r.call, r.group = *c, group
	if group == nil {
		return r // it runs with the memory of the caller
	}
	end := len(c.sharedKey) + len(c.ciphertext)
	size := end + len(c.encoded)
	if size > cap(r.memory) {
		r.memory = make([]byte, size)
	}
	r.memory = r.memory[:size]
	r.sharedKey, r.ciphertext, r.encoded = r.memory[:len(c.sharedKey)], r.memory[len(c.sharedKey):end], r.memory[end:]
	copy(r.ciphertext, c.ciphertext)
	copy(r.encoded, c.encoded)
	return r
}

// deliver gives the results of r to c.
func (r *row) deliver(c *call) error {
	if r.err != nil {
		return r.err
	}
	switch c.op {
	case generate:
		c.generated = r.generated
	case parse:
		c.ek = r.ek
	case encapsulate:
		copy(c.sharedKey, r.sharedKey)
		copy(c.ciphertext, r.ciphertext)
	case decapsulate:
		copy(c.sharedKey, r.sharedKey)
	}
	return nil
}

// recycle makes r free.
func (q *Queue) recycle(r *row) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.put(r)
}

// put overwrites r and makes it free.
func (q *Queue) put(r *row) {
	if r.state == abandoned && r.generated != nil {
		r.generated.Destroy()
	}
	clear(r.memory)
	*r = row{memory: r.memory[:0], wake: r.wake, next: q.free}
	q.free = r
}

// push puts r at the end of the list.
func (q *Queue) push(r *row) {
	r.state, r.prev, r.next = waiting, q.last, nil
	if q.last == nil {
		q.first = r
	} else {
		q.last.next = r
	}
	q.last = r
	q.waiting++
}

// remove removes r from the list.
func (q *Queue) remove(r *row) {
	if r.prev == nil {
		q.first = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		q.last = r.prev
	} else {
		r.next.prev = r.prev
	}
	r.prev, r.next = nil, nil
	q.waiting--
}

// A batch is memory for the rows of a batch, which have the same operation and the same KEM.
type batch struct {
	keyPairs       [many.Width]KeyPair
	publicKeys     [many.Width]PublicKey
	encapsulations [many.Width]Encapsulation
	decapsulations [many.Width]Decapsulation
}

var batchPool = sync.Pool{New: func() any { return new(batch) }}

// runTogether does the calls of rows, which have the same operation and the same KEM. It reports
// false, and none of the calls is done, if something panics.
func runTogether(rows []*row) (ended bool) {
	defer func() {
		if !ended {
			recover()
		}
	}()
	b := batchPool.Get().(*batch)
	b.run(rows)
	*b = batch{}
	batchPool.Put(b)
	return true
}

func (b *batch) run(rows []*row) {
	switch rows[0].op {
	case generate:
		Generate(rows[0].kem, b.keyPairs[:len(rows)])
		for i, r := range rows {
			r.generated, r.err = b.keyPairs[i].Key, b.keyPairs[i].Err
		}
	case parse:
		for i, r := range rows {
			b.publicKeys[i].Bytes = r.encoded
		}
		Parse(rows[0].kem, b.publicKeys[:len(rows)])
		for i, r := range rows {
			r.ek, r.err = b.publicKeys[i].Key, b.publicKeys[i].Err
		}
	case encapsulate:
		for i, r := range rows {
			b.encapsulations[i] = Encapsulation{Key: r.ek, SharedKey: r.sharedKey, Ciphertext: r.ciphertext}
		}
		Encapsulate(b.encapsulations[:len(rows)])
		for i, r := range rows {
			r.err = b.encapsulations[i].Err
		}
	case decapsulate:
		for i, r := range rows {
			b.decapsulations[i] = Decapsulation{Key: r.dk, SharedKey: r.sharedKey, Ciphertext: r.ciphertext}
		}
		Decapsulate(b.decapsulations[:len(rows)])
		for i, r := range rows {
			r.err = b.decapsulations[i].Err
		}
	}
}
