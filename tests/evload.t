#!/bin/sh
# evload: rows into a warehouse, all or none.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

command -v sqlite3 >"$tap/sqlite3" || skip_all 'sqlite3 is not installed'

cat >evkit.yaml <<'END'
evkit: 1
name: types
event: {id: .id, type: .type, time: .at, version: .v}
star:
  facts:
    every:
      keep: latest
      columns:
        t: {from: .t, type: varchar(1000)}
        n: {from: .n, type: int}
        d: {from: .d, type: "decimal(38,4)"}
        b: {from: .b, type: bool}
        at: {from: .at, type: timestamp}
        day: {from: .day, type: date}
        u: {from: .u, type: uuid}
        j: {from: .j, type: json}
    select:
      keep: history
      columns: {order: {from: .t, type: varchar(1000), dimension: user}}
  dimensions:
    user: {key: .t, columns: {t: {from: .t, type: varchar(1000)}}}
END

# row N T N D B AT DAY U J: a row of "every", of the owner N. What is empty is null.
row()
{
	printf '{"ev_index":0,"t":%s,"n":%s,"d":%s,"b":%s,"at":%s,"day":%s,"u":%s,"j":%s,' \
		"${2:-null}" "${3:-null}" "${4:-null}" "${5:-null}" "${6:-null}" "${7:-null}" "${8:-null}" "${9:-null}"
	printf '"_ev":{"table":"every","op":"insert","owner":"%032x"}}\n' "$1"
}

schema()
{
	rm -f "$1"
	evschema -t sqlite | sqlite3 "$1"
}

dump()
{
	sqlite3 -readonly "$1" .dump
}

#
# TSV
#
{
	row 1 '"plain"' 42 19.10 true '"2026-03-01T10:00:00.123456Z"' '"2026-03-01"' \
		'"6ba7b810-9dad-11d1-80b4-00c04fd430c8"' '{"a": 1}'
	row 2 '""'
	row 3 '"a\tb\nc\rd\\e\"f\u0009\u005c\u0022"'
	row 4 '"\\N"'
	row 5 '"\\."'
	row 6 '"null"' '' '' false
	row 7 '"NULL"' -0
	row 8 '" \u00e9é\ud83d\ude00😀\u2028\u0001\u007f\u0080\ufeff "'
	row 9 '"\/\b\f"'
	row 10 '' 9223372036854775807 9999999999999999999999999999999999.9999
	row 11 '' -9223372036854775808 -0.0001
	row 12 '' 1e3 1e2
	row 13 '' 5.0 12345678901234567890E-4
	row 14 '' '' -0.00
	row 15 '' '' '' '' '"2026-03-01T10:00:00+01:00"' '' '"{6BA7B810-9DAD-11D1-80B4-00C04FD430C8}"'
	row 16 '' '' '' '' '"0001-01-01T00:00:00Z"' '"0001-01-01"'
	row 17 '' '' '' '' '' '' '' '"te\"xt\t"'
	row 18 '' '' '' '' '' '' '' '[1.10, {"a":"\\\t\u00e9"}, 1e400]'
	row 19 '' '' '' '' '' '' '' false
	row 20 '' '' '' '' '"2026-03-01T10:00:00.1234567899Z"' '"2028-02-29"'
} >rows
T=$(printf '\t')
R=$(printf '\r')
run 'evload -t every rows'
check 'pgtext: the text format of COPY' 0 "$(
	cat <<END
00000000000000000000000000000001${T}0${T}plain${T}42${T}19.10${T}true${T}2026-03-01T10:00:00.123456Z${T}2026-03-01${T}6ba7b810-9dad-11d1-80b4-00c04fd430c8${T}{"a": 1}
00000000000000000000000000000002${T}0${T}${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
00000000000000000000000000000003${T}0${T}a\\tb\\nc\\rd\\\\e"f\\t\\\\"${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
00000000000000000000000000000004${T}0${T}\\\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
00000000000000000000000000000005${T}0${T}\\\\.${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
00000000000000000000000000000006${T}0${T}null${T}\\N${T}\\N${T}false${T}\\N${T}\\N${T}\\N${T}\\N
00000000000000000000000000000007${T}0${T}NULL${T}0${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
00000000000000000000000000000008${T}0${T} éé😀😀$(printf '\342\200\250\001\177\302\200\357\273\277') ${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
00000000000000000000000000000009${T}0${T}/$(printf '\b\f')${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
0000000000000000000000000000000a${T}0${T}\\N${T}9223372036854775807${T}9999999999999999999999999999999999.9999${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
0000000000000000000000000000000b${T}0${T}\\N${T}-9223372036854775808${T}-0.0001${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
0000000000000000000000000000000c${T}0${T}\\N${T}1000${T}100${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
0000000000000000000000000000000d${T}0${T}\\N${T}5${T}1234567890123456.789${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
0000000000000000000000000000000e${T}0${T}\\N${T}\\N${T}0.00${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N
0000000000000000000000000000000f${T}0${T}\\N${T}\\N${T}\\N${T}\\N${T}2026-03-01T09:00:00.000000Z${T}\\N${T}6ba7b810-9dad-11d1-80b4-00c04fd430c8${T}\\N
00000000000000000000000000000010${T}0${T}\\N${T}\\N${T}\\N${T}\\N${T}0001-01-01T00:00:00.000000Z${T}0001-01-01${T}\\N${T}\\N
00000000000000000000000000000011${T}0${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}"te\\\\"xt\\\\t"
00000000000000000000000000000012${T}0${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}[1.10, {"a":"\\\\\\\\\\\\t\\\\u00e9"}, 1e400]
00000000000000000000000000000013${T}0${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}\\N${T}false
00000000000000000000000000000014${T}0${T}\\N${T}\\N${T}\\N${T}\\N${T}2026-03-01T10:00:00.123456Z${T}2028-02-29${T}\\N${T}\\N
END
)"
cp "$out" every.pgtext
is 'pgtext: a line a row, with a tab between any two columns' \
	"$(awk -F '\t' '{ print NF }' every.pgtext | sort | uniq -c | xargs)" '20 10'
run 'evload -t every --dialect csvq rows'
check 'csvq: quoted, and null is nothing' 0 "$(
	cat <<END
"00000000000000000000000000000001"${T}"0"${T}"plain"${T}"42"${T}"19.10"${T}"true"${T}"2026-03-01T10:00:00.123456Z"${T}"2026-03-01"${T}"6ba7b810-9dad-11d1-80b4-00c04fd430c8"${T}"{""a"": 1}"
"00000000000000000000000000000002"${T}"0"${T}""${T}${T}${T}${T}${T}${T}${T}
"00000000000000000000000000000003"${T}"0"${T}"a${T}b
c${R}d\\e""f${T}\\"""${T}${T}${T}${T}${T}${T}${T}
"00000000000000000000000000000004"${T}"0"${T}"\\N"${T}${T}${T}${T}${T}${T}${T}
"00000000000000000000000000000005"${T}"0"${T}"\\."${T}${T}${T}${T}${T}${T}${T}
"00000000000000000000000000000006"${T}"0"${T}"null"${T}${T}${T}"false"${T}${T}${T}${T}
"00000000000000000000000000000007"${T}"0"${T}"NULL"${T}"0"${T}${T}${T}${T}${T}${T}
"00000000000000000000000000000008"${T}"0"${T}" éé😀😀$(printf '\342\200\250\001\177\302\200\357\273\277') "${T}${T}${T}${T}${T}${T}${T}
"00000000000000000000000000000009"${T}"0"${T}"/$(printf '\b\f')"${T}${T}${T}${T}${T}${T}${T}
"0000000000000000000000000000000a"${T}"0"${T}${T}"9223372036854775807"${T}"9999999999999999999999999999999999.9999"${T}${T}${T}${T}${T}
"0000000000000000000000000000000b"${T}"0"${T}${T}"-9223372036854775808"${T}"-0.0001"${T}${T}${T}${T}${T}
"0000000000000000000000000000000c"${T}"0"${T}${T}"1000"${T}"100"${T}${T}${T}${T}${T}
"0000000000000000000000000000000d"${T}"0"${T}${T}"5"${T}"1234567890123456.789"${T}${T}${T}${T}${T}
"0000000000000000000000000000000e"${T}"0"${T}${T}${T}"0.00"${T}${T}${T}${T}${T}
"0000000000000000000000000000000f"${T}"0"${T}${T}${T}${T}${T}"2026-03-01T09:00:00.000000Z"${T}${T}"6ba7b810-9dad-11d1-80b4-00c04fd430c8"${T}
"00000000000000000000000000000010"${T}"0"${T}${T}${T}${T}${T}"0001-01-01T00:00:00.000000Z"${T}"0001-01-01"${T}${T}
"00000000000000000000000000000011"${T}"0"${T}${T}${T}${T}${T}${T}${T}${T}"""te\\""xt\\t"""
"00000000000000000000000000000012"${T}"0"${T}${T}${T}${T}${T}${T}${T}${T}"[1.10, {""a"":""\\\\\\t\\u00e9""}, 1e400]"
"00000000000000000000000000000013"${T}"0"${T}${T}${T}${T}${T}${T}${T}${T}"false"
"00000000000000000000000000000014"${T}"0"${T}${T}${T}${T}${T}"2026-03-01T10:00:00.123456Z"${T}"2028-02-29"${T}${T}
END
)"
# Rows of other tables. What there is to be deleted is none of a load that only adds.
cat >others <<'END'
{"_ev":{"op":"delete","owner":"00000000000000000000000000000001"}}
{"user_key":"0123456789abcdef0123456789abcdef","ev_inferred":true,"t":null,"_ev":{"table":"user","op":"insert","owner":"0123456789abcdef0123456789abcdef"}}
{"_ev":{"table":"select","op":"insert","owner":"o'1\"\u00e9\n"},"order_key":"00000000000000000000000000000000","order":null,"ev_deleted":false,"ev_current":true,"ev_valid_to":null,"ev_valid_from":"2026-03-01T10:00:00Z","ev_index":7,"ev_version":3}
{"_ev":{"op":"delete","owner":"no such"}}
END
run 'evload -t select rows others'
check 'members come in any order, columns in that of the table' 0 \
	"o'1\"é\\n${T}3${T}7${T}2026-03-01T10:00:00.000000Z${T}\\N${T}true${T}false${T}\\N${T}00000000000000000000000000000000"
run 'evload -t user others'
check 'a dimension' 0 "0123456789abcdef0123456789abcdef${T}true${T}\\N"
run 'evload -t every --stats - -o every.none others'
check 'lines that are to delete count as skipped' 0 '' 'evload      in 4  row 2  delete 0  skipped 2  rejected 0  blank 0'

#
# Use
#
try 'no target' 2 'evload rows' <<'END'
! evload: 'rows' is no target: name sqlite:FILE, postgresql:..., tsv:FOLDER, or -t TABLE
! Try 'evload --help'.
END
try 'nothing at all' 2 'evload' <<'END'
! evload: name a target: sqlite:FILE, postgresql:..., tsv:FOLDER, or -t TABLE
! Try 'evload --help'.
END
try 'a table that the model does not have' 2 'evload -t nosuch rows' <<'END'
! evload: the model has no table 'nosuch'
! Try 'evload --help'.
END
try 'a dialect that there is not' 2 'evload -t every --dialect csv rows' <<'END'
! evload: --dialect takes pgtext or csvq, not 'csv'
! Try 'evload --help'.
END

#
# A folder
#
run 'evload tsv:out rows others'
check 'a folder of TSV' 0
same 'has each table' out/every.tsv every.pgtext
is 'in files of these names' "$(find out | sort | xargs)" \
	'out out/every.tsv out/manifest.json out/select.tsv out/user.tsv'
# The digests are those of xxh128sum, of the files as they stand above.
same 'the manifest says what is there' out/manifest.json - <<'END'
{
	"evkit":1,
	"dialect":"pgtext",
	"files":[
		{"table":"every","use":"insert","file":"every.tsv","rows":20,"octets":1580,"xxh3_128":"e98b6b1583391a3498046ed4f72c1bcd","columns":["ev_owner","ev_index","t","n","d","b","at","day","u","j"]},
		{"table":"select","use":"insert","file":"select.tsv","rows":1,"octets":91,"xxh3_128":"899801c77285aa3495b7e2b3fe43ba62","columns":["ev_owner","ev_version","ev_index","ev_valid_from","ev_valid_to","ev_current","ev_deleted","order","order_key"]},
		{"table":"user","use":"insert","file":"user.tsv","rows":1,"octets":41,"xxh3_128":"cac57773a9ab6ee82d83893ddc88eeab","columns":["user_key","ev_inferred","t"]}
	]
}
END
run 'evload --dialect csvq tsv:out rows'
check 'a second load' 0
run 'evload -t every --dialect csvq -o every.csvq rows'
same 'replaces the files' out/every.tsv every.csvq
is 'takes those away that it does not have, and empties what has no rows' \
	"$(find out -type f -size 0 | sort | xargs) $(find out -type f ! -size 0 | sort | xargs)" \
	'out/select.tsv out/user.tsv out/every.tsv out/manifest.json'
ok 'and says so in the manifest' grep -q '"dialect":"csvq"' out/manifest.json

# What is known of rows that look alike must not show: each loads as it does alone.
awk 'function any(list, a) { return a[int(rand() * split(list, a, "|")) + 1] }
BEGIN {
	srand(7)
	for (i = 1; i <= 240; i++) {
		row = "\"t\":" any("null|\"a\"|\"a\\tb\"|\"\\u00e9\"|\"e\"") ",\"n\":" any("1|-1|10|1e3|null|123456789012") \
			",\"d\":" any("1.5|1.50|-0.1|15e-1|null") ",\"b\":" any("true|false|null") \
			",\"at\":" any("null|\"2026-03-01T10:00:00.123456Z\"|\"2026-03-01T10:00:00.123456Z\"|\"2026-03-01T10:00:01Z\"|\"2026-03-01T10:00:02+01:00\"") \
			",\"day\":" any("null|\"2026-03-01\"") ",\"u\":" any("null|\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"|\"6BA7B810-9DAD-11D1-80B4-00C04FD430C8\"") \
			",\"j\":" any("null|{\"a\":1}|{\"a\":\"\\\\\"}|[1]")
		ev = sprintf("\"_ev\":{\"table\":\"every\",\"op\":\"insert\",\"owner\":\"%032x\"}", i)
		print rand() < 0.9 ? "{\"ev_index\":0," row "," ev "}" : "{" ev "," row ",\"ev_index\":0}"
		if (i % 9 == 0)
			printf "{\"_ev\":{\"op\":\"delete\",\"owner\":\"%d\"}}\n", i
	}
}' >alike
while read -r line; do
	printf '%s\n' "$line" | evload -t every
done <alike >want
run 'evload -t every alike'
check 'rows that look alike, together and one by one' 0 @want

# In gzip: the same files, packed.
run 'evload --gzip --dialect csvq tsv:packed rows others'
check 'a folder in gzip format' 0
run 'evload --dialect csvq tsv:out rows others'
check 'and the same as it is' 0
is 'has the same files under other names' "$(cd packed && ls)" "$(cd out && ls | sed 's/tsv$/tsv.gz/')"
for file in every select user; do
	run "gzip -t packed/$file.tsv.gz && gzip -dc packed/$file.tsv.gz"
	check "$file.tsv.gz holds $file.tsv" 0 "@out/$file.tsv"
done
sed 's/\.tsv"/.tsv.gz"/; 3a\	"compression":"gzip",' out/manifest.json >want
same 'the manifest says so, and tells the bytes and digests of what is packed' packed/manifest.json want
evload --gzip --dialect csvq tsv:packed others rows
run 'gzip -dc packed/user.tsv.gz packed/every.tsv.gz packed/select.tsv.gz | sort'
sort out/user.tsv out/every.tsv out/select.tsv >want
check 'a second load replaces the files' 0 @want
run 'evload --gzip --dialect csvq tsv:out rows'
check 'in the folder of a load that was not packed' 0
is 'leaves no file of that' "$(cd out && echo *)" 'every.tsv.gz manifest.json select.tsv.gz user.tsv.gz'
is 'and an empty table is gzip too' "$(gzip -dc out/select.tsv.gz | wc -c)" 0
run 'evload --dialect csvq tsv:out rows'
check 'and back' 0
is 'leaves none that is packed' "$(cd out && echo *)" 'every.tsv manifest.json select.tsv user.tsv'
awk 'BEGIN {
	for (i = 1; i <= 30000; i++)
		printf "{\"ev_index\":0,\"t\":\"%d %d\",\"n\":%d,\"d\":null,\"b\":null,\"at\":null," \
			"\"day\":null,\"u\":null,\"j\":null,\"_ev\":{\"table\":\"every\",\"op\":\"insert\"," \
			"\"owner\":\"%032x\"}}\n", i * 7919, i * i, i, i
}' >lot
run 'evload -t every lot -o lot.tsv && evload --gzip tsv:packed lot && gzip -dc packed/every.tsv.gz'
check 'a table of several members' 0 @lot.tsv
if need taskset; then
	run 'taskset -c "$(taskset -cp $$ | sed "s/.*[ ,-]//")" evload --gzip tsv:single lot'
	check 'packed on one processor' 0
	same 'it is the same to the byte' single/every.tsv.gz packed/every.tsv.gz
	rm -r single
fi
rm -r packed lot lot.tsv
try '--gzip with -t' 2 'evload --gzip -t every rows' <<'END'
! evload: --gzip goes with tsv:FOLDER, not with -t: give the output to gzip
! Try 'evload --help'.
END
try '--gzip with a database' 2 'evload --unsealed --gzip sqlite:none.db rows' <<'END'
! evload: --gzip goes with tsv:FOLDER
! Try 'evload --help'.
END

cp -r out before
(cat rows && echo '{"ev_index":0}') >damaged
run 'evload tsv:out damaged'
check 'a load that fails' 2 '' '~^evload: damaged:21: '
run 'diff -r before out'
check 'changes no file and leaves none' 0
run 'evload tsv:no/such/folder rows'
check 'a folder in no folder' 2 '' 'evload: no/such/folder: the folder cannot be made: No such file or directory'
run 'evload tsv:rows rows'
check 'a file where the folder should be' 2 '' '~^evload: rows/.*: Not a directory'
rm out/user.tsv && ln -s /dev/full out/user.tsv
run 'evload tsv:out rows others'
check 'a disk that is full' 2 '' '~^evload: out/user.tsv: cannot be written: No space left on device$'
ok 'leaves no manifest that promises what is not there' [ ! -e out/manifest.json ]
mkdir full && ln -s /dev/full full/every.tsv.gz
run 'evload --gzip tsv:full rows others'
check 'a disk that is full, in gzip format' 2 '' '~^evload: full/every.tsv.gz: cannot be written: No space left on device$'
ok 'leaves no manifest' [ ! -e full/manifest.json ]
is 'and no file under another name' "$(find full -type f ! -name 'every*')" ''

#
# Rows that are none
#
good='"ev_index":0,"t":null,"n":null,"d":null,"b":null,"at":null,"day":null,"u":null,"j":null'
schema bad.db
sqlite3 bad.db "INSERT INTO user VALUES ('x', 0, 'kept')"
dump bad.db >bad.before

# bad NAME ROW ERROR: the row, behind a good one, is trouble for every target, and nothing is loaded.
bad()
{
	(row 1 '"good"' && printf '%s\n' "$2") >line
	run evload --unsealed --snapshot sqlite:bad.db line
	check "$1" 2 '' "~^evload: line:2: .*$3.*: give evload what evstar wrote by the same model$"
	dump bad.db >bad.after
	same "$1: nothing is changed" bad.after bad.before
	run evload -t every -o tsv line
	is "$1: nor is TSV made" "$status $([ -e tsv ] && echo made)" '2 '
}

by='"_ev":{"table":"every","op":"insert","owner":"00000000000000000000000000000002"}'
bad 'no JSON' 'rows' 'column 1'
bad 'no object' '[1]' ''
bad 'no row' '{"a":1}' 'this is no row: its op is neither insert nor delete'
bad 'a raw event' '{"event_id":"1","_ev":{"origin":{"source":"s","line":1,"offset":0}}}' 'this is no row'
bad 'a name twice' "{$good,\"t\":1,$by}" 'same name'
owner=00000000000000000000000000000001
bad 'no table' "{$good,\"_ev\":{\"op\":\"insert\",\"owner\":\"$owner\"}}" 'names no table'
for table in nosuch '' 'every\"; DROP TABLE user; --' "every' OR 1=1" ../../every ev_ledger EVERY 'every\u0000' sqlite_master \
	"$(printf '%03000d' 0)"; do
	bad "the table '$(printf %.40s "$table")'" "{$good,\"_ev\":{\"table\":\"$table\",\"op\":\"insert\",\"owner\":\"$owner\"}}" \
		'the model has no table '
done
bad 'a table that is no text' "{$good,\"_ev\":{\"table\":7,\"op\":\"insert\",\"owner\":\"$owner\"}}" 'names no table'
bad 'another op' "{$good,\"_ev\":{\"table\":\"every\",\"op\":\"upsert\",\"owner\":\"$owner\"}}" 'this is no row: its op is neither insert nor delete'
bad 'no op' "{$good,\"_ev\":{\"table\":\"every\",\"owner\":\"$owner\"}}" 'this is no row: its op is neither insert nor delete'
long=$(printf '%0256d' 0)
for id in '' "$long" 'a\u0000' '\u0000'; do
	bad "the owner '$(printf %.20s "$id")'" "{$good,\"_ev\":{\"table\":\"every\",\"op\":\"insert\",\"owner\":\"$id\"}}" \
		"the row's owner is no event's id"
	bad "the owner '$(printf %.20s "$id")' to be deleted" "{\"_ev\":{\"op\":\"delete\",\"owner\":\"$id\"}}" "the owner is no event's id"
done
for id in 7 null '["a"]'; do
	bad "the owner $id" "{$good,\"_ev\":{\"table\":\"every\",\"op\":\"insert\",\"owner\":$id}}" "the row's owner is no event's id"
done
bad 'no owner' "{$good,\"_ev\":{\"table\":\"every\",\"op\":\"insert\"}}" "the row's owner is no event's id"
bad 'no owner to be deleted' '{"_ev":{"op":"delete"}}' "the owner is no event's id"
member='"user_key":"00000000000000000000000000000002","ev_inferred":true,"t":null'
for key in '' 1 0000000000000000000000000000000 000000000000000000000000000000000 0000000000000000000000000000000G \
	0000000000000000000000000000000A "0' OR '1'='1'; DROP TABLE user--"; do
	bad "the key '$key'" "{$member,\"_ev\":{\"table\":\"user\",\"op\":\"insert\",\"owner\":\"$key\"}}" "the row's owner is no key"
	bad "the key '$key' to be deleted" "{\"_ev\":{\"table\":\"user\",\"op\":\"delete\",\"owner\":\"$key\"}}" "the owner is no key"
done
bad 'rows of an event to be deleted from one fact' "{\"_ev\":{\"table\":\"every\",\"op\":\"delete\",\"owner\":\"1\"}}" \
	'rows of events are deleted from all facts at once, not from every'
bad 'a member to be deleted from no table' '{"_ev":{"table":"nosuch","op":"delete","owner":"1"}}' 'the model has no table nosuch'
bad 'or from what is no name' '{"_ev":{"table":7,"op":"delete","owner":"1"}}' 'names no table'
bad 'no version of a history' "{\"ev_index\":0,\"ev_valid_from\":null,\"ev_valid_to\":null,\"ev_current\":true,\"ev_deleted\":false,\"order\":null,\"order_key\":null,\"_ev\":{\"table\":\"select\",\"op\":\"insert\",\"owner\":\"1\"}}" \
	'a row of select has 7 members where the model has 8'
bad 'a column missing' "{\"ev_index\":0,\"t\":null,$by}" 'a row of every has 2 members where the model has 9'
bad 'a column too many' "{$good,\"x\":1,$by}" 'a row of every has 10 members where the model has 9'
bad 'a column with another name' "{${good%j*}J\":null,$by}" 'a row of every lacks j'
misfit()
{
	bad "$1 in the column $2" "$(row 2 | sed "s|\"$2\":null|\"$2\":$1|")" "table every, owner 00000000000000000000000000000002: .* column $2 "
}
misfit 7 t
misfit '"\\u0000"' t
misfit "\"$(printf '%01001d' 0)\"" t
misfit 9223372036854775808 n
misfit -9223372036854775809 n
misfit 1.5 n
misfit '"1"' n
misfit 0.00001 d
misfit 10000000000000000000000000000000000 d
misfit 1e400 d
misfit 1e-400 d
misfit '"19.10"' d
misfit 1 b
misfit '"true"' b
misfit '"2026-03-01T10:00:00"' at
misfit '"2026-02-30T10:00:00Z"' at
misfit 1772359200 at
misfit '"2026-02-29"' day
misfit '"6ba7b810-9dad-11d1-80b4-00c04fd430c"' u
misfit '"\\u0000"' j
long=$(printf '%01000d' 0 | sed 's/0/é/g')
row 3 "\"$long\"" >line
run evload -t every line
is 'varchar(n) counts characters, not bytes' "$status $(cut -f 3 "$out")" "0 $long"

#
# SQLite
#
run 'evload --unsealed sqlite:nosuch.db rows'
check 'no file' 2 '' 'evload: nosuch.db: cannot be opened: unable to open database file: make it first with evschema -m evkit.yaml -t sqlite | sqlite3 nosuch.db'
ok 'and none is made' [ ! -e nosuch.db ]
mkdir folder
run 'evload --unsealed sqlite:folder rows'
check 'a folder' 2 '' '~^evload: folder: cannot be opened: '
head -c 5000 /dev/zero | tr '\0' x >text.db
run 'evload --unsealed sqlite:text.db rows'
check 'no database' 2 '' '~^evload: text.db: .*file is not a database'
: >empty.db
run 'evload --unsealed sqlite:empty.db rows'
check 'an empty file' 2 '' 'evload: empty.db: there is no ledger: make the tables first with evschema -m evkit.yaml -t sqlite | sqlite3 empty.db'
is 'which stays empty' "$(wc -c <empty.db)" 0

# differs NAME SQL ERROR: after the statement, the tables are not those of the model.
differs()
{
	schema live.db
	sqlite3 live.db "$2"
	dump live.db >live.before
	run evload --unsealed sqlite:live.db rows
	check "$1" 2 '' "evload: live.db: $3"
	dump live.db >live.after
	same "$1: nothing is changed" live.after live.before
}

mend='run evschema -m evkit.yaml -t sqlite | sqlite3 live.db on a new file, or mend the table'
differs 'a table is missing' 'DROP TABLE user' \
	'there is no table user: make it first with evschema -m evkit.yaml -t sqlite | sqlite3 live.db'
differs 'the ledger is missing' 'DROP TABLE ev_ledger' \
	'there is no ledger: make the tables first with evschema -m evkit.yaml -t sqlite | sqlite3 live.db'
differs 'a column is missing' 'ALTER TABLE every DROP COLUMN j' "table every lacks the column j: $mend"
differs 'a column is missing in the middle' 'ALTER TABLE every DROP COLUMN n' \
	"table every lacks the column n: $mend"
differs 'a column too many' 'ALTER TABLE user ADD COLUMN more TEXT' \
	"table user has the column more, which the model does not: $mend"
differs 'a column renamed' 'ALTER TABLE "select" RENAME COLUMN "order" TO "from"' \
	"table select has the column from, which the model does not: $mend"
anew='SQLite cannot take it away: make the tables in a new file with evschema -m evkit.yaml -t sqlite | sqlite3 FILE'
differs 'a unique index' 'CREATE UNIQUE INDEX "a ""b" ON user (t)' \
	'table user has the UNIQUE index a "b, which may refuse rows: DROP INDEX "a ""b";'
differs 'one of some rows' 'CREATE UNIQUE INDEX i ON user (t) WHERE t > 1' \
	'table user has the UNIQUE index i, which may refuse rows: DROP INDEX "i";'
differs 'a unique index on the ledger' 'CREATE UNIQUE INDEX i ON ev_ledger (mode)' \
	'table ev_ledger has the UNIQUE index i, which may refuse rows: DROP INDEX "i";'
while IFS='|' read -r name declared what; do
	differs "$name" "ALTER TABLE user RENAME TO was; CREATE TABLE user (user_key TEXT NOT NULL PRIMARY KEY, ev_inferred INTEGER, t TEXT $declared" "table user $what: $anew"
done <<'END'
a unique column|UNIQUE)|has a UNIQUE constraint, which may refuse rows
unique columns|, UNIQUE (t, ev_inferred))|has a UNIQUE constraint, which may refuse rows
a check|cHeCk (t <> ''))|has a CHECK, which may refuse rows
a check with a name|, CONSTRAINT "c" CHECK(t <> 'CHECK'))|has a CHECK, which may refuse rows
a foreign key|REFERENCES was)|has a FOREIGN KEY to was, which may refuse rows
a column not null|NOT NULL)|takes no null in the column t, and an event may bring one
END
schema live.db
sqlite3 live.db "ALTER TABLE user RENAME TO was; CREATE INDEX i ON was (t);
	CREATE TABLE user (user_key TEXT NOT NULL PRIMARY KEY, [ev_inferred] INTEGER /* CHECK */, t TEXT DEFAULT 'it''s a CHECK (1)' -- CHECK
	)"
run evload --unsealed sqlite:live.db rows
check 'an index, a default and a word that are none of these' 0
differs 'a column of another type' 'DROP TABLE user; CREATE TABLE user (user_key TEXT PRIMARY KEY, ev_inferred INTEGER, t REAL)' \
	"table user has the column t as REAL where the model has TEXT: $mend"

schema "a b'c\".db"
run evload --unsealed "sqlite:a b'c\".db" others rows
check 'a file with any name' 0
is 'types as they are kept' "$(
	sqlite3 "a b'c\".db" 'SELECT n, typeof(n), d, typeof(d), b, typeof(b), at, typeof(j) FROM every WHERE n NOT NULL OR d NOT NULL OR b NOT NULL'
)" '42|integer|19.1000|text|1|integer|2026-03-01T10:00:00.123456Z|text
|null||null|0|integer||null
0|integer||null||null||null
9223372036854775807|integer|9999999999999999999999999999999999.9999|text||null||null
-9223372036854775808|integer|-0.0001|text||null||null
1000|integer|100.0000|text||null||null
5|integer|1234567890123456.7890|text||null||null
|null|0.0000|text||null||null'
is 'texts as they are kept' "$(
	sqlite3 "a b'c\".db" "SELECT hex(t) FROM every WHERE t NOT NULL"
)" "706C61696E

6109620A630D645C652266095C22
5C4E
5C2E
6E756C6C
4E554C4C
20C3A9C3A9F09F9880F09F9880E280A8017FC280EFBBBF20
2F080C"
is 'JSON as it came' "$(sqlite3 "a b'c\".db" "SELECT j FROM every WHERE j NOT NULL")" '{"a": 1}
"te\"xt\t"
[1.10, {"a":"\\\t\u00e9"}, 1e400]
false'
is 'a sum of money in whole minor units' "$(
	sqlite3 "a b'c\".db" "SELECT sum(CAST(replace(d, '.', '') AS INTEGER)) FROM every WHERE length(d) < 20"
)" 1190999

#
# Loading twice: inserts
#
schema shop.db
sqlite3 shop.db 'CREATE TABLE mine (x); INSERT INTO mine VALUES (1)'
run 'evload --unsealed --batch day1 sqlite:shop.db rows'
check 'a batch' 0
is 'stands in the ledger' "$(sqlite3 shop.db 'SELECT commit_no, batch, length(digest), mode, rows, balance FROM ev_ledger')" \
	'1|day1|32|insert|20|[]'
dump shop.db >loaded
run 'evload --unsealed --batch day1 --stats - sqlite:shop.db rows'
check 'the same batch again is skipped' 0 '' 'evload: the target holds this input already: nothing was changed
evload      in 20  row 0  delete 0  skipped 20  rejected 0  blank 0'
run 'evload --unsealed --batch day1 sqlite:shop.db line'
check 'other content under its name is an error' 2 '' \
	'evload: batch day1 was loaded before with other content: give it another name, or load a snapshot of all days'
run 'evload --unsealed --batch day2 sqlite:shop.db rows'
check 'an owner that is there already' 2 '' \
	'evload: rows:1: table every holds rows of the owner 00000000000000000000000000000001 already, and this load only adds: what changes them is a load with a state, or a snapshot of all days'
dump shop.db >now
same 'none of these changed anything' now loaded
(row 21 && echo && row 22) >rest
run 'evload --unsealed sqlite:shop.db rest'
check 'a batch without a name' 0
is 'is called by its digest' "$(sqlite3 shop.db 'SELECT commit_no, batch = digest, rows FROM ev_ledger WHERE commit_no > 1')" '2|1|2'
run 'sed "s/$/\r/" rest | evload --unsealed sqlite:shop.db'
check 'and known again by it, whatever its line ends' 0 '' 'evload: the target holds this input already: nothing was changed'
run "printf '{\"_ev\":{\"op\":\"delete\",\"owner\":\"%032x\"}}\n' 21 22 99 | evload --unsealed --stats - sqlite:shop.db"
check 'lines that are to delete' 0 '' 'evload      in 3  row 0  delete 0  skipped 3  rejected 0  blank 0'
is 'delete nothing without a state' "$(sqlite3 shop.db 'SELECT count(*) FROM every')" 22

# Rows go in together: the one that is there already is named all the same, wherever it stands.
for i in $(seq 50); do
	row "1$i" "\"$i\"" "$i"
done >fifty
for n in 1 2 15 16 17 31 32 33 48 49 50; do
	schema one.db
	sed -n ${n}p fifty | evload --unsealed sqlite:one.db
	run 'evload --unsealed sqlite:one.db fifty'
	check "row $n of fifty is there" 2 '' "evload: fifty:$n: table every holds rows of the owner $(printf %032x "1$n") already, and this load only adds: what changes them is a load with a state, or a snapshot of all days"
	is "and alone stays so: $n" "$(sqlite3 one.db 'SELECT n FROM every')" "$n"
done
(cat fifty && sed -n 7p fifty) >twice
schema one.db
run 'evload --unsealed sqlite:one.db twice'
check 'a row that comes twice is the second' 2 '' '~^evload: twice:51: table every holds rows'
# Long rows among short ones, and in both tables at once.
awk 'BEGIN {
	for (i = 1; i <= 60; i++) {
		text = "x"
		while (i % 7 == 0 && length(text) < 20000 * i)
			text = text text
		printf "{\"ev_index\":0,\"t\":null,\"n\":%d,\"d\":null,\"b\":null,\"at\":null,\"day\":null,\"u\":null," \
			"\"j\":\"%s\",\"_ev\":{\"table\":\"every\",\"op\":\"insert\",\"owner\":\"%d\"}}\n", i, text, i
		printf "{\"user_key\":\"%032d\",\"ev_inferred\":false,\"t\":\"%d\",\"_ev\":{\"table\":\"user\",\"op\":\"insert\"," \
			"\"owner\":\"%032d\"}}\n", i, i, i
	}
}' >long
schema one.db
run 'evload --unsealed sqlite:one.db long'
check 'long rows among short ones' 0
is 'are all there' "$(
	sqlite3 one.db 'SELECT count(*), sum(n), sum(length(j)), sum(length(j) > 1000) FROM every' 'SELECT count(*), sum(t) FROM user'
)" '60|1830|7602348|8
61|1830'

#
# Snapshots
#
run 'evload --unsealed --snapshot --batch all sqlite:shop.db others rows rest'
check 'a snapshot' 0 '' 'evload: the snapshot took the place of all that was loaded before: 3 batches of 22 rows in the ledger'
is 'replaces the tables of the model, and no other' "$(
	sqlite3 shop.db 'SELECT count(*) FROM every' 'SELECT count(*) FROM user' 'SELECT count(*) FROM mine'
)" '22
2
1'
dump shop.db >loaded
run 'evload --unsealed --snapshot --batch all sqlite:shop.db others rows rest'
check 'again' 0 '' 'evload: the target holds this input already: nothing was changed'
dump shop.db >now
same 'it changes nothing' now loaded
run 'evload --unsealed --snapshot --batch all sqlite:shop.db others rest rows'
check 'the same name with other content replaces' 0 '' 'evload: the snapshot took the place of all that was loaded before: 1 batch of 24 rows in the ledger'
run 'evload --unsealed --batch day1 sqlite:shop.db rows'
check 'a batch from before the snapshot counts as not loaded' 2 '' '~^evload: rows:1: table every holds rows of the owner'
row 30 >new
run 'evload --unsealed --batch late sqlite:shop.db new'
check 'a batch on top of a snapshot' 0
run 'evload --unsealed --snapshot --batch all sqlite:shop.db others rest rows'
check 'and the snapshot over it' 0 '' 'evload: the snapshot took the place of all that was loaded before: 2 batches of 25 rows in the ledger'
is 'the ledger tells it all' "$(sqlite3 shop.db "SELECT group_concat(commit_no || ' ' || mode || ' ' || rows, ', ') FROM ev_ledger")" \
	'1 insert 20, 2 insert 2, 3 insert 0, 4 snapshot 24, 5 snapshot 24, 6 insert 1, 7 snapshot 24'
cp shop.db before.db

#
# What is not sealed, what is empty, and what stands twice
#
cp shop.db kept.db
dump shop.db >loaded
why='evload: the input has no seal, which a database needs, for without it a program that failed looks like the end of the day: export EVKIT_SEAL for the whole pipe (evparse --new-seal FILE makes a secret), or say --unsealed'
# refused NAME COMMAND ERROR: status 2, and nothing is changed.
refused()
{
	run "$2"
	check "$1" 2 '' "$3"
	dump shop.db >now
	same "$1: nothing is changed" now loaded
}

refused 'an input without a seal' 'evload sqlite:shop.db rows' "$why"
refused 'nor as a snapshot' 'evload --snapshot --batch all sqlite:shop.db rows' "$why"
refused 'nor where --first says that evload begins the chain' 'EVKIT_SEAL=s evload --first sqlite:shop.db rows' "$why"
refused 'nor of nothing' 'evload sqlite:shop.db </dev/null' "$why"
refused 'nor of nothing, even so' 'evload --unsealed sqlite:shop.db </dev/null' \
	'evload: nothing came, and without a seal an empty batch looks like a program that failed, so nothing was loaded: see what the programs before this one said'
refused 'of a program that failed' 'evstar nowhere 2>&- | evload --unsealed sqlite:shop.db' '~^evload: nothing came, and without a seal'
refused 'sealed, with a head that is missing' 'EVKIT_SEAL=s evload sqlite:shop.db rows' \
	'~^evload: rows:1: EVKIT_SEAL is set and this line stands in no section'
empty='evload: the input has no event, and a snapshot of none would leave no row of what was loaded: see what the programs before this one said; if it is meant, say --empty'
refused 'a snapshot of nothing' 'evload --unsealed --snapshot sqlite:shop.db </dev/null' "$empty"
refused 'of blank lines' 'printf "\n\n" | evload --unsealed --snapshot sqlite:shop.db' "$empty"
refused 'of what evstar makes of no event' 'evstar </dev/null | evload --unsealed --snapshot sqlite:shop.db' "$empty"
refused 'of an unknown member, which evschema makes' 'sed -n "2s/0123456789abcdef/0000000000000000/gp" others | evload --unsealed --snapshot sqlite:shop.db' \
	'~^evload: -:1: this row of table user, owner 00000000000000000000000000000000, stands in the input before'
refused 'a row twice in one snapshot' 'evload --unsealed --snapshot sqlite:shop.db rows rows' \
	'evload: rows:1: this row of table every, owner 00000000000000000000000000000001, stands in the input before: versions of one event go through evversion before evstar, and all days through one evstar'
run 'evload --empty --unsealed sqlite:shop.db rows'
check '--empty without --snapshot' 2 '' 'evload: --empty goes with --snapshot, or with what shows all of a state'
run 'evstar </dev/null | evload --unsealed --snapshot --empty --batch none sqlite:shop.db'
check 'a snapshot of nothing that is meant' 0 '' \
	'evload: the snapshot took the place of all that was loaded before: 1 batch of 24 rows in the ledger'
is 'leaves no event' "$(sqlite3 shop.db 'SELECT count(*) FROM every')" 0
cp kept.db shop.db

#
# A ledger of other hands
#
# ledger NAME VALUES ERROR: a ledger without a constraint, with a row that evload does not write.
ledger()
{
	schema shop.db
	sqlite3 shop.db "DROP TABLE ev_ledger;
		CREATE TABLE ev_ledger (more, commit_no, batch, digest, mode, rows, balance, position, model, offsets);
		INSERT INTO ev_ledger (commit_no, batch, digest, mode, rows, balance${4-}) VALUES $2"
	dump shop.db >loaded
	for how in '' ' --snapshot'; do
		refused "$1$how" "evload --unsealed$how sqlite:shop.db rows" \
			"evload: shop.db: the ledger is not as evload writes it: $3: put back ev_ledger as it was, or load a snapshot into a new file"
	done
}

digest="'0123456789abcdef0123456789abcdef'"
ledger 'all NULL' '(NULL, NULL, NULL, NULL, NULL, NULL)' 'commit_no of the row with commit_no NULL'
ledger 'no batch' "(1, NULL, $digest, 'insert', 1, '[]')" 'batch of the row with commit_no 1'
ledger 'a batch that is a number' "(1, 7, $digest, 'insert', 1, '[]')" 'batch of the row with commit_no 1'
ledger 'a digest too short' "(1, 'a', 'abc', 'insert', 1, '[]')" 'digest of the row with commit_no 1'
ledger 'a digest of bytes' "(1, 'a', x'00', 'insert', 1, '[]')" 'digest of the row with commit_no 1'
ledger 'a mode that is none' "(1, 'a', $digest, 'upsert', 1, '[]')" 'mode of the row with commit_no 1'
ledger 'a count below 0' "(1, 'a', $digest, 'insert', -1, '[]')" 'rows of the row with commit_no 1'
ledger 'a number that is the last' "(9223372036854775807, 'a', $digest, 'insert', 1, '[]')" \
	'commit_no of the row with commit_no 9223372036854775807'
ledger 'a number that is a text' "('one', 'a', $digest, 'insert', 1, '[]')" "commit_no of the row with commit_no 'one'"
ledger 'a number twice' "(1, 'a', $digest, 'insert', 1, '[]'), (1, 'b', $digest, 'insert', 1, '[]')" \
	'a second of the row with commit_no 1'
ledger 'a position of what is not of a state' "(1, 'a', $digest, 'insert', 1, '[]', '0123456789abcdef:1:' || $digest, $digest)" \
	'position of the row with commit_no 1' ', position, model'
ledger 'no position' "(1, 'a', $digest, 'changes', 1, '[]', NULL, NULL)" 'position of the row with commit_no 1' ', position, model'
ledger 'no model' "(1, 'a', $digest, 'whole', 1, '[]', '0123456789abcdef:1:' || $digest, NULL)" 'model of the row with commit_no 1' ', position, model'
ledger 'offsets that are a number' "(7, 'a', $digest, 'insert', 1, '[]', 1)" 'offsets of the row with commit_no 7' ', offsets'
ledger 'a position that is none' "(7, 'a', $digest, 'whole', 1, '[]', '0123456789abcdef:1', $digest)" 'position of the row with commit_no 7' ', position, model'
schema shop.db
sqlite3 shop.db 'ALTER TABLE ev_ledger DROP COLUMN position'
dump shop.db >loaded
refused 'a ledger that lacks a column' 'evload --unsealed sqlite:shop.db rows' \
	'evload: shop.db: the ledger is that of another version: make the tables in a new file with evschema -m evkit.yaml -t sqlite | sqlite3 FILE'
schema shop.db
sqlite3 shop.db 'ALTER TABLE ev_ledger DROP COLUMN offsets'
dump shop.db >loaded
mend='ALTER TABLE ev_ledger ADD COLUMN offsets TEXT'
refused 'a ledger from before it had offsets' 'evload --unsealed sqlite:shop.db rows' \
	"evload: shop.db: table ev_ledger lacks the column offsets: $mend"
run evschema check sqlite:shop.db
check 'which evschema check tells' 1 "ev_ledger lacks the column offsets: $mend"
sqlite3 shop.db "$mend"
run evschema check sqlite:shop.db
check 'and is mended by' 0
run evload --positions sqlite:shop.db
check 'no topic was loaded' 0 '{}'
for target in nosuch tsv:out .; do
	run evload --positions $target
	check "$target knows of no topic" 2 '' "evload: $target: only sqlite:FILE and postgresql:... know how far topics are loaded"
done
run evload --positions sqlite:shop.db rows
check '--positions reads no rows' 2 '' "~^evload: --positions reads no rows: 'rows'\$"
schema shop.db
sqlite3 shop.db 'ALTER TABLE ev_ledger ADD COLUMN more'
run 'evload --unsealed --batch a sqlite:shop.db rows'
check 'a column more, which may be NULL, does no harm' 0
schema shop.db
sqlite3 shop.db 'DROP TABLE ev_ledger;
	CREATE TABLE ev_ledger (commit_no, batch, digest, mode, rows, balance, position, model, offsets, more NOT NULL)'
run 'evload --unsealed --batch a sqlite:shop.db rows'
check 'one that must not be NULL is told' 2 '' \
	'evload: shop.db: the ledger cannot be written: NOT NULL constraint failed: ev_ledger.more'
schema shop.db
sqlite3 shop.db "$(sqlite3 shop.db '.schema every' | sed 's/PRIMARY KEY ([^)]*)/& ON CONFLICT IGNORE/; s/CREATE/DROP TABLE every; CREATE/')"
is 'a table of other hands that passes over what is there' "$(sqlite3 shop.db .schema | grep -c IGNORE)" 1
evload --unsealed sqlite:shop.db rows
run 'evload --unsealed --batch again sqlite:shop.db rows'
check 'is no way to lose rows' 2 '' '~table every holds rows of the owner'

#
# What is written beside a load
#
schema shop.db
dump shop.db >loaded
refused 'counts to a disk that is full' 'evload --unsealed --stats /dev/full sqlite:shop.db rows' \
	'evload: /dev/full: cannot be written: No space left on device'
mkdir beside
refused 'counts to a folder' 'evload --unsealed --stats beside sqlite:shop.db rows' \
	'evload: beside: cannot be written: Is a directory'
refused 'rejects to a folder' 'evload --unsealed -r beside sqlite:shop.db rows' \
	'evload: beside: cannot be written: Is a directory'
refused 'an output that is a folder' 'evload --unsealed -o beside sqlite:shop.db rows' \
	'evload: beside: cannot be written: Is a directory'
refused 'an output in no folder' 'evload --unsealed -o no/such sqlite:shop.db rows' \
	'evload: no/such: cannot be written: No such file or directory'
if [ -e "$top_builddir/tests/fault.so" ] &&
	LD_PRELOAD=$top_builddir/tests/fault.so evload --version >"$tap/preloads" 2>&1; then
	export EVKIT_FAULT=rename:1
	run "LD_PRELOAD='$top_builddir/tests/fault.so' evload --unsealed --stats counts sqlite:shop.db rows"
	unset EVKIT_FAULT
	check 'what fails behind the commit says that the load is in' 1 '' \
		'evload: the load is in, but what was to be written beside it is not: counts: cannot be given its name: Permission denied'
	is 'and it is' "$(sqlite3 shop.db 'SELECT count(*) FROM every') $(ls counts 2>/dev/null)" '20 '
else
	skip 'what fails behind the commit' 'nothing can be preloaded here'
fi

#
# Two loads into one folder
#
for i in 1 2 3 4 5 6 7 8; do
	for who in rows others; do
		evload tsv:both $who 2>told.$who &
	done
	wait
	sed -n 's/.*"file":"\([^"]*\)".*"octets":\([0-9]*\).*/\1 \2/p' both/manifest.json | while read -r file bytes; do
		[ "$(wc -c <both/"$file")" = "$bytes" ] || echo "$file"
	done >mixed.$i
done
is 'two at once into one folder: the manifest is that of the files' "$(cat mixed.* told.rows told.others)" ''

cp kept.db shop.db

#
# Many rows
#
# many N: that many rows, with amounts that a float cannot hold, and a text that fills pages.
many()
{
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < 900; i++)
			text = text "x"
		for (i = 1; i <= n; i++)
			printf "{\"ev_index\":0,\"t\":\"%s\",\"n\":%d,\"d\":90071992547409%06d.%02d,\"b\":null,\"at\":null," \
				"\"day\":null,\"u\":null,\"j\":null,\"_ev\":{\"table\":\"every\",\"op\":\"insert\"," \
				"\"owner\":\"%032x\"}}\n", text, i, i, i % 100, i
	}'
}

many 100000 >many
schema many.db
run 'evload --unsealed --snapshot sqlite:many.db many'
check 'a hundred thousand rows' 0
is 'each amount is exact' "$(sqlite3 many.db "SELECT count(*), min(n), max(n) FROM every
	WHERE d = '90071992547409' || substr('00000' || n, -6) || printf('.%02d00', n % 100)")" '100000|1|100000'
dump many.db | grep -v ev_ledger | cksum >want

replaced='evload: the snapshot took the place of all that was loaded before: 1 batch of 24 rows in the ledger'
mkfifo pipe
for signal in 'KILL 137' 'TERM 143'; do
	ended=${signal#* }
	signal=${signal% *}
	cp before.db shop.db
	dump shop.db >loaded
	evload --unsealed --snapshot sqlite:shop.db pipe &
	exec 9>pipe
	cat many >&9
	# More than the 64 MiB of pages that it keeps: some of the new ones stand in the file by now.
	until_true [ -s shop.db-journal ]
	ok "SIG$signal: it has begun to write the database" [ "$(wc -c <shop.db)" -gt 10000000 ]
	kill -$signal $!
	wait $! 2>"$tap/killed"
	is "SIG$signal ends it" $? "$ended"
	exec 9>&-
	sqlite3 shop.db 'SELECT count(*) FROM ev_ledger' >"$tap/rolled-back" # not -readonly: the journal is played back
	dump shop.db >now
	same "SIG$signal in the midst of a load: nothing is changed" now loaded
	run 'evload --unsealed --snapshot sqlite:shop.db many'
	check "SIG$signal: the rerun loads" 0 '' "$replaced"
	is "SIG$signal: what a load that was not killed has" "$(
		sqlite3 shop.db 'DROP TABLE mine' .dump | grep -v ev_ledger | cksum
	)" "$(cat want)"
done
rm many

#
# Another program holds the database
#
cp before.db shop.db
dump shop.db >loaded
# A writer holds the lock until descriptor 8 is closed.
mkfifo hold
sqlite3 shop.db <hold >"$tap/holder" 2>&1 &
exec 8>hold
printf 'BEGIN IMMEDIATE;\n.shell touch held\n' >&8
until_true [ -e held ]
run 'evload --unsealed --snapshot sqlite:shop.db new 8>&-'
check 'a database that is locked' 2 '' '~^evload: shop.db: .*database is locked: another program holds it, try again$'
evload --unsealed --snapshot sqlite:shop.db new 8>&- 2>told &
sleep 1
exec 8>&-
wait $!
is 'a lock that goes away is waited for' "$? $(cat told)" "0 $replaced"
is 'and then it loads' "$(sqlite3 shop.db 'SELECT count(*) FROM every')" 1
cp before.db shop.db
for n in 1 2 3 4; do
	evload --unsealed --batch late sqlite:shop.db new 2>told.$n &
done
wait
is 'of four at once one loads' "$(cat told.? | sort | uniq -c | xargs)" \
	'3 evload: the target holds this input already: nothing was changed'
is 'and it is there once' "$(sqlite3 shop.db "SELECT count(*) FROM ev_ledger WHERE batch = 'late' AND commit_no = 8")" 1

# A reader sees the old or the new, whole.
cp before.db shop.db
mkfifo reader
sqlite3 shop.db <reader >seen &
exec 8>reader
printf 'BEGIN;\nSELECT count(*) FROM every;\n.shell touch reading\n' >&8
until_true [ -e reading ]
evload --unsealed --snapshot sqlite:shop.db new 8>&- 2>told &
sleep 0.5
printf 'SELECT count(*) FROM every;\nCOMMIT;\n' >&8
exec 8>&-
wait
is 'a reader sees one state' "$(xargs <seen)" '22 22'
is 'and the load comes after it' "$(cat told) $(sqlite3 shop.db 'SELECT count(*) FROM every')" "$replaced 1"

done_testing
