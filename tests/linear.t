#!/bin/sh
# An event may have very many records: four times as many take four times as long, and not sixteen.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need perl || {
	done_testing
}

cat >evkit.yaml <<'END'
evkit: 1
name: many
event: {id: .id, type: .type, time: .at, version: .v, op: .op}
END
EVKIT_SEAL=0123456789abcdef0123456789abcdef
export EVKIT_SEAL

# versions N, patches N: of one event, in disorder.
versions()
{
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "{\"id\":\"a\",\"type\":\"T\",\"at\":\"2026-03-01T10:00:00Z\",\"v\":%d,\"n\":%d}\n",
			i * 7919 % n + 1, i }'
}

patches()
{
	echo '{"id":"a","type":"T","at":"2026-03-01T10:00:00Z","v":0,"n":-1}'
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "{\"id\":\"a\",\"type\":\"T\",\"at\":\"2026-03-01T10:00:00Z\",\"op\":\"patch\",\"v\":%d,\"n\":%d}\n",
			i * 7919 % n + 1, i }'
}

# shellcheck disable=SC2154 # tap.sh has it
folds="env -u EVKIT_SEAL evversion '%s' >'$tap/out'"
# Into a new state, and then, all of it known, out of it again.
states="rm -rf state
for i in 1 2; do
	evversion --first --batch b --state state --since 0 '%s' >'$tap/out' || exit
done"

# cpu COMMAND FILE: the command's hundredths of a second, the least of three runs.
cpu()
{
	command=$(printf "$1" "$2")
	for _ in 1 2 3; do
		perl -e 'exit 1 if system(@ARGV); printf "%d\n", 100 * (times)[2]' sh -c "$command" || echo 1000000
	done | sort -n | head -n 1
}

for kind in versions patches; do
	"$kind" 50000 >few
	"$kind" 200000 >many
	for work in folds states; do
		case $work in
		folds) command=$folds ;;
		states) command=$states ;;
		esac
		few=$(cpu "$command" few)
		many=$(cpu "$command" many)
		ok "$kind of one event, $work: four times as many in $many hundredths of a second, not $few" \
			[ "$many" -le $((8 * (few > 4 ? few : 4))) ]
	done
done
is 'all of them are versions' "$(grep -c '"version":[0-9]*,"valid_from"' "$tap/out")" 200001

done_testing
