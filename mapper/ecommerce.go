package mapper

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// ecommerceMetric is one of Klaviyo's own metrics, a column of ecommerceRows.
type ecommerceMetric int

const (
	viewedProduct ecommerceMetric = iota
	addedToCart
	startedCheckout
	ecommerceMetrics
)

var ecommerceMetricNames = [ecommerceMetrics]string{"Viewed Product", "Added to Cart", "Started Checkout"}

// ecommerceEvents are the events that have a metric of Klaviyo's own. Their names
// are matched in any case.
var ecommerceEvents = []struct {
	event  string
	metric ecommerceMetric
}{
	{"Product Viewed", viewedProduct},
	{"Product Clicked", viewedProduct},
	{"Product Added", addedToCart},
	{"Checkout Started", startedCheckout},
}

// ecommerceRows are the names of the properties of each metric. A property
// without a name keeps its own. The value is a number, whichever property it
// comes from; itemsProperty stands for the one that holds the items.
var ecommerceRows = []struct {
	property string
	names    [ecommerceMetrics]string
}{
	{"order_id", [...]string{"", "", "$event_id"}},
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
	valueProperty = "value"
	itemsProperty = "items"
)

var (
	wordValue    = knownNames.add(valueProperty)
	wordItems    = knownNames.add(itemsProperty)
	wordProducts = knownNames.add("products")
	wordOrderID  = knownNames.add("order_id")
	wordTotal    = knownNames.add("total")
	wordRowTotal = knownNames.add("row_total")
)

// itemRows are the names of the fields of an item, by the config's choice of names.
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

// transformerItems is the name of the items among the transformer's names.
var transformerItems = newMember(itemsProperty, nil)

// metricOf gives the metric of an event of that name, and the column of its properties'
// names if it has one.
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

// ecommerceMetricOf gives the metric that an event of that name becomes.
func ecommerceMetricOf(event string) (ecommerceMetric, bool) {
	for _, e := range ecommerceEvents {
		if strings.EqualFold(e.event, event) {
			return e.metric, true
		}
	}
	return 0, false
}

// labels are the mapped names of properties or of fields of items, by the word that
// they take the place of; nil where the word keeps its own.
type labels [maxNames]*member

func (l *labels) add(from, to string) {
	if to != "" {
		knownNames.add(to) // so that a label has a word, by which names that are taken are known
		label := newMember(to, nil)
		l[knownNames.add(from)] = &label
	}
}

// ecommerceLabels are ecommerceRows by metric.
var ecommerceLabels = func() (byMetric [ecommerceMetrics]labels) {
	for metric := range byMetric {
		for _, row := range ecommerceRows {
			byMetric[metric].add(row.property, row.names[metric])
		}
	}
	return byMetric
}()

// itemLabels are itemRows by the config's choice of names.
var itemLabels = func() map[ItemFields]*labels {
	byChoice := map[ItemFields]*labels{ItemFieldsGuide: {}, ItemFieldsKlaviyo: {}, ItemFieldsTransformer: {}}
	for _, row := range itemRows {
		byChoice[ItemFieldsGuide].add(row.field, row.guide)
		byChoice[ItemFieldsKlaviyo].add(row.field, row.klaviyo)
		byChoice[ItemFieldsTransformer].add(row.field, row.transformer)
	}
	return byChoice
}()

// itemsLabel is the name of the items themselves.
func (m *mapping) itemsLabel(metric ecommerceMetric) *member {
	if m.cfg.ItemFields == ItemFieldsTransformer {
		return &transformerItems
	}
	return ecommerceLabels[metric][wordItems]
}

// renameProperties gives the properties of an e-commerce event their names.
func (m *mapping) renameProperties(metric ecommerceMetric, o object, worth *numberValue) object {
	names := &ecommerceLabels[metric]
	list := m.itemList()
	for i := range o {
		p := &o[i]
		label := names[p.word]
		switch {
		case p.word == wordOrderID && (p.value.isNull() || p.value.isBlank()):
			continue // $event_id is a key
		case p.word == 0:
			continue
		case p.word == list:
			if p.value.isString() {
				p.levels = maxNesting // for all that is known of what is in it
			}
			p.value, label, p.items = m.renameItems(p), m.itemsLabel(metric), true
		case worth.isIn(p.word) && names[wordValue] != nil:
			p.value, label = worth.text, names[wordValue]
		case p.word == wordValue || p.word == wordItems:
			continue // no number, or no list
		}
		if label != nil {
			if m.trace != nil {
				m.renamed(label, m.propertyPath(p.name()))
			}
			p.rename(label)
		}
	}
	if worth.isMoney && names[wordValue] != nil {
		value := *names[wordValue]
		value.value, value.mapped = worth.text, true
		if m.trace != nil {
			m.renamed(&value, worth.path.text)
		}
		o = append(o, value)
	}
	return m.withoutTaken(o, place{})
}

// itemLists are the properties that may hold items.
var itemLists = []nameID{wordItems, wordProducts}

// itemList is the property that holds the items: items, else products, if it is a
// list. An empty one gives way to one that isn't.
func (m *mapping) itemList() nameID {
	var list nameID
	for _, w := range itemLists {
		v, _ := m.lookup(path{root: rootProperties, word: w})
		switch items := branches[rootProperties][w]; {
		case !v.isList() && !m.itemTexts[items]:
		case len(m.lists[items]) > 0:
			return w
		case list == 0:
			list = w
		}
	}
	return list
}

// readItemTexts reads the lists of items that stand in strings, as databases have them.
func (m *mapping) readItemTexts() {
	for _, w := range itemLists {
		v, _ := m.lookup(path{root: rootProperties, word: w})
		if !v.isString() {
			continue
		}
		items, inText := branches[rootProperties][w], scanner{mostItems: m.mostItems}
		if inText.scanItems(bytes.Trim(v.content(), " \t\r\n"), items) {
			m.itemTexts[items], m.lists[items], m.parts[items] = true, inText.lists[items], inText.parts[items]
		}
	}
}

// renameItems renames the fields of each item that is an object. A list that can't be sent
// stays as it is.
func (m *mapping) renameItems(list *member) value {
	items := branches[rootProperties][list.word]
	if len(m.lists[items]) > m.revision.limits.elements {
		return list.value
	}
	out := append(slices.Grow(m.items[:0], min(len(list.value), m.revision.limits.event)), '[')
	for i := range m.lists[items] {
		if i > 0 {
			out = append(out, ',')
		}
		var err *Error
		if out, err = m.appendItem(out, items, place{list, i}); err != nil {
			m.setLimitError(err)
			return list.value
		}
	}
	m.items, list.hasSpace = append(out, ']'), false
	return m.items
}

// appendItem writes an item with the names that Klaviyo has for its fields.
func (m *mapping) appendItem(dst []byte, items root, at place) ([]byte, *Error) {
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
	if fields = m.withoutTaken(fields, at); !fields.fits(room) {
		return dst, m.eventTooLarge()
	}
	return fields.appendTo(dst), nil
}

// itemFields gives the fields of an item that is an object.
func (m *mapping) itemFields(items root, at place) (object, *Error) {
	item := &m.lists[items][at.item]
	if !item.crowded {
		return m.parts[items][item.first:item.last:item.last], nil
	}
	if m.itemScanner == nil {
		m.itemScanner = new(scanner)
	}
	// The memory for names is the event's, which needs it no more.
	m.itemScanner.open, m.itemScanner.many = m.open, m.many
	if !m.itemScanner.scanItem(item.value) {
		return nil, limitError(CodeTooManyProperties, at.String(), "an item can have at most %d fields", maxItemFields)
	}
	return m.itemScanner.parts[rootItems], nil
}

// renameFields gives the fields of an item their names.
func (m *mapping) renameFields(fields object) {
	names, hasTotal := itemLabels[m.cfg.ItemFields], fields.has(wordTotal)
	for i := range fields {
		f := &fields[i]
		if label := names[f.word]; label != nil && !(f.word == wordRowTotal && hasTotal) {
			f.rename(label)
		}
	}
}

// rename gives a member a mapped name.
func (m *member) rename(label *member) {
	m.quoted, m.hash, m.word, m.escaped, m.mapped = label.quoted, label.hash, label.word, label.escaped, true
}

func (o object) has(w nameID) bool {
	for i := range o {
		if o[i].word == w {
			return true
		}
	}
	return false
}

// place is where properties stand: in the event's, or in an item of a list there.
type place struct {
	list *member
	item int
}

func (p place) String() string {
	if p.list == nil {
		return "properties"
	}
	return fmt.Sprintf("properties.%s[%d]", p.list.name(), p.item)
}

// withoutTaken leaves out the members of o, which stands at place, that keep their
// names but lose them to mapped ones.
func (m *mapping) withoutTaken(o object, at place) object {
	var taken wordSet
	for i := range o {
		if o[i].mapped {
			taken[o[i].word] = true
		}
	}
	losing := func(p *member) bool { return taken[p.word] && !p.mapped }
	for i := range o {
		if losing(&o[i]) {
			return slices.DeleteFunc(o, func(p member) bool {
				if losing(&p) {
					m.warnCollision(fmt.Sprintf("%v.%s", at, p.name()), "a mapped property has the same name")
					return true
				}
				return false
			})
		}
	}
	return o
}
