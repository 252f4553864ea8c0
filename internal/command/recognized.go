package command

import (
	"maps"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// recognized counts events by the form they were found in.
type recognized map[input.Form]int

func (r recognized) add(more recognized) {
	for form, n := range more {
		r[form] += n
	}
}

// remarkable gives the counts unless all events are on lines, or there are none.
func (r recognized) remarkable() recognized {
	if len(r) == 0 || len(r) == 1 && r[input.FormJSONLines] > 0 {
		return nil
	}
	return r
}

// compressed leaves out the files that aren't.
func compressed(files map[input.Compression]int) map[input.Compression]int {
	files = maps.Clone(files)
	delete(files, input.Uncompressed)
	return files
}

// formNames name the forms to a person.
var formNames = map[input.Form]string{
	input.FormJSONLines: "JSON Lines",
	input.FormJSON:      "JSON",
	input.FormJSONArray: "JSON arrays",
	input.FormBatch:     "batches",
	input.FormArchive:   "RudderStack's archive",
}
