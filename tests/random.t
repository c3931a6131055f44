#!/bin/sh
# Random numbers that the system refuses: a word and status 2, in every program.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

[ "$(uname -sm)" = 'Linux x86_64' ] || skip_all 'the filter is one for Linux on x86-64'
need perl || skip_all 'perl is not installed'

# refused ERRNO COMMAND...: runs the command where getrandom(2) gives that error, by seccomp(2).
cat >refused <<'END'
my $errno = shift;
my @filter = map { pack 'SCCL', @$_ } [0x20, 0, 0, 0], [0x15, 0, 1, 318], [0x06, 0, 0, 0x50000 | $errno],
	[0x06, 0, 0, 0x7fff0000];
my $code = join '', @filter;
my $program = pack 'Sx6P', scalar @filter, $code;
syscall(157, 38, 1, 0, 0, 0) == 0 or exit 77;        # PR_SET_NO_NEW_PRIVS
syscall(157, 22, 2, $program, 0, 0) == 0 or exit 77; # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
exec @ARGV or exit 77;
END
perl refused 38 true || skip_all 'the system has no seccomp filters'

cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .at, version: .v}
star: {facts: {f: {keep: latest, columns: {a: {from: .a, type: int}}}}}
END
echo '{"id":"1","type":"T","at":"2026-03-01T10:00:00Z","v":1,"a":1}' >in
for error in 38 1 11; do # ENOSYS, EPERM, EAGAIN
	for program in evparse evvalidate evdedupe evversion evstar; do
		run "perl refused $error $program -o made in"
		check "$program: getrandom is refused ($error)" 2 '' \
			"$program: the system gives no random numbers: let it call getrandom(2)"
		ok "$program: nothing is made" sh -c '[ ! -e made ] && [ -z "$(ls | grep ~)" ]'
	done
done
run "perl refused 38 evparse --new-seal token"
check 'nor a secret' 2 '' 'evparse: the system gives no random numbers: let it call getrandom(2)'
ok 'the file of which is not there' test ! -e token
done_testing
