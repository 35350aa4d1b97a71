//go:build goexperiment.runtimesecret

package secret

import "runtime/secret"

// Do runs f and then overwrites the stack and the registers that it has used, and what it
// has allocated as soon as that is collected.
func Do(f func()) {
	grow(false)
	secret.Do(f)
}
