#!/bin/sh
# The seal: a chain of all the programs, and all that can go wrong with it. evkit(7), "The seal".
# Whatever breaks, evload must say so with status 2 and leave every table as it was.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

command -v sqlite3 >"$tap/sqlite3" || skip_all 'sqlite3 is not installed'
export EVKIT_SEAL=a-secret-of-the-job

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .event_id, type: .event_type, time: .event_timestamp, version: .version}
types:
  Sale: {type: object, properties: {amount: {minimum: 0}}}
star:
  facts:
    sales:
      keep: history
      columns:
        event_id: {from: .event_id, type: varchar(40)}
        buyer: {from: .buyer, type: varchar(40), dimension: buyers}
        amount: {from: .amount, type: "decimal(12,2)"}
  dimensions:
    buyers: {key: .buyer, columns: {buyer: {from: .buyer, type: varchar(40)}}}
END

# raw DAY N: a raw log. Of every 100 lines one is foreign, one breaks the contract, one was delivered
# twice, one says nothing new of its event, and one is blank.
raw()
{
	awk -v day="$1" -v n="$2" '
	function sale(id, version, amount) {
		printf "{\"event_id\":\"d%de%d\",\"event_type\":\"Sale\",\"event_timestamp\":\"2026-03-%02dT10:00:00Z\"," \
			"\"version\":%d,\"buyer\":\"b%d\",\"amount\":%s}\n", day, id, day, version, id % 9, amount
	}
	BEGIN {
		for (i = 1; i <= n; i++) {
			if (i % 100 == 10)
				print "healthcheck ok"
			else if (i % 100 == 20)
				sale(i, 1, "-1")
			else if (i % 100 == 30)
				sale(i - 1, 1, i - 1 ".10")
			else if (i % 100 == 40)
				sale(i - 1, 2, i - 1 ".10")
			else if (i % 100 == 50)
				print ""
			else
				sale(i, 1, i ".10")
		}
	}'
}

raw 1 2000 >raw1
raw 2 2000 >raw2

# The stages, and what each is run with.
stages='evparse evvalidate evdedupe evversion evstar evload'

stage()
{
	case $1 in
	evparse | evvalidate) echo "$1 -r $1.rejects" ;;
	evload) echo 'evload --snapshot sqlite:shop.db' ;;
	*) echo "$1" ;;
	esac
}

# before STAGE, after STAGE: the stages there.
before()
{
	for one in $stages; do
		[ "$one" = "$1" ] && return
		echo "$one"
	done
}

after()
{
	past=
	for one in $stages; do
		[ "$past" ] && echo "$one"
		[ "$one" = "$1" ] && past=yes
	done
}

# through STAGE...: standard input through these stages; the status of the last, or 0 of none.
# shellcheck disable=SC2091 # a command made of words
through()
{
	if [ $# -eq 0 ]; then
		cat
	elif [ $# -eq 1 ]; then
		$(stage "$1")
	else
		first=$1
		shift
		$(stage "$first") | through "$@"
	fi
}

dump()
{
	sqlite3 -readonly shop.db .dump
}

# unchanged NAME: the last run ended with evload's trouble, and the database is what it was.
unchanged()
{
	is "$1: status 2" "$status" 2
	dump >now
	same "$1: nothing is changed" now loaded
}

#
# It holds
#
evschema -t sqlite | sqlite3 shop.db || exit 2
dump >empty
run "evparse --batch day1 -r evparse.rejects raw1 | evvalidate -r evvalidate.rejects | evdedupe |
	evversion | evstar | evload --stats - --snapshot sqlite:shop.db"
check 'a whole chain loads, and its balance sheet is right' 0 '' "$(
	cat <<'END'
evparse     in 2000  out 1960  rejected 20  blank 20
evvalidate  in 1960  out 1940  warning 0  rejected 20  blank 0
evdedupe    in 1940  out 1920  duplicate 20  rejected 0  blank 0
evversion   in 1920  version 1900  no-op 20  duplicate 0  conflict 0  misfit 0  out 3800  rejected 0  blank 0
evstar      in 3800  event 1900  delete 1900  out 3809  rejected 0  blank 0
evload      in 3809  row 1909  delete 0  skipped 1900  rejected 0  blank 0
END
)"
dump >loaded
is 'what evstar made is there' "$(
	sqlite3 shop.db 'SELECT count(*), count(DISTINCT event_id) FROM sales' 'SELECT count(*) FROM buyers'
)" '1900|1900
10'
is 'the ledger names the batch' "$(sqlite3 shop.db 'SELECT commit_no, batch, mode, rows FROM ev_ledger')" \
	'1|day1|snapshot|1909'
is 'the ledger has the balance sheet' "$(
	sqlite3 shop.db "SELECT value ->> 'program', value ->> 'in', value ->> 'out'
		FROM ev_ledger, json_each(balance)"
)" 'evparse|2000|1960
evvalidate|1960|1940
evdedupe|1940|1920
evversion|1920|3800
evstar|3800|3809'
run "evparse --batch day1 -r evparse.rejects raw1 | through evvalidate evdedupe evversion evstar evload"
check 'the same again' 0 '' 'evload: the target holds this input already: nothing was changed'
dump >now
same 'changes nothing' now loaded

# What each stage hands to the next, with a seal, for day 2.
last=raw2
for stage in evparse evvalidate evdedupe evversion evstar; do
	$(stage $stage) --batch day2 <$last >sealed.$stage || exit 2
	last=sealed.$stage
done
# hmac KEY: the HMAC-SHA-256 (RFC 2104) of standard input; the key has 64 bytes at most.
hmac()
{
	# shellcheck disable=SC2046 # a list of words
	set -- $(printf %s "$1" | od -An -v -tu1)
	inner=$({ pad 54 "$@" && cat; } | sha256sum | cut -c 1-64)
	{
		pad 92 "$@"
		for byte in $(echo "$inner" | fold -w 2); do
			# shellcheck disable=SC2059 # a format that is a byte
			printf "\\$(printf %03o "0x$byte")"
		done
	} | sha256sum | cut -c 1-64
}

# pad N BYTE...: 64 bytes, these and zeros, each XORed with N.
pad()
{
	with=$1
	shift
	for _ in $(seq 64); do
		# shellcheck disable=SC2059 # a format that is a byte
		printf "\\$(printf %03o $((${1:-0} ^ with)))"
		[ $# -eq 0 ] || shift
	done
}

# mac_of FILE KIND: of the first or only control line of that kind.
mac_of()
{
	sed -n "s/^{\"_ev\":{\"$2\":{\"mac\":\"\([0-9a-f]*\)\".*/\1/p" "$1" | head -n 1
}

is 'hmac is the one of RFC 4231' "$(printf 'what do ya want for nothing?' | hmac Jefe)" \
	5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843
mac=$(mac_of sealed.evdedupe head)
is 'a head opens, and names the programs' "$(head -n 1 sealed.evdedupe)" \
	'{"_ev":{"head":{"mac":"'"$mac"'","batch":"day2","stages":["evparse","evvalidate","evdedupe"],"checked":true}}}'
is 'a seal closes, with all sums' "$(tail -n 1 sealed.evvalidate | sed 's/"digest":"[0-9a-f]\{32\}"/DIGEST/')" \
	'{"_ev":{"seal":{"mac":"'"$(mac_of sealed.evvalidate seal)"'","head":"'"$(mac_of sealed.evvalidate head)"'","batch":"day2","ok":true,DIGEST,"stages":[{"program":"evparse","in":2000,"out":1960,"rejected":20,"blank":20},{"program":"evvalidate","in":1960,"out":1940,"warning":0,"rejected":20,"blank":0}]}}}'
for stage in $(before evload); do
	for kind in head seal; do
		is "$stage: its $kind bears the HMAC of the line with an empty mac" "$(
			grep "^{\"_ev\":{\"$kind\"" sealed.$stage | sed 's/"mac":"[0-9a-f]*"/"mac":""/' |
				tr -d '\n' | hmac "$EVKIT_SEAL"
		)" "$(mac_of sealed.$stage $kind)"
	done
done
is 'the secret itself goes nowhere' "$(grep -c "$EVKIT_SEAL" sealed.*)" \
	"$(for stage in $(before evload | sort); do echo "sealed.$stage:0"; done)"
is 'grep can take the control lines out' "$(
	grep -vE '^\{"_ev":\{"(head|seal|at)"' sealed.evvalidate | cksum
)" "$(unset EVKIT_SEAL; evparse -r r raw2 | evvalidate -r r | cksum)"

run 'through <sealed.evstar evload'
replaced='evload: the snapshot took the place of all that was loaded before: 1 batch of 1909 rows in the ledger'
check 'a sealed file is as good as a sealed pipe' 0 '' "$replaced"
dump >day2
ok 'another day is another database' [ "$(cksum <day2)" != "$(cksum <loaded)" ]
# Back to day 1; its ledger has grown.
run 'evparse --batch day1 -r evparse.rejects raw1 | through evvalidate evdedupe evversion evstar evload'
check 'and back' 0 '' "$replaced"
dump >loaded

run 'evparse --batch none </dev/null | through evvalidate evdedupe evversion evstar evload'
unchanged 'an empty day is whole too, but no snapshot that anybody meant'
run 'evparse --batch none </dev/null | through evvalidate evdedupe evversion evstar | evload --snapshot --empty sqlite:shop.db'
check 'unless it is said' 0 '' "$replaced"
is 'and leaves what evschema made' "$(
	sqlite3 shop.db 'SELECT count(*) FROM sales' 'SELECT count(*) FROM buyers'
)" '0
1'
run 'evparse --batch day1 -r evparse.rejects raw1 | through evvalidate evdedupe evversion evstar evload'
dump >loaded

#
# A stage is killed in mid-stream
#
# runs PID PROGRAM: the process runs the program, so its pipes are open.
runs()
{
	[ "$(cat "/proc/$1/comm" 2>"$tap/comm")" = "$2" ]
}

# has_read PID N: the process has read N bytes.
has_read()
{
	[ "$(sed -n 's/^rchar: //p' "/proc/$1/io" 2>"$tap/io")" -ge "$2" ]
}

# kill_stage VICTIM FIRST: the stages from FIRST on run; they get half of the input, then the victim is
# killed, then the input ends. Sets status to evload's.
kill_stage()
{
	input=raw2
	[ "$2" != evparse ] && input=sealed.$(before "$2" | tail -n 1)
	set -- "$1" "$2" "$(($(wc -l <$input) / 2))"
	at=0
	pids=
	mkfifo pipe.0
	for one in $2 $(after "$2"); do
		mkfifo pipe.$((at + 1))
		# exec: the process that runs the program is the one that is killed
		if [ "$one" = evload ]; then
			sh -c "exec $(stage evload)" <pipe.$at 2>told &
			loader=$!
		else
			sh -c "exec $(stage "$one")" <pipe.$at >pipe.$((at + 1)) 2>>others &
		fi
		pids="$pids $!:$one"
		[ "$one" = "$1" ] && doomed=$!
		[ "$one" = "$2" ] && reader=$!
		at=$((at + 1))
	done
	exec 9>pipe.0
	for one in $pids; do
		until_true runs "${one%:*}" "${one#*:}" || diag "${one#*:} does not run"
	done
	head -n "$3" $input >&9
	until_true has_read $reader "$(head -n "$3" $input | wc -c)" || diag "$2 does not read"
	kill -KILL $doomed
	exec 9>&-
	wait $loader 2>"$tap/killed"
	status=$?
	wait 2>"$tap/killed"
	rm pipe.*
}

for victim in $stages; do
	for first in $(before $victim) $victim; do
		kill_stage $victim $first
		name="$victim killed, with the input at $first"
		if [ $victim = evload ]; then
			is "$name: evload is gone" $status 137
			sqlite3 shop.db 'SELECT count(*) FROM ev_ledger' >"$tap/rolled-back"
			dump >now
			same "$name: nothing is changed" now loaded
		else
			unchanged "$name"
			# The last line may be cut as well.
			ok "$name: evload says that its input is no whole one" grep -qE \
				'input ends without its seal|input has no head|give evload what evstar wrote' told
		fi
	done
done

#
# What arrives is not what was sent
#
# damage NAME SED: what each stage wrote is damaged by the sed script on its way to the next.
damage()
{
	for stage in $(before evload); do
		sed "$2" sealed.$stage >damaged
		if cmp -s damaged sealed.$stage; then
			is "$1 behind $stage: is no damage" damaged whole
			continue
		fi
		# shellcheck disable=SC2046 # a list of words
		run through $(after $stage) <damaged
		unchanged "$1 behind $stage"
	done
}

damage 'a line dropped' 5d
damage 'a line duplicated' 5p
damage 'a line altered' '5s/d2e/d3e/'
damage 'a digit altered in the last line' '$!{/^{"_ev/!{$!s/0:00Z/0:01Z/;s/"ev_inferred":false/"ev_inferred":true/;s/"ev_current":true/"ev_current":false/}}'
damage 'two lines reordered' '5{h;d;};6G'
damage 'a line added' '5s/$/\n{"event_id":"new","event_type":"Sale","event_timestamp":"2026-03-02T10:00:00Z"}/'
damage 'a blank line added' '5s/^/\n/'
damage 'a blank at the end of a line' '5s/$/ /'
damage 'the head dropped' 1d
damage 'the head twice' 1p
damage 'the seal dropped' '$d'
damage 'the seal twice' '$p'
damage 'a line behind the seal' '${p;s/.*/{"event_id":"new"}/;}'
damage 'a line before the head' '1s/^/{"event_id":"new"}\n/'
damage 'a blank line before the head' '1s/^/\n/'
damage 'a seal that is cut' '$s/.....$//'
damage 'a seal that says not ok' '$s/"ok":true/"ok":false/'
damage 'a seal that does not say ok' '$s/"ok":true,//'
damage 'a seal with another count' '$s/\(.*"out":\)/\11/'
damage 'a seal with another digest' '$s/"digest":"\(.\{31\}\).",/"digest":"\1x",/'
damage 'a seal with another mac' '$s/"mac":"./"mac":"x/'
damage 'a seal without a mac' '$s/"mac":"[0-9a-f]*",//'
damage 'a seal of another head' '$s/"head":"./"head":"x/'
damage 'a head with another mac' '1s/"mac":"./"mac":"x/'
damage 'a head without a mac' '1s/"mac":"[0-9a-f]*",//'
damage 'a head with another batch' '1s/day2/day3/'
damage 'a seal with another batch' '$s/day2/day3/'
damage 'a head with another stage' '1s/"evparse"/"evparsed"/'
damage 'a seal with another stage' '$s/"evparse"/"evparsed"/'
damage 'a member more in a head' '1s/"batch"/"x":1,"batch"/'
damage 'a member more in a seal' '$s/"batch"/"x":1,"batch"/'
damage 'a space in a seal' '$s/,"ok"/, "ok"/'
damage 'a seal without stages' '$s/"stages":\[.*\]/"stages":[]/'
damage 'a seal with a count below zero' '$s/"in":/"in":-/'
damage 'a head that is none of ours' '1s/"stages":\[/"stages":[7,/'

for stage in $(before evload); do
	# shellcheck disable=SC2046 # a list of words
	run "head -n 1000 sealed.$stage | through $(echo $(after $stage))"
	unchanged "head -n 1000 behind $stage"
	(cat sealed.$stage && head -n 10 sealed.$stage) >damaged
	# shellcheck disable=SC2046 # a list of words
	run through $(after $stage) <damaged
	unchanged "a second section that is cut, behind $stage"
	next=$(after $stage | head -n 1)
	run "$(stage "$next") </dev/null"
	is "nothing at all for $next: status 2" $status 2
	ok "nothing at all for $next: says that there is no head" grep -q 'the input has no head' "$err"
done

#
# The secret
#
for stage in $stages; do
	[ $stage = evparse ] && input=raw2 || input=sealed.$(before $stage | tail -n 1)
	# shellcheck disable=SC2046 # a list of words
	run "EVKIT_SEAL=another $(stage $stage) <$input | through $(echo $(after $stage))"
	if [ $stage = evload ]; then
		run "EVKIT_SEAL=another $(stage $stage) <$input"
	fi
	unchanged "$stage with another secret"
	# shellcheck disable=SC2046 # a list of words
	run "(unset EVKIT_SEAL; $(stage $stage) <$input) | through $(echo $(after $stage))"
	if [ $stage = evload ]; then
		run "unset EVKIT_SEAL; $(stage $stage) <$input"
	fi
	unchanged "$stage without the secret"
	run "EVKIT_SEAL= $(stage $stage) <$input"
	check "$stage: a secret that is empty is not \"off\"" 2 '' \
		"~^$stage: EVKIT_SEAL is set but empty: give it the job's secret"
	run "EVKIT_SEAL= $(stage $stage) --first <$input"
	check "$stage: nor is it with --first" 2 '' "~^$stage: EVKIT_SEAL is set but empty"
done
unset EVKIT_SEAL
run 'evparse -r r raw1 | evvalidate -r r | evdedupe | evversion | evstar'
is 'without a secret there is no control line' "$(grep -cE '^.{9}(head|seal|at)' "$out")" 0
EVKIT_SEAL=a-secret-of-the-job
export EVKIT_SEAL

#
# Where a chain begins
#
run "evprase raw2 2>misspelt | through evvalidate evdedupe evversion evstar evload"
unchanged 'a misspelt first program'
run 'cat raw2 | through evvalidate evdedupe evversion evstar evload'
unchanged 'a first program that seals nothing'
ok 'is told' grep -q 'this line stands in no section: the program before this one did not seal it' "$err"
run 'evparse sealed.evparse'
check 'evparse begins a chain, and goes on with none' 2 any '~sealed.evparse:1: the input is sealed already'
run 'evdedupe --first sealed.evvalidate'
check 'nor does --first' 2 any '~sealed.evvalidate:1: the input is sealed already: leave out --first'

cp shop.db kept.db
for first in evvalidate evdedupe; do
	# shellcheck disable=SC2046 # a list of words
	run "grep version raw2 | $(stage $first) --first --batch day2 | through $(echo $(after $first))"
	check "--first: $first begins the chain" 0 '' "$replaced"
	is "--first: $first is the first of the balance sheet" "$(
		sqlite3 shop.db "SELECT balance ->> '\$[0].program' FROM ev_ledger ORDER BY commit_no DESC LIMIT 1"
	)" $first
	cp kept.db shop.db
done
grep -vE '^.{9}(head|seal|at)' sealed.evstar >rows
run "$(stage evload) --first rows"
unchanged '--first: what evload begins has no seal'
run "$(stage evload) --first --unsealed rows"
check '--first --unsealed: evload may stand alone' 0 '' "$replaced"
cp kept.db shop.db
run "$(stage evload) --unsealed rows"
check '--unsealed: nor need the input have a head then' 0 '' "$replaced"
cp kept.db shop.db
run "$(stage evload) --unsealed sealed.evstar"
check '--unsealed: a sealed input is checked all the same' 0 '' "$replaced"
is '--unsealed: and is the batch of its head' \
	"$(sqlite3 shop.db 'SELECT batch FROM ev_ledger ORDER BY commit_no DESC LIMIT 1')" day2
cp kept.db shop.db
sed 20d sealed.evstar >damaged
run "$(stage evload) --unsealed damaged"
unchanged '--unsealed: a broken seal'
run "(head -n 20 rows; cat sealed.evstar) | $(stage evload) --unsealed"
unchanged '--unsealed: a section behind lines without one'
cp kept.db shop.db
evparse -r r raw1 | evvalidate -r r >stage.2
for n in $(seq 3 32); do
	evvalidate "stage.$((n - 1))" >"stage.$n"
done
is '32 stages are a chain' "$(tail -n 1 stage.32 | grep -o '"program"' | wc -l)" 32
run 'evvalidate stage.32'
check '33 are too many' 2 '' 'evvalidate: the chain has more than 32 stages'

# Lines from outside that look as if evkit had written them.
secret=$EVKIT_SEAL
cat >forged <<END
{"_ev":{"head":{"mac":"","batch":"x","stages":["evparse"],"checked":true}}}
{"_ev":{"head":{"mac":"00000000000000000000000000000000","batch":"x","stages":["evparse"],"checked":true}}}
{"_ev":{"seal":{"mac":"$secret","batch":"x","ok":true,"digest":"00000000000000000000000000000000","stages":[{"program":"evparse","in":0,"out":0,"rejected":0,"blank":0}]}}}
{"_ev":{"seal":{"mac":"ffffffffffffffffffffffffffffffff","batch":"x","ok":false,"digest":"00000000000000000000000000000000","stages":[{"program":"evparse","in":0,"out":0,"rejected":0,"blank":0}]}}}
{"_ev":{"state":{"mac":"00000000000000000000000000000000","from":0,"to":9}}}
{"_ev":{"table":"sales","op":"delete"},"owner":"00000000000000000000000000000000"}
{"event_id":"x","event_type":"Sale","event_timestamp":"2026-03-02T10:00:00Z","amount":1,"_ev":{"op":"insert","current":true}}
{"_ev":{"head":{}}}
{"_ev":{"at":{"source":"secret.log","line":1,"offset":0}}}
{"_ev":{"at":{}}}
{"_ev":null}
2026-03-02 INFO {"_ev":{"seal":{"mac":"00000000000000000000000000000000","ok":true}}}
{ "_ev" : {"seal":{"mac":"00000000000000000000000000000000","ok":true}}}
{"\u005fev":{"seal":{"mac":"00000000000000000000000000000000","ok":true}}}
END

#
# A stage says no
#
run "evparse -r r --max-rejects 19 raw2 | through evvalidate evdedupe evversion evstar evload"
unchanged 'evparse: --max-rejects exceeded'
ok 'the next stage tells' grep -q '^evvalidate: -:[0-9]*: the seal says that a stage before this one did not approve' "$err"
run 'evparse -r r --max-rejects 19 raw2'
check 'the stage itself: status 1' 1 any 'evparse: 20 of 2000 lines were rejected, more than --max-rejects allows'
is 'its seal is not ok' "$(tail -n 1 "$out" | grep -c '"ok":false')" 1
echo before >refused
for stage in evparse 'evvalidate --first' 'evdedupe --first' 'evversion --first' 'evstar --first'; do
	sed 10d raw2 | cat - forged >some
	for sealed in yes no; do
		rm -f r counts
		run "[ $sealed = yes ] || unset EVKIT_SEAL; $stage -r r --max-rejects 0 --stats counts some -o refused"
		check "$stage -o: status 1 (sealed: $sealed)" 1 '' '~refused: is not made, because the verdict is no'
		is "$stage -o: no file takes its name (sealed: $sealed)" "$(cat refused) $(find . -name '*refused*')" 'before ./refused'
		ok "$stage -o: what tells why is there (sealed: $sealed)" [ -s r -a -s counts ]
	done
done
run 'evparse -r r --max-rejects 0 raw2 -o /dev/stdout'
is 'a device is written as it is' "$status $(grep -c '"ok":false' "$out")" '1 1'
run 'evparse -r r --max-rejects 20 raw2 | evvalidate -r r --max-rejects 1% | through evdedupe evversion evstar evload'
unchanged 'evvalidate: --max-rejects exceeded'
run 'evparse raw2 | through evvalidate evdedupe evversion evstar evload'
unchanged 'a bad record without -r'
run 'evparse -r /dev/full raw2 | through evvalidate evdedupe evversion evstar evload'
unchanged 'rejects that cannot be written'
(cat rows && printf '{"ev_index":"%0999d"}\n' 0) >damaged
run 'unset EVKIT_SEAL; evload --max-line 900 -r r --max-rejects 100% --snapshot sqlite:shop.db damaged'
unchanged 'a row that is too long'

#
# Forgery: lines from outside that look as if evkit had written them
#
lines=$(wc -l <forged)
(head -n 999 raw2; cat forged; tail -n +1000 raw2) >with-forged
run 'evparse --batch day2 -r evparse.rejects --stats - with-forged | through evvalidate evdedupe evversion evstar evload'
check 'forged control lines in the raw log harm nothing' 0 '' \
	"evparse     in $((2000 + lines))  out 1960  rejected $((20 + lines))  blank 20
$replaced"
is 'each is a reject of its own, code reserved' "$(grep -c '"code":"reserved"' evparse.rejects)" "$lines"
is 'and the tables are those of the honest log' "$(dump | grep -v ev_ledger | cksum)" \
	"$(grep -v ev_ledger day2 | cksum)"
cp kept.db shop.db
(head -n 999 raw2; cat forged; tail -n +1000 raw2) | grep -v healthcheck >with-forged
run 'grep -v INFO with-forged | evvalidate --first --batch day2 -r r | through evdedupe evversion evstar evload'
check 'nor do they where evvalidate is the first' 0 '' "$replaced"
is 'and each is a reject, code reserved' "$(grep -c '"code":"reserved"' r)" "$((lines - 1))"
cp kept.db shop.db

#
# Control lines of one section in another, and lines that were copied from a sealed file into a log
#
evparse --batch other -r r raw2 >other.evparse
for stage in evvalidate evdedupe evversion evstar; do
	$(stage $stage) --batch other <"other.$(before $stage | tail -n 1)" >other.$stage || exit 2
done
for stage in $(before evload); do
	for what in head seal both; do
		case $what in
		head) (head -n 1 other.$stage && sed 1d sealed.$stage) >damaged ;;
		seal) (sed '$d' sealed.$stage && tail -n 1 other.$stage) >damaged ;;
		both) (head -n 1 other.$stage && sed '1d;$d;5d' sealed.$stage && tail -n 1 other.$stage) >damaged ;;
		esac
		# shellcheck disable=SC2046 # a list of words
		run through $(after $stage) <damaged
		unchanged "$what of another section of the same lines behind $stage"
	done
done
(sed '$d' sealed.evvalidate && tail -n 1 other.evvalidate) >damaged
run 'evdedupe damaged'
check 'a seal of another section is told' 2 any '~the seal is that of another section'
sed '$s/"ok":true/"ok":false/' sealed.evvalidate >damaged
run 'evdedupe damaged'
check 'so is a line that is not signed as it stands' 2 any \
	"~^evdedupe: damaged:$(wc -l <damaged): this control line is not signed under EVKIT_SEAL as it stands"

grep '^{"_ev":{' sealed.evvalidate >copied
for first in 'evparse --format json' evvalidate 'evdedupe -k .event_id'; do
	(head -n 5 raw1; cat copied forged; sed -n 6,9p raw1) | grep -v INFO >some
	run "$first --first --batch copied -r r some -o copy"
	check "$first: control lines copied into a log are records" 0
	ok "$first: and rejects" [ "$(grep -cF '"code":"reserved"' r)" -ge "$(wc -l <copied)" ]
	run 'evdedupe -r r copy'
	check "$first: none of them is taken for one behind it" 0 any
done
run "cat sealed.evparse | evvalidate --first -r r"
check 'a sealed input where a chain begins is told' 2 any '~evvalidate: -:1: the input is sealed already'

# The ledger knows a batch again by what it holds, whatever the secret was, and without one.
for secret_of in "$secret" another; do
	rm shop.db
	evschema -t sqlite | sqlite3 shop.db
	export EVKIT_SEAL="$secret_of"
	evparse --batch d -r r0 raw2 | evvalidate -r r | evdedupe | evversion | evstar >rows.sealed
	evload --snapshot sqlite:shop.db rows.sealed
	sqlite3 shop.db 'SELECT digest FROM ev_ledger'
	grep -v '^{"_ev":{"\(head\|seal\|at\)"' rows.sealed >rows.plain
done >digests
unset EVKIT_SEAL
rm shop.db
evschema -t sqlite | sqlite3 shop.db
evload --unsealed --snapshot sqlite:shop.db rows.plain
sqlite3 shop.db 'SELECT digest FROM ev_ledger' >>digests
is 'the digest of the ledger depends on no secret' "$(uniq -c digests | awk '{print $1}')" 3
cp kept.db shop.db
export EVKIT_SEAL="$secret"

#
# Where a record came from: file and line of the raw log, at every stage, and no byte of it in the records
#
long()
{
	awk -v n="$1" 'BEGIN { while (n-- > 0) printf "long"; print "" }'
}

bad()
{
	echo '{"event_id":"'"$1"'","event_type":"Sale","event_timestamp":"2026-03-01T10:00:00Z","version":1,"amount":-1}'
}

good()
{
	bad "$1" | sed 's/-1/'"${2:-1}/"
}

# places FILE: source, line and offset of each reject.
places()
{
	sed 's/.*"source":"\([^"]*\)","line":\([0-9]*\)\(,"offset":\([0-9]*\)\)\{0,1\},"code".*/\1:\2:\4/' "$1" | tr '\n' ' '
}

# true_places WHAT: each offset of r is that of the record in the file that it names.
true_places()
{
	jq -r '._ev.reject | select(.offset) | "\(.source) \(.offset)"' r >list
	jq -r 'select(._ev.reject.offset) | .raw' r >raws
	while read -r source offset; do
		tail -c +$((offset + 1)) "$source" | head -n 1 | tr -d "\n"
		echo
	done <list >found
	same "$1: each offset is that of the line" found raws
}

(good a; echo noise; bad b; echo; bad c; good a; good d; bad e) >one.log
(bad f; echo; echo '   '; good g; good g; bad h; printf '%s' "$(bad i)") >two.log
run 'evparse -r r0 one.log two.log | evvalidate -r r >v'
is 'a reject of evvalidate names the raw line' "$(places r)" \
	"one.log:3:$(head -n 2 one.log | wc -c) one.log:5:$(head -n 4 one.log | wc -c) one.log:8:$(head -n 7 one.log | wc -c) two.log:1:0 two.log:6:$(head -n 5 two.log | wc -c) two.log:7:$(head -n 6 two.log | wc -c) "
true_places 'behind evparse'
run 'evparse -r r0 one.log two.log | evdedupe | evvalidate -r r'
is 'also behind evdedupe, which dropped some' "$(places r | tr ' ' '\n' | cut -d: -f 1,2 | tr '\n' ' ')" \
	'one.log:3 one.log:5 one.log:8 two.log:1 two.log:6 two.log:7 '
true_places 'behind evdedupe'
run 'cat one.log | evparse -r r0 | evdedupe | evvalidate -r r'
is 'standard input is -' "$(places r | tr ' ' '\n' | cut -d: -f 1,2 | tr '\n' ' ')" '-:3 -:5 -:8 '
run 'gzip -c one.log >one.gz; evparse -r r0 one.gz | evvalidate -r r'
is 'a packed log counts as what is in it' "$(places r | tr ' ' '\n' | cut -d: -f 1,2 | tr '\n' ' ')" 'one.gz:3 one.gz:5 one.gz:8 '
run 'evparse -r r0 one.log >s1; evparse -r r0 two.log >s2; evvalidate -r r s2 s1'
is 'sealed files name the logs that they were made of' "$(places r | tr ' ' '\n' | cut -d: -f 1,2 | tr '\n' ' ')" \
	'two.log:1 two.log:6 two.log:7 one.log:3 one.log:5 one.log:8 '
run 'cat s1 s2 | evdedupe -k .event_id | evvalidate -r r'
is 'so do their sections in one stream' "$(places r | tr ' ' '\n' | cut -d: -f 1,2 | tr '\n' ' ')" \
	'one.log:3 one.log:5 one.log:8 two.log:1 two.log:6 two.log:7 '
run 'evparse -r r0 one.log | evvalidate'
check 'the message without -r does, too' 2 any '~^evvalidate: one.log:3: '
run '(good x 1; good x 2; good y 1; echo; good y 3) >three.log; evparse three.log | evdedupe | evversion -r r'
is 'and a conflict of evversion' "$(places r)" \
	"three.log:1:0 three.log:3:$(head -n 2 three.log | wc -c) "
sed 's/$/\r/' one.log >crlf.log
sed '/^{/s/^/2026 INFO /' one.log >text.log
for log in crlf text; do
	run "evparse -r r0 $log.log one.log | tee p | evvalidate -r r"
	is "$log: lines are right, and offsets are left out where they cannot be counted on" "$(places r)" \
		"$log.log:3:$(head -n 2 $log.log | wc -c) $log.log:5:$(head -n 4 $log.log | wc -c) $log.log:8: one.log:3:$(head -n 2 one.log | wc -c) one.log:5:$(head -n 4 one.log | wc -c) one.log:8:$(head -n 7 one.log | wc -c) "
done
yes "$(good z)" | head -n 1000 | sed 's/$/\r/' >crlf.log
is 'they cost no line a record' "$(evparse crlf.log | grep -c '^{"_ev":{"at"')" 2
for n in $(seq 1000); do
	good "q$n"
done >clean.log
is 'a clean log costs one line' "$(evparse clean.log | evdedupe | grep -c '^{"_ev":{"at"')" 1
run '(cat one.log; long 100; bad j) >long.log; evparse -r r0 --max-line 200 long.log | evvalidate -r r'
is 'a line that is too long counts as one' "$(places r | tr ' ' '\n' | tail -n 2 | cut -d: -f 1,2)" \
	'long.log:8
long.log:10'
printf '%s\n' "$(bad k)" >"$(printf 'a\nb"\\c\351')"
run "evparse ./a* | evvalidate -r r"
is 'any name of a file' "$(jq -c '._ev.reject | [.source, .line, .offset]' r)" '["./a\nb\"\\c%E9",1,0]'
unset EVKIT_SEAL
run 'evparse -r r0 one.log two.log'
grep -v '^noise' "$out" >plain
export EVKIT_SEAL="$secret"
run 'evparse -r r0 one.log two.log'
grep -v '^{"_ev":{"' "$out" >got
same 'no byte of it is in the records' got plain
run 'evparse -r r0 one.log two.log | tee s1 | evdedupe --stats -'
check 'positions are in no count' 0 any "evparse     in 15  out 11  rejected 1  blank 3
evdedupe    in 11  out 9  duplicate 2  rejected 0  blank 0"
for change in 's/"line":3/"line":4/' 's/"source":"one/"source":"two/' 's/"offset":[0-9]*/"offset":1/' '/"at"/d' '/"at"/p'; do
	sed "$change" s1 >damaged
	run 'evvalidate -r r damaged'
	check "a position is covered by the seal: $change" 2 any '~what arrived is not what was sealed'
done
for change in 's/"line":3/"line":-3/' 's/"source":"one.log"/"source":7/' 's/"line":3,/"line":3,"line":3,/' 's/"line":3,//' 's/one.log/one\\u0000/'; do
	sed "$change" s1 >damaged
	run 'evdedupe damaged'
	is "one that is not as evkit writes it is trouble: $change" "$status" 2
done
run 'unset EVKIT_SEAL; evvalidate -r r forged'
is 'without a chain a position is a record of a reserved name' "$(grep -c '"code":"reserved"' r)" "$((lines - 1))"

#
# Several sealed files: days, shards
#
for day in 1 2 3; do
	raw $day $((day * 300)) >raw.$day
	evparse --batch day$day -r r raw.$day >parsed.$day && evvalidate -r r parsed.$day >valid.$day || exit 2
done
run 'evvalidate -r r parsed.3 parsed.1 parsed.2'
cat valid.3 valid.1 valid.2 >want
check 'evvalidate: a section out for each in' 0 @want
run 'cat parsed.3 parsed.1 parsed.2 | evvalidate -r r'
check 'from a pipe too' 0 @want
run "gzip -n <valid.1 | evdedupe valid.3 - valid.2 -o gathered"
check 'evdedupe gathers the sections, packed or not' 0
is 'into one' "$(grep -cE '^.{9}(head|seal)' gathered)" 2
is 'whose stages are the sums' "$(tail -n 1 gathered | sed 's/.*"batch"/"batch"/; s/"digest":"[^"]*"/DIGEST/')" \
	'"batch":"day1..day3","ok":true,DIGEST,"stages":[{"program":"evparse","in":1800,"out":1764,"rejected":18,"blank":18},{"program":"evvalidate","in":1764,"out":1746,"warning":0,"rejected":18,"blank":0},{"program":"evdedupe","in":1746,"out":1728,"duplicate":18,"rejected":0,"blank":0}]}}}'
run 'evdedupe --batch all valid.3 valid.1 valid.2 | evversion | evstar | evload --snapshot sqlite:shop.db'
check 'and they load as one batch' 0 '' "$replaced"
is 'by the name it was given' "$(sqlite3 shop.db 'SELECT batch FROM ev_ledger ORDER BY commit_no DESC LIMIT 1')" all
dump | grep -v ev_ledger >one-order
run 'evdedupe --batch all valid.2 valid.3 valid.1 | evversion | evstar | evload --snapshot sqlite:shop.db'
check 'in any order' 0 '' 'evload: the target holds this input already: nothing was changed'
cp kept.db shop.db

run 'evdedupe valid.1 parsed.2 | evversion | evstar | evload --snapshot sqlite:shop.db'
unchanged 'sections that went through other stages'
run 'evdedupe valid.1 raw.2 valid.3 | evversion | evstar | evload --snapshot sqlite:shop.db'
unchanged 'a file among them that is not sealed'
sed '$d' valid.2 >damaged
run 'evdedupe valid.1 damaged valid.3 | evversion | evstar | evload --snapshot sqlite:shop.db'
unchanged 'a file among them that lacks its seal'
ok 'is named' grep -q '^evdedupe: valid.3:1: a section begins before the one before it is sealed' "$err"
sed 5d valid.3 >damaged
run 'evdedupe valid.1 valid.2 damaged | evversion | evstar | evload --snapshot sqlite:shop.db'
unchanged 'a damaged file among them'
run 'evdedupe valid.1 nosuch | evversion | evstar | evload --snapshot sqlite:shop.db'
unchanged 'a missing file among them'

# evload takes each section as a batch, and all in one transaction.
for day in 1 2; do
	evdedupe valid.$day | evversion | evstar >rows.$day || exit 2
done
sed '/buyers/d' rows.2 >damaged
run 'evload --snapshot sqlite:shop.db rows.1 damaged'
unchanged 'a batch that is whole, and one that is not'
rm shop.db
evschema -t sqlite | sqlite3 shop.db
run 'evload sqlite:shop.db rows.1'
check 'a batch is inserted' 0
dump >loaded
run 'evload sqlite:shop.db rows.1'
check 'the same batch again is left out' 0 '' 'evload: the target holds this input already: nothing was changed'
dump >now
same 'and changes nothing' now loaded
evdedupe valid.2 | evversion | evstar --batch day1 >other || exit 2
run 'evload sqlite:shop.db other'
unchanged 'another batch of that name'
ok 'is told' grep -q 'batch day1 was loaded before with other content' "$err"

# A chain without a name for its batch is known by its digest.
rm shop.db
sed -i '/^  dimensions:/,$d; s/, dimension: buyers//' evkit.yaml
evschema -t sqlite | sqlite3 shop.db
for day in 1 2 1; do
	run "evparse -r r raw.$day | evvalidate -r r | evdedupe | evversion | evstar | evload sqlite:shop.db"
	is "a chain without a name for its batch loads: day $day" $status 0
done
is 'once each, called after their digests' "$(
	sqlite3 shop.db 'SELECT batch = digest, length(digest) FROM ev_ledger'
)" '1|32
1|32'
dump >loaded

# The digest is of lines: neighbours are taken together, but the CRs before their ends are no part of
# them, and a line that is too long comes in parts.
{
	sed -n 1,40p raw.1
	printf '{"event_id":"long","note":"%s"}\n' "$(long 200)"
	printf '{"event_id":"longer","note":"%s"}\n' "$(long 200000)"
	sed -n 41,80p raw.1
	printf '{"event_id":"longest","note":"%s"}\n' "$(long 200000)"
} >some
evparse -r r some >sealed
evdedupe -r want.r --max-line 500 sealed >want
is 'lines in parts are those that were sealed' "$(grep -c too-long want.r)" 3
sed '/long/!{3s/$/\r/; 6,9s/$/\r\r/; 60s/$/\r/;}' sealed >crs
run 'evdedupe -r r --max-line 500 crs'
is 'and so are lines that got CRs' "$status" 0
same 'which leave without them' "$out" want
run '{ sed "/longer/q" crs; sleep 0.2; sed "1,/longer/d" crs; } | evdedupe -r r --max-line 500'
same 'also where the input pauses behind a part' "$out" want
for line in 7 $(grep -n long crs | cut -d: -f1) 60; do
	sed "${line}s/e/f/2" crs >damaged
	run 'evdedupe -r r --max-line 500 damaged'
	check "another byte in line $line is found" 2 '~head' '~what arrived is not what was sealed'
done
for line in 7 $(grep -n long crs | cut -d: -f1) 60; do
	sed "${line}d" crs >damaged
	run 'evdedupe -r r --max-line 500 damaged'
	check "the lack of line $line is found" 2 '~head' '~what arrived is not what was sealed'
done

# The other targets fail closed as well.
evparse -r r raw.3 | evvalidate -r r | evdedupe | evversion | evstar >rows.3
sed 5d rows.3 >damaged
mkdir folder
run 'evload tsv:folder damaged'
is 'a folder of TSV: status 2, and no file' "$status $(ls -A folder)" '2 '
run 'evload -t sales -o sales.tsv damaged'
is 'TSV of a table: status 2, and no file' "$status $(find . -name '*sales.tsv*')" '2 '
run 'evload sqlite:shop.db damaged'
unchanged 'the database'

done_testing
