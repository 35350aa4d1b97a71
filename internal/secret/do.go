package secret

// Do runs f and then overwrites the stack that it has used, also if f panics. Secrets must be in
// no variables but those of f and of the functions that f calls.
//
// Registers keep what they hold. A goroutine that f ends with [runtime.Goexit] leaves its stack as
// it is.
func Do(f func()) {
	if panicked, value := run(f); panicked {
		panic(value)
	}
}

// Do is the function Do for an f that is a use, which it ends.
func (u *Uses) Do(use Use, f func()) {
	panicked, value := run(f)
	u.End(use)
	if panicked {
		panic(value)
	}
}

// DoFar is Do for an f that calls what is not of this module, or another Do. Such calls need more
// stack, while secrets of f are on it: DoFar makes room for 64 KiB more.
func DoFar(f func()) {
	growFar(false)
	Do(f)
}

// try runs f and stops its panic, so that the frames of f are free to be overwritten.
func try(f func()) (panicked bool, value any) {
	panicked = true
	defer func() {
		if panicked {
			value = recover()
		}
	}()
	f()
	return false, nil
}
