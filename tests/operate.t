#!/bin/sh
# On a schedule: the job of examples/schedule, night by night, with nights that fail; what evload says to
# Prometheus; and the units.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need bash flock sqlite3 || {
	done_testing
}
schedule=$srcdir/examples/schedule
mkdir shop shop/logs && cd shop || exit 2
cat >evkit.yaml <<'YAML'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v}
types: {Order: {type: object, properties: {total: {type: number, maximum: 100}}}}
star: {facts: {orders: {keep: latest, columns: {time: {from: .time, type: timestamp}, total: {from: .total, type: "decimal(9,2)"}}}}}
YAML
evparse --new-seal seal
evschema -t sqlite | sqlite3 shop.db

# log NAME TOTAL...: an order of each.
log()
{
	name=$1
	shift
	for total; do
		echo "{\"id\":\"$name-$total\",\"type\":\"Order\",\"time\":\"2026-03-01T10:00:00Z\",\"v\":1,\"total\":$total}"
	done | gzip >"logs/shop.log-$name.gz"
}

totals()
{
	sqlite3 shop.db 'SELECT CAST(total AS INTEGER) FROM orders ORDER BY 1' | tr '\n' ' '
}

# metric NAME: its value.
metric()
{
	awk -v name="$1" 'index($0, name) == 1 { print $NF }' metrics.prom
}

run "$schedule/nightly" .
check 'a night without logs' 0
log 2026-03-01 1 2
log 2026-03-02 3
run "$schedule/nightly" .
check 'two nights' 0
is 'both are in' "$(totals)" '1 2 3 '
is 'the metrics are those of the last load' "$(metric evkit_load_info)|$(grep -c 'batch="shop.log-2026-03-02"' metrics.prom)|$(metric 'evkit_load_records{program="evload",count="row"}')" '1|1|1'
is 'the balance sheets stay' "$(grep -h '^evparse' loaded/* | tr -d '\n')" \
	'evparse     in 2  out 2  rejected 0  blank 0evparse     in 1  out 1  rejected 0  blank 0'
cksum metrics.prom loaded/* >../before
run "$schedule/nightly" .
check 'nothing is new' 0
cksum metrics.prom loaded/* >../after
same 'and nothing is changed' ../after ../before

log 2026-03-03 4 500 600
log 2026-03-04 5
run "$schedule/nightly" .
check 'a batch that is not approved' 1 '' '~^nightly: logs/shop.log-2026-03-03.gz: status 1'
is 'the others are in' "$(totals)" '1 2 3 5 '
EVKIT_MAX_REJECTS=90%
export EVKIT_MAX_REJECTS
run "$schedule/nightly" .
check 'somebody looked, and takes it' 0
unset EVKIT_MAX_REJECTS
is 'it is in' "$(totals)" '1 2 3 4 5 '
is 'what was set aside is counted' "$(metric 'evkit_load_records{program="evvalidate",count="rejected"}')" 2

log 2026-03-05 6
flock lock "$schedule/nightly" . >"$out" 2>"$err"
status=$?
check 'two at once' 2 '' 'nightly: another run is at work'
fault=$top_builddir/tests/fault.so
if LD_PRELOAD=$fault EVKIT_FAULT=open:0 evload --version >"$tap/preloads" 2>&1; then
	for where in evlake:write:2 evversion:fsync:1 evstar:fsync:2 evload:pwrite:1; do
		cp metrics.prom ../before
		call=${where#*:}
		LD_PRELOAD=$fault EVKIT_FAULT="$call:ENOSPC" EVKIT_FAULT_PROGRAM=${where%%:*} "$schedule/nightly" . >"$out" 2>"$err"
		status=$?
		check "the disk is full for ${where%%:*}" 2 '' "~^${where%%:*}: .*(No space left on device|disk is full)"
		same 'the metrics are those of the last success' metrics.prom ../before
	done
else
	skip 'a full disk' 'nothing can be preloaded here'
fi
run "$schedule/nightly" .
check 'and then there is room' 0
is 'it goes on' "$(totals)" '1 2 3 4 5 6 '

# What logrotate runs between its rename and gzip.
mkdir stubs
printf '#!/bin/sh\necho "$@"\nexit "$SIGNALLED"\n' >stubs/systemctl
printf '#!/bin/sh\necho waited\n' >stubs/sleep
chmod +x stubs/systemctl stubs/sleep
sed '1,/postrotate$/d; /endscript/,$d' "$schedule/shop.logrotate" >postrotate
run "SIGNALLED=0 PATH=$PWD/stubs:\$PATH sh postrotate"
check 'a writer that is told has time to turn' 0 'kill --signal=USR1 shop.service
waited'
run "SIGNALLED=1 PATH=$PWD/stubs:\$PATH sh postrotate"
check 'one that cannot be told is a failure' 1 'kill --signal=USR1 shop.service'
rm -r stubs postrotate

# Names, and what logrotate and gzip leave behind.
log 2026-03-05-13 61
log 2026-03-05-14 62
cp logs/shop.log-2026-03-05.gz logs/shop.log-2026-03-05-15.gz
echo '{"id":"other","type":"Order","time":"2026-03-05T10:00:00Z","v":1,"total":63}' | gzip >logs/bar.log-2026-03-05.gz
run "$schedule/nightly" .
check 'logs of the hour, of another source, and one that came twice' 0
is 'each is a batch of its own' "$(totals)" '1 2 3 4 5 6 61 62 63 '
log 2026-03-05-16 64
mv logs/shop.log-2026-03-05-16.gz ../whole.gz
: >logs/shop.log-2026-03-05-16
: >logs/shop.log-2026-03-05-16.gz
head -c 40 ../whole.gz >logs/shop.log-2026-03-05-17.gz
log 2026-03-05-18 65
run "$schedule/nightly" .
check 'one that is being compressed, one that was cut, and one behind them' 2 '' any
is 'both are named' "$(sed -n 's/^nightly: //p' "$err")" 'logs/shop.log-2026-03-05-16.gz: is still being compressed: run it again when logs/shop.log-2026-03-05-16 is gone
logs/shop.log-2026-03-05-17.gz: status 2'
is 'the one behind them is in' "$(totals)" '1 2 3 4 5 6 61 62 63 65 '
rm logs/shop.log-2026-03-05-16
mv ../whole.gz logs/shop.log-2026-03-05-16.gz
log 2026-03-05-17 66
run "$schedule/nightly" .
check 'and then they are whole' 0
is 'so are the tables' "$(totals)" '1 2 3 4 5 6 61 62 63 64 65 66 '
seq 100000 200000 | sed 's/.*/{"id":"&","type":"Order","time":"2026-03-05T10:00:00Z","v":1,"total":1}/' | gzip >logs/shop.log-2026-03-05-19.gz
mv state/events ../events
: >state/events
run "$schedule/nightly" .
check 'the cause is named, and not those that it stopped' 2 '' '~^nightly: logs/shop.log-2026-03-05-19.gz: status 2$'
rm state/events logs/shop.log-2026-03-05-19.gz
mv ../events state

mv seal ../seal
run "$schedule/nightly" .
check 'no secret' 2 '' any
mkdir ../secret && mv ../seal ../secret/seal
log 2026-03-06 7
CREDENTIALS_DIRECTORY=$PWD/../secret
export CREDENTIALS_DIRECTORY
run "$schedule/nightly" .
check 'the secret as systemd hands it over' 0
is 'all is in' "$(totals)" '1 2 3 4 5 6 7 61 62 63 64 65 66 '
is 'in the lake, too' "$(evlake verify lake | sed 's/ parts.*//')" 'whole: commits 13 batches 13'
is 'nobody else may read' "$(find lake state rejects results loaded metrics.prom -perm /007 | head -n 1)" ''

#
# What Prometheus reads
#
EVKIT_SEAL=$(cat ../secret/seal)
export EVKIT_SEAL
evparse --batch 'a "b" \c é' --first logs/shop.log-2026-03-01.gz | evstar >../rows
run 'evload --metrics ../odd.prom tsv:../tsv ../rows'
check 'a batch of any name' 0
is 'is escaped' "$(grep -c '^evkit_load_info{batch="a \\"b\\" \\\\c é"} 1$' ../odd.prom)" 1
is 'each line is a sample, or says what comes' \
	"$(grep -vE '^evkit_load_[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\})? [0-9]+(\.[0-9]+)?$|^# HELP evkit_load_[a-z_]+ [A-Z].*\.$|^# TYPE evkit_load_[a-z_]+ gauge$' ../odd.prom)" ''
sed -n 's/^evkit_load_records{program="\([a-z]*\)",count="\([a-z-]*\)"} /\1 \2 /p' ../odd.prom >../got
evload --stats - -t orders ../rows 2>&1 >"$tap/rows" | awk '{ for (i = 2; i < NF; i += 2) print $1, $i, $(i + 1) }' >../want
same 'the counts are those of the balance sheet' ../got ../want
evparse --batch twice --first logs/shop.log-2026-03-01.gz | evdedupe | evdedupe | evstar | evload --metrics ../twice.prom tsv:../tsv
is 'no two samples have the same labels' "$(sed 's/ [^ ]*$//' ../twice.prom | sort | uniq -d)" ''
is 'a program that stands in the chain again has a number' "$(grep -c 'program="evdedupe.2",count="in"} 2$' ../twice.prom)" 1
# A stream that never ends: what is in is told while it runs.
sqlite3 shop.db 'DELETE FROM ev_ledger; DELETE FROM orders'
mkfifo ../stream
evparse --batch s --commit-every 1 <../stream | evversion -r ../bad --state ../streamed --since 0 |
	evstar --state ../members | evload --metrics ../stream.prom sqlite:shop.db &
exec 8>../stream
for n in 1 2; do
	echo "{\"id\":\"s$n\",\"type\":\"Order\",\"time\":\"2026-03-01T10:00:00Z\",\"v\":1,\"total\":1}" >&8
	for _ in $(seq 200); do
		grep -q "program=\"evload\",count=\"row\"} $n\$" ../stream.prom 2>"$tap/grep" && break
		sleep 0.05
	done
	is "stream: section $n is in" "$(sqlite3 shop.db 'SELECT count(*) FROM orders')|$(grep -c "batch=\"s.0000000$n\"\|count=\"row\"} $n\$" ../stream.prom)" "$n|2"
done
exec 8>&-
wait
is 'and at its end' "$(grep -c 'count="row"} 2$' ../stream.prom)" 1
if need promtool; then
	sed -n '/^groups:/,/^\.Ed/p' "$srcdir/man/evkit-operate.7" | sed '$d' >../rules.yml
	ok 'promtool finds no fault with the rules of the manual' promtool check rules ../rules.yml
	ok 'nor with the metrics' sh -c 'promtool check metrics <../odd.prom'
fi
cp ../odd.prom ../before
run 'evload --metrics ../odd.prom tsv:../tsv <../rows 2>/dev/null; sed 2d ../rows | evload --metrics ../odd.prom sqlite:shop.db'
check 'a load that fails' 2 '' any
run 'evload --metrics nowhere/x.prom tsv:../tsv ../rows'
check 'a folder that is not there' 2 '' '~^evload: nowhere/x.prom: .*No such file or directory'
run 'evload --metrics - tsv:../tsv ../rows'
check 'no file' 2 '' "evload: --metrics takes a file, which ends in .prom for node_exporter
Try 'evload --help'."
run 'evload --metrics /dev/full tsv:../tsv ../rows'
check 'a full disk' 2 '' '~No space left on device'
cd .. || exit 2

#
# The units
#
if command -v systemd-analyze >"$tap/which"; then
	mkdir units
	sed "s|/usr/local/lib/evkit/nightly|$schedule/nightly|; /^Documentation/d" "$schedule/evkit-nightly.service" >units/evkit-nightly.service
	cp "$schedule/evkit-nightly.timer" "$schedule/evkit-alert@.service" units
	run 'cd units && systemd-analyze verify --man=no ./evkit-nightly.timer ./evkit-nightly.service ./evkit-alert@.service'
	check 'systemd finds no fault with the units' 0
else
	skip 'the units' 'there is no systemd-analyze'
fi
is 'cron: five fields, who, and the job' "$(awk -F '[ \t]+' '/^[0-9]/ { print NF, $6, $7 }' "$schedule/evkit.cron")" '8 evkit /usr/local/lib/evkit/nightly'
done_testing
