package klaviyotest

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// errFilter is a filter that isn't what the operation takes.
var errFilter = errors.New("not a filter of this operation")

// condition is one comparison of a filter.
type condition struct {
	field    string
	operator string
	texts    []string  // of equals and any
	time     time.Time // of the other operators
}

// filterHead is the beginning of a condition: equals(email, or has(profile
var filterHead = regexp.MustCompile(`^\s*([a-z-]+)\(\s*([A-Za-z_.]+)\s*(?:,\s*)?`)

// parseFilter reads, with the operators that each field takes, conditions that are joined by commas, and which all must
// hold: equals(email,"ada@example.com"), any(id,["1","2"]), less-than(created,2023-01-31T00:00:00Z).
func parseFilter(filterable map[string][]string, filter string) ([]condition, error) {
	var conditions []condition
	for rest := filter; ; {
		head := filterHead.FindStringSubmatch(rest)
		if head == nil || !slices.Contains(filterable[head[2]], head[1]) {
			return nil, errFilter
		}
		cond := condition{operator: head[1], field: head[2]}
		operand, after, ok := cutOperand(rest[len(head[0]):])
		if !ok || !cond.parse(operand) {
			return nil, errFilter
		}
		conditions = append(conditions, cond)
		if after == "" {
			return conditions, nil
		}
		if rest, ok = strings.CutPrefix(after, ","); !ok {
			return nil, errFilter
		}
	}
}

// cutOperand splits what follows the comma of a condition at the parenthesis
// that closes it, which a JSON string may contain.
func cutOperand(s string) (operand, after string, ok bool) {
	end := 0
	if strings.HasPrefix(s, `"`) || strings.HasPrefix(s, "[") {
		decoder := json.NewDecoder(strings.NewReader(s))
		var operand json.RawMessage
		if decoder.Decode(&operand) != nil {
			return "", "", false
		}
		end = int(decoder.InputOffset())
	}
	tail, after, ok := strings.Cut(s[end:], ")")
	return s[:end] + strings.TrimSpace(tail), strings.TrimSpace(after), ok
}

// parse reads the operand.
func (cond *condition) parse(operand string) bool {
	switch cond.operator {
	case "has":
		return operand == ""
	case "equals":
		cond.texts = make([]string, 1)
		return json.Unmarshal([]byte(operand), &cond.texts[0]) == nil
	case "any":
		return json.Unmarshal([]byte(operand), &cond.texts) == nil
	}
	if seconds, err := strconv.ParseInt(operand, 10, 64); err == nil && cond.field == "timestamp" {
		cond.time = time.Unix(seconds, 0)
		return true
	}
	var err error
	cond.time, err = runtime.Timestamp(operand).Time()
	return err == nil
}

// holds compares a value, which is a string or a time.
func (cond *condition) holds(v any) bool {
	if moment, ok := v.(time.Time); ok {
		order := moment.Compare(cond.time)
		return map[string]bool{
			"greater-than":     order > 0,
			"greater-or-equal": order >= 0,
			"less-than":        order < 0,
			"less-or-equal":    order <= 0,
		}[cond.operator]
	}
	if cond.operator == "has" {
		return text(v) != ""
	}
	value := newIdentifier(cond.field, text(v))
	return value.value != "" && slices.ContainsFunc(cond.texts, func(text string) bool {
		return newIdentifier(cond.field, text) == value
	})
}
