//go:build !goexperiment.runtimesecret

package secret

// Do runs f and then overwrites the stack that it has used, also if f panics. Secrets must be in
// no variables but those of f and of the functions that f calls.
//
// Registers keep what they hold.
//
//go:noinline
func Do(f func()) {
	grow(false)
	panicked, value := try(f)
	overwrite()
	if panicked {
		panic(value)
	}
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

//go:noinline
func overwrite() {
	var frame [depth]byte
	use(&frame)
}
