package hybridkem

import (
	"fmt"

	"hybridkem/combiner"
	"hybridkem/kem"
	"hybridkem/mlkem"
	"hybridkem/xwing"
)

// All returns every KEM of the module.
func All() []kem.KEM {
	return []kem.KEM{
		xwing.KEM(),
		mlkem.KEM512(),
		mlkem.KEM768(),
		mlkem.KEM1024(),
		combiner.MLKEM768P256(),
		combiner.MLKEM1024P384(),
		combiner.MLKEM512X25519(),
		combiner.MLKEM1024X25519(),
		combiner.X25519MLKEM768(),
		combiner.SecP256r1MLKEM768(),
		combiner.SecP384r1MLKEM1024(),
		combiner.MLKEM768X25519SHA256(),
		combiner.MLKEM768NISTP256SHA256(),
		combiner.MLKEM1024NISTP384SHA384(),
	}
}

// ByName returns the KEM with the given name, in the exact spelling of its
// document. X-Wing is found as "X-Wing" and as "MLKEM768-X25519"; both give
// xwing.KEM, whose Name is "X-Wing".
func ByName(name string) (kem.KEM, error) {
	if name == combiner.MLKEM768X25519().Name() {
		return xwing.KEM(), nil
	}
	for _, k := range All() {
		if k.Name() == name {
			return k, nil
		}
	}
	return nil, fmt.Errorf("hybridkem: no KEM is named %q", name)
}
