package plan

import (
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

func TestHowLongItTakes(t *testing.T) {
	events, _ := klaviyo.LookupOperation(klaviyo.OperationCreateEvent)
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
	for seconds, want := range map[int]string{
		0: "1 s", 59: "59 s", 60: "1 min", 61: "1 min 1 s", 119: "1 min 59 s", 120: "2 min", 599: "9 min 59 s",
		600: "10 min", 601: "11 min", 3540: "59 min", 3541: "1 h 0 min", 3600: "1 h 0 min", 3601: "1 h 1 min",
	} {
		if got := inWords(seconds); got != want {
			t.Errorf("%d s: %s, want %s", seconds, got, want)
		}
	}
	if got := duration(Bounds{59, 7200}); got != "59 s – 2 h 0 min" {
		t.Errorf("%s", got)
	}
}
