package input

// Forms counts events by form.
type Forms map[Form]int

// Add adds the counts of more.
func (f Forms) Add(more Forms) {
	for form, n := range more {
		f[form] += n
	}
}

// Events returns the total number of events.
func (f Forms) Events() (events int) {
	for _, n := range f {
		events += n
	}
	return events
}

// Remarkable returns the counts, or nil if all events are in FormJSONLines.
func (f Forms) Remarkable() Forms {
	if len(f) == 0 || len(f) == 1 && f[FormJSONLines] > 0 {
		return nil
	}
	return f
}

// formNames are names of forms for display.
var formNames = map[Form]string{
	FormJSONLines: "JSON Lines",
	FormJSON:      "JSON",
	FormJSONArray: "JSON arrays",
	FormBatch:     "batches",
	FormArchive:   "RudderStack's archive",
}

// Name returns the name of the form for display.
func (f Form) Name() string { return formNames[f] }
