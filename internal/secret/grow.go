package secret

// depth is what the largest operations use of the stack, with what they call. It leaves the
// stack at 16 KiB.
const depth = 14<<10 + 512

// use makes the compiler believe that the frame is needed.
//
//go:noinline
func use(*[depth]byte) {}

// grow makes the stack large enough for an operation, before there are secrets on it. A stack
// that grows later is copied, and the old one is freed with all that is on it.
//
// Go grows the stack when a function begins, to hold all of its frame. The frame of grow is as
// large as those of an operation together, and grow is never asked to fill it.
//
//go:noinline
func grow(fill bool) {
	if fill {
		var frame [depth]byte
		use(&frame)
	}
}

// growFar is grow with a larger frame.
//
//go:noinline
func growFar(fill bool) {
	if fill {
		var frame [64<<10 + depth]byte
		use((*[depth]byte)(frame[:]))
	}
}
