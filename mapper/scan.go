package mapper

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A scanner scans an event once. It validates the JSON grammar, UTF-8 and the uniqueness of
// names exactly as jsontext does, and records the members of the objects that rules read.
type scanner struct {
	src []byte
	pos int
	// depth is the number of open objects and lists, and maxDepth its maximum since it was last
	// reset.
	depth, maxDepth int
	// sawSpace is set by whitespace outside of strings.
	sawSpace bool
	// openNames has the first names of the open objects, by depth, and largeNames the other
	// names.
	openNames  []*nameSet
	largeNames nameTable
	// duplicateAt is the offset of a duplicate name, or 0.
	duplicateAt int
	// members are the recorded members, and indexes the positions of known names in them.
	members [rootCount]object
	indexes [rootCount][maxNames]int32 // index plus one
	// overflowed means that there are more members than were recorded.
	overflowed [rootCount]bool
	// lists are the elements of lists of items, at most maxItems plus one.
	lists    [rootCount][]element
	maxItems int
}

// An element is an element of a list of items. If it is an object, its members are those from
// first to last in members of the list's root, or none if they overflowed.
type element struct {
	value       value
	first, last int
	overflowed  bool
}

// maxNesting is the maximum depth of nesting, the same as jsontext's.
const maxNesting = 10_000

// maxRecorded is the maximum number of recorded members of objects whose members are all sent.
// Members with a nameID are always recorded. An event with more properties or traits is
// rejected, and an item with more is scanned separately.
var maxRecorded = [rootCount]int{
	rootTraits: maxTraits, rootContextTraits: maxTraits,
	rootProperties: maxUnflattened, rootItems: maxItemFields, rootProducts: maxItemFields,
}

// scan scans src, and reports whether it is valid JSON.
func (s *scanner) scan(src []byte) bool {
	s.begin(src)
	s.skipSpace()
	if !s.value(rootEvent) {
		return false
	}
	s.skipSpace()
	return s.pos == len(s.src)
}

// scanItem scans an item of a valid event, and reports whether all members were recorded.
func (s *scanner) scanItem(item value) bool {
	s.begin(item)
	return s.value(rootItems) && !s.overflowed[rootItems]
}

// scanItems scans a text as the list of items r, and reports whether it is one.
func (s *scanner) scanItems(text []byte, r root) bool {
	s.begin(text)
	if !value(text).isList() || !s.value(r) {
		return false
	}
	s.skipSpace()
	return s.pos == len(s.src)
}

func (s *scanner) begin(src []byte) {
	s.src, s.pos, s.depth, s.sawSpace, s.duplicateAt = src, 0, 0, false, 0
	s.largeNames.slots, s.overflowed = s.largeNames.slots[:0], [rootCount]bool{}
	for r := range s.members {
		s.clear(root(r))
	}
}

// clear removes the members of a root.
func (s *scanner) clear(r root) {
	for i := range s.members[r] {
		s.indexes[r][s.members[r][i].nameID] = 0
	}
	s.members[r], s.lists[r] = s.members[r][:0], s.lists[r][:0]
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.src) && s.src[s.pos] <= ' ' {
		switch s.src[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
			s.sawSpace = true
		default:
			return
		}
	}
}

// value scans a value. If it is an object, r is its root.
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

// enter skips the opening brace or bracket.
func (s *scanner) enter() bool {
	s.pos++
	s.depth++
	s.maxDepth = max(s.maxDepth, s.depth)
	return s.depth <= maxNesting
}

// leave skips the closing brace or bracket, if it is there.
func (s *scanner) leave(end byte) bool {
	if s.pos >= len(s.src) || s.src[s.pos] != end {
		return false
	}
	s.pos++
	s.depth--
	return true
}

// skipComma skips a comma and whitespace, and reports whether there was a comma.
func (s *scanner) skipComma() bool {
	if s.pos >= len(s.src) || s.src[s.pos] != ',' {
		return false
	}
	s.pos++
	s.skipSpace()
	return true
}

// object scans an object after its opening brace.
func (s *scanner) object(r root) bool {
	begin := s.pos
	s.skipSpace()
	if s.leave('}') {
		return true
	}
	for len(s.openNames) < s.depth {
		s.openNames = append(s.openNames, new(nameSet))
	}
	names := s.openNames[s.depth-1]
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
			isNew = s.isNewInLargeObject(name, hash, names, begin)
		case names.has(name, hash):
		default:
			isNew = true
			names.add(name, hash)
		}
		if !isNew {
			s.duplicateAt = start
			return false
		}
		s.skipSpace()
		if s.pos >= len(s.src) || s.src[s.pos] != ':' {
			return false
		}
		s.pos++
		s.skipSpace()
		var w nameID
		if r != rootNone {
			w = knownNames.find(name, hash)
		}
		if r == rootIntegrations && w == 0 {
			w = integrationWord(name)
		}
		if r != rootNone && s.shouldRecord(r, w) {
			ok = s.recordMember(r, quoted, hash, w, escaped)
		} else {
			ok = s.value(rootNone)
		}
		if !ok {
			return false
		}
		s.skipSpace()
		if !s.skipComma() {
			return s.leave('}')
		}
	}
}

// isNewInLargeObject reports whether a name is new in the object that begins at an offset.
// first has the first names of the object.
func (s *scanner) isNewInLargeObject(name []byte, hash uint64, first *nameSet, begin int) bool {
	if len(s.largeNames.slots) == 0 {
		s.largeNames.reset(s.src)
	}
	return !first.has(name, hash) && (s.largeNames.add(name, begin) || !s.isDuplicate(name, begin))
}

// isDuplicate compares the name that was just read with all previous names of its object.
func (s *scanner) isDuplicate(name []byte, begin int) bool {
	before := splitter{src: s.src[begin:s.pos]}
	for before.more() {
		other := before.next()
		if !before.more() {
			return false // reached the name itself
		}
		if bytes.Equal(other.content(), name) {
			return true
		}
		before.next() // the value
	}
	return false
}

// shouldRecord reports whether a member of a root is recorded.
func (s *scanner) shouldRecord(r root, w nameID) bool {
	limit := maxRecorded[r]
	if limit == 0 || len(s.members[r]) < limit {
		return limit > 0 || w != 0
	}
	s.overflowed[r] = true
	return w != 0 && !r.isList()
}

// recordMember records a member and scans its value.
func (s *scanner) recordMember(r root, quoted value, hash uint64, w nameID, escaped bool) bool {
	// The member is filled in place, since it is too large to copy.
	i := len(s.members[r])
	if i < cap(s.members[r]) {
		s.members[r] = s.members[r][:i+1]
	} else {
		s.members[r] = append(s.members[r], member{})
	}
	deepest, spaced, start := s.maxDepth, s.sawSpace, s.pos
	s.maxDepth, s.sawSpace = s.depth, false
	if !s.value(branches[r][w]) {
		return false
	}
	m := &s.members[r][i]
	m.quoted, m.value, m.hash, m.nameID = quoted, s.src[start:s.pos:s.pos], hash, w
	m.levels, m.hasSpace = uint16(s.maxDepth-s.depth), s.sawSpace
	m.escaped, m.from, m.items = escaped, 0, false
	s.maxDepth, s.sawSpace = max(deepest, s.maxDepth), spaced || s.sawSpace
	if s.indexes[r][w] == 0 { // the first of several options for Klaviyo counts
		s.indexes[r][w] = int32(i + 1) // the index of nameID 0 isn't used
	}
	return true
}

// list scans a list after its opening bracket.
func (s *scanner) list(r root) bool {
	s.skipSpace()
	if s.leave(']') {
		return true
	}
	for {
		ok := false
		if r.isList() && len(s.lists[r]) <= s.maxItems {
			ok = s.element(r)
		} else {
			ok = s.value(rootNone)
		}
		if !ok {
			return false
		}
		s.skipSpace()
		if !s.skipComma() {
			return s.leave(']')
		}
	}
}

// element scans and records an element of a list of items.
func (s *scanner) element(r root) bool {
	start, first, inside := s.pos, len(s.members[r]), rootNone
	if start < len(s.src) && s.src[start] == '{' {
		inside = r
	}
	if !s.value(inside) {
		return false
	}
	if s.overflowed[r] {
		s.members[r] = s.members[r][:first]
	}
	s.lists[r] = append(s.lists[r], element{s.src[start:s.pos:s.pos], first, len(s.members[r]), s.overflowed[r]})
	s.overflowed[r] = false
	return true
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// string scans a string, and reports whether it has escapes. It checks eight bytes at a time
// for quotes, backslashes and control characters.
func (s *scanner) string() (escaped, ok bool) {
	src, start, i := s.src, s.pos+1, s.pos+1
	var high uint64 // bits of bytes that aren't ASCII
	for {
		if i+8 <= len(src) {
			w := binary.LittleEndian.Uint64(src[i:])
			quote, backslash := w^('"'*lowBits), w^('\\'*lowBits)
			// A byte is below n if subtracting n borrows from its high bit, which isn't set
			// itself. The result may be wrong after the first such byte.
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

// escapeLength returns the length of the escape at the beginning of src, or 0.
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
