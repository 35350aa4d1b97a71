module hybridkem/interop

go 1.26.0

require (
	github.com/flynn/noise v1.1.0
	hybridkem v0.0.0
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace hybridkem => ../
