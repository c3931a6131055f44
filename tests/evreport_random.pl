#!/usr/bin/perl
# evreport_random.pl SEED: writes a random model, evkit.yaml, and random batches, 1.jsonl and 2.jsonl.
# Of each thing that a result tells there is sometimes none and sometimes much, in every odd spelling.
use strict;
use warnings;

srand(shift // 1);
binmode $_ for *STDOUT, *STDERR;

sub chance { return rand() < 1 / shift }
sub one { return $_[rand @_] }

# Names and values, as JSON.
my @names = qw("n" "m" "s" "price" "odd name" "a/b~c" "\u202e" "\u0000" "é" "" "$x" "l" "o" "missing");
my @paths = ('.n', '.m', '.s', '.price', '."odd name"', '."a/b~c"', '."\u202e"', '.l[]', '.l[].n', '.o.n', '.missing',
	'.missing[].n', '.l[0]', '.type');
my @numbers = qw(0 1 -0 -1 1.0 1e0 19.10 9007199254740993 1e400 1e-400 -1e400 123456789012345678901234567890 0.1 1e99999999999);

sub text
{
	return '"' . join('', map { one('a', 'b', ' ', '\u0000', '\u202e', '\u001b', '\n', '\"', '<b>', '&', 'é', '😀',
		'\ud83d\ude00', '\\\\', '2026-03-01', '1') } 1 .. rand(chance(8) ? 300 : 6)) . '"';
}

sub value
{
	my ($depth) = @_;
	my $kind = rand(10);

	return one(@numbers) if $kind < 4;
	return text() if $kind < 6;
	return one('null', 'true', 'false') if $kind < 8 || $depth > 3;
	return '[' . join(',', map { value($depth + 1) } 1 .. rand(4)) . ']' if $kind < 9;
	return '[' x 400 . ']' x 400 if chance(30);
	return object($depth + 1);
}

sub object
{
	my ($depth, @first) = @_;
	my %names = map { one(@names) => 1 } 1 .. rand(7);

	return '{' . join(',', @first, map { "$_:" . value($depth) } sort keys %names) . '}';
}

sub event
{
	my ($i) = @_;
	my $time = sprintf '%04d-%02d-%02dT%02d:00:00%s', one(2026, 2026, 2026, 1, 9999), 1 + rand(12), 1 + rand(28), rand(24),
		one('Z', 'Z', '+02:00', '.123456789Z');

	return one('{', '[1]', "\xff", '', ' ', '{"a":1,"a":2}', '"x"') if chance(12);
	return object(0, '"id":' . one("\"e$i\"", $i, '"same"'), '"type":' . one('"A"', '"B"', text()),
		'"time":' . one("\"$time\"", "\"$time\"", "\"$time\"", text()), chance(3) ? '"op":' . one('"put"', '"patch"', '"delete"') : ());
}

sub yaml { my ($s) = @_; $s =~ s/'/''/g; return "'$s'" }

my $severity = sub { return 'severity: ' . one(qw(critical warning info)) };
my @expectations = (
	sub { 'expect_column_values_to_be_between: {column: %s, min_value: ' . one(@numbers[0 .. 7]) . ', ' },
	sub { 'expect_column_values_to_be_in_set: {column: %s, value_set: [1, a, 19.10, "\u202e"], ' },
	sub { 'expect_column_values_to_be_unique: {column: %s, ' },
	sub { 'expect_column_values_to_not_be_null: {column: %s, mostly: 0.5, ' },
	sub { 'expect_column_values_to_be_null: {column: %s, ' },
	sub { 'expect_column_values_to_match_regex: {column: %s, regex: "^[a-z<>]*$", ' },
	sub { 'expect_column_to_exist: {column: %s, ' },
	sub { 'expect_column_max_to_be_between: {column: %s, max_value: 5, ' },
	sub { 'expect_column_sum_to_be_between: {column: %s, min_value: 0, ' },
	sub { 'expect_column_mean_to_be_between: {column: %s, min_value: 0, ' },
	sub { 'expect_column_stdev_to_be_between: {column: %s, max_value: 1e400, ' },
	sub { 'expect_column_median_to_be_between: {column: %s, min_value: -1, ' },
	sub { 'expect_column_quantile_values_to_be_between: {column: %s, quantile_ranges: {quantiles: [0, 0.5, 1], value_ranges: [[0, 1], [null, 2], [3, null]]}, ' },
	sub { 'expect_column_unique_value_count_to_be_between: {column: %s, max_value: 3, ' },
	sub { 'expect_column_distinct_values_to_be_in_set: {column: %s, value_set: [1, 2], ' },
	sub { 'expect_column_most_common_value_to_be_in_set: {column: %s, value_set: [1, 2], ' },
	sub { 'expect_column_values_to_be_increasing: {column: %s, ' },
	sub { 'expect_column_pair_values_to_be_equal: {column_A: .n, column_B: .m, ' },
	sub { 'expect_compound_columns_to_be_unique: {column_list: [.n, .s], ' },
	sub { 'expect_table_row_count_to_be_between: {min_value: 1, ' },
	sub { 'expect_table_columns_to_match_set: {column_set: [id, type], ' },
	sub { 'expect_column_kl_divergence_to_be_less_than: {column: %s, threshold: 0.5, partition_object: {bins: [0, 1, 2, 30], weights: [0.2, 0.3, 0.5]}, ' },
);
my @rules = ('.n > 0', '.m < 5', '.s == "a"', '.l | length < 2', '.missing', '.n == .price', 'all(.l[]?; . != 1)');

open my $model, '>', 'evkit.yaml' or die;
print $model "evkit: 1\nname: " . yaml(one('shop', 'a "b" <c>', "caf\xc3\xa9", 'x' x 300)) .
	"\nevent: {id: .id, type: .type, time: .time, op: .op, order: arrival}\n";
print $model "types: {A: {type: object, properties: {n: {type: number, description: \"<n>\"}}}, B: {required: [n]}}\nunknown_types: pass\n"
	if chance(2);
print $model "rules:\n", map { "  - {name: \"r$_\", jq: " . yaml(one(@rules)) . ', ' . $severity->() .
	(chance(3) ? ', explain: "<i>\u202e"' : '') . "}\n" } 1 .. 1 + rand(6) if chance(2);
print $model "expectations:\n", map {
	my ($e, $path) = (one(@expectations)->(), yaml(one(@paths)));
	$e =~ s/%s/$path/;
	$e .= 'row_condition: ' . yaml(one(@rules)) . ', ' if chance(4);
	"  - $e" . $severity->() . (chance(4) ? ', meta: {note: "<x>\u202e", deep: [[1]]}' : '') . "}\n";
} 1 .. 1 + rand(8) unless chance(6);
print $model 'star: {facts: {f: {keep: latest, columns: {n: {from: .n, type: int}, j: {from: .o, type: json}}}}}', "\n" if chance(2);
close $model;
for my $batch (1, 2) {
	open my $in, '>', "$batch.jsonl" or die;
	print $in event($_), "\n" for 1 .. one(0, 1, 3, 30, 130);
	close $in;
}
