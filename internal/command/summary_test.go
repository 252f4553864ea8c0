package command

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestSummaryIsAligned prints the longest names that a summary has.
func TestSummaryIsAligned(t *testing.T) {
	s := summary{
		Forms:    input.Forms{input.FormJSONLines: 1, input.FormArchive: 2, input.FormJSONArray: 3},
		Earlier:  1,
		Warnings: map[string]int{string(mapper.CodeSubscribeWithoutList): 1, string(mapper.CodeChannelWithoutIdentifier): 1},
		Skips:    map[mapper.SkipReason]int{mapper.SkipUnsupportedType: 1},
	}
	var out strings.Builder
	if err := s.printTable(&out); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, row := range rows {
		if utf8.RuneCountInString(row) != utf8.RuneCountInString(rows[0]) {
			t.Errorf("%q stands out", row)
		}
	}
}
