package input

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}

func TestCompression(t *testing.T) {
	const text = "\uFEFF{\"a\":1}\n\n{\"batch\":[{\"b\":2},{\"c\":3}]}\r\n"
	want := []string{`1.0 json_lines {"a":1}`, `3.1 batch {"b":2}`, `3.2 batch {"c":3}`}
	half := len(text) / 2
	tests := []struct {
		name, file  string
		compression Compression
	}{
		{"none", text, Uncompressed},
		{"gzip", gzipped(t, text), Gzip},
		{"gzip in parts", gzipped(t, text[:half]) + gzipped(t, "") + gzipped(t, text[half:]), Gzip},
		{"zstd", zstandard(t, text), Zstd},
		{"zstd as pzstd writes it", "\x50\x2a\x4d\x18\x04\x00\x00\x00size" + zstandard(t, text), Zstd},
		{"zstd in parts", zstandard(t, text[:half]) + zstandard(t, text[half:]), Zstd},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := write(t, "events", tt.file)
			for _, cfg := range []Config{
				{Files: []string{name}},
				{Files: []string{Stdin}, Stdin: iotest.OneByteReader(strings.NewReader(tt.file))},
			} {
				got, err := readForms(t, cfg)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got)\n%s", cfg.Files, diff)
				}
			}

			r, err := Open(Config{Files: []string{name}})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for i := range want {
				e, err := r.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if canSeek := e.Next.Offset > 0; i != 1 && canSeek != (tt.compression == Uncompressed) {
					t.Errorf("event %d: going on at offset %d", i, e.Next.Offset)
				}
				got, err := readForms(t, Config{Files: []string{name}, From: e.Position})
				if diff := cmp.Diff(want[i:], got); diff != "" || err != nil {
					t.Errorf("from %+v: %v (-want +got)\n%s", e.Position, err, diff)
				}
			}
			if _, err := r.Next(t.Context()); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[Compression]int{tt.compression: 1}, r.Files()); diff != "" {
				t.Errorf("files (-want +got)\n%s", diff)
			}
			if r.Size() != int64(len(tt.file)) {
				t.Errorf("size %d, want %d", r.Size(), len(tt.file))
			}
		})
	}
}

func TestCompressedFilesThatAreBroken(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n", 100_000)
	for name, file := range map[string]string{"gzip": gzipped(t, text), "zstd": zstandard(t, text)} {
		for how, broken := range map[string]string{"cut off": file[:len(file)*2/3], "cut off at once": file[:5]} {
			got, err := readForms(t, Config{Files: []string{write(t, "events", broken)}})
			if err == nil || !strings.Contains(err.Error(), "events at line ") || !strings.Contains(err.Error(), "it may have been cut off") {
				t.Errorf("%s %s: error %v", name, how, err)
			}
			for _, event := range got {
				if !strings.HasSuffix(event, `.0 json_lines {"a":1}`) {
					t.Fatalf("%s %s: half an event: %s", name, how, event)
				}
			}
		}
	}
}

func TestTextThatBeginsLikeACompressedFile(t *testing.T) {
	got, err := readForms(t, Config{Files: []string{write(t, "events", "\x1fa\n(b)\n")}})
	if diff := cmp.Diff([]string{"1.0 json_lines \x1fa", "2.0 json_lines (b)"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestVerbatim(t *testing.T) {
	text := "[\n{\"batch\":[1]}\n"
	got, err := readForms(t, Config{Files: []string{write(t, "events", text)}, Verbatim: true})
	if diff := cmp.Diff([]string{"1.0 json_lines [", `2.0 json_lines {"batch":[1]}`}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	compressed := gzipped(t, text)
	got, err = readForms(t, Config{Files: []string{write(t, "events", compressed)}, Verbatim: true})
	if err != nil || !strings.HasPrefix(got[0], "1.0 json_lines \x1f") {
		t.Errorf("%q, %v", got, err)
	}
}
