#!/bin/sh
# evvalidate: what passes leaves byte by byte, what does not becomes a reject that says why, and a
# model that is wrong is told with its place.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

mkdir schemas
cat >schemas/put.json <<'END'
{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 1}}}
END
cat >schemas/patch.json <<'END'
{"properties": {"n": {"type": ["integer", "null"]}}}
END
cat >shop.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, modified: .mod, op: .op}
types:
  A: {schema: schemas/put.json, patch: schemas/patch.json}
  B: {type: object}
  C: {schema: {type: object}}
  D: schemas/put.json
  Closed: {type: object, properties: {id: true, type: true, time: true}, additionalProperties: false}
rules:
  - {name: the sum, for: [B], jq: ".a + .b == .c", explain: The parts do not add up.}
  - {name: no more than ten, for: [B], jq: ".a <= 10"}
  - {name: warned, for: [C], jq: ".w == 1", severity: warning}
  - {name: told, for: [C], jq: ".w * 2 == 2", severity: info}
star:
  facts:
    f:
      keep: history
      columns:
        n: {from: .n, type: int}
        d: {from: .meta.d, type: "decimal(12,2)"}
        t: {from: .meta.t, type: varchar(3)}
    lines:
      keep: latest
      for: [B]
      each: ".lines[]"
      columns:
        pos: {from: $index, type: int}
        sku: {from: $item.sku, type: varchar(2)}
END
export EVKIT_MODEL=shop.yaml

# ev TYPE MEMBERS: an event of that type with these members behind its envelope.
ev()
{
	printf '{"id":"7","type":"%s","time":"2026-03-01T10:00:00Z"%s}\n' "$1" "${2:+,$2}"
}

# Takes what is said of paths that so small a batch does not bear, and of nothing that passed, from
# the standard error of the last run: both have tests of their own below.
aside()
{
	grep -aEv ': no event of the batch has [.]|: nothing passed, and the batch' "$err" >.err
	cp .err "$err"
}

# reject NAME LINE OBJECT: LINE alone is rejected; OBJECT is the reject from its "code" on, and the raw
# line comes back from it.
reject()
{
	printf '%s\n' "$2" >reject.in
	run evvalidate -r rejects reject.in
	printf '{"_ev":{"reject":{"stage":"evvalidate","source":"reject.in","line":1,"offset":0,%s}},"raw":' \
		"$3" >reject.want
	printf '%s' "$2" | jq -Rs -c . >reject.raw
	cat reject.raw >>reject.want
	printf '}\n' >>reject.want
	tr -d '\n' <reject.want >reject.one && echo >>reject.one
	if [ "$status" != 1 ] || [ -s "$out" ]; then
		is "$1" "status $status, $(cat "$out" "$err")" 'status 1, '
	else
		same "$1" rejects reject.one
	fi
}

# Byte for byte

printf '%s\n' ' { "id" : "1" ,"type":"C", "time":"2026-03-01T10:00:00Z","n":1.0e0 ,"s":"\u0041\/" }' \
	'{"id":"2","type":"C","time":"2026-03-01T10:00:00Z","n":1,"x":19.10,"y":[ ]}	' >good.jsonl
run evvalidate good.jsonl
aside
check 'a line leaves with its spaces, its numbers and its escapes' 0 @good.jsonl
printf '%s\r\n%s' "$(ev C '"n":1')" "$(ev C '"n":1,"last":true')" >crlf.jsonl
{ ev C '"n":1'; ev C '"n":1,"last":true'; } >crlf.want
run evvalidate crlf.jsonl
aside
check 'line ends become LF, and the last line gets one' 0 @crlf.want
run 'evvalidate <good.jsonl'
aside
check 'standard input is read' 0 @good.jsonl
run 'ev A "\"n\":1,\"_ev\":{\"origin\":{\"source\":\"a.log\",\"line\":3,\"offset\":70}}" >o.jsonl; evvalidate o.jsonl'
aside
check 'an origin that evparse wrote passes' 0 @o.jsonl

# Each code, and its envelope

reject 'json' '{"a":1,}' \
	'"code":"json","reasons":[{"message":"column 8: a member'\''s name in double quotes is missing here"}]'
reject 'surrogate' '{"a":"\ud800"}' \
	'"code":"surrogate","reasons":[{"message":"column 7: half of a surrogate pair stands alone"}]'
reject 'duplicate-name' '{"id":"1","\u0069d":"2"}' \
	'"code":"duplicate-name","reasons":[{"message":"column 11: the same name stands twice in one object"}]'
reject 'duplicate-name, deep inside' '{"id":"1","a":[{"b":{"c":1,"d":2,"c":1}}]}' \
	'"code":"duplicate-name","reasons":[{"message":"column 34: the same name stands twice in one object"}]'
for value in array:'[{}]' string:'"{}"' number:1 boolean:true null:null; do
	reject "not-object: ${value%%:*}" "${value#*:}" \
		"\"code\":\"not-object\",\"reasons\":[{\"message\":\"a record is one JSON object, and this is a JSON ${value%%:*}\"}]"
done
reject 'reserved' "$(ev A '"n":1,"_ev":{"x":1}')" \
	'"code":"reserved","reasons":[{"path":"/_ev","message":"the member \"_ev\" is reserved"}]'
reject 'reserved: a forged head' '{"_ev":{"head":{"batch":"x"}}}' \
	'"code":"reserved","reasons":[{"path":"/_ev","message":"the member \"_ev\" is reserved"}]'
reject 'reserved: more than an origin' "$(ev A '"n":1,"_ev":{"origin":{"source":"reject.in","line":1,"offset":0},"row":"x"}')" \
	'"code":"reserved","reasons":[{"path":"/_ev","message":"the member \"_ev\" is reserved"}]'
reject 'reserved: an origin of other members' "$(ev A '"n":1,"_ev":{"origin":{"source":"a","line":"1","offset":0}}')" \
	'"code":"reserved","reasons":[{"path":"/_ev","message":"the member \"_ev\" is reserved"}]'
reject 'reserved: no object' "$(ev A '"n":1,"_ev":7')" \
	'"code":"reserved","reasons":[{"path":"/_ev","message":"the member \"_ev\" is reserved"}]'
reject 'envelope: nothing of it' '{}' \
	'"code":"envelope","reasons":[{"path":"/id","message":"the event'\''s id (.id) is missing"},{"path":"/type","message":"the event'\''s type (.type) is missing"},{"path":"/time","message":"the event'\''s time (.time) is missing"}]'
reject 'envelope: all wrong, all told' '{"id":"","type":5,"time":7,"v":1.5,"mod":"2026-03-01","op":"upsert"}' \
	'"code":"envelope","reasons":[{"path":"/id","message":"the event'\''s id (.id) is empty"},{"path":"/type","message":"the event'\''s type (.type) is no text: 5"},{"path":"/time","message":"the event'\''s time (.time) is no text such as \"2026-03-01T10:00:00Z\": 7: to read it, the model says .time | todate"},{"path":"/mod","message":"the event'\''s modified time (.mod) is no date-time as RFC 3339 has it, the time of the day is missing, as T10:00:00Z: \"2026-03-01\": to read it, the model says .mod + \"T00:00:00Z\""},{"path":"/v","message":"the event'\''s version (.v) is no integer: 1.5"},{"path":"/op","message":"the event'\''s op (.op) is none of put, patch and delete: \"upsert\""}]'
reject 'unknown-type' "$(ev Nobody)" \
	'"code":"unknown-type","reasons":[{"path":"/type","message":"the model has no event type \"Nobody\""}]'
reject 'schema' "$(ev A '"n":0')" \
	'"code":"schema","reasons":[{"rule":"A","path":"/n","keyword":"minimum","message":"0 is less than 1"}]'
reject 'schema: a member is missing' "$(ev D)" \
	'"code":"schema","reasons":[{"rule":"D","path":"","keyword":"required","message":"the member \"n\" is missing"}]'
reject 'column: every misfit is told' "$(ev B '"a":1,"b":2,"c":3,"n":1.5,"meta":{"d":1.005,"t":"four"},"lines":[{"sku":"ab"},{"sku":"abc"},{"sku":1}]')" \
	'"code":"column","reasons":[{"path":"/n","keyword":"int","message":"1.5 does not fit the column n int: it is no integer of 64 bits"},{"path":"/meta/d","keyword":"decimal(12,2)","message":"1.005 does not fit the column d decimal(12,2): it has too many digits"},{"path":"/meta/t","keyword":"varchar(3)","message":"\"four\" does not fit the column t varchar(3): it is too long"},{"path":"/lines/1/sku","keyword":"varchar(2)","message":"\"abc\" does not fit the column sku varchar(2): it is too long"},{"path":"/lines/2/sku","keyword":"varchar(2)","message":"1 does not fit the column sku varchar(2): it is no text"}]'
reject 'nul' "$(ev C '"n":1,"meta":{"t":"a\u0000"}')" \
	'"code":"nul","reasons":[{"path":"/meta/t","keyword":"varchar(3)","message":"\"a\\u0000\" does not fit the column t varchar(3): it holds U+0000, which warehouses cannot store in text"}]'
reject 'rule: with its own words for the shop' "$(ev B '"a":0.1,"b":0.2,"c":0.31')" \
	'"code":"rule","reasons":[{"rule":"the sum","keyword":"jq","message":"the rule does not hold: .a + .b == .c: 0.3 == 0.31","explain":"The parts do not add up."}]'
reject 'rule: every one that fails' "$(ev B '"a":11,"b":2,"c":3')" \
	'"code":"rule","reasons":[{"rule":"the sum","keyword":"jq","message":"the rule does not hold: .a + .b == .c: 13 == 3","explain":"The parts do not add up."},{"rule":"no more than ten","keyword":"jq","message":"the rule does not hold: .a <= 10: 11 <= 10"}]'
reject 'rule: an error while it runs is no pass' "$(ev B '"a":1,"b":"2","c":3')" \
	'"code":"rule","reasons":[{"rule":"the sum","keyword":"jq","message":"the rule cannot be told: number (1) and string (\"2\") cannot be added","explain":"The parts do not add up."}]'
reject 'a long value is cut in the message, not in the line' "$(ev C '"n":1,"meta":{"t":"0123456789012345678901234567890123456789012345678901234567890123456789"}')" \
	'"code":"column","reasons":[{"path":"/meta/t","keyword":"varchar(3)","message":"\"01234567890123456789012345678901234567890123456789012345678... does not fit the column t varchar(3): it is too long"}]'

ev B "$(awk 'BEGIN { printf "\"a\":1,\"b\":2,\"c\":3,\"lines\":["; for (i = 0; i < 150; i++) printf "%s{\"sku\":%d}", i ? "," : "", i; print "]" }')" >hostile.jsonl
run evvalidate -r rejects hostile.jsonl
is 'a line that is wrong in very many places is told of in a hundred' "$(jq -c '._ev.reject.reasons | [length, .[99].path]' rejects)" '[100,"/lines/99/sku"]'

printf '{"a":"\377"}\n{"a":"\001"}\n' >bytes
run evvalidate -r rejects bytes
check 'bytes that are no text pass none' 1 '' \
	'evvalidate: nothing passed, and the batch is not approved: 2 records were rejected: see whether they are wrong or the model is'
same 'utf8 and control: what is no UTF-8 comes back as base64' rejects - <<'END'
{"_ev":{"reject":{"stage":"evvalidate","source":"bytes","line":1,"offset":0,"code":"utf8","reasons":[{"message":"column 7: not UTF-8"}]}},"raw_base64":"eyJhIjoi/yJ9"}
{"_ev":{"reject":{"stage":"evvalidate","source":"bytes","line":2,"offset":10,"code":"control","reasons":[{"message":"column 7: a raw control character in a string"}]}},"raw":"{\"a\":\"\u0001\"}"}
END
awk 'BEGIN { for (i = 0; i < 600; i++) printf "["; for (i = 0; i < 600; i++) printf "]"; print "" }' >deep
run evvalidate -r rejects deep
check 'depth' 1 '' \
	'evvalidate: nothing passed, and the batch is not approved: 1 record was rejected: see whether they are wrong or the model is'
is 'depth: the code' "$(jq -r '._ev.reject.code' rejects)" depth
ev C '"n":1,"_ev":{"origin":{"source":"a.log.gz","line":31,"offset":7001}},"meta":{"t":"four"}' >o.jsonl
run evvalidate -r rejects o.jsonl
is 'a reject names the origin that the event bears' \
	"$(jq -c '._ev.reject | [.source, .line, .offset]' rejects)" '["a.log.gz",31,7001]'
{ ev D '"n":1'; ev D; ev D '"n":1,"b":2'; } >three.jsonl
{ ev D '"n":1'; ev D '"n":1,"b":2'; } >two.jsonl
run evvalidate -r rejects --stats - three.jsonl
aside
check 'a bad line costs that line alone' 0 @two.jsonl 'evvalidate  in 3  out 2  warning 0  rejected 1  blank 0'
is 'its line and its offset' "$(jq -c '._ev.reject | [.line, .offset]' rejects)" '[2,58]'
run evvalidate three.jsonl
check 'without -r it stops the run' 2 any \
	'evvalidate: three.jsonl:2: the member "n" is missing: mend it, or set bad records aside with -r FILE'

# Order: the first kind of fault is told, and the later ones are not looked for

reject 'syntax comes before all else' '{"_ev":{"x":1},"id":' \
	'"code":"json","reasons":[{"message":"column 21: a value is missing at the end"}]'
reject 'a twice named member comes before the reserved one' '{"_ev":{"x":1},"id":"1","id":"2"}' \
	'"code":"duplicate-name","reasons":[{"message":"column 25: the same name stands twice in one object"}]'
reject 'the reserved member comes before the envelope' '{"_ev":{"x":1}}' \
	'"code":"reserved","reasons":[{"path":"/_ev","message":"the member \"_ev\" is reserved"}]'
reject 'the envelope comes before the type' '{"id":null,"type":"Nobody","time":"2026-03-01T10:00:00Z"}' \
	'"code":"envelope","reasons":[{"path":"/id","message":"the event'\''s id (.id) is missing"}]'
reject 'the schema comes before the columns' "$(ev A '"n":0,"meta":{"t":"four"}')" \
	'"code":"schema","reasons":[{"rule":"A","path":"/n","keyword":"minimum","message":"0 is less than 1"}]'
reject 'the columns come before the rules' "$(ev B '"a":11,"meta":{"t":"four"}')" \
	'"code":"column","reasons":[{"path":"/meta/t","keyword":"varchar(3)","message":"\"four\" does not fit the column t varchar(3): it is too long"}]'
reject 'nul stands over the other columns, and all are told' "$(ev C '"n":1,"meta":{"d":"x","t":"\u0000"}')" \
	'"code":"nul","reasons":[{"path":"/meta/d","keyword":"decimal(12,2)","message":"\"x\" does not fit the column d decimal(12,2): it is no number"},{"path":"/meta/t","keyword":"varchar(3)","message":"\"\\u0000\" does not fit the column t varchar(3): it holds U+0000, which warehouses cannot store in text"}]'

# Patches and deletes

ev A '"op":"put","n":1' >put.jsonl
ev A '"op":"patch","n":null,"meta":{"t":"four"}' >patch.jsonl
ev B '"op":"patch","a":"no number"' >bare.jsonl
ev A '"op":"delete","n":"no number","meta":{"t":"four"}' >delete.jsonl
run evvalidate put.jsonl
aside
check 'a put says so' 0 @put.jsonl
run evvalidate patch.jsonl
check 'a patch is held against its own schema, and not against the columns' 0 @patch.jsonl '~: no event of the batch has [.]v, which event[.]version asks for'
run evvalidate bare.jsonl
check 'a patch of a type without one passes; rules do not hold for it' 0 @bare.jsonl '~: no event of the batch has [.]v, which event[.]version asks for'
run evvalidate delete.jsonl
check 'a delete is held against the envelope alone' 0 @delete.jsonl '~: no event of the batch has [.]v, which event[.]version asks for'
reject 'a patch that breaks its schema' "$(ev A '"op":"patch","n":"one"')" \
	'"code":"schema","reasons":[{"rule":"A","path":"/n","keyword":"type","message":"\"one\" is a string, not null or an integer"}]'
reject 'a delete without a time' '{"id":"7","type":"A","op":"delete"}' \
	'"code":"envelope","reasons":[{"path":"/time","message":"the event'\''s time (.time) is missing"}]'
reject 'a delete of an unknown type' "$(ev Nobody '"op":"delete"')" \
	'"code":"unknown-type","reasons":[{"path":"/type","message":"the model has no event type \"Nobody\""}]'
ev Closed '"_ev":{"origin":{"source":"a","line":1,"offset":0}}' >closed.jsonl
run evvalidate closed.jsonl
aside
check 'the origin is no additional property' 0 @closed.jsonl

# The envelope's parts. put LINE in or out by one member of the envelope.

# part NAME JSON-MEMBERS MESSAGE: MESSAGE is '' for what passes.
part()
{
	printf '%s\n' "$2" >part.in
	run evvalidate -r rejects part.in
	aside
	is "$1" "$(jq -r '._ev.reject.reasons[].message' rejects)$(cat "$err")" "$3"
}

e='"type":"C","time":"2026-03-01T10:00:00Z","n":1'
part 'an id is an integer' "{\"id\":12,$e}" ''
part 'an id is an integer of any size' "{\"id\":123456789012345678901234567890,$e}" ''
part 'an id is an integer in any spelling' "{\"id\":1.2e1,$e}" ''
part 'an id is no fraction' "{\"id\":1.2,$e}" "the event's id (.id) is a number but no integer: 1.2"
part 'an id is no list' "{\"id\":[1],$e}" "the event's id (.id) is neither a text nor an integer: [1]"
part 'an id is no bool' "{\"id\":true,$e}" "the event's id (.id) is neither a text nor an integer: true"
part 'an id does not begin with NUL' "{\"id\":\"\\u000012\",$e}" "the event's id (.id) holds U+0000, which no warehouse takes"
e='"id":"1","time":"2026-03-01T10:00:00Z","n":1'
part 'a type is no null' "{\"type\":null,$e}" "the event's type (.type) is missing"
part 'a type may be spelled with escapes' "{\"type\":\"\\u0043\",$e}" ''
part 'a type is its whole text' "{\"type\":\"C\\u0000\",$e}" 'the model has no event type "C\u0000"'
e='"id":"1","type":"C","n":1'
part 'a time has a zone' "{\"time\":\"2026-03-01T10:00:00\",$e}" \
	"the event's time (.time) has no zone (Z or an offset), and the model names none (event.zone): \"2026-03-01T10:00:00\""
part 'a time is a day that was' "{\"time\":\"2026-02-30T10:00:00Z\",$e}" \
	"the event's time (.time) is no date-time as RFC 3339 has it, there is no such day: \"2026-02-30T10:00:00Z\""
part 'a time lies in the years that warehouses know' "{\"time\":\"9999-12-31T23:59:59-01:00\",$e}" \
	"the event's time (.time) lies outside the years 1 to 9999 in UTC: \"9999-12-31T23:59:59-01:00\""
part 'nor in the year 0, after conversion too' "{\"time\":\"0001-01-01T00:30:00+01:00\",$e}" \
	"the event's time (.time) lies outside the years 1 to 9999 in UTC: \"0001-01-01T00:30:00+01:00\""
part 'a space may stand for the T' "{\"time\":\"2026-03-01 10:00:00Z\",$e}" ''
while IFS='|' read -r text flaw how; do
	part "what is wrong with the time '$text'" "{\"time\":\"$text\",$e}" \
		"the event's time (.time) is no date-time as RFC 3339 has it, $flaw: \"$text\"${how:+: to read it, the model says $how}"
done <<'END'
|it is empty
2026-03-01T10:00:00.000+0100|its offset has no colon, as +01:00 has|.time | .[:-2] + ":" + .[-2:]
2026-03-01T10:00:00-05|its offset has no minutes, as +01:00 has
2026-03-01_10:00:00Z|there is neither a T nor a space between the day and the time
2026-03-01|the time of the day is missing, as T10:00:00Z|.time + "T00:00:00Z"
2026-02-30|there is no such day
2026-03-01T10:00Z|it has no seconds|.time | rtrimstr("Z") + ":00Z"
2026-03-01T|its time of the day is not such as 10:00:00
2026-03-01T1:00:00Z|its time of the day is not such as 10:00:00
2026-03-01T10:60:00Z|there is no such time of the day
2026-03-01T10:00:00 +01:00|a space stands in front of the zone, which is Z or an offset such as +01:00|.time | .[:-7] + .[-6:]
2026-03-01T10:00:00,5Z|a point must stand in front of the fraction of a second|.time | split(",") | join(".")
2026-03-01T10:00:00.Z|no digits stand behind the point
2026-03-01T10:00:00 CET|a space stands in front of the zone, which is Z or an offset such as +01:00
2026-03-01T10:00:00+25:00|its zone is neither Z nor an offset such as +01:00
2026-03-01T10:00:60Z|there is no second 60 but at the end of a day in UTC
2026-13-01T10:00:00Z|there is no such day
1772359200|it is a number, such as of seconds since 1970, and no date|.time | tonumber | todate
1772359200000|it is a number, such as of seconds since 1970, and no date|.time | tonumber * 0.001 | todate
17723592|it does not begin with a date such as 2026-03-01
2026/03/01 10:00:00 -0800|it does not begin with a date such as 2026-03-01|.time | split("/") | join("-") | .[:-6] + .[-5:-2] + ":" + .[-2:]
2026/03/32 10:00:00|it does not begin with a date such as 2026-03-01
01.03.2026 10:00|it does not begin with a date such as 2026-03-01|.time | .[6:10] + "-" + .[3:5] + "-" + .[:2] + .[10:] + ":00"
31.02.2026 10:00|it does not begin with a date such as 2026-03-01
Sun, 01 Mar 2026 10:00:00 GMT|it does not begin with a date such as 2026-03-01|.time | .[12:16] + "-" + {Jan: "01", Feb: "02", Mar: "03", Apr: "04", May: "05", Jun: "06", Jul: "07", Aug: "08", Sep: "09", Oct: "10", Nov: "11", Dec: "12"}[.[8:11]] + "-" + .[5:7] + "T" + .[17:] | rtrimstr(" GMT") + "Z"
Sun, 01 Mai 2026 10:00:00 GMT|it does not begin with a date such as 2026-03-01
2026-3-1T10:00:00Z|it does not begin with a date such as 2026-03-01
END
e='"id":"1","type":"C","time":"2026-03-01T10:00:00Z","n":1'
part 'a version is an integer of any size' "{\"v\":98765432109876543210987654321,$e}" ''
part 'a version may be a text' "{\"v\":\"10\",$e}" ''
part 'a version may be below zero' "{\"v\":\"-10\",$e}" ''
part 'a version may be null' "{\"v\":null,$e}" ''
part 'a version may be 1.0' "{\"v\":1.0,$e}" ''
part 'a version is no fraction' "{\"v\":1.5,$e}" "the event's version (.v) is no integer: 1.5"
part 'a version is no word' "{\"v\":\"two\",$e}" "the event's version (.v) is a text, but of no integer: \"two\""
for text in '' 1.0 +1 01 -01 1e2 ' 1' - 0x1; do
	part "a version is not the text '$text'" "{\"v\":\"$text\",$e}" "the event's version (.v) is a text, but of no integer: \"$text\""
done
part 'a version is no list' "{\"v\":[1],$e}" "the event's version (.v) is no integer: [1]"
part 'a modified time may be null' "{\"mod\":null,$e}" ''
part 'a modified time is no number' "{\"mod\":1772359200,$e}" "the event's modified time (.mod) is no text such as \"2026-03-01T10:00:00Z\": 1772359200: to read it, the model says .mod | todate"
part 'an op may be null' "{\"op\":null,$e}" ''
part 'an op is small' "{\"op\":\"PUT\",$e}" "the event's op (.op) is none of put, patch and delete: \"PUT\""
part 'an op is a text' "{\"op\":1,$e}" "the event's op (.op) is none of put, patch and delete: 1"

# Columns: what they take, and what evstar makes of it. Each line of the tables:
# TYPE|VALUE|= what the row bears, or TYPE|VALUE|! why it does not fit

# columns ZONE <TABLE
columns()
{
	while IFS='|' read -r type value want; do
		cat >column.yaml <<END
evkit: 1
name: column
event: {id: .id, type: .type, time: .time, version: .v$1}
star: {facts: {f: {keep: latest, columns: {v: {from: .v2, type: "$type"}}}}}
END
		ev X "\"v2\":$value" >column.jsonl
		run evvalidate -m column.yaml -r rejects column.jsonl
		if [ -s rejects ]; then
			got=$(jq -r '._ev.reject.reasons[].message' rejects)
			got="! ${got##*"column v $type: "}"
		else
			got=$(cmp column.jsonl "$out" && evstar -m column.yaml column.jsonl |
				sed -n '1s/^{"ev_index":0,"v":\(.*\),"_ev":.*/= \1/p')
		fi
		is "$type: $(printf %s "$value" | tr '\134' '~')" "$got" "$want"
	done
}

columns '' <<'END'
int|1|= 1
int|-9223372036854775808|= -9223372036854775808
int|9223372036854775807|= 9223372036854775807
int|9007199254740993|= 9007199254740993
int|9223372036854775808|! it is no integer of 64 bits
int|-9223372036854775809|! it is no integer of 64 bits
int|1.0|= 1
int|1e2|= 100
int|100E-2|= 1
int|-0|= 0
int|0e999999999999999999999|= 0
int|1.5|! it is no integer of 64 bits
int|1e400|! it is no integer of 64 bits
int|1e-400|! it is no integer of 64 bits
int|"1"|! it is no number
int|true|! it is no number
int|[1]|! it is no number
decimal(12,2)|19.10|= 19.10
decimal(12,2)|19.1|= 19.1
decimal(12,2)|19.100|= 19.100
decimal(12,2)|19.105|! it has too many digits
decimal(12,2)|1e2|= 100
decimal(12,2)|1.5e-1|= 0.15
decimal(12,2)|1e-3|! it has too many digits
decimal(12,2)|1e400|! it has too many digits
decimal(12,2)|1e99999999999999999999|! it has too many digits
decimal(12,2)|9999999999.99|= 9999999999.99
decimal(12,2)|-9999999999.99|= -9999999999.99
decimal(12,2)|10000000000|! it has too many digits
decimal(12,2)|-0.00|= 0.00
decimal(12,2)|-0e5|= 0
decimal(12,2)|"19.10"|! it is no number
decimal(20,2)|9007199254740993.01|= 9007199254740993.01
decimal(38,0)|12345678901234567890123456789012345678|= 12345678901234567890123456789012345678
decimal(38,0)|1e38|! it has too many digits
decimal(38,0)|1e37|= 10000000000000000000000000000000000000
decimal(2,2)|0.99|= 0.99
decimal(2,2)|1|! it has too many digits
varchar(3)|"abc"|= "abc"
varchar(3)|""|= ""
varchar(3)|"äöü"|= "äöü"
varchar(3)|"😀😀😀"|= "😀😀😀"
varchar(3)|"\ud83d\ude00\ud83d\ude00\ud83d\ude00"|= "\ud83d\ude00\ud83d\ude00\ud83d\ude00"
varchar(3)|"\u0061\n\""|= "\u0061\n\""
varchar(3)|"abcd"|! it is too long
varchar(3)|"äöüß"|! it is too long
varchar(3)|"\ud83d\ude00\ud83d\ude00\ud83d\ude00a"|! it is too long
varchar(3)|"e\u0301e\u0301"|! it is too long
varchar(3)|"\u0000"|! it holds U+0000, which warehouses cannot store in text
varchar(6)|"\\u0000"|= "\\u0000"
varchar(6)|"\\\u0000"|! it holds U+0000, which warehouses cannot store in text
varchar(3)|5|! it is no text
varchar(3)|{"a":1}|! it is no text
uuid|"0189f7ea-ae2f-7a1b-8c3d-0123456789ab"|= "0189f7ea-ae2f-7a1b-8c3d-0123456789ab"
uuid|"0189F7EA-AE2F-7A1B-8C3D-0123456789AB"|= "0189f7ea-ae2f-7a1b-8c3d-0123456789ab"
uuid|"{0189f7ea-ae2f-7a1b-8c3d-0123456789ab}"|= "0189f7ea-ae2f-7a1b-8c3d-0123456789ab"
uuid|"urn:uuid:0189f7ea-ae2f-7a1b-8c3d-0123456789ab"|= "0189f7ea-ae2f-7a1b-8c3d-0123456789ab"
uuid|"\u0030189f7ea-ae2f-7a1b-8c3d-0123456789ab"|= "0189f7ea-ae2f-7a1b-8c3d-0123456789ab"
uuid|"0189f7ea-ae2f-7a1b-8c3d-0123456789a"|! it is no UUID
uuid|"0189f7ea-ae2f-7a1b-8c3d-0123456789abc"|! it is no UUID
uuid|"0189f7eaae2f7a1b8c3d0123456789ab"|! it is no UUID
uuid|"0189f7e-aae2f-7a1b-8c3d-0123456789ab"|! it is no UUID
uuid|"{0189f7ea-ae2f-7a1b-8c3d-0123456789ab"|! it is no UUID
uuid|"g189f7ea-ae2f-7a1b-8c3d-0123456789ab"|! it is no UUID
uuid|""|! it is no UUID
uuid|5|! it is no text
timestamp|"2026-03-01T10:00:00Z"|= "2026-03-01T10:00:00.000000Z"
timestamp|"2026-03-01T10:00:00.1+02:00"|= "2026-03-01T08:00:00.100000Z"
timestamp|"2026-03-01T00:30:00-05:45"|= "2026-03-01T06:15:00.000000Z"
timestamp|"2026-03-01t10:00:00.123456789z"|= "2026-03-01T10:00:00.123456Z"
timestamp|"2026-03-01T10:00:00.9999999999999Z"|= "2026-03-01T10:00:00.999999Z"
timestamp|"2016-12-31T23:59:60Z"|= "2017-01-01T00:00:00.000000Z"
timestamp|"0001-01-01T00:00:00Z"|= "0001-01-01T00:00:00.000000Z"
timestamp|"0000-12-31T23:00:00-01:00"|= "0001-01-01T00:00:00.000000Z"
timestamp|"0000-12-31T23:59:59.999999Z"|! it lies outside the years 1 to 9999 in UTC
timestamp|"9999-12-31T23:59:59.999999Z"|= "9999-12-31T23:59:59.999999Z"
timestamp|"9999-12-31T23:59:59-01:00"|! it lies outside the years 1 to 9999 in UTC
timestamp|"0001-01-01T00:00:00+00:01"|! it lies outside the years 1 to 9999 in UTC
timestamp|"2026-03-01T10:00:00"|! it has no zone, and the model names none (event.zone)
timestamp|"2026-03-01 10:00:00Z"|= "2026-03-01T10:00:00.000000Z"
timestamp|"2026-03-01 10:00"|! it is no date-time as RFC 3339 has it, it has no seconds
timestamp|"2026-02-29T10:00:00Z"|! it is no date-time as RFC 3339 has it, there is no such day
timestamp|"2026-03-01T24:00:00Z"|! it is no date-time as RFC 3339 has it, there is no such time of the day
timestamp|"2026-03-01"|! it is no date-time as RFC 3339 has it, the time of the day is missing, as T10:00:00Z
timestamp|"2026-03-01T10:00:00+01"|! it is no date-time as RFC 3339 has it, its offset has no minutes, as +01:00 has
timestamp|1772359200|! it is no text
date|"2026-02-28"|= "2026-02-28"
date|"2024-02-29"|= "2024-02-29"
date|"\u0032024-02-29"|= "2024-02-29"
date|"0001-01-01"|= "0001-01-01"
date|"0000-12-31"|! it lies outside the years 1 to 9999
date|"\u0030000-01-01"|! it lies outside the years 1 to 9999
date|"2026-02-29"|! it is no date such as 2026-03-01
date|"2026-2-3"|! it is no date such as 2026-03-01
date|"20260228"|! it is no date such as 2026-03-01
date|"2026-03-01T10:00:00Z"|! it is no date such as 2026-03-01
date|20260301|! it is no text
bool|true|= true
bool|false|= false
bool|1|! it is neither true nor false
bool|"true"|! it is neither true nor false
json|{"a":[1.10,null],"b":"\u00e4"}|= {"a":[1.10,null],"b":"\u00e4"}
json|"text"|= "text"
json|9007199254740993.10|= 9007199254740993.10
json|{"a":["\u0000"]}|! it holds U+0000, which warehouses cannot store in text
json|{"\u0000":1}|! it holds U+0000, which warehouses cannot store in text
json|{"a":"\\u0000"}|= {"a":"\\u0000"}
json|{"a":[1e131071,-1E-16383,0.5e-16382,12345678.5]}|= {"a":[1e131071,-1E-16383,0.5e-16382,12345678.5]}
json|1e131072|! a number in it has more digits than a warehouse can store, 131072 before the point or 16383 behind it
json|{"a":{"b":[-10e131071]}}|! a number in it has more digits than a warehouse can store, 131072 before the point or 16383 behind it
json|[1,1e-16384]|! a number in it has more digits than a warehouse can store, 131072 before the point or 16383 behind it
json|[0e-16384]|! a number in it has more digits than a warehouse can store, 131072 before the point or 16383 behind it
json|[1e99999999999999999999]|! a number in it has more digits than a warehouse can store, 131072 before the point or 16383 behind it
json|"1e131072"|= "1e131072"
END
columns ', zone: Europe/Amsterdam' <<'END'
timestamp|"2026-01-15T12:00:00"|= "2026-01-15T11:00:00.000000Z"
timestamp|"2026-07-15T12:00:00.5"|= "2026-07-15T10:00:00.500000Z"
timestamp|"2026-07-15T12:00:00Z"|= "2026-07-15T12:00:00.000000Z"
timestamp|"2026-07-15T12:00:00+05:00"|= "2026-07-15T07:00:00.000000Z"
timestamp|"2026-10-25T02:30:00"|= "2026-10-25T00:30:00.000000Z"
timestamp|"2026-03-29T02:30:00"|= "2026-03-29T01:30:00.000000Z"
timestamp|"0001-01-01T00:00:00"|! it lies outside the years 1 to 9999 in UTC
END

cat >two.yaml <<'END'
evkit: 1
name: two
event: {id: .id, type: .type, time: .time, version: .v, zone: Europe/Amsterdam}
star:
  facts:
    f: {keep: latest, columns: {a: {from: .a, type: int}, b: {from: .b.c, type: int}}}
    g: {keep: latest, columns: {x: {from: .a, type: int}}}
    h: {keep: latest, each: ".l[]", columns: {y: {from: .b.c, type: int}, z: {from: $item, type: int}}}
END
echo '{"id":1,"type":"x","time":"2026-07-15T12:00:00"}' >naive.jsonl
run evvalidate -m two.yaml naive.jsonl
aside
check 'a naive time of an event, with event.zone' 0 @naive.jsonl
ev X '"a":null,"b":{},"l":[null]' >null.jsonl
run evvalidate -m two.yaml null.jsonl
aside
check 'null and a member that is not there fit every column' 0 @null.jsonl
ev X '"a":"x","b":{"c":"y"},"l":[1,2]' >twice.jsonl
run evvalidate -m two.yaml -r rejects twice.jsonl
is 'a value that two facts take in the same type is told once' \
	"$(jq -c '[._ev.reject.reasons[].path]' rejects)" '["/a","/b/c"]'

# Rules

# rule NAME JQ MEMBERS OUTCOME: pass, or the message.
rule()
{
	cat >rule.yaml <<END
evkit: 1
name: rule
event: {id: .id, type: .type, time: .time, version: .v}
rules:
  - name: r
    jq: '$2'
END
	ev X "$3" >rule.jsonl
	run evvalidate -m rule.yaml -r rejects rule.jsonl
	aside
	if [ -s "$out" ]; then
		is "$1" pass "$4"
	else
		is "$1" "$(jq -r '._ev.reject.reasons[].message' rejects)$(cat "$err")" "$4"
	fi
}

rule 'a tenth and two tenths are three tenths' '.a + .b == .c' '"a":0.1,"b":0.2,"c":0.3' pass
rule 'a cent too much is found beyond 2^53' '.a + .b == .c' \
	'"a":90071992547409.93,"b":0.01,"c":90071992547409.93' 'the rule does not hold: .a + .b == .c: 90071992547409.94 == 90071992547409.93'
rule 'and the cent itself' '.a + .b == .c' '"a":90071992547409.93,"b":0.01,"c":90071992547409.94' pass
rule 'big integers differ by one' '.a == .b' '"a":9007199254740993,"b":9007199254740992' \
	'the rule does not hold: .a == .b: 9007199254740993 == 9007199254740992'
rule 'one number in several spellings' '.a == .b' '"a":1.10,"b":11e-1' pass
rule 'a product, a sum over a list' '(.l | map(.q * .p) | add) == .t' \
	'"l":[{"q":3,"p":0.10},{"q":7,"p":0.07}],"t":0.79' pass
# The comparison that gave the verdict is told with its values, wherever that is one.
while IFS='|' read -r members jq want; do
	jq=$(printf %s "$jq" | tr '~' '|')
	rule "the values: $jq of $members" "$jq" "$members" "the rule does not hold: $jq$want"
done <<'END'
"l":[{"q":3,"p":0.10},{"q":1,"p":7e-2}],"t":0.36|(.l ~ map(.q * .p) ~ add) == .t|: 0.37 == 0.36
"a":12.50,"b":13|.a >= .b|: 12.50 >= 13
"a":5|.a < 5|: 5 < 5
"a":5,"b":5.0|.a != .b|: 5 != 5.0
"b":1|.a == 1|: null == 1
"a":{"x":[1,"y"]},"b":true|.a == .b|: {"x":[1,"y"]} == true
"a":"0123456789012345678901234567890123456789012345678901234567890123456789"|.a == "x"|: "01234567890123456789012345678901234567890123456789012345678... == "x"
"a":1,"b":2|.a == 1 and .b == 3 and .c == 4|: 2 == 3
"a":1,"b":2|.a == 0 and error("late")|: 1 == 0
"l":[{"q":1},{"q":0},{"q":-1}]|all(.l[]; .q >= 1)|: 0 >= 1
"l":[{"q":2},{"q":0.50}]|.l ~ length == 2 and all(.[]; .q >= 1)|: 0.50 >= 1
"l":{"x":1,"y":2}|.l ~ all(. < 2)|: 2 < 2
"a":1,"b":2|.a as $x ~ .b == $x|: 2 == 1
"a":1,"b":2|if .a == 1 then .b < 2 else .b > 2 end|: 2 < 2
"a":"x-y"|(.a ~ split("-") ~ length) == 3|: 2 == 3
"a":1|.a == 2 or .a == 3|
"a":1|.a == 1 ~ not|
"a":1|.a == (2, 3)|
"l":[1,2]|any(.l[]; . > 2)|
"a":1|[limit(1; .a)] == [2]|: [1] == [2]
"a":1|def f: .a; f == 2|
END
rule 'null holds not' '.a | select(true)' '"b":1' 'the rule does not hold: .a | select(true)'
rule 'false among several holds not' '.a[]' '"a":[true,false]' 'the rule does not hold: .a[]'
rule 'no answer at all holds not' 'empty' '"a":1' 'the rule does not hold: empty'
rule 'a rule that runs in libjq' '.a | test("^[a-c]+$")' '"a":"abc"' pass
rule 'a rule that runs in libjq, and fails' '.a | test("^[a-c]+$")' '"a":"abd"' \
	'the rule does not hold: .a | test("^[a-c]+$")'
rule 'what a list has not is no error' '[.a[]?] | length == 0' '"a":5' pass
rule 'what cannot be iterated is' '.a[] == 1' '"a":5' 'the rule cannot be told: Cannot iterate over number (5)'

{ ev C '"w":1'; ev C '"w":2'; ev C '"w":"x"'; } >warned.jsonl
run evvalidate --stats - warned.jsonl
aside
check 'a rule of severity warning or info passes the event and is counted' 0 @warned.jsonl \
	'evvalidate  in 3  out 3  warning 4  rejected 0  blank 0'

cat >named.yaml <<'END'
evkit: 1
name: named
event: {id: .id, type: .type, time: .time, modified: .time}
rules: [{name: r, for: [A], jq: ".n == 1"}]
star: {facts: {f: {keep: latest, for: [B], columns: {n: {from: .n, type: int}}}}}
END
{ ev A '"n":2'; ev B '"n":"x"'; ev C '"n":"x"'; ev A '"n":1'; } >named.jsonl
run evvalidate -m named.yaml -r rejects named.jsonl
check 'without types, every type is taken' 0 "$(ev C '"n":"x"'; ev A '"n":1')"
is 'without types, rules and columns still hold for the types they name' \
	"$(jq -r '._ev.reject.code' rejects | tr '\n' ' ')" 'rule column '

# What the schema of one type promises of a value is no promise for another type, nor for "_ev".
cat >promise.yaml <<'END'
evkit: 1
name: promise
event: {id: .id, type: .type, time: .time, version: .v}
types:
  A:
    type: object
    properties:
      u: {type: string, format: uuid}
      l: {type: array, items: {properties: {c: {enum: [EUR, USD]}}}}
      _ev: {properties: {origin: {enum: [x]}}}
  B: {type: object}
star:
  facts:
    f:
      keep: latest
      columns: {u: {from: .u, type: uuid}, o: {from: ._ev.origin, type: varchar(1)}}
    g: {keep: latest, each: ".l[]", columns: {c: {from: $item.c, type: varchar(3)}}}
END
origin='"_ev":{"origin":{"source":"a","line":1,"offset":0}}'
{ ev A '"u":"x"'; ev B '"u":"x"'; ev A '"l":[{"c":"EUR"},{"c":"LONG"}]'; ev B '"l":[{"c":"EUR"},{"c":"LONG"}]'
  ev A "$origin"; } >promise.jsonl
run evvalidate -m promise.yaml -r rejects promise.jsonl
is 'a column is checked where the schema of the type does not promise that it fits' \
	"$(jq -r '._ev.reject | .code + " " + .reasons[0].path' rejects | tr '\n' ' ')" \
	'schema /u column /u schema /l/1/c column /l/1/c column /_ev/origin '

cat >lists.yaml <<'END'
evkit: 1
name: lists
event: {id: .id, type: .type, time: .time, version: .v}
types: {B: {type: object}}
star:
  facts:
    f: {keep: latest, each: ".l[]", columns: {c: {from: $item.c, type: varchar(3)}}}
    g: {keep: latest, each: ".m[].n[]", columns: {c: {from: $item.c, type: int}}}
END
{ ev B '"l":[{"c":"EUR"},null,{"c":"LONG"}]'; ev B '"l":null,"m":[]'
  ev B '"m":[{"n":[{"c":1},{"c":2}]},{},{"n":[{"c":"x"}]}]'; ev B '"m":[{"c":"x"}]'; } >lists.jsonl
run evvalidate -m lists.yaml -r rejects lists.jsonl
aside
check 'elements of lists are held against columns' 0 \
	"$(sed -n '2p; 4p' lists.jsonl)"
is 'wherever they stand' "$(jq -r '._ev.reject.reasons[].path' rejects | tr '\n' ' ')" \
	'/l/2/c /m/2/n/0/c '

sed 's/^rules:/unknown_types: pass\nrules:/; s/\[B\]/[A]/; s/for: \[B\]/for: [A]/' shop.yaml >pass.yaml
{ ev Nobody '"n":1,"a":5'; ev A '"n":2,"a":1,"b":1,"c":2'; } >pass.jsonl
run evvalidate -m pass.yaml pass.jsonl
aside
check 'unknown_types: pass' 0 @pass.jsonl
ev Nobody '"n":"x"' >pass.jsonl
run evvalidate -m pass.yaml -r rejects pass.jsonl
is 'an unknown type that passes is held against the columns of all types' \
	"$(jq -r '._ev.reject.code' rejects)" column

# One schema, no model

cat >one.json <<'END'
{"title": "one", "type": ["object", "integer"], "required": ["a"], "minimum": 0}
END
printf '%s\n' '{"a":1,"_ev":{"x":1}}' 5 ' 7 ' >any.jsonl
run 'unset EVKIT_MODEL; evvalidate --schema one.json any.jsonl'
check '--schema takes any JSON value, and no member is reserved' 0 @any.jsonl
printf '%s\n' '{"b":1}' -5 '"x"' '{"a":1,"a":1}' '{' >any.jsonl
run 'unset EVKIT_MODEL; evvalidate --schema one.json -r rejects any.jsonl'
check '--schema rejects' 0
jq -c '._ev.reject | [.line, .code, .reasons[0].path, .reasons[0].keyword, .reasons[0].message]' rejects >got
same '--schema tells why' got - <<'END'
[1,"schema","","required","the member \"a\" is missing"]
[2,"schema","","minimum","-5 is less than 0"]
[3,"schema","","type","\"x\" is a string, not an integer or an object"]
[4,"duplicate-name",null,null,"column 8: the same name stands twice in one object"]
[5,"json",null,null,"column 2: a member's name in double quotes is missing here"]
END
mkdir -p far/away
mv one.json far/away/other.json
printf '{"$ref": "other.json"}\n' >far/away/ref.json
run 'echo 5 | evvalidate --schema far/away/ref.json'
check '--schema: files that it refers to stand beside it' 0 5
run evvalidate --schema nowhere.json any.jsonl
check '--schema: a file that is not there' 2 '' 'evvalidate: nowhere.json: cannot be opened: No such file or directory'

# An event alone, and among others of its shape, of which much is known by then

for type in A B C D Closed Other; do
	for members in '' '"n":1' '"n":0' '"n":1.5' '"n":null' '"n":"x"' '"n":99999999999999999999' \
		'"n":2,"a":1,"b":2,"c":3' '"n":2,"a":1,"b":2,"c":4' '"n":2,"a":11,"b":-8,"c":3' \
		'"n":2,"a":"1","b":2,"c":3' '"w":1' '"w":2' '"n":1,"meta":{"d":1.5,"t":"abc"}' \
		'"n":1,"meta":{"d":1e2,"t":"abcd"}' '"n":1,"meta":{"d":12345678901,"t":"a\u00e9c"}' \
		'"n":1,"meta":{"d":0.123,"t":"\u0061bcd"}' '"n":1,"meta":{"d":null,"t":1}' \
		'"n":1,"meta":{"d":1,"t":"a\u0000"}' '"n":1,"a":0,"b":0,"c":0,"lines":[]' \
		'"a":0,"b":0,"c":0,"lines":[{"sku":"a"},{"sku":"b"}]' \
		'"a":0,"b":0,"c":0,"lines":[{"sku":"a"},{"sku":"b\u00e9"}]' \
		'"a":0,"b":0,"c":0,"lines":[{"sku":"abc"},{"sku":"b\n!"}]' \
		'"a":0,"b":0,"c":0,"lines":[{"sku":1},{}]' '"op":"patch","n":null' '"op":"delete"' \
		'"op":"patch","n":1.5' '"op":"patch","n":7' '"_ev":{"x":1}' '"v":1' '"v":1.5' \
		'"_ev":{"origin":{"source":"s","line":1,"offset":0}},"n":1' \
		'"_ev":{"origin":{"source":"s","line":1,"offset":0}},"n":0'; do
		ev "$type" "$members"
	done
done >kinds.jsonl
reasons='[.raw, ._ev.reject.code, ._ev.reject.reasons]'
while IFS= read -r line; do
	printf '%s\n' "$line" | evvalidate -r rejects >/dev/null 2>&1
	jq -c "$reasons" rejects
done <kinds.jsonl >alone
cat alone alone alone alone >want
cat kinds.jsonl kinds.jsonl kinds.jsonl kinds.jsonl | evvalidate -r rejects >/dev/null 2>&1
jq -c "$reasons" rejects >got
same 'events are judged the same among others of their shape' got want
ok 'of all kinds' [ "$(jq -r '.[1]' alone | sort -u | wc -l)" -ge 6 ]

# Models that are wrong

run 'unset EVKIT_MODEL; evvalidate any.jsonl'
check 'no model' 2 '' '~there is no model: name one with -m MODEL or EVKIT_MODEL, or keep it as ./evkit.yaml$'
run evvalidate -m nowhere.yaml
check 'a model that is not there' 2 '' 'evvalidate: nowhere.yaml: cannot be opened: No such file or directory'
run evvalidate -m schemas
check 'a model that is a folder' 2 '' '~^evvalidate: schemas: .*: Is a directory$'
cp shop.yaml evkit.yaml
run 'unset EVKIT_MODEL; evvalidate good.jsonl'
aside
check 'the model of the folder is taken' 0 @good.jsonl
sed 's/^/# ä\n/' shop.yaml | sed 's/\[B\], jq: ".a +/[B], kq: ".a +/' >place.yaml
run evvalidate -m place.yaml good.jsonl
check 'a place counts comments and characters' 2 '' \
	"evvalidate: place.yaml:22:31: unknown key 'kq' in a rule: did you mean 'jq'?"

# Digits: libjq is asked only about numbers that it does not change

digits()
{
	printf 'evkit: 1\nname: x\nevent: {id: .id, type: .type, time: .time, order: arrival}\nrules:\n  - name: r\n    jq: '"'%s'"'\n%s' \
		"$2" "${5-}" >digits.yaml
	ev A "$3" >digits.jsonl
	run evvalidate -m digits.yaml -r rejects digits.jsonl
	aside
	if [ "$4" = pass ]; then
		check "$1" 0 @digits.jsonl ''
	else
		check "$1: the only record, so nothing passed" 1 '' ''
		is "$1: the reason" "$(jq -r '._ev.reject.reasons[0].message' rejects)" "$4"
	fi
}

digits 'beside a function of libjq, numbers stay exact' '(.s | explode | length) == 3 and .n == 9007199254740993' \
	'"s":"a-b","n":9007199254740993,"p":19.99' pass
digits 'and are told apart' '(.s | explode | length) == 3 and .n == 9007199254740993' '"s":"a-b","n":9007199254740992' \
	'the rule does not hold: (.s | explode | length) == 3 and .n == 9007199254740993: 9007199254740992 == 9007199254740993'
digits 'a number that libjq would change' '(.l | reverse | .[0]) == 9007199254740993' '"l":[1,9007199254740993]' \
	'the rule cannot be told: libjq, which this needs, would change the digits of 9007199254740993 at /l/1'
digits 'one that only its spelling changes' '(.l | with_entries(.) | length) == 1' '"l":{"a/b":609.0}' \
	'the rule cannot be told: libjq, which this needs, would change the digits of 609.0 at /l/a~1b'
digits 'a rule that libjq runs as a whole' 'def f: .n; f == 1' '"n":1,"p":0.1' \
	'the rule cannot be told: libjq, which this needs, would change the digits of 0.1 at /p'
digits 'floating takes doubles' 'def f: .n; f == 1' '"n":1,"p":0.1' pass '    floating: true
'
digits 'tostring keeps every digit' '(.n | tostring) == .s' '"n":308125194256523266,"s":"308125194256523266"' pass
digits 'so does fromjson' '(.s | fromjson) == .n' '"n":9007199254740993,"s":"9007199254740993"' pass
digits 'a number and a text have no order' '.n >= "10"' '"n":9' \
	'the rule cannot be told: number (9) and string ("10") have no order for >='
digits 'nor have null and a number' '.n < 3' '"m":1' 'the rule cannot be told: null and number (3) have no order for <'
digits 'nor where libjq compares them' 'def f: .n; f < 3' '"n":"2"' \
	'the rule cannot be told: string and number have no order: "2" < 3'
digits 'a program without an end is ended' 'def f: f; f' '"n":1' \
	'the rule cannot be told: libjq came to no end within 1.00 s of processor time, far more than a value of this size needs'
EVKIT_X=seen
export EVKIT_X
digits 'a rule sees no environment' '$__loc__ | .line == 1 and ("x" | todate? // true)' '"n":1' pass
unset EVKIT_X

# Lints at start

lint()
{
	printf 'evkit: 1\nname: x\nevent: {id: .id, type: .type, time: .time, order: arrival}\n%s\n' "$2" >lint.yaml
	run evvalidate -m lint.yaml /dev/null
	check "$1" "$4" '' "$3"
}

keyword='is no keyword of JSON Schema and has no effect: did you mean'
lint 'a keyword with a letter too few' 'types: {A: {requird: [a]}}' "evvalidate: the schema of A:1:2: 'requird' $keyword required?" 0
lint 'one in another case' 'types: {A: {maxlength: 3}}' "evvalidate: the schema of A:1:2: 'maxlength' $keyword maxLength?" 0
lint 'the beginning of one' 'types: {A: {properties: {b: {exclusiveMin: 1}}}}' \
	"evvalidate: the schema of A:1:21: 'exclusiveMin' $keyword exclusiveMinimum?" 0
lint 'nullable' 'types: {A: {properties: {b: {type: number, nullable: true}}}}' \
	"evvalidate: the schema of A:1:37: 'nullable' $keyword \"type\": [\"...\", \"null\"]?" 0
lint 'annotations of one'\''s own are welcome' 'types: {A: {x-owner: shop, unit: EUR, examples: [1], $comment: x, sensitive: true}}' '' 0
lint 'a member of that name is no keyword' 'types: {A: {properties: {min: {type: integer}}, enum: [{requird: 1}]}}' '' 0
for sign in = '|=' += -= //=; do
	lint "a rule that assigns: $sign" "rules: [{name: r, jq: \".a $sign 1\"}]" \
		"evvalidate: lint.yaml:4:23: rule 'r': '$sign' assigns, and what it gives holds of any record: to compare, write ==" 2
done
lint 'a rule that gives a number' 'rules: [{name: r, jq: ".a | length"}]' \
	"evvalidate: lint.yaml:4:23: rule 'r' gives no true or false, so it holds unless that is null: compare it with what it must be" 0
lint 'a rule that gives a member' 'rules: [{name: r, jq: ".a"}]' \
	"evvalidate: lint.yaml:4:23: rule 'r' gives a member as it is, so it holds unless that is null or false: say what it must be, such as .a != null or .a == true" 0
lint 'a rule that gives a truth' 'rules: [{name: r, jq: ".a // false"}, {name: s, jq: ".a | not"}]' '' 0

# Sizes: what is read in the square of its size would not come to an end here

limit=20
[ "$SANITIZE" = no ] || limit=60
h='evkit: 1\nname: x\nevent: {id: .id, type: .type, time: .time, order: arrival}\n'
awk -v h="$h" 'BEGIN { printf h "types:\n"; for (i = 0; i < 100000; i++) printf "  T%d: true\n", i }' >keys.yaml
run timeout $limit evvalidate -m keys.yaml /dev/null
check 'a hundred thousand types' 0 '' ''
awk -v h="$h" 'BEGIN { printf h "types: "; for (i = 0; i < 100000; i++) printf "["; print "" }' >deep.yaml
run timeout $limit evvalidate -m deep.yaml /dev/null
check 'a hundred thousand brackets' 2 '' 'evvalidate: deep.yaml:4:72: nested deeper than 64: write it flatter and without aliases'
awk -v h="$h" 'BEGIN { printf h "types:\n  A: &a {"; for (i = 0; i < 20000; i++) printf "k%d: 1,", i; print "z: 1}"
	for (i = 0; i < 1000; i++) printf "  B%d: *a\n", i }' >alias.yaml
run timeout $limit evvalidate -m alias.yaml /dev/null
check 'aliases count as often as they stand there' 2 '' \
	'evvalidate: alias.yaml:29:8: more than a million nodes: write it flatter and without aliases'
awk 'BEGIN { printf "{\"$defs\":{"; for (i = 0; i < 30000; i++) printf "%s\"a%d\":{\"$anchor\":\"b%d\"}", i ? "," : "", i, i
	printf "},\"properties\":{"; for (i = 0; i < 30000; i++) printf "%s\"x%d\":{\"$ref\":\"#%s%d\"}", i ? "," : "", i, i % 2 ? "b" : "/$defs/a", i
	print "}}" }' >references.json
printf '{"x1":1}\n' >one.jsonl
run timeout $limit evvalidate --schema references.json one.jsonl
check 'thirty thousand references' 0 @one.jsonl ''
awk 'BEGIN { printf "{\"enum\":["; for (i = 0; i < 100000; i++) printf "%d,\"aaaaaaaa%06dbbbbbbbb\",[%d],", i, i, i; print "0.5]}" }' >enum.json
awk 'BEGIN { for (i = 90000; i < 100000; i++) printf "%d.0\n\"aaaaaaaa%06dbbbbbbbb\"\n[%d]\n", i, i, i }' >enum.jsonl
run timeout $limit evvalidate --schema enum.json enum.jsonl
check 'an enum of three hundred thousand values' 0 @enum.jsonl ''
awk 'BEGIN { printf "{\"required\":["; for (i = 0; i < 1000; i++) printf "\"a%d\",", i; print "\"z\"],\"dependentRequired\":{\"a999\":[\"y\"]}}" }' >required.json
awk 'BEGIN { printf "{"; for (i = 0; i < 1000; i++) printf "\"a%d\":1,", i; print "\"y\":1,\"z\":1}" }' >required.jsonl
{ sed 's/"a998":1,//' required.jsonl; sed 's/"y":1,//' required.jsonl; } >lacking.jsonl
run evvalidate --schema required.json required.jsonl
check 'a thousand members that must be there' 0 @required.jsonl ''
run evvalidate --schema required.json -r rejects lacking.jsonl
check 'each of them is asked for' 0 '' ''
is 'and told' "$(jq -r '._ev.reject.reasons[].message' rejects)" 'the member "a998" is missing
the member "y" is missing, which must stand beside "a999"'

cd "$srcdir/tests/data/models" || exit 2
n=0
for model in *.yaml; do
	n=$((n + 1))
	run evvalidate -m "$model"
	check "the model $model" 2 '' "@${model%.yaml}.err"
done
ok 'there are wrong models enough' [ "$n" -ge 40 ]
bad=0
for file in *.err; do
	# Each tells the file, the line and the column, and is one line.
	[ "$(grep -cE "^evvalidate: ${file%.err}\.yaml:[0-9]+:[0-9]+: .+" "$file")" = 1 ] &&
		[ "$(wc -l <"$file")" = 1 ] && continue
	diag "$file"
	bad=1
done
is 'each message is one line and begins with its place' "$bad" 0

done_testing
