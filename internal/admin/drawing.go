package admin

import (
	"fmt"
	"slices"
	"strings"
)

// meter is how much of something is taken.
type meter struct {
	Taken, Of float64
	// Level is high from nine tenths on, and full at all of it.
	Level string
}

func meterOf(taken, of float64) meter {
	m := meter{Taken: taken, Of: of}
	switch {
	case of > 0 && taken >= of:
		m.Level = "full"
	case of > 0 && taken >= 0.9*of:
		m.Level = "high"
	}
	return m
}

// Percent is between 0 and 100. What is taken at all can be seen.
func (m meter) Percent() string {
	if m.Of <= 0 || m.Taken <= 0 {
		return "0%"
	}
	return fmt.Sprintf("%.4g%%", min(100, max(1, 100*m.Taken/m.Of)))
}

// spark is a line of what happened in each of the last seconds.
type spark struct {
	Peak       int64
	Line, Area string // paths
	Width      int
}

// sparkHeight is that of the drawing. A line at its edges isn't cut off.
const (
	sparkHeight = 32
	sparkEdge   = 2
)

// sparkOf draws the counts of seconds, up to top.
func sparkOf(seconds []int64, top int64) spark {
	s := spark{Peak: slices.Max(seconds), Width: len(seconds) - 1}
	var line strings.Builder
	for i, n := range seconds {
		y := float64(sparkHeight - sparkEdge)
		if top > 0 {
			y -= float64(n) / float64(top) * (sparkHeight - 2*sparkEdge)
		}
		fmt.Fprintf(&line, "L%d %.4g", i, y)
	}
	s.Line = "M" + line.String()[1:]
	s.Area = fmt.Sprintf("M0 %d%sL%d %dZ", sparkHeight, line.String(), s.Width, sparkHeight)
	return s
}
