//go:build !goexperiment.runtimesecret

package secret

// runtimeSecret reports whether runtimeDo erases the secrets of its function.
const runtimeSecret = false

func runtimeDo(f func()) { f() }
