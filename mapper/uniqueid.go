package mapper

import (
	"crypto/sha1"
	"encoding/hex"
	"unicode/utf8"
)

// shortID is an id that has most characters at most: a longer one becomes a UUID made of
// it, so that the same id gives the same.
func shortID(id string, most int) string {
	if utf8.RuneCountInString(id) <= most {
		return id
	}
	return uuidOf([]byte(id))
}

// uuidNamespace is that of the UUIDs made here. It must stay as it is, for an event that
// is sent again has to have the same.
var uuidNamespace = []byte("rudderklaviyo\x00\x00\x05")

// uuidOf is a UUID of version 5 made of a text.
func uuidOf(text []byte) string {
	hash := sha1.New()
	hash.Write(uuidNamespace)
	hash.Write(text)
	id := hash.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 5<<4
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	h := hex.EncodeToString(id)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
