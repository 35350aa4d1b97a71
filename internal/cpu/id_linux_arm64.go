//go:build !purego

package cpu

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/cpu"
)

// mainID returns MIDR_EL1 of a core, or 0 if the system does not tell it.
//
// A machine can have cores of several kinds, with the same instructions. Then a
// program chooses for the core that it starts on, and the choice costs others some time.
func mainID() uint64 {
	if cpu.ARM64.HasCPUID {
		return midr()
	}
	// Linux before 4.11 does not let programs read the register.
	b, err := os.ReadFile("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1")
	if err != nil {
		return 0
	}
	id, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 0, 64)
	return id
}

// midr reads MIDR_EL1, which Linux emulates for programs. It stops a program with SIGILL on
// systems that do not say that they do.
func midr() uint64
