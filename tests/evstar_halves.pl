# evstar_halves.pl ROUNDS SEED: random histories, whose events are cut into buckets that evstar --map
# takes, and whose contributions are cut by member into buckets that evstar --reduce takes: the lines of
# all together are those of evstar alone. Every second round is sealed. Says what is wrong.
use strict;
use warnings;

my ($rounds, $seed) = @ARGV;
my @names = ('Ann', 'Bob', 'Zo\u00eb', "Zo\xc3\xab", 'a\"b', 'tab\t', 'null', '');

sub any { return $_[rand(@_)] }

sub moment { return sprintf('%d-03-%02dT%02d:00:00Z', any(2025, 2026, 2026), 26 + int(rand(5)), int(rand(8))) }

# An id, of which some are spelled in several ways, and some hold what a key's words must mirror.
sub id
{
	my $n = int($_[0]);

	return $n % 5 == 0 ? any("\"e$n\"", "\"\\u0065$n\"")
		: $n % 5 == 1 ? any($n, "\"$n\"")
		: $n % 5 == 2 ? "\"~}#|\$ \\\"\\n\x7f\xc3\xa9$n\""
		: $n % 5 == 3 ? any('"A', '"a') . sprintf('bcdef01-2345-6789-abcd-%012d"', $n)
		: "\"\\u0001$n\"";
}

sub member { return sprintf('"%s":%s', $_[0], any(@_[1 .. $#_])) }

sub record
{
	my @m = ('"id":' . id(rand($_[0])), member('type', '"Order"', '"Visit"'), '"time":"' . moment() . '"');

	push(@m, '"v":' . int(rand(8)));
	push(@m, '"m":"' . moment() . '"') if rand() < 0.5;
	push(@m, member('op', '"delete"', '"patch"', '"patch"')) if rand() < 0.4;
	push(@m, member('user', '"u1"', '"u2"', '"\u0075\u0031"', '"u' . int(rand(20)) . '"', 'null')) if rand() < 0.8;
	push(@m, member('name', map { "\"$_\"" } @names)) if rand() < 0.4;
	push(@m, member('rate', '19.1', '19.10', '1.910e1', '7', 'null')) if rand() < 0.6;
	push(@m, member('note', '{"a": [1, 2]}', '[ ]', '"x"', 'null')) if rand() < 0.3;
	push(@m, '"lines":[' . join(',', map { '{' . member('sku', '"x"', '"y"', '"w' . int(rand(9)) . '"')
		. (rand() < 0.5 ? ',' . member('title', '"X"', '"Y"', 'null') : '') . '}' } 1 .. rand(4)) . ']');
	return '{' . join(',', @m) . "}\n";
}

sub put { my $f = shift; open(my $o, '>', $f) or die; print $o @_; close($o) or die }
sub get { open(my $i, '<', $_[0]) or die $_[0]; my @l = <$i>; return @l }
sub unsealed { return grep { !/^\{"_ev":\{"(head|seal)"/ } @_ }

sub run
{
	my $status = system("{ $_[0]; } 2>told");

	die "seed $seed: status $status: $_[0]: " . join('', get('told')) if $status != 0;
}

# The bucket of an event, in whatever way its id is spelled.
sub bucket
{
	my ($id) = $_[0] =~ /^\{"id":(.*?),"type"/s or die;

	$id =~ s/\\u0065/e/;
	$id =~ s/"//g;
	return unpack('%32C*', lc($id)) * 7 % $_[1];
}

for (1 .. $rounds) {
	srand(++$seed);
	my ($n, $m) = (1 + int(rand(8)), 1 + int(rand(4)));
	my @records = map { record(1 + rand(30)) } 1 .. 1 + rand(120);
	my $versioned = rand() < 0.8;
	my $first = $seed % 2 == 0 ? '--first' : '';
	my $options = rand() < 0.3 ? '-S 64K' : '';
	my $rows = $versioned ? "evversion -r r $first in |" : "evdedupe -r r $first in |";
	my (@got, @contributions, @maps);

	# A bucket of rejects alone is not approved, so they are left out.
	put('in', @records);
	system('evversion -r r in >versions 2>told; evreject restore r >bad 2>told');
	my %bad = map { $_ => 1 } get('bad');
	@records = grep { !$bad{$_} } @records;
	local $ENV{EVKIT_SEAL} = 'a-secret' if $first;
	put('in', @records);
	run("$rows evstar $options >whole");
	my @want = unsealed(get('whole'));
	for my $k (0 .. $n - 1) {
		put('in', grep { bucket($_, $n) == $k } @records);
		run("$rows evstar $options --map >map.$k");
		push(@maps, "map.$k");
		for (unsealed(get("map.$k"))) {
			/^\{"_ev":\{"op":"contribute"/ ? push(@contributions, $_) : push(@got, $_);
		}
	}
	for my $k (0 .. $m - 1) {
		put('in', sort { rand() <=> 0.5 } grep { hex(substr($_, 35, 8)) % $m == $k } @contributions);
		run("evstar $options --reduce $first <in >reduced");
		push(@got, unsealed(get('reduced')));
	}
	if (join('', sort @got) ne join('', sort @want)) {
		put("want", sort @want);
		put("got", sort @got);
		print "seed $seed: $n buckets, reduced by $m: ", `diff want got | head -n 20`;
	}
	run("evstar $options --reduce @maps >reduced");
	print "seed $seed: all reduced at once: other lines\n"
		if join('', sort(unsealed(get('reduced')))) ne join('', sort @want);
	next if $n > 1;
	print "seed $seed: other lines through a pipe\n"
		if join('', unsealed(get('reduced'))) ne join('', @want);
}
