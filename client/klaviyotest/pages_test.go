package klaviyotest

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestPages(t *testing.T) {
	k := New(WithoutLimits())
	var want []string
	for i := range 45 {
		createProfile(t, k, fmt.Sprintf(`"external_id":"%d"`, i))
		want = append(want, fmt.Sprint(i))
	}
	tests := []struct {
		name  string
		query string
		pages []int
	}{
		{"usual size", "", []int{20, 20, 5}},
		{"of 15", "page[size]=15", []int{15, 15, 15}},
		{"of 100", "page[size]=100", []int{45}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			next := "/api/profiles/?" + test.query
			var last klaviyo.CollectionLinks
			for _, size := range test.pages {
				page := decode[klaviyo.ProfilePage](t, mustSend(t, k, "GET", next, ""))
				if want := strings.TrimPrefix(next, "https://a.klaviyo.com"); page.Links.Self != "https://a.klaviyo.com"+strings.TrimSuffix(escaped(want), "?") {
					t.Errorf("self %s, want %s", page.Links.Self, want)
				}
				if len(page.Data) != size {
					t.Fatalf("%d profiles, want %d", len(page.Data), size)
				}
				for _, p := range page.Data {
					got = append(got, p.Attributes.ExternalID)
				}
				next, last = page.Links.Next, page.Links
			}
			if next != "" || (last.Prev == "") != (len(test.pages) == 1) {
				t.Errorf("the last page has the links %+v", last)
			}
			if !slices.Equal(got, want) {
				t.Errorf("profiles %v", got)
			}
			if len(test.pages) > 1 {
				before := decode[klaviyo.ProfilePage](t, mustSend(t, k, "GET", last.Prev, ""))
				if len(before.Data) != test.pages[0] {
					t.Errorf("the page before the last has %d profiles", len(before.Data))
				}
			}
		})
	}
}

// escaped writes the brackets of a query as links do.
func escaped(link string) string {
	return strings.NewReplacer("[", "%5B", "]", "%5D").Replace(link)
}

func TestDefaultPageSizes(t *testing.T) {
	k := New(WithoutLimits())
	for i := range 11 {
		k.AddList(fmt.Sprintf("L%d", i), "list")
	}
	id := createProfile(t, k, `"external_id":"1"`)
	for i := range 201 {
		mustSend(t, k, "POST", "/api/events/", eventWith(fmt.Sprintf(`"unique_id":"%d"`, i)))
		if i < 11 {
			mustSend(t, k, "POST", fmt.Sprintf("/api/lists/L%d/relationships/profiles/", i), members(id))
		}
	}
	for path, want := range map[string]int{
		"/api/lists/":                     10,
		"/api/events/":                    200,
		"/api/profiles/" + id + "/lists/": 11,
		"/api/profiles/":                  2,
	} {
		if got := len(decode[collectionDocument](t, mustSend(t, k, "GET", path, "")).Data); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func TestPreviousPageLink(t *testing.T) {
	k := New(WithList("L1", "one"), WithList("L2", "two"))
	page := decode[collectionDocument](t, mustSend(t, k, "GET", "/api/lists/?page[cursor]="+encodeCursor(1), ""))
	before := decode[collectionDocument](t, mustSend(t, k, "GET", *page.Links.Prev, ""))
	if len(page.Data) != 1 || len(before.Data) != 2 || before.Links.Prev != nil {
		t.Errorf("pages %+v and %+v", page, before)
	}
}

func TestOrders(t *testing.T) {
	k := New()
	for _, email := range []string{"b", "c", "a"} {
		createProfile(t, k, `"email":"`+email+`@example.com"`)
	}
	update(t, k, find(t, k, "c@example.com").ID, `"title":"last"`)
	for sort, want := range map[string]string{
		"email": "abc", "-email": "cba", "id": "bca", "-id": "acb", "created": "bca", "-created": "acb", "-updated": "cab", "updated": "bac", "": "bca",
	} {
		path := "/api/profiles/"
		if sort != "" {
			path += "?sort=" + sort
		}
		var got string
		for _, p := range decode[klaviyo.ProfilePage](t, mustSend(t, k, "GET", path, "")).Data {
			got += p.Attributes.Email[:1]
		}
		if got != want {
			t.Errorf("sort=%s: %s, want %s", sort, got, want)
		}
	}
}

func TestInvalidCursors(t *testing.T) {
	k := New(WithList("L", "list"))
	for _, cursor := range []string{"x", "!", encodeCursor(2), encodeCursor(-1)} {
		if r := send(t, k, "GET", "/api/lists/?page[cursor]="+url.QueryEscape(cursor), ""); r.status != 400 || r.pointers(t) != "page[cursor]" {
			t.Errorf("%s: status %d: %s", cursor, r.status, r.body)
		}
	}
	if r := send(t, k, "GET", "/api/lists/?page[cursor]="+encodeCursor(1), ""); r.status != 200 || !strings.Contains(r.body, `"data":[]`) {
		t.Errorf("at the end: status %d: %s", r.status, r.body)
	}
}

// The links of a response over a socket lead to that socket.
func TestLinksOfASocket(t *testing.T) {
	k := New()
	for i := range 21 {
		createProfile(t, k, fmt.Sprintf(`"external_id":"%d"`, i))
	}
	server := httptest.NewServer(k)
	defer server.Close()
	rsp, err := server.Client().Do(newRequest(t, "GET", server.URL+"/api/profiles/?filter=less-than(created,2999-01-01T00:00:00Z)", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer rsp.Body.Close()
	page := decode[collectionDocument](t, reply{body: readAll(t, rsp.Body)})
	if !strings.HasPrefix(*page.Links.Next, server.URL+"/api/profiles/?") || !strings.Contains(*page.Links.Next, "filter=less-than") {
		t.Errorf("next %s", *page.Links.Next)
	}
	if !strings.HasPrefix(page.Data[0].Links.Self, server.URL+"/") {
		t.Errorf("self %s", page.Data[0].Links.Self)
	}
}
