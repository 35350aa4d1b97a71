package batch

// Waiting returns how many callers wait.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

// Free returns how many rows are free, and whether one of them still holds something.
func (q *Queue) Free() (n int, clean bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	clean = true
	for r := q.free; r != nil; r = r.next {
		n++
		for _, b := range r.memory[:cap(r.memory)] {
			clean = clean && b == 0
		}
		clean = clean && r.dk == nil && r.ek == nil && r.generated == nil && r.kem == nil && r.sharedKey == nil && len(r.wake) == 0
	}
	return n, clean
}

// Full reports whether as many batches run as may.
func (q *Queue) Full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running >= q.batches
}
