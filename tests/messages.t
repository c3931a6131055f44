#!/bin/sh
# Messages: one table of what the programs say on standard error, each with an input that makes them
# say it. The table is tests/data/messages.txt; its head says how it is written.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >base.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, modified: .at}
END
touch want

# Holds what was gathered of an entry.
hold()
{
	[ -n "$name" ] || return 0
	run "$command"
	same "$name" "$err" want
	is "$name: its status, and no raw character that steers a terminal" \
		"$status $(tr -d '\n' <"$err" | LC_ALL=C grep -acE "$(printf '[\001-\037\177]|\302[\200-\237]|\342\200[\213-\217\250-\256]|\342\201[\240-\257]|\357\273\277|\363\240')")" \
		"$wanted 0"
}

name='' command='' wanted=0
while IFS= read -r line; do
	rest=${line#?}
	rest=${rest# }
	case $line in
	'#'* | '') ;;
	=*)
		hold
		name=$rest
		cp base.yaml evkit.yaml
		rm -f in.jsonl want r res o.jsonl
		touch in.jsonl want
		;;
	m*) printf '%s\n' "$rest" >>evkit.yaml ;;
	i*) printf '%b\n' "$(printf %s "$rest" | sed 's/\\\([^0]\)/\\\\\1/g')" >>in.jsonl ;;
	:*)
		wanted=${rest%% *}
		command=${rest#* }
		;;
	e*) printf '%s\n' "$rest" >>want ;;
	*) diag "no line of the table: $line" ;;
	esac
done <"$srcdir/tests/data/messages.txt"
hold
done_testing
