//go:build goexperiment.runtimesecret

package secret

import "runtime/secret"

// run runs f, overwrites the stack and the registers, and what f has allocated as soon as that
// is collected. It returns what f has panicked with.
func run(f func()) (panicked bool, value any) {
	grow(false)
	return try(func() { secret.Do(f) })
}
