package command

import (
	"io"
	"strings"

	"github.com/schollz/progressbar/v3"
)

// bar is a line that shows how much of an input is done, with the time taken and left.
type bar struct {
	total int64 // bytes
	done  int64 // the most that was shown
	drawn *progressbar.ProgressBar
}

// barWidth is that of the bar alone: on a narrow terminal, which cuts the end of the line off,
// it stays, and so do the percentage and the times.
const barWidth = 16

// newBar makes a bar for so many bytes, or 0 where that isn't known.
func newBar(total int64) *bar {
	b := &bar{total: total, drawn: progressbar.NewOptions64(max(1, total),
		progressbar.OptionSetWriter(io.Discard), // the line is shown among what else is written
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionShowDescriptionAtLineEnd(),
	)}
	b.drawn.StartWithoutRender() // from when on the time counts
	return b
}

// line is the line when so many bytes are done, with a text at its end. It is the text alone
// where there is nothing to reckon with.
func (b *bar) line(done int64, text string) string {
	b.done = max(b.done, min(done, b.total-1)) // at the total the library draws no more
	if b.done <= 0 {
		return text
	}
	_ = b.drawn.Set64(b.done) // what can fail is to write the line
	b.drawn.Describe(text)
	return strings.TrimSpace(b.drawn.String())
}
