package batch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hybridkem"
	"hybridkem/batch"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// A peer is a key with a ciphertext, and the shared key in it.
type peer struct {
	dk                    kem.DecapsulationKey
	ek                    kem.EncapsulationKey
	sharedKey, ciphertext []byte
}

func newPeer(t testing.TB, k kem.KEM) *peer {
	t.Helper()
	dk, err := k.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	ek := dk.PublicKey()
	p := &peer{dk: dk, ek: ek, sharedKey: make([]byte, k.SharedKeySize()), ciphertext: make([]byte, k.CiphertextSize())}
	if err := ek.EncapsulateTo(p.sharedKey, p.ciphertext); err != nil {
		t.Fatal(err)
	}
	if f, ok := k.(*fake); ok {
		f.taken()
	}
	return p
}

// decapsulate decapsulates in q. If there is an error, it checks that nothing has been written.
func (p *peer) decapsulate(ctx context.Context, t testing.TB, q *batch.Queue) error {
	t.Helper()
	got, untouched := bytes.Repeat([]byte{0x5a}, len(p.sharedKey)), bytes.Repeat([]byte{0x5a}, len(p.sharedKey))
	ciphertext := bytes.Clone(p.ciphertext)
	err := q.Decapsulate(ctx, p.dk, got, ciphertext)
	if err == nil && !bytes.Equal(got, p.sharedKey) {
		t.Error("a shared key is wrong")
	}
	if err != nil && !bytes.Equal(got, untouched) {
		t.Errorf("the caller got %v and a shared key", err)
	}
	if !bytes.Equal(ciphertext, p.ciphertext) {
		t.Error("a ciphertext has changed")
	}
	return err
}

// A hall is a queue for one batch. An operation with the key of stopper blocks until open is called.
type hall struct {
	*batch.Queue
	t       *testing.T
	stopper *peer
	door    chan struct{}
}

// newHall returns a hall with the stopper in it.
func newHall(t *testing.T, limit int) *hall {
	h := &hall{batch.NewQueue(limit, 1), t, nil, make(chan struct{})}
	f := newFake(mlkem.KEM512())
	h.stopper = newPeer(t, f)
	f.before = func(any) { <-h.door }
	h.stop()
	return h
}

// stop begins an operation that blocks.
func (h *hall) stop() {
	go func() {
		if err := h.stopper.decapsulate(context.Background(), h.t, h.Queue); err != nil {
			h.t.Error(err)
		}
	}()
	synctest.Wait()
}

// open lets the operation end, and waits until nothing moves any more.
func (h *hall) open() {
	h.door <- struct{}{}
	synctest.Wait()
}

// enter calls f on a goroutine of its own, which then waits in the hall.
func (h *hall) enter(f func()) {
	h.t.Helper()
	before := h.Waiting()
	go f()
	synctest.Wait()
	if h.Waiting() != before+1 {
		h.t.Fatal("a caller does not wait")
	}
}

// close closes the queue, and checks that all of it is clean.
func (h *hall) close(rows int) {
	h.t.Helper()
	h.Close()
	synctest.Wait()
	if n, clean := h.Free(); n != rows || !clean || h.Waiting() != 0 {
		h.t.Errorf("%d rows, want %d; %d wait; all overwritten: %v", n, rows, h.Waiting(), clean)
	}
}

// TestTogether checks that those who wait are done together, up to eight, and that others are not.
func TestTogether(t *testing.T) {
	for waiting := range 20 {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 20)
			f := newFake(mlkem.KEM512())
			p := newPeer(t, f)
			for range waiting {
				h.enter(func() {
					if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
						t.Error(err)
					}
				})
			}
			h.open()
			var want []int
			for n := waiting; n > 0; n -= 8 {
				want = append(want, min(n, 8))
			}
			if got := f.taken(); !slices.Equal(got, want) {
				t.Errorf("%d callers were in groups of %v, want %v", waiting, got, want)
			}
			h.close(waiting)
		})
	}
}

// TestNobodyWaitsForCompany checks that a caller runs at once, and in its own goroutine, while fewer
// batches run than may.
func TestNobodyWaitsForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const batches = 3
		q := batch.NewQueue(10, batches)
		f := newFake(mlkem.KEM512())
		p := newPeer(t, f)
		door := make(chan struct{})
		f.before = func(any) { <-door }
		for n := range batches + 1 {
			goroutines := runtime.NumGoroutine()
			go p.decapsulate(t.Context(), t, q)
			synctest.Wait()
			if got := runtime.NumGoroutine(); got != goroutines+1 {
				t.Errorf("the queue has started %d goroutines", got-goroutines-1)
			}
			if got := len(f.groups); got != min(n+1, batches) {
				t.Errorf("%d of %d callers run", got, n+1)
			}
		}
		close(door)
		q.Close()
	})
}

// TestOperations checks that all operations of all KEMs give the same results in a queue, for
// callers who run at once and for callers who wait.
func TestOperations(t *testing.T) {
	kems := append(hybridkem.All(), newFake(mlkem.KEM768()), testkit.Foreign(mlkem.KEM768(), testkit.Faults{}))
	for _, k := range kems {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 20)
			roundTrip := func() {
				ctx := t.Context()
				dk, err := h.Generate(ctx, k)
				if err != nil {
					t.Errorf("%s: Generate: %v", k.Name(), err)
					return
				}
				ek, err := h.Parse(ctx, k, dk.PublicKey().Bytes())
				if err != nil || !ek.Equal(dk.PublicKey()) {
					t.Errorf("%s: Parse: %v", k.Name(), err)
					return
				}
				sharedKey, ciphertext := make([]byte, k.SharedKeySize()), make([]byte, k.CiphertextSize())
				if err := h.Encapsulate(ctx, ek, sharedKey, ciphertext); err != nil {
					t.Errorf("%s: Encapsulate: %v", k.Name(), err)
				}
				want, err := dk.Decapsulate(ciphertext)
				if err != nil || !bytes.Equal(want, sharedKey) {
					t.Errorf("%s: Encapsulate gives another shared key: %v", k.Name(), err)
				}
				// The shared key may overlap the ciphertext.
				if err := h.Decapsulate(ctx, dk, ciphertext[:k.SharedKeySize()], ciphertext); err != nil || !bytes.Equal(ciphertext[:len(want)], want) {
					t.Errorf("%s: Decapsulate gives another shared key: %v", k.Name(), err)
				}
			}
			const callers = 10
			for range callers {
				h.enter(roundTrip)
			}
			h.open()
			roundTrip()
			h.close(callers)
		})
	}
}

// TestFair checks how many callers overtake one who waits, in the worst case.
func TestFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, 1000)
		begun, beforeVictim := 0, -1 // operations
		newcomer := func() *peer {
			f := newFake(mlkem.KEM512())
			p := newPeer(t, f)
			f.before = func(any) { begun++ }
			return p
		}
		enter := func(p *peer) {
			h.enter(func() {
				if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
					t.Error(err)
				}
			})
		}
		// Each of the first has a KEM of its own, and the victim has another one. Behind the victim stand
		// callers with the KEMs of the first. When it is the turn of caller 29, the first of them comes
		// into the window, and it has the KEM of caller 29. The others follow in the order that lets
		// most of them overtake the victim. A window without end would let those at the end overtake, too.
		const first = 60
		peers := make([]*peer, first)
		for i := range peers {
			peers[i] = newcomer()
			enter(peers[i])
		}
		victim := newcomer()
		victim.dk.(*fakeDK).owner.before = func(any) { beforeVictim = begun }
		enter(victim)
		entered := first + 1
		for i := 29; i < first+29; i++ {
			mates := 7
			if i < first {
				mates = min(7, i-28)
			}
			for range mates {
				enter(peers[i%first])
				entered++
			}
		}
		h.open()
		overtaking := beforeVictim - first
		if bound := 7 * (30 + 1); overtaking < 150 || overtaking > bound {
			t.Errorf("%d callers overtake another, the bound is %d", overtaking, bound)
		}
		h.close(entered)
	})
}

// TestLimit checks that exactly as many callers wait as may, and that the others get ErrBusy.
func TestLimit(t *testing.T) {
	for _, limit := range []int{-1, 0, 1, 5} {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, limit)
			p := newPeer(t, newFake(mlkem.KEM512()))
			call := func() { p.decapsulate(t.Context(), t, h.Queue) }
			for range limit {
				h.enter(call)
			}
			busy := func() {
				if err := p.decapsulate(t.Context(), t, h.Queue); err != batch.ErrBusy {
					t.Errorf("limit %d: %v, want ErrBusy", limit, err)
				}
			}
			busy()
			h.open()
			if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
				t.Errorf("limit %d: %v", limit, err)
			}
			// One who goes makes room for one more.
			if limit > 0 {
				h.stop()
				ctx, cancel := context.WithCancel(t.Context())
				h.enter(func() { p.decapsulate(ctx, t, h.Queue) })
				for range limit - 1 {
					h.enter(call)
				}
				busy()
				cancel()
				synctest.Wait()
				h.enter(call)
				busy()
				h.open()
			}
			h.close(max(limit, 0))
		})
	}
}

// TestContext checks that a caller returns as soon as its context ends, with the buffers as they
// were.
func TestContext(t *testing.T) {
	reason := errors.New("the reason")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	t.Run("before", func(t *testing.T) {
		p := newPeer(t, mlkem.KEM512())
		q := batch.NewQueue(1, 0)
		if err := p.decapsulate(ended, t, q); err != context.Canceled {
			t.Error(err)
		}
		q.Close()
	})
	t.Run("while it waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			f := newFake(mlkem.KEM512())
			p := newPeer(t, f)
			var cancels []func()
			var errs [3]error
			for i := range errs { // the oldest, one in the middle, and the newest
				ctx, cancel := context.WithCancel(t.Context())
				cancels = append(cancels, cancel)
				h.enter(func() { errs[i] = p.decapsulate(ctx, t, h.Queue) })
				if i < 2 {
					h.enter(func() { p.decapsulate(t.Context(), t, h.Queue) })
				}
			}
			for i, cancel := range cancels {
				cancel()
				synctest.Wait()
				if errs[i] != context.Canceled {
					t.Errorf("%v, want Canceled", errs[i])
				}
			}
			if h.Waiting() != 2 {
				t.Errorf("%d callers wait, want 2", h.Waiting())
			}
			h.open()
			if got := f.taken(); !slices.Equal(got, []int{2}) {
				t.Errorf("groups of %v", got)
			}
			h.close(5)
		})
	})
	t.Run("while another goroutine runs the batch", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			f := newFake(mlkem.KEM512())
			dk, err := h.stopper.dk.KEM().(*fake).KEM.GenerateKey()
			if err != nil {
				t.Fatal(err)
			}
			p := &peer{dk: &fakeDK{dk, f}}
			p.sharedKey, p.ciphertext = dk.PublicKey().Encapsulate()
			door := make(chan struct{})
			f.before = func(any) { <-door }
			h.enter(func() {
				if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
					t.Error(err)
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			returned := 0
			k := dk.KEM()
			// The test, which calls the queue, reads and writes the buffers after that. The race
			// detector sees it if the queue uses them as well.
			sharedKey, ciphertext := make([]byte, k.SharedKeySize()), bytes.Clone(p.ciphertext)
			h.enter(func() {
				if err := h.Decapsulate(ctx, p.dk, sharedKey, ciphertext); err != context.Canceled {
					t.Errorf("%v, want Canceled", err)
				}
				clear(ciphertext)
				returned++
			})
			h.enter(func() {
				if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
					t.Error(err)
				}
			})
			h.open()
			if h.Waiting() != 0 || returned != 0 {
				t.Fatal("the batch does not run")
			}
			cancel()
			synctest.Wait()
			if returned != 1 {
				t.Fatal("a caller does not return when its context ends")
			}
			close(door)
			synctest.Wait()
			if !bytes.Equal(sharedKey, make([]byte, len(sharedKey))) {
				t.Error("the queue has written to a buffer after its caller had returned")
			}
			if got := f.taken(); !slices.Equal(got, []int{3}) {
				t.Errorf("groups of %v", got)
			}
			h.close(3)
		})
	})
	t.Run("when its turn has come", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			p := newPeer(t, newFake(mlkem.KEM512()))
			ctx := &lateContext{Context: t.Context()}
			h.enter(func() {
				if err := p.decapsulate(ctx, t, h.Queue); err != context.DeadlineExceeded {
					t.Errorf("%v, want DeadlineExceeded", err)
				}
			})
			h.enter(func() {
				if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
					t.Error(err)
				}
			})
			ctx.err = context.DeadlineExceeded
			h.open()
			h.close(2)
		})
	})
	t.Run("a key that nobody gets", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			f := newFake(mlkem.KEM512())
			door := make(chan struct{})
			var made []kem.DecapsulationKey
			f.made = func(dk kem.DecapsulationKey) { made = append(made, dk) }
			f.before = func(any) { <-door }
			ctx, cancel := context.WithCancel(t.Context())
			h.enter(func() { h.Generate(t.Context(), f) })
			h.enter(func() {
				if dk, err := h.Generate(ctx, f); dk != nil || err != context.Canceled {
					t.Errorf("%v, want Canceled", err)
				}
			})
			h.open()
			cancel()
			synctest.Wait()
			close(door)
			synctest.Wait()
			if len(made) != 2 || made[0].Destroyed() || !made[1].Destroyed() {
				t.Errorf("%d keys: the second must be destroyed, and no other", len(made))
			}
			h.close(2)
		})
	})
}

// A lateContext has ended, but its channel is not closed yet.
type lateContext struct {
	context.Context
	err error
}

func (c *lateContext) Err() error { return c.err }

// TestPanic checks that a panic, or the end of a goroutine, is the matter of one caller only.
func TestPanic(t *testing.T) {
	for name, bad := range map[string]func(){
		"panic":  func() { panic("bad") },
		"Goexit": runtime.Goexit,
	} {
		const callers = 6
		for position := range callers {
			// A KEM of another module runs in the goroutine of its caller.
			t.Run(fmt.Sprintf("%s of a foreign KEM, caller %d", name, position), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHall(t, callers)
					good := newPeer(t, newFake(mlkem.KEM512()))
					other := newPeer(t, testkit.Foreign(mlkem.KEM512(), testkit.Faults{
						DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey { return badKey{dk, bad} },
					}))
					var values [callers]any
					for i := range callers {
						h.enter(func() {
							values[i] = "ended"
							defer func() {
								if v := recover(); v != nil {
									values[i] = v
								}
							}()
							p := good
							if i == position {
								p = other
							}
							values[i] = p.decapsulate(t.Context(), t, h.Queue)
						})
					}
					h.open()
					for i, got := range values {
						want := any(nil)
						if i == position {
							want = map[string]any{"panic": "bad", "Goexit": "ended"}[name]
						}
						if got != want {
							t.Errorf("caller %d: %v, want %v", i, got, want)
						}
					}
					if err := good.decapsulate(t.Context(), t, h.Queue); err != nil {
						t.Error(err)
					}
					h.close(callers)
				})
			})
			// If a KEM of this module panics, then it is in a batch.
			t.Run(fmt.Sprintf("%s in a batch, caller %d", name, position), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHall(t, callers)
					f := newFake(mlkem.KEM512())
					good, other := newPeer(t, f), newPeer(t, f)
					f.before = func(key any) {
						if key == other.dk {
							bad()
						}
					}
					var values [callers]any
					for i := range callers {
						h.enter(func() {
							values[i] = "ended"
							defer func() {
								if v := recover(); v != nil {
									values[i] = v
								}
							}()
							p := good
							if i == position {
								p = other
							}
							values[i] = p.decapsulate(t.Context(), t, h.Queue)
						})
					}
					h.open()
					for i, got := range values {
						want := any(nil)
						switch {
						case i == position:
							want = map[string]any{"panic": "bad", "Goexit": "ended"}[name]
						case i == 0 && name == "Goexit":
							want = "ended" // It ran the batch.
						}
						if got != want {
							t.Errorf("caller %d: %v, want %v", i, got, want)
						}
					}
					if err := good.decapsulate(t.Context(), t, h.Queue); err != nil {
						t.Error(err)
					}
					h.close(callers)
				})
			})
		}
	}
}

// A badKey does something bad in the place of a decapsulation.
type badKey struct {
	kem.DecapsulationKey
	bad func()
}

func (dk badKey) DecapsulateTo(sharedKey, ciphertext []byte) error {
	dk.bad()
	return nil
}

// A trapKey is a key whose KEM does something bad.
type trapKey struct {
	kem.DecapsulationKey
	bad func()
}

func (dk trapKey) KEM() kem.KEM {
	dk.bad()
	return nil
}

// A trapContext is a context with methods that panic once they are armed.
type trapContext struct {
	context.Context
	armedDone, armedErr bool
}

func (c *trapContext) Done() <-chan struct{} {
	if c.armedDone {
		panic("Done")
	}
	return c.Context.Done()
}

func (c *trapContext) Err() error {
	if c.armedErr {
		panic("Err")
	}
	return c.Context.Err()
}

// TestForeignPanic checks that the turn passes on if a key or a context panics where the queue, and not
// the operation, calls it.
func TestForeignPanic(t *testing.T) {
	panicOf := func(f func()) (value any) {
		defer func() { value = recover() }()
		f()
		return nil
	}
	t.Run("Done", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			p := newPeer(t, mlkem.KEM512())
			ctx := &trapContext{Context: t.Context(), armedDone: true}
			if got := panicOf(func() { p.decapsulate(ctx, t, h.Queue) }); got != "Done" || h.Waiting() != 0 {
				t.Errorf("panic %v; %d callers wait", got, h.Waiting())
			}
			h.open()
			if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
				t.Error(err)
			}
			h.Close()
		})
	})
	t.Run("Err", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			p := newPeer(t, mlkem.KEM512())
			ctx := &trapContext{Context: t.Context()}
			h.enter(func() {
				if got := panicOf(func() { p.decapsulate(ctx, t, h.Queue) }); got != "Err" {
					t.Errorf("panic %v", got)
				}
			})
			h.enter(func() {
				if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
					t.Error(err)
				}
			})
			ctx.armedErr = true
			h.open()
			h.close(2)
		})
	})
	// The caller with the bad key lets others run before its batch, and one of them comes and waits.
	t.Run("KEM", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		p := newPeer(t, mlkem.KEM512())
		trapped := 0
		for range 20 {
			q := batch.NewQueue(10, 1)
			done := make(chan struct{})
			go func() {
				defer close(done)
				if err := p.decapsulate(context.Background(), t, q); err != nil {
					t.Error(err)
				}
				q.Close()
			}()
			bad := &peer{dk: trapKey{p.dk, func() { panic("KEM") }}, sharedKey: p.sharedKey, ciphertext: p.ciphertext}
			if panicOf(func() { bad.decapsulate(context.Background(), t, q) }) != nil {
				trapped++
			}
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatal("a caller is left waiting")
			}
		}
		if trapped == 0 {
			t.Error("no caller came")
		}
	})
}

// TestAlone checks that calls run alone if code of another module takes part.
func TestAlone(t *testing.T) {
	own, part := newFake(mlkem.KEM512()), newFake(mlkem.KEM512())
	part.ownRandomness = true // as a hybrid with a part from another module
	for _, test := range []struct {
		name string
		kem  *fake
		wrap func(kem.DecapsulationKey) kem.DecapsulationKey
		want []int
	}{
		{"own key", own, func(dk kem.DecapsulationKey) kem.DecapsulationKey { return dk }, []int{3}},
		{"key of another type", own, func(dk kem.DecapsulationKey) kem.DecapsulationKey { return struct{ *fakeDK }{dk.(*fakeDK)} }, []int{1, 1, 1}},
		{"part of another module", part, func(dk kem.DecapsulationKey) kem.DecapsulationKey { return dk }, []int{1, 1, 1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			p := newPeer(t, test.kem)
			p.dk = test.wrap(p.dk)
			for range 3 {
				h.enter(func() {
					if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
						t.Error(err)
					}
				})
			}
			h.open()
			if got := test.kem.taken(); !slices.Equal(got, test.want) {
				t.Errorf("%s: groups of %v, want %v", test.name, got, test.want)
			}
			h.close(3)
		})
	}
}

// TestClose checks that Close lets those who wait finish, and waits for them.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, 10)
		p := newPeer(t, newFake(mlkem.KEM512()))
		var ended, closed atomic.Int32
		for range 9 {
			h.enter(func() {
				if err := p.decapsulate(t.Context(), t, h.Queue); err != nil {
					t.Error(err)
				}
				ended.Add(1)
			})
		}
		for range 2 {
			go func() {
				h.Close()
				closed.Add(1)
			}()
		}
		synctest.Wait()
		if ended.Load() != 0 || closed.Load() != 0 {
			t.Errorf("%d callers and %d calls of Close have ended", ended.Load(), closed.Load())
		}
		if err := p.decapsulate(t.Context(), t, h.Queue); err != batch.ErrClosed {
			t.Errorf("%v, want ErrClosed", err)
		}
		h.open()
		if ended.Load() != 9 || closed.Load() != 2 {
			t.Errorf("%d callers and %d calls of Close have ended, want 9 and 2", ended.Load(), closed.Load())
		}
		if err := p.decapsulate(t.Context(), t, h.Queue); err != batch.ErrClosed {
			t.Errorf("%v, want ErrClosed", err)
		}
		h.close(9)
	})
}

// TestDestroyed checks that a key can be destroyed while a caller waits with it.
func TestDestroyed(t *testing.T) {
	for _, k := range []kem.KEM{newFake(mlkem.KEM512()), mlkem.KEM768(), xwing.KEM()} {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, 10)
			good, destroyed := newPeer(t, k), newPeer(t, k)
			for _, p := range []*peer{good, destroyed, good} {
				h.enter(func() {
					err := p.decapsulate(t.Context(), t, h.Queue)
					if p == good && err != nil || p == destroyed && !errors.Is(err, kem.ErrDestroyed) {
						t.Error(err)
					}
				})
			}
			destroyed.dk.Destroy()
			h.open()
			h.close(3)
		})
	}
}

// TestQueueMistakes checks that each mistake gives the same error as it does without the queue, to a
// caller who runs at once and to one who waits.
func TestQueueMistakes(t *testing.T) {
	checked := 0
	for _, k := range append(hybridkem.All(), newFake(mlkem.KEM768())) {
		p := newPeer(t, k)
		encoded := p.ek.Bytes()
		size, ctSize := k.SharedKeySize(), k.CiphertextSize()
		type operation func(q *batch.Queue, b []byte) error
		for _, sizes := range [][3]int{
			// The sizes of the shared key and of the ciphertext, and how much they overlap.
			{size - 1, ctSize, 0}, {size, ctSize - 1, 0}, {0, 0, 0}, {size + 1, ctSize, 0}, {size, ctSize + 1, 0}, {size, ctSize, 1},
		} {
			cut := func(b []byte) (sharedKey, ciphertext []byte) { return b[:sizes[0]], b[sizes[0]-sizes[2]:][:sizes[1]] }
			for _, m := range []struct{ queue, single operation }{
				{
					func(q *batch.Queue, b []byte) error {
						sharedKey, ciphertext := cut(b)
						return q.Decapsulate(context.Background(), p.dk, sharedKey, ciphertext)
					},
					func(_ *batch.Queue, b []byte) error { return p.dk.DecapsulateTo(cut(b)) },
				},
				{
					func(q *batch.Queue, b []byte) error {
						sharedKey, ciphertext := cut(b)
						return q.Encapsulate(context.Background(), p.ek, sharedKey, ciphertext)
					},
					func(_ *batch.Queue, b []byte) error { return p.ek.EncapsulateTo(cut(b)) },
				},
				{
					func(q *batch.Queue, b []byte) error {
						return second(q.Parse(context.Background(), k, encoded[sizes[0]%2+1:]))
					},
					func(*batch.Queue, []byte) error { return second(k.NewEncapsulationKey(encoded[sizes[0]%2+1:])) },
				},
			} {
				buffer := func() []byte { return make([]byte, size+ctSize+2) }
				want := fmt.Sprint(m.single(nil, buffer()))
				synctest.Test(t, func(t *testing.T) {
					h := newHall(t, 2)
					var waited error
					h.enter(func() { waited = m.queue(h.Queue, buffer()) })
					h.open()
					if atOnce := m.queue(h.Queue, buffer()); fmt.Sprint(atOnce) != want || fmt.Sprint(waited) != want {
						t.Errorf("%s: at once %v, after waiting %v, want %v", k.Name(), atOnce, waited, want)
					}
					h.close(1)
				})
				checked++
			}
		}
	}
	if checked != 18*(len(hybridkem.All())+1) {
		t.Errorf("%d mistakes are checked", checked)
	}

	q := batch.NewQueue(1, 1)
	p := newPeer(t, mlkem.KEM512())
	var none *mlkem.DecapsulationKey512
	for what, test := range map[string]struct {
		err, want error
	}{
		"nil context":          {q.Decapsulate(nil, p.dk, nil, nil), kem.ErrUnsupported}, //lint:ignore SA1012 it is the mistake
		"nil decapsulation":    {q.Decapsulate(context.Background(), nil, nil, nil), kem.ErrNoKey},
		"nil encapsulation":    {q.Encapsulate(context.Background(), nil, nil, nil), kem.ErrNoKey},
		"nil pointer":          {q.Decapsulate(context.Background(), none, nil, nil), kem.ErrNoKey},
		"zero value":           {q.Decapsulate(context.Background(), new(mlkem.DecapsulationKey512), nil, nil), kem.ErrNoKey},
		"nil KEM to generate":  {second(q.Generate(context.Background(), nil)), kem.ErrUnsupported},
		"nil KEM to parse":     {second(q.Parse(context.Background(), nil, nil)), kem.ErrUnsupported},
		"zero value of Queue":  {new(batch.Queue).Decapsulate(context.Background(), p.dk, nil, nil), batch.ErrBusy},
		"queue after mistakes": {p.decapsulate(t.Context(), t, q), nil},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v, want %v", what, test.err, test.want)
		}
	}
	new(batch.Queue).Close()
}

func second[T any](_ T, err error) error { return err }
