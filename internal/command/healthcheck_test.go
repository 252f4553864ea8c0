package command

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHealthcheck asks servers that answer in each way.
func TestHealthcheck(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			w.Write([]byte("alive\n"))
		case "/readyz":
			http.Error(w, "the service is stopping", http.StatusServiceUnavailable)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent.Close()
	// A proxy must not be asked in the service's place.
	t.Setenv("HTTP_PROXY", "http://"+silent.Addr().String())

	_, port, _ := net.SplitHostPort(address)
	for _, alive := range []string{address, "localhost:" + port, ":" + port, "0.0.0.0:" + port} {
		r := setup{}.run(t, "healthcheck", "--admin", alive)
		r.want(t, statusDone)
		if r.stdout != "alive\n" {
			t.Errorf("%s: %q", alive, r.stdout)
		}
	}
	setup{}.run(t, "healthcheck", "--admin", address, "--ready").want(t, statusStopped, address+": 503 Service Unavailable: the service is stopping")
	setup{}.run(t, "healthcheck", "--admin", silent.Addr().String()).want(t, statusStopped, silent.Addr().String()+": dial tcp")
	setup{}.run(t, "healthcheck", "--admin", "8081").want(t, statusUsage, "--admin must be a host and a port")
}
