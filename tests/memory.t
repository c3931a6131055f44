#!/bin/sh
# The end of memory: one message, status 2, and nothing left behind.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

[ "${SANITIZE:-no}" = no ] || skip_all 'a sanitizer takes more address space than this test grants'

records() {
	awk 'BEGIN { for (i = 0; i < 2000000; i++) print "{\"event_id\":\"" i "\"}" }'
}

records >many
run '(ulimit -v 49152; exec evdedupe -o out -r rejects many)'
check 'evdedupe without memory ends with status 2' 2 '' \
	'evdedupe: out of memory: give it more, or smaller input'
is 'and leaves no file' "$(ls)" many

run 'evdedupe many | wc -l'
check 'with memory it has room for all' 0 2000000 ''

done_testing
