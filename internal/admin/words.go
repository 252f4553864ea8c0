package admin

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// count is a number with its thousands set apart.
func count(n any) string {
	switch n := n.(type) {
	case int:
		return humanize.Comma(int64(n))
	case int64:
		return humanize.Comma(n)
	case float64:
		return humanize.Commaf(n)
	}
	return fmt.Sprint(n)
}

// size is a number of bytes.
func size(bytes int64) string { return humanize.IBytes(uint64(max(0, bytes))) }

// rate is a number of events a second, to one decimal below ten.
func rate(perSecond float64) string {
	if tenths := math.Round(10*perSecond) / 10; tenths < 10 {
		return humanize.Ftoa(tenths)
	}
	return humanize.Comma(int64(math.Round(perSecond)))
}

// spans are the units of a span, each with the next smaller one.
var spans = []struct {
	unit        time.Duration
	name, small string
	of          time.Duration
}{
	{24 * time.Hour, "d", "h", time.Hour},
	{time.Hour, "h", "min", time.Minute},
	{time.Minute, "min", "s", time.Second},
}

// span is a duration in its two largest units.
func span(d time.Duration) string {
	d = max(0, d)
	for _, s := range spans {
		if d >= s.unit {
			return fmt.Sprintf("%d %s %d %s", d/s.unit, s.name, d%s.unit/s.of, s.small)
		}
	}
	if d > 0 && d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// clock is a time for people, with the day if it isn't that of now.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04:05") + " UTC"
	}
	return t.Format("2006-01-02 15:04:05") + " UTC"
}

// breakable is a name such as create_event, which may go on in the next line at its parts.
func breakable(name string) template.HTML {
	name = template.HTMLEscapeString(name)
	for _, after := range []string{"_", "/", "."} {
		name = strings.ReplaceAll(name, after, after+"<wbr>")
	}
	return template.HTML(name)
}
