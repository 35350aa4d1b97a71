module hybridkem/bench

go 1.26.0

require (
	filippo.io/edwards25519 v1.2.0
	github.com/cloudflare/circl v1.6.5
	github.com/google/pprof v0.0.0-20261016150608-1facf8f91b50
	golang.org/x/crypto v0.58.0
	golang.org/x/sys v0.49.0
	hybridkem v0.0.0
)

replace hybridkem => ../
