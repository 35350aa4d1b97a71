// Package proved lists functions that command prove shows to be free of panics.
package proved

// Functions has the functions in which the compiler leaves bounds checks that cannot fail, as
// prove shows. It interprets their source as builds without kernels compile it, for all
// arguments that its statements allow: a slice has as many bytes as d or the parameter set asks
// for, an index of an element is from 0 to 3, and the vectors of a key have the lengths of its
// k. Prove fails if it does not interpret one of them.
var Functions = []string{
	"ring.Poly.NTT",
	"ring.NTT.InverseNTT",
	"ring.Poly.compressPortable",
	"ring.Poly.decompressPortable",
	"x25519.element.setLimbs",
	"mlkem.DecapsulationKey.sampleSecrets",
	"mlkem.EncapsulationKey.multiplyRow",
	"mlkem.DecapsulationKey.decrypt",
	"mlkem.EncapsulationKey.encryptWith",
	"mlkem.encryption.sampleY",
	"mlkem.encryption.encryptU",
	"mlkem.encryption.encryptV",
	"mlkem.State.Begin",
	"mlkem.State.Finish",
	"mlkem.DecapsulationKey.DecapsulateWith",
	"mlkem.EncapsulationKey.decode",
}
