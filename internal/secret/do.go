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

// depth is nearly what the largest operations use, with what they call, and leaves the stack
// at 16 KiB. A test looks for secrets.
const depth = 14<<10 + 512

//go:noinline
func overwrite() {
	var frame [depth]byte
	use(&frame)
}

// use makes the compiler believe that the frame is needed.
//
//go:noinline
func use(*[depth]byte) {}
