#!/bin/sh
# The n-th call of a kind fails, in each program and for each n: the run ends well and with the right
# output, or with status 2 and a message, and then nothing is committed. Where there are many n, some
# $FAULT_TRIES of them are tried, evenly spread, and the last one; make check-long tries them all.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

fault=$top_builddir/tests/fault.so
tries=${FAULT_TRIES-12}
[ -e "$fault" ] || skip_all 'tests/fault.so is not built'
command -v sqlite3 >"$tap/which" || skip_all 'sqlite3 is not installed'
LD_PRELOAD=$fault EVKIT_FAULT=open:0 evload --version >"$tap/preloads" 2>&1 ||
	skip_all 'nothing can be preloaded here'

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v}
types: {Order: {type: object, required: [user], properties: {user: {type: string, pattern: "^u[0-9]+$"}}}}
rules:
  - {name: an amount, jq: .total >= 0}
expectations:
  - expect_column_values_to_be_between: {column: total, min_value: 0, max_value: 100000}
star:
  facts:
    orders:
      keep: latest
      columns:
        user:  {from: .user, type: varchar(20), dimension: dim_user}
        total: {from: .total, type: "decimal(12,2)"}
        n:     {from: .n, type: int}
        j:     {from: .j, type: json}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(20)}}}
END
awk 'BEGIN { for (i = 1; i <= 60; i++)
	printf "{\"id\":\"o%d\",\"type\":\"Order\",\"at\":\"2026-03-01T10:00:%02dZ\",\"v\":1,\"user\":\"u%d\"," \
		"\"total\":%d.5,\"n\":%d,\"j\":{\"a\":[%d,\"\\u00e9\"]}}\n", i, i % 60, i % 7, i, i, i }' >raw
gzip <raw >raw.gz
for i in 1 2 3 4 5 6 7 8 9; do sed "s/\"o/&$i/" raw; done >many # more than evversion -S holds
evstar raw >rows && evschema -t sqlite | sqlite3 fresh.db || exit 2

# What each program is asked. Its files are in out/, its database is out.db.
of()
{
	case $1 in
	evparse) echo 'evparse raw.gz -r out/r -o out/o --stats out/s' ;;
	evvalidate) echo 'evvalidate raw -r out/r -o out/o --result out/result --batch d1' ;;
	evdedupe) echo 'evdedupe raw raw -r out/r -o out/o' ;;
	evversion) echo 'evversion many -S 64K -r out/r -o out/o' ;;
	evstar) echo 'evstar raw -r out/r -o out/o' ;;
	evschema) echo 'evschema -t sqlite -o out/o' ;;
	evreport) echo 'evreport result -o out/o' ;;
	evstate) echo 'evstate show state o1 -o out/o' ;;
	evprofile) echo 'evprofile raw.gz -r out/r -o out/o --stats out/s' ;;
	evreject) echo 'evreject replay set-aside -o out/o' ;;
	evlake) echo 'evlake append out/lake --batch d1 raw.gz -o /dev/null' ;;
	evlake.cat) echo 'evlake cat lake -o out/o' ;;
	evload) echo 'evload --unsealed --batch d1 --stats out/s sqlite:out.db rows' ;;
	evload.folder) echo 'evload tsv:out/d rows' ;;
	evload.packed) echo 'evload --gzip tsv:out/d rows' ;;
	evload.table) echo 'evload -t orders -o out/o rows' ;;
	esac
}

# What a run has made. A folder of TSV without its manifest counts as nothing, and a lake is what it gives. Rejects are safe
# before the output is, and a result says when it was written.
made()
{
	if [ -e out/d ] && [ ! -e out/d/manifest.json ]; then
		rm -r out/d
	fi
	if [ -e out/lake ]; then
		evlake cat out/lake >out/lines
		rm -r out/lake
		[ -s out/lines ] || rm out/lines
	fi
	find out -type f ! -path out/r ! -path out/result ! -name '.*~' -exec cksum {} + | LC_ALL=C sort
	sqlite3 out.db .dump
}

reset()
{
	rm -rf out out.db out.db-journal
	mkdir out
	cp fresh.db out.db
}

reset
made >nothing
sed 's/}$//' raw | evparse -r set-aside >"$tap/none"
for batch in d1 d2; do evlake append lake --batch $batch --buckets 2 raw -o /dev/null || exit 2; done
evvalidate raw --result result -o "$tap/valid" --batch d1 || exit 2
EVKIT_SEAL=secret evparse --batch d1 raw |
	EVKIT_SEAL=secret evversion --state state --since 0 -o "$tap/versions" || exit 2

# fails PROGRAM CALL:N[:HOW]: runs what the program is asked. Its status is in $ended.
fails()
{
	reset
	(
		export LD_PRELOAD="$fault" EVKIT_FAULT="$2"
		eval "$(of "$1")"
		exit $?
	) >"$tap/told" 2>&1
	ended=$?
	made >now
}

# is_right PROGRAM HOW: the last run is. A lake has its batch before the output is closed.
is_right()
{
	case $ended in
	2) [ "$1" = evlake ] && cmp -s now whole && cp nothing now ;;
	esac
	case $ended in
	0) cmp -s now whole ;;
	1) grep -qE '^ev[a-z]*: the (load is in|output is whole), but ' "$tap/told" ;;
	2) cmp -s now nothing && grep -q "^${1%%.*}: " "$tap/told" && ! find out -name '.*~' | grep -q . ;;
	137) # the counts take their name behind the load
		grep -v ' out/s$' whole >loaded
		[ "$2" != '' ] && [ "$2" != short ] &&
			{ cmp -s now nothing || cmp -s now loaded || cmp -s now whole; }
		;;
	*) false ;;
	esac
}

# faults PROGRAM CALL[:HOW]...: for each n of those calls.
faults()
{
	name=$1
	shift
	fails "$name" open:0
	[ $ended = 0 ] || { cat "$tap/told"; exit 2; }
	cp now whole
	for call; do
		how=${call#"${call%%:*}"}
		call=${call%%:*}
		export EVKIT_FAULT_COUNT="$PWD/n"
		fails "$name" "$call:0"
		unset EVKIT_FAULT_COUNT
		n=$(cat n) && [ "$n" -gt 0 ] || continue
		i=1
		: >bad
		while :; do
			fails "$name" "$call:$i$how"
			if ! is_right "$name" "${how#:}"; then
				echo "$call:$i$how: status $ended: $(head -c 300 "$tap/told")"
				diff nothing now | cut -c 1-100 | head -n 4
			fi >>bad
			[ "$i" -lt "$n" ] || break
			i=$((i + (n + tries - 1) / tries))
			[ "$i" -le "$n" ] || i=$n
		done
		ok "$name: $call$how at any of $n" [ ! -s bad ]
		[ ! -s bad ] || diag "$(head -n 12 bad)"
	done
}

for name in evparse evvalidate evdedupe evversion evstar evschema evreport evstate evreject \
	evprofile; do
	faults $name malloc open read write write:short fsync rename close
done
faults evversion pwrite ftruncate
faults evload malloc open read write write:short pwrite pwrite:short fsync rename close unlink ftruncate \
	pwrite:kill fsync:kill unlink:done
faults evlake malloc open read write write:short fsync rename close flock thread
faults evlake.cat malloc open read write fsync rename close
faults evload.folder malloc open write write:short fsync rename close unlink flock
faults evload.packed malloc open write fsync rename close thread
faults evload.table malloc open write fsync rename close
done_testing
