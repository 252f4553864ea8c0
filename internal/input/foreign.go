package input

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// foreign are the kinds of files that aren't read, by what they begin with.
var foreign = []struct {
	magic string
	// what names the kind, and do says what to do with such a file.
	what, do string
}{
	{gzipMagic, "compressed twice", "decompress it once"}, // the first time is undone
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

// tarMagic stands at tarOffset of a tar archive.
const (
	tarMagic  = "ustar"
	tarOffset = 257
)

// headSize is how much of a file tells whether it is read at all.
const headSize = chunkSize

// linesWithoutJSON is after how many lines without JSON a file is refused that begins with
// them: if it were read, each of its lines would be an error.
const linesWithoutJSON = 100

// refuse tells by how a file begins whether it isn't read: the error says why. That isn't
// known before enough is there, unless there is no more.
func refuse(text []byte, all bool) (err error, known bool) {
	all = all || len(text) >= headSize
	text = text[:min(len(text), headSize)]
	for _, f := range foreign {
		switch {
		case bytes.HasPrefix(text, []byte(f.magic)):
			return foreignError(f.what, f.do), true
		case !all && len(text) < len(f.magic) && string(text) == f.magic[:len(text)]:
			return nil, false
		}
	}
	switch end := tarOffset + len(tarMagic); {
	case len(text) >= end && string(text[tarOffset:end]) == tarMagic:
		return foreignError("a tar archive", "pipe the output of tar -xO to the command"), true
	case !all && len(text) < end && bytes.IndexByte(text, 0) >= 0:
		return nil, false
	}
	return refuseLines(text, all)
}

func foreignError(what, do string) error {
	return fmt.Errorf("it is %s, which isn't read: %s", what, do)
}

var (
	errNoJSON = errors.New(`it isn't JSON: none of its first lines begins an object or an array. Leave it out, or write its events as JSON Lines`)
	errOldMac = foreignError("text whose lines end with CR alone", "pipe the output of tr '\\r' '\\n' to the command")
)

// refuseLines is refuse for what is known by its lines alone. A few lines of text are read
// even if there is no JSON in them, so that each is named.
func refuseLines(text []byte, all bool) (err error, known bool) {
	rest := bytes.TrimPrefix(text, byteOrderMark)
	strange := false // what is before rest isn't text
	for lines := 0; len(rest) > 0; {
		line, behind, ended := bytes.Cut(rest, newline)
		like, known := likeJSON(rest, all)
		if like && strange { // in so many bytes there is anything
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
		strange = strange || ended && !isText(line)
		rest = behind
	}
	if all && !isText(text) {
		return errNoJSON, true
	}
	return nil, all
}

// likeJSON tells whether a line, with what follows, begins as an object or an array of JSON
// does, with more than its bracket: a log may begin with [info], and a script have brackets.
func likeJSON(text []byte, all bool) (like, known bool) {
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

// isOldMac tells of how a file of lines begins whether these end with carriage returns
// alone: the first object, or what is none, is followed by one and by something else.
func isOldMac(text []byte) bool {
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

// isText tells whether there is UTF-8 in a file's head, which may end within a character.
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
