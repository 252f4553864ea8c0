package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// asNATS names the variable that makes the test binary run as a NATS server, with a settings file.
const asNATS = "RUDDERKLAVIYO_TEST_AS_NATS"

func runNATS(config string) {
	options, err := server.ProcessConfigFile(config)
	if err != nil {
		panic(err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		panic(err)
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
}

// natsServers are NATS server processes and their URLs.
type natsServers struct {
	daemons          []*daemon
	urls, monitoring []string
}

func newNATS(t *testing.T, size int, settings natsSettings) *natsServers {
	t.Helper()
	addresses := servetest.Addresses(t, 3*size)
	routes := make([]string, size)
	for i := range routes {
		routes[i] = "nats://" + addresses[3*i+2]
	}
	// The name keeps servers of an earlier test that was killed from joining by a port they know.
	name := "test-" + strings.ReplaceAll(addresses[0], ":", "-")
	n := &natsServers{}
	for i := range size {
		at := addresses[3*i:]
		dir := t.TempDir()
		config := fmt.Sprintf("server_name: n%d\nlisten: %s\nhttp: %s\nmax_payload: %s\n", i, at[0], at[1], settings.maxPayload)
		if settings.jetStream != "" {
			config += fmt.Sprintf("jetstream { store_dir: %q, %s }\n", dir, settings.jetStream)
		}
		if size > 1 {
			config += fmt.Sprintf("cluster { name: %s, listen: %s, routes: [%s] }\n", name, at[2], strings.Join(routes, ", "))
		}
		path := filepath.Join(dir, "nats.conf")
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		n.daemons = append(n.daemons, newDaemon(t, fmt.Sprint("nats", i), []string{asNATS + "=" + path}))
		n.urls, n.monitoring = append(n.urls, "nats://"+at[0]), append(n.monitoring, "http://"+at[1])
	}
	return n
}

// natsSettings are the settings that a service checks.
type natsSettings struct{ maxPayload, jetStream string }

// reliable are the settings that the service requires.
var reliable = natsSettings{maxPayload: "8MB", jetStream: "sync_interval: always"}

// flags returns the flags of a service that uses the servers.
func (n *natsServers) flags() []string {
	return []string{"--nats", strings.Join(n.urls, ","), "--nats-monitoring", strings.Join(n.monitoring, ",")}
}

// awaitPort waits until a server accepts connections again.
func awaitPort(t *testing.T, url string) {
	t.Helper()
	servetest.Eventually(t, url+" takes connections", func() bool {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "nats://"), time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// epoch is an ownership of an account, as logged by its owner.
type epoch struct {
	owner string
	begun time.Time
}

var isOwned = regexp.MustCompile(`time=(\S+) level=INFO msg="account owned" account=(\S+) epoch=(\d+)`)

// epochsOf returns the owners of each account by epoch.
func epochsOf(t *testing.T, services []*daemon) map[string]map[int]epoch {
	t.Helper()
	epochs := map[string]map[int]epoch{}
	for _, d := range services {
		for _, m := range isOwned.FindAllStringSubmatch(d.logText(), -1) {
			begun, err := time.Parse(time.RFC3339, m[1])
			if err != nil {
				t.Fatal(err)
			}
			number, _ := strconv.Atoi(m[3])
			if epochs[m[2]] == nil {
				epochs[m[2]] = map[int]epoch{}
			}
			if other, ok := epochs[m[2]][number]; ok {
				t.Errorf("epoch %d of %s is that of %s and of %s", number, m[2], other.owner, d.name)
			}
			epochs[m[2]][number] = epoch{d.name, begun}
		}
	}
	return epochs
}

// ownerOf returns the last owner of an account.
func ownerOf(epochs map[int]epoch) (owner string) {
	last := 0
	for number, e := range epochs {
		if number > last {
			last, owner = number, e.owner
		}
	}
	return owner
}

// isInOrder tells whether the callers of an account are owners of it, one after the other
// in the order of their epochs.
func isInOrder(callers []string, epochs map[int]epoch) bool {
	for _, number := range slices.Sorted(maps.Keys(epochs)) {
		if len(callers) > 0 && callers[0] == epochs[number].owner {
			callers = callers[1:]
		}
	}
	return len(callers) == 0
}

// disruption is a fault or a change of a cluster.
type disruption struct {
	name string
	// prepare, if set, waits until the disruption can begin.
	prepare func(c *clusterTest)
	// do makes the disruption, and returns the name of the affected service, if it is one service.
	// Delivery may still pause when it returns.
	do func(c *clusterTest, random *rand.Rand) (service string)
}

// clusterTest is a cluster of services that a test disrupts.
type clusterTest struct {
	t        *testing.T
	nats     *natsServers
	services []*daemon
	lease    time.Duration
}

// owner returns a random service that owns an account.
func (c *clusterTest) owner(random *rand.Rand) *daemon {
	owners := map[string]bool{}
	for _, epochs := range epochsOf(c.t, c.services) {
		owners[ownerOf(epochs)] = true
	}
	for _, i := range random.Perm(len(c.services)) {
		if owners[c.services[i].name] {
			return c.services[i]
		}
	}
	c.t.Fatal("no service owns an account")
	return nil
}

var disruptions = []disruption{
	{"kill -9 of an owner", nil, func(c *clusterTest, random *rand.Rand) string {
		d := c.owner(random)
		d.kill()
		d.start()
		return d.name
	}},
	{"kill -9 of a NATS server", nil, (*clusterTest).killNATS},
	{"SIGTERM of an owner", nil, func(c *clusterTest, random *rand.Rand) string {
		d := c.owner(random)
		d.terminate()
		d.start()
		return d.name
	}},
	{"SIGSTOP of an owner past its lease", nil, func(c *clusterTest, random *rand.Rand) string {
		d := c.owner(random)
		d.signal(pause)
		time.Sleep(c.lease + time.Duration(random.Int64N(int64(3*time.Second))))
		d.signal(resume)
		return d.name
	}},
	{"hand-over", (*clusterTest).awaitHandOver, func(*clusterTest, *rand.Rand) string { return "" }},
	{"kill -9 of a NATS server at a hand-over", (*clusterTest).awaitHandOver, (*clusterTest).killNATS},
	{"kill -9 of the heir at a hand-over", (*clusterTest).awaitHandOver, func(c *clusterTest, _ *rand.Rand) string {
		c.spare().kill()
		c.spare().start()
		return c.spare().name
	}},
}

func (c *clusterTest) killNATS(random *rand.Rand) (service string) {
	i := random.IntN(len(c.nats.daemons))
	c.nats.daemons[i].kill()
	c.nats.daemons[i].start()
	awaitPort(c.t, c.nats.urls[i])
	return ""
}

// spare returns the service that doesn't run at first. No events are sent to it.
func (c *clusterTest) spare() *daemon { return c.services[len(c.services)-1] }

// handOver is a hand-over of an account that an owner has logged.
type handOver struct {
	begun    time.Time
	account  string
	from, to string
}

var isHandedOver = regexp.MustCompile(`time=(\S+) level=INFO msg="account handed over" account=(\S+) to=(\S+)`)

func (c *clusterTest) handOvers() (all []handOver) {
	for _, d := range c.services {
		for _, m := range isHandedOver.FindAllStringSubmatch(d.logText(), -1) {
			begun, err := time.Parse(time.RFC3339, m[1])
			if err != nil {
				c.t.Fatal(err)
			}
			all = append(all, handOver{begun, m[2], d.name, m[3]})
		}
	}
	return all
}

// awaitHandOver starts or restarts the spare service, and waits until an account is handed over.
func (c *clusterTest) awaitHandOver() {
	if c.spare().cmd != nil {
		c.spare().terminate()
	}
	c.spare().start()
	before := len(c.handOvers())
	servetest.Within(c.t, 3*time.Minute, "an account is handed over", func() bool { return len(c.handOvers()) > before })
}

// pauseOfHandOver returns the time between the last call before a hand-over and the next owner's
// first call, and whether that call was made.
func pauseOfHandOver(calls []call, h handOver) (pause time.Duration, isOver bool) {
	last := h.begun
	for _, c := range calls {
		switch {
		case c.caller == h.from:
			last = c.begun
		case c.begun.After(h.begun):
			return c.begun.Sub(last), c.caller == h.to
		}
	}
	return 0, false
}

// TestTorturedCluster disrupts three services, a spare one and three NATS servers under load.
func TestTorturedCluster(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	random := tortureRandom(t)
	c := &clusterTest{t: t, nats: newNATS(t, 3, reliable), lease: stream.LeastLease}
	for _, d := range c.nats.daemons {
		d.start()
	}
	k, file := newRecorder(t), newAccountsFile(t)
	addresses := servetest.Addresses(t, 4)
	l := newLoad("http://"+addresses[0], "http://"+addresses[1], "http://"+addresses[2])
	for i := range 6 {
		name := fmt.Sprint("shop", i)
		revision := openapi.Revisions()[i%len(openapi.Revisions())]
		l.of(random, name, file.add(name, k.account(name), revision), 10, 40)
	}
	for i, address := range addresses {
		name := fmt.Sprint("service", i)
		c.services = append(c.services, asServe(t, name, append(c.nats.flags(), "--id", name, "--config", file.path(), "--lease", c.lease.String(),
			"--listen", address, "--base-url", k.url(name))...))
		if i < len(addresses)-1 { // the last is spare
			c.services[i].start()
		}
	}
	servetest.Eventually(t, "each account has an owner", func() bool { return len(epochsOf(t, c.services)) == 6 })
	shares := map[string]int{}
	for _, epochs := range epochsOf(t, c.services) {
		shares[ownerOf(epochs)]++
	}
	t.Logf("the accounts by their owners at first: %v", shares)

	pauses := map[string][]time.Duration{}
	for i := range *kills {
		o := disruptions[i%len(disruptions)]
		time.Sleep(time.Duration(random.Int64N(int64(3 * time.Second))))
		if o.prepare != nil {
			o.prepare(c)
		}
		was := epochsOf(t, c.services)
		begun := time.Now()
		name := o.do(c, random)
		affected := map[string]bool{}
		for account, epochs := range was {
			affected[account] = name == "" || ownerOf(epochs) == name
		}
		var longest time.Duration
		servetest.Eventually(t, "calls are made for each account after a "+o.name, func() bool {
			now := epochsOf(t, c.services)
			longest = 0
			for _, a := range k.accounts {
				if !affected[a.name] {
					continue
				}
				settled := begun.Add(election)
				if name != "" {
					if len(now[a.name]) == len(was[a.name]) {
						return false
					}
					settled = now[a.name][slices.Max(slices.Collect(maps.Keys(now[a.name])))].begun
				}
				pause, isOver := pauseOf(a.all(), begun, settled)
				if !isOver {
					return false
				}
				longest = max(longest, pause)
			}
			return true
		})
		pauses[o.name] = append(pauses[o.name], longest.Round(100*time.Millisecond))
	}
	l.end()
	l.arrives(t, k)
	engine, err := stream.Connect(t.Context(), stream.ClusterConfig{URLs: c.nats.urls})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	dead := map[string]letters{}
	servetest.Eventually(t, "nothing waits", func() bool {
		for _, a := range k.accounts {
			var backlog stream.Backlog
			if dead[a.name], backlog = lettersOf(t, engine, a.name); backlog.Events > 0 {
				return false
			}
		}
		return true
	})
	handOvers := c.handOvers()
	for _, d := range c.services {
		if d.cmd != nil {
			d.terminate()
		}
	}
	checkOutcome(t, k, l, dead)
	epochs := epochsOf(t, c.services)
	for _, a := range k.accounts {
		owners, _ := a.owners()
		if !isInOrder(owners, epochs[a.name]) {
			t.Errorf("%s was called for by %v; its owners were %v", a.name, owners, epochs[a.name])
		}
		t.Logf("%s: %d events at Klaviyo, %d dead letters, called for by %v; answers %v", a.name, len(a.Events()), len(dead[a.name]), owners, a.statuses())
	}
	for _, h := range handOvers {
		for _, a := range k.accounts {
			if a.name != h.account {
				continue
			}
			if pause, isOver := pauseOfHandOver(a.all(), h); isOver {
				pauses["each hand-over"] = append(pauses["each hand-over"], pause.Round(100*time.Millisecond))
			} else {
				t.Logf("%s was handed over by %s, but not to %s", h.account, h.from, h.to)
			}
		}
	}
	t.Logf("%d events acknowledged, %d attempts were repeated; longest pauses of an account's calls: %v", l.acknowledged.Load(), l.repeated.Load(), pauses)
}

// election is the maximum time that a cluster takes to elect a leader.
const election = 9 * time.Second

// pauseOf returns the longest time between two calls from one moment to the first call after a
// later moment, and whether there is such a call.
func pauseOf(calls []call, from, to time.Time) (longest time.Duration, isOver bool) {
	last := from
	for _, c := range calls {
		if c.begun.Before(from) {
			continue
		}
		longest, last = max(longest, c.begun.Sub(last)), c.begun
		if c.begun.After(to) {
			return longest, true
		}
	}
	return longest, false
}
