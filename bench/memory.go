package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
)

// A footprint is the memory of an implementation in Go beyond what the measurements
// of time tell.
type footprint struct {
	KEM              string `json:"kem"`
	Implementation   string `json:"implementation"`
	DecapsulationKey int    `json:"decapsulation_key_bytes"`
	EncapsulationKey int    `json:"encapsulation_key_bytes"`
	// Stack is how large each operation makes the stack of a new goroutine, which
	// starts with 2 KiB.
	Stack map[string]int `json:"stack_bytes"`
}

// measureMemory measures those implementations that take part in the operations.
func measureMemory(groups []*kemGroup, operations []operation) []footprint {
	var all []footprint
	for _, g := range groups {
		for _, x := range g.implementations {
			f := footprint{KEM: g.kem.Name(), Implementation: x.name, Stack: make(map[string]int)}
			for _, o := range operations {
				if op, ok := x.operations[o.name]; ok && o.section == f.KEM {
					f.Stack[o.name] = stackOf(op)
				}
			}
			if len(f.Stack) > 0 {
				f.DecapsulationKey, f.EncapsulationKey = heldBytes(x.newDecapsulationKey), heldBytes(x.newEncapsulationKey)
				all = append(all, f)
			}
		}
	}
	return all
}

// heldBytes returns how much of the heap what make returns holds.
func heldBytes(make func() any) int {
	const count = 256
	var held [count]any
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range held {
		held[i] = make()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(&held)
	return int(after.HeapAlloc-before.HeapAlloc) / count
}

// stackOf returns the size of the stack of a goroutine that has called op.
func stackOf(op func(i int)) int {
	const count = 256
	// A collection would shrink the stacks. Three give back all that earlier
	// goroutines have left: they free stacks, caches of stacks, and spans in turn.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range 3 {
		runtime.GC()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	called, leave := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	for range count {
		wg.Go(func() {
			op(0)
			called <- true
			<-leave
		})
		<-called // one after the other, so that each takes the small stacks that the last has left
	}
	runtime.ReadMemStats(&after)
	close(leave)
	wg.Wait()
	// Stacks are powers of 2. What else is counted is what each goroutine has left of
	// smaller ones.
	return 1 << int(math.Round(math.Log2(float64(after.StackInuse-before.StackInuse)/count)))
}
