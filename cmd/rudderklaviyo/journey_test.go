package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// refused is the name of events that Klaviyo refuses.
const refused = "Coupon Refused"

// journey makes a file with events of several people, as their sites send them:
// each identify and group changes what the ones before said, so that a wrong order
// shows. Some can't be sent, and others are refused.
func journey(t *testing.T, random *rand.Rand, people, n int) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		person := random.IntN(people)
		event := map[string]any{
			"messageId": fmt.Sprintf("m%04d", i),
			"channel":   "web",
			"userId":    fmt.Sprintf("u-%d", person),
			"timestamp": time.Date(2026, 2, 24, 17, 0, i, 0, time.UTC),
		}
		traits := map[string]any{"email": fmt.Sprintf("p%d@example.com", person), "phone": fmt.Sprintf("+141555501%02d", person)}
		switch random.IntN(10) {
		case 0, 1, 2:
			event["type"] = "identify"
			traits["firstName"], traits["visits"] = fmt.Sprintf("Name %d", i), i
			traits[fmt.Sprintf("seen_%d", i%7)] = i
			event["context"] = map[string]any{"traits": traits}
		case 3:
			event["type"], event["groupId"] = "group", fmt.Sprintf("List%d", i%3)
			event["traits"] = map[string]any{"subscribe": true, "email": traits["email"], "phone": traits["phone"], "consent": []string{"email", "sms"}}
		case 4:
			event["type"], event["event"], event["userId"] = "track", "Ping", "" // nobody's
		case 5:
			event["type"], event["event"] = "track", refused
			event["context"] = map[string]any{"traits": traits}
		default:
			event["type"], event["event"] = "track", []string{"Product Viewed", "Order Completed", "Signed Up"}[i%3]
			event["properties"] = map[string]any{"revenue": float64(i) / 4, "sku": fmt.Sprint("G-", i)}
			event["context"] = map[string]any{"traits": traits}
		}
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
