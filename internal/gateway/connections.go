package gateway

import (
	"container/list"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// connections bounds how many are open. Where there is one too many another is closed: of
// those that had no valid credential yet the oldest, else the one that has been without a
// request for longest. So a sender, who needs a moment for a request, gets in between
// thousands that send a byte a second. A connection with a request under way stays.
//
// A library's listener, which lets nobody in while there are too many, would leave the
// senders outside.
type connections struct {
	max int

	mu        sync.Mutex
	count     int
	strangers *list.List // of connections, oldest first
	idle      *list.List
	stopped   bool
}

func newConnections(most int) *connections {
	return &connections{max: most, strangers: list.New(), idle: list.New()}
}

// listener has its connections counted.
type listener struct {
	net.Listener
	connections *connections
}

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.connections.open(conn), nil
}

// connection is one that is counted until it is closed.
type connection struct {
	net.Conn
	all    *connections
	in     *list.List // strangers or idle, or nil while a request is under way
	at     *list.Element
	closed bool

	interrupted atomic.Bool
}

func (c *connections) open(conn net.Conn) *connection {
	opened := &connection{Conn: conn, all: c}
	c.mu.Lock()
	c.count++
	c.move(opened, c.strangers)
	var last *connection
	switch {
	case c.stopped:
		last = opened // stop closes the others
	case c.count > c.max:
		// The one that was just opened is among the strangers, so that there is always one.
		if last = c.strangers.Front().Value.(*connection); last == opened && c.idle.Len() > 0 {
			last = c.idle.Front().Value.(*connection)
		}
	}
	c.mu.Unlock()
	if last != nil {
		last.Close()
	}
	return opened
}

// Read closes the connection if a header doesn't come in time. net/http takes what there is
// of it for a bad request, and RudderStack would drop the event on such an answer.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && !c.interrupted.Load() && !c.isServed() {
		c.Close()
	}
	return n, err
}

// SetReadDeadline notes a time of the past, by which net/http interrupts a read: the
// connection is good for another request then.
func (c *connection) SetReadDeadline(t time.Time) error {
	c.interrupted.Store(!t.IsZero() && t.Before(time.Now()))
	return c.Conn.SetReadDeadline(t)
}

func (c *connection) isServed() bool {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	return c.in == nil
}

// Close closes the connection, and counts it no more.
func (c *connection) Close() error {
	c.all.mu.Lock()
	if !c.closed {
		c.all.move(c, nil)
		c.closed = true
		c.all.count--
	}
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets net/http give a sender that was refused the time to read why.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type connectionKey struct{}

// withConnection is for [http.Server.ConnContext].
func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, conn)
}

// serve keeps the connection of a request that has a valid credential until it is done.
func (c *connections) serve(ctx context.Context) { c.moveOf(ctx, nil) }

// done is called once a request is answered.
func (c *connections) done(ctx context.Context) { c.moveOf(ctx, c.idle) }

func (c *connections) moveOf(ctx context.Context, to *list.List) {
	served, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return // served by another server than ours
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.move(served, to)
}

// move puts a connection at the end of a list, or into none.
func (c *connections) move(one *connection, to *list.List) {
	if one.closed {
		return
	}
	if one.in != nil {
		one.in.Remove(one.at)
	}
	if one.in = to; to != nil {
		one.at = to.PushBack(one)
	}
}

// stop closes all connections that have no request with a valid credential, and those that
// are opened from now on.
func (c *connections) stop() {
	c.mu.Lock()
	c.stopped = true
	var last []*connection
	for _, l := range []*list.List{c.strangers, c.idle} {
		for at := l.Front(); at != nil; at = at.Next() {
			last = append(last, at.Value.(*connection))
		}
	}
	c.mu.Unlock()
	for _, one := range last {
		one.Close()
	}
}
