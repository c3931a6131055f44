#!/bin/sh
# evreject: what was set aside, grouped, shown, restored, edited and handed back.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

unset EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v}
types:
  Order:
    type: object
    properties:
      total: {type: number, minimum: 0}
      items: {type: array, items: {type: object, properties: {price: {type: number}}}}
    required: [total]
rules:
  - {name: cheap, jq: .total < 1000}
END

# order ID MORE: an event.
order()
{
	printf '{"id":"%s","type":"Order","at":"2026-03-01T10:00:00Z",%s}\n' "$1" "$2"
}

{
	order o-1 '"total":1'
	order o-2 '"total":"19.10","tax":3.30,"n":12345678901234567890,"s":"\u0061\/"'
	order o-3 '"total":-2,"items":[{"price":"1"},{"price":2},{"price":"3"}]'
	order o-4 '"total":1e9'
	order o-5 '"total":1,"total":2'
	printf 'caf\351 \033[31mred\342\200\256\n'
	order o-6 '"total":1,"_ev":{"x":1}'
	printf '[1]\n{"id":'
} >day.log
: >empty
evvalidate -r rejects day.log >"$tap/good" || exit 2
is 'there are rejects' "$(wc -l <rejects)" 8

#
# restore
#
run evreject restore rejects
check 'restore gives the bytes' 0 any
{ sed 1d day.log; echo; } >want
same 'all of them' "$out" want
gzip -nc rejects >rejects.gz
run 'evreject restore <rejects.gz'
check 'gzip, on standard input' 0 @want
printf '\n \n' | cat - rejects >blank
run evreject restore blank empty
check 'blank lines, and a file of nothing' 0 @want
run evreject restore empty
check 'nothing' 0
head -c 70000 /dev/urandom | tr -d '\n\r' >random
for bytes in 15 16 17 18 4000 60000; do
	head -c "$bytes" random >line
	{ cat line; echo; } >lines
	evparse --max-line 16 -r long lines >"$tap/none"
	run evreject restore long
	check "$bytes random bytes" 0 @lines
done
perl -e 'for (0 .. 255) { print chr, "{\"id\":\"", chr, "\"\n" if $_ != 10 && $_ != 13 }' >bytes
evparse -r bytes.rejects bytes >"$tap/none" 2>&1
run evreject restore bytes.rejects
check 'every byte' 0 @bytes
run 'evreject show bytes.rejects | LC_ALL=C tr -d "\n -~"'
check 'and none steers the terminal' 0
run 'evreject replay bytes.rejects 2>&3 | evparse -r again.rejects >&3 2>&1; evreject restore again.rejects | cmp - bytes' 3>"$tap/none"
check 'nor is lost when it is tried again' 0
printf '%s\n' '{"_ev":{"reject":{"stage":"x","source":"a","line":1,"code":"y","reasons":[]}},"raw":"one\ntwo\u0000\u00e9"}' >several
run evreject restore several
printf 'one\ntwo\0\303\251\n' >want
check 'a record of several lines, and a NUL' 0 @want

#
# group
#
try 'group: the largest first; an index is *, and a record counts once' 0 'evreject group rejects' <<'END'
      2  evvalidate: schema: Order /total
         day.log:2: "19.10" is a string, not a number
      1  evvalidate: schema: Order /items/*/price
         day.log:3: "1" is a string, not a number
      1  evvalidate: rule: cheap
         day.log:4: the rule does not hold: .total < 1000: 1e9 < 1000
      1  evvalidate: duplicate-name
         day.log:5: column 66: the same name stands twice in one object
      1  evvalidate: utf8
         day.log:6: column 4: not UTF-8
      1  evvalidate: reserved /_ev
         day.log:7: the member "_ev" is reserved
      1  evvalidate: not-object
         day.log:8: a record is one JSON object, and this is a JSON array
      1  evvalidate: json
         day.log:9: column 7: a value is missing at the end
END
try 'group --json' 0 'evreject group --json -c schema rejects rejects' <<'END'
{"records":4,"stage":"evvalidate","code":"schema","rule":"Order","path":"/total","source":"day.log","line":2,"message":"\"19.10\" is a string, not a number"}
{"records":2,"stage":"evvalidate","code":"schema","rule":"Order","path":"/items/*/price","source":"day.log","line":3,"message":"\"1\" is a string, not a number"}
END
awk 'BEGIN { for (i = 1; i <= 10003; i++) printf "{\"_ev\":{\"reject\":{\"stage\":\"x\",\"source\":\"a\"," \
	"\"line\":%d,\"code\":\"y\",\"reasons\":[{\"path\":\"/p%dq\",\"message\":\"m\"}]}},\"raw\":\"\"}\n", i, i }' >hostile
run 'evreject group hostile | tail -n 1'
check 'groups that a hostile log makes have a bound' 0 '      3  for other reasons'
try 'a reject without a reason' 0 'evreject group several' <<'END'
      1  x: y
         a:1: 
END

#
# show, and choosing
#
try 'show' 0 'evreject show -l 3 -l 6 rejects' <<'END'
day.log:3: evvalidate: schema
  Order: /total: -2 is less than 0
  Order: /items/0/price: "1" is a string, not a number
  Order: /items/2/price: "3" is a string, not a number
  {"id":"o-3","type":"Order","at":"2026-03-01T10:00:00Z","total":-2,"items":[{"price":"1"},{"price":2},{"price":"3"}]}

day.log:6: evvalidate: utf8
  column 4: not UTF-8
  caf\xe9 \u001b[31mred\u202e

END
# chosen OPTIONS WANT: the lines of what is chosen.
chosen()
{
	is "choosing by $1" "$(eval "evreject restore $1 rejects >got" && while read -r line; do
		LC_ALL=C grep -anxF -e "$line" day.log | cut -d: -f1
	done <got | tr '\n' ' ')" "$2"
}
chosen '-c schema' '2 3 '
chosen '--code schema --code json' '2 3 9 '
chosen '-c rule --rule Order' ''
chosen '--rule Order --rule cheap' '2 3 4 '
chosen '-s evvalidate -l 4' '4 '
chosen '-s evparse' ''
chosen '--source day.log -l 8' '8 '
chosen '--source day' ''
printf '%s\n' '{"_ev":{"reject":{"stage":"\u001b[1m","source":"\u202ea\nb","line":1,"code":"\u0007","reasons":[{"rule":"\u009b","path":"/\u0000x","message":"\u001b]0;m","explain":"\u001be"}]}},"raw":"r"}' >steers
run 'evreject show steers; evreject group steers'
ok 'nothing steers the terminal' test -z "$(LC_ALL=C tr -d '\n -~' <"$out")"
head -c 3000 /dev/zero | tr '\0' x >long
evparse -r long.rejects long >"$tap/none" 2>&1
run 'evreject show long.rejects | sed -n 3p | cut -c 1990-'
check 'a long record is cut' 0 'xxxxxxxxxxxxx... (3000 bytes in all)'

#
# edit
#
evreject edit -o edited '.total |= tonumber' rejects 2>told
is 'edit counts' "$(cat told)" \
	'evreject: 1 edited, 3 without a change, 4 refused, which stay as they are; the first: day.log:5: a name stands twice in the record, of which jq keeps one'
is 'what it does not touch keeps its bytes' "$(evreject restore -l 2 edited)" \
	'{"id":"o-2","type":"Order","at":"2026-03-01T10:00:00Z","total":19.1,"tax":3.30,"n":12345678901234567890,"s":"\u0061\/"}'
run 'sed 1d rejects >want && sed 1d edited'
check 'and so do the others' 0 @want
is 'the reject stays that of the record' "$(head -n 1 edited | sed 's/"raw".*//')" "$(head -n 1 rejects | sed 's/"raw".*//')"
run evreject edit -c rule -l 4 '.total = 5' rejects
sed '3s/\\"total\\":1e9/\\"total\\":5/' rejects >want
check 'what is not chosen stays' 0 @want 'evreject: 1 edited, 0 without a change, 0 refused, which stay as they are'

# edits PROGRAM RECORD WANT: what it makes of a record.
edits()
{
	printf '%s\n' "$2" | sed 's/$/,/' | evparse -r one - >"$tap/none" 2>&1
	sed 's/,"}$/"}/' one >two
	run evreject edit "$1" two
	is "edit $1" "$(evreject restore "$out")" "$3"
}
edits '.a = 1' '{"b": 1.50 , "a":2}' '{"b":1.50,"a":1}'
edits 'del(.a)' '{"b":1.50,"a":2,"c":[1.0, 2.0]}' '{"b":1.50,"c":[1.0, 2.0]}'
edits '.items[1].p = 3' '{"items":[{"p":0.10},{"p":0.20,"q":1E2},0.30]}' '{"items":[{"p":0.10},{"p":3,"q":1E2},0.30]}'
edits '.b = .a' '{"a":19.10}' '{"a":19.10,"b":19.1}'
edits '.b = .a' '{"a":12345678901234567890}' '{"a":12345678901234567890}'
edits '.c = .a + .b' '{"a":0.1,"b":0.2}' '{"a":0.1,"b":0.2}'
edits '.c = 1e1000' '{"a":1}' '{"a":1}'
edits '.a |= fromjson' '{"a":"{\"x\":1.50}"}' '{"a":{"x":1.5}}'
edits '. # a comment' '{"a":1.0}' '{"a":1.0}'
edits 'empty' '{"a":1.0}' '{"a":1.0}'
edits '., .' '{"a":1.0}' '{"a":1.0}'
edits '.a' '{"a":1.0}' '{"a":1.0}'
edits 'error("no")' '{"a":1.0}' '{"a":1.0}'
edits 'while(true; .)' '{"a":1.0}' '{"a":1.0}'
edits '{"\u0061\n": .a}' '{"a":1.0}' '{"a\n":1}'
for program in now input 'env.HOME' '$ENV.HOME' 'input_line_number'; do
	run evreject edit "$program" rejects
	check "a program that depends on more than the record: $program" 2 '' '~^evreject: .*cannot be used'
done
run evreject edit '.a |=' rejects
check 'what is no program' 2 '' '~^evreject: .a |=: jq: '
run evreject edit
check 'no program' 2 '' '~^evreject: edit takes a program of jq'

#
# replay
#
run evreject replay rejects
sed '1d' day.log | LC_ALL=C sed -e '1s/}$/,"_ev":{"origin":{"source":"day.log","line":2,"offset":66}}}/' \
	-e '2s/}$/,"_ev":{"origin":{"source":"day.log","line":3,"offset":189}}}/' \
	-e '3s/}$/,"_ev":{"origin":{"source":"day.log","line":4,"offset":306}}}/' >want
echo >>want
check 'replay names the origin' 0 @want \
	'evreject: 5 went without their origin: what is no right JSON object, or has a member "_ev" from outside, cannot bear it'
evreject replay -c schema -c rule rejects | evparse | evvalidate -r again >"$tap/none" 2>&1
is 'what fails again has the same place and reasons' \
	"$(sed 's/,"raw".*//' again)" "$(head -n 3 rejects | sed 's/,"raw".*//')"
evreject replay again | evparse --origin | evvalidate -r third >"$tap/none" 2>&1
same 'and again' third again
run evreject replay several
check 'a record of no object' 0 any any
printf '%s\n' '{"_ev":{"reject":{"stage":"evstar","source":"a","line":7,"code":"y","reasons":[]}},"raw":"{\"a\":1,\"_ev\":{\"version\":1}}"}' >version
run evreject replay version
check 'the mark of a program goes, and an offset need not be known' 0 \
	'{"a":1,"_ev":{"origin":{"source":"a","line":7}}}'
printf '%s\n' '{"a":1,"a":2,"_ev":{"origin":{"source":"a","line":7}}}' '{"id":"x","_ev":{"origin":{"source":"a","line":7}}}' >without
run 'evparse -r none without | evvalidate -r bad; sed "s/,\"code.*//" bad'
check 'an origin without an offset is one' 0 \
	'{"_ev":{"reject":{"stage":"evvalidate","source":"a","line":7' any

#
# The whole way: rejected, mended, replayed, in a sealed pipe.
#
run 'export EVKIT_SEAL=secret; evreject edit ".total |= (tonumber | fabs)" rejects 2>&3 | evreject replay -c schema -c rule 2>&3 |
	evparse --batch again | evvalidate -r left | grep -v "^{\"_ev\"" | cut -d: -f2,5- | cut -c 1-60' 3>"$tap/said"
is 'one comes through, and two are left' "$(wc -l <"$out") $(wc -l <left)" '1 2'

#
# Every program that sets records aside says how they come back.
#
for page in "$srcdir"/man/ev*.1; do
	program=$(basename "$page" .1)
	"$program" --help | grep -q -e '^  -r, --rejects' || continue
	echo "$program"
	sed '/^\.Sh SEE ALSO/,$d' "$page" | grep -q -e 'evreject' || echo "$program does not say it"
done >said
same 'the way back is in the page of every program that rejects' said - <<'END'
evdedupe
evkafka
evlake
evload
evparse
evprofile
evstar
evvalidate
evversion
END

#
# What is no reject
#
for line in '{}' '[]' 'x' '{"a":1}' '{"_ev":{"reject":{}},"raw":""}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}}}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}},"raw":1}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":-1,"code":"c","reasons":[]}},"raw":""}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[1]}},"raw":""}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}},"raw_base64":"A"}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}},"raw_base64":"A==="}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}},"raw_base64":"A*=="}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}},"raw_base64":"AA=A"}' \
	'{"raw":"","_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}}}' \
	'{"_ev":{"reject":{"stage":"a","source":"b","line":1,"code":"c","reasons":[]}},"raw":"","raw_base64":""}'; do
	printf '\n%s\n' "$line" >no
	run evreject restore no
	check "no reject: $line" 2 '' 'evreject: no:2: is no line of a rejects file: name what a program wrote by -r'
done
try 'no command' 2 evreject <<'END'
! evreject: a command is missing: group, show, restore, replay, edit or erase
! Try 'evreject --help'.
END
run evreject resotre rejects
check 'a mistyped one' 2 '' "~^evreject: no command 'resotre': .*'restore'"
done_testing
