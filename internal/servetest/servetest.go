// Package servetest is what the tests of the service share: addresses, servers that end with
// the test, and the wait for what another goroutine or process does.
package servetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Eventually waits until something holds, for a minute at most: a slow machine may take long.
// It is for what synctest can't be used for: a server's sockets, or another process.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	Within(t, time.Minute, what, holds)
}

// Within waits until something holds, for so long at most.
func Within(t testing.TB, most time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(most); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never holds that %s", what)
		}
	}
}

// given are the addresses that this process has given, which nobody may listen at yet.
var given sync.Map

// Addresses are of this machine, and nobody listens at them. Their ports are below those that
// the system gives to others, so that they are still free when a server is started again.
func Addresses(t testing.TB, n int) (addresses []string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(addresses) < n; {
		address := fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000))
		if _, isGiven := given.LoadOrStore(address, true); isGiven {
			continue
		}
		l, err := net.Listen("tcp", address)
		if err == nil {
			l.Close()
			addresses = append(addresses, address)
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	return addresses
}

// Server is a server of HTTP.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// Serve lets a server serve, and shuts it down at the end of the test.
func Serve(t testing.TB, server Server, l net.Listener) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
