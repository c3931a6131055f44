#!/usr/bin/perl
# Results as evvalidate writes them, for the tests of evreport. The same arguments give the same text.
#
#     evreport_results.pl day N          the N-th day of a shop
#     evreport_results.pl large C E      C causes and E expectations
#     evreport_results.pl hostile FILE   each string of a JSON list in every place that takes one
use strict;
use warnings;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical;
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

# Numbers that look random, the same everywhere.
my $seed = 1;
sub random { my ($n) = @_; $seed = ($seed * 69069 + 1) % 4294967296; return int($seed / 65536) % $n }

sub expectation
{
	my ($type, $kwargs, $verdict, $result, %ours) = @_;
	my $severity = delete $ours{severity} // 'critical';

	return {
		gx => {success => $verdict eq 'pass' ? $true : $false, meta => {},
			exception_info => {raised_exception => $false, exception_message => undef,
				exception_traceback => undef},
			expectation_config => {type => "expect_$type", kwargs => $kwargs, meta => {},
				severity => $severity},
			result => $result},
		ours => {verdict => $verdict, approximate => $false, error => undef, limits => undef,
			histogram => undef, %ours},
	};
}

sub rows
{
	my ($all, $missing, $wrong, @values) = @_;
	my $held = $all - $missing;

	return {element_count => $all, missing_count => $missing, unexpected_count => $wrong,
		unexpected_percent => $held ? 100 * $wrong / $held : undef,
		partial_unexpected_list => [map { $_->[0] } @values],
		partial_unexpected_counts => [map { {value => $_->[0], count => $_->[1]} } @values]};
}

sub result
{
	my ($evkit, @expectations) = @_;
	my $failed = grep { $_->{ours}{verdict} ne 'pass' } @expectations;

	return {
		success => $failed ? $false : $true, suite_name => 'checkout', suite_parameters => {},
		id => undef,
		statistics => {evaluated_expectations => 0 + @expectations,
			successful_expectations => @expectations - $failed,
			unsuccessful_expectations => $failed, success_percent => 50},
		meta => {run_id => {run_name => $evkit->{batch}, run_time => '1970-01-01T00:00:00+00:00'},
			validation_time => '1970-01-01T00:00:00+00:00',
			great_expectations_version => '1.0.0',
			evkit => {format => 1, model => 'checkout', causes_left_out => 0, types => [],
				timeline => {unit => 'hour', buckets => []}, causes => [],
				span => undef, approved => $true, %$evkit,
				expectations => [map { $_->{ours} } @expectations]}},
		results => [map { $_->{gx} } @expectations],
	};
}

sub moment { my ($time, $source, $line) = @_; return {time => $time, source => $source, line => $line} }

sub cause
{
	my ($code, $type, $rule, $path, $keyword, $records, $explain, $sample, %more) = @_;
	my ($first, $last) = @{delete $more{at}};

	(my $general = $path // '') =~ s{/\d+(?=/|$)}{/*}g;
	return {code => $code, type => $type, rule => $rule, path => defined $path ? $general : undef,
		keyword => $keyword, severity => 'critical', explain => $explain, records => $records,
		first => moment($first, 'app.log.gz', 17), last => moment($last, 'app.log.gz', 977123),
		sample => {source => 'app.log.gz', line => 17, offset => 8123, path => $path, %$sample}, %more};
}

sub order
{
	my ($price, $email, $currency) = @_;
	return '{"event_id":"6f1c8f9e-0d0a-4a5e-9f57-2f5c6f1f6f10","event_type":"OrderCompleted",' .
		'"event_timestamp":"2026-03-01T10:00:00Z","user_id":"u-1007","version":1,' .
		'"metadata":{"order":"A-20417","customer":{"name":"Jane Roe","email":"' . $email . '"},' .
		'"currency":"' . $currency . '","total":41.90,"items":[{"sku":"T-SHIRT-M","qty":2,"price":19.10},' .
		'{"sku":"MUG","qty":1,"price":' . $price . '}]}}';
}

sub day
{
	my ($n) = @_;
	my $date = sprintf '2026-03-%02d', $n;
	my $bad = $n == 4 ? 31480 : 9600 - 500 * ($n % 3);
	my $in = 1200000 + 17000 * ($n - 1);
	my @at = (at => ["${date}T00:02:11.250Z", "${date}T23:58:41Z"]);
	my (@buckets, $sum);

	$seed = $n;
	for my $hour (0 .. 23) {
		my $share = 1 + random(20) + ($hour == 14 ? 60 : 0) + ($hour > 7 ? 10 : 0);
		push @buckets, {start => sprintf('%sT%02d:00:00Z', $date, $hour), share => $share};
		$sum += $share;
	}
	my $left = $bad;
	for my $b (@buckets) {
		my $share = delete $b->{share};
		$b->{rejected} = int($bad * $share / $sum);
		$b->{in} = int($in / 24);
		$left -= $b->{rejected};
	}
	$buckets[14]{rejected} += $left;
	my $total = int(4310 * $bad / 9600);
	my @causes = (
		cause('schema', 'OrderCompleted', undef, '/metadata/items/1/price', 'minimum', $total,
			'A price must not be negative.',
			{message => '-3.00 is less than 0', raw => order('-3.00', 'jane@example.com', 'EUR')}, @at),
		cause('rule', 'CartCheckedOut', 'the total is the sum of the items', undef, 'jq', int($total / 2),
			undef, {message => 'the rule does not hold: (.metadata.items | map(.qty * .price) | add) == .metadata.total',
				raw => order('5.00', 'jane@example.com', 'EUR')}, @at),
		cause('schema', 'OrderCompleted', undef, '/metadata/currency', 'enum', int($total / 3), undef,
			{message => '"EURO" is none of "EUR", "USD", "GBP"', raw => order('3.70', 'jane@example.com', 'EURO')}, @at),
		cause('json', undef, undef, undef, undef, int($total / 5), undef,
			{message => 'column 61: a name must follow the comma',
				raw => '{"event_id":"e-99","event_type":"TicketRefunded","version":1,}'}, @at),
		cause('schema', 'UserRegistered', undef, '/metadata/customer/email', 'format', 212, undef,
			{message => '"jane at example" does not have the format email',
				raw => order('3.70', 'jane at example', 'EUR')}, @at),
		cause('utf8', undef, undef, undef, undef, 14, undef,
			{message => 'column 88: this is not UTF-8', raw_base64 => '/v8='}, @at),
		cause('rule', 'OrderCompleted', 'a voucher is used once', undef, 'jq', 31,
			'A voucher was used more than once in one order.',
			{message => 'the rule does not hold: .metadata.vouchers | unique == .metadata.vouchers',
				raw => order('3.70', 'jane@example.com', 'EUR')}, @at, severity => 'warning'),
	);
	pop @causes if $n == 2;
	my @edges = map { $_ * 25 } 0 .. 40;
	my @expectations = (
		expectation('table_row_count_to_be_between', {min_value => 1000000, max_value => 1500000}, 'pass',
			{observed_value => $in}),
		expectation('column_values_to_be_between', {column => 'metadata.total', min_value => 0, max_value => 800, mostly => 0.99},
			'pass', rows($in, 210033, 1200 + $n, [812.50, 3], [-3, 1]),
			histogram => {edges => \@edges, counts => [map { int(90000 / (1 + abs($_ - 6) ** 1.7)) } 0 .. 39]}),
		expectation('column_values_to_not_be_null', {column => 'user_id'}, $n == 4 ? 'fail' : 'pass',
			rows($in, 0, $n == 4 ? 5120 : 0)),
		expectation('column_values_to_be_in_set', {column => 'metadata.currency', value_set => ['EUR', 'USD', 'GBP'], mostly => 0.999},
			'fail', rows($in, 210033, 4101 + 100 * $n, ['EURO', 3120 + 100 * $n], ['eur', 940], ['\$', 41])),
		expectation('column_values_to_match_regex', {column => 'metadata.customer.email', regex => '^[^@ ]+@[^@ ]+$'},
			'fail', rows($in, 12, 212, ['jane at example', 211], ["none\x{202e}moc", 1]), severity => 'warning'),
		expectation('column_unique_value_count_to_be_between', {column => 'user_id', min_value => 100000, max_value => undef}, 'pass',
			{observed_value => 318402 + 1500 * $n}, approximate => $true, error => '0.8% more or less'),
		expectation('column_median_to_be_between', {column => 'metadata.total', min_value => 30, max_value => 40},
			'inconclusive', {observed_value => 39.9 + $n / 10}, approximate => $true, error => 'between 39.5 and 40.3'),
		expectation('column_quantile_values_to_be_between', {column => 'metadata.total',
				quantile_ranges => {quantiles => [0.5, 0.95], value_ranges => [[30, 45], [undef, 400]]}}, 'pass',
			{observed_value => {quantiles => [0.5, 0.95], values => [39.9, 312]}}),
		expectation('column_pair_values_a_to_be_greater_than_b', {column_A => 'modified_at', column_B => 'event_timestamp', or_equal => $true},
			'pass', rows($in, 800000, 0)),
		expectation('compound_columns_to_be_unique', {column_list => ['event_id', 'version']}, 'pass', rows($in, 0, 0)),
		expectation('column_values_to_be_quite_odd', {column => 'metadata.total', oddness => 3}, 'pass', {observed_value => 4}),
	);
	return result({batch => $date, approved => $n == 4 ? $false : $true,
		counts => {in => $in + 40, out => $in - $bad, rejected => $bad, warning => 31, blank => 40},
		span => {first => "${date}T00:00:00.037000Z", last => "${date}T23:59:59.900000Z"},
		types => [{type => 'CartUpdated', in => int($in * .6), rejected => 11},
			{type => 'OrderCompleted', in => int($in * .2), rejected => int($bad * .7)},
			{type => 'CartCheckedOut', in => int($in * .19), rejected => int($bad * .25)},
			{type => undef, in => int($in * .01), rejected => int($bad * .05)}],
		timeline => {unit => 'hour', buckets => \@buckets}, causes => \@causes}, @expectations);
}

sub large
{
	my ($n_causes, $n_expectations) = @_;
	my @at = (at => ['2026-03-01T00:02:11Z', '2026-03-01T23:58:41Z']);
	my @types = qw(between in_set null unique);
	my @causes = map {
		cause('schema', 'Type' . $_ % 200, undef, "/metadata/field$_", 'minimum', 1 + int(100000 / (1 + $_)), undef,
			{message => "-$_ is less than 0", raw => order("-$_", 'jane@example.com', 'EUR')}, @at)
	} 0 .. $n_causes - 1;
	my @expectations = map {
		expectation('column_values_to_be_between', {column => 'metadata.field' . $_ % 300, min_value => 0, max_value => $_},
			$_ % 40 ? 'pass' : 'fail', rows(1000000, 17, $_ % 40 ? 0 : $_ + 1, [-5, 3]))
	} 0 .. $n_expectations - 1;

	return result({batch => 'large', counts => {in => 1000000, out => 500000, rejected => 500000, warning => 0, blank => 0},
		causes => \@causes}, @expectations);
}

sub hostile
{
	my ($file) = @_;
	open my $in, '<:raw', $file or die "$file: $!";
	my @strings = grep { length } @{JSON::PP->new->utf8->decode(do { local $/; <$in> })};
	my $n = 0;
	my @causes = map {
		{code => $_, type => $_, rule => $_, path => "/$_", keyword => $_, severity => 'critical', explain => $n % 2 ? $_ : undef,
			records => 1, first => moment($_, $_, 1), last => moment($_, $_, 2), owner => $_,
			amounts => [{measure => $_, currency => $_, sum => 1, values => 1, unread => 1, columns => [$_]}],
			sample => {source => $_, line => 1, offset => 0, path => "/$_", message => $_,
				raw => $n++ % 3 ? $_ : JSON::PP->new->encode({$_ => [$_]})}}
	} @strings;
	my @expectations = map {
		expectation($_, {column => $_, value => $_, $_ => $_}, 'fail', rows(9, 1, 3, [$_, 3])),
			expectation('column_values_to_be_in_set', {column => $_, value_set => [$_, $_], row_condition => $_}, 'fail',
			{observed_value => $_}, error => $_, owner => $_),
	} @strings;
	return result({batch => join(' ', @strings[0 .. 2]), model => $strings[-1],
		counts => {in => 1000, out => 500, rejected => 500, warning => 0, blank => 0},
		approved => $false, sealed => $true, max_rejects => $strings[0], too_many_rejects => $true,
		span => {first => $strings[1], last => $strings[2]},
		types => [map { {type => $_, in => 2, rejected => 1} } @strings],
		timeline => {unit => 'hour', buckets => [map { {start => $_, in => 2, rejected => 1} } @strings[0 .. 399]]},
		causes => \@causes}, @expectations);
}

my ($what, @arguments) = @ARGV;
my %makers = (day => \&day, large => \&large, hostile => \&hostile);
my $make = $makers{$what // ''} or die "usage: $0 day N | large C E | hostile FILE\n";
print $json->encode($make->(@arguments)), "\n";
