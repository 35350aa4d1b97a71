package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// A scheme is a signature scheme for CertificateVerify (section 4.3.3). The curve
// is nil unless the scheme prescribes one.
type scheme struct {
	id    uint16
	hash  crypto.Hash
	curve elliptic.Curve
}

const ed25519Scheme = 0x0807

var schemes = []scheme{
	{0x0403, crypto.SHA256, elliptic.P256()}, // ecdsa_secp256r1_sha256
	{0x0503, crypto.SHA384, elliptic.P384()}, // ecdsa_secp384r1_sha384
	{0x0804, crypto.SHA256, nil},             // rsa_pss_rsae_sha256
	{0x0805, crypto.SHA384, nil},             // rsa_pss_rsae_sha384
	{0x0806, crypto.SHA512, nil},             // rsa_pss_rsae_sha512
	{ed25519Scheme, 0, nil},
}

// certificateSchemes are RSA with PKCS #1 v1.5, which only signatures in certificates may
// use.
var certificateSchemes = []uint16{0x0401, 0x0501, 0x0601}

// maxRSA is the largest size of an RSA key in bits. It bounds the work that a chain can
// cause.
const maxRSA = 8192

// readCertificate reads the server's Certificate (section 4.5.1). A CertificateRequest
// may come first, which exchangeFinished answers.
func (h *handshaker) readCertificate() error {
	message, err := h.expect(typeCertificateRequest, typeCertificate)
	if err == nil && message[0] == typeCertificateRequest {
		if err := checkCertificateRequest(message[4:]); err != nil {
			return err
		}
		h.asked = true
		message, err = h.expect(typeCertificate)
	}
	if err != nil {
		return err
	}

	body := cryptobyte.String(message[4:])
	var context, list cryptobyte.String
	if !body.ReadUint8LengthPrefixed(&context) || !body.ReadUint24LengthPrefixed(&list) || !body.Empty() {
		return fail(decodeError, "a malformed Certificate")
	}
	if len(context) > 0 {
		return fail(illegalParameter, "a Certificate with a context")
	}
	if list.Empty() { // section 4.5.1.3
		return fail(decodeError, "the server shows no certificate")
	}
	var chain []*x509.Certificate
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) || der.Empty() {
			return fail(decodeError, "a malformed Certificate")
		}
		extensions, err := readExtensions(&list)
		if err != nil {
			return err
		}
		if err := h.allow(extensions); err != nil {
			return err
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return fail(badCertificate, "%v", err)
		}
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSA {
			return fail(badCertificate, "an RSA key of %d bits", key.N.BitLen())
		}
		chain = append(chain, certificate)
	}
	return h.verifyChain(chain)
}

// checkCertificateRequest checks a CertificateRequest (section 4.4.2).
func checkCertificateRequest(body cryptobyte.String) error {
	var context cryptobyte.String
	if !body.ReadUint8LengthPrefixed(&context) {
		return fail(decodeError, "a malformed CertificateRequest")
	}
	extensions, err := lastExtensions(body)
	algorithms := find(extensions, extSignatureAlgorithms)
	switch {
	case err != nil:
		return err
	case len(context) > 0:
		return fail(illegalParameter, "a CertificateRequest with a context during the handshake")
	case algorithms == nil:
		return fail(missingExtension, "a CertificateRequest without signature_algorithms")
	case !isList(*algorithms):
		return fail(decodeError, "a malformed signature_algorithms")
	}
	return refuseMisplaced(extensions, extSignatureAlgorithms)
}

// hostName matches DNS names, without the dot at the end. What ends in a number is another
// way to write an IP address for some resolvers.
var hostName = regexp.MustCompile(`^([\w-]+\.)*\d*[A-Za-z_-][\w-]*$`)

// checkedName returns the name or IP address that the certificate of a host must be for. It
// refuses a host that is neither, above all an empty one, so that no input turns the check
// off.
func checkedName(host string) (string, error) {
	if net.ParseIP(host) != nil {
		return host, nil
	}
	name := strings.TrimSuffix(host, ".") // RFC 6066, section 3
	if len(name) > 253 || !hostName.MatchString(name) {
		return "", fmt.Errorf("%q is neither a DNS name nor an IP address", host)
	}
	return name, nil
}

// verifyChain checks the first certificate (sections 4.5.1.2 and 4.5.1.3). It must be for
// this server, lead to a root, and allow signing handshakes.
func (h *handshaker) verifyChain(chain []*x509.Certificate) error {
	h.server = chain[0]
	if h.server.KeyUsage != 0 && h.server.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return fail(certificateUnknown, "the certificate's key is not for signatures")
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := h.server.Verify(x509.VerifyOptions{Roots: h.roots, Intermediates: intermediates})
	if err == nil {
		// For an empty name, Verify would check none, and VerifyHostname fails.
		err = h.server.VerifyHostname(h.serverName)
	}
	if err == nil {
		return nil
	}
	reason := certificateUnknown
	if slices.ContainsFunc(chain, isWeak) {
		reason = badCertificate
	} else if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		reason = unknownCA
	} else if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		reason = certificateExpired
	}
	return fail(reason, "%v", err)
}

// isWeak tells whether MD5 or SHA-1 makes a certificate invalid (section 4.5.1.3). The
// signature of a root, which is its own, does not count.
func isWeak(c *x509.Certificate) bool {
	weak := []x509.SignatureAlgorithm{x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1}
	return slices.Contains(weak, c.SignatureAlgorithm) && !bytes.Equal(c.RawIssuer, c.RawSubject)
}

// readCertificateVerify checks the signature that proves that the server has the
// certificate's key (section 4.5.2).
func (h *handshaker) readCertificateVerify() error {
	content := bytes.Repeat([]byte{' '}, 64)
	content = append(content, "TLS 1.3, server CertificateVerify\x00"...)
	content = h.transcript.Sum(content)
	message, err := h.expect(typeCertificateVerify)
	if err != nil {
		return err
	}
	body := cryptobyte.String(message[4:])
	var id uint16
	var signature cryptobyte.String
	if !body.ReadUint16(&id) || !body.ReadUint16LengthPrefixed(&signature) || !body.Empty() {
		return fail(decodeError, "a malformed CertificateVerify")
	}
	i := slices.IndexFunc(schemes, func(s scheme) bool { return s.id == id })
	if i < 0 {
		return fail(illegalParameter, "the signature scheme %#04x, which was not offered for this", id)
	}

	s := schemes[i]
	var fits, valid bool
	switch key := h.server.PublicKey.(type) {
	case *ecdsa.PublicKey:
		fits = s.curve == key.Curve
		valid = fits && ecdsa.VerifyASN1(key, sum(s.hash, content), signature)
	case *rsa.PublicKey:
		fits = s.curve == nil && s.id != ed25519Scheme
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		valid = fits && rsa.VerifyPSS(key, s.hash, sum(s.hash, content), signature, options) == nil
	case ed25519.PublicKey:
		fits = s.id == ed25519Scheme
		valid = fits && ed25519.Verify(key, content, signature)
	default:
		return fail(unsupportedCertificate, "a certificate whose key is of another kind")
	}
	if !fits {
		return fail(illegalParameter, "the signature scheme %#04x, which is not for the certificate's key", id)
	}
	if !valid {
		return fail(decryptError, "the signature in CertificateVerify is wrong")
	}
	return nil
}

func sum(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}
