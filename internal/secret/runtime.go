//go:build goexperiment.runtimesecret

package secret

import "runtime/secret"

// erase runs f. Package runtime/secret then clears the registers and overwrites the stack. It
// clears memory that f has allocated when that memory is collected.
func erase(f func()) { secret.Do(f) }
