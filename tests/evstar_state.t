#!/bin/sh
# evstar --state: members remembered from section to section. The law: what a warehouse holds is what
# evstar makes of everything at once, whatever came in whichever sections. RANDOM_HISTORIES is how many
# random histories are tried (20).
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

export EVKIT_SEAL=a-secret-of-the-job

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
star:
  facts:
    history:
      keep: history
      columns:
        who: {from: .who, type: varchar(20), dimension: dim_user}
        day: {from: .day, type: date, dimension: dim_day}
    latest:
      keep: latest
      for: [Order]
      columns:
        payer: {from: .payer, type: varchar(20), dimension: dim_user}
        n: {from: .n, type: "decimal(12,2)", dimension: dim_pair}
    lines:
      keep: latest
      each: ".lines[]"
      columns:
        sku: {from: $item.sku, type: varchar(20), dimension: dim_sku}
  dimensions:
    dim_user:
      key: .who
      columns:
        name: {from: .name, type: varchar(40)}
        who: {from: .who, type: varchar(20)}
        mail: {from: .mail, type: varchar(40)}
        age: {from: .age, type: int}
        notes: {from: .notes, type: json}
        good: {from: .good, type: bool}
    dim_pair: {key: [.n, .payer], columns: {payer: {from: .payer, type: varchar(20)}, n: {from: .n, type: "decimal(12,2)"}, age: {from: .age, type: int}}}
    dim_sku: {key: $item.sku, each: ".lines[]", columns: {sku: {from: $item.sku, type: varchar(20)}, title: {from: $item.title, type: varchar(20)}, size: {from: $item.size, type: int}}}
    dim_type: {key: .type, columns: {type: {from: .type, type: varchar(20)}}}
    dim_day: {calendar: {from: 2026-03-01, to: 2026-03-31}}
END

# records SEED N: records of a few events, which update, patch, delete, take back and repeat each other.
records()
{
	awk -v seed="$1" -v n="$2" '
	function any(list,   n, all) { n = split(list, all, "|"); return all[int(rand() * n) + 1] }
	BEGIN {
		srand(seed)
		for (i = 0; i < n; i++) {
			lines = ""
			for (k = int(rand() * 3); k > 0; k--)
				lines = lines (lines != "" ? "," : "") "{\"sku\":" any("\"x\"|\"y\"|\"\\u0078\"|null") any("|,\"title\":\"" any("A|B|C") "\"") any("|,\"size\":" int(rand() * 3)) "}"
			printf "{\"id\":\"%s\",\"type\":\"%s\",\"time\":\"2026-03-28T1%d:00:00Z\",\"v\":%d,\"op\":\"%s\"%s%s%s%s%s%s%s%s%s%s}\n",
				any("a|b|B|ab|\303\244|a b|~|0189f7ea-ae2f-7a1b-8c3d-0123456789ab|0189f7ea-ae2f-7a1b-8c3d-0123456789ac|7"), any("Order|Order|Visit"), rand() * 3, rand() * 4,
				any("put|put|put|put|patch|delete"), any("|,\"who\":\"" any("u|v|w") "\"|,\"who\":\"\\u0075\""), any("|,\"payer\":\"" any("u|w|p|q r") "\""),
				any("|,\"name\":null|,\"name\":\"" any("N|M|O P") "\""), any("||,\"mail\":\"" any("m|n") "\""), any("|,\"age\":" int(rand() * 4)),
				any("||,\"notes\":{\"a\" :[ 1, \"x y\"]}"), any("||,\"good\":true"), any("|,\"n\":1.5|,\"n\":1.50|,\"n\":15e-1|,\"n\":2"), any("|,\"day\":\"20" any("26-03-01|27-01-01|25-12-31") "\""), any("|,\"lines\":[" lines "]")
		}
	}'
}

# position FILE: where one stands that has taken the section.
position()
{
	sed -n '1s/.*"store":"\([0-9a-f]*\)","from":[0-9]*,"to":\([0-9]*\),.*"digests":"[0-9a-f]*\([0-9a-f]\{32\}\)".*/\1:\2:\3/p' "$1"
}

# apply TABLE FILE: what a warehouse does with a section.
apply()
{
	[ -f "$1" ] || : >"$1"
	awk -v table="$1" '
	function owner_of(line) { sub(/.*"owner":"/, "", line); sub(/"[^"]*$/, "", line); return line }
	function table_of(line) { if (!match(line, /"table":"[a-z_]*"/)) return ""; return substr(line, RSTART + 9, RLENGTH - 10) }
	function is_dimension(t) { return t ~ /^dim_/ }
	function take(t, o, line) { rows[is_dimension(t) ? t " " o : "fact " o] = rows[is_dimension(t) ? t " " o : "fact " o] line "\n" }
	NR == 1 && FILENAME == table && FNR == 1 { }
	FILENAME == table { o = $0; sub(/.*"_ev":/, "", o); take(table_of(o), owner_of(o), $0); next }
	/^{"_ev":{"head"/ { if (/"from":0,/) split("", rows); next }
	/^{"_ev":{"seal"/ { next }
	/^{"_ev":{"op":"delete","table"/ { delete rows[table_of($0) " " owner_of($0)]; next }
	/^{"_ev":{"op":"delete"/ { o = $0; sub(/,"first":.*/, "}}", o); delete rows["fact " owner_of(o)]; next }
	{ o = $0; sub(/.*"_ev":/, "", o); take(table_of(o), owner_of(o), $0) }
	END { for (r in rows) printf "%s", rows[r] }' "$1" "$2" | LC_ALL=C sort >"$1.new"
	mv "$1.new" "$1"
}

# chain SINCE BATCH FILE: a section out of the records of FILE.
chain()
{
	evversion --first --batch "$2" -r rejects --state st/events --since "$1" "$3" 2>>errors |
		evstar $size --state st/members -r star.rejects 2>>errors >section
}

# everything: the rows of all at once, without evstar's state.
everything()
{
	evversion --first --batch all -r rejects --state st/events --since 0 /dev/null 2>>errors |
		evstar -r star.rejects 2>>errors | grep -v '^{"_ev":' | LC_ALL=C sort
}

# history SEED SECTIONS RECORDS: random records in random sections of at most so many records. Three warehouses: one takes each section, one each
# third, and one begins anew now and then.
history()
{
	rm -rf st near far anew errors
	mkdir st
	near=0 far=0 batch=0
	for n in $(awk -v seed="$1" -v n="$2" -v most="$3" 'BEGIN { srand(seed); while (n-- > 0) print 6 + int(rand() * (most - 5)) }'); do
		batch=$((batch + 1))
		size=$([ $((batch % 2)) = 0 ] || echo -S 64K)
		records "$1$batch" "$n" >in.jsonl
		chain "$near" $batch in.jsonl
		apply near section
		near=$(position section)
		if [ $((batch % 3)) = 0 ]; then
			chain "$far" $batch /dev/null
			apply far section
			far=$(position section)
		fi
		if [ $((batch % 4)) = 2 ]; then
			chain 0 $batch /dev/null
			grep -v '^{"_ev":' section | LC_ALL=C sort >anew
		fi
		everything >want
		cmp near want >>errors 2>&1 || { echo "history $1, section $batch, near"; return; }
		[ $((batch % 3)) != 0 ] || cmp far want >>errors 2>&1 || { echo "history $1, section $batch, far"; return; }
		[ $((batch % 4)) != 2 ] || cmp anew want >>errors 2>&1 || { echo "history $1, section $batch, anew"; return; }
	done
}

histories=${RANDOM_HISTORIES-20}
for i in $(seq 1 "$histories"); do
	history "$i" $((i % 4 + 3)) 36
done >failed
is "$histories random histories: every warehouse holds what is so" "$(cat failed)" ''
history 51 40 12 >failed
is 'a history of 40 sections, whose runs are merged' "$(cat failed)" ''
ok 'as they are: there are fewer runs than sections' test "$(ls st/members/*.gz | wc -l)" -lt 20

# What is emitted

# lines FILE: what a section has, head and seal left out, as [op, table, owner or key column, name, inferred].
lines()
{
	jq -c 'select(._ev.head or ._ev.seal | not) | [._ev.op[:1], ._ev.table, .who // .sku // .date // .type // ._ev.owner, .name // .title, .ev_inferred]' "$1" |
		grep -v -e '"history"' -e '"latest"' -e '"lines"' -e '^\["d",null'
}
key()
{
	printf 'varchar %d:%s' "${#1}" "$1" | md5sum | cut -c 1-32
}
rm -rf st
mkdir st
size=
cat >one.jsonl <<'END'
{"id":"1","type":"Order","time":"2026-03-28T10:00:00Z","v":1,"who":"al","name":"Al","day":"2027-01-01","lines":[{"sku":"x","title":"X"},{"sku":"y"}]}
{"id":"2","type":"Order","time":"2026-03-28T11:00:00Z","v":1,"who":"al","name":"Alan","lines":[{"sku":"x","title":"XX"}]}
{"id":"3","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"who":"bo","name":"Bo"}
END
chain 0 one one.jsonl
cp section first
one=$(position first)
lines first >got
same 'at first there is nothing to delete' got - <<'END'
["i","dim_user","al","Alan",false]
["i","dim_user","bo","Bo",false]
["i","dim_sku","y",null,true]
["i","dim_sku","x","XX",false]
["i","dim_type","Order",null,false]
["i","dim_day","2027-01-01",null,false]
END
echo '{"id":"2","type":"Order","time":"2026-03-28T13:00:00Z","v":2,"who":"al"}' >two.jsonl
cat st/members/*.gz >before
evversion --first --batch two --state st/events --since "$one" two.jsonl >in.2
evstar --state st/members in.2 >section 2>>errors
cp section second
two=$(position second)
lines second >got
same 'what won is taken back: what others said stands again' got - <<END
["d","dim_user","$(key al)",null,null]
["i","dim_user","al","Al",false]
["d","dim_sku","$(key x)",null,null]
["i","dim_sku","x","X",false]
END
printf '%s\n' '{"id":"1","type":"Order","time":"2026-03-28T14:00:00Z","v":2,"who":"cy","day":"2027-01-02","lines":[{"sku":"z"}]}' \
	'{"id":"3","type":"Order","time":"2026-03-28T14:00:00Z","v":2,"op":"delete"}' >three.jsonl
chain "$two" three three.jsonl
cp section third
three=$(position third)
lines third >got
sort -o got got
sort >want <<END
["d","dim_user","$(key al)",null,null]
["i","dim_user","al",null,true]
["d","dim_user","$(key bo)",null,null]
["i","dim_user","bo",null,true]
["d","dim_user","$(key cy)",null,null]
["i","dim_user","cy",null,true]
["d","dim_sku","$(key x)",null,null]
["d","dim_sku","$(key y)",null,null]
["d","dim_sku","$(key z)",null,null]
["i","dim_sku","z",null,true]
["d","dim_day","$(printf 'date 10:2027-01-02' | md5sum | cut -c 1-32)",null,null]
["i","dim_day","2027-01-02",null,false]
END
same 'a member that nobody mentions goes; one that a former version refers to stays, inferred' got want
cp st/members/manifest manifest
chain "$two" again /dev/null
sed '/^{"_ev":{"\(head\|seal\)"/d' section >got
sed '/^{"_ev":{"\(head\|seal\)"/d' third >want
same 'the same once more: the same lines' got want
same 'and the state stays as it is' st/members/manifest manifest
chain "$one" again /dev/null
lines section >got
is 'for one that stands further back: what changed in both' "$(jq -r '.[2]' got | sort -u | tr '\n' ' ')" \
	"$({ for m in al bo cy x y z; do key $m; done; printf 'date 10:2027-01-02' | md5sum | cut -c 1-32; printf '%s\n' al bo cy z 2027-01-02; } | LC_ALL=C sort -u | tr '\n' ' ')"
chain "$three" again /dev/null
is 'for one that has everything: nothing' "$(lines section)" ''
records 3 300 >many.jsonl
chain "$three" many many.jsonl
chain "$(position section)" few one.jsonl
is 'what was said before is neither written nor emitted anew' "$(lines section) $(ls st/members/*.gz | wc -l)" ' 4'

# Positions

# refused NAME MESSAGE COMMAND: with status 2, and the state stays as it is.
refused()
{
	cp st/members/manifest manifest
	run "$3"
	check "$1" 2 any "$2"
	same "$1: the state stays as it is" st/members/manifest manifest
}

rm -rf st
mkdir st
chain 0 one one.jsonl
cp -r st st.1
chain "$(position section)" two two.jsonl
cp -r st st.2
chain "$(position section)" three three.jsonl
evversion --state st/events --since "$(position section)" --batch none /dev/null >in.3
cp -r st.1/members st/members.1
rm -rf st/members
mv st/members.1 st/members
refused 'a state put back from an old copy' \
	'evstar: st/members stands at commit 1, and this shows only what came behind commit 3: take everything with evversion --since 0' \
	'evstar --state st/members in.3'
rm -rf st
cp -r st.2 st
evversion --first --batch one --state st.1/events --since 0 /dev/null >in.1
evversion --first --batch other --state st.1/events --since "$(position in.1)" three.jsonl >in.other
evversion --state st.1/events --since "$(position in.1)" --batch none /dev/null >in.1
refused 'a state of evversion put back from an old copy, which then went on otherwise' \
	'~^evstar: st/members stands at a commit 2 that is not this state.s: one of the two was put back from an old copy; take everything with evversion --since 0$' \
	'evstar --state st/members in.other'
mkdir other
evversion --first --batch one --state other/events --since 0 one.jsonl >in.o
evversion --first --batch two --state other/events --since "$(position in.o)" two.jsonl >in.o2
refused 'another state' '~^evstar: st/members follows another state \([0-9a-f]*\) than the one that this comes from \([0-9a-f]*\): name that, or take everything with evversion --since 0$' \
	'evstar --state st/members in.o2'
run 'evstar --state st/members in.o'
is 'all of another state is taken all the same: the members begin anew' "$status $(lines "$out" | wc -l)" '0 6'
lines "$out" >got
lines first >want
same 'with its members' got want
run 'evstar --state st/members in.o2'
lines "$out" >got
lines second >want
same 'and it is followed from then on' got want
sed 's/varchar(40)/varchar(41)/' evkit.yaml >changed.yaml
refused 'a model that evversion was not run with' 'evstar: evversion was run with another model than this program: name the same one in both' \
	'evstar -m changed.yaml --state st/members in.o2'
rm -rf other st
mkdir st
chain 0 one one.jsonl
sed 's/^    dim_type: .*/    dim_type: {key: .type, columns: {type: {from: .type, type: varchar(20)}, name: {from: .name, type: varchar(20)}}}/' evkit.yaml >star.yaml
evversion -m star.yaml --state st/events --since 0 --batch none /dev/null >in.all
evversion -m star.yaml --state st/events --since "$(position section)" --batch none /dev/null >in.next
evversion -m star.yaml --first --batch two --state st/events --since "$(position in.all)" two.jsonl >in.part
refused 'another star' 'evstar: st/members: was made by another model: take the new one with evversion --since 0' \
	'evstar -m star.yaml --state st/members in.next'
run 'evstar -m star.yaml --state st/members in.all'
lines "$out" | grep dim_type >got
same 'which everything is taken by' got - <<'END'
["i","dim_type","Order","Bo",false]
END
run 'evstar -m star.yaml --state st/members in.part'
is 'and then the rest' "$status $(lines "$out" | grep -c dim_user)" '0 2'

# What comes out of no state, or is no emission

run 'EVKIT_SEAL= evstar --state st/members in.part'
is 'an empty secret is none' "$status" 2
run 'unset EVKIT_SEAL; evstar --state st/members one.jsonl'
check 'without a seal there is no state' 2 '' "evstar: --state needs a sealed pipe, or a program that was stopped would look like the end of the day: set EVKIT_SEAL (evparse --new-seal FILE)
Try 'evstar --help'."
evversion --first one.jsonl >in.none
refused 'input out of no state' 'evstar: --state takes what evversion --state wrote: give evversion a state, or evstar none' \
	'evstar --state st/members in.none'
rm -rf st
mkdir st
made='"_ev":{"version":1,"valid_from":"2026-03-28T10:00:00.000000Z","valid_to":null,"current":true,"deleted":false}}'
a='{"id":"a","type":"T","time":"2026-03-28T10:00:00Z",'$made
b='{"_ev":{"op":"delete","owner":"b","first":1,"from":1}}'
for what in "$a" "$b
$a" "$b
$b" "$b
{\"_ev\":{\"op\":\"delete\",\"owner\":\"a\",\"first\":1,\"from\":1}}"; do
	printf '%s\n' "$what" | "$top_builddir/tests/section" evkit.yaml 0123456789abcdef 0 1 >in.wrong
	run 'evstar --state st/members in.wrong'
	check "events in disorder, or without a delete in front: $(echo "$what" | cut -c 1-12 | tr '\n' ' ')" 2 any \
		'~^evstar: .*: the "_ev" is not as evversion writes it: give evstar what evversion wrote$'
	is 'and nothing counts' "$(grep -c '^run' st/members/manifest 2>/dev/null)" 0
done

# Sections one after another, as of a stream: a commit each

rm -rf st
mkdir st
evversion --first --batch one --state st/events --since 0 one.jsonl >in.1
evversion --first --batch two --state st/events --since "$(position in.1)" two.jsonl >in.2
evversion --first --batch three --state st/events --since "$(position in.2)" three.jsonl >in.3
cat in.1 in.2 in.3 >stream
run 'evstar --stats - --state st/members stream'
sed '/^{"_ev":{"\(head\|seal\)"/d' "$out" >got
cat first second third | sed '/^{"_ev":{"\(head\|seal\)"/d' >want
same 'a stream of sections: the lines of each' got want
is 'with a head and a seal each' "$(grep -c '^{"_ev":{"head"' "$out") $(grep -c '^{"_ev":{"seal"' "$out")" '3 3'
ok 'and their sums' grep -q '^evstar  *in 15  event 9  delete 6 ' "$err"
sed '$d' in.3 >cut.3
rm -rf st/members
cat in.1 in.2 cut.3 >stream
run 'evstar --state st/members stream'
is 'a stream that ends without its seal has committed what was whole' "$status $(grep -c '^{"_ev":{"seal"' "$out")" '2 2'
run 'evstar --state st/members in.3'
sed '/^{"_ev":{"\(head\|seal\)"/d' "$out" >got
sed '/^{"_ev":{"\(head\|seal\)"/d' third >want
same 'and goes on from there' got want
rm -rf st/members
echo '{"id":"4","type":"Order","time":"2026-03-28T12:00:00Z","v":1,"who":"a name that is too long for it"}' >bad.jsonl
evversion --first --batch bad --state st/events --since "$(position in.3)" bad.jsonl >in.4
cat in.1 in.2 in.3 in.4 >stream
run 'evstar -r rejects --max-rejects 0 --state st/members stream'
is 'a section that is not approved is not taken' "$status $(grep -c '"ok":false' "$out")" '1 1'
run 'evstar -r rejects --state st/members in.4'
is 'until it is' "$status $(grep -c '"ok":true' "$out")" '0 1'

# Crashes

fault=$top_builddir/tests/fault.so
if [ -e "$fault" ] && LD_PRELOAD=$fault EVKIT_FAULT=open:0 evstar --version >"$tap/preloads" 2>&1; then
	rm -rf st
	mkdir st
	evstar --state st/members in.1 >"$tap/1" 2>&1
	cp -r st/members base
	evstar --state st/members in.2 2>"$tap/2" | sed '/^{"_ev":{"\(head\|seal\)"/d' >want
	for call in open read write pwrite fsync rename close unlink ftruncate flock; do
		n=1 bad=
		while [ $n -lt 40 ]; do
			for how in kill "done" '' short; do
				case $call$how in *short) [ $call = write ] || continue ;; esac
				rm -rf st/members
				cp -r base st/members
				LD_PRELOAD=$fault EVKIT_FAULT=$call:$n${how:+:$how} evstar --state st/members in.2 >"$tap/killed" 2>"$tap/told"
				ended=$?
				case $ended in
				0) sed '/^{"_ev":{"\(head\|seal\)"/d' "$tap/killed" | cmp -s want || bad="$bad $n:$how:0" ;;
				2) grep -q '^evstar: ' "$tap/told" || bad="$bad $n:$how:untold" ;;
				137) ;;
				*) bad="$bad $n:$how:$ended" ;;
				esac
				for again in 1 2; do
					evstar --state st/members in.2 2>"$tap/told" | sed '/^{"_ev":{"\(head\|seal\)"/d' | cmp -s want ||
						bad="$bad $n:$how:again$again"
				done
			done
			[ $ended != 0 ] || [ $n -lt 3 ] || break
			n=$((n + 1))
		done
		is "$call failing, killed before or behind it, at any of $n: the same line again makes it good" "$bad" ''
	done
	# A bit that flips is found, or was of no account.
	bad=
	for file in base/*; do
		length=$(wc -c <"$file")
		[ "$length" -gt 0 ] || continue
		for at in 0 $((length / 3)) $((length / 2)) $((length - 2)); do
			rm -rf st/members
			cp -r base st/members
			printf '\377' | dd of="st/members/${file#base/}" bs=1 seek=$at conv=notrunc 2>"$tap/dd"
			evstar --state st/members in.2 >"$tap/got" 2>"$tap/told"
			case $? in
			0) sed '/^{"_ev":{"\(head\|seal\)"/d' "$tap/got" | cmp -s want || bad="$bad $file:$at" ;;
			2) grep -q '^evstar: st/members/' "$tap/told" || bad="$bad $file:$at:$(cat "$tap/told")" ;;
			*) bad="$bad $file:$at" ;;
			esac
		done
	done
	is 'a byte that was changed in any file is found' "$bad" ''
else
	skip 'crashes' 'tests/fault.so is not built, or cannot be preloaded'
fi

done_testing
