//go:build !goexperiment.runtimesecret

package secret

// run runs f, overwrites the stack, and returns what f has panicked with.
//
//go:noinline
func run(f func()) (panicked bool, value any) {
	grow(false)
	panicked, value = try(f)
	overwrite()
	return panicked, value
}

//go:noinline
func overwrite() {
	var frame [depth]byte
	use(&frame)
}
