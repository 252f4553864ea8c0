package server

import (
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/gateway"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestPublishToAFullBacklog checks that senders are told that the backlog is full.
func TestPublishToAFullBacklog(t *testing.T) {
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	s := &server{metrics: service.NewMetrics()}
	newClient := func(config.Account, func(http.RoundTripper) http.RoundTripper, ...client.Option) (*client.Client, error) {
		return client.New("pk_right")
	}
	delivering, err := service.New(t.Context(), service.Config{Engine: engine, ID: "test", Logger: slog.New(slog.DiscardHandler), Client: newClient, Metrics: s.metrics},
		[]config.Account{{Name: "eu", Key: "pk_right", MaxBacklog: 10_000}})
	if err != nil {
		t.Fatal(err)
	}
	s.service.Store(delivering)
	if err := s.Publish(t.Context(), "eu", make([]byte, 1_000), 1, "small"); err != nil {
		t.Error(err)
	}
	if err := s.Publish(t.Context(), "eu", make([]byte, 20_000), 1, "large"); !errors.Is(err, gateway.ErrFull) {
		t.Errorf("%v, want ErrFull", err)
	}
}
