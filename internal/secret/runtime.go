//go:build goexperiment.runtimesecret

package secret

import (
	"crypto/subtle"
	"runtime/secret"
)

// erase runs f with data-independent timing. Package runtime/secret then clears the registers and overwrites the stack. It
// clears memory that f has allocated when that memory is collected.
func erase(f func()) { subtle.WithDataIndependentTiming(func() { secret.Do(f) }) }
