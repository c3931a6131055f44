#!/bin/sh
# Erasing a person out of everything that evkit keeps: the lake, the states, the rejects, databases.
# Afterwards no byte of any file has the person, what is of others is as if the person had never been,
# and reruns of the raw logs bring nothing back. ERASE_KILLS (3) is how many times it is
# killed.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/batches.sh"

need sqlite3 || {
	done_testing
}
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'YAML'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
types: {Order: {type: object, properties: {user: {type: string}, total: {type: number, maximum: 100}}}, Visit: {}}
star:
  facts:
    events:
      keep: history
      columns:
        time: {from: .time, type: timestamp}
        user: {from: .user, type: varchar(20), dimension: dim_user}
        person: {from: .user, type: varchar(20), dimension: dim_person}
        total: {from: .total, type: "decimal(12,2)"}
    guests:
      keep: latest
      for: [Order]
      each: ".guests[]"
      columns:
        user: {from: $item.user, type: varchar(20), dimension: dim_guest}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(20)}}}
    dim_person: {key: .user, history: scd2, columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(20)}}}
    dim_guest: {key: $item.user, for: [Order], each: ".guests[]", columns: {user: {from: $item.user, type: varchar(20)}}}
YAML
evschema -t sqlite | sqlite3 -bail fresh.db || exit 2

# Five days. Every sixth event is one of the person: most of its records name her, and some say her
# name and no more. Events of the third day's end have her as a guest. Some lines are not right.
awk '
function rnd() { x = x * 16807 % 2147483647; return x / 2147483647 }
function any(list, a) { return a[int(rnd() * split(list, a, "|")) + 1] }
BEGIN {
	x = 17
	for (i = 0; i < 400; i++) {
		day = 1 + int(i / 80)
		n = int(rnd() * 60)
		hers = n % 6 == 5
		line = sprintf("{\"id\":\"e%d\",\"type\":\"%s\",\"time\":\"2026-03-0%dT%02d:00:00Z\",\"v\":%d,", n, n % 3 ? "Order" : "Visit", day, rnd() * 24, rnd() * 9)
		line = line any("|\"op\":\"patch\",|\"op\":\"delete\",||")
		if (rnd() < 0.7 || !(n in seen))
			line = line "\"user\":\"" (hers ? "pers-0n-17" : any("u1|u2|u3|pers-0n-1")) "\","
		if (rnd() < 0.4)
			line = line "\"name\":\"" (hers ? any("Zo\303\253 Quint|Zo\\u00eb Quint") : any("Ann|Bob")) "\","
		if (n % 7 == 3)
			line = line "\"guests\":[{\"user\":\"u2\"},{\"user\":\"" (n == 10 ? "pers-0n-17" : "u3") "\"}],"
		seen[n]
		print line "\"total\":" (rnd() < 0.1 ? 1000 : int(rnd() * 90)) "}" >("day" day)
	}
}'
cat >>day2 <<'LINES'
{"id":"e5","type":"Order","time":"2026-03-02T10:00:00Z","v":1,"user":"pers-0n-17","name":"Zo
{"id":"e5","type":"Order","time":"2026-03-02T10:00:00Z","v":1,"name":"Zo\u00eb Quint","tot
{"id":"e98","type":"Order","time":"2026-03-02T10:00:00Z","user":["pers-0n-17"]}
{"type":"Order","time":"2026-03-02T10:00:00Z","usr":"pers-0n-17"}
{"id":"e1","type":"Order","time":"2026-03-02T10:00:00Z","v":1,"user":"pers-0n-1","na
user=pers-0n-17 name="Zo\u00eb Quint" gone
user=pers-0n-1 stays
LINES
echo pers-0n-17 >people

# Her events, and the days in a world in which she never was.
mkdir never
grep -h -e pers-0n-17 day? | sed -n 's/^{"id":"\([^"]*\)".*/\1/p' | sort -u >hers
for day in day?; do
	sed 's/^{"id":"\([^"]*\)".*/\1 &/; t; s/^/- /' "$day" |
		awk 'FNR == NR { hers[$1]; next } !($1 in hers) && !/pers-0n-17|Quint/' hers - |
		sed 's/^[^ ]* //' >"never/$day"
done
is 'the person has events in plenty' "$(($(wc -l <hers) > 9))" 1

cat >shop.sh <<'SHOP'
# day BATCH FILE DATABASE: the chain of a day.
day()
{
	evlake append --first --batch "$1" lake "$2" -o /dev/null 2>>lake.log &&
		evparse --batch "$1" -r rejects/ "$2" | evvalidate --batch "$1" -r rejects/ --result "results/$1.json" | evdedupe --state state/keys |
		evversion --batch "$1" -r rejects/ --state state/events --since "$(evload --position "sqlite:$3")" | evstar --state state/members | evload "sqlite:$3"
}

# catch_up DATABASE: what it lacks.
catch_up()
{
	evversion -r rejects/ --batch "catch-up-${1%.db}" --state state/events --since "$(evload --position "sqlite:$1")" </dev/null |
		evstar --state state/members | evload "sqlite:$1"
}

world()
{
	mkdir state rejects results && cp "$top/fresh.db" shop.db && cp "$top/fresh.db" second.db && cp "$top/fresh.db" third.db || exit 2
	for n in 1 2 3 4 5; do
		day "d$n" "$1/day$n" shop.db || exit 2
		[ $n -ne 2 ] || catch_up second.db || exit 2
		[ $n -ne 3 ] || catch_up third.db || exit 2
	done
	mv third.db "$2"
}

# erase: as the example of the ticket shop does.
erase()
{
	EVENT_ID=.id "$srcdir/examples/checkout/erase.sh" . people .user '.guests[].user'
}

# lines_of LAKE: in order.
lines_of()
{
	(unset EVKIT_SEAL && evlake cat "$1") | LC_ALL=C sort
}

# finds FOLDER...: the files in which there is something of her.
finds()
{
	find "$@" -type f | LC_ALL=C sort | while read -r file; do
		case $file in
		*.gz) zcat "$file" ;;
		*) cat "$file" ;;
		esac | grep -qa -e 'pers-0n-17' -e 'Quint' -e 'Zo\\u00eb' -e Zoë && echo "$file"
	done
}
SHOP
. ./shop.sh

top=$PWD
mkdir with without
cp evkit.yaml people with
cp evkit.yaml without
(cd with && world "$top" "$top/third.db") >log 2>&1 || cat log >&2
(cd without && world "$top/never" "$top/third-never.db") >log 2>&1 || cat log >&2
cp -R with before
tables without/shop.db >want
lines_of without/lake >want-lake

# is_gone NAME: no byte of the folder has her, and all others are as if she had never been.
is_gone()
{
	rm -f people
	is "$1: no byte of any file has her" "$(finds .)" ''
	for db in shop second; do
		tables $db.db >"$top/got"
		same "$1: $db.db is as if she had never been" "$top/got" "$top/want"
	done
	lines_of lake >"$top/got"
	same "$1: the lake has what the others said" "$top/got" "$top/want-lake"
	run 'evlake verify lake | sed "s/:.*//"; for state in keys events members; do evstate check state/$state 2>&1 | sed "s/:.*//"; done'
	check "$1: lake and states are whole" 0 'whole
whole
whole
whole'
}

cd with || exit 2
is 'she is in the lake, in states, rejects, results and databases' "$(finds . | cut -d / -f 2 | sort -u | tr '\n' ' ')" \
	'lake people rejects results second.db shop.db state '
is 'evdedupe has no text of anybody' "$(finds state/keys)" ''
rows=$(sqlite3 shop.db 'SELECT count(*) FROM events')
find . -type f -exec cksum {} + | LC_ALL=C sort >../sums
no_seal="erase.sh: $PWD/seal: there is no seal to read: run this as the user of the job, or set EVKIT_SEAL"
run '(unset EVKIT_SEAL && erase)'
check 'without a seal' 2 '' "cat: seal: No such file or directory
$no_seal"
: >seal
run '(unset EVKIT_SEAL && erase)'
check 'with an empty one' 2 '' "$no_seal"
rm seal
find . -type f -exec cksum {} + | LC_ALL=C sort >../got
same 'nothing is erased' ../got ../sums
cp results/d1.json report.html
# What programs that were killed have left, and what they said.
cp results/d1.json results/.d2.json.17.0~ && cp report.html .report.html.17.1~ && cp shop.db shop.db.new || exit 2
mkdir loaded
echo 'evparse     in 80  out 80  rejected 0  blank 0' | tee loaded/d1 >../balance
grep -h -m 1 pers-0n-17 rejects/* | tee loaded/d2.new >>loaded/d1
run 'erase 2>../notes | sed "s/^\(bytes\|entries\): .*/\1/"'
check 'she is erased' 0 'events: 11
records: 74
broken lines: 3
events: 10
records: 64
commit: 6
events: 1
records: 6
broken lines: 0
events: 1
records: 6
commit: 7
events: 0
records: 0
broken lines: 1
events: 0
records: 0
commit: 7
entries
bytes'
is_gone erased
same 'of what was said the balance sheet stays' loaded/d1 ../balance
ok 'no result and no report stays' test -z "$(find . -name '*.json' -o -name '*.html')"
mv ../third.db .
ok 'a database that comes when all is done' catch_up third.db
sqlite3 third.db VACUUM
tables third.db >../got
same 'is told what to delete, too' ../got ../want
is 'and has nothing of her' "$(finds third.db)" ''
rm third.db
ok 'there is less than before' test "$(sqlite3 shop.db 'SELECT count(*) FROM events')" -lt "$rows"
is 'evstate says so' "$(evstate info state/events | grep -c '^batch: ')" 5

# A database that somebody reads.
cp -R ../before ../read && cd ../read || exit 2
sqlite3 second.db 'PRAGMA journal_mode = WAL' >"$tap/wal"
mkfifo reader
sqlite3 second.db <reader >"$tap/read" &
exec 9>reader
echo 'BEGIN; SELECT count(*) FROM events;' >&9
while [ ! -s "$tap/read" ]; do sleep 0.05; done
run 'erase 9>&- >../said 2>&1; status=$?; tail -n 1 ../said; exit $status'
check 'a reader is in the way' 2 'erase.sh: second.db: somebody reads it: end that, and run this again'
echo 'COMMIT; SELECT 1;' >&9
while [ "$(wc -l <"$tap/read")" -lt 2 ]; do sleep 0.05; done
run 'erase 9>&- >../said 2>&1'
check 'one that has ended its transaction is not' 0
rm people
is 'and no byte has her, in its log neither' "$(finds .)" ''
exec 9>&-
wait
cd ../with || exit 2

# What came is run again, from the raw logs and from the lake. Rejects of the first have her again.
evstate info state/events | grep ^batch >../batches
cp -R . ../again
cd ../again || exit 2
mv rejects ../rejects && mv results ../results && mkdir rejects results
for n in 1 2 3 4 5; do
	day "d$n" "$top/day$n" shop.db
done >log 2>&1
is 'raw logs that are run again: the records stay erased' "$(sed -n 's/^evversion: \([0-9]*\) records were erased.*/\1/p' log | awk '{ n += $1 } END { print n }')" 70
ok 'and none is missed' test -z "$(grep -e 'that are not in it now' log)"
ok 'the lake knows its batches' test "$(grep -c 'in the lake already' lake.log)" -eq 5
evstate info state/events | grep ^batch >../got
same 'batches have delivered what is left of them' ../got ../batches
rm -rf rejects results log && mv ../rejects ../results .
catch_up second.db
is_gone 'raw logs again'
(unset EVKIT_SEAL && evlake cat lake | sed '/^{"_ev"/d') >../lines
day lake ../lines shop.db 2>../notes
is 'the lake is run again: nothing is new' "$(evstate info state/events | sed -n 's/^commits: //p')" 7
rm -f results/lake.json
cd .. || exit 2

# Killed at some moment, all of it, and then again.
kills=${ERASE_KILLS-3} wrong=

# mended WHAT: in a copy of the world in which the erasing was stopped: it is erased again.
mended()
{
	erase >../said 2>&1 || wrong="$wrong $1:$(tail -n 1 ../said)"
	rm people
	[ -z "$(finds .)" ] || wrong="$wrong $1: $(finds .)"
	for db in shop second; do
		tables $db.db | cmp -s - ../want || wrong="$wrong $1:$db"
	done
	lines_of lake | cmp -s - ../want-lake || wrong="$wrong $1:lake"
}

for i in $(seq 1 "$kills"); do
	rm -rf killed && cp -R before killed && cd killed || exit 2
	setsid sh -c '. ../shop.sh; erase' >../said 2>&1 &
	pid=$!
	sleep "0.$((i * 17 % 10))$((i * 29 % 10))"
	kill -9 -$pid 2>"$tap/none"
	wait $pid 2>"$tap/none"
	while kill -0 -$pid 2>"$tap/none"; do
		sleep 0.01
	done
	mended "$i"
	cd .. || exit 2
done
is "killed $kills times, and then again" "$wrong" ''

# One program is killed before or behind a call that counts.
fault=$top_builddir/tests/fault.so
if LD_PRELOAD=$fault EVKIT_FAULT=open:0 evlake --version >"$tap/preloads" 2>&1; then
	wrong=
	places='evstate:rename:3:done evlake:rename:9:done evstar:rename:3:done'
	[ "$kills" -le 3 ] || places="$places evlake:rename:1:kill evlake:unlink:1:kill evlake:unlink:9:kill evstate:rename:1:kill
		evstate:rename:2:kill evstate:rename:3:kill evstate:unlink:1:kill evstate:unlink:2:kill evload:write:1:kill evreject:rename:1:kill"
	for where in $places; do
		rm -rf killed && cp -R before killed && cd killed || exit 2
		if sh -c '. ../shop.sh; LD_PRELOAD=$1 EVKIT_FAULT_PROGRAM=${2%%:*} EVKIT_FAULT=${2#*:}
			export LD_PRELOAD EVKIT_FAULT_PROGRAM EVKIT_FAULT; erase' sh "$fault" "$where" >../said 2>&1; then
			wrong="$wrong $where:not-killed"
		fi
		mended "$where"
		cd .. || exit 2
	done
	is 'programs are killed before and behind what counts, and then again' "$wrong" ''
else
	skip 'programs are killed before and behind what counts' 'nothing can be preloaded here'
fi

# What comes later is new: an order of hers that bears no name any more.
cd with || exit 2
echo '{"id":"e5","type":"Order","time":"2026-03-01T00:00:00Z","v":50,"total":3}' >later
day later later shop.db 2>../notes
is 'a later record of an erased event is taken' "$(sqlite3 shop.db "SELECT ev_version, total, user IS NULL FROM events WHERE ev_owner = 'e5'")" '1|3.00|1'
run "evstate show state/events e5 | sed -n '3p; \$p'"
cat "$err" "$out" >../got
same 'and shown alone' ../got - <<'END'
evstate: state/events: 5 records of the event e5 were erased
record 1 of 1: put, version 50, 2026-03-01T00:00:00.000000Z
in the tables: version 1 is current, since 2026-03-01T00:00:00.000000Z
END
run 'evstate show state/events e11'
check 'of an erased event nothing is shown' 1 '' 'evstate: state/events: 13 records of the event e11 were erased
evstate: state/events: there is no record of the event e11'
run 'evstate retract state/events d2 2>&1 | head -n 1'
check 'a batch that lost records is retracted' 0 'evstate: the next run of evversion emits what has changed'
ok 'the database follows' catch_up shop.db
cp ../fresh.db whole.db
ok 'and so does one from the beginning' catch_up whole.db
tables shop.db >../got
tables whole.db >../want-whole
same 'to the same tables' ../got ../want-whole
cd .. || exit 2

#
# Values and paths
#
mkdir values && cd values || exit 2
cat >lines <<'END'
{"event_id":"1","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":17}
{"event_id":"2","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":"17"}
{"event_id":"3","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":1.7e1}
{"event_id":"4","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":"17.0"}
{"event_id":"5","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":170}
{"event_id":"6","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":["x",{"id":17}]}
{"event_id":"7","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":{"17":1}}
{"event_id":"8","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","version":17}
{"event_id":"9","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":"6BA7B810-9DAD-11D1-80B4-00C04FD430C8"}
{"event_id":"10","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":"a \"b\"\tc"}
{"event_id":"11","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":"Zo\u00EB"}
{"event_id":"12","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":true}
{"event_id":"13","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":null}
{"event_id":"14","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":""}
{"event_id":"15","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":"null"}
{"event_id":"16","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","op":"delete"}
{"event_id":"16","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","version":1,"u":"z"}
{"event_id":"a \"b!\n","event_type":"V","event_timestamp":"2026-03-01T00:00:00Z","u":"odd"}
END
evparse --batch b lines | evversion --state st --since 0 -r bad >out
evlake append --first --batch b lake lines -o out

# leaves PATH VALUE IDS: both programs find these events. VALUE may be @FILE.
leaves()
{
	case $2 in
	@*) values="--values ${2#@}" ;;
	*) values="--value $2" ;;
	esac
	rm -rf st2 lake2 ids.*
	cp -R st st2 && cp -R lake lake2
	evstate erase $values --events ids.st st2 "$1" >said 2>&1 || cat said
	evlake erase $values --events ids.lake lake2 "$1" >said 2>&1 || cat said
	is "$1 $2 in a state" "$(sort ids.st 2>&1 | tr '\n' ' ')" "$3"
	is "$1 $2 in a lake" "$(sort ids.lake 2>&1 | tr '\n' ' ')" "$3"
}

leaves .u 17 '"1" "2" "3" "6" "7" '
leaves .u 17.0 '"1" "3" "4" "6" '
leaves .u.id 17 ''
leaves '.u[].id' 17 '"6" '
leaves '.u[1].id' 17 '"6" '
leaves . 17 '"1" "2" "3" "6" "7" "8" '
leaves .u 6ba7b8109dad11d180b400c04fd430c8 ''
leaves .u '{6ba7b810-9dad-11d1-80b4-00c04fd430c8}' '"9" '
leaves .u true '"12" '
leaves .u null '"15" '
leaves .u z '"16" '
cat >people <<'END'

"a \"b\"\tc"
"Zo\u00eb"
odd
END
leaves .u @people '"10" "11" "a \"b!\n" '
printf '\357\273\277odd\r\n' >marked
leaves .u @marked '"a \"b!\n" '

# What stays of an event is its id and a mark; what is not erased is as it was.
rm -rf st2
cp -R st st2
run 'evstate erase --value 17 st2 .u; zcat st2/*.gz | grep "^[17] " | sed "s/[0-9a-f]\{32\}/MARK/" | tr "\t" "|"; zcat st/*.gz | grep -v "^[12367] " >want; zcat st2/*.gz | grep -v "^[12367] " | cmp - want'
check 'what stays of an event' 0 'events: 5
records: 5
commit: 2
1 ~MARK|000000000002|~1
7 ~MARK|000000000002|~1' 'evstate: the next run of evversion has the rows of these events deleted'
run 'evstate erase --value 17 st2 .u; ls st2 | grep -c gz; evstate info st2 | grep -c "records 13$"'
check 'the same again finds nothing, and makes no commit' 0 'events: 0
records: 0
commit: 2
1
1'
run 'evparse --batch b lines | evversion --state st2 --since 0 -r bad --stats - | tail -n 1'
check 'they count as duplicates, and none is missed' 0 any 'evparse     in 18  out 18  rejected 0  blank 0
evversion   in 18  version 0  no-op 0  duplicate 18  conflict 0  misfit 0  out 29  held 0  released 0  withheld 0  taken-back 0  rejected 0  blank 0
evversion: 5 records were erased before, and stay so: they count as duplicates'
run 'evversion --state st2 --since 0 --as-of 1 -r bad </dev/null 2>&1 | grep -c "\"u\":17"'
is 'they are not in what was known before, either' "$(cat "$out")" 0

# By arrival, and a batch that was retracted.
cat >by.yaml <<'END'
evkit: 1
name: by
event: {id: .id, type: .type, time: .time, order: arrival}
END
for n in 1 2; do
	printf '{"id":"a","type":"V","time":"2026-03-01T00:00:00Z","n":%s,"u":"x"}\n{"id":"b","type":"V","time":"2026-03-01T00:00:00Z","n":%s}\n' $n $n >by$n
done
by()
{
	evparse -m by.yaml --batch "by$1" "by$1" | evversion -m by.yaml --state by --since 0 -r bad
}
by 1 >out
by 2 >out
evstate retract by by2 >out 2>said
run 'evstate erase --value x by .u 2>said; by 1 2>&1 >out | cut -c 1-40; grep -c "\"id\":\"b\"" out; evstate info by | grep ^batch'
check 'records that are known by their place' 0 'events: 1
records: 2
commit: 4
evversion: 1 records were erased before,
1
batch: "by1" commits 1 records 1
batch: "by2" commits 2 records 0 retracted 3'

#
# Rejects
#
cat >evkit.yaml <<'END'
evkit: 1
name: r
event: {id: .id, type: .type, time: .time, order: time}
types: {V: {type: object, required: [ok]}}
END
cat >bad.log <<'END'
{"id":"1","type":"V","time":"2026-03-01T00:00:00Z","u":"p-1"}
{"id":"2","type":"V","time":"2026-03-01T00:00:00Z","u":"p-10"}
{"id":"3","type":"V","time":"2026-03-01T00:00:00Z","user":"p-1"}
{"id":"4","type":"V","time":"2026-03-01T00:00:00Z","text":"p-1 was here"}
{"id":"5","type":"V","time":"2026-03-01T00:00:00Z","u":"p-1
{"id":"6","type":"V","time":"2026-03-01T00:00:00Z","u":"p-10
p-1
ap-1 p-1a
{"id":"7","u":"\u0070-1",
END
printf '\377 p-1\n\377 p-2\n' >>bad.log
evparse --first -r r1 bad.log | evvalidate -r r2 >out 2>said
cat r1 r2 >rejects
run 'evreject erase --value p-1 .u rejects -o rejects; evreject restore rejects'
printf '%s\n' '{"id":"6","type":"V","time":"2026-03-01T00:00:00Z","u":"p-10' 'ap-1 p-1a' "$(printf '\377 p-2')" \
	'{"id":"2","type":"V","time":"2026-03-01T00:00:00Z","u":"p-10"}' '{"id":"4","type":"V","time":"2026-03-01T00:00:00Z","text":"p-1 was here"}' >want
check 'rejects, in place' 0 @want 'evreject: 6 erased'
run 'evreject erase --code json --value p-10 .u rejects | evreject restore'
check 'only those that are chosen' 0 any 'evreject: 1 erased'

#
# Wrong uses
#
try 'no values' 2 'evstate erase st .u' <<'END'
! evstate: erase takes the values whose records leave: --values FILE, or --value TEXT
! Try 'evstate --help'.
END
try 'a value that is empty' 2 'evlake erase --value "" lake .u' <<'END'
! evlake: --value: an empty one is none
! Try 'evlake --help'.
END
echo >empty
try 'a file without values is nobody' 0 'evlake erase --values empty lake .u' <<'END'
events: 0
records: 0
broken lines: 0
END
printf '\377\376p\0\061\0\n\0' >utf16
try 'a file in UTF-16 says nobody that is meant' 2 'evlake erase --values utf16 lake .u' <<'END'
! evlake: utf16: is UTF-16, not lines of text: make lines of it with: iconv -f UTF-16 -t UTF-8 utf16
END
try 'a file that is not there' 2 'evreject erase --values nowhere .u rejects' <<'END'
! evreject: nowhere: cannot be opened: No such file or directory
END
try 'no path' 2 'evstate erase --value x st user' <<'END'
! evstate: 'user': a path begins with '.', $item or $index
! Try 'evstate --help'.
END
try 'a path of elements' 2 'evstate erase --value x st \$item.u' <<'END'
! evstate: '$item.u': an event has no elements: a path from it begins with a point
! Try 'evstate --help'.
END
rm evkit.yaml
evparse --batch b lines | evdedupe --state keys >out
try 'a state without records' 2 'evstate erase --value x keys .u' <<'END'
! evstate: keys: is the state of evdedupe, and records and batches are in that of evversion: name its folder
END
try 'ids that cannot be kept' 2 'evstate erase --value 170 --events nowhere/ids st .u' <<'END'
! evstate: nowhere/ids: cannot be written: No such file or directory
END
run 'evstate info st | grep ^commits'
check 'and nothing leaves then' 0 'commits: 1'
run 'evstate compact keys | sed "s/bytes.*//"; evstate check keys | sed "s/:.*//"; evstate compact st | sed "s/bytes.*//"'
check 'compacting what has nothing to lose' 0 'entries: 18 of 18

whole
entries: 18 of 18
'
cd .. || exit 2
done_testing
