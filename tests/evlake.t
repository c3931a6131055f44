#!/bin/sh
# evlake: the raw archive: what was appended is there, once and whole, in its folders.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

unset EVKIT_SEAL
rounds=${LAKE_ROUNDS-50}
lines=${LAKE_LINES-20000}
folders=${LAKE_FOLDERS-0}
fault=$top_builddir/tests/fault.so

# event ID TYPE TIME [MORE]
event()
{
	printf '{"event_id":%s,"event_type":"%s","event_timestamp":"%s"%s}\n' "$1" "$2" "$3" "${4-}"
}

# sorted COMMAND...: its lines in order.
sorted()
{
	"$@" | LC_ALL=C sort
}

# folders LAKE: the parts, and how many lines are in each.
folders()
{
	(cd "$1" && find dt=* -type f | LC_ALL=C sort | while read -r part; do
		echo "$part $(zcat "$part" | wc -l)"
	done)
}

{
	event '"a"' Order 2026-03-01T23:59:59.999999999Z ',"total":19.10'
	event '"a"' Order 2026-03-01T20:00:00-05:00
	event '"b"' 'Refund/é' 2026-03-01T00:00:00Z
	event '"c"' "$(printf '%0201d' 0)" 2026-03-01T00:00:00Z
	event 12 Order 1969-12-31T23:59:59Z
	event '"12"' Order 0001-01-01T00:00:00Z
	event '"d"' Order 2026-03-01
	event '""' Order 2026-03-01T00:00:00Z
	printf 'caf\351 \000 \033[31m\n[]\n{"event_id":"a","event_id":"a"}\n'
	printf '{"event_id":\n  x\t\n'
	event '"e"' Order 2026-03-01T00:00:00Z ',"_ev":{"version":1}'
	event '"e"' '' 2026-03-01T00:00:00Z
} >day

#
# Appending
#
run evlake append --batch d1 --buckets 1 lake day
check 'append hands on what it keeps' 0 @day
none=__HIVE_DEFAULT_PARTITION__
folders lake >got
same 'each line is in its folder' got - <<END
dt=0001-01-01/type=Order/bucket=00/00000001.jsonl.gz 1
dt=1969-12-31/type=Order/bucket=00/00000001.jsonl.gz 1
dt=2026-03-01/type=Order/bucket=00/00000001.jsonl.gz 2
dt=2026-03-01/type=Refund%2F%C3%A9/bucket=00/00000001.jsonl.gz 1
dt=2026-03-01/type=$none/bucket=00/00000001.jsonl.gz 2
dt=2026-03-02/type=Order/bucket=00/00000001.jsonl.gz 1
dt=$none/type=$none/bucket=00/00000001.jsonl.gz 7
END
sorted cat day >want
is 'cat gives them back, byte for byte' "$(sorted evlake cat lake | cksum)" "$(cksum <want)"
run 'evlake verify lake | sed "s/ packed.*//"'
check 'verify' 0 "whole: commits 1 batches 1 parts 7 lines 15 bytes $(wc -c <day)"
if need jq; then
	is 'the commit has counts and times' "$(jq -c 'select(.add) | [.add, .rows, .bytes, .from, .to]' \
		lake/_evlake/commits/00000001.jsonl | LC_ALL=C sort | grep 03-01/type=Order)" \
		'["dt=2026-03-01/type=Order/bucket=00/00000001.jsonl.gz",2,'"$(sed -n "1p; 14p" day | wc -c)"',"2026-03-01T00:00:00.000000Z","2026-03-01T23:59:59.999999Z"]'
fi
printf '{"event_id":"x","event_type":"%s","event_timestamp":"2026-03-01T00:00:00Z"}\n' $none ../.. .. "$(printf '%0200d' 0)" \
	"$(printf '%067d' 0 | tr 0 :)" >types
run "evlake append --batch t --buckets 1 types.lake types -o /dev/null; folders types.lake | sed 's/0\{200\}/zeros/'"
check 'hostile names of types stay in the lake' 0 "$(printf 'dt=2026-03-01/type=%s/bucket=00/00000001.jsonl.gz %d\n' \
	..%2F.. 1 .. 1 zeros 1 $none 2)"
run 'evlake cat --type .. types.lake | cut -c 31-50; evlake cat --type ../.. types.lake | wc -l'
check 'and are found' 0 '..","event_timestamp
1'

#
# The same batch twice is one
#
run 'evlake append --batch d1 lake day | cmp - day'
check 'the same again' 0 '' 'evlake: the batch was in the lake already, and is not added again'
LC_ALL=C sort -r day >turned
run 'evlake append --batch d1 lake turned -o /dev/null'
check 'in another order' 0 '' 'evlake: the batch was in the lake already, and is not added again'
for change in 1d '1s/a/b/' '1p' '1{p;p;d}'; do
	LC_ALL=C sed "$change" day >changed
	run evlake append --batch d1 lake changed -o changed.out
	check "with other lines ($change) it is another" 2 '' "~^evlake: lake: the batch d1 is in the lake with other lines \\(15 there, [0-9]+ now\\): give this one another name\$"
	ok 'and has no output' [ ! -e changed.out ]
done
is 'the lake is as it was' "$(sorted evlake cat lake | cksum; find lake -name '*.gz' | wc -l)" "$(cksum <want; echo 7)"
run 'evlake append --batch d2 lake day | cmp - day'
check 'under another name it is added' 0
is 'and is there twice' "$(sorted evlake cat lake | uniq -c | LC_ALL=C awk '{ print $1 }' | sort | uniq -c | tr -s ' ')" ' 15 2'
run evlake append --batch none lake /dev/null
check 'a batch of nothing' 0
run evlake append --batch none lake /dev/null
check 'twice' 0 '' 'evlake: the batch was in the lake already, and is not added again'
printf '\n \t\n' | evlake append --batch blank lake -o "$tap/blank"
run 'evlake verify lake | sed "s/ bytes.*//"'
check 'what is blank is no line' 0 'whole: commits 4 batches 4 parts 14 lines 30'
head -n 1 day | sed 's/$/\r/' >crlf
run 'evlake append --batch crlf crlf.lake crlf; evlake cat crlf.lake'
check 'a CR at the end is none of a line' 0 "$(head -n 1 day; head -n 1 day)"
is 'trouble without a name' "$(evlake append lake day 2>&1)" \
	'evlake: a lake must know each batch by its name: give --batch ID here, or to the program that begins the chain'

#
# Reading by day, type and bucket
#
awk 'BEGIN { for (i = 0; i < 600; i++) printf "{\"event_id\":\"e%d\",\"event_type\":\"T%d\",\"event_timestamp\":" \
	"\"2026-03-%02dT%02d:00:00Z\",\"i\":%d}\n", i % 50, i % 3, i % 5 + 1, i % 24, i; print "broken" }' >many
evlake append --batch m --buckets 4 many.lake many -o /dev/null || exit 2
# cats OPTIONS PATTERN: what is read is the lines of that pattern.
cats()
{
	grep -E "$2" many | LC_ALL=C sort >wanted
	is "cat $1" "$(sorted evlake cat $1 many.lake | cksum)" "$(cksum <wanted)"
}
cats '' .
cats '--from 2026-03-01 --to 2026-03-01' 2026-03-01
cats '--from 2026-03-04' '2026-03-0[45]'
cats '--to 2026-03-02' '2026-03-0[12]'
cats '--from 2026-03-03 --to 2026-03-02' nothing
cats '--type T1' '"T1"'
cats '--type T' nothing
cats '--type T1 --from 2026-03-02 --to 2026-03-03' '"T1".*-0[23]T'
cats '--broken' broken
cats '--broken --type T1' broken
is 'buckets are all there is, once' "$(for b in 0 1 2 3; do evlake cat --bucket $b many.lake; done | LC_ALL=C sort | cksum)" \
	"$(LC_ALL=C sort many | cksum)"
is 'an event is in one bucket' "$(for b in 0 1 2 3; do evlake cat --bucket $b many.lake | grep -o '"e[0-9]*"' | sort -u; done | sort | uniq -d)" ''
run evlake cat --bucket 5 many.lake
check 'a bucket that is not there' 0
gunzip -c many.lake/dt=2026-03-01/type=T0/bucket=00/00000001.jsonl.gz >"$tap/gz" || exit 2
rm many.lake/dt=2026-03-02/type=T0/bucket=01/00000001.jsonl.gz
run 'evlake cat --type T1 many.lake | wc -l'
check 'what is not asked for is not read' 0 200

#
# The envelope
#
printf '{"n":1,"k":"T","at":"2026-03-01T00:00:00Z"}\n' >other
run 'evlake append --batch o --id .n --type .k --time .at --buckets 1 o1.lake other; folders o1.lake'
check 'paths as options' 0 "$(cat other)
dt=2026-03-01/type=T/bucket=00/00000001.jsonl.gz 1"
printf 'evkit: 1\nname: x\nevent: {id: .n, type: .k, time: .at, order: time}\n' >model.yaml
run 'evlake append --batch o -m model.yaml --buckets 1 o2.lake other; folders o2.lake'
check 'a model' 0 "$(cat other)
dt=2026-03-01/type=T/bucket=00/00000001.jsonl.gz 1"

#
# Chains
#
(
	export EVKIT_SEAL=secret
	sed -n 1,5p day >good
	evparse --batch s1 good | evlake append chain.lake --stats - | evdedupe -o out 2>told
	cat out >out1
	evparse --batch s1 good | evlake append chain.lake | sed '$d' | evdedupe -o none1 2>>told
	evparse --batch s2 many -r "$tap/r" | sed '$d' | evlake append chain.lake -o none2 2>>told
	evlake cat chain.lake --batch again | evdedupe --stats - -o again
	evlake append --first --batch raw chain.lake day | evdedupe -r raw.rejects -o raw
	evlake cat --type Order chain.lake | head -n 1 >first.line
) 2>"$tap/chain"
is 'a section that is not whole is not added' "$(evlake verify chain.lake | sed 's/ packed.*//')" \
	"whole: commits 2 batches 2 parts 18 lines 20 bytes $(cat day good | wc -c)"
is 'its seal is handed on' "$(tail -n 1 out | grep -o '"program":"[a-z]*"' | tr '\n' ' ')" \
	'"program":"evparse" "program":"evlake" "program":"evdedupe" '
ok 'and what is behind sees a broken one' [ ! -e none1 ]
is 'cat begins a chain' "$(grep -c . again) $(grep -v '^{"_ev":{"' again | LC_ALL=C sort | cksum)" "12 $(LC_ALL=C sort good | cksum)"
ok 'whose lines nobody has checked' grep -q '"checked":false' first.line
is 'a reject behind it names the line of the log' "$(grep -o '"source":"day","line":[0-9]*' raw.rejects | cut -d: -f3 | tr '\n' ' ')" '8 9 10 11 12 13 '

#
# What goes wrong
#
run evlake verify nosuch
check 'no lake' 2 '' 'evlake: nosuch: there is no lake: name the folder that evlake append made'
run evlake cat day
check 'a file' 2 '' 'evlake: day: there is no lake: name the folder that evlake append made'
run evlake append --batch x day day
check 'a file to append to' 2 any '~^evlake: day'
run evlake append --batch x --buckets 2 lake day -o /dev/null
check 'other buckets' 2 '' 'evlake: lake: the lake has 1 buckets, which cannot be changed: leave out --buckets'
for value in 0 101 x -1; do
	run "evlake append --buckets '$value' lake day"
	check "--buckets $value" 2 '' '~^evlake: --buckets takes a number'
done
for value in 2026-3-1 2026-02-30 today; do
	run evlake cat --from $value lake
	check "--from $value" 2 '' "~^evlake: --from takes a day such as 2026-03-01, not '$value'"
done
run evlake cat lake more
check 'cat takes no more than a lake' 2 '' '~^evlake: cat takes the folder of a lake alone'
run evlake append
check 'append needs one' 2 '' '~^evlake: append takes the folder of a lake'
run evlake comapct lake
check 'a mistyped command' 2 '' "~^evlake: no command 'comapct': .*'compact'"

# damaged NAME COMMAND: a copy of a lake in which COMMAND did something.
damaged()
{
	rm -rf copy
	cp -r chain.lake copy
	part=$(find copy -name '*.gz' | LC_ALL=C sort | tail -n 1)
	commit=copy/_evlake/commits/00000001.jsonl # for the command
	export part commit
	eval "$2"
	run evlake verify copy
	check "$1: verify" "$3" any "${4-}"
	run 'evlake cat copy >cat.out'
	check "$1: cat" 2 '' any
}
damaged 'a part is gone' 'rm "$part"' 1
damaged 'a part is another' 'echo x | gzip >"$part"' 1
damaged 'a part has a line more' 'echo x | gzip >>"$part"' 1
damaged 'a part is cut' 'head -c 30 "$part" >x; mv x "$part"' 1
damaged 'a commit is damaged' 'sed -i "1s/1/2/" $commit' 2 '~is damaged'
damaged 'a commit is cut' 'sed -i "\$d" $commit' 2 '~is damaged'
damaged 'a commit is gone' 'rm $commit' 2 '~^evlake: copy/_evlake/commits/00000002.jsonl: the commit before it is missing: bring that back from a copy of the lake$'
damaged 'a commit is no file' 'rm $commit; mkdir $commit' 2 '~cannot be read'

# Files that no commit names are read by nobody here, and by others.
unnamed='no commit names it, so evlake does not read it, and others do: a commit is missing, or it is not the lake.s$'
strange()
{
	rm -rf copy
	cp -r chain.lake copy
	eval "$2"
	run evlake verify copy
	check "$1: verify" 1 "~$unnamed"
	is "$1: which" "$(sed -n 's/: no commit.*//p' "$out" | sort -u | head -n 2 | tr '\n' ' ')" "$3"
	run 'evlake cat copy >cat.out'
	check "$1: cat reads what is named" 0
}
strange 'the last commit is gone' 'rm copy/_evlake/commits/00000002.jsonl' \
	"$(cd chain.lake && find dt=* -name 00000002.jsonl.gz | LC_ALL=C sort | head -n 2 | sed 's|^|copy/|' | tr '\n' ' ')"
strange 'a foreign file' 'cp day copy/dt=2026-03-01/more.json' 'copy/dt=2026-03-01/more.json '
strange 'a link to itself' 'ln -s . copy/loop; sed 1d day >copy/"a file"' 'copy/a file copy/loop/a file '
rm -rf copy
cp -r chain.lake copy
touch copy/.hidden copy/_SUCCESS copy/_evlake/commits/1.jsonl copy/_evlake/commits/readme
run 'evlake verify copy | sed "s/ .*//"'
check 'what readers of folders pass over is no stranger' 0 whole:
if LD_PRELOAD=$fault EVKIT_FAULT=open:0 evlake --version >"$tap/preloads" 2>&1; then
	sed 's/"event_id":"/&new-/' day >other.day
	for n in 2 3 4 5; do
		rm -rf copy
		cp -r chain.lake copy
		(
			LD_PRELOAD=$fault EVKIT_FAULT=rename:$n:kill evlake append --batch new copy other.day -o /dev/null
			:
		) 2>"$tap/killed"
		run 'evlake verify copy | sed "s/ .*//"'
		check "a writer was killed before name $n: what it left is no stranger" 0 whole:
	done
	ok 'it did leave something' test -n "$(find copy/dt=* -name 00000003.jsonl.gz)"
else
	skip 'a writer that was killed' 'nothing can be preloaded here'
fi

# Two writers
mkfifo pipe
evlake append --batch slow two.lake pipe -o slow.out &
exec 9>pipe
head -n 1 day >&9
until_true [ -e two.lake/_evlake/lock ]
sleep 0.3
run evlake append --batch fast two.lake day
check 'a second writer' 2 '' 'evlake: two.lake: another evlake writes to this lake: try again when it has ended'
run evlake cat two.lake
check 'a reader does not wait' 0
exec 9>&-
wait
is 'the first one ends' "$(evlake cat two.lake)" "$(head -n 1 day)"

#
# compact
#
for i in 1 2 3 4 5; do
	awk -v i=$i 'int((NR - 1) / 121) == i - 1' many >part$i
	evlake append --batch "p$i" --buckets 2 small.lake part$i -o /dev/null || exit 2
done
many_sum=$(LC_ALL=C sort many | cksum)
# killed_compact CALL: it is killed at one of these, at the first, the last and some between.
killed_compact()
{
	rm -rf copy
	cp -r small.lake copy
	LD_PRELOAD=$fault EVKIT_FAULT=$1:0 EVKIT_FAULT_COUNT=calls evlake compact copy >"$tap/compact"
	last=$(cat calls) wrong=
	for n in $(seq 1 17 "$last") $(seq $((last - 6)) "$last"); do
		rm -rf copy
		cp -r small.lake copy
		(
			LD_PRELOAD=$fault EVKIT_FAULT=$1:$n:kill evlake compact copy
			:
		) >"$tap/compact" 2>&1
		evlake verify copy 2>&1 | grep -q ^whole: && [ "$(sorted evlake cat copy | cksum)" = "$many_sum" ] &&
			evlake compact copy >"$tap/compact" 2>&1 &&
			[ "$(find copy/dt=* -type f -exec zcat {} + | LC_ALL=C sort | cksum)" = "$many_sum" ] &&
			[ "$(find copy/_evlake/commits -type f | wc -l)" -eq 1 ] || wrong="$wrong $n"
	done
	is "compact is killed at a $1: nothing is lost, and the next one ends it" "$wrong" ''
}
is 'many parts' "$(find small.lake -name '*.gz' | wc -l)" 151
if LD_PRELOAD=$fault EVKIT_FAULT=open:0 evlake --version >"$tap/preloads" 2>&1; then
	killed_compact rename
	killed_compact unlink
else
	skip 'compact that was killed' 'nothing can be preloaded here'
fi
run 'evlake compact small.lake | sed "s/ packed.*//"; ls small.lake/_evlake/commits'
check 'compact' 0 "merged: 150
now: commits 6 batches 5 parts 31 lines 601 bytes $(wc -c <many)
00000006.jsonl"
is 'the lines stay' "$(sorted evlake cat small.lake | cksum)" "$many_sum"
is 'in the folders, too' "$(find small.lake/dt=* -name '*.gz' -exec zcat {} + | LC_ALL=C sort | cksum)" "$many_sum"
is 'one part a folder' "$(find small.lake/dt=* -name '*.gz' | sed 's|/[^/]*$||' | sort | uniq -d)" ''
run evlake append --batch p3 small.lake part3 -o /dev/null
check 'batches are known as before' 0 '' '~already'
run 'evlake append --batch p6 small.lake day -o /dev/null; evlake verify small.lake | sed "s/ parts.*//"'
check 'and it goes on' 0 'whole: commits 7 batches 6'

#
# More folders than one commit can make anew
#
if [ "$folders" -gt 65536 ] && LD_PRELOAD=$fault EVKIT_FAULT=open:0 evlake --version >"$tap/preloads" 2>&1; then
	for id in a b; do
		awk -v n="$folders" -v id=$id 'BEGIN { for (i = 0; i < n; i++) printf \
			"{\"event_id\":\"%s%d\",\"event_type\":\"T%d\",\"event_timestamp\":\"2026-03-%02dT10:00:00Z\"}\n", id, i, i / 28, i % 28 + 1 }' |
			split -n r/2 - wide.$id
	done
	cat wide.?a? | LC_ALL=C sort >wide
	for part in wide.?a?; do
		evlake append --batch "$part" --buckets 1 wide.lake "$part" -o /dev/null || exit 2
	done
	sed -n 's/.*type":\("T[0-9]*"\).*/\1/p' wide | sort -u | tr -d '"' >types
	run evlake erase --values types wide.lake .event_type
	check 'too much to erase at once' 2 '' \
		'evlake: wide.lake: lines of more than 65536 folders leave, which is too much for one commit: give fewer values at a time'
	run 'LD_PRELOAD=$fault EVKIT_FAULT=rename:65545:kill evlake compact wide.lake'
	ok 'compact is killed in its second round' [ "$status" -gt 2 ]
	run 'evlake verify wide.lake | sed "s/ lines.*//"'
	check 'the first one stays' 0 "whole: commits 5 batches 4 parts $((2 * folders - 65536))"
	run 'evlake compact wide.lake | sed "s/ lines.*//"'
	check 'the next one goes on' 0 "merged: $((2 * (folders - 65536)))
now: commits 6 batches 4 parts $folders"
	run 'evlake verify wide.lake | sed "s/ lines.*//"'
	check 'to the end' 0 "whole: commits 6 batches 4 parts $folders"
	sorted evlake cat wide.lake >got
	same 'the lines stay' got wide
	rm -r wide.lake
else
	skip 'more folders than one commit can make anew' 'LAKE_FOLDERS is not above 65536, or nothing can be preloaded here'
fi

#
# Sizes
#
head -c 5000000 /dev/urandom | tr -d '\n\r' | cat - day >long
run 'evlake append --batch long long.lake long | cmp - long && evlake cat long.lake | LC_ALL=C sort | cksum'
check 'a line of megabytes' 0 "$(LC_ALL=C sort long | cksum)"
awk -v n="$lines" 'BEGIN { srand(5); for (i = 0; i < n; i++) if (rand() < 0.01) printf "br\377ken %d\t{\n", i; else \
	printf "{\"event_id\":\"e%d\",\"event_type\":\"T%d\",\"event_timestamp\":\"2026-%02d-%02dT%02d:00:00Z\",\"i\":%d}\n", \
	i / 3, i % 4, i % 12 + 1, i % 28 + 1, i % 24, i }' >large
run 'evlake append --batch large large.lake large | cmp - large && evlake cat large.lake | LC_ALL=C sort | cksum'
check "$lines lines, 1% of them broken" 0 "$(LC_ALL=C sort large | cksum)"

#
# Faults, kills and reruns
#
if LD_PRELOAD=$fault EVKIT_FAULT=open:0 evlake --version >"$tap/preloads" 2>&1; then
	mkdir random && cd random || exit 2
	is "$rounds random appends, kills and reruns" "$(perl "$srcdir/tests/evlake_random.pl" "$rounds" 1 2>&1)" ''
	cd .. || exit 2
else
	skip 'random appends, kills and reruns' 'nothing can be preloaded here'
fi
done_testing
