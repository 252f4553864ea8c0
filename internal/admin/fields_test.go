package admin

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFieldsOfAccounts holds the reference of docs/admin.md to the document of /accounts.
func TestFieldsOfAccounts(t *testing.T) {
	page, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "<!-- fields -->")
	table, _, _ = strings.Cut(table, "<!-- end -->")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| \\S").FindAllStringSubmatch(table, -1) {
		documented = append(documented, row[1])
	}
	if diff := cmp.Diff(fieldsOf(reflect.TypeFor[accountDocument](), ""), documented); diff != "" {
		t.Errorf("docs/admin.md (-document +page):\n%s", diff)
	}
}

// fieldsOf are the fields of a document by their paths. Of an object that is always there only
// its own fields are named.
func fieldsOf(document reflect.Type, prefix string) (names []string) {
	isObject := func(t reflect.Type) bool { return t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() }
	for _, field := range reflect.VisibleFields(document) {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		name, of, below := prefix+tag, field.Type, prefix+tag+"."
		if !isObject(of) {
			names = append(names, name)
		}
		switch of.Kind() {
		case reflect.Slice:
			of, below = of.Elem(), name+"[]."
		case reflect.Pointer:
			of = of.Elem()
		}
		if isObject(of) {
			names = append(names, fieldsOf(of, below)...)
		}
	}
	return names
}

// TestStatesOfAccounts finds each state in the page's row of it.
func TestStatesOfAccounts(t *testing.T) {
	page, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `state` \\|.*$").FindString(string(page))
	for _, state := range []string{delivering, full, paused, elsewhere, unowned, unknown} {
		if !strings.Contains(row, "`"+state+"`") {
			t.Errorf("docs/admin.md doesn't explain the state %s: %s", state, row)
		}
	}
}
