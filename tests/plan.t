#!/bin/sh
# Plans by shape (lib/json/plan.h): EVKIT_DEBUG=plan shows each when it is made, noplan does without,
# and neither changes what a program does. tests/run has more tests run without plans.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v}
types: {Paid: schema.json}
rules:
  - {name: every piece costs, jq: "all(.items[]; .price >= 0)"}
  - {name: the total is there, jq: ".total != null"}
expectations:
  - expect_column_values_to_not_be_null: {column: user}
  - expect_column_values_to_not_be_null: {column: "items[].price"}
star:
  facts:
    orders:
      keep: latest
      columns:
        total: {from: .total, type: "decimal(9,2)"}
        user: {from: .user, type: varchar(9), dimension: dim_user}
    pieces:
      keep: latest
      each: .items[]
      columns:
        price: {from: $item.price, type: "decimal(9,2)"}
        piece: {from: $item, type: json}
        gone: {from: .gone, type: int}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(9)}}}
END
cat >schema.json <<'END'
{"properties":{"total":{"minimum":0},"user":{"maxLength":3},"\u009b/":{"minimum":1}}}
END

# Three shapes in turn, of which the first always fits the schema, and the others now and then; the
# last has a name that steers terminals (U+009B) and divides pointers.
name=$(printf '\302\233/')
awk -v name="$name" 'BEGIN {
	for (i = 1; i <= 96; i++) {
		id = "\"id\":\"o-" i "\",\"type\":\"Paid\",\"time\":\"2026-03-01T10:00:00Z\",\"v\":1"
		print "{" id ",\"total\":" i ".10,\"user\":\"u-" i % 9 "\",\"items\":[{\"price\":9.55}]}"
		print "{" id "1,\"total\":" 20 - i ",\"user\":\"u" i % 5 * 99 "\",\"items\":[{\"price\":" 90 - i "}]}"
		print "{" id "2,\"total\":null,\"user\":\"u\",\"items\":[],\"" name "\":" i % 3 "}"
	}
}' >in.jsonl
evdedupe in.jsonl >deduped.jsonl
evversion -r ignored deduped.jsonl >versions.jsonl
evstar -r ignored versions.jsonl >rows.jsonl 2>ignored

# both NAME KINDS COMMAND...: the command as it is, with its plans shown, and without any: one outcome.
both()
{
	name=$1 kinds=$2
	shift 2
	rm -f rejects
	run "$@"
	cp "$out" plain.out && cp "$err" plain.err && was=$status
	cp rejects plain.rejects 2>/dev/null || : >plain.rejects
	for debug in noplan plan; do
		: >rejects
		EVKIT_DEBUG=$debug
		export EVKIT_DEBUG
		run "$@"
		unset EVKIT_DEBUG
		cp "$err" debug.err
		[ $debug = noplan ] || grep -av -e '^  ' -e '^[a-z_ ]* of shape [0-9]*$' debug.err >"$err"
		check "$name, $debug: output, messages, status" "$was" @plain.out @plain.err
		same "$name, $debug: rejects" rejects plain.rejects
	done
	is "$name: the plans that it makes" \
		"$(sed -n 's/^\([a-z_ ]*\) of shape [0-9]*$/\1/p' debug.err | LC_ALL=C sort -u | paste -sd, -)" "$kinds"
}

both 'evparse' 'paths' evparse -r rejects in.jsonl
both 'evvalidate' 'columns,comparison,expectations,list,paths,presence,schema' \
	evvalidate -r rejects --result result in.jsonl
both 'evvalidate --schema' 'schema' evvalidate -r rejects --schema schema.json in.jsonl
ok 'which has rejects' [ -s plain.rejects ]
is 'a plan is shown in words' "$(sed -n '/^schema of shape 1$/,/^schema/{/^ /p}' debug.err)" \
	'  length    /user  <- 0 to 3 bytes
  >=0       /total  <- 0 to 9223372036854775807'
ok 'with the pointers of values' grep -qF '/\u009b~1' debug.err
is 'and nothing in it reaches a terminal as an escape' "$(tr -d '\n -~' <debug.err)" ''
both 'evdedupe' 'canonical form,paths' evdedupe in.jsonl
both 'evversion' 'canonical form,paths' evversion in.jsonl
both 'evstar' 'cells,list,paths,presence' evstar versions.jsonl
both 'evload' '_ev,columns,paths' evload -t orders rows.jsonl
EVKIT_DEBUG=plans
export EVKIT_DEBUG
run evparse in.jsonl
check 'EVKIT_DEBUG that says neither' 2 '' "evparse: EVKIT_DEBUG is plan or noplan, not 'plans'
Try 'evparse --help'."
done_testing
