package server

import (
	"fmt"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func TestChanges(t *testing.T) {
	eu, us := config.Account{Name: "eu", Key: "1", Tokens: []string{"a"}}, config.Account{Name: "us", Key: "2"}
	changed := func(change func(*config.Account)) config.Account {
		a := eu
		change(&a)
		return a
	}
	for _, tt := range []struct {
		after []config.Account
		want  string
	}{
		{[]config.Account{us, eu}, "[unchanged 2]"},
		{[]config.Account{eu}, "[removed [us] unchanged 1]"},
		{[]config.Account{eu, us, {Name: "fr"}, {Name: "de"}}, "[added [fr de] unchanged 2]"},
		{[]config.Account{{Name: "de"}}, "[added [de] removed [eu us] unchanged 0]"},
		{[]config.Account{changed(func(a *config.Account) { a.Key = "3" }), us}, "[changed [eu] unchanged 1]"},
		{[]config.Account{changed(func(a *config.Account) { a.Tokens = []string{"a", "b"} }), us}, "[changed [eu] unchanged 1]"},
		{[]config.Account{changed(func(a *config.Account) { a.Mapping = mapper.Config{ListID: "X"} }), us}, "[changed [eu] unchanged 1]"},
	} {
		if got := fmt.Sprint(changesBetween([]config.Account{eu, us}, tt.after).attributes()); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
