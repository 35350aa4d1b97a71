package combiner

import (
	"hybridkem/internal/hybrid"
	"hybridkem/internal/nist"
	"hybridkem/kem"
)

// MLKEM768P256 returns MLKEM768-P256 of draft-irtf-cfrg-concrete-hybrid-kems.
// Encapsulation keys have 1249 bytes, and ciphertexts have 1153.
func MLKEM768P256() kem.KEM { return &mlkem768P256 }

var mlkem768P256 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM768-P256",
	PQ: &hybrid.MLKEM768, T: &nist.P256, Combiner: hybrid.C2PRICombiner,
	Label: []byte("MLKEM768-P256"),
}

// MLKEM1024P384 returns MLKEM1024-P384 of draft-irtf-cfrg-concrete-hybrid-kems.
// Encapsulation keys and ciphertexts have 1665 bytes.
func MLKEM1024P384() kem.KEM { return &mlkem1024P384 }

var mlkem1024P384 = hybrid.Hybrid{
	Package: "combiner", ID: "MLKEM1024-P384",
	PQ: &hybrid.MLKEM1024, T: &nist.P384, Combiner: hybrid.C2PRICombiner,
	Label: []byte("MLKEM1024-P384"),
}

// MLKEM512X25519 returns the CG framework with ML-KEM-512 and X25519. Encapsulation keys
// have 832 bytes, and ciphertexts have 800. No document registers it. Its name
// and label, "hybridkem/MLKEM512+X25519", are this module's own. No registry uses that form.
func MLKEM512X25519() kem.KEM { return &mlkem512X25519 }

var mlkem512X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "hybridkem/MLKEM512+X25519",
	PQ: &hybrid.MLKEM512, T: &hybrid.X25519, Combiner: hybrid.C2PRICombiner,
	Label: []byte("hybridkem/MLKEM512+X25519"),
}

// MLKEM1024X25519 returns the CG framework with ML-KEM-1024 and X25519. Encapsulation keys
// and ciphertexts have 1600 bytes. No document registers it. Its name and label,
// "hybridkem/MLKEM1024+X25519", are this module's own. No registry uses that form.
func MLKEM1024X25519() kem.KEM { return &mlkem1024X25519 }

var mlkem1024X25519 = hybrid.Hybrid{
	Package: "combiner", ID: "hybridkem/MLKEM1024+X25519",
	PQ: &hybrid.MLKEM1024, T: &hybrid.X25519, Combiner: hybrid.C2PRICombiner,
	Label: []byte("hybridkem/MLKEM1024+X25519"),
}
