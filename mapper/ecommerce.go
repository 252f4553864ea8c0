package mapper

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// An ecommerceMetric is one of Klaviyo's own metrics. It is a column of ecommerceRows.
type ecommerceMetric int

const (
	viewedProduct ecommerceMetric = iota
	addedToCart
	startedCheckout
	ecommerceMetrics
)

var ecommerceMetricNames = [ecommerceMetrics]string{"Viewed Product", "Added to Cart", "Started Checkout"}

// ecommerceEvents maps events to Klaviyo's own metrics. Names are case-insensitive.
var ecommerceEvents = []struct {
	event  string
	metric ecommerceMetric
}{
	{"Product Viewed", viewedProduct},
	{"Product Clicked", viewedProduct},
	{"Product Added", addedToCart},
	{"Checkout Started", startedCheckout},
}

// ecommerceRows has the names of properties in each metric. Properties without a name there
// keep their names. valueProperty stands for the value, whichever property it comes from, and
// itemsProperty for the list of items.
var ecommerceRows = []struct {
	property string
	names    [ecommerceMetrics]string
}{
	{orderIDProperty, [...]string{"", "", "$event_id"}},
	{valueProperty, [...]string{"", "$value", "$value"}},
	{"name", [...]string{"ProductName", "AddedItemProductName", ""}},
	{"product_id", [...]string{"ProductID", "AddedItemProductID", ""}},
	{"sku", [...]string{"SKU", "AddedItemSKU", ""}},
	{"image_url", [...]string{"ImageURL", "AddedItemImageURL", ""}},
	{"url", [...]string{"URL", "AddedItemURL", ""}},
	{"brand", [...]string{"Brand", "", ""}},
	{"price", [...]string{"Price", "AddedItemPrice", ""}},
	{"compare_at_price", [...]string{"CompareAtPrice", "", ""}},
	{"quantity", [...]string{"", "AddedItemQuantity", ""}},
	{"categories", [...]string{"Categories", "AddedItemCategories", "Categories"}},
	{"item_names", [...]string{"", "ItemNames", "ItemNames"}},
	{"checkout_url", [...]string{"", "CheckoutURL", "CheckoutURL"}},
	{itemsProperty, [...]string{"Items", "Items", "Items"}},
}

const (
	orderIDProperty = "order_id"
	valueProperty   = "value"
	itemsProperty   = "items"
)

var (
	nameValue    = knownNames.add(valueProperty)
	nameItems    = knownNames.add(itemsProperty)
	nameProducts = knownNames.add("products")
	nameOrderID  = knownNames.add(orderIDProperty)
	nameTotal    = knownNames.add("total")
	nameRowTotal = knownNames.add("row_total")
)

// itemRows has the names of item fields for each value of Config.ItemFields.
var itemRows = []struct {
	field                       string
	guide, klaviyo, transformer string
}{
	{"product_id", "ProductID", "ProductID", "ProductID"},
	{"sku", "SKU", "SKU", "SKU"},
	{"name", "ProductName", "ProductName", "ProductName"},
	{"quantity", "Quantity", "Quantity", "Quantity"},
	{"price", "Price", "ItemPrice", "ItemPrice"},
	{"total", "RowTotal", "RowTotal", "RowTotal"},
	{"row_total", "RowTotal", "RowTotal", "RowTotal"},
	{"url", "URL", "ProductURL", "ProductURL"},
	{"image_url", "ImageURL", "ImageURL", "ImageURL"},
	{"categories", "ProductCategories", "ProductCategories", "ProductCategories"},
}

// transformerItems is the name of the list of items with ItemFieldsTransformer.
var transformerItems = newMember(itemsProperty, nil)

// metricOf returns the metric of an event, and its column in ecommerceRows if it has one.
func (m *mapping) metricOf(event string) (metric string, column ecommerceMetric, isEcommerce bool) {
	for i := range m.cfg.MetricNames {
		if name := &m.cfg.MetricNames[i]; strings.EqualFold(trim(name.EventName), event) {
			return trim(name.MetricName), 0, false
		}
	}
	if *m.cfg.EcommerceEvents {
		if column, isEcommerce = ecommerceMetricOf(event); isEcommerce {
			return ecommerceMetricNames[column], column, true
		}
	}
	return event, 0, false
}

// ecommerceMetricOf returns Klaviyo's own metric for an event.
func ecommerceMetricOf(event string) (ecommerceMetric, bool) {
	for _, e := range ecommerceEvents {
		if strings.EqualFold(e.event, event) {
			return e.metric, true
		}
	}
	return 0, false
}

// renames has the new names of properties or item fields by nameID. nil means that the name is
// kept.
type renames [maxNames]*member

func (l *renames) add(from, to string) {
	if to != "" {
		knownNames.add(to) // the new name needs a nameID, by which dropCollisions finds it
		label := newMember(to, nil)
		l[knownNames.add(from)] = &label
	}
}

// ecommerceLabels is ecommerceRows by metric.
var ecommerceLabels = func() (byMetric [ecommerceMetrics]renames) {
	for metric := range byMetric {
		for _, row := range ecommerceRows {
			byMetric[metric].add(row.property, row.names[metric])
		}
	}
	return byMetric
}()

// itemLabels is itemRows by Config.ItemFields.
var itemLabels = func() map[ItemFields]*renames {
	byChoice := map[ItemFields]*renames{ItemFieldsGuide: {}, ItemFieldsKlaviyo: {}, ItemFieldsTransformer: {}}
	for _, row := range itemRows {
		byChoice[ItemFieldsGuide].add(row.field, row.guide)
		byChoice[ItemFieldsKlaviyo].add(row.field, row.klaviyo)
		byChoice[ItemFieldsTransformer].add(row.field, row.transformer)
	}
	return byChoice
}()

// itemsLabel returns the name of the list of items.
func (m *mapping) itemsLabel(metric ecommerceMetric) *member {
	if m.cfg.ItemFields == ItemFieldsTransformer {
		return &transformerItems
	}
	return ecommerceLabels[metric][nameItems]
}

// renameProperties renames the properties of an e-commerce event.
func (m *mapping) renameProperties(metric ecommerceMetric, o object, amount *numberValue) object {
	names := &ecommerceLabels[metric]
	list := m.itemList()
	for i := range o {
		p := &o[i]
		label := names[p.nameID]
		switch {
		case p.nameID == nameOrderID && label != nil && !m.isOrderID(p.value):
			continue // $event_id is a deduplication key
		case p.nameID == 0:
			continue
		case p.nameID == list:
			if p.value.isString() {
				p.levels = maxNesting // the depth isn't known
			}
			p.value, label, p.items = m.renameItems(p), m.itemsLabel(metric), true
		case amount.isIn(p.nameID) && names[nameValue] != nil:
			p.value, label = amount.text, names[nameValue]
		case p.nameID == nameValue || p.nameID == nameItems:
			continue // not a number, or not a list
		}
		if label != nil {
			if m.trace != nil {
				m.traceRename(label, m.propertyPath(p.name()))
			}
			p.rename(label)
		}
	}
	if amount.isMoney && names[nameValue] != nil {
		value := *names[nameValue]
		value.value, value.from = amount.text, amount.path.nameID
		if m.trace != nil {
			m.traceRename(&value, amount.path.text)
		}
		o = append(o, value)
	}
	return m.dropCollisions(o, container{})
}

// isOrderID reports whether a value can be the id of an order. It warns of objects and lists.
func (m *mapping) isOrderID(v value) bool {
	if v.isObject() || v.isList() {
		m.warn(CodeWrongType, m.propertyPath([]byte(orderIDProperty)), "must be text, not an object or a list; kept under its own name")
		return false
	}
	return len(v) > 0 && !v.isNull() && !v.isBlank()
}

// itemLists are the properties that may be lists of items.
var itemLists = []nameID{nameItems, nameProducts}

// itemList returns the property that has the items: items or products, whichever is the first
// list that isn't empty.
func (m *mapping) itemList() nameID {
	var list nameID
	for _, w := range itemLists {
		v, _ := m.lookup(path{root: rootProperties, nameID: w})
		switch items := branches[rootProperties][w]; {
		case !v.isList() && !m.itemsInText[items]:
		case len(m.lists[items]) > 0:
			return w
		case list == 0:
			list = w
		}
	}
	return list
}

// readItemTexts parses lists of items in strings, as databases export them.
func (m *mapping) readItemTexts() {
	for _, w := range itemLists {
		v, _ := m.lookup(path{root: rootProperties, nameID: w})
		if !v.isString() {
			continue
		}
		items, inText := branches[rootProperties][w], scanner{maxItems: m.maxItems}
		if inText.scanItems(bytes.Trim(v.content(), " \t\r\n"), items) {
			m.itemsInText[items], m.lists[items], m.members[items] = true, inText.lists[items], inText.members[items]
		}
	}
}

// renameItems renames the fields of items that are objects. A list that exceeds a limit is
// returned unchanged.
func (m *mapping) renameItems(list *member) value {
	items := branches[rootProperties][list.nameID]
	if len(m.lists[items]) > m.revision.limits.elements {
		return list.value
	}
	out := append(slices.Grow(m.items[:0], min(len(list.value), m.revision.limits.event)), '[')
	for i := range m.lists[items] {
		if i > 0 {
			out = append(out, ',')
		}
		var err *Error
		if out, err = m.appendItem(out, items, container{list, i}); err != nil {
			m.setLimitError(err)
			return list.value
		}
	}
	m.items, list.hasSpace = append(out, ']'), false
	return m.items
}

// appendItem appends an item with renamed fields.
func (m *mapping) appendItem(dst []byte, items root, at container) ([]byte, *Error) {
	item := &m.lists[items][at.item]
	room := m.revision.limits.event - len(dst)
	if !item.value.isObject() {
		if len(item.value) > room && item.value.compactSize() > room {
			return dst, m.eventTooLarge()
		}
		return item.value.appendCompact(dst), nil
	}
	fields, err := m.itemFields(items, at)
	if err != nil {
		return dst, err
	}
	m.renameFields(fields)
	if fields = m.dropCollisions(fields, at); !fields.fits(room) {
		return dst, m.eventTooLarge()
	}
	return fields.appendTo(dst), nil
}

// itemFields returns the fields of an item that is an object.
func (m *mapping) itemFields(items root, at container) (object, *Error) {
	item := &m.lists[items][at.item]
	if !item.overflowed {
		return m.members[items][item.first:item.last:item.last], nil
	}
	if m.itemScanner == nil {
		m.itemScanner = new(scanner)
	}
	// The memory for names is shared with the event, which no longer needs it.
	m.itemScanner.openNames, m.itemScanner.largeNames = m.openNames, m.largeNames
	if !m.itemScanner.scanItem(item.value) {
		return nil, limitError(CodeTooManyProperties, at.String(), "an item can have at most %d fields", maxItemFields)
	}
	return m.itemScanner.members[rootItems], nil
}

// renameFields renames the fields of an item.
func (m *mapping) renameFields(fields object) {
	names, hasTotal := itemLabels[m.cfg.ItemFields], fields.has(nameTotal)
	for i := range fields {
		f := &fields[i]
		if label := names[f.nameID]; label != nil && !(f.nameID == nameRowTotal && hasTotal) {
			f.rename(label)
		}
	}
}

// ownItemField returns the name in the event of a field with a name in the request, of the item
// at.
func (m *mapping) ownItemField(at container, name []byte) []byte {
	if !at.list.isMapped() {
		return name
	}
	item := m.lists[branches[rootProperties][at.list.from]][at.item].value
	for _, row := range itemRows {
		label := itemLabels[m.cfg.ItemFields][knownNames.find([]byte(row.field), hashName([]byte(row.field)))]
		if bytes.Equal(label.name(), name) && len(item.get(row.field)) > 0 {
			return []byte(row.field)
		}
	}
	return name
}

// rename gives a member a mapped name.
func (m *member) rename(label *member) {
	m.from = m.nameID
	m.quoted, m.hash, m.nameID, m.escaped = label.quoted, label.hash, label.nameID, label.escaped
}

func (o object) has(w nameID) bool {
	for i := range o {
		if o[i].nameID == w {
			return true
		}
	}
	return false
}

// A container is the object that has properties: the event's properties or an item of a list.
type container struct {
	list *member
	item int
}

func (p container) String() string {
	if p.list == nil {
		return "properties"
	}
	return fmt.Sprintf("properties.%s[%d]", p.list.ownName(), p.item)
}

// pathOf returns the path of a member with a name.
func (p container) pathOf(name []byte) string { return p.String() + "." + truncate(name) }

// dropCollisions removes members of o whose names are also mapped names. o is the content of
// the container at.
func (m *mapping) dropCollisions(o object, at container) object {
	var mapped nameIDSet
	for i := range o {
		if o[i].isMapped() {
			mapped[o[i].nameID] = true
		}
	}
	collides := func(p *member) bool { return mapped[p.nameID] && !p.isMapped() }
	for i := range o {
		if collides(&o[i]) {
			return slices.DeleteFunc(o, func(p member) bool {
				if collides(&p) {
					m.warnCollision(fmt.Sprintf("%v.%s", at, p.name()), "a mapped property has the same name")
					return true
				}
				return false
			})
		}
	}
	return o
}
