package testkit

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A Peer is somebody else's program that a test compares with. Tests begin their log of what
// they have compared with "peer: ", and their reason for not doing so with "peer not run: ".
// .ci/run collects these lines.
type Peer struct{ Name, Path, Version string }

func (p Peer) String() string { return p.Name + " " + p.Version }

// FindPeer finds the program. Its path is in the environment variable PEER_PROGRAM, such as
// PEER_OPENSSL for openssl, or it is on PATH. What it prints with versionFlag must match the
// pattern version, whose group is the version. FindPeer skips the test under -short, and if
// PATH has no such program. It fails the test if the variable names a program that does not
// run or is another one.
func FindPeer(t *testing.T, name, program, versionFlag, version string) Peer {
	t.Helper()
	if testing.Short() {
		t.Skip("starts another program")
	}
	variable := "PEER_" + strings.ToUpper(program)
	path, given := os.LookupEnv(variable)
	if !given {
		var err error
		if path, err = exec.LookPath(program); err != nil {
			t.Skipf("peer not run: %s: not installed, and %s is not set", name, variable)
		}
	}
	out, err := exec.Command(path, versionFlag).CombinedOutput()
	found := regexp.MustCompile(version).FindSubmatch(out)
	switch {
	case found != nil:
		return Peer{name, path, string(found[1])}
	case given:
		t.Fatalf("%s does not name %s: %v, %q", variable, name, err, out)
	}
	t.Skipf("peer not run: %s: %s is something else: %v, %q", name, program, err, out)
	return Peer{}
}

// OpenSSL finds openssl, and skips the test if its version is below 3.5, the first with
// ML-KEM.
func OpenSSL(t *testing.T) Peer {
	t.Helper()
	p := FindPeer(t, "OpenSSL", "openssl", "version", `^OpenSSL (\d\S*)`)
	if regexp.MustCompile(`^([0-2]|3\.[0-4])\.`).MatchString(p.Version) {
		t.Skipf("peer not run: %v: it has no ML-KEM, which came with 3.5", p)
	}
	return p
}
