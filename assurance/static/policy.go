package main

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
	blind                 // none is, since it does not look at what its arguments refer to
)

const (
	word     = "an instruction, or a few, on words"
	subtle   = "it is for secrets"
	hash     = "crypto/sha3 and crypto/sha2 do not depend on what they hash, apart from its length"
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

	"reflect.ValueOf": {nil, blind, "it is asked for a kind, and whether a pointer is nil"},

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

	"filippo.io/edwards25519.checkInitialized: a branch":                           "it panics if all of a point is zero",
	"filippo.io/edwards25519.checkInitialized: a comparison of more than a number": uninitialized,
}

// divisions are those whose operands are public, by function and line.
var divisions = map[string]string{
	"hybridkem/internal/mlkem.(*EncapsulationKey).expandMatrix: " +
		"ends[i] = [2]byte{byte((made + i) % k), byte((made + i) / k)}": "numbers of rows and columns",
}
