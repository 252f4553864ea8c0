package mapper

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads an event once. It holds it to JSON's grammar, to UTF-8 and to names
// that are unique within their object, exactly as jsontext does, and takes down the
// members of the objects that rules look into. Everything else it only passes over.
type scanner struct {
	src []byte
	pos int
	// depth is the number of objects and lists that are open, deepest the greatest
	// since it was last set.
	depth, deepest int
	// spaced is true once there was white space outside of strings.
	spaced bool
	// open has the first names of the objects that are open, by depth, many the others.
	open []*nameSet
	many nameTable
	// twice is where a name stands that its object has already, or 0.
	twice int
	// parts are what was taken down, and at the places of known names in them.
	parts [rootCount]object
	at    [rootCount][maxNames]int32 // one more than the index
	// crowded says of a part that it has more members than were taken down.
	crowded [rootCount]bool
	// lists are the elements of the lists of items, and one at most beyond mostItems.
	lists     [rootCount][]element
	mostItems int
}

// element is one of a list of items. If it is an object, its members are those from
// first to last in the list's part, or none if that was crowded.
type element struct {
	value       value
	first, last int
	crowded     bool
}

// maxNesting is how deep objects and lists may stand in each other; jsontext has the
// same bound.
const maxNesting = 10_000

// maxTaken is how many members are taken down of the parts whose members all go into
// requests, those apart that rules have a name for. An event may have millions. It is
// refused for more properties or traits, and an item with more is read in its turn.
var maxTaken = [rootCount]int{
	rootTraits: maxTraits, rootContextTraits: maxTraits,
	rootProperties: maxUnflattened, rootItems: maxItemFields, rootProducts: maxItemFields,
}

// scan reads src from its first byte to its last, and says whether it is JSON.
func (s *scanner) scan(src []byte) bool {
	s.begin(src)
	s.space()
	if !s.value(rootEvent) {
		return false
	}
	s.space()
	return s.pos == len(s.src)
}

// scanItem reads an item, which was scanned before, and says whether all its members were
// taken down.
func (s *scanner) scanItem(item value) bool {
	s.begin(item)
	return s.value(rootItems) && !s.crowded[rootItems]
}

// scanItems reads a text that is a list of items, as the part r, and says whether it is one.
func (s *scanner) scanItems(text []byte, r root) bool {
	s.begin(text)
	if !value(text).isList() || !s.value(r) {
		return false
	}
	s.space()
	return s.pos == len(s.src)
}

func (s *scanner) begin(src []byte) {
	s.src, s.pos, s.depth, s.spaced, s.twice = src, 0, 0, false, 0
	s.many.slots, s.crowded = s.many.slots[:0], [rootCount]bool{}
	for r := range s.parts {
		s.forget(root(r))
	}
}

// forget makes a part absent.
func (s *scanner) forget(r root) {
	for i := range s.parts[r] {
		s.at[r][s.parts[r][i].word] = 0
	}
	s.parts[r], s.lists[r] = s.parts[r][:0], s.lists[r][:0]
}

func (s *scanner) space() {
	for s.pos < len(s.src) && s.src[s.pos] <= ' ' {
		switch s.src[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
			s.spaced = true
		default:
			return
		}
	}
}

// value reads a value. If it is an object, it is the part of the event called r.
func (s *scanner) value(r root) bool {
	if s.pos >= len(s.src) {
		return false
	}
	switch s.src[s.pos] {
	case '"':
		_, ok := s.string()
		return ok
	case '{':
		return s.enter() && s.object(r)
	case '[':
		return s.enter() && s.list(r)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	n := numberLength(s.src[s.pos:])
	s.pos += n
	return n > 0
}

func (s *scanner) literal(text string) bool {
	if len(s.src)-s.pos < len(text) || string(s.src[s.pos:s.pos+len(text)]) != text {
		return false
	}
	s.pos += len(text)
	return true
}

// enter passes over the brace or bracket that begins an object or a list.
func (s *scanner) enter() bool {
	s.pos++
	s.depth++
	s.deepest = max(s.deepest, s.depth)
	return s.depth <= maxNesting
}

// leave passes over the one that ends it, if that is there.
func (s *scanner) leave(end byte) bool {
	if s.pos >= len(s.src) || s.src[s.pos] != end {
		return false
	}
	s.pos++
	s.depth--
	return true
}

// comma passes over a comma, if one is there, and the space after it.
func (s *scanner) comma() bool {
	if s.pos >= len(s.src) || s.src[s.pos] != ',' {
		return false
	}
	s.pos++
	s.space()
	return true
}

// object reads an object from its first member on.
func (s *scanner) object(r root) bool {
	begin := s.pos
	s.space()
	if s.leave('}') {
		return true
	}
	for len(s.open) < s.depth {
		s.open = append(s.open, new(nameSet))
	}
	names := s.open[s.depth-1]
	names.reset()
	for {
		start := s.pos
		if start >= len(s.src) || s.src[start] != '"' {
			return false
		}
		escaped, ok := s.string()
		if !ok {
			return false
		}
		quoted := s.src[start:s.pos:s.pos]
		name := quoted[1 : len(quoted)-1]
		if escaped {
			name, _ = jsontext.AppendUnquote(nil, quoted) // a lone surrogate becomes U+FFFD
		}
		hash := hashName(name)
		isNew := false
		switch {
		case len(names.list) == fewNames:
			isNew = s.isNewAmongMany(name, hash, names, begin)
		case names.has(name, hash):
		default:
			isNew = true
			names.add(name, hash)
		}
		if !isNew {
			s.twice = start
			return false
		}
		s.space()
		if s.pos >= len(s.src) || s.src[s.pos] != ':' {
			return false
		}
		s.pos++
		s.space()
		var w nameID
		if r != rootNone {
			w = knownNames.find(name, hash)
		}
		if r == rootIntegrations && w == 0 {
			w = integrationWord(name)
		}
		if r != rootNone && s.takes(r, w) {
			ok = s.member(r, quoted, hash, w, escaped)
		} else {
			ok = s.value(rootNone)
		}
		if !ok {
			return false
		}
		s.space()
		if !s.comma() {
			return s.leave('}')
		}
	}
}

// isNewAmongMany says whether a name is the first of its kind in the object that begins at
// an offset, of whose names the set has the first.
func (s *scanner) isNewAmongMany(name []byte, hash uint64, first *nameSet, begin int) bool {
	if len(s.many.slots) == 0 {
		s.many.reset(s.src)
	}
	return !first.has(name, hash) && (s.many.add(name, begin) || !s.isThere(name, begin))
}

// isThere compares a name, which was just read, with all before it in its object.
func (s *scanner) isThere(name []byte, begin int) bool {
	before := splitter{src: s.src[begin:s.pos]}
	for before.more() {
		other := before.next()
		if !before.more() {
			return false // it is the name itself
		}
		if bytes.Equal(other.content(), name) {
			return true
		}
		before.next() // the value
	}
	return false
}

// takes says whether a member of a part is taken down.
func (s *scanner) takes(r root, w nameID) bool {
	most := maxTaken[r]
	if most == 0 || len(s.parts[r]) < most {
		return most > 0 || w != 0
	}
	s.crowded[r] = true
	return w != 0 && !r.isList()
}

// member takes down a member of a part and reads its value.
func (s *scanner) member(r root, quoted value, hash uint64, w nameID, escaped bool) bool {
	// Its place is filled in at once, for a member is too large to be handed around.
	i := len(s.parts[r])
	if i < cap(s.parts[r]) {
		s.parts[r] = s.parts[r][:i+1]
	} else {
		s.parts[r] = append(s.parts[r], member{})
	}
	deepest, spaced, start := s.deepest, s.spaced, s.pos
	s.deepest, s.spaced = s.depth, false
	if !s.value(branches[r][w]) {
		return false
	}
	m := &s.parts[r][i]
	m.quoted, m.value, m.hash, m.word = quoted, s.src[start:s.pos:s.pos], hash, w
	m.levels, m.hasSpace = uint16(s.deepest-s.depth), s.spaced
	m.escaped, m.mapped, m.items = escaped, false, false
	s.deepest, s.spaced = max(deepest, s.deepest), spaced || s.spaced
	if s.at[r][w] == 0 { // of several options for Klaviyo the first counts
		s.at[r][w] = int32(i + 1) // that of word 0 means nothing
	}
	return true
}

// list reads a list from its first element on.
func (s *scanner) list(r root) bool {
	s.space()
	if s.leave(']') {
		return true
	}
	for {
		ok := false
		if r.isList() && len(s.lists[r]) <= s.mostItems {
			ok = s.element(r)
		} else {
			ok = s.value(rootNone)
		}
		if !ok {
			return false
		}
		s.space()
		if !s.comma() {
			return s.leave(']')
		}
	}
}

// element reads an element of a list of items, and takes it down.
func (s *scanner) element(r root) bool {
	start, first, inside := s.pos, len(s.parts[r]), rootNone
	if start < len(s.src) && s.src[start] == '{' {
		inside = r
	}
	if !s.value(inside) {
		return false
	}
	if s.crowded[r] {
		s.parts[r] = s.parts[r][:first]
	}
	s.lists[r] = append(s.lists[r], element{s.src[start:s.pos:s.pos], first, len(s.parts[r]), s.crowded[r]})
	s.crowded[r] = false
	return true
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// string reads a string, and says whether it has escapes. It looks at eight bytes at a
// time for a quote, a backslash or a control character.
func (s *scanner) string() (escaped, ok bool) {
	src, start, i := s.src, s.pos+1, s.pos+1
	var high uint64 // bits of bytes that aren't ASCII
	for {
		if i+8 <= len(src) {
			w := binary.LittleEndian.Uint64(src[i:])
			quote, backslash := w^('"'*lowBits), w^('\\'*lowBits)
			// A byte is below n if subtracting n borrows from its high bit, which it
			// doesn't have itself. What follows the first such byte may be wrong.
			found := (quote-lowBits)&^quote | (backslash-lowBits)&^backslash | (w-' '*lowBits)&^w
			if found &= highBits; found == 0 {
				high |= w
				i += 8
				continue
			}
			before := bits.TrailingZeros64(found) &^ 7
			high |= w & (1<<before - 1)
			i += before / 8
		} else {
			for i < len(src) && src[i] >= ' ' && src[i] != '"' && src[i] != '\\' {
				high |= uint64(src[i])
				i++
			}
			if i >= len(src) {
				return escaped, false
			}
		}
		switch src[i] {
		case '"':
			s.pos = i + 1
			return escaped, high&highBits == 0 || utf8.Valid(src[start:i])
		case '\\':
			n := escapeLength(src[i:])
			if n == 0 {
				return escaped, false
			}
			escaped = true
			i += n
		default: // a control character
			return escaped, false
		}
	}
}

// escapeLength is the length of the escape that src begins with, or 0.
func escapeLength(src []byte) int {
	if len(src) < 2 {
		return 0
	}
	switch src[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(src) < 6 {
			return 0
		}
		for _, c := range src[2:6] {
			if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}
