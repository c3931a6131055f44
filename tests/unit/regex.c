#include "regex/regex.h"
#include "support.h"
#include "tap.h"

#include <stdlib.h>
#include <time.h>

static void matches(const char *pattern, unsigned flags, const char *text, bool want)
{
	struct ev_error err = {0};
	struct ev_regex *re = ev_regex_compile(pattern, strlen(pattern), flags, &err);

	if (ok(re != NULL && ev_regex_match(re, text, strlen(text)) == want, "%s %s %s", pattern,
	       want ? "is found in" : "is not found in", text) == false)
		diag("%s", err.text);
	ev_regex_free(&re);
}

static void refused(const char *pattern, unsigned flags, const char *want)
{
	struct ev_error err = {0};
	struct ev_regex *re = ev_regex_compile(pattern, strlen(pattern), flags, &err);

	ok(re == NULL, "%s is refused", pattern);
	is(err.text, want, "and the error says why");
	ev_regex_free(&re);
}

static void ecma(void)
{
	static const struct {
		const char *pattern, *text;
		bool found;
	} cases[] = {
		{"^a$", "a", true},
		{"^a$", "a\n", false},
		{"b", "abc", true},
		{"^\\/x\\/$", "/x/", true},
		{"^[\\s\\S]*$", "a\n\xe2\x80\xa8z", true},
		{"^[^\\S]$", "\xe2\x80\x83", true},
		{"^.$", "\xc3\xa9", true},
		{"^.$", "\n", false},
		{"^.$", "\xe2\x80\xa8", false},
		{"^.$", "\x0b", true},
		{"^\\u00e9$", "\xc3\xa9", true},
		{"^\\ud83d\\ude00$", "\xf0\x9f\x98\x80", true},
		{"^\\u{1F600}$", "\xf0\x9f\x98\x80", true},
		{"^\\x41\\cJ\\v\\0?$", "A\n\x0b", true},
		{"^[\\d-x]+$", "1-x", true},
		{"^[\\w-]+$", "a-b", true},
		{"^[a-\\d]+$", "a-5", true},
		{"^[[:alpha:]]$", ":]", true},
		{"^[[:alpha:]]$", "b", false},
		{"^[]$", "", false},
		{"^[^]$", "\n", true},
		{"^a{2}b{1,}c{0,1}$", "aabb", true},
		{"^a{x}]}$", "a{x}]}", true},
		{"^(?<y>\\d{4})-\\k<y>$", "2026-2026", true},
		{"^(a)|\\1b$", "b", true},
		{"^(?:a|b)(?=c)(?!d)c(?<=c)(?<!d)$", "bc", true},
		{"^\\p{Lu}\\p{Script=Greek}\\P{Letter}$",
		 "\xc3\x89\xce\xb1"
		 "1",
		 true},
		{"^\\d$", "\xd9\xa3", false},
		{"^\\w$", "\xc3\xa9", false},
		{"^\\-\\_\\@\\\"$", "-_@\"", true},
		{"a+?b??", "a", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		matches(cases[i].pattern, EV_REGEX_ECMA, cases[i].text, cases[i].found);
	refused("a\\Z", EV_REGEX_ECMA, "ECMA-262 has no such escape at byte 1");
	refused("\\a", EV_REGEX_ECMA, "ECMA-262 has no such escape at byte 0");
	refused("x(?i)y", EV_REGEX_ECMA, "ECMA-262 has no such group at byte 1");
	refused("(?P<a>x)", EV_REGEX_ECMA, "ECMA-262 has no such group at byte 0");
	refused("(?>x)", EV_REGEX_ECMA, "ECMA-262 has no such group at byte 0");
	refused("(*UTF)x", EV_REGEX_ECMA, "there is nothing to repeat at byte 1");
	refused("a++", EV_REGEX_ECMA, "there is nothing to repeat at byte 2");
	refused("[a", EV_REGEX_ECMA, "a class is not closed at byte 0");
	refused("a\\", EV_REGEX_ECMA, "the pattern ends in a backslash at byte 1");
	refused("\\u12", EV_REGEX_ECMA, "\\u needs four hex digits at byte 0");
	refused("\\ud800", EV_REGEX_ECMA, "half of a surrogate pair stands alone at byte 0");
	refused("(a", EV_REGEX_ECMA, "missing closing parenthesis");
	refused("(a", EV_REGEX_PCRE, "missing closing parenthesis at byte 2");
	refused("\xff", EV_REGEX_PCRE, "not UTF-8 at byte 0");
}

static void groups(void)
{
	static const char pattern[] = "(?<host>\\S+) (\\d+)?(?: (?P<path>/\\S*))?";
	struct ev_error err;
	struct ev_regex *re =
		ev_regex_compile(pattern, strlen(pattern), EV_REGEX_PCRE | EV_REGEX_BYTES, &err);
	size_t from = 0, to = 0;

	ok(re != NULL && ev_regex_groups(re) == 3, "three groups");
	is(ev_regex_group_name(re, 1), "host", "the first has a name");
	ok(ev_regex_group_name(re, 2) == NULL, "the second has none");
	is(ev_regex_group_name(re, 3), "path", "the third has one");
	ok(ev_regex_group_name(re, 4) == NULL, "there is no fourth");
	ok(!ev_regex_span(re, 0, &from, &to), "there is no span before a match");
	ok(ev_regex_match(re, "a\xff 17 /x", 8), "a text that is no UTF-8 is searched by bytes");
	ok(ev_regex_span(re, 1, &from, &to) && from == 0 && to == 2, "the first group's span");
	ok(ev_regex_span(re, 2, &from, &to) && from == 3 && to == 5, "the second group's span");
	ok(ev_regex_span(re, 3, &from, &to) && from == 6 && to == 8, "the third group's span");
	ok(!ev_regex_span(re, 4, &from, &to), "the fourth has none");
	ok(ev_regex_match(re, "b ", 2), "groups may take no part");
	ok(!ev_regex_span(re, 2, &from, &to), "and have no span then");
	ok(!ev_regex_match(re, NULL, 0), "an empty text may be NULL");
	ok(!ev_regex_span(re, 0, &from, &to), "after a search that failed there is no span");
	ev_regex_free(&re);
	ok(re == NULL, "free sets the pointer to NULL");
}

/* What came of one search, and the seconds of the processor's time that it took. */
enum outcome { FOUND, NOT_FOUND, SPENT };

static double search(const char *pattern, const char *text, size_t len, enum outcome want)
{
	struct ev_error err;
	struct ev_regex *re = ev_regex_compile(pattern, strlen(pattern), EV_REGEX_ECMA, &err);
	clock_t start = clock();
	bool found = ev_regex_match(re, text, len);
	const char *spent = ev_regex_spent(&len);
	enum outcome got = spent != NULL ? SPENT : found ? FOUND : NOT_FOUND;

	start = clock() - start;
	ok(got == want, "%s: found, not found, or not known", pattern);
	ok(!(found && spent != NULL) && (spent == NULL || strcmp(spent, pattern) == 0),
	   "%s: what is not known is not found, and named", pattern);
	ok(ev_regex_spent(&len) == NULL, "%s: that is reported once", pattern);
	ev_regex_free(&re);
	return (double)start / CLOCKS_PER_SEC;
}

static void bounded(void)
{
	enum { MEGA = 1 << 20 };
	char *text = malloc(MEGA);

	memset(text, 'a', MEGA);
	text[40] = '!';
	ok(search("^(a+)+$", text, 41, SPENT) < 5, "a search with nested repeats ends");
	ok(search("^(a|aa)+$", text, 41, SPENT) < 5, "one with overlapping alternatives ends");
	text[40] = 'a';
	ok(search("(x+x+)+y", text, MEGA, NOT_FOUND) < 20, "one over a megabyte ends");
	ok(search("^(a?b?)*$", text, MEGA, SPENT) < 20, "one that needs much memory ends");
	ok(search("(?:a{30000})*b", text, MEGA, SPENT) < 20, "one with a large count ends");
	ok(search("^(a*)\\1b", text, MEGA, SPENT) < 20, "one that looks for a group again ends");
	memset(text, 'a', MEGA);
	for (size_t i = 18; i < MEGA; i += 19)
		text[i] = '!';
	ok(search("(a+)+$", text, 19000, SPENT) < 5, "one that is costly from each start ends");
	ok(search("(a|aa)+$", text, MEGA, SPENT) < 20, "and so does one over a megabyte");
	ok(search("(?:[a!]{1,3})*[bc]$", text, MEGA, SPENT) < 20, "one with counted repeats ends");
	memset(text, 'a', MEGA);
	ok(search("[ab]*c?[de]", text, MEGA, SPENT) < 20, "repeats of a character end");
	free(text);
}

/* Searches of long texts that are no trouble: they are not given up. */
static void long_texts(void)
{
	enum { LONG = 36 * 200000 };
	char *text = malloc(LONG);

	for (size_t i = 0; i < LONG; i++)
		text[i] = "lorem ipsum, 47.11 dolor@sit \"amet\" "[i % 36];
	search("^[a-z0-9., @\"]+$", text, LONG, FOUND);
	search("^[a-z0-9., @]+$", text, LONG, NOT_FOUND);
	search("[a-z]+@[a-z]{1,64}\\.", text, LONG, NOT_FOUND);
	search("[0-9]{3}\\.[0-9]+", text, LONG, NOT_FOUND);
	search("\\d+\\.\\d+ d.*r@sit \"amet\" $", text, LONG, FOUND);
	search("([\"']).{5,}\\1", text, LONG, FOUND);
	search("([\"'])amet\\1x", text, LONG, NOT_FOUND);
	search("(?:dolor|lorem) sit", text, LONG, NOT_FOUND);
	search("^(?:[a-z]+(?: |, |@))*x", text, LONG, NOT_FOUND);
	search("\\u{10348}", text, LONG, NOT_FOUND);
	text[LONG - 1] = '!';
	search("!$", text, LONG, FOUND);
	search("^.{1000,}!$", text, LONG, FOUND);
	free(text);
}

static void whole(void)
{
	static const struct {
		const char *pattern, *text;
		size_t at, item; /* where both part; of a match SIZE_MAX */
	} cases[] = {
		{"(?<a>\\w+) (?<b>\\d+)", "ab 12", SIZE_MAX, 0},
		{"(?<a>\\w+) (?<b>\\d+)", "ab x", 3, 15},
		{"(?<a>\\w+) (?<b>\\d+)", "ab 12 ", 5, 19},
		{"(?<a>\\w+) (?<b>\\d+)", " ab 12", 0, 5},
		{"(?<a>.*)", "a\nb", SIZE_MAX, 0},
		{"(?:x(?<a>1)|y(?<a>2))", "y2", SIZE_MAX, 0},
		{"a|ab", "ab", SIZE_MAX, 0},
		{"a(?C1)b(?C255)c", "abc", SIZE_MAX, 0},
		{"caf\u00e9=\\d", "caf\u00e9=x", 6, 6},
		{"", "a", 0, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *text = cases[i].text;
		struct ev_error err;
		struct ev_regex *re = ev_regex_compile(cases[i].pattern, strlen(cases[i].pattern),
						       EV_REGEX_WHOLE, &err);
		size_t at, item;

		if (!ok(re != NULL, "%s", cases[i].pattern))
			continue;
		ok(ev_regex_match(re, text, strlen(text)) == (cases[i].at == SIZE_MAX),
		   "%s as a whole", text);
		if (cases[i].at != SIZE_MAX) {
			ev_regex_furthest(re, text, strlen(text), &at, &item);
			is_int((long long)at, (long long)cases[i].at, "it parts in the text");
			is_int((long long)item, (long long)cases[i].item, "and in the pattern");
		}
		ev_regex_free(&re);
	}
}

/* What takes too long takes as long for each byte. */
static void whole_is_bounded(void)
{
	static const char pattern[] = "(?<a>.*)(?<b>.*)(?<c>.*)(?<d>.*)x";
	struct ev_error err;
	struct ev_regex *re = ev_regex_compile(pattern, strlen(pattern), EV_REGEX_WHOLE, &err);
	enum { LEN = 1 << 20 };
	char *text = malloc(LEN);
	size_t len = 0, at, item;
	clock_t begun = clock();

	memset(text, 'a', LEN);
	text[0] = 'x';
	for (size_t n = 16; n <= LEN; n *= 4) {
		ok(!ev_regex_match(re, text, n), "it matches no %zu bytes", n);
		ev_regex_furthest(re, text, n, &at, &item);
	}
	ok(ev_regex_spent(&len) != NULL, "which reaches the bound");
	ok(clock() - begun < 20 * CLOCKS_PER_SEC, "and does not take long");
	free(text);
	ev_regex_free(&re);
}

int main(void)
{
	whole();
	whole_is_bounded();
	ecma();
	groups();
	bounded();
	long_texts();
	return done();
}
