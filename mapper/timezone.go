package mapper

import (
	_ "embed"
	"strings"
)

// timeZoneNames are the names of the IANA database, one a line, as package time/tzdata has
// them; a test writes them anew.
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

// isOffset tells of the context's time zone that it is no name of the IANA database: SDKs
// write an offset there, such as GMT-0800, which says nothing of summer.
func isOffset(p path, text []byte) bool { return p.root == rootContext && !timeZones[string(text)] }
