//go:build !goexperiment.runtimesecret

package secret

// Do runs f and then overwrites the stack that it has used. Secrets must be in no
// variables but those of f and of what it calls.
//
// Registers keep what they hold. So does memory which a stack has left because it had to
// grow.
//
//go:noinline
func Do(f func()) {
	f()
	overwrite()
}

// depth is more than any operation of this module uses. A test looks for what is left.
const depth = 12 << 10

//go:noinline
func overwrite() {
	var frame [depth]byte
	use(&frame)
}

// use makes the compiler believe that the frame is needed.
//
//go:noinline
func use(*[depth]byte) {}
