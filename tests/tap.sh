# shellcheck shell=sh
#
# tap.sh: what the tests (*.t) are written with. Plain sh. A test begins so
#
#	    | #!/bin/sh
#	    | . "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
#
# and ends with done_testing. It runs under tests/run, which also says what it finds (a private
# folder as the current one, EVKIT_DATA, the programs first in PATH); run by hand, it starts
# tests/run on itself.
#
# Each of these is one assertion:
#
# try NAME STATUS COMMAND [<<'END']
#	Runs COMMAND, a shell command line, with nothing on its standard input, and holds its exit
#	status, its standard output and its standard error to what is given: the here-document has
#	the output, and on lines that begin with "! " the error. Without one, both must be empty.
#
#	    | printf '{"a":1}\n{"a":1,}\n' >in.jsonl
#	    | try 'a bad line stops the run' 2 'evparse in.jsonl' <<'END'
#	    | {"a":1}
#	    | ! evparse: in.jsonl:2: json: a name must follow the comma
#	    | END
#
# check NAME STATUS [OUT [ERR]]
#	Holds the last run (below) to the status, the standard output and the standard error. OUT
#	and ERR are each one of:
#		''	nothing at all, which is also what is left out
#		TEXT	the text and a line feed
#		@FILE	the bytes of FILE
#		~ERE	a line of it matches the extended regular expression
#		any	whatever it is
#
# is NAME GOT WANT
#	The two strings are equal.
#
# same NAME FILE WANT
#	The two files are equal byte for byte. WANT is a file, or - for standard input.
#
# ok NAME COMMAND...
#	The command succeeds. What it prints is shown only if it fails.
#
# skip NAME WHY
#	Says that an assertion is not made, and why.
#
# And these are none:
#
# run COMMAND...
#	Runs the command and keeps its standard output in the file $out, its standard error in the
#	file $err, and its exit status in $status. A single argument is a shell command line:
#
#	    | run 'evparse in.jsonl | evdedupe >/dev/full'
#	    | check 'a full disk is trouble' 2 '' '~No space left on device'
#
# until_true COMMAND...
#	True once the command is; false if it is not within half a minute.
#
# data PATH
#	True if PATH is there under EVKIT_DATA, with its absolute path in $data. Else it makes one
#	skip and is false:  if data jsontestsuite; then ... fi
#
# need PROGRAM...
#	True if the programs are in PATH. Else it makes one skip and is false:
#	if need sqlite3; then ... fi
#
# skip_all WHY	ends the test file before its first assertion.
# diag TEXT...	says something to the reader of a failure.
# done_testing	prints the plan, and ends the test. (plan N at the head instead will also do.)
#
# A job that a script starts with & ignores SIGINT; for a test of that signal start the program with
# env --default-signal.

if [ -z "${top_builddir-}" ]; then
	exec "$(dirname "$0")/run" -v "$0"
fi

set -u
mkdir .tap || exit 2
tap=$PWD/.tap
out=$tap/out
err=$tap/err
status=0
tap_count=0
tap_command=
: >"$out"
: >"$err"

# tap_result NAME STATUS: one line of TAP.
tap_result()
{
	tap_count=$((tap_count + 1))
	if [ "$2" -eq 0 ]; then
		printf "%s\n" "ok $tap_count - $1"
	else
		printf "%s\n" "not ok $tap_count - $1"
	fi
}

# tap_differ LABEL GOT WANT: two files; true, after showing how, if they differ.
tap_differ()
{
	cmp -s "$2" "$3" && return 1
	diag "$1, - wanted, + got:"
	diff -a -U 3 "$3" "$2" | tail -n +3 | head -n 60 | sed 's/^/#   /'
}

# tap_unlike LABEL FILE SPEC: the same for one of check's ways to say what is wanted.
tap_unlike()
{
	case $3 in
	any)
		return 1
		;;
	'~'*)
		grep -aqE -e "${3#?}" "$2" && return 1
		diag "$1 has no line like ${3#?}:"
		head -n 60 "$2" | sed 's/^/#   /'
		;;
	@*)
		tap_differ "$1" "$2" "${3#?}"
		;;
	'')
		tap_differ "$1" "$2" /dev/null
		;;
	*)
		printf '%s\n' "$3" >"$tap/want"
		tap_differ "$1" "$2" "$tap/want"
		;;
	esac
}

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

run()
{
	tap_command=$*
	status=0
	if [ $# -eq 1 ]; then
		(eval "$1") >"$out" 2>"$err" || status=$?
	else
		("$@") >"$out" 2>"$err" || status=$?
	fi
}

check()
{
	tap_bad=0
	tap_say=$(
		bad=0
		if [ "$status" != "$2" ]; then
			diag "status $status, wanted $2"
			bad=1
		fi
		tap_unlike 'standard output' "$out" "${3-}" && bad=1
		tap_unlike 'standard error' "$err" "${4-}" && bad=1
		exit $bad
	) || tap_bad=1
	tap_result "$1" $tap_bad
	[ $tap_bad -eq 0 ] || printf '# after: %s\n%s\n' "$tap_command" "$tap_say"
}

try()
{
	cat >"$tap/both"
	sed '/^!/d' "$tap/both" >"$tap/want-out"
	sed -n 's/^! \{0,1\}//p' "$tap/both" >"$tap/want-err"
	run "$3" </dev/null
	check "$1" "$2" "@$tap/want-out" "@$tap/want-err"
}

is()
{
	if [ "$2" = "$3" ]; then
		tap_result "$1" 0
	else
		tap_result "$1" 1
		printf "%s\n" "$2" >"$tap/got"
		printf "%s\n" "$3" >"$tap/want"
		tap_differ "the string" "$tap/got" "$tap/want"
	fi
}

same()
{
	case $3 in
	-) cat >"$tap/want" && set -- "$1" "$2" "$tap/want" ;;
	esac
	if cmp -s "$2" "$3"; then
		tap_result "$1" 0
	else
		tap_result "$1" 1
		tap_differ "$2" "$2" "$3"
	fi
}

ok()
{
	tap_name=$1
	shift
	if ("$@") >"$tap/ok" 2>&1; then
		tap_result "$tap_name" 0
	else
		tap_result "$tap_name" 1
		diag "after: $*"
		head -n 60 "$tap/ok" | sed 's/^/#   /'
	fi
}

skip()
{
	tap_count=$((tap_count + 1))
	printf "%s\n" "ok $tap_count - $1 # skip $2"
}

skip_all()
{
	echo "1..0 # skip $1"
	exit 0
}

until_true()
{
	for tap_try in $(seq 600); do
		"$@" >"$tap/until" 2>&1 && return
		sleep 0.05
	done
	return 1
}

data()
{
	data=${EVKIT_DATA:-/nonexistent}/$1
	[ -e "$data" ] && return 0
	skip "$1" "there is no $1 under EVKIT_DATA"
	return 1
}

need()
{
	for tap_name; do
		command -v "$tap_name" >/dev/null && continue
		skip "$tap_name" "$tap_name is not installed"
		return 1
	done
}

plan()
{
	echo "1..$1"
}

done_testing()
{
	plan $tap_count
	exit 0
}
