package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A cause is a kind of error that explains why there is no response or no body. Its text
// contains types, positions, server addresses and constant texts of this package or Go's, but
// no values of a request or response.
type cause struct {
	// text describes the error. It returns "" if the error is of another kind.
	text func(error) string
	// advice is what to do. If it is empty, the general advice for the error applies.
	advice string
	// permanent means that another attempt would fail in the same way.
	permanent bool
}

const (
	adviceCertificate = "check the base URL and the certificates that this machine trusts"
	advicePlainHTTP   = "the server doesn't speak TLS; check the scheme and the port of the base URL"
	adviceHost        = "check the host of the base URL and this machine's DNS"
	adviceRefused     = "connection refused; check the base URL, or retry later"
	adviceProxy       = "check HTTPS_PROXY, the proxy's user and password, and that the proxy allows Klaviyo"
	adviceTLS         = "the TLS handshake failed; check the base URL and any proxy"
	adviceNotHTTP     = "the server doesn't speak HTTP; check the scheme and the port of the base URL"
	adviceTransport   = "check the base URL and the transport of the http.Client"
)

// causes returns the kinds in order of precedence. It is a function because some kinds describe
// a wrapped error, which uses causes.
func causes() []cause {
	return []cause{
		{text: ofType(func(e *limitError) string { return e.Error() }), permanent: true},
		{text: ofType(func(e attemptTimeoutError) string { return e.Error() })},
		{text: is(errTooLarge), advice: "use a smaller page size", permanent: true},
		{text: is(errIncomplete)},

		{text: ofType(func(e *tls.CertificateVerificationError) string { return e.Error() }), advice: adviceCertificate, permanent: true},
		{text: ofType(func(e x509.UnknownAuthorityError) string { return e.Error() }), advice: adviceCertificate, permanent: true},
		{text: ofType(func(e x509.HostnameError) string { return e.Error() }), advice: adviceCertificate, permanent: true},
		{text: ofType(func(e x509.CertificateInvalidError) string { return e.Error() }), advice: adviceCertificate, permanent: true},
		{text: ofType(func(e tls.RecordHeaderError) string { return e.Error() }), advice: advicePlainHTTP, permanent: true},
		{text: is(http.ErrSchemeMismatch), advice: advicePlainHTTP, permanent: true},
		{text: tlsAlert, advice: adviceTLS},
		{text: containing("tls: server selected unsupported protocol version", "tls: no supported versions satisfy"), advice: adviceTLS},

		{text: proxyStatus(true), advice: adviceProxy},
		{text: proxyStatus(false), advice: adviceProxy, permanent: true},
		{text: networkError("proxyconnect", nil), advice: adviceProxy},
		{text: networkError("socks connect", nil), advice: adviceProxy},
		{text: containing("proxy: unknown scheme", "invalid proxy address"), advice: adviceProxy, permanent: true},
		{text: ofType(func(e *net.DNSError) string { return e.Error() }), advice: adviceHost},
		{text: networkError("dial", syscall.ECONNREFUSED), advice: adviceRefused},
		{text: ofType(describeNetworkError)},
		{text: ofType(func(e *os.SyscallError) string { return e.Syscall + ": " + describe(e.Err) })},
		{text: ofType(func(e syscall.Errno) string { return e.Error() })},

		{text: ofType(describeMarshaler)},
		{text: ofType(describeSyntax)},
		{text: ofType(describeMismatch)},
		{text: ofType(func(e *json.UnsupportedTypeError) string { return "json: unsupported type: " + goType(e.Type) })},
		{text: containing("json: unsupported value: NaN", "json: unsupported value: +Inf", "json: unsupported value: -Inf",
			"json: unsupported value: encountered a cycle", "json: unsupported value")},
		{text: containing(invalidNumber, "json: invalid use of ,string struct tag", "json: unknown field", "json: encoding error")},
		{text: ofType(func(e *strconv.NumError) string { return "strconv." + e.Func + ": " + describe(e.Err) })},
		{text: containing("EventProfile.Properties is not a JSON object", "EventProfile.Properties has the name of a field that is set")},

		{text: containing("unsupported protocol scheme", "no Host in request URL", "invalid header field", "nil Request.URL", "Transport does not support",
			"returned a nil *Response", "hook returned (nil, nil)", "stopped after 10 redirects"), advice: adviceTransport, permanent: true},
		{text: containing("malformed HTTP response", "malformed HTTP version", "malformed HTTP status code", "malformed MIME header", "malformed chunked encoding",
			"unknown status code", "bad Content-Length", "multiple Content-Length headers", "unsupported transfer encoding",
			"server response headers exceeded", "failed to parse Location header"), advice: adviceNotHTTP},
		{text: containing("TLS handshake timeout", "timeout awaiting response headers", "server closed idle connection", "transport connection broken",
			"cannot rewind body after connection loss", "CloseIdleConnections called", "idle connection timeout", "unexpected EOF reading trailer")},
		{text: containing("http2: server sent GOAWAY and closed the connection", "http2: Transport received Server's graceful shutdown GOAWAY",
			"http2: client connection lost", "http2: client connection force closed", "http2: no cached connection was available",
			"http2: cannot retry", "http2: frame too large", "http2: response body closed")},
		{text: http2Code("stream error")},
		{text: http2Code("connection error")},

		{text: is(context.Canceled)},
		{text: is(context.DeadlineExceeded)},
		{text: is(os.ErrDeadlineExceeded)},
		{text: is(net.ErrClosed)},
		{text: is(io.ErrClosedPipe)},
		{text: is(io.ErrUnexpectedEOF)},
		{text: is(io.EOF)},
		{text: is(strconv.ErrRange)},
		{text: is(strconv.ErrSyntax)},
	}
}

// causeOf returns the kind of an error and its text.
func causeOf(err error) (cause, string) {
	for _, c := range causes() {
		if text := c.text(err); text != "" {
			return c, text
		}
	}
	return cause{}, ""
}

// describe returns the text of errors that contain no personal data, and only the type of
// others, since a transport may put anything into its errors.
func describe(err error) string {
	if _, text := causeOf(err); text != "" {
		return text
	}
	return fmt.Sprintf("an error of type %T; Unwrap has its text", innermost(err))
}

// innermost unwraps an error completely.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if several, ok := err.(interface{ Unwrap() []error }); ok && len(several.Unwrap()) > 0 {
			inner = several.Unwrap()[0]
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}

// ofType describes errors of type E.
func ofType[E error](text func(E) string) func(error) string {
	return func(err error) string {
		var known E
		if !errors.As(err, &known) {
			return ""
		}
		return text(known)
	}
}

// is describes the error known.
func is(known error) func(error) string {
	return func(err error) string {
		if !errors.Is(err, known) {
			return ""
		}
		return known.Error()
	}
}

// containing describes errors that have neither a type nor a variable. It returns only the
// words that were found.
func containing(words ...string) func(error) string {
	return func(err error) string {
		text := err.Error()
		for _, w := range words {
			if strings.Contains(text, w) {
				return w
			}
		}
		return ""
	}
}

// networkError describes a failed network operation. If reason isn't nil, the operation must
// have failed for it.
func networkError(operation string, reason error) func(error) string {
	return ofType(func(e *net.OpError) string {
		if e.Op != operation || reason != nil && !errors.Is(e, reason) {
			return ""
		}
		return describeNetworkError(e)
	})
}

// describeNetworkError returns the operation, the addresses and the description of the reason.
func describeNetworkError(e *net.OpError) string {
	shown := *e
	if e.Err != nil {
		shown.Err = errors.New(describe(e.Err))
	}
	return shown.Error()
}

// proxyStatus describes a proxy's error response, either a temporary or a permanent one. The
// error of net/http only has the text of the status.
func proxyStatus(temporary bool) func(error) string {
	return func(err error) string {
		text := innermost(err).Error()
		for status := 400; status < 600; status++ {
			known := http.StatusText(status)
			if known == "" || !strings.EqualFold(text, known) {
				continue
			}
			kind := response{status: status}.kind()
			if temporary == (kind == ErrUnavailable || kind == ErrRateLimited) {
				return fmt.Sprintf("the proxy answered %d %s", status, known)
			}
		}
		return ""
	}
}

// tlsAlert describes the alert with which the server ended a handshake. The type of this error
// in crypto/tls isn't exported.
func tlsAlert(err error) string {
	text := innermost(err).Error()
	for alert := range 256 {
		if known := tls.AlertError(alert).Error(); text == known {
			return "the server answered with the alert " + known
		}
	}
	return ""
}

// http2Code describes an HTTP/2 error that has a code.
func http2Code(kind string) func(error) string {
	return func(err error) string {
		text := err.Error()
		if !strings.Contains(text, kind) {
			return ""
		}
		for _, code := range []string{
			"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
			"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
		} {
			if strings.Contains(text, code) {
				return "http2: " + kind + " " + code
			}
		}
		return ""
	}
}

// withoutURL unwraps net/http's url.Error: paths and queries may contain ids and email
// addresses.
func withoutURL(err error) error {
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err
}
