package klaviyotest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func members(ids ...string) string {
	var data []string
	for _, id := range ids {
		data = append(data, `{"type":"profile","id":"`+id+`"}`)
	}
	return `{"data":[` + strings.Join(data, ",") + `]}`
}

func TestLists(t *testing.T) {
	k := New(WithList("L1", "first"))
	k.AddList("L2", "second")
	r := mustSend(t, k, "POST", "/api/lists/", `{"data":{"type":"list","attributes":{"name":"third"}}}`)
	if r.status != http.StatusCreated {
		t.Errorf("status %d", r.status)
	}
	id := decode[klaviyo.ListDocument](t, r).Data.ID
	got := decode[klaviyo.ListDocument](t, mustSend(t, k, "GET", "/api/lists/"+id+"/", "")).Data
	if got.Attributes.Name != "third" || got.ID != id {
		t.Errorf("answered %+v", got)
	}
	var names []string
	for _, l := range decode[klaviyo.ListPage](t, mustSend(t, k, "GET", "/api/lists/", "")).Data {
		names = append(names, l.Attributes.Name)
	}
	if want := []string{"first", "second", "third"}; !cmp.Equal(names, want) {
		t.Errorf("lists %v, want %v", names, want)
	}
	for _, path := range []string{"/api/lists/none/", "/api/lists/none/profiles/", "/api/profiles/none/lists/"} {
		if r := send(t, k, "GET", path, ""); r.status != 404 {
			t.Errorf("%s: status %d", path, r.status)
		}
	}
}

func TestListMembers(t *testing.T) {
	k := New(WithList("L1", "first"), WithList("L2", "second"))
	ada, bo := createProfile(t, k, `"external_id":"ada"`), createProfile(t, k, `"external_id":"bo"`)
	const relationships = "/api/lists/L2/relationships/profiles/"

	r := mustSend(t, k, "POST", relationships, members(bo, ada, bo))
	if r.status != http.StatusNoContent || r.body != "" {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	if want := []List{{ID: "L1", Name: "first"}, {ID: "L2", Name: "second", ProfileIDs: []string{bo, ada}}}; !cmp.Equal(k.Lists(), want) {
		t.Error(cmp.Diff(want, k.Lists()))
	}
	lists := decode[klaviyo.ListPage](t, mustSend(t, k, "GET", "/api/profiles/"+ada+"/lists/", "")).Data
	if len(lists) != 1 || lists[0].ID != "L2" {
		t.Errorf("ada's lists %+v", lists)
	}
	if got := find(t, k, "ada").Lists; !cmp.Equal(got, []string{"L2"}) {
		t.Errorf("ada's lists %v", got)
	}

	mustSend(t, k, "DELETE", relationships, members(bo))
	if got := k.Lists()[1].ProfileIDs; !cmp.Equal(got, []string{ada}) {
		t.Errorf("members %v", got)
	}

	r = send(t, k, "DELETE", relationships, members(ada, "nobody"))
	if r.status != 404 || r.pointers(t) != "/data/1/id" {
		t.Errorf("nobody: status %d: %s", r.status, r.body)
	}
	if n := len(k.Lists()[1].ProfileIDs); n != 1 {
		t.Error("a refused call changed the members")
	}
	if r := send(t, k, "POST", "/api/lists/none/relationships/profiles/", members(ada)); r.status != 404 || r.pointers(t) != "id" {
		t.Errorf("no such list: status %d: %s", r.status, r.body)
	}
}

func TestUpdatesOfLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(WithList("L", "list"))
		created := time.Now()
		ada := createProfile(t, k, `"external_id":"ada"`)
		for i, change := range []func(){
			func() { mustSend(t, k, "POST", "/api/lists/L/relationships/profiles/", members(ada)) },
			func() { mustSend(t, k, "DELETE", "/api/lists/L/relationships/profiles/", members(ada)) },
		} {
			time.Sleep(time.Hour)
			change()
			got := decode[klaviyo.ListDocument](t, mustSend(t, k, "GET", "/api/lists/L/", "")).Data.Attributes
			if !isAt(got.Created, created) || !isAt(got.Updated, time.Now()) {
				t.Errorf("change %d: created %v, updated %v", i, got.Created, got.Updated)
			}
		}
	})
}

func TestListProfiles(t *testing.T) {
	k := New(WithList("L", "list"))
	var ids []string
	for i := range 25 {
		ids = append(ids, createProfile(t, k, fmt.Sprintf(`"email":"a%d@example.com"`, i)))
	}
	mustSend(t, k, "POST", "/api/lists/L/relationships/profiles/", members(ids...))
	first := decode[klaviyo.ProfilePage](t, mustSend(t, k, "GET", "/api/lists/L/profiles/", ""))
	if len(first.Data) != 20 || first.Links.Next == "" {
		t.Errorf("%d profiles, next %q", len(first.Data), first.Links.Next)
	}
	r := mustSend(t, k, "GET", `/api/lists/L/profiles/?filter=any(email,["a3@example.com","a24@example.com"])`, "")
	if found := decode[klaviyo.ProfilePage](t, r).Data; len(found) != 2 || found[1].ID != ids[24] {
		t.Errorf("found %+v", found)
	}
}
