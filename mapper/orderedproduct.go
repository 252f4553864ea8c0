package mapper

import (
	"bytes"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// orderCompleted is the event whose items become events of their own, and orderedProduct the
// metric of those.
const (
	orderCompleted = "Order Completed"
	orderedProduct = "Ordered Product"
)

var (
	wordPrice    = knownNames.add("price")
	wordQuantity = knownNames.add("quantity")
	// orderIDLabel is the name of the order's id in an event of an item.
	orderIDLabel = func() member {
		knownNames.add("OrderId")
		return newMember("OrderId", nil)
	}()
)

// orderedProducts are the requests for the items of an order, if the config asks for them.
func (m *mapping) orderedProducts(order *event, name textValue) ([]Request, *Error) {
	if !m.cfg.OrderedProducts || !strings.EqualFold(name.text, orderCompleted) {
		return nil, nil
	}
	m.readItemTexts()
	w := m.itemList()
	if w == 0 {
		return nil, nil
	}
	items := branches[rootProperties][w]
	list := &m.parts[rootProperties][m.at[rootProperties][w]-1]
	orderID, _ := m.lookup(path{root: rootProperties, word: wordOrderID})
	if orderID.isNull() || orderID.isBlank() {
		orderID = nil
	}
	var requests []Request
	for i := range m.lists[items] {
		if !m.lists[items][i].value.isObject() {
			continue
		}
		product, err := m.orderedProduct(order, items, place{list, i}, orderID, name, len(requests)+1)
		if err != nil {
			return nil, err
		}
		requests = append(requests, m.revision.event(product))
	}
	return requests, nil
}

// orderedProduct is the event of an item, of which there is one more request before it than
// its place among them says.
func (m *mapping) orderedProduct(order *event, items root, at place, orderID value, name textValue, request int) (*event, *Error) {
	fields, err := m.itemFields(items, at)
	if err != nil {
		return nil, err
	}
	product := *order
	product.metric = orderedProduct
	product.uniqueID = order.uniqueID + "-" + strconv.Itoa(at.item+1)
	if most := m.revision.limits.uniqueID; most > 0 {
		product.uniqueID = shortID(product.uniqueID, most)
	}
	product.value = m.worthOf(fields, at)
	if m.trace != nil {
		m.trace.beginItem(request, fmt.Sprintf("%v.%s", at, knownNames.names[wordPrice]))
		for i := range fields {
			own, why := string(fields[i].name()), WhyCustom
			if label := itemLabels[m.cfg.ItemFields][fields[i].word]; label != nil && !(fields[i].word == wordRowTotal && fields.has(wordTotal)) {
				own, why = string(label.name()), WhyRenamed
			}
			m.trace.properties[own] = origin{fmt.Sprintf("%v.%s", at, fields[i].name()), why}
		}
		m.trace.properties[string(orderIDLabel.name())] = origin{"properties.order_id", WhyRenamed}
		defer m.trace.endItem()
	}
	m.renameFields(fields)
	if orderID != nil {
		id := orderIDLabel
		id.value, id.mapped, id.hasSpace, id.levels = orderID, true, true, maxNesting
		fields = append(fields[:len(fields):len(fields)], id)
	}
	fields = m.withoutTaken(fields, at)
	most := &m.revision.limits
	fields = m.flatten(fields, most.properties, most.event, (*mapping).propertyPath)
	product.properties = m.json(fields, most.event, (*mapping).eventTooLarge)
	return &product, m.checkEvent(&product, fields, name.path)
}

// worthOf is what an item costs in all, or empty if it doesn't say.
func (m *mapping) worthOf(fields object, at place) string {
	price, ok := m.itemNumber(fields, wordPrice, at)
	if !ok || price == "" {
		return ""
	}
	quantity, ok := m.itemNumber(fields, wordQuantity, at)
	switch {
	case !ok:
		return ""
	case quantity == "":
		return price
	}
	return product(price, quantity)
}

// itemNumber reads a number of an item; it is empty if there is none, and not ok if something
// else is there.
func (m *mapping) itemNumber(fields object, w nameID, at place) (number string, ok bool) {
	for i := range fields {
		f := &fields[i]
		if f.word != w || f.value.isNull() || f.value.isBlank() {
			continue
		}
		if number, ok := f.value.number(); ok {
			return string(number), true
		}
		field := fmt.Sprintf("%v.%s", at, f.name())
		if number, ok := f.value.money(); ok {
			m.warn(CodeMoneyAsText, field, "money formatted as text: parsed as a number, and kept as a property")
			return string(number), true
		}
		m.warn(CodeNotNumeric, field, "not a number: kept as a property")
		return "", false
	}
	return "", true
}

// product multiplies two numbers, exactly where they are written without an exponent.
func product(a, b string) string {
	x, okX := new(big.Rat).SetString(plainDecimal(a))
	y, okY := new(big.Rat).SetString(plainDecimal(b))
	if !okX || !okY {
		return a
	}
	exact := x.Mul(x, y)
	digits, _ := exact.FloatPrec()
	text := exact.FloatString(digits)
	if !fitsDouble(text) {
		return ""
	}
	return text
}

// plainDecimal writes a number without an exponent, which a double has room for.
func plainDecimal(number string) string {
	if !bytes.ContainsAny([]byte(number), "eE") {
		return number
	}
	double, _ := strconv.ParseFloat(number, 64)
	return strconv.FormatFloat(double, 'f', -1, 64)
}
