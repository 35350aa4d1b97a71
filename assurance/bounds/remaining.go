package main

import "hybridkem/assurance/internal/compiler"

// remaining says how many checks the compiler leaves in each function, and why they cannot
// fail. A function whose checks have several reasons stands in several entries.
var remaining = compiler.Known{
	"b has as many bytes as d or eta asks for: mlkem cuts it so, in each of the parameter sets.": {
		"ring.Poly.Compress": 13, "ring.Poly.Decompress": 15, "ring.Poly.SampleCBD": 8,
	},

	"The vectors of a key have the lengths that its k gives, k is at most maxK, and keys are " +
		"compared only with those of the same k.": {
		"mlkem.DecapsulationKey.SameExpansion": 1, "mlkem.DecapsulationKey.keyGen": 2,
		"mlkem.EncapsulationKey.AppendBytes": 1, "mlkem.EncapsulationKey.expandMatrix": 2,
		"mlkem.EncapsulationKey.init": 3, "mlkem.State.Overwrite": 1,
	},

	"Callers have compared lengths with those of the parameter set, which are the sums of the " +
		"parts that are cut off.": {
		"mlkem.DecapsulationKey.ParseExpanded": 7, "mlkem.EncapsulationKey.Parse": 1, "mlkem.EncapsulationKey.Valid": 1,
		"mlkem.decode": 1,
	},

	"A Batch makes no more streams than it is asked for, and at most as many as it has room for; " +
		"it is asked for at most as many as are missing.": {
		"mlkem.EncapsulationKey.expandMatrix": 1, "mlkem.sample": 4, "mlkem.prf.next": 2,
		"sha3.Batch.SHAKE128s": 4, "sha3.Batch.SHAKE256s": 2, "sha3.Batch.streams": 7,
	},

	"The streams of SHAKE256 have one size, which is less than a block of SHAKE128, and there are three beside one.": {"sha3.Batch.Beside": 3},

	"A long message has the size that is given when it begins, at most 1600 bytes. Write and " +
		"block are inlined in their callers, too.": {
		"mlkem.DecapsulationKey.BeginJ": 2, "mlkem.EncapsulationKey.Parse": 1, "mlkem.DecapsulationKey.keyGen": 1,
		"mlkem.writeEncoded": 1, "sha3.Batch.absorb": 1,
		"sha3.Long.Write": 3, "sha3.Long.Sum": 3, "sha3.Long.block": 1, "sha3.Single.Next": 1,
	},

	"A Single counts its hashes.": {"sha3.Single.Next": 1, "sha3.Single.End": 1},

	"The seat of a long hash is a state of the batch. absorb4 is inlined in its caller, too.": {
		"sha3.Batch.sit": 2, "sha3.Batch.absorb": 2, "sha3.absorb4": 1, "sha3.Batch.start": 1, "sha3.Batch.Sum": 1,
	},

	"A rate is less than the 200 bytes of a state, and n is less than the rate. pad and squeeze are " +
		"inlined in their callers, too.": {
		"sha3.sponge.absorb": 2, "sha3.sponge.pad": 2, "sha3.sponge.squeeze": 1,
		"sha3.function.hash": 2, "sha3.SHAKE128At": 2, "sha3.function.stream": 2,
	},

	"All rows of several operations have one parameter set. Their number is at most Width, their " +
		"slices have one length, and encodings and ciphertexts have the size of the set.": {
		"mlkem.GenerateMany": 4, "mlkem.ParseMany": 7, "mlkem.EncapsulateMany": 8, "mlkem.DecapsulateMany": 9,
		"mlkem.generate": 6, "mlkem.parse": 5, "mlkem.encapsulate": 7, "mlkem.decapsulate": 7,
		"mlkem.gMany": 1, "mlkem.expandMatrices": 2, "mlkem.sampleNTTs": 4, "mlkem.noises.of": 1, "mlkem.noises.sample": 5,
	},

	"The arguments for several points have one length, and there are as many lanes and fractions as " +
		"rows of a group, at most eight, and twice as many for both products.": {
		"x25519.ScalarBaseMultMany": 1, "x25519.ScalarMultMany": 2, "x25519.ScalarMultBothMany": 3,
		"x25519.combInputs": 1, "x25519.ladderInputs": 3, "x25519.element.setLane": 1,
		"x25519.fractions.append": 2, "x25519.fractions.divide": 1, "x25519.fractions.multiply": 2,
		"x25519.fractions.multiplyBase": 2, "x25519.fractions.quotients": 1,
	},

	"A Many has from 1 to Width messages of one length, as many outputs, and less than a block " +
		"written of its last one.": {
		"sha3.Many.BeginSHAKE128s": 1, "sha3.Many.BeginSHAKE256s": 1, "sha3.Many.start": 4,
		"sha3.Many.Write": 5, "sha3.Many.Read": 3, "sha3.Many.pad": 2, "sha3.Sum256Many": 3, "sha3.SHAKE256Many": 1,
	},

	"A rate is that of a function, and there are at most four messages.": {"sha3.start4": 3, "sha3.begin4": 1},

	"G hashes 33 bytes or 64.": {"mlkem.g": 1, "sha3.Batch.Sum512": 2},

	"These look in the place of kernels, which do not. The numbers are those of the parameter " +
		"sets, and the tests run all of them.": {"sha3.squeeze4": 4, "sha3.Many.pointers": 2, "ring.NTT.InnerProduct": 2, "ring.NTT.SampleVartime": 1},

	"The line before, or the same index for the other implementation, has looked: a has the " +
		"polynomials of a row, or of a column from its first on, and b is not empty.": {"ring.NTT.InnerProduct": 4},

	"The kernel reads nothing beyond the stream. The compiler for 386 does not see that i+2 does " +
		"not overflow.": {"ring.NTT.SampleVartime": 4},

	"edwards25519 says that the result has 32 bytes.": {"x25519.multiplyBase": 2},
}
