package gateway

import (
	"net"
	"sync"
	"testing"
)

// slowToClose is a connection whose Close waits.
type slowToClose struct {
	net.Conn
	closing chan<- struct{}
	release <-chan struct{}
}

func (c slowToClose) Close() error {
	c.closing <- struct{}{}
	<-c.release
	return c.Conn.Close()
}

// TestOpenedWhileStopping is closed at once, also while older ones are yet to be closed.
func TestOpenedWhileStopping(t *testing.T) {
	c := newConnections(10)
	open := func(wrap func(net.Conn) net.Conn) (opened *connection) {
		here, there := net.Pipe()
		t.Cleanup(func() { here.Close() })
		return c.open(wrap(there))
	}
	plain := func(conn net.Conn) net.Conn { return conn }
	closing, release := make(chan struct{}), make(chan struct{})
	open(func(conn net.Conn) net.Conn { return slowToClose{conn, closing, release} })
	open(plain)
	var stopped sync.WaitGroup
	stopped.Go(c.stop)
	<-closing // the first; the second is yet to come
	late := open(plain)
	c.mu.Lock()
	if !late.closed {
		t.Error("the connection is still open")
	}
	c.mu.Unlock()
	close(release)
	stopped.Wait()
	if c.count != 0 {
		t.Errorf("%d are open", c.count)
	}
}
