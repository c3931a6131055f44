#!/bin/sh
# evvalidate --schema: JSON Schema's own suite, schemas of shops and services in older drafts, and
# where references may lead.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# The suite, each case through the program itself. tests/unit/jschema_suite.c says what is left out.
if data json-schema-test-suite; then
	mkdir suite suite/got
	remotes=$data/remotes
	"$top_builddir/tests/unit/jschema_suite" suite || exit 2
	while read -r n draft formats name; do
		evvalidate --schema "suite/$n.json" --draft "$draft" --format "$formats" \
			--schema-dir "$remotes" --schema-base http://localhost:1234 \
			-r "suite/$n.rej" "suite/$n.jsonl" >"suite/got/$n" 2>"suite/$n.err" ||
			echo "$n $name: status $?: $(cat "suite/$n.err")"
	done <suite/cases >suite/trouble
	same 'every case of the suite compiles, and its values are judged' suite/trouble /dev/null
	diff -rq suite/got suite/want | sed 's/.*suite.want.\([0-9]*\).*/\1/' | sort -n |
		while read -r n; do grep "^$n " suite/cases; done >suite/wrong
	same 'what passes is what the suite calls valid' suite/wrong /dev/null
	is 'what does not pass breaks its schema' \
		"$(cat suite/*.rej | grep -v '"code":"schema","reasons":\[{"path"')" ''
	is 'cases and values of the suite' \
		"$(wc -l <suite/cases) $(cat suite/*.jsonl | wc -l) $(cat suite/*.rej | wc -l)" \
		'779 3936 1775'
fi

# The events of a code host and the 291 schemas that they follow, draft-07 with an $id that is
# relative to the folder of all. What ajv 8 says of them, with its formats: 11 and 12 are not valid,
# for their times of creation are no date-times; nor does it find another one.
if data octokit-webhooks && need jq; then
	schemas=$data/payload-schemas/api.github.com
	mkdir octokit
	jq -r '"\(.event)/\(.payload.action // "event")\t\(.payload)"' "$data/events.ndjson" |
		awk -F '\t' -v top="$schemas" '{
			name = $1 ".schema.json"
			if ((getline line < (top "/" name)) < 0)
				sub(/\/.*/, "/event.schema.json", name)
			close(top "/" name)
			gsub("/", "+", name)
			file = "octokit/" name
			print NR >>(file ".numbers")
			close(file ".numbers")
			print substr($0, length($1) + 2) >>file
			close(file)
		}'
	(cd "$schemas" && find . -name '*.json' | sed 's|^\./||' | sort) >octokit.all
	while read -r name; do
		file=octokit/$(echo "$name" | tr / +)
		[ -e "$file" ] || : >"$file"
		evvalidate --schema "$schemas/$name" --schema-dir "$schemas" \
			--schema-base https://octokit.example/ -r rejects "$file" >out 2>err ||
			echo "$name: status $?: $(cat err)" >>octokit.trouble
		wc -l <out >>octokit.valid
		sed 's/.*"stage":"evvalidate","source":"[^"]*","line":\([0-9]*\),.*/\1/' rejects |
			while read -r line; do sed -n "${line}p" "$file.numbers"; done >>octokit.invalid
	done <octokit.all
	is 'the schemas of the octokit events compile' \
		"$(wc -l <octokit.all) $(cat octokit.trouble 2>/dev/null)" '291 '
	is 'and take the events that they have to take' \
		"$(awk '{ n += $1 } END { print n }' octokit.valid) $(sort -n octokit.invalid | tr '\n' ' ')" \
		'270 11 12 '
fi

# Schemas of Snowplow's Iglu: their $schema is a draft-04 of their own.
if data iglu-ecomm; then
	find "$data/schemas" -type f | sort >iglu.all
	while read -r file; do
		evvalidate --schema "$file" </dev/null 2>&1 || echo "$file: status $?"
	done <iglu.all >iglu.trouble
	same 'the schemas of Iglu compile' iglu.trouble /dev/null
	is 'all of them' "$(wc -l <iglu.all)" 71
	cat >cart.jsonl <<'END'
{"item_id":"1","item_type":"product","quantity":1,"cart_id":"c"}
{"item_id":"1","item_type":"product","quantity":0,"cart_id":"c"}
{"item_id":"1","item_type":"pack","quantity":1,"cart_id":"c","source":null}
{"item_id":"1","item_type":"bundle","quantity":1.0,"cart_id":"c","source":null}
{"item_id":"1","item_type":"bundle","quantity":1}
END
	sed -n '1p;4p' cart.jsonl >cart.want
	run evvalidate --schema "$data/schemas/io.snowplow.ecomm/add_to_cart/jsonschema/1-0-0" -r rejects cart.jsonl
	check 'and judge' 0 @cart.want
	echo '{"$schema":"http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#","items":[{"minimum":1,"exclusiveMinimum":true}]}' >own.json
	printf '[1]\n[2]\n' >own.jsonl
	run evvalidate --schema own.json -r rejects own.jsonl
	check 'by the rules of draft-04' 0 '[2]'
fi

# One contract of payment events in five drafts, which differ in all that they can. ajv 8 (for
# draft-04 with ajv-draft-04) finds the same 35 of 88 wrong in each, once the "maximum" beside a $ref
# is taken out, which it does not ignore.
if data stripe-webhooks && need jq; then
	for draft in 04 06 07 2019 2020; do
		run evvalidate --schema "$srcdir/tests/data/schemas/payment-$draft.json" -r rejects \
			--stats - "$data/events.ndjson"
		is "payment events by a contract in draft $draft" \
			"$(cat "$err"), $(jq '._ev.reject.line' rejects | tr '\n' ' ')" \
			'evvalidate  in 88  out 53  warning 0  rejected 35  blank 0, 1 2 3 4 5 8 10 11 12 14 17 19 20 21 22 25 26 27 29 32 33 34 38 39 40 42 44 45 46 47 52 85 86 87 88 '
	done
	is 'and why' "$(jq -r '._ev.reject.reasons[] | "\(.path) \(.keyword)"' rejects | sort | uniq -c | sed 's/^ *//')" \
		'3 /api_version const
26 /created exclusiveMinimum
1 /data/object required
2 /data/object/amount minimum
4 /data/object/currency oneOf
4 /data/object/currency pattern
1 /data/previous_attributes minProperties
5 /pending_webhooks exclusiveMaximum'
fi

# Where references lead

mkdir -p shop/sub elsewhere
echo '{"type":"integer"}' >elsewhere/n.json
echo '{"type":"integer"}' >shop/sub/n.json
echo '{"$ref":"https://x.example/s/sub/n.json"}' >shop/remote.json
echo '{"properties":{"a":{"$ref":"sub/n.json"}}}' >shop/a.json
echo '{"$ref":"../a.json#/properties/a"}' >shop/sub/up.json
printf '1\n"1"\n' >two.jsonl

try 'a file below the schema' 0 'evvalidate --schema shop/a.json -r rejects two.jsonl' <<'END'
1
"1"
END
try 'a file above it is out of reach' 2 'evvalidate --schema shop/sub/up.json two.jsonl' <<'END'
! evvalidate: shop/sub/up.json:1:9: the reference "../a.json#/properties/a" reaches above the schemas' folder: keep the files in or below it
END
try 'until --schema-dir puts the top higher' 0 \
	'evvalidate --schema shop/sub/up.json --schema-dir shop -r rejects two.jsonl' <<'END'
1
END
try '--schema-dir alone has to have the schema' 2 \
	'evvalidate --schema shop/a.json --schema-dir elsewhere two.jsonl' <<'END'
! evvalidate: shop/a.json: lies outside the folder elsewhere: name one that has it
END
try 'a remote reference is not fetched' 2 'evvalidate --schema shop/remote.json two.jsonl' <<'END'
! evvalidate: shop/remote.json:1:9: the reference "https://x.example/s/sub/n.json" is remote, and remote references are not fetched: put that schema into a file below the schemas' folder and refer to the file
END
for base in https://x.example/s https://x.example/s/ 'https://x.example/s/#'; do
	try "it is a file where --schema-base says so: $base" 0 \
		"evvalidate --schema shop/remote.json --schema-dir shop --schema-base '$base' -r rejects two.jsonl" <<'END'
1
END
done
try 'another host is not that of --schema-base' 2 \
	'evvalidate --schema shop/remote.json --schema-dir shop --schema-base https://x.example.org/s two.jsonl' <<'END'
! evvalidate: shop/remote.json:1:9: the reference "https://x.example/s/sub/n.json" is remote, and remote references are not fetched: put that schema into a file below the schemas' folder and refer to the file
END
try 'a file that is not there' 2 \
	'evvalidate --schema shop/remote.json --schema-dir elsewhere --schema-base https://x.example/s two.jsonl' <<'END'
! evvalidate: shop/remote.json:1:9: the reference "https://x.example/s/sub/n.json" cannot be followed: elsewhere/sub/n.json: cannot be opened: No such file or directory
END
ln -s ../elsewhere/n.json shop/out.json
ln -s sub/n.json shop/in.json
ln -s ../elsewhere shop/outer
mkfifo shop/fifo.json

# refused REFERENCE WHY: of a schema in shop/, as a relative reference and below --schema-base.
refused()
{
	echo "{\"\$ref\":\"$1\"}" >shop/r.json
	run evvalidate --schema shop/r.json two.jsonl
	check "a reference to $1 leads nowhere" 2 '' \
		"evvalidate: shop/r.json:1:9: the reference \"$1\" $2"
	echo "{\"\$ref\":\"https://x.example/s/$1\"}" >shop/r.json
	run evvalidate --schema shop/r.json --schema-dir shop --schema-base https://x.example/s two.jsonl
	check "nor below --schema-base" 2 '' \
		'~^evvalidate: shop/r.json:1:9: the reference "https://x.example/s/.*" (cannot be followed: .*: (is no name of a file|is no regular file|a symbolic link leads out of .*)|is remote, and .*)$'
}

refused ../elsewhere/n.json "reaches above the schemas' folder: keep the files in or below it"
refused sub/../../elsewhere/n.json "reaches above the schemas' folder: keep the files in or below it"
refused %2e%2e/elsewhere/n.json 'cannot be followed: schema:///%2e%2e/elsewhere/n.json: is no name of a file'
refused ..%2felsewhere%2Fn.json 'cannot be followed: schema:///..%2felsewhere%2Fn.json: is no name of a file'
refused sub/n.json%00.txt 'cannot be followed: schema:///sub/n.json%00.txt: is no name of a file'
refused //etc/passwd 'is the $id of no schema here: correct it, or refer to a file'
refused ////etc/passwd 'cannot be followed: schema:////etc/passwd: is no name of a file'
refused out.json "cannot be followed: shop/out.json: a symbolic link leads out of the schemas' folder: put the file itself there"
refused outer/n.json "cannot be followed: shop/outer/n.json: a symbolic link leads out of the schemas' folder: put the file itself there"
refused fifo.json 'cannot be followed: shop/fifo.json: is no regular file'
refused sub 'cannot be followed: shop/sub: is no regular file'
refused / 'cannot be followed: schema:///: is no name of a file'
echo '{"$ref":"in.json"}' >shop/r.json
try 'a link inside the folder is followed' 0 'evvalidate --schema shop/r.json -r rejects two.jsonl' <<'END'
1
END
try 'so is the link that the user names' 0 'evvalidate --schema shop/out.json --schema-dir shop -r rejects two.jsonl' <<'END'
1
END
try 'an error in another file has its place there' 2 \
	'printf "{\n\"minimum\": true}" >shop/sub/n.json; evvalidate --schema shop/a.json two.jsonl' <<'END'
! evvalidate: shop/sub/n.json:2:12: minimum must be a number: correct it
END

# format

echo '{"format":"date"}' >date.json
echo '"today"' >today.jsonl
run evvalidate --schema date.json -r rejects today.jsonl
check 'format is asserted' 0 ''
run evvalidate --schema date.json --format annotate -r rejects today.jsonl
check 'or is an annotation' 0 '"today"'
v=https://json-schema.org/draft/2020-12/vocab
mkdir metas
for how in assertion annotation; do
	printf '{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://x.example/%s","$vocabulary":{"%s/core":true,"%s/format-%s":false}}\n' \
		"$how" "$v" "$v" "$how" >metas/$how
	echo "{\"\$schema\":\"https://x.example/$how\",\"format\":\"date\",\"type\":\"null\"}" >$how.json
done
run evvalidate --schema assertion.json --schema-dir metas --schema-base https://x.example --format annotate -r rejects today.jsonl
check 'unless the metaschema asserts it' 0 ''
is 'which is why it fails, not a keyword that the metaschema does not have' \
	"$(jq -r '._ev.reject.reasons[].keyword' rejects)" format
run evvalidate --schema annotation.json --schema-dir metas --schema-base https://x.example -r rejects today.jsonl
check 'or annotates it' 0 '"today"'
try 'a metaschema that is not there' 2 'evvalidate --schema annotation.json today.jsonl' <<'END'
! evvalidate: annotation.json:1:12: $schema names https://x.example/annotation, which is not known here: write the schema for "https://json-schema.org/draft/2020-12/schema"
END
echo '{"$schema":"https://x.example/b"}' >metas/a
echo '{"$schema":"https://x.example/a"}' >metas/b
try 'metaschemas of one another' 2 \
	'evvalidate --schema metas/a --schema-dir metas --schema-base https://x.example today.jsonl' <<'END'
! evvalidate: metas/a:1:12: $schema names https://x.example/b, which cannot be read: metas/b:1:12: $schema names https://x.example/a, whose own $schema leads back here: the draft has to be named somewhere
END

# Drafts

echo '{"items":[{"type":"null"}],"additionalItems":false}' >pair.json
printf '[null]\n[null,1]\n[1]\n' >pairs.jsonl
for draft in 2019-09 draft-07 draft-06 draft-04; do
	run evvalidate --schema pair.json --draft $draft -r rejects pairs.jsonl
	check "a schema without \$schema is of --draft $draft" 0 '[null]'
done
try 'else of 2020-12' 2 'evvalidate --schema pair.json pairs.jsonl' <<'END'
! evvalidate: pair.json:1:10: items must be one schema: since draft 2020-12 a list of schemas is prefixItems
END
try 'a draft that is none' 2 'evvalidate --schema pair.json --draft 7 pairs.jsonl' <<'END'
! evvalidate: there is no draft '7': name 2020-12, 2019-09, draft-07, draft-06 or draft-04
END
try 'these options are for --schema' 2 'evvalidate --draft draft-07 pairs.jsonl' <<'END'
! evvalidate: --draft goes with --schema FILE
! Try 'evvalidate --help'.
END
try '--schema-base is a name of --schema-dir' 2 'evvalidate --schema pair.json --schema-base https://x.example pairs.jsonl' <<'END'
! evvalidate: --schema-base goes with --schema-dir DIR, the folder that it names
! Try 'evvalidate --help'.
END
try '--schema-dir is a folder' 2 'evvalidate --schema pair.json --schema-dir pair.json pairs.jsonl' <<'END'
! evvalidate: pair.json: is no folder
END
try '--schema-base is absolute' 2 'evvalidate --schema pair.json --schema-dir . --schema-base schemas/ pairs.jsonl' <<'END'
! evvalidate: schemas/: is no absolute URI of a folder, such as https://example.org/schemas/
END
try '--format is one of two' 2 'evvalidate --schema pair.json --format ignore pairs.jsonl' <<'END'
! evvalidate: --format takes assert or annotate, not 'ignore'
! Try 'evvalidate --help'.
END
done_testing
