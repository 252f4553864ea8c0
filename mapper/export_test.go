package mapper

// CountryOf is for the plain twin, which has no second way to know the names of countries.
var CountryOf = parseCountry
