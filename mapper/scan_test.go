package mapper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

// checkScan says in what the scanner and jsontext differ over a text.
func checkScan(t *testing.T, s *scanner, text []byte) {
	t.Helper()
	want := utf8.Valid(text) && jsontext.Value(text).IsValid(jsontext.AllowInvalidUTF8(true))
	if got := s.scan(text); got != want {
		t.Fatalf("scanned: %v, want %v, of %q", got, want, text)
	}
	if !want || value(strings.TrimSpace(string(text)))[0] != '{' {
		return
	}
	// What it has taken down is what stands there.
	all := value(strings.TrimSpace(string(text))).members()
	for i := range all {
		if knownNames.find(all[i].name(), hashName(all[i].name())) == 0 {
			continue
		}
		taken := slices.IndexFunc(s.members[rootEvent], func(m member) bool { return string(m.name()) == string(all[i].name()) })
		if taken < 0 || string(s.members[rootEvent][taken].value) != string(all[i].value) {
			t.Fatalf("%s is missing, or another value, of %q", all[i].quoted, text)
		}
	}
}

func TestScanAgreesWithJSONText(t *testing.T) {
	nest := func(open, inside, end string, levels int) string {
		return strings.Repeat(open, levels) + inside + strings.Repeat(end, levels)
	}
	var many []string
	for i := range 200 {
		many = append(many, `"`+strings.Repeat("n", i%7)+string(rune('a'+i%26))+strings.Repeat("m", i/26)+`":1`)
	}
	s := new(scanner)
	for _, text := range []string{
		``, ` `, `{`, `{}`, ` { } `, `[]`, `[ ]`, `[1,]`, `[,1]`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `[1 2]`, `{}}`, `{}{}`,
		`0`, `-0`, `01`, `-`, `1.`, `.1`, `1e`, `1e+`, `1E-7`, `1.5e3`, `+1`, `0x1`, `1_0`, `1,`, `NaN`,
		`true`, `tru`, `truex`, `True`, `false`, `null`, `nul`, `nullnull`,
		`"`, `"a`, `"a"`, `"\`, `"\"`, `"\\"`, `"\x"`, `"\u12"`, `"\u123g"`, `"\uD83D"`, `"\ud83d\ude00"`, `"\ude00\ud83d"`, "\"\x1f\"", "\"\x7f\"", "\"\xff\"", "\"\xed\xa0\x80\"", "\"é\"", "\xef\xbb\xbf{}",
		`"12345678"`, `"1234567"`, `"123456789"`, "\"1234567\n\"", "\"12345678\t\"", "\"1234567é90\"", "\"1234567\xc3\"",
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"":1,"":2}`, `{"":1}`, `{"\ud800":1,"\ud801":2}`, `{"\ufffd":1,"\ud801":2}`, `{"b":{"a":1,"a":2}}`, `{"a":{"a":1}}`, `[{"a":1},{"a":1}]`,
		`{` + strings.Join(many, ",") + `}`, `{` + strings.Join(many, ",") + `,"nz":1}`, `{` + strings.Join(append(many, many[150]), ",") + `}`,
		`[{` + strings.Join(many, ",") + `},{` + strings.Join(many, ",") + `}]`,
		`{` + strings.Join(many, ",") + `,"o":{` + strings.Join(many, ",") + `},"\u006fo":2}`,
		`{` + strings.Join(many, ",") + `,"o":{` + strings.Join(many, ",") + `},"\u006f":2}`,
		nest("[", "1", "]", 9_999), nest("[", "1", "]", 10_000), nest("[", "1", "]", 10_001), nest(`{"a":`, "1", "}", 10_000), nest(`{"a":`, "1", "}", 10_001),
		"\t{\r\n}\x0b", "{\u00a0}",
	} {
		checkScan(t, s, []byte(text))
		checkScan(t, s, []byte(`{"traits":`+text+`}`))
		checkScan(t, s, []byte(`{"properties":{"items":[{"x":`+text+`}]}}`))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 5_000 {
		text := sample.AppendEvent(nil, 3, i%100)
		for range 1 + r.IntN(3) {
			at := r.IntN(len(text))
			switch other := r.IntN(len(text)); r.IntN(4) {
			case 0:
				text[at] = byte(r.IntN(256))
			case 1:
				text = slices.Delete(text, at, min(at+1+r.IntN(4), len(text)))
			case 2:
				text = slices.Insert(text, at, text[other:min(other+1+r.IntN(30), len(text))]...)
			case 3:
				text[at] = `{}[]":,\ tfn0-.e`[r.IntN(16)]
			}
		}
		checkScan(t, s, text)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"traits":{"a":[1,{"b":"\u00e9"}]},"context":{"traits":{"email":"x"}},"properties":{"items":[{"sku":1},2]}}`))
	s := new(scanner)
	f.Fuzz(func(t *testing.T, text []byte) { checkScan(t, s, text) })
}

func TestNameSet(t *testing.T) {
	var s nameSet
	for round := range 2 {
		s.reset()
		known := make(map[string]bool)
		r := rand.New(rand.NewPCG(uint64(round), 2))
		for range 500 {
			name := []byte(strings.Repeat("x", r.IntN(12)) + string(rune('a'+r.IntN(20))))
			hash := hashName(name)
			if has := s.has(name, hash); has != known[string(name)] {
				t.Fatalf("%q: there is %v", name, has)
			}
			if !known[string(name)] {
				s.add(name, hash)
			}
			known[string(name)] = true
		}
	}
}

// BenchmarkScan reads events beside what jsontext and encoding/json have for that. Only
// the scanner takes down what it reads. Beside the time stands its ratio to that of
// jsontext's validation, the median of rounds in which the two take turns.
func BenchmarkScan(b *testing.B) {
	var events [][]byte
	for i := range 500 {
		events = append(events, sample.AppendEvent(nil, 1, i))
	}
	s := new(scanner)
	d := jsontext.NewDecoder(bytes.NewReader(nil))
	validate := func(event []byte) bool { return jsontext.Value(event).IsValid() }
	for _, way := range []struct {
		name string
		read func(event []byte) bool
	}{
		{"scanner", s.scan},
		{"jsontext.IsValid", validate},
		{"jsontext.ReadToken", func(event []byte) bool {
			d.Reset(bytes.NewBuffer(event))
			for {
				if _, err := d.ReadToken(); err != nil {
					return err == io.EOF
				}
			}
		}},
		{"json.Valid", json.Valid},
	} {
		b.Run(way.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if !way.read(events[i%len(events)]) {
					b.Fatal("no JSON")
				}
			}
			timeOf := func(read func([]byte) bool) float64 {
				start := time.Now()
				for _, event := range events[:50] {
					read(event)
				}
				return float64(time.Since(start))
			}
			var ratios []float64
			for range 200 {
				ratios = append(ratios, timeOf(way.read)/timeOf(validate))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "validations/op")
		})
	}
}

// TestNamesThatLookAlike compares the names of an object with each other, as is done where
// a table of many names can't tell them apart.
func TestNamesThatLookAlike(t *testing.T) {
	for _, tt := range []struct {
		before, name string
		want         bool
	}{
		{`"a"`, "a", false},
		{`"a":1,"b":[{"c":2}],"c"`, "c", false},
		{`"a":{"b":"b"} , "c" : "d" , "d"`, "d", false},
		{`"a":1,"b":2,"a"`, "a", true},
		{`"\u0061":",\"b" , "b":[],"a"`, "a", true},
	} {
		s := scanner{src: []byte("{" + tt.before), pos: len("{" + tt.before)}
		if got := s.isDuplicate([]byte(tt.name), 1); got != tt.want {
			t.Errorf("{%s: %v, want %v", tt.before, got, tt.want)
		}
	}
}

func TestNameTable(t *testing.T) {
	var names []string
	for i := range 100_000 {
		names = append(names, fmt.Sprintf(`"%d":0`, i))
	}
	var table nameTable
	table.reset([]byte(strings.Join(names, ",")))
	again := 0
	for _, name := range names {
		if !table.add([]byte(name), 1) {
			again++
		}
	}
	if again > 3 { // one in some ten thousand runs has one
		t.Errorf("%d of %d names are taken for others", again, len(names))
	}
	for _, name := range names {
		if table.add([]byte(name), 1) {
			t.Fatalf("%s is forgotten", name)
		}
	}
}
