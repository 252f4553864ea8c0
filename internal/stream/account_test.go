package stream

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPurgeBeyondTheEnd leaves a stream alone that was made anew: the server would go on
// counting behind the sequence, and remove what is there.
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
