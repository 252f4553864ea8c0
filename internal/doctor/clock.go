package doctor

import (
	"fmt"
	"net/http"
	"time"
)

// maxOff is how far this machine's clock may be off. Dates of answers have whole seconds.
const maxOff = 5 * time.Second

// checkClock compares this machine's clock with Klaviyo's.
func checkClock(f *Facts) []Finding {
	for _, a := range f.answers {
		date, err := http.ParseTime(a.Header.Get("Date"))
		if err != nil {
			continue
		}
		// The answer was made between the two, in a second that began at its date.
		ahead := time.Duration(0)
		switch {
		case a.sent.After(date.Add(time.Second)):
			ahead = a.sent.Sub(date)
		case a.got.Before(date):
			ahead = a.got.Sub(date)
		}
		ahead = ahead.Round(time.Second)
		switch {
		case ahead > maxOff:
			return []Finding{warning(fmt.Sprintf("this machine's clock is ahead of Klaviyo's by %v", ahead), clockAdvice)}
		case ahead < -maxOff:
			return []Finding{warning(fmt.Sprintf("this machine's clock is behind Klaviyo's by %v", -ahead), clockAdvice)}
		}
		return []Finding{ok("this machine's clock agrees with Klaviyo's")}
	}
	return []Finding{warning("not checked: no response has Klaviyo's time", "")}
}

const clockAdvice = "Set it, by NTP for example: what is reckoned from the time now, such as waits until a limit ends, goes wrong."
