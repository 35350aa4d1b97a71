package main

import "fmt"

// An alert is what one end tells the other when it closes the connection or gives up
// (section 6).
type alert uint8

const (
	closeNotify            alert = 0
	unexpectedMessage      alert = 10
	badRecordMAC           alert = 20
	recordOverflow         alert = 22
	badCertificate         alert = 42
	unsupportedCertificate alert = 43
	certificateExpired     alert = 45
	certificateUnknown     alert = 46
	illegalParameter       alert = 47
	unknownCA              alert = 48
	decodeError            alert = 50
	decryptError           alert = 51
	protocolVersion        alert = 70
	internalError          alert = 80
	userCanceled           alert = 90
	missingExtension       alert = 109
	unsupportedExtension   alert = 110
)

// alertNames also has the alerts that only a server sends.
var alertNames = map[alert]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
	40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
	45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
	49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
	71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
	109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name", 116: "certificate_required",
	117: "general_error", 120: "no_application_protocol",
}

func (a alert) String() string {
	if name, ok := alertNames[a]; ok {
		return name
	}
	return fmt.Sprintf("alert %d", uint8(a))
}

// A failure is an error that this end has found. The other end gets its alert.
type failure struct {
	alert  alert
	reason string
}

func (f *failure) Error() string { return fmt.Sprintf("%s (%v)", f.reason, f.alert) }

func fail(a alert, format string, args ...any) error {
	return &failure{a, fmt.Sprintf(format, args...)}
}

// A received is an error alert from the other end.
type received alert

func (r received) Error() string { return fmt.Sprintf("the server gave up: %v", alert(r)) }
