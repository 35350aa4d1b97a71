//go:build !goexperiment.runtimesecret

package secret

import "crypto/subtle"

// erase runs f with data-independent timing.
func erase(f func()) { subtle.WithDataIndependentTiming(f) }
