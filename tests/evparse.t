#!/bin/sh
# evparse: raw logs to events.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# What is said where the only record is a reject.
nothing='evparse: nothing passed, and the batch is not approved: 1 record was rejected: see whether they are wrong or the format is'

# rejects FORMAT CODE LINE: the line, in that format, is a reject of that code, and gives no event.
rejects()
{
	printf '%s\n' "$3" >line
	run evparse -f "$1" -r set-aside line
	check "$1: $2: $(printf %.60s "$3" | tr -d '[:cntrl:]')" 1 '' "$nothing"
	is "$1: its code" "$(sed 's/.*"code":"\([^"]*\)".*/\1/' set-aside)" "$2"
}

# gives FORMAT LINE [EVENT]: the line gives the event; without one, it is the event.
gives()
{
	printf '%s\n' "$2" >line
	run evparse -f "$1" line
	check "$1: $(printf %.60s "$2")" 0 "${3-$2}"
}

#
# JSON lines leave as they came
#
printf '%s\n' >events \
	'{"event_id":"1","amount":19.10,"big":9007199254740993,"exp":1e400,"neg":-0,"cap":1E+2}' \
	'{"z":1,"a":2,"":3}' \
	'  { "a" : [ 1 , { } ] ,	"b":"\u00e9\/é😀\ud83d\ude00" }	 ' \
	'{}' \
	'{"nul":"\u0000","del":""}' \
	'{"_ev ":1,"_EV":2}'
for format in auto json; do
	run evparse -f $format events
	check "$format: JSON leaves byte by byte as it came" 0 @events
done
run evparse events events
cat events events >twice
check 'files follow each other' 0 @twice
deep=$(printf '%0511d' 0 | sed 's/0/{"a":/g')1$(printf '%0511d' 0 | tr 0 '}')
gives json "$deep"
gives json "{\"a\":$deep}"
rejects json depth "{\"a\":{\"a\":$deep}}"

for format in auto json; do
	rejects $format json '{"a":1,}'
	rejects $format json '{"a":1} {"b":2}'
	rejects $format json '{"a":01}'
	rejects $format json '{'
	rejects $format utf8 "$(printf '{"a":"\303("}')"
	rejects $format surrogate '{"a":"\ud83d"}'
	rejects $format control "$(printf '{"a":"\001"}')"
	rejects $format duplicate-name '{"a":1,"b":{"c":1,"\u0063":2}}'
	rejects $format reserved '{"a":1,"_ev":{"op":"insert"}}'
	rejects $format reserved '{"_ev":{"seal":{"token":"0"}}}'
	rejects $format reserved '{"\u005fev":1}'
done
for value in 1 '"text"' '[{"a":1}]' null; do
	rejects json not-object "$value"
done
try 'a line alone is at fault' 0 'printf "{\"a\":1}\n{\"a\":}\n{\"a\":2}\n" | evparse -r set-aside' <<'END'
{"a":1}
{"a":2}
END
try 'the reject has it whole, and says where and why' 0 'cat set-aside' <<'END'
{"_ev":{"reject":{"stage":"evparse","source":"-","line":2,"offset":8,"code":"json","reasons":[{"message":"column 6: a value is missing here"}]}},"raw":"{\"a\":}"}
END

#
# JSON in text
#
for format in auto text; do
	gives $format '2026-03-01T10:00:00Z INFO shop - {"a":1}' '{"a":1}'
	gives $format 'x{"a":{"b":{}}}' '{"a":{"b":{}}}'
	gives $format 'x { "a" : 1.10 }  	' '{ "a" : 1.10 }'
	gives $format '[{INFO}] request {id} took {"a":"} {"}' '{"a":"} {"}'
	gives $format 'x {{}{}{ {"a":1}' '{"a":1}'
	gives $format "$(printf 'caf\351 {"a":1}')" '{"a":1}'
	gives $format 'x {"a":1,"_ev":{"origin":{"source":"s","line":7,"offset":9}}}' \
		'{"a":1,"_ev":{"origin":{"source":"s","line":7,"offset":9}}}'
	rejects $format foreign 'x {"a":1} y'
	rejects $format foreign 'x {"a":1'
	rejects $format foreign 'x {"a":01}'
	rejects $format foreign 'x }'
	rejects $format foreign 'x'
	rejects $format foreign '[1]'
	rejects $format duplicate-name 'x {"a":1,"a":2}'
	rejects $format reserved 'x {"_ev":{"head":{}}}'
	rejects $format utf8 "$(printf 'x {"a":"\377"}')"
done
gives text '{"a":1}'
gives text '{INFO} {"a":1}' '{"a":1}'
rejects auto json '{INFO} {"a":1}'
rejects json json 'x {"a":1}'
# Sixteen braces are tried, so that a line of braces costs no more than that.
gives text "$(printf '%015d' 0 | tr 0 '{') {\"a\":1}" '{"a":1}'
rejects text foreign "$(printf '%016d' 0 | tr 0 '{') {\"a\":1}"
run 'head -c 3000000 /dev/zero | tr "\0" "{" | evparse -f text -r set-aside'
check 'three million braces' 1 '' "$nothing"

#
# A part never passes for the whole
#
# says FORMAT CODE MESSAGE LINE: the same as rejects, with a word of the reason.
says()
{
	rejects "$1" "$2" "$4"
	ok "$1: it says: $3" grep -qF "$3" set-aside
}
torn='JSON begins here, and from here to the end of the line there is not one whole object'
inner='the object here is a part of other JSON, which begins before the line'
for format in auto text; do
	says $format foreign "column 6: $torn" 'INFO {"id":"e1","items":[{"sku":"a"}],"customer":{"id":"c9"}'
	says $format foreign "column 6: $torn" 'INFO {"id":"e2","to2026-03-01 INFO {"id":"e3","total":5}'
	says $format foreign "column 6: $torn" 'INFO {"id":"e2"}2026-03-01 INFO {"id":"e3"}'
	says $format foreign "column 6: $torn" 'INFO {"id":"e2"} {"id":"e3"}'
	says $format foreign "column 6: $torn" 'INFO {"id":"e2"}{"id":"e3"}'
	says $format foreign "column 6: $torn" 'INFO { "id" : { "a" : 1 }'
	says $format foreign "column 6: $torn" 'INFO {	"id":[{}'
	says $format foreign "column 6: $torn" 'INFO {"a":{}'
	says $format foreign "column 3: $torn" 'x {"a":1} y'
	says $format foreign "column 9: $torn" 'x {INFO {"a":"{\"b\":1}'
	says $format foreign "column 11: $inner" 'x","note":{"a":1}'
	says $format foreign "column 12: $inner" 'x","note": {"a":1}'
	says $format foreign "column 12: $inner" 'x","list":[{"a":1}'
	says $format foreign "$inner" '9"},{"sku":"b"}'
	says $format foreign "$inner" '9"}, {"sku":"b"}'
	says $format foreign "$inner" 'tags=["a",{"b":1}'
	says $format foreign "$inner" 'a"],{}'
	gives $format 'a,b,{"x":1}' '{"x":1}'
	gives $format '[INFO]{"x":1}' '{"x":1}'
	gives $format 'payload: {"x":{"y":[{"z":1}]}}' '{"x":{"y":[{"z":1}]}}'
	gives $format 'done, {"x":1}' '{"x":1}'
	gives $format 'said "{\"x\":1}" {"x":2}' '{"x":2}'
	gives $format 'x {}' '{}'
done
says auto json 'the text goes on behind its value' '{"a":1}{"b":2}'
says auto json 'an object or array is not closed' '{"a":{"b":1}'
says json json 'an object or array is not closed' '{"a":{"b":1}'
says auto json 'an object or array is not closed' "$(printf '\357\273\277{"id":"e4","customer":{"id":"c9"}')"
says text foreign "column 1: $torn" "$(printf '\357\273\277{"id":"e4","customer":{"id":"c9"}')"

# lost FILE EVENTS: of the file, these events come out, and all else is a reject with a word of json-array.
lost()
{
	for format in auto text json; do
		run evparse -f $format -r set-aside "$1"
		if [ -n "$2" ]; then check "$format: $1" 0 "$2"; else check "$format: $1" 1 '' '~nothing passed'; fi
		is "$format: $1: nothing is silent" "$(($(wc -l <"$out") + $(wc -l <set-aside)))" "$(grep -c . "$1")"
		ok "$format: $1: the way is named" grep -q 'with \(evparse \)\?--format json-array' set-aside
	done
}
printf '[\n  {"a":1},\n  {"b":2}\n]\n' >array
lost array ''
printf '[{"a":1},\n{"b":2},\n{"c":3}]\n{"d":4}\n' >rows
lost rows '{"d":4}'
printf '[\n{"a":1}\n]\n' >one
lost one ''
printf '[{"a":1}\n,{"b":2}\n,{"c":3}\n]\n' >commas
lost commas ''
printf '[\n\n  {"a":1}  ,\n\n  {"b":2}\n\n]\n' >spaced
lost spaced ''
printf '{\n  "id": "e",\n  "customer": {"id": "c9"},\n  "items": [\n    {"sku": 1}\n  ]\n}\n' >pretty
lost pretty ''
printf '{\n  "id": "e",\n  "none": {}\n}\n{\n  "id": "f"\n}\n' >empties
lost empties ''
printf '[{"a":1},{"b":2}]\n{"c":3}\n' >line
lost line '{"c":3}'
printf '[1,2]\n[]\n["x"]\n{"c":3}\n' >plain
lost plain '{"c":3}'
run evparse array
check 'without -r the first line says it' 2 '' "~^evparse: array:1: .*--format json-array"
run evparse pretty
check 'of an object, too' 2 '' "~^evparse: pretty:1: .*--format json-array"
# One that is torn harms no other: what follows is no element of it.
for line in '{"a":1,' '{"a":{"b":1},' '{"a":[' '{"a":{' '[INFO] x,' 'x {"a":1},' ']' '},' '[]'; do
	printf '%s\n{"b":2}\n' "$line" >file
	run evparse -r set-aside file
	case $line in
	'},') check "behind $line: no more" 1 '' '~nothing passed.* 2 records were' ;;
	*) check "behind $line" 0 '{"b":2}' ;;
	esac
done
printf '{"a":1},\n' >file
run evparse -r set-aside file events
check 'nor is the next file' 0 @events
for program in 'evdedupe -k .b' 'evdedupe --id .b'; do
	run "$program -r set-aside array"
	check "$program: an array" 1 '' '~nothing passed.* 4 records were'
	is "$program: all of it is set aside" "$(wc -l <set-aside)" 4
done

#
# A last line without its end
#
# ends FORMAT CODE LINE: the line, at the end of its file and without a line feed.
ends()
{
	printf '%s' "$3" >file
	run evparse -f "$1" -r set-aside file
	check "$1: $2 at the end: $3" 1 '' "$nothing"
	is "$1: its code" "$(sed 's/.*"code":"\([^"]*\)".*/\1/' set-aside)" "$2"
	gzip -nc file >file.gz
	run evparse -f "$1" -r set-aside file.gz
	is "$1: in gzip" "$status $(sed 's/.*"code":"\([^"]*\)".*/\1/' set-aside)" "1 $2"
}
ends text cut 'INFO total=19'
ends auto cut 'INFO total=19'
ends auto cut 'INFO {"a":1'
ends auto cut 'INFO {"a":{"b":1}'
ends json json '{"a":1'
ends auto json '{"a":1'
printf '%s\n' 'INFO total=19' >file
run evparse -r set-aside file
ok 'with a line feed it is whole, and foreign' grep -q '"code":"foreign"' set-aside
for format in auto text; do
	printf 'INFO {"a":1}' >file
	run evparse -f $format file
	check "$format: an object that is whole is whole" 0 '{"a":1}'
done
printf 'x\nINFO y' >a.log
printf '{"a":1}\n' >b.log
run evparse -r set-aside a.log b.log
check 'another file behind it does not end it' 0 '{"a":1}'
is 'nor its code' "$(sed 's/.*"line":\([0-9]*\).*"code":"\([^"]*\)".*/\1 \2/' set-aside)" '1 foreign
2 cut'

#
# nginx
#
line='192.0.2.7 - ann [01/Mar/2026:10:00:05 +0100] "GET /a?b=1 HTTP/1.1" 200 512 "https://shop.example/" "Mozilla/5.0 (X11)"'
fields='"remote_addr":"192.0.2.7","remote_user":"ann","time_local":"01/Mar/2026:10:00:05 +0100","request":"GET /a?b=1 HTTP/1.1","status":200,"body_bytes_sent":512,"http_referer":"https://shop.example/","http_user_agent":"Mozilla/5.0 (X11)"'
event='"event_type":"HttpRequest","event_timestamp":"2026-03-01T10:00:05+01:00"'

# nginx_gives NAME LINE WANT: what the line gives, without its id.
nginx_gives()
{
	printf '%s\n' "$2" | evparse -f nginx >got
	is "nginx: $1" "$(sed 's/^{"event_id":"[0-9a-f-]*",/{/' got)" "$3"
}

nginx_gives combined "$line" "{$event,$fields}"
nginx_gives 'main, of the nginx.conf that comes with it' "$line \"198.51.100.1, 10.0.0.1\"" \
	"{$event,$fields,\"http_x_forwarded_for\":\"198.51.100.1, 10.0.0.1\"}"
is 'nginx: the id is that of the bytes of the line (RFC 9562, version 8)' \
	"$(printf '%s\n' "$line" | evparse -f nginx | sed 's/^{\("event_id":"[^"]*"\).*/\1/')" \
	"\"event_id\":\"$(printf %s "$line" | md5sum |
		sed 's/\(.\{8\}\)\(.\{4\}\).\(...\).\(...\)\(.\{12\}\).*/\1-\2-8\3-V\4-\5/' |
		sed "s/V/$(printf %s "$line" | md5sum | cut -c 17 | tr 0123456789abcdef 89ab89ab89ab89ab)/")\""
nginx_gives 'what is not there is null' \
	'2001:db8::1 - - [28/Feb/2026:23:59:59 -0330] "-" 400 0 "-" "-"' \
	'{"event_type":"HttpRequest","event_timestamp":"2026-02-28T23:59:59-03:30","remote_addr":"2001:db8::1","remote_user":null,"time_local":"28/Feb/2026:23:59:59 -0330","request":null,"status":400,"body_bytes_sent":0,"http_referer":null,"http_user_agent":null}'
nginx_gives 'a user with blanks, and escaped bytes' \
	'::1 - a [b] c [01/Mar/2026:10:00:05 +0000] "GET /\x22\xC3\xA9\x5C HTTP/1.1" 200 1 "\xFF\x00" "a\"b"' \
	'{"event_type":"HttpRequest","event_timestamp":"2026-03-01T10:00:05+00:00","remote_addr":"::1","remote_user":"a [b] c","time_local":"01/Mar/2026:10:00:05 +0000","request":"GET /\"é\\ HTTP/1.1","status":200,"body_bytes_sent":1,"http_referer":"\\xFF\\x00","http_user_agent":"a\\\"b"}'
nginx_gives 'numbers are numbers of JSON' \
	'::1 - - [01/Mar/2026:10:00:05 +0000] "GET / HTTP/1.1" 000 0018446744073709551616 "-" "-"' \
	'{"event_type":"HttpRequest","event_timestamp":"2026-03-01T10:00:05+00:00","remote_addr":"::1","remote_user":null,"time_local":"01/Mar/2026:10:00:05 +0000","request":"GET / HTTP/1.1","status":0,"body_bytes_sent":18446744073709551616,"http_referer":null,"http_user_agent":null}'
{
	printf '%s' "${line%%a\?b*}"
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%s", "\\x41a" }'
	printf '%s\n' "${line##*b=1}"
} >line
run evparse -f nginx line
is 'nginx: a request of half a million bytes' "$status $(grep -o '[Aa]*' "$out" | awk '{ print length }' | sort -rn |
	head -n 1)" '0 200000'
ends nginx cut "$line"
ends nginx cut "${line%%Mozilla*}"
ends nginx cut "$line \"198.51.100.1"
run "printf '%s\n%s' '$line' '$line' | evparse -f nginx -r set-aside"
is 'nginx: the line before is whole' "$status $(wc -l <"$out") $(grep -c '"code":"cut"' set-aside)" '0 1 1'
rejects nginx foreign 'shop: started'
rejects nginx foreign '{"a":1}'
rejects nginx foreign "$line trailing"
rejects nginx foreign "$(echo "$line" | sed 's/Mar/Mrz/')"
rejects nginx foreign "$(echo "$line" | sed 's/01.Mar/30\/Feb/')"
rejects nginx foreign "$(echo "$line" | sed 's/10:00:05/25:00:05/')"
rejects nginx foreign "$(echo "$line" | sed 's/ 200 / 2000 /')"
rejects nginx utf8 "$line$(printf '\377')"
run 'evparse -f ngix'
check 'a format that is not there' 2 '' "~^evparse: there is no --format 'ngix', neither built in nor in the model: did you mean 'nginx'"
run 'evparse -f nothing'
check 'nor anything like it' 2 '' "~: there are 'auto', 'json', 'text', 'nginx', .* and 'cri'$"
run "evparse -f laravell -m '$srcdir/tests/data/formats.yaml'"
check 'one of the model is known' 2 '' "~: did you mean 'laravel'"

#
# --origin
#
mkdir logs
printf 'start\n{"a":1}\r\n\nINFO {"b":[1,2]}\n{}' >logs/a.log
printf '{"c":1}\n{"d":1,"_ev":{"origin":{"source":"far.log","line":7,"offset":70}}}\n' >logs/b.log
try '--origin says where a line stood, and keeps what is said already' 0 \
	'evparse --origin -r set-aside logs/a.log logs/b.log' <<'END'
{"a":1,"_ev":{"origin":{"source":"logs/a.log","line":2,"offset":6}}}
{"b":[1,2],"_ev":{"origin":{"source":"logs/a.log","line":4,"offset":16}}}
{"_ev":{"origin":{"source":"logs/a.log","line":5,"offset":33}}}
{"c":1,"_ev":{"origin":{"source":"logs/b.log","line":1,"offset":0}}}
{"d":1,"_ev":{"origin":{"source":"far.log","line":7,"offset":70}}}
END
gzip -c logs/a.log >logs/a.log.gz
run 'evparse --origin -r set-aside logs/a.log.gz | head -n 1'
check '--origin counts bytes as they are inflated' 0 \
	'{"a":1,"_ev":{"origin":{"source":"logs/a.log.gz","line":2,"offset":6}}}'
run "printf '%s\n' '$line' | evparse -f nginx --origin"
check '--origin of an access log' 0 '~,"_ev":\{"origin":\{"source":"-","line":1,"offset":0\}\}\}$'
name=$(printf 'q"\377é.log')
echo '{"a":1}' >"$name"
run evparse --origin "$name"
check '--origin of a file whose name is no UTF-8' 0 '{"a":1,"_ev":{"origin":{"source":"q\"%FFé.log","line":1,"offset":0}}}'
gives json '{"a":1,"_ev":{"origin":{"source":"s","line":1}}}' '{"a":1,"_ev":{"origin":{"source":"s","line":1}}}'
for origin in '{"source":"s","offset":1}' '{"source":"s","line":1,"x":1}' '{"source":1,"line":1,"offset":0}' '{"source":"s","line":1,"offset":0,"x":1}' 7; do
	rejects json reserved "{\"a\":1,\"_ev\":{\"origin\":$origin}}"
done
rejects json reserved '{"a":1,"_ev":{"origin":{"source":"s","line":1,"offset":0},"op":"insert"}}'

cat >evkit.yaml <<'END'
evkit: 1
name: logs
event: {id: .id, type: .type, time: .time, modified: .time}
types: {T: {properties: {n: {maximum: 5}}}}
star: {facts: {f: {keep: latest, columns: {id: {from: .id, type: varchar(9)}}}}}
END
printf '%s\n' >logs/c.log \
	'INFO {"id":"1","type":"T","time":"2026-03-01T10:00:00Z","n":1}' \
	'INFO {"id":"2","type":"T","time":"2026-03-01T10:00:00Z","n":6}' \
	'INFO {"id":"3","type":"T","time":"yesterday"}'
run 'cd logs && evparse --origin c.log | evvalidate -m ../evkit.yaml -r ../set-aside'
check 'evvalidate takes a line with its origin' 0 \
	'{"id":"1","type":"T","time":"2026-03-01T10:00:00Z","n":1,"_ev":{"origin":{"source":"c.log","line":1,"offset":0}}}'
is 'and its rejects name the raw log' \
	"$(sed 's/.*"stage":"\([^"]*\)","source":"\([^"]*\)","line":\([0-9]*\),"offset":\([0-9]*\).*/\1 \2 \3 \4/' set-aside)" \
	"evvalidate c.log 2 $(head -n 1 logs/c.log | wc -c)
evvalidate c.log 3 $(head -n 2 logs/c.log | wc -c)"
run 'evparse --origin logs/c.log | evversion -r set-aside'
is 'evversion carries it on' "$(grep -c '"origin":{"source":"logs/c.log"' "$out" set-aside)" \
	"$out:2
set-aside:0"
ok 'to its rejects too' grep -q '"source":"logs/c.log","line":3,' set-aside

#
# --new-seal
#
for mask in 022 000 077; do
	rm -f token
	run "umask $mask; evparse --new-seal token"
	check "--new-seal says nothing (umask $mask)" 0
	is "its file is its owner's alone (umask $mask)" "$(stat -c %a token)" 600
	ok "it is a secret of 256 bits (umask $mask)" sh -c 'grep -qxE "[0-9a-f]{64}" token && [ "$(wc -l <token)" -eq 1 ]'
	cp token token.$mask
done
is 'each is another' "$(cat token.* | sort -u | wc -l)" 3
run 'evparse --new-seal token'
check '--new-seal replaces no token' 2 '' '~^evparse: token: the secret cannot be written: File exists'
same 'which stays' token token.077
run 'evparse --new-seal nosuch/token'
check '--new-seal into no folder' 2 '' '~^evparse: nosuch/token: the secret cannot be written: No such file'
ln -s elsewhere link
run 'evparse --new-seal link'
check '--new-seal follows no link' 2 '' '~File exists'
run "(trap '' XFSZ; ulimit -f 0; exec evparse --new-seal full) 2>&1 | cat"
check '--new-seal onto a full disk' 0 '~^evparse: full: the secret cannot be written: File too large$'
ok 'leaves no half of a token' [ ! -e full ]
run 'export EVKIT_SEAL="$(cat token)"; echo "{\"id\":1}" | evparse | evdedupe --id .id'
check 'a token is what EVKIT_SEAL takes' 0 '~^{"id":1}$'

#
# Logs of real programs
#
if data logs-small; then
	run evparse -f nginx --stats stats "$data/shop_access.log"
	is 'each line of a shop'\''s access log is one of nginx' "$status $(cat "$err")" '0 '
	cp "$out" requests
	is 'all of them' "$(wc -l <requests)" "$(wc -l <"$data/shop_access.log")"
	run evparse -f json requests
	check 'and each becomes an event' 0 @requests
	if need jq; then
		is 'whose fields are those of the log' \
			"$(jq -r '[.remote_addr, .status, .body_bytes_sent] | @tsv' requests | cksum)" \
			"$(sed 's/^\([^ ]*\) .*" \([0-9]*\) \([0-9]*\) ".*/\1\t\2\t\3/' "$data/shop_access.log" | cksum)"
	fi

	# file EVENTS REJECTED BLANK, by hand; lnav's tests say what the logs are.
	while read -r file events rejected blank; do
		for format in auto text json nginx; do
			run evparse -f $format -r set-aside --stats - "$data/$file"
			passed=$([ -s "$out" ]; echo $?)
			is "$format $file: a verdict" "$status $(grep -c 'nothing passed' "$err")" "$passed $passed"
			sed -i '/: nothing passed/d' "$err"
			sum=$(sed 's/.* in \([0-9]*\)  out \([0-9]*\)  rejected \([0-9]*\)  blank \([0-9]*\)/\1 \2+\3+\4/' "$err")
			is "$format $file: nothing is lost" "${sum% *}" "$((${sum#* }))"
		done
		run evparse -r set-aside --stats - "$data/$file"
		is "$file: events, rejects, blank lines" "$(sed '/: nothing passed/d; s/.*  out //; s/[a-z ]\{1,\}/ /g' "$err")" \
			"$events $rejected $blank"
	done <<-'END'
		bunyan.0 10 0 0
		caddy_log.0 39 0 0
		cloudflare.json 1 0 0
		crlf.0 0 2 0
		docker_compose_with_noise.0 0 25 0
		ecs_log.json 5 0 0
		haproxy.0 0 17 0
		invalid_json.json 4 1 0
		invalid_utf8.0 0 6 0
		journald.json 2 0 0
		laravel.0 0 1414 2
		laravel.1 2 62 0
		mixed_json2.json 13 5 0
		muxed_syslog.0 14 0 0
		nested_json.json 13 0 0
		pino.0 1 0 0
		shop_access.log 0 1000 0
		w3c_big.0 0 254 0
	END
fi
if data uci-retail-2010-12/versions.ndjson; then
	run evparse "$data"
	check 'a month of orders leaves as it came' 0 "@$data"
fi

done_testing
