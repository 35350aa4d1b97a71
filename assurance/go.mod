module hybridkem/assurance

go 1.26.0

replace hybridkem => ../

require (
	filippo.io/edwards25519 v1.2.0
	golang.org/x/arch v0.33.0
	golang.org/x/tools v0.51.0
	hybridkem v0.0.0-00010101000000-000000000000
)

require (
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/sync v0.23.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
