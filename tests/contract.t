#!/bin/sh
# The pipe contract of evkit(7), held against every program.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

filters='evparse evvalidate evdedupe evversion evstar evload'

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .event_id, type: .event_type, time: .event_timestamp}
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

# leftovers: what a run left behind under a temporary name.
leftovers()
{
	find . -name '.*~'
}

# until_true COMMAND...: true once it is; false if it never is. Generous, for slow machines.
until_true()
{
	for _ in $(seq 600); do
		"$@" && return
		sleep 0.05
	done
	return 1
}

# A line that is too long for --max-line 2000, and which JSON would take.
long=$(printf '{"event_id":"long","x":"%03000d"}' 0)

#
# Options
#
for program in $filters evschema; do
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
	try "$program: a missing argument" 2 "$command --model" <<END
! $program: the option '--model' needs an argument
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
		"~--max-line takes a number of octets such as 64M, not '$value'"
done
for value in 0 15 2G; do
	run evparse --max-line "$value" events
	check "--max-line $value is out of range" 2 '' '~--max-line must be between 16 and '
done
run evversion -S '1 ' events
check 'a blank is no unit' 2 '' "~--buffer-size takes a number of octets such as 64M, not '1 '"
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
	head -c -1 "$input" >cut
	run "$command cut"
	check "$program: the last line needs no LF" 0 "@$program.want"
	head -c -1 crlf >cut
	run "$command cut"
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
# gzip, known by its magic octets
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
		head -c "$cut" packed >cut
		run "$command cut"
		check "$program: gzip cut after $cut of $size octets" 2 any \
			"$program: cut: the gzip data ends in mid-stream: the file was cut, fetch it again"
	done
	(cat packed && head -c 12 packed) >cut
	run "$command cut"
	check "$program: a second member that is cut" 2 any '~cut: the gzip data ends in mid-stream'
	(cat packed && echo garbage) >damaged
	run "$command damaged"
	check "$program: garbage behind gzip" 2 any "~^$program: damaged: the gzip data is damaged"
	for at in 3 $((size / 2)) $((size - 8)) $((size - 4)); do
		(head -c "$at" packed && printf '\377\377' && tail -c +$((at + 3)) packed) >damaged
		run "$command damaged"
		check "$program: gzip damaged at $at of $size octets" 2 any '~damaged: the gzip data is damaged'
	done
	if [ "$program" != evload ]; then
		# It is the gzip that is at fault, never the lines before it.
		head -c $((size / 2)) packed >cut
		run "$command -r rejects cut"
		check "$program: damage is no reject" 2 any '~the gzip data ends in mid-stream'
		ok "$program: a run in trouble leaves no rejects file" [ ! -e rejects ]
	fi
done

#
# Output
#
for program in $filters evschema; do
	command=$(command_of "$program")
	input=$(input_of "$program")
	[ "$program" = evschema ] && input=
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
	run "trap '' XFSZ; ulimit -f 1; exec $command -o out $([ "$input" ] && echo "many-$input")"
	case $program in
	evschema) check "$program: a small file fits" 0 ;;
	*)
		check "$program: -o onto a disk that fills" 2 '' "$program: out: cannot be written: File too large"
		is "$program: what stood there stands" "$(cat out)" old
		;;
	esac
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
	(cat "$input" && echo "$long") >bad
	run "$command --max-line 2000 -r /dev/full bad"
	check "$program: rejects onto a full device" 2 any "$program: /dev/full: $full"
	run "$command --max-line 2000 -r nosuch/rejects bad"
	check "$program: rejects into no folder" 2 '' \
		"$program: nosuch/rejects: cannot be written: No such file or directory"

	echo old >out
	run "$command --max-line 2000 -o out bad"
	check "$program: a bad record without -r" 2 '' \
		"$program: bad:$(wc -l <bad): the line is longer than 2000 octets (--max-line): mend it, or set bad records aside with -r FILE"
	is "$program: a run that fails puts nothing under the name" "$(cat out)" old
	rm out
	run "$command --max-line 2000 -o out bad"
	ok "$program: nor makes the name" [ ! -e out ]

	# Descriptor 2 is closed: what is told there must not go into a file that was opened since.
	run "$command --max-line 2000 --max-rejects 0 -r rejects -o out bad 2>&-"
	check "$program: a verdict that cannot be told" 1
	same "$program: and which goes into no file" out "$program.want"
	is "$program: one reject stands there" "$(grep -c '"code":"too-long"' rejects) $(wc -l <rejects)" '1 1'

	cp "$input" here
	run "$command -o here here"
	check "$program: a file onto itself" 0
	same "$program: is read before it is replaced" here "$program.want"

	run "{ $command -r rejects many-$input 2>told; echo \$? >ended; } | head -n 1"
	is "$program | head -n 1 has the line" "$(cat "$out")" "$(head -n 1 "$program.want" | sed 's/b1/b1/')"
	is "$program | head -n 1 ends by SIGPIPE, and quietly" "$(cat ended) $(cat told)" '141 '
	is "$program leaves nothing behind" "$(leftovers)" ''
	rm -f out rejects here
done

#
# Signals
#

# by_signal SIGNAL COMMAND...: runs the command, sends it the signal once .out.*~ is there, and
# prints the number of the signal that ended it.
by_signal()
{
	perl -e '
		my ($signal, @command) = @ARGV;
		my $pid = fork // die;
		if ($pid == 0) { exec @command; die }
		for (1 .. 600) { last if glob ".out.*~"; select undef, undef, undef, 0.05 }
		kill $signal, $pid;
		waitpid $pid, 0;
		print $? & 127, "\n"' "$@"
}

mkfifo pipe
exec 9<>pipe # its reader never sees an end
if need perl; then
	for program in $filters; do
		for signal in 'INT 2' 'TERM 15' 'HUP 1'; do
			# shellcheck disable=SC2046 # a list of words
			run by_signal "${signal% *}" $(command_of "$program") -o out -r rejects --stats stats.out pipe
			check "$program dies by SIG${signal% *}" 0 "${signal#* }"
			is "$program leaves nothing behind after SIG${signal% *}" \
				"$(leftovers) $(ls -d out rejects stats.out 2>"$tap/ls")" ' '
		done
	done
	run by_signal TERM evload tsv:folder pipe 9>&-
	: >.out.x~
	run by_signal TERM evload tsv:folder pipe
	check 'evload dies by SIGTERM while it writes a folder' 0 15
	rm .out.x~
	is 'and leaves none of its files' "$(ls -A folder)" ''
fi
(
	trap '' HUP
	exec evparse -o out pipe 9>&-
) &
until_true [ "$(echo .out.*~)" != '.out.*~' ]
kill -HUP $!
cat events >pipe
exec 9>&-
run wait $!
