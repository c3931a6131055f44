/*
 * The formats that are asserted. Each function takes the decoded string, valid UTF-8.
 */
#include "base/time.h"
#include "base/utf8.h"
#include "regex/idn.h"
#include "regex/regex.h"
#include "scan/form.h"
#include "schema/fast.h"
#include "schema/internal.h"

#include <string.h>

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_ascii(char c)
{
	return (unsigned char)c < 0x80;
}

static bool hex(char c)
{
	return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
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

/*
 * RFC 3339, appendix A. Units follow one another in order and without a gap: P1Y2D is none, and
 * weeks stand alone.
 */
static bool duration(const char *p, size_t len)
{
	static const char order[] = "YMDTHMS";
	const char *end = p + len, *next = order;
	bool first = true;

	if (len < 3 || *p++ != 'P')
		return false;
	while (p < end) {
		const char *digits = p, *unit;

		if (*p == 'T') {
			if (next > order + 3)
				return false;
			next = order + 4;
			first = true;
			if (++p == end)
				return false;
			continue;
		}
		while (p < end && digit(*p))
			p++;
		if (p == digits || p == end)
			return false;
		if (*p == 'W')
			return next == order && first && p + 1 == end;
		unit = *next != '\0' ? strchr(next, *p) : NULL;
		if (unit == NULL || *p == 'T' || (!first && unit != next) ||
		    (next <= order + 3 && unit > order + 3))
			return false;
		first = false;
		next = unit + 1;
		p++;
	}
	return true;
}

static bool ipv4(const char *p, size_t len)
{
	const char *end = p + len;

	for (int i = 0; i < 4; i++) {
		int v = 0, n = 0;

		if (i > 0 && (p == end || *p++ != '.'))
			return false;
		for (; p < end && digit(*p) && n < 4; p++, n++)
			v = v * 10 + *p - '0';
		if (n == 0 || v > 255 || (n > 1 && p[-n] == '0'))
			return false;
	}
	return p == end;
}

/* RFC 4291, section 2.2: eight groups, or fewer around one "::"; an IPv4 address stands for two. */
static bool ipv6(const char *p, size_t len)
{
	const char *end = p + len;
	int groups = 0;
	bool gap = false;

	if (len >= 2 && p[0] == ':' && p[1] == ':') {
		gap = true;
		p += 2;
	}
	while (p < end) {
		const char *from = p;

		while (p < end && hex(*p))
			p++;
		if (p < end && *p == '.') {
			if (!ipv4(from, (size_t)(end - from)))
				return false;
			groups += 2;
			break;
		}
		if (p == from || p - from > 4)
			return false;
		groups++;
		if (p == end)
			break;
		if (*p++ != ':' || p == end)
			return false;
		if (*p == ':') {
			if (gap)
				return false;
			gap = true;
			p++;
		}
	}
	return gap ? groups < 8 : groups == 8;
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
			if (*p != '.' && !letter(*p) && !digit(*p) && (ascii || is_ascii(*p)) &&
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

/* RFC 9562, section 4: the plain spelling alone. */
static bool uuid(const char *p, size_t len)
{
	char canonical[EV_UUID_TEXT];

	return len == EV_UUID_TEXT && ev_uuid_canonical(p, len, canonical);
}

/* RFC 6901. */
static bool json_pointer(const char *p, size_t len)
{
	if (len > 0 && p[0] != '/')
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[i] == '~' && (i + 1 == len || (p[i + 1] != '0' && p[i + 1] != '1')))
			return false;
	return true;
}

/* The digits of an integer without zeros in front; NULL if there are none. */
static const char *skip_digits(const char *p, const char *end)
{
	if (p == end || !digit(*p))
		return NULL;
	if (*p == '0')
		return p + 1;
	while (p < end && digit(*p))
		p++;
	return p;
}

/* draft-bhutton-relative-json-pointer-00, section 3. */
static bool relative_json_pointer(const char *p, size_t len)
{
	const char *end = p + len;

	if ((p = skip_digits(p, end)) == NULL)
		return false;
	if (p < end && (*p == '+' || *p == '-')) {
		p++;
		if (p == end || *p == '0' || (p = skip_digits(p, end)) == NULL)
			return false;
	}
	return (end - p == 1 && *p == '#') || json_pointer(p, (size_t)(end - p));
}

static bool regex(const char *p, size_t len)
{
	return ev_regex_valid(p, len, EV_REGEX_ECMA);
}

static bool escape(const char *p, const char *end)
{
	return end - p >= 3 && *p == '%' && hex(p[1]) && hex(p[2]);
}

/* What characters URIs, IRIs and templates of URIs are made of. */
enum alphabet { URI, IRI, IRI_QUERY };

/* ucschar and iprivate of RFC 3987, section 2.2. */
static bool beyond_ascii(uint32_t c, bool private)
{
	if ((c >= 0xe000 && c <= 0xf8ff) || c >= 0xf0000)
		return private && (c & 0xffff) <= 0xfffd;
	return (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xf900 && c <= 0xfdcf) ||
	       (c >= 0xfdf0 && c <= 0xffef) ||
	       (c >= 0x10000 && (c & 0xffff) <= 0xfffd && (c < 0xe0000 || c >= 0xe1000));
}

/* Unreserved characters, sub-delims, percent escapes, and those in `more` (RFC 3986, section 2). */
static bool uri_chars(const char *p, const char *end, const char *more, enum alphabet alphabet)
{
	while (p < end) {
		if (alphabet != URI && !is_ascii(*p)) {
			if (!beyond_ascii(ev_utf8_next(&p), alphabet == IRI_QUERY))
				return false;
			continue;
		}
		if (*p == '%') {
			if (!escape(p, end))
				return false;
			p += 2;
		} else if (!letter(*p) && !digit(*p) &&
			   (*p == '\0' ||
			    (strchr("-._~!$&'()*+,;=", *p) == NULL && strchr(more, *p) == NULL))) {
			return false;
		}
		p++;
	}
	return true;
}

static bool ip_literal(const char *p, const char *end)
{
	const char *dot;

	if (p == end || (*p | 0x20) != 'v')
		return ipv6(p, (size_t)(end - p));
	dot = memchr(p, '.', (size_t)(end - p));
	if (dot == NULL || dot == p + 1 || dot + 1 == end ||
	    memchr(p, '%', (size_t)(end - p)) != NULL)
		return false;
	for (const char *q = p + 1; q < dot; q++)
		if (!hex(*q))
			return false;
	return uri_chars(dot + 1, end, ":", URI);
}

static bool authority(const char *p, const char *end, enum alphabet alphabet)
{
	const char *at = memchr(p, '@', (size_t)(end - p)), *host = at != NULL ? at + 1 : p,
		   *colon = end;

	if (at != NULL && !uri_chars(p, at, ":", alphabet))
		return false;
	if (host < end && *host == '[') {
		const char *close = memchr(host, ']', (size_t)(end - host));

		if (close == NULL || !ip_literal(host + 1, close))
			return false;
		colon = close + 1;
		if (colon < end && *colon != ':')
			return false;
	} else {
		while (colon > host && digit(colon[-1]))
			colon--;
		colon = colon > host && colon[-1] == ':' ? colon - 1 : end;
		if (!uri_chars(host, colon, "", alphabet))
			return false;
	}
	for (const char *q = colon + 1; q < end; q++)
		if (!digit(*q))
			return false;
	return true;
}

static bool any_uri(const char *p, size_t len, bool absolute, enum alphabet alphabet)
{
	struct ev_schema_uri u;

	ev_schema_uri_split(p, len, &u);
	if (u.scheme.len == 0) {
		const char *colon = memchr(u.path.p, ':', u.path.len);

		/* the first segment of a relative path has no colon */
		if (absolute || (colon != NULL && !u.has_authority &&
				 memchr(u.path.p, '/', (size_t)(colon - u.path.p)) == NULL))
			return false;
	}
	return (!u.has_authority ||
		authority(u.authority.p, u.authority.p + u.authority.len, alphabet)) &&
	       uri_chars(u.path.p, u.path.p + u.path.len, ":@/", alphabet) &&
	       uri_chars(u.query.p, u.query.p + u.query.len, ":@/?",
			 alphabet == URI ? URI : IRI_QUERY) &&
	       uri_chars(u.fragment.p, u.fragment.p + u.fragment.len, ":@/?", alphabet);
}

static bool uri(const char *p, size_t len)
{
	return any_uri(p, len, true, URI);
}

static bool uri_reference(const char *p, size_t len)
{
	return any_uri(p, len, false, URI);
}

static bool iri(const char *p, size_t len)
{
	return any_uri(p, len, true, IRI);
}

static bool iri_reference(const char *p, size_t len)
{
	return any_uri(p, len, false, IRI);
}

/* One variable of an expression (RFC 6570, section 2.3 and 2.4): where it ends, or NULL. */
static const char *varspec(const char *p, const char *end)
{
	bool dot = true; /* a dot stands here, or could not */

	for (; p < end; p++) {
		if (*p == '.' && !dot) {
			dot = true;
			continue;
		}
		if (escape(p, end))
			p += 2;
		else if (!letter(*p) && !digit(*p) && *p != '_')
			break;
		dot = false;
	}
	if (dot)
		return NULL;
	if (p < end && *p == '*')
		return p + 1;
	if (p < end && *p == ':') {
		const char *number = p + 1;

		p = skip_digits(number, end);
		return p != NULL && *number != '0' && p - number <= 4 ? p : NULL;
	}
	return p;
}

/* RFC 6570, section 2; with the apostrophe, by its erratum 6937. */
static bool uri_template(const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		if (*p == '{') {
			if (++p < end && *p != '\0' && strchr("+#./;?&=,!@|", *p) != NULL)
				p++;
			while ((p = varspec(p, end)) != NULL && p < end && *p == ',')
				p++;
			if (p == NULL || p == end || *p++ != '}')
				return false;
		} else if (!is_ascii(*p)) {
			if (!beyond_ascii(ev_utf8_next(&p), true))
				return false;
		} else if (*p == '%') {
			if (!escape(p, end))
				return false;
			p += 3;
		} else if (*p <= ' ' || *p == 0x7f || strchr("\"<>\\^`|}", *p) != NULL) {
			return false;
		} else {
			p++;
		}
	}
	return true;
}

static const struct ev_schema_format formats[] = {
	{"date-time", date_time, SCHEMA_TIME_LAYOUT, SCHEMA_FAST_TIME},
	{"date", date, "^[0-9]{4}-[01][0-9]-[0-3][0-9]$", SCHEMA_FAST_DATE},
	{"time", ev_clock_valid, NULL, SCHEMA_FAST_LAYOUT},
	{"duration", duration, NULL, SCHEMA_FAST_LAYOUT},
	{"email", email, NULL, SCHEMA_FAST_EMAIL},
	{"idn-email", idn_email, NULL, SCHEMA_FAST_LAYOUT},
	{"hostname", ev_idn_ascii_hostname, NULL, SCHEMA_FAST_HOSTNAME},
	{"idn-hostname", ev_idn_hostname, NULL, SCHEMA_FAST_LAYOUT},
	{"ipv4", ipv4, NULL, SCHEMA_FAST_IPV4},
	{"ipv6", ipv6, NULL, SCHEMA_FAST_LAYOUT},
	{"uri", uri, NULL, SCHEMA_FAST_URI},
	{"uri-reference", uri_reference, NULL, SCHEMA_FAST_URI},
	{"iri", iri, NULL, SCHEMA_FAST_URI},
	{"iri-reference", iri_reference, NULL, SCHEMA_FAST_URI},
	{"uri-template", uri_template, NULL, SCHEMA_FAST_LAYOUT},
	{"uuid", uuid,
	 "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
	 SCHEMA_FAST_LAYOUT},
	{"json-pointer", json_pointer, NULL, SCHEMA_FAST_LAYOUT},
	{"relative-json-pointer", relative_json_pointer, NULL, SCHEMA_FAST_LAYOUT},
	{"regex", regex, NULL, SCHEMA_FAST_LAYOUT},
};

const struct ev_schema_format *ev_schema_format_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strlen(formats[i].name) == len && memcmp(formats[i].name, name, len) == 0)
			return &formats[i];
	return NULL;
}
