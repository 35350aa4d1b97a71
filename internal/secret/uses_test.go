package secret

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hybridkem/kem"
)

// A number is a secret. It is not atomic, so that the race detector reports a read during Overwrite.
type number struct {
	n           int
	overwritten atomic.Int32
}

func (s *number) Overwrite() {
	s.n = 0
	s.overwritten.Add(1)
}

// A memory is the memory of a number, with a handle that has the current generation.
type memory struct {
	Uses
	number
	handle   Handle[memory]
	counters Counters
}

// newMemory returns a memory with a number.
func newMemory(n int) *memory {
	m := new(memory)
	m.n = n
	m.handle = NewHandle(m, m.Init(&m.number, m.counters[:]))
	return m
}

// reset puts another number in the memory.
func (m *memory) reset(own *Generation, n int) error {
	r, err := m.BeginReset(own)
	if err != nil {
		return err
	}
	m.n = n
	return r.End()
}

func TestUses(t *testing.T) {
	m := newMemory(7)
	own := &m.handle.Generation
	first, err1 := m.Begin(own)
	second, err2 := m.Begin(own)
	if err1 != nil || err2 != nil || m.Destroyed(own) {
		t.Fatal("no use can begin")
	}
	m.Destroy(own)
	if _, err := m.Begin(own); !errors.Is(err, kem.ErrDestroyed) || !m.Destroyed(own) {
		t.Errorf("a use after Destroy begins with the error %v", err)
	}
	m.End(second)
	if m.n != 7 {
		t.Error("overwritten while in use")
	}
	if err := m.reset(own, 8); !errors.Is(err, kem.ErrInUse) {
		t.Errorf("a destroyed secret in use is reset with the error %v", err)
	}
	m.End(first)
	m.Destroy(own)
	if m.n != 0 || m.overwritten.Load() != 1 {
		t.Errorf("overwritten %d times, want once", m.overwritten.Load())
	}
	if use, err := m.BeginPublic(own); err != nil {
		t.Errorf("the public key cannot be used after Destroy: %v", err)
	} else {
		m.End(use)
	}
}

// TestUsesCounted destroys and resets a secret with one use, in each counter once.
func TestUsesCounted(t *testing.T) {
	for i := range len(Counters{}) - 1 {
		for kind := range 2 {
			m := newMemory(7)
			counted := &m.Uses.counters[i].n[kind]
			counted.Add(1)
			if err := m.reset(&m.handle.Generation, 8); !errors.Is(err, kem.ErrInUse) || m.n != 7 {
				t.Errorf("reset while counter %d counts a use of kind %d: %v", i, kind, err)
			}
			m.Destroy(&m.handle.Generation)
			if overwritten := m.overwritten.Load() == 1; overwritten != (kind == publicUse) {
				t.Errorf("overwritten while counter %d counts a use of kind %d: %v", i, kind, overwritten)
			}
			if m.End(Use{counted}); m.overwritten.Load() != 1 {
				t.Errorf("not overwritten when the use of counter %d ends", i)
			}
		}
	}
}

// TestUsesDo destroys a secret after a use that returns, and after one that panics.
func TestUsesDo(t *testing.T) {
	for _, panics := range []bool{false, true} {
		m := newMemory(7)
		use, _ := m.Begin(&m.handle.Generation)
		ran, got := false, any(nil)
		func() {
			defer func() { got = recover() }()
			m.Do(use, func() {
				ran = true
				if m.Destroy(&m.handle.Generation); m.overwritten.Load() != 0 {
					t.Error("overwritten while in use")
				}
				if panics {
					panic("of its own")
				}
			})
		}()
		if !ran || panics != (got == "of its own") {
			t.Errorf("f was run: %v, Do panics with %v", ran, got)
		}
		if m.overwritten.Load() != 1 {
			t.Error("not overwritten after the use")
		}
	}
}

// TestUsesMeanwhile destroys a secret while several goroutines use it.
func TestUsesMeanwhile(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 4
	}
	for range rounds {
		m := newMemory(7)
		own := &m.handle.Generation
		var wg sync.WaitGroup
		begun := make(chan struct{}, 1000)
		for range 8 {
			wg.Go(func() {
				for {
					use, err := m.Begin(own)
					if err != nil {
						return
					}
					if m.n != 7 {
						t.Error("overwritten while in use")
					}
					m.End(use)
					select {
					case begun <- struct{}{}:
					default:
					}
				}
			})
		}
		<-begun
		wg.Go(func() { m.Destroy(own) })
		wg.Go(func() { m.Destroy(own) })
		wg.Wait()
		if m.n != 0 || m.overwritten.Load() != 1 {
			t.Errorf("overwritten %d times, want once", m.overwritten.Load())
		}
	}
}

// TestUsesSpread checks that goroutines do not all choose the same counter.
func TestUsesSpread(t *testing.T) {
	m := newMemory(7)
	taken := map[*atomic.Int32]bool{}
	var mu sync.Mutex
	var wg, begun sync.WaitGroup
	release := make(chan struct{})
	for range 64 {
		begun.Add(1)
		wg.Go(func() {
			use, _ := m.Begin(&m.handle.Generation)
			mu.Lock()
			taken[use.counter] = true
			mu.Unlock()
			begun.Done()
			<-release // Until then no goroutine gets the stack of one that has ended.
			m.End(use)
		})
	}
	begun.Wait()
	close(release)
	wg.Wait()
	if len(taken) < len(m.Uses.counters)/2 {
		t.Errorf("64 goroutines choose %d of %d counters", len(taken), len(m.Uses.counters))
	}
}

// TestReset goes through the states of a memory. It has copies of the handle from before each reset.
func TestReset(t *testing.T) {
	m := newMemory(7)
	own := &m.handle.Generation
	// check tries all uses of a generation.
	check := func(what string, g *Generation, private, public error, destroyed bool) {
		t.Helper()
		before := m.n
		use, err := m.Begin(g)
		if !errors.Is(err, private) || (err == nil) != (private == nil) {
			t.Errorf("%s: Begin returns the error %v, want %v", what, err, private)
		}
		if err == nil {
			m.End(use)
		}
		use, err = m.BeginPublic(g)
		if !errors.Is(err, public) || (err == nil) != (public == nil) {
			t.Errorf("%s: BeginPublic returns the error %v, want %v", what, err, public)
		}
		if err == nil {
			m.End(use)
		}
		if m.Destroyed(g) != destroyed || m.n != before {
			t.Errorf("%s: Destroyed is %v, the number %d, want %v and %d", what, m.Destroyed(g), m.n, destroyed, before)
		}
	}
	stale := func(what string, g Generation) {
		t.Helper()
		check(what, &g, kem.ErrDestroyed, kem.ErrReset, true)
		if err := m.reset(&g, 1); !errors.Is(err, kem.ErrDestroyed) {
			t.Errorf("%s: reset with the error %v", what, err)
		}
		m.Destroy(&g)
	}
	check("new", own, nil, nil, false)
	first := *own

	r, err := m.BeginReset(own)
	if err != nil || m.n != 0 {
		t.Fatalf("the secret is not overwritten when a reset begins; %v", err)
	}
	check("during a reset", own, kem.ErrInUse, kem.ErrInUse, false)
	if err := m.reset(own, 2); !errors.Is(err, kem.ErrInUse) {
		t.Errorf("a reset during a reset returns %v", err)
	}
	m.n = 8
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	check("reset", own, nil, nil, false)
	stale("a copy", first)
	check("reset, after the copy has been used", own, nil, nil, false)

	second := *own
	m.Destroy(own)
	check("destroyed", own, kem.ErrDestroyed, nil, true)
	if err := m.reset(own, 9); err != nil || m.n != 9 {
		t.Errorf("a destroyed memory cannot be reset: %v", err)
	}
	check("reset after Destroy", own, nil, nil, false)
	stale("a copy of the destroyed", second)

	r, err = m.BeginReset(own)
	if err != nil {
		t.Fatal(err)
	}
	m.n = 10
	m.Destroy(own)
	check("destroyed during a reset", own, kem.ErrInUse, kem.ErrInUse, true)
	if err := r.End(); !errors.Is(err, kem.ErrDestroyed) || m.n != 0 {
		t.Errorf("a reset during which Destroy is called ends with %v, and leaves %d", err, m.n)
	}
	check("destroyed during a reset that has ended", own, kem.ErrDestroyed, nil, true)
	if err := m.reset(own, 11); err != nil {
		t.Error(err)
	}

	r, _ = m.BeginReset(own)
	r.cancel()
	check("cancelled", own, kem.ErrDestroyed, nil, true)
	if err := m.reset(own, 12); err != nil {
		t.Error(err)
	}
	if _, err := m.BeginPublicReset(own); !errors.Is(err, kem.ErrInUse) {
		t.Errorf("the public key of a key pair is reset alone: %v", err)
	}
	if m.n != 12 {
		t.Error("a refused reset overwrites the number")
	}
}

// TestLastGeneration resets the last generation that a word has room for. The next one is the first again,
// and not that of a zero value.
func TestLastGeneration(t *testing.T) {
	m := newMemory(7)
	own := &m.handle.Generation
	first := *own
	last := ^uintptr(0) &^ (generation - 1)
	m.state, *own = word(last), Generation(last)
	if !current(uintptr(first), last|resetting) || current(uintptr(first), last) || current(uintptr(first), last|resetting|destroyed) {
		t.Error("the first generation must belong to the state only while a reset ends")
	}
	if err := m.reset(own, 8); err != nil || m.handle.Memory() != m || *own != first {
		t.Errorf("after the reset the generation is %d, %v", *own, err)
	}
	use, err := m.Begin(own)
	if err != nil {
		t.Fatal(err)
	}
	m.End(use)
}

// TestPublicReset resets a public key, whose old value stays if a reset is refused.
func TestPublicReset(t *testing.T) {
	var u Uses
	var counters PublicCounters
	own := u.Init(nil, counters[:])
	for range 2 {
		before := own
		r, err := u.BeginPublicReset(&own)
		if err != nil {
			t.Fatal(err)
		}
		r.cancel()
		if own != before {
			t.Error("a cancelled reset changes the generation")
		}
		if r, err = u.BeginPublicReset(&own); err == nil {
			err = r.End()
		}
		if err != nil || own == before {
			t.Errorf("a reset changes no generation: %v", err)
		}
		if _, err := u.BeginPublicReset(&before); !errors.Is(err, kem.ErrReset) {
			t.Errorf("a copy from before a reset is reset with the error %v", err)
		}
		use, err := u.BeginPublic(&own)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.BeginPublicReset(&own); !errors.Is(err, kem.ErrInUse) {
			t.Errorf("reset while in use: %v", err)
		}
		u.End(use)
	}
}

// A fragile secret panics when it is overwritten.
type fragile struct{}

func (fragile) Overwrite() { panic("of its own") }

// TestResetPanics checks that a memory whose Overwrite panics can be reset later.
func TestResetPanics(t *testing.T) {
	var u Uses
	var counters Counters
	own := u.Init(fragile{}, counters[:])
	for _, overwrite := range []func(){
		func() { u.BeginReset(&own) },
		func() { u.Destroy(&own) },
	} {
		func() {
			defer func() {
				if recover() == nil || !u.Destroyed(&own) {
					t.Error("a panic of Overwrite does not come through, or the secret is not destroyed")
				}
			}()
			overwrite()
		}()
		r, err := u.BeginReset(&own)
		if err == nil {
			err = r.End()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestResetMeanwhile resets and destroys a memory while goroutines use it, some of them with copies
// of the handle. A use of a generation never sees another number than that generation's.
func TestResetMeanwhile(t *testing.T) {
	number := func(g Generation) int { return int(g) }
	m := newMemory(number(generation))
	var wg sync.WaitGroup
	var uses, resets, destroyed atomic.Int32
	stop := make(chan struct{})
	for i := range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				handle := m.handle.Generation.Load() // a copy, or the variable itself
				g := &handle
				if i%2 == 0 {
					g = &m.handle.Generation
				}
				use, err := m.Begin(g)
				switch {
				case err == nil && i%2 == 1 && m.n != number(handle), err == nil && m.n == 0:
					t.Errorf("generation %d reads %d", handle, m.n)
				case err == nil:
					uses.Add(1)
				case !errors.Is(err, kem.ErrInUse) && !errors.Is(err, kem.ErrDestroyed):
					t.Error(err)
				}
				if err == nil {
					m.End(use)
				}
				runtime.Gosched()
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for {
				r, err := m.BeginReset(&m.handle.Generation)
				if err == nil {
					m.n = number(Generation(r.g + generation))
					err = r.End()
					resets.Add(1)
				}
				if err != nil && !errors.Is(err, kem.ErrInUse) && !errors.Is(err, kem.ErrDestroyed) {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				default:
				}
				runtime.Gosched()
			}
		})
	}
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				m.Destroy(&m.handle.Generation)
				destroyed.Add(1)
			}
		}
	})
	time.Sleep(60 * time.Millisecond)
	close(stop)
	wg.Wait()
	t.Logf("%d uses, %d resets, %d times destroyed", uses.Load(), resets.Load(), destroyed.Load())
	if uses.Load() == 0 || resets.Load() == 0 || destroyed.Load() == 0 {
		t.Error("not all of them happen")
	}
	m.Destroy(&m.handle.Generation)
	if m.n != 0 || !m.Destroyed(&m.handle.Generation) {
		t.Error("the last number is not overwritten")
	}
}

// TestDestroyMeanwhile calls Destroy beside a reset. When both have returned, the number is overwritten,
// or Destroy came before the reset.
func TestDestroyMeanwhile(t *testing.T) {
	after := 0
	for range 2000 {
		m := newMemory(1)
		own := &m.handle.Generation
		var wg sync.WaitGroup
		var err error
		wg.Go(func() { err = m.reset(own, 2) })
		m.Destroy(own)
		wg.Wait()
		if err != nil || m.Destroyed(own) {
			after++
		}
		if m.Destroyed(own) != (m.n == 0) {
			t.Fatalf("Destroyed is %v, and the number %d", m.Destroyed(own), m.n)
		}
	}
	t.Logf("destroyed %d times", after)
}

// TestSet sets a zero value several times at once.
func TestSet(t *testing.T) {
	for range 100 {
		var h Handle[memory]
		if h.Memory() != nil {
			t.Fatal("a zero value has a memory")
		}
		set := make([]*memory, 4)
		var wg sync.WaitGroup
		for i := range set {
			wg.Go(func() {
				if m := newMemory(i); h.Set(&m.handle) == nil {
					set[i] = m
				}
				h.Memory()
			})
		}
		wg.Wait()
		n := 0
		for _, m := range set {
			if m == nil {
				continue
			}
			n++
			if h.Memory() != m || h.Generation != m.handle.Generation {
				t.Error("the handle is another than the one that has been set")
			}
		}
		if n != 1 {
			t.Errorf("set %d times, want once", n)
		}
	}
}

// A key counts how often it is destroyed.
type key struct{ destroyed int }

func (k *key) Destroy() { k.destroyed++ }

func TestOrDestroy(t *testing.T) {
	var good, bad, panicking key
	if err := OrDestroy(&good, func() error { return nil }); err != nil || good.destroyed != 0 {
		t.Errorf("destroyed %d times without an error, returns %v", good.destroyed, err)
	}
	want := errors.New("an error")
	if err := OrDestroy(&bad, func() error { return want }); err != want || bad.destroyed != 1 {
		t.Errorf("destroyed %d times with an error, returns %v", bad.destroyed, err)
	}
	defer func() {
		if got := recover(); got != want || panicking.destroyed != 1 {
			t.Errorf("destroyed %d times with a panic, panics with %v", panicking.destroyed, got)
		}
	}()
	OrDestroy(&panicking, func() error { panic(want) })
}
