package sample

import (
	"math/rand/v2"
	"strconv"
)

// person is a person who causes events.
type person struct {
	id                  string
	firstName, lastName string
	email, phone        string
	city                place
}

type place struct{ city, region, country, zip, timezone string }

var (
	firstNames = []string{"Ana", "Bruno", "Chloé", "Dmitri", "Elif", "Finn", "Grace", "Hiro", "Inés", "Jonas", "Kemi", "Lucía", "Marek", "Nadia", "Oskar", "Priya"}
	lastNames  = []string{"Abe", "Becker", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hansen", "Ivanova", "Jansen", "Kowalski", "Lopez", "Müller", "Nowak", "Okafor", "Patel"}
	places     = []place{
		{"Berlin", "Berlin", "Germany", "10115", "Europe/Berlin"},
		{"Austin", "Texas", "United States", "73301", "America/Chicago"},
		{"São Paulo", "São Paulo", "Brazil", "01000-000", "America/Sao_Paulo"},
		{"Lyon", "Auvergne-Rhône-Alpes", "France", "69001", "Europe/Paris"},
		{"Osaka", "Osaka", "Japan", "530-0001", "Asia/Tokyo"},
	}
)

// personOf returns the person with a number. The domain of the addresses and the phone numbers are
// reserved for examples.
func personOf(seed uint64, number int) person {
	r := rand.New(rand.NewPCG(seed, uint64(number)^1<<63))
	return person{
		id:        "u-" + strconv.Itoa(100_000+number),
		firstName: pick(r, firstNames),
		lastName:  pick(r, lastNames),
		email:     "customer" + strconv.Itoa(number) + "@example.com",
		phone:     "+1" + strconv.Itoa(200+r.IntN(8)*100+1+r.IntN(9)) + "55501" + strconv.Itoa(10+number%90),
		city:      pick(r, places),
	}
}
