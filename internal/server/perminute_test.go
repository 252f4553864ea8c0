package server

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPerMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &perMinute{}
		want := func(account string, messages int, tell bool) {
			t.Helper()
			if got, told := n.count(account); told != tell || told && got != messages {
				t.Errorf("%s: %d, %t, want %d, %t", account, got, told, messages, tell)
			}
		}
		want("eu", 1, true)
		for range 1000 {
			want("eu", 0, false)
		}
		want("us", 1, true)
		time.Sleep(tellEvery)
		want("eu", 1001, true)
		want("eu", 0, false)
	})
}
