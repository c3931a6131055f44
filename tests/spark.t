#!/bin/sh
# examples/spark: the chain in buckets, with sort(1) as the shuffle; on Spark, if EVKIT_PYTHON names a Python that
# has pyspark; and by Hadoop Streaming, if EVKIT_HADOOP names a folder with its jars: the tables are those of the
# plain chain.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need sqlite3 xargs || {
	done_testing
}
spark=$srcdir/examples/spark
EVKIT_SEAL=a-secret-of-the-test
LAKE=$PWD/lake
OUT=$PWD/out
export EVKIT_SEAL LAKE OUT

# plain BATCH: what the lake becomes without buckets, in the folder plain.
plain()
{
	rm -rf plain
	evlake cat --batch "$1" "$LAKE" | evvalidate -r plain.rejects 2>plain.told | evdedupe | evversion -r plain.orphans 2>>plain.told |
		evstar | evload tsv:plain
}
# loads_the_same NAME: what is in OUT loads, and is what is in the folder plain.
loads_the_same()
{
	rm -rf sharded
	run sh "$spark/load.sh" tsv:sharded
	check "$1: it loads" 0
	for table in plain/*.tsv; do
		LC_ALL=C sort "$table" >want
		LC_ALL=C sort "sharded/${table#plain/}" >got
		ok "$1: ${table#plain/}" cmp got want
	done
	LC_ALL=C sort "$OUT"/rejects/* | jq -c ._ev.reject.code >got
	LC_ALL=C sort plain.rejects plain.orphans | jq -c ._ev.reject.code >want
	same "$1: the rejects" got want
}
fresh()
{
	rm -rf "$OUT"
	mkdir "$OUT"
}
# by_spark: the same on Spark, two machines that are processes, out of a folder whose name has a blank and a quote.
by_spark()
{
	mkdir -p "it's here" && cp "$spark/spark.py" "$spark/bucket.sh" "$spark/members.sh" "it's here" || exit 2
	run env PYSPARK_PYTHON="$EVKIT_PYTHON" PYSPARK_SUBMIT_ARGS='--master local-cluster[2,1,1024] --conf spark.ui.enabled=false pyspark-shell' \
		"$EVKIT_PYTHON" "it's here/spark.py" 8 3
}
# by_hadoop: by the command of the README, in Hadoop's local job runner: two reducers take the three shards.
by_hadoop()
{
	seq 0 7 | sed 's|$|/8|' >shards
	run env MEMBERS=3 java -cp "$EVKIT_HADOOP/*" org.apache.hadoop.util.RunJar "$EVKIT_HADOOP"/hadoop-streaming-*.jar \
		-files "$spark/bucket.sh,$spark/members.sh" -D hadoop.tmp.dir="$PWD/hadoop" -D mapreduce.job.reduces=2 \
		-D stream.map.input.ignoreKey=true -D mapreduce.input.lineinputformat.linespermap=1 \
		-inputformat org.apache.hadoop.mapred.lib.NLineInputFormat -input "$PWD/shards" -output "$PWD/done" \
		-mapper 'sh bucket.sh' -reducer 'sh members.sh'
	rm -rf done
}
# clusters NAME: the same by each of both that is there.
clusters()
{
	for how in spark hadoop; do
		eval "there=\$has_$how"
		if ! $there; then
			skip "$1 by $how" 'EVKIT_PYTHON names no Python that has pyspark, or EVKIT_HADOOP no jars of hadoop-streaming'
			continue
		fi
		fresh
		by_$how
		is "$1 by $how" "$status" 0
		loads_the_same "$1 by $how"
	done
}
has_spark=false has_hadoop=false
[ -n "${EVKIT_PYTHON-}" ] && "$EVKIT_PYTHON" -c 'import pyspark' 2>/dev/null && has_spark=true
[ -n "${EVKIT_HADOOP-}" ] && ls "$EVKIT_HADOOP"/hadoop-streaming-*.jar >/dev/null && has_hadoop=true

# The ticket shop

export EVKIT_MODEL="$srcdir/examples/checkout/evkit.yaml" BATCH=days
for day in "$srcdir"/examples/checkout/raw/*.log.gz; do
	name=${day##*/}
	evparse --batch "${name%.log.gz}" -r foreign "$day" | evlake append --buckets 8 -o /dev/null lake || exit 2
done
plain days || exit 2
ok 'the days have rows' [ "$(wc -l <plain/events.tsv)" -gt 40000 ]
fresh
run sh "$spark/sort.sh" 8 3
is 'sort.sh' "$status" 0
is 'leaves a file for each bucket' "$(cd "$OUT" && echo *)" \
	'mapped.0 mapped.1 mapped.2 mapped.3 mapped.4 mapped.5 mapped.6 mapped.7 reduced.0 reduced.1 reduced.2 rejects state.0 state.1 state.2 state.3 state.4 state.5 state.6 state.7'
loads_the_same 'the days by sort'
run sh "$spark/sizes.sh" sharded
check 'what it took, for each record' 0 '~^    1\.00 +[0-9]+ +[0-9]+  raw log$' any
is 'in so many lines' "$(wc -l <"$out")" 9
sed '7s/^./x/' sharded/events.tsv >damaged
mv damaged sharded/events.tsv
run evload --verify sharded
check 'a table file with a line that was changed' 1 '' '~^evload: sharded/events.tsv: '
is 'a result of all' "$(jq .meta.evkit.counts.out "$OUT/result.json")" "$(jq -s 'map(select(._ev.seal) | ._ev.seal.stages[] | select(.program == "evdedupe") | .in) | add' "$OUT"/mapped.*)"
evschema -t sqlite | sqlite3 shop.db
run sh "$spark/load.sh" --snapshot sqlite:shop.db
check 'into a database' 0
is 'as many rows' "$(sqlite3 shop.db 'SELECT count(*) FROM events')" "$(wc -l <plain/events.tsv)"
run sh "$spark/load.sh" --for duckdb -o bundle
check 'and as a bundle' 0

# What is lost is found out.

for file in mapped.3 reduced.1 state.5; do
	mv "$OUT/$file" kept
	rm -rf sharded
	run sh "$spark/load.sh" tsv:sharded
	is "without $file: the status" "$status" 2
	ok "without $file: nothing is there" [ ! -e sharded/manifest.json ]
	mv kept "$OUT/$file"
done
fresh
cp -r lake lake.damaged
part=$(find lake.damaged -path '*bucket=02*' -name '*.gz' | LC_ALL=C sort | head -n 1)
zcat "$part" | sed 1d | gzip >damaged && cp damaged "$part"
run "LAKE=$PWD/lake.damaged sh $spark/sort.sh 8 3"
ok 'a bucket that fails ends the job' [ "$status" -ne 0 ]
ok 'it has no file' [ ! -e "$OUT/mapped.2" ]

# As Hadoop Streaming runs them: any task takes any buckets, and sorts; a reducer gets keys and lines.

fresh
export MEMBERS=3
run "for k in 5 0 3 7; do echo \$k/8; done | sh $spark/bucket.sh >task.1; for k in 6 1 2 4; do echo \$k/8; done | sh $spark/bucket.sh >task.2"
is 'mappers' "$status" 0
run "grep -h '^[02]/' task.2 task.1 | sort | sh $spark/members.sh"
check 'a reducer of two shards' 0
run "grep -h '^1/' task.1 task.2 | sort | sh $spark/members.sh"
check 'and one of the third' 0
loads_the_same 'the days as Hadoop has it'

# The same bucket again, as where a task is tried again

run "echo 3/8 | sh $spark/bucket.sh >task.3; echo 3/8 | sh $spark/bucket.sh | cmp - task.3"
is 'a task that is tried again writes the same' "$status" 0
loads_the_same 'a bucket twice'

# What the shuffle may not give

run "printf '%s\n' '{\"_ev\":{}}' | sh $spark/members.sh"
check 'a line of no shard' 1 '' 'members.sh: line 1 names no shard: give what bucket.sh printed'
run "sed -n '/^0/p' task.1 | cut -c 1-99 | sort | sh $spark/members.sh"
ok 'a line that was cut ends it, too' [ "$status" -ne 0 ]

clusters 'the days'

# Tabs, which part the shard from the line

cat >tabs.yaml <<'EOF'
evkit: 1
name: tabs
event: {id: .id, type: .type, time: .time, order: time}
star:
  facts:
    events: {keep: latest, columns: {user: {from: .user, type: varchar(9), dimension: dim_user}}}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(9)}, likes: {from: .likes, type: json}}}
EOF
for k in 1 2 3 4 5 6; do
	printf '{"id":"e%d","type":"T","time":"2026-03-01T10:00:00Z","user":"u\\t%d","likes":{"n":\t%d,\t"and":null}}\n' $k $((k / 2)) $k
done >tabs.log
export EVKIT_MODEL="$PWD/tabs.yaml" BATCH=tabs
rm -rf lake
evparse --batch tabs tabs.log | evlake append --buckets 2 -o /dev/null lake || exit 2
plain tabs || exit 2
fresh
run sh "$spark/sort.sh" 2 2
is 'tabs: sort.sh' "$status" 0
ok 'there are some in what passes the shuffle' grep -q 'contribute.*	"and"' "$OUT"/mapped.0
loads_the_same 'tabs'

# The UK shop

if data uci-retail-2010-12/versions.ndjson; then
	export EVKIT_MODEL="$srcdir/examples/uci-retail/evkit.yaml" BATCH=2010-12
	rm -rf lake
	evparse --format json --batch 2010-12 "$data" | evlake append --buckets 8 -o /dev/null lake || exit 2
	plain 2010-12 || exit 2
	ok 'the month has rows' [ "$(wc -l <plain/orders.tsv)" -gt 1800 ]
	fresh
	run sh "$spark/sort.sh" 8 8
	is 'sort.sh' "$status" 0
	loads_the_same 'the month by sort'
	clusters 'the month'
fi
done_testing
