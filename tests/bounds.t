#!/bin/sh
# Counts at the bounds of tables and bitmaps, and next to them: names, members, shapes, elements,
# types and columns, through the programs that remember them. The sanitizers run this, too.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# What takes a second is not quadratic; under the sanitizers it takes longer.
slow=40
[ "$SANITIZE" = no ] || slow=250
export slow

around='63 64 65 127 128 129 255 256 257 511 512 513 1023 1024 1025'
deletes='^{"_ev":{"op":"delete",'
envelope='"type":"T","at":"2026-03-01T10:00:00Z","v":1'

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    f: {keep: latest, columns: {a: {from: .n1, type: int, dimension: d}}}
  dimensions:
    d: {key: .n1, columns: {a: {from: .n1, type: int}, whole: {from: ., type: json}}}
END

# through EVENTS: two spellings of each event of "in" are one in every program, and each
# reaches the warehouse. evversion writes a delete line and a version of each; evstar hands on the
# one, and makes a row of the fact and a member of the other.
through()
{
	run 'evvalidate in | evdedupe | evversion | evstar | evload tsv:out && wc -l <out/f.tsv'
	check "$what: to TSV" 0 "$1"
	rm -rf out
	run 'evdedupe in | wc -l'
	check "$what: evdedupe" 0 "$1"
	run "evversion in >versions && grep -c '$deletes' versions && grep -cv '$deletes' versions"
	check "$what: evversion" 0 "$1
$1"
	run 'evstar --stats - versions >rows'
	check "$what: evstar" 0 any "evstar      in $((2 * $1))  event $1  delete $1  out $((3 * $1))  rejected 0  blank 0"
	rm -f db
	run "evschema -t sqlite | sqlite3 db && evload $unsealed sqlite:db rows && sqlite3 db 'SELECT count(*) FROM f'"
	check "$what: SQLite" 0 "$1"
	run 'sort -R in | evdedupe | evdedupe | wc -l'
	check "$what: in another order" 0 "$1"
}

# A load that nobody sealed says so, where that is asked for.
unsealed=$(evload --help | grep -o -e --unsealed | head -n 1)
need sqlite3 || skip_all 'sqlite3 is not installed'

# So many members in one record: in order, and from the last to the first.
for n in $around 65535 65536 65537; do
	what="$n members"
	awk -v n="$n" -v e="$envelope" 'BEGIN {
		printf "{\"id\":\"a\",%s", e
		for (i = 1; i <= n - 4; i++) printf ",\"n%d\":%d", i, i
		printf "}\n{"
		for (i = n - 4; i >= 1; i--) printf "\"n%d\":%d.0,", i, i
		printf "%s,\"id\":\"a\"}\n", e
	}' >in
	through 1
done

# Each record has a name that none before it had, so that every number of names is met on the way.
what='1,100 records with a new name each'
awk -v e="$envelope" 'BEGIN {
	for (i = 1; i <= 1100; i++) {
		printf "{\"id\":\"e%d\",%s,\"x%d\":1,\"n1\":%d}\n", i, e, i, i
		printf "{\"n1\":%d.0,\"x%d\":1.0,%s,\"id\":\"e%d\"}\n", i, i, e, i
	}
}' >in
through 1100
# As many shapes, of few names.
what='1,100 shapes of 11 names'
awk -v e="$envelope" 'BEGIN {
	for (i = 1; i <= 1100; i++) {
		s = ""
		for (b = 0; b < 11; b++)
			if (int(i / 2 ^ b) % 2) s = s sprintf(",\"s%d\":%d", b, i)
		printf "{\"id\":\"e%d\",%s%s,\"n1\":%d}\n", i, e, s, i
		printf "{\"n1\":%d.0%s,%s,\"id\":\"e%d\"}\n", i, s, e, i
	}
}' >in
through 1100
# Names that the scanner has no more room to learn.
what='5,000 names'
awk -v e="$envelope" 'BEGIN {
	for (i = 1; i <= 2500; i++) {
		printf "{\"id\":\"e%d\",%s,\"n1\":%d,\"a%d\":1,\"b%d\":2}\n", i, e, i, i, i
		printf "{\"b%d\":2.0,\"a%d\":1,\"n1\":%d,%s,\"id\":\"e%d\"}\n", i, i, i, e, i
	}
}' >in
through 2500

# Elements: a row each.
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    f: {keep: latest, each: ".l[]", columns: {i: {from: $index, type: int}, x: {from: $item.x, type: int}}}
END
for n in 0 1 $around 65535 65536 65537; do
	awk -v n="$n" -v e="$envelope" 'BEGIN {
		for (k = 1; k <= 2; k++) {
			printf "{\"id\":\"a%d\",%s,\"l\":[", k, e
			for (i = 1; i <= n; i++) printf "%s{\"x\":%d}", (i > 1 ? "," : ""), i
			print "]}"
		}
	}' >in
	rm -rf out
	run 'cat in in | evdedupe | evversion | evstar | evload tsv:out && cat out/f.tsv | wc -l'
	[ "$n" -gt 0 ] || sed -i '/^evstar: .*: no event of the batch has [.]l/d' "$err"
	check "twice $n elements" 0 $((2 * n))
	is "twice $n elements: their sum" "$(awk -F '\t' '{ s += $4 } END { printf "%.0f\n", s }' out/f.tsv)" \
		"$(awk -v n="$n" 'BEGIN { printf "%.0f\n", n * (n + 1) }')"
done

# Types.
for n in $around; do
	awk -v n="$n" 'BEGIN {
		print "evkit: 1\nname: shop\nevent: {id: .id, type: .type, time: .at, version: .v}\ntypes:"
		for (i = 1; i <= n; i++) printf "  T%d: {properties: {x: {maximum: %d}}}\n", i, i
		print "star: {facts: {f: {keep: latest, columns: {x: {from: .x, type: int}}}}}"
	}' >evkit.yaml
	awk -v n="$n" 'BEGIN {
		for (i = 1; i <= n; i++) for (x = i; x <= i + 1; x++)
			printf "{\"id\":\"%d-%d\",\"type\":\"T%d\",\"at\":\"2026-03-01T10:00:00Z\",\"v\":1,\"x\":%d}\n", i, x, i, x
	}' >in
	rm -rf out
	run 'evvalidate -r rejects in | evdedupe | evversion | evstar | evload tsv:out && wc -l <out/f.tsv && grep -c \"schema\" rejects'
	check "$n types, each with its bound" 0 "$n
$n"
done

reasons='2
"required"
"required"
"enum"
"enum"
"additionalProperties"'
# Schemas: required and known members, values of an enumeration, and alternatives.
for n in $around; do
	awk -v n="$n" 'BEGIN {
		printf "{\"required\":["
		for (i = 1; i <= n; i++) printf "%s\"n%d\"", (i > 1 ? "," : ""), i
		printf "],\"properties\":{"
		for (i = 1; i <= n; i++) printf "%s\"n%d\":{\"enum\":[%d]}", (i > 1 ? "," : ""), i, i
		print "},\"additionalProperties\":false}"
	}' >schema.json
	awk -v n="$n" 'function put(without, odd, i, c) {
		printf "{"
		for (i = n; i >= 1; i--) if (i != without) printf "%s\"n%d\":%d", (c++ ? "," : ""), i, (i == odd ? 0 : i)
	}
	BEGIN {
		put(0, 0); print "}"
		put(1, 0); print "}"
		put(n, 0); print "}"
		put(0, 1); print "}"
		put(0, n); print "}"
		put(0, 0); print ",\"x\":1}"
		put(0, 0); print "}"
	}' >in
	run 'evvalidate --schema schema.json -r rejects in | wc -l && grep -o "\"keyword\":\"[a-zA-Z]*\"" rejects | cut -d : -f 2'
	check "a schema of $n members" 0 "$reasons"
done
for n in $around; do
	awk -v n="$n" 'BEGIN {
		printf "{\"enum\":["
		for (i = 1; i <= n; i++) printf "%s\"v%d\"", (i > 1 ? "," : ""), i
		print "]}"
	}' >schema.json
	printf '"v0"\n"v1"\n"v%d"\n"v%d"\n' "$n" $((n + 1)) >in
	run 'evvalidate --schema schema.json -r rejects in'
	check "an enumeration of $n" 0 "\"v1\"
\"v$n\""
done

# Columns, each from its own member.
for n in $around; do
	awk -v n="$n" 'BEGIN {
		print "evkit: 1\nname: shop\nevent: {id: .id, type: .type, time: .at, version: .v}\nstar: {facts: {f: {keep: latest, columns: {"
		for (i = 1; i <= n; i++) printf "  c%d: {from: .n%d, type: int},\n", i, i
		print "}}}}"
	}' >evkit.yaml
	awk -v n="$n" -v e="$envelope" 'BEGIN {
		for (k = 1; k <= 3; k++) {
			printf "{\"id\":\"a%d\",%s", k, e
			for (i = 1; i <= n; i++) printf ",\"n%d\":%d", (k == 2 ? n + 1 - i : i), (k == 2 ? n + 1 - i : i)
			print "}"
		}
	}' >in
	rm -rf out
	run 'evvalidate in | evdedupe | evversion | evstar >rows && evload tsv:out rows'
	check "$n columns" 0
	is "$n columns: their sums" "$(awk -F '\t' '{ s = 0; for (i = 3; i <= NF; i++) s += $i; printf "%d ", s }' out/f.tsv)" \
		"$((n * (n + 1) / 2)) $((n * (n + 1) / 2)) $((n * (n + 1) / 2)) "
	rm -f db
	run "evschema -t sqlite | sqlite3 db && evload $unsealed sqlite:db rows && sqlite3 db 'SELECT count(*), sum(c1), sum(c$n) FROM f'"
	check "$n columns: SQLite" 0 "3|3|$((3 * n))"
done

# Far more than a warehouse takes. What reads them grows with their number and not with its square,
# which would be a minute each.
awk -v n=65536 'BEGIN {
	print "evkit: 1\nname: shop\nevent: {id: .id, type: .type, time: .at, modified: .at}\nstar:\n  facts:\n    f:\n      keep: latest\n      columns:"
	for (i = 1; i <= n; i++) printf "        c%d: {from: .n%d, type: int}\n", i, i
}' >evkit.yaml
run 'timeout $slow evschema -t sqlite'
check '65536 columns are too many for SQLite' 2 '' '~^evschema: evkit.yaml:6:5: the table f has 65538 columns, .* and sqlite takes 2000 at most'
echo '        C65000: {from: .n, type: int}' >>evkit.yaml
run 'timeout $slow evschema -t sqlite'
check 'one of 65537 columns comes out as another' 2 '' "evschema: evkit.yaml:65545:9: a second column comes out as 'C65000': rename one"
sed -i '65545,$d' evkit.yaml
awk -v e="$envelope" 'BEGIN { printf "{\"id\":\"a\",%s", e; for (i = 1; i <= 65536; i++) printf ",\"n%d\":%d", i, i; print "}" }' >in
run 'timeout $slow evvalidate in | timeout $slow evstar | wc -l'
check 'an event of 65536 columns' 0 1
sed 's/"n\([1-9]\)/"m\1/g' in >others
run 'timeout $slow evvalidate others | wc -l'
check 'an event of 65536 other members' 0 1 "~no event of the batch has .n1, which the column c1 of f asks for"
awk -v n=65536 'BEGIN {
	print "evkit: 1\nname: shop\nevent: {id: .id, type: .type, time: .at, modified: .at}\ntypes:"
	for (i = 1; i <= n; i++) printf "  T%d: {type: object}\n", i
	print "star: {facts: {f: {keep: latest, columns: {a: {from: .id, type: json}}}}}"
}' >evkit.yaml
awk -v n=65536 'BEGIN { for (i = n + 1; i > 0; i--) printf "{\"id\":%d,\"type\":\"T%d\",\"at\":\"2026-03-01T10:00:00Z\"}\n", i, i }' >in
run 'timeout $slow evvalidate -r rejects in | timeout $slow evstar | wc -l && wc -l <rejects'
check '65536 types, and one that is not among them' 0 '65536
1'
done_testing
