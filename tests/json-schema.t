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
done_testing
