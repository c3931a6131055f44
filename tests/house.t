#!/bin/sh
# What holds for every program and every file: pages, tests, installation, form.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

programs=$(cd "$srcdir/cmd" && ls ev*.c | sed 's/\.c$//')

words()
{
	tr -s ' \t\n' ' ' | sed 's/^ //; s/ $//'
}

# The SYNOPSIS of a manual page, as words.
synopsis()
{
	mandoc -T ascii -O width=1000 "$srcdir/man/$1.1" | sed 's/.\x08//g' |
		awk '/^[A-Z]/ { on = $1 == "SYNOPSIS"; next } on' | words
}

# The same of --help: what stands from "usage:" to the first empty line.
usage()
{
	sed -n '/^usage:/,/^$/p' "$1" | sed 's/^usage://' | words
}

for program in $programs; do
	ok "$program has a manual page" test -s "$srcdir/man/$program.1"
	ok "$program has a test" test -x "$srcdir/tests/$program.t"
	run "$program" --help
	is "$program --help is no error" "$status $(cat "$err")" '0 '
	if need mandoc; then
		is "$program: SYNOPSIS is what --help prints" "$(usage "$out")" "$(synopsis "$program")"
	fi
done

if need mandoc; then
	run mandoc -T lint -W warning "$srcdir"/man/*.[1-9]
	check 'the manual pages are well formed' 0
fi

# Another prefix than configure's, and a DESTDIR, as packagers do it.
to="$PWD/root"
run make -s -C "$top_builddir" install DESTDIR="$to" prefix=/opt/evkit
is 'make install succeeds' "$status" 0
{
	echo "$programs" | sed 's|.*|./opt/evkit/bin/&|'
	(cd "$srcdir/man" && ls ./*.[1-9]) | sed 's|^\./\(.*\.\([1-9]\)\)$|./opt/evkit/share/man/man\2/\1|'
} | sort >want
(cd "$to" && find . -type f | sort) >installed
same 'make install puts the programs and their pages under the prefix' installed want
is 'an installed program runs' "$("$to/opt/evkit/bin/evparse" --help | head -n 1)" \
	"$(evparse --help | head -n 1)"
run make -s -C "$top_builddir" uninstall DESTDIR="$to" prefix=/opt/evkit
is 'make uninstall leaves nothing' "$status $(find "$to" -type f)" '0 '

# Tabs of 8, 100 columns, no spaces at the end of a line.
cd "$srcdir" || exit 2
is 'no line of C is longer than 100 columns' "$(
	for file in lib/*/*.[ch] cmd/*.[ch] tests/unit/*.[ch] tests/bench/*.[ch]*; do
		[ -e "$file" ] && expand "$file" | LC_ALL=C.UTF-8 sed -nE '/.{101}/=' | sed "s|^|$file:|"
	done
)" ''
is 'no line of C ends in blanks' "$(grep -n '[ 	]$' lib/*/*.[ch] cmd/*.[ch] tests/unit/*.[ch] tests/bench/*.[ch]* 2>/dev/null)" ''

# What the texts about the source name is there: files, functions, the names with a prefix. X stands for
# the name of what is new.
texts='HACKING.md README.md tests/README.md tests/*/README.md'
missing()
{
	cat lib/*/*.[ch] cmd/*.c >"$tap/source"
	for text in $texts; do
		grep -oE '(lib|cmd|tests|man|examples)/[A-Za-z0-9_./-]*[A-Za-z0-9_]' "$text" | sort -u | while read -r name; do
			case $name in *X | *X.*) continue ;; esac
			[ -e "$name" ] || [ -e "$top_builddir/$name" ] || echo "$text: there is no $name"
		done
		grep -oE '[a-z0-9_]+\(\)|\b(EV|CLI|ev|cli)_[A-Za-z0-9_]+' "$text" | sed 's/()//' | sort -u | while read -r name; do
			case $name in main | ev_x_*) continue ;; esac
			grep -qw -e "$name" "$tap/source" || echo "$text: nothing is called $name"
		done
	done
}
is 'HACKING.md and the READMEs name what is there' "$(missing)" ''

# A tarball has no list of tracked files.
if [ -e .git ] && git ls-files >"$tap/tracked" 2>/dev/null && [ -s "$tap/tracked" ]; then
	is 'no path of one machine, and no host of a registry, stands in a file' "$(
		git grep -nIE '/(wor[k]|far[m]|roo[t])/|\.librar[y]|//[a-z.-]*(npm|deb|pypi|maven|crates)[a-z.-]*\.(org|io|com)' -- .
	)" ''
else
	skip 'no path of one machine stands in a file' 'not a git work tree'
fi
done_testing
