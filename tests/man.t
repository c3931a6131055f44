#!/bin/sh
# Every example of every manual page, run as it stands there.
#
# An example is a literal display (.Bd -literal to .Ed) whose first line begins with "$ ". A line
# "$ COMMAND" is typed to sh; lines "> MORE" that follow continue it; if it has <<'END', so do the
# lines down to END. All other lines are what it prints, on standard output and standard error, to
# the octet. A command succeeds, unless "$ echo $?" follows and shows its status. The examples of
# a page run in its order in one folder, which is empty at first, each in a shell of its own.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

# examples PAGE: writes each into N.sh and N.want, and its section and its place into N.name.
examples()
{
	awk '
	function flush_status() {
		if (open && $0 != "$ echo $?")
			print "man_status=$?; [ $man_status -eq 0 ] || echo \"[status $man_status]\"" >script
		open = 0
	}
	function fail(why) { print FILENAME ":" FNR ": " why; bad = 1; exit 1 }
	/^\.Sh / { section = substr($0, 5) }
	/^\.Bd -literal/ { inside = 1; first = 1; next }
	/^\.Ed/ {
		if (inside && example) {
			$0 = ""
			flush_status()
			close(script)
			close(want)
			close(name)
		}
		inside = example = here = 0
		next
	}
	!inside { next }
	first {
		first = 0
		if (substr($0, 1, 2) != "$ ")
			next
		example = ++n
		script = example ".sh"
		want = example ".want"
		name = example ".name"
		printf "" >want
		print section ", line " FNR >name
	}
	!example { next }
	{
		sub(/^\\&/, "")
		plain = $0
		gsub(/\\e/, "", plain)
		if (plain ~ /\\/)
			fail("no other escape than \\e and, in front, \\& may stand in an example")
		if (plain ~ /^\./)
			fail("a line that begins with a dot needs \\& in front of it")
		gsub(/\\e/, "\\")
	}
	here {
		print >script
		here = $0 != "END"
		next
	}
	/^\$ / {
		flush_status()
		print substr($0, 3) >script
		open = 1
		here = /<<\047END\047/
		next
	}
	open && /^> / {
		print substr($0, 3) >script
		here = /<<\047END\047/
		next
	}
	{ print >want; typed = 0 }
	END { exit bad }
	' "$1"
}

for page in "$srcdir"/man/*.[1-9]; do
	page_name=$(basename "$page")
	mkdir "$page_name" "$page_name/examples" "$page_name/run"
	ok "$page_name: its examples can be read" examples_of "$page" 2>/dev/null
done
done_testing
