#!/bin/sh
# evversion --state: what comes in several batches, in any order and more than once, gives what one
# run without a state would; a reader that applies what is emitted since its own position has that,
# too, wherever it stood.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/batches.sh"

EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op, ignore: [.got]}
types: {T: {type: object, properties: {x: {type: integer, maximum: 99}}}}
END

# take BATCH FILE SINCE [OPTION...]: the sealed output stands in $out.
take()
{
	batch=$1 file=$2 since=$3
	shift 3
	run "evparse -r bad --batch '$batch' '$file' | evversion -r rejects --batch '$batch' --state st --since '$since' $*"
}

# Lines of a sealed section without its control lines, and without what only a state tells.
plain()
{
	sed '/^{"_ev":{"[hs]ea/d; s/,"first":[0-9]*,"from":[0-9]*\(,"days":\["[0-9-]*","[0-9-]*"\]\)\{0,1\}}}$/}}/' "$@"
}

# Where a reader stands behind such a section.
position()
{
	sed -n '1s/.*"store":"\([0-9a-f]*\)".*"to":\([0-9]*\),.*"digests":"[0-9a-f]*\([0-9a-f]\{32\}\)".*/\1:\2:\3/p' "$1" | sed 's/.*:0:.*/0/'
}

# All that is in st, and what one run without a state makes of the files.
stateful() { evversion --state st --since 0 -r again </dev/null | plain; }
stateless() { cat "$@" | env -u EVKIT_SEAL evversion -r alone; }

# The life of a few records

cat >day1 <<'END'
{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":"b","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":3}
{"id":"c","type":"T","time":"2026-03-01T11:00:00Z","v":2,"x":3}
END
cat >day2 <<'END'
{"id":"a","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"delete"}
{"id":"b","type":"T","time":"2026-03-01T09:00:00Z","v":1,"x":1,"y":0}
{"id":"c","type":"T","time":"2026-03-01T11:00:00Z","v":2,"x":5}
END
take day1 day1 0 --stats -
check 'a first day: a patch without its put is held' 0 any \
	'~^evversion   in 3  version 2  no-op 0  duplicate 0  conflict 0  misfit 0  out 5  held 1  released 0  withheld 0  taken-back 0  rejected 0  blank 0$'
plain "$out" >got
same 'its events, and the delete in front of each' got - <<'END'
{"_ev":{"op":"delete","owner":"a"}}
{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1,"_ev":{"version":1,"valid_from":"2026-03-01T10:00:00.000000Z","valid_to":null,"current":true,"deleted":false}}
{"_ev":{"op":"delete","owner":"b"}}
{"_ev":{"op":"delete","owner":"c"}}
{"id":"c","type":"T","time":"2026-03-01T11:00:00Z","v":2,"x":3,"_ev":{"version":1,"valid_from":"2026-03-01T11:00:00.000000Z","valid_to":null,"current":true,"deleted":false}}
END
one=$(position "$out")
take day2 day2 "$one" --stats -
check 'a second: the patch is released, and the loser of a conflict is taken back' 0 \
	'~"owner":"b","first":1,"from":1,"days":\["2026-03-01","2026-03-01"\]}}$' \
	'~^evversion   in 3  version 3  no-op 0  duplicate 0  conflict 0  misfit 0  out 8  held 0  released 1  withheld 0  taken-back 1  rejected 0  blank 0$'
is 'the loser is a reject with the place where it came from' \
	"$(jq -c '[._ev.reject | .code, .source, .line, .reasons[0].message]' rejects)" \
	'["conflict","day1",3,"the event c: the record at day2:3 has the same version, time and op, and content that is greater"]'
two=$(position "$out")
stateful >got
stateless day1 day2 >want
same 'both days: the same as in one run' got want
is 'and what is said of the loser' "$(jq -r ._ev.reject.code alone)" conflict

take day1 day1 "$two" --stats -
check 'the first again: nothing is new, and nothing goes out' 0 any \
	'~^evversion   in 3  version 0  no-op 0  duplicate 3  .*  out 0  held 0 '
is 'nor is there a commit' "$(position "$out")" "$two"
take other day1 "$two" --stats -
is 'nor when another batch brings it' "$(position "$out")" "$two"
sed '$d' day1 >less
take day1 less "$two"
check 'a batch that lacks what it delivered says so' 0 any \
	'evversion: the batch "day1" delivered 1 records before that are not in it now, and they stay: if they were wrong, evstate retract takes them out'
run "evversion --state st --as-of 1"
plain "$out" >got
stateless day1 >want
same '--as-of 1: as it was' got want
run "evversion --state st --as-of 2"
plain "$out" >got
stateless day1 day2 >want
same '--as-of 2: as it is' got want
run "evversion --state st --as-of 3"
check '--as-of what is to come' 2 '' 'evversion: st: there is no commit 3: the last is 2'
run "env -u EVKIT_SEAL evversion --state st --as-of 0"
check '--as-of 0: nothing, sealed or not' 0
run "evversion --state st --since '$one' </dev/null"
is 'what changed since the first day' "$(plain "$out" | jq -r '._ev.owner // empty' | tr '\n' ' ')" 'a b c '
run "evversion --state st --since '$two' </dev/null"
is 'since the second: nothing' "$(plain "$out")" ''

# What is wrong

run 'evversion --state st </dev/null'
check 'no --since' 2 '' 'evversion: --state needs --since POSITION: --since "$(evload --position URL)" is right for one database, --since 0 for any
Try '\''evversion --help'\''.'
run "evversion --state st --since '' </dev/null"
check 'an empty one' 2 '' '~^evversion: --since is empty: the command that was to print the position failed'
run "evversion --state st --since 12 </dev/null"
check 'one that is none' 2 '' '~^evversion: --since takes a position as evload --position prints it, or 0, not '
run "env -u EVKIT_SEAL evversion --state st --since 0 </dev/null"
check 'no seal' 2 '' '~^evversion: --state needs a sealed pipe'
run "evversion --since 0 </dev/null"
check 'no state' 2 '' '~^evversion: --since and --as-of ask what --state DIR remembers'
run "true | evversion --state st --since 0"
check 'an empty pipe is no /dev/null' 2 '' '~^evversion: EVKIT_SEAL is set and the input has no head'
run "evparse day1 | evversion --state st --since 0"
check 'a batch without a name' 2 '' '~^evversion: .*--batch'
digest=${two##*:}
run "evversion --state st --since '${two%:*}:$(echo "$digest" | tr 0-9a-f 1-9a-f0)' </dev/null"
check 'a commit of that number with another digest' 2 '' '~^evversion: st: .*copy'
run "evversion --state st --since '${two%%:*}:7:$digest' </dev/null"
check 'a commit that is to come' 2 '' '~^evversion: st: '
run "evversion --state st --since '0123456789abcdef:1:$digest' </dev/null"
check 'a commit of another state' 2 '' '~^evversion: st: '
run "evparse --batch d day1 | evversion --batch d --state st --since 0 | evversion --batch d --state st2 --since 0"
check 'what comes out of a state goes into none' 2 any '~^evversion: the input comes out of a state already'
mkdir other
echo mine >other/file
run "evversion --state other --since 0 </dev/null"
check 'a folder that holds something else' 2 '' '~^evversion: other'
is 'and keeps it' "$(cat other/file)" mine
take day3 day1 "$two" --max-rejects 0 --on-conflict fail
check 'options as without a state' 0 any
echo '{"id":"d"}' >broken
take day4 broken "$two" --max-rejects 0
check 'the verdict is no: ' 1 any any
is 'and nothing was committed' "$(position "$out")" "$two"
sed 's/id: .id/id: .key/' evkit.yaml >id.yaml
run "evversion -m id.yaml --state st --since 0 </dev/null"
check 'another envelope needs another state' 2 '' '~^evversion: st: this state was made under another envelope'

# A new contract

rm -rf st
cat >puts <<'END'
{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":"a","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","x":100}
{"id":"a","type":"T","time":"2026-03-01T12:00:00Z","v":3,"op":"patch","y":1}
{"id":"b","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":50}
END
take d puts 0 --stats -
check 'a patch that breaks the contract is no version' 0 any \
	'~^evversion   in 4  version 3  no-op 0  duplicate 0  conflict 0  misfit 1  out 5  held 0 '
is 'it is a reject that says why' "$(jq -c '[._ev.reject | .code, .line, .reasons[0].message]' rejects)" \
	'["misfit",2,"100 is more than 99"]'
stateful >got
stateless puts >want
same 'without a state, too' got want
here=$(position "$out")
sed 's/maximum: 99/maximum: 40/' evkit.yaml >less.yaml
run "evversion -m less.yaml --state st --since '$here' </dev/null"
check 'another contract is told' 2 '' \
	"evversion: st: the model's contract or columns have changed since: take the new model with --since 0"
run "evversion -m less.yaml -r rejects --state st --since 0 --stats - </dev/null"
check '--since 0 takes it, and judges what was put' 0 any '~ out 4  held 0  released 0  withheld 0  taken-back 1 '
is 'what no longer fits is told' "$(jq -c '[._ev.reject | .code, .line, .reasons[].message]' rejects)" \
	'["misfit",4,"50 is more than 40"]'
echo '{"id":"b","type":"T","time":"2026-03-01T12:00:00Z","v":2,"op":"patch","y":1}' >later
run "evparse --batch e later | evversion -m less.yaml --batch e --state st --since '$here' -r rejects --stats -"
check 'and later it still is none' 0 any '~  held 1  released 0 '
sed 's/^/# &/; s/^# *evkit/evkit/; s/^# \(.*\)/\1 # a remark/' less.yaml >remark.yaml
run "evversion -m remark.yaml --state st --since '$here' </dev/null"
check 'a remark in the model changes nothing' 0 any

# By arrival

rm -rf st
sed 's/version: .v/order: arrival/' evkit.yaml >arrival.yaml
printf '{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","x":%d}\n' 1 2 1 >one
printf '{"id":"a","type":"T","time":"2026-03-01T10:00:00Z","x":%d}\n' 3 >two
for n in 1 2; do
	for file in one two; do
		evparse --batch $file $file | evversion -m arrival.yaml --batch $file --state st --since 0 >got
	done
done
is 'order: arrival keeps A, B, A, and a rerun adds nothing' "$(plain got | jq -c '.x // empty' | tr '\n' ' ')" '1 2 1 3 '

# order: time

rm -rf st
sed 's/version: .v/order: time/' evkit.yaml >time.yaml
printf '{"id":"a","type":"T","time":"2026-03-01T1%d:00:00Z","x":%d}\n' 2 2 1 1 3 3 >one
run 'env -u EVKIT_SEAL evversion -m time.yaml one | jq -c ".x // empty"'
check 'order: time' 0 '1
2
3'
sed 's/version: .v/version: .v, order: time/' evkit.yaml >both.yaml
run 'evversion -m both.yaml one'
check 'order: time beside a version' 2 '' '~^evversion: both.yaml:3:.*order: time is for events with neither version nor modified'

# Sections: each is a commit, and the next goes on from it

rm -rf st
evparse --batch s1 day1 >s1
evparse --batch s2 day2 >s2
run 'cat s1 s2 s1 | evversion -r rejects --state st --since 0'
check 'three sections' 0 any
is 'from and to' "$(jq -c '._ev.head // empty | [.batch, .from, .to]' "$out" | tr '\n' ' ')" '["s1",0,1] ["s2",1,2] ["s1",2,2] '
is 'three seals' "$(grep -c '^{"_ev":{"seal"' "$out")" 3
stateful >got
stateless day1 day2 >want
same 'the same as in one run' got want
rm -rf st
run 'cat s1 s2 | head -n 7 | evversion -r rejects --state st --since 0'
check 'the second is cut' 2 any any
is 'the first is in, the second is not' "$(evversion --state st --since 0 </dev/null | position /dev/stdin | cut -d : -f 2)" 1

# The law, at random. $RANDOM_HISTORIES of them; a long run takes more.

# history SEED N IDS: N records.
history()
{
	awk -v seed="$1" -v n="$2" -v ids="$3" 'BEGIN {
		srand(seed)
		for (i = 0; i < n; i++) {
			k = rand()
			printf "{\"id\":\"e %d\",\"type\":\"T\",\"time\":\"2026-03-01T%02d:00:00Z\",", rand() * ids, rand() * 6
			if (rand() < 0.8)
				printf "\"v\":%d,", rand() * 5
			if (k < 0.45)
				printf "\"op\":\"%s\",", k < 0.15 ? "delete" : "patch"
			if (rand() < 0.3)
				printf "\"y\":%s,", rand() < 0.4 ? "null" : int(rand() * 3)
			printf "\"x\":%d%s}\n", rand() * 3, rand() < 0.2 ? ".0" : ""
		}
	}'
}

# apply ROWS SECTION: a reader deletes by owner and inserts, and deletes nothing where it is told that
# there is nothing.
apply()
{
	awk -v rows="$1" '
	BEGIN {
		while ((getline line <rows) > 0) {
			split(line, part, "\t")
			have[part[1]] = have[part[1]] line "\n"
			at = part[3]
		}
	}
	/^{"_ev":{"head"/ {
		match($0, /"from":[0-9]+/)
		if (substr($0, RSTART + 7, RLENGTH - 7) == 0)
			for (o in have)
				delete have[o]
		match($0, /"to":[0-9]+/)
		to = substr($0, RSTART + 5, RLENGTH - 5)
		next
	}
	/^{"_ev":{"seal"/ { next }
	/^{"_ev":{"op":"delete"/ {
		owner = $0
		sub(/.*"owner":"/, "", owner)
		sub(/","first".*/, "", owner)
		delete have[owner]
		next
	}
	{ have[owner] = have[owner] owner "\t" $0 "\n" }
	END {
		for (o in have)
			printf "%s", have[o]
	}' "$2" | LC_ALL=C sort >"$1.new"
	mv "$1.new" "$1"
}

histories=${RANDOM_HISTORIES-24}
wrong=
: >applied
for seed in $(seq 1 "$histories"); do
	rm -rf st rows
	: >rows
	history "$seed" $((seed % 4 * 60 + 6)) $((seed % 3 * 12 + 1)) >all
	at=0
	for b in $(batches 7 0.2 "$seed" all); do
		since=$at
		[ $((seed % 5)) -ne 0 ] || since=0
		evparse --batch "$b" "$b" | evversion -r rejects --batch "$b" --state st --since "$since" >section ||
			wrong="$wrong $seed:$b:status"
		# Now and then what was written is lost.
		if [ $(((seed + ${#at}) % 4)) -ne 1 ]; then
			apply rows section
			at=$(position section)
		fi
	done
	evversion --state st --since "$at" </dev/null >section
	apply rows section
	stateless all >want
	stateful >got
	cmp -s got want || wrong="$wrong $seed:state"
	grep -v '^{"_ev":{"op":"delete"' want | LC_ALL=C sort >want.rows
	cut -f 2 rows | LC_ALL=C sort >got.rows
	cmp -s got.rows want.rows || wrong="$wrong $seed:reader"
	cat rows >>applied
done
is "$histories random histories, in random batches" "$wrong" ''
ok 'of which something came' test "$(wc -l <applied)" -gt $((histories * 20))

# All orders of six records, in batches of random lengths

cat >six <<'END'
{"id":"o","type":"T","time":"2026-03-01T10:00:00Z","v":1,"x":1}
{"id":"o","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","y":2}
{"id":"o","type":"T","time":"2026-03-01T11:00:00Z","v":2,"op":"patch","y":3}
{"id":"o","type":"T","time":"2026-03-01T12:00:00Z","v":3,"op":"delete"}
{"id":"o","type":"T","time":"2026-03-01T12:00:00Z","v":3,"x":3}
{"id":"o","type":"T","time":"2026-03-01T09:00:00Z","v":4,"x":4}
END
every=${PERMUTE_EVERY-12}
stateless six >want
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
	rm -rf st
	# A batch ends behind the lines whose bits are set in n.
	rest=$order batch=1
	: >slice
	while [ -n "$rest" ]; do
		line=${rest%"${rest#?}"}
		rest=${rest#?}
		sed -n "${line}p" six >>slice
		if [ -z "$rest" ] || [ $((n >> batch & 1)) -eq 1 ]; then
			evparse --batch "$batch" slice | evversion -r rejects --batch "$batch" --state st --since 0 >section
			: >slice
		fi
		batch=$((batch + 1))
	done
	plain section >got
	cmp -s got want || wrong="$wrong $order/$n"
done
is "$n orders of six records" "$wrong" ''

# The days between which a reader's rows of an event may lie: of all records that it ever had

rm -rf st
cat >days1 <<'END'
{"id":"back","type":"T","time":"2026-03-05T10:00:00Z","v":1,"x":1}
{"id":"moved","type":"T","time":"2026-03-05T23:30:00-02:00","v":1,"x":1}
{"id":"old","type":"T","time":"1969-12-31T23:59:59.999999Z","v":1,"x":1}
{"id":"retracted","type":"T","time":"2026-03-05T10:00:00Z","v":1,"x":1}
{"id":"same","type":"T","time":"2026-03-05T10:00:00Z","v":1,"x":1}
{"id":"year","type":"T","time":"0001-01-01T00:00:00Z","v":1,"x":1}
END
cat >days2 <<'END'
{"id":"back","type":"T","time":"2026-01-02T10:00:00Z","v":2,"op":"delete"}
{"id":"moved","type":"T","time":"2026-02-26T10:00:00Z","v":2,"op":"patch","x":2}
{"id":"new","type":"T","time":"2026-03-06T10:00:00Z","v":1,"x":1}
{"id":"old","type":"T","time":"1970-01-01T00:00:00Z","v":2,"x":1}
{"id":"retracted","type":"T","time":"2026-04-07T10:00:00Z","v":2,"x":3}
{"id":"same","type":"T","time":"2026-03-05T11:00:00Z","v":2,"x":2}
{"id":"year","type":"T","time":"9999-12-31T23:59:59Z","v":2,"x":1}
END
cat >days3 <<'END'
{"id":"new","type":"T","time":"2026-03-04T10:00:00Z","v":2,"x":2}
END

# days FILE: of each delete its owner and days.
days() { jq -r 'select(._ev.op == "delete")._ev | [.owner, .first, (.days // ["none"])[]] | join(" ")' "$1"; }

take days1 days1 0
one=$(position "$out")
is 'whoever reads all has no rows yet' "$(days "$out" | cut -d ' ' -f 3 | sort -u)" none
take days2 days2 "$one"
two=$(position "$out")
days "$out" >got
same 'the days of what came before and of what comes; none where nobody has rows' got - <<'END'
back 1 2026-01-02 2026-03-05
moved 1 2026-02-26 2026-03-06
new 2 none
old 1 1969-12-31 1970-01-01
retracted 1 2026-03-05 2026-04-07
same 1 2026-03-05 2026-03-05
year 1 0001-01-01 9999-12-31
END
take days2 days2 "$one"
days "$out" >again
same 'the same for the same reader' again got
evstate retract st days2 >"$tap/retracted"
take days3 days3 "$two"
days "$out" >got
same 'also of records that are taken back' got - <<'END'
back 1 2026-01-02 2026-03-05
moved 1 2026-02-26 2026-03-06
new 2 2026-03-04 2026-03-06
old 1 1969-12-31 1970-01-01
retracted 1 2026-03-05 2026-04-07
same 1 2026-03-05 2026-03-05
year 1 0001-01-01 9999-12-31
END
evversion --state st --as-of 2 --since 0 </dev/null >asof 2>"$tap/notes" || evversion --state st --as-of 2 </dev/null >asof
is 'what was known at a commit is for nobody who has rows' "$(grep -c days asof)" 0

done_testing
