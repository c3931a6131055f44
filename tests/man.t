#!/bin/sh
# Every example of every manual page, run as it stands there; and that of README.md, whose indented
# blocks that begin with "$ " are one example, all of them together.
#
# An example is a literal display (.Bd -literal to .Ed) whose first line begins with "$ ". Such a
# line is a command for sh; if it has <<'END', the lines down to END belong to it, and lines that
# begin with "> " continue it. All other lines are what the command prints, on standard output and
# standard error, byte by byte. A command succeeds, unless "$ echo $?" follows to show its status.
# The examples of a page run in its order and in one folder, each in a shell of its own.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# examples FILE: makes N.sh, N.want and N.name of the N-th example; fails on what is none.
examples()
{
	awk '
	function fail(why) {
		print FILENAME ":" FNR ": " why
		bad = 1
		exit
	}
	# A command that fails without showing it says so in its output, where nothing like it is wanted.
	function close_command(next_line) {
		if (command && next_line != "$ echo $?")
			print "status=$?; [ $status -eq 0 ] || echo \"(status $status)\"" >script
		command = 0
	}
	/^\.Sh / { section = tolower(substr($0, 5)) }
	/^\.Bd / {
		state = $2 == "-literal" ? "first" : ""
		next
	}
	/^\.Ed/ {
		if (state == "here")
			fail("a here-document has no END")
		close_command("")
		state = ""
		next
	}
	state == "" || (state == "first" && !/^\$ /) {
		state = ""
		next
	}
	state == "first" {
		script = ++n ".sh"
		want = n ".want"
		printf "" >script
		printf "" >want
		print section ", line " FNR >(n ".name")
		state = "example"
	}
	{
		if (/^[.\047]/)
			fail("in a display, \\& must stand in front of this line")
		sub(/^\\&/, "")
		plain = $0
		gsub(/\\e/, "", plain)
		if (index(plain, "\\"))
			fail("in an example, \\e is a backslash and there are no other escapes")
		gsub(/\\e/, "\\")
	}
	state == "here" {
		print >script
		if ($0 == "END")
			state = "example"
		next
	}
	/^\$ / || (/^> / && typing) {
		if (/^\$ /)
			close_command($0)
		print substr($0, 3) >script
		command = typing = 1
		if (/<<\047END\047/)
			state = "here"
		next
	}
	{
		print >want
		typing = 0
	}
	END { exit bad }
	' "$1"
}

# The blocks of README.md as a display of a page.
{
	echo .Bd -literal
	awk '
	/^    / { if (!inside) shown = /^    \$ /; inside = 1 }
	!/^    / && !/^$/ { inside = 0 }
	inside && shown && !/^$/ { print substr($0, 5) }' "$srcdir/README.md" |
		sed "s/\\\\/\\\\e/g; s/^[.']/\\\\\\&&/"
	echo .Ed
} >README

top=$PWD
for file in "$srcdir"/man/*.[1-9] "$top/README"; do
	page=$(basename "$file")
	mkdir "$page.examples" "$page.run"
	cd "$top/$page.examples" || exit 2
	ok "$page: its examples can be read" examples "$file"
	ok "$page has examples" test -e 1.sh
	n=1
	cd "$top/$page.run" || exit 2
	while [ -e "../$page.examples/$n.sh" ]; do
		example=../$page.examples/$n
		sh "$example.sh" >"$example.got" 2>&1 </dev/null
		same "$page: $(cat "$example.name")" "$example.got" "$example.want"
		n=$((n + 1))
	done
	cd "$top" || exit 2
done
done_testing
