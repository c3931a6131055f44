#!/bin/sh
# evload by position: what comes out of a state, section by section.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

command -v sqlite3 >"$tap/sqlite3" || skip_all 'sqlite3 is not installed'
PATH=$PATH:$top_builddir/tests
[ -x "$top_builddir/tests/section" ] || skip_all 'tests/section is not built'

cat >evkit.yaml <<'END'
evkit: 1
name: position
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    history:
      keep: history
      columns:
        t: {from: .t, type: varchar(100), dimension: user}
        at: {from: .at, type: timestamp, dimension: days}
    lines:
      keep: latest
      each: ".lines[]"
      columns: {n: {from: $item, type: int}}
  dimensions:
    user: {key: .t, columns: {t: {from: .t, type: varchar(100)}}}
    days: {calendar: {from: 2026-03-01, to: 2026-03-03, zone: UTC}}
END
sed 's/to: 2026-03-03/to: 2026-03-04/' evkit.yaml >other.yaml
export EVKIT_SEAL=secret
S=0123456789abcdef

# gone OWNER FIRST [FROM]: what is to be deleted. OWNER is JSON without its quotes.
gone()
{
	printf '{"_ev":{"op":"delete","owner":"%s","first":%d,"from":%d}}\n' "$1" "$2" "${3:-1}"
}

# version OWNER K TEXT CURRENT: a row of "history".
version()
{
	printf '{"ev_version":%d,"ev_index":0,"ev_valid_from":"2026-03-01T10:00:00.000000Z","ev_valid_to":null,"ev_current":%s,' "$2" "$4"
	printf '"ev_deleted":false,"t":"%s","t_key":"%032d","at":"2026-03-01T10:00:00.000000Z","at_key":"e7518986b1a5bec0088df11cf94b53b1",' "$3" 7
	printf '"_ev":{"table":"history","op":"insert","owner":"%s"}}\n' "$1"
}

# lines OWNER N...: rows of "lines".
lines()
{
	lines_owner=$1
	shift
	lines_index=0
	for n; do
		printf '{"ev_index":%d,"n":%d,"_ev":{"table":"lines","op":"insert","owner":"%s"}}\n' $lines_index "$n" "$lines_owner"
		lines_index=$((lines_index + 1))
	done
}

# member KEY TEXT, left KEY: one that comes, one that goes.
member()
{
	printf '{"user_key":"%032d","ev_inferred":false,"t":"%s","_ev":{"table":"user","op":"insert","owner":"%032d"}}\n' "$1" "$2" "$1"
}

left()
{
	printf '{"_ev":{"op":"delete","table":"user","owner":"%032d"}}\n' "$1"
}

# day DATE: one outside the calendar; what else it says does not matter here.
day()
{
	printf '{"days_key":"%032d","ev_inferred":false,"date":"%s","year":2026,"quarter":1,"month":1,"day":1,"month_name":"x",' 9 "$1"
	printf '"day_of_week":1,"day_name":"x","iso_year":2026,"iso_week":1,"is_weekend":false,'
	printf '"_ev":{"table":"days","op":"insert","owner":"%032d"}}\n' 9
}

# to FILE FROM TO [CHAIN [STORE [MODEL]]]: the lines of standard input as a section.
to()
{
	section "${6:-evkit.yaml}" "${5:-$S}" "$2" "$3" "${4:-a}" >"$1"
}

at()
{
	printf '%s:%d:%s%031d\n' "${3:-$S}" "$1" "${2:-a}" "$1"
}

schema()
{
	rm -f "$1"
	evschema -t sqlite | sqlite3 "$1"
}

tables()
{
	for table in history lines user days; do
		sqlite3 "$1" "SELECT '$table', * FROM $table ORDER BY 2, 3, 4"
	done
}

# The state, commit by commit: o-1 has three lines, then two; o-2 comes and goes; o-3 is of the third.
{
	gone o-1 1
	version o-1 1 ann true
	lines o-1 1 2 3
	gone o-2 1
	version o-2 1 bob true
	lines o-2 4
	member 1 ann
	member 2 bob
	day 2025-12-31
} | to whole-1 0 1
{
	gone o-1 1
	version o-1 1 ann false
	version o-1 2 ann2 true
	lines o-1 1 3
	left 1
	member 1 ann2
} | to changes-2 1 2
{
	gone o-2 1
	gone o-3 3
	version o-3 1 cy true
	lines o-3 5
	left 2
	left 3
	member 3 cy
} | to changes-3 2 3
{
	gone o-1 1
	version o-1 1 ann false
	version o-1 2 ann2 true
	lines o-1 1 3
	gone o-2 1
	gone o-3 3
	version o-3 1 cy true
	lines o-3 5
	left 1
	member 1 ann2
	left 2
	left 3
	member 3 cy
} | tee both | to changes-13 1 3
{
	sed '/"table":"user","owner/d' both
	day 2025-12-31
} | to whole-3 0 3

schema ref.db
evload sqlite:ref.db whole-3
tables ref.db >want.3

#
# --position
#
schema shop.db
try 'a fresh ledger' 0 'evload --position sqlite:shop.db' <<'END'
0
END
run 'evload --position sqlite:nosuch.db'
check 'no database' 2 '' 'evload: nosuch.db: cannot be opened: unable to open database file: make it first with evschema -m evkit.yaml -t sqlite | sqlite3 nosuch.db'
ok 'and none is made' [ ! -e nosuch.db ]
: >empty.db
run 'evload --position sqlite:empty.db'
check 'no ledger' 2 '' 'evload: empty.db: there is no ledger: make the tables first with evschema -m evkit.yaml -t sqlite | sqlite3 empty.db'
echo 'this is no database, whatever its name says, and it is long enough to look like a file that is one' >text.db
run 'evload --position sqlite:text.db'
check 'no database at all' 2 '' '~^evload: text.db: .*file is not a database$'
run 'evload --position tsv:folder'
check 'a folder of TSV' 2 '' 'evload: tsv:folder: only sqlite:FILE, postgresql:... and a bundle keep a position: into any other target evversion --since 0 puts all of a state'
run 'evload --position shop.db'
check 'no target' 2 '' '~^evload: shop.db: only sqlite:FILE, postgresql:... and a bundle keep a position'
run 'evload --position sqlite:shop.db whole-1'
check 'an operand' 2 '' "evload: --position reads no rows: 'whole-1'
Try 'evload --help'."
run 'evload --position sqlite:shop.db >/dev/full'
check 'a full disk' 2 '' '~No space left on device'

#
# The whole, and what changed
#
run 'evload --stats - sqlite:shop.db whole-1'
check 'the whole into a new database' 0 '' 'evstar      in 11  out 11
evload      in 11  row 9  delete 0  skipped 2  rejected 0  blank 0'
run 'evload --position sqlite:shop.db'
check 'it stands at the end of that' 0 "$(at 1)"
cp shop.db at-1.db
run 'evload --stats - sqlite:shop.db changes-2'
check 'what changed' 0 '' 'evstar      in 7  out 7
evload      in 7  row 5  delete 2  skipped 0  rejected 0  blank 0'
is 'an event that shrank leaves no line behind' "$(sqlite3 shop.db "SELECT ev_index, n FROM lines WHERE ev_owner = 'o-1'")" '0|1
1|3'
is 'its versions are there, each once' "$(sqlite3 shop.db "SELECT ev_version, t, ev_current FROM history WHERE ev_owner = 'o-1'")" '1|ann|0
2|ann2|1'
is 'a member that changed is there once' "$(sqlite3 shop.db "SELECT t FROM user WHERE user_key LIKE '%1'")" ann2
is 'what did not change stays' "$(sqlite3 shop.db "SELECT count(*) FROM history WHERE ev_owner = 'o-2'")" 1
is 'the ledger' "$(sqlite3 shop.db 'SELECT commit_no, mode, rows, position, length(model) FROM ev_ledger')" "1|whole|9|$(at 1)|32
2|changes|5|$(at 2)|32"
cp shop.db at-2.db
sqlite3 shop.db .dump >before
run 'evload --stats - sqlite:shop.db changes-2'
check 'the same again' 0 '' 'evload: the target holds this input already: nothing was changed
evstar      in 7  out 7
evload      in 7  row 0  delete 0  skipped 7  rejected 0  blank 0'
sqlite3 shop.db .dump >after
same 'changes nothing, nor the ledger' after before
run 'evload --stats - sqlite:shop.db changes-3'
check 'an event that went, and one that is new' 0 '' 'evstar      in 7  out 7
evload      in 7  row 3  delete 3  skipped 1  rejected 0  blank 0'
tables shop.db >got
same 'the tables are those of the whole' got want.3
for n in 1 2; do
	cp at-$n.db shop.db
	run 'evload sqlite:shop.db changes-13'
	check "what changed since 1, at $n" 0
	tables shop.db >got
	same "the tables are the same again, from $n" got want.3
	run 'evload --position sqlite:shop.db'
	check "and so is the position, from $n" 0 "$(at 3)"
done
cp at-1.db shop.db
run 'cat changes-2 changes-3 | evload --stats - sqlite:shop.db'
check 'two sections in one input' 0 '' 'evstar      in 14  out 14
evload      in 14  row 8  delete 5  skipped 1  rejected 0  blank 0'
tables shop.db >got
same 'have made the same' got want.3
is 'each is a commit of its own' "$(sqlite3 shop.db 'SELECT position FROM ev_ledger WHERE commit_no > 1')" "$(at 2)
$(at 3)"
cp at-1.db shop.db
run 'cat changes-2 changes-2 changes-3 changes-2 | evload sqlite:shop.db'
check 'sections that come twice' 2 '' "~^evload: sqlite:shop.db stands at commit 3, and "
tables shop.db >got
same 'do no harm' got want.3
cp at-1.db shop.db
sed '$d' changes-3 >unsealed
run 'cat changes-2 unsealed | evload sqlite:shop.db'
check 'the second of two is cut off' 2 '' 'evload: the input ends without its seal: a program before this one was stopped, rerun the batch'
run 'evload --position sqlite:shop.db'
check 'the first is in' 0 "$(at 2)"
run 'cat changes-2 changes-3 | evload sqlite:shop.db'
check 'and the rerun goes on' 0
tables shop.db >got
same 'to the same tables' got want.3

#
# Owners of all kinds
#
{
	for owner in "it's" 'a \"b\" \\ c' 'line\nfeed\ttab\r' 'é😀\u00e9\ud83d\ude00' "'; DROP TABLE lines; --" '%_' "$(printf '%0255d' 7)" 12 -7 ' ' 6ba7b810-9dad-11d1-80b4-00c04fd430c8; do
		gone "$owner" 1
		version "$owner" 1 x true
		lines "$owner" 1 2
	done
} | tee odd | to odd-whole 0 1
to odd-changes 1 2 <odd
sed '/"lines"/s/"n":/&9/' odd | to odd-others 2 3
schema odd.db
run 'evload sqlite:odd.db odd-whole'
check 'owners of all kinds' 0
tables odd.db >want
is 'are kept as they are' "$(sqlite3 odd.db 'SELECT count(*), count(DISTINCT ev_owner), min(length(ev_owner)), max(length(ev_owner)) FROM lines')" '22|11|1|255'
is 'escapes are read' "$(sqlite3 odd.db "SELECT count(*) FROM lines WHERE ev_owner IN ('line' || char(10) || 'feed' || char(9) || 'tab' || char(13), 'é😀é😀', 'a \"b\" \\ c')")" 6
run 'evload sqlite:odd.db odd-changes'
check 'each is deleted, and comes again' 0
tables odd.db >got
same 'to the same tables' got want
run 'evload sqlite:odd.db odd-others'
check 'and again, with other rows' 0
is 'none of the old ones is left' "$(sqlite3 odd.db 'SELECT count(*), min(n) FROM lines')" '22|91'

# A version from which on rows go.
{
	gone o-1 1 2
	version o-1 2 new true
	lines o-1 8
} | to from-2 2 3
cp at-2.db shop.db
run 'evload sqlite:shop.db from-2'
check 'from a version on' 0
is 'the versions before it stay, and the lines go' "$(
	sqlite3 shop.db "SELECT ev_version, t FROM history WHERE ev_owner = 'o-1'" "SELECT n FROM lines WHERE ev_owner = 'o-1'"
)" '1|ann
2|new
8'

cp at-1.db shop.db
run 'evload --stats /dev/full sqlite:shop.db changes-2'
check 'what cannot be written beside a load says that the load is in' 1 '' \
	'evload: the load is in, but what was to be written beside it is not: /dev/full: cannot be written: No space left on device'
is 'and it is' "$(evload --position sqlite:shop.db)" "$(at 2)"
run 'evload --stats counts sqlite:shop.db changes-3 && grep -c "evload" counts'
check 'and counts in a file' 0 1

#
# Refusals
#
# refused NAME DB COMMAND ERROR: status 2, and nothing is changed.
refused()
{
	cp "$2" shop.db
	tables shop.db >before
	evload --position sqlite:shop.db >>before 2>&1
	run "$3"
	check "$1" 2 '' "$4"
	tables shop.db >after
	evload --position sqlite:shop.db >>after 2>&1
	same "$1: nothing is changed" after before
}

schema fresh.db
refused 'it stands before that' at-1.db 'evload sqlite:shop.db changes-3' \
	'evload: sqlite:shop.db stands at commit 1, and this shows only what came behind commit 2: run the same line with evversion --since "$(evload --position sqlite:shop.db)"'
{ cat "${EVKIT_MODEL:-evkit.yaml}" && echo 'environments: {live: {target: sqlite}}'; } >live.yaml
refused 'the line names the environment' at-1.db 'evload -m live.yaml -e live sqlite:shop.db changes-3' \
	'~run the same line with evversion --since "\$\(evload -e live --position sqlite:shop.db\)"$'
refused 'it is fresh' fresh.db 'evload sqlite:shop.db changes-2' \
	'evload: sqlite:shop.db stands at commit 0, and this shows only what came behind commit 1: run the same line with evversion --since "$(evload --position sqlite:shop.db)"'
refused 'it stands behind that' ref.db 'evload sqlite:shop.db changes-2' '~^evload: sqlite:shop.db stands at commit 3, and .* 2: .*--since 0$'
to strange 1 3 b <both
refused 'a strange chain' at-2.db 'evload sqlite:shop.db strange' '~^evload: sqlite:shop.db stands at a commit 2 that is not .*--since 0$'
to strange 1 3 a fedcba9876543210 <both
refused 'another store' at-2.db 'evload sqlite:shop.db strange' '~^evload: sqlite:shop.db follows another state \(0123456789abcdef\) .*--since 0$'
to strange 1 3 a $S other.yaml <both
refused 'evversion had another model' at-2.db 'evload sqlite:shop.db strange' '~^evload: evversion was run with another model'
refused 'the table was loaded by another model' at-2.db 'evload -m other.yaml sqlite:shop.db strange' \
	'evload: sqlite:shop.db was loaded by another model: evversion --since 0 takes the new one'
refused 'a snapshot of what comes out of a state' at-1.db 'evload --snapshot sqlite:shop.db whole-3' \
	'evload: the input comes out of a state, and a snapshot is of input without one: leave out --snapshot; evversion --since 0 shows all'
refused 'a line is missing' at-2.db 'sed 3d changes-13 | evload sqlite:shop.db' '~^evload: -:15: what arrived is not what was sealed'
refused 'a span that was altered' at-2.db 'sed "1s/\"from\":1/\"from\":0/" changes-13 | evload sqlite:shop.db' '~not signed under EVKIT_SEAL'
lines o-9 1 2 >plain
section evkit.yaml - 0 0 <plain >plain-section
refused 'rows without a state' at-1.db 'evload sqlite:shop.db plain-section' \
	"evload: sqlite:shop.db follows the state $S, and what comes without one cannot be added to that: load what comes out of it, or a snapshot of all days"
refused 'nor those without a seal' at-1.db 'EVKIT_SEAL= && unset EVKIT_SEAL && evload --unsealed sqlite:shop.db plain' \
	'~^evload: sqlite:shop.db follows the state '
refused 'both kinds in one input' fresh.db 'cat plain-section whole-1 | evload sqlite:shop.db' \
	'evload: the input has sections that come out of a state and others that do not: load them one by one'
gone o-1 0 | to strange 2 3
refused 'a delete that says not since when' at-2.db 'evload sqlite:shop.db strange' \
	'~^evload: strange:1: owner o-1: what is to be deleted says neither since when nor from which version on'
printf '{"_ev":{"op":"delete","owner":"o-1"}}\n' | to strange 2 3
refused 'one of no state' at-2.db 'evload sqlite:shop.db strange' '~^evload: strange:1: owner o-1: what is to be deleted says neither'
for days in '"2026-03-01"' '["2026-03-01"]' '["2026-03-02","2026-03-01"]' '["2026-03-01","2026-02-30"]' '[1,2]' '["2026-03-01","2026-03-01","2026-03-01"]' null; do
	printf '{"_ev":{"op":"delete","owner":"o-1","first":1,"from":1,"days":%s}}\n' "$days" | to strange 2 3
	refused "no days: $days" at-2.db 'evload sqlite:shop.db strange' \
		'~^evload: strange:1: owner o-1: the days of what is to be deleted are no two dates, the lesser first'
done
cp at-2.db ghost.db
sqlite3 ghost.db "INSERT INTO lines VALUES ('o-3', 0, 77)"
refused 'rows of other hands' ghost.db 'evload sqlite:shop.db changes-3' \
	'evload: changes-3:4: table lines holds rows of the owner o-3 that it has not at its position, so other hands put them there: evversion --since 0 puts all of the state in the place of what is there'
run 'evload sqlite:shop.db whole-3'
check 'the whole mends that' 0 '' '~^evload: the whole of the state took the place of all that was loaded before: 2 batches of 14 rows in the ledger$'
tables shop.db >got
same 'to the same tables as ever' got want.3
{
	lines o-1 1
	lines o-1 2
} | to strange 0 3
refused 'a row twice' at-2.db 'evload sqlite:shop.db strange' '~^evload: strange:2: this row of table lines, owner o-1, stands in the input before'

#
# The whole, at any position
#
to elsewhere 0 2 c fedcba9876543210 <both
for db in fresh.db at-1.db ref.db; do
	cp $db shop.db
	run 'evload sqlite:shop.db elsewhere 2>told'
	check "the whole of another store, over $db" 0
	is "its position, over $db" "$(evload --position sqlite:shop.db)" "$(at 2 c fedcba9876543210)"
	tables shop.db >>wholes.$db
done
same 'the tables are the same' wholes.at-1.db wholes.fresh.db
same 'whatever was there' wholes.ref.db wholes.fresh.db
is 'a day outside the calendar goes, and what evschema made stays' "$(
	sqlite3 shop.db "SELECT count(*), min(date), max(date) FROM days" "SELECT t IS NULL FROM user WHERE user_key LIKE '0%0'"
)" '4|2026-03-01|2026-03-03
1'
cp at-1.db shop.db
run 'evload sqlite:shop.db whole-1'
check 'the whole at its own end is applied all the same' 0 '' 'evload: the whole of the state took the place of all that was loaded before: 1 batch of 9 rows in the ledger'
run 'evload sqlite:shop.db whole-1'
check 'and what it took the place of is told once' 0 '' 'evload: the whole of the state took the place of all that was loaded before: 1 batch of 9 rows in the ledger'
to strange 0 3 a $S other.yaml <both
cp at-2.db shop.db
run 'evload -m other.yaml sqlite:shop.db strange 2>told && evload -m other.yaml --position sqlite:shop.db'
check 'the whole takes a new model' 0 "$(at 3)"
to nothing 0 4 </dev/null
refused 'a whole of nothing' at-2.db 'evload sqlite:shop.db nothing' \
	'evload: the input has no event, and all of a state of none would leave no row of what was loaded: see what the programs before this one said; if it is meant, say --empty'
run 'evload --empty sqlite:shop.db nothing'
check 'one that is meant' 0 '' '~^evload: the whole of the state took the place'
is 'leaves what evschema made' "$(tables shop.db | cut -d '|' -f 1 | sort | uniq -c | xargs)" '4 days 1 user'
cp fresh.db shop.db
run 'evload sqlite:shop.db nothing && evload --position sqlite:shop.db'
check 'nothing, where nothing was' 0 "$(at 4)"
to none 2 2 </dev/null
cp at-2.db shop.db
run 'evload sqlite:shop.db none'
check 'a section in which nothing changed' 0 '' 'evload: the target holds this input already: nothing was changed'
to none 2 5 </dev/null
run 'evload sqlite:shop.db none && evload --position sqlite:shop.db'
check 'and one that only moves the position' 0 "$(at 5)"

#
# With and without a state
#
cp fresh.db plain.db
evload sqlite:plain.db plain-section
refused 'a database that was loaded without a state' plain.db 'evload sqlite:shop.db changes-2' \
	'evload: sqlite:shop.db was loaded without a state, so it stands at no position of one: evversion --since 0 puts all of a state in the place of what is there'
run 'evload --position sqlite:plain.db'
check 'stands at no position' 2 '' 'evload: sqlite:plain.db: it was loaded without a state, so it stands at no position of one: evversion --since 0 puts all of a state in the place of what is there'
run 'evload sqlite:plain.db whole-3 && evload --position sqlite:plain.db'
check 'the whole makes it follow one' 0 "$(at 3)" 'evload: the whole of the state took the place of all that was loaded before: 1 batch of 2 rows in the ledger'
tables plain.db >got
same 'as if it had never been another' got want.3
run 'evload --snapshot sqlite:plain.db plain-section'
check 'a snapshot makes it follow none' 0 '' 'evload: the snapshot took the place of all that was loaded before: 1 batch of 9 rows in the ledger'
run 'evload --position sqlite:plain.db'
check 'so it stands at no position again' 2 '' '~^evload: sqlite:plain.db: it was loaded without a state'
run 'evload sqlite:plain.db plain-section'
check 'and its batches are known as before' 0 '' 'evload: the target holds this input already: nothing was changed'

#
# TSV keeps no position
#
run 'evload tsv:out whole-3'
check 'the whole into a folder' 0
is 'has its rows' "$(cut -f 1-3 out/lines.tsv | xargs)" 'o-1 0 1 o-1 1 3 o-3 0 5'
cp -r out before.out
only='keeps no position, so it takes one section alone, which shows all of a state: evversion --since 0'
run 'evload tsv:out changes-13'
check 'what changed, into a folder' 2 '' "evload: tsv:out $only"
run 'evload tsv:out whole-3 whole-3'
check 'two wholes into a folder' 2 '' "evload: tsv:out $only"
run 'diff -r out before.out'
check 'change nothing' 0
run 'evload -t lines whole-3'
check 'the whole of one table' 0 @out/lines.tsv
run 'evload -t lines changes-13'
check 'what changed in one table' 2 '' "evload: -t $only"

#
# A database put back from an old copy
#
cp at-1.db shop.db
evload sqlite:shop.db changes-13
cp at-1.db shop.db
run 'evload sqlite:shop.db changes-3'
check 'an old copy is told' 2 '' '~^evload: sqlite:shop.db stands at commit 1, and this shows only what came behind commit 2'
run 'evload sqlite:shop.db changes-13'
check 'and its own position brings it up' 0
tables shop.db >got
same 'to the tables of all' got want.3

#
# The lock comes with the head
#
locked()
{
	! sqlite3 shop.db 'BEGIN IMMEDIATE; ROLLBACK' 2>"$tap/locked"
}

cp at-1.db shop.db
mkfifo pipe
evload sqlite:shop.db pipe &
exec 9>pipe
sleep 0.3
ok 'before the head nobody is kept waiting' eval '! locked'
sed 1q changes-2 >&9
ok 'with the head the database is locked' until_true locked
sed 1d changes-2 >&9
exec 9>&-
wait $!
is 'and then it loads' "$? $(evload --position sqlite:shop.db)" "0 $(at 2)"
cp at-1.db shop.db
for n in 1 2 3 4; do
	evload sqlite:shop.db changes-13 2>told.$n &
done
wait
is 'of four at once one loads' "$(cat told.? | sort | uniq -c | xargs)" \
	'3 evload: the target holds this input already: nothing was changed'
tables shop.db >got
same 'what there is' got want.3

#
# Faults
#
if ! [ -e "$top_builddir/tests/fault.so" ] ||
	! LD_PRELOAD=$top_builddir/tests/fault.so evload --version >"$tap/preloads" 2>&1; then
	skip 'faults' 'nothing can be preloaded here'
	done_testing
fi

# fault CALL N HOW COMMAND
fault()
{
	run "EVKIT_FAULT=$1:$2${3:+:$3} EVKIT_FAULT_COUNT='$PWD/count' LD_PRELOAD='$top_builddir/tests/fault.so' $4"
}

# Each write and each sync of SQLite's in turn is the last, or fails: then the same input again.
tables at-1.db >want.1
for how in kill 'done' ''; do
	for call in pwrite fsync unlink; do
		echo 0 >count
		cp at-1.db shop.db
		fault $call 0 '' 'evload sqlite:shop.db changes-13'
		calls=$(cat count)
		wrong=
		for n in $(seq "$calls"); do
			cp at-1.db shop.db
			rm -f shop.db-journal
			fault $call "$n" "$how" 'evload sqlite:shop.db changes-13'
			first=$status
			place=$(evload --position sqlite:shop.db)
			tables shop.db >got
			case $place in
			"$(at 1)") cmp -s got want.1 && [ "$first" -ne 0 ] || wrong="$wrong $n:old" ;;
			"$(at 3)") cmp -s got want.3 && { [ "$first" -eq 0 ] || [ -n "$how" ]; } || wrong="$wrong $n:new" ;;
			*) wrong="$wrong $n:$place" ;;
			esac
			evload sqlite:shop.db changes-13 2>told || wrong="$wrong $n:rerun"
			tables shop.db >got
			cmp -s got want.3 || wrong="$wrong $n:tables"
		done
		ok "there are calls of $call" [ "$calls" -gt 0 ]
		is "each of them${how:+, $how}${how:-, fails}: old or new, and then the same tables: $call" "$wrong" ''
	done
done

done_testing
