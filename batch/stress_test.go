package batch_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hybridkem/batch"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// TestStress lets many goroutines use a queue, with contexts that end at any time, operations that
// panic or end their goroutine, and keys that are destroyed. Each caller gets a right result, or an
// error and an untouched buffer, and uses the buffers as soon as the call has returned.
func TestStress(t *testing.T) {
	duration := 1500 * time.Millisecond
	if testing.Short() {
		duration = 200 * time.Millisecond
	}
	const limit, batches, goroutines = 20, 2, 32
	q := batch.NewQueue(limit, batches)
	foreign := testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey {
			return badKey{dk, func() { panic("bad") }}
		},
	})
	fakes := []*fake{newFake(mlkem.KEM512()), newFake(mlkem.KEM512())}
	bad, ending, destroyed := newPeer(t, foreign), newPeer(t, fakes[1]), newPeer(t, mlkem.KEM512())
	peers := []*peer{
		newPeer(t, fakes[0]), newPeer(t, fakes[0]), newPeer(t, fakes[1]), newPeer(t, mlkem.KEM512()), newPeer(t, xwing.KEM()),
		newPeer(t, testkit.Foreign(mlkem.KEM768(), testkit.Faults{})), bad, ending, destroyed,
	}
	fakes[1].before = func(key any) {
		if key == ending.dk {
			runtime.Goexit()
		}
	}
	destroyed.dk.Destroy()

	var results, canceled, busy, panicked, ended atomic.Int64
	fakes[0].before = func(any) { runtime.Gosched() }
	one := func(random *rand.Rand) {
		p := peers[random.IntN(len(peers))]
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if random.IntN(2) == 0 {
			delay := time.Duration(random.IntN(100)) * time.Microsecond
			go func() {
				time.Sleep(delay)
				cancel()
			}()
		}
		returned := false
		defer func() {
			v := recover()
			switch {
			case returned:
			case v == "bad" && p == bad:
				panicked.Add(1)
			case v == nil: // The goroutine ends.
				ended.Add(1)
			default:
				t.Errorf("a panic: %v", v)
			}
		}()
		var err error
		if random.IntN(4) > 0 {
			err = p.decapsulate(ctx, t, q)
		} else {
			err = p.encapsulate(ctx, t, q)
		}
		returned = true
		switch {
		case err == nil:
			results.Add(1)
		case errors.Is(err, context.Canceled):
			canceled.Add(1)
		case err == batch.ErrBusy:
			busy.Add(1)
		case p != destroyed || !errors.Is(err, kem.ErrDestroyed):
			t.Error(err)
		}
	}
	var group sync.WaitGroup
	stop := time.Now().Add(duration)
	for n := range goroutines {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for time.Now().Before(stop) {
				var call sync.WaitGroup
				call.Go(func() { one(random) }) // It may end its goroutine.
				call.Wait()
			}
		})
	}
	group.Wait()
	q.Close()
	rows, clean := q.Free()
	if !clean || q.Waiting() != 0 || rows == 0 {
		t.Errorf("%d rows are left, all overwritten: %v; %d callers wait", rows, clean, q.Waiting())
	}
	joined := 0
	for _, n := range fakes[0].taken() {
		if n > 1 {
			joined++
		}
	}
	t.Logf("%d results, %d contexts ended, %d times busy, %d panics, %d goroutines ended, %d batches; %d rows",
		results.Load(), canceled.Load(), busy.Load(), panicked.Load(), ended.Load(), joined, rows)
	if results.Load() == 0 || canceled.Load() == 0 || busy.Load() == 0 || panicked.Load() == 0 || ended.Load() == 0 || joined == 0 {
		t.Error("something did not happen at all")
	}
}

// encapsulate encapsulates in q. If there is an error, it checks that nothing has been written.
func (p *peer) encapsulate(ctx context.Context, t testing.TB, q *batch.Queue) error {
	t.Helper()
	sharedKey, ciphertext := make([]byte, len(p.sharedKey)), make([]byte, len(p.ciphertext))
	err := q.Encapsulate(ctx, p.ek, sharedKey, ciphertext)
	if err != nil && (!zero(sharedKey) || !zero(ciphertext)) {
		t.Errorf("the caller got %v and a result", err)
	}
	if _, isBad := p.dk.(badKey); err == nil && !isBad && !p.dk.Destroyed() {
		if got, err := inner(p.dk).Decapsulate(ciphertext); err != nil || !bytes.Equal(got, sharedKey) {
			t.Errorf("a shared key is wrong: %v", err)
		}
	}
	return err
}

// inner returns the key inside a fake key.
func inner(dk kem.DecapsulationKey) kem.DecapsulationKey {
	if f, ok := dk.(*fakeDK); ok {
		return f.DecapsulationKey
	}
	return dk
}

// TestQueueAllocations checks that a queue allocates nothing, for callers who run at once, and for
// those who wait and are done together.
func TestQueueAllocations(t *testing.T) {
	q := batch.NewQueue(10, 1)
	f := newFake(mlkem.KEM512())
	stopper := newPeer(t, newFake(mlkem.KEM512()))
	stopper.dk.(*fakeDK).owner.before = func(any) {
		for q.Waiting() < 3 {
			runtime.Gosched()
		}
	}
	call := func(p *peer) func() {
		sharedKey := make([]byte, len(p.sharedKey))
		return func() {
			if err := q.Decapsulate(t.Context(), p.dk, sharedKey, p.ciphertext); err != nil {
				t.Error(err)
			}
		}
	}
	begin, end := make(chan struct{}), make(chan struct{})
	defer close(begin)
	for i, p := range []*peer{stopper, newPeer(t, f), newPeer(t, f)} {
		call := call(p)
		go func() {
			for range begin {
				for i > 0 && !q.Full() {
					runtime.Gosched()
				}
				call()
				end <- struct{}{}
			}
		}()
	}
	waiter := call(newPeer(t, f))
	testkit.NoAllocations(t, "a queue", func() {
		for range 3 {
			begin <- struct{}{}
		}
		for !q.Full() {
			runtime.Gosched()
		}
		waiter()
		for range 3 {
			<-end
		}
	})
	if groups := f.taken(); len(groups) == 0 || groups[0] != 3 {
		t.Errorf("groups of %v, want only 3", groups)
	}
	stopper.dk.(*fakeDK).owner.before = func(any) {}
	for _, k := range []kem.KEM{mlkem.KEM768(), xwing.KEM()} {
		testkit.NoAllocations(t, k.Name()+" in an idle queue", call(newPeer(t, k)))
	}
}
