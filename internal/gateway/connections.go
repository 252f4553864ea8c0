package gateway

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many are open. Where there is one too many another is closed: of
// those that had no valid credential yet the oldest, else the one that has been without a
// request for longest. So a sender, who needs a moment for a request, gets in between
// thousands that send a byte a second. A connection with a request under way stays.
type connections struct {
	max int

	mu        sync.Mutex
	of        map[net.Conn]*connection
	strangers *list.List // of connections, oldest first
	idle      *list.List
	stopped   bool
}

type connection struct {
	net.Conn
	in   *list.List // strangers or idle, or nil while a request is under way
	at   *list.Element
	gone bool
}

func newConnections(most int) *connections {
	return &connections{max: most, of: map[net.Conn]*connection{}, strangers: list.New(), idle: list.New()}
}

type connectionKey struct{}

// open takes a connection in. It is for [http.Server.ConnContext].
func (c *connections) open(ctx context.Context, conn net.Conn) context.Context {
	opened := &connection{Conn: conn}
	c.mu.Lock()
	c.of[conn] = opened
	c.move(opened, c.strangers)
	var last *connection
	if len(c.of) > c.max || c.stopped {
		// The one that was just opened is among the strangers, so that there is always one.
		first := c.strangers.Front()
		if first.Value == opened && c.idle.Len() > 0 {
			first = c.idle.Front()
		}
		last = first.Value.(*connection)
		c.forget(last)
	}
	c.mu.Unlock()
	if last != nil {
		last.Close()
	}
	return context.WithValue(ctx, connectionKey{}, opened)
}

// changed is for [http.Server.ConnState].
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if opened := c.of[conn]; opened != nil {
		c.forget(opened)
	}
}

// serve keeps the connection of a request that has a valid credential until it is done.
func (c *connections) serve(ctx context.Context) { c.moveOf(ctx, nil) }

// done is called once a request is answered.
func (c *connections) done(ctx context.Context) { c.moveOf(ctx, c.idle) }

func (c *connections) moveOf(ctx context.Context, to *list.List) {
	opened, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return // served by another server than ours
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.move(opened, to)
}

// stop closes all connections that have no request with a valid credential, and those that
// are opened from now on.
func (c *connections) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	for _, l := range []*list.List{c.strangers, c.idle} {
		for first := l.Front(); first != nil; first = l.Front() {
			last := first.Value.(*connection)
			c.forget(last)
			last.Close()
		}
	}
}

// move puts a connection at the end of a list, or into none.
func (c *connections) move(opened *connection, to *list.List) {
	if opened.gone {
		return
	}
	if opened.in != nil {
		opened.in.Remove(opened.at)
	}
	if opened.in = to; to != nil {
		opened.at = to.PushBack(opened)
	}
}

func (c *connections) forget(opened *connection) {
	c.move(opened, nil)
	opened.gone = true
	delete(c.of, opened.Conn)
}
