package x25519

func ScalarBaseMultMany(out, scalars []*[Size]byte) {
	for i := range out {
		ScalarBaseMult(out[i], scalars[i])
	}
}
func ScalarMultMany(out, scalars, points []*[Size]byte) {
	for i := range out {
		ScalarMult(out[i], scalars[i], points[i])
	}
}
func ScalarMultBothMany(public, shared, scalars, points []*[Size]byte) {
	for i := range public {
		ScalarMultBoth(public[i], shared[i], scalars[i], points[i])
	}
}
