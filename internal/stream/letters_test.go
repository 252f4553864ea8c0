package stream

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLetters(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	var letters []Letter
	for i := range 200 {
		letters = append(letters, Letter{Code: []string{"invalid", "unavailable"}[i%2], Seq: uint64(i/3 + 1), Event: i%3 + 1, Record: []byte(fmt.Sprint(i))})
	}
	for range 2 { // the second call changes nothing
		if err := a.KeepLetters(t.Context(), letters...); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.KeepLetters(t.Context(), Letter{Code: "not a.code"}); err == nil {
		t.Error("a code with a dot is taken")
	}
	got, last := map[string]Letter{}, uint64(0)
	for l, err := range a.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if l.ID <= last {
			t.Errorf("letter %d comes after %d", l.ID, last)
		}
		last = l.ID
		got[string(l.Record)] = l
	}
	if len(got) != len(letters) {
		t.Fatalf("%d of %d letters", len(got), len(letters))
	}
	var ids []uint64
	for i, want := range letters {
		l := got[fmt.Sprint(i)]
		want.ID = l.ID
		if diff := cmp.Diff(want, l); diff != "" {
			t.Errorf("letter %d (-want +got)\n%s", i, diff)
		}
		if l.Code == "invalid" {
			ids = append(ids, l.ID)
		}
	}
	counts := func(want map[string]int) {
		t.Helper()
		for range 2 {
			if counts, err := a.LetterCounts(t.Context()); err != nil || !cmp.Equal(counts, want) {
				t.Errorf("%v, %v, want %v", counts, err, want)
			}
		}
	}
	counts(map[string]int{"invalid": 100, "unavailable": 100})
	for range 2 {
		if err := a.DeleteLetters(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
	}
	counts(map[string]int{"unavailable": 100})
	n := 0
	for _, err := range a.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 7 {
			break
		}
	}
	of := map[string]int{}
	for _, code := range []string{"unavailable", "invalid", "una", "*", "not a.code"} {
		for l, err := range a.Letters(t.Context(), code, 0) {
			if err != nil || l.Code != code {
				t.Errorf("letters of %s: %+v, %v", code, l, err)
			}
			of[code]++
		}
	}
	if want := map[string]int{"unavailable": 100}; !cmp.Equal(of, want) {
		t.Errorf("letters by code %v, want %v", of, want)
	}
	for l, err := range a.Letters(t.Context(), "", last) {
		t.Errorf("after the last: %v, %v", l, err)
	}
}

// TestLargeLettersStayInOrder checks that large letters are returned in the order of their
// events, so that a replay, which holds only some megabytes in memory, sends them in order.
func TestLargeLettersStayInOrder(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	letters := make([]Letter, 12)
	for i := range letters {
		letters[i] = Letter{Code: "invalid", Seq: uint64(i + 1), Event: 1, Record: make([]byte, letterBytesAtOnce/2+1)}
	}
	if err := a.KeepLetters(t.Context(), letters...); err != nil {
		t.Fatal(err)
	}
	next := uint64(1)
	for letter, err := range a.Letters(t.Context(), "", 0) {
		if err != nil || letter.Seq != next {
			t.Fatalf("letter %d is of message %d, %v", next, letter.Seq, err)
		}
		next++
	}
	if next != 13 {
		t.Errorf("%d letters", next-1)
	}
}

// TestLetterCountsByCode checks that letters are counted without listing them if all their codes
// are recorded.
func TestLetterCountsByCode(t *testing.T) {
	e := embed(t, t.TempDir())
	keep := func(a *Account, seq uint64, codes ...string) {
		t.Helper()
		for i, code := range codes {
			if err := a.KeepLetters(t.Context(), Letter{Code: code, Seq: seq, Event: i + 1, Record: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	counts := func(a *Account, want map[string]int) {
		t.Helper()
		info, err := a.info(t.Context(), a.letters)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.countByCode(t.Context(), info); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
		for consumer := range a.letters.ListConsumers(t.Context()).Info() {
			t.Errorf("the consumer of %q is left", consumer.Config.FilterSubject)
		}
	}
	a := account(t, e, Limits{})
	counts(a, map[string]int{})
	keep(a, 1, "invalid", "unavailable", "invalid")
	counts(a, map[string]int{"invalid": 2, "unavailable": 1})
	other := account(t, e, Limits{MaxLetters: 1 << 20}) // as another process has it
	keep(other, 2, "invalid", "missing_type")
	counts(a, map[string]int{"invalid": 3, "unavailable": 1, "missing_type": 1})

	info, err := a.info(t.Context(), a.letters)
	if err != nil {
		t.Fatal(err)
	}
	delete(info.Config.Metadata, codePrefix+"unavailable")
	if _, err := e.js.UpdateStream(t.Context(), info.Config); err != nil {
		t.Fatal(err)
	}
	counts(a, nil)
	keep(account(t, e, Limits{}), 3, "unavailable")
	counts(a, map[string]int{"invalid": 3, "unavailable": 2, "missing_type": 1})

	for i := range codesNoted + 3 {
		keep(a, 4, fmt.Sprint("made-up-", i))
	}
	counts(a, nil)
	if all, err := a.LetterCounts(t.Context()); err != nil || len(all) != codesNoted+3+3 {
		t.Errorf("%d codes, %v", len(all), err)
	}
}
