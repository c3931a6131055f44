#!/bin/sh
# What an input must not be, and the byte order mark that may head one.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

printf '{"event_id":"a"}\n{"event_id":"b"}\n' >lines

# foreign NAME FILE COMMAND PIPE: the file is refused with that command; on standard input with PIPE,
# within gzip with gzip and PIPE ("" where it must be a file).
foreign()
{
	run evparse -r rejects -o made "$2"
	check "$1" 2 '' "evparse: $2: is $1, not lines of text: make lines of it with: $3"
	ok "$1: nothing is made" test ! -e made -a ! -e rejects
	gzip -nc "$2" >packed
	if [ -n "$4" ]; then
		run 'evparse <'"$2"
		check "$1, on standard input" 2 '' "evparse: -: is $1, not lines of text: make lines of it with: $4"
		run evparse packed
		check "$1, within gzip" 2 '' "evparse: packed: is $1 within gzip, not lines of text: make lines of it with: gzip -dc packed | $4"
		run "(head -c 1 $2; sleep 0.1; tail -c +2 $2) | evparse"
		check "$1, a byte at first" 2 '' "~^evparse: -: is $1, not lines of text"
	else
		run evparse packed
		check "$1, within gzip" 2 '' "~^evparse: packed: is $1 within gzip, not lines of text: make lines of it with: gzip -dc packed >UNPACKED; "
	fi
}

for tool in zstd xz bzip2 lz4 lzip; do
	if need $tool; then
		$tool -c <lines >packed.$tool
		foreign $tool packed.$tool "$tool -dc packed.$tool" "$tool -dc"
	fi
done
for level in 1 9; do
	if need bzip2; then
		bzip2 -c -$level <lines >level
		foreign bzip2 level 'bzip2 -dc level' 'bzip2 -dc'
	fi
done
if need xz; then
	xz --format=lzma -c <lines >old
	foreign lzma old 'xz -dc old' 'xz -dc'
fi
gzip -nc lines | gzip -nc >twice
run evparse twice
check 'gzip within gzip' 2 '' 'evparse: twice: is gzip within gzip, not lines of text: make lines of it with: gzip -dc twice | gzip -dc'
is 'whose command is right' "$(gzip -dc twice | gzip -dc)" "$(cat lines)"
if need tar; then
	tar -cf a.tar lines
	foreign 'a tar archive' a.tar 'tar -xOf a.tar' 'tar -xOf -'
	tar -H pax -cf pax.tar lines 2>/dev/null && foreign 'a tar archive' pax.tar 'tar -xOf pax.tar' 'tar -xOf -'
	is 'tar: the command is right' "$(tar -xOf a.tar)" "$(cat lines)"
fi
printf 'PK\003\004\024\000\000\000' >a.zip
foreign 'a zip archive' a.zip 'unzip -p a.zip' funzip
for first in '[Content_Types].xml' _rels/.rels docProps/app.xml mimetypeapplication/vnd.oasis.opendocument.spreadsheet; do
	printf 'PK\003\004\024\000\006\000\010\000\000\000!\000\100\067\101\317\162\001\000\000\004\005\000\000\023\000\000\000%s\000' "$first" >orders.xlsx
	foreign 'an office document' orders.xlsx 'libreoffice --headless --convert-to csv orders.xlsx' ''
done
printf 'PAR1\025\004\025\020' >a.parquet
foreign parquet a.parquet "duckdb -jsonlines -c \"FROM read_parquet('a.parquet')\"" ''
printf "7z\\274\\257'\\034\\000\\004" >a.7z
foreign 'a 7z archive' a.7z '7z x -so a.7z' ''
printf 'Obj\001\004\026avro.schema' >a.avro
foreign avro a.avro 'avro cat a.avro' ''
printf '\037\235\220{' >a.Z
foreign compress a.Z 'gzip -dc a.Z' 'gzip -dc'
if need iconv; then
	for code in UTF-16 UTF-32 UTF-16LE UTF-16BE UTF-32LE UTF-32BE; do
		iconv -f UTF-8 -t $code <lines >wide.$code
		foreign $code wide.$code "iconv -f $code -t UTF-8 wide.$code" "iconv -f $code -t UTF-8"
		is "$code: the command is right" "$(iconv -f $code -t UTF-8 wide.$code)" "$(cat lines)"
	done
	printf '{}' | iconv -f UTF-8 -t UTF-16LE >short
	run evparse short
	check 'two characters in UTF-16' 2 '' '~is UTF-16LE, not lines of text'
fi

#
# In every program, and in what is read besides lines
#
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .event_id, type: .event_type, time: .event_timestamp, version: .version}
star: {facts: {f: {keep: latest, columns: {n: {from: .n, type: int}}}}}
END
echo true >schema.json
for program in 'evparse -f json' 'evparse -f text' 'evparse -f nginx' 'evvalidate --schema schema.json' evdedupe \
	evversion evstar 'evload tsv:out' 'evload -t f'; do
	run "$program a.zip"
	check "$program: a zip archive" 2 '' "~^${program%% *}: a.zip: is a zip archive, not lines of text"
done
for kind in gzip UTF-16LE; do
	case $kind in
	gzip) gzip -nc evkit.yaml >model ; gzip -nc schema.json >schema ;;
	*) iconv -t $kind evkit.yaml >model; iconv -t $kind schema.json >schema ;;
	esac
	run evvalidate -m model lines
	check "a model in $kind" 2 '' "~^evvalidate: model: is $kind, not lines of text: make lines of it with: "
	run evvalidate --schema schema lines
	check "a schema in $kind" 2 '' "~is $kind, not lines of text: make lines of it with: "
done
printf 'odd' >"a b;.zip"
cp a.zip "a b;.zip"
run evparse 'a b;.zip'
check 'a name that a shell would take apart is not shown as one' 2 '' '~unzip -p FILE$'

#
# Text that looks like it is not
#
for text in PAR1 ORC 070701 LZIP BZh9 PK 'ustar' 'Obj' ']' '7z' 'Rar!'; do
	printf '%s\n{"a":1}\n' "$text" >plain
	run evparse -r rejects plain
	check "a line of text: $text" 0 '{"a":1}'
done
printf '%257sustar {"a":1}\n' x >plain
run evparse plain
check 'ustar in a long line' 0 '{"a":1}'
printf '%30sdocProps/ {"a":1}\n' x >plain
run evparse plain
check 'the name of a file in an office document, in a line' 0 '{"a":1}'
for nuls in 1 2 3 4 7 8 16 5000; do
	(head -c $nuls /dev/zero; printf '{"event_id":"a"}\n{"event_id":"b"}\n') >nuls
	run evparse nuls
	check "$nuls times U+0000 in front" 0 @lines
	(printf '{"event_id":"a"}\n{"event_id":"b"}\n'; head -c $nuls /dev/zero) >nuls
	run evparse -r rejects nuls
	check "$nuls times U+0000 at the end" 0 @lines
	ok "$nuls times U+0000 at the end are set aside" grep -q '"code":"foreign","reasons":\[{"message":"nothing but U+0000' rejects
done
# A live stream: the first line is handed on at once, and the first NUL in it delays it no longer.
rm -f live
mkfifo live
evparse -r rejects live >got &
exec 7>live
printf '{"a":1}\n' >&7
until_true [ -s got ]
is 'the first line of a live stream is not kept waiting' "$(cat got)" '{"a":1}'
exec 7>&-
wait

#
# The byte order mark
#
bom=$(printf '\357\273\277')
for program in 'evparse' 'evparse -f json' 'evparse -f text' 'evvalidate --schema schema.json' 'evdedupe' 'evdedupe -k .event_id'; do
	(printf %s "$bom"; cat lines) >marked
	run "$program marked"
	check "$program: a byte order mark" 0 @lines
	(printf %s "$bom"; sed 's/$/\r/' lines) | gzip -nc >marked.gz
	run "$program marked.gz"
	check "$program: within gzip, with CRs" 0 @lines
	run "$program <marked"
	check "$program: on standard input" 0 @lines
done
run 'evparse marked marked marked.gz'
check 'each file may have one' 0 "$(cat lines lines lines)"
run 'for byte in "\357" "\273" "\277" "{" "}" "\n"; do printf $byte; sleep 0.02; done | evparse --origin'
check 'byte by byte; offsets count it' 0 '{"_ev":{"origin":{"source":"-","line":1,"offset":3}}}'
printf %s "$bom" >marked
run evparse marked
check 'a byte order mark alone' 0
printf '%s{"a":1}' "$bom" >marked
run evparse marked
check 'a byte order mark and a line without a line feed' 0 '{"a":1}'
printf '%s%s{"a":1}\n' "$bom" "$bom" >marked
run evparse -f json -r rejects marked
check 'a second one' 1 '' '~nothing passed'
ok 'is named' grep -q 'column 1: a byte order mark (U+FEFF) stands here' rejects
(cat lines; printf %s "$bom"; cat lines) >marked
run evparse -f json -r rejects marked
ok 'one in the middle is named, too' grep -q '"line":3,.*column 1: a byte order mark (U+FEFF) stands here' rejects
for file in evkit.yaml schema.json; do
	(printf %s "$bom"; cat $file) >marked
	mv marked $file
done
run 'evvalidate --schema schema.json lines'
check 'a schema with a byte order mark' 0 @lines
printf '%s\n' '{"event_id":"a","event_type":"T","event_timestamp":"2026-03-01T10:00:00Z","version":1,"n":1}' >event
run 'evvalidate event'
check 'a model with a byte order mark' 0 @event
mkdir schemas
printf '%s{"type":"integer"}' "$bom" >schemas/n.json
printf '%s{"properties":{"n":{"$ref":"https://shop.example/n.json"}}}' "$bom" >schema.json
run 'evvalidate --schema schema.json --schema-dir schemas --schema-base https://shop.example event'
check 'one in a folder of schemas' 0 @event
printf '%s{"name":"s","expectations":[{"type":"expect_column_values_to_not_be_null","kwargs":{"column":"n"}}]}' "$bom" >suite.json
run evvalidate --suite suite.json event
check 'a suite with a byte order mark' 0 @event
done_testing
