#!/bin/sh
# gzip as programs meet it: large, in pieces, live, cut short, and left in the middle.
# What holds for every program is in contract.t.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

awk 'BEGIN {
	for (i = 1; i <= 60000; i++)
		printf "{\"event_id\":\"e%06d\",\"text\":\"%d %d %d\"}\n", i, i * 7919, i * i, i % 11
}' >lines
size=$(wc -c <lines)
gzip -n9 <lines >large

#
# Large
#
for level in 1 6 9; do
	gzip -n$level <lines >packed
	run 'evparse packed'
	check "what gzip -$level packed" 0 @lines
done
run 'evparse <large'
check 'on standard input' 0 @lines
run 'cat large | evparse'
check 'through a pipe' 0 @lines
: >packed
at=1
for part in 1 70000 262144 262145 524288 1048576 $size; do
	tail -c +$at lines | head -c $part | gzip -n >>packed
	at=$((at + part))
done
run 'evparse packed'
check 'members that part anywhere' 0 @lines
head -c 3000 large >packed
run '(for at in $(seq 1 50 2951); do tail -c +$at packed | head -c 50; sleep 0.002; done; tail -c +3001 large) | evparse'
check 'a pipe that gives 50 bytes at a time' 0 @lines
for i in $(seq 40); do
	head -n $i lines | tail -n 1 | gzip -n >"$i.gz"
done
run 'evparse $(seq -f %g.gz 40) large'
check 'many files' 0 any
(head -n 40 lines && cat lines) >want
same 'each in its place' "$out" want
run 'evparse large | evdedupe | evparse'
check 'in a pipe of programs' 0 @lines
if need pigz; then
	pigz -nc -p 2 -b 128 <lines >packed
	run 'evparse packed'
	check 'what pigz packed' 0 @lines
fi

#
# Cut, damaged, and what came before that
#
packed_size=$(wc -c <large)
for cut in $((packed_size - 1)) $((packed_size - 9)) $((packed_size / 2)) 300000; do
	head -c $cut large >short
	run 'evparse short'
	check "cut after $cut of $packed_size bytes" 2 any \
		'evparse: short: the gzip data ends in mid-stream: the file was cut, fetch it again'
	head -c "$(wc -c <"$out")" lines >want
	same "cut after $cut: what was passed on is what stood there" "$out" want
	run 'cat short | evparse -o made -r rejects'
	check "cut after $cut: in a pipe, into a file" 2 '' \
		'evparse: -: the gzip data ends in mid-stream: the file was cut, fetch it again'
	is "cut after $cut: no file is made" "$(find . -name '*made*' -o -name '*rejects*')" ''
done
(cat large && echo) >damaged
run 'evparse damaged'
check 'a line feed behind it' 2 any \
	'evparse: damaged: the gzip data is damaged (no gzip header where a member should begin): fetch the file again, or rescue what is whole with gzip -dc'
(head -c $((packed_size - 8)) large && printf '\0\0\0\0\0\0\0\0') >damaged
run 'evparse damaged'
check 'another checksum' 2 any \
	'evparse: damaged: the gzip data is damaged (the data or its checksum is wrong): fetch the file again, or rescue what is whole with gzip -dc'
run 'evparse lines short nosuch'
check 'the first error in the order of the files is told' 2 any '~^evparse: short: the gzip data ends'

# A bad line stops the run; that the file is cut behind it is not known by then.
(echo '{' && cat lines) | gzip -n9 | head -c 300000 >bad
run 'evparse bad'
check 'a bad line before the damage' 2 '' '~^evparse: bad:1: '

#
# Live
#
mkfifo stream
evparse <stream >got 2>told &
exec 8>stream
for i in 1 2 3; do
	head -n $i lines | tail -n 1 | gzip -n >&8
	head -n $i lines >want
	until_true cmp -s got want
	same "record $i of a live stream of members" got want
done
exec 8>&-
wait $!
is 'and the stream ends well' "$? $(cat told)" '0 '

#
# Left in the middle
#
(evparse large; echo $? >status) 2>told | head -n 1 >got
head -n 1 lines >want
same 'a reader that leaves has its line' got want
is 'the program ends by SIGPIPE, in silence' "$(cat status) $(cat told)" '141 '

# by_signal SIGNAL: evparse is given a part of the file and, once it has some of that, the signal;
# prints the signal that it died by. sh lets what runs beside it ignore SIGINT.
by_signal()
{
	perl -e '
		my ($signal) = @ARGV;
		my $pid = fork // die;
		if ($pid == 0) { exec qw(evparse -o made stream) or die }
		open my $to, ">", "stream" or die;
		open my $from, "<", "large" or die;
		read $from, my $part, 200000;
		syswrite $to, $part or die;
		kill $signal, $pid;
		waitpid $pid, 0;
		print $? & 127, "\n"' "$1"
}

if need perl; then
	for signal in 'TERM 15' 'INT 2' 'HUP 1' 'PIPE 13'; do
		run by_signal "${signal% *}"
		check "SIG${signal% *} ends it" 0 "${signal#* }"
		is "SIG${signal% *}: nothing is left" "$(find . -name '*made*')" ''
	done
fi
done_testing
