# Random batches through evdedupe --state, in random order, again and again, some of them cut, against
# what is to come out of it by a table in memory:
#
#     perl tests/evdedupe_random.pl FIRST LAST
#
# one history for each number. It prints those that went wrong, and fails if there are any.
use strict;
use warnings;

my ($first, $last) = @ARGV;
my ($wrong, $rounds) = (0, 0);

sub lines_of { my ($batch) = @_; return map { "$_->{line}\n" } @$batch }

# A record of one of few ids with one of few contents, in one of two spellings.
sub record
{
	my ($hour) = @_;
	my ($id, $content) = (int rand 40, int rand 3);
	my $at = $hour - int rand 30;
	my $time = sprintf '2026-03-%02dT%02d:00:00Z', 1 + $at / 24, $at % 24;

	$content = "\"n\":$content,\"t\":\"$time\"";
	my $line = rand() < 0.5 ? "{\"id\":\"$id\",$content}" : "{$content,\"id\":\"$id\"}";
	return {key => "$id $content", line => $line, hour => $at};
}

for my $number ($first .. $last) {
	srand $number;
	my $keep = $number % 2 ? 0 : 20;
	my $alike = $number % 3 == 0; # streams: sections in one run
	my (%batches, %state, @log, $least, $newest, $head);
	my $dir = "random.$number";
	my $hour = 48;

	($least, $newest, $head) = (0, 0, '');
	for my $name (map { "b$_" } 1 .. 6) {
		$batches{$name} = [map { record($hour) } 1 .. 5 + int rand 60];
		$hour += int rand 24;
	}
	for my $run (1 .. 25) {
		my @names = map { 'b' . (1 + int rand 6) } 1 .. ($alike ? 1 + int rand 3 : 1);
		my $cut = rand() < 0.2;
		my (@want, @got, $before);
		my $seen = {};

		open my $in, '>', 'in.jsonl' or die;
		for my $name (@names) {
			my @batch = @{$batches{$name}};

			@batch = @batch[0 .. $#batch / 2] if $cut;
			open my $raw, '>', 'raw' or die;
			print $raw lines_of(\@batch);
			close $raw;
			print $in `evparse --batch $name raw`;
			$seen = {} if !defined $before || $before ne $name;
			$before = $name;
			my $from = $least;
			$from = $newest - $keep if $keep && $head ne $name && $newest - $keep > $least;
			my %new;
			for my $r (@batch) {
				next if $seen->{$r->{key}}++;
				my $known = $state{$r->{key}};
				undef $known if $known && $known->{hour} < $from;
				next if $known && $known->{batch} ne $name;
				push @want, $r->{line};
				$new{$r->{key}} = {batch => $name, hour => $r->{hour}}
					if !$known && $r->{hour} >= $from;
			}
			next unless %new;
			%state = (%state, %new);
			$least = $from;
			for (values %new) { $newest = $_->{hour} if $_->{hour} > $newest }
			$head = $name;
		}
		close $in;
		my $option = $keep ? "--keep ${keep}h" : '';
		my $out = `evdedupe --state $dir $option in.jsonl 2>told`;
		my $status = $?;
		@got = grep { !/^\{"_ev"/ } split /\n/, $out;
		$rounds++;
		next if $status == 0 && "@got" eq "@want";
		printf "history %d, run %d (%s): status %d, %d lines, %d wanted\n", $number, $run, "@names",
			$status >> 8, scalar @got, scalar @want;
		$wrong++;
		last;
	}
}
print "$rounds runs\n";
exit($wrong > 0);
