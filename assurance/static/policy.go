package main

import (
	"regexp"

	"hybridkem/assurance/internal/compiler"
)

// followed are packages into which the analysis of the source goes, beside the public ones.
var followed = []string{
	"./internal/nist", "./internal/mlkem", "./internal/ring", "./internal/sha3", "./internal/x25519",
	"./internal/cpu", "./internal/derand", "./internal/secret", "./internal/fips", "./internal/fault", "./internal/expanded",
	"filippo.io/edwards25519", "filippo.io/edwards25519/field",
}

// checked is an entry point that is not followed where it is called, like those without
// parameters and results.
const checked = "hybridkem/kem.CheckKeyPair"

// secretFields are the fields in which secrets lie.
var secretFields = []struct{ field, reason string }{
	{"hybridkem/internal/mlkem DecapsulationKey.s", "the expanded private key"},
	{"hybridkem/internal/mlkem DecapsulationKey.z", "a half of the seed"},
	{"hybridkem/internal/mlkem DecapsulationKey.d", "the other half"},
	{"hybridkem/internal/hybrid secrets.seed", "the private key"},
	{"hybridkem/internal/hybrid privatePart.x25519", "a scalar"},
	{"hybridkem/internal/nist privateKey.key", "a scalar"},
	{"hybridkem/internal/derand Random.bytes", "m, and the seeds of scalars"},
}

// secretParameters are the parameters of entry points which are secret.
var secretParameters = []string{"seed", "expandedKey", "random", "ssPQ", "ssT"}

// A trust is why a function of another module may be given secrets. They flow into the
// arguments it writes to, the receiver being the first, and into its results.
type trust struct {
	writes  []int
	results results
	reason  string
}

type results int

const (
	secret results = iota // all
	first                 // the first is, others are not
	known                 // none is
	source                // it makes secrets
)

const (
	word     = "an instruction, or a few, on words"
	subtle   = "it is for secrets"
	hash     = "crypto/sha3 and crypto/sha2 do not depend on what they hash, apart from its length"
	syntax   = "tags and lengths of key files are public"
	standard = "what crypto/ecdh does is not looked at"
)

// kernels are looked at in the machine code.
var kernels = trust{[]int{0}, secret, "their first argument is what they write to"}

// trusted are the functions of other modules that are given secrets.
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

	"hybridkem/internal/x25519.ladderADX": {[]int{0, 1}, secret, "a kernel with two results"},
	"hybridkem/internal/x25519.combADX":   {[]int{0, 1}, secret, "a kernel with two results"},

	"filippo.io/edwards25519/field.feMul":    {[]int{0}, known, "assembly without jumps"},
	"filippo.io/edwards25519/field.feSquare": {[]int{0}, known, "assembly without jumps"},

	"reflect.ValueOf": {nil, known, "it is asked for a kind, and whether a pointer is nil"},
	"reflect.TypeOf":  {nil, known, "it returns a type"},

	"(golang.org/x/crypto/cryptobyte.String).PeekASN1Tag":    {nil, known, syntax},
	"(golang.org/x/crypto/cryptobyte.String).Empty":          {nil, known, syntax},
	"(*golang.org/x/crypto/cryptobyte.String).ReadASN1":      {[]int{1}, known, syntax},
	"(*golang.org/x/crypto/cryptobyte.Builder).AddASN1":      {[]int{0}, known, syntax},
	"(*golang.org/x/crypto/cryptobyte.Builder).BytesOrPanic": {nil, secret, syntax},
	"(*encoding/base64.Encoding).Encode":                     {[]int{1}, known, "PEM: it indexes a table with bytes of private keys"},

	"slices.Chunk":                        {nil, secret, "it cuts, by length"},
	"a function value":                    {nil, secret, "the iterator of slices.Chunk"},
	"(crypto/ecdh.Curve).NewPrivateKey":   {nil, secret, standard},
	"(*crypto/ecdh.PrivateKey).PublicKey": {nil, known, "the public key is public"},
	"(*crypto/ecdh.PrivateKey).Curve":     {nil, known, "the curve is public"},
	"(*crypto/ecdh.PrivateKey).ECDH":      {nil, first, standard + "; the error depends on the curve only"},
}

const uninitialized = "it ends at the first word of X that is not 0: one scalar in 2^51 makes it read another"

// accepted are findings in another module that stay, by function.
var accepted = map[string]string{
	"(*filippo.io/edwards25519.Scalar).signedRadix16: a branch": "it panics if a scalar has 256 bits; none has",

	"hybridkem/internal/nist.scalar$1: a directive in a loop": "a candidate that is refused is not used",

	"filippo.io/edwards25519.checkInitialized: a branch":                           "it panics if all of a point is zero",
	"filippo.io/edwards25519.checkInitialized: a comparison of more than a number": uninitialized,
}

// handling are the packages that handle secrets.
var handling = regexp.MustCompile(`(?m)^(hybridkem|filippo\.io/edwards25519|golang\.org/x/crypto|crypto|math/bits|encoding/binary)(/.*)?$`)

// variable are instructions of all architectures whose time depends on their operands:
// division and square roots, PDEP and PEXT, which are slow on some processors, comparison of
// strings, and calls of functions that divide.
var variable = regexp.MustCompile(`^[IUSFV]*(DIV|REM|MOD|SQRT)|^P(DEP|EXT)[LQ]|^(CMPS|SCAS)[BWLQ]$|` +
	`^CALL (runtime\.u?int(32|64)(div|mod)|math/bits\.(Div|Rem))`)

// dividing are functions that divide. Calls of them count.
var dividing = regexp.MustCompile(`^math/bits\.(Div|Rem)`)

// divisions are the places that have such instructions, by function.
var divisions = compiler.Known{
	"They number rows and columns.": {"hybridkem/internal/mlkem.(*EncapsulationKey).expandMatrix": 1},
	"They are of lengths.": {
		"crypto/internal/fips140/sha3.bytepadWrite": 1, "crypto/internal/fips140/sha3.(*Digest).write": 1, "crypto/internal/fips140/sha3.(*Digest).read": 1,
	},
	"They are of lengths, or counters, in AES, which crypto/rand uses.": {
		"crypto/internal/fips140/aes.expandKeyGeneric": 2,
		"crypto/cipher.(*cbcEncrypter).CryptBlocks":    1, "crypto/cipher.(*cbcDecrypter).CryptBlocks": 1,
	},
}

// publicArguments are the numbers, beside pointers, on which the time and the addresses of
// kernels may depend.
var publicArguments = map[string]string{
	"start4AVX2 end":                 "the rate of the hash function",
	"squeeze4AVX2 stride":            "the length of a stream",
	"squeeze4AVX2 n":                 "the length of a stream",
	"innerProductAVX2 stride":        "1, or the k of the parameter set",
	"innerProductAVX2 k":             "that of the parameter set",
	"innerProductAVX512VBMI2 stride": "1, or the k of the parameter set",
	"innerProductAVX512VBMI2 k":      "that of the parameter set",
}

// forbidden are the vector instructions that kernels may not use: those whose time depends on
// their operands, those which take addresses from vectors, which leave out parts of memory or
// fault by a mask, and those whose flags the analysis does not follow.
var forbidden = regexp.MustCompile(`^V\w*(DIV|SQRT|RCP|RSQRT)|^VP?(GATHER|SCATTER|CONFLICT|MASKMOV)|^VP?(COMPRESS|EXPAND)\w* .*\)$|` +
	`^V(UCOMI|COMI|TESTP)|^K(OR)?TEST|^VZEROALL`)
