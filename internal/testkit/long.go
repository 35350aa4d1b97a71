package testkit

import "flag"

// Long is a flag, the opposite of testing.Short: with it, some tests run for minutes and
// try every case. Only packages whose tests import testkit have the flag.
var Long = flag.Bool("long", false, "run the tests that have a long form in full")
