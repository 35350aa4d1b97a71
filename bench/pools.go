package main

import (
	"bytes"
	"container/list"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"syscall"
	"time"

	"hybridkem/batch"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

const (
	// poolSlots is the size of the bounded pools, as in the throughput test of kstzv/ml-kem.
	poolSlots = 16
	// workspaceSize is what an operation of this module uses of the stack, rounded up.
	workspaceSize = 15 << 10
	// cachedKeys is the number of keys in the cache, out of all keys that requests are for.
	cachedKeys = inputs / 2
)

// errRefused is the error of a pool that has no free slot.
var errRefused = errors.New("no free slot")

// A target is a KEM with keys, and with ciphertexts for them.
type target struct {
	kem  kem.KEM
	keys [inputs]struct {
		seed, ciphertext, sharedKey []byte
		dk                          kem.DecapsulationKey
	}
	// requests are the numbers of keys in the order in which requests are for them.
	// Key i comes 1/(i+1) times as often as key 0.
	requests [1 << 12]uint8
}

func newTarget(k kem.KEM) (*target, error) {
	t := &target{kem: k}
	var total float64
	for i, seed := range fixedSeeds(k.SeedSize()) {
		dk, err := k.NewDecapsulationKey(seed)
		if err != nil {
			return nil, err
		}
		key := &t.keys[i]
		key.seed, key.dk = seed, dk
		key.sharedKey, key.ciphertext = dk.PublicKey().Encapsulate()
		total += 1 / float64(i+1)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range t.requests {
		for at := r.Float64() * total; ; t.requests[i]++ {
			if at -= 1 / float64(t.requests[i]+1); at < 0 {
				break
			}
		}
	}
	return t, nil
}

func poolTargets() ([]*target, error) {
	var targets []*target
	for _, k := range []kem.KEM{mlkem.KEM768(), xwing.KEM()} {
		t, err := newTarget(k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name(), err)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// A decapsulator decapsulates the ciphertext for key i. As a caller reads the shared key
// before its memory goes back to a pool, it returns a part of the shared key.
type decapsulator func(i int) (part uint64, err error)

func partOf(sharedKey []byte) uint64 { return binary.LittleEndian.Uint64(sharedKey) }

// A mode is a way in which a server can decapsulate.
type mode struct {
	name string
	// begin returns a function that makes the decapsulator of one goroutine, and a
	// function that ends the mode.
	begin func(t *target) (worker func() decapsulator, end func())
}

// The modes whose names the document needs.
const (
	modeTo         = "DecapsulateTo, own buffer"
	modeAllocates  = "Decapsulate, allocates"
	modeBuffers    = "sync.Pool of buffers"
	modeWorkspaces = "sync.Pool of workspaces"
	modeFromSeed   = "from the seed each time"
	modeCache      = "bounded cache of keys"
	modeReset      = "from the seed, into a reused key"
	modeFresh      = "fresh goroutine each time"
	modeQueue      = "queue of package batch"
)

var (
	modeRefuses   = fmt.Sprintf("pool of %d, refuses", poolSlots)
	modeWaits     = fmt.Sprintf("pool of %d, waits", poolSlots)
	modeSmall     = "too small a pool, refuses"
	modeSmallWait = "too small a pool, waits"
)

// fewSlots is the size of a pool that is too small for all processors to work.
func fewSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// poolModes are all modes. Throughputs are compared with the first one's.
var poolModes = []mode{
	{modeTo, shared(func(t *target) decapsulator { return t.into(make([]byte, t.kem.SharedKeySize())) })},
	{modeAllocates, shared(func(t *target) decapsulator {
		return func(i int) (uint64, error) {
			sharedKey, err := t.keys[i].dk.Decapsulate(t.keys[i].ciphertext)
			if err != nil {
				return 0, err
			}
			return partOf(sharedKey), nil
		}
	})},
	{modeBuffers, func(t *target) (func() decapsulator, func()) { return pooled(t, t.kem.SharedKeySize()) }},
	{modeWorkspaces, func(t *target) (func() decapsulator, func()) { return pooled(t, workspaceSize) }},
	{modeRefuses, func(t *target) (func() decapsulator, func()) { return bounded(t, poolSlots, true) }},
	{modeWaits, func(t *target) (func() decapsulator, func()) { return bounded(t, poolSlots, false) }},
	{modeSmall, func(t *target) (func() decapsulator, func()) { return bounded(t, fewSlots(), true) }},
	{modeSmallWait, func(t *target) (func() decapsulator, func()) { return bounded(t, fewSlots(), false) }},
	{modeFromSeed, shared(func(t *target) decapsulator {
		buffer := make([]byte, t.kem.SharedKeySize())
		return func(i int) (uint64, error) {
			dk, err := t.kem.NewDecapsulationKey(t.keys[i].seed)
			if err != nil {
				return 0, err
			}
			defer dk.Destroy()
			err = dk.DecapsulateTo(buffer, t.keys[i].ciphertext)
			return partOf(buffer), err
		}
	})},
	{modeReset, reused},
	{modeCache, cached},
	{modeFresh, shared(func(t *target) decapsulator {
		decapsulate := t.into(make([]byte, t.kem.SharedKeySize()))
		done := make(chan error)
		var part uint64
		return func(i int) (uint64, error) {
			go func() {
				var err error
				part, err = decapsulate(i)
				done <- err
			}()
			err := <-done
			return part, err
		}
	})},
	{modeQueue, queued},
}

// shared returns the begin of a mode whose goroutines share nothing.
func shared(worker func(t *target) decapsulator) func(t *target) (func() decapsulator, func()) {
	return func(t *target) (func() decapsulator, func()) {
		return func() decapsulator { return worker(t) }, func() {}
	}
}

// into returns a decapsulator that writes to the buffer.
func (t *target) into(buffer []byte) decapsulator {
	return func(i int) (uint64, error) {
		err := t.keys[i].dk.DecapsulateTo(buffer, t.keys[i].ciphertext)
		return partOf(buffer), err
	}
}

// pooled takes memory of the given size from a sync.Pool for each operation.
func pooled(t *target, size int) (worker func() decapsulator, end func()) {
	pool := sync.Pool{New: func() any { b := make([]byte, size); return &b }}
	decapsulate := func(i int) (uint64, error) {
		b := pool.Get().(*[]byte)
		defer pool.Put(b)
		sharedKey := (*b)[:t.kem.SharedKeySize()]
		err := t.keys[i].dk.DecapsulateTo(sharedKey, t.keys[i].ciphertext)
		return partOf(sharedKey), err
	}
	return func() decapsulator { return decapsulate }, func() {}
}

// bounded takes one of so many workspaces for each operation. If none is free, it refuses
// or waits.
func bounded(t *target, slots int, refuse bool) (worker func() decapsulator, end func()) {
	free := make(chan []byte, slots)
	for range slots {
		free <- make([]byte, workspaceSize)
	}
	decapsulate := func(i int) (uint64, error) {
		var b []byte
		select {
		case b = <-free:
		default:
			if refuse {
				return 0, errRefused
			}
			b = <-free
		}
		defer func() { free <- b }()
		sharedKey := b[:t.kem.SharedKeySize()]
		err := t.keys[i].dk.DecapsulateTo(sharedKey, t.keys[i].ciphertext)
		return partOf(sharedKey), err
	}
	return func() decapsulator { return decapsulate }, func() {}
}

// A resetter is a key of this module, which can become the key that is encoded.
type resetter interface{ Reset(encoded []byte) error }

// reused expands each key into the memory of the goroutine's last one.
func reused(t *target) (worker func() decapsulator, end func()) {
	return func() decapsulator {
		dk, err := t.kem.NewDecapsulationKey(t.keys[0].seed)
		buffer := make([]byte, t.kem.SharedKeySize())
		return func(i int) (uint64, error) {
			if err == nil {
				err = dk.(resetter).Reset(t.keys[i].seed)
			}
			if err == nil {
				err = dk.DecapsulateTo(buffer, t.keys[i].ciphertext)
			}
			return partOf(buffer), err
		}
	}, func() {}
}

// cached keeps the keys that were used last and expands the others.
func cached(t *target) (worker func() decapsulator, end func()) {
	var mu sync.Mutex
	order := list.New() // of key numbers, the last used in front
	var keys [inputs]kem.DecapsulationKey
	var places [inputs]*list.Element
	lookUp := func(i int) kem.DecapsulationKey {
		mu.Lock()
		defer mu.Unlock()
		if places[i] != nil {
			order.MoveToFront(places[i])
		}
		return keys[i]
	}
	keep := func(i int, dk kem.DecapsulationKey) {
		mu.Lock()
		defer mu.Unlock()
		if places[i] != nil { // another goroutine has expanded it too
			return
		}
		if order.Len() == cachedKeys {
			// Destroy would take the key from goroutines that are about to use it.
			oldest := order.Remove(order.Back()).(int)
			keys[oldest], places[oldest] = nil, nil
		}
		keys[i], places[i] = dk, order.PushFront(i)
	}
	return func() decapsulator {
		buffer := make([]byte, t.kem.SharedKeySize())
		return func(i int) (uint64, error) {
			dk := lookUp(i)
			if dk == nil {
				var err error
				if dk, err = t.kem.NewDecapsulationKey(t.keys[i].seed); err != nil {
					return 0, err
				}
				keep(i, dk)
			}
			err := dk.DecapsulateTo(buffer, t.keys[i].ciphertext)
			return partOf(buffer), err
		}
	}, func() {}
}

// queued lets a queue join the operations of goroutines that have to wait.
func queued(t *target) (worker func() decapsulator, end func()) {
	q := batch.NewQueue(1<<14, 0) // more than any load has goroutines
	return func() decapsulator {
		buffer := make([]byte, t.kem.SharedKeySize())
		return func(i int) (uint64, error) {
			err := q.Decapsulate(context.Background(), t.keys[i].dk, buffer, t.keys[i].ciphertext)
			return partOf(buffer), err
		}
	}, q.Close
}

// check decapsulates with every key and compares the shared keys.
func (m mode) check(t *target) error {
	worker, end := m.begin(t)
	defer end()
	decapsulate := worker()
	for i, key := range t.keys {
		if part, err := decapsulate(i); err != nil {
			return fmt.Errorf("%s, %s: %w", t.kem.Name(), m.name, err)
		} else if !bytes.Equal(binary.LittleEndian.AppendUint64(nil, part), key.sharedKey[:8]) {
			return fmt.Errorf("%s, %s: %w", t.kem.Name(), m.name, errDisagrees)
		}
	}
	return nil
}

// A load is a number of goroutines. In a closed loop, each makes its next request when
// it has the answer to the last one. Otherwise, each makes one request, all at once.
type load struct {
	goroutines int
	atOnce     bool
}

func (l load) String() string {
	switch {
	case l.atOnce:
		return fmt.Sprintf("%d goroutines, one request each, at once", l.goroutines)
	case l.goroutines == 1:
		return "1 goroutine"
	}
	return fmt.Sprintf("%d goroutines", l.goroutines)
}

// A poolSample is what one round has measured of a mode.
type poolSample struct {
	elapsed     time.Duration
	cpu         time.Duration // of all threads
	latencies   histogram
	refused     int
	bytes       uint64 // allocated
	collections uint32
	stack       uint64 // of all goroutines, when each has done its first request
}

// run measures a mode under the load, for about d in a closed loop.
func (m mode) run(t *target, l load, d time.Duration) (*poolSample, error) {
	worker, end := m.begin(t)
	defer end()
	for range 2 { // earlier goroutines leave stacks behind, and pools survive one collection
		runtime.GC()
	}
	var idle, before, after runtime.MemStats
	runtime.ReadMemStats(&idle)
	samples, errs := make([]poolSample, l.goroutines), make([]error, l.goroutines)
	if l.atOnce {
		samples = make([]poolSample, 1)
	}
	ends := make([]time.Duration, l.goroutines)
	begin, leave := make(chan bool), make(chan bool)
	var ready, done, left sync.WaitGroup
	ready.Add(l.goroutines)
	done.Add(l.goroutines)
	var start time.Time
	for g := range l.goroutines {
		decapsulate := worker()
		left.Go(func() {
			if !l.atOnce {
				decapsulate(0) // the stack grows now, as it does once in a server
			}
			ready.Done()
			<-begin
			if l.atOnce {
				_, errs[g] = decapsulate(int(t.requests[g%len(t.requests)]))
				ends[g] = time.Since(start)
			} else {
				ends[g], errs[g] = t.closedLoop(decapsulate, g, start, d, &samples[g])
			}
			done.Done()
			<-leave
		})
	}
	ready.Wait()
	runtime.ReadMemStats(&before)
	used := cpuTime()
	start = time.Now()
	close(begin)
	done.Wait()
	used = cpuTime() - used
	runtime.ReadMemStats(&after)
	close(leave)
	left.Wait()

	total := &samples[0]
	for g := range l.goroutines {
		total.elapsed = max(total.elapsed, ends[g])
		switch {
		case l.atOnce && errs[g] == errRefused:
			total.refused++
		case errs[g] != nil:
			return nil, fmt.Errorf("%s, %s: %w", t.kem.Name(), m.name, errs[g])
		case l.atOnce:
			total.latencies.add(ends[g])
		case g > 0:
			total.latencies.merge(&samples[g].latencies)
			total.refused += samples[g].refused
		}
	}
	if total.latencies.total == 0 {
		return nil, fmt.Errorf("%s, %s: all requests were refused", t.kem.Name(), m.name)
	}
	total.cpu = used
	total.bytes = after.TotalAlloc - before.TotalAlloc
	total.collections = after.NumGC - before.NumGC
	total.stack = max(after.StackInuse, idle.StackInuse) - idle.StackInuse
	return total, nil
}

// closedLoop makes one request after the other until d has passed since start, and
// returns when the last one ended. A request that is refused is made again. Between
// requests, the goroutine lets others run, as one that waits for its client does. The
// latency of a request includes the time until its goroutine runs again.
func (t *target) closedLoop(decapsulate decapsulator, g int, start time.Time, d time.Duration, s *poolSample) (last time.Duration, err error) {
	for i := 31 * g; last < d; i++ {
		_, err := decapsulate(int(t.requests[i%len(t.requests)]))
		for ; err == errRefused; _, err = decapsulate(int(t.requests[i%len(t.requests)])) {
			s.refused++
			runtime.Gosched()
		}
		if err != nil {
			return last, err
		}
		now := time.Since(start)
		s.latencies.add(now - last)
		last = now
		runtime.Gosched()
	}
	return last, nil
}

// cpuTime returns how long the processors have worked for this process.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // cannot happen with these arguments
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
