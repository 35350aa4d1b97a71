package main

import (
	"testing"

	"hybridkem/internal/_asm/kit"
)

// TestGenerated checks that the kernels of the module are those that the generator makes.
func TestGenerated(t *testing.T) {
	t.Chdir("..") // where go generate runs it
	if err := kit.Compare("sha3", targets...); err != nil {
		t.Error(err)
	}
}
