package mapper

import "strconv"

// coordinateRules has a pair of rules for each object that can have coordinates. Latitude and
// longitude must be from the same object.
var coordinateRules = func() (places [][2]rule) {
	for _, place := range []string{"T", "T.address", "C", "C.address", "context.location"} {
		places = append(places, [2]rule{newRule(latitude, place+".latitude"), newRule(longitude, place+".longitude")})
	}
	return places
}()

const (
	latitude  = "location.latitude"
	longitude = "location.longitude"
)

// coordinateBounds are the maximum absolute values in degrees.
var coordinateBounds = [2]float64{90, 180}

// coordinates returns the first valid pair, nulls, or nothing.
func (m *mapping) coordinates() (latitude, longitude value) {
	var found, null [2]value
	var isNull [2]*rule
	for i := range coordinateRules {
		place := &coordinateRules[i]
		isThere, isUsable := false, true
		for j := range place {
			v, ok := m.lookup(place[j].from[0])
			switch {
			case !ok, v.isBlank():
				isUsable = false
				continue
			case v.isNull():
				if null[j] == nil && m.cfg.SendNulls {
					null[j], isNull[j] = v, &place[j]
				}
				isUsable = false
				continue
			}
			isThere = true
			number, ok := v.number()
			if ok {
				degrees, _ := strconv.ParseFloat(string(number), 64)
				ok = -coordinateBounds[j] <= degrees && degrees <= coordinateBounds[j]
			}
			found[j], isUsable = number, isUsable && ok
		}
		switch {
		case isUsable:
			m.traceRule(&place[0], place[0].from[0].text)
			m.traceRule(&place[1], place[1].from[0].text)
			return found[0], found[1]
		case isThere:
			m.keepCoordinates(place)
		}
	}
	for _, r := range isNull {
		if r != nil {
			m.traceRule(r, r.from[0].text)
		}
	}
	return null[0], null[1]
}

// keepCoordinates keeps invalid coordinates as properties.
func (m *mapping) keepCoordinates(place *[2]rule) {
	for i := range place {
		p := place[i].from[0]
		if v, ok := m.lookup(p); ok && !v.isNull() && !v.isBlank() {
			m.warn(CodeNotNumeric, p.text, "invalid coordinates: latitude and longitude must both be numbers in degrees; kept as a property")
			m.keepUnused(p, v)
		}
	}
}
