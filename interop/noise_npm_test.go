package interop

import "testing"

func TestNoiseNPM(t *testing.T) {
	for _, test := range []struct {
		npm      string
		patterns []string
		suites   []string
	}{
		{"noise-c.wasm", allBasePatterns, allSuites},
		{"noise-handshake", []string{"NN", "NNpsk0", "XX", "XXpsk0", "IK", "XK"}, []string{"ChaChaPoly_BLAKE2b"}},
		{"@chainsafe/libp2p-noise", []string{"XX"}, []string{"ChaChaPoly_SHA256"}},
	} {
		t.Run(test.npm, func(t *testing.T) {
			ask, peer := startNode(t, test.npm, "noise.mjs", test.npm)
			follow := func(s session) (o outcome) {
				ask(s, &o)
				return o
			}
			noisePeer{peer, follow, test.patterns, test.suites, false}.test(t)
		})
	}
}
