package service

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestReasonOfALoss doesn't repeat the message that it stands beside.
func TestReasonOfALoss(t *testing.T) {
	for cause, want := range map[error]string{
		fmt.Errorf("wrapped: %w", &stream.LostError{Reason: "the service b has it"}): "the service b has it",
		context.Canceled: "context canceled",
	} {
		if got := lossOf(cause); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if !errors.Is(&stream.LostError{}, stream.ErrNotOwner) {
		t.Error("a lost account isn't one that is no longer owned")
	}
}
