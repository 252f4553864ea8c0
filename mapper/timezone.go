package mapper

import (
	_ "embed"
	"strings"
)

// timeZoneNames are the names in the IANA time zone database, one per line, like those in
// package time/tzdata. A test updates the file.
//
//go:embed timezones.txt
var timeZoneNames string

var timeZones = func() map[string]bool {
	set := make(map[string]bool)
	for _, name := range strings.Fields(timeZoneNames) {
		set[name] = true
	}
	return set
}()

// isOffset reports whether the time zone in the context isn't a name in the IANA database: SDKs
// send offsets such as GMT-0800, which don't define daylight saving time.
func isOffset(p path, text []byte) bool { return p.root == rootContext && !timeZones[string(text)] }
