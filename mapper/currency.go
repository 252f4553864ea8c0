package mapper

import (
	"strings"
)

// currencyRule is the rule for the currency of an event's value. The property is also kept.
var currencyRule = newRule("currency", "P.currency")

// currency returns the ISO 4217 code of the event's currency if it is valid and the revision
// supports it.
func (m *mapping) currency() string {
	if !m.revision.supports.currency {
		return ""
	}
	v, _ := m.lookup(currencyRule.from[0])
	if !v.isString() {
		return ""
	}
	text := trimBytes(m.content(v))
	if len(text) != len("EUR") {
		return ""
	}
	code := strings.ToUpper(string(text))
	if !currencies[code] {
		return ""
	}
	m.traceRule(&currencyRule, currencyRule.from[0].text)
	return code
}

// currencies are the ISO 4217 codes of currencies in circulation, and of those withdrawn since
// 2015, which a backfill may contain.
var currencies = func() map[string]bool {
	set := make(map[string]bool)
	for _, code := range strings.Fields(`
		AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
		COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
		ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
		MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
		SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
		UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
		ANG BGN BYR CUC HRK MRO SLL STD VED VEF ZWL`) {
		set[code] = true
	}
	return set
}()
