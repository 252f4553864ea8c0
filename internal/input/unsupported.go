package input

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// unsupported are the kinds of files that aren't supported, by their first bytes.
var unsupported = []struct {
	magic string
	// description is the kind of file, and advice what to do.
	description, advice string
}{
	{gzipMagic, "compressed twice", "decompress it once"}, // one compression was already removed
	{zstdMagic, "compressed twice", "decompress it once"},
	{"BZh", "compressed with bzip2", "pipe the output of bzip2 -dc to the command"},
	{"\xfd7zXZ\x00", "compressed with xz", "pipe the output of xz -dc to the command"},
	{"\x04\x22\x4d\x18", "compressed with lz4", "pipe the output of lz4 -dc to the command"},
	{"\x1f\x9d", "compressed with compress", "pipe the output of uncompress -c to the command"},
	{"\xff\x06\x00\x00sNaPpY", "compressed with snappy", "decompress it first"},
	{"PK\x03\x04", "a zip archive", "pipe the output of unzip -p to the command"},
	{"PK\x05\x06", "an empty zip archive", "leave it out"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive", "pipe the output of 7z x -so to the command"},
	{"PAR1", "a Parquet file", "export the events as JSON Lines"},
	{"Obj\x01", "an Avro file", "export the events as JSON Lines"},
	{"ORC", "an ORC file", "export the events as JSON Lines"},
	{"\xff\xfe\x00\x00", "text in UTF-32", "pipe the output of iconv -f UTF-32 -t UTF-8 to the command"},
	{"\x00\x00\xfe\xff", "text in UTF-32", "pipe the output of iconv -f UTF-32 -t UTF-8 to the command"},
	{"\xff\xfe", utf16, iconv},
	{"\xfe\xff", utf16, iconv},
	{"{\x00", utf16, iconv},
	{"[\x00", utf16, iconv},
	{"\x00{", utf16, iconv},
	{"\x00[", utf16, iconv},
}

const (
	utf16 = "text in UTF-16"
	iconv = "pipe the output of iconv -f UTF-16 -t UTF-8 to the command"
)

// tarMagic is at tarOffset of a tar archive.
const (
	tarMagic  = "ustar"
	tarOffset = 257
)

// headSize is the number of bytes that determine whether a file is supported.
const headSize = chunkSize

// linesWithoutJSON is the number of lines without JSON at the beginning of a file after which
// it is rejected. Otherwise each line would be an error.
const linesWithoutJSON = 100

// checkSupported returns an error if a file with this beginning isn't supported. known is false
// if more text is needed. all means that there is no more.
func checkSupported(text []byte, all bool) (err error, known bool) {
	all = all || len(text) >= headSize
	text = text[:min(len(text), headSize)]
	for _, f := range unsupported {
		switch {
		case bytes.HasPrefix(text, []byte(f.magic)):
			return unsupportedError(f.description, f.advice), true
		case !all && len(text) < len(f.magic) && string(text) == f.magic[:len(text)]:
			return nil, false
		}
	}
	switch end := tarOffset + len(tarMagic); {
	case len(text) >= end && string(text[tarOffset:end]) == tarMagic:
		return unsupportedError("a tar archive", "pipe the output of tar -xO to the command"), true
	case !all && len(text) < end && bytes.IndexByte(text, 0) >= 0:
		return nil, false
	}
	return checkLines(text, all)
}

func unsupportedError(what, do string) error {
	return fmt.Errorf("unsupported file (%s): %s", what, do)
}

var (
	errNoJSON  = errors.New(`not JSON: none of the first lines begins with an object or an array; remove the file, or export its events as JSON Lines`)
	errCRLines = unsupportedError("text with CR line endings", "pipe the output of tr '\\r' '\\n' to the command")
)

// checkLines is checkSupported for files that can only be recognized by their lines. A few
// lines without JSON are accepted, so that each is reported.
func checkLines(text []byte, all bool) (err error, known bool) {
	rest := bytes.TrimPrefix(text, byteOrderMark)
	sawBinary := false // the text before rest is binary
	for lines := 0; len(rest) > 0; {
		line, behind, ended := bytes.Cut(rest, newline)
		like, known := looksLikeJSON(rest, all)
		if like && sawBinary { // binary data may look like JSON by chance
			like, known = jsontext.Value(line).IsValid(), ended || all
		}
		if like || !known {
			return nil, known
		}
		if ended && len(bytes.TrimSpace(line)) > 0 {
			if lines++; lines == linesWithoutJSON {
				return errNoJSON, true
			}
		}
		sawBinary = sawBinary || ended && !isText(line)
		rest = behind
	}
	if all && !isText(text) {
		return errNoJSON, true
	}
	return nil, all
}

// looksLikeJSON reports whether a text begins like a JSON object or array, including the first
// character inside: a log may begin with [info], and a script may contain brackets.
func looksLikeJSON(text []byte, all bool) (like, known bool) {
	text = bytes.TrimLeft(text, " \t\r")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false, len(text) > 0 || all
	}
	inside := bytes.TrimLeft(text[1:], " \t\r\n")
	switch {
	case len(inside) == 0:
		return all, all
	case text[0] == '{':
		return inside[0] == '"', true
	}
	return strings.IndexByte(`{["`, inside[0]) >= 0, true
}

// hasCRLines reports whether the lines of a file end with CR only: the first object, or other
// text, is followed by CR and more text.
func hasCRLines(text []byte) bool {
	text = bytes.TrimLeft(bytes.TrimPrefix(text, byteOrderMark), " \t\r")
	end := bytes.IndexByte(text, '\r')
	if end < 0 || text[0] == '[' || bytes.Contains(text, newline) {
		return false
	}
	if text[0] == '{' {
		if end = valueEnd(text); end == 0 {
			return false
		}
	}
	blank := len(text) - end - len(bytes.TrimLeft(text[end:], " \t\r"))
	return bytes.IndexByte(text[end:end+blank], '\r') >= 0 && end+blank < len(text)
}

// isText reports whether the head of a file is UTF-8. It may end within a character.
func isText(head []byte) bool {
	if len(head) == headSize {
		for range utf8.UTFMax - 1 {
			if last, _ := utf8.DecodeLastRune(head); last != utf8.RuneError {
				break
			}
			head = head[:len(head)-1]
		}
	}
	return bytes.IndexByte(head, 0) < 0 && utf8.Valid(head)
}
