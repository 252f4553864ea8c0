package service

import "testing"

func TestDelivers(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"), testAccount("us"))
	for n := range 20 {
		s.send(t, "eu", track(n%3, n))
	}
	s.send(t, "us", track(9, 9))
	eventually(t, "all events arrive", func() bool { return s.arrived("eu") == 20 && s.arrived("us") == 1 })
	eventually(t, "the backlog is empty", func() bool { b := s.statusOf(t, "eu").Backlog; return b.Events == 0 && b.Bytes == 0 })
	status := s.statusOf(t, "eu")
	if status.Delivered != 20 || status.Counts.Delivered != 20 || !status.Owned || status.Owner != "test" || status.Pause != nil {
		t.Errorf("%+v", status)
	}
}
