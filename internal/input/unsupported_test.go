package input

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// tarOf is a tar archive as far as its first file reaches.
func tarOf(text string) string {
	header := make([]byte, 512)
	copy(header, "events.jsonl")
	copy(header[100:], "0000644")
	copy(header[tarOffset:], tarMagic)
	return string(header) + text
}

// in16 writes ASCII as UTF-16.
func in16(text string, little bool) string {
	var wide strings.Builder
	for _, c := range []byte(text) {
		if little {
			wide.Write([]byte{c, 0})
		} else {
			wide.Write([]byte{0, c})
		}
	}
	return wide.String()
}

func TestUnsupportedFiles(t *testing.T) {
	const events = "{\"a\":1}\n{\"b\":2}\n"
	tests := []struct {
		name, file string
		want       string // of the error; empty if the file is read
	}{
		{"bzip2", "BZh91AY&SY\x00\n{}\n", "compressed with bzip2): pipe the output of bzip2 -dc"},
		{"xz", "\xfd7zXZ\x00\x00\x04", "compressed with xz"},
		{"zip", "PK\x03\x04\x14\x00" + events, "a zip archive): pipe the output of unzip -p"},
		{"Parquet", "PAR1\x15\x04", "a Parquet file"},
		{"tar", tarOf(events), "a tar archive): pipe the output of tar -xO"},
		{"tar in gzip", gzipped(t, tarOf(events)), "a tar archive"},
		{"gzip in gzip", gzipped(t, gzipped(t, events)), "compressed twice): decompress it once"},
		{"zstd in gzip", gzipped(t, zstandard(t, events)), "compressed twice"},
		{"bzip2 in zstd", zstandard(t, "BZh9"), "compressed with bzip2"},
		{"UTF-16, little endian", "\xff\xfe" + in16(events, true), "text in UTF-16): pipe the output of iconv"},
		{"UTF-32, little endian", "\xff\xfe\x00\x00{\x00\x00\x00", "text in UTF-32"},
		{"UTF-32, big endian", "\x00\x00\xfe\xff\x00\x00\x00{", "text in UTF-32"},
		{"UTF-16, big endian", "\xfe\xff" + in16(events, false), "text in UTF-16"},
		{"UTF-16, little endian, without a mark", in16(events, true), "text in UTF-16"},
		{"UTF-16, big endian, without a mark", in16(events, false), "text in UTF-16"},
		{"CR", strings.ReplaceAll(events, "\n", "\r"), "text with CR line endings"},
		{"CR, in short", `{"a":1}` + "\r[", "text with CR line endings"},
		{"CR behind what is no JSON", "nonsense\r{\"a\":1}\r", "text with CR line endings"},
		{"CR, long", strings.Repeat("{\"a\":1}\r", headSize), "text with CR line endings"},
		{"CR within an event", "{\"a\":\r{\"b\":1}}", ""},
		{"a list whose lines end with CR", "[{\"a\":1},\r{\"b\":2}\r]\r", ""},
		{"bytes", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\n", "not JSON"},
		{"a megabyte of bytes", strings.Repeat("\x7fELF\x02\x00\n[x] {", 100_000), "not JSON"},
		{"zeros", strings.Repeat("\x00", 2*headSize), "not JSON"},
		{"Latin-1", "caf\xe9\n", "not JSON"},
		{"bytes before events", "\x00\xff\n" + events, ""},
		{"a character over the end of the head", strings.Repeat("x", headSize-1) + "é", ""},
		{"CSV", strings.Repeat("a,b\n\n", linesWithoutJSON), "not JSON"},
		{"a few lines of text", strings.Repeat("a,b\n", linesWithoutJSON-1), ""},
		{"a log before the events", strings.Repeat("[info] {\n", linesWithoutJSON-1) + events, ""},
		{"pretty JSON", "{\n\"a\":1\n}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for how, stdin := range map[string]io.Reader{
				"at once":      strings.NewReader(tt.file),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.file)),
				"early EOF":    iotest.DataErrReader(strings.NewReader(tt.file)),
			} {
				if how == "byte by byte" && len(tt.file) > headSize+2 {
					continue // the rest is as long as it's slow
				}
				got, err := readForms(t, Config{Files: []string{Stdin}, Stdin: stdin})
				if tt.want == "" {
					if err != nil || len(got) == 0 {
						t.Errorf("%s: %d events, %v", how, len(got), err)
					}
					continue
				}
				if len(got) > 0 || err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: %.200q, %v", how, got, err)
				}
			}
		})
	}
}

// TestStartAfterInvalidJSON reads a file that is refused from a later line on.
func TestStartAfterInvalidJSON(t *testing.T) {
	text := strings.Repeat("log\n", linesWithoutJSON) + `{"a":1}`
	got, err := readForms(t, Config{Files: []string{write(t, "events", text)}, From: Position{Line: linesWithoutJSON + 1}})
	if diff := cmp.Diff([]string{`101.0 json_lines {"a":1}`}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}
