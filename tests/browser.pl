#!/usr/bin/perl
# Opens a page in headless Chromium and does what the steps say, one after another:
#
#     browser.pl FILE.html STEP...
#
#     load=FILE         runs a script of the test
#     open=AGAIN        opens the page anew, with the scripts of the test
#     eval=EXPRESSION   prints the value, a string as it is and others as JSON; may be a promise
#     key=KEY           presses a key: Tab, Enter, Space, ArrowRight
#     type=TEXT         types into what has the focus
#     scheme=dark       or light
#     media=print       or screen
#     size=W,H          of the window
#     script=off        loads the page anew without script
#     pdf=FILE          prints it
#     shot=FILE             takes a picture of what the window shows
#     wait=SECONDS
#
# Beside that it prints what should not be there, each on a line: "console: ...", "error: ...",
# "request: ..." (any but that for the page itself), "dialog: ...". It speaks the browser's own protocol
# (Chrome DevTools Protocol) over two pipes, so that no port and no further program are needed.
use strict;
use warnings;
use Fcntl;
use JSON::PP;
use MIME::Base64;
use POSIX ();

my $json = JSON::PP->new->utf8->allow_nonref->canonical;
my ($page, @steps) = @ARGV;
die "usage: $0 FILE.html STEP...\n" unless defined $page;
my $url = 'file://' . (map { s{([^A-Za-z0-9/._-])}{sprintf '%%%02X', ord $1}ger } $page =~ m{^/} ? $page : POSIX::getcwd() . "/$page")[0];
my $profile = ($ENV{TMPDIR} // '/tmp') . "/chromium-$$";

pipe my $from_us, my $to_browser or die "pipe: $!";
pipe my $from_browser, my $to_us or die "pipe: $!";
my $browser = fork // die "fork: $!";
if ($browser == 0) {
	# The browser reads descriptor 3 and writes 4. Copies out of the way first.
	my ($in, $out) = map { fcntl $_, F_DUPFD, 10 } $from_us, $to_us;
	POSIX::dup2($in, 3);
	POSIX::dup2($out, 4);
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', '/dev/null';
	open STDERR, '>', "$profile.log";
	no warnings 'exec';
	exec 'chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
		'--hide-scrollbars', '--no-first-run', '--remote-debugging-pipe',
		'--disable-background-networking', '--disable-component-update',
		'--force-color-profile=srgb', "--user-data-dir=$profile", 'about:blank';
	POSIX::_exit(127);
}
close $from_us;
close $to_us;
binmode STDOUT;
$| = 1;
$SIG{ALRM} = sub { kill 'KILL', $browser; die "browser.pl: Chromium does not answer\n" };
alarm 120;

my ($session, $next, $unread, @loaded) = (undef, 0, '');

sub note { print map { tr/\n/ /r . "\n" } @_ }

# What the browser tells by itself.
sub told
{
	my ($m) = @_;
	my ($method, $p) = ($m->{method}, $m->{params});

	if ($method eq 'Runtime.consoleAPICalled') {
		note 'console: ' . $json->encode([map { $_->{value} // $_->{description} } @{$p->{args}}]);
	} elsif ($method eq 'Runtime.exceptionThrown') {
		note 'error: ' . $json->encode($p->{exceptionDetails}{exception}{description} // $p->{exceptionDetails}{text});
	} elsif ($method eq 'Log.entryAdded') {
		note "error: $p->{entry}{text}";
	} elsif ($method eq 'Network.requestWillBeSent' && $p->{request}{url} ne $url) {
		note "request: $p->{request}{url}";
	} elsif ($method eq 'Page.javascriptDialogOpening') {
		note "dialog: $p->{message}";
		# Not asked for, so no answer is awaited.
		put('Page.handleJavaScriptDialog', {accept => JSON::PP::false});
	}
}

sub put
{
	my ($method, $params) = @_;
	my %message = (id => ++$next, method => $method, params => $params // {});

	$message{sessionId} = $session if defined $session;
	my $text = $json->encode(\%message) . "\0";
	while (length $text) {
		my $n = syswrite $to_browser, $text;
		die "browser.pl: Chromium is gone\n" unless defined $n;
		substr $text, 0, $n, '';
	}
	return $next;
}

# One message, or undef after that many seconds without one.
sub get
{
	my ($seconds) = @_;

	while ($unread !~ /\0/) {
		my $ready = '';
		vec($ready, fileno $from_browser, 1) = 1;
		return undef if defined $seconds && !select $ready, undef, undef, $seconds;
		sysread $from_browser, $unread, 1 << 20, length $unread or die "browser.pl: Chromium ended early\n";
	}
	$unread =~ s/^([^\0]*)\0//;
	return $json->decode($1);
}

sub ask
{
	my $id = put(@_);

	while (1) {
		my $m = get();
		if (($m->{id} // 0) == $id) {
			die "browser.pl: $_[0]: $m->{error}{message}\n" if $m->{error};
			return $m->{result};
		}
		told($m) if $m->{method};
	}
}

sub load
{
	my $id = put('Page.navigate', {url => $url});

	while (1) {
		my $m = get();
		die "browser.pl: $url: $m->{result}{errorText}\n" if ($m->{id} // 0) == $id && $m->{result}{errorText};
		told($m) if $m->{method};
		return if ($m->{method} // '') eq 'Page.loadEventFired';
	}
}

my %codes = (Tab => 9, Enter => 13, Space => 32, ArrowRight => 39, ArrowDown => 40, ArrowLeft => 37);

sub press
{
	my ($key) = @_;
	my %event = (key => $key eq 'Space' ? ' ' : $key, code => $key, windowsVirtualKeyCode => $codes{$key});

	$event{text} = $key eq 'Enter' ? "\r" : ' ' if $key eq 'Enter' || $key eq 'Space';
	ask('Input.dispatchKeyEvent', {type => 'keyDown', %event});
	delete $event{text};
	ask('Input.dispatchKeyEvent', {type => 'keyUp', %event});
}

sub save
{
	my ($file, $data) = @_;

	open my $out, '>:raw', $file or die "browser.pl: $file: $!\n";
	print $out decode_base64($data);
	close $out or die "browser.pl: $file: $!\n";
}

sub value_of
{
	my ($expression) = @_;
	my $r = ask('Runtime.evaluate', {expression => $expression, awaitPromise => JSON::PP::true, returnByValue => JSON::PP::true});

	note 'error: ' . $json->encode($r->{exceptionDetails}{exception}{description} // '?') if $r->{exceptionDetails};
	return $r->{result}{value};
}

my %do = (
	load => sub {
		push @loaded, do { local (@ARGV, $/) = $_[0]; <> };
		value_of($loaded[-1]);
	},
	open => sub {
		load();
		value_of($_) for @loaded;
	},
	eval => sub {
		my $v = value_of($_[0]);
		print ref $v || !defined $v ? $json->encode($v) : JSON::PP::is_bool($v) ? ($v ? 'true' : 'false') : do { utf8::encode(my $s = $v); $s }, "\n";
	},
	key => \&press,
	type => sub { ask('Input.insertText', {text => $_[0]}) },
	scheme => sub { ask('Emulation.setEmulatedMedia', {features => [{name => 'prefers-color-scheme', value => $_[0]}]}) },
	media => sub { ask('Emulation.setEmulatedMedia', {media => $_[0]}) },
	size => sub {
		my ($w, $h) = split /,/, $_[0];
		ask('Emulation.setDeviceMetricsOverride', {width => $w + 0, height => $h + 0, deviceScaleFactor => 1, mobile => JSON::PP::false});
	},
	script => sub {
		ask('Emulation.setScriptExecutionDisabled', {value => $_[0] eq 'off' ? JSON::PP::true : JSON::PP::false});
		load();
		value_of($_) for @loaded;
	},
	pdf => sub { save($_[0], ask('Page.printToPDF')->{data}) },
	shot => sub { save($_[0], ask('Page.captureScreenshot', {format => 'png'})->{data}) },
	wait => sub {
		my $until = time + $_[0];
		while (my $m = get($_[0])) {
			told($m) if $m->{method};
			last if time > $until;
		}
	},
);

my $target = ask('Target.createTarget', {url => 'about:blank'})->{targetId};
$session = ask('Target.attachToTarget', {targetId => $target, flatten => JSON::PP::true})->{sessionId};
ask("$_.enable") for qw(Page Runtime Network Log);
load();
for (@steps) {
	my ($step, $what) = split /=/, $_, 2;
	($do{$step} // die "browser.pl: no step '$step'\n")->($what);
}
undef $session;
ask('Browser.close');
waitpid $browser, 0;
