package command

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// summary is what became of the events. Those of earlier runs count, their
// requests and time don't.
type summary struct {
	Events       int     `json:"events"`
	Delivered    int     `json:"delivered"`
	Skipped      int     `json:"skipped"`
	DeadLettered int     `json:"dead_lettered"`
	Requests     int64   `json:"requests"`
	Retries      int64   `json:"retries"`
	RateLimited  int64   `json:"rate_limited"`
	Seconds      float64 `json:"seconds"`

	// Forms counts the events of this run by the form they were found in, and
	// Compressed the files by how they are compressed. JSON leaves them out where there
	// is nothing but plain JSON Lines.
	Forms      input.Forms               `json:"forms,omitempty"`
	Compressed map[input.Compression]int `json:"compressed,omitempty"`

	// earlier is how many of the events earlier runs dealt with.
	earlier  int
	warnings map[string]int // by code
}

// printers gives the forms of a summary by the values of --output.
var printers = map[string]func(summary, io.Writer) error{
	"table": summary.printTable,
	"json":  summary.printJSON,
}

func (s summary) printJSON(w io.Writer) error {
	s.Forms = s.Forms.Remarkable()
	return json.NewEncoder(w).Encode(s)
}

func (s summary) printTable(w io.Writer) error {
	type row struct {
		name  string
		value any
	}
	rows := []row{
		{"events", s.Events},
	}
	if s.earlier > 0 {
		rows = append(rows, row{"of them in earlier runs", s.earlier})
	}
	rows = append(rows, []row{
		{"delivered", s.Delivered},
		{"skipped", s.Skipped},
		{"dead-lettered", s.DeadLettered},
	}...)
	if undone := s.Events - s.Delivered - s.Skipped - s.DeadLettered; undone > 0 {
		rows = append(rows, row{"not done", undone})
	}
	rows = append(rows,
		row{"requests", s.Requests},
		row{"retries", s.Retries},
		row{"rate limited", s.RateLimited},
		row{"seconds", fmt.Sprintf("%.1f", s.Seconds)},
	)
	for _, form := range slices.Sorted(maps.Keys(s.Forms)) {
		rows = append(rows, row{"events from " + form.Name(), s.Forms[form]})
	}
	for _, compression := range slices.Sorted(maps.Keys(s.Compressed)) {
		rows = append(rows, row{"files of " + string(compression), s.Compressed[compression]})
	}
	for _, code := range slices.Sorted(maps.Keys(s.warnings)) {
		rows = append(rows, row{fmt.Sprintf("warning %s", code), s.warnings[code]})
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%-32s %8v\n", r.name, r.value); err != nil {
			return err
		}
	}
	return nil
}

// compressed leaves out the files that aren't.
func compressed(files map[input.Compression]int) map[input.Compression]int {
	files = maps.Clone(files)
	delete(files, input.Uncompressed)
	return files
}
