package plan

import (
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

func TestHowLongItTakes(t *testing.T) {
	events := klaviyo.OperationCreateEvent
	tests := []struct {
		calls int
		share float64
		want  string
	}{
		{1, 1, "1 s"},
		{3_500, 1, "9 s"},
		{3_501, 1, "1 min"},
		{1_000_000, 1, "4 h 46 min"},
		{1_000_000, 0.5, "9 h 32 min"},
		{100, 0.0001, "1 h 39 min"},
	}
	for _, tt := range tests {
		seconds := int(delivery.Duration(events, tt.calls, tt.share) / time.Second)
		if got := duration(Bounds{seconds, seconds}); got != tt.want {
			t.Errorf("%d calls at %g: %s, want %s", tt.calls, tt.share, got, tt.want)
		}
	}
	if got := duration(Bounds{59, 7200}); got != "59 s – 2 h 0 min" {
		t.Errorf("%s", got)
	}
}
