//go:build goexperiment.runtimesecret

package secret

import "runtime/secret"

// runtimeSecret reports whether runtimeDo erases the secrets of its function.
const runtimeSecret = true

func runtimeDo(f func()) { secret.Do(f) }
