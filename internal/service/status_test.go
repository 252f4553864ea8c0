package service

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestStatusOfForeignAccounts is read of the store each five seconds at most, and that of others
// each time.
func TestStatusOfForeignAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name      string
			isForeign bool
			in        stored
			age       time.Duration
			want      bool
		}{
			{"another service's", true, stored{owner: "another"}, foreignFor - 1, true},
			{"an old one", true, stored{owner: "another"}, foreignFor, false},
			{"this service's", false, stored{owner: "another"}, 0, false},
			{"nobody's", true, stored{}, 0, false},
			{"one that wasn't told", true, stored{owner: "another", err: stream.ErrUnavailable}, 0, false},
		} {
			var l lastStored
			test.in.at = time.Now()
			l.set(&test.in)
			time.Sleep(test.age)
			if got := l.get(test.isForeign) != nil; got != test.want {
				t.Errorf("%s is remembered: %t", test.name, got)
			}
		}
		if (&lastStored{}).get(true) != nil {
			t.Error("there is something before the first reading")
		}
	})
}

// TestStatusesInOrder checks that statuses are in the order of the names, though they are read
// at the same time.
func TestStatusesInOrder(t *testing.T) {
	s := serve(t, t.TempDir(), testAccounts(3*statusesAtOnce)...)
	for i, status := range s.Status(t.Context()) {
		if want := testAccounts(i + 1)[i].Name; status.Name != want {
			t.Errorf("%d is %s, want %s", i, status.Name, want)
		}
	}
}

// TestQuotasStay after the last call, so that a graph of them has no gaps.
func TestQuotasStay(t *testing.T) {
	startServerOutside(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)))
		s := serve(t, dir, testAccount("eu"))
		s.send(t, "eu", track(1, 1))
		time.Sleep(5 * time.Second)
		before := s.statusOf(t, "eu").Quotas
		time.Sleep(5 * time.Minute)
		after := s.statusOf(t, "eu").Quotas
		if len(before) == 0 || len(after) != len(before) {
			t.Fatalf("after seconds %+v, and after minutes %+v", before, after)
		}
		for _, q := range after {
			if q.Remaining != q.Limit {
				t.Errorf("not all of it is left: %+v", q)
			}
		}
		s.stop()
	})
}

// TestStatusOfAStoreThatIsGone has what the store told last, and when.
func TestStatusOfAStoreThatIsGone(t *testing.T) {
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	newClient := func(config.Account, func(http.RoundTripper) http.RoundTripper, ...client.Option) (*client.Client, error) {
		return client.New("pk_right")
	}
	s, err := New(t.Context(), Config{Engine: engine, ID: "test", Logger: slog.New(slog.DiscardHandler), Client: newClient}, []config.Account{testAccount("eu")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(t.Context(), "eu", []byte("{}"), 3, "m1"); err != nil {
		t.Fatal(err)
	}
	before := s.Status(t.Context())[0]
	engine.Close()
	after := s.Status(t.Context())[0]
	if before.Err != nil || after.Err == nil || after.Backlog.Events != 3 || !after.StoreRead.Equal(before.StoreRead) || before.StoreRead.IsZero() {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if !strings.Contains(after.Err.Error(), "; last read at 2") {
		t.Errorf("%v doesn't say since when", after.Err)
	}
}
