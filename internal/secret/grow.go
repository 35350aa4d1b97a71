package secret

// grow makes the stack large enough for an operation, before there are secrets on it. A stack
// that grows later is copied, and the old one is freed with all that is on it.
//
// Go grows the stack when a function begins, to hold all of its frame. The frame of grow is
// larger than those of an operation together, and grow is never asked to fill it.
//
//go:noinline
func grow(fill bool) {
	if fill {
		var frame [depth + 1<<10]byte
		use((*[depth]byte)(frame[:]))
	}
}
