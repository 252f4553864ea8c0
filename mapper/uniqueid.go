package mapper

import (
	"crypto/sha1"
	"encoding/hex"
	"unicode/utf8"
)

// shortID returns the id, or a UUID derived from it if it is longer than maxLength characters.
func shortID(id string, maxLength int) string {
	if utf8.RuneCountInString(id) <= maxLength {
		return id
	}
	return uuidOf([]byte(id))
}

// uuidNamespace is the namespace of the UUIDs. It must not change, since an event that is sent
// again must have the same UUID.
var uuidNamespace = []byte("rudderklaviyo\x00\x00\x05")

// uuidOf returns a version 5 UUID derived from a text.
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
