//go:build linux && arm64

// Command runner executes code on registers and memory that it is given, and returns what they hold
// then. Command prove runs it under qemu-aarch64-static.
//
// It writes the addresses of code and of memory. Then it reads requests: three numbers of 32 bits, which are
// the length of the code, where to begin in it, and the length of the memory; the code; the
// registers; the memory. It answers with the registers and the memory. Code ends with BR X27.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"syscall"
	"unsafe"
)

// The assembly reads and writes these.
var (
	registers State
	target    uintptr    // where enter jumps to
	saved     [3]uintptr // the caller's stack and frame pointers and return address
)

// State has general registers 0 to 30, the stack pointer, the flags, a word without meaning, and
// vector registers.
type State [34 + 64]uint64

// enter loads registers and jumps to target. The code jumps to X27, where registers are stored, and
// enter returns. X18, X27 and X28 are not loaded, and X30 is target.
func enter()

const size = 16 << 20

func memory() []byte {
	m, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		panic(err)
	}
	return m
}

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	code, data := memory(), memory()
	var have []byte
	answer := func(values ...any) {
		for _, v := range values {
			if err := binary.Write(out, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
		if err := out.Flush(); err != nil {
			panic(err)
		}
	}
	answer(uint64(address(code)), uint64(address(data)))
	for {
		var lengths [3]uint32
		if err := binary.Read(in, binary.LittleEndian, &lengths); err == io.EOF {
			return
		}
		request := make([]byte, lengths[0])
		for _, v := range []any{request, &registers, data[:lengths[2]]} {
			if err := binary.Read(in, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
		if !bytes.Equal(request, have) { // the emulator translates code again if it is written
			copy(code, request)
			have = request
		}
		target = address(code) + uintptr(lengths[1])
		enter()
		answer(&registers, data[:lengths[2]])
	}
}
