/*
 * The formats that are asserted, by a function or by a regular expression. Each takes the decoded
 * string, valid UTF-8.
 */
#include "base/time.h"
#include "regex/idn.h"
#include "regex/regex.h"
#include "scan/form.h"
#include "schema/fast.h"
#include "schema/internal.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_ascii(char c)
{
	return (unsigned char)c < 0x80;
}

static bool date_time(const char *p, size_t len)
{
	struct ev_time t;

	/* Elsewhere a space may stand for the T. */
	return ev_time_parse(p, len, &t) == EV_TIME_ZONED && p[EV_DATE_TEXT] != ' ';
}

static bool date(const char *p, size_t len)
{
	struct ev_date d;

	return ev_date_parse(p, len, &d);
}

/* Behind a number from 0 to 255 without leading zeros; NULL if there is none. */
static const char *behind_byte(const char *p, const char *end)
{
	unsigned n, digit;

	if (p == end || (n = (unsigned)(*p++ - '0')) > 9)
		return NULL;
	for (; n > 0 && n < 100 && p < end && (digit = (unsigned)(*p - '0')) <= 9; p++)
		n = n * 10 + digit;
	return n <= 255 ? p : NULL;
}

static bool ipv4(const char *p, size_t len)
{
	const char *const end = p + len;

	p = behind_byte(p, end);
	for (int k = 0; k < 3 && p != NULL; k++)
		p = p < end && *p == '.' ? behind_byte(p + 1, end) : NULL;
	return p != NULL && p == end;
}

/* RFC 4291, section 2.2, which the C library reads to the letter. */
static bool ipv6(const char *p, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len >= sizeof text || memchr(p, '\0', len) != NULL)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* A Mailbox of RFC 5321, section 4.1.2; beyond ASCII with the extensions of RFC 6531. */
static bool mailbox(const char *p, size_t len, bool ascii)
{
	const char *end = p + len, *local = p;

	if (p < end && *p == '"') {
		for (p++; p < end && *p != '"'; p++) {
			if (*p == '\\' && ++p == end)
				return false;
			if ((unsigned char)*p < 0x20 || *p == 0x7f || (ascii && !is_ascii(*p)))
				return false;
		}
		if (p++ == end)
			return false;
	} else {
		for (; p < end && *p != '@'; p++) {
			if (*p == '.' &&
			    (p == local || p[-1] == '.' || p + 1 == end || p[1] == '@'))
				return false;
			if (*p != '.' && !is_letter(*p) && !is_digit(*p) &&
			    (ascii || is_ascii(*p)) &&
			    (*p == '\0' || strchr("!#$%&'*+-/=?^_`{|}~", *p) == NULL))
				return false;
		}
	}
	if (p == local || p - local > 64 || p == end || *p++ != '@')
		return false;
	len = (size_t)(end - p);
	if (len > 2 && p[0] == '[' && p[len - 1] == ']') {
		if (len > 7 && memcmp(p, "[IPv6:", 6) == 0)
			return ipv6(p + 6, len - 7);
		return ipv4(p + 1, len - 2);
	}
	return ascii ? ev_idn_ascii_hostname(p, len) : ev_idn_hostname(p, len);
}

static bool email(const char *p, size_t len)
{
	return mailbox(p, len, true);
}

static bool idn_email(const char *p, size_t len)
{
	return mailbox(p, len, false);
}

/* RFC 9562, section 4: without anything around it. */
static bool uuid(const char *p, size_t len)
{
	return len == EV_UUID_TEXT && (ev_uuid_is_canonical(p) || ev_uuid_valid(p, len));
}

/* "http://" or "https://", and no part that takes a full parse, such as a port: most URIs. */
static bool is_common_uri(const char *p, size_t len)
{
	size_t i = len > 4 && p[4] == 's' ? 8 : 7;

	if (len < i || memcmp(p, "http", 4) != 0 || memcmp(p + i - 3, "://", 3) != 0)
		return false;
	for (; i < len; i++)
		if (!is_letter(p[i]) && !(p[i] >= '&' && p[i] <= '9') && p[i] != '_' &&
		    p[i] != '=' && p[i] != '?')
			return false;
	return true;
}

static bool regex(const char *p, size_t len)
{
	return ev_regex_valid(p, len, EV_REGEX_ECMA);
}

/* ucschar and iprivate of RFC 3987, section 2.2. */
#define UCS                                                                                    \
	"\\x{a0}-\\x{d7ff}\\x{f900}-\\x{fdcf}\\x{fdf0}-\\x{ffef}\\x{10000}-\\x{1fffd}"         \
	"\\x{20000}-\\x{2fffd}\\x{30000}-\\x{3fffd}\\x{40000}-\\x{4fffd}\\x{50000}-\\x{5fffd}" \
	"\\x{60000}-\\x{6fffd}\\x{70000}-\\x{7fffd}\\x{80000}-\\x{8fffd}\\x{90000}-\\x{9fffd}" \
	"\\x{a0000}-\\x{afffd}\\x{b0000}-\\x{bfffd}\\x{c0000}-\\x{cfffd}\\x{d0000}-\\x{dfffd}" \
	"\\x{e1000}-\\x{efffd}"
#define PRIVATE "\\x{e000}-\\x{f8ff}\\x{f0000}-\\x{ffffd}\\x{100000}-\\x{10fffd}"

/* RFC 3986: any number of these characters and percent escapes; unreserved ones and sub-delims. */
#define ESCAPE	    "%[0-9A-Fa-f]{2}"
#define SOME(chars) "[" chars "]*+(?:" ESCAPE "[" chars "]*+)*+"
#define CHARS	    "A-Za-z0-9\\-._~!$&'()*+,;="
/* more: characters beyond ASCII. Group 1 is an IPv6 address. */
#define USER(more)  "(?:" SOME(CHARS ":" more) "@)?+"
#define LITERAL	    "\\[(?:[Vv][0-9A-Fa-f]++\\.[" CHARS ":]++|([0-9A-Fa-f:.]*+))\\]"
#define HOST(more)  "(?:" LITERAL "|" SOME(CHARS more) ")(?::[0-9]*+)?+(?=[/?#]|\\z)"
#define PATH(more)  "(?://" USER(more) HOST(more) "|(?!//))" SOME(CHARS ":@/" more)
#define QUERY(more) "(?:\\?" SOME(CHARS ":@/?" more) ")?+"
#define END(more)   "(?:#" SOME(CHARS ":@/?" more) ")?+\\z"
#define SCHEME	    "[A-Za-z][A-Za-z0-9+.\\-]*+:"
/* The first segment of a relative path has no colon. */
#define REFERENCE "^(?:" SCHEME "|(?=//)|(?![^:/?#]*+:))"

/* RFC 6901. */
#define POINTER "(?:/[^~/]*+(?:~[01][^~/]*+)*+)*+\\z"
/* RFC 6570, section 2; with the apostrophe, by its erratum 6937. */
#define VARNAME "(?:[A-Za-z0-9_]|" ESCAPE ")++"
#define VARSPEC VARNAME "(?:\\." VARNAME ")*+(?:\\*|:[1-9][0-9]{0,3})?+"
/* RFC 3339, appendix A: units follow one another in order and without a gap: P1Y2D is none. */
#define CLOCK "T(?:\\d++H(?:\\d++M(?:\\d++S)?)?|\\d++M(?:\\d++S)?|\\d++S)"

enum { ASCII = SCHEMA_FORMAT_ASCII, URI = SCHEMA_FORMAT_URI };

static const struct ev_schema_format formats[] = {
	{"date-time", date_time, NULL, ASCII},
	{"date", date, NULL, ASCII},
	{"time", ev_clock_valid, NULL, ASCII},
	{"duration", NULL,
	 "^P(?:\\d++W|" CLOCK "|(?:\\d++Y(?:\\d++M(?:\\d++D)?)?|\\d++M(?:\\d++D)?|\\d++D)(?:" CLOCK
	 ")?)\\z",
	 ASCII},
	{"email", email, NULL, ASCII},
	{"idn-email", idn_email, NULL, 0},
	{"hostname", ev_idn_ascii_hostname, NULL, ASCII},
	{"idn-hostname", ev_idn_hostname, NULL, 0},
	{"ipv4", ipv4, NULL, ASCII},
	{"ipv6", ipv6, NULL, ASCII},
	{"uri", NULL, "^" SCHEME PATH("") QUERY("") END(""), ASCII | URI},
	{"uri-reference", NULL, REFERENCE PATH("") QUERY("") END(""), ASCII | URI},
	{"iri", NULL, "^" SCHEME PATH(UCS) QUERY(UCS PRIVATE) END(UCS), URI},
	{"iri-reference", NULL, REFERENCE PATH(UCS) QUERY(UCS PRIVATE) END(UCS), URI},
	{"uri-template", NULL,
	 "^(?:[!#$&'()*+,\\-./0-9:;=?@A-Z\\[\\]_a-z~" UCS PRIVATE "]|" ESCAPE
	 "|\\{[+#./;?&=,!@|]?" VARSPEC "(?:," VARSPEC ")*+\\})*+\\z",
	 0},
	{"uuid", uuid, NULL, ASCII},
	{"json-pointer", NULL, "^" POINTER, 0},
	{"relative-json-pointer", NULL,
	 "^(?:0|[1-9][0-9]*+)(?:[+-][1-9][0-9]*+)?+(?:#\\z|" POINTER ")", 0},
	{"regex", regex, NULL, 0},
};

enum { N_FORMATS = sizeof formats / sizeof *formats };

bool ev_schema_format_matches(const struct ev_schema_format *f, const char *p, size_t len)
{
	static struct ev_regex *compiled[N_FORMATS]; /* for the life of the process */
	struct ev_regex **re = &compiled[f - formats];
	struct ev_error err;
	size_t from, to;

	if ((f->flags & URI) != 0 && is_common_uri(p, len))
		return true;
	if (*re == NULL)
		*re = ev_regex_compile(f->pattern, strlen(f->pattern),
				       (f->flags & ASCII) != 0 ? EV_REGEX_BYTES : EV_REGEX_PCRE,
				       &err);
	return *re != NULL && ev_regex_match(*re, p, len) &&
	       (!ev_regex_span(*re, 1, &from, &to) || ipv6(p + from, to - from));
}

const struct ev_schema_format *ev_schema_format_find(const char *name, size_t len)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (strlen(formats[i].name) == len && memcmp(formats[i].name, name, len) == 0)
			return &formats[i];
	return NULL;
}

bool ev_schema_format_is(const char *format, const char *p, size_t len)
{
	const struct ev_schema_format *f = ev_schema_format_find(format, strlen(format));

	return f != NULL && ev_schema_format_fits(f, p, len);
}
