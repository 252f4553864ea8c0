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

// errFilter means that the operation doesn't support the filter.
var errFilter = errors.New("not a filter of this operation")

// A condition is one comparison of a filter.
type condition struct {
	field    string
	operator string
	values   []string  // of equals and any
	time     time.Time // of the other operators
}

// filterHead matches the beginning of a condition, such as equals(email, or has(profile
var filterHead = regexp.MustCompile(`^\s*([a-z-]+)\(\s*([A-Za-z_.]+)\s*(?:,\s*)?`)

// parseFilter parses conditions separated by commas, all of which must match, such as
// equals(email,"ada@example.com"), any(id,["1","2"]) or
// less-than(created,2023-01-31T00:00:00Z). filterable has the supported operators by field.
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

// cutOperand splits s at the parenthesis that closes the condition. The operand may be a JSON
// string that contains parentheses.
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

// parse parses the operand.
func (cond *condition) parse(operand string) bool {
	switch cond.operator {
	case "has":
		return operand == ""
	case "equals":
		cond.values = make([]string, 1)
		return json.Unmarshal([]byte(operand), &cond.values[0]) == nil
	case "any":
		return json.Unmarshal([]byte(operand), &cond.values) == nil
	}
	if seconds, err := strconv.ParseInt(operand, 10, 64); err == nil && cond.field == "timestamp" {
		cond.time = time.Unix(seconds, 0)
		return true
	}
	var err error
	cond.time, err = runtime.Timestamp(operand).Time()
	return err == nil
}

// matches compares a value, which is a string or a time.
func (cond *condition) matches(v any) bool {
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
	return value.value != "" && slices.ContainsFunc(cond.values, func(text string) bool {
		return newIdentifier(cond.field, text) == value
	})
}
