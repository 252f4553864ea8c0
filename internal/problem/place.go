package problem

import (
	"strconv"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Place is the place of an event. File is omitted if there is only one.
type Place struct {
	File  string `json:"file,omitempty"`
	Line  int    `json:"line"`
	Event int    `json:"event_number,omitempty"`
}

// PlaceOf returns the place of a position in files.
func PlaceOf(files []string, at input.Position) Place {
	place := Place{Line: at.Line, Event: at.Event}
	if len(files) > 1 {
		place.File = files[at.File]
	}
	return place
}

func (p Place) String() string {
	place := "line " + strconv.Itoa(p.Line)
	if p.Event > 0 {
		place += " event " + strconv.Itoa(p.Event)
	}
	if p.File != "" {
		place = input.Name(p.File) + " " + place
	}
	return place
}
