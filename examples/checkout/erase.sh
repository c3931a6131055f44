#!/bin/sh
# Erases people out of all that the shop keeps: lake, states, rejects, results, bundles and databases.
#
#     erase.sh OUT PEOPLE PATH...       erase.sh out people .user_id
#
# OUT is the folder that the Makefile fills, and PEOPLE a file with a value a line that PATH, a path
# of jq, has in their events. Several paths are gone through one after another. EVENT_ID is the path
# of the events' id (.event_id). Run it as the user of the job, and if it stopped anywhere, again.
# evkit-operate(7) says what else there may be, such as raw logs, other warehouses and backups, and
# that is yours to do.
set -eu

[ $# -ge 3 ] || {
	echo 'usage: erase.sh OUT PEOPLE PATH...' >&2
	exit 2
}
people=$(realpath "$2")
cd "$1"
shift 2
: "${EVENT_ID:=.event_id}"
# The databases need it, and they come last: without it nothing is begun.
[ -n "${EVKIT_SEAL-}" ] || EVKIT_SEAL=$(cat seal) || EVKIT_SEAL=
[ -n "$EVKIT_SEAL" ] || {
	echo "erase.sh: $PWD/seal: there is no seal to read: run this as the user of the job, or set EVKIT_SEAL" >&2
	exit 2
}
export EVKIT_SEAL
events=erased.events

# Nobody else writes here meanwhile, if the job of every night takes this lock, too.
exec 9>>lock
flock -n 9 || {
	echo 'erase.sh: another run is at work' >&2
	exit 2
}

# The lake first, for it has what states have not. All of an order leaves, wherever it is known.
for path; do
	[ ! -d lake ] || evlake erase --values "$people" --events $events lake "$path"
	evstate erase --values "$people" --events $events state/events "$path"
done
# What breaks off before it says whose it is may still name the order.
[ ! -d lake ] || evlake erase --values $events lake "$EVENT_ID"
evstate erase --values $events state/events "$EVENT_ID"

# What a stopped program was writing is of no use.
find . -type f -name '.*.[0-9]*.[0-9]*~' -exec rm {} +
rm -f ./*.db.new* ./*.db.log

# What was set aside.
for file in rejects/*; do
	[ -e "$file" ] || continue
	for path; do
		evreject erase --values "$people" -o "$file" "$path" "$file"
	done
	evreject erase --values $events -o "$file" "$EVENT_ID" "$file"
done

# Results of evvalidate and reports quote values, and do not say of whom. Those of a day can be made
# again out of the lake.
for place in results reports report.html; do
	[ ! -e $place ] || find $place -type f \( -name '*.json' -o -name '*.html' \) -exec rm {} +
done
# So may what programs said when a day was loaded, but for its balance sheet.
[ ! -d loaded ] || find loaded -type f -name '*.new' -exec rm {} +
[ ! -d loaded ] || find loaded -type f -exec sed -i '/^ev[a-z]*  *in [0-9]/!d' {} +

# Bundles are copies of rows. The next one of each warehouse is a whole one.
rm -rf bundles

# Each database loads what has changed, and then gives back what is free in its file. If it has a log
# (WAL), that must be in the file; a reader may be in the way.
for db in *.db; do
	[ -e "$db" ] || continue
	evversion --state state/events -r rejects/ --batch "erase.$db" --since "$(evload --position "sqlite:$db")" </dev/null |
		evstar --state state/members | evload "sqlite:$db"
	[ "$(evload --position "sqlite:$db")" = "$(evstate info state/events | sed -n 's/^position: //p')" ]
	[ "$(sqlite3 "$db" 'VACUUM; PRAGMA wal_checkpoint(TRUNCATE)' | cut -d '|' -f 1)" = 0 ] || {
		echo "erase.sh: $db: somebody reads it: end that, and run this again" >&2
		exit 2
	}
done
evstate compact state/members
rm -f $events
