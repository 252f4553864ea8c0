package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/cutdisk"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// TestPowerLoss cuts the power of the disk of a service under load.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	if *kills <= shortKills {
		t.Skip("-kills 40 cuts the power ten times, which takes a minute")
	}
	random := tortureRandom(t)
	d := cutdisk.New(t)
	k, file := newRecorder(t), newAccountsFile(t)
	dir, address := filepath.Join(d.Folder, "data"), servetest.Addresses(t, 1)[0]
	l := newLoad("http://" + address)
	revision := slices.Max(openapi.Revisions())
	l.of(random, "shop", file.add("shop", k.account("shop"), revision), 50, 300) // of which Klaviyo takes all in time
	s := asServe(t, "serve", "--config", file.path(), "--data-dir", dir, "--listen", address, "--base-url", k.url("serve"))
	s.start()
	cuts := max(1, *kills/4)
	for range cuts {
		before := l.acknowledged.Load()
		servetest.Eventually(t, "events are taken", func() bool { return l.acknowledged.Load() > before })
		time.Sleep(time.Second + time.Duration(random.Int64N(int64(2*time.Second))))
		l.duringCut(d.Cut)
		time.Sleep(time.Duration(random.Int64N(int64(time.Second)))) // in which it learns that nothing can be kept
		s.kill()
		d.Restart()
		s.start()
	}
	before := l.acknowledged.Load()
	servetest.Eventually(t, "events are taken", func() bool { return l.acknowledged.Load() > before })
	l.end()
	l.arrives(t, k)
	s.terminate()
	engine, err := stream.Embed(stream.EmbedConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	dead, backlog := lettersOf(t, engine, "shop")
	engine.Close()
	if backlog.Events > 0 {
		t.Errorf("%d events wait", backlog.Events)
	}
	checkOutcome(t, k, l, map[string]letters{"shop": dead})
	t.Logf("%d cuts, %d events acknowledged, %d attempts were repeated", cuts, l.acknowledged.Load(), l.repeated.Load())
}
