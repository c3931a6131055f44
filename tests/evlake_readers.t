#!/bin/sh
# The folders of a lake as DuckDB and Spark read them, with types of any name, if EVKIT_PYTHON names a
# Python that has them.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

unset EVKIT_SEAL
n=0
for type in Order 'a%b' a/b a=b Zoë 日本 .. . '' ' sp ace ' 'tab\there' 'quo\"te' 'nl\nx' 007 1e5 true %2F a%2Fb +plus A a '*' '?x' '{b}' \
	type=x dt=2026-01-01 '$x' '~' 😀 '\u202ee' "$(printf '%0300d' 0)"; do
	for day in 2026-03-01 2026-03-02; do
		n=$((n + 1))
		printf '{"id":"e%d","name":"%s","time":"%sT12:00:00Z"}\n' $n "$type" $day
	done
done >day
printf '{"id":"x","name":"T"}\nno JSON\n{"id":\n' >>day
evlake append --batch b --buckets 3 --id .id --type .name --time .time lake day -o copy || exit 2
is 'there is something to read' "$(sort copy | cksum)" "$(sort day | cksum)"

for reader in duckdb:duckdb spark:pyspark; do
	name=${reader%:*} package=${reader#*:}
	if [ -z "${EVKIT_PYTHON-}" ] || ! "$EVKIT_PYTHON" -c "import $package" >"$tap/import" 2>&1; then
		skip "$name" "EVKIT_PYTHON names no Python that has $package"
		continue
	fi
	run "\$EVKIT_PYTHON \"\$srcdir/tests/evlake_readers.py\" $name lake 2>told"
	check "$name reads days, types and buckets" 0 "$((n + 3)) lines, $((n + 1)) events in 3 buckets"
done
done_testing
