package input

// Forms counts events by the form they were found in.
type Forms map[Form]int

// Add adds the counts of others.
func (f Forms) Add(more Forms) {
	for form, n := range more {
		f[form] += n
	}
}

// Events is how many events there are.
func (f Forms) Events() (events int) {
	for _, n := range f {
		events += n
	}
	return events
}

// Remarkable gives the counts unless all events are on lines, or there are none.
func (f Forms) Remarkable() Forms {
	if len(f) == 0 || len(f) == 1 && f[FormJSONLines] > 0 {
		return nil
	}
	return f
}

// formNames name the forms to a person.
var formNames = map[Form]string{
	FormJSONLines: "JSON Lines",
	FormJSON:      "JSON",
	FormJSONArray: "JSON arrays",
	FormBatch:     "batches",
	FormArchive:   "RudderStack's archive",
}

// Name names the form to a person.
func (f Form) Name() string { return formNames[f] }
