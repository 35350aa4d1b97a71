package secret

// Do runs f and then overwrites the stack that f has used, also if f panics. Secrets must be in
// variables of f and of the functions that f calls, and in no others on the stack.
//
// On arm64, f and the goroutines that it starts run with data-independent timing, where the machine
// has it.
//
// Do does not clear registers. If f ends its goroutine with [runtime.Goexit], the stack stays as
// it is.
func Do(f func()) {
	if panicked, value := run(nil, Use{}, f); panicked {
		panic(value)
	}
}

// DoDeep is Do for an f that uses more of the stack: up to 48 KiB.
func DoDeep(f func()) {
	if panicked, value := runDeep(f); panicked {
		panic(value)
	}
}

// Do runs f as the function Do does. It ends the use, also if f panics.
func (u *Uses) Do(use Use, f func()) {
	if panicked, value := run(u, use, f); panicked {
		panic(value)
	}
}

// DoFar is Do for an f that calls code of other modules, or calls Do again. Such calls may need
// more stack while secrets of f are on it, so DoFar makes room for 64 KiB more. If f calls DoFar
// again, levels is how deep the calls nest, and the outermost one makes room for all.
func DoFar(levels int, f func()) {
	growFar(levels, false)
	Do(f)
}

// run runs f, ends a use of u unless u is nil, overwrites the stack, and returns the value of a panic of f.
//
// It ends the use before it overwrites the stack, since an atomic operation waits for all writes before it.
//
//go:noinline
func run(u *Uses, use Use, f func()) (panicked bool, value any) {
	grow(false)
	panicked, value = try(f)
	if u != nil {
		u.End(use)
	}
	overwrite()
	return panicked, value
}

// runDeep is run with a deeper stack.
//
//go:noinline
func runDeep(f func()) (panicked bool, value any) {
	growDeep(false)
	panicked, value = try(f)
	overwriteDeep()
	return panicked, value
}

// try runs f and recovers from its panic. After that the frames of f are free, and can be
// overwritten.
func try(f func()) (panicked bool, value any) {
	panicked = true
	defer func() {
		if panicked {
			value = recover()
		}
	}()
	erase(f)
	return false, nil
}

// depth is how much stack is grown before an operation and overwritten after it. The largest
// operation with all that it calls uses a little less. With this depth, the stack has 16 KiB.
const depth = 14<<10 + 512

// overwrite overwrites the stack below its caller.
//
//go:noinline
func overwrite() {
	var frame [depth]byte
	use(&frame)
}

// grow makes the stack large enough for an operation, before secrets are on it. If the stack
// grew later, the runtime would copy it and free the old one with the secrets still in it.
//
// Go grows the stack at the start of a function whose frame does not fit. The frame of grow has
// the size of all frames of an operation together. Callers pass false, so that it stays unused.
//
//go:noinline
func grow(fill bool) {
	if fill {
		var frame [depth]byte
		use(&frame)
	}
}

// deep is depth for DoDeep.
const deep = 48 << 10

// overwriteDeep is overwrite with a larger frame.
//
//go:noinline
func overwriteDeep() {
	var frame [deep]byte
	use((*[depth]byte)(frame[:]))
}

// growDeep is grow with a larger frame.
//
//go:noinline
func growDeep(fill bool) {
	if fill {
		var frame [deep]byte
		use((*[depth]byte)(frame[:]))
	}
}

// growFar is grow with a larger frame, and with as many of them as there are levels.
//
//go:noinline
func growFar(levels int, fill bool) {
	if fill {
		var frame [64<<10 + depth]byte
		use((*[depth]byte)(frame[:]))
	}
	if levels > 1 {
		growFar(levels-1, fill)
	}
}

// use keeps the compiler from removing a frame that nothing else reads.
//
//go:noinline
func use(*[depth]byte) {}
