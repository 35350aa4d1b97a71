//go:build goexperiment.runtimesecret

package secret

import "runtime/secret"

// erase runs f. Package runtime/secret then clears the registers, and the memory that f has
// allocated once that is collected. It overwrites the stack too.
func erase(f func()) { secret.Do(f) }
