package gateway

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocs holds the tables of docs/ingest.md to the endpoints and the responses there are.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/ingest.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, a := range []answer{
		accepted, brokenBody, brokenGzip, unauthorized, notFound, notAllowed, tooLarge(defaultMaxBody), unknownEncoding,
		starting, stopping, unavailable, heldUp, full, busy, slow, accountRemoved,
	} {
		row := fmt.Sprintf("%d %s ", a.status, a.code)
		if a.after > 0 {
			row += fmt.Sprint(a.after.Seconds())
		}
		want = append(want, row)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (\\d{3}) \\| `?(\\w*)`? *\\| (\\d*)").FindAllStringSubmatch(string(page), -1) {
		got = append(got, strings.Join(row[1:], " "))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for path := range endpoints {
		if !strings.Contains(string(page), "`"+path+"`") {
			t.Errorf("%s isn't there", path)
		}
	}
	for what, has := range map[string]bool{
		"4 MiB":       defaultMaxBody == 4<<20,
		"1,024":       defaultMaxRequests == 1024,
		"16 KiB":      maxHeader == 12<<10, // and 4 KiB of net/http
		"64 MiB":      defaultMaxBytes == 64<<20,
		"2,048":       defaultMaxConnections == 2048,
		"within 9 s":  defaultAnswerTimeout.Seconds() == 9,
		"within 30 s": defaultReadTimeout.Seconds() == 30,
		"within 5 s":  defaultHeaderTimeout.Seconds() == 5,
		"2 minutes":   defaultIdleTimeout.Minutes() == 2,
	} {
		if !has || !strings.Contains(string(page), what) {
			t.Errorf("%q isn't there, or isn't so any more", what)
		}
	}
}
