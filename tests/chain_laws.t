#!/bin/sh
# The one law through the whole chain into SQLite: whatever the batches, their order, repeats, crashes
# and lost work, the same line brings the same tables, and they are those of one run without a state.
# RANDOM_HISTORIES (8), KILL_ROUNDS (24) and PERMUTE_EVERY (one of so many orders of six records: 31) are
# how much is tried.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/batches.sh"

need sqlite3 || {
	done_testing
}
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: law
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
types: {Order: {type: object, properties: {lines: {type: array, maxItems: 4}}}, Visit: {}}
star:
  facts:
    events:
      keep: history
      columns:
        id: {from: .id, type: varchar(40)}
        time: {from: .time, type: timestamp, dimension: dim_day}
        user: {from: .user, type: varchar(20), dimension: dim_user}
        person: {from: .user, type: varchar(20), dimension: dim_person}
        meta: {from: .meta, type: json}
    lines:
      keep: latest
      for: [Order]
      each: ".lines[]"
      columns:
        pos: {from: $index, type: int}
        sku: {from: $item.sku, type: varchar(20), dimension: dim_product}
        ware: {from: $item.sku, type: varchar(20), dimension: dim_ware}
        price: {from: $item.price, type: "decimal(12,2)"}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(20)}, email: {from: .email, type: varchar(40)}}}
    dim_product: {key: $item.sku, for: [Order], each: ".lines[]", columns: {sku: {from: $item.sku, type: varchar(20)}, title: {from: $item.title, type: varchar(20)}}}
    dim_person: {key: .user, history: scd2, columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(20)}, email: {from: .email, type: varchar(40)}}}
    dim_ware: {key: $item.sku, history: scd2, for: [Order], each: ".lines[]", columns: {sku: {from: $item.sku, type: varchar(20)}, title: {from: $item.title, type: varchar(20)}}}
    dim_day: {calendar: {from: 2026-03-01, to: 2026-03-02}}
END
evschema -t sqlite >schema.sql || exit 2
sqlite3 -bail fresh.db <schema.sql

# day BATCH FILE DATABASE: the line that is always right.
day()
{
	evparse --batch "$1" -r rej "$2" | evvalidate -r rej2 | evversion -r rej3 --state st/events --since "$(evload --position "sqlite:$3")" |
		evstar --state st/members | evload "sqlite:$3"
}

# catch_up DATABASE: what it lacks.
catch_up()
{
	evversion -r rej3 --state st/events --since "$(evload --position "sqlite:$1")" </dev/null |
		evstar --state st/members | evload "sqlite:$1"
}

# afresh: an empty database, and no state.
afresh()
{
	rm -rf st ./*.db-journal
	mkdir st
	cp fresh.db shop.db
}

# once FILE DATABASE: all in one run.
once()
{
	cp fresh.db "$2"
	evparse --batch all -r rej "$1" | evvalidate -r rej2 | evversion -r rej3 | evstar | evload "sqlite:$2" 2>told ||
		cat told >&2
}

# history SEED N IDS: N records.
history()
{
	awk -v seed="$1" -v n="$2" -v ids="$3" '
	function any(list, a) { return a[int(rand() * split(list, a, "|")) + 1] }
	BEGIN {
		srand(seed)
		for (i = 0; i < n; i++) {
			k = rand()
			id = int(rand() * ids)
			printf "{\"id\":\"e%d\",\"type\":\"%s\",\"time\":\"2026-03-0%dT%02d:00:00Z\",", id, id % 3 ? "Order" : "Visit", 1 + rand() * 4, rand() * 6
			if (rand() < 0.9)
				printf "\"v\":%d,", rand() * 6
			if (k < 0.4)
				printf "\"op\":\"%s\",", k < 0.1 ? "delete" : "patch"
			if (rand() < 0.7)
				printf "\"user\":%s,", any("\"u1\"|\"u2\"|\"u3\"|\"u" int(rand() * 40) "\"|null")
			if (rand() < 0.3)
				printf "\"name\":\"%s\",", any("Ann|Bob|Cyd")
			if (rand() < 0.2)
				printf "\"email\":%s,", any("\"a@example.org\"|\"b@example.org\"|null")
			if (rand() < 0.2)
				printf "\"meta\":{\"a\":%d},", rand() * 3
			m = rand() < 0.05 ? 5 : int(rand() * 4)
			printf "\"lines\":["
			for (j = 0; j < m; j++)
				printf "%s{\"sku\":\"%s\",\"price\":%d.5%s}", j ? "," : "", any("x|y|z|w" int(rand() * 20)), rand() * 9, rand() < 0.3 ? ",\"title\":\"" any("X|Y") "\"" : ""
			print "]}"
		}
	}'
}

# Random histories in random batches

histories=${RANDOM_HISTORIES-8}
wrong=
rows=0
for seed in $(seq 1 "$histories"); do
	afresh
	history "$seed" $((seed % 5 * 100 + 20)) $((seed % 3 * 60 + 5)) >all
	for b in $(batches 12 0.1 "$seed" all); do
		day "$b" "$b" shop.db 2>told || wrong="$wrong $seed:$b:$(tail -n 1 told)"
	done
	once all one.db
	tables one.db >want
	tables shop.db >got
	cmp -s got want || wrong="$wrong $seed"
	rows=$((rows + $(wc -l <want)))
done
is "$histories random histories in random batches" "$wrong" ''
ok 'of which something came' test "$rows" -gt $((histories * 50))

# All orders of six records, in batches of all lengths

cat >six <<'END'
{"id":"o","type":"Order","time":"2026-03-01T10:00:00Z","v":1,"user":"al","name":"Al","lines":[{"sku":"x","price":19.10,"title":"X"},{"sku":"y","price":1},{"sku":"z","price":2}]}
{"id":"o","type":"Order","time":"2026-03-02T10:00:00Z","v":2,"user":"bo","email":"bo@example.org","lines":[{"sku":"x","price":19.20},{"sku":"z","price":2}]}
{"id":"o","type":"Order","time":"2026-03-02T10:00:00Z","v":2,"user":"cy","lines":[{"sku":"w","price":5}]}
{"id":"o","type":"Order","time":"2026-03-02T11:00:00Z","v":3,"op":"patch","user":null,"meta":{"a":null,"b":[null]},"lines":[{"sku":"z","price":2,"title":"Z"}]}
{"id":"o","type":"Order","time":"2026-03-04T09:00:00Z","v":4,"op":"delete"}
{"id":"o","type":"Order","time":"2026-03-05T10:00:00Z","v":5,"user":"al","lines":[{"sku":"x","price":19.10}]}
END
every=${PERMUTE_EVERY-31}
once six one.db
tables one.db >want
n=0
wrong=
for order in $(awk -v every="$every" 'function go(left, had,  i) {
		if (left == "") {
			if (n++ % every == 0)
				print had
			return
		}
		for (i = 1; i <= length(left); i++)
			go(substr(left, 1, i - 1) substr(left, i + 1), had substr(left, i, 1))
	}
	BEGIN { go("123456", "") }'); do
	n=$((n + 1))
	afresh
	# A batch ends behind the lines whose bits are set in n.
	rest=$order batch=1
	: >slice
	while [ -n "$rest" ]; do
		line=${rest%"${rest#?}"}
		rest=${rest#?}
		sed -n "${line}p" six >>slice
		if [ -z "$rest" ] || [ $((n >> batch & 1)) -eq 1 ]; then
			day "$batch" slice shop.db 2>told || wrong="$wrong $order/$n:$(tail -n 1 told)"
			: >slice
		fi
		batch=$((batch + 1))
	done
	tables shop.db >got
	cmp -s got want || wrong="$wrong $order/$n"
done
is "$n orders of six records" "$wrong" ''

# Several warehouses, each where it happens to stand

afresh
history 5 300 60 >all
cp fresh.db second.db
cp fresh.db third.db
i=0
for b in $(batches 12 0.1 7 all); do
	i=$((i + 1))
	case $i in
	*[147]) day "$b" "$b" shop.db ;;
	*[258]) day "$b" "$b" second.db ;;
	*) day "$b" "$b" third.db ;;
	esac 2>told || diag "$(cat told)"
done
once all one.db
tables one.db >want
for db in shop second third; do
	catch_up $db.db 2>told
	tables $db.db >got
	same "$db.db is brought up" got want
done
cp fresh.db new.db
catch_up new.db 2>told
tables new.db >got
same 'so is one that is made anew' got want
catch_up new.db >said 2>&1
is 'and then there is nothing to do' "$?" 0
tables new.db >got
same 'nothing is changed' got want

# Two chains at once: one may have to be run again, and then all is there.

afresh
history 6 200 40 >all
split -n l/4 all part.
for b in part.a[ab]; do
	day "$b" "$b" shop.db 2>told.$b &
done
wait
for b in part.a[cd]; do
	day "$b" "$b" shop.db 2>told.$b &
done
wait
for b in part.a[abcd]; do
	day "$b" "$b" shop.db 2>told || diag "$(cat told)"
done
once all one.db
tables one.db >want
tables shop.db >got
same 'two chains at once, and each again' got want

# A stage is killed, or the pipe behind it broken: then the same line again.

afresh
history 8 400 60 >all
split -n l/10 all part.
for b in part.a[a-h]; do
	day "$b" "$b" shop.db 2>told || diag "$(cat told)"
done
cp -r st st.before
cp shop.db before.db
day part.ai part.ai shop.db 2>told
day part.aj part.aj shop.db 2>told
tables shop.db >want

fault=$top_builddir/tests/fault.so
rounds=${KILL_ROUNDS-24}
if [ -e "$fault" ] && LD_PRELOAD=$fault EVKIT_FAULT=open:0 evload --version >"$tap/preloads" 2>&1; then
	wrong=
	awk -v n="$rounds" 'BEGIN {
		srand(4)
		split("evparse evvalidate evversion evversion evversion evstar evstar evstar evload evload evload", program)
		split("write write fsync fsync rename rename pwrite unlink close open", call)
		split("kill kill done EIO ENOSPC", how)
		for (i = 0; i < n; i++)
			print program[1 + int(rand() * 11)], call[1 + int(rand() * 10)], 1 + int(rand() * rand() * 40), how[1 + int(rand() * 5)]
	}' >plans
	while read -r program call n how; do
		rm -rf st
		cp -r st.before st
		cp before.db shop.db
		rm -f shop.db-journal
		(
			export LD_PRELOAD="$fault" EVKIT_FAULT="$call:$n:$how" EVKIT_FAULT_PROGRAM="$program"
			day part.ai part.ai shop.db
		) >told 2>&1
		day part.aj part.aj shop.db 2>told2 || wrong="$wrong $program:$call:$n:$how:next:$(tail -n 1 told2)"
		day part.ai part.ai shop.db 2>told2 || wrong="$wrong $program:$call:$n:$how:$(tail -n 1 told2)"
		tables shop.db >got
		cmp -s got want || wrong="$wrong $program:$call:$n:$how"
	done <plans
	is "$rounds faults and kills in a chain, the next day, and then the same line again" "$wrong" ''

	# By time, whichever stage it hits.
	wrong=
	for i in $(seq 1 $((rounds / 4))); do
		rm -rf st
		cp -r st.before st
		cp before.db shop.db
		rm -f shop.db-journal
		setsid sh -c 'evparse --batch part.ai -r rej part.ai | evvalidate -r rej2 |
			evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" |
			evstar --state st/members | evload sqlite:shop.db' >told 2>&1 &
		pid=$!
		sleep "0.0$((i * 7 % 10))"
		kill -9 -$pid 2>"$tap/none"
		wait $pid 2>"$tap/none"
		for b in part.ai part.aj; do
			day "$b" "$b" shop.db 2>told2 || wrong="$wrong $i:$(tail -n 1 told2)"
		done
		tables shop.db >got
		cmp -s got want || wrong="$wrong $i"
	done
	is 'all stages are killed at some moment, then the same line again' "$wrong" ''
else
	skip 'faults in a chain' 'nothing can be preloaded here'
fi
for cut in 1 2 3 4; do
	rm -rf st
	cp -r st.before st
	cp before.db shop.db
	case $cut in
	1) evparse --batch part.ai -r rej part.ai | head -c 900 | evvalidate -r rej2 | evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" | evstar --state st/members | evload sqlite:shop.db ;;
	2) evparse --batch part.ai -r rej part.ai | evvalidate -r rej2 | head -c 900 | evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" | evstar --state st/members | evload sqlite:shop.db ;;
	3) evparse --batch part.ai -r rej part.ai | evvalidate -r rej2 | evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" | head -c 900 | evstar --state st/members | evload sqlite:shop.db ;;
	4) evparse --batch part.ai -r rej part.ai | evvalidate -r rej2 | evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" | evstar --state st/members | head -c 900 | evload sqlite:shop.db ;;
	esac >told 2>&1
	is "the pipe is broken behind stage $cut: the load fails" "$?" 2
	tables before.db >before
	tables shop.db >got
	same 'and nothing is loaded' got before
	for b in part.ai part.aj; do
		day "$b" "$b" shop.db 2>told2 || diag "$(cat told2)"
	done
	tables shop.db >got
	same 'the same line again' got want
done

# What is put back from an old copy is found out, or mended by the same line.

# put_back NAME [FILES...]: those stand as they did eight days ago, and the last day comes again.
put_back()
{
	rm -rf st
	cp -r st.now st
	cp now.db shop.db
	for what; do
		case $what in
		events) rm -rf st/events && cp -r st.old/events st/events ;;
		members) rm -rf st/members && cp -r st.old/members st/members ;;
		db) cp old.db shop.db ;;
		esac
	done
	day part.aj part.aj shop.db >told 2>&1
	status=$?
	tables shop.db >got
	if [ $status -eq 0 ]; then
		cmp -s got want && echo right || echo wrong
	else
		tables old.db >before
		{ cmp -s got want || cmp -s got before; } && echo "told $status" || echo "changed $status"
	fi
}
rm -rf st
cp -r st.before st
cp before.db shop.db
for b in part.ai part.aj; do
	day "$b" "$b" shop.db 2>told2
done
rm -rf st.now
cp -r st st.now
cp shop.db now.db
rm -rf st.old
cp -r st.before st.old
cp before.db old.db
is 'an old database is brought up' "$(put_back db)" right
is 'an old state of members is brought up, or told' "$(put_back members)" 'told 2'
is 'an old state of events is told' "$(put_back events)" 'told 2'
is 'an old database and old members' "$(put_back db members)" right
is 'an old state of events and members is told' "$(put_back events members)" 'told 2'
is 'an old state of events and an old database' "$(put_back events db)" 'told 2'
# All three at once are a day that has not come yet: the days since then are run again.
is 'all three' "$(put_back events members db)" wrong
day part.ai part.ai shop.db 2>told2
tables shop.db >got
same 'and the days since then' got want

# From 0, everything is as it is to be whatever there was.
rm -rf st
cp -r st.now st
rm -rf st/members
cp -r st.old/members st/members
cp old.db shop.db
run 'evversion -r rej3 --state st/events --since 0 </dev/null | evstar --state st/members | evload sqlite:shop.db'
check '--since 0' 0 any any
tables shop.db >got
same 'mends all' got want
rm -rf st/members
run 'evversion -r rej3 --state st/events --since 0 </dev/null | evstar --state st/members | evload sqlite:shop.db'
check 'without a state of members, too' 0 any any
tables shop.db >got
same 'the same tables' got want
rm -rf st/members
day part.aj part.aj shop.db >told 2>&1
is 'members that are lost are told' "$?" 2

# A state of members that began anew cannot tell who stands further back of what was gone before.
rm -rf st
cp -r st.now st
rm -rf st/members
cp now.db shop.db
run 'evversion -r rej3 --state st/events --since 0 </dev/null | evstar --state st/members | evload sqlite:shop.db'
cp old.db second.db
run catch_up second.db
check 'members that began anew: a database that stands further back is told' 2 any \
	'~^evstar: st/members: began anew at commit [0-9]*, and cannot tell what has changed since commit [0-9]*: take everything with evversion --since 0'
run 'evversion -r rej3 --state st/events --since 0 </dev/null | evstar --state st/members | evload sqlite:second.db'
tables second.db >got
same 'and takes everything' got want

# A batch that was wrong is taken out, and a mended one under its old name or a new one.

afresh
history 11 200 40 >all
split -n l/5 all part.
for b in part.a[a-e]; do
	day "$b" "$b" shop.db 2>told
done
cat part.a[abde] >rest
once rest one.db
tables one.db >want
run evstate retract st/events part.ac
check 'a batch is taken out' 0 any any
catch_up shop.db 2>told
tables shop.db >got
same 'and the tables are as if it had never come' got want
history 12 40 40 >mended
cat mended >>rest
once rest one.db
tables one.db >want
rm -rf st.out
cp -r st st.out
cp shop.db out.db
for name in part.ac another; do
	rm -rf st
	cp -r st.out st
	cp out.db shop.db
	day $name mended shop.db 2>told
	tables shop.db >got
	same "a mended one comes as $name" got want
done
run evstate check st/events
check 'the state of events is whole' 0 any
run evstate check st/members
check 'and that of members' 0 any

# A stream: each section goes through the whole chain, and is loaded, by itself.

afresh
history 13 300 60 >all
run 'evparse --batch s --commit-every 40 -r rej all | evvalidate -r rej2 |
	evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" |
	evstar --state st/members | evload sqlite:shop.db'
check 'a stream of sections' 0 any any
once all one.db
tables one.db >want
tables shop.db >got
same 'the tables are those of one run' got want
is 'each section was a commit, and a load' "$(sqlite3 shop.db 'SELECT count(*) FROM ev_ledger')" 8
afresh
evparse --batch s --commit-every 40 -r rej all | evvalidate -r rej2 | head -n 150 |
	evversion -r rej3 --state st/events --since 0 2>told | evstar --state st/members 2>told2 | evload sqlite:shop.db 2>told3
ok 'a stream that breaks has loaded what was whole' [ "$(sqlite3 shop.db 'SELECT count(*) FROM ev_ledger')" -ge 2 ]
day s all shop.db 2>told
tables shop.db >got
same 'and the rest comes by the same records again' got want

# Another model is refused, and taken from 0.

rm -rf st
cp -r st.now st
cp now.db shop.db
history 8 400 60 >all
tables shop.db >want
sed 's/maxItems: 4/maxItems: 2/' evkit.yaml >less.yaml
export EVKIT_MODEL=less.yaml
run 'catch_up shop.db'
check 'another contract is refused' 2 any '~--since 0'
tables shop.db >got
same 'and nothing is loaded' got want
run 'evversion -r rej3 --state st/events --since 0 </dev/null | evstar --state st/members | evload sqlite:shop.db'
check '--since 0 takes it' 0 any any
tables shop.db >got
once all one.db
tables one.db >want
same 'and it is as if all had come under it' got want
unset EVKIT_MODEL

done_testing
