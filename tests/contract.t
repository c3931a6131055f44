#!/bin/sh
# The pipe contract of evkit(7), held against every program.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

judges='evparse evvalidate evdedupe evversion evstar' # a bad record goes to the rejects
filters="$judges evload"                               # a bad row is trouble

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .event_id, type: .event_type, time: .event_timestamp, modified: .event_timestamp}
types:
  Sale: sale.json
star:
  facts:
    sales:
      keep: latest
      columns:
        event_id: {from: .event_id, type: varchar(40)}
        buyer: {from: .buyer, type: varchar(40), dimension: buyers}
        amount: {from: .amount, type: "decimal(12,2)"}
  dimensions:
    buyers: {key: .buyer, columns: {buyer: {from: .buyer, type: varchar(40)}}}
END
echo '{"type":"object","properties":{"amount":{"type":"number"}}}' >sale.json

# events N: that many events, each another.
events()
{
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "{\"event_id\":\"e%06d\",\"event_type\":\"Sale\",\"event_timestamp\":" \
				"\"2026-03-01T10:00:00Z\",\"buyer\":\"b%d\",\"amount\":%d.10}\n", i, i % 7, i
	}'
}

events 8 >events
events 40000 >many-events
evstar events >rows || exit 2
evstar many-events >many-rows || exit 2

# What a program is run with, the least of it; what it reads; and what it makes of that.
command_of()
{
	case $1 in
	evload) echo 'evload -t sales' ;;
	evschema) echo 'evschema -t sqlite' ;;
	evreport) echo 'evreport result.json' ;;
	evstate) echo 'evstate show events.state e' ;;
	evreject) echo 'evreject show set-aside' ;;
	evlake) echo 'evlake cat lake' ;;
	*) echo "$1" ;;
	esac
}

input_of()
{
	case $1 in
	evload) echo rows ;;
	*) echo events ;;
	esac
}

for program in $filters; do
	$(command_of "$program") "$(input_of "$program")" >"$program.want" || exit 2
	[ -s "$program.want" ] || exit 2
done
evschema -t sqlite >evschema.want || exit 2
cat >result.json <<'END'
{"success":true,"results":[],"meta":{"evkit":{"format":1,"model":"shop","batch":"day","approved":true,
"counts":{"in":8,"out":8,"rejected":0,"warning":0,"blank":0},"span":null,"types":[],
"timeline":{"unit":"hour","buckets":[]},"causes":[],"causes_left_out":0,"expectations":[]}}}
END
evreport result.json >evreport.want || exit 2
events 8 | sed 's/"e00000\(.\)"\(.*\)T10:00:00/"e"\2T10:0\1:00/' |
	EVKIT_SEAL=secret evparse --batch day |
	EVKIT_SEAL=secret evversion --state events.state --since 0 -o /dev/null || exit 2
evstate show events.state e >evstate.want || exit 2
sed '2,$s/}$//' events | evparse -r set-aside >"$tap/good" || exit 2
evreject show set-aside >evreject.want || exit 2
evprofile events >evprofile.want || exit 2
evlake append --batch day lake many-events -o /dev/null && evlake cat lake >evlake.want || exit 2

# leftovers: what a run left behind under a temporary name.
leftovers()
{
	find . -name '.*~'
}

# A line that is too long for --max-line 2000, and which JSON would take.
long=$(printf '{"event_id":"long","x":"%03000d"}' 0)

#
# Options
#
for program in $filters evschema evreport evstate evreject evlake evprofile; do
	command=$(command_of "$program")

	run "$command --help"
	check "$program --help" 0 "~^usage: $program "
	run "$command -h"
	check "$program -h" 0 "~^usage: $program "
	run "$command -V"
	check "$program -V" 0 "~^$program \\(evkit\\) [0-9]"
	run "$command --version"
	check "$program --version" 0 "~^$program \\(evkit\\) [0-9]"

	try "$program: an unknown long option" 2 "$command --bogus" <<END
! $program: no option '--bogus'
! Try '$program --help'.
END
	try "$program: an unknown letter" 2 "$command -Z" <<END
! $program: no option '-Z'
! Try '$program --help'.
END
	try "$program: a missing argument" 2 "$command --output" <<END
! $program: the option '--output' needs an argument
! Try '$program --help'.
END
	try "$program: a letter's missing argument" 2 "$command -o" <<END
! $program: the option '-o' needs an argument
! Try '$program --help'.
END
	try "$program: an argument that an option does not take" 2 "$command --help=much" <<END
! $program: no option '--help=much'
! Try '$program --help'.
END
done

for value in '' -1 x 5x 1e3 '5 %' 101% %; do
	run evparse --max-rejects "$value" events
	check "--max-rejects '$value' is refused" 2 '' \
		"~--max-rejects takes a number, or a percentage such as 5%, not '$value'"
done
for value in '' -5 x 5X '64 ' 16KB 1.5M 18446744073709551616 17179869184G; do
	run evparse --max-line "$value" events
	check "--max-line '$value' is refused" 2 '' \
		"~--max-line takes a number of bytes such as 64M, not '$value'"
done
for value in 0 15 2G; do
	run evparse --max-line "$value" events
	check "--max-line $value is out of range" 2 '' '~--max-line must be between 16 and '
done
run evversion -S '1 ' events
check 'a blank is no unit' 2 '' "~--buffer-size takes a number of bytes such as 64M, not '1 '"
run "evparse --batch '' events"
check 'a batch has a name' 2 '' '~--batch takes a name'
run 'evvalidate -m nosuch.yaml events'
check 'a model that is not there' 2 '' '~^evvalidate: nosuch.yaml: cannot be opened: No such file or directory$'
mkdir elsewhere
for program in evvalidate evstar evload evschema; do
	run "cd elsewhere && $(command_of $program) </dev/null"
	check "$program: no model at all" 2 '' "~^$program: there is no model: name one with -m MODEL or EVKIT_MODEL"
done
run 'cd elsewhere && EVKIT_MODEL=../evkit.yaml evvalidate ../events'
check 'EVKIT_MODEL names the model, and its schemas are found beside it' 0 @events
run 'cd elsewhere && EVKIT_MODEL=nosuch.yaml evvalidate -m ../evkit.yaml ../events'
check '-m goes before EVKIT_MODEL' 0 @events

#
# Input
#
for program in $filters; do
	command=$(command_of "$program")
	input=$(input_of "$program")

	run "$command </dev/null"
	check "$program: nothing in, nothing out" 0
	run "$command <$input"
	check "$program reads standard input" 0 "@$program.want"
	run "$command - <$input"
	check "$program reads standard input as -" 0 "@$program.want"
	head -n 3 "$input" >first
	tail -n +4 "$input" >./-rest
	run "$command first - -- /dev/null <./-rest"
	check "$program reads files in order, with - among them" 0 "@$program.want"
	run "$command -- first -rest"
	check "$program: -- ends the options" 0 "@$program.want"
	run "$command $input <&-"
	check "$program needs no standard input for a file" 0 "@$program.want"
	run "$command <&-"
	check "$program: a closed standard input is no empty one" 2 '' \
		"$program: -: cannot be read: Bad file descriptor"
	run "$command $input nosuch"
	check "$program: a missing file" 2 any "$program: nosuch: cannot be opened: No such file or directory"
	run "$command elsewhere"
	check "$program: a folder" 2 '' "$program: elsewhere: is a folder: name the files in it"
	run "$command <elsewhere"
	check "$program: a folder as standard input" 2 '' "$program: -: is a folder: name the files in it"

	sed 's/$/\r/' "$input" >crlf
	run "$command crlf"
	check "$program: CRLF ends a line as LF does" 0 "@$program.want"
	head -c -1 "$input" >short
	run "$command short"
	check "$program: the last line needs no LF" 0 "@$program.want"
	head -c -1 crlf >short
	run "$command short"
	check "$program: nor does a CR at the end count" 0 "@$program.want"
	sed -e '2s/^/\n/' -e '4s/^/ \t \n\r\n/' "$input" >blank
	printf '\n\t' >>blank
	run "$command --stats stats blank"
	check "$program: blank lines are no records" 0 "@$program.want"
	if need jq; then
		is "$program counts blank lines" "$(jq -c '.stages[0] | [.in, .blank]' stats)" \
			"[$(($(wc -l <"$input") + 5)),5]"
	fi
done

#
# gzip, known by its magic bytes
#
for program in $filters; do
	command=$(command_of "$program")
	input=$(input_of "$program")

	gzip -nc "$input" >packed
	size=$(wc -c <packed)
	run "$command packed"
	check "$program: gzip, whatever its name" 0 "@$program.want"
	run "$command <packed"
	check "$program: gzip on standard input" 0 "@$program.want"
	run "(head -c 1 packed; sleep 0.1; tail -c +2 packed) | $command"
	check "$program: gzip whose magic comes in two reads" 0 "@$program.want"
	cp "$input" plain.gz
	run "$command plain.gz"
	check "$program: a name does not make it gzip" 0 "@$program.want"
	{
		gzip -nc /dev/null
		head -c 700 "$input" | gzip -n9
		gzip -nc /dev/null
		tail -c +701 "$input" | gzip -n1
	} >members
	run "$command members"
	check "$program: members that part in mid-line, and empty ones" 0 "@$program.want"
	head -n 3 "$input" >first
	tail -n +4 "$input" | gzip -n >rest
	run "$command first rest /dev/null"
	check "$program: plain and packed files together" 0 "@$program.want"

	for cut in 2 9 $((size / 2)) $((size - 8)) $((size - 1)); do
		head -c "$cut" packed >short
		run "$command short"
		check "$program: gzip cut after $cut of $size bytes" 2 any \
			"$program: short: the gzip data ends in mid-stream: the file was cut, fetch it again"
	done
	(cat packed && head -c 12 packed) >short
	run "$command short"
	check "$program: a second member that is cut" 2 any '~short: the gzip data ends in mid-stream'
	(cat packed && echo garbage) >damaged
	run "$command damaged"
	check "$program: garbage behind gzip" 2 any "~^$program: damaged: the gzip data is damaged"
	for at in 3 $((size / 2)) $((size - 8)) $((size - 4)); do
		(head -c "$at" packed && printf '\377\377' && tail -c +$((at + 3)) packed) >damaged
		run "$command damaged"
		check "$program: gzip damaged at $at of $size bytes" 2 any '~damaged: the gzip data is damaged'
	done
	if [ "$program" != evload ]; then
		# It is the gzip that is at fault, never the lines before it.
		head -c $((size / 2)) packed >short
		run "$command -r rejects short"
		check "$program: damage is no reject" 2 any '~the gzip data ends in mid-stream'
		ok "$program: a run in trouble leaves no rejects file" [ ! -e rejects ]
	fi
done

#
# Output
#
for program in $filters evschema evreport evstate evreject evlake evprofile; do
	command=$(command_of "$program")
	input=$(input_of "$program")
	case $program in evschema | evreport | evstate | evreject | evlake) input= ;; esac
	full='cannot be written: No space left on device'

	run "$command $input >/dev/full"
	check "$program: a full disk" 2 '' "$program: standard output: $full"
	run "$command -o /dev/full $input"
	check "$program: -o onto a full device" 2 '' "$program: /dev/full: $full"
	run "$command --help >/dev/full"
	check "$program: --help onto a full disk" 2 '' "$program: standard output: $full"
	run "$command -V >/dev/full"
	check "$program: -V onto a full disk" 2 '' "$program: standard output: $full"
	run "$command $input >&-"
	check "$program: a closed standard output" 2 '' \
		"$program: standard output: cannot be written: Bad file descriptor"
	run "$command --help >&-"
	check "$program: --help to a closed standard output" 2 '' '~standard output: cannot be written'
	run "$command $input 2>&-"
	check "$program: a closed standard error" 0 "@$program.want"
	run "$command --bogus 2>&-"
	check "$program: trouble that cannot be told is trouble" 2

	run "$command -o out $input"
	check "$program: -o says nothing" 0
	same "$program: -o has the output" out "$program.want"
	run "$command -o /dev/stdout $input"
	check "$program: -o /dev/stdout" 0 "@$program.want"
	run "$command -o nosuch/out $input"
	check "$program: -o into no folder" 2 '' \
		"$program: nosuch/out: cannot be written: No such file or directory"
	run "$command -o elsewhere $input"
	check "$program: -o onto a folder" 2 '' "$program: elsewhere: cannot be written: Is a directory"
	# Beyond the limit of a file's size, which is a full disk that a test can have.
	echo old >out
	run "trap '' XFSZ; ulimit -f 1; exec $command -o out ${input:+many-$input}"
	check "$program: -o onto a disk that fills" 2 '' "$program: out: cannot be written: File too large"
	is "$program: what stood there stands" "$(cat out)" old
	is "$program leaves nothing behind" "$(leftovers)" ''
	rm out
done

for program in $filters; do
	command=$(command_of "$program")
	input=$(input_of "$program")
	full='cannot be written: No space left on device'

	run "$command --stats /dev/full $input"
	check "$program: --stats onto a full device" 2 any "$program: /dev/full: $full"
	run "$command --stats nosuch/stats -o out $input"
	check "$program: --stats into no folder" 2 '' "$program: nosuch/stats: cannot be written: No such file or directory"
	ok "$program: and then no output" [ ! -e out ]
	run "$command -r nosuch/rejects $input"
	check "$program: rejects into no folder" 2 '' \
		"$program: nosuch/rejects: cannot be written: No such file or directory"

	(cat "$input" && echo "$long") >bad
	told="bad:$(wc -l <bad): the line is longer than 2000 bytes (--max-line): mend it, or set bad records aside with -r FILE"
	[ "$program" = evload ] && told="bad:$(wc -l <bad): the row is longer than --max-line: raise that"
	echo old >out
	run "$command --max-line 2000 -o out bad"
	check "$program: a bad record without -r" 2 '' "$program: $told"
	is "$program: a run that fails puts nothing under the name" "$(cat out)" old
	rm out
	run "$command --max-line 2000 -o out bad"
	ok "$program: nor makes the name" [ ! -e out ]

	# Descriptor 2 is closed: what is told there must not go into a file that was opened since.
	run "$command --stats - -r rejects -o out $input 2>&-"
	check "$program: counts that cannot be told" 0
	same "$program: go into no output" out "$program.want"
	ok "$program: nor among the rejects" [ ! -s rejects ]

	cp "$input" here
	run "$command -o here here"
	check "$program: a file onto itself" 0
	same "$program: is read before it is replaced" here "$program.want"

	run "{ $command -r rejects many-$input 2>told; echo \$? >ended; } | head -n 1"
	is "$program | head -n 1 has the line" "$(cat "$out")" "$(head -n 1 "$program.want")"
	is "$program | head -n 1 ends by SIGPIPE, and quietly" "$(cat ended) $(cat told)" '141 '
	is "$program leaves nothing behind" "$(leftovers)" ''
	rm -f out rejects here
done

#
# Signals
#

# by_signal SIGNAL FILE COMMAND...: runs the command, sends it the signal once the file (a pattern)
# is there, and prints the number of the signal that ended it.
by_signal()
{
	perl -e '
		my ($signal, $file, @command) = @ARGV;
		my $pid = fork // die;
		if ($pid == 0) { exec @command; die }
		for (1 .. 600) { last if glob $file; select undef, undef, undef, 0.05 }
		kill $signal, $pid;
		waitpid $pid, 0;
		print $? & 127, "\n"' "$@"
}


rm stats
mkfifo pipe
exec 9<>pipe # a writer that writes nothing
if need perl; then
	for program in $filters; do
		for signal in 'INT 2' 'TERM 15' 'HUP 1'; do
			# shellcheck disable=SC2046 # a list of words
			run by_signal "${signal% *}" '.stats.*~' $(command_of "$program") -o out -r rejects \
				--stats stats pipe
			check "$program dies by SIG${signal% *}" 0 "${signal#* }"
			is "$program leaves nothing behind after SIG${signal% *}" \
				"$(leftovers) $(ls -d out rejects stats 2>"$tap/ls")" ' '
		done
	done
	run by_signal TERM 'folder/.buyers.*~' evload tsv:folder pipe
	check 'evload dies by SIGTERM as it writes a folder' 0 15
	is 'and leaves no file there' "$(ls -A folder)" ''
fi
(trap '' HUP && exec evparse -o out pipe 9>&-) &
until_true eval '[ -n "$(leftovers)" ]'
kill -HUP $!
cat events >&9
# Not before they are read: what is in a pipe that nobody else holds open goes when it is closed.
until_true eval 'cmp -s .out.*~ events'
exec 9>&-
wait $!
is 'a signal that was ignored (nohup) stays ignored' $? 0
same 'and the run goes on' out events
evvalidate -o out pipe &
exec 9>pipe
cat events >&9
until_true eval '[ -n "$(leftovers)" ]'
kill -KILL $!
wait $! 2>"$tap/killed"
exec 9>&-
same 'SIGKILL leaves what stood under the name' out events
rm -f .out.*~ out

#
# A stream: what can be told at once is told at once
#

# streams NAME COMMAND WANT: the command, fed a record and a half, gives WANT while its input stays open.
streams()
{
	rm -f got
	mkfifo stream
	sh -c "$2" <stream >got 2>told &
	exec 8>stream
	"$feed" >&8
	until_true cmp -s got "$3"
	same "$1" got "$3"
	echo >&8
	exec 8>&-
	wait $!
	rm stream
}

# A line and the half of one. What follows it ends it as a line that is too long, and so a reject.
half() { head -n 1 "$input" && printf '{"half":'; }
packed_half() { half | gzip; }

for program in evparse evvalidate evdedupe evstar evload; do
	input=$(input_of "$program")
	head -n 1 "$program.want" >first-want
	for feed in half packed_half; do
		streams "$program passes a record on before it waits for the next ($feed)" \
			"$(command_of "$program") -r rejects" first-want
	done
done
input=events feed=half
head -n 1 evload.want >first-want
streams 'and so does a pipe of them' \
	'evparse -r r1 | evvalidate -r r2 | evdedupe -r r3 | evstar -r r4 | evload -r r5 -t sales' first-want

#
# Lines that are too long
#
if need base64 jq; then
	for program in $judges; do
		input=$(input_of "$program")
		lines=$(wc -l <"$input")
		{
			head -n 2 "$input"
			echo "$long"
			sed -n '3,$p' "$input" | sed 's/$/\r/'
			head -c 1000000 /dev/zero | tr '\0' '\377'
			printf '\r\n\n%s' "$long"
		} >lines
		run "$(command_of "$program") --max-line 2000 -r rejects <lines"
		check "$program: a line too long costs that line alone" 0 "@$program.want"
		is "$program: and says where it stood" \
			"$(jq -r '._ev.reject | "\(.stage) \(.source) \(.line) \(.offset) \(.code)"' rejects)" \
			"$program - 3 $(head -n 2 lines | wc -c) too-long
$program - $((lines + 2)) $(head -n $((lines + 1)) lines | wc -c) too-long
$program - $((lines + 4)) $(head -n $((lines + 3)) lines | wc -c) too-long"
		is "$program: and why" "$(jq -r '._ev.reject.reasons[].message' rejects | uniq)" \
			'the line is longer than 2000 bytes (--max-line)'
		for line in 3 $((lines + 2)) $((lines + 4)); do
			jq -r "select(._ev.reject.line == $line) | .raw_base64" rejects | base64 -d >raw
			sed -n "${line}p" lines | head -c "$(wc -c <raw)" >want-raw
			same "$program: line $line can be restored to the byte" raw want-raw
			is "$program: line $line is there to its end" "$(wc -c <raw)" \
				"$(sed -n "${line}p" lines | tr -d '\n' | wc -c)"
		done
	done
fi

# At the limit itself, at each place of a line in the buffer of 256 KiB.
line=$(printf '{"x":"%0992d"}' 0)
is 'a line of a thousand bytes' ${#line} 1000
for n in 999 1000; do
	awk -v line="$line" 'BEGIN { for (i = 0; i < 600; i++) print line (i % 2 ? "\r" : "") }' >lines
	run "evparse --max-line $n -r rejects lines"
	case $n in
	999)
		check 'one byte more than --max-line is too much' 1 '' '~nothing passed.* 600 records were'
		is 'of each line' "$(grep -c too-long rejects)" 600
		;;
	*) check 'a line of --max-line bytes passes; its CR does not count' 0 "$(tr -d '\r' <lines)" ;;
	esac
done

#
# What says how a run went has no name unless it went well
#
head -n 1 events >one
evvalidate --state-out one.state one >/dev/null
none() { ok "$1: nothing says that it was approved" [ ! -e result ] && [ ! -e state ] && [ ! -e counts ] && [ ! -e out ]; rm -f result state counts out; }
all='--result result --state-out state --stats counts'
for way in "evvalidate $all -o /dev/full one" "evvalidate $all one >/dev/full" "evvalidate $all one >&-" \
	"EVKIT_SEAL=s evvalidate --first $all -o /dev/full one" "evvalidate $all -o nosuch/out one" \
	"evvalidate --result result --state-out state --stats /dev/full -o out one" \
	"evvalidate --result /dev/full --state-out state --stats counts -o out one" \
	"evvalidate --result result --state-out /dev/full --stats counts -o out one" \
	"evvalidate --merge --result /dev/full --state-out state one.state" \
	"evvalidate --merge --result result --state-out /dev/full one.state" \
	"evvalidate --merge --result result one.state nosuch"; do
	run "$way"
	is "$way: trouble" "$status" 2
	none "$way"
done
# A name that goes wrong at the end: the folder that the result was to stand in is moved meanwhile.
mkdir moved
mkfifo slow
evvalidate --stats counts --result moved/result -o out slow 2>told &
running=$!
exec 9>slow
cat one >&9
sleep 0.3
mv moved gone
exec 9>&-
wait "$running"
is 'a result that cannot have its name: trouble' "$? $(cat told)" '2 evvalidate: moved: the folder cannot be opened: No such file or directory'
none 'a result that cannot have its name'
run "evvalidate $all -o out one"
check 'and if all goes well, each is there' 0 '' ''
ok 'under its name' [ -e result ] && [ -e state ] && [ -e counts ] && [ -e out ]
rm -f result state counts out

#
# Rejects
#
printf 'no event\n' >bad
printf '{"event_id":"1","x":"\377"}\n' >utf8
run 'evvalidate bad'
check 'a bad record without -r names file, line and reason' 2 '' \
	'~^evvalidate: bad:1: .*: mend it, or set bad records aside with -r FILE$'
run 'evdedupe -r elsewhere events'
check '-r onto a folder without a slash' 2 '' 'evdedupe: elsewhere: cannot be written: Is a directory'
run 'evdedupe -r none/ events'
check '-r into a folder that is not there' 2 '' '~^evdedupe: none/evdedupe.rejects.jsonl: cannot be written'
if need base64 jq; then
	run 'evvalidate -r rejects bad utf8'
	check 'a reject is one line of JSON' 1 '' \
		'evvalidate: nothing passed, and the batch is not approved: 2 records were rejected: see whether they are wrong or the model is'
	is 'its bytes stand in raw, or in raw_base64 where they are no UTF-8' \
		"$(jq -r '.raw // (.raw_base64 | "base64 " + .)' rejects)" \
		"no event
base64 $(tr -d '\n' <utf8 | base64)"
fi

# file BATCH WANT: the name that a batch gives the file in a folder.
file()
{
	mkdir rejects.d
	run evvalidate --batch "$1" -r rejects.d/ bad
	is "batch '$1': the name of its rejects file" "$status $(cd rejects.d && find . -type f)" "1 ./$2"
	rm -r rejects.d
}

mkdir rejects.d
run 'evvalidate -r rejects.d/ bad'
is 'no batch: the name of its rejects file' "$(ls rejects.d)" evvalidate.rejects.jsonl
rm -r rejects.d
file 2026-03-01 evvalidate.2026-03-01.rejects.jsonl
file ../../escape evvalidate...%2F..%2Fescape.rejects.jsonl
file / evvalidate.%2F.rejects.jsonl
file .. evvalidate....rejects.jsonl
file -rf evvalidate.-rf.rejects.jsonl
file 'a b%2F$(c)' evvalidate.a%20b%252F%24%28c%29.rejects.jsonl
file 'Käse' evvalidate.K%C3%A4se.rejects.jsonl
# A sealed chain names its batch, so each batch has a file of its own.
mkdir rejects.d
for batch in d1 'd/2' "$(printf '/%.0s' $(seq 100))"; do
	run "export EVKIT_SEAL=s; evparse --batch '$batch' -f json events | evdedupe -r rejects.d/ -o deduped 2>said"
	is "in a sealed chain the head's name is taken: $batch" "$status $(sed 's/%2F/:/g' said)" \
		"$(case $batch in //*) printf '2 evdedupe: rejects.d/evdedupe.%s.rejects.jsonl: is too long a name: name a file with -r' \
			"$(echo "$batch" | tr / :)" ;; *) echo '0 ' ;; esac)"
done
run 'export EVKIT_SEAL=s; evparse --batch d3 -f json events | evdedupe --batch mine -r rejects.d/ -o deduped'
check 'but for --batch' 0
run 'export EVKIT_SEAL=s; { evparse --batch d4 -f json events; evparse --batch d5 -f json events; } | evdedupe -r rejects.d/ -o deduped'
check 'that of several sections is the first one' 0
run 'export EVKIT_SEAL=s; evparse --batch d6 -f json events | evdedupe | evversion -r rejects.d/ -o deduped'
check 'one that the seal alone has, too' 0
run 'export EVKIT_SEAL=s; evparse -f json events | evdedupe -r rejects.d/ -o deduped'
check 'and there may be none' 0
is 'the files of several batches' "$(ls -A rejects.d)" 'evdedupe.d%2F2.rejects.jsonl
evdedupe.d1.rejects.jsonl
evdedupe.d4.rejects.jsonl
evdedupe.mine.rejects.jsonl
evdedupe.rejects.jsonl
evversion.d6.rejects.jsonl'
rm -r rejects.d
mkdir rejects.d
run "evvalidate --batch $(printf '%0201d' 0) -r rejects.d/ bad"
check 'a batch too long for a name is told' 2 '' '~^evvalidate: --batch takes at most 200 bytes, not 201: .0{60}\.\.\..$'
run evvalidate --batch "$(printf '/%.0s' $(seq 100))" -r rejects.d/ bad
check 'a batch whose name of a file is too long is told' 2 '' '~File name too long$'
rm -r rejects.d

# What an option brings is text that people can see. The title of evreport is an option, too.
for batch in 'li\nne:\\u000a' 'esc\033[31m:\\u001b' 'del\177:\\u007f' 'c1\302\233:\\u009b' \
	'bidi\342\200\256x:\\u202e' 'zero\342\200\213width:\\u200b' 'tag\363\240\200\201:\\U000e0001'; do
	# shellcheck disable=SC2059
	run evvalidate --batch "$(printf "${batch%%:*}")" --result r --stats s bad
	check "--batch with what cannot be seen: ${batch##*:}" 2 '' "~^evvalidate: --batch takes no characters that cannot be seen, and '.*${batch##*:}.*' has one$"
	ok 'and nothing is written' [ ! -e r ] && [ ! -e s ]
done
for bytes in '\377' 'a\303' '\355\240\200' '\300\200'; do
	# shellcheck disable=SC2059
	name=$(printf "$bytes")
	for option in --batch -r --result --suite --stats -o -m; do
		run evvalidate "$option" "$name" bad
		check "$option with bytes that are no UTF-8: $bytes" 2 '' '~^evvalidate: --[a-z-]+ takes text in UTF-8, and .*\\x.*. is none$'
	done
done
run evvalidate --suite "$(printf 'a\033[2J')" bad
check 'a control character in any option' 2 '' '~^evvalidate: --suite takes no characters that cannot be seen, and .a\\u001b\[2J. has one$'
is 'no raw control character is told' "$(LC_ALL=C grep -c "$(printf '[\001-\011\013-\037\177]')" "$err")" 0

#
# --max-rejects: 2 of 10 lines
#
(echo "$long" && cat events && echo "$long") >lines
for program in $judges; do
	verdict="$program: 2 of 10 lines were rejected, more than --max-rejects allows"
	for limit in 0 1 0% 19%; do
		run "$program --max-line 2000 -r rejects --max-rejects $limit lines"
		check "$program --max-rejects $limit: the verdict is no" 1 "@$program.want" "$verdict"
		is "$program --max-rejects $limit: the job is done" "$(wc -l <rejects)" 2
	done
	for limit in 2 18446744073709551615 20% 100%; do
		run "$program --max-line 2000 -r rejects --max-rejects $limit lines"
		check "$program --max-rejects $limit: the verdict is yes" 0 "@$program.want"
	done
	run "$program --max-line 2000 --max-rejects 5 lines"
	check "$program: --max-rejects is no place for rejects" 2 '' "~lines:1: the line is longer"
	run "$program --max-line 2000 -r /dev/full lines"
	check "$program: rejects onto a full device" 2 any \
		"$program: /dev/full: cannot be written: No space left on device"
	run "$program --max-line 2000 --max-rejects 0 -r rejects lines >out 2>&-"
	check "$program: a verdict that cannot be told" 1
	same "$program: goes into no output" out "$program.want"
	run "$program --max-line 2000 --max-rejects 0 -r rejects -o none lines 2>&-"
	check "$program: a verdict that cannot be told, and a file" 1
	ok "$program: which is not made" [ ! -e none ]
	is "$program: nor among the rejects" "$(grep -c '"code":"too-long"' rejects) $(wc -l <rejects)" '2 2'
done

#
# --stats
#
# expect PROGRAM: its row of the balance sheet for the input below.
expect()
{
	case $1 in
	evparse) echo 'in 11  out 8  rejected 2  blank 1' ;;
	evvalidate) echo 'in 11  out 8  warning 0  rejected 2  blank 1' ;;
	evdedupe) echo 'in 11  out 8  duplicate 0  rejected 2  blank 1' ;;
	evversion) echo 'in 11  version 8  no-op 0  duplicate 0  conflict 0  misfit 0  out 16  rejected 2  blank 1' ;;
	evstar) echo 'in 11  event 8  delete 0  out 15  rejected 2  blank 1' ;;
	evload) echo 'in 16  row 15  delete 0  skipped 0  rejected 0  blank 1' ;;
	esac
}

for program in $filters; do
	input=$(input_of "$program")
	(cat "$input" && echo) >lines
	codes=
	if [ "$program" != evload ]; then
		printf '%s\n%s\n' "$long" "$long" >>lines
		codes='"too-long":2'
	fi
	command="$(command_of "$program") --max-line 2000 -r rejects --batch 'a \"b\"'"
	run "$command --stats - lines"
	check "$program --stats -" 0 "@$program.want" \
		"$(printf '%-10s  %s' "$program" "$(expect "$program")")"
	run "$command --stats stats lines"
	check "$program --stats FILE" 0 "@$program.want"
	{
		printf '{"program":"%s","batch":"a \\"b\\"","ok":true,"octets":%d,' "$program" "$(wc -c <lines)"
		printf '"rejects":{%s},"stages":[{"program":"%s"' "$codes" "$program"
		# shellcheck disable=SC2046,SC2183 # pairs of words
		printf ',"%s":%s' $(expect "$program")
		printf '}]}\n'
	} >want
	same "$program --stats FILE is exact" stats want
	[ "$program" = evload ] && continue
	run "$command --max-rejects 1 --stats stats lines"
	check "$program: --stats of a verdict that is no" 1 any any
	ok "$program: says so" grep -q '"ok":false' stats
done
run 'evparse -r rejects --stats stats events bad utf8 bad'
check 'rejects of several kinds' 0 any
ok 'are counted by their codes' grep -qF '"rejects":{"foreign":2,"utf8":1}' stats
run 'evparse --progress events'
check '--progress goes to standard error' 0 @events '~evparse: 8 lines, 0\.0 MB, [0-9]+ MB/s$'

#
# The same everywhere
#
locales=$(locale -a 2>"$tap/locale" | grep -vxE 'C|POSIX' | head -n 3)
for program in $filters evschema; do
	input=
	[ "$program" = evschema ] || input=$PWD/$(input_of "$program")
	for setting in TZ=Asia/Kathmandu TZ=America/New_York $(printf 'LC_ALL=%s ' $locales) TMPDIR=/nonexistent; do
		run "cd elsewhere && env $setting $(command_of "$program") -m ../evkit.yaml $input"
		check "$program under $setting" 0 "@$program.want"
	done
done

done_testing
