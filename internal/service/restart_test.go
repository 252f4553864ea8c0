package service

import (
	"net/http"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestGoesOnWhereItWas restarts a service with the same data.
func TestGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	klaviyos := map[string]*klaviyotest.Klaviyo{}
	sent := 0
	for round := range 3 {
		s := serveTo(t, dir, klaviyos, testAccount("eu"))
		for range 5 {
			s.send(t, "eu", track(1, sent))
			sent++
		}
		if round != 1 { // in round 1 the service is stopped while events are in flight
			eventually(t, "all events arrive", func() bool { return s.arrived("eu") == sent })
		}
		s.stop()
	}
	k := klaviyos["eu"]
	if got := len(k.Events()); got != sent {
		t.Errorf("%d events arrived, want %d", got, sent)
	}
	s := serveTo(t, dir, klaviyos, testAccount("eu"))
	eventually(t, "the service loads the counts", func() bool { return s.statusOf(t, "eu").Counts.Delivered == sent })
	if got := len(k.Events()); got != sent {
		t.Errorf("%d events arrived after the last restart, want %d", got, sent)
	}
}

// TestWaitsForImportsOfAServerBefore checks that profiles wait for an import that an earlier
// server began. Otherwise the import would overwrite newer values.
func TestWaitsForImportsOfAServerBefore(t *testing.T) {
	const outlives = time.Second
	k := klaviyotest.New(klaviyotest.WithKey("pk_right"), klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
		return klaviyotest.JobPlan{Queued: outlives}
	}))
	before, err := client.New("pk_right", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	body := klaviyo.NewBulkImportProfilesBody(klaviyo.ImportJobCreateAttributes{Profiles: klaviyo.ImportProfiles{
		Data: []klaviyo.ProfileUpsertQueryResourceObject{
			klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{Email: klaviyo.Set("p1@example.com"), FirstName: klaviyo.Set("Old")}).Data,
		},
	}})
	if _, err := klaviyo.NewAPI(before).BulkImportProfiles(t.Context(), nil, body); err != nil {
		t.Fatal(err)
	}
	account := testAccount("ada")
	account.Mapping.Revision = klaviyo.Revision
	s := serveTo(t, t.TempDir(), map[string]*klaviyotest.Klaviyo{"ada": k}, account)
	s.send(t, "ada", `{"type":"identify","messageId":"m","traits":{"email":"p1@example.com","firstName":"New"}}`)
	eventually(t, "the profile is written", func() bool {
		p, _ := k.Profile("p1@example.com")
		return p.Attributes.FirstName == "New"
	})
	if job := k.Jobs()[0]; job.Ended.IsZero() {
		t.Error("the profile was written before the import had ended")
	}
}

// TestPurgesWhatAnOwnerBeforeHasDone checks that a service purges the messages that an earlier
// owner has delivered, even if no event arrives.
func TestPurgesWhatAnOwnerBeforeHasDone(t *testing.T) {
	dir := t.TempDir()
	engine, err := stream.Embed(stream.EmbedConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := engine.Account(t.Context(), "eu", stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	message := inbox.Append(nil, inbox.Request{Kind: inbox.Webhook, Received: time.Now(), Body: []byte(track(1, 1))})
	seq, err := kept.Publish(t.Context(), message, 1, "1")
	if err != nil {
		t.Fatal(err)
	}
	lease, err := kept.Own(t.Context(), stream.Claim{Owner: "before", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Release(t.Context(), stream.Checkpoint{Position: stream.Position{Seq: seq + 1}}, ""); err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, dir, testAccount("eu"))
	eventually(t, "the backlog is empty", func() bool { status := s.statusOf(t, "eu"); return status.Err == nil && status.Backlog.Messages == 0 })
	if n := s.arrived("eu"); n != 0 {
		t.Errorf("%d events were delivered again", n)
	}
}
