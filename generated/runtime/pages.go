package runtime

import (
	"errors"
	"fmt"
	"iter"
	"net/url"
)

// ErrPaging means that links.next of a page has no cursor, or one that was used before, so that
// the iteration would never end.
var ErrPaging = errors.New("links.next doesn't lead to another page")

// NextCursor returns the cursor in the URL of a page, for PageCursor. It is empty if there is
// none.
func NextCursor(address string) string {
	next, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return next.Query().Get("page[cursor]")
}

// Pages iterates over pages, starting at the cursor first. get returns a page and the URL of
// the next one, which is empty for the last page.
func Pages[P any](op *Operation, first string, get func(cursor string) (page *P, next string, err error)) iter.Seq2[*P, error] {
	return func(yield func(*P, error) bool) {
		followed := make(map[string]bool)
		for cursor := first; ; {
			followed[cursor] = true
			page, next, err := get(cursor)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) || next == "" {
				return
			}
			if cursor = NextCursor(next); cursor == "" || followed[cursor] {
				yield(nil, fmt.Errorf("klaviyo: %s: %w", op.ID, ErrPaging))
				return
			}
		}
	}
}

// Items iterates over the items of pages.
func Items[P, T any](pages iter.Seq2[*P, error], items func(*P) []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items(page) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}
