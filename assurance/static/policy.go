package main

import (
	"regexp"

	"hybridkem/assurance/internal/compiler"
)

// followed lists packages that the analysis of the source follows, besides the public ones.
var followed = []string{
	"./internal/nist", "./internal/mlkem", "./internal/ring", "./internal/sha3", "./internal/x25519",
	"./internal/cpu", "./internal/derand", "./internal/many", "./internal/secret", "./internal/fips", "./internal/fault", "./internal/expanded", "./internal/envelope",
	"filippo.io/edwards25519", "filippo.io/edwards25519/field",
}

// checked is a function that is analysed as an entry point only, and not again where it is
// called. Entry points without parameters and results are treated in the same way.
const checked = "hybridkem/kem.CheckKeyPair"

// calling is a function of the standard library that does nothing with its argument but call it.
const calling = "crypto/subtle.WithDataIndependentTiming"

// delegating lists packages that reach keys and KEMs only through methods of interfaces. If all methods that
// a call can reach are entry points, they are analysed as such only. Otherwise a queue, from which every
// operation of every KEM can be reached in several ways, would take hours.
var delegating = []string{"hybridkem/batch", "hybridkem/combiner", "hybridkem/internal/many", "hybridkem/kem", "hybridkem/noise"}

// leftOut is a file whose functions are not entry points. It waits for networks and other goroutines, and what it reads
// with io.ReadFull would be taken for secret randomness.
const leftOut = "/noise/conn.go"

// secretFields lists the fields that hold secrets.
var secretFields = []struct{ field, reason string }{
	{"hybridkem/internal/mlkem DecapsulationKey.s", "the expanded private key"},
	{"hybridkem/internal/mlkem DecapsulationKey.z", "a half of the seed"},
	{"hybridkem/internal/mlkem DecapsulationKey.d", "the other half"},
	{"hybridkem/internal/mlkem State.m", "it gives the shared key"},
	{"hybridkem/internal/mlkem encryption.f", "the noise and the message"},
	{"hybridkem/internal/mlkem encryption.factors", "the secret vector of an encapsulation"},
	{"hybridkem/internal/hybrid secrets.seed", "the private key"},
	{"hybridkem/internal/hybrid privatePart.x25519", "a scalar"},
	{"hybridkem/internal/nist privateKey.key", "a scalar"},
	{"hybridkem/internal/derand Random.bytes", "m, and the seeds of scalars"},
	{"hybridkem/internal/many KeyPair.Seed", "the private key"},
	{"hybridkem/batch KeyPair.Seed", "the private key"},
	{"hybridkem/batch Encapsulation.SharedKey", "the shared key"},
	{"hybridkem/batch Decapsulation.SharedKey", "the shared key"},
	{"hybridkem/batch call.sharedKey", "the shared key"},
	{"hybridkem/noise Config.PSKs", "pre-shared keys"},
	{"hybridkem/noise handshakeSecrets.static", "a scalar"},
	{"hybridkem/noise handshakeSecrets.ephemeral", "a scalar"},
	{"hybridkem/noise handshakeSecrets.psks", "pre-shared keys"},
	{"hybridkem/noise symmetricState.ck", "the chaining key"},
	{"hybridkem/noise cipherKey.k", "the key"},
}

// secretParameters lists the names of the parameters of entry points that are secret.
var secretParameters = []string{"seed", "plaintext", "payload", "stored", "storedPQ", "storedT", "secretKey", "expandedKey", "state", "random", "ssPQ", "ssT"}

// A trust says why a function that is not followed may be given secrets. The secrets flow
// to the arguments that the function writes to, counting the receiver as argument 0, and to
// its results.
type trust struct {
	writes  []int
	results results
	reason  string
}

type results int

const (
	secret results = iota // all results are secret if an argument is
	first                 // only the first result is
	known                 // no result is
	source                // the function makes secrets, whatever its arguments are
)

const (
	word     = "an instruction, or a few, on words"
	subtle   = "it is for secrets"
	hash     = "crypto/sha3, crypto/sha2 and blake2 do not depend on what they hash, apart from its length"
	syntax   = "tags and lengths of key files are public"
	standard = "what crypto/ecdh does is not looked at"
	ciphers  = "chacha20poly1305 is for secrets, and so is crypto/aes on processors with instructions for it"
)

// kernels is the trust in the kernels that the table trusted does not name. The machine code of
// all kernels is checked. They get secrets in memory only, and those named Vartime get none.
var kernels = trust{[]int{0}, secret, "their first argument is what they write to"}

// trusted lists the functions that are given secrets and not followed, nearly all of them from
// other modules.
var trusted = map[string]trust{
	"crypto/rand.Read": {[]int{0}, source, "seeds and m"},
	"io.ReadFull":      {[]int{1}, source, "the same, when crypto/rand.Reader has been replaced"},

	"math/bits.Add64": {nil, secret, word},
	"math/bits.Sub64": {nil, secret, word},
	"math/bits.Mul64": {nil, secret, word},

	"(encoding/binary.littleEndian).Uint16":    {nil, secret, word},
	"(encoding/binary.littleEndian).Uint32":    {nil, secret, word},
	"(encoding/binary.littleEndian).Uint64":    {nil, secret, word},
	"(encoding/binary.littleEndian).PutUint64": {[]int{1}, secret, word},

	"crypto/subtle.ConstantTimeCompare": {nil, secret, subtle},
	"crypto/subtle.ConstantTimeEq":      {nil, secret, subtle},
	"crypto/subtle.ConstantTimeByteEq":  {nil, secret, subtle},
	"crypto/subtle.ConstantTimeCopy":    {[]int{1}, secret, subtle},
	"crypto/subtle.XORBytes":            {[]int{0}, known, subtle + "; it returns a length"},

	"crypto/sha3.Sum512":         {nil, secret, hash},
	"(*crypto/sha3.SHA3).Write":  {[]int{0}, known, hash},
	"(*crypto/sha3.SHA3).Sum":    {[]int{1}, secret, hash},
	"(*crypto/sha3.SHA3).Reset":  {nil, known, hash},
	"(*crypto/sha3.SHAKE).Write": {[]int{0}, known, hash},
	"(*crypto/sha3.SHAKE).Read":  {[]int{1}, known, hash},
	"(*crypto/sha3.SHAKE).Reset": {nil, known, hash},
	"crypto/sha256.Sum256":       {nil, secret, hash},
	"crypto/sha512.Sum384":       {nil, secret, hash},

	"(io.Writer).Write":         {[]int{0}, known, hash},
	"(hash.Hash).Sum":           {[]int{1}, secret, hash},
	"(hash.Hash).Reset":         {nil, known, hash},
	"(hash.Hash).BlockSize":     {nil, known, "a constant"},
	"(crypto/cipher.AEAD).Seal": {[]int{1}, source, ciphers + "; Rekey makes a key with it"},
	"crypto/aes.NewCipher":      {nil, first, ciphers + "; the error depends on the length"},
	"crypto/cipher.NewGCM":      {nil, first, ciphers + "; there is no error"},

	"hybridkem/internal/x25519.ladderADX": {[]int{0, 1}, secret, "a kernel with two results"},
	"hybridkem/internal/x25519.combADX":   {[]int{0, 1}, secret, "a kernel with two results"},
	"hybridkem/internal/x25519.ladderA64": {[]int{0, 1}, secret, "a kernel with two results"},
	"hybridkem/internal/x25519.combNEON":  {[]int{0, 1}, secret, "a kernel with two results"},

	"hybridkem/internal/sha3.squeeze4AVX2":  {[]int{0, 1, 2, 3}, secret, "a kernel with four results"},
	"hybridkem/internal/sha3.squeeze4NEON":  {[]int{0, 1, 2, 3}, secret, "a kernel with four results"},
	"hybridkem/internal/x25519.ladder8IFMA": {[]int{0, 1}, secret, "a kernel with two results"},
	"hybridkem/internal/x25519.comb8IFMA":   {[]int{0, 1}, secret, "a kernel with two results"},

	"filippo.io/edwards25519/field.feMul":    {[]int{0}, known, "assembly without jumps"},
	"filippo.io/edwards25519/field.feSquare": {[]int{0}, known, "assembly without jumps"},

	"(*sync.Pool).Put": {nil, known, "the same"},

	"reflect.TypeOf": {nil, known, "it returns a type"},

	"(golang.org/x/crypto/cryptobyte.String).Empty":          {nil, known, syntax},
	"(golang.org/x/crypto/cryptobyte.String).PeekASN1Tag":    {nil, known, syntax},
	"(*golang.org/x/crypto/cryptobyte.String).ReadASN1":      {[]int{1}, known, syntax},
	"(*golang.org/x/crypto/cryptobyte.Builder).AddBytes":     {[]int{0}, known, syntax},
	"(*golang.org/x/crypto/cryptobyte.Builder).AddASN1":      {[]int{0}, known, syntax},
	"(*golang.org/x/crypto/cryptobyte.Builder).BytesOrPanic": {nil, secret, syntax},
	"(*encoding/base64.Encoding).Encode":                     {[]int{1}, known, "PEM: it indexes a table with bytes of private keys"},
	"(*encoding/base64.Encoding).AppendEncode":               {[]int{1}, secret, "JWK: the same"},
	"(*encoding/base64.Encoding).Decode":                     {[]int{1}, known, "JWK: the same; whether base64 is valid is public"},

	"slices.Chunk":                        {nil, secret, "it cuts, by length"},
	"slices.Concat":                       {nil, secret, "it copies"},
	"a function value":                    {nil, secret, "the iterator of slices.Chunk"},
	"(crypto/ecdh.Curve).NewPrivateKey":   {nil, secret, standard},
	"(*crypto/ecdh.PrivateKey).PublicKey": {nil, known, "the public key is public"},
	"(*crypto/ecdh.PrivateKey).Curve":     {nil, known, "the curve is public"},
	"(*crypto/ecdh.PrivateKey).Bytes":     {nil, source, "a scalar"},
	"(*crypto/ecdh.PrivateKey).ECDH":      {nil, first, standard + "; the error depends on the curve only"},
}

const uninitialized = "it ends at the first word of X that is not 0: one scalar in 2^51 makes it read another"

// accepted lists findings that are not faults, with the reasons.
var accepted = map[string]string{
	"(*filippo.io/edwards25519.Scalar).signedRadix16: a branch": "it panics if a scalar has 256 bits; none has",

	"(hybridkem/internal/nist.curve).scalar$1: a directive in a loop": "a candidate that is refused is not used",

	"hybridkem/internal/fault.encoding: a directive in a loop": "the error of one of several operations does not end the loop over them",

	"filippo.io/edwards25519.checkInitialized: a branch":                           "it panics if all of a point is zero",
	"filippo.io/edwards25519.checkInitialized: a comparison of more than a number": uninitialized,
}

// handling matches the packages that handle secrets.
var handling = regexp.MustCompile(`(?m)^(hybridkem|filippo\.io/edwards25519|golang\.org/x/crypto|crypto|math/bits|encoding/binary)(/.*)?$`)

// standardKey matches types of keys that this module does not make. So no value of one of them holds a secret
// of the module. The seeds of such keys take the same way through keyfile as those of the module.
var standardKey = regexp.MustCompile(`^\*crypto/mlkem\.`)

// variable matches instructions, on all architectures, whose time depends on their operands:
// division, square root, comparison of strings, and PDEP and PEXT, which are slow on some
// processors. It also matches calls of functions that divide.
var variable = regexp.MustCompile(`^[IUSFV]*(DIV|REM|MOD|SQRT)|^P(DEP|EXT)[LQ]|^(CMPS|SCAS)[BWLQ]$|` +
	`^CALL (runtime\.u?int(32|64)(div|mod)|math/bits\.(Div|Rem))`)

// steady has the instructions that kernels of arm64 may contain. Those of the first three lines are on
// Arm's list of instructions with data-independent timing (of register DIT, in the Architecture
// Reference Manual). It has no divisions, no floating-point arithmetic, and of the instructions on vectors
// that saturate only SQDMULH and SQRDMULH. The others get no data, or move it only. A name stands for its
// form with the suffix 2, too.
var steady = set(`
adc adcs add adds and ands asr bfm bic bics ccmn ccmp cls clz csel csinc csinv csneg eon eor extr lsl lsr madd msub
orn orr rbit rev rev16 rev32 ror sbc sbcs sbfm smaddl smsubl smulh sub subs ubfm umaddl umsubl umulh

abs addhn addp addv bcax bif bit bsl cmeq cmge cmgt cmhi cmhs cmle cmlt cmtst cnt dup eor3 ext ins mla mls mul neg not
pmul raddhn rax1 rev64 rshrn rsubhn saba sabal sabd sabdl sadalp saddl saddlp saddlv saddw shadd shl shll shrn shsub sli
smax smaxp smaxv smin sminp sminv smlal smlsl smov smull sqdmulh sqrdmulh sri srshl srshr srsra sshl sshll sshr ssra
ssubl ssubw subhn tbl tbx trn1 trn2 uaba uabal uabd uabdl uadalp uaddl uaddlp uaddlv uaddw uhadd uhsub umax umaxp umaxv
umin uminp uminv umlal umlsl umov umull urshl urshr ursra ushl ushll ushr usra usubl usubw uzp1 uzp2 xar xtn zip1 zip2

ld1 ld1r ld2 ld2r ld3 ld3r ld4 ld4r ldp ldr ldrb ldrh ldrsb ldrsh ldrsw ldur ldurb ldurh ldursb ldursh ldursw
st1 st2 st3 st4 stp str strb strh stur sturb sturh

adr adrp movi movk movn movz mvni nop
b b.eq b.ne b.cs b.cc b.mi b.pl b.vs b.vc b.hi b.ls b.ge b.lt b.gt b.le cbz cbnz tbz tbnz ret
`)

// dividing matches functions that divide. Their own divisions do not count, but calls of them
// do.
var dividing = regexp.MustCompile(`^math/bits\.(Div|Rem)`)

// divisions says how many places with such instructions are accepted in each function, and
// why.
var divisions = compiler.Known{
	"They are of lengths.": {
		"hybridkem/internal/sha3.(*Batch).SHAKE128s": 1, "hybridkem/internal/sha3.(*Batch).SHAKE256s": 1,
		"crypto/internal/fips140/sha3.bytepadWrite": 1, "crypto/internal/fips140/sha3.(*Digest).write": 1, "crypto/internal/fips140/sha3.(*Digest).read": 1,
	},
	"It is of the number of a message.": {"hybridkem/noise.(*Conn).rekey": 1},
	"They are of lengths, or counters, in AES, which crypto/rand uses.": {
		"crypto/internal/fips140/aes.expandKeyGeneric": 2,
		"crypto/cipher.(*cbcEncrypter).CryptBlocks":    1, "crypto/cipher.(*cbcDecrypter).CryptBlocks": 1,
	},
}
