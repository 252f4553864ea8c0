package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
)

// cluster is some servers on this machine.
type cluster struct {
	servers []*server.Server
	options []*server.Options
}

// newCluster starts servers with JetStream that know each other.
func newCluster(t *testing.T, size int, with func(*server.Options)) *cluster {
	t.Helper()
	c := &cluster{}
	t.Cleanup(func() {
		for i := range c.servers {
			c.stop(i)
		}
	})
	var routes []*url.URL
	for _, address := range servetest.Addresses(t, size) {
		routes = append(routes, &url.URL{Scheme: "nats", Host: address})
	}
	for i, route := range routes {
		o := &server.Options{
			ServerName: fmt.Sprint("n", i+1), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: maxPayload,
			JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 64 << 30, DisableJetStreamBanner: true,
		}
		if size > 1 {
			port, err := strconv.Atoi(route.Port())
			if err != nil {
				t.Fatal(err)
			}
			o.Cluster = server.ClusterOpts{Name: "test-" + routes[0].Port(), Host: route.Hostname(), Port: port, PoolSize: -1}
			o.Routes = routes
		}
		if with != nil {
			with(o)
		}
		c.options = append(c.options, o)
		c.servers = append(c.servers, nil)
		c.start(t, i)
	}
	return c
}

// soon is when something that is waited for has come, also on a slow day.
func soon() time.Time { return time.Now().Add(time.Minute) }

func (c *cluster) start(t *testing.T, i int) {
	t.Helper()
	s, err := server.NewServer(c.options[i].Clone())
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	c.servers[i] = s
	if !s.ReadyForConnections(time.Minute) {
		t.Fatalf("server %d doesn't start", i+1)
	}
}

func (c *cluster) stop(i int) {
	if c.servers[i] == nil {
		return
	}
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

func (c *cluster) config() (config ClusterConfig) {
	for _, s := range c.servers {
		config.URLs = append(config.URLs, s.ClientURL())
	}
	return config
}

// connectTo connects once the cluster has a leader.
func connectTo(t *testing.T, config ClusterConfig) *Engine {
	t.Helper()
	for deadline := soon(); ; {
		e, err := Connect(t.Context(), config)
		if err == nil {
			t.Cleanup(func() { e.Close() })
			return e
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// leader returns the number of the server that leads an account's events.
func (c *cluster) leader(t *testing.T, a *Account) int {
	t.Helper()
	info, err := a.info(t.Context(), a.events)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range c.options {
		if o.ServerName == info.Cluster.Leader {
			return i
		}
	}
	t.Fatalf("%q leads", info.Cluster.Leader)
	return 0
}

// TestClusterLosesAServer stops the one that leads while messages come and are read.
func TestClusterLosesAServer(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, nil)
	e := connectTo(t, c.config())
	a := account(t, e, Limits{})
	lease, err := a.Own(t.Context(), Claim{Owner: "one", Lease: LeastLease})
	if err != nil {
		t.Fatal(err)
	}

	const publishers = 8
	var kept atomic.Int64
	var mu sync.Mutex
	acknowledged := map[string]uint64{}
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for p := range publishers {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				text := fmt.Sprint(p, " ", i)
				for try := 0; ; try++ { // as a sender does
					seq, err := a.Publish(t.Context(), []byte(text), 1, text)
					if err == nil {
						mu.Lock()
						acknowledged[text] = seq
						mu.Unlock()
						kept.Add(1)
						break
					}
					if !errors.Is(err, ErrUnavailable) || try == 5 {
						t.Errorf("%v", err)
						return
					}
				}
			}
		})
	}
	r := a.Read(0)
	defer r.Close()
	got := map[string]uint64{}
	next := make([]int, publishers)
	receive := func() {
		m, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var p, i int
		if _, err := fmt.Sscan(string(m.Data), &p, &i); err != nil {
			t.Fatal(err)
		}
		if _, again := got[string(m.Data)]; again {
			return // the sender couldn't know
		}
		if i != next[p] {
			t.Errorf("publisher %d: message %d comes in the place of %d", p, i, next[p])
		}
		next[p] = i + 1
		got[string(m.Data)] = m.Seq
	}
	receiveSome := func(n int) {
		for end := len(got) + n; len(got) < end; {
			receive()
		}
	}
	receiveSome(300)
	gone := c.leader(t, a)
	c.stop(gone)
	receiveSome(300)
	c.start(t, gone)
	if err := lease.Save(t.Context(), Checkpoint{Position: Position{Seq: 1, Event: 1}}); err != nil {
		t.Error(err)
	}
	receiveSome(300)
	stop()
	group.Wait()
	for len(got) < len(acknowledged) {
		receive()
	}
	for text, seq := range acknowledged {
		if got[text] != seq {
			t.Errorf("message %q was acknowledged as %d and read as %d", text, seq, got[text])
		}
	}
	if !lease.Valid() {
		t.Error("the lease was lost:", context.Cause(lease.Context()))
	}
	if err := lease.Release(t.Context(), lease.Checkpoint(), ""); err != nil {
		t.Error(err)
	}

	small, err := e.Account(t.Context(), "small", Limits{MaxBacklog: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	err = nil
	n := 0
	for ; err == nil && n < 20; n++ {
		_, err = small.Publish(t.Context(), make([]byte, 1000), 1, fmt.Sprint("small", n))
	}
	if !errors.Is(err, ErrFull) || n < 5 {
		t.Errorf("message %d in 10,000 bytes: %v", n, err)
	}
}

func TestClusterThatCantBeUsed(t *testing.T) {
	t.Parallel()
	small := newCluster(t, 1, func(o *server.Options) { o.MaxPayload = 1 << 20 })
	none := newCluster(t, 1, func(o *server.Options) { o.JetStream = false })
	lazy := newCluster(t, 1, func(o *server.Options) { o.SyncAlways, o.HTTPHost, o.HTTPPort = false, "127.0.0.1", -1 })
	single := newCluster(t, 1, func(o *server.Options) { o.HTTPHost, o.HTTPPort = "127.0.0.1", -1 })
	users := newCluster(t, 1, func(o *server.Options) {
		o.Accounts = []*server.Account{server.NewAccount("A")}
		o.Users = []*server.User{{Username: "user", Password: "secret", Account: o.Accounts[0]}}
	})
	as := func(user string) ClusterConfig {
		return ClusterConfig{URLs: []string{strings.Replace(users.servers[0].ClientURL(), "//", "//"+user+"@", 1)}}
	}
	monitored := func(c *cluster) ClusterConfig {
		config := c.config()
		config.Monitoring = []string{"http://" + c.servers[0].MonitorAddr().String()}
		return config
	}
	noCredentials := single.config()
	noCredentials.Credentials = "/there/is/none"
	for name, test := range map[string]struct {
		config ClusterConfig
		want   string
	}{
		"small messages":  {small.config(), "max_payload to 5814952 or more"},
		"no JetStream":    {none.config(), "have no JetStream"},
		"no account":      {as("user:secret"), "account of these credentials has no JetStream"},
		"another user":    {as("user:wrong"), "refuse the user"},
		"lazy syncing":    {monitored(lazy), "sync_interval: always"},
		"one server":      {monitored(single), "too few servers"},
		"no credentials":  {noCredentials, "credentials can't be read"},
		"a monitoring of": {ClusterConfig{URLs: single.config().URLs, Monitoring: []string{"nats-1:8222"}}, "monitoring URL"},
	} {
		e, err := Connect(t.Context(), test.config)
		if err == nil {
			e.Close()
		}
		if !errors.Is(err, ErrSetup) || !strings.Contains(fmt.Sprint(err), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	two := newCluster(t, 2, nil)
	for deadline := soon(); ; {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		e, err := Connect(ctx, two.config())
		cancel()
		if err == nil {
			e.Close()
		}
		if !errors.Is(err, ErrUnavailable) || time.Now().After(deadline) {
			t.Fatalf("two servers: %v", err)
		}
		if strings.Contains(err.Error(), "too few servers") {
			break // they have found each other
		}
	}
	var waiting strings.Builder
	unasked := two.config()
	unasked.Monitoring, unasked.Log = []string{"http://127.0.0.1:1"}, slog.New(slog.NewTextHandler(&waiting, nil))
	if _, err := Connect(t.Context(), unasked); !errors.Is(err, ErrUnavailable) || strings.Contains(waiting.String(), "sync_interval") {
		t.Errorf("%v; a cluster that is waited for warns each time:\n%s", err, &waiting)
	}
	nobody := ClusterConfig{URLs: []string{"nats://user:secret@" + servetest.Addresses(t, 1)[0]}}
	if _, err := Connect(t.Context(), nobody); !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
	var log strings.Builder
	config := single.config()
	config.Log = slog.New(slog.NewTextHandler(&log, nil))
	for want, monitoring := range map[string][]string{
		"sync_interval: always": nil,
		`reason="the server's monitoring doesn't respond, so the server may be down" server=127.0.0.1:1`: {"http://127.0.0.1:1"},
	} {
		log.Reset()
		config.Monitoring = monitoring
		e, err := connect(t.Context(), config, 1)
		if err != nil {
			t.Fatal(err)
		}
		e.Close()
		if !strings.Contains(log.String(), "sync_interval not checked") || !strings.Contains(log.String(), want) {
			t.Errorf("no %s in the log: %s", want, &log)
		}
	}
}

func TestStreamWithOtherSettings(t *testing.T) {
	e := embed(t, t.TempDir())
	for _, test := range []struct {
		name string
		set  func(*jetstream.StreamConfig)
	}{
		{"retention", func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }},
		{"storage", func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }},
		{"subjects", func(c *jetstream.StreamConfig) { c.Subjects = []string{"other.>"} }},
		{"discard", func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }},
		{"max_age", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }},
		{"max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 10 }},
		{"max_msg_size", func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1000 }},
	} {
		config := jetstream.StreamConfig{Name: "EV_" + test.name, Subjects: []string{"rk.events." + test.name + ".*"}, Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage}
		test.set(&config)
		if _, err := e.js.CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		_, err := e.Account(t.Context(), test.name, Limits{})
		if !errors.Is(err, ErrSetup) || !strings.Contains(fmt.Sprint(err), "another "+test.name) {
			t.Errorf("%s: %v", test.name, err)
		}
		if err := e.js.DeleteStream(t.Context(), config.Name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"", "a.b", "a b", "*", ">", "ü", strings.Repeat("x", 65)} {
		if _, err := e.Account(t.Context(), name, Limits{}); !errors.Is(err, ErrSetup) {
			t.Errorf("account %q: %v", name, err)
		}
	}
}

// TestAvailableWithoutAMajority checks that a server that has lost the two others reports the
// store as unavailable.
func TestAvailableWithoutAMajority(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, nil)
	e := connectTo(t, c.config())
	a := account(t, e, Limits{})
	publish := func(id string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := a.Publish(ctx, []byte("x"), 1, id)
		return err
	}
	if err := publish("1"); err != nil || e.Available() != nil {
		t.Fatal(err, e.Available())
	}
	if _, err := a.Own(t.Context(), Claim{Owner: "one", Lease: LeastLease}); err != nil {
		t.Fatal(err)
	}
	stays := c.config()
	stays.URLs = stays.URLs[:1] // so that it is connected all the time
	idle := connectTo(t, stays)
	announcing, resign := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		idle.Announce(announcing, Announcement{ID: "idle", Lease: LeastLease, Accounts: func() []string { return nil }, Seen: func([]Member) {}})
	})
	defer func() { resign(); group.Wait() }()
	eventually := func(what string, holds func() bool) {
		t.Helper()
		for deadline := soon(); !holds(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not true in time: %s", what)
			}
		}
	}
	c.stop(1)
	c.stop(2)
	eventually("it is unavailable by its lease, though nobody publishes", func() bool { return e.Available() != nil })
	eventually("it is unavailable by its announcement, though it owns nothing", func() bool { return idle.Available() != nil })
	if err := publish("2"); !errors.Is(err, ErrUnavailable) || e.Available() == nil {
		t.Errorf("%v, %v", err, e.Available())
	}
	// The server that is left leads the stream until it notices that nobody follows.
	for deadline := soon(); ; {
		if _, err := a.Backlog(t.Context()); errors.Is(err, ErrUnavailable) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a server alone tells of the backlog")
		}
	}
	c.start(t, 1)
	for deadline := soon(); publish("3") != nil; {
		if time.Now().After(deadline) {
			t.Fatal("no message was stored")
		}
	}
	if err := e.Available(); err != nil {
		t.Error(err)
	}
	eventually("the service that owns nothing is available again", func() bool { return idle.Available() == nil })
}
