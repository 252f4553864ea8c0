package plan

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

func (b Bounds) String() string {
	if b.Least == b.Most {
		return thousands(b.Least)
	}
	return thousands(b.Least) + " – " + thousands(b.Most)
}

// thousands formats a number with commas between thousands.
func thousands(n int) string { return humanize.Comma(int64(n)) }

// Duration formats bounds in seconds as a duration.
func (b Bounds) Duration() string { return duration(b) }

// duration formats bounds in seconds as a duration, rounded up.
func duration(seconds Bounds) string {
	least, most := inWords(seconds.Least), inWords(seconds.Most)
	if least == most {
		return least
	}
	return least + " – " + most
}

func inWords(seconds int) string {
	d := time.Duration(seconds) * time.Second
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(seconds, 1))
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}
