#!/bin/sh
# Erases people out of all that the shop keeps: lake, states, rejects, results, bundles and databases.
#
#     erase.sh OUT PEOPLE PATH...       erase.sh out people .user_id
#
# OUT is the folder that the Makefile fills, and PEOPLE a file with a value a line that PATH, a path
# of jq, has in their events. Several paths are gone through one after another. EVENT_ID is the path
# of the events' id (.event_id). Stopped anywhere: the same again. evkit-operate(7) says what else
# there may be, such as raw logs, other warehouses and backups, and that is yours to do.
set -eu

[ $# -ge 3 ] || {
	echo 'usage: erase.sh OUT PEOPLE PATH...' >&2
	exit 2
}
people=$(realpath "$2")
cd "$1"
shift 2
: "${EVENT_ID:=.event_id}" "${EVKIT_SEAL:=$(cat seal)}"
export EVKIT_SEAL
events=erased.events

# The lake first, for it has what states have not. All of an order leaves, wherever it is known.
for path; do
	[ ! -d lake ] || evlake erase --values "$people" --events $events lake "$path"
	evstate erase --values "$people" --events $events state/events "$path"
done
evstate erase --values $events state/events "$EVENT_ID"

# What was set aside. What a stopped program was writing is of no use.
find rejects -type f -name '.*~' -exec rm {} +
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

# Bundles are copies of rows. The next one of each warehouse is a whole one.
rm -rf bundles

# Each database loads what has changed, and then gives back what is free in its file.
for db in *.db; do
	[ -e "$db" ] || continue
	evversion --state state/events -r rejects/ --batch "erase.$db" --since "$(evload --position "sqlite:$db")" </dev/null |
		evstar --state state/members | evload "sqlite:$db"
	[ "$(evload --position "sqlite:$db")" = "$(evstate info state/events | sed -n 's/^position: //p')" ]
	sqlite3 "$db" VACUUM
done
evstate compact state/members
rm -f $events
