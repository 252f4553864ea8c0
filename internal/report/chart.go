package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Charts are stretched to the width of the page, with their labels beside them.
const (
	chartWidth  = 1000
	chartHeight = 120
	// maxSteps is the maximum number of columns of a chart: more can't be distinguished.
	maxSteps = 250
)

// A chart is a chart over time.
type chart struct {
	Layers []layer
	// Limit is the height of the limit line, from the top, or negative for none.
	Limit float64
	Top   string // label of the upper edge
	End   string // duration of the whole chart
}

// A layer is one shape of a chart, with the class of its color.
type layer struct{ Class, Path string }

func (c chart) HasLimit() bool { return c.Limit >= 0 }

// columns draws the counts of time windows, the highest of each part, and a line at a limit
// unless it is 0.
func columns(counts []int32, window time.Duration, limit int, took time.Duration) chart {
	steps, each := peaks(counts, maxSteps)
	width := chartWidth * float64(time.Duration(each)*window) / float64(max(took, 1))
	top := max(1, limit)
	for _, n := range steps {
		top = max(top, int(n))
	}
	c := chart{Limit: -1, Top: counted(top, "call"), End: formatDuration(took)}
	room := top
	if limit > 0 {
		room += (top + 4) / 5 // for the label above the line
		c.Limit, c.Top = y(limit, room), "limit "+counted(limit, "call")
	}
	var path strings.Builder
	fmt.Fprintf(&path, "M0 %d", chartHeight)
	for i, n := range steps {
		from, to := min(chartWidth, float64(i)*width), min(chartWidth, float64(i+1)*width)
		fmt.Fprintf(&path, "L%.5g %.4gL%.5g %.4g", from, y(int(n), room), to, y(int(n), room))
	}
	fmt.Fprintf(&path, "V%dZ", chartHeight)
	c.Layers = []layer{{"calls", path.String()}}
	return c
}

// peaks returns the maximum of each of at most so many parts of counts, and the number of
// counts in a part.
func peaks(counts []int32, most int) (steps []int32, size int) {
	size = max(1, (len(counts)+most-1)/most)
	for part := range slices.Chunk(counts, size) {
		steps = append(steps, slices.Max(part))
	}
	return steps, size
}

// perMinute sums the counts of seconds.
func perMinute(seconds []int32) []int32 {
	var minutes []int32
	for part := range slices.Chunk(seconds, 60) {
		sum := int32(0)
		for _, n := range part {
			sum += n
		}
		minutes = append(minutes, sum)
	}
	return minutes
}

// layered draws the results of events as stacked areas.
func layered(moments []Moment, took time.Duration) chart {
	last := moments[len(moments)-1]
	top := max(1, last.Delivered+last.Skipped+last.Undelivered)
	c := chart{Limit: -1, Top: counted(top, "event"), End: formatDuration(took)}
	kinds := []struct {
		class string
		upTo  func(Moment) int
	}{
		// Lower layers are drawn over higher ones.
		{"undelivered", func(m Moment) int { return m.Delivered + m.Skipped + m.Undelivered }},
		{"skipped", func(m Moment) int { return m.Delivered + m.Skipped }},
		{"delivered", func(m Moment) int { return m.Delivered }},
	}
	for _, kind := range kinds {
		var path strings.Builder
		fmt.Fprintf(&path, "M0 %d", chartHeight)
		for _, m := range moments {
			at := chartWidth * float64(m.At) / float64(max(took, 1))
			fmt.Fprintf(&path, "L%.5g %.4g", min(at, chartWidth), y(kind.upTo(m), top))
		}
		fmt.Fprintf(&path, "L%d %.4gL%d %dZ", chartWidth, y(kind.upTo(last), top), chartWidth, chartHeight)
		c.Layers = append(c.Layers, layer{kind.class, path.String()})
	}
	return c
}

func y(n, top int) float64 { return chartHeight * (1 - float64(n)/float64(top)) }
