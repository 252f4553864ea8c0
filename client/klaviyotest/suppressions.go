package klaviyotest

import "time"

// suppressionJob starts a job that suppresses or unsuppresses people.
func (a *account) suppressionJob(kind string, named []any, who func(map[string]any) person, c *call) *job {
	people := make([]map[string]any, len(named))
	for i := range named {
		people[i] = object(named[i])
	}
	do := a.suppress
	if kind == kindUnsuppress {
		do = a.unsuppress
	}
	return a.newJob(kind, people, c.time, func(one map[string]any, _ int, now time.Time) *failure {
		do(who(one), now)
		return nil
	})
}
