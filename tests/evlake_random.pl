# evlake_random.pl ROUNDS SEED: random batches are appended to a lake, and merged, while calls fail and
# processes are killed; the same command again then gives the lake what is wanted. Says what is wrong.
use strict;
use warnings;

my ($rounds, $seed) = @ARGV;
my $fault = "$ENV{top_builddir}/tests/fault.so";
my @calls = qw(open write fsync rename close unlink read malloc);
my %most = (open => 60, write => 30, fsync => 60, rename => 30, close => 80, unlink => 20, read => 8,
	malloc => 700);
my (@all, @batches);
srand($seed);

sub line
{
	my $n = int(rand(40));

	return "broken $n \xff\x00\x1b[" . 'x' x int(rand(30)) if rand() < 0.1;
	return sprintf('{"event_id":"e%d","event_type":"T%d/%s","event_timestamp":"2026-03-%02dT%02d:00:00Z","n":%.2f}',
		$n, $n % 3, 'a' x ($n % 2), 1 + rand(4), rand(24), rand(9));
}

# Runs a command, which may be made to fail; its status.
sub evlake
{
	my ($faulty, @args) = @_;
	my $call = $calls[rand(@calls)];
	my $how = (':kill', ':done', '')[rand(3)];

	local $ENV{LD_PRELOAD} = $fault;
	local $ENV{EVKIT_FAULT_PROGRAM} = 'evlake'; # not the shell
	local $ENV{EVKIT_FAULT} = $faulty ? sprintf('%s:%d%s', $call, 1 + rand($most{$call}), $how) : 'open:0';
	system("evlake @args -o /dev/null 2>told");
	return $?;
}

sub told
{
	open(my $f, '<', 'told') or return '';
	return join('', <$f>);
}

# until_done WHAT ARGS: with faults at first, then without.
sub until_done
{
	my $tries = int(rand(3));

	for (1 .. $tries) {
		evlake(1, @_);
	}
	my $status = evlake(0, @_);
	print "round of seed $seed: evlake @_: status $status: ", told() if $status != 0;
}

sub check
{
	my $want = join('', sort @all);
	my $got = join('', sort split(/(?<=\n)/, `evlake cat lake 2>&1`));

	print "seed $seed: ", scalar(@batches), " batches: other lines than were appended\n" if $got ne $want;
	system('evlake verify lake >verified 2>&1') == 0 or print "seed $seed: verify fails\n";
	# Those that read the folders see the same, once a writer has ended well.
	my $folders = join('', sort split(/(?<=\n)/, `find lake/dt=* -name '*.gz' -exec zcat {} +`));
	print "seed $seed: other lines in the folders\n" if $folders ne $want;
}

for my $round (1 .. $rounds) {
	my $what = rand();

	if ($what < 0.15 && @batches) {
		until_done('compact', 'lake');
		check();
	} elsif ($what < 0.3 && @batches) {
		my $again = int(rand(@batches));

		until_done('append', '--batch', "b$again", 'lake', "batch$again");
	} else {
		my $n = @batches;
		my @lines = map { line() . "\n" } 1 .. 1 + rand(40);

		open(my $f, '>', "batch$n") or die;
		print $f @lines;
		close($f);
		push(@batches, $n);
		push(@all, @lines);
		until_done('append', '--batch', "b$n", '--buckets', 3, 'lake', "batch$n");
	}
	check() if $round % 10 == 0;
}
check();
