package vectors

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// A Noise is a run of a protocol of the Noise framework, with everything that both sides bring to it. The
// values that a source lacks are nil.
type Noise struct {
	ID, Protocol         string
	Pattern              string // in the framework's notation, in noise_kem.jsonl.gz
	Initiator, Responder NoiseSide
	HStart, CKStart      Hex // h and ck before the first message
	Messages             []NoiseMessage
	HandshakeHash        Hex
	CS1K, CS2K           Hex // the two keys that Split gives
	Transport            []NoiseMessage
	I2P                  *NoiseI2P
}

// A NoiseSide is what one side brings. Private keys of X25519 have 32 bytes, and seeds of ML-KEM have 64.
type NoiseSide struct {
	Prologue, Static, Ephemeral Hex
	KEMStatic, KEMEphemeral     Hex
	PeerStatic                  Hex // the public key, where the source has it
	PSKs                        []Hex
	Encapsulations              []NoiseEncapsulation
}

// A NoiseEncapsulation is an encapsulation of a side.
type NoiseEncapsulation struct {
	M  Hex // its randomness
	SS Hex // its shared key
}

// A NoiseMessage is a message of a handshake, or of transport.
type NoiseMessage struct {
	FromInitiator       bool
	MixHash             Hex // what both sides hash before the message
	Payload, Ciphertext Hex
	H, CK, K            Hex // the state after the message. K is nil as long as there is no key
	N                   uint64
}

// A NoiseI2P is the section behind the reply of I2P's handshake.
type NoiseI2P struct {
	Tag, K, AD, Payload, Ciphertext Hex
}

// noiseRow is a line of one of the files: noise_plain.jsonl.gz, noise_kem.jsonl.gz or
// noise_xxhfs_mlkem768.jsonl.
type noiseRow struct {
	ID, Source, Pattern string
	ProtocolName        string `json:"protocol_name"`
	HandshakeMessages   int    `json:"handshake_messages"`

	Prologue     *Hex
	PSKs         []Hex
	InitPrologue Hex   `json:"init_prologue"`
	RespPrologue Hex   `json:"resp_prologue"`
	InitPSKs     []Hex `json:"init_psks"`
	RespPSKs     []Hex `json:"resp_psks"`

	InitStatic       Hex `json:"init_static"`
	RespStatic       Hex `json:"resp_static"`
	InitEphemeral    Hex `json:"init_ephemeral"`
	RespEphemeral    Hex `json:"resp_ephemeral"`
	InitRemoteStatic Hex `json:"init_remote_static"`
	RespRemoteStatic Hex `json:"resp_remote_static"`
	InitKEMStatic    Hex `json:"init_kem_static_seed"`
	RespKEMStatic    Hex `json:"resp_kem_static_seed"`
	InitKEMEphemeral Hex `json:"init_kem_ephemeral_seed"`
	RespKEMEphemeral Hex `json:"resp_kem_ephemeral_seed"`

	HStart              Hex `json:"h_start"`
	CKStart             Hex `json:"ck_start"`
	HandshakeHash       Hex `json:"handshake_hash"`
	CS1K                Hex `json:"cs1_k"`
	CS2K                Hex `json:"cs2_k"`
	Messages, Transport []struct {
		NoiseMessage
		Sender, Tokens string
		Encaps         []NoiseEncapsulation
	}
	I2P *NoiseI2P `json:"i2p_nsr_payload"`

	// The other names of noise_xxhfs_mlkem768.jsonl. The messages of its rows have no payloads.
	Protocol    string
	InitKEMSeed Hex `json:"init_kem_seed"`
	RespKEMM    Hex `json:"resp_kem_m"`
	KEMSS       Hex `json:"kem_ss"`
	MsgA        Hex `json:"msg_a"`
	MsgB        Hex `json:"msg_b"`
	MsgC        Hex `json:"msg_c"`
	HashA       Hex `json:"hash_a"`
	HashB       Hex `json:"hash_b"`
}

// DecodeNoise parses a line of one of the files of Noise. It returns an error if the line has no handshake.
func DecodeNoise(line []byte) (Noise, error) {
	var r noiseRow
	if err := json.Unmarshal(line, &r); err != nil {
		return Noise{}, fmt.Errorf("vectors: %w", err)
	}
	v := Noise{
		ID: r.ID, Protocol: r.ProtocolName + r.Protocol, Pattern: r.Pattern, HStart: r.HStart, CKStart: r.CKStart,
		Initiator:     NoiseSide{r.InitPrologue, r.InitStatic, r.InitEphemeral, r.InitKEMStatic, r.InitKEMEphemeral, r.InitRemoteStatic, r.InitPSKs, nil},
		Responder:     NoiseSide{r.RespPrologue, r.RespStatic, r.RespEphemeral, r.RespKEMStatic, r.RespKEMEphemeral, r.RespRemoteStatic, r.RespPSKs, nil},
		HandshakeHash: r.HandshakeHash, CS1K: r.CS1K, CS2K: r.CS2K, I2P: r.I2P,
	}
	if r.Prologue != nil {
		v.Initiator.Prologue, v.Responder.Prologue = *r.Prologue, *r.Prologue
		v.Initiator.PSKs, v.Responder.PSKs = r.PSKs, r.PSKs
	}
	if r.HandshakeMessages == 0 {
		r.HandshakeMessages = len(r.Messages)
	}
	for i, m := range append(r.Messages, r.Transport...) {
		side := &v.Initiator
		switch m.Sender {
		case "init":
			m.FromInitiator = true
		case "resp":
			side = &v.Responder
		default:
			return v, fmt.Errorf("vectors: message %d has the sender %q", i, m.Sender)
		}
		if m.Ciphertext == nil || m.Payload == nil {
			return v, fmt.Errorf("vectors: message %d lacks its payload or ciphertext", i)
		}
		if _, rest, ok := strings.Cut(m.Tokens, "mixhash:"); ok {
			digits, _, _ := strings.Cut(rest, ",")
			tag, err := hex.DecodeString(digits)
			if err != nil {
				return v, fmt.Errorf("vectors: message %d: %w", i, err)
			}
			m.MixHash = tag
		}
		side.Encapsulations = append(side.Encapsulations, m.Encaps...)
		if i < r.HandshakeMessages {
			v.Messages = append(v.Messages, m.NoiseMessage)
		} else {
			v.Transport = append(v.Transport, m.NoiseMessage)
		}
	}
	if r.MsgA != nil {
		v.Initiator.KEMEphemeral = r.InitKEMSeed
		v.Responder.Encapsulations = []NoiseEncapsulation{{r.RespKEMM, r.KEMSS}}
		v.Messages = []NoiseMessage{
			{FromInitiator: true, Payload: Hex{}, Ciphertext: r.MsgA, H: r.HashA},
			{Payload: Hex{}, Ciphertext: r.MsgB, H: r.HashB},
			{FromInitiator: true, Payload: Hex{}, Ciphertext: r.MsgC, H: r.HandshakeHash},
		}
	}
	if v.ID == "" {
		v.ID = r.Source + "/" + v.Protocol
	}
	if v.Protocol == "" || len(v.Messages) == 0 {
		return v, fmt.Errorf("vectors: there is no handshake")
	}
	return v, nil
}

// ReadNoise returns the vectors of a file of Noise. It uses count as [Lines] does.
func ReadNoise(name string, count int) ([]Noise, error) {
	lines, err := Lines(name, count)
	if err != nil {
		return nil, err
	}
	all := make([]Noise, len(lines))
	for i, line := range lines {
		if all[i], err = DecodeNoise(line); err != nil {
			return nil, fmt.Errorf("%w (%s, line %d)", err, name, i+1)
		}
	}
	return all, nil
}

// StaticKeys returns one letter for the static key of each side, as section 7.4 and 7.5 name patterns: N if there is
// none, K if the other side knows it before the handshake, and X or I if it is sent.
func (v Noise) StaticKeys() (initiator, responder byte) {
	_, pattern, _ := strings.Cut(v.Protocol, "_")
	pattern, _, _ = strings.Cut(pattern, "_")
	letters := ""
	for _, c := range pattern {
		if 'A' <= c && c <= 'Z' {
			letters += string(c)
		}
	}
	switch len(letters) {
	case 1: // one-way: the responder's key is known
		return letters[0], 'K'
	case 2:
		return letters[0], letters[1]
	}
	return '?', '?'
}
