package stream

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPurgeBeyondTheEnd purges up to a sequence beyond the end, as after a stream was created
// again. It must remove nothing: the server would skip sequences, and remove all messages.
func TestPurgeBeyondTheEnd(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	publish(t, a, "m1", 1)
	if err := a.Purge(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	publish(t, a, "m2", 1)
	if diff := cmp.Diff([]string{"m1", "m2"}, texts(read(t, a, 0, 2))); diff != "" {
		t.Errorf("messages (-want +got)\n%s", diff)
	}
}
