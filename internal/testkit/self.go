package testkit

import (
	"os"
	"os/exec"
)

// Self returns a command that starts the running test program again. A program for arm64 in QEMU,
// which knows its core by QEMU_CPU, cannot be started without it.
func Self(args ...string) *exec.Cmd {
	if os.Getenv("QEMU_CPU") != "" {
		return exec.Command("qemu-aarch64-static", append(os.Args[:1:1], args...)...)
	}
	return exec.Command(os.Args[0], args...)
}
