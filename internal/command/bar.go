package command

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar is a line that shows how much of an input is done, with the time taken and left.
type bar struct {
	total, from int64 // bytes
	done        int64 // the most that was shown
	began       time.Time
	drawn       *progressbar.ProgressBar
}

// barWidth is that of the bar alone: on a narrow terminal, which cuts the end of the line off,
// it stays, and so do the percentage and the times.
const barWidth = 16

// newBar makes a bar for so many bytes, or 0 where that isn't known, of which those up to from
// were done before.
func newBar(total, from int64) *bar {
	return &bar{total: total, from: from, began: time.Now(), drawn: progressbar.NewOptions64(max(1, total),
		progressbar.OptionSetWriter(io.Discard), // the line is shown among what else is written
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetPredictTime(false), // from the speed alone
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionShowDescriptionAtLineEnd(),
	)}
}

// line is the line when so many bytes are done, with a text at its end. It is the text alone
// where there is nothing to reckon with. What is left takes as long as it is held, or where
// it wasn't of late perhaps longer: as long as at the speed so far.
func (b *bar) line(done int64, held held, text string) string {
	b.done = max(b.done, min(done, b.total-1)) // at the total the library draws no more
	if b.done <= 0 {
		return text
	}
	_ = b.drawn.Set64(b.done) // what can fail is to write the line
	times := ""
	if b.done > b.from {
		elapsed := time.Since(b.began)
		left := held.atLeast
		if !held.ofLate {
			left = max(left, time.Duration(float64(elapsed)*b.leftByDone()))
		}
		times = fmt.Sprintf("[%v:%v] ", elapsed.Round(time.Second), left.Round(time.Second))
	}
	b.drawn.Describe(times + text)
	return strings.TrimSpace(b.drawn.String())
}

// leftByDone is how many times what was done is left.
func (b *bar) leftByDone() float64 {
	return float64(b.total-b.done) / float64(b.done-b.from)
}
