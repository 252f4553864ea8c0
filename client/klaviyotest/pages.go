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

// A collectionItem is an object of a collection.
type collectionItem interface {
	toResource(c *call) resource
	field(name string) any
}

// pageResponse returns a page of a collection, according to the filter, sort and cursor in the
// query. size is the default page size. related returns the resources for include; it is nil if
// the operation doesn't support include.
func pageResponse[T collectionItem](c *call, all []T, size int, related func(T, string) []collectionItem) response {
	query := c.req.URL.Query()
	items := slices.Clone(all)
	if query.Has("filter") {
		conditions, err := parseFilter(c.operationSpec().filters, query.Get("filter"))
		if err != nil {
			return errorResponse(invalidParameter("filter", "The filter is not one that this operation takes."))
		}
		items = slices.DeleteFunc(items, func(item T) bool {
			return slices.ContainsFunc(conditions, func(cond condition) bool { return !cond.matches(item.field(cond.field)) })
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
		return errorResponse(invalidParameter("page[cursor]", "The cursor is not valid for this collection."))
	}
	end := min(start+size, len(items))

	page := collectionDocument{Data: make([]resource, 0, end-start), Links: pageLinks{Self: c.link(query)}}
	shaping := c.fieldsets()
	for _, item := range items[start:end] {
		var relatedTo func(string) []collectionItem
		if related != nil {
			relatedTo = func(name string) []collectionItem { return related(item, name) }
		}
		page.Data = append(page.Data, shaping.resource(item, relatedTo))
	}
	page.Included = shaping.included
	if start > 0 {
		query.Set("page[cursor]", encodeCursor(max(0, start-size)))
		page.Links.Prev = new(c.link(query))
	}
	if end < len(items) {
		query.Set("page[cursor]", encodeCursor(end))
		page.Links.Next = new(c.link(query))
	}
	return jsonResponse(http.StatusOK, page)
}

func compareValues(x, y any) int {
	if x, ok := x.(time.Time); ok {
		return x.Compare(y.(time.Time))
	}
	return cmp.Compare(x.(string), y.(string))
}

// link returns the URL of the call with another query.
func (c *call) link(query url.Values) string {
	link := c.base() + c.req.URL.EscapedPath()
	if len(query) > 0 {
		link += "?" + query.Encode()
	}
	return link
}

// encodeCursor encodes the index of an object in a collection as an opaque string.
func encodeCursor(place int) string {
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
