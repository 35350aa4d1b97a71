package testkit

import "flag"

// Long and sweep are flags, the opposites of testing.Short. With -sweep, a test that usually
// takes some inputs of a kind takes them all, for a minute or two a package. With -long, some
// tests run for many minutes and try every case. Only packages whose tests import testkit have
// the flags.
var (
	Long  = flag.Bool("long", false, "run the tests that have a long form in full")
	sweep = flag.Bool("sweep", false, "take all inputs of a kind, where a test takes some of them")
)

// Sweep reports whether tests take all inputs of a kind. They do so with -long, too.
func Sweep() bool { return *sweep || *Long }
