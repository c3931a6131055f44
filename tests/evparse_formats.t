#!/bin/sh
# evparse: the text formats. What each line gives stands in tests/data/formats.txt.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# What is held to the table: the events without their ids, and the rejects.
events()
{
	sed 's/"event_id":"[0-9a-f-]\{36\}",\{0,1\}//' "$out"
}
rejects()
{
	sed 's/.*"code":"\([^"]*\)","reasons":\[{\(.*\)}\]}},"raw":.*/\1 \2/' set-aside
}

# Holds a group of the table to what evparse makes of its lines.
hold()
{
	[ -n "$group" ] || return 0
	# shellcheck disable=SC2086 # the options are words
	run evparse -f $group -m "$srcdir/tests/data/formats.yaml" -r set-aside in
	events >got
	same "$group: events" got want
	rejects >got
	same "$group: rejects" got want-rejects
	: >in
	: >want
	: >want-rejects
}

group=''
: >in
: >want
: >want-rejects
while IFS= read -r line; do
	rest=${line#??}
	case $line in
	'#'* | '') ;;
	=*)
		hold
		group=$rest
		;;
	'<'*) printf '%s\n' "$rest" >>in ;;
	%*) printf '%b\n' "$rest" >>in ;;
	'>'*) printf '%s\n' "$rest" >>want ;;
	'!'*) printf '%s\n' "$rest" >>want-rejects ;;
	*) diag "no line of the table: $line" ;;
	esac
done <"$srcdir/tests/data/formats.txt"
hold

# A batch of which nothing passed is a no, whatever headers it has.
printf '#Version: 1.0\n#Fields: date time x\n2015-01-13 00:32 a\n\n' >headed
run evparse -f w3c -r set-aside --stats - headed
check 'headers are no events' 1 '' 'evparse     in 4  out 0  header 2  rejected 1  blank 1
evparse: nothing passed, and the batch is not approved: 1 record was rejected: see whether they are wrong or the format is'
printf '#Version: 1.0\n#Fields: date time x\n' >headed
run evparse -f w3c headed
check 'nor are they rejects' 0

#
# Ids: of the line alone, whatever stands around it and however much of it is read at once
#
perl -e 'for (1..2000) {
	my $agent = "x" x ($_ % 97 == 0 ? 900 + $_ % 300 : $_ * 7 % 190);
	print $_ % 13 == 0 ? "no request $_" : "192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] \"GET /$_ HTTP/1.1\" 200 5 \"-\" \"$agent\"",
		"\r" x ($_ % 5 == 0), "\n";
}' >access.log
perl -MDigest::MD5=md5_hex -ne 's/\r*\n//; next if /^no/; my $d = md5_hex($_);
	printf "%s-%s-8%s-%s%s-%s\n", substr($d, 0, 8), substr($d, 8, 4), substr($d, 13, 3),
		("8", "9", "a", "b")[hex(substr $d, 16, 1) & 3], substr($d, 17, 3), substr $d, 20' access.log >want-ids
ids()
{
	sed -n 's/.*"event_id":"\([0-9a-f-]*\)".*/\1/p' "$out" >got-ids
}
run evparse -f nginx -r set-aside access.log
ids
same 'an id is made of the MD5 of the line' got-ids want-ids
run 'while read -r line; do printf "%s\n" "$line"; done <access.log | evparse -f nginx -r set-aside'
ids
same 'the same where lines come one by one' got-ids want-ids

#
# --year and --zone
#
for year in 26 2026- 2026-13 2026-02-30 0000 x2026 2026-01-01T; do
	run evparse -f syslog --year "$year" in
	check "--year $year is none" 2 '' "~--year takes a year such as 2026, or the day that it begins with, such as 2026-07-01, not .$year."
done
run 'evparse -f syslog --zone Nowhere in'
check 'a zone that is not there' 2 '' "~^evparse: --zone: no time zone .Nowhere.: give an IANA name"
for option in '--year 2026' '--zone UTC'; do
	run "evparse $option in"
	check "$option without a format of lines" 2 '' "~^evparse: ${option% *} is for formats whose events get their time from the line, not auto"
done
echo 'Mar  1 10:00:00 h app: a' >march
for zone in Europe/Amsterdam UTC; do
	run "TZ=America/New_York LC_ALL=de_DE.UTF-8 evparse -f syslog --year 2026 --zone $zone march | grep -o '\"event_timestamp\":\"[^\"]*'"
	check "neither TZ nor the locale is asked: $zone" 0 \
		"\"event_timestamp\":\"2026-03-01T$([ $zone = UTC ] && echo 10 || echo 09):00:00Z"
done

#
# Hostile lines
#
# hostile N FILE: behind each beginning of a line that a format takes, N bytes of one kind.
hostile()
{
	perl -e '
	my ($n, $to) = @ARGV;
	my $clf = "[01/Mar/2026:10:00:05 +0000]";
	open my $out, ">:raw", $to or die;
	print $out "#Fields: date time a b\n";
	for my $head ("", "1.2.3.4 - - $clf \"", "1.2.3.4 - u", "1.2.3.4 - - $clf \"GET\" 200 1 \"-\" \"",
		"1.2.3.4 - - $clf \"GET\" 200 1 \"-\" \"-\" 0.003 ",
		"1.2.3.4 - - $clf \"GET\" 200 1 \"-\" \"-\" 1 0.003 [a] [] ",
		"<134>1 t h a 1 - - ", "44 <34>1 2003-10-11T22:14:15.003Z m a - - [a", "T stdout P ", "{\"log\":\"",
		"h:1 1.2.3.4 - u", "Feb  6 12:14:14 lb haproxy[1", "Oct 11 22:14:15 h ",
		"1.2.3.4:5 [06/Feb/2009:12:14:14.655] f b/s 1/1/1/1/1 200 1 - - ---- 1/1/1/1/1 0/0 {",
		"<165>1 2003-10-11T22:14:15.003Z m a - - [a", "<165>1 2003-10-11T22:14:15.003Z m a - - ",
		"time=2026-03-01T10:00:00Z m=\"", "time=2026-03-01T10:00:00Z ", "2015-01-13 00:32:17 ",
		"2015-01-13\t00:32:17\t", "{\"time\":1,\"a\":\"") {
		for my $body (", ", " : ", "0.001, ", "a, ", " a=\"b\" c=\"d\"", qw($ [ ] { } : - / \\ \" ]: # #41 %41 \\x41 [a\ b="c"] = , <1> 1 1. x), " ", "- ",
			"\"", " $clf", " $clf \"", " $clf \" 200 1", " a=\"b\"", "a=b ", "a ", "a=\"\\\"\" ", "\t",
			"\0", "\1", "\xff", "\xc3\xa9", "]: a:1 [") {
			my $text = substr($body x ($n / length($body) + 1), 0, $n);
			print $out "$head$text$_\n" for ("", "\"");
		}
	}
	# And lines of a megabyte, where N is 8000.
	print $out $_ x (125 * $n), "\n" for split(//, " \"\x27\\[]{}<>():;,=-#%/&\t\0\1\x7f\x80\xff0a.|\r");
	' "$1" "$2"
}

# cpu COMMAND: its hundredths of a second, the least of three runs.
cpu()
{
	for _ in 1 2 3; do
		perl -e 'system(@ARGV) >> 8 < 2 or exit 1; printf "%d\n", 100 * (times)[2]' sh -c "$1" || echo 1000000
	done | sort -n | head -n 1
}

# linear NAME COMMAND: lines that are four times as long take no more than so much longer.
linear()
{
	few=$(cpu "$2 few >/dev/null 2>&1")
	many=$(cpu "$2 many >/dev/null 2>&1")
	ok "$1: four times as long in $many hundredths of a second, not $few" [ "$many" -le $((8 * (few > 4 ? few : 4))) ]
}

if need perl; then
	hostile 2000 few
	hostile 8000 many
	for format in auto nginx apache apache-vhost haproxy syslog w3c cloudfront logfmt journald bunyan pino shop laravel; do
		place='--year 2003 --zone UTC'
		[ "$format" != auto ] || place=''
		command="evparse -f $format $place -m '$srcdir/tests/data/formats.yaml' -r set-aside --stats stats"
		run "$command many"
		is "$format: hostile lines are events or rejects" \
			"$((status < 2)) $(($(wc -l <"$out") + $(grep -c . set-aside) + $(sed 's/.*"header":\([0-9]*\).*/\1/; t; s/.*/0/' stats) + $(sed 's/.*"blank":\([0-9]*\).*/\1/' stats)))" \
			"1 $(wc -l <many)"
		if [ -s "$out" ]; then
			mv "$out" events
			run 'evparse -f json events | wc -l'
			is "$format: and events are JSON" "$(cat "$out")" "$(wc -l <events)"
		fi
		linear "$format" "$command"
	done
	# What is no line has no such sum.
	for format in csv tsv json-array docker cri syslog-tcp; do
		command="evparse -f $format -r set-aside"
		run "$command many >events"
		ok "$format: hostile lines are no trouble" [ "$status" -lt 2 ]
		run evparse -f json events
		same "$format: and events are JSON" "$out" events
		linear "$format" "$command"
	done
fi

# Logs of real programs: file, options, events, header lines, rejects. What is rejected is no line of
# the format, which is said to the column; lnav's tests say what the logs are.
if data logs-small; then
	while read -r file events header rejected options; do
		# shellcheck disable=SC2086 # the options are words
		run evparse -f $options -m "$srcdir/tests/data/formats.yaml" -r set-aside --stats stats "$data/$file"
		is "$file as $options" "$(sed 's/.*"stages":\[{"program":"evparse",\([^}]*\).*/\1/; s/"//g' stats)" \
			"in:$((events + header + rejected)),out:$events,$([ "$header" -eq 0 ] || echo "header:$header,")rejected:$rejected,blank:0"
		is "$file: each event has its time" "$(grep -c '"event_timestamp":"[0-9T:.+-]*Z\{0,1\}"' "$out")" "$events"
	done <<-'END'
		bunyan.0 10 0 0 bunyan
		haproxy.0 13 0 4 haproxy --zone Europe/Berlin
		journald.json 2 0 0 journald
		pino.0 1 0 0 pino
		shop_access.log 1000 0 0 nginx
		w3c_big.0 210 44 0 w3c
		mixed_json2.json 1 0 17 logfmt
		crlf.0 2 0 0 crlf
		laravel.0 81 0 1 laravel --begins ^\[\d{4}-
		laravel.1 3 0 1 laravel --begins ^\[\d{4}-
	END
	run evparse -f compose -m "$srcdir/tests/data/formats.yaml" -r set-aside "$data/docker_compose_with_noise.0"
	is 'docker_compose_with_noise.0: all but the noise, and its last line, which has no end' \
		"$(wc -l <"$out")
$(sed 's/.*"code":"\([^"]*\)".*"raw":/\1 /' set-aside)" '22
foreign "out of frame line 1"}
foreign "out of frame line 2"}
cut "redis-1  | 1:"}'
	run evparse -f laravel --begins '^\[\d{4}-' -m "$srcdir/tests/data/formats.yaml" -r set-aside "$data/laravel.0"
	is 'laravel.0: a stack trace is a part of its message' "$(grep -c 'Stack trace:\|\[stacktrace\]' "$out") $(rejects | cut -d' ' -f1)" '81 cut'
	for how in '' '--begins ^\d{4}-'; do
		# shellcheck disable=SC2086 # the options are words
		run evparse -f dotted $how -m "$srcdir/tests/data/formats.yaml" -r set-aside "$data/invalid_utf8.0"
		is "invalid_utf8.0 $how: the line that is no UTF-8 is said" "$(grep -c '"code":"utf8".*not UTF-8' set-aside)" 1
	done
	run evparse -f haproxy --zone Europe/Berlin -r set-aside "$data/haproxy.0"
	is 'haproxy.0: its rejects are no requests' "$(sed 's/.*haproxy\[[0-9]*\]: //; s/^[0-9.:]* \[[^]]*\] //' set-aside)" \
		'Proxy prod_http_in started."}
Proxy tools_http_frnt started."}
Proxy git_inio_ssh_frnt started."}
prod_http_in/sktst2: SSL handshake failure"}'
	run "evparse '$data/haproxy.0' '$data/shop_access.log' '$data/w3c_big.0' -r set-aside"
	is 'what looks like a format is not guessed, but said' \
		"$(grep -o 'looks like [a-z0-9]*: --format [a-z0-9]*' set-aside | sort | uniq -c | tr -s ' ')" \
		' 13 looks like haproxy: --format haproxy
 1000 looks like nginx: --format nginx
 4 looks like syslog: --format syslog
 11 looks like w3c: --format w3c'
fi

done_testing
