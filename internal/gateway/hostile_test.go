package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// zeros returns blanks without end, and counts them.
type zeros struct{ given int }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.given += len(p)
	return len(p), nil
}

// TestBomb sends a gigabyte in a megabyte: it takes no more memory than a body may have.
func TestBomb(t *testing.T) {
	var bomb bytes.Buffer
	z, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(z, new(zeros), 256<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, new(keeper), nil)
	r := httptest.NewRequest(http.MethodPost, "/v1/webhook", &bomb)
	r.SetBasicAuth(tokenA, "")
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.ServeHTTP(w, r)
	runtime.ReadMemStats(&after)
	if w.Code != 413 {
		t.Errorf("status %d", w.Code)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 4*defaultMaxBody {
		t.Errorf("%d bytes were taken", taken)
	}
}

// TestEndless sends a body without end: it is refused after what a body may have.
func TestEndless(t *testing.T) {
	s := start(t, new(keeper), nil)
	body := new(zeros)
	r, err := http.NewRequest(http.MethodPost, s.url+"/v1/batch", body)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(tokenA, "")
	answer, err := client(t).Do(r)
	if err == nil { // a sender may notice no more than that it can't write
		defer answer.Body.Close()
		if answer.StatusCode != 413 {
			t.Error(answer.Status)
		}
	}
	s.stopped(t)
	if len(s.answered) != 1 || s.answered[0].Reason != "too_large" || len(s.all()) > 0 {
		t.Errorf("%+v", s.answered)
	}
}

// TestAnnounced announces the largest bodies and sends a byte of each: they take no more
// than the first piece of a body, so that many fit.
func TestAnnounced(t *testing.T) {
	s := newServer(t, new(keeper), nil)
	for range 100 {
		reader, writer := io.Pipe()
		r := httptest.NewRequest(http.MethodPost, "/v1/webhook", reader)
		r.ContentLength = defaultMaxBody
		r.SetBasicAuth(tokenA, "")
		done := make(chan int)
		go func() {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			done <- w.Code
		}()
		if _, err := writer.Write([]byte("{")); err != nil {
			t.Fatal(err)
		}
		defer func() {
			writer.CloseWithError(io.ErrUnexpectedEOF)
			if status := <-done; status != 400 {
				t.Error(status)
			}
		}()
	}
	s.load.mu.Lock()
	defer s.load.mu.Unlock()
	if s.load.all != (usage{requests: 100, bytes: 100 * firstSize}) {
		t.Errorf("%+v", s.load.all)
	}
}

// FuzzBody sends any body in any encoding: it is kept as it is or refused, never anything
// else, and that no request is in flight afterwards.
func FuzzBody(f *testing.F) {
	f.Add([]byte("{}"), "", "/v1/webhook", false)
	f.Add([]byte(compressed(`{"batch":[1,2]}`)), "gzip", "/v1/batch", true)
	f.Add([]byte(compressed(strings.Repeat(" ", 5000))), "x-gzip", "/v1/track", false)
	f.Fuzz(func(t *testing.T, body []byte, encoding, path string, announced bool) {
		if !strings.HasPrefix(path, "/v1/") || strings.ContainsAny(path, " ?#%\r\n\x00") {
			path = "/v1/webhook"
		}
		k := new(keeper)
		s := newServer(t, k, func(c *Config) { c.MaxBody = 4096 })
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://gateway"+path, bytes.NewReader(body))
		if err != nil {
			return
		}
		if !announced {
			r.ContentLength = -1
		}
		r.SetBasicAuth(tokenA, "")
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		switch w.Code {
		case 200:
		case 400, 404, 413, 415:
			if len(k.all()) > 0 {
				t.Errorf("%d, and kept", w.Code)
			}
		default:
			t.Errorf("status %d", w.Code)
		}
		k.events(t)
		if s.load.all != (usage{}) {
			t.Errorf("in progress: %+v", s.load.all)
		}
	})
}
