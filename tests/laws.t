#!/bin/sh
# The one law: what the warehouse holds is a function of the set of records, not of the order, the
# batches or the number of times in which they came. PERMUTE_EVERY is which of the 720 orders of six
# records are tried: one of so many (7; of the slower sets, one of four to eight times as many).
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# A real history has events whose type changes, which evversion tells.
retyped()
{
	sed -i '/^evversion: events change their type from one version to the next/d' "$err"
}

# Six records do not say all that the model asks for, which evstar tells.
wanting()
{
	sed -i '/^evstar: evkit.yaml:[0-9]*:[0-9]*: no event of the batch has /d' "$1"
}

cat >evkit.yaml <<'END'
evkit: 1
name: law
event: {id: .id, type: .type, time: .time, version: .v, modified: .mod, op: .op, ignore: [.got]}
star:
  facts:
    events:
      keep: history
      columns:
        id: {from: .id, type: varchar(40)}
        time: {from: .time, type: timestamp, dimension: dim_day}
        user: {from: .user, type: varchar(20), dimension: dim_user}
        meta: {from: .meta, type: json}
    lines:
      keep: latest
      each: ".lines[]"
      columns:
        pos: {from: $index, type: int}
        sku: {from: $item.sku, type: varchar(20), dimension: dim_product}
        price: {from: $item.price, type: "decimal(12,2)"}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(20)}, name: {from: .name, type: varchar(20)}, email: {from: .email, type: varchar(40)}}}
    dim_product: {key: $item.sku, each: ".lines[]", columns: {sku: {from: $item.sku, type: varchar(20)}, title: {from: $item.title, type: varchar(20)}}}
    dim_day: {calendar: {from: 2026-03-01, to: 2026-03-02}}
END

# permute FILE EVERY: writes the permutations of FILE's 6 lines to in/1, in/2 ...; of the 720 only each
# EVERYth.
permute()
{
	rm -rf in versions rows rejects
	mkdir in versions rows rejects
	awk -v every="$2" '
	function out(  i, name) {
		if (n++ % every)
			return
		name = "in/" n
		for (i = 1; i <= 6; i++)
			print line[i] >name
		close(name)
	}
	# Heap: each permutation once.
	function heap(k,  i, t, from) {
		if (k == 1) {
			out()
			return
		}
		for (i = 1; i <= k; i++) {
			heap(k - 1)
			from = k % 2 ? 1 : i
			t = line[from]
			line[from] = line[k]
			line[k] = t
		}
	}
	{ line[NR] = $0 }
	END { heap(6) }' "$1"
}

# one_outcome NAME FOLDER: its files are all the same.
one_outcome()
{
	if [ "$(cat "$2"/* | wc -c)" -eq 0 ]; then
		is "$1" 'nothing at all' 'something'
		return
	fi
	# shellcheck disable=SC2012 # names are numbers
	first=$2/$(ls "$2" | sort -n | head -n 1)
	for file in "$2"/*; do
		cmp -s "$file" "$first" && continue
		diag "the order:"
		sed 's/^/#   /' "in/${file##*/}"
		same "$1" "$file" "$first"
		return
	done
	same "$1" "$first" "$first"
}

# law NAME EVERY [FILTER] <<END: the 6 records, in each of their permutations, give the same bytes of
# evversion, the same rejects and the same rows; as FILTER, a command, shows them.
law()
{
	cat >records
	permute records "$2"
	n=0
	: >words
	for file in in/*; do
		i=${file#in/}
		n=$((n + 1))
		evdedupe "$file" | evversion -r rejects/raw | tee versions/raw | evstar >rows/raw 2>told || echo "status $?" >>rows/raw
		wanting told
		cat told >>words
		# what it says of the line is of the order in which lines came
		sed 's/"line":[0-9]*,"offset":[0-9]*,//; s/"source":"[^"]*",//; s/the record at [^ ]* has/the record has/' rejects/raw | sort >"rejects/$i"
		${3-cat} versions/raw >"versions/$i"
		sort rows/raw | ${3-cat} >"rows/$i"
		rm rejects/raw versions/raw rows/raw
	done
	is "$1: the orders" $n $(((719 + $2) / $2))
	one_outcome "$1: evversion's bytes" versions
	one_outcome "$1: the rows" rows
	is "$1: evstar has no more to say" "$(cat words)" ''
}

# Strides that do not divide 720, where they can: else the same records would always come first.
every=${PERMUTE_EVERY-7}
[ "$SANITIZE" = yes ] && every=$((every * 2 - 1))
less=$((every * 4 + 1))
least=$((every * 8 + 1))

# What became of an event: its delete line, and its versions as FILTER shows them.
became()
{
	jq -c "if ._ev.op then [._ev.op, ._ev.owner] else $1 end" versions/1 | tr '\n' ' '
}

law 'put, update, conflict, patch, delete, redelivery' $every <<'END'
{"id":"o","type":"Order","time":"2026-03-01T10:00:00Z","v":1,"user":"al","name":"Al","lines":[{"sku":"x","price":19.10,"title":"X"},{"sku":"y","price":1},{"sku":"z","price":2}]}
{"id":"o","type":"Order","time":"2026-03-02T10:00:00Z","v":2,"user":"bo","email":"bo@example.org","lines":[{"sku":"x","price":19.20},{"sku":"z","price":2}]}
{"id":"o","type":"Order","time":"2026-03-02T10:00:00Z","v":2,"user":"cy","lines":[{"sku":"w","price":5}]}
{"id":"o","type":"Order","time":"2026-03-02T11:00:00Z","v":3,"op":"patch","user":null,"meta":{"a":null,"b":[null]},"lines":[{"sku":"z","price":2,"title":"Z"}]}
{"id":"o","type":"Order","time":"2026-03-01T09:00:00Z","v":4,"op":"delete"}
{"id":"o","type":"Order","time":"2026-03-01T10:00:00Z","v":1,"user":"al","name":"Al","lines":[{"sku":"x","price":19.10,"title":"X"},{"sku":"y","price":1},{"sku":"z","price":2}]}
END
one_outcome 'put, update, conflict, patch, delete, redelivery: the rejects' rejects
# That the law holds is worth something only where there is something to hold.
is 'what came of it' "$(became '[._ev.valid_from[5:16], .user, ._ev.current, ._ev.deleted]')" \
	'["delete","o"] ["03-01T10:00","al",false,false] ["03-02T10:00","cy",false,false] ["03-02T11:00",null,false,false] ["03-02T11:00",null,false,true] '
# Versions that were superseded refer to members, of whom they say nothing any more.
is 'and who is known' "$(jq -c 'select(._ev.table == "dim_user") | [.user, .name, .ev_inferred]' rows/1 | sort | tr '\n' ' ')" \
	'["al",null,true] ["cy",null,true] '
is 'and what is rejected' "$(jq -r '._ev.reject.code' rejects/1)" conflict

law 'no versions: ties, an orphan, a leading delete, an undelete' $less <<'END'
{"id":"o","type":"Order","time":"2026-03-01T10:00:00Z","user":"al","name":"A","lines":[{"sku":"x"}]}
{"id":"o","type":"Order","time":"2026-03-01T10:00:00Z","op":"delete"}
{"id":"o","type":"Order","time":"2026-03-01T09:00:00Z","op":"delete"}
{"id":"o","type":"Order","time":"2026-03-01T11:00:00Z","op":"patch","user":"lost"}
{"id":"o","type":"Order","time":"2026-03-01T12:00:00Z","user":"al","lines":[{"sku":"y"},{"sku":"x","title":"X"}]}
{"id":"o","type":"Order","time":"2026-03-01T12:00:00Z","op":"patch","email":"al@example.org"}
END
one_outcome 'no versions: the rejects' rejects
is 'no versions: what came of it' "$(became '[._ev.valid_from[11:16], .user, ._ev.current, ._ev.deleted]')" \
	'["delete","o"] ["10:00","al",false,false] ["10:00","al",false,true] ["12:00","al",false,false] ["12:00","al",true,false] '

law 'several events tell of one customer' $less <<'END'
{"id":"a","type":"Order","time":"2026-03-01T10:00:00Z","v":"10","user":"al","name":"ten","lines":[{"sku":"x","title":"B"},{"sku":"x","title":"C"}]}
{"id":"b","type":"Order","time":"2026-03-01T10:00:00Z","v":9,"user":"al","name":"nine","email":"old"}
{"id":"c","type":"Order","time":"2026-03-01T08:00:00Z","v":1,"mod":"2026-03-01T10:00:00Z","user":"al","email":null,"lines":[{"sku":"x","title":"D"},{"sku":"x","title":"E"}]}
{"id":"d","type":"Order","time":"2026-03-01T07:00:00Z","v":1,"user":"al","email":"older"}
{"id":"d","type":"Order","time":"2026-03-01T06:00:00Z","v":2,"user":"al","name":"two","email":"oldest"}
{"id":"a","type":"Order","time":"2026-03-01T09:00:00Z","v":11,"user":"bo"}
END
# The first version of a is superseded. Of what is current, the later counts; at one moment the greater
# event's, though it says null, and of one event the last element's.
is 'several events: what came of it' \
	"$(jq -c 'select(._ev.table == "dim_user") | [.user, .name, .email]' rows/1 | sort | tr '\n' ' ')$(jq -c 'select(._ev.table == "dim_product") | .title' rows/1)" \
	'["al","nine",null] ["bo",null,null] "E"'

law 'redeliveries in other words' $least 'jq -Sc del(.got)' <<'END'
{"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"Order","time":"2026-03-01T10:00:00Z","v":1,"got":1,"user":"al","meta":{"n":1.10,"s":"\u00e4"},"lines":[{"sku":"x","price":19.10}]}
{"lines":[{"price":1.91e1,"sku":"\u0078"}],"user":"al","got":2,"meta":{"s":"ä","n":1.1},"v":1.0,"time":"2026-03-01T10:00:00Z","type":"Order","id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab"}
{"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"Order","time":"2026-03-01T10:00:00Z","v":2,"user":"al","lines":[]}
{"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"Order","time":"2026-03-01T10:00:00Z","v":2.0,"got":3,"user":"\u0061l","lines":[]}
{"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"Order","time":"2026-03-01T10:00:00Z","v":3,"op":"delete"}
{"id":"0189f7ea-ae2f-7a1b-8c3d-0123456789ab","type":"Order","time":"2026-03-01T10:00:00Z","v":3e0,"op":"delete","got":4}
END

# Larger sets: a day of the sample logs, and a month of a real shop

# holds NAME FILE: order, splits, repetition and memory change nothing of what becomes of FILE.
holds()
{
	input=$2
	run "evversion -r want.rejects $input"
	retyped
	check "$1: versions" 0 any
	cp "$out" want.versions
	run evstar want.versions
	check "$1: rows" 0 any
	sort "$out" >want.rows
	sed 's/.*"raw"://' want.rejects | sort >want.raw
	ok "$1: there is something to hold" [ "$(wc -l <want.rows)" -gt 1000 ]
	for seed in 1 2 3; do
		shuf --random-source="$seed.seed" "$input" >shuffled
		run 'evversion -r bad shuffled'
		retyped
		check "$1: shuffled, the bytes of evversion (seed $seed)" 0 @want.versions
		sed 's/.*"raw"://' bad | sort >raw
		same "$1: shuffled, the rejects (seed $seed)" raw want.raw

		# The same lines in several files, some empty, with redeliveries in many of them.
		rm -f part.*
		awk -v seed="$seed" 'BEGIN { srand(seed) } {
			print >("part." int(rand() * 5))
			if (rand() < 0.3)
				print >("part." int(rand() * 5))
		}' shuffled
		: >part.none
		run "evversion -S 256K -r bad $(shuf -e part.* | tr '\n' ' ')"
		retyped
		check "$1: split, delivered again and spilled (seed $seed)" 0 @want.versions
		sed 's/.*"raw"://' bad | sort >raw
		same "$1: split, the rejects (seed $seed)" raw want.raw
	done
	run "cat $input $input | evversion -r bad"
	retyped
	check "$1: all of it twice" 0 @want.versions
	run 'shuf --random-source=2.seed want.versions | evstar | sort'
	check "$1: the rows of shuffled versions" 0 @want.rows
	run "evdedupe $input >once; cat $input $input | evdedupe >twice; cmp once twice"
	check "$1: evdedupe of all of it twice" 0
}

for seed in 1 2 3; do
	awk -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < 200000; i++) printf "%08d", rand() * 100000000 }' >"$seed.seed"
done
export EVKIT_MODEL="$srcdir/examples/checkout/evkit.yaml"
evparse -r bad "$srcdir/examples/checkout/raw/2026-03-01.log.gz" | evvalidate -r bad >day.jsonl
holds 'a day of the ticket shop' day.jsonl
# What a redelivery spells otherwise may stand in a row of another spelling, but not of another value.
run 'evdedupe day.jsonl | evversion -r bad | evstar | jq -Sc . | sort >rows.1
	shuf --random-source=1.seed day.jsonl | evdedupe | evversion -r bad | evstar | jq -Sc . | sort | cmp - rows.1'
check 'a day of the ticket shop: shuffled, through evdedupe' 0
if data uci-retail-2010-12/versions.ndjson; then
	export EVKIT_MODEL="$srcdir/examples/uci-retail/evkit.yaml"
	holds 'a month of the UK shop' "$data"
	run "shuf --random-source=3.seed $data | evdedupe | evversion | evstar | sort"
	retyped
	check 'a month of the UK shop: shuffled lines, the same rows' 0 @want.rows
fi

done_testing
