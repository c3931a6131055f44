#!/bin/sh
# evparse: records that are no lines.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# frames NAME FORMAT SUMS FILE <<'END': what comes out, and behind a "!", of each reject the line,
# the offset, the code and the record; SUMS: in, out, rejected, blank.
frames()
{
	cat >want
	run "evparse -f $2 -r set-aside --stats - $4"
	sed -n 's/.* in \([0-9]*\)  out \([0-9]*\)  rejected \([0-9]*\)  blank \([0-9]*\).*/\1 \2 \3 \4/p' "$err" >sums
	sed -n 's/.*"line":\([0-9]*\),"offset":\([0-9]*\),"code":"\([^"]*\)".*"\(raw\|raw_base64\)":"\(.*\)"}$/! \1 \2 \3 \5/p' \
		set-aside >>"$out"
	same "$1" "$out" want
	is "$1: its sums" "$(cat sums)" "$3"
	is "$1: they balance" "$(awk '{ print $1 - $2 - $3 - $4 }' sums)" 0
}

# in_place FILE: the records of the last rejects stand in the file where they say.
in_place()
{
	need jq || return
	jq -r '[._ev.reject.line, ._ev.reject.offset, (.raw | utf8bytelength)] | @tsv' set-aside |
		while read -r line offset len; do
			head -c "$offset" "$1" | wc -l | awk -v line="$line" '$1 + 1 != line'
			tail -c +$((offset + 1)) "$1" | head -c "$len"
			echo
		done >got
	jq -r .raw set-aside >want
	same "rejects stand where they say" got want
}

#
# JSON
#
printf '[\n  {"a":1},\n  {"b": {"c": [1, 2]}, "d":"x]}\\"{"}\n]\n' >array
frames 'an array, an element a line' json-array '2 2 0 0' array <<'END'
{"a":1}
{"b": {"c": [1, 2]}, "d":"x]}\"{"}
END
printf '[{"a":1},{"b":2}]' >line
frames 'on one line, without a line feed' json-array '2 2 0 0' line <<'END'
{"a":1}
{"b":2}
END
printf '\357\273\277 [ ] [{"a":1}]\n[{"b":2}\n,{"c":3}\n,{"d":4}]\n{"e":5}\n' >several
frames 'arrays one behind the other, and a mark at the head' json-array '5 5 0 0' several <<'END'
{"a":1}
{"b":2}
{"c":3}
{"d":4}
{"e":5}
END
printf '{"a":1}{"b":2}  {"c":{}}\r\n\n{"d":4},{"e":"}{"}' >stream
frames 'values without line ends between' json-array '5 5 0 0' stream <<'END'
{"a":1}
{"b":2}
{"c":{}}
{"d":4}
{"e":"}{"}
END
printf '{\n  "a": 1.10,\n  "b": [\n    {\n      "c": "x  y\\n\\\\"\n    }\n  ],\n\t"d": { }\n}\n{\n  "e": 9007199254740993\n}\n' >pretty
frames 'pretty-printed objects come out on a line each' json-array '2 2 0 0' pretty <<'END'
{"a":1.10,"b":[{"c":"x  y\n\\"}],"d":{}}
{"e":9007199254740993}
END
try 'their places are those in the file' 0 'evparse -f json-array --origin pretty array stream' <<'END'
{"a":1.10,"b":[{"c":"x  y\n\\"}],"d":{},"_ev":{"origin":{"source":"pretty","line":1,"offset":0}}}
{"e":9007199254740993,"_ev":{"origin":{"source":"pretty","line":10,"offset":75}}}
{"a":1,"_ev":{"origin":{"source":"array","line":2,"offset":4}}}
{"b": {"c": [1, 2]}, "d":"x]}\"{","_ev":{"origin":{"source":"array","line":3,"offset":15}}}
{"a":1,"_ev":{"origin":{"source":"stream","line":1,"offset":0}}}
{"b":2,"_ev":{"origin":{"source":"stream","line":1,"offset":7}}}
{"c":{},"_ev":{"origin":{"source":"stream","line":1,"offset":16}}}
{"d":4,"_ev":{"origin":{"source":"stream","line":3,"offset":27}}}
{"e":"}{","_ev":{"origin":{"source":"stream","line":3,"offset":35}}}
END
printf '\036{"a":1}\n\036{"b":\n  2}\n\036{"c":[\n\036{"d":4}\036 5 \036{"e":6}\n\036' >file
frames 'a sequence of JSON texts (RFC 7464)' json-array '6 4 2 0' file <<'END'
{"a":1}
{"b":2}
{"d":4}
{"e":6}
! 4 22 json {\"c\":[
! 5 39 not-object 5
END
for empty in '' ' ' '[]' '\n\n' '[\n]\n'; do
	printf "$empty" >file
	run evparse -f json-array --stats - file
	check "nothing in '$empty'" 0 '' 'evparse     in 0  out 0  rejected 0  blank 0'
done

# What is wrong with one element harms no other.
printf '[{"a":01},{"b":2},[{"c":3}],4,"five",null,{"f":6,"f":7},{"_ev":{"op":"x"}},{"g":7}]\n' >file
frames 'elements that are no events' json-array '9 2 7 0' file <<'END'
{"b":2}
{"g":7}
! 1 1 json {\"a\":01}
! 1 18 not-object [{\"c\":3}]
! 1 28 not-object 4
! 1 30 not-object \"five\"
! 1 37 not-object null
! 1 42 duplicate-name {\"f\":6,\"f\":7}
! 1 56 reserved {\"_ev\":{\"op\":\"x\"}}
END
printf '[\n{"a":"x},\n{"b":2},\n{"c":{"d":1},\n{"e":5},\n{"f":[1,{"g":1},\n{"h":8},\n{"i":[1}},\n{"j":10},\nx {"k":11},\n{"l":12},\n{"m":"n",\n]\n' >file
frames 'quotes and brackets that do not match: the next line that begins an element' json-array '9 4 5 0' file <<'END'
{"b":2}
{"e":5}
{"j":10}
{"l":12}
! 2 2 json {\"a\":\"x},
! 4 21 json {\"c\":{\"d\":1},
! 6 44 json {\"f\":[1,{\"g\":1},\n{\"h\":8},\n{\"i\":[1}}
! 10 91 json x {\"k\":11},
! 12 113 json {\"m\":\"n\",
END
cat >file <<'END'
[
  {
    "a": "x,
    "list": [
      {
        "inner": 1
      }
    ]
  },
  {
    "b": {
      "c": 1
  },
  {
    "d": 4
  },
  {
    "e": ,
  },
  {
    "f": 6
  }
]
END
frames 'the same of an indented array: no part of an element passes for one' json-array '5 2 3 0' file <<'END'
{"d":4}
{"f":6}
! 2 4 control {\n    \"a\": \"x,\n    \"list\": [\n      {\n        \"inner\": 1\n      }\n    ]\n  }
! 10 81 json {\n    \"b\": {\n      \"c\": 1\n  },
! 17 134 json {\n    \"e\": ,\n  }
END
printf '[\n{\n"a":"x,\n"list":[\n{\n"inner":1\n},\n{"inner":2}\n]\n},\n{"b":2}\n]\n' >file
frames 'without indentation, brackets alone can tell' json-array '2 1 1 0' file <<'END'
{"b":2}
! 2 2 control {\n\"a\":\"x,\n\"list\":[\n{\n\"inner\":1\n},\n{\"inner\":2}\n]\n}
END
printf '{"a":{"b":1}{"c":3}{"d":4}\n{"e":"f{"g":7}\n{"h":8}\n' >file
frames 'one that is torn, in front of another without a line end' json-array '5 3 2 0' file <<'END'
{"c":3}
{"d":4}
{"h":8}
! 1 0 json {\"a\":{\"b\":1}
! 2 27 json {\"e\":\"f{\"g\":7}
END
printf '"note":{"id":1},"x":[{"id":2}]}\n{"id":3}\n' >file
frames 'the tail of a torn one gives no event' json-array '2 1 1 0' file <<'END'
{"id":3}
! 1 0 json \"note\":{\"id\":1},\"x\":[{\"id\":2}]}
END
in_place file
for rest in '{"b":' '{"b":"' '{"b":{"c":1}' '{"b":2' '12' '"x'; do
	printf '[{"a":1},%s' "$rest" >file
	frames "cut in an element: $rest" json-array '2 1 1 0' file <<-END
		{"a":1}
		! 1 9 cut $(printf %s "$rest" | sed 's/"/\\"/g')
	END
done
for rest in '' ',' '\n' ',\n  '; do
	printf '[{"a":1},{"b":2}'"$rest" >file
	frames "cut between two: '$rest'" json-array '3 2 1 0' file <<-END
		{"a":1}
		{"b":2}
		! $(($(wc -l <file) + 1)) $(wc -c <file) cut 
	END
done
run evparse -f json-array file
check 'without -r that is the error' 2 any '~^evparse: file:2: what was opened is not closed: what is missing cannot be known: mend it'
printf '{"a":1}{"b":' >file
run 'evparse -f json-array -r set-aside file array'
check 'a cut file does not go on in the next' 0 '~^\{"b": \{"c": \[1, 2\]\}'
ok 'it is a reject' grep -q '"source":"file","line":1,"offset":7,"code":"cut"' set-aside
deep=$(printf '%0512d' 0 | sed 's/0/[/g')$(printf '%0512d' 0 | tr 0 ']')
printf '[{"a":%s},{"b":2},%s%s,{"c":3}]' "$deep" "$deep" "$deep" >file
run evparse -f json-array -r set-aside file
check 'deeper than any event' 0 '{"b":2}
{"c":3}'
is 'it is said' "$(sed 's/.*"code":"\([^"]*\)".*/\1/' set-aside)" 'depth
not-object
not-object'
run 'head -c 3000000 /dev/zero | tr "\0" "[" | evparse -f json-array -r set-aside'
check 'three million brackets' 1 '' '~1 record was rejected'
printf '[{"a":1},\0\0\0,{"b":2}]' >file
run evparse -f json-array -r set-aside file
check 'NUL between elements' 0 '{"a":1}
{"b":2}'
cat >pages <<'END'
{"more": "x", "orders": [
  {"id": 1, "orders": [{"id": 9}]},
  {"id": 2, "lines": [
    1]},
  {"id": 3,, "n": 1}
], "orders_total": 3}
{"orders":[{"id":4}],"sums":[1]}{"orders":[]}
{"error":"none","list":{"orders":[{"id":5}]}}
END
frames 'the list of an object, page behind page' 'json-array --list orders' '5 4 1 0' pages <<'END'
{"id": 1, "orders": [{"id": 9}]}
{"id":2,"lines":[1]}
{"id":4}
{"error":"none","list":{"orders":[{"id":5}]}}
! 5 96 json {\"id\": 3,, \"n\": 1}
END
printf '{"orders":[{"id":1},{"id":2}' >file
frames 'a list that is not closed' 'json-array --list orders' '3 2 1 0' file <<'END'
{"id":1}
{"id":2}
! 1 28 cut 
END
# What is around a list is held to its order, and ends in the middle where another value begins.
printf '{"orders":[{"id":1}]\n{"orders":[{"id":2}]\036{"orders":[{"id":3}]}' >file
frames 'an envelope that the next value ends' 'json-array --list orders' '5 3 2 0' file <<'END'
{"id":1}
{"id":2}
{"id":3}
! 1 20 cut 
! 2 41 cut 
END
in_place file
printf '{"orders":[{"id":1}],"n":5\036{"orders":[{"id":2}],"n":{}{"orders":[{"id":3}]{"id":4}\n{"orders":[]}' >file
frames 'of which a part is there, and is no event' 'json-array --list orders' '6 3 3 0' file <<'END'
{"id":1}
{"id":2}
{"id":3}
! 1 20 cut ,\"n\":5
! 1 47 cut ,\"n\":{}
! 1 74 cut {\"id\":4}
END
in_place file
for tail in ' junk }' ',}' ',"a"}' ',"a":}' ',"a":1 2}' ',"a":"x"y}' ',"a" "b":1}' ',"a",1}' ':1}' '"a":1}' ',1}' \
	',"a":[1,]}' ',"a":[:]}' ',"a":{1}}' ',"a":{"b":1,}}' ',"a":[1{}]}' ',"a":[{}1]}' ',"a":1:2}' ',,"a":1}' ' {}}' \
	']}' ',"a":[}'; do
	printf '{"x":"y","orders":[{"id":1}]%s{"id":9}' "$tail" >file
	run evparse -f json-array --list orders -r set-aside --stats - file
	check "behind a list: $tail" 0 '{"id":1}
{"id":9}' 'evparse     in 3  out 2  rejected 1  blank 0'
done
for head in '"x":"y" junk' '"x",' 'junk,' '1:2,' '"x":,' '"x":"y"' '"a":[1 2],' '"a":{"b"},' ','; do
	printf '{%s"orders":[{"id":1}]}{"id":9}' "$head" >file
	run evparse -f json-array --list orders -r set-aside --stats - file
	check "in front of a list: $head" 0 '{"id":9}' 'evparse     in 2  out 1  rejected 1  blank 0'
done
printf '{"a" : {"b":[1.5e+3 ,true,{},[],""],"":null},\n "orders": [{"id":1}]\n, "c" : [ {"d":-0} , "}," ]\n, "orders":[{"id":2}], "e":tr' >file
printf 'ue }{"orders":[] }[{"id":3}]' >more
run '{ cat file; sleep 0.1; cat more; } | evparse -f json-array --list orders --stats -'
check 'what is right around lists, in pieces' 0 '{"id":1}
{"id":2}
{"id":3}' 'evparse     in 3  out 3  rejected 0  blank 0'
run evparse -f csv --list orders file
check 'a list of CSV' 2 '' '~^evparse: --list is for --format json-array'
printf '[{"a":1},{"a":2}]' | iconv -t UTF-16 >file
run evparse -f json-array file
check 'UTF-16 is no UTF-8' 2 '' '~^evparse: file: is UTF-16, not lines of text: make lines of it with: iconv'
{ printf '[{"a":1},{"b":"'; head -c 300000 /dev/zero | tr '\0' x; printf '"},{"c":3}]'; } >file
run evparse -f json-array --max-line 100K -r set-aside file
check 'longer than --max-line' 0 '{"a":1}
{"c":3}'
is 'the reject has all of it' "$(sed 's/.*"raw_base64":"\([^"]*\)".*/\1/' set-aside | base64 -d | cksum)" \
	"$(tail -c +10 file | head -c 300008 | cksum)"
ok 'and its place and code' grep -q '"line":1,"offset":9,"code":"too-long"' set-aside

#
# CSV
#
printf 'id,"name, all",total\r\n1,"a, ""b""\r\nc",19.90\r\n2,,007\r\n\r\n3,"",\303\251\r\n' >file
frames 'CSV' csv '4 3 0 1' file <<'END'
{"id":"1","name, all":"a, \"b\"\r\nc","total":"19.90"}
{"id":"2","name, all":"","total":"007"}
{"id":"3","name, all":"","total":"é"}
END
printf '\357\273\277a\tb"\n' >head
run evparse -f tsv head
check 'a quote within a name' 2 '' '~^evparse: head:1: the header has a quote'
printf '\357\273\277a\tb\nx y\t"1\t2"\n\t\n\n  \n' >file
frames 'TSV' tsv '4 2 0 2' file <<'END'
{"a":"x y","b":"1\t2"}
{"a":"","b":""}
END
printf 'a,b,c\n1,2\n3,4,5,6\n7\n8,"9",\n"x"y,1,2\n1,2"3,4\n\0,1,2\n1,\r2,3\n1,\377,3\n5,5,5\n' >file
frames 'rows that are not right' csv '10 2 8 0' file <<'END'
{"a":"8","b":"9","c":""}
{"a":"5","b":"5","c":"5"}
! 2 6 columns 1,2
! 3 10 columns 3,4,5,6
! 4 18 columns 7
! 6 27 quote \"x\"y,1,2
! 7 36 quote 1,2\"3,4
! 8 44 control \u0000,1,2
! 9 50 control 1,\r2,3
! 10 57 utf8 MSz/LDM=
END
run evparse -f csv -r set-aside file
is 'what is missing' "$(sed 's/.*"message":"\([^"]*\)".*/\1/' set-aside)" "the row has 2 of the header's 3 fields: 'c' is missing
the row has 4 fields, and the header 3: put quotes around a field that has the separator in it
the row has 1 of the header's 3 fields: 'b' is missing, and what follows it
column 1: a quote closes this field, and more stands behind it: double the quotes within a field
column 3: a quote stands within this field: put quotes around the field, and double those within
column 1: U+0000
column 3: a CR stands in this field, which has no quotes
column 3: not UTF-8"
printf 'a,"b"\n1,2\n"a",b\n\357\273\277a,b\r\na,c\nb,a\na,b' >file
frames 'files with a header that were put together' csv '6 3 3 0' file <<'END'
{"a":"1","b":"2"}
{"a":"a","b":"c"}
{"a":"b","b":"a"}
! 3 10 header \"a\",b
! 4 16 header ﻿a,b
! 7 32 cut a,b
END
printf 'a\n1\na\n' >file
frames 'one column may have its name as a value' csv '2 2 0 0' file <<'END'
{"a":"1"}
{"a":"a"}
END
printf 'a,b\n1,2\n' >file
run evparse -f csv --header a,b -r set-aside file
check 'a file that has the header that --header names' 0 '{"a":"1","b":"2"}'
ok 'which is no row' grep -q '"line":1.*"code":"header"' set-aside
printf 'a,b\n1,"x\n2,y\n3,"z\nz"\n4,"p"q\nr,s"\n5,"t\nu,v"w\n6,x\n' >file
frames 'quotes that are not closed, or in the wrong place' csv '7 3 4 0' file <<'END'
{"a":"2","b":"y"}
{"a":"3","b":"z\nz"}
{"a":"6","b":"x"}
! 2 4 quote 1,\"x
! 6 21 quote 4,\"p\"q
! 7 28 quote r,s\"
! 8 33 quote 5,\"t\nu,v\"w
END
printf 'a,b\n1,"x\ny\n' >file
frames 'quotes that the file does not close' csv '1 0 1 0' file <<'END'
! 2 4 cut 1,\"x\ny
END
for row in '1,2' '1,' '1' '"1' '"1"' '1,"2' '"1","2""'; do
	printf 'a,b\n0,0\n%s' "$row" >file
	frames "a last row without a line feed: $row" csv '2 1 1 0' file <<-END
		{"a":"0","b":"0"}
		! 3 8 cut $(printf %s "$row" | sed 's/"/\\"/g')
	END
done
printf 'a,b\n1,"2"' >file
frames 'but for one whose end is seen' csv '1 1 0 0' file <<'END'
{"a":"1","b":"2"}
END
printf 'b,a\n1,2\n' >other
frames 'each file has its header' csv '2 2 0 0' 'file other' <<'END'
{"a":"1","b":"2"}
{"b":"1","a":"2"}
END
frames 'or none has one' 'csv --header x,y' '4 4 0 0' 'file other' <<'END'
{"x":"a","y":"b"}
{"x":"1","y":"2"}
{"x":"b","y":"a"}
{"x":"1","y":"2"}
END
# head TEXT MESSAGE: a header that is wrong.
head_is()
{
	printf "$1" >file
	run evparse -f csv file
	check "a header: $1" 2 '' "evparse: file:$2"
}
head_is 'a,b,a\n' "1: the header has the column 'a' twice: give each a name of its own"
head_is '\na,"a"\n' "2: the header has the column 'a' twice: give each a name of its own"
head_is ',x,\n' "1: the header has the column '' twice: give each a name of its own"
head_is 'sep=;\na;b\n' '1: the header is none: this line tells a spreadsheet which separator follows: take it out'
head_is 'a,_ev\n' "1: the header has the column '_ev' which is reserved: rename it"
head_is 'a,b"\n' '1: the header has a quote that is not closed, or within a name: put quotes around the name, and double those within'
head_is 'a,"b\n1,2\n' '1: the header has a quote that is not closed, or within a name: put quotes around the name, and double those within'
head_is 'a,\377\n' '1: the header is no UTF-8 text: convert the file with iconv'
head_is 'a,b\r1,2\r' '1: the file ends in its header, with no line feed: what is missing cannot be known, so end the line if it is whole'
head_is 'a,b\r1,2\n' "1: the header has a CR in it: if lines end so, make others with: tr '\\r' '\\n'"
head_is 'a,\033[31mb,\033[31mb\n' "1: the header has the column '\\u001b[31mb' twice: give each a name of its own"
one_column()
{
	printf "$2" >file
	run evparse -f $1 file
	check "one column of a $1: $2" 2 '' \
		"evparse: file:1: the header is one column, with '$3' in it: read the file with --format $4, or put quotes around the name if it is one"
}
one_column csv 'a;b\n1;2\n' ';' "csv --separator ';'"
one_column csv '"a";"b"\n"1";"2"\n' ';' "csv --separator ';'"
one_column csv 'a\tb\n' '\t' tsv
one_column csv 'a|b\n' '|' "csv --separator '|'"
one_column tsv 'a,b\n' , csv
one_column tsv 'a;b,c\n' ';' "csv --separator ';'"
printf '"a;b"\n1;2\n' >file
frames 'in quotes it is the name' csv '1 1 0 0' file <<'END'
{"a;b":"1;2"}
END
printf 'a;"b;""c"\n1,5;"x;y"\n2;3;4\n' >file
frames 'another separator' "csv --separator ';'" '2 1 1 0' file <<'END'
{"a":"1,5","b;\"c":"x;y"}
! 3 20 columns 2;3;4
END
for separator in '' ';;' '"' é; do
	run "evparse -f csv --separator '$separator' file"
	check "no separator: '$separator'" 2 '' '~^evparse: --separator takes one ASCII character that is no quote'
done
run "evparse -f tsv --separator ';' file"
check 'a separator of TSV' 2 '' '~^evparse: --separator is for --format csv'
printf ',a\n0,1\n' >file
frames 'a column may have no name' csv '1 1 0 0' file <<'END'
{"":"0","a":"1"}
END
for empty in '' '\n' 'a,b\n' 'a,b\n\n'; do
	printf "$empty" >file
	run evparse -f csv file
	check "no rows in '$empty'" 0
done
printf 'id,n\ne1,1\n' >file
try 'ids and origins' 0 'evparse -f csv --add-id event_id --origin file; evparse -f csv --add-id id file' <<'END'
{"id":"e1","n":"1","event_id":"e1b4508a-75d0-806a-b4f0-a37f7e90bce8","_ev":{"origin":{"source":"file","line":2,"offset":5}}}
{"id":"e1","n":"1"}
END
{ printf 'a,b\n1,"'; head -c 300000 /dev/zero | tr '\0' x; printf '\n2,y\n'; head -c 300000 /dev/zero | tr '\0' x; printf '\n3,z\n'; } >file
run evparse -f csv --max-line 100K -r set-aside file
check 'quotes that are not closed within --max-line' 0 '{"a":"2","b":"y"}
{"a":"3","b":"z"}'
is 'their rejects have all bytes' "$(sed 's/.*"raw_base64":"\([^"]*\)".*/\1/' set-aside | while read -r line; do echo "$line" | base64 -d | wc -c; done)" '300003
300000'

#
# Queues
#
cat >kinesis <<'END'
{
    "Records": [
        {
            "SequenceNumber": "49543463076548007577105092703039560359975228518395019266",
            "ApproximateArrivalTimestamp": "2026-03-01T10:00:00.123000+00:00",
            "Data": "eyJldmVudF9pZCI6ImUxIn0K",
            "PartitionKey": "p1"
        },
        {
            "SequenceNumber": "49543463076548007577105092703039560359975228518395019267",
            "Data": "eyJuIjoxfQ==",
            "PartitionKey": "p2"
        },
        {"Data": "%%%%"}, {"x": 1}, {"Data": ""}, {"Data": "e30"}
    ],
    "NextShardIterator": "AAAA",
    "MillisBehindLatest": 0
}
{"Records":[],"MillisBehindLatest":0}
{"Data":"eyJldmVudF9pZCI6ImUyIn0="}
END
frames "Kinesis's answers" kinesis '7 3 4 0' kinesis <<'END'
{"event_id":"e1"}
{"n":1}
{"event_id":"e2"}
! 14 478 foreign {\"Data\": \"%%%%\"}
! 14 496 foreign {\"x\": 1}
! 14 506 foreign {\"Data\": \"\"}
! 14 520 foreign {\"Data\": \"e30\"}
END
sed 's/^    *//' kinesis | tr -d '\n' >other
is 'an id is made of the sequence number, wherever the record stands' \
	"$(evparse -f kinesis -r set-aside --add-id event_id kinesis | sed -n 2p)" \
	"$(evparse -f kinesis -r set-aside --add-id event_id other | sed -n 2p)"
cp kinesis shard-0
run 'evparse -f kinesis --origin -r set-aside shard-0'
check 'and the origin names it' 0 '~^\{"event_id":"e1","_ev":\{"origin":\{"source":"shard-0/49543463076548007577105092703039560359975228518395019266","line":3,"offset":27\}\}\}$'
is 'but a reject is one of the file' "$(sed -n '1s/.*"source":"\([^"]*\)".*/\1/p' set-aside)" shard-0
printf '{"Records":[{"Data":"e30="}],"NextShardIterator":"AA' >file
frames 'an answer that is cut' kinesis '2 1 1 0' file <<'END'
{}
! 1 52 cut 
END
cat >sqs <<'END'
{"Messages":[{"MessageId":"m1","ReceiptHandle":"r","Body":"{\"event_id\":\"e1\",\"n\":1.0}"},
{"MessageId":"m2","Body":"{\n  \"event_id\": \"e2\"\n}"},{"MessageId":"m3","Body":"INFO {\"event_id\":\"e3\"}"},
{"MessageId":"m4","Body":"{\"_ev\":1}"}]}
END
frames "SQS's" sqs '4 3 1 0' sqs <<'END'
{"event_id":"e1","n":1.0}
{"event_id":"e2"}
{"event_id":"e3"}
! 3 207 reserved {\"MessageId\":\"m4\",\"Body\":\"{\\\"_ev\\\":1}\"}
END
frames 'of which one format can be asked' sqs:json '4 2 2 0' sqs <<'END'
{"event_id":"e1","n":1.0}
{"event_id":"e2"}
! 2 151 json {\"MessageId\":\"m3\",\"Body\":\"INFO {\\\"event_id\\\":\\\"e3\\\"}\"}
! 3 207 reserved {\"MessageId\":\"m4\",\"Body\":\"{\\\"_ev\\\":1}\"}
END

# answer NAME FORMAT TEXT SUMS <<'END': what an answer gives, and behind a "!" what is said of each reject.
answer()
{
	cat >want
	printf '%s' "$3" >file
	run "evparse -f $2 -r set-aside --stats - file"
	sed -n 's/.* in \([0-9]*\)  out \([0-9]*\)  rejected \([0-9]*\)  blank \([0-9]*\).*/\1 \2 \3 \4/p' "$err" >sums
	sed -n 's/.*"offset":\([0-9]*\),"code":"\([^"]*\)","reasons":\[{"message":"\([^"]*\)"}\]}}.*/! \1 \2 \3/p' \
		set-aside >>"$out"
	same "$2: $1" "$out" want
	is "$2: $1: its sums" "$(cat sums)" "$4"
}

no_message="foreign this is no message with a text 'Body', nor an answer with a list 'Messages'"
no_record="foreign this is no record with a text 'Data', nor an answer with a list 'Records'"
answer 'nothing, as of an empty queue' sqs '' '0 0 0 0' </dev/null
answer 'a list of none' sqs '{"Messages":[],"x":1}' '0 0 0 0' </dev/null
for text in '{}' '{"ResponseMetadata":{"Messages":[{"Body":"{}"}]}}' '{"Messages":null}' '{"Messages":"[]"}' \
	'{"Messages":{"Body":"{}"}}' '{"messages":[{"Body":"{}"}]}'; do
	answer "no list: $text" sqs "$text" '1 0 1 0' <<-END
		! 0 $no_message
	END
done
for text in '{}' '{"Records":null,"MillisBehindLatest":0}' '{"Record":[{"Data":"e30="}]}'; do
	answer "no list: $text" kinesis "$text" '1 0 1 0' <<-END
		! 0 $no_record
	END
done
answer 'a body that is none' sqs '{"Messages":[{},{"MessageId":"m"},{"Body":null},{"Body":5},{"Body":{"a":1}},{"Body":""},{"Body":" \n"}]}' \
	'7 0 7 0' <<END
! 13 $no_message
! 16 $no_message
! 34 $no_message
! 48 $no_message
! 59 $no_message
! 76 foreign there is nothing in the record
! 88 foreign there is nothing in the record
END
answer 'a body that is no JSON object' sqs '{"Messages":[{"Body":"hello"},{"Body":"{\"a\":1"},{"Body":"[{\"a\":1}]"},{"Body":"{\"a\":1,\"a\":2}"},{"Body":"{}{}"}]}' \
	'5 0 5 0' <<'END'
! 13 foreign no JSON object at the end of the line
! 30 json column 7: an object or array is not closed
! 50 foreign a record is one JSON object, and this is a JSON array
! 73 duplicate-name column 8: the same name stands twice in one object
! 102 json column 3: the text goes on behind its value
END
answer 'a message that is none' sqs '{"Messages":[5,"x",null,[],{"Body":"{}"}]}' '5 1 4 0' <<'END'
{}
! 13 not-object a record is one JSON object, and this is a JSON number
! 15 not-object a record is one JSON object, and this is a JSON string
! 19 not-object a record is one JSON object, and this is a JSON null
! 24 not-object a record is one JSON object, and this is a JSON array
END
answer 'a name twice' sqs '{"Messages":[{"Body":"{}","Body":"{\"a\":1}"},{"Body":"{}","x":{"y":1,"y":2}}]}' '2 0 2 0' <<'END'
! 13 duplicate-name column 14: the same name stands twice in one object
! 46 duplicate-name column 25: the same name stands twice in one object
END
answer 'a list twice: all of both' sqs '{"Messages":[{"Body":"{\"a\":1}"}],"Messages":[{"Body":"{\"a\":2}"},{}]}' '3 2 1 0' <<END
{"a":1}
{"a":2}
! 68 $no_message
END
answer 'members in any order, and others' sqs '{"y":[1,{"Messages":[{}]}],"Messages":[{"Attributes":{"Body":"z"},"New":[{"Body":"{}"}],"Body":"{\"a\":1}"}],"z":"Messages"}' \
	'1 1 0 0' <<'END'
{"a":1}
END
answer 'several answers, with line ends between and without' sqs '{"Messages":[{"Body":"{\"a\":1}"}]}{"Messages":[]}
{
    "Messages": [
        {
            "Body": "{\"a\":2}"
        }
    ]
}{"Messages":[{"Body":"{\"a\":3}"}]}' '3 3 0 0' <<'END'
{"a":1}
{"a":2}
{"a":3}
END
answer 'cut in a message' sqs '{"Messages":[{"Body":"{}"},{"MessageId":"m2","Bo' '2 1 1 0' <<'END'
{}
! 27 cut the record breaks off, as at the end of a file: what is missing cannot be known, so end it if it is whole
END
for text in '{"Messages":[{"Body":"{}"}' '{"Messages":[{"Body":"{}"},' '{"Messages":[{"Body":"{}"}]' '{"Messages":[{"Body":"{}"}],"x":{'; do
	answer "cut behind a message: $text" sqs "$text" '2 1 1 0' <<-END
		{}
		! ${#text} cut what was opened is not closed: what is missing cannot be known
	END
done
answer 'what is no answer at all' sqs 'Unable to locate credentials' '1 0 1 0' <<'END'
! 0 json column 1: not a JSON value
END
answer 'broken base64' kinesis '{"Records":[{"Data":"e30"},{"Data":"e3"},{"Data":"e30=="},{"Data":"%30="},{"Data":"e3\n0="},{"Data":" e30="},{"Data":7},{"Data":"e30="}]}' \
	'8 1 7 0' <<END
{}
! 12 foreign 'Data' is not base64
! 27 foreign 'Data' is not base64
! 41 foreign 'Data' is not base64
! 58 foreign 'Data' is not base64
! 74 foreign 'Data' is not base64
! 92 foreign 'Data' is not base64
! 109 $no_record
END

#
# Containers
#
cat >docker <<'END'
{"log":"INFO {\"a\":","stream":"stdout","time":"2026-03-01T10:00:00Z"}
{"log":"WARN {\"b\":2}\n","stream":"stderr","time":"2026-03-01T10:00:00Z"}
{"log":"1,","stream":"stdout","time":"2026-03-01T10:00:00Z"}
{"log":"\"c\":3}\n","stream":"stdout","time":"2026-03-01T10:00:00Z"}
{"log":"\n","stream":"stdout","time":"2026-03-01T10:00:00Z"}
{"log":"{\"d\":4}\\n","stream":"stderr","time":"2026-03-01T10:00:00Z"}
torn
{"log":"\n","stream":"stderr","time":"2026-03-01T10:00:00Z"}
{"log":"half {\"e\":","stream":"stdout","time":"2026-03-01T10:00:00Z"}
END
frames "docker's lines: halves are put together" docker '6 2 3 1' docker <<'END'
{"b":2}
{"a":1,"c":3}
! 7 408 json torn
! 6 337 json {\"log\":\"{\\\"d\\\":4}\\\\n\",\"stream\":\"stderr\",\"time\":\"2026-03-01T10:00:00Z\"}\n{\"log\":\"\\n\",\"stream\":\"stderr\",\"time\":\"2026-03-01T10:00:00Z\"}
! 9 474 cut {\"log\":\"half {\\\"e\\\":\",\"stream\":\"stdout\",\"time\":\"2026-03-01T10:00:00Z\"}
END
cat >cri <<'END'
2026-03-01T10:00:00.000000000Z stdout P INFO {"a":
2026-03-01T10:00:00.000000000Z stderr F WARN {"b":2}
2026-03-01T10:00:00.000000000Z stdout F 1}
2026-03-01T10:00:00.000000000Z stdout F
2026-03-01T10:00:00.000000000Z stdout F:x {"c":3}
2026-03-01T10:00:00.000000000Z elsewhere P {"d":4}
torn
2026-03-01T10:00:00.000000000Z stderr P {"e":
END
frames "containerd's" cri '7 4 2 1' cri <<'END'
{"b":2}
{"a":1}
{"c":3}
{"d":4}
! 7 288 foreign torn
! 8 293 cut 2026-03-01T10:00:00.000000000Z stderr P {\"e\":
END
printf '%s\n' 'T stdout {"a":1}' 'T stdout X {"b":2}' 'T stdout' 'T stdout F:a:b {"c":3}' 'T stdout FULL {"d":4}' 'T stdout F  ' >file
frames 'a line without a tag is no blank one' cri '6 1 4 1' file <<'END'
{"c":3}
! 1 0 foreign T stdout {\"a\":1}
! 2 17 foreign T stdout X {\"b\":2}
! 3 36 foreign T stdout
! 5 68 foreign T stdout FULL {\"d\":4}
END
printf '2026-03-01T10:00:00Z stdout F {"a":1' >file
frames 'a last line without a line feed' cri '1 0 1 0' file <<'END'
! 1 0 cut 2026-03-01T10:00:00Z stdout F {\"a\":1
END
printf '{"log":"192.0.2.7 - - [01/Mar/2026:10:00:05 +0100] \\"GET / HTTP/1.1\\" 200 5 \\"-\\" \\"-\\"\\n","stream":"stdout","time":"t"}\n' >file
run 'evparse -f docker:nginx file | grep -o "\"request\":\"[^\"]*\""'
check 'nginx in docker' 0 '"request":"GET / HTTP/1.1"'
for format in docker:csv kinesis:w3c nginx:json csv:json docker:docker; do
	run evparse -f $format file
	check "$format is none" 2 '' "~^evparse: --format $format: before a colon stands kinesis, sqs, docker or cri"
done
{
	printf '2026-03-01T10:00:00Z stdout P {"a":"%0200d\n' 0
	printf '2026-03-01T10:00:00Z stdout P %0200d\n' 0
	printf '2026-03-01T10:00:00Z stderr F {"b":2}\n2026-03-01T10:00:00Z stdout F {"x":1}\n2026-03-01T10:00:00Z stdout F {"c":3}\n'
} >file
run evparse -f cri --max-line 300 -r set-aside file
check 'halves that are too long: what is left of them is no event' 0 '{"b":2}
{"c":3}'
is 'but rejects' "$(sed 's/.*"line":\([0-9]*\).*"code":"\([^"]*\)".*/\1 \2/' set-aside)" '1 too-long
4 cut'

#
# Syslog over TCP
#
# counted MESSAGE...: each behind its length.
counted()
{
	for message; do
		printf '%s %s' "$(printf %s "$message" | wc -c)" "$message"
	done
}
head='<34>1 2003-10-11T22:14:15.003Z m a - - -'
{
	counted "$head one" "$head é
 two" "$head three
" "$head"
	printf '\n%s by line\r\n%s\n\n83 blue\n' "$head" "<34>1 nothing"
	counted "$head four" "$head 12 <5"
} >counted
message='"message":"\([^"]*\)"}'
run evparse -f syslog-tcp -r set-aside --stats - counted
is 'messages behind their length, and by line' "$(sed "s/.*,$message/\1/; s/^{.*/none/" "$out")" 'one
é\n two
three
none
by line
four
12 <5'
check 'and their sums' 0 any 'evparse     in 11  out 7  rejected 2  blank 2'
in_place counted
is 'an id is that of the message' "$(sed 's/.*"event_id":"\([^"]*\)".*/\1/' "$out" | head -n 1)" \
	"$(echo "$head one" | evparse -f syslog | sed 's/.*"event_id":"\([^"]*\)".*/\1/')"
counted "$head one" "$head two" | head -c -1 >file
frames 'a message that is cut' 'syslog-tcp' '2 1 1 0' file <<END
$(evparse -f syslog-tcp -r set-aside file)
! 1 50 cut $head tw
END
printf '44 %s one9999999999 %s two\n47' "$head" "$head" >file
run 'evparse -f syslog-tcp -r set-aside file | wc -l'
is 'a number that is none' "$(cat "$out") $(sed 's/.*"line":\([0-9]*\),"offset":\([0-9]*\),"code":"\([^"]*\)".*/\1 \2 \3/' set-aside | tr '\n' ' ')" \
	'1 1 47 foreign 2 103 cut '

#
# Lines that continue
#
cat >trace <<'END'
2026-03-01 ERROR java.lang.NullPointerException
	at shop.Checkout.pay(Checkout.java:42)
	at shop.Main.main(Main.java:7)
2026-03-01 INFO {"a":1}

2026-03-01 INFO {"b":2,
  "c":3}
 
Caused by: x
{"d":4}
END
frames 'a line that begins with a blank belongs to the one before' 'auto --continued' '6 3 2 1' trace <<'END'
{"a":1}
{"b":2,"c":3}
{"d":4}
! 1 0 foreign 2026-03-01 ERROR java.lang.NullPointerException\n\tat shop.Checkout.pay(Checkout.java:42)\n\tat shop.Main.main(Main.java:7)
! 9 180 foreign Caused by: x
END
frames 'or one in which an expression is not found' "text --begins '^(\\d{4}-|\\{)'" '4 2 2 0' trace <<'END'
{"a":1}
{"d":4}
! 1 0 foreign 2026-03-01 ERROR java.lang.NullPointerException\n\tat shop.Checkout.pay(Checkout.java:42)\n\tat shop.Main.main(Main.java:7)
! 6 145 foreign 2026-03-01 INFO {\"b\":2,\n  \"c\":3}\n \nCaused by: x
END
run "evparse --begins '(' trace"
check 'an expression that is none' 2 '' '~^evparse: --begins: missing closing parenthesis'
for option in '--continued' '--begins x'; do
	run "evparse -f csv $option trace"
	check "$option with csv" 2 '' "~^evparse: ${option%% *} is for formats whose records are lines, not csv"
done
run evparse -f json --header a trace
check '--header with json' 2 '' '~^evparse: --header is for --format csv and tsv'

#
# The chain
#
try 'rejects go back, byte for byte' 0 'printf "a,b\n1,\"x\n2\",y,z\n" >file; evparse -f csv -r set-aside file; evreject restore set-aside; evreject restore set-aside | sed 's/,y,z//' | evparse -f csv --header a,b' <<'END'
1,"x
2",y,z
{"a":"1","b":"x\n2"}
! evparse: nothing passed, and the batch is not approved: 1 record was rejected: see whether they are wrong or the format is
END

printf '[{\n "id": "e1",\n "_ev": [\n1],\n "l": {\n  "a": 1 }\n},\n{\n "id": "e2,\n "n": 2\n}\n]\n' >file
run 'evparse -f json-array -r set-aside file; evreject restore set-aside'
check 'an element is given back over all its lines' 0 '{
 "id": "e1",
 "_ev": [
1],
 "l": {
  "a": 1 }
}
{
 "id": "e2,
 "n": 2
}' '~nothing passed'
run 'evreject edit "del(._ev)" set-aside >edited; evreject replay -c reserved edited'
check 'and edited, replayed on one line' 0 '{"id":"e1","l":{"a":1}}' any
run 'evreject replay -c control set-aside | evparse -f json-array -r again'
is 'what is no JSON is what it was' "$(sed 's/.*"raw"//' again)" "$(sed -n '2s/.*"raw"//p' set-aside)"

#
# How the bytes arrive
#
# pieces FORMAT FILE: however many bytes come at a time, what comes out is the same.
cat >pieces.py <<'END'
# pieces.py FILE COMMAND...: what the command makes of the file that is no other when it reads it in
# pieces of some bytes.
import os, socket, subprocess, sys
name, command = sys.argv[1], sys.argv[2:]
data = open(name, 'rb').read()

def result(size):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = subprocess.Popen(command + ['-r', 'set-aside', '--stats', '-'], stdin=theirs,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    theirs.close()
    if os.fork() == 0:
        try:
            for i in range(0, len(data), size):
                ours.send(data[i:i + size])
        except BrokenPipeError:
            pass
        os._exit(0)
    ours.close()
    out = child.communicate()[0]
    aside = open('set-aside', 'rb').read() if os.path.exists('set-aside') else b''
    if os.path.exists('set-aside'):
        os.remove('set-aside')
    os.wait()
    return child.returncode, out, aside

whole = result(100000)
for size in 1, 2, 3, 7:
    if result(size) != whole:
        print('differs in pieces of', size, result(size), whole)
END
pieces()
{
	rm -f set-aside
	# shellcheck disable=SC2086
	run python3 pieces.py "$2" evparse -f $1
	check "$1: $2 in pieces of 1, 2, 3 and 7 bytes" 0
}
printf '[\n  {"a": "x,\n    "l": [ {} ] },\n  {"b":2}, 3 , x,\n  {"c":{"d":[1,{"e":"\\\\"}]}}\n, {"f":1}{"g":2}\n]\n{\n "h":1}\n12 13\n[{"i":1}' >arrays
printf '\357\273\277a,"b\r\n"\r\n1,"x\r\n""y"""\r\n\r\n2,"open\n3,z\n4,"p"q\n5,a"b,\n6\n7,"8"' >rows
if need python3; then
	for max in 16 24 40 64M; do
		pieces "json-array --max-line $max" arrays
		pieces "csv --max-line $max" rows
		pieces "text --continued --max-line $max" trace
		pieces "text --begins ^2 --max-line $max" trace
	done
	for max in 70 120 64M; do
		pieces "kinesis --max-line $max" kinesis
		pieces "docker --max-line $max" docker
		pieces "cri --max-line $max" cri
		pieces "syslog-tcp --max-line $max" counted
	done
	# What stands at the border of a read.
	for size in 262140 262141 262142 262143 262144 262145 262146; do
		{ printf '[{"a":"'; head -c $((size - 10)) /dev/zero | tr '\0' x; printf '"},\n{"b":"\\""},{"c":3}]'; } >file
		run 'evparse -f json-array file | tail -n 2'
		check "JSON at the border of a read: $size" 0 '{"b":"\""}
{"c":3}'
		{ printf 'a,b\n"'; head -c $((size - 8)) /dev/zero | tr '\0' x; printf '","y\r\n""z"\r\n1,2\r\n'; } >file
		run 'evparse -f csv file | grep -o "\"b\":.*"'
		check "CSV at the border of a read: $size" 0 '"b":"y\r\n\"z"}
"b":"2"}'
	done
	for file in arrays rows kinesis docker; do
		gzip -nc $file >$file.gz
	done
	run 'evparse -f json-array -r set-aside arrays | cksum; evparse -f json-array -r set-aside arrays.gz | cksum'
	is 'gzip' "$(sed -n 1p "$out")" "$(sed -n 2p "$out")"
fi

#
# A live stream
#
mkfifo pipe
# lives FORMAT TEXT EVENT: the event comes out when the text has come in, while the stream goes on.
lives()
{
	rm -f live
	# shellcheck disable=SC2086
	(evparse -f $1 -r set-aside <pipe >live) &
	exec 3>pipe
	printf "$2" >&3
	tries=0
	while [ ! -s live ] && [ $((tries += 1)) -lt 100 ]; do
		sleep 0.05
	done
	is "live: $1" "$(cat live)" "$3"
	exec 3>&-
	wait
}
lives json-array '[{"a":1},\n{"b' '{"a":1}'
lives json-array '{"a":1}\n{"b":2}{"c":[{' '{"a":1}
{"b":2}'
lives csv 'a,b\n1,"x\ny"\n2,' '{"a":"1","b":"x\ny"}'
lives docker '{"log":"h {\\"a\\":","stream":"stdout"}\n{"log":"{\\"b\\":2}\\n","stream":"stderr"}\n{"log"' '{"b":2}'
lives cri 'T stdout P {\nT stdout F }\nT stdout F' '{}'
lives syslog-tcp '9 <34>1 a\nb44 <34>1 2003-10-11T22:14:15.003Z m a - - - one' "$(echo '<34>1 2003-10-11T22:14:15.003Z m a - - - one' | evparse -f syslog)"
lives 'text --continued' 'x {"a":1}\nx {"b":2}\n' '{"a":1}'

#
# In a chain
#
export EVKIT_SEAL=secret
try 'each record has its place in the chain' 0 'evparse -f json-array stream array | grep -v "\"seal\"\|\"head\""' <<'END'
{"_ev":{"at":{"source":"stream","line":1,"offset":0}}}
{"a":1}
{"_ev":{"at":{"source":"stream","line":1,"offset":7}}}
{"b":2}
{"_ev":{"at":{"source":"stream","line":1,"offset":16}}}
{"c":{}}
{"_ev":{"at":{"source":"stream","line":3,"offset":27}}}
{"d":4}
{"_ev":{"at":{"source":"stream","line":3,"offset":35}}}
{"e":"}{"}
{"_ev":{"at":{"source":"array","line":2,"offset":4}}}
{"a":1}
{"_ev":{"at":{"source":"array","line":3}}}
{"b": {"c": [1, 2]}, "d":"x]}\"{"}
END
printf '[{"event_id":"1"},{"no":1},{"event_id":"2"},{"no":2}]\n' >file
run 'evparse -f json-array file | evdedupe --id .event_id -r set-aside >/dev/null'
check 'a later program sets records aside' 0
is 'by where they stood' "$(sed 's/.*"line":\([0-9]*\),"offset":\([0-9]*\).*/\1 \2/' set-aside)" '1 18
1 44'
printf '[{"a":1},{"_ev":{"head":{}}},{"a":2}]\n' >file
run 'evparse -f json-array -r set-aside file | evdedupe --id .a'
check 'no element passes for a control line' 0 any
ok 'it is set aside' grep -q '"code":"reserved"' set-aside
printf 'a,b\n1,"x\ny"\n2,z\n3,"\n"\n' >file
run "evparse -f csv --commit-every 2 --batch b file | grep -o '\"batch\":\"[^\"]*\"\|\"a\":.[0-9]'"
check '--commit-every counts records' 0 '"batch":"b.00000001"
"a":"1
"a":"2
"batch":"b.00000001"
"batch":"b.00000002"
"a":"3
"batch":"b.00000002"'
unset EVKIT_SEAL

#
# Data sets, against other readers
#
for set in kibana-ecommerce/ecommerce.ndjson stripe-webhooks/events.ndjson pizza-orders/pizza_orders.ndjson uci-retail-2010-12/orders.ndjson; do
	data "$set" && need jq || continue
	head -n 3000 "$data" | jq -c . >lines
	jq . lines >file
	run evparse -f json-array file
	check "$set, pretty-printed" 0 @lines
	jq -s . lines >file
	run evparse -f json-array file
	check "$set, as an array" 0 @lines
	tr -d '\n' <lines >file
	run evparse -f json-array file
	check "$set, without line ends" 0 @lines
done

cat >tables.py <<'END'
# tables.py FIRST LAST: random tables that Python's csv writes, by their numbers; prints those that
# evparse reads otherwise than Python's reader.
import csv, io, json, random, subprocess, sys

pieces = ['a', 'b', ' ', ',', '"', '""', '\n', '\r\n', '\t', 'é', '😀', '\\', "'", ';', '{', '1']

def text():
    return ''.join(random.choice(pieces) for _ in range(random.choice([0, 1, 1, 2, 3, 5, 40])))

for seed in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    random.seed(seed)
    form, mark = random.choice([('csv', ','), ('tsv', '\t')])
    names = list(dict.fromkeys(text() for _ in range(random.choice([2, 3, 5, 30]))))
    names += [] if len(names) > 1 else ['x,y']
    out = io.StringIO(newline='')
    w = csv.writer(out, delimiter=mark, quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
                   lineterminator=random.choice(['\n', '\r\n']))
    w.writerow(names)
    rows = [[text() for _ in names] for _ in range(random.choice([0, 1, 5, 60]))]
    w.writerows(row for row in rows if row != names)
    table = out.getvalue()
    rows = csv.reader(io.StringIO(table, newline=''), delimiter=mark, strict=True)
    head = next(rows)
    want = ''.join(json.dumps(dict(zip(head, row)), ensure_ascii=False, separators=(',', ':')) + '\n'
                   for row in rows)
    got = subprocess.run(['evparse', '-f', form], input=table.encode(), capture_output=True)
    if got.stdout != want.encode() or got.returncode != 0:
        print(seed, form, repr(table), got)
END
if need python3; then
	run python3 tables.py 1 "${FRAMES_TABLES-100}"
	check 'random tables are what Python reads' 0
	if data uci-retail-2010-12/rows5k.ndjson; then
		python3 - "$data" <<'END'
import csv, json, sys
rows = [json.loads(line) for line in open(sys.argv[1], encoding='utf-8')]
names = list(dict.fromkeys(name for row in rows for name in row))
with open('table', 'w', newline='', encoding='utf-8') as f:
    w = csv.DictWriter(f, names)
    w.writeheader()
    w.writerows(rows)
with open('table', newline='', encoding='utf-8') as f, open('want', 'w', encoding='utf-8') as to:
    for row in csv.DictReader(f):
        to.write(json.dumps(row, ensure_ascii=False, separators=(',', ':')) + '\n')
END
		run evparse -f csv table
		check 'UCI retail as CSV' 0 @want
	fi
fi

done_testing
