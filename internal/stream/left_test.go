package stream

import (
	"testing"
	"time"
)

// TestLeft counts what is stored, also of accounts that nobody has opened since a start.
func TestLeft(t *testing.T) {
	dir := t.TempDir()
	engine, err := Embed(EmbedConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for name, messages := range map[string]int{"eu": 2, "us": 1, "done": 1, "empty": 0} {
		account, err := engine.Account(t.Context(), name, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for range messages {
			if _, err := account.Publish(t.Context(), []byte("{}"), 3, ""); err != nil {
				t.Fatal(err)
			}
		}
		if name == "empty" {
			if err := account.KeepLetters(t.Context(), Letter{Code: "invalid", Seq: 1, Event: 1, Record: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
		if name == "done" { // and not purged yet
			lease, err := account.Own(t.Context(), Claim{Owner: "test", Lease: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if err := lease.Save(t.Context(), Checkpoint{Position: Position{Seq: 2, Event: 1}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if engine, err = Embed(EmbedConfig{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	left, err := engine.Left(t.Context(), func(name string) bool { return name != "us" })
	if err != nil || len(left) != 2 || left["eu"] != (Left{Events: 6}) || left["empty"] != (Left{DeadLetters: 1}) {
		t.Errorf("%v, %v", left, err)
	}
	if err := engine.js.DeleteStream(t.Context(), lettersPrefix+"eu"); err != nil {
		t.Fatal(err)
	}
	if left, err = engine.Left(t.Context(), func(name string) bool { return name == "eu" }); err != nil || left["eu"].Events != 6 {
		t.Errorf("%v, %v without dead letters", left, err)
	}
}
