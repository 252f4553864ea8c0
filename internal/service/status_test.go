package service

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestOwnerWithoutALease checks that Status reads the owner from the store. A service that has
// lost its lease isn't shown as the owner.
func TestOwnerWithoutALease(t *testing.T) {
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	newClient := func(config.Account, func(http.RoundTripper) http.RoundTripper, ...client.Option) (*client.Client, error) {
		return client.New("pk_right")
	}
	s, err := New(t.Context(), Config{Engine: engine, ID: "test", Logger: slog.New(slog.DiscardHandler), Client: newClient},
		[]config.Account{testAccount("lost"), testAccount("others")})
	if err != nil {
		t.Fatal(err)
	}
	for name, owner := range map[string]string{"lost": "test", "others": "another"} {
		account, err := engine.Account(t.Context(), name, stream.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := account.Own(t.Context(), stream.Claim{Owner: owner, Lease: time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"lost": "", "others": "another"}
	for _, status := range s.Status(t.Context()) {
		if status.Owned || status.Err != nil || status.Owner != want[status.Name] {
			t.Errorf("%s: owned %t by %q, %v", status.Name, status.Owned, status.Owner, status.Err)
		}
	}
}
