# shellcheck shell=sh
# What loop.sh, stream.sh and kinesis.sh share: where things are, and the chain behind the source.

STATE=${STATE-state} DB=${DB-sqlite:tickets.db}
mkdir -p "$STATE/rejects" || exit
[ -e "$STATE/seal" ] || evparse --new-seal "$STATE/seal" || exit
EVKIT_SEAL=$(cat "$STATE/seal") || exit
export EVKIT_SEAL

# A name for what is read now, which no other start has.
new_batch()
{
	batch=$(date -u +%Y%m%dT%H%M%S.%NZ)
}

# rejects PROGRAM: the file of what it sets aside.
rejects()
{
	echo "$STATE/rejects/$1.$batch.rejects.jsonl"
}

# Drops files of rejects without any, and gives those their names that a stop has left without.
tidy()
{
	for left in "$STATE"/rejects/.*.jsonl.*~; do
		[ -e "$left" ] || continue
		name=${left##*/.}
		mv "$left" "$STATE/rejects/${name%.jsonl.*}.jsonl"
	done
	find "$STATE/rejects" -name '*.jsonl' -empty -delete
}

# The chain, from what the source writes into the database. evversion counts what comes twice;
# evdedupe without a state would wait for the end of a stream.
load()
{
	evvalidate -r "$(rejects evvalidate)" |
		evversion -r "$(rejects evversion)" --state "$STATE/events" --since "$(evload --position "$DB")" |
		evstar --state "$STATE/members" |
		evload "$DB"
}
