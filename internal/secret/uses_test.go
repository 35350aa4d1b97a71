package secret

import (
	"sync"
	"sync/atomic"
	"testing"
)

// A number is a secret that is not atomic, so that the race detector sees who meets.
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

// TestUsesMeanwhile destroys a secret while many use it, on stacks of their own.
func TestUsesMeanwhile(t *testing.T) {
	for range 40 {
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

// TestUsesSpread checks that goroutines do not all take the same counter.
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
			<-release // so that each goroutine has a stack of its own
			u.End(use)
		})
	}
	close(release)
	wg.Wait()
	if len(taken) < len(u.counters)/2 {
		t.Errorf("64 goroutines take %d counters of %d", len(taken), len(u.counters))
	}
}
