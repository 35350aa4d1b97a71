package batch_test

import (
	"context"
	"sync"
	"testing"

	"hybridkem/batch"
	"hybridkem/mlkem"
)

// TestCompany has goroutines that call again and again, more than there are processors. Most of their
// operations must join others: goroutines that are ready to run would otherwise never wait in the queue.
func TestCompany(t *testing.T) {
	const goroutines, calls = 64, 50
	k := newFake(mlkem.KEM768())
	p := newPeer(t, k)
	q := batch.NewQueue(goroutines, 0)
	defer q.Close()
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for range calls {
				if err := p.decapsulate(context.Background(), t, q); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	together := 0
	for _, n := range k.taken() {
		if n > 1 {
			together += n
		}
	}
	if together < goroutines*calls*3/4 {
		t.Errorf("%d of %d operations have joined others", together, goroutines*calls)
	}
}
