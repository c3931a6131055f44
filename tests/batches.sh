# shellcheck shell=sh
#
# batches.sh: records in batches, and what a database then holds, for tests that source tap.sh first.

# batches MOST SHARE SEED FILE: cuts a file of records at random into b.1, b.2 ..., at most that many,
# with that share of the records in two of them. Prints the order of delivery, in which some come twice.
batches()
{
	rm -f b.*
	awk -v most="$1" -v share="$2" -v seed="$3" 'BEGIN { srand(seed); n = 1 + int(rand() * most) }
		{
			print >("b." 1 + int(rand() * n))
			if (rand() < share)
				print >("b." 1 + int(rand() * n))
		}' "$4"
	for b in b.*; do
		echo "$b"
		[ $(($3 % 3)) -ne 0 ] || echo "$b"
	done | shuf --random-source=evkit.yaml
}

# tables DATABASE: its rows, table by table, without the ledger.
tables()
{
	sqlite3 -readonly "$1" "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'ev_ledger%' ORDER BY 1" |
		while read -r table; do
			echo "$table"
			sqlite3 -readonly "$1" "SELECT * FROM $table" | LC_ALL=C sort
		done
}
