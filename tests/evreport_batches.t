#!/bin/sh
# evreport on whole batches, from raw lines to the page: was it loaded, why not, what is lost, who must
# act; and every number on the page against the result.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need perl jq || done_testing

# words PAGE: the text of its body, a line an element.
words()
{
	sed -n '/^<body>/,/^<script>/p' "$1" | sed '/^<script>/d; s/<svg.*<\/svg>//g
		s/<\/\(p\|h[1-6]\|dt\|dd\|li\|th\|td\|caption\|figcaption\|summary\|label\|a\|legend\|button\)>/&\n/g' |
		sed 's/<\/a>$/&@/' | sed ':a; /@$/ { N; s/@\n//; ba }' |
		sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' | sed '/^ *$/d'
}

. "$srcdir/tests/evreport_batches.sh"

# first PAGE: its first paragraph, and the list of what is to be done
first()
{
	words "$1" | sed 's/^ //' | sed -n '/^\(Why not\|Whether\|evload\)/p; /^What to do/,/^\(What was set\|Why records\)/p' |
		sed '/^What was set/d; /^Why records/d'
}
is 'clean' "$(first clean.html)" 'Whether it was loaded is not known to this page.
What to do, and who
The line is no event 1 record set aside'
is 'a failed expectation and a harmless reject' "$(first critical.html)" \
	'Why not: The average total must be at most 50. Found: 631.41. Nothing of it is loaded: its chain is sealed, and evload takes no batch that is not approved.
What to do, and who
Pricing: The average total must be at most 50. failed
Checkout team: A total must not be negative. 1 record set aside: −3.10 EUR revenue'
is 'everything rejected' "$(first rejected.html)" \
	'Why not: Nothing passed. The number of records must be at least 1. Found: 0. Nothing of it is loaded: its chain is sealed, and evload takes no batch that is not approved.
What to do, and who
The number of records must be at least 1. failed
Payments: The currency is one that the shop does not take. 300 records set aside: 3,141.50 XXX revenue'
is 'only warnings' "$(first warnings.html)" 'Whether it was loaded is not known to this page.
What to do, and who
Tracking: In at least 90% of the records, channel must be filled in. failed, a warning
Tracking: Nobody knows where this was sold. 72 records passed with a warning'
for batch in clean critical rejected warnings; do
	try "$batch: every number is that of the result" 0 "perl '$srcdir/tests/evreport_numbers.pl' $batch.json $batch.html"
done
perl "$srcdir/tests/evreport_results.pl" large 1500 300 >large.json
evreport -o large.html large.json
try 'so it is for causes beyond the cards' 0 "perl '$srcdir/tests/evreport_numbers.pl' large.json large.html"
sed 's/\(<dt>Passed<\/dt><dd>\)499/\1498/; s/0\.6%/0.7%/; s/\(id="cause-1".*\)<strong>1 record/\1<strong>2 records/' critical.html >wrong.html
run "perl '$srcdir/tests/evreport_numbers.pl' critical.json wrong.html"
check 'and a wrong number is found' 1 '~^Passed: shown 498, is 499$'
is 'in each of its places' "$(wc -l <"$out")" 4

# Links lead to what they name
is 'the reason links to its expectation' \
	"$(n=$(sed -n 's/.*class="why">.*href="#\(check-[0-9]*\)".*/\1/p' critical.html); grep -c "id=\"$n\" data-verdict=\"fail\".*The average" critical.html)" 1
is 'no heading of causes where nothing was set aside' \
	"$(jq -c '.meta.evkit.causes = []' clean.json | evreport | grep -c -e 'Why records' -e '#causes')" 0
is 'a heading of warnings where nothing else is' "$(grep -c 'Why records passed with a warning</h2>' warnings.html)" 1
is 'one rule is one card, with its types' "$(words rejected.html | grep -A 8 '^Who must act' | sed -n '2p; 6p')" \
	'Payments
OrderCompleted 100, OrderModified 100, TicketRefunded 100'

#
# Too many rejects
#
sed '1~4s/"total":[0-9.]*/"total":-1/' clean.jsonl >many.jsonl
evvalidate --batch many -r rejects/ --max-rejects 10% --result many.json many.jsonl >/dev/null 2>&1
is 'more rejects than --max-rejects allows' "$(evreport many.json | words /dev/stdin | grep '^Why not')" \
	'Why not: Too many were set aside: 85 of 501 (17.0%), and at most 10% may be. Whether it was loaded is not known to this page.'
evreport -o many.html many.json
try 'its numbers' 0 "perl '$srcdir/tests/evreport_numbers.pl' many.json many.html"

#
# The balance sheet
#
words clean.html | sed -n '/^What became/,/^Words/p' | sed '/^Words/d' >balance.txt
same 'a sealed chain has all its programs in the file of the last' balance.txt - <<'END'
What became of every line
Every line that came in is in one of these
Step
Came in
Went on
Of the others
Read evparse
501
500
1 set aside
Checked evvalidate
500
500
–
END
# stats FILE PROGRAM OK COUNTS: what --stats FILE writes
stats()
{
	jq -cn --arg program "$2" --argjson ok "$3" --argjson stages "$4" --arg batch "${5-clean}" \
		'{program: $program, batch: $batch, ok: $ok, bytes: 1, rejects: {}, stages: $stages}' >"$1"
}
chain='{"program":"evparse","in":501,"out":500,"rejected":1,"blank":0},{"program":"evvalidate","in":500,"out":500,"warning":0,"rejected":0,"blank":0},{"program":"evdedupe","in":500,"out":480,"duplicate":20,"rejected":0,"blank":0},{"program":"evversion","in":480,"out":950,"version":470,"no-op":3,"duplicate":0,"conflict":4,"misfit":1,"rejected":2,"blank":0}'
stats load.stats evload true "[$chain,{\"program\":\"evload\",\"in\":950,\"row\":1234,\"delete\":5,\"skipped\":0,\"rejected\":0,\"blank\":0}]"
evreport clean.json --balance clean.stats --balance load.stats >loaded.html
is 'what evload took is known from its balance' "$(words loaded.html | grep 'evload has')" ' evload has taken it: 1,234 rows.'
is 'rejects, duplicates and conflicts are told program by program' "$(words loaded.html | sed -n '/^Without/,/^Words/p' | sed '/^Words/d' | tr '\n' '|')" \
	'Without repeats evdedupe|500|480|20 dropped as repeats|Put in order evversion|480|470 versions|2 set aside; 4 set aside in conflict; 1 set aside as misfit; 3 changed nothing|Loaded evload|950|1,234 rows|5 take older rows back|'
is 'and their number stands on top' "$(words loaded.html | grep -A 1 '^Set aside by other' | tail -n 1)" 8
evreport -o order.html clean.json --balance load.stats --balance clean.stats
same 'the order of the sheets does not matter' order.html loaded.html
stats load.stats evload false "[$chain]"
is 'a load that was refused' "$(evreport clean.json --balance load.stats | words /dev/stdin | grep -c 'evload has refused it')" 1
stats load.stats evload true "[$chain,{\"program\":\"evload\",\"in\":950,\"row\":1234,\"delete\":5,\"skipped\":0,\"rejected\":0,\"blank\":0}]"
jq -c '.meta.evkit.counts |= (.in += 14 | .dropped = 12 | .blank += 2 | .warning = 3) | .meta.evkit.batch = "left"' clean.json >left.json
stats left.stats evstar true '[{"program":"evvalidate","in":514,"out":500,"dropped":12,"warning":3,"rejected":0,"blank":2},
	{"program":"evdedupe","in":500,"out":500,"duplicate":0,"late":4,"rejected":0,"blank":0},
	{"program":"evversion","in":500,"version":490,"no-op":0,"duplicate":0,"conflict":0,"misfit":0,"out":490,"held":10,"released":5,"withheld":6,"taken-back":7,"rejected":0,"blank":0},
	{"program":"evstar","in":490,"reduced":400,"row":80,"delete":10,"out":90,"rejected":0,"blank":0}]' left
evreport left.json --balance left.stats >left.html
is 'what is not counted is said' "$(words left.html | grep -o 'Not counted.*')" 'Not counted: 12 events of types that are left out, 2 blank lines.'
try 'its numbers' 0 "perl '$srcdir/tests/evreport_numbers.pl' left.json left.html"
is 'every count of every program is on its sheet' "$(words left.html | sed -n '/^Checked/,/^Words/p' | sed '/^Words/d' | tr '\n' '|')" \
	'Checked evvalidate|514|500|12 of types that are left out; 2 blank. Besides: 3 noted as warnings|Without repeats evdedupe|500|500|Besides: 4 older than what is remembered|Put in order evversion|500|490 versions|10 wait for what they correct. Besides: 5 of earlier batches wait no longer; 6 of earlier batches wait again; 7 of earlier batches set aside|Made into rows evstar|490|80 rows|400 made one with others; 10 take older rows back|'
is 'and what was taken back is set aside' "$(words left.html | grep -A 1 '^Set aside by other' | tail -n 1)" 7

# several ARGUMENT...: what the page of several batches says of their loads.
several()
{
	evreport "$@" | words /dev/stdin | sed -n 's/^ *//; /^\(Why not\|evload\|Whether\)/p; /\(approved\|loaded\|refused by evload\)$/p'
}
stats left2.stats evload true '[{"program":"evvalidate","in":514,"out":500,"dropped":12,"warning":3,"rejected":0,"blank":2},{"program":"evload","in":500,"row":1,"delete":0,"skipped":0,"rejected":0,"blank":0}]' left
is 'several batches, which are loaded' "$(several clean.json left.json --balance load.stats --balance left2.stats)" 'evload has taken all 2: 1,235 rows.
loaded
loaded'
is 'one of them is not known to be' "$(several clean.json left.json --balance load.stats)" 'evload has taken 1 of 2: 1,234 rows. Whether 1 that was approved was loaded is not known to this page.
approved
loaded'
is 'nothing is known of either, and one was not approved' "$(several clean.json critical.json)" 'Why not critical: The average total must be at most 50. Found: 631.41. Nothing of it is loaded: its chain is sealed, and evload takes no batch that is not approved.
Whether 1 that was approved was loaded is not known to this page.
not approved
approved'
stats load.stats evload false "[$chain]"
is 'and one that was refused' "$(several clean.json left.json --balance load.stats --balance left2.stats | tail -n 3)" 'evload has taken 1 of 2: 1 row.
loaded
refused by evload'
stats parse.stats evparse true '[{"program":"evparse","in":501,"out":500,"rejected":1,"blank":0}]'
is 'without a seal, each program has a file of its own' \
	"$(jq -c '.meta.evkit.sealed = false' clean.json | evreport --balance parse.stats --balance clean.stats | words /dev/stdin | grep -c '^Read evparse')" 1
stats other.stats evvalidate true '[{"program":"evvalidate","in":9,"out":9,"rejected":0,"blank":0}]'
try 'a balance of another run' 2 'evreport -o x clean.json --balance other.stats' <<'END'
! evreport: other.stats:1:1: batch: is of no batch of these results: give the file that --stats FILE wrote in the same run
END
stats other.stats evparse true '[{"program":"evparse","in":9}]' other
try 'of another batch' 2 'evreport -o x clean.json --balance other.stats' <<'END'
! evreport: other.stats:1:1: batch: is of no batch of these results: give the file that --stats FILE wrote in the same run
END
echo '{"program":"<b>","batch":"clean","ok":true,"stages":[{"program":"<i>\u202e","in":1,"<u>":3,"rejected":7}]}' >hostile.stats
run 'evreport clean.json --balance hostile.stats'
check 'names in a balance sheet are texts' 0 '~&lt;i&gt;\\u\{202e\}</bdi></span></th><td>1</td>'
is 'and nothing else' "$(grep -c '<i>\|<u>\|<b>' "$out")" 0
for bad in '[]' '{}' '{"program":"a","batch":"clean","ok":true,"stages":[{"program":"a","in":-1}]}' '{"program":"a","batch":"clean","ok":true,"stages":[{}]}' '{'; do
	echo "$bad" >bad.stats
	run 'evreport -o x clean.json --balance bad.stats'
	check "no balance: $bad" 2 '' '~^evreport: bad.stats:[12]:'
done

#
# Rejects of other programs
#
is 'a reject of evparse has a card' "$(words clean.html | sed -n '/^1 cause/,/^What was expected/p' | sed '/^What was/d' | tr '\n' '|')" \
	'1 cause.|Search the causes |Show all records|The line is no event|1 record set aside by evparse|First seen|clean.jsonl, line 501|Last seen|clean.jsonl, line 501|One such record|no JSON object at the end of the line (clean.jsonl, line 501)|no event|'
run 'evreport critical.json --rejects rejects'
check 'those of evvalidate are in its result already' 0 any
is 'once' "$(grep -c 'class="cause"' "$out")" 1
cat >hand.jsonl <<'END'
{"_ev":{"reject":{"stage":"evversion","source":"a.log","line":7,"code":"conflict","reasons":[{"message":"two contents"}]}},"raw":"{\"id\":1,\"mail\":\"jane@example.com\"}"}
{"_ev":{"reject":{"stage":"evversion","source":"a.log","line":3,"code":"conflict","reasons":[{"message":"two contents"}]}},"raw":"{\"id\":1,\"mail\":\"ann@example.com\"}"}
{"_ev":{"reject":{"stage":"evstar","source":"<b>","line":1,"code":"<i>","reasons":[{"rule":"<u>","path":"/a/3/b","keyword":"k","message":"<script>\u202e","explain":"<s>"}]}},"raw":"{\"a\":[0,1,2,{\"b\":\"<x>\"}]}"}
{"_ev":{"reject":{"stage":"evparse","source":"b","line":1,"code":"utf8","reasons":[]}},"raw_base64":"/w=="}
END
run 'evreport clean.json --rejects hand.jsonl'
check 'a file of rejects' 0 any
is 'has its causes' "$(words "$out" | grep 'set aside by' | tr '\n' '|')" '2 records set aside by evversion|1 record set aside by evparse|1 record set aside by evstar|'
is 'the first of which is the one by place' "$(words "$out" | grep -c 'two contents (a.log, line 3)')" 1
is 'hostile texts stay texts' "$(grep -c '<script>.*<script>\|<b>\|<i>\|<u>\|<s>\|<x>' "$out")" 0
is 'the bad value is marked' "$(grep -c '<mark>&quot;&lt;x&gt;&quot;</mark>' "$out")" 1
run 'evreport --redact mail clean.json --rejects hand.jsonl'
is 'redaction holds there' "$(grep -c 'example.com' "$out")" 0
printf '%s\n' '{"_ev":{"reject":{"stage":"evparse","source":"b","line":1,"code":"foreign","reasons":[{"message":"jane@example.com is no event"}]}},"raw":"jane@example.com"}' >line.jsonl
is 'a line of which no field is known is not quoted' "$(evreport --redact mail clean.json --rejects line.jsonl | grep -c jane)" 0
is 'unless nothing is redacted' "$(evreport clean.json --rejects line.jsonl | grep -c 'jane@.* is no event')" 1
brackets=$(printf '%0600d' 0)
printf '{"a":"\\ud800"}\n{"a":"\001"}\n{"a":%s%s}\nat 10 {"a":1' "$(echo "$brackets" | tr 0 '[')" "$(echo "$brackets" | tr 0 ']')" >odd.log
printf 'a,b\n1\n"x"y,2\n' >odd.csv
evparse -r odd.rejects odd.log >odd.out 2>said
evparse -f csv -r odd-csv.rejects odd.csv >odd.out 2>said
cat odd.rejects odd-csv.rejects >odd.jsonl
evreport clean.json --rejects odd.jsonl >odd.html
for code in $(sed 's/.*"code":"\([^"]*\)".*/\1/' odd.jsonl); do
	is "people read no bare code: $code" "$(words odd.html | grep -c "^$code\$")" 0
done
is 'but a sentence' "$(words odd.html | grep -c '^\(The record is nested too deep\|A text in the record has half a character\|A control character stands in a text\|The file ends in the middle of the record\|The row has more or fewer fields than the header\|The quotes in the row are not right\)$')" 6
echo '{"a":1}' >none.jsonl
try 'what is no reject' 2 'evreport -o x clean.json --rejects none.jsonl' <<'END'
! evreport: none.jsonl:1: is no reject: give a file that a program wrote with -r
END
try 'a file for several results' 2 'evreport -o x clean.json critical.json --rejects hand.jsonl' <<'END'
! evreport: hand.jsonl: is a file, and of which of 2 results is not known: name the folder that -r FOLDER/ wrote to
END
run 'evreport -o x clean.json --rejects missing.jsonl'
check 'a file that is not there' 2 '' '~^evreport: missing.jsonl: .*No such file'

#
# Amounts are redacted with what they are made of
#
is 'amounts of a redacted column' "$(evreport --redact total rejected.json | grep -c '3,141\|XXX revenue')" 0
is 'and of a redacted currency' "$(evreport --redact currency rejected.json | words /dev/stdin | grep -A 1 '^Amount set')" 'Amount set aside
redacted revenue'
is 'not of others' "$(evreport --redact id rejected.json | grep -c '3,141.50')" 3

#
# Amounts and owners from the model
#
# Elements of a list add up; what is no number is told; what a state remembers adds up to the same.
cat >lines.yaml <<'END'
evkit: 1
name: lines
event: {id: .id, type: .type, time: .at, order: time}
types:
  Order: {owner: Shop, schema: {type: object}}
rules:
  - {name: never, jq: "false"}
  - {name: none for refunds, for: [Order], jq: ".id < 3", owner: Other}
star:
  facts:
    lines:
      keep: latest
      each: .items[]
      for: [Order]
      columns: {at: {from: .at, type: timestamp}, price: {from: $item.price, type: "decimal(9,2)"}, money: {from: .money, type: varchar(9)}}
measures:
  sold: {fact: lines, column: price, currency: money}
  count: {fact: lines}
END
cat >lines.jsonl <<'END'
{"id":1,"type":"Order","at":"2026-03-01T10:00:00Z","money":"EUR","items":[{"price":0.10},{"price":0.20},{}]}
{"id":2,"type":"Order","at":"2026-03-01T10:00:00Z","money":"USD","items":[{"price":5}]}
{"id":3,"type":"Order","at":"2026-03-01T10:00:00Z","items":[{"price":0.05}]}
{"id":4,"type":"Order","at":"2026-03-01T10:00:00Z","money":"EUR","items":[{"price":1}]}
END
evvalidate -m lines.yaml --batch a -r rejects/ --result lines.json --state-out all.state lines.jsonl >/dev/null 2>&1
is 'amounts' "$(jq -c '.meta.evkit.amounts[] | [.measure, .currency, .sum, .values, .unread, .columns]' lines.json)" \
	'["sold",null,0.05,1,0,[".items[].price",".money"]]
["sold","EUR",1.3,3,1,[".items[].price",".money"]]
["sold","USD",5,1,0,[".items[].price",".money"]]'
evvalidate -m lines.yaml --batch a --merge --result merged.json all.state >/dev/null 2>&1
same 'and in a state' merged.json lines.json
evreport -o lines.html lines.json
try 'their numbers on the page' 0 "perl '$srcdir/tests/evreport_numbers.pl' lines.json lines.html"
is 'are told with what cannot be read' "$(words lines.html | grep -A 1 '^Amount set' | tail -n 1)" '0.05 sold; 1.30 EUR sold, 1 not readable; 5 USD sold'
is 'owners are of the rule, or else of the type' "$(jq -r '.meta.evkit.causes[] | .rule + ": " + .owner' lines.json)" 'never: Shop
none for refunds: Other'
sed 's/{name: never, /&owner: [x], /' lines.yaml >bad.yaml
try 'an owner of a rule is a text' 2 'evvalidate -m bad.yaml lines.jsonl' <<'END'
! evvalidate: bad.yaml:7:26: owner must be a text
END
sed 's/owner: Shop/owner: {}/' lines.yaml >bad.yaml
try 'so is that of a type' 2 'evvalidate -m bad.yaml lines.jsonl' <<'END'
! evvalidate: bad.yaml:5:18: owner must be a text
END
{ cat lines.yaml; printf 'expectations:\n  - expect_column_to_exist: {column: id, owner: []}\n'; } >bad.yaml
try 'and that of an expectation' 2 'evvalidate -m bad.yaml lines.jsonl' <<'END'
! evvalidate: bad.yaml:20:49: owner must be a text
END

#
# Long records
#
{
	printf '{"id":1,"type":"OrderCompleted","at":"2026-03-01T10:00:00Z","currency":"EUR","channel":"web","note":"'
	printf 'x%.0s' $(seq 5000)
	printf '","items":['
	printf '{"n":1},%.0s' $(seq 500)
	printf '{"n":2}],"total":-7.5,"rest":"'
	printf 'y%.0s' $(seq 5000)
	printf '"}\n{"id":2,"type":"OrderCompleted","at":"2026-03-01T10:00:00Z","a":"'
	printf 'z%.0s' $(seq 9000)
	printf '" "b":1,"c":"'
	printf 'w%.0s' $(seq 9000)
	printf '"}\n'
} >long.jsonl
evvalidate --batch long -r rejects/ --result long.json --state-out long.state long.jsonl >/dev/null 2>&1
is 'a long record is cut around its value, and stays JSON' \
	"$(jq -c '.meta.evkit.causes[] | select(.code == "schema").sample | (.raw | fromjson | [.total, (.items | length), .items[-1], .id]), .cut, .raw_path, (.raw | length < 4000)' long.json | tr '\n' ' ')" \
	'[-7.5,12,"…",1] true "/total" true '
is 'one that is no JSON around its fault' "$(jq -r '.meta.evkit.causes[] | select(.code == "json").sample | .raw[.raw_at - 3:.raw_at + 3], .cut' long.json | tr '\n' ' ')" 'z" "b" true '
evvalidate --merge --batch long --result merged.json long.state >/dev/null 2>&1
same 'states keep that' merged.json long.json
evreport -o long.html long.json
is 'the value is in sight' "$(grep -c '^  &quot;total&quot;: <mark>-7.5</mark>,$' long.html)" 1
is 'and so is the fault' "$(grep -c '<mark><bdi>&quot;</bdi></mark>' long.html)" 1
is 'redaction holds in what was cut, also by an index' \
	"$(jq -c '.meta.evkit.causes[].sample |= (.raw = "{\"items\":[\"\u2026\",{\"n\":\"secret\"}],\"total\":1}" | .cut = true | .raw_path = "/total")' long.json |
		evreport --redact 'items[499].n' | grep -c secret)" 0
is 'and the message of what was cut is not told' "$(evreport --redact x long.json | grep -c 'is less than')" 0
is 'however long a record is in the result, its value is in sight' \
	"$(jq -c '.meta.evkit.causes |= [.[] | select(.code == "schema") | .sample |= (del(.cut) | del(.raw_path) | .raw = "{\"a\":\"" + ("q" * 9000) + "\",\"total\":-7.5}")]' long.json |
		evreport | grep -c '^  &quot;total&quot;: <mark>-7.5</mark>$')" 1
is 'names are shown without escapes' \
	"$(jq -c '.meta.evkit.causes[].sample |= (.raw = "{\"caf\\u00e9\":\"caf\\u00e9\",\"\\u001b\":1}" | .cut = false)' long.json | evreport | grep -c '^  &quot;<bdi>café</bdi>&quot;: &quot;caf.u00e9&quot;,$\|^  &quot;.u{1b}&quot;: 1$\|^  <bdi>&quot;café&quot;</bdi>')" 4

#
# Numbers of the first few are not those of all; averages
#
# found TYPE RESULT [KWARGS]
found()
{
	jq -c --arg type "$1" --argjson result "$2" --argjson kwargs "${3-{\}}" '.results = [.results[0]] | .meta.evkit.expectations = [.meta.evkit.expectations[0]]
		| .results[0] |= (.expectation_config = {type: $type, kwargs: ({column: "a"} + $kwargs), severity: "critical"} | .result = $result)' critical.json |
		evreport | words /dev/stdin | sed -n '/^What was expected/,$p' | sed -n '/Failed.*The \|Failed.*Every/,/^\(Who\|Words\)/p' | sed '1d; /^Who/d; /^Words/d' | tr '\n' ' '
}
is 'counts of the first 20 are not shown' \
	"$(found expect_column_values_to_be_between '{"element_count":5000,"unexpected_count":3000,"missing_count":0,"partial_unexpected_counts":[{"value":-1,"count":12},{"value":[1,2],"count":7},{"value":[],"count":1}]}')" \
	'3,000 of 5,000 values did not: 60.0%. Such as: −1, the list [1,2], an empty list '
is 'those of all are' \
	"$(found expect_column_values_to_be_between '{"element_count":5000,"unexpected_count":19,"missing_count":0,"partial_unexpected_counts":[{"value":-1,"count":12},{"value":"x","count":7}]}')" \
	'19 of 5,000 values did not: 0.4%. Such as: −1 (12 times), “x” (7 times) '
mean=expect_column_mean_to_be_between
is 'an average' "$(found $mean '{"observed_value":33.333333333333333333}')" 'Found: 33.333. '
is 'a small one' "$(found $mean '{"observed_value":-0.00012345678}')" 'Found: −0.00012346. '
is 'a large one' "$(found $mean '{"observed_value":123456789.98765432}')" 'Found: 123,456,789.99. '
is 'one that carries' "$(found $mean '{"observed_value":999.99999999}')" 'Found: 1000.00. '
is 'one that is short' "$(found $mean '{"observed_value":3.5}')" 'Found: 3.5. '
is 'with as many digits as show that it is above its limit' "$(found $mean '{"observed_value":0.300000041}' '{"max_value":0.3}')" 'Found: 0.30000004. '
is 'or below it' "$(found $mean '{"observed_value":0.29999994}' '{"min_value":0.30}')" 'Found: 0.2999999. '
is 'quantiles' "$(found expect_column_quantile_values_to_be_between '{"observed_value":{"quantiles":[0.5],"values":[12.123456789]}}')" 'Found: 0.5: 12.123. '
is 'a sum has all its digits' "$(found expect_column_sum_to_be_between '{"observed_value":33.333333333333}')" 'Found: 33.333333333333. '
is 'a list is called a list' \
	"$(jq -c '.results[0].expectation_config = {type: "expect_column_values_to_be_of_type", kwargs: {column: "a", type_: "list"}}' critical.json | evreport | words /dev/stdin | grep -o 'Every value of a must be a list' | head -n 1)" \
	'Every value of a must be a list'

done_testing
