#!/bin/sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
run evstate --help
check 'help' 0 any
done_testing
