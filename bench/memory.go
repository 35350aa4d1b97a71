package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
)

// A footprint is the memory that an implementation in Go uses for keys and stacks.
type footprint struct {
	KEM              string `json:"kem"`
	Implementation   string `json:"implementation"`
	DecapsulationKey int    `json:"decapsulation_key_bytes"`
	EncapsulationKey int    `json:"encapsulation_key_bytes"`
	// Stack is the size to which each operation grows the stack of a new goroutine, which
	// starts with 2 KiB.
	Stack map[string]int `json:"stack_bytes"`
}

// measureMemory measures the implementations that take part in the operations.
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

// heldBytes returns how many bytes of the heap a result of make keeps alive.
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

// stackOf returns the stack size of a goroutine that has called op.
func stackOf(op func(i int)) int {
	const count = 256
	// A collection would shrink the stacks. Three collections first release what earlier
	// goroutines have left: stacks, caches of stacks, and spans.
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
		<-called // one at a time, so that each can reuse the small stacks that the last one left
	}
	runtime.ReadMemStats(&after)
	close(leave)
	wg.Wait()
	// Stack sizes are powers of 2. The average is a little larger, since each goroutine
	// has left smaller stacks behind.
	return 1 << int(math.Round(math.Log2(float64(after.StackInuse-before.StackInuse)/count)))
}
