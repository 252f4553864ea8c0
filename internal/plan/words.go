package plan

import (
	"fmt"
	"strconv"
)

func (b Bounds) String() string {
	if b.Least == b.Most {
		return thousands(b.Least)
	}
	return thousands(b.Least) + " – " + thousands(b.Most)
}

// thousands writes a number with a comma between its thousands.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// duration writes a time for a person: to the second up to ten minutes, and beyond that
// rounded up to the minute.
func duration(seconds Bounds) string {
	least, most := inWords(seconds.Least), inWords(seconds.Most)
	if least == most {
		return least
	}
	return least + " – " + most
}

func inWords(seconds int) string {
	const minute, hour = 60, 60 * 60
	if seconds > 10*minute {
		seconds += (minute - seconds%minute) % minute
	}
	switch {
	case seconds < minute:
		return fmt.Sprintf("%d s", max(seconds, 1))
	case seconds >= hour:
		return fmt.Sprintf("%d h %d min", seconds/hour, seconds%hour/minute)
	case seconds%minute > 0:
		return fmt.Sprintf("%d min %d s", seconds/minute, seconds%minute)
	}
	return fmt.Sprintf("%d min", seconds/minute)
}
