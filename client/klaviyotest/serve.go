package klaviyotest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
)

var _ http.Handler = (*Klaviyo)(nil)

// ServeHTTP responds to a request.
func (k *Klaviyo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := k.handle(r)
	switch {
	case err != nil: // the client has disconnected
		panic(http.ErrAbortHandler)
	case a.resetConnection:
		resetConnection(w)
	}
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	w.WriteHeader(a.status)
	if a.truncated {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(a.body)
}

// resetConnection ends the connection and doesn't return. It sends RST for a TCP connection of
// HTTP/1.
func resetConnection(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// Transport returns a transport that passes requests to k, whatever their host. All transports
// of a Klaviyo share its state.
func (k *Klaviyo) Transport() http.RoundTripper { return roundTripperFunc(k.respond) }

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (t roundTripperFunc) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func (k *Klaviyo) respond(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	a, err := k.handle(r)
	if err != nil {
		return nil, err
	}
	if a.resetConnection {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	var body io.Reader = bytes.NewReader(a.body)
	if a.truncated {
		body = io.MultiReader(bytes.NewReader(a.body[:len(a.body)/2]), errReader{})
	}
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          io.NopCloser(body),
		ContentLength: int64(len(a.body)),
		Request:       r,
	}, nil
}

// An errReader is the end of a truncated body.
type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
