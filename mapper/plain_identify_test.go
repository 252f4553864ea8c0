package mapper_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Section 3: identify.

// event's profile, and where it comes from.
var plainFields = []struct {
	name, special string
	paths         string
}{
	{"first_name", "$first_name", "T.firstName T.firstname T.first_name C.firstName C.firstname C.first_name"},
	{"last_name", "$last_name", "T.lastName T.lastname T.last_name C.lastName C.lastname C.last_name"},
	{"title", "$title", "T.title C.title P.title"},
	{"organization", "$organization", "T.organization T.company.name T.company C.organization C.company.name C.company P.organization"},
	{"image", "$image", "T.image C.image P.image T.avatar C.avatar"},
	{"location.timezone", "$timezone", "T.timezone C.timezone P.timezone context.timezone"},
	{"location.city", "$city", "T.city T.address.city C.city C.address.city P.city"},
	{"location.country", "$country", "T.country T.address.country T.address.country_code T.address.countryCode C.country C.address.country C.address.country_code C.address.countryCode P.country"},
	{"location.region", "$region", "T.region T.province T.address.region T.address.province T.address.state C.region C.province C.address.region C.address.province C.address.state P.region T.state C.state P.state"},
	{"location.zip", "$zip", "T.zip T.postalcode T.postalCode T.postal_code T.address.zip T.address.postalcode T.address.postalCode T.address.postal_code " +
		"C.zip C.postalcode C.postalCode C.postal_code C.address.zip C.address.postalcode C.address.postalCode C.address.postal_code P.zip P.postalcode P.postalCode P.postal_code"},
	{"location.address1", "$address1", "T.street T.address1 T.address.street T.address.address1 C.street C.address1 C.address.street C.address.address1 P.street"},
	{"location.address2", "$address2", "T.address2 T.address.address2 C.address2 C.address.address2"},
}

// fields reads the typed fields: texts, and null where that is to be sent.
func (m *plain) fields(inEvent bool, name func(i int) string, into map[string]any) {
	for i, f := range plainFields {
		paths := slices.DeleteFunc(strings.Fields(f.paths), func(path string) bool {
			v, _ := m.get(path)
			switch {
			case inEvent && strings.HasPrefix(path, "P."):
				return true
			case path == "context.timezone":
				_, err := time.LoadLocation(textOf(v))
				return kindOf(v) != 'n' && kindOf(v) != '{' && kindOf(v) != '[' && (err != nil || textOf(v) == "Local")
			case path == "T.state", path == "C.state", path == "P.state":
				return slices.Contains(strings.Fields("enabled disabled invited declined active inactive"), strings.ToLower(plainTrim(textOf(v))))
			}
			return false
		})
		text, path, null := m.firstText(paths...)
		switch {
		case path != "" && strings.HasSuffix(f.name, "_name"):
			into[name(i)] = plainTrim(text)
		case path != "":
			into[name(i)] = text
		case null && m.cfg.SendNulls:
			into[name(i)] = nil
		}
	}
}

var plainLeftOut = strings.Fields("email firstName firstname first_name lastName lastname last_name phone phone_number external_id latitude longitude title organization " +
	"city region country zip image timezone id userId anonymousId properties")

func (m *plain) customTraits(inEvent bool) pairs {
	var custom pairs
	hidden := make(map[string]bool)
	for _, from := range []struct {
		place  string
		traits pairs
	}{{"T", m.t}, {"C", m.c}} {
		for _, trait := range from.traits {
			isMapped := slices.Contains(plainLeftOut, trait.name) && !m.isKept(from.place, trait.name)
			if inEvent && (trait.name == "latitude" || trait.name == "longitude") || trait.name == "external_id" && m.retlID != nil {
				isMapped = false
			}
			if hidden[trait.name] || isMapped {
				continue
			}
			hidden[trait.name] = true
			if kindOf(trait.raw) != 'n' || m.cfg.SendNulls {
				custom = append(custom, trait)
			}
		}
	}
	for _, k := range m.kept {
		if k.place == "event" {
			custom = custom.orMissing(k.name, k.raw)
		}
	}
	return custom
}

func (m *plain) traitField(name string) string {
	if _, ok := m.t.get(name); ok {
		return "traits." + cutName(name)
	}
	return "context.traits." + cutName(name)
}

func (m *plain) withUserID(custom pairs) pairs {
	if !m.keepsID {
		return custom
	}
	if _, ok := custom.get("_id"); ok {
		m.warn(mapper.CodeNameCollision, m.traitField("_id"))
	}
	return custom.with("_id", m.userID)
}

func (m *plain) identifyBodies() []string {
	m.identify(plainPerson{byID: true})
	attributes := map[string]any{}
	for name, text := range map[string]string{"email": m.email, "phone_number": m.phone, "external_id": m.externalID} {
		if text != "" {
			attributes[name] = text
		}
	}
	fields := map[string]any{}
	m.fields(false, func(i int) string { return plainFields[i].name }, fields)
	m.coordinates(fields)
	location := map[string]any{}
	for name, v := range fields {
		if inner, ok := strings.CutPrefix(name, "location."); ok {
			location[inner] = v
		} else {
			attributes[name] = v
		}
	}
	if len(location) > 0 {
		attributes["location"] = location
	}
	custom := m.customTraits(false)
	for _, k := range m.kept {
		if k.place == "P" {
			custom = custom.orMissing(k.name, k.raw)
		}
	}
	custom = m.flatten(m.withUserID(m.readPatch(custom)), m.traitField)
	m.keepSent(custom, false)
	if len(custom) > 0 {
		attributes["properties"] = custom
	}
	body := encodePlain("profile", attributes)
	if m.served() {
		body = m.servedProfile(attributes)
	}
	bodies := append([]string{body}, m.identifySubscription()...)
	m.checkExternalID()
	if len(bodies[0]) > 100_000 {
		fail(mapper.CodeTooLarge, "")
	}
	return bodies
}

// coordinates are those of the first place where both are numbers in range.
func (m *plain) coordinates(into map[string]any) {
	null := map[string]bool{}
	for _, place := range []string{"T", "T.address", "C", "C.address", "context.location"} {
		numbers, there := map[string]string{}, []string{}
		for name, most := range map[string]float64{"latitude": 90, "longitude": 180} {
			v, _ := m.get(place + "." + name)
			switch {
			case kindOf(v) == 0 || isBlankText(v):
			case kindOf(v) == 'n':
				null[name] = true
			default:
				there = append(there, name)
				var f float64
				text := plainTrim(textOf(v))
				if k := kindOf(v); (k == '0' || k == '"') && len(text) <= 1_000 && text != "null" && json.Unmarshal([]byte(text), &f) == nil && -most <= f && f <= most {
					numbers[name] = text
				}
			}
		}
		if len(numbers) == 2 {
			for name, number := range numbers {
				into["location."+name] = json.RawMessage(number)
			}
			return
		}
		for _, name := range there {
			v, _ := m.get(place + "." + name)
			m.warn(mapper.CodeNotNumeric, fieldOf(place+"."+name))
			m.keep(place+"."+name, v)
		}
	}
	for name := range null {
		if m.cfg.SendNulls {
			into["location."+name] = nil
		}
	}
}
