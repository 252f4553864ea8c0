package klaviyotest

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// collected is an object of a collection.
type collected interface {
	shown(c *call) resource
	field(name string) any
}

// answerPage answers with a page of a collection: those that pass the query's
// filter, in its order, from its cursor on. size is the usual size of a page, and
// related what an item belongs to, nil where the operation includes nothing.
func answerPage[T collected](c *call, all []T, size int, related func(T, string) []collected) answer {
	query := c.req.URL.Query()
	items := slices.Clone(all)
	if query.Has("filter") {
		conditions, err := parseFilter(c.served().filters, query.Get("filter"))
		if err != nil {
			return refuse(invalidParameter("filter", "The filter is not one that this operation takes."))
		}
		items = slices.DeleteFunc(items, func(item T) bool {
			return slices.ContainsFunc(conditions, func(cond condition) bool { return !cond.holds(item.field(cond.field)) })
		})
	}
	if field, descending := strings.CutPrefix(query.Get("sort"), "-"); field != "" {
		slices.SortStableFunc(items, func(x, y T) int {
			if descending {
				x, y = y, x
			}
			return compareValues(x.field(field), y.field(field))
		})
	}
	if n, err := strconv.Atoi(query.Get("page[size]")); err == nil {
		size = n
	}
	start, ok := parseCursor(query.Get("page[cursor]"))
	if !ok || start > len(items) {
		return refuse(invalidParameter("page[cursor]", "The cursor is none of this collection's."))
	}
	end := min(start+size, len(items))

	page := collection{Data: make([]resource, 0, end-start), Links: pageLinks{Self: c.link(query)}}
	shaping := c.shaping()
	for _, item := range items[start:end] {
		var relatedTo func(string) []collected
		if related != nil {
			relatedTo = func(name string) []collected { return related(item, name) }
		}
		page.Data = append(page.Data, shaping.resource(item, relatedTo))
	}
	page.Included = shaping.included
	if start > 0 {
		query.Set("page[cursor]", cursor(max(0, start-size)))
		page.Links.Prev = new(c.link(query))
	}
	if end < len(items) {
		query.Set("page[cursor]", cursor(end))
		page.Links.Next = new(c.link(query))
	}
	return document(http.StatusOK, page)
}

func compareValues(x, y any) int {
	if x, ok := x.(time.Time); ok {
		return x.Compare(y.(time.Time))
	}
	return cmp.Compare(x.(string), y.(string))
}

// link is the address of the call with another query.
func (c *call) link(query url.Values) string {
	link := c.base() + c.req.URL.EscapedPath()
	if len(query) > 0 {
		link += "?" + query.Encode()
	}
	return link
}

// cursor is the place of an object in a collection, in a form that nobody reads.
func cursor(place int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(place)))
}

func parseCursor(s string) (place int, ok bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || s == "" {
		return 0, s == ""
	}
	place, err = strconv.Atoi(string(decoded))
	return place, err == nil && place >= 0
}
