#!/usr/bin/perl
# evreport_numbers.pl RESULT.json PAGE.html: computes anew, from the result alone, what the page of one
# result must show as numbers, and prints what differs, a line each.
use strict;
use warnings;
use JSON::PP;
use Math::BigInt;
use Math::BigFloat;

my ($file, $page) = @ARGV;
my $wrong = 0;

sub slurp { local (@ARGV, $/) = $_[0]; my $s = <>; return $s }
# Numbers stay texts, as they are spelt.
my $r = JSON::PP->new->utf8->allow_bignum->decode(slurp($file));
my $html = slurp($page);
my $e = $r->{meta}{evkit};
my $c = $e->{counts};
my $in = $c->{in} - $c->{blank} - ($c->{dropped} // 0);

sub wrong { print "$_[0]\n"; $wrong = 1 }
sub same { my ($what, $got, $want) = @_; wrong("$what: shown $got, is $want") if ($got // 'nothing') ne $want }
sub commas { my ($n) = @_; my $s = "$n"; 1 while $s =~ s/^(-?\d+)(\d{3})/$1,$2/; return $s }
sub plural { my ($n, $noun) = @_; return commas($n) . " $noun" . ($n == 1 ? '' : 's') }
sub plain { my ($s) = @_; $s =~ s/<[^>]*>//g; $s =~ s/&quot;/"/g; $s =~ s/&lt;/</g; $s =~ s/&gt;/>/g; $s =~ s/&amp;/&/g; return $s =~ s/\s+/ /gr }

# Half up, and never 0% or 100% unless it is.
sub share
{
	my ($part, $whole) = map { Math::BigInt->new($_) } @_;
	return '0%' if $whole == 0 || $part == 0;
	return '100%' if $part >= $whole;
	for my $decimals ($whole < 100 ? 0 : 1 .. 4) {
		my $scale = Math::BigInt->new(10)->bpow($decimals + 2);
		my $v = ($part * $scale * 2 + $whole) / ($whole * 2);
		next if $v == 0 || $v == $scale;
		my $s = $v->bstr;
		return "$s%" if $decimals == 0;
		$s = '0' x ($decimals + 1 - length $s) . $s if length $s <= $decimals;
		return substr($s, 0, -$decimals) . '.' . substr($s, -$decimals) . '%';
	}
	return $part < $whole / 2 ? 'less than 0.0001%' : 'more than 99.9999%';
}

sub amounts
{
	my (%sum, %unread, @order);
	for my $a (map { @{$_ // []} } @_) {
		my $key = ($a->{currency} // '') . '|' . $a->{measure};
		push @order, $key unless exists $sum{$key};
		$sum{$key} = ($sum{$key} // Math::BigFloat->new(0)) + Math::BigFloat->new("$a->{sum}");
		$unread{$key} += $a->{unread};
	}
	return join '; ', map {
		my ($currency, $measure) = split /\|/;
		my $s = $sum{$_}->bstr;
		$s .= '0' if $currency ne '' && $s =~ /\.\d$/;
		$s =~ s/^-/\x{2212}/;
		my ($sign, $whole, $rest) = $s =~ /^(\x{2212}?)(\d+)(.*)$/;
		utf8::encode($sign);
		$sign . commas($whole) . "$rest" . ($currency ne '' ? " $currency" : '') . " $measure" .
			($unread{$_} ? ', ' . commas($unread{$_}) . ' not readable' : '')
	} @order;
}

# The sentence and the facts
my ($h1) = $html =~ m{<h1>(.*?)</h1>}s;
$h1 = plain($h1);
same('the share that passed', ($h1 =~ /^(.*?%) of /)[0] // '', share($c->{out}, $in)) if $in > 0;
same('approved', $h1 =~ /not approved/ ? 0 : 1, $e->{approved} ? 1 : 0);
if ($c->{rejected} < 1000000) {
	same('set aside', ($h1 =~ /; ([\d,]+) w/)[0], commas($c->{rejected}));
}
my %facts = map { my ($k, $v) = m{<dt>(.*?)</dt><dd>(.*)</dd>}s; $k => plain($v) } $html =~ m{<dl class="facts">(.*?)</dl>}s ? split(m{(?<=</dd>)</div>}, $1) : ();
delete $facts{''};
same('Events', $facts{Events}, commas($in));
same('Passed', $facts{Passed}, commas($c->{out}));
same('Warnings', $facts{Warnings}, commas($c->{warning}));
same('Set aside', $facts{'Set aside'}, commas($c->{rejected}));
same('Amount set aside', $facts{'Amount set aside'} // '', amounts($e->{amounts}));

# The first paragraph: each critical expectation that does not hold, with what was found
my ($why) = map { plain($_) } $html =~ m{<p class="why">(.*?)</p>}s;
if (!$e->{approved}) {
	my @failed = grep { $e->{expectations}[$_]{verdict} ne 'pass' && ($r->{results}[$_]{expectation_config}{severity} // 'critical') eq 'critical' } 0 .. $#{$r->{results}};
	my @links = $html =~ m{<p class="why">(.*?)</p>}s ? $1 =~ /href="#check-(\d+)"/g : ();
	same('linked expectations', scalar @links, @failed > 3 ? 3 : scalar @failed);
	same('too many', $why =~ /Too many were set aside: ([\d,]+) of ([\d,]+) \((.*?)\)/ ? "$1 $2 $3" : '',
		$e->{too_many_rejects} ? join(' ', commas($c->{rejected}), commas($in), share($c->{rejected}, $in)) : '');
	same('nothing passed', $why =~ /Nothing passed/ ? 1 : 0, $c->{out} == 0 && $c->{rejected} > 0 ? 1 : 0);
	for my $link (@links) {
		my ($li) = $html =~ m{<li class="check" id="check-$link" data-verdict="(.*?)"};
		same("check-$link", $li eq 'pass' ? 'pass' : 'no', 'no');
	}
}

# The tables of types and of times
my @types = map { [map { plain($_) } m{<t[hd][^>]*>(.*?)</t[hd]>}gs] } $html =~ m{<table class="types">.*?<tbody>(.*?)</tbody>}s ? grep(/<tr>/, split(/\n/, $1)) : ();
my %types = map { ($_->{type} // 'other, or not known') => $_ } @{$e->{types}};
for my $row (grep { $_->[0] !~ /without any$/ } @types) {
	my $t = $types{$row->[0]} or wrong("type $row->[0]"), next;
	same("type $row->[0]", join(' ', @$row[1 .. 3]), join(' ', commas($t->{in}), commas($t->{rejected}), share($t->{rejected}, $t->{in})));
	same("type $row->[0], of all", $row->[4], share($t->{rejected}, $c->{rejected}));
}
same('types', scalar(grep { $_->[0] !~ /without any$/ } @types), scalar grep { $_->{rejected} > 0 } @{$e->{types}});
my @times = $html =~ m{<figure class="timeline">.*?<tbody>(.*?)</tbody>}s ? split(/\n/, $1) : ();
shift @times while @times && $times[0] !~ /<tr>/;
for my $i (0 .. $#times) {
	my $b = $e->{timeline}{buckets}[$i];
	my @cells = map { plain($_) } $times[$i] =~ m{<td>(.*?)</td>}g;
	same("bucket $i", "@cells", join(' ', commas($b->{in}), commas($b->{rejected}), share($b->{rejected}, $b->{in})));
}
same('buckets', scalar @times, scalar @{$e->{timeline}{buckets}}) if @times;

# The causes: one for a rule, or for a fault of a field, whatever types break it
my (%groups, @keys);
for my $k (@{$e->{causes}}) {
	my $key = join "\0", map { $_ // "\1" } $k->{code}, $k->{code} eq 'rule' ? $k->{rule} : undef, $k->{path}, $k->{keyword},
		$k->{code} eq 'schema' ? $k->{explain} : undef, $k->{severity};
	push @{$groups{$key}}, $k;
}
my @want = sort map {
	my $g = $_;
	my $records = 0;
	$records += $_->{records} for @$g;
	my $severity = $g->[0]{severity};
	my %by;
	$by{$_->{type} // 'not known'} += $_->{records} for @$g;
	my @names = sort { ($a eq 'not known' ? '' : $a) cmp ($b eq 'not known' ? '' : $b) } keys %by;
	my $n = @names;
	splice @names, 8;
	join ' | ', plural($records, 'record') . ' ' .
		($severity eq 'info' ? '' : share($records, $severity eq 'critical' ? $c->{rejected} : $c->{warning}) .
			' of ' . ($severity eq 'critical' ? 'those set aside' : 'all warnings') . ', ') . share($records, $in) . ' of all',
		join(', ', map { utf8::encode(my $s = $_); $s . ($n > 1 ? ' ' . commas($by{$_}) : '') } @names) . ($n > 8 ? ' and ' . commas($n - 8) . ' more' : ''),
		amounts(map { $_->{amounts} } sort { ($a->{type} // '') cmp ($b->{type} // '') } @$g)
} values %groups;
my @cards = $html =~ m{<li class="cause".*?</details></li>}gs;
my @got = sort map {
	join ' | ', plain(m{<p class="size">(.*?)</p>}s ? $1 : ''), plain(m{<dt>Type of event</dt><dd>(.*?)</dd>}s ? $1 : ''),
		plain(m{<dt>Amount</dt><dd>(.*?)</dd>}s ? $1 : '')
} grep { !/set aside by <bdi>/ } @cards;
if (@want <= 1000) {
	same('cards', scalar @got, scalar @want);
	for (0 .. $#want) { same("cause $_", $got[$_], $want[$_]) }
} else {
	same('cards', scalar @got, 1000);
	my ($list) = $html =~ m{<pre[^>]*aria-label="Rarer causes">(.*?)</pre>}s;
	my @lines = split /\n/, $list;
	same('lines of the list', @lines - 1, @want - 1000);
	my $records = 0;
	for my $k (@{$e->{causes}}) { $records += $k->{records} }
	my $shown = 0;
	for (@cards) { m{<strong>([\d,]+) record} and $shown += $1 =~ tr/,//dr }
	for (@lines[1 .. $#lines]) { /^([\d,]+)\t/ and $shown += $1 =~ tr/,//dr }
	same('records of all causes', $shown, $records);
}

# What is to be done has the numbers of the cards that it links to
for my $item ($html =~ m{<ul class="todo">(.*?)</ul>}s ? $1 =~ m{<li>(.*?)</li>}gs : ()) {
	my ($n) = $item =~ /href="#cause-(\d+)"/ or next;
	my ($card) = grep { /id="cause-$n"/ } @cards;
	my ($records) = plain($item) =~ /([\d,]+ records?) (?:set aside|passed)/;
	same("to do, cause $n", $records, plain($card =~ m{<p class="size"><strong>(.*?)</strong>}s ? $1 : ''));
	my ($owner) = $item =~ m{^<strong>(.*?):</strong>}s;
	same("to do, owner of cause $n", plain($owner // ''), plain($card =~ m{<dt>Who must act</dt><dd>(.*?)</dd>}s ? $1 : ''));
}

# The expectations
my %verdicts;
$verdicts{$_->{verdict}}++ for @{$e->{expectations}};
my ($checks) = $html =~ m{<section id="checks".*}s ? $& : '';
same('expectations', plain($checks) =~ /([\d,]+) of ([\d,]+ expectations?) passed/ ? "$1 $2" : '',
	commas($verdicts{pass} // 0) . ' ' . plural(scalar @{$r->{results}}, 'expectation')) if @{$r->{results}};
same('failed', scalar(() = $checks =~ /data-verdict="fail"/g), $verdicts{fail} // 0);
same('not sure', scalar(() = $checks =~ /data-verdict="unsure"/g), $verdicts{inconclusive} // 0);
# Shares of the values that are there
my @tallies = sort map {
	my $v = $_->{result};
	my $null = $_->{expectation_config}{type} =~ /_to_(?:not_)?be_null$/;
	my $held = ($v->{element_count} // 0) - ($null ? 0 : $v->{missing_count} // 0);
	($v->{unexpected_count} // 0) > 0 && !$_->{exception_info}{raised_exception}
		? commas($v->{unexpected_count}) . ' of ' . commas($held) . ' ' . share($v->{unexpected_count}, $held) : ()
} @{$r->{results}};
my @shown = sort map { plain($_) =~ /~?([\d,]+) of ([\d,]+) (?:value|record)s? did not: ~?(.*?%)/ ? "$1 of $2 $3" : () }
	$checks =~ m{<p class="found">(.*?)</p>}gs;
same('what did not hold', join('; ', @shown), join('; ', @tallies));
exit $wrong;
