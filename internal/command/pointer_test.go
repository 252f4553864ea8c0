package command

import "testing"

func TestValueAtAPath(t *testing.T) {
	event := `{"a":{"b":[1,{"c.d":2,"e/f":3}],"x.y":{"z[0]":4}},"":5}`
	for path, want := range map[string]string{
		"a.b[0]": "1", "a.b[1].c.d": "2", "a.b[1].e/f": "3", "a.x.y.z[0]": "4", "": event,
		"a.b[2]": "", "a.b.0": "", "a.bb": "", "b": "", "a.b[1]c.d": "", "/a/b": "",
	} {
		if got := string(valueAt([]byte(event), path)); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
