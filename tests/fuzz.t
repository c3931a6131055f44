#!/bin/sh
# A moment of each program of tests/fuzz; make fuzz runs them for longer.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

for source in "$srcdir"/tests/fuzz/*.c; do
	name=$(basename "$source" .c)
	run "$top_builddir/tests/fuzz/$name" -n "${FUZZ_ROUNDS-2000}"
	check "$name finds nothing" 0 '~^ok 1 - '
done
done_testing
