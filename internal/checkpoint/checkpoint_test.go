package checkpoint

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
	"github.com/rudderklaviyo/rudderklaviyo/internal/fulldisk"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func open(t *testing.T, name string) *File {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSaveAndLoad(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "progress.json"))
	if c, err := f.Load(); c != nil || err != nil {
		t.Fatalf("Load of nothing: %v, %v", c, err)
	}
	want := &Checkpoint{
		Version:  version,
		Input:    []Source{{Name: "/a", Size: 10, Sum: []byte("x"), Summed: 10}, {Name: "/b", Size: 20}},
		Settings: Settings{BaseURL: "https://klaviyo.test", Revision: "2023-02-22", Mapping: []byte("y"), Key: []byte("k"), KeySalt: []byte("s")},
		At:       input.Position{File: 1, Line: 3, Offset: 17},
		Done:     true,
		Counts:   transfer.Counts{Events: 10, Delivered: 5, Skipped: 3, DeadLettered: 2},
	}
	for range 2 {
		if err := f.Save(*want); err != nil {
			t.Fatal(err)
		}
		got, err := f.Load()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Source{})); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestLoadInvalid(t *testing.T) {
	const valid = `{"version":1,"input":[{"name":"/a"}],"settings":{"revision":"2023-02-22"},"at":{"line":1},"done":false,"counts":{}}`
	dir := t.TempDir()
	if _, err := Load(write(t, filepath.Join(dir, "valid"), valid)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"version":         strings.Replace(valid, `"version":1`, `"version":2`, 1),
		"revision":        strings.Replace(valid, `"2023-02-22"`, `""`, 1),
		"file":            strings.Replace(valid, `"line":1`, `"line":1,"file":1`, 1),
		"negative file":   strings.Replace(valid, `"line":1`, `"line":1,"file":-1`, 1),
		"line":            strings.Replace(valid, `"line":1`, `"line":0`, 1),
		"negative offset": strings.Replace(valid, `"line":1`, `"line":1,"offset":-1`, 1),
		"unknown field":   strings.Replace(valid, `"done"`, `"later":1,"done"`, 1),
	} {
		if text == valid {
			t.Errorf("%s: the text is valid", name)
		}
		if c, err := Load(write(t, filepath.Join(dir, name), text)); c != nil || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if _, err := Load(dir); !errors.Is(err, ErrInvalid) {
		t.Errorf("a directory: %v", err)
	}
}

func TestOpenKeepsOthersOut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "progress.json")
	f := open(t, name)
	for range 2 { // also once the file is another
		if _, err := Open(name); !errors.Is(err, flock.ErrLocked) {
			t.Errorf("Open: %v", err)
		}
		if err := f.Save(Checkpoint{}); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(name, link); err != nil {
		t.Skip(err)
	}
	if _, err := Open(link); !errors.Is(err, flock.ErrLocked) {
		t.Errorf("Open of a link: %v", err)
	}
	f.Close()
	open(t, name)
}

// fullDisk takes no more than that many bytes.
type fullDisk struct {
	room                 fulldisk.Room
	committed, discarded bool
}

func (d *fullDisk) Write(p []byte) (int, error) { return d.room.Write(io.Discard, p) }
func (d *fullDisk) Commit() error               { d.committed = true; return nil }
func (d *fullDisk) Discard() error              { d.discarded = true; return nil }

func TestCutCheckpointIsNotCommitted(t *testing.T) {
	text := []byte(`{"version":1}`)
	for room := range len(text) + 1 {
		d := &fullDisk{room: fulldisk.Room(room)}
		err := replace(d, text)
		if whole := room == len(text); d.committed != whole || d.discarded == whole || (err == nil) != whole {
			t.Errorf("room for %d bytes: committed %t, discarded %t, %v", room, d.committed, d.discarded, err)
		}
	}
}

func TestCheck(t *testing.T) {
	const long = 3 * headSize / 2 // lines of two bytes
	setup := func(t *testing.T) (c Checkpoint, a, b string) {
		dir := t.TempDir()
		a = write(t, filepath.Join(dir, "a"), "a line\nanother")
		b = write(t, filepath.Join(dir, "b"), strings.Repeat("b\n", long))
		c.Settings = settings(t, "key", mapper.Config{ListID: "X"})
		var err error
		if c.Input, err = Describe([]string{a, b}); err != nil {
			t.Fatal(err)
		}
		return c, a, b
	}
	// The first file is done, and of the second what is beyond its head.
	middle := input.Position{File: 1, Line: headSize/2 + 101, Offset: headSize + 200}
	edit := func(at int64) func(t *testing.T, a, b string) {
		return func(t *testing.T, a, b string) {
			f, err := os.OpenFile(b, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt([]byte("X"), at); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name   string
		at     input.Position
		change func(t *testing.T, a, b string) // before the check
		config mapper.Config
		want   string // in the error; none if empty
	}{
		{name: "the same"},
		{name: "the last has grown", change: func(t *testing.T, a, b string) { write(t, b, strings.Repeat("b\n", 2*long)) }},
		{name: "at the end of a file whose last line has no end", at: input.Position{File: 0, Line: 3, Offset: 14}},
		{name: "other settings", config: mapper.Config{ListID: "Y"}, want: "settings of the mapping"},
		{name: "one that isn't the last has grown", change: func(t *testing.T, a, b string) { write(t, a, "a line\nanother\n") }, want: "a has become longer"},
		{name: "shorter", change: func(t *testing.T, a, b string) { write(t, b, strings.Repeat("b\n", long-1)) }, want: "b has become shorter"},
		{name: "other beginning", change: func(t *testing.T, a, b string) { write(t, a, "A line\nanother") }, want: "a has other content"},
		{name: "other beginning of the one under way", change: edit(0), want: "b has other content"},
		{name: "other last line that is done", change: edit(middle.Offset - 2), want: "b has other content"},
		{name: "other end of a line that is done", change: edit(middle.Offset - 1), want: "b has other content"},
		{name: "other line that isn't done", change: edit(middle.Offset)},
		{name: "other content of one in which no line has an offset", at: input.Position{File: 1, Line: 2}, change: edit(2*long - 2), want: "b has other content"},
		{name: "other content of one on a single line", at: input.Position{File: 1, Line: 1, Event: 2}, change: edit(2*long - 2), want: "b has other content"},
		{name: "one in which no line has an offset has grown", at: input.Position{File: 1, Line: 2}, change: func(t *testing.T, a, b string) { write(t, b, strings.Repeat("b\n", 2*long)) }},
		{name: "other content of one that is begun next", at: input.Position{File: 1, Line: 1}, change: edit(2*long - 1)},
		{name: "other beginning of one that isn't begun", at: input.Position{File: 0, Line: 2, Offset: 7}, change: edit(headSize - 2), want: "b has other content"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, a, b := setup(t)
			at := middle
			if tt.at.Line > 0 {
				at = tt.at
			}
			c.Advance(input.Position{File: 0, Line: 2, Offset: 7}, transfer.Counts{Events: 1})
			c.Advance(at, transfer.Counts{Events: 2})
			if tt.change != nil {
				tt.change(t, a, b)
			}
			if tt.config.ListID == "" {
				tt.config.ListID = "X"
			}
			now, err := Describe([]string{a, b})
			if err != nil {
				t.Fatal(err)
			}
			err = c.Check(now, settings(t, "other", tt.config))
			if tt.want == "" && err != nil {
				t.Error(err)
			}
			if tt.want != "" && (!errors.Is(err, ErrOther) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if err == nil && !bytes.Equal(now[1].Sum, c.Input[1].Sum) {
				t.Error("another run would begin with another checksum")
			}
		})
	}
}

// TestCheckOfInputWithoutOffsets is of an array or a compressed file, where an event that
// is taken out of what is done would have another run begin one too late.
func TestCheckOfInputWithoutOffsets(t *testing.T) {
	array := "[\n" + strings.Repeat("{},\n", headSize) + "{}\n]\n"
	for name, test := range map[string]struct {
		now  string
		want error
	}{
		"the same":                      {now: array},
		"the list has grown":            {now: strings.TrimSuffix(array, "\n]\n") + ",\n{}\n]\n"},
		"the file has grown":            {now: array + array},
		"changed beyond the beginning":  {now: array[:2*headSize] + "[]" + array[2*headSize+2:], want: ErrOther},
		"changed at the end":            {now: strings.TrimSuffix(array, "{}\n]\n") + "[]\n]\n", want: ErrOther},
		"an event less, and some more":  {now: array[:2*headSize] + array[2*headSize+4:len(array)-3] + ",{},{}\n]\n", want: ErrOther},
		"changed before the first done": {now: "[\t" + array[2:], want: ErrOther},
	} {
		for _, at := range []input.Position{{Line: headSize, Event: headSize - 1}, {Line: headSize}, {Line: 1, Event: 2}} {
			file := write(t, filepath.Join(t.TempDir(), "a"), array)
			c := Checkpoint{Settings: settings(t, "key", mapper.Config{})}
			var err error
			if c.Input, err = Describe([]string{file}); err != nil {
				t.Fatal(err)
			}
			c.Advance(at, transfer.Counts{})
			write(t, file, test.now)
			now, err := Describe([]string{file})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Check(now, settings(t, "key", mapper.Config{})); !errors.Is(err, test.want) {
				t.Errorf("%s, at %+v: %v, want %v", name, at, err, test.want)
			}
		}
	}
}

// TestInputThatIsReplacedMeanwhile is that of a log that is rotated.
func TestInputThatIsReplacedMeanwhile(t *testing.T) {
	name := write(t, filepath.Join(t.TempDir(), "a"), strings.Repeat("a\n", headSize))
	var c Checkpoint
	var err error
	if c.Input, err = Describe([]string{name}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	before := c.Input[0]
	for _, text := range []string{"", strings.Repeat("b\n", headSize)} {
		if text != "" {
			write(t, name, text)
		}
		at := input.Position{Line: headSize/2 + 100, Offset: headSize + 200}
		c.Advance(at, transfer.Counts{})
		if c.At != at || !bytes.Equal(c.Input[0].Sum, before.Sum) || c.Input[0].Summed != before.Summed {
			t.Errorf("at %v, %d bytes of another file are summed up", c.At, c.Input[0].Summed)
		}
	}
}

func TestCheckKey(t *testing.T) {
	c := Checkpoint{Settings: settings(t, "key", mapper.Config{})}
	if err := c.CheckKey("key"); err != nil {
		t.Error(err)
	}
	if err := c.CheckKey("other"); !errors.Is(err, ErrOtherKey) {
		t.Errorf("%v, want %v", err, ErrOtherKey)
	}
	if again := settings(t, "key", mapper.Config{}); bytes.Equal(again.Key, c.Settings.Key) {
		t.Error("two checkpoints show that their key is the same")
	}
}

func settings(t *testing.T, key string, config mapper.Config) Settings {
	t.Helper()
	s, err := DescribeSettings("https://klaviyo.test", key, config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGrown(t *testing.T) {
	c := Checkpoint{Input: []Source{{Size: 1}, {Size: 2}}}
	if c.Grown([]Source{{Size: 1}, {Size: 2}}) || !c.Grown([]Source{{Size: 1}, {Size: 3}}) {
		t.Error("the last file alone tells")
	}
}
