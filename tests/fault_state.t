#!/bin/sh
# A run that takes a day into a state fails, or is killed, at the n-th call of a kind: then the same
# line again gives what it would have given at once. Where there are many n, some $FAULT_TRIES of them
# are tried, evenly spread; FAULT_TRIES=1000000 tries them all.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

fault=$top_builddir/tests/fault.so
tries=${FAULT_TRIES-12}
[ -e "$fault" ] || skip_all 'tests/fault.so is not built'
LD_PRELOAD=$fault EVKIT_FAULT=open:0 evversion --version >"$tap/preloads" 2>&1 ||
	skip_all 'nothing can be preloaded here'

EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
END
# Ten days: with the eighth the runs of the others begin to be merged.
awk 'BEGIN {
	srand(3)
	for (i = 0; i < 400; i++)
		printf "{\"id\":\"o%d\",\"type\":\"T\",\"time\":\"2026-03-01T10:00:%02dZ\",\"v\":%d,%s\"x\":%d}\n", rand() * 90, i % 60,
			rand() * 6, rand() < 0.3 ? "\"op\":\"patch\"," : "", rand() * 1e6 >("day" int(i / 40))
}'
for day in 0 1 2 3 4 5 6 7 8; do
	evparse --batch $day day$day | evversion --batch $day -r rejects --state st --since 0 >before || exit 2
	[ $day != 6 ] || cp -r st st.six
done
cp -r st st.eight
since=$(sed -n '1s/.*"store":"\([0-9a-f]*\)".*"to":\([0-9]*\),.*"digests":"[0-9a-f]*\([0-9a-f]\{32\}\)".*/\1:\2:\3/p' before)
evparse --batch 9 day9 >input
evparse --batch 7 day7 >input7

# The mac and the counts differ in a run that finds the day in the state already: what else there is
# is the same.
events() { sed '/^{"_ev":{"[hs]ea/d'; }
all()
{
	evversion --state "$1" --since 0 -r again </dev/null >section || return $?
	events <section
}

# fails CALL:N[:HOW]: takes the last day, from a copy of the state. Its status is in $ended.
fails()
{
	rm -rf st
	cp -r "$from" st
	env LD_PRELOAD="$fault" EVKIT_FAULT="$1" evversion --batch "$batch" -r rejects -S 64K --state st --since "$since" "$input" \
		>section 2>"$tap/told"
	ended=$?
	events <section >now
}

# faults CALL[:HOW]...: for each n of those calls.
faults()
{
	for call; do
		how=${call#"${call%%:*}"}
		call=${call%%:*}
		EVKIT_FAULT_COUNT=$PWD/n
		export EVKIT_FAULT_COUNT
		fails "$call:0"
		unset EVKIT_FAULT_COUNT
		n=$(cat n) && [ "$n" -gt 0 ] || continue
		i=1
		: >bad
		while [ "$i" -le "$n" ]; do
			fails "$call:$i$how"
			first=$ended
			case $ended in
			0) cmp -s now whole || echo "$call:$i$how: status 0, and another output" ;;
			2) grep -q '^evversion: ' "$tap/told" || echo "$call:$i$how: says nothing" ;;
			137) [ "$how" = :kill ] || [ "$how" = :done ] || echo "$call:$i$how: is killed" ;;
			*) echo "$call:$i$how: status $ended" ;;
			esac >>bad
			evversion --batch "$batch" -r rejects --state st --since "$since" "$input" >section 2>>"$tap/told" ||
				echo "$call:$i$how: status $first, and then $?: $(tail -n 1 "$tap/told")" >>bad
			events <section >now
			cmp -s now whole || echo "$call:$i$how: status $first, and then another output" >>bad
			all st >now
			cmp -s now want || echo "$call:$i$how: status $first, and then another state" >>bad
			i=$((i + (n + tries - 1) / tries))
		done
		ok "$name: $call$how at any of $n" [ ! -s bad ]
		[ ! -s bad ] || diag "$(head -n 12 bad)"
	done
}

name='a day' from=st.eight batch=9 input=input
fails open:0
cp now whole
all st >want
calls='malloc open read write write:short pwrite pwrite:short fsync rename close ftruncate flock mmap unlink
	open:kill write:kill pwrite:kill fsync:kill fsync:done rename:kill rename:done ftruncate:kill unlink:kill unlink:done'
# shellcheck disable=SC2086 # a list
faults $calls
name='a day with which a merge begins' from=st.six batch=7 input=input7 here=$since since=0
fails open:0
cp now whole
all st >want
# shellcheck disable=SC2086 # a list
faults $calls

since=$here
# A flipped bit in any file of the state, or a file that is cut or gone: it is told, with its name, or it
# does not matter.
damages()
{
	for file in st.eight/*; do
		size=$(stat -c %s "$file")
		at=0
		while [ $at -lt "$size" ]; do
			rm -rf st
			cp -r st.eight st
			broken=st/${file##*/}
			case $1 in
			flip)
				byte=$(od -An -tu1 -j $at -N 1 "$broken" | tr -d ' ')
				# shellcheck disable=SC2059 # an octal escape
				printf "\\$(printf %o $((byte ^ (1 << at % 8))))" |
					dd of="$broken" bs=1 seek=$at conv=notrunc status=none
				;;
			cut) truncate -s $at "$broken" ;;
			gone) rm "$broken" ;;
			esac
			all st >now 2>told
			case $? in
			0) cmp -s now before.all || echo "$1 at $at of $file: a wrong answer" ;;
			2) grep -q "^evversion: st" told || echo "$1 at $at of $file: $(cat told)" ;;
			*) echo "$1 at $at of $file: status $?: $(cat told)" ;;
			esac
			[ "$1" != gone ] || break
			at=$((at + (size + tries) / tries))
		done
	done
}
all st.eight >before.all
for how in flip cut gone; do
	is "$how" "$(damages $how)" ''
done

# A manifest from before: the commits that it lacks are taken anew, and a reader that stands beyond it
# is told.
rm -rf st
cp -r st.eight st
cp st.six/manifest st/manifest
run evversion --state st --since "$since" /dev/null
check 'an old manifest: a reader stands beyond it, or its runs are gone' 2 '' '~^evversion: st'

done_testing
