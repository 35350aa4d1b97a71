package secret

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
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

func TestUses(t *testing.T) {
	var u Uses
	s := &number{n: 7}
	u.Init(s)
	first, ok1 := u.Begin()
	second, ok2 := u.Begin()
	if !ok1 || !ok2 || u.Destroyed() {
		t.Fatal("no use can begin")
	}
	u.Destroy()
	if _, ok := u.Begin(); ok || !u.Destroyed() {
		t.Error("a use begins after Destroy")
	}
	u.End(second)
	if s.n != 7 {
		t.Error("overwritten while in use")
	}
	u.End(first)
	u.Destroy()
	if s.n != 0 || s.overwritten.Load() != 1 {
		t.Errorf("overwritten %d times, want once", s.overwritten.Load())
	}
}

// TestUsesCounted destroys a secret with one use, in each counter once.
func TestUsesCounted(t *testing.T) {
	for i := range len(Uses{}.counters) {
		var u Uses
		s := &number{n: 7}
		u.Init(s)
		u.counters[i].n.Add(1)
		if u.Destroy(); s.overwritten.Load() != 0 {
			t.Errorf("overwritten while counter %d counts a use", i)
		}
		if u.End(Use{&u.counters[i]}); s.overwritten.Load() != 1 {
			t.Errorf("not overwritten when the use of counter %d ends", i)
		}
	}
}

// TestUsesDo destroys a secret after a use that returns, and after one that panics.
func TestUsesDo(t *testing.T) {
	for _, panics := range []bool{false, true} {
		var u Uses
		s := &number{n: 7}
		u.Init(s)
		use, _ := u.Begin()
		ran, got := false, any(nil)
		func() {
			defer func() { got = recover() }()
			u.Do(use, func() {
				ran = true
				if u.Destroy(); s.overwritten.Load() != 0 {
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
		if s.overwritten.Load() != 1 {
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
		var u Uses
		s := &number{n: 7}
		u.Init(s)
		var wg sync.WaitGroup
		begun := make(chan struct{}, 1000)
		for range 8 {
			wg.Go(func() {
				for {
					use, ok := u.Begin()
					if !ok {
						return
					}
					if s.n != 7 {
						t.Error("overwritten while in use")
					}
					u.End(use)
					select {
					case begun <- struct{}{}:
					default:
					}
				}
			})
		}
		<-begun
		wg.Go(u.Destroy)
		wg.Go(u.Destroy)
		wg.Wait()
		if s.n != 0 || s.overwritten.Load() != 1 {
			t.Errorf("overwritten %d times, want once", s.overwritten.Load())
		}
	}
}

// TestUsesSpread checks that goroutines do not all choose the same counter.
func TestUsesSpread(t *testing.T) {
	var u Uses
	u.Init(&number{})
	taken := map[*counter]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	release := make(chan struct{})
	for range 64 {
		wg.Go(func() {
			use, _ := u.Begin()
			mu.Lock()
			taken[use.counter] = true
			mu.Unlock()
			<-release // Until then no goroutine gets the stack of one that has ended.
			u.End(use)
		})
	}
	close(release)
	wg.Wait()
	if len(taken) < len(u.counters)/2 {
		t.Errorf("64 goroutines choose %d of %d counters", len(taken), len(u.counters))
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
