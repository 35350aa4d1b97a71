//go:build !linux || !amd64

package cosim

import (
	"errors"

	"hybridkem/assurance/prove/machine"
)

type processor struct {
	program *machine.Program
	memory  []byte
	moved   uint64
}

func newProcessor(*machine.Program, int) (*processor, error) {
	return nil, errors.New("cosimulation needs Linux on amd64")
}

func (*processor) close() error                               { return nil }
func (*processor) load(uint64, []byte) (place, before []byte) { return nil, nil }
func (*processor) run(uint64, *state)                         {}
func (*processor) end() uint64                                { return 0 }
func address([]byte) uint64                                   { return 0 }
