package testkit

import "flag"

// Long is the opposite of testing.Short: a flag with which some tests try all that
// there is, for minutes. Packages that do not import testkit do not know it.
var Long = flag.Bool("long", false, "run the tests that have a long form in full")
