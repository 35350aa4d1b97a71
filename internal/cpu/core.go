package cpu

// A core is an implementer and a part number, as MIDR_EL1 has them. Linux names them in
// arch/arm64/include/asm/cputype.h.
type core uint32

const (
	cortexA55   core = 0x41<<12 | 0xd05
	cortexA73   core = 0x41<<12 | 0xd09
	cortexA76   core = 0x41<<12 | 0xd0b
	cortexA76AE core = 0x41<<12 | 0xd0e
	neoverseN1  core = 0x41<<12 | 0xd0c
	cortexA510  core = 0x41<<12 | 0xd46
	cortexA520  core = 0x41<<12 | 0xd80
	cortexX4    core = 0x41<<12 | 0xd82
	cortexX925  core = 0x41<<12 | 0xd85
	cortexA725  core = 0x41<<12 | 0xd87
	neoverseV3  core = 0x41<<12 | 0xd84
	neoverseN3  core = 0x41<<12 | 0xd8e
	c1Pro       core = 0x41<<12 | 0xd8b
	c1Ultra     core = 0x41<<12 | 0xd8c
	c1Premium   core = 0x41<<12 | 0xd90
	tsv110      core = 0x48<<12 | 0xd01
	denver      core = 0x4e<<12 | 0x003
	olympus     core = 0x4e<<12 | 0x010
	xGene       core = 0x50 << 12
	oryon       core = 0x51<<12 | 0x001
	ampere1     core = 0xc0<<12 | 0xac3
	ampere1A    core = 0xc0<<12 | 0xac4
	ampere1B    core = 0xc0<<12 | 0xac5
	apple       core = 0x61 << 12 // and any part
	implementer core = 0xff << 12
)

// choices are the sets of arm64 that depend on the core.
type choices struct{ narrow, rotating, sha3 bool }

// choose returns the choices for a core whose MIDR_EL1 is midr, or 0 if the system does not tell it.
// hasSHA3 says whether the core has the SHA-3 instructions. A wrong choice costs time and nothing else.
//
// Narrow is on for cores whose multiplier is known to be busy for several cycles with a product of 64 bits:
// Neoverse N1 (Arm's guide to it, and aws/aws-lc#1469) and Cortex-A76, from which it was made, and Cortex-A55,
// A510 and A520, whose model in LLVM says so. It is off on Cortex-A53, which gains little by its model and
// often comes with cores that lose.
//
// Rotating is off on cores that are known to take longer for the rotation of an operand: Cortex-A73
// and Apple's (awslabs/s2n-bignum#276), Denver and X-Gene (openssl/openssl#4350), and those whose model
// in LLVM says so. Cortex-A57 and A72 take longer too, and Rotating is on there: by their model, one
// state takes a tenth longer than in crypto/sha3, but four take little more than half as long as there,
// and an operation has more of those. On Cortex-A53 it gains (openssl/openssl#4350).
//
// SHA3 is on for cores that are known to begin two of the SHA-3 instructions or more in a cycle: Apple's,
// and those whose model in LLVM says so. Most others begin one, and then two states take
// longer than in general registers, one after the other. V3AE begins two, but has fast general
// registers, so that SHA3 is a little slower there. A core of unknown name is most likely one of the others.
func choose(goos string, midr uint64, hasSHA3 bool) choices {
	c := core(midr>>24&0xff<<12 | midr>>4&0xfff)
	if goos == "darwin" || goos == "ios" || c&implementer == apple {
		return choices{sha3: hasSHA3}
	}
	switch c {
	case cortexA55, cortexA76, cortexA76AE, neoverseN1, cortexA510, cortexA520:
		return choices{narrow: true, rotating: true}
	case cortexA73, tsv110, denver, xGene:
		return choices{}
	case ampere1, ampere1A, ampere1B:
		return choices{sha3: hasSHA3}
	case cortexX4, cortexX925, cortexA725, neoverseV3, neoverseN3, c1Pro, c1Ultra, c1Premium, olympus, oryon:
		return choices{rotating: true, sha3: hasSHA3}
	}
	return choices{rotating: true}
}
