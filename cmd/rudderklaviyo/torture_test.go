package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// shortKills is the number of kills if the test runs with the other tests.
const shortKills = 4

var (
	kills = flag.Int("kills", shortKills, "how often the service is killed, stopped and suspended under load")
	seed  = flag.Uint64("seed", 1, "the seed of the moments of the kills")
)

func tortureRandom(t *testing.T) *rand.Rand {
	t.Logf("-seed %d -kills %d", *seed, *kills)
	return rand.New(rand.NewPCG(*seed, 0))
}

// letters are the codes of an account's dead letters by messageId.
type letters map[string]string

// lettersOf reads the dead letters and the backlog of an account from the store.
func lettersOf(t *testing.T, engine *stream.Engine, name string) (letters, stream.Backlog) {
	t.Helper()
	account, err := engine.Account(t.Context(), name, stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	found := letters{}
	for letter, err := range account.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		var record struct {
			Event struct{ MessageID string }
			Error struct{ Code string }
		}
		if err := json.Unmarshal(letter.Record, &record); err != nil {
			t.Fatal(err)
		}
		found[record.Event.MessageID] = record.Error.Code
	}
	backlog, err := account.Backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found, backlog
}

// outcome is what Klaviyo has of the events of a load.
type outcome struct {
	events map[string]int // number of the arrival by messageId
	seen   map[string]int // the last identify of each person, by email
}

func outcomeOf(t *testing.T, r *recorder) outcome {
	t.Helper()
	o := outcome{map[string]int{}, map[string]int{}}
	for _, a := range r.accounts {
		for i, e := range a.Events() {
			o.events[e.UniqueID] = i
		}
		for _, p := range a.Profiles() {
			var properties struct{ Seen int }
			if len(p.Attributes.Properties) > 0 {
				if err := json.Unmarshal(p.Attributes.Properties, &properties); err != nil {
					t.Fatal(err)
				}
			}
			o.seen[p.Attributes.Email] = properties.Seen
		}
	}
	return o
}

// missing returns the acknowledged events that don't have the expected outcome.
func (l *load) missing(o outcome, dead map[string]letters) (ids []string) {
	for _, p := range l.people {
		for i, kind := range p.sent[:p.acknowledged] {
			id := p.id(i + 1)
			_, arrived := o.events[id]
			code, isDead := dead[p.account][id]
			isThere := false
			switch kind {
			case isOrder:
				isThere = arrived && !isDead
			case isIdentify:
				isThere = o.seen[p.email()] >= i+1 && !isDead
			case isNobodys:
				isThere = dead == nil || code == "missing_identifier" && !arrived
			case isRefused:
				isThere = dead == nil || code == "invalid" && !arrived
			}
			if !isThere {
				ids = append(ids, fmt.Sprintf("%s (kind %d, at Klaviyo %t, letter %q)", id, kind, arrived, code))
			}
		}
	}
	return ids
}

// stalled is the maximum time without an arrival while acknowledged events are missing.
const stalled = 90 * time.Second

// arrives waits until all acknowledged events are at Klaviyo, except dead letters. After a long run
// many events wait for Klaviyo's rate limits, so it waits as long as their number decreases.
func (l *load) arrives(t *testing.T, r *recorder) {
	t.Helper()
	least := math.MaxInt
	for progress := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		missing := l.missing(outcomeOf(t, r), nil)
		switch {
		case len(missing) == 0:
			return
		case len(missing) < least:
			least, progress = len(missing), time.Now()
		case time.Since(progress) > stalled:
			for _, a := range r.accounts {
				owners, _ := a.owners()
				t.Logf("%s: %d events at Klaviyo, called for by %v; responses %v", a.name, len(a.Events()), owners, a.statuses())
			}
			t.Fatalf("%d acknowledged events don't arrive: %s …", len(missing), strings.Join(missing[:min(len(missing), 20)], ", "))
		}
	}
}

// outOfOrder returns the events that arrived after a later event of the same person.
func (l *load) outOfOrder(o outcome) (ids []string) {
	for _, p := range l.people {
		last := -1
		for i := range p.sent {
			if at, ok := o.events[p.id(i+1)]; ok {
				if at < last {
					ids = append(ids, p.id(i+1))
				}
				last = max(last, at)
			}
		}
	}
	return ids
}

// checkOutcome checks the outcome of a load. The dead letters are nil if they can't be read yet.
func checkOutcome(t *testing.T, r *recorder, l *load, dead map[string]letters) {
	t.Helper()
	o := outcomeOf(t, r)
	show := func(what string, ids []string) {
		if len(ids) > 0 {
			t.Errorf("%d %s: %s …", len(ids), what, strings.Join(ids[:min(len(ids), 8)], ", "))
		}
	}
	show("acknowledged events are lost", l.missing(o, dead))
	show("events came after a later one of their person", l.outOfOrder(o))
	show("answers on which RudderStack drops an event", l.unexpected)
	for _, a := range r.accounts {
		if n := a.statuses()[429]; n > 0 {
			t.Errorf("%s: %d calls of %d were over Klaviyo's limits", a.name, n, len(a.all()))
		}
		if _, overlap := a.owners(); overlap != nil {
			t.Error(overlap)
		}
	}
}

// TestTorturedServe kills, stops and suspends a service on one machine under load.
func TestTorturedServe(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a while")
	}
	random := tortureRandom(t)
	k, file := newRecorder(t), newAccountsFile(t)
	dir, address := t.TempDir(), servetest.Addresses(t, 1)[0]
	l := newLoad("http://" + address)
	names := map[string]bool{}
	for _, revision := range openapi.Revisions() {
		name := "a" + revision
		names[name] = revision >= "2026-07-15"
		token := file.add(name, k.account(name), revision)
		if names[name] {
			l.of(random, name, token, 60, 300)
		} else {
			l.of(random, name, token, 8, 40)
		}
	}
	d := asServe(t, "serve", "--config", file.path(), "--data-dir", dir, "--listen", address, "--base-url", k.url("serve"))
	d.start()

	done := map[string]int{}
	longest := time.Duration(0)
	for i := range *kills {
		time.Sleep(time.Duration(random.Int64N(int64(2 * time.Second))))
		before := l.acknowledged.Load()
		kind := []string{"kill", "terminate", "hold up"}[i%3]
		done[kind]++
		begun := time.Now()
		switch kind {
		case "kill":
			d.kill()
			d.start()
		case "terminate":
			d.terminate()
			d.start()
		case "hold up":
			d.signal(pause)
			time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
			d.signal(resume)
		}
		before = max(before, l.acknowledged.Load())
		servetest.Eventually(t, "events are taken again", func() bool { return l.acknowledged.Load() > before })
		longest = max(longest, time.Since(begun))
	}
	l.end()
	l.arrives(t, k)
	d.terminate()

	dead := map[string]letters{}
	for round, left := 0, true; left && round < 5; round++ {
		engine, err := stream.Embed(stream.EmbedConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		left = false
		for name := range names {
			var backlog stream.Backlog
			dead[name], backlog = lettersOf(t, engine, name)
			left = left || backlog.Events > 0
		}
		engine.Close()
		if left { // dead letters at the end
			d.start()
			d.waitFor("Events are taken")
			time.Sleep(2 * time.Second)
			d.terminate()
		}
	}
	checkOutcome(t, k, l, dead)
	for _, a := range k.accounts {
		inBulk := 0
		for _, c := range a.all() {
			if c.inBulk {
				inBulk++
			}
		}
		// On a busy machine few events wait at the same time, so a short run may have no bulk calls.
		if inBulk > 0 && !names[a.name] || inBulk == 0 && names[a.name] && *kills > shortKills {
			t.Errorf("%s: %d calls in bulk", a.name, inBulk)
		}
		t.Logf("%s: %d events at Klaviyo in %d calls, %d of them in bulk; %d dead letters; answers %v", a.name, len(a.Events()), len(a.all()), inBulk, len(dead[a.name]), a.statuses())
	}
	t.Logf("%v; %d events acknowledged, %d attempts were repeated, %v at most until events were taken again", done, l.acknowledged.Load(), l.repeated.Load(), longest.Round(time.Millisecond))
}
