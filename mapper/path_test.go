package mapper

import (
	"strings"
	"testing"
)

func TestPathsExpandAlternatives(t *testing.T) {
	var got []string
	for _, p := range paths("{T,C.address}.{zip,postalcode} userId TP.listId context.timezone") {
		got = append(got, p.text)
	}
	want := "traits.zip traits.postalcode context.traits.address.zip context.traits.address.postalcode " +
		"userId traits.properties.listId context.timezone"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}
