package keccak

// Offsets holds the offsets of rho, by x and y, according to FIPS 202, Algorithm 2.
var Offsets = func() (offsets [5][5]uint64) {
	x, y := 1, 0
	for t := range uint64(24) {
		offsets[x][y] = (t + 1) * (t + 2) / 2 % 64
		x, y = y, (2*x+3*y)%5
	}
	return offsets
}()

// RoundConstants returns the round constants of iota, according to FIPS 202, Algorithms 5
// and 6.
func RoundConstants() []uint64 {
	constants := make([]uint64, nRounds)
	r := uint64(1) // R, with R[0] as the lowest bit
	for i := range constants {
		for j := range 7 {
			constants[i] |= (r & 1) << (1<<j - 1)
			r = (r << 1) ^ ((r >> 7) * 0x171)
		}
	}
	return constants
}

// places holds the index of each lane in memory, by x and y.
type places [5][5]int

// atStart is the order of the lanes in a state: plane by plane.
func atStart() (at places) {
	for x := range 5 {
		for y := range 5 {
			at[x][y] = x + 5*y
		}
	}
	return at
}

// next returns the places after one more round. A round makes each plane from five lanes, and
// stores the plane in the places of these lanes. Lane (x, y) takes the place of the one among
// them that is in the same sheet. According to pi, that is lane (x, x+2y).
func (at places) next() (next places) {
	for x := range 5 {
		for y := range 5 {
			next[x][y] = at[x][(x+2*y)%5]
		}
	}
	return next
}
