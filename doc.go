// Package hybridkem lists every KEM of this module as a [kem.KEM], and finds a
// KEM by its name.
//
// A program that knows which KEM it wants imports that KEM's package instead,
// and links nothing else: hybridkem/xwing for X-Wing, hybridkem/mlkem for
// ML-KEM, hybridkem/combiner for other hybrids, and hybridkem/combiner/tlskex
// and hybridkem/combiner/sshkex for the key exchanges of TLS and SSH.
package hybridkem
