package client

import (
	"fmt"
	"testing"
)

func TestBlameString(t *testing.T) {
	for blame, want := range map[Blame]string{
		BlameOf(nil):            "nobody",
		BlameOf(ErrConflict):    "request",
		BlameOf(ErrMisdirected): "path",
		BlameTemporary:          "temporary",
		-1:                      "Blame(-1)",
		BlameTemporary + 1:      "Blame(5)",
	} {
		if got := fmt.Sprint(blame); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
