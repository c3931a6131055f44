#!/bin/sh
# members.sh: takes the lines of bucket.sh, those of one shard of members behind each other. The rows of each
# go to $OUT/reduced.K, as one sealed section.
set -eu
LC_ALL=C exec awk '
	function finish() {
		if (reduce != "" && close(reduce) != 0)
			failed = 1
		reduce = ""
	}
	{
		tab = index($0, "\t")
		of = substr($0, 1, tab - 1)
	}
	NR == 1 || of != shard {
		finish()
		if (of !~ /^[0-9]+\/[0-9]+$/) {
			print "members.sh: line " NR " names no shard: give what bucket.sh printed" >"/dev/stderr"
			failed = 1
		}
		if (failed)
			exit
		shard = of
		reduce = "EVKIT_SHARD=" shard " evstar --reduce --first --batch \"$BATCH-members\" -o \"$OUT/reduced." (shard + 0) "\""
	}
	{ print substr($0, tab + 1) | reduce }
	END {
		finish()
		exit failed
	}'
