package arm64

import (
	"math"
	"slices"
)

// A class is a kind of instruction that processors treat alike.
type class int

const (
	alu      class = iota // general registers
	multiply              // products of general registers
	load
	store
	vector   // sums and logic
	permute  // permutations of elements
	shift    // shifts of elements
	product  // products of elements
	across   // sums over a register
	crossing // moves between general and vector registers
)

// latencies of the classes, in cycles: those of a core in the middle of the range.
var latencies = [...]int{alu: 1, multiply: 3, load: 5, store: 1, vector: 2, permute: 2, shift: 2, product: 4, across: 4, crossing: 3}

// A port is a resource of the core that Schedule writes for. The numbers are what a cycle has.
var ports = []struct {
	classes []class
	width   int
}{
	{[]class{alu, multiply}, 3},
	{[]class{multiply}, 1},
	{[]class{load, store}, 2},
	{[]class{store}, 1},
	{[]class{vector, permute, shift, product, across, crossing}, 2},
	{[]class{product}, 1},
	{[]class{shift, across}, 1},
}

// Schedule writes the instructions that write writes, which do not jump, in an order in which a core
// waits less for results. It fills one cycle after the other with the instructions that most depends on.
// It keeps at most vectors of the vector registers in use, if it can. It looks only at the lookahead
// instructions from the first one on that it has not written yet, as a core does. So the parts of a long
// list follow each other, and each begins while the one before it ends.
func (f *File) Schedule(vectors int, write func()) {
	f.ScheduleWithin(vectors, math.MaxInt, lookahead, write)
}

// ScheduleWithin is Schedule with another lookahead, and keeps at most general of the general registers
// in use that begin here, if the order that write has does.
func (f *File) ScheduleWithin(vectors, general, lookahead int, write func()) {
	part := f.written(write)
	k := f.current()
	k.nodes = append(k.nodes, schedule(part, vectors, general, lookahead)...)
}

const lookahead = 160

// An edge says that an instruction must come so many cycles after another.
type edge struct{ to, cycles int }

// schedule returns the nodes in their new order.
func schedule(nodes []node, vectors, general, lookahead int) (ordered []node) {
	edges, before := dependencies(nodes)
	height := make([]int, len(nodes)) // the cycles from the start of an instruction to the end
	for i := len(nodes) - 1; i >= 0; i-- {
		height[i] = latencies[nodes[i].class]
		for _, e := range edges[i] {
			height[i] = max(height[i], e.cycles+height[e.to])
		}
	}
	uses := map[*register]int{} // the number of instructions to come that have a register
	first := map[*register]bool{}
	for _, n := range nodes {
		for _, r := range unique(n.reads, n.writes) {
			if uses[r]++; uses[r] == 1 {
				first[r] = !slices.Contains(n.reads, r)
			}
		}
	}
	done := make([]bool, len(nodes))
	oldest := 0 // the first instruction that has not been written
	inUse := 0  // of the general registers that begin here
	live := 0   // of the vector registers that begin here
	begun := map[*register]bool{}
	// pressure returns how many more vector registers are in use after an instruction.
	pressure := func(i int) (change int) {
		for _, r := range unique(nodes[i].reads, nodes[i].writes) {
			if !r.vector || !first[r] {
				continue
			}
			if !begun[r] {
				change++
			}
			if uses[r] == 1 {
				change--
			}
		}
		return change
	}
	// possible reports whether the general registers suffice if the instructions before i follow i in
	// their old order. So they suffice in the end: what comes after i follows in its old order, too.
	possible := func(i int) bool {
		taken, seen := inUse, map[*register]int{}
		try := func(j int) bool {
			free := 0
			for _, r := range unique(nodes[j].reads, nodes[j].writes) {
				if r.vector || !first[r] {
					continue
				}
				if seen[r]++; seen[r] == 1 && !begun[r] {
					taken++
				}
				switch {
				case seen[r] < uses[r]:
				case slices.Contains(nodes[j].reads, r):
					taken--
				default: // nothing reads it, but the instruction needs it
					free++
				}
			}
			enough := taken <= general
			taken -= free
			return enough
		}
		if !try(i) {
			return false
		}
		for j := oldest; j < i; j++ {
			if !done[j] && !try(j) {
				return false
			}
		}
		return true
	}
	ready := make([]int, len(nodes)) // the first cycle that an instruction can start in
	for cycle := 0; len(ordered) < len(nodes); cycle++ {
		var used [16]int
		waits, filled := false, false // whether an instruction waits for a result, and whether one starts in the cycle
		for {
			best := -1
			for i := oldest; i < min(oldest+lookahead, len(nodes)); i++ {
				if done[i] || before[i] > 0 {
					continue
				}
				if ready[i] > cycle {
					waits = true
					continue
				}
				if best >= 0 && height[i] <= height[best] || !fits(nodes[i].class, &used) {
					continue
				}
				if p := pressure(i); p > 0 && live+p > vectors {
					continue
				}
				if general < math.MaxInt && !possible(i) {
					continue
				}
				best = i
			}
			if best < 0 && !filled && !waits {
				best = oldest // all that could start needs more registers
			}
			if best < 0 {
				break
			}
			filled = true
			for p, port := range ports {
				if slices.Contains(port.classes, nodes[best].class) {
					used[p]++
				}
			}
			live += pressure(best)
			for _, r := range unique(nodes[best].reads, nodes[best].writes) {
				if first[r] && !r.vector && !begun[r] {
					inUse++
				}
				uses[r]--
				begun[r] = true
				if first[r] && !r.vector && uses[r] == 0 {
					inUse--
				}
			}
			done[best] = true
			ordered = append(ordered, nodes[best])
			for _, e := range edges[best] {
				before[e.to]--
				ready[e.to] = max(ready[e.to], cycle+e.cycles)
			}
			for oldest < len(nodes) && done[oldest] {
				oldest++
			}
		}
	}
	return ordered
}

func fits(c class, used *[16]int) bool {
	for p, port := range ports {
		if slices.Contains(port.classes, c) && used[p] == port.width {
			return false
		}
	}
	return true
}

func unique(a, b []*register) []*register {
	all := slices.Clone(a)
	for _, r := range b {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// dependencies returns the edges from each instruction, and the number of edges to each.
func dependencies(nodes []node) (edges [][]edge, before []int) {
	edges, before = make([][]edge, len(nodes)), make([]int, len(nodes))
	add := func(from, to, cycles int) {
		edges[from] = append(edges[from], edge{to, cycles})
		before[to]++
	}
	for to, n := range nodes {
		for from, earlier := range nodes[:to] {
			switch {
			case meet(earlier.writes, n.reads):
				add(from, to, latencies[earlier.class])
			case meet(earlier.reads, n.writes), meet(earlier.writes, n.writes):
				add(from, to, 0)
			case n.memory != nil && earlier.memory != nil && (n.class == store || earlier.class == store) && overlap(n.instruction, earlier.instruction):
				add(from, to, 1)
			}
		}
	}
	return edges, before
}

func meet(a, b []*register) bool {
	return slices.ContainsFunc(a, func(r *register) bool { return slices.Contains(b, r) })
}

// overlap reports whether two instructions may access the same memory.
func overlap(a, b *instruction) bool {
	m, n := a.memory, b.memory
	switch {
	case m.region != n.region:
		return false
	case m.base != n.base:
		return true
	}
	return m.Offset < n.Offset+b.size && n.Offset < m.Offset+a.size
}
