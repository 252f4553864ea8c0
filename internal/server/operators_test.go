package server

import (
	"errors"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/gateway"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

func TestReady(t *testing.T) {
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	s := &server{}
	if err := s.ready(); !errors.Is(err, gateway.ErrStarting) {
		t.Errorf("before the start: %v", err)
	}
	s.engine.Store(engine)
	s.service.Store(new(service.Service))
	if err := s.ready(); err != nil {
		t.Errorf("after the start: %v", err)
	}
	s.stopping.Store(true)
	if err := s.ready(); !errors.Is(err, errStopping) {
		t.Errorf("while it stops: %v", err)
	}
	s.stopping.Store(false)
	engine.Close()
	if err := s.ready(); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("without the store: %v", err)
	}
}
