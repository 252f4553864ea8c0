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
	p := currencyRule.from[0]
	v, ok := m.lookup(p)
	if !ok || v.isNull() || v.isBlank() {
		return ""
	}
	if code := v.currencyCode(); code != "" {
		m.traceRule(&currencyRule, p.text)
		return code
	}
	m.warn(CodeInvalidCurrency, p.text, "not the ISO 4217 code of a currency: kept as a property, and Klaviyo takes the value to be in the account's currency")
	return ""
}

// currencyCode returns the ISO 4217 code in a string, or "".
func (v value) currencyCode() string {
	if !v.isString() || len(v) > maxScalar {
		return ""
	}
	code := strings.ToUpper(string(trimBytes(v.content())))
	if !currencies[code] {
		return ""
	}
	return code
}

// currencies are the ISO 4217 codes of currencies in circulation, and of those withdrawn since
// 1991, the first year that a backfill may contain.
var currencies = func() map[string]bool {
	set := make(map[string]bool)
	for _, code := range strings.Fields(`
		AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
		COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
		ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
		MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
		SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
		UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
		ADP AFA ANG AOK AON AOR ARA ATS AZM BAD BEF BGL BGN BRE BRR BYB BYR CSD CSK CUC CYP DEM ECS EEK ESP FIM FRF GEK GHC
		GRD GWP HRD HRK IEP ITL LTL LTT LUF LVL LVR MGF MRO MTL MXP MZM NIC NLG PEI PLZ PTE ROL RUR SDD SDP SIT SKK SLL SRG
		STD SUR TJR TMM TPE TRL UAK UYP VEB VED VEF YDD YUM YUN ZAL ZMK ZRN ZRZ ZWD ZWL ZWN ZWR`) {
		set[code] = true
	}
	return set
}()
