package report

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// formatCount formats a number with commas between thousands.
func formatCount(n int) string { return humanize.Comma(int64(n)) }

// counted formats a number of things with their name: 1 call, 2 calls.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return formatCount(n) + " " + thing + "s"
}

// formatDuration formats a duration in its two largest units.
func formatDuration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}

// share returns a percentage for a style. It is never 0 for a positive number, so that it is
// visible.
func share(n, of int) string {
	if n <= 0 || of <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.4g", max(0.6, min(100, 100*float64(n)/float64(of))))
}

// formatTime formats a time for display.
func formatTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05") + " UTC" }

// breakable returns a name, such as create_event, with line break opportunities.
func breakable(name string) template.HTML {
	name = template.HTMLEscapeString(name)
	for _, after := range []string{"_", "/"} {
		name = strings.ReplaceAll(name, after, after+"<wbr>")
	}
	return template.HTML(name)
}
