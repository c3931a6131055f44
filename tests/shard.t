#!/bin/sh
# Shards: a chain that is cut by the buckets of a lake, in sealed pipes, and comes together again in
# evload: with every part, or not at all. evkit(7), "Shards".
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

need sqlite3 || {
	done_testing
}
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'EOF'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v}
star:
  facts:
    orders:
      keep: history
      columns:
        user: {from: .user, type: varchar(20), dimension: dim_user}
        at: {from: .time, type: timestamp, dimension: dim_day}
        total: {from: .total, type: "decimal(12,2)"}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(20)}, mail: {from: .mail, type: varchar(40)}}}
    dim_day: {calendar: {from: 2026-03-01, to: 2026-03-02}}
EOF
awk 'BEGIN {
	srand(1)
	for (i = 0; i < 400; i++)
		printf "{\"id\":\"o%d\",\"type\":\"Order\",\"time\":\"2026-03-%02dT10:00:00Z\",\"v\":%d,\"user\":\"u%d\",\"mail\":\"m%d@example.org\",\"total\":%d.50}\n",
			rand() * 150, 1 + rand() * 5, i, rand() * 30, rand() * 40, rand() * 100
	print "{\"id\":"
}' >day.log
evschema -t sqlite | sqlite3 fresh.db || exit 2

dump()
{
	sqlite3 "$1" "SELECT * FROM orders ORDER BY 1, 2, 3; SELECT * FROM dim_user ORDER BY 1; SELECT * FROM dim_day ORDER BY 1"
}

evlake append --first --batch day --buckets 4 -o /dev/null lake day.log || exit 2
# mapped K OPTIONS...: what becomes of a bucket.
mapped()
{
	k=$1
	shift
	EVKIT_SHARD=$k/4
	export EVKIT_SHARD
	evlake cat --bucket "$k" --batch day lake | evvalidate -r "rejects.$k" | evdedupe | evversion | evstar --map "$@"
	unset EVKIT_SHARD
}
# contributions K N FILE...: to the members of a shard.
contributions()
{
	k=$1 n=$2
	shift 2
	grep -h '^{"_ev":{"op":"contribute"' "$@" | awk -v k="$k" -v n="$n" '{
		key = 0
		for (i = 36; i < 44; i++)
			key = key * 16 + index("0123456789abcdef", substr($0, i, 1)) - 1
		if (key % n == k)
			print
	}'
}
# reduced K N FILE...: the members of a shard, out of all contributions.
reduced()
{
	contributions "$@" | EVKIT_SHARD=$1/$2 evstar --reduce --first --batch members
}
evlake cat lake | evvalidate -r rejects | evdedupe | evversion | evstar | evload --snapshot tsv:plain || exit 2
cp fresh.db plain.db
evlake cat --batch day lake | evvalidate -r rejects | evdedupe | evversion | evstar | evload sqlite:plain.db || exit 2
dump plain.db >want
for k in 0 1 2 3; do
	mapped $k >mapped.$k || exit 2
done
for k in 0 1 2; do
	reduced $k 3 mapped.? >reduced.$k || exit 2
done
ok 'a head names its shard' grep -q '^{"_ev":{"head":.*"stages":\["evlake","evvalidate","evdedupe","evversion","evstar"\],"shard":"2/4",' mapped.2

# fresh: an empty database.
fresh()
{
	cp fresh.db shop.db
}
# refused NAME WHY FILE...: these files are not loaded.
refused()
{
	name=$1 why=$2
	shift 2
	fresh
	run evload sqlite:shop.db "$@"
	check "$name" 2 '' "$why"
	is "$name: nothing is loaded" "$(sqlite3 shop.db 'SELECT count(*) FROM orders; SELECT count(*) FROM ev_ledger')" '0
0'
}

fresh
run evload --stats - sqlite:shop.db mapped.? reduced.?
check 'all shards load' 0 '' '~^evload      in '
dump shop.db >got
same 'and are what the chain alone makes' got want
is 'each is a batch of the ledger' "$(sqlite3 shop.db 'SELECT batch FROM ev_ledger ORDER BY 1')" 'day 0/4
day 1/4
day 2/4
day 3/4
members 0/3
members 1/3
members 2/3'
run evload sqlite:shop.db reduced.2 mapped.3 mapped.1 mapped.0 mapped.2 reduced.0 reduced.1
check 'again, in another order: there is nothing to do' 0 '' 'evload: the target holds this input already: nothing was changed'
run evload tsv:folder mapped.? reduced.?
check 'into a folder' 0
for table in orders dim_user dim_day; do
	sort folder/$table.tsv >got
	sort plain/$table.tsv >want.tsv
	same "the same: $table" got want.tsv
done
if postgres_start; then
	evschema -t postgres | sql || exit 2
	dump_postgres()
	{
		sql -c 'SELECT * FROM orders ORDER BY 1, 2, 3' -c 'SELECT * FROM dim_user ORDER BY 1' -c 'SELECT * FROM dim_day ORDER BY 1'
	}
	dump_postgres >before
	run evload postgresql: mapped.0 mapped.1 mapped.3 reduced.?
	check 'PostgreSQL: a bucket that is lost' 2 '' '~^evload: of batch day shards are missing: 2/4:'
	dump_postgres >got
	same 'PostgreSQL: nothing is loaded' got before
	run evload postgresql: mapped.? reduced.?
	check 'PostgreSQL: all shards' 0
	dump_postgres >got
	run 'evlake cat --batch day lake | evvalidate -r rejects | evdedupe | evversion | evstar | evload --snapshot postgresql:'
	check 'PostgreSQL: the same without shards' 0 '' any
	dump_postgres >want.rows
	same 'PostgreSQL: are the same rows' got want.rows
fi
run 'evstar --reduce --batch day mapped.? | evload sqlite:shop.db'
check 'a batch of another content under one of their names is another batch' 2 '' any
fresh
run 'evstar --reduce --batch day mapped.? | evload sqlite:shop.db'
check 'or one process reduces all, behind which it is whole' 0
dump shop.db >got
same 'that is the same' got want

# What is missing

refused 'a bucket that is lost' 'evload: of batch day shards are missing: 2/4: give all of them, or set EVKIT_SHARD where one shard alone is meant' \
	mapped.0 mapped.1 mapped.3 reduced.?
refused 'two' 'evload: of batch day shards are missing: 0/4, 3/4: give all of them, or set EVKIT_SHARD where one shard alone is meant' \
	mapped.2 mapped.1 reduced.?
refused 'members that are lost' 'evload: of batch members shards are missing: 0/3: give all of them, or set EVKIT_SHARD where one shard alone is meant' \
	mapped.? reduced.1 reduced.2
refused 'all members' "evload: $(cat mapped.? | grep -c contribute) contributions were mapped by evstar --map, and 0 reduced by evstar --reduce: give all that both wrote, each once" \
	mapped.?
refused 'all facts' "evload: 0 contributions were mapped by evstar --map, and $(cat mapped.? | grep -c contribute) reduced by evstar --reduce: give all that both wrote, each once" \
	reduced.?
refused 'a bucket that is there twice' '~^evload: mapped.1:[0-9]*: this shard of the batch came before: give each once; the batches of evstar --map and --reduce need two names$' \
	mapped.0 mapped.1 mapped.1 mapped.2 mapped.3 reduced.?

# One line, between the halves and in the files of both

# altered CHANGE FILE: the file, with that change to its seventh line. awk reads it twice.
altered()
{
	case $1 in
	lost) change_it='NR > FNR && FNR != 7' ;;
	doubled) change_it='NR > FNR { print } NR > FNR && FNR == 7' ;;
	lost_and_doubled) change_it='NR > FNR && FNR != 8 { print } NR > FNR && FNR == 7' ;;
	changed) change_it='NR > FNR { if (FNR == 7) sub(/[oum][0-9]/, "x9"); print }' ;;
	swapped) change_it='NR > FNR { print line[FNR == 7 ? 8 : FNR == 8 ? 7 : FNR] } { line[FNR] = $0 }' ;;
	esac
	awk "$change_it" "$2" "$2"
}
contributions 1 3 mapped.? >between
for change in lost doubled swapped changed lost_and_doubled; do
	altered $change between >arrived
	run 'EVKIT_SHARD=1/3 evstar --reduce --first --batch members arrived >others'
	is "a contribution $change: evstar --reduce cannot know" "$status" 0
	case $change in
	swapped)
		same 'two contributions swapped: that is all one' others reduced.1
		continue
		;;
	lost | doubled)
		why='~^evload: [0-9]* contributions were mapped by evstar --map, and [0-9]* reduced by evstar --reduce: give all that both wrote, each once$'
		;;
	*)
		why='~^evload: the [0-9]* contributions that were mapped by evstar --map are not those that were reduced by evstar --reduce: one was changed on the way, or one lost and another doubled: make all of it again$'
		;;
	esac
	refused "a contribution $change" "$why" mapped.? reduced.0 others reduced.2
done
sed -n 7p between | cat - between >strange
run 'EVKIT_SHARD=0/3 evstar --reduce --first --batch members strange'
check 'one that came to another shard' 2 '~head' '~^evstar: strange:1: the member [0-9a-f]{32} is of shard 1/3, and EVKIT_SHARD is 0/3: cut contributions by the first 8 digits of the owner, a hexadecimal number, modulo 3$'
for file in mapped.1 reduced.1; do
	for change in lost doubled swapped changed; do
		altered $change $file >damaged
		run cmp damaged $file
		is "$file, a line $change: it differs" "$status" 1
		# shellcheck disable=SC2046 # names without blanks
		refused "$file, a line $change" '~^evload: damaged:[0-9]*: what arrived is not what was sealed' \
			damaged $(printf '%s\n' mapped.? reduced.? | grep -v $file)
	done
done
EVKIT_SHARD=1/5 evstar --reduce --first --batch members </dev/null >other
refused 'shards of another number' '~^evload: other:2: other sections of this batch are of another number of shards' \
	mapped.? reduced.? other
run 'evstar --reduce --batch day mapped.0 mapped.2 mapped.3'
check 'one process that reduces all takes no fewer' 2 any 'evstar: of batch day shards are missing: 1/4: give all of them, or set EVKIT_SHARD where one shard alone is meant'
is 'and seals nothing' "$(tail -n 1 "$out" | grep -c '"seal":')" 0
for k in $(seq 0 2 18); do
	EVKIT_SHARD=$k/20 evparse --batch many /dev/null >many.$k
done
run evdedupe many.*
check 'of many that are missing some are named' 2 '~head' 'evdedupe: of batch many shards are missing: 1/20, 3/20, 5/20, 7/20, 9/20 and 5 more: give all of them, or set EVKIT_SHARD where one shard alone is meant'
run evvalidate many.*
check 'where sections go out one by one, too' 2 '~head' '~^evvalidate: of batch many shards are missing'
is 'the last has no seal' "$(tail -n 1 "$out" | grep -c '"seal":')" 0

# Expectations of the whole batch

cat >expect.yaml <<'EOF'
expectations:
  - expect_table_row_count_to_be_between: {min_value: 401}
  - expect_column_values_to_be_between: {column: total, max_value: 200, severity: warning}
EOF
cat evkit.yaml expect.yaml >strict.yaml
sed 's/401/300/' strict.yaml >fair.yaml
# judged MODEL: each bucket under that model, and then all of them; the files are deferred.K and verdict.
judged()
{
	EVKIT_MODEL=$1
	export EVKIT_MODEL
	for k in 0 1 2 3; do
		EVKIT_SHARD=$k/4
		export EVKIT_SHARD
		evlake cat --bucket $k --batch day lake | evvalidate -r r --defer --state-out state.$k | evdedupe | evversion |
			evstar --map >deferred.$k
		unset EVKIT_SHARD
	done
	for k in 0 1 2; do
		reduced $k 3 deferred.? >reduced.$k
	done
	evvalidate --merge --result result.json state.? >verdict
	echo "merged: $?" >&2
	unset EVKIT_MODEL
}
run judged fair.yaml
check 'what is expected of all is no matter of a shard' 0 '' 'merged: 0'
is 'the verdict has a section of its own' "$(sed 's/"mac":"[^"]*"/MAC/; s/"head":"[0-9a-f]*"/HEAD/; s/"digest":"[^"]*"/DIGEST/' verdict)" \
	'{"_ev":{"head":{MAC,"batch":"","stages":["evvalidate"],"checked":true}}}
{"_ev":{"seal":{MAC,HEAD,"batch":"day","ok":true,DIGEST,"stages":[{"program":"evvalidate","in":0,"judged":400,"rejected":0,"blank":0}]}}}'
ok 'and a result of all' [ "$(jq -r .meta.evkit.counts.out result.json)" = 400 ]
fresh
run evload sqlite:shop.db verdict deferred.? reduced.?
check 'with which all is loaded' 0
dump shop.db >got
same 'as without' got want
many=$(jq -rs 'map(select(._ev.seal) | ._ev.seal.stages[] | .deferred // 0) | add' deferred.?)
refused 'without the verdict' "evload: $many events were deferred by evvalidate --defer, and 0 judged by evvalidate --merge: give all that both wrote, each once" \
	deferred.? reduced.?
refused 'with a verdict, and nothing put off' 'evload: 0 events were deferred by evvalidate --defer, and 400 judged by evvalidate --merge: give all that both wrote, each once' \
	verdict mapped.? reduced.?
EVKIT_MODEL=fair.yaml evvalidate --merge --result result.json state.0 state.1 state.3 >fewer
refused 'with a verdict on some' '~^evload: 400 events were deferred by evvalidate --defer, and [123].. judged by evvalidate --merge: give all' \
	fewer deferred.? reduced.?
run judged strict.yaml
check 'the whole is not approved' 0 '' '~^evvalidate: strict.yaml:.*expect_table_row_count_to_be_between.* does not hold: found 400'
is 'by the status' "$(grep merged "$err")" 'merged: 1'
refused 'which the verdict tells' 'evload: verdict:2: the seal says that a stage before this one did not approve the batch: see its messages and rejects' \
	verdict deferred.? reduced.?
(unset EVKIT_SEAL; EVKIT_MODEL=strict.yaml evvalidate --merge --result result.json state.? >verdict 2>/dev/null)
is 'without a seal a merge writes nothing' "$(wc -c <verdict)" 0
for options in '--defer' '--defer --result r.json' '--defer --merge --state-out s'; do
	run "EVKIT_MODEL=fair.yaml evvalidate $options --first day.log"
	check "--defer needs a state: $options" 2 '' "evvalidate: --defer goes with --state-out FILE, which --merge judges later
Try 'evvalidate --help'."
done

# The digest stands in the balance sheet, too.

run 'evlake cat --batch day lake | evvalidate -r r --result one.json | evdedupe | evversion | evstar --map --stats map.json | evstar --reduce --stats both.json | evload --snapshot sqlite:shop.db'
check 'both halves in one pipe' 0 '' any
is 'what one mapped the other reduced' "$(jq -c '[.stages[] | .digest // empty] | [length, .[0] == .[1]]' both.json)" '[2,true]'
is 'by 16 digits' "$(jq -r '.stages[] | .digest // empty | test("^[0-9a-f]{16}$")' map.json)" true
run evreport --balance map.json --balance both.json one.json
check 'which a report leaves out' 0 any

# Where one shard alone is meant

fresh
run 'EVKIT_SHARD=1/4 evload sqlite:shop.db mapped.1'
check 'the contributions of a shard must be reduced all the same' 2 '' '~^evload: [0-9]* contributions were mapped by evstar --map, and 0 reduced'
run 'EVKIT_SHARD=1/4 evlake cat --bucket 1 --batch day lake | EVKIT_SHARD=1/4 evvalidate -r r | EVKIT_SHARD=1/4 evdedupe | EVKIT_SHARD=1/4 evversion | EVKIT_SHARD=1/4 evstar | EVKIT_SHARD=1/4 evload sqlite:shop.db'
check 'a shard with a database of its own' 0
run 'EVKIT_SHARD=2/4 evload sqlite:shop.db mapped.1'
check 'the section of another shard' 2 '' 'evload: mapped.1:1: this section is not of the shard that EVKIT_SHARD names: one of the two is meant for another'
run 'evparse --batch day day.log -r r | EVKIT_SHARD=2/4 evdedupe'
check 'one of no shard' 2 '' '~^evdedupe: -:1: this section is not of the shard that EVKIT_SHARD names'
run 'evlake cat --batch day lake | evvalidate -r r | evdedupe | EVKIT_SHARD=2/4 evversion --first'
is 'status of what begins the chain twice' $status 2

# With a state

# state K DIR OPTIONS...
state()
{
	k=$1 dir=$2
	shift 2
	evlake cat --bucket "$k" --batch day lake | evvalidate -r r | evdedupe | evversion --state "$dir" "$@"
}
fresh
run 'export EVKIT_SHARD=1/4; state 1 events --since 0 >spanned; evstar --state members spanned | evload sqlite:shop.db'
check 'a shard has states and a database of its own' 0
run 'evstar --state members.2 spanned'
check 'which keeps a state takes no shard by chance' 2 '' 'evstar: spanned:1: this section is of a shard, and what keeps a state is of one shard alone: set EVKIT_SHARD for this program, too'
run 'EVKIT_SHARD=1/4 evstar spanned >rows; evload sqlite:shop.db rows'
check 'nor what is loaded by position' 2 '' '~^evload: rows:1: this section is of a shard, and what keeps a state is of one shard alone'
run 'EVKIT_SHARD=1/4 evstar --map spanned >rows; EVKIT_SHARD=1/4 evload sqlite:shop.db rows'
check 'nor facts without their members' 2 '' '~^evload: [0-9]* contributions were mapped by evstar --map, and 0 reduced'
for shard in 2/4 1/8; do
	run "EVKIT_SHARD=$shard evversion --state events --since 0 --first --batch more /dev/null"
	check "the state is of its shard, and not of $shard" 2 '' "evversion: events: this state is of shard 1/4, and EVKIT_SHARD is $shard: set it as it was, or fill another state from the raw logs"
done
run "evversion --state events --since 0 --first --batch more /dev/null"
check 'nor of all events' 2 '' 'evversion: events: this state is of shard 1/4, and EVKIT_SHARD is not set: set it as it was, or fill another state from the raw logs'
run "evversion --state all --since 0 --first --batch day -r r day.log -o /dev/null; EVKIT_SHARD=0/1 evversion --state all --since 0 --first --batch more /dev/null"
check 'and one of all events is of no shard' 2 '' 'evversion: all: this state is of all events, and EVKIT_SHARD is 0/1: set it as it was, or fill another state from the raw logs'

# What no event bears is told of all of it.

sed 's/ v: .v/ v: .v, op: .op/; s/version: .v}/version: .v, op: .op}/' evkit.yaml >ops.yaml
run 'EVKIT_SHARD=0/1 EVKIT_MODEL=ops.yaml evvalidate --defer --state-out one.state --first -r r day.log -o /dev/null'
check 'a part does not tell of paths' 0
run 'EVKIT_MODEL=ops.yaml evvalidate --merge --result result.json one.state >verdict'
check 'all of it does' 0 '' '~^evvalidate: ops.yaml:3:.*: no event of the batch has .op, which event.op asks for'

# Events of another shard

run 'EVKIT_SHARD=1/4 evversion --first lake/dt=2026-03-01/type=Order/bucket=02/*'
check 'an event of another shard is refused' 2 '~head' '~^evversion: lake/.*:1: the event o[0-9]* is of shard 2/4, and EVKIT_SHARD is 1/4: cut events as evlake cuts its buckets, or unset EVKIT_SHARD$'
printf '{"id":"\\u001b[31m\\u202e","type":"O","time":"2026-03-01T10:00:00Z"}\n' >steers
run 'EVKIT_SHARD=0/2 evversion --first steers'
check 'an id steers no terminal' 2 '~head' 'evversion: steers:1: the event \u001b[31m\u202e is of shard 1/2, and EVKIT_SHARD is 0/2: cut events as evlake cuts its buckets, or unset EVKIT_SHARD'
printf '%s\n' '{"id":"A987FBC9-4BED-3078-CF07-9141BA07C9F3","type":"O","time":"2026-03-01T10:00:00Z"}' \
	'{"id":"{a987fbc9-4bed-3078-cf07-9141ba07c9f3}","type":"O","time":"2026-03-01T10:00:00Z"}' '{"id":12,"type":"O","time":"2026-03-01T10:00:00Z"}' \
	'{"id":"12","type":"O","time":"2026-03-01T10:00:00Z"}' '{"id":"a\u0062","type":"O","time":"2026-03-01T10:00:00Z"}' >ids
(unset EVKIT_SEAL; evlake append --batch ids --buckets 7 -o /dev/null ids.lake ids) || exit 2
for f in ids.lake/dt=*/type=*/bucket=*/*; do
	k=${f#*/bucket=0}
	k=${k%%/*}
	run "unset EVKIT_SEAL; EVKIT_SHARD=$k/7 evversion $f"
	is "a bucket of a lake is a shard, however ids are spelled: $k" "$status" 0
done

# EVKIT_SHARD itself

for shard in '' 1 /8 1/ 8/8 9/8 -1/8 1/-8 01/8 1/08 1/0 0/0 1/8x ' 1/8' 1//8 0x1/8 4294967297/8 1/4294967304 0/100001; do
	run "EVKIT_SHARD='$shard' evversion --first day.log"
	check "EVKIT_SHARD=$shard is none" 2 '' 'evversion: EVKIT_SHARD must be K/N, the K-th of N shards, from 0/8 to 7/8 for eight, and N at most 100000: set it so, or unset it'
done
run 'EVKIT_SHARD=99999/100000 evparse /dev/null'
check 'the largest' 0 '~"shard":"99999/100000"'

# Without a seal nothing can say what is missing.

unset EVKIT_SEAL
fresh
evlake cat --bucket 1 lake | evvalidate -r r | evdedupe | evversion | evstar --map >open.1
line=$(grep -n -m 1 contribute open.1 | cut -d: -f1)
for target in '--unsealed sqlite:shop.db' tsv:unreduced '-t orders'; do
	run "evload $target open.1 | tail -n 0"
	is "contributions are no rows: $target" "$(cat "$err")" "evload: open.1:$line: this is a contribution to a member, and no row: evstar --reduce makes rows of it"
done
done_testing
