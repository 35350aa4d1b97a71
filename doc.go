// Package hybridkem lists every KEM of this module as a [kem.KEM], and finds a
// KEM by its name.
//
// A program that knows which KEM it wants imports that KEM's package instead,
// and links nothing else: hybridkem/xwing for X-Wing, hybridkem/mlkem for
// ML-KEM, and hybridkem/combiner for other hybrids. The packages below combiner
// have the key exchanges of TLS and SSH, composite ML-KEM, and the KEM of
// OpenPGP. hybridkem/noise has handshakes that use these KEMs.
package hybridkem
