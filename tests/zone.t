#!/bin/sh
# Time zones as programs meet them: the zone that was asked for, or status 2.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

zoneinfo=/usr/share/zoneinfo
[ -e $zoneinfo/Europe/Amsterdam ] || skip_all 'there is no database of time zones'

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v, zone: Europe/Amsterdam}
END
echo '{"id":"1","type":"O","at":"2026-07-01T00:30:00","v":1}' >in

run 'evversion in'
check 'a local time in its zone' 0 '~"valid_from":"2026-06-30T22:30:00.000000Z"'
cp "$out" want

# damaged NAME FILE WHY: the file as that of the zone is status 2, and nothing comes out.
damaged()
{
	mkdir -p tz/Europe
	cp "$2" tz/Europe/Amsterdam
	run 'TZDIR=tz evversion -o made in'
	check "$1" 2 '' "~^evversion: evkit.yaml:3:[0-9]+: the time zone 'Europe/Amsterdam': tz/Europe/Amsterdam is no file of the time zone database: $3: install it anew \\(package tzdata\\)\$"
	ok "$1: nothing comes out" test ! -e made
}

size=$(wc -c <$zoneinfo/Europe/Amsterdam)
for cut in 4 5 43 44 100 $((size / 2)) $((size - 30)) $((size - 1)); do
	head -c "$cut" $zoneinfo/Europe/Amsterdam >short
	damaged "a file cut after $cut bytes" short 'it is cut short'
done
(cat $zoneinfo/Europe/Amsterdam; echo x) >longer
damaged 'a file with something behind it' longer 'its rule for the years to come is wrong'
(head -c $((size - 3)) $zoneinfo/Europe/Amsterdam; printf '/9\n') >other
damaged 'a rule that no zone can have' other 'its rule for the years to come (is wrong|does not fit the last transition)'
if [ -e $zoneinfo/right/Europe/Amsterdam ]; then
	damaged 'a file that counts leap seconds' $zoneinfo/right/Europe/Amsterdam 'it counts leap seconds, .*'
fi
cp $zoneinfo/Europe/Amsterdam tz/Europe/Amsterdam
run 'TZDIR=tz evversion in'
check 'whole again' 0 @want
for bad in empty text folder absent; do
	rm -rf tz/Europe/Amsterdam
	case $bad in
	empty) : >tz/Europe/Amsterdam ;;
	text) echo Amsterdam >tz/Europe/Amsterdam ;;
	folder) mkdir tz/Europe/Amsterdam ;;
	esac
	run 'TZDIR=tz evversion in'
	check "a zone that is $bad" 2 '' "~^evversion: evkit.yaml:3:[0-9]+: (no|the) time zone 'Europe/Amsterdam'"
done
mkfifo tz/Europe/Amsterdam 2>/dev/null || { rmdir tz/Europe/Amsterdam 2>/dev/null; rm -f tz/Europe/Amsterdam; mkfifo tz/Europe/Amsterdam; }
run 'TZDIR=tz timeout 20 evversion in'
check 'a zone that is a pipe' 2 '' "~no time zone 'Europe/Amsterdam'"

# few N COMMAND...: runs it with N descriptors at most.
few()
{
	# shellcheck disable=SC3045 # a shell that lacks it says so, and nothing runs
	ulimit -n "$1" || return 77
	shift
	# The search for leaks would need more of them.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 exec "$@"
}

# From so few that a program just starts, to enough.
wrong=
right=0
for n in $(seq 4 16); do
	rm -f made
	(few "$n" evversion -V) >/dev/null 2>&1 || continue
	if (few "$n" evversion -o made in) 2>said; then
		right=$((right + 1))
		cmp -s made want || wrong="$wrong $n: another time;"
	else
		[ $? = 2 ] && [ -s said ] && [ ! -e made ] || wrong="$wrong $n: no word;"
	fi
done
is 'with few descriptors the right time, or status 2' "$wrong" ''
ok 'some are enough' test $right -gt 0

# The rule behind the last transition reaches to the end of time.
while read -r at want; do
	echo "{\"id\":\"1\",\"type\":\"O\",\"at\":\"$at\",\"v\":1}" >late
	run 'evversion late'
	check "$at in Amsterdam" 0 "~\"valid_from\":\"$want\\.000000Z\""
done <<'END'
2038-07-01T12:00:00 2038-07-01T10:00:00
2400-01-15T12:00:00 2400-01-15T11:00:00
2999-03-31T03:00:00 2999-03-31T01:00:00
1850-01-01T00:00:00 1849-12-31T23:4[0-9]:[0-9]*
END
done_testing
