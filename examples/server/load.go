package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"hybridkem/kem"
)

// A record keeps the latencies of exchanges. Several goroutines may call its methods.
type record struct {
	mu        sync.Mutex
	latencies []time.Duration
}

func (r *record) add(latencies ...time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latencies = append(r.latencies, latencies...)
}

// take empties the record.
func (r *record) take() (latencies []time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	latencies, r.latencies = r.latencies, nil
	return latencies
}

// describe describes the exchanges that ended within d. It sorts the latencies.
func describe(latencies []time.Duration, d time.Duration) string {
	slices.Sort(latencies)
	quantile := func(p float64) float64 {
		if len(latencies) == 0 {
			return 0
		}
		return 1e3 * latencies[int(p*float64(len(latencies)))].Seconds()
	}
	return fmt.Sprintf("%7.0f exchanges/s   p50 %7.2f ms   p99 %7.2f ms", float64(len(latencies))/d.Seconds(), quantile(0.5), quantile(0.99))
}

// A load is a number of clients. Each client makes one exchange after the other.
type load struct {
	addr          string
	ek            kem.EncapsulationKey
	clients, each int // connections at once, and exchanges of each
	duration      time.Duration
}

// run lets the clients work until ctx ends. The first error makes all of them stop.
func (l *load) run(ctx context.Context, done *record) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var working sync.WaitGroup
	for range l.clients {
		working.Go(func() {
			for ctx.Err() == nil {
				if err := l.connect(ctx, done); err != nil {
					cancel(err)
				}
			}
		})
	}
	working.Wait()
	if err := context.Cause(ctx); err != context.DeadlineExceeded {
		return err
	}
	return nil
}

// connect makes the exchanges of one connection. The time to connect belongs to the first of them.
func (l *load) connect(ctx context.Context, done *record) error {
	start := time.Now()
	conn, err := net.DialTimeout("tcp", l.addr, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	ek := l.ek.Bytes()
	for i := 0; i < l.each && ctx.Err() == nil; i++ {
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := clientExchange(conn, l.ek, ek); err != nil {
			return err
		}
		done.add(time.Since(start))
		start = time.Now()
	}
	return nil
}
