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
	// orderCompleted is the event whose items become separate events, and orderedProduct their
	// metric.
	orderCompleted = "Order Completed"
	orderedProduct = "Ordered Product"
)

var (
	namePrice    = knownNames.add("price")
	nameQuantity = knownNames.add("quantity")
	// orderIDLabel is the name of the order id in the event for an item.
	orderIDLabel = func() member {
		knownNames.add("OrderId")
		return newMember("OrderId", nil)
	}()
)

// orderedProducts returns the requests for the items of an order if the config asks for them.
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
	list := &m.members[rootProperties][m.indexes[rootProperties][w]-1]
	orderID, _ := m.lookup(path{root: rootProperties, nameID: nameOrderID})
	if !m.isOrderID(orderID) {
		orderID = nil
	}
	var requests []Request
	for i := range m.lists[items] {
		if !m.lists[items][i].value.isObject() {
			continue
		}
		product, err := m.orderedProduct(order, items, container{list, i}, orderID, name, len(requests)+1)
		if err != nil {
			return nil, err
		}
		requests = append(requests, m.revision.event(product))
	}
	return requests, nil
}

// orderedProduct returns the event for an item. request is the index of its request.
func (m *mapping) orderedProduct(order *event, items root, at container, orderID value, name textValue, request int) (*event, *Error) {
	fields, err := m.itemFields(items, at)
	if err != nil {
		return nil, err
	}
	product := *order
	product.metric = orderedProduct
	product.uniqueID = order.uniqueID + "-" + strconv.Itoa(at.item+1)
	if limit := m.revision.limits.uniqueID; limit > 0 {
		product.uniqueID = shortID(product.uniqueID, limit)
	}
	product.value = m.itemTotal(fields, at)
	if m.trace != nil {
		m.trace.beginItem(request, fmt.Sprintf("%v.%s", at, knownNames.names[namePrice]))
		for i := range fields {
			own, why := string(fields[i].name()), WhyCustom
			if label := itemLabels[m.cfg.ItemFields][fields[i].nameID]; label != nil && !(fields[i].nameID == nameRowTotal && fields.has(nameTotal)) {
				own, why = string(label.name()), WhyRenamed
			}
			m.trace.properties[own] = origin{fmt.Sprintf("%v.%s", at, fields[i].name()), why}
		}
		m.trace.properties[string(orderIDLabel.name())] = origin{m.propertyPath([]byte(orderIDProperty)), WhyRenamed}
		defer m.trace.endItem()
	}
	m.renameFields(fields)
	if orderID != nil {
		id := orderIDLabel
		id.value, id.from, id.hasSpace, id.levels = orderID, nameOrderID, true, maxNesting
		fields = append(fields[:len(fields):len(fields)], id)
	}
	fields = m.dropCollisions(fields, at)
	lim := &m.revision.limits
	fields = m.flatten(fields, lim.properties, lim.event, func(_ *mapping, f *member) string { return at.pathOf(f.ownName()) })
	product.properties = m.json(fields, lim.event, (*mapping).eventTooLarge)
	return &product, m.checkEvent(&product, fields, name.path)
}

// itemTotal returns the price of an item multiplied by its quantity, or "" if it has no price.
func (m *mapping) itemTotal(fields object, at container) string {
	price, ok := m.itemNumber(fields, namePrice, at)
	if !ok || price == "" {
		return ""
	}
	quantity, ok := m.itemNumber(fields, nameQuantity, at)
	switch {
	case !ok:
		return ""
	case quantity == "":
		return price
	}
	return multiply(price, quantity)
}

// itemNumber returns a number of an item, or "" if there is none. It reports false if the value
// isn't a number.
func (m *mapping) itemNumber(fields object, w nameID, at container) (number string, ok bool) {
	for i := range fields {
		f := &fields[i]
		if f.nameID != w || f.value.isNull() || f.value.isBlank() {
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

// multiply multiplies two numbers, exactly if they have no exponent.
func multiply(a, b string) string {
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

// plainDecimal formats a number without an exponent.
func plainDecimal(number string) string {
	if !bytes.ContainsAny([]byte(number), "eE") {
		return number
	}
	double, _ := strconv.ParseFloat(number, 64)
	return strconv.FormatFloat(double, 'f', -1, 64)
}
