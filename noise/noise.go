// Package noise implements the Noise Protocol Framework, revision 34, with KEMs: handshakes that authenticate
// two sides and agree on keys, for protocols of one's own. Sections in comments are those of the framework.
//
// [Client] and [Server] run a handshake over a connection and encrypt it, as those of crypto/tls do. A
// [HandshakeState] makes and reads the messages of a handshake one by one, for other transports.
//
// A protocol is chosen by its name. [ParseProtocol] says which names there are. These protocols resist quantum
// computers, the first one only in part:
//
//   - Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256 keeps recorded messages secret as long as X25519 or ML-KEM
//     is safe. Authentication rests on X25519 alone.
//   - Noise_hybridXX_25519+MLKEM768_ChaChaPoly_SHA256 and Noise_hybridIK_25519+MLKEM768_AESGCM_SHA256 use both
//     X25519 and ML-KEM for authentication, too. Either of the two is enough.
//   - Noise_pqXX_MLKEM768_ChaChaPoly_SHA256 rests on ML-KEM alone.
//
// SPEC.md says what each pattern gives, and which claims are those of the papers.
//
// Everything sent is hashed into the handshake hash, and the shared keys of KEMs are mixed into the chaining key.
// So KEMs whose shared keys need a transcript ([kem.NeedsTranscript]) can be used, and so can ML-KEM alone.
//
// An error of a message from the peer says which message it is and nothing else. From then on the handshake has ended.
package noise

import (
	"errors"

	faults "hybridkem/internal/fault"
	"hybridkem/kem"
)

// MaxMessageSize is the largest size of a message of a handshake and of transport, in bytes (section 3).
const MaxMessageSize = 65535

// The errors of this package wrap one of these or [kem.ErrOverlap], and say more. A Conn also returns errors of the
// connection below it. Use [errors.Is].
var (
	// ErrProtocol means that a protocol name or a pattern is unknown or invalid.
	ErrProtocol = errors.New("noise: invalid protocol")

	// ErrConfig means that a key or another value in a Config is missing, superfluous or invalid.
	ErrConfig = errors.New("noise: invalid configuration")

	// ErrOrder means that a method has been called when the handshake is in another state, or after it has ended.
	ErrOrder = errors.New("noise: called out of order")

	// ErrHandshake means that a message of the peer is invalid. The handshake has ended.
	ErrHandshake = errors.New("noise: invalid handshake message")

	// ErrDecrypt means that a transport message is not authentic.
	ErrDecrypt = errors.New("noise: a message is not authentic")

	// ErrMessageLength means that a message would be longer than MaxMessageSize.
	ErrMessageLength = errors.New("noise: a message is too long")

	// ErrPeer means that the peer has another static key than the Config wants.
	ErrPeer = errors.New("noise: the static key of the peer is refused")

	// ErrNonce means that a key has encrypted as many messages as it may, or has been used with the nonce before.
	ErrNonce = errors.New("noise: there is no unused nonce for the message")
)

var (
	errNoKey   = fault(ErrOrder, "there is no key")
	errOverlap = fault(kem.ErrOverlap, "the result would overwrite what it is made from")
)

// fault returns an error of this package that wraps kind.
func fault(kind error, format string, args ...any) error {
	return faults.New("noise", kind, format, args...)
}
