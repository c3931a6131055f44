#!/bin/sh
# Expectations over all events of a batch: what each finds, the result file, the verdict, states.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

unset EVKIT_MODEL EVKIT_SEAL
cp "$srcdir/tests/data/expect/"* .

# What was found, a line an expectation: success, type, result, and the exception if there was one.
found()
{
	sed -n 's/^{"success":\([a-z]*\),"expectation_config":{"type":"expect_\([a-zA-Z_0-9]*\)",.*},"result":\(.*\),"meta":{},"exception_info":{"raised_exception":[a-z]*,"exception_message":\(.*\),"exception_traceback":null}}[],}]*$/\1 \2 \3 \4/p' "$1" |
		sed 's/ null$//'
}

# model LINE... makes evkit.yaml with these expectations.
model()
{
	{
		printf '%s\n' 'evkit: 1' 'name: shop' \
			'event: {id: .id, type: .type, time: .time, order: arrival}' 'expectations:'
		printf '  - %s\n' "$@"
	} >evkit.yaml
}

# observed NAME WANT LINE FILE: the only expectation's success and result.
observed()
{
	model "$3"
	evvalidate --result r.json "$4" >out.jsonl 2>err.txt
	is "$1" "$(found r.json | cut -d ' ' -f 1,3-)" "$2"
}

# Every kind

run evvalidate -m all.yaml --result r.json in.jsonl
is 'a critical expectation that does not hold makes the verdict no' "$status" 1
same 'and what passed has passed all the same' "$out" in.jsonl
found r.json >found.txt
same 'every kind of expectation finds what is there' found.txt all.txt
is 'the table of the manual names every kind' "$(
	grep -oE 'expect_[a-z_]+' all.yaml | sort -u |
		while read -r name; do grep -qE "(^|[ ,])${name#expect_}( |,|$)" "$srcdir/man/evkit-model.5" || echo "$name"; done
)" ''
if need jq; then
	ok 'the result is JSON' jq -e . r.json
	is 'the statistics add up' "$(jq -c '[.success, .statistics.evaluated_expectations, .statistics.successful_expectations + .statistics.unsuccessful_expectations, (.results | length), (.meta.evkit.expectations | length)]' r.json)" \
		'[false,70,70,70,70]'
	is 'a verdict for each, in the order of the results' \
		"$(jq -c '[.results[].success] == [.meta.evkit.expectations[].verdict == "pass"]' r.json)" true
fi

# Exactness

printf '{"id":"%s","type":"A","time":"2026-03-01T00:00:00Z","v":%s}\n' 1 1e308 2 1e-308 3 -1e308 4 0.1 >far.jsonl
observed '1e308, 1e-308 and their kin are added exactly' "true {\"observed_value\":1$(printf '%0306d' 0)1e-308}" \
	'expect_column_sum_to_be_between: {column: v, min_value: 0.1}' far.jsonl
printf '{"id":"%s","type":"A","time":"2026-03-01T00:00:00Z","v":%s}\n' 1 1e5000 2 1 >far.jsonl
observed 'what is beyond is told, not left out' \
	'false {"observed_value":1} "1 values are no numbers, or beyond 400 digits"' \
	'expect_column_sum_to_be_between: {column: v}' far.jsonl
printf '{"id":"%s","type":"A","time":"2026-03-01T00:00:00Z","v":%s}\n' 1 1 2 1 3 2 >third.jsonl
observed 'a mean is compared before it is rounded' 'false {"observed_value":1.3333333333333333333}' \
	'expect_column_mean_to_be_between: {column: v, max_value: 1.3333333333333333333}' third.jsonl
model 'expect_column_values_to_be_in_set: {column: v, value_set: [1], mostly: 0.66666666666666666667}' \
	'expect_column_values_to_be_in_set: {column: v, value_set: [1], mostly: 0.66666666666666666666}'
evvalidate --result r.json third.jsonl >/dev/null 2>&1
is 'mostly is compared exactly' "$(found r.json | cut -d ' ' -f 1 | tr '\n' ' ')" 'false true '

# Numbers in their order, with other spellings beside them: each is held against each.
cat >chain.txt <<'END'
-1e30
-100 -1e2 -100.00
-0.5 -0.50 -5e-1
-0.4999999999999999
-1e-30
0 -0 0.0 0e5 -0.000
1e-30
0.009 9e-3
0.01 0.010 1e-2
0.5
0.99 0.990000
1 1.0 1.00 10e-1 1.000000000000000
1.0001
1.5
9.99
10 10.0 1e1
99999999
99999999.5
100000000 100000000.0 1e8
123456789012345678
123456789012345678.5
999999999999999999
1000000000000000000 1e18
1e30
END
awk '{ for (i = 1; i <= NF; i++)
	printf "{\"id\":\"%d\",\"type\":\"A\",\"time\":\"2026-03-01T00:00:00Z\",\"v\":%s}\n", ++n, $i }' \
	chain.txt >chain.jsonl
awk 'BEGIN { upto[0] = 0 }
	{ limit[NR] = $1; upto[NR] = upto[NR - 1] + NF }
	function expect(arguments, unexpected)
	{
		print "expect_column_values_to_be_between: {column: v, " arguments "}" >"chain.list"
		print "\"unexpected_count\":" unexpected
	}
	END { for (i = 1; i <= NR; i++) {
		expect("min_value: " limit[i], upto[i - 1])
		expect("min_value: " limit[i] ", strict_min: true", upto[i])
		expect("max_value: " limit[i], upto[NR] - upto[i])
		expect("max_value: " limit[i] ", strict_max: true", upto[NR] - upto[i - 1])
		expect("min_value: " limit[i] ", max_value: " limit[i], upto[NR] - upto[i] + upto[i - 1])
	} }' chain.txt >chain.want
(
	set --
	while read -r line; do set -- "$@" "$line"; done <chain.list
	model "$@"
)
run evvalidate --result r.json chain.jsonl
grep -o '"unexpected_count":[0-9]*' r.json >chain.got
same 'a range takes numbers by their exact value, however they are spelled' chain.got chain.want

# What reaches expectations

model 'expect_table_row_count_to_equal: {value: 2}'
printf '%s\n' '{"id":1,"type":"A","time":"2026-03-01T00:00:00Z"}' '{"id":2,"type":"A","time":"x"}' \
	'{"id":3,"type":"A","time":"2026-03-02T00:00:00Z"}' >mixed.jsonl
run evvalidate -r rejects.jsonl --result r.json mixed.jsonl
is 'rejects are no rows' "$status $(found r.json)" '0 true table_row_count_to_equal {"observed_value":2}'
model 'expect_table_row_count_to_equal: {value: 1, row_condition: ".v * 2 == 4"}'
printf '%s\n' '{"id":1,"type":"A","time":"2026-03-01T00:00:00Z","v":2}' \
	'{"id":2,"type":"A","time":"2026-03-01T00:00:00Z","v":"x"}' >told.jsonl
run evvalidate --result r.json told.jsonl
is 'a condition that cannot be told is not silent' "$status $(found r.json)" \
	'1 false table_row_count_to_equal {"observed_value":1} "row_condition could not be told for 1 events"'

# The verdict

model 'expect_table_row_count_to_equal: {value: 9}'
try 'without --result the verdict is no all the same' 1 'evvalidate third.jsonl >/dev/null' <<'END'
! evvalidate: evkit.yaml:5:5: expect_table_row_count_to_equal does not hold: found 3; wanted: exactly 9
END
model 'expect_table_row_count_to_equal: {value: 9, severity: warning}' \
	'expect_table_row_count_to_equal: {value: 8, severity: info}'
run evvalidate --result r.json third.jsonl
is 'warnings and information let the batch pass' "$status" 0
is 'but success is what it is' "$(found r.json | cut -d ' ' -f 1 | tr '\n' ' ')" 'false false '
ok 'and the batch is approved' grep -q '"approved":true' r.json
model 'expect_table_row_count_to_equal: {value: 3}'
run 'sed "s/\"v\":2/\"v\":2,\"id\":5/" third.jsonl | evvalidate -r rejects.jsonl --max-rejects 0 --result r.json'
is '--max-rejects makes the verdict no' "$status $(grep -o '"approved":[a-z]*' r.json)" '1 "approved":false'

evparse --new-seal token >/dev/null 2>&1 || printf secret-token-of-the-test >token
EVKIT_SEAL=$(cat token)
export EVKIT_SEAL
run 'evvalidate --first third.jsonl'
ok 'a batch that is approved is sealed so' grep -q '"ok":true' "$out"
model 'expect_table_row_count_to_equal: {value: 9}'
run 'evvalidate --first third.jsonl'
ok 'a batch that is not approved is sealed so' grep -q '"ok":false' "$out"
run 'evvalidate --first third.jsonl 2>/dev/null | evdedupe'
check 'and the next program stops' 2 any '~did not approve the batch'
unset EVKIT_SEAL

# Suites of Great Expectations

printf '{"name":"s","expectations":[{"type":"expect_column_to_exist","kwargs":{"column":"v"},"meta":{"a":1},"severity":"info"}]}' >s.json
run evvalidate --suite s.json --result r.json third.jsonl
is 'a suite takes the place of the list' "$status $(found r.json | cut -c 1-27) $(grep -o '"suite_name":"s"' r.json)" \
	'0 true column_to_exist {"obse "suite_name":"s"'
ok 'what it says of an expectation is kept' grep -q '"meta":{"a":1},"severity":"info"' r.json
for bad in \
	'1:54|unknown expectation '"'expect_columns_to_exist'"': did you mean '"'expect_column_to_exist'"'?|s/expect_column_to/expect_columns_to/' \
	'1:92|unknown argument '"'colum'"' of expect_column_to_exist: did you mean '"'column'"'?|s/"column"/"colum"/' \
	'1:12|unknown key '"'expectation'"' in a suite: did you mean '"'expectations'"'?|s/expectations/expectation/' \
	'1:131|severity cannot be '"'none'"': there are '"'critical', 'warning' and 'info'"'|s/info/none/' \
	'1:11|no JSON: a comma or the end of the object must follow a value|s/,/;/'; do
	sed "${bad##*|}" s.json >bad.json
	run evvalidate --suite bad.json third.jsonl
	text=${bad#*|}
	check "a wrong suite: ${text%|*}" 2 '' any
	cut -d : -f 2- "$err" | sed 's/^ //' >told.txt
	case $text in
	no\ JSON*) ok 'its place is told' grep -qE '^bad.json:1:[0-9]+: no JSON: ' told.txt ;;
	*) ok "it is told: $text" grep -qF "${text%|*}" told.txt ;;
	esac
done

# Great Expectations itself, where it is installed

awk 'BEGIN {
	srand(5)
	split("red green blue blue", s, " ")
	for (i = 0; i < 3000; i++)
		printf "{\"id\":\"e%d\",\"type\":\"A\",\"time\":\"2026-03-01T%02d:%02d:%02dZ\",\"n\":%s,\"k\":%d,\"s\":%s,\"txt\":\"%s\",\"a\":%d,\"b\":%d,\"c\":%d,\"d\":\"%s\",\"j\":\"%s\",\"null\":null}\n",
			i == 77 ? 78 : i, int(i / 3600), int(i / 60) % 60, i % 60,
			i % 10 == 0 ? "null" : i == 101 ? "999.5" : sprintf("%.2f", 50 + 40 * (rand() + rand() - 1)),
			i == 106 ? 3 : i, i % 7 == 0 ? "null" : i == 101 ? "\"mauve\"" : "\"" s[1 + i % 4] "\"",
			i == 102 ? "bad" : sprintf("item-%04d", i), i == 103 ? 0 : i % 50 + 10, i % 50, i % 50 + 5,
			i == 104 ? "31/31/2026" : sprintf("2026-03-%02d", i % 28 + 1), i == 105 ? "{" : "{\\\"x\\\":1}"
}' >flat.jsonl
model 'expect_table_row_count_to_equal: {value: 3000}'
evvalidate --suite suite.json --result r.json flat.jsonl >/dev/null 2>&1
is 'the same suite over 3000 events: one value unexpected where one was spoiled' \
	"$(found r.json | grep -c '"unexpected_count":1,')" 14
if python3 -c 'import great_expectations' 2>/dev/null; then
	run python3 gx.py r.json suite.json flat.jsonl
	is 'Great Expectations loads the result and finds the same' "$status $(cat "$out")" '0 53 compared'
else
	skip 'Great Expectations loads the result and finds the same' 'great_expectations is not installed'
fi

# States: any split, any order, any permutation, the same bytes

awk '{
	sub(/}$/, sprintf(",\"_ev\":{\"origin\":{\"source\":\"app.log\",\"line\":%d,\"offset\":%d}}}", NR, NR * 100))
	if (NR % 97 == 5) sub(/"time":"2026/, "\"time\":\"nope")
	if (NR % 101 == 7) sub(/"id":"e/, "\"id\":true,\"was\":\"e")
	print
}' flat.jsonl >origin.jsonl
if need jq; then
	jq '.expectations |= map(select(.type | test("creasing") | not))' suite.json >unordered.json
	judge()
	{
		evvalidate --suite unordered.json -S 64K -r rejects.jsonl --batch day \
			--result "$2.json" --state-out "$2.state" "$1" >/dev/null 2>&1
	}
	judge origin.jsonl whole
	ok 'the whole has rejects of two kinds' [ "$(grep -o '"code":"' whole.json | wc -l)" -ge 2 ]
	tac origin.jsonl >turned.jsonl
	judge turned.jsonl turned
	same 'the lines turned round' turned.json whole.json
	sort -R --random-source=suite.json origin.jsonl >mixed.jsonl
	judge mixed.jsonl mixed
	same 'the lines shuffled' mixed.json whole.json
	# alone, nothing is known of a record's shape
	sed -n 1,40p origin.jsonl >among.jsonl
	cat in.jsonl in.jsonl in.jsonl in.jsonl | awk '{
		sub(/}$/, sprintf(",\"_ev\":{\"origin\":{\"source\":\"z.log\",\"line\":%d,\"offset\":%d}}}", NR, NR * 100))
		print
	}' >>among.jsonl
	judge among.jsonl among
	set --
	n=0
	while IFS= read -r line; do
		n=$((n + 1))
		printf '%s\n' "$line" >single.jsonl
		judge single.jsonl "single.$n"
		set -- "single.$n.state" "$@"
	done <among.jsonl
	evvalidate --suite unordered.json --merge --result merged.json "$@" 2>/dev/null
	same 'records alone, and among others of their shape' merged.json among.json
	for n in 2 3 7; do
		split -n "r/$n" mixed.jsonl "part$n."
		set --
		for part in "part$n".*; do
			judge "$part" "shard.$part"
			set -- "shard.$part.state" "$@"
		done
		evvalidate --suite unordered.json --merge --result merged.json --state-out merged.state "$@" 2>/dev/null
		same "$n shards" merged.json whole.json
		evvalidate --suite unordered.json --merge --result again.json merged.state 2>/dev/null
		same "$n shards, merged twice" again.json whole.json
	done
	one=$1
	run evvalidate --merge --result m.json "$one"
	check 'a state of other expectations' 2 '' '~the state is of other expectations than the model'
	head -n -1 "$one" >cut.state
	run evvalidate --suite unordered.json --merge --result m.json cut.state
	check 'a state that was cut' 2 '' 'evvalidate: cut.state: the state is damaged or cut off: make it again'
	sed 's/"elements":[0-9]*/"elements":1/' "$one" >changed.state
	run evvalidate --suite unordered.json --merge --result m.json changed.state
	check 'a state that was changed' 2 '' 'evvalidate: changed.state: the state is damaged or cut off: make it again'
	ok 'and no result is left' [ ! -e m.json ]
fi

# States that are whole, but not what a run could have found

state=$top_builddir/tests/fuzz/state # which knows the checksum
model 'expect_column_values_to_be_in_set: {column: s, value_set: [red]}' \
	'expect_column_stdev_to_be_between: {column: n}' \
	'expect_column_values_to_be_unique: {column: id}' \
	'expect_column_values_to_be_increasing: {column: k}' \
	'expect_column_most_common_value_to_be_in_set: {column: s, value_set: [red]}' \
	'expect_column_median_to_be_between: {column: n}' \
	'expect_column_unique_value_count_to_be_between: {column: s}' \
	'expect_column_distinct_values_to_be_in_set: {column: s, value_set: [red]}' \
	'expect_column_kl_divergence_to_be_less_than: {column: n, partition_object: {bins: [0, 99], weights: [1]}}' \
	'expect_column_max_to_be_between: {column: n}' \
	'expect_table_columns_to_match_set: {column_set: [id]}'
head -n 30 origin.jsonl >few.jsonl
evvalidate -r rejects.jsonl --batch day --result few.json --state-out few.state few.jsonl >/dev/null 2>&1

# forged NAME SED: the state so changed, with its checksum, is refused.
forged()
{
	sed '$d' few.state | sed "$2" >lines
	"$state" -c lines >forged.state
	if cmp -s few.state forged.state; then
		ok "$1: nothing is changed" false
		return
	fi
	run evvalidate --merge --result m.json forged.state
	check "$1" 2 '' 'evvalidate: forged.state: the state is damaged or cut off: make it again'
}

if [ -x "$state" ]; then
	sed '$d' few.state >lines
	"$state" -c lines >again.state
	same 'the checksum of the test is that of a state' again.state few.state
	run evvalidate --merge --result m.json --state-out m.state few.state
	is 'and the state merges' "$status" 1
	same 'to the same result' m.json few.json
	same 'and the same state' m.state few.state
	rm -f m.json m.state
	forged 'a last batch without a first' '1s/"first":"day"/"first":null/'
	forged 'sums that do not balance' '1s/"in":30/"in":31/'
	forged 'counts beyond 2^64 together' '1s/"warning":0/"warning":18446744073709551615/'
	: >lines
	"$state" -c lines >forged.state
	run evvalidate --merge --result m.json forged.state
	check 'a checksum of nothing' 2 '' 'evvalidate: forged.state: the state is damaged or cut off: make it again'
	forged 'no batch' 2d
	forged 'a batch twice' '2p'
	forged 'an expectation is not there' '/"expectation":5/d'
	forged 'an expectation twice' '/"expectation":5/p'
	forged 'the expectations in another order' '/"expectation":5/{h;d};/"expectation":6/G'
	forged 'the times of a batch beyond all years' '2s/"span":\[\["[0-9]*"/"span":[["-99999999999999"/'
	forged 'types of more events' '2s/"types":\[{\("type":"[^"]*"\),"in":[0-9]*/"types":[{\1,"in":99/'
	forged 'a cause of more records than there are' '3s/"records":[0-9]*/"records":99/'
	forged 'a cause of a severity that there is not' '3s/"severity":"critical"/"severity":"dire"/'
	forged 'more elements than events' '/"expectation":0/s/"elements":[0-9]*/"elements":99/'
	forged 'more missing than elements' '/"expectation":0/s/"missing":[0-9]*/"missing":99/'
	forged 'a sample of nothing unexpected' '/"expectation":0/s/"unexpected":[0-9]*/"unexpected":0/'
	forged 'misfits where none can be' '/"expectation":0/s/"missing":\([0-9]*\)\(.*\)"misfits":0/"missing":0\2"misfits":\1/'
	forged 'a condition that was not told, and is none' '/"expectation":0/s/"untold":0/"untold":1/'
	forged 'a deviation that is negative' '/"expectation":1/s/"squares":[0-9e-]*/"squares":1/'
	forged 'a sum that nothing adds up to' '/"expectation":1/s/"sum":[0-9e-]*/"sum":1e1199/'
	forged 'keys that are not there' '/"unique":2/d'
	forged 'a key that counts for more' '/"unique":2/s/",1,{/",2,{/'
	forged 'runs of more values than there are' '/"expectation":3/s/"elements":[0-9]*,"missing":0/"elements":28,"missing":28/'
	forged 'a run that ends before it begins' '/"expectation":3/s/"first_line":[0-9]*/"first_line":999/'
	forged 'a text in a sketch that is no JSON' '/"expectation":4/s/"\\"blue\\""/"blue"/'
	forged 'an error of more than there was' '/"expectation":4/s/"error":0/"error":9/'
	forged 'more numbers than elements' '/"expectation":5/s/"numbers":\[/&1,/'
	forged 'a bucket beyond infinity' '/"expectation":5/s/"numbers":.*/"zeros":0,"buckets":[[1,262017,25]]}}/'
	forged 'buckets of more than came' '/"expectation":5/s/"numbers":.*/"zeros":0,"buckets":[[1,131072,99]]}}/'
	forged 'registers of few values' "/\"expectation\":6/s/{\"error\":.*/{\"registers\":\"$(printf '%032768d' 0)\"}}/"
	forged 'others that did not come' '/"expectation":7/s/"others":[0-9]*/"others":1/'
	forged 'bins of more than came' '/"expectation":8/s/"below":0/"below":1/'
	forged 'the greatest of what did not come' '/"expectation":9/s/"best":[0-9.]*/"best":null/'
	forged 'names of no events, and the like' '/"expectation":10/s/"out_of_order":0/"out_of_order":99/'
	ok 'and no result is left' [ ! -e m.json ]

	sed '$d' few.state | sed '/"expectation":0/s/"blue"/"azure"/g;3s/"message":"\([^"\]\|\\.\)*"/"message":"other"/' >lines
	"$state" -c lines >other.state
	ok 'another state of the same places' sh -c '! cmp -s few.state other.state'
	evvalidate --merge --result forth.json few.state other.state 2>/dev/null
	evvalidate --merge --result back.json other.state few.state 2>/dev/null
	same 'what is told twice for one place does not depend on the order' forth.json back.json
else
	skip 'forged states are refused' 'tests/fuzz/state is not built'
fi

# Order, over shards that follow one another

model 'expect_column_values_to_be_increasing: {column: k}'
evvalidate --result whole.json --state-out whole.state origin.jsonl -r rejects.jsonl >/dev/null 2>&1
head -n 1000 origin.jsonl >o1.jsonl
tail -n +1001 origin.jsonl >o2.jsonl
evvalidate --state-out o1.state -r rejects.jsonl o1.jsonl >/dev/null 2>&1
evvalidate --state-out o2.state -r rejects.jsonl o2.jsonl >/dev/null 2>&1
evvalidate --merge --result merged.json o2.state o1.state 2>/dev/null
same 'order is told over shards that follow one another' merged.json whole.json
split -n r/2 origin.jsonl every.
evvalidate --state-out o1.state -r rejects.jsonl every.aa >/dev/null 2>&1
evvalidate --state-out o2.state -r rejects.jsonl every.ab >/dev/null 2>&1
run evvalidate --merge --result merged.json o1.state o2.state
is 'and is inconclusive where they are dealt out line by line' \
	"$status $(grep -o '"verdict":"[a-z]*"' merged.json)" '1 "verdict":"inconclusive"'

# Sketches

awk 'BEGIN { for (i = 0; i < 40000; i++)
	printf "{\"id\":\"%d\",\"type\":\"A\",\"time\":\"2026-03-01T00:00:00Z\",\"v\":%d,\"_ev\":{\"origin\":{\"source\":\"s\",\"line\":%d,\"offset\":0}}}\n", i, i, i + 1 }' >many.jsonl
model 'expect_column_unique_value_count_to_be_between: {column: id, min_value: 10000, max_value: 90000}' \
	'expect_column_unique_value_count_to_be_between: {column: id, min_value: 40000}' \
	'expect_column_unique_value_count_to_be_between: {column: id, min_value: 60000}' \
	'expect_column_median_to_be_between: {column: v, min_value: 19000, max_value: 21000}' \
	'expect_column_median_to_be_between: {column: v, min_value: 19999.5}' \
	'expect_column_quantile_values_to_be_between: {column: v, quantile_ranges: {quantiles: [0.9], value_ranges: [[35000, 37000]]}}' \
	'expect_column_most_common_value_to_be_in_set: {column: id, value_set: ["1"]}' \
	'expect_column_most_common_value_to_be_in_set: {column: type, value_set: [A]}' \
	'expect_column_values_to_be_unique: {column: id}'
run evvalidate --result whole.json --state-out whole.state -S 256K many.jsonl
is 'what a sketch can tell it tells, the rest is inconclusive' \
	"$status $(grep -o '"verdict":"[a-z]*","approximate":[a-z]*' whole.json | cut -d '"' -f 4,7 | tr -d '":' | tr '\n' ' ')" \
	'1 passtrue inconclusivetrue failtrue passtrue inconclusivetrue passtrue inconclusivetrue passfalse passfalse '
if need jq; then
	ok 'the count of distinct values is within three standard errors' jq -e \
		'.results[0].result.observed_value | . > 39025 and . < 40975' whole.json
	ok 'a quantile is within 0.4 percent' jq -e \
		'.results[5].result.observed_value.values[0] | . > 35855 and . < 36143' whole.json
fi

# One violation in every rule, among many

awk 'BEGIN { for (i = 0; i < 100000; i++) {
	bad = i % 100 == 99
	printf "{\"id\":\"%d\",\"type\":\"A\",\"time\":\"2026-03-%02dT%02d:%02d:00Z\",\"v\":%d,\"s\":\"%s\",\"w\":%s}\n", i, i % 28 + 1, i % 24, i % 60,
		bad ? -i : i, bad ? "odd" i : "ok", bad ? "\"x\"" : 1 } }' >spoiled.jsonl
model 'expect_column_values_to_be_between: {column: v, min_value: 0}' \
	'expect_column_values_to_be_in_set: {column: s, value_set: [ok]}' \
	'expect_column_values_to_match_regex: {column: s, regex: "^ok$"}' \
	'expect_column_values_to_be_of_type: {column: w, type_: number}' \
	'expect_column_values_to_not_be_in_set: {column: w, value_set: [x]}' \
	'expect_column_value_lengths_to_equal: {column: s, value: 2}'
run evvalidate --result r.json spoiled.jsonl
is 'each of a thousand violations is counted in every rule' \
	"$(found r.json | grep -c '"element_count":100000,"unexpected_count":1000,')" 6
ok 'and the result stays small' [ "$(wc -c <r.json)" -lt 60000 ]

# Short values of every length, of which what was said is remembered

awk 'BEGIN { seed = 1
	for (i = 0; i < 20000; i++) {
		seed = (seed * 1103515245 + 12345) % 2147483648
		len = int(seed / 65536) % 20
		s = ""
		for (k = 0; k < len; k++) {
			seed = (seed * 1103515245 + 12345) % 2147483648
			s = s substr("aaaab1", int(seed / 65536) % 6 + 1, 1)
		}
		if (i % 3 == 1) # alike in the last eight bytes, or in the first
			s = substr(s "aaaaa", 1, 5) "aaaaaaaaa"
		else if (i % 3 == 2)
			s = "aaaaaaaaa" substr(s "aaaaa", 1, 5)
		v = s ~ /^1+$/ && i % 2 ? s : "\"" s "\""
		printf "{\"id\":\"%d\",\"type\":\"A\",\"time\":\"2026-03-01T00:00:00Z\",\"s\":%s}\n", i, v >"short.jsonl"
		odd += s !~ /^a*$/
		out += v != "\"\"" && v != "\"a\"" && v != "\"aaaaaaa\"" && v != 1
	}
	printf "%d %d\n", odd, out }' >counts.txt
model 'expect_column_values_to_match_regex: {column: s, regex: "^a*$"}' \
	'expect_column_values_to_be_in_set: {column: s, value_set: ["", "a", "aaaaaaa", 1]}'
run evvalidate --result r.json short.jsonl
is 'short values are told apart' "$(found r.json | sed 's/.*"unexpected_count":\([0-9]*\),.*/\1/' | tr '\n' ' ')" \
	"$(cat counts.txt) "

# Use

try 'no state to merge' 2 'evvalidate --merge --result r.json' <<'END'
! evvalidate: --merge takes the files that --state-out wrote
! Try 'evvalidate --help'.
END
try 'merging without saying where to' 2 'evvalidate --merge a.state' <<'END'
! evvalidate: --merge needs --result or --state-out, where to write
! Try 'evvalidate --help'.
END
try 'a suite needs a model' 2 'evvalidate --schema s.json --suite s.json' <<'END'
! evvalidate: --schema goes without --suite and --merge: they need a model
! Try 'evvalidate --help'.
END
run evvalidate --result nowhere/r.json third.jsonl
check 'a folder that is not there stops the run at once' 2 '' '~^evvalidate: nowhere/r.json: '
model 'expect_table_row_count_to_equal: {value: 9}'
rm -f r.json
printf '%s\n' '{"id":1,"type":"A","time":"x"}' >bad.jsonl
run evvalidate --result r.json bad.jsonl
is 'trouble leaves no result' "$status $(find . -maxdepth 1 -name 'r.json*' | wc -l)" '2 0'
printf '{"type":"object","required":["a"]}' >schema.json
printf '%s\n' '{"a":1}' '{"b":1}' '[' >any.jsonl
run evvalidate --schema schema.json --result r.json -r rejects.jsonl any.jsonl
is '--result goes with --schema' "$status $(grep -o '"counts":{[^}]*}' r.json)" \
	'0 "counts":{"in":3,"out":1,"rejected":2,"warning":0,"blank":0}'

done_testing
