package main

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cloudflare/circl/simd/keccakf1600"

	"hybridkem/internal/x25519"
)

// harnesses holds our programs around the peers in C. They call the peers' APIs. One
// calls two functions that an API does not show.
//
//go:embed peers
var harnesses embed.FS

// cflags are the flags for all peers. Without -march=native, some peers leave out their
// code for AVX2.
var cflags = []string{"-O3", "-march=native", "-std=gnu11", "-w"}

// A peer is an implementation in C or assembly, in one section of the results.
type peer struct {
	name       string
	folder     string // within the folder of peers; the file folder.build next to it says how to build
	harness    string
	section    string
	operations []string
}

// packedOperations are the operations of a KEM that has no parsed form of encapsulation
// keys.
var packedOperations = []string{keyGeneration, parseEncapsulate, decapsulate, seedToSharedKey}

var peers = []peer{
	{"mlkem-native", "mlkem-native", "mlkem-native.c", "ML-KEM-512", packedOperations},
	{"mlkem-native", "mlkem-native", "mlkem-native.c", "ML-KEM-768", packedOperations},
	{"mlkem-native", "mlkem-native", "mlkem-native.c", "ML-KEM-1024", packedOperations},
	{"libcrux", "libcrux", "libcrux.c", "ML-KEM-768", kemOperations},
	{"kstzv/ml-kem", "ml-kem", "ml-kem.c", "ML-KEM-512", packedOperations},
	{"kstzv/ml-kem", "ml-kem", "ml-kem.c", "ML-KEM-768", packedOperations},
	{"kstzv/ml-kem", "ml-kem", "ml-kem.c", "ML-KEM-1024", packedOperations},
	{"mlkem-native", "mlkem-native", "mlkem-native-keccak.c", sectionKeccak, []string{permutation4, matrix3}},
	{"s2n-bignum", "s2n-bignum", "s2n-bignum.c", sectionX25519, x25519Names},
}

// sum stands for an implementation that nobody offers as a whole. Its time is the sum of
// the times of X-Wing's parts, without the combiner.
var sum = struct {
	name, section string
	parts         map[string][]part // by operation
}{
	"mlkem-native + s2n-bignum", "X-Wing",
	map[string][]part{
		keyGeneration:    {{"mlkem-native", "ML-KEM-768", keyGeneration}, {"s2n-bignum", sectionX25519, fixedBase}},
		parseEncapsulate: {{"mlkem-native", "ML-KEM-768", parseEncapsulate}, {"s2n-bignum", sectionX25519, bothBases}},
		decapsulate:      {{"mlkem-native", "ML-KEM-768", decapsulate}, {"s2n-bignum", sectionX25519, variableBase}},
	},
}

// A part is an operation of a peer.
type part struct{ peer, section, operation string }

// A peerBuild says what a peer was built from.
type peerBuild struct {
	Name    string `json:"name"`
	Section string `json:"section"`
	Commit  string `json:"commit,omitempty"`
}

// A failure is a peer that could not be measured in a section.
type failure struct {
	Section        string `json:"section"`
	Implementation string `json:"implementation"`
	Reason         string `json:"reason"`
}

// peersOf returns the peers that take part in the operations.
func peersOf(operations []operation) []peer {
	return slices.DeleteFunc(slices.Clone(peers), func(p peer) bool {
		return !slices.ContainsFunc(operations, func(o operation) bool {
			return o.section == p.section && slices.Contains(p.operations, o.name) ||
				o.section == sum.section && slices.ContainsFunc(sum.parts[o.name], p.has)
		})
	})
}

// startPeers builds and starts the wanted peers. Their sources are in dir.
func startPeers(dir string, wanted []peer) (children []*child, builds []peerBuild, failures []failure, err error) {
	work, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return nil, nil, nil, err
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, harnesses); err != nil {
		return nil, nil, nil, err
	}
	started, errs := make([]*child, len(wanted)), make([]error, len(wanted))
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, p := range wanted {
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			started[i], errs[i] = p.start(dir, filepath.Join(work, "peers"))
		})
	}
	wg.Wait()
	for i, p := range wanted {
		if errs[i] != nil {
			failures = append(failures, failure{p.section, p.name, errs[i].Error()})
			continue
		}
		children = append(children, started[i])
		builds = append(builds, peerBuild{p.name, p.section, commit(filepath.Join(dir, p.folder))})
	}
	return children, builds, failures, nil
}

// has reports whether x is an operation of p.
func (p peer) has(x part) bool { return p.name == x.peer && p.section == x.section }

// start builds the peer in its folder and starts its harness.
func (p peer) start(dir, harnessDir string) (*child, error) {
	folder := filepath.Join(dir, p.folder)
	inputs, err := p.inputs(dir)
	if err != nil {
		return nil, err
	}
	args := slices.Concat(cflags, []string{"-I" + harnessDir, filepath.Join(harnessDir, p.harness)}, inputs)
	binary := filepath.Join(harnessDir, p.folder+strings.ReplaceAll(p.section, " ", ""))
	build := exec.Command(compiler(), append(args, "-o", binary)...)
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("does not build: %s", firstError(out, err, folder, harnessDir))
	}
	return startChild(p, binary)
}

// inputs returns the compiler's options and source files for the peer's section.
func (p peer) inputs(dir string) (args []string, err error) {
	folder := filepath.Join(dir, p.folder)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("the folder of peers has no folder %s", p.folder)
	}
	given, err := p.arguments(dir)
	if err != nil {
		return nil, err
	}
	for _, arg := range given {
		files, err := filepath.Glob(filepath.Join(folder, arg))
		switch {
		case err != nil:
			return nil, err
		case strings.HasPrefix(arg, "-"):
			args = append(args, arg)
		case len(files) == 0:
			return nil, fmt.Errorf("the folder %s has no %s", p.folder, arg)
		default:
			args = append(args, files...)
		}
	}
	return args, nil
}

// arguments returns the compiler's arguments for the peer's section, from the peer's
// build file. Each line of that file is a section, a colon, and the arguments, separated
// by spaces: options, and patterns of the files to compile. Names are relative to the
// peer's folder.
func (p peer) arguments(dir string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, p.folder+".build"))
	if err != nil {
		return nil, fmt.Errorf("the folder of peers has no file %s.build that can be read", p.folder)
	}
	for line := range strings.Lines(string(b)) {
		if section, arguments, found := strings.Cut(line, ":"); found && section == p.section {
			return strings.Fields(arguments), nil
		}
	}
	return nil, fmt.Errorf("%s.build has no line for %s", p.folder, p.section)
}

// firstError returns the compiler's first error message, without the names of folders.
func firstError(out []byte, err error, folders ...string) string {
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "error") || strings.Contains(line, "undefined reference") {
			for _, folder := range folders {
				line = strings.ReplaceAll(line, folder+string(filepath.Separator), "")
			}
			return strings.TrimSpace(line)
		}
	}
	return err.Error()
}

// commit returns the commit that is checked out in dir, or "" if dir is not a repository.
func commit(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return ""
	}
	out, err := exec.Command("git", "-C", dir, "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// A child is a running harness.
type child struct {
	peer
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

func startChild(p peer, binary string, args ...string) (*child, error) {
	cmd := exec.Command(binary, args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &child{p, cmd, stdin, bufio.NewReader(stdout)}, nil
}

func (c *child) close() {
	c.stdin.Close()
	c.cmd.Wait()
}

// ask sends a command to the harness and returns its answer.
func (c *child) ask(format string, args ...any) (string, error) {
	if _, err := fmt.Fprintf(c.stdin, format+"\n", args...); err != nil {
		return "", errors.New("its harness has ended")
	}
	line, err := c.stdout.ReadString('\n')
	if err != nil {
		return "", errors.New("its harness has ended")
	}
	status, answer, _ := strings.Cut(strings.TrimSpace(line), " ")
	if status != "ok" {
		return "", fmt.Errorf("its harness says: %s", answer)
	}
	return answer, nil
}

// script sends commands and returns the last answer, decoded from hexadecimal.
func (c *child) script(commands ...string) ([]byte, error) {
	var answer string
	for _, command := range commands {
		var err error
		if answer, err = c.ask("%s", command); err != nil {
			return nil, err
		}
	}
	return hex.DecodeString(answer)
}

func (c *child) contender(operation string) contender {
	return contender{implementation: c.name, run: func(n int) (time.Duration, error) {
		answer, err := c.ask("time %d %s", n, operation)
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(answer, 10, 64)
		return time.Duration(ns), err
	}}
}

// joinPeers adds the peers to the operations of their sections, after checking that they
// compute the same. It returns a failure for each peer that does not.
func joinPeers(operations []operation, groups []*kemGroup, children []*child) []failure {
	var failures []failure
	var sound []*child
	for _, c := range children {
		err := c.check(groups)
		if err != nil {
			failures = append(failures, failure{c.section, c.name, err.Error()})
			continue
		}
		sound = append(sound, c)
		for i := range operations {
			for _, name := range c.operations {
				if operations[i].section == c.section && operations[i].name == name {
					operations[i].contenders = append(operations[i].contenders, c.contender(name))
				}
			}
		}
	}
	for i, o := range operations {
		if o.section == sum.section {
			if c, ok := sumContender(sum.parts[o.name], sound); ok {
				operations[i].contenders = append(o.contenders, c)
			}
		}
	}
	return failures
}

// sumContender returns the contender that does all of the parts. It returns false if a
// peer of one of them is missing, or if there are no parts.
func sumContender(parts []part, children []*child) (c contender, ok bool) {
	var runs []contender
	for _, x := range parts {
		i := slices.IndexFunc(children, func(c *child) bool { return c.has(x) })
		if i < 0 {
			return contender{}, false
		}
		runs = append(runs, children[i].contender(x.operation))
	}
	return contender{implementation: sum.name, run: func(n int) (total time.Duration, err error) {
		for _, r := range runs {
			d, err := r.run(n)
			if err != nil {
				return 0, err
			}
			total += d
		}
		return total, nil
	}}, len(runs) > 0
}

// check sends the harness its inputs and checks its results.
func (c *child) check(groups []*kemGroup) error {
	for _, g := range groups {
		if g.kem.Name() == c.section {
			return c.checkKEM(g)
		}
	}
	if c.section == sectionKeccak {
		return c.checkKeccak()
	}
	return c.checkX25519()
}

// checkKeccak compares four permuted states and the sum of all coefficients of each
// matrix.
func (c *child) checkKeccak() error {
	seeds := fixedSeeds(64)
	const lanes = 4
	var states keccakf1600.StateX4
	a := states.Initialize(false)
	for i, seed := range seeds {
		if _, err := c.script(fmt.Sprintf("set seed %d %x", i, seed), fmt.Sprintf("set ek %d %x", i, seed[:32])); err != nil {
			return err
		}
		for j := 0; i < lanes && j < len(seed)/8; j++ {
			a[lanes*j+i] = binary.LittleEndian.Uint64(seed[8*j:])
		}
	}
	states.Permute()
	var want []byte
	for i := range lanes {
		for j := range len(a) / lanes {
			want = binary.LittleEndian.AppendUint64(want, a[lanes*j+i])
		}
	}
	if got, err := c.script("hold", "once 0 "+permutation4, "get ek"); err != nil {
		return err
	} else if !bytes.Equal(got, want) {
		return fmt.Errorf("%w: other states", errDisagrees)
	}
	for i, seed := range seeds {
		var sum uint32
		for _, f := range expandMatrix((*[32]byte)(seed)) {
			for _, x := range f {
				sum += uint32(x)
			}
		}
		if got, err := c.script(fmt.Sprintf("once %d %s", i, matrix3), "once 0 sum", "get ss"); err != nil {
			return err
		} else if binary.LittleEndian.Uint32(got) != sum {
			return fmt.Errorf("%w: another matrix", errDisagrees)
		}
	}
	return nil
}

func (c *child) checkKEM(g *kemGroup) error {
	reference := g.implementations[0].subject
	for i, seed := range g.seeds {
		key, err := reference.encapsulationKey(i)
		if err != nil {
			return err
		}
		_, ciphertext, err := reference.encapsulate(i)
		if err != nil {
			return err
		}
		if _, err := c.script(fmt.Sprintf("set seed %d %x", i, seed), fmt.Sprintf("set ek %d %x", i, key), fmt.Sprintf("set ct %d %x", i, ciphertext)); err != nil {
			return err
		}
	}
	if _, err := c.ask("hold"); err != nil {
		return err
	}
	err := agree(reference, subject{
		encapsulationKey: func(i int) ([]byte, error) {
			return c.script(fmt.Sprintf("once %d %s", i, keyGeneration), "get ek")
		},
		encapsulate: func(i int) (sharedKey, ciphertext []byte, err error) {
			if sharedKey, err = c.script(fmt.Sprintf("once %d %s", i, parseEncapsulate), "get ss"); err != nil {
				return nil, nil, err
			}
			ciphertext, err = c.script("get ct")
			return sharedKey, ciphertext, err
		},
		decapsulate: func(i int, ciphertext []byte) ([]byte, error) {
			return c.script(fmt.Sprintf("set ct %d %x", i, ciphertext), fmt.Sprintf("once %d %s", i, seedToSharedKey), "get ss")
		},
	})
	if err != nil {
		return err
	}
	return c.checkHeld(reference)
}

// checkHeld checks the operations with held keys. It leaves the harness with ciphertexts
// that belong to its keys.
func (c *child) checkHeld(reference subject) error {
	sharedKeys := make([][]byte, inputs)
	for i := range inputs {
		sharedKey, ciphertext, err := reference.encapsulate(i)
		if err != nil {
			return err
		}
		if _, err := c.script(fmt.Sprintf("set ct %d %x", i, ciphertext)); err != nil {
			return err
		}
		sharedKeys[i] = sharedKey
	}
	if got, err := c.script("once 0 "+decapsulate, "get ss"); err != nil {
		return err
	} else if !bytes.Equal(got, sharedKeys[0]) {
		return fmt.Errorf("%w: another shared key from a key that is held", errDisagrees)
	}
	if !slices.Contains(c.operations, encapsulate) {
		return nil
	}
	sharedKey, err := c.script("once 0 "+encapsulate, "get ss")
	if err != nil {
		return err
	}
	ciphertext, err := c.script("get ct")
	if err != nil {
		return err
	}
	if got, err := reference.decapsulate(0, ciphertext); err != nil {
		return err
	} else if !bytes.Equal(got, sharedKey) {
		return fmt.Errorf("%w: another shared key to a key that is parsed", errDisagrees)
	}
	return nil
}

func (c *child) checkX25519() error {
	scalars, points := x25519Inputs()
	for i := range scalars {
		if _, err := c.script(fmt.Sprintf("set seed %d %x", i, scalars[i]), fmt.Sprintf("set ek %d %x", i, points[i])); err != nil {
			return err
		}
	}
	for i := range scalars {
		var wantPublic, wantShared [32]byte
		x25519.ScalarMultBoth(&wantPublic, &wantShared, &scalars[i], &points[i])
		for _, name := range c.operations {
			if _, err := c.ask("once %d %s", i, name); err != nil {
				return err
			}
		}
		public, err := c.script("get ek")
		if err != nil {
			return err
		}
		shared, err := c.script("get ss")
		if err != nil {
			return err
		}
		if !bytes.Equal(public, wantPublic[:]) || !bytes.Equal(shared, wantShared[:]) {
			return errDisagrees
		}
	}
	return nil
}
