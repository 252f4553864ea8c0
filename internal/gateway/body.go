package gateway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// firstSize is how much memory a body gets before more of it is there than that, so that a
// sender can't take memory by announcing a large body. Most are smaller.
const firstSize = 16 << 10

// readBody reads and decompresses a request's body.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, share *share) ([]byte, *answer) {
	decompressed, ok := encodings[strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))]
	switch {
	case !ok:
		return nil, &unknownEncoding
	case r.ContentLength > int64(s.cfg.MaxBody):
		refused := tooLarge(s.cfg.MaxBody) // even before it comes
		return nil, &refused
	}
	source := &source{Reader: http.MaxBytesReader(w, r.Body, int64(s.cfg.MaxBody)), limit: s.cfg.MaxBody}
	if !decompressed {
		body, err := readAll(source, int(r.ContentLength), s.cfg.MaxBody, share)
		return body, fault(source, err)
	}
	if !share.take(gzipSize) {
		return nil, &busy
	}
	z, _ := gzipReaders.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer func() {
		_ = z.Reset(strings.NewReader("")) // lets go of the request
		gzipReaders.Put(z)
	}()
	if err := z.Reset(source); err != nil {
		return nil, fault(source, err)
	}
	body, err := readAll(z, -1, s.cfg.MaxBody, share)
	return body, fault(source, err)
}

// encodings tells which values of Content-Encoding are known, and which is compressed.
var encodings = map[string]bool{"": false, "identity": false, "gzip": true, "x-gzip": true}

// gzipReaders are kept, for each takes gzipSize.
var gzipReaders sync.Pool

const gzipSize = 48 << 10

// source remembers why there is no more of the body, which tells a body that is cut off
// from one that can't be decompressed.
type source struct {
	io.Reader
	limit int
	err   error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

var (
	errTooLarge = errors.New("the body is too large")
	errBusy     = errors.New("too many bytes are under way")
)

// fault is the answer to an error of reading, or nil if there is none.
func fault(source *source, err error) *answer {
	tooMany := new(http.MaxBytesError)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLarge), errors.As(source.err, &tooMany):
		refused := tooLarge(source.limit)
		return &refused
	case errors.Is(err, errBusy):
		return &busy
	case errors.Is(source.err, os.ErrDeadlineExceeded):
		return &slow
	case source.err != nil && source.err != io.EOF: // not wrapped
		return &brokenBody
	}
	return &brokenGzip
}

// readAll reads up to the limit. The length is that which is announced, or -1.
func readAll(from io.Reader, length, limit int, share *share) ([]byte, error) {
	size := firstSize
	if length >= 0 && length < size {
		size = length + 1 // the last reads the end
	}
	if !share.take(size) {
		return nil, errBusy
	}
	body := make([]byte, 0, size)
	for {
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > limit:
			return nil, errTooLarge
		case err == io.EOF: // not wrapped
			return body, nil
		case err != nil:
			return nil, err
		case len(body) < cap(body):
			continue
		}
		more := min(cap(body), limit+1-cap(body))
		if length >= 0 {
			more = min(more, length+1-cap(body))
		}
		if !share.take(more) {
			return nil, errBusy
		}
		body = append(make([]byte, 0, cap(body)+more), body...)
	}
}
