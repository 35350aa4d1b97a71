package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/cpu"
)

// A machine is what results depend on besides the code.
type machine struct {
	CPU      string   `json:"cpu"`
	Features []string `json:"features"`
	Threads  int      `json:"hardware_threads"`
	Governor string   `json:"governor,omitempty"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Go       string   `json:"go"`
	GOAMD64  string   `json:"goamd64,omitempty"`
	MaxProcs int      `json:"gomaxprocs"`
	Compiler string   `json:"c_compiler,omitempty"`
	Modules  []string `json:"modules"`
	Date     string   `json:"date"`
}

func describeMachine(now time.Time) machine {
	m := machine{
		CPU: "unknown", Features: features(), Threads: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Go: runtime.Version(), MaxProcs: runtime.GOMAXPROCS(0), Date: now.UTC().Format(time.DateOnly),
	}
	if name := readCPU(); name != "" {
		m.CPU = name
	}
	if b, err := os.ReadFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"); err == nil {
		m.Governor = strings.TrimSpace(string(b))
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "GOAMD64" {
				m.GOAMD64 = s.Value
			}
		}
		for _, d := range info.Deps {
			if strings.Contains(d.Path, "circl") || strings.Contains(d.Path, "edwards25519") {
				m.Modules = append(m.Modules, d.Path+" "+d.Version)
			}
		}
	}
	return m
}

// readCPU returns the processor as Linux describes it, or "" on other systems.
func readCPU() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	return describeCPU(f)
}

// describeCPU returns the name, microarchitecture, family and model of the first
// processor in the text of /proc/cpuinfo. It leaves out a microarchitecture that it does
// not know, and the family and model on architectures other than x86, which have none.
func describeCPU(info io.Reader) string {
	values := make(map[string]string)
	for s := bufio.NewScanner(info); s.Scan() && s.Text() != ""; {
		key, value, _ := strings.Cut(s.Text(), ":")
		values[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	name, family, model := values["model name"], values["cpu family"], values["model"]
	if core := microarchitecture(values["vendor_id"], family, model); core != "" {
		name += ", " + core
	}
	if family != "" {
		name += " (family " + family + ", model " + model + ")"
	}
	return name
}

// features returns the instruction sets of the processor, with the names of x/sys/cpu.
func features() []string {
	var sets any = cpu.X86
	if runtime.GOARCH == "arm64" {
		sets = cpu.ARM64
	}
	var names []string
	v := reflect.ValueOf(sets)
	for i := range v.NumField() {
		if name, ok := strings.CutPrefix(v.Type().Field(i).Name, "Has"); ok && v.Field(i).Bool() {
			names = append(names, name)
		}
	}
	return names
}

// compilerVersion returns the first line of the C compiler's --version.
func compilerVersion() string {
	out, err := exec.Command(compiler(), "--version").Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// compiler returns the command that runs the C compiler.
func compiler() string {
	if cc := os.Getenv("CC"); cc != "" {
		return cc
	}
	return "cc"
}
