#!/bin/sh
# Shapes: a path that leads through what it cannot is a reject, wherever the path stands.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .meta.v, modified: .meta.mod, op: .meta.op}
star:
  facts:
    orders:
      keep: latest
      for: [O]
      columns:
        name: {from: .customer.name, type: varchar(9), dimension: dim_customer}
        city: {from: .customer.address.city, type: varchar(9)}
        first: {from: ".tags[0].text", type: varchar(9)}
        last: {from: ".tags[-1].text", type: varchar(9)}
    items:
      keep: latest
      each: ".items[]"
      columns:
        id: {from: .id, type: varchar(9)}
        sku: {from: $item.sku, type: varchar(9)}
        tax: {from: $item.price.tax, type: "decimal(9,2)"}
        nth: {from: $index, type: int}
    scans:
      keep: latest
      for: [S]
      each: ".boxes[].scans[]"
      columns:
        all: {from: $item, type: json}
        at: {from: .place.at, type: varchar(9), dimension: dim_place}
  dimensions:
    dim_customer: {key: .customer.name, columns: {name: {from: .customer.name, type: varchar(9)}, mail: {from: .contact.mail, type: varchar(9)}}}
    dim_place: {key: [.place.at, .zone.no], for: [P], columns: {at: {from: .place.at, type: varchar(9)}, no: {from: .zone.no, type: int}}}
END
event='"id":"1","time":"2026-03-01T10:00:00Z","type"'

# What evvalidate and evstar, each alone, say of: an event; the same a second time, when its shape is
# known; and with a name that has escapes, which has no shape.
reasons()
{
	for more in '' '' ',"\u0078":1'; do
		printf '{%s:"%s"%s,%s}\n' "$event" "$1" "$more" "$2"
	done >in.jsonl
	for program in evvalidate evstar; do
		rm -f rejects
		"$program" -r rejects in.jsonl >out.jsonl 2>err.txt ||
			grep -Ev ': nothing passed, and the batch is not approved: 3 records|^evstar: .*: no event of the batch has ' err.txt
		jq -rs --arg p "$program" 'group_by(._ev.reject.reasons)[] | "\($p) \(length) \(.[0]._ev.reject
			| .code + ": " + (.reasons | map(.path + ": " + .message) | join("; ")))"' rejects
	done | grep . || echo passes
}
while IFS='|' read -r name type members want; do
	reasons "$type" "$members" >got
	case $want in
	passes) echo passes >want ;;
	*) printf 'evvalidate 3 shape: %s\nevstar 3 shape: %s\n' "$want" "$want" >want ;;
	esac
	same "$name" got want
done <<'END'
a member of a text|O|"customer":"Ada"|/customer: the path .customer.name goes through an object, and this is a text: "Ada"
of a number, two steps down|O|"customer":{"name":"Ada","address":7}|/customer/address: the path .customer.address.city goes through an object, and this is a number: 7
of a boolean|X|"contact":true|/contact: the path .contact.mail goes through an object, and this is a boolean: true
of an array|X|"contact":[{"mail":"a@b"}]|/contact: the path .contact.mail goes through an object, and this is an array: [{"mail":"a@b"}]
an element of an object|O|"tags":{"0":"x"}|/tags: the path .tags[0].text goes through an array, and this is an object: {"0":"x"}
of a text|O|"tags":"new"|/tags: the path .tags[0].text goes through an array, and this is a text: "new"
a member of a text in an array|O|"tags":["new"]|/tags/0: the path .tags[0].text goes through an object, and this is a text: "new"
and of the last|O|"tags":[{"text":"a"},null,5]|/tags/2: the path .tags[-1].text goes through an object, and this is a number: 5
a list that is an object|X|"items":{"sku":"mug","price":{"tax":1}}|/items: the path .items[] goes through an array, and this is an object: {"sku":"mug","price":{"tax":1}}
a list that is a text|X|"items":"mug"|/items: the path .items[] goes through an array, and this is a text: "mug"
a list that is a number|X|"items":0|/items: the path .items[] goes through an array, and this is a number: 0
a list that is false|X|"items":false|/items: the path .items[] goes through an array, and this is a boolean: false
elements that are texts|X|"items":["mug",{"sku":"cup"},null,"pot"]|/items/0: the path $item.sku goes through an object, and this is a text: "mug"; /items/3: the path $item.sku goes through an object, and this is a text: "pot"
an element that is a list|X|"items":[[{"sku":"mug"}]]|/items/0: the path $item.sku goes through an object, and this is an array: [{"sku":"mug"}]
a member of an element's number|X|"items":[{"price":{"tax":1}},{"price":4.50}]|/items/1/price: the path $item.price.tax goes through an object, and this is a number: 4.50
a list in a list|S|"boxes":[{"scans":[1]},{"scans":{"a":1}},{"scans":"x"}]|/boxes/1/scans: the path .boxes[].scans[] goes through an array, and this is an object: {"a":1}; /boxes/2/scans: the path .boxes[].scans[] goes through an array, and this is a text: "x"
a list of lists where objects are due|S|"boxes":[[1]]|/boxes/0: the path .boxes[].scans[] goes through an object, and this is an array: [1]
what is there is told once a place|O|"customer":"A","contact":"B","items":[1]|/customer: the path .customer.name goes through an object, and this is a text: "A"; /items/0: the path $item.sku goes through an object, and this is a number: 1; /contact: the path .contact.mail goes through an object, and this is a text: "B"
a part of a key whose dimension is for others|S|"place":{"at":"x"},"zone":"b"|/zone: the path .zone.no goes through an object, and this is a text: "b"
a part of the envelope that need not be there|X|"meta":"1"|/meta: the path .meta.mod goes through an object, and this is a text: "1"
absent|O|"n":1|passes
null|O|"customer":null,"contact":null,"tags":null,"items":null,"meta":null|passes
null further down|O|"customer":{"address":null},"tags":[null],"items":[null,{"price":null}]|passes
empty|O|"customer":{},"tags":[],"items":[],"meta":{},"contact":{}|passes
null in lists in lists|S|"boxes":[null,{"scans":null},{"scans":[null,1,"x",[]]}],"place":null,"zone":{"no":null}|passes
what only other types ask for|X|"customer":{"name":"A"},"tags":"x","boxes":7,"place":"y"|passes
END

# A schema's promise spares the question, and only where the promise is one.
sed 's/^star:/types: {O: {properties: {customer: {properties: {name: {type: string}}}, contact: {type: object}}}, X: {properties: {customer: {type: [object, "null"]}}}, S: true, P: true}\n&/' evkit.yaml >promise.yaml
mv promise.yaml evkit.yaml
reasons O '"customer":"Ada"' >got
same 'a schema that says nothing of the kind is no promise' got - <<'END'
evvalidate 3 shape: /customer: the path .customer.name goes through an object, and this is a text: "Ada"
evstar 3 shape: /customer: the path .customer.name goes through an object, and this is a text: "Ada"
END
printf '{%s:"X","customer":"Ada"}\n' "$event" >in.jsonl
run evvalidate -r rejects in.jsonl
is 'one that does speaks first' "$(jq -r '._ev.reject | .code + " " + .reasons[0].keyword' rejects)" 'schema type'
try 'without -r the first stops the run' 2 'evvalidate in.jsonl' <<'END'
! evvalidate: in.jsonl:1: /customer: "Ada" is a string, not null or an object: mend it, or set bad records aside with -r FILE
END

# Expectations, rules, and the keys of evdedupe.
cat >only.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v}
rules:
  - {name: r, jq: ".customer.age == null or .customer.age > 17"}
expectations:
  - expect_column_values_to_be_between: {column: "items[].price", min_value: 0}
  - expect_column_values_to_be_between: {column: "cart.total", min_value: 0}
  - expect_column_values_to_be_between: {column: "rows[0].n", min_value: 0}
END
while IFS='|' read -r name members want; do
	for more in '' '' ',"\u0078":1'; do
		printf '{%s:"X"%s,%s}\n' "$event" "$more" "$members"
	done >in.jsonl
	run evvalidate -m only.yaml -r rejects in.jsonl
	is "an expectation: $name" "$(jq -r '._ev.reject | .code + " " + (.reasons | map("\(.path // "-") \(.message)") | join("; "))' rejects | uniq -c | sed 's/^ *//')" "$want"
done <<'END'
a list that is an object|"items":{"price":-4}|3 shape /items the path .items[].price goes through an array, and this is an object: {"price":-4}
elements that are numbers|"items":[{"price":1},-4]|3 shape /items/1 the path .items[].price goes through an object, and this is a number: -4
a member of a text|"cart":"-4"|3 shape /cart the path .cart.total goes through an object, and this is a text: "-4"
an element of an object|"rows":{"n":-4}|3 shape /rows the path .rows[0].n goes through an array, and this is an object: {"n":-4}
a member of an element that is a text|"rows":["-4"]|3 shape /rows/0 the path .rows[0].n goes through an object, and this is a text: "-4"
null and absent|"items":[null,{}],"cart":null,"rows":[]|
a rule's member of a text|"customer":"Ada"|3 rule - the rule cannot be told: Cannot index string with string "age"
END
printf '{%s:"X","meta":%s}\n' "$event" '{"k":1}' "$event" '"a"' "$event" '"b"' "$event" null "$event" 1 >in.jsonl
run evdedupe -k .meta.k,.id -r rejects in.jsonl
is 'a key of evdedupe that lies in something else is not absent' \
	"$(wc -l <"$out") $(jq -r '._ev.reject | "\(.line) \(.code) \(.reasons[0].path)"' rejects | tr '\n' ' ')" \
	'2 2 shape /meta 3 shape /meta 5 shape /meta '
done_testing
