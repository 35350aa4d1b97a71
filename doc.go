// Package hybridkem is the index of this module: every KEM it has, as a
// [kem.KEM], in a list and by name.
//
// Programs that know which KEM they want import its package instead, and link
// nothing else: hybridkem/xwing for X-Wing, hybridkem/mlkem for ML-KEM,
// hybridkem/combiner for other hybrids, and hybridkem/combiner/tlskex and
// hybridkem/combiner/sshkex for the key exchanges of TLS and SSH.
package hybridkem
