package input

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// gzipHeader is a gzip header that says a name or a comment follows.
const gzipHeader = "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"

func TestDamagedFiles(t *testing.T) {
	const event = "{\"a\":1}\n"
	whole := gzipped(t, event)
	wrongSum := []byte(whole)
	wrongSum[len(wrongSum)-8] ^= 1
	const cut, followed, damaged = "incomplete compressed file", "followed by other data", "damaged compressed file"
	tests := []struct {
		name, file string
		events     int
		want       string // of the error; empty if the file is whole
	}{
		{"gzip cut in its header", "\x1f\x8b", 0, cut},
		{"gzip cut in its name", gzipHeader, 0, cut},
		{"gzip cut in its comment", "\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\x03abc", 0, cut},
		{"gzip whose name has no end", gzipHeader + strings.Repeat("x", 1000), 0, damaged},
		{"gzip with a second member cut in its header", whole + "\x1f\x8b", 1, cut},
		{"gzip with a second member cut in its name", whole + gzipHeader, 1, cut},
		{"gzip cut in its sum", whole[:len(whole)-1], 1, cut},
		{"gzip with a wrong sum", string(wrongSum), 1, damaged},
		{"gzip in a way that isn't known", "\x1f\x8b\x07" + gzipHeader, 0, damaged},
		{"gzip and zeros", whole + strings.Repeat("\x00", 5000), 1, ""},
		{"gzip, zeros, and gzip", whole + "\x00\x00" + whole, 2, ""},
		{"gzip and text", whole + event + event, 1, followed},
		{"gzip and less text than a header", whole + "end\n", 1, followed},
		{"gzip, zeros, and a byte", whole + "\x00\x00x", 1, followed},
		{"gzip of nothing", gzipped(t, ""), 0, ""},
		{"zstd cut in its header", zstdMagic, 0, cut},
		{"zstd and text", zstandard(t, event) + event, 1, followed},
		{"zstd with a second part cut in its magic", zstandard(t, event) + zstdMagic[:2], 1, cut},
		{"zstd with a window of 4 GB", zstdMagic + "\x00\xb0\x01\x00\x00", 0, "decompression needs too much memory"},
		{"zstd with a block that is none", zstdMagic + "\x20\x01\x07\x00\x00", 0, damaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for how, stdin := range map[string]io.Reader{
				"at once":      strings.NewReader(tt.file),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.file)),
			} {
				got, err := readForms(t, Config{Files: []string{Stdin}, Stdin: stdin})
				if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: %v", how, err)
				}
				if len(got) != tt.events {
					t.Errorf("%s: events %q", how, got)
				}
			}
		})
	}
}

// TestEachCutIsSeen cuts a file of two parts off at each byte.
func TestEachCutIsSeen(t *testing.T) {
	for name, part := range map[string]string{"gzip": gzipped(t, "{}\n"), "zstd": zstandard(t, "{}\n")} {
		for size := 4; size < 2*len(part); size++ {
			got, err := readForms(t, Config{Files: []string{Stdin}, Stdin: strings.NewReader((part + part)[:size])})
			if (err == nil) != (size == len(part)) || err == nil && len(got) != 1 {
				t.Errorf("%s of 2 × %d bytes cut off at %d: %d events, %v", name, len(part), size, len(got), err)
			}
		}
	}
}

// TestErrorsOfReadingACompressedFile aren't the file's damage.
func TestErrorsOfReadingACompressedFile(t *testing.T) {
	broken := errors.New("device on fire")
	for _, file := range []string{gzipped(t, "{}\n"), zstandard(t, "{}\n")} {
		_, err := readForms(t, Config{Files: []string{Stdin}, Stdin: io.MultiReader(strings.NewReader(file[:6]), iotest.ErrReader(broken))})
		if !errors.Is(err, broken) || strings.Contains(err.Error(), "compress") {
			t.Error(err)
		}
	}
}

// FuzzDamage reads compressed files with a byte changed, cut off, and followed by
// something. Whatever comes of them, events that were there are given whole, and reading
// at once and byte by byte comes to the same.
func FuzzDamage(f *testing.F) {
	f.Add(false, uint(3), byte(8), uint(10), "")           // a name in the header, which is cut off
	f.Add(false, uint(3), byte(0x10), uint(12), "")        // a comment
	f.Add(false, uint(0), byte(0), uint(99), gzipHeader)   // a second member that is cut off
	f.Add(false, uint(0), byte(0), uint(99), "\x00\x00")   // padding
	f.Add(true, uint(4), byte(0xff), uint(99), "")         // another frame header
	f.Add(true, uint(0), byte(0), uint(99), zstdMagic)     // a second frame that is cut off
	f.Add(true, uint(9), byte(1), uint(20), "{\"a\":1}\n") // text behind it
	f.Fuzz(func(t *testing.T, zstd bool, at uint, flip byte, cut uint, behind string) {
		file := []byte(gzipped(t, "{\"a\":1}\n{\"b\":2}\n"))
		if zstd {
			file = []byte(zstandard(t, "{\"a\":1}\n{\"b\":2}\n"))
		}
		file[at%uint(len(file))] ^= flip
		text := string(file[:min(cut, uint(len(file)))]) + behind
		want, wantErr := readForms(t, Config{Files: []string{Stdin}, Stdin: strings.NewReader(text)})
		got, err := readForms(t, Config{Files: []string{Stdin}, Stdin: iotest.OneByteReader(strings.NewReader(text))})
		if (err == nil) != (wantErr == nil) || err == nil && len(got) != len(want) {
			t.Fatalf("at once: %q, %v; byte by byte: %q, %v", want, wantErr, got, err)
		}
		var damage *ReadError
		if err != nil && (!errors.As(err, &damage) || damage.Line < 1) {
			t.Fatalf("the error doesn't say where: %v", err)
		}
	})
}

// TestReadingIsCancelled reads what has no end and gives nothing, without a pause. The
// context is done after a while, and reading with it.
func TestReadingIsCancelled(t *testing.T) {
	for name, tt := range map[string]struct {
		begin, again string
		left         int
	}{
		"blank lines":                  {"", "\n", 2 << 20},
		"blanks":                       {"", strings.Repeat(" ", 1000), 2 << 20},
		"a long line":                  {"{}\n", "x", 2 << 20},
		"an element that has no end":   {"[\n", "{", 2 << 20},
		"an array of nothing":          {"[\n", ",", 2 << 20},
		"a name behind a batch":        {"{\"batch\":[\n],\"", "x", 2 << 20},
		"a value behind a batch":       {"{\"batch\":[\n],\"x\":[", "x", 2 << 20},
		"zeros behind gzip":            {gzipped(t, "{}\n"), "\x00", 2 << 20},
		"gzip of nothing":              {gzipped(t, ""), gzipped(t, ""), 0},
		"gzip of blank lines":          {"", gzipped(t, strings.Repeat("\n", 300_000)), 0},
		"gzip of a long line":          {"", gzipped(t, strings.Repeat("x", 300_000)), 0},
		"zstd of nothing":              {"", zstandard(t, ""), 0},
		"zstd of blank lines":          {"", zstandard(t, strings.Repeat("\n", 300_000)), 0},
		"empty batches in an array":    {"[\n", `{"batch":[]},`, 2 << 20},
		"a first line that has no end": {`{"a":"`, "x", 2 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			source := &recurring{text: tt.begin, again: tt.again, left: tt.left, end: cancel}
			// As a regular file does, it never waits and knows nothing of the context.
			c := newContent(source, Position{Line: 1}, Config{Limit: 1000})
			var chunk Chunk
			var err error
			for err == nil {
				err = c.fill(ctx, &chunk)
			}
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if source.left < -headSize {
				t.Errorf("%d bytes were read after the end", -source.left)
			}
		})
	}
}

// recurring reads as one text followed by another one, repeated. It calls end after a number of
// bytes.
type recurring struct {
	text, again string
	left        int
	end         func()
}

func (r *recurring) read(_ context.Context, p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.text == "" {
			r.text = r.again
		}
		taken := copy(p[n:], r.text)
		r.text = r.text[taken:]
		n += taken
	}
	if r.left -= n; r.left < 0 {
		r.end()
	}
	return n, nil
}

func (r *recurring) mayBlock() bool { return false }

func (r *recurring) close() {}
