package attacks

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha3"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"hybridkem"
	"hybridkem/batch"
	"hybridkem/combiner"
	"hybridkem/combiner/composite"
	"hybridkem/combiner/openpgp"
	"hybridkem/internal/cpu"
	"hybridkem/internal/expanded"
	"hybridkem/internal/many"
	inside "hybridkem/internal/mlkem"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
	"hybridkem/kem/kemtest"
	"hybridkem/keyfile"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// TestMemory runs every operation. After each, it searches all writable memory of the process for
// any 16 bytes of a secret. Function reach chooses the KEMs, the implementations and the kinds of
// goroutines. The search runs in a child process, because the secrets are computed with the
// specification, which leaves them everywhere. The child receives them masked.
//
// Each operation runs on a goroutine of its own, whose stack is small, or deep, or has been large
// before. After the operation, the caller's copies are cleared and the key is destroyed.
//
// While an operation runs, no goroutine is preempted and no garbage is collected. The runtime
// leaves secrets behind if it moves a stack in the middle of an operation, or saves registers. The
// scalars of NIST curves are not searched for, because crypto/ecdh keeps them.
func TestMemory(t *testing.T) {
	skipUnreadable(t, newSearcher())
	child := os.Getenv(childVariable)
	if child == childAll {
		for cases, s := gob.NewDecoder(os.Stdin), newSearcher(); ; {
			var c memoryCase // one at a time, so that there is less memory to search
			if err := cases.Decode(&c); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			t.Run(c.KEM, func(t *testing.T) {
				testkit.Implementations(t, func(t *testing.T) {
					c.search(t, s, reach(c.KEM, t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]))
				})
			})
		}
	}
	var cases []memoryCase
	add := func(name string, newCase func() memoryCase) {
		if slices.ContainsFunc(cpu.Sets(), func(set string) bool { return len(reach(name, set)) > 0 }) {
			cases = append(cases, newCase())
		}
	}
	for _, s := range sets {
		add(s.Name(), func() memoryCase { return mlkemCase(t, s) })
	}
	for _, h := range append(slices.Clone(hybrids), foreignHybrid, longSeed) {
		add(h.Name(), func() memoryCase { return hybridCase(t, h) })
	}
	add(nested.Name(), func() memoryCase { return nestedCase(t) })
	for _, k := range endingKEMs {
		add(k.Name(), func() memoryCase { return endingCase(k) })
	}
	t.Run("all", func(t *testing.T) { runChild(t, childAll, cases) })
	// These are the first operations of a process, on the stack of its first goroutine.
	for _, name := range []string{"X-Wing", "ML-KEM-768"} {
		i := slices.IndexFunc(cases, func(c memoryCase) bool { return c.KEM == name })
		for _, o := range operations {
			if i < 0 {
				break
			}
			some := name == "X-Wing" && (o.name == "GenerateKey" || o.name == "EncapsulateTo" || o.name == "DecapsulateTo")
			if o.fits(&cases[i]) && (some || testkit.Sweep()) {
				t.Run("first in main/"+name+"/"+o.name, func(t *testing.T) { runChild(t, o.name, cases[i:i+1]) })
			}
		}
	}
}

// reach returns the kinds of goroutines on which the operations of a KEM run in an implementation.
// In a sweep, one KEM of each kind runs on all kinds of goroutines, and the other KEMs on fresh
// ones. Those with a NIST curve, whose code is crypto/ecdh's, run only in the implementation in
// use. Otherwise one KEM of each kind runs on fresh goroutines in the implementation in use.
// X-Wing also runs in the portable one. A short test tries X-Wing alone, in the implementation
// in use.
func reach(name, implementation string) []kind {
	used := implementation == cpu.Chosen()
	usual := name == "X-Wing" || name == "ML-KEM-768" || name == "MLKEM768-P256" || name == partsX25519 || name == partsP256
	switch {
	case !used && withNIST.MatchString(name):
		return nil
	case testkit.Sweep() && usual:
		return kinds
	case testkit.Sweep(),
		used && testing.Short() && name == "X-Wing",
		used && !testing.Short() && (usual || isForeign(name) || name == nested.Name()),
		!testing.Short() && implementation == cpu.Portable && name == "X-Wing":
		return kinds[:1]
	}
	return nil
}

// withNIST matches the names of KEMs with a NIST curve.
var withNIST = regexp.MustCompile(`(?i)p256|p384|p521`)

// These are KEMs whose keys are made from parts.
const partsX25519, partsP256 = "ML-KEM-768+X25519", "MLKEM768-ECDH-P256-SHA3-256"

// skipUnreadable skips a test if the process cannot read its memory. On amd64 that is an error.
func skipUnreadable(t *testing.T, s *searcher) {
	t.Helper()
	if testkit.Race {
		t.Skip("the race detector does not let memory be read")
	}
	if !s.readable() {
		if runtime.GOARCH == "amd64" {
			t.Fatal("this process cannot read its memory")
		}
		t.Skip("this process cannot read its memory") // some emulators do not let it
	}
}

// In a child of TestMemory, childVariable is childAll or the name of the only operation to run.
const childVariable, childAll = "HYBRIDKEM_TEST_MEMORY", "all"

func TestMain(m *testing.M) {
	child := os.Getenv(childVariable)
	if child == "" || child == childAll {
		os.Exit(m.Run())
	}
	var report fakeTB
	var c memoryCase
	if err := gob.NewDecoder(os.Stdin).Decode(&c); err != nil {
		report.Fatal(err)
	}
	s := newSearcher()
	s.add(c.Secrets)
	if child == childNoise {
		c.searchHandshakes(&report, s)
	}
	for _, o := range operations {
		if o.name == child {
			c.searchAfter(&report, s, o, kind{"main", func(f func()) { f() }})
		}
	}
	if !report.failed {
		fmt.Println("searched")
	}
}

// A fakeTB reports errors to the parent of a child process that runs no tests.
type fakeTB struct {
	testing.TB
	failed bool
}

func (r *fakeTB) Helper() {}
func (r *fakeTB) Errorf(format string, args ...any) {
	r.failed = true
	fmt.Printf(format+"\n", args...)
}
func (r *fakeTB) Fatal(args ...any) {
	fmt.Println(args...)
	os.Exit(1)
}

func runChild(t *testing.T, what string, cases []memoryCase) {
	var in bytes.Buffer
	for encoder := gob.NewEncoder(&in); len(cases) > 0; cases = cases[1:] {
		if err := encoder.Encode(cases[0]); err != nil {
			t.Fatal(err)
		}
	}
	command := testkit.Self("-test.run=^TestMemory$", "-test.v",
		fmt.Sprintf("-test.short=%v", testing.Short()), fmt.Sprintf("-sweep=%v", testkit.Sweep()))
	command.Env = append(os.Environ(), "GODEBUG="+os.Getenv("GODEBUG")+",asyncpreemptoff=1", "GOGC=off", childVariable+"="+what)
	command.Stdin = &in
	out, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Skip(err) // other emulators than Self's cannot start it
	}
	searched := strings.Contains(string(out), "searched")
	if err != nil || !searched {
		t.Errorf("%v\n%s", err, out)
	}
	if what == childAll {
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "searched") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}

// mask hides secrets from the search. It is its own inverse.
func mask(b []byte) []byte {
	b = bytes.Clone(b)
	maskInPlace(b)
	return b
}

func maskInPlace(b []byte) {
	for i := range b {
		b[i] ^= maskByte
	}
}

const (
	maskByte = 0x9d
	maskWord = 0x9d9d9d9d9d9d9d9d
)

// A memoryCase is a key and an exchange with that key. All its byte slices are masked.
type memoryCase struct {
	KEM                  string
	Seed                 []byte
	Drawn                []byte // what GenerateKey draws for this key, if it is not the seed
	Another              []byte // what another key comes from, if not from zeros
	Random               []byte // in the order in which it is drawn
	Ciphertext, Rejected []byte
	SharedKey, Rejection []byte
	Expanded             []byte // the expanded key, for ML-KEM only
	PEM, Both, JWK       []byte // key files, for KEMs that have them
	Algorithm            string // of the JWK
	Secrets              []needle
}

// A needle is a piece of a secret. It has 16 bytes or more.
type needle struct {
	Masked []byte
	Name   string
}

func (l loot) needles() (all []needle) {
	for run, name := range l {
		all = append(all, needle{mask([]byte(run)), name})
	}
	return all
}

func mlkemCase(t *testing.T, s set) memoryCase {
	// Each KEM has its own secrets, so that no secret is mistaken for one of another KEM.
	seed, m := sha3.SumSHAKE256([]byte(s.Name()+" seed"), 64), sha3.SumSHAKE256([]byte(s.Name()+" m"), 32)
	ek, dk := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
	K, c := spec.EncapsInternal(s.spec, ek, m)
	wrong := slices.Clone(c)
	wrong[0] ^= 1
	rejection := spec.DecapsInternal(s.spec, dk, wrong)
	l := loot{}
	l.addKey(s.spec, seed, dk)
	l.addEncapsulation(s.spec, ek, m)
	l.add("the shared key", K, 1)
	l.add("the rejection's shared key", rejection, 1)
	result := memoryCase{
		KEM: s.Name(), Seed: mask(seed), Random: mask(m), Ciphertext: mask(c), Rejected: mask(wrong),
		SharedKey: mask(K), Rejection: mask(rejection), Expanded: mask(dk),
	}
	der := must(keyfile.MarshalPKCS8PrivateKey(must(s.NewDecapsulationKey(seed))(t)))(t)
	algorithm := der[5:][:int(der[6])+2]
	both := derElement(0x30, []byte{2, 1, 0}, algorithm, derElement(4, derElement(0x30, derElement(4, seed), derElement(4, dk))))
	result.addFile(t, l, s.KEM, seed)
	result.Both = mask(both)
	result.Secrets = l.needles()
	return result
}

func derElement(tag byte, parts ...[]byte) []byte {
	contents := slices.Concat(parts...)
	n := len(contents)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, contents...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, contents...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, contents...)
}

// jwkAlgorithms has an algorithm for the JWKs of each KEM that has some.
var jwkAlgorithms = map[string]string{
	"MLKEM768-P256": "HPKE-8", "X-Wing": "HPKE-9", "MLKEM1024-P384": "HPKE-10", "ML-KEM-768": "HPKE-12", "ML-KEM-1024": "HPKE-13",
}

// addFile adds the files of a private key, if its KEM has such files, and the base64 in them.
func (c *memoryCase) addFile(t *testing.T, l loot, k kem.KEM, seed []byte) {
	if alg, ok := jwkAlgorithms[k.Name()]; ok {
		c.Algorithm, c.JWK = alg, mask(must(keyfile.MarshalPrivateJWK(must(k.NewDecapsulationKey(seed))(t), alg, ""))(t))
		l.add("base64url of the seed", base64.RawURLEncoding.AppendEncode(nil, seed), 1)
	}
	file, err := keyfile.MarshalPrivateKeyPEM(must(k.NewDecapsulationKey(seed))(t))
	if err != nil {
		return
	}
	c.PEM = mask(file)
	lines := strings.Split(string(file), "\n")
	// The first bytes of the file are not part of the key.
	l.add("base64 of the seed", []byte(strings.Join(lines[1:len(lines)-2], ""))[32:], 1)
}

// longSeed is a hybrid with a part whose seeds are longer than those of all parts of this module.
// Its expanded seed is therefore on the heap.
var longSeed = hybrid{
	combiner.CG(longSeedName, longSeedKEM{testkit.Foreign(mlkem.KEM768(), testkit.Faults{})}, combiner.X25519()),
	spec.Sets["ML-KEM-768"], x25519, false, labelled(longSeedName),
}

type longSeedKEM struct{ kem.KEM }

func (longSeedKEM) SeedSize() int { return longSeedSize }
func (k longSeedKEM) NewDecapsulationKey(seed []byte) (kem.DecapsulationKey, error) {
	return k.KEM.NewDecapsulationKey(seed[:64])
}

func nestedCase(t *testing.T) memoryCase {
	find := func(name string) hybrid {
		return hybrids[slices.IndexFunc(hybrids, func(h hybrid) bool { return h.Name() == name })]
	}
	seed, random := sha3.SumSHAKE256([]byte("nested seed"), 32), sha3.SumSHAKE256([]byte("nested random"), 80+160)
	seeds := sha3.SumSHAKE256(seed, 64)
	pq := find("SecP384r1MLKEM1024").exchange(t, seeds[:32], random[:80])
	tr := find("MLKEM768-P256").exchange(t, seeds[32:], random[80:])
	l := loot{}
	l.add("the seed", seed, 1)
	l.add("the expanded seed", seeds, 1)
	l.add("the randomness of ML-KEM-1024", random[:32], 1)
	l.add("the randomness of ML-KEM-768", random[80:112], 1)
	l.add("the seed of the ephemeral scalar", random[144:], 1)
	var secrets, rejections [][]byte
	for _, x := range []exchange{pq, tr} {
		ssT := x.group.exchange(x.seedT, x.ctT)
		wrong := slices.Clone(x.ctM)
		wrong[0] ^= 1
		secrets = append(secrets, x.combine(x.ssM, ssT, x.ctT, x.ekT))
		rejections = append(rejections, x.combine(spec.DecapsInternal(x.spec, x.dkM, wrong), ssT, x.ctT, x.ekT))
		l.add("a part's secret", secrets[len(secrets)-1], 1)
		l.add("a rejection's secret", rejections[len(rejections)-1], 1)
	}
	ciphertext := slices.Concat(pq.honestCiphertext, tr.honestCiphertext)
	rejected := bytes.Clone(ciphertext)
	rejected[pq.group.elementSize] ^= 1 // the ciphertext of SecP384r1MLKEM1024 begins with the share
	rejected[len(pq.honestCiphertext)] ^= 1
	combine := func(secrets [][]byte, ciphertext []byte) []byte {
		return spec.H(slices.Concat(secrets[0], secrets[1], ciphertext, pq.wantEK, tr.wantEK, []byte("nested")))
	}
	sharedKey, rejection := combine(secrets, ciphertext), combine(rejections, rejected)
	l.add("the shared key", sharedKey, 1)
	l.add("the rejection's shared key", rejection, 1)
	return memoryCase{
		KEM: nested.Name(), Seed: mask(seed), Random: mask(random), Ciphertext: mask(ciphertext), Rejected: mask(rejected),
		SharedKey: mask(sharedKey), Rejection: mask(rejection), Secrets: l.needles(),
	}
}

// endingKEMs are hybrids of ML-KEM-768 and a part that fails. The operations or the constructor of
// that part end with an error or a panic.
var endingKEMs = []kem.KEM{
	endingKEM("failing", false), endingKEM("panicking", true),
	combiner.CK("stillborn", mlkem.KEM768(), testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey {
			dk.Destroy()
			panic("no luck")
		},
	})),
}

func endingKEM(label string, panics bool) kem.KEM {
	return combiner.CK(label, mlkem.KEM768(), testkit.Foreign(mlkem.KEM512(), testkit.Faults{
		EncapsulationKey: func(ek kem.EncapsulationKey) kem.EncapsulationKey { return endingEK{ek, panics} },
		DecapsulationKey: func(dk kem.DecapsulationKey) kem.DecapsulationKey { return endingDK{dk, panics} },
	}))
}

// ends reports whether every encapsulation and decapsulation of the KEM fails.
func ends(name string) bool { return name == "failing" || name == "panicking" || name == "stillborn" }

// isForeign reports whether a part of the KEM draws its own randomness.
func isForeign(name string) bool {
	return name == foreignHybrid.Name() || name == longSeedName || ends(name)
}

// An endingEK either panics or encapsulates and then returns an error. It does not encapsulate
// before it panics, because that would overwrite the stack.
type endingEK struct {
	kem.EncapsulationKey
	panics bool
}

func (e endingEK) Unwrap() any { return e.EncapsulationKey }
func (e endingEK) EncapsulateTo(sharedKey, ciphertext []byte) error {
	return end(e.panics, func() error { return e.EncapsulationKey.EncapsulateTo(sharedKey, ciphertext) })
}

type endingDK struct {
	kem.DecapsulationKey
	panics bool
}

func (e endingDK) Unwrap() any { return e.DecapsulationKey }
func (e endingDK) DecapsulateTo(sharedKey, ciphertext []byte) error {
	return end(e.panics, func() error { return e.DecapsulationKey.DecapsulateTo(sharedKey, ciphertext) })
}

func end(panics bool, f func() error) error {
	if panics {
		panic("no luck")
	}
	return errors.Join(f(), errors.New("no luck"))
}

func endingCase(k kem.KEM) memoryCase {
	p := spec.Sets["ML-KEM-768"]
	seed, random := sha3.SumSHAKE256([]byte(k.Name()+" seed"), 32), sha3.SumSHAKE256([]byte(k.Name()+" random"), 64)
	seeds := sha3.SumSHAKE256(seed, 128)
	ek, dk := spec.KeyGenInternal(p, seeds[:32], seeds[32:64])
	K, c := spec.EncapsInternal(p, ek, random[:32])
	l := loot{}
	l.addKey(p, seeds[:64], dk)
	l.addEncapsulation(p, ek, random[:32])
	l.add("the seed", seed, 1)
	l.add("the expanded seed", seeds, 1)
	l.add("K", K, 1)
	c = append(c, make([]byte, mlkem.CiphertextSize512)...)
	return memoryCase{KEM: k.Name(), Seed: mask(seed), Random: mask(random), Ciphertext: mask(c), Secrets: l.needles()}
}

func hybridCase(t *testing.T, h hybrid) memoryCase {
	x := h.exchange(t, sha3.SumSHAKE256([]byte(h.Name()+" seed"), 32), sha3.SumSHAKE256([]byte(h.Name()+" random"), 32+h.group.seedSize))
	seedExpanded := sha3.SumSHAKE256(x.seed, h.seedSizePQ()+h.group.seedSize)
	ssT := h.group.exchange(x.seedT, x.ctT)
	wrongM := slices.Clone(x.ctM)
	wrongM[0] ^= 1
	ssWrong := spec.DecapsInternal(h.spec, x.dkM, wrongM)
	sharedKey, rejection := h.combine(x.ssM, ssT, x.ctT, x.ekT), h.combine(ssWrong, ssT, x.ctT, x.ekT)
	l := loot{}
	l.addKey(h.spec, seedExpanded[:64], x.dkM)
	l.addEncapsulation(h.spec, x.ekM, x.random[:32])
	if !kem.KeysFromParts(h.KEM) {
		l.add("the seed", x.seed, 1)
	}
	l.add("the expanded seed", seedExpanded[:h.seedSizePQ()], 1)
	if h.group == x25519 {
		l.add("the scalar", x.seedT, 1)
		l.add("the ephemeral scalar", x.random[32:], 1)
	} else {
		// crypto/ecdh keeps the scalar. It never receives the bytes that follow the scalar in a
		// seed.
		l.add("the seed of the group", x.seedT[(h.group.elementSize-1)/2:], 1)
		l.add("the seed of the ephemeral scalar", x.random[32+(h.group.elementSize-1)/2:], 1)
	}
	l.add("the secret of the group", ssT, 1)
	if h.combine(x.ssM, ssT, x.ctT, x.ekT)[0] != ssT[0] { // otherwise the shared key begins with the secret of the group
		l.add("the shared key", sharedKey, 1)
		l.add("the rejection's shared key", rejection, 1)
	}
	l.add("the rejection's secret of ML-KEM", ssWrong, 1)
	random := x.random
	if isForeign(h.Name()) {
		random = slices.Concat(x.random[32:], x.random[:32])
	}
	c := memoryCase{
		KEM: h.Name(), Seed: mask(h.private(x.seed)), Random: mask(random),
		Ciphertext: mask(x.honestCiphertext), Rejected: mask(h.join(wrongM, x.ctT)),
		SharedKey: mask(sharedKey), Rejection: mask(rejection),
	}
	if kem.KeysFromParts(h.KEM) {
		c.Drawn, c.Another = mask(seedExpanded), mask(h.private(make([]byte, 32)))
	}
	c.addFile(t, l, h.KEM, h.private(x.seed))
	c.Secrets = l.needles()
	return c
}

// A trial is one operation on a case. Its slices play the role of the caller's, on the heap.
type trial struct {
	c                               *memoryCase
	kem                             kem.KEM
	seed, ciphertext, rejected      []byte
	another                         []byte
	expandedKey, pem, both, jwk     []byte
	sharedKey, ownCiphertext, other []byte
	dk, twin                        kem.DecapsulationKey
	read                            expanded.Key
	state                           state
	more                            []needle // secrets that the operation has drawn
}

// A maskedReader unmasks its bytes only while they are read.
type maskedReader struct{ masked []byte }

func (r *maskedReader) Read(b []byte) (int, error) {
	n := copy(b, r.masked)
	maskInPlace(b[:n])
	r.masked = r.masked[n:]
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func unmask(b []byte) []byte { return mask(b) }

func newTrial(c *memoryCase, k kem.KEM) *trial {
	another := make([]byte, k.SeedSize())
	if c.Another != nil {
		another = unmask(c.Another)
	}
	return &trial{
		c: c, kem: k, seed: unmask(c.Seed), another: another, ciphertext: unmask(c.Ciphertext), rejected: unmask(c.Rejected),
		expandedKey: unmask(c.Expanded), pem: unmask(c.PEM), both: unmask(c.Both), jwk: unmask(c.JWK),
		sharedKey: make([]byte, k.SharedKeySize()), ownCiphertext: make([]byte, k.CiphertextSize()),
	}
}

// end clears what the caller holds and destroys the keys.
func (x *trial) end() {
	for _, b := range [][]byte{x.seed, x.expandedKey, x.pem, x.both, x.jwk, x.sharedKey, x.other} {
		clear(b)
	}
	for _, dk := range []kem.DecapsulationKey{x.dk, x.twin} {
		if dk != nil {
			dk.Destroy()
		}
	}
	if x.read.Decapsulator != nil {
		x.read.Destroy()
	}
	if x.state != nil {
		x.state.Destroy()
	}
}

// destroy destroys keys that must have the seed.
func (x *trial) destroy(keys []batch.KeyPair) (err error) {
	for _, row := range keys {
		if err = errors.Join(err, row.Err); err == nil {
			seed := row.Key.Bytes()
			err = is(seed, x.c.Seed)
			clear(seed)
			row.Key.Destroy()
		}
	}
	return err
}

// drew adds a secret that the default source of randomness has returned.
func (x *trial) drew(secret []byte) {
	masked := mask(secret)
	for i := range len(masked) - 15 {
		x.more = append(x.more, needle{masked[i:][:16], "what was drawn"})
	}
}

// An operation calls one operation of the library. It returns an error if the result is wrong.
type operation struct {
	name   string
	key    bool // needs a key
	fits   func(c *memoryCase) bool
	run    func(x *trial) error
	replay bool // the source of randomness returns Random, and otherwise the seed
}

func isBorn(c *memoryCase) bool      { return c.KEM != "stillborn" }
func endsWell(c *memoryCase) bool    { return !ends(c.KEM) }
func hasFile(c *memoryCase) bool     { return c.PEM != nil }
func hasJWK(c *memoryCase) bool      { return c.JWK != nil }
func hasExpanded(c *memoryCase) bool { return c.Expanded != nil }

// takesSteps returns the functions of a parameter set for encapsulation in two steps, or nil.
func takesSteps(c *memoryCase) *twoStep {
	i := slices.IndexFunc(twoSteps, func(s twoStep) bool { return s.Name() == c.KEM })
	if i < 0 {
		return nil
	}
	return &twoSteps[i]
}
func isTwoStep(c *memoryCase) bool { return takesSteps(c) != nil }

// steps does both steps. If it stores the state, it also finishes the stored one.
func (x *trial) steps(stores bool) (err error) {
	s, ek := takesSteps(x.c), x.dk.PublicKey()
	header, vector := headerOf(ek)
	if x.state, x.other, _, err = s.begin(header); err != nil {
		return err
	}
	states := []state{x.state}
	if stores {
		b := x.state.Bytes()
		defer clear(b)
		read, err := s.restore(b)
		if err != nil {
			return err
		}
		defer read.Destroy()
		b[len(b)-1] ^= 1
		if _, err := s.restore(b); err == nil {
			return errors.New("an altered state is read")
		}
		states = append(states, read)
	}
	for _, own := range states {
		part2, err := own.Finish(vector)
		if err != nil || !bytes.HasSuffix(x.ciphertext, part2) {
			return errors.Join(err, errors.New("part 2 is wrong"))
		}
	}
	return is(x.other, x.c.SharedKey)
}
func takesRandom(c *memoryCase) bool { return !isForeign(c.KEM) }
func together(c *memoryCase) bool {
	_, ok := many.Of(kemByName(c.KEM))
	return ok
}
func is(got, masked []byte) error { return isOr(got, masked, nil) }
func isOr(got, masked []byte, err error) error {
	if err == nil && !bytes.Equal(mask(got), masked) {
		err = errors.New("not the secret that is searched for")
	}
	return err
}

var operations = []operation{
	{"GenerateKey", false, isBorn, func(x *trial) (err error) {
		x.dk, err = x.kem.GenerateKey()
		return err
	}, false},
	{"GenerateKey, default source", false, takesRandom, func(x *trial) (err error) {
		rand.Reader = defaultSource
		if x.dk, err = x.kem.GenerateKey(); err == nil {
			x.other = x.dk.Bytes()
			drawn := x.other
			if strings.Contains(x.c.KEM, "-ECDH-") {
				drawn = drawn[:mlkem.SeedSize] // crypto/ecdh keeps the scalar
			}
			x.drew(drawn)
		}
		return err
	}, false},
	{"NewDecapsulationKey", false, isBorn, func(x *trial) (err error) {
		x.dk, err = x.kem.NewDecapsulationKey(x.seed)
		return err
	}, false},
	{"EncapsulateTo", true, endsWell, func(x *trial) error {
		return isOr(x.sharedKey, x.c.SharedKey, x.dk.PublicKey().EncapsulateTo(x.sharedKey, x.ownCiphertext))
	}, true},
	{"both steps", true, isTwoStep, func(x *trial) error { return x.steps(false) }, true},
	{"both steps, with a stored state", true, isTwoStep, func(x *trial) error { return x.steps(true) }, true},
	{"the first step, and Destroy", true, isTwoStep, func(x *trial) (err error) {
		header, vector := headerOf(x.dk.PublicKey())
		x.state, x.other, _, err = takesSteps(x.c).begin(header)
		vector[0] ^= 1
		if _, wrong := x.state.Finish(vector); wrong == nil {
			err = errors.New("a wrong vector is taken")
		}
		x.state.Destroy()
		return err
	}, true},
	{"the first step in the place of another", true, isTwoStep, func(x *trial) (err error) {
		header, _ := headerOf(x.dk.PublicKey())
		s := takesSteps(x.c)
		x.state, x.other, _, err = s.begin(header)
		rand.Reader = defaultSource
		return errors.Join(err, x.state.Begin(x.sharedKey, make([]byte, s.part1), header))
	}, true},
	{"EncapsulateTo, default source", true, endsWell, func(x *trial) error {
		rand.Reader = defaultSource
		err := x.dk.PublicKey().EncapsulateTo(x.sharedKey, x.ownCiphertext)
		x.drew(x.sharedKey)
		return err
	}, true},
	{"Encapsulate", true, endsWell, func(x *trial) error {
		x.other, x.ownCiphertext = x.dk.PublicKey().Encapsulate()
		return is(x.other, x.c.SharedKey)
	}, true},
	{"kemtest.Encapsulate", true, takesRandom, func(x *trial) (err error) {
		random := unmask(x.c.Random)
		defer clear(random)
		x.other, x.ownCiphertext, err = kemtest.Encapsulate(x.dk.PublicKey(), random)
		return isOr(x.other, x.c.SharedKey, err)
	}, false},
	{"DecapsulateTo", true, endsWell, func(x *trial) error {
		return isOr(x.sharedKey, x.c.SharedKey, x.dk.DecapsulateTo(x.sharedKey, x.ciphertext))
	}, false},
	{"DecapsulateSeed", false, endsWell, func(x *trial) error {
		return isOr(x.sharedKey, x.c.SharedKey, kem.DecapsulateSeed(x.kem, x.sharedKey, x.seed, x.ciphertext))
	}, false},
	{"batch.Generate", false, together, func(x *trial) error {
		rand.Reader = &maskedReader{bytes.Repeat(x.c.Seed, many.Width)}
		keys := make([]batch.KeyPair, many.Width)
		batch.Generate(x.kem, keys)
		return x.destroy(keys)
	}, false},
	{"batch.Encapsulate", true, together, func(x *trial) (err error) {
		rand.Reader = &maskedReader{bytes.Repeat(x.c.Random, many.Width)}
		rows := make([]batch.Encapsulation, many.Width)
		for i := range rows {
			sharedKey, ciphertext := make([]byte, x.kem.SharedKeySize()), make([]byte, x.kem.CiphertextSize())
			rows[i] = batch.Encapsulation{Key: x.dk.PublicKey(), SharedKey: sharedKey, Ciphertext: ciphertext}
		}
		batch.Encapsulate(rows)
		for _, row := range rows {
			err = errors.Join(err, isOr(row.SharedKey, x.c.SharedKey, row.Err))
			clear(row.SharedKey)
		}
		return err
	}, false},
	{"batch.Expand and batch.Decapsulate", false, together, func(x *trial) error {
		keys, rows := make([]batch.KeyPair, many.Width), make([]batch.Decapsulation, many.Width)
		for i := range keys {
			keys[i].Seed = x.seed
		}
		batch.Expand(x.kem, keys)
		for i := range rows {
			rows[i] = batch.Decapsulation{Key: keys[i].Key, SharedKey: make([]byte, x.kem.SharedKeySize()), Ciphertext: x.ciphertext}
			if i%2 == 1 {
				rows[i].Ciphertext = x.rejected
			}
		}
		batch.Decapsulate(rows)
		err := x.destroy(keys)
		for i, row := range rows {
			want := x.c.SharedKey
			if i%2 == 1 {
				want = x.c.Rejection
			}
			err = errors.Join(err, isOr(row.SharedKey, want, row.Err))
			clear(row.SharedKey)
		}
		return err
	}, false},
	{"Decapsulate", true, endsWell, func(x *trial) (err error) {
		x.other, err = x.dk.Decapsulate(x.ciphertext)
		return isOr(x.other, x.c.SharedKey, err)
	}, false},
	{"rejection", true, endsWell, func(x *trial) error {
		return isOr(x.sharedKey, x.c.Rejection, x.dk.DecapsulateTo(x.sharedKey, x.rejected))
	}, false},
	{"failing NewDecapsulationKey", false, func(c *memoryCase) bool { return !isBorn(c) }, func(x *trial) error {
		return fails(func() error { _, err := x.kem.NewDecapsulationKey(x.seed); return err })
	}, false},
	{"failing GenerateKey", false, func(c *memoryCase) bool { return !isBorn(c) }, func(x *trial) error {
		return fails(func() error { _, err := x.kem.GenerateKey(); return err })
	}, false},
	{"failing encapsulation", true, func(c *memoryCase) bool { return ends(c.KEM) && isBorn(c) }, func(x *trial) error {
		return fails(func() error { return x.dk.PublicKey().EncapsulateTo(x.sharedKey, x.ownCiphertext) })
	}, true},
	{"failing decapsulation", true, func(c *memoryCase) bool { return ends(c.KEM) && isBorn(c) }, func(x *trial) error {
		return fails(func() error { return x.dk.DecapsulateTo(x.sharedKey, x.ciphertext) })
	}, false},
	{"Bytes", true, isBorn, func(x *trial) error {
		x.other = x.dk.Bytes()
		return is(x.other, x.c.Seed)
	}, false},
	{"Equal", true, isBorn, func(x *trial) (err error) {
		x.twin, err = x.kem.NewDecapsulationKey(x.seed)
		if err == nil && !x.dk.Equal(x.twin) {
			err = errors.New("not Equal")
		}
		return err
	}, false},
	{"Destroy", true, isBorn, func(x *trial) error {
		x.dk.Destroy()
		return nil
	}, false},
	{"Reset of the key", true, isBorn, func(x *trial) error {
		return x.dk.(privateReset).Reset(x.another)
	}, false},
	{"Reset to the key", false, isBorn, func(x *trial) (err error) {
		if x.dk, err = x.kem.NewDecapsulationKey(x.another); err == nil {
			err = x.dk.(privateReset).Reset(x.seed)
		}
		return err
	}, false},
	{"Regenerate", false, isBorn, func(x *trial) (err error) {
		if x.dk, err = x.kem.NewDecapsulationKey(x.another); err == nil {
			err = x.dk.(privateReset).Regenerate()
		}
		x.other = x.dk.Bytes()
		return isOr(x.other, x.c.Seed, err)
	}, false},
	{"FromXWing", true, func(c *memoryCase) bool { return c.KEM == "X-Wing" }, func(x *trial) error {
		twin, err := composite.FromXWing(x.dk.(*xwing.DecapsulationKey))
		if err == nil {
			x.twin = twin
		}
		return err
	}, false},
	// crypto/ecdh keeps the scalars that it gets, which are not searched for.
	{"NewPartsKey", false, func(c *memoryCase) bool { return c.KEM == partsP256 }, func(x *trial) error {
		pq, err1 := mlkem.NewDecapsulationKey768(x.seed[:64])
		t, err2 := ecdh.P256().NewPrivateKey(x.seed[64+7:][:32])
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		defer pq.Destroy()
		dk, err := combiner.NewPartsKey(x.kem, pq, t)
		if err == nil {
			x.dk = dk
		}
		return err
	}, false},
	{"refused private keys of parts", false, func(c *memoryCase) bool { return c.KEM == partsP256 }, func(x *trial) error {
		var err error
		for _, i := range []int{64, len(x.seed) - 1} {
			x.seed[i] ^= 1
			_, refusal := x.kem.NewDecapsulationKey(x.seed)
			x.seed[i] ^= 1
			if !errors.Is(refusal, kem.ErrPrivateKey) {
				err = errors.New("no error")
			}
		}
		return err
	}, false},
	{"OpenPGP key", true, func(c *memoryCase) bool { return c.KEM == partsX25519 }, func(x *trial) error {
		public := x.dk.PublicKey().Bytes()
		twin, err := openpgp.NewDecapsulationKey(x.seed, public)
		if err == nil {
			x.twin = twin
		}
		public[0] ^= 1
		if _, refusal := openpgp.NewDecapsulationKey(x.seed, public); !errors.Is(refusal, kem.ErrKeyPair) {
			err = errors.New("no error")
		}
		return err
	}, false},
	{"printing", true, isBorn, func(x *trial) error {
		if text := fmt.Sprintf("%x %+v %t", x.dk, x.dk, x.dk); text == "" {
			return errors.New("nothing")
		}
		return nil
	}, false},
	{"CheckKeyPair", true, endsWell, func(x *trial) error { return kem.CheckKeyPair(x.dk) }, true},
	{"MarshalPrivateKeyPEM", true, hasFile, func(x *trial) (err error) {
		x.other, err = keyfile.MarshalPrivateKeyPEM(x.dk)
		return isOr(x.other, x.c.PEM, err)
	}, false},
	{"ParsePrivateKeyPEM", false, hasFile, func(x *trial) error {
		key, err := keyfile.ParsePrivateKeyPEM(x.pem)
		if err == nil {
			x.dk = key.(kem.DecapsulationKey)
		}
		return err
	}, false},
	{"refused PEM files", false, hasFile, func(x *trial) error {
		x.other = slices.Concat(x.pem, x.pem)
		_, err1 := keyfile.ParsePrivateKeyPEM(x.other)
		_, err2 := keyfile.ParsePublicKeyPEM(x.pem)
		if err1 == nil || err2 == nil {
			return errors.New("no error")
		}
		return nil
	}, false},
	{"MarshalPrivateJWK", true, hasJWK, func(x *trial) (err error) {
		x.other, err = keyfile.MarshalPrivateJWK(x.dk, x.c.Algorithm, "")
		return isOr(x.other, x.c.JWK, err)
	}, false},
	{"ParsePrivateJWK", false, hasJWK, func(x *trial) (err error) {
		x.dk, _, _, err = keyfile.ParsePrivateJWK(x.jwk)
		return err
	}, false},
	{"refused JWKs", false, hasJWK, func(x *trial) error {
		_, _, _, err1 := keyfile.ParsePublicJWK(x.jwk)
		x.jwk[len(x.jwk)-3] = '=' // in pub
		_, _, _, err2 := keyfile.ParsePrivateJWK(x.jwk)
		x.jwk[len(x.jwk)-1] = ' '
		_, _, _, err3 := keyfile.ParsePrivateJWK(x.jwk)
		if err1 == nil || err2 == nil || err3 == nil {
			return errors.New("no error")
		}
		return nil
	}, false},
	{"a file with seed and expanded key", false, hasExpanded, func(x *trial) error {
		key, err := keyfile.ParsePKCS8PrivateKey(x.both)
		if err == nil {
			x.dk = key.(kem.DecapsulationKey)
		}
		return err
	}, false},
	{"reading an expanded key", false, hasExpanded, func(x *trial) (err error) {
		x.read, err = expanded.Parse(x.kem, x.expandedKey)
		return err
	}, false},
	{"DecapsulateTo of an expanded key", false, hasExpanded, func(x *trial) (err error) {
		if x.read, err = expanded.Parse(x.kem, x.expandedKey); err == nil {
			err = x.read.DecapsulateTo(x.sharedKey, x.ciphertext)
		}
		return isOr(x.sharedKey, x.c.SharedKey, err)
	}, false},
	{"Matches", true, hasExpanded, func(x *trial) (err error) {
		if x.read, err = expanded.Parse(x.kem, x.expandedKey); err == nil && !x.read.Matches(x.dk) {
			err = errors.New("does not match")
		}
		return err
	}, false},
	{"the combiners", false, isBorn, func(x *trial) error {
		x.other = combiner.C2PRI(x.seed, x.sharedKey, x.ciphertext, x.ciphertext, []byte("label"))
		again := combiner.Universal(x.seed, x.sharedKey, x.ciphertext, x.ciphertext, x.ciphertext, x.ciphertext, []byte("label"))
		clear(again)
		return nil
	}, false},
}

var defaultSource = rand.Reader

// fails returns an error if f neither returns an error nor panics.
func fails(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = nil
		}
	}()
	if f() == nil {
		return errors.New("no error")
	}
	return nil
}

// A kind is a kind of goroutine on which an operation runs.
type kind struct {
	name string
	run  func(f func())
}

var kinds = []kind{
	{"fresh", on(func(f func()) { f() })},
	{"deep", on(func(f func()) { deep(30, f) })},
	{"living", on(func(f func()) { deep(60, func() {}); f() })},
}

// on returns a function that runs start(f) on a goroutine of its own.
func on(start func(f func())) func(f func()) {
	return func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			start(f)
		}()
		<-done
	}
}

// deep calls f with n KiB of stack in use above it.
//
//go:noinline
func deep(n int, f func()) (sum byte) {
	var frame [1 << 10]byte
	if n == 0 {
		f()
		return 0
	}
	frame[n] = deep(n-1, f)
	return frame[n/2] + frame[n]
}

// search runs all operations that fit the case, on goroutines of the given kinds.
func (c *memoryCase) search(t testing.TB, s *searcher, kinds []kind) {
	s.reset()
	s.add(c.Secrets)
	for _, k := range kinds {
		debug.FreeOSMemory() // so that there is less memory to search
		n := 0
		for _, o := range operations {
			if o.fits(c) {
				c.searchAfter(t, s, o, k)
				n++
			}
		}
		k.run(func() { leaked = unmask(c.Seed) })
		if s.search() == nil {
			t.Errorf("%s: nothing is found where there must be something", c.KEM)
		}
		clear(leaked)
		if t, ok := t.(*testing.T); ok {
			t.Logf("searched after %d operations of %s on %s goroutines", n, c.KEM, k.name)
		}
	}
}

// leaked is a secret that is left on the heap once, to show that the search finds it.
var leaked []byte

// searchAfter runs an operation and then searches the memory.
func (c *memoryCase) searchAfter(t testing.TB, s *searcher, o operation, k kind) {
	t.Helper()
	x := newTrial(c, kemByName(c.KEM))
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	var err error
	if o.key {
		on(func(f func()) { f() })(func() { x.dk, err = x.kem.NewDecapsulationKey(x.seed) })
	}
	rand.Reader = &maskedReader{c.Seed}
	if c.Drawn != nil && !strings.HasPrefix(o.name, "batch") { // A batch draws stored forms.
		rand.Reader = &maskedReader{c.Drawn}
	}
	if o.replay {
		rand.Reader = &maskedReader{c.Random}
	}
	if err == nil {
		k.run(func() { err = o.run(x) })
	}
	x.end()
	if err != nil {
		t.Errorf("%s: %s: %v", c.KEM, o.name, err)
	}
	s.add(x.more)
	if names := s.search(); names != nil {
		t.Errorf("%s: %s on a %s goroutine leaves %q", c.KEM, o.name, k.name, names)
	}
	runtime.KeepAlive(x)
}

func kemByName(name string) kem.KEM {
	for _, k := range append([]kem.KEM{foreignHybrid.KEM, longSeed.KEM, nested}, endingKEMs...) {
		if k.Name() == name {
			return k
		}
	}
	k, err := hybridkem.ByName(name)
	if err != nil {
		panic(err)
	}
	return k
}

// A searcher looks for secrets. Its data is outside of Go's heap or is made once, so that a search
// does not create more memory to search.
type searcher struct {
	// Memory is copied to the window, and searched there. The window is not searched itself.
	window []byte
	// The filter has a bit for each word of eight bytes that begins in the first eight bytes of a
	// needle.
	filter []byte
	masked map[uint64][]needle // by their needleKey
}

const filterBits = 22

func newSearcher() *searcher {
	allocate := func(size int) []byte {
		b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		return b
	}
	return &searcher{window: allocate(1 << 20), filter: allocate(1 << filterBits / 8), masked: map[uint64][]needle{}}
}

func filterIndex(first uint64) uint64 { return first * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// needleKey hashes the first 16 bytes of b, after it unmasks each word. It never has all 16 bytes
// of a needle in one place, because the search would find them there.
func needleKey(b []byte, mask uint64) uint64 {
	h := (binary.LittleEndian.Uint64(b) ^ mask) * 0x9e3779b97f4a7c15
	return bits.RotateLeft64(h, 32) ^ (binary.LittleEndian.Uint64(b[8:])^mask)*0xc2b2ae3d27d4eb4f
}

// add adds secrets to search for.
func (s *searcher) add(secrets []needle) {
	for _, n := range secrets {
		key := needleKey(n.Masked, maskWord)
		s.masked[key] = append(s.masked[key], n)
		for offset := range 8 {
			i := filterIndex(binary.LittleEndian.Uint64(n.Masked[offset:]) ^ maskWord)
			s.filter[i/8] |= 1 << (i % 8)
		}
	}
}

func (s *searcher) reset() {
	clear(s.masked)
	clear(s.filter)
}

// readable reports whether this process can read its memory. Under emulation it may be unable to.
func (s *searcher) readable() bool {
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		return false
	}
	defer mem.Close()
	here := []byte("what stands in memory")
	there := make([]byte, len(here))
	_, err = mem.ReadAt(there, int64(uintptr(unsafe.Pointer(&here[0]))))
	return err == nil && bytes.Equal(here, there)
}

// search returns the names of the secrets that are in the memory of this process.
func (s *searcher) search() []string {
	defer clear(s.window)
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		panic(err)
	}
	defer mem.Close()
	seen := map[string]bool{}
	for _, r := range s.regions() {
		for from, overlap := r[0], uint64(64); from+overlap < r[1]; from -= overlap {
			n, err := mem.ReadAt(s.window[:min(r[1]-from, uint64(len(s.window)))], int64(from))
			if err != nil && n == 0 {
				break // memory that the kernel does not allow to be read
			}
			s.searchIn(s.window[:n], seen)
			from += uint64(n)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// isAt reports whether b begins with the needle.
func (n needle) isAt(b []byte) bool {
	if len(b) < len(n.Masked) {
		return false
	}
	for i, m := range n.Masked {
		if b[i]^maskByte != m {
			return false
		}
	}
	return true
}

// mayHold reports whether the filter contains the first eight bytes of b.
func (s *searcher) mayHold(b []byte) bool {
	word := binary.LittleEndian.Uint64(b)
	i := filterIndex(word)
	return word != 0 && s.filter[i/8]>>(i%8)&1 == 1 // most memory is zero
}

// searchIn searches a piece of memory that begins at a multiple of 8. It looks only at words that
// begin at multiples of 8: the first 15 bytes of every needle contain one.
func (s *searcher) searchIn(b []byte, seen map[string]bool) {
	for i := 0; i+8 <= len(b); i += 8 {
		if !s.mayHold(b[i:]) {
			continue
		}
		for start := max(0, i-7); start <= i && start+16 <= len(b); start++ {
			if !s.mayHold(b[start:]) {
				continue
			}
			for _, n := range s.masked[needleKey(b[start:], 0)] {
				if n.isAt(b[start:]) {
					seen[n.Name] = true
				}
			}
		}
	}
}

// regions returns the writable memory of this process, except the window.
func (s *searcher) regions() (regions [][2]uint64) {
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		panic(err)
	}
	start := uint64(uintptr(unsafe.Pointer(&s.window[0])))
	end := start + uint64(len(s.window))
	for line := range strings.Lines(string(b)) {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		if from <= start && end <= to {
			regions = append(regions, touched(from, start)...)
			from = end
		}
		regions = append(regions, touched(from, to)...)
	}
	return regions
}

// touched returns the parts of a region that have pages in memory or swapped out. The other parts
// have never been written to. If the kernel does not give this information, touched returns the
// whole region.
func touched(from, to uint64) (parts [][2]uint64) {
	page := uint64(os.Getpagesize())
	pagemap, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return [][2]uint64{{from, to}}
	}
	defer pagemap.Close()
	entries := make([]byte, (to-from)/page*8)
	if _, err := pagemap.ReadAt(entries, int64(from/page*8)); err != nil {
		return [][2]uint64{{from, to}}
	}
	for i := range uint64(len(entries) / 8) {
		if entries[8*i+7]&0xc0 == 0 {
			continue
		}
		if n := len(parts); n > 0 && parts[n-1][1] == from+i*page {
			parts[n-1][1] += page
		} else {
			parts = append(parts, [2]uint64{from + i*page, from + (i+1)*page})
		}
	}
	return parts
}

// TestMemoryLeft checks that the search finds secrets after operations whose stack is not
// overwritten.
func TestMemoryLeft(t *testing.T) {
	s := newSearcher()
	skipUnreadable(t, s)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer cpu.Use(cpu.Chosen())
	for _, set := range cpu.Sets() {
		cpu.Use(set)
		seed := make([]byte, 64)
		rand.Read(seed)
		l := loot{}
		l.add("d and z", seed, 1)
		s.reset()
		s.add(l.needles())
		clear(l)
		kinds[0].run(func() {
			_, dk, _ := inside.NewKeyPair[struct{}](&inside.MLKEM768)
			dk.Generate((*[64]byte)(seed))
			dk.Overwrite()
		})
		clear(seed)
		if s.search() == nil {
			t.Errorf("%s: nothing is found where there must be something", set)
		}
	}
}
