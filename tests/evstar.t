#!/bin/sh
# evstar: versions of events to the rows of facts and dimensions.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
star:
  facts:
    history:
      keep: history
      columns:
        user: {from: .user, type: varchar(20), dimension: dim_user}
        amount: {from: .amount, type: "decimal(12,2)"}
        at: {from: .time, type: timestamp, dimension: dim_day}
    latest:
      keep: latest
      for: [Order]
      columns:
        buyer: {from: .user, type: varchar(20), dimension: dim_user}
        payer: {from: .payer, type: varchar(20), dimension: dim_user}
    lines:
      keep: latest
      each: ".lines[]"
      columns:
        pos: {from: $index, type: int}
        event: {from: .id, type: varchar(40)}
        sku: {from: $item.sku, type: varchar(20), dimension: dim_product}
        qty: {from: $item.qty, type: int}
  dimensions:
    dim_user:
      key: .user
      columns:
        user: {from: .user, type: varchar(20)}
        name: {from: .name, type: varchar(40)}
        email: {from: .email, type: varchar(40)}
    dim_product:
      key: $item.sku
      each: ".lines[]"
      columns:
        sku: {from: $item.sku, type: varchar(20)}
        title: {from: $item.title, type: varchar(40)}
    dim_type:
      key: .type
      for: [Order, Refund]
      columns:
        type: {from: .type, type: varchar(20)}
    dim_day:
      calendar: {from: 2026-03-28, to: 2026-03-30, zone: Europe/Amsterdam}
END

unknown=00000000000000000000000000000000

# key TYPE TEXT ...: the key over these parts, as an analyst would reckon it.
key()
{
	while [ $# -gt 0 ]; do
		printf '%s %d:%s' "$1" "${#2}" "$2"
		shift 2
	done | md5sum | cut -c 1-32
}

# ev ID VERSION HOUR MEMBERS: an order of 2026-03-28.
ev()
{
	printf '{"id":"%s","type":"Order","time":"2026-03-28T%s:00:00Z","v":%s%s}\n' "$1" "$3" "$2" "${4:+,$4}"
}

# rows TABLE JQ: of the last run's output, JQ of each row that goes into the table.
rows()
{
	jq -c "select(._ev.table == \"$1\" and ._ev.op == \"insert\") | $2" "$out"
}

# star NAME TABLE JQ <<END: the here-document's lines "> EVENT" go through evversion and evstar; its
# other lines are what JQ makes of the rows of TABLE.
star()
{
	cat >table
	sed -n 's/^> //p' table >in.jsonl
	sed -n '/^[^>]/p' table >want
	run 'evversion -r rejects in.jsonl | evstar'
	rows "$2" "$3" >got
	[ "$status" = 0 ] || cat "$err" >>got
	same "$1" got want
}

# A whole output

cat >whole.jsonl <<'END'
{"id":"7","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"al","amount":19.10,"name":"Alan","email":"al@example.org","lines":[{"sku":"x","qty":1},{"sku":"y","qty":2,"title":"Y"}]}
{"id":"7","type":"Order","time":"2026-03-28T10:00:00Z","v":2,"user":"al","name":"Al","amount":20,"lines":[{"sku":"x","qty":1.0},{"sku":"z","qty":3,"title":"Z"}]}
END
run 'evversion whole.jsonl >versions.jsonl; evstar --stats - versions.jsonl'
al=$(key varchar al)
x=$(key varchar x)
z=$(key varchar z)
order=$(key varchar Order)
d28=$(key date 2026-03-28)
d30=$(key date 2026-03-30)
cat >want <<END
{"_ev":{"op":"delete","owner":"7"}}
{"ev_version":1,"ev_index":0,"ev_valid_from":"2026-03-28T10:00:00.000000Z","ev_valid_to":"2026-03-28T10:00:00.000000Z","ev_current":false,"ev_deleted":false,"user":"al","user_key":"$al","amount":19.10,"at":"2026-03-28T10:00:00.000000Z","at_key":"$d28","_ev":{"table":"history","op":"insert","owner":"7"}}
{"ev_version":2,"ev_index":0,"ev_valid_from":"2026-03-28T10:00:00.000000Z","ev_valid_to":null,"ev_current":true,"ev_deleted":false,"user":"al","user_key":"$al","amount":20,"at":"2026-03-28T10:00:00.000000Z","at_key":"$d28","_ev":{"table":"history","op":"insert","owner":"7"}}
{"ev_index":0,"buyer":"al","buyer_key":"$al","payer":null,"payer_key":"$unknown","_ev":{"table":"latest","op":"insert","owner":"7"}}
{"ev_index":0,"pos":0,"event":"7","sku":"x","sku_key":"$x","qty":1,"_ev":{"table":"lines","op":"insert","owner":"7"}}
{"ev_index":1,"pos":1,"event":"7","sku":"z","sku_key":"$z","qty":3,"_ev":{"table":"lines","op":"insert","owner":"7"}}
{"dim_user_key":"$al","ev_inferred":false,"user":"al","name":"Al","email":null,"_ev":{"table":"dim_user","op":"insert","owner":"$al"}}
$(printf '%s %s\n' "$x" '"ev_inferred":true,"sku":"x","title":null' "$z" '"ev_inferred":false,"sku":"z","title":"Z"' |
	sort | sed 's/\([^ ]*\) \(.*\)/{"dim_product_key":"\1",\2,"_ev":{"table":"dim_product","op":"insert","owner":"\1"}}/')
{"dim_type_key":"$order","ev_inferred":false,"type":"Order","_ev":{"table":"dim_type","op":"insert","owner":"$order"}}
END
check 'two versions of an order, byte by byte, with keys that md5sum makes' 0 @want \
	"evstar      in 3  event 2  delete 1  out $(wc -l <want)  rejected 0  blank 0
evstar: evkit.yaml:17:9: no event of the batch has .payer, which the column payer of latest asks for: there are '.amount', '.email', '.id', '.lines', '.name', '.time', '.type', '.user' and '.v'"
run evstar /dev/null
check 'nothing comes of nothing' 0
printf '\n{\n' >none.jsonl
run evstar -r rejects none.jsonl
check 'nor of bad records alone' 1 '' \
	'evstar: nothing passed, and the batch is not approved: 1 record was rejected: see whether they are wrong or the model is'
for i in 1 2 3; do
	echo '{"id":"'$i'","type":"Visit","time":"2026-03-28T10:00:00Z","v":1}'
done >three.jsonl
run 'evversion three.jsonl | evstar'
is 'three events give the rows of three events, and nothing that follows from the model alone' \
	"$(jq -c '[._ev.op, ._ev.table, ._ev.owner]' "$out" | tr '\n' ' ')" \
	'["delete",null,"1"] ["insert","history","1"] ["delete",null,"2"] ["insert","history","2"] ["delete",null,"3"] ["insert","history","3"] '

# Deletes are handed on

cat >deletes.jsonl <<'END'
{"_ev":{"op":"delete","owner":"a \"quoted\" \\"}}
{"_ev":{"op":"delete","owner":"\\\""}}
{"_ev":{"op":"delete","owner":"ä","first":12,"from":1}}
{"_ev":{"op":"delete","owner":"first","first":18446744073709551615,"from":3}}
{"_ev":{"op":"delete","owner":"days","first":1,"from":1,"days":["0001-01-01","9999-12-31"]}}
END
run evstar --stats - deletes.jsonl
check 'deletes are handed on, byte by byte' 0 @deletes.jsonl \
	'evstar      in 5  event 0  delete 5  out 5  rejected 0  blank 0'
for line in '' ',"owner":""}}' ',"owner":"a}}' ',"owner":"a\"}}' ',"owner":"a"}' ',"owner":"a"}} ' ',"owner":"a","first":1}}' \
	',"owner":"a","first":1,"from":}}' ',"owner":"a","first":-1,"from":1}}' ',"owner":"a","from":1}}' ',"owner":1}}' ',"table":"f","owner":"a"}}' \
	',"owner":"a","first":1,"from":1,"more":1}}' ',"owner":"a","days":["2026-03-01","2026-03-01"]}}' \
	',"owner":"a","first":1,"from":1,"days":["2026-03-01"]}}' ',"owner":"a","first":1,"from":1,"days":["2026-03-01","2026-02-30"]}}' \
	',"owner":"a","first":1,"from":1,"days":["2026-13-01","2026-03-01"]}}' ',"owner":"a","first":1,"from":1,"days":["2026-03-01","2026-03-01"],"x":1}}'; do
	printf '%s\n' '{"_ev":{"op":"delete"'"$line" >forged.jsonl
	[ -n "$line" ] || echo '{"_ev":{"op":"delete",' >forged.jsonl
	run evstar -r rejects forged.jsonl
	check "a delete that evversion did not write: $line" 2 '' \
		'evstar: forged.jsonl:1: the "_ev" is not as evversion writes it: give evstar what evversion wrote'
done

# Facts

star 'a history fact has every version, and the tombstone' history '[.user, .ev_valid_from[11:16], (.ev_valid_to // "" | .[11:16]), .ev_current, .ev_deleted]' <<'END'
> {"id":"7","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"a"}
> {"id":"7","type":"Order","time":"2026-03-28T11:00:00Z","v":2,"user":"b"}
> {"id":"7","type":"Order","time":"2026-03-28T12:00:00Z","v":3,"op":"delete"}
["a","10:00","11:00",false,false]
["b","11:00","12:00",false,false]
["b","12:00","",false,true]
END
is 'a latest fact has nothing once it is deleted' "$(rows latest .; rows lines .)" ''

star 'a latest fact has the current version' latest '[._ev.owner, .buyer]' <<END
> {"id":"7","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"a"}
> {"id":"7","type":"Order","time":"2026-03-28T11:00:00Z","v":2,"user":"b"}
> {"id":"8","type":"Order","time":"2026-03-28T11:00:00Z","v":2,"user":"a"}
["7","b"]
["8","a"]
END
star 'for: other types have no row in that fact' latest '[.buyer]' <<'END'
> {"id":"7","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"a"}
> {"id":"8","type":"Refund","time":"2026-03-28T10:00:00Z","v":1,"user":"b"}
> {"id":"9","type":"Visit","time":"2026-03-28T10:00:00Z","v":1,"user":"c"}
["a"]
END
is 'for: nor a member in that dimension' "$(rows dim_type .type | sort | tr '\n' ' ')" '"Order" "Refund" '
is 'without for, every type has its row' "$(rows history .user | tr '\n' ' ')" '"a" "b" "c" '
printf '%s\n' '{"id":"7","type":"Order","time":"2026-03-28T10:00:00Z"}' \
	'{"id":"0189F7EA-AE2F-7A1B-8C3D-0123456789AB","type":"Order","time":"2026-03-28T10:00:00Z"}' \
	'{"id":7.0,"type":"Order","time":"2026-03-28T10:00:00Z"}' '{"id":"ä","type":"Order","time":"2026-03-28T10:00:00Z"}' \
	'{"id":"\u0061\tb\"c\\","type":"Order","time":"2026-03-28T10:00:00Z"}' \
	'{"id":"urn:uuid:0189F7EA-AE2F-7A1B-8C3D-0123456789AC","type":"Order","time":"2026-03-28T10:00:00Z"}' \
	'{"id":-1.2e2,"type":"Order","time":"2026-03-28T10:00:00Z"}' >ids.jsonl
run evstar ids.jsonl
is 'the owner is the id as text, 7 and "7" the same, a UUID in its one spelling' "$(rows latest ._ev.owner | tr '\n' ' ')" \
	'"7" "0189f7ea-ae2f-7a1b-8c3d-0123456789ab" "7" "ä" "a\tb\"c\\" "0189f7ea-ae2f-7a1b-8c3d-0123456789ac" "-120" '
is 'in a history fact as well' "$(rows history ._ev.owner | sort)" "$(rows latest ._ev.owner | sort)"
awk 'BEGIN { for (i = 0; i < 255; i++) s = s "\\u0001"; print "{\"id\":\"" s "\",\"type\":\"Order\",\"time\":\"2026-03-28T10:00:00Z\"}" }' >long.jsonl
run evstar long.jsonl
is 'the longest owner, each byte of which takes six' "$(rows latest '._ev.owner | length')" 255

cat >lists.jsonl <<'END'
{"id":"a","type":"Order","time":"2026-03-28T10:00:00Z","lines":[{"sku":"x"},null,{"qty":3},{},{"sku":"x","qty":4}]}
{"id":"b","type":"Order","time":"2026-03-28T10:00:00Z","lines":[]}
{"id":"c","type":"Order","time":"2026-03-28T10:00:00Z"}
{"id":"d","type":"Order","time":"2026-03-28T10:00:00Z","lines":null}
{"id":"e","type":"Order","time":"2026-03-28T10:00:00Z","lines":[]}
{"id":"f","type":"Order","time":"2026-03-28T10:00:00Z","lines":[{"sku":"y"}]}
END
run evstar --stats - lists.jsonl
rows lines '[.event, .ev_index, .pos, .sku, .qty]' >got
same 'an exploded fact has a row per element, numbered from 0; no list, no row' got - <<'END'
["a",0,0,"x",null]
["a",1,1,null,null]
["a",2,2,null,3]
["a",3,3,null,null]
["a",4,4,"x",4]
["f",0,0,"y",null]
END
is 'an event without rows is an event all the same' "$(sed '2,$d; s/  out.*//' "$err")" 'evstar      in 6  event 6  delete 0'
sed 's/each: "\.lines\[\]"/each: ".boxes[].lines[]"/' evkit.yaml >deep.yaml
echo '{"id":"a","type":"Order","time":"2026-03-28T10:00:00Z","boxes":[{"lines":[{"sku":"x"},{"sku":"y"}]},{},{"lines":[{"sku":"z"}]}]}' >deep.jsonl
run evstar -m deep.yaml deep.jsonl
is 'lists in lists: one numbering of rows through all, and places in their own list' "$(rows lines '[.ev_index, .pos, .sku]' | tr '\n' ' ')" '[0,0,"x"] [1,1,"y"] [2,0,"z"] '
sed 's/\$item\.qty/$item.at.qty/' evkit.yaml >inner.yaml
echo '{"id":"a","type":"Order","time":"2026-03-28T10:00:00Z","lines":[' \
	'{"sku":"a","title":"A","at":{"qty":1}},{"sku":"b","title":"B","at":{"qty":2}},{"title":"C","sku":"c","at":{"qty":3}},' \
	'{"title":"D","sku":"d","at":{"no":0}},{"title":"E","sku":"e","qty":5},{"sku":"f","title":"F","qty":6,"at":{"qty":60}},' \
	'{"sku":"g","title":"G","at":null},{"sku":"h","at":{"qty":8}},{"at":{"qty":9},"sku":"i","title":"I"},null,' \
	'{"at":{"qty":10},"s\u006bu":"j","title":"J"},{"at":{"qty":11},"s\u006bu":"k","title":"K"},{"at":{"qty":12,"sku":"y"},"title":"L"},' \
	'{"at":{"qty":13},"sku":"m","title":"M"},{"at":{"qty":14}},{"sku":"o"}]}' | tr -d '\n' >inner.jsonl
echo >>inner.jsonl
run evstar -m inner.yaml inner.jsonl
is 'elements of one shape after another, each with what is its own' "$(rows lines '[.sku, .qty]' | tr '\n' ' ')" \
	'["a",1] ["b",2] ["c",3] ["d",null] ["e",null] ["f",60] ["g",null] ["h",8] ["i",9] [null,null] ["j",10] ["k",11] [null,12] ["m",13] [null,14] ["o",null] '
awk 'BEGIN {
	printf "{\"id\":\"a\",\"type\":\"Order\",\"time\":\"2026-03-28T10:00:00Z\""
	for (i = 0; i < 5000; i++)
		printf ",\"n%d\":0", i
	print ",\"lines\":[{\"p\":1,\"sku\":\"a\",\"title\":\"A\",\"qty\":1},{\"x\":{\"sku\":\"b\",\"title\":\"B\",\"qty\":2}}]}"
}' >many.jsonl
run evstar many.jsonl
is 'as where there are more names than are learned' "$(rows lines '[.sku, .qty]' | tr '\n' ' ')" '["a",1] [null,null] '
run evstar -m inner.yaml inner.jsonl
is 'nor has a member the words of another' "$(rows dim_product '[.sku, .title]' | sort | tr '\n' ' ')" \
	'["a","A"] ["b","B"] ["c","C"] ["d","D"] ["e","E"] ["f","F"] ["g","G"] ["h",null] ["i","I"] ["j","J"] ["k","K"] ["m","M"] ["o",null] '

star 'corner 30: an order shrinks from three lines to two, and moves to another customer and day' lines '[.pos, .sku, .qty]' <<'END'
> {"id":"7","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"a","lines":[{"sku":"x","qty":1},{"sku":"y","qty":2},{"sku":"z","qty":3}]}
> {"id":"7","type":"Order","time":"2026-03-30T10:00:00Z","v":2,"user":"b","lines":[{"sku":"x","qty":1},{"sku":"z","qty":2}]}
[0,"x",1]
[1,"z",2]
END
is 'corner 30: the customer of the order' "$(rows latest .buyer)" '"b"'
is 'corner 30: the days of its versions' "$(rows history '[.at_key, .ev_current]')" "[\"$d28\",false]
[\"$d30\",true]"
is 'corner 30: a product of an earlier version goes, a customer whom a row of it refers to stays' \
	"$(rows dim_product .sku | sort | tr '\n' ' ')$(rows dim_user .user | sort | tr '\n' ' ')" '"x" "z" "a" "b" '
{ cat in.jsonl; echo '{"id":"7","type":"Order","time":"2026-03-30T11:00:00Z","v":3,"op":"delete","user":"ghost","lines":[{"sku":"ghost"}]}'; } >deleted.jsonl
run 'evversion deleted.jsonl | evstar'
is 'corner 30: it is deleted' "$(rows lines .; rows latest .)" ''
is 'corner 30: then it says nothing, and its history refers to customers alone' \
	"$(jq -c 'select(._ev.table | tostring | startswith("dim_")) | [._ev.table, .user, .ev_inferred]' "$out" | sort | tr '\n' ' ')" \
	'["dim_user","a",true] ["dim_user","b",true] '
{ cat deleted.jsonl; echo '{"id":"7","type":"Order","time":"2026-03-30T12:00:00Z","v":4,"user":"a","lines":[{"sku":"w","qty":9}]}'; } >back.jsonl
run 'evversion back.jsonl | evstar'
is 'corner 30: and comes back' "$(rows lines '[.pos, .sku, .qty]')$(rows latest .buyer)" '[0,"w",9]"a"'
is 'corner 30: its history' "$(rows history '[.user, .ev_current, .ev_deleted]' | tr '\n' ' ')" \
	'["a",false,false] ["b",false,false] ["b",false,true] ["a",true,false] '
run 'evversion --emit latest back.jsonl | evstar'
is 'corner 30: its latest version alone' "$(rows history '[.user, .ev_current]')$(rows lines .sku)" '["a",true]"w"'

# Dimensions

star 'corner 31: a late event brings an older name but the only e-mail' dim_user '[.user, .name, .email]' <<'END'
> {"id":"1","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"user":"al","name":"New"}
> {"id":"2","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"al","name":"Old","email":"al@example.org"}
["al","New","al@example.org"]
END
star 'null sets, absent keeps' dim_user '[.user, .name, .email]' <<'END'
> {"id":"1","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"al","name":"Al","email":"al@example.org"}
> {"id":"2","type":"Order","time":"2026-03-28T11:00:00Z","v":1,"user":"al","name":null}
> {"id":"3","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"user":"al"}
["al",null,"al@example.org"]
END
star 'an older version of an event says nothing any more' dim_user '[.user, .name, .email]' <<'END'
> {"id":"1","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"al","name":"Al","email":"al@example.org"}
> {"id":"1","type":"Order","time":"2026-03-28T11:00:00Z","v":2,"user":"al","name":"Alan"}
["al","Alan",null]
END
star 'and what others say stands again' dim_user '[.user, .name, .email, .ev_inferred]' <<'END'
> {"id":"1","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"user":"al","name":"Al","email":"al@example.org"}
> {"id":"2","type":"Order","time":"2026-03-28T11:00:00Z","v":1,"user":"al","name":"Alan"}
> {"id":"2","type":"Order","time":"2026-03-28T12:00:00Z","v":2,"user":"al"}
> {"id":"3","type":"Order","time":"2026-03-28T11:00:00Z","v":1,"user":"al","name":"Alfred"}
> {"id":"3","type":"Order","time":"2026-03-28T12:00:00Z","v":2,"op":"delete"}
> {"id":"4","type":"Order","time":"2026-03-28T11:00:00Z","v":1,"user":"bo","name":"Bo"}
> {"id":"4","type":"Order","time":"2026-03-28T12:00:00Z","v":2,"user":"cy"}
["cy",null,null,true]
["al","Al","al@example.org",false]
["bo",null,null,true]
END
star 'of equal times the greater event wins, by the bytes of its id' dim_user '[.user, .name, .email]' <<'END'
> {"id":"10","type":"Order","time":"2026-03-28T10:00:00Z","v":"10","user":"al","name":"ten"}
> {"id":"9","type":"Order","time":"2026-03-28T10:00:00Z","v":9,"user":"al","name":"nine"}
> {"id":"Z","type":"Order","time":"2026-03-28T10:00:00Z","v":9,"user":"bo","name":"Z"}
> {"id":"Zz","type":"Order","time":"2026-03-28T10:00:00Z","v":9,"user":"bo","name":"Zz"}
> {"id":"ä","type":"Order","time":"2026-03-28T10:00:00Z","v":9,"user":"cy","name":"auml"}
> {"id":"z","type":"Order","time":"2026-03-28T10:00:00Z","v":9,"user":"cy","name":"z"}
> {"id":" ","type":"Order","time":"2026-03-28T10:00:00Z","v":9,"user":"cy","name":"space","email":"space"}
["cy","auml","space"]
["al","nine",null]
["bo","Zz",null]
END
star 'a clock that went back: what a version says counts from when it holds' dim_user '[.user, .name]' <<'END'
> {"id":"1","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"user":"al","name":"first"}
> {"id":"1","type":"Order","time":"2026-03-28T09:00:00Z","v":2,"user":"al","name":"second"}
> {"id":"2","type":"Order","time":"2026-03-28T11:00:00Z","v":1,"user":"al","name":"other"}
["al","second"]
END
star 'the loser of a conflict says nothing' dim_user '[.user, .name]' <<'END'
> {"id":"1","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"user":"al","name":"A"}
> {"id":"1","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"user":"al","name":"B"}
> {"id":"1","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"user":"bo","email":"zz"}
["al","B"]
END
cat >inferred.jsonl <<'END'
{"id":"1","type":"Order","time":"2026-03-28T12:00:00Z","user":"al","payer":"bo"}
{"id":"2","type":"Order","time":"2026-03-28T12:00:00Z","user":"cy","payer":"al","name":null}
{"id":"3","type":"Order","time":"2026-03-28T12:00:00Z","user":null,"payer":"","lines":[{"sku":"x"},{"sku":"y","title":null},{"title":"nobody"}]}
END
run evstar inferred.jsonl
is 'a member that is only mentioned is inferred; one of whom anything is told, even null, is not' \
	"$(rows dim_user '[.user, .ev_inferred]' | sort | tr '\n' ' ')$(rows dim_product '[.sku, .ev_inferred]' | sort | tr '\n' ' ')" \
	'["",true] ["al",true] ["bo",true] ["cy",false] ["x",true] ["y",false] '
is 'a dimension that has a key alone is never inferred' "$(rows dim_type '[.type, .ev_inferred]' | tr '\n' ' ')" \
	'["Order",false] '
is 'corner 14: null refers to the unknown, and "" to a member of its own' "$(rows latest '[.buyer_key, .payer_key]' | tail -n 1)" \
	"[\"$unknown\",\"$(key varchar '')\"]"
is 'a fact refers to members by the key that is theirs' "$(rows latest '[.buyer_key, .payer_key]' | head -n 1)" \
	"[\"$(key varchar al)\",\"$(key varchar bo)\"]"
echo '{"id":"1","type":"Order","time":"2026-03-28T12:00:00Z","lines":[{"sku":"x","title":"B"},{"sku":"x","title":"C"},{"sku":"x","title":"A"},{"sku":"x"}]}' >twice.jsonl
run evstar twice.jsonl
is 'of one version that says several things the last element that says one stands' "$(rows dim_product '[.sku, .title]' | tail -n 1)" '["x","A"]'
awk 'BEGIN {
	for (i = 1; i <= 40; i++)
		printf "{\"id\":\"%d\",\"type\":\"Order\",\"time\":\"2026-03-28T12:00:00Z\",\"user\":\"u%d\",\"name\":\"%d\"}\n", i, i / 2, i
}' >ties.jsonl
run evstar ties.jsonl
rows dim_user '[.user, .name]' | sort >want
sed '/^    history:/,/^        at:/d' evkit.yaml >lasting.yaml
run 'sort -r ties.jsonl | evstar -m lasting.yaml'
rows dim_user '[.user, .name]' | sort >got
same 'of versions that were made at once the event decides, whatever facts there are' got want
is 'namely the greater id' "$(head -n 3 got)" '["u0","1"]
["u1","3"]
["u10","21"]'
cat in.jsonl whole.jsonl inferred.jsonl lists.jsonl >all.jsonl
run 'evstar all.jsonl'
grep '"table":"dim_' "$out" >want
run 'tac all.jsonl | evstar | grep "\"table\":\"dim_"'
check 'the dimensions do not depend on the order of the events' 0 @want
run 'evstar all.jsonl | grep -o "\"dim_user_key\":\"[^\"]*" | sort -c'
check 'members come out in the order of their keys' 0

# Keys of every type, recomputed

cat >keys.yaml <<'END'
evkit: 1
name: keys
event: {id: .id, type: .type, time: .time, version: .v}
star:
  facts:
    f:
      keep: latest
      columns:
        u: {from: .u, type: uuid, dimension: du}
        s: {from: .s, type: varchar(20), dimension: ds}
        t: {from: .t, type: timestamp, dimension: dt}
        d: {from: .d, type: date, dimension: dd}
        i: {from: .i, type: int, dimension: di}
        n: {from: .n, type: "decimal(12,2)", dimension: dn}
        b: {from: .b, type: bool, dimension: db}
        c: {from: .c2, type: varchar(20), dimension: dc}
  dimensions:
    du: {key: .u, columns: {u: {from: .u, type: uuid}}}
    ds: {key: .s, columns: {s: {from: .s, type: varchar(30)}}}
    dt: {key: .t, columns: {t: {from: .t, type: timestamp}}}
    dd: {key: .d, columns: {d: {from: .d, type: date}}}
    di: {key: .i, columns: {i: {from: .i, type: int}}}
    dn: {key: .n, columns: {n: {from: .n, type: "decimal(20,4)"}}}
    db: {key: .b, columns: {b: {from: .b, type: bool}}}
    dc: {key: [.c1, .c2], columns: {c2: {from: .c2, type: varchar(20)}, c1: {from: .c1, type: varchar(20)}, note: {from: .note, type: varchar(9)}}}
END
cat >keys.jsonl <<'END'
{"id":"1","type":"T","time":"2026-03-28T12:00:00Z","u":"{0189F7EA-ae2f-7a1b-8c3d-0123456789ab}","s":"\u0061\"\u00e4\n","t":"2026-03-28T12:00:00.5+02:00","d":"2026-03-28","i":1.20e1,"n":19.10,"b":true,"c1":"doc-7","c2":"12","note":"first"}
{"id":"2","type":"T","time":"2026-03-28T12:00:00Z","u":"urn:uuid:0189f7ea-ae2f-7a1b-8c3d-0123456789ab","s":"a\"ä\u000a","t":"2026-03-28T10:00:00.500000Z","d":"2026-03-28","i":12,"n":1910e-2,"b":true,"c1":"doc-71","c2":"2"}
{"id":"3","type":"T","time":"2026-03-28T12:00:00Z","i":-12,"n":-0.00,"b":false,"c1":null,"c2":"12"}
{"id":"4","type":"T","time":"2026-03-28T12:00:00Z","c1":"","c2":"12"}
{"id":"5","type":"T","time":"2026-03-28T12:00:00Z","c1":"doc-7"}
{"id":"6","type":"T","time":"2026-03-28T12:00:00Z"}
END
run evstar -m keys.yaml keys.jsonl
first="[\"$(key uuid 0189f7ea-ae2f-7a1b-8c3d-0123456789ab)\",\"$(key varchar "a\"ä
")\",\"$(key timestamp 2026-03-28T10:00:00.500000Z)\",\"$(key date 2026-03-28)\",\"$(key int 12)\",\"$(key decimal 19.1)\",\"$(key bool true)\"]"
rows f '[.u_key, .s_key, .t_key, .d_key, .i_key, .n_key, .b_key]' | head -n 3 >got
same 'keys of every type, in any spelling of the value' got - <<END
$first
$first
["$unknown","$unknown","$unknown","$unknown","$(key int -12)","$(key decimal 0)","$(key bool false)"]
END
is 'one member for all spellings' "$(for t in du ds dt dd; do rows $t 1; done | wc -l)" 4
rows f .c_key >got
same 'corner 14: keys of several parts do not run into each other; null is not ""' got - <<END
"$(key varchar doc-7 varchar 12)"
"$(key varchar doc-71 varchar 2)"
"$(key null '' varchar 12)"
"$(key varchar '' varchar 12)"
"$unknown"
"$unknown"
END
rows dc '[.dc_key, .c1, .c2, .note, .ev_inferred]' | sort >got
sort >want <<END
["$(key varchar doc-7 varchar 12)","doc-7","12","first",false]
["$(key varchar doc-71 varchar 2)","doc-71","2",null,true]
["$(key null '' varchar 12)",null,"12",null,true]
["$(key varchar '' varchar 12)","","12",null,true]
["$(key varchar doc-7 null '')","doc-7",null,null,true]
END
same 'members of a key of several parts; a part may be null, not all' got want

# The dimension takes no event of that type, so that only the fact asks for the key's parts.
cat >parts.yaml <<'END'
evkit: 1
name: parts
event: {id: .id, type: .type, time: .time, version: .v}
star:
  facts:
    f: {keep: latest, columns: {c: {from: .c1, type: varchar(20), dimension: dc}}}
  dimensions:
    dc: {key: [.c1, .c2], for: [U], columns: {c1: {from: .c1, type: varchar(20)}, c2: {from: .c2, type: varchar(2)}}}
END
cat >parts.jsonl <<'END'
{"id":"1","type":"T","time":"2026-03-28T12:00:00Z","c1":"a","c2":"12"}
{"id":"2","type":"T","time":"2026-03-28T12:00:00Z","c1":"a","c2":"123"}
END
run evstar -m parts.yaml -r rejects parts.jsonl
rows f .c_key >got
same 'a part of a key that does not fit is no other part: the event is set aside' got - <<END
"$(key varchar a varchar 12)"
END
is 'and the reason names the column of the key' "$(jq -r '._ev.reject.reasons[].message' rejects)" \
	'"123" does not fit the column c2 varchar(2): it is too long'

# Blocks

# All events here happen at once, and their rows fill several blocks.
cat >block.yaml <<'END'
evkit: 1
name: block
event: {id: .id, type: .type, time: .time, version: .v}
star:
  facts:
    f: {keep: history, columns: {n: {from: .n, type: int}, who: {from: .who, type: varchar(20), dimension: dw}, pad: {from: .pad, type: varchar(500)}}}
    g: {keep: latest, columns: {n: {from: .n, type: int}}}
  dimensions:
    dw: {key: .who, columns: {who: {from: .who, type: varchar(20)}, name: {from: .name, type: varchar(20)}}}
END
awk 'BEGIN { pad = sprintf("%400s", ""); for (i = 0; i < 3000; i++) printf "{\"id\":\"e%d\",\"type\":\"T\",\"time\":\"2026-03-28T12:00:00Z\",\"n\":%d,\"who\":\"w%d\",\"name\":\"n%d\",\"pad\":\"%s\"}\n", i, i, i % 1000 % 700, i, pad }' >block.jsonl
run evstar -m block.yaml block.jsonl
for i in 0 1 599 2999; do
	rows g ". | select(.n == $i) | ._ev.owner"
done >got
same 'owners in all blocks are those of their events' got - <<END
"e0"
"e1"
"e599"
"e2999"
END
is 'each row has its own owner' "$(rows f ._ev.owner | sort -u | wc -l) $(rows g ._ev.owner | sort -u | wc -l)" '3000 3000'
is 'each member its key' "$(rows dw '[.dw_key, .who]' | grep -c -F "$(key varchar w321)\",\"w321\"")" 1
is 'and all members are there' "$(rows dw .dw_key | sort -c && rows dw .dw_key | wc -l)" 700
rows f . | sort >first
rows dw . >first-members
tac block.jsonl >backwards.jsonl
run evstar -m block.yaml backwards.jsonl
rows f . | sort >got
same 'backwards, the rows are the same' got first
rows dw . >got
same 'and so are the members' got first-members
cat block.jsonl backwards.jsonl >twice.jsonl
run evstar -m block.yaml twice.jsonl
rows dw . >got
same 'and where every event comes twice' got first-members

# The calendar

cat >calendar.yaml <<'END'
evkit: 1
name: calendar
event: {id: .id, type: .type, time: .time, version: .v}
star:
  facts:
    f: {keep: latest, columns: {n: {from: .n, type: int}, at: {from: .time, type: timestamp, dimension: day}, d: {from: .d, type: date, dimension: day}}}
  dimensions:
    day: {calendar: {from: 2026-12-28, to: 2027-01-04, zone: Europe/Amsterdam}}
END
cat >calendar.jsonl <<'END'
{"id":"01","type":"T","n":1,"time":"2026-03-28T22:59:59Z","d":"2026-12-31"}
{"id":"02","type":"T","n":2,"time":"2026-03-28T23:00:00Z","d":"2027-01-01"}
{"id":"03","type":"T","n":3,"time":"2026-03-29T21:59:59.999999Z","d":"2030-02-28"}
{"id":"04","type":"T","n":4,"time":"2026-03-29T22:00:00Z","d":"1969-12-31"}
{"id":"05","type":"T","n":5,"time":"2026-10-24T21:59:59Z","d":null}
{"id":"06","type":"T","n":6,"time":"2026-10-24T22:00:00Z"}
{"id":"07","type":"T","n":7,"time":"2026-10-25T22:59:59Z"}
{"id":"08","type":"T","n":8,"time":"2026-10-25T23:00:00Z"}
{"id":"09","type":"T","n":9,"time":"1969-12-31T22:59:59Z"}
{"id":"10","type":"T","n":10,"time":"9999-12-31T23:59:59Z","d":"9999-12-31"}
{"id":"11","type":"T","n":11,"time":"0001-01-01T00:00:00Z","d":"0001-01-01"}
END
run evstar -m calendar.yaml calendar.jsonl
rows f '[.n, .at_key, .d_key]' >got
same 'the day of an instant is that of the zone, on days of 23 and 25 hours too; a date is itself' got - <<END
[1,"$(key date 2026-03-28)","$(key date 2026-12-31)"]
[2,"$(key date 2026-03-29)","$(key date 2027-01-01)"]
[3,"$(key date 2026-03-29)","$(key date 2030-02-28)"]
[4,"$(key date 2026-03-30)","$(key date 1969-12-31)"]
[5,"$(key date 2026-10-24)","$unknown"]
[6,"$(key date 2026-10-25)","$unknown"]
[7,"$(key date 2026-10-25)","$unknown"]
[8,"$(key date 2026-10-26)","$unknown"]
[9,"$(key date 1969-12-31)","$unknown"]
[10,"$unknown","$(key date 9999-12-31)"]
[11,"$(key date 0001-01-01)","$(key date 0001-01-01)"]
END
rows day '[.date, .year, .quarter, .month, .day, .month_name, .day_of_week, .day_name, .iso_year, .iso_week, .is_weekend]' >got
sort -o got got
same 'the days that occur outside the span, each once' got - <<'END'
["0001-01-01",1,1,1,1,"January",1,"Monday",1,1,false]
["1969-12-31",1969,4,12,31,"December",3,"Wednesday",1970,1,false]
["2026-03-28",2026,1,3,28,"March",6,"Saturday",2026,13,true]
["2026-03-29",2026,1,3,29,"March",7,"Sunday",2026,13,true]
["2026-03-30",2026,1,3,30,"March",1,"Monday",2026,14,false]
["2026-10-24",2026,4,10,24,"October",6,"Saturday",2026,43,true]
["2026-10-25",2026,4,10,25,"October",7,"Sunday",2026,43,true]
["2026-10-26",2026,4,10,26,"October",1,"Monday",2026,44,false]
["2030-02-28",2030,1,2,28,"February",4,"Thursday",2030,9,false]
["9999-12-31",9999,4,12,31,"December",5,"Friday",9999,52,false]
END
ok 'in the order of their keys' test "$(rows day .day_key | sort -c; rows day .day_key | wc -l)" = 10
is 'every day has the key that facts refer to it by' \
	"$(rows day 'select(.date == "2026-10-26") | [.date, .day_key]')" "[\"2026-10-26\",\"$(key date 2026-10-26)\"]"
sed 's/, zone: Europe\/Amsterdam//' calendar.yaml >utc.yaml
run evstar -m utc.yaml calendar.jsonl
is 'a calendar without a zone is in UTC' "$(rows f '[.n, .at_key]' | sed -n 2p)" "[2,\"$(key date 2026-03-28)\"]"
sed 's/Europe\/Amsterdam/Africa\/Monrovia/' calendar.yaml >minute.yaml
for sec in 10 29 30 50 05; do
	echo '{"id":"'$sec'","type":"T","n":'$sec',"time":"1970-03-01T00:44:'$sec'Z"}' | sed 's/:05,/:5,/'
done >minute.jsonl
run evstar -m minute.yaml minute.jsonl
rows f '[.n, .at_key]' >got
same 'a day that begins inside a minute, as it did 44 minutes and 30 seconds west of Greenwich' got - <<END
[10,"$(key date 1970-02-28)"]
[29,"$(key date 1970-02-28)"]
[30,"$(key date 1970-03-01)"]
[50,"$(key date 1970-03-01)"]
[5,"$(key date 1970-02-28)"]
END

# Memory

# Members of several kinds, more than the memory holds: keys in many spellings, events that happen at
# once, several elements that say something, and records that evversion has not seen.
cat >large.yaml <<'END'
evkit: 1
name: large
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
star:
  facts:
    f: {keep: history, columns: {who: {from: .who, type: varchar(20), dimension: dw}, n: {from: .n, type: "decimal(12,2)", dimension: dn}, pair: {from: .who, type: varchar(20), dimension: dp}, day: {from: .day, type: date, dimension: dd}}}
    g: {keep: latest, columns: {first: {from: .first, type: varchar(20), dimension: dw}}}
  dimensions:
    dw: {key: .who, columns: {a: {from: .a, type: int}, who: {from: .who, type: varchar(20)}, b: {from: .b, type: varchar(90)}, c: {from: .c, type: json}, d: {from: .d, type: bool}, e: {from: .e, type: int}}}
    dn: {key: .n, columns: {n: {from: .n, type: "decimal(12,2)"}}}
    dp: {key: [.n, .who], columns: {who: {from: .who, type: varchar(20)}, n: {from: .n, type: "decimal(12,2)"}, b: {from: .b, type: varchar(90)}}}
    dl: {key: $item.k, each: ".list[]", columns: {k: {from: $item.k, type: varchar(9)}, x: {from: $item.x, type: int}, y: {from: $item.y, type: int}}}
    dd: {calendar: {from: 2026-03-01, to: 2026-03-31}}
END
awk '
function any(list,   n, all) { n = split(list, all, "|"); return all[int(rand() * n) + 1] }
BEGIN {
	srand(11)
	for (i = 0; i < 8000; i++) {
		list = ""
		for (k = int(rand() * 4); k > 0; k--)
			list = list (list != "" ? "," : "") "{\"k\":\"k" int(rand() * 900) "\"" any("|,\"x\":" int(rand() * 9)) any("|,\"y\":null|,\"y\":" int(rand() * 9)) "}"
		printf "{\"id\":\"%s%d\",\"type\":\"T\",\"time\":\"2026-03-28T1%d:00:00Z\",\"v\":%d%s%s,\"n\":%s%s%s%s%s%s,\"day\":\"%d-01-0%d\",\"first\":\"w%d\",\"list\":[%s]}\n",
			any("e|E|\303\244| |~"), rand() * 2500, rand() * 2, rand() * 3, any("||||||,\"op\":\"delete\""),
			any("|,\"who\":\"w" int(rand() * 2000) "\"|,\"who\":\"\\u0077" int(rand() * 2000) "\"|,\"who\":\"w \\u0020" int(rand() * 20) "\""),
			any("1.5|1.50|15e-1|null|" int(rand() * 300)), any("|,\"a\":null|,\"a\":" i), any("|,\"b\":\"b " i "\""), any("|,\"c\":{\"c\" :[ " i ", null]}"),
			any("||||,\"d\":true"), any("||,\"e\":" i), 2000 + rand() * 50, 1 + rand() * 9, rand() * 3000, list
	}
}' >large.jsonl
for through in cat 'evversion -m large.yaml -r versions.rejects'; do
	run "$through large.jsonl | evstar -m large.yaml"
	cp "$out" want
	ok "there is more than little memory holds: $through" test "$(wc -c <want)" -gt 3000000
	for size in 64K 1M; do
		run "$through large.jsonl | evstar -m large.yaml -S $size"
		check "-S $size makes no difference: $through" 0 @want
	done
	run "$through large.jsonl | tac | evstar -m large.yaml --buffer-size=64K | grep '\"table\":\"d'"
	grep '"table":"d' want >members
	check "nor does the order of the events: $through" 0 @members
done
run 'TMPDIR=none evstar -m large.yaml -S 64K large.jsonl'
check 'no room for temporary files' 2 any \
	'evstar: none: temporary files cannot be made: No such file or directory: make room, or name another folder in TMPDIR'
for size in 63K 0 many -1; do
	run evstar -m large.yaml -S $size large.jsonl
	is "-S $size is refused" "$status $(wc -c <"$out")" '2 0'
done

# Sections out of a state

# position FILE: where one stands that has taken the section.
position()
{
	jq -r 'select(._ev.head) | ._ev.head | "\(.store):\(.to):\(.digests[-32:])"' "$1"
}

rm -rf st
cat >days.yaml <<'END'
evkit: 1
name: days
event: {id: .id, type: .type, time: .time, version: .v}
star:
  facts: {f: {keep: latest, columns: {at: {from: .time, type: timestamp, dimension: dd}}}}
  dimensions: {dd: {calendar: {from: 2026-03-01, to: 2026-03-31}}}
END
sed '$d' days.yaml >members.yaml
echo '  dimensions: {dd: {calendar: {from: 2026-03-01, to: 2026-03-31}}, dt: {key: .type, columns: {type: {from: .type, type: varchar(9)}}}}' >>members.yaml
for model in days members; do
	echo '{"id":"1","type":"T","time":"2026-04-01T00:00:00Z","v":1}' |
		EVKIT_SEAL=x evversion --first -m $model.yaml --state st.$model --since 0 --batch one >first.$model
	echo '{"id":"2","type":"T","time":"2026-04-01T00:00:00Z","v":1}' |
		EVKIT_SEAL=x evversion --first -m $model.yaml --state st.$model --since "$(position first.$model)" --batch two >second.$model
done
run 'EVKIT_SEAL=x evstar -m members.yaml first.members | grep -v -e "{\"head\"" -e "{\"seal\""'
is 'what shows everything is taken as any other' "$(jq -c '[._ev.op, ._ev.table, ._ev.owner]' "$out" | tr '\n' ' ')" \
	"[\"delete\",null,\"1\"] [\"insert\",\"f\",\"1\"] [\"insert\",\"dd\",\"$(key date 2026-04-01)\"] [\"insert\",\"dt\",\"$(key varchar T)\"] "
ok 'and its head is handed on' test "$(sed -n '1s/.*"store"/"store"/p' first.members | sed 's/}}}$//')" = \
	"$(EVKIT_SEAL=x evstar -m members.yaml first.members | sed -n '1s/.*"store"/"store"/p' | sed 's/}}}$//')"
run 'EVKIT_SEAL=x evstar -m members.yaml second.members'
check 'a part of the events does not do for a dimension' 2 any \
	'evstar: a part of the events cannot say what all of them say of a member: give evstar --state DIR, or evversion --since 0'
run 'EVKIT_SEAL=x evstar -m days.yaml second.days | grep -v -e "{\"head\"" -e "{\"seal\""'
is 'but for a calendar, whose days are replaced' "$(jq -c '[._ev.op, ._ev.table, ._ev.owner]' "$out" | tr '\n' ' ')" \
	"[\"delete\",null,\"2\"] [\"insert\",\"f\",\"2\"] [\"delete\",\"dd\",\"$(key date 2026-04-01)\"] [\"insert\",\"dd\",\"$(key date 2026-04-01)\"] "
run 'EVKIT_SEAL=x evstar -m days.yaml first.days second.days'
check 'nor do several sections' 2 any \
	'evstar: several sections come out of a state: give evstar --state DIR, or one at a time'

# Events that evversion has not seen

cat >plain.jsonl <<'END'
{"id":"7","type":"Order","time":"2026-03-28T10:00:00.1234567+01:00","v":1,"user":"al"}
{"id":"8","type":"Order","time":"2026-03-28T11:00:00Z","v":1,"user":"bo","op":"delete"}
{"_ev":{"origin":{"source":"x","line":1,"offset":0}},"id":"9","type":"Order","time":"2026-03-28T12:00:00Z","user":"cy"}
END
run evstar plain.jsonl
rows history '[.user, .ev_valid_from, .ev_valid_to, .ev_current, .ev_deleted]' >got
same 'a plain event is its own only version' got - <<'END'
["al","2026-03-28T09:00:00.123456Z",null,true,false]
["bo","2026-03-28T11:00:00.000000Z",null,false,true]
["cy","2026-03-28T12:00:00.000000Z",null,true,false]
END
is 'a plain delete has no latest row, and mentions nobody' "$(rows latest .buyer | tr '\n' ' ')" '"al" "cy" '
run 'evversion plain.jsonl | evstar | grep "\"ev_valid_from\":\"2026-03-28T\(09\|12\)"'
cp "$out" want
run 'evstar plain.jsonl 2>/dev/null | grep "\"ev_valid_from\":\"2026-03-28T\(09\|12\)"'
check 'its row is the one that evversion would give it' 0 @want

# What does not fit

good='{"id":"1","type":"Order","time":"2026-03-28T10:00:00Z","user":"al","name":"Al"}'
bad='{"id":"2","type":"Order","time":"2026-03-28T10:00:00Z","user":"bo","name":"Bo","lines":[{"sku":"y","title":"Y"},{"sku":"z","qty":"many"}]}'
printf '%s\n' "$good" "$bad" '{"id":"3"}' 'no json' >fit.jsonl
run evstar -r rejects --stats - fit.jsonl
cp "$out" given
is 'what does not fit a column is a reject, and so is what is no event' \
	"$(jq -r '._ev.reject | "\(.line) \(.code) \(.reasons[0].message)"' rejects)" \
	"2 column \"many\" does not fit the column qty int: it is no number
3 envelope the event's type (.type) is missing
4 json column 1: not a JSON value"
ok 'its sums' grep -q '^evstar      in 4  event 1  delete 0  out [0-9]*  rejected 3  blank 0$' "$err"
echo "$good" >good.jsonl
run evstar good.jsonl
same 'an event that does not fit leaves no row behind, in no fact and no dimension' given "$out"
run evstar fit.jsonl
check 'without -r it stops the run' 2 any \
	'evstar: fit.jsonl:2: /lines/1/qty: "many" does not fit the column qty int: it is no number: mend it, or set bad records aside with -r FILE'
sed -n 2p versions.jsonl >one.jsonl
for change in 's/"version":1/"version":0/' 's/"version":1/"version":"1"/' 's/"version":1/"version":1.5/' 's/"valid_from":"2/"valid_from":"/' 's/"valid_from"/"valid"/' 's/"valid_to":"2/"valid_to":"/' \
	's/,"valid_to":"[^"]*"//' 's/"current":false/"current":"false"/' 's/,"deleted":false//' 's/"valid_from":"2026/"valid_from":"20x6/' \
	's/\("valid_from":"[^"]*\)Z"/\1z"/' 's/\("valid_from":"[^"]*\)T/\1 /'; do
	sed "$change" one.jsonl >forged.jsonl
	run evstar -r rejects forged.jsonl
	check "an _ev that evversion did not write: $change" 2 any \
		'evstar: forged.jsonl:1: the "_ev" is not as evversion writes it: give evstar what evversion wrote'
done
printf 'evkit: 1\nname: none\nevent: {id: .id, type: .type, time: .time, version: .v}\n' >none.yaml
run evstar -m none.yaml good.jsonl
check 'a model without a star' 2 '' 'evstar: none.yaml: the model has no star: add star.facts, see evkit-model(5)'

# Shapes

# What has white space in front of a colon is of no known shape, so each cell is looked for anew.
cat >shapes.yaml <<'END'
evkit: 1
name: shapes
event: {id: .id, type: .type, time: .time, modified: .changed, version: .v, op: .op, zone: Europe/Amsterdam}
star:
  facts:
    wide:
      keep: history
      columns:
        id: {from: .id, type: uuid}
        type: {from: .type, type: varchar(6), dimension: dim_type}
        at: {from: .time, type: timestamp, dimension: dim_day}
        changed: {from: .changed, type: timestamp}
        due: {from: .a.due, type: timestamp}
        day: {from: .a.day, type: date}
        friend: {from: .a.friend, type: uuid}
        name: {from: .a.name, type: varchar(8)}
        count: {from: .a.count, type: int}
        amount: {from: .a.amount, type: "decimal(6,2)"}
        good: {from: .a.good, type: bool}
        all: {from: .a, type: json}
        event: {from: ., type: json}
    lines:
      keep: latest
      for: [order, Order2]
      each: ".a.lines[]"
      columns:
        pos: {from: $index, type: int}
        sku: {from: $item.sku, type: varchar(4), dimension: dim_sku}
        price: {from: $item.price, type: "decimal(6,2)"}
        seen: {from: $item.seen, type: timestamp}
        name: {from: .a.name, type: varchar(8)}
  dimensions:
    dim_type: {key: .type, columns: {type: {from: .type, type: varchar(6)}}}
    dim_sku:
      key: $item.sku
      each: ".a.lines[]"
      columns:
        sku: {from: $item.sku, type: varchar(4)}
        price: {from: $item.price, type: "decimal(6,2)"}
        name: {from: .a.name, type: varchar(8)}
    dim_day:
      calendar: {from: 2026-03-28, to: 2026-03-30, zone: Europe/Amsterdam}
END
awk '
function any(list,   n, all) { n = split(list, all, "|"); return all[int(rand() * n) + 1] }
function member(name, values) { return rand() < .97 ? ",\"" name "\":" any(values) : "" }
BEGIN {
	srand(20260328)
	uuid = "\"0a000000-0000-4000-8000-00000000000a\"|\"0A000000-0000-4000-8000-00000000000B\"|\"{0a000000-0000-4000-8000-00000000000c}\""
	time = "\"2026-03-28T10:00:00Z\"|\"2026-03-29T00:30:00.1234567+02:00\"|\"2026-03-28T23:30:00.5\"|\"2026-12-31T23:59:60Z\"|\"2026-03-28T10:00:07.25Z\""
	name = "\"al\"|\"b\\u0065a\"|\"\"|null|\"M\303\274ller\"|\"\303\274\303\274\303\274\303\274\303\274\303\274\"|\"a\\\"b\"|\"eightoct\""
	number = "1|0|19.10|-1|12|1234|1e2|-0|0.5|20.0"
	for (i = 0; i < 4000; i++) {
		lines = ""
		for (k = int(rand() * 3); k > 0; k--)
			lines = lines (lines != "" ? "," : "") "{\"sku\":" any("\"x\"|\"y\"|\"z\"|null|\"\\u0078\"") \
				member("price", number) member("seen", time) "}"
		printf "{\"id\":%s,\"type\":%s,\"time\":%s%s,\"v\":%d%s,\"a\":{\"n\":1%s%s%s%s%s%s%s%s}}\n",
			rand() < .02 ? "7" : any(uuid), any("\"order\"|\"Order2\"|\"\\u006frder\"|\"refund\""), any(time),
			member("changed", time "|" time "|null"), rand() * 3,
			rand() < .1 ? ",\"op\":\"delete\"" : "",
			member("due", time "|" time "|null"), member("day", "\"2026-03-28\"|null"), member("friend", uuid),
			member("name", name (rand() < .02 ? "|7|\"toolongbyfar\"" : "")),
			member("count", "1|20|1e2|-7|9007199254740993" (rand() < .02 ? "|1.5|\"x\"" : "")),
			member("amount", number (rand() < .02 ? "|12345.678|true" : "")),
			member("good", "true|false|null"), ",\"lines\":[" lines "]"
	}
}' >shapes.jsonl
sed 's/"type":/"type" :/' shapes.jsonl >spaced.jsonl
run evstar -m shapes.yaml -r rejects spaced.jsonl
cp "$out" want
jq -c '._ev.reject | [.line, .code, .reasons]' rejects >want.rejects
run evstar -m shapes.yaml -r rejects shapes.jsonl
sed 's/\("event":{"id":[^,]*,"type"\):/\1 :/' "$out" >got
same 'events of known shapes give the rows that they give one by one' got want
jq -c '._ev.reject | [.line, .code, .reasons]' rejects >got
same 'and are rejected for the same' got want.rejects
ok 'which some of them are, but not most' [ "$(wc -l <got)" -gt 20 -a "$(wc -l <got)" -lt 1000 ]

# What is ignored is in no row. Two events that differ in it alone give the same bytes.
cat >ignore.yaml <<'END'
evkit: 1
name: ignore
event: {id: .id, type: .type, time: .time, version: .v, ignore: [.got, .meta.got, .meta.deep.by, ".lines[0].x", .meta.all]}
star:
  facts:
    f: {keep: history, columns: {event: {from: ., type: json}, meta: {from: .meta, type: json}, deep: {from: .meta.deep, type: json}, seq: {from: .meta.deep.list, type: json}}}
    l: {keep: latest, each: ".lines[]", columns: {line: {from: $item, type: json}}}
END
cat >bare.jsonl <<'END'
{"id":"1","type":"T","time":"2026-03-28T10:00:00Z","meta":{"a":1,"deep":{"list":[1]}},"lines":[{"y":1},{"x":2}]}
{"id":"2","type":"T","time":"2026-03-28T10:00:00Z","meta":{}}
{"id":"3","type":"T","time":"2026-03-28T10:00:00Z","meta":null,"lines":[]}
{"id":"4","type":"T","time":"2026-03-28T10:00:00Z","meta":{"deep":{}}}
END
cat >with.jsonl <<'END'
{"got":"a\u0000","id":"1","type":"T","time":"2026-03-28T10:00:00Z","meta":{"got":1e999999,"a":1,"deep":{"by":{"q":[1]},"list":[1]}},"lines":[{"x":[1],"y":1},{"x":2}]}
{"id":"2","type":"T","got":{},"time":"2026-03-28T10:00:00Z","meta":{"got":1,"all":[]}}
{"id":"3","type":"T","time":"2026-03-28T10:00:00Z","meta":null,"lines":[],"got":null}
{"id":"4","\u0067ot":7,"type":"T","time":"2026-03-28T10:00:00Z","meta":{"all":"\"","deep":{"by":1},"got":[{}]}}
END
run evvalidate -m ignore.yaml with.jsonl
check 'evvalidate asks nothing of what is ignored' 0 @with.jsonl '~no event of the batch has [.]v, which event[.]version asks for'
for through in cat 'evversion -m ignore.yaml'; do
	$through bare.jsonl | evstar -m ignore.yaml >want
	run "$through with.jsonl | evstar -m ignore.yaml"
	check "what is ignored is in no row: $through" 0 @want
	run "cat with.jsonl bare.jsonl with.jsonl | $through | evstar -m ignore.yaml | sort -u"
	sort -u want >sorted
	check "nor does it make one: $through" 0 @sorted
done
run "evstar -m ignore.yaml bare.jsonl | grep -o '\"event\":.*,\"meta\":' | sed 's/^\"event\"://; s/,\"meta\":\$//'"
check 'an event is in its column as it came' 0 @bare.jsonl
echo '{"id":"1","type":"T","time":"2026-03-28T10:00:00Z","meta":{"n":1e131072,"got":0}}' >digits.jsonl
run evstar -m ignore.yaml -r rejects digits.jsonl
is 'more digits than a warehouse can store are rejected here too' "$(jq -r '._ev.reject | .code + " " + .reasons[0].message' rejects | sed 's/.* does/does/')" \
	'does not fit the column event json: a number in it has more digits than a warehouse can store, 131072 before the point or 16383 behind it'

done_testing
