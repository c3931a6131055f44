#include "scan/form.h"
#include "base/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

static uint32_t hex4(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	return v;
}

void ev_json_unescape(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;
	char *o = ev_buf_room(out, len); /* an escape is never shorter than what it stands for */

	while (p < end) {
		const char *stop = memchr(p, '\\', (size_t)(end - p));
		size_t n = stop != NULL ? (size_t)(stop - p) : (size_t)(end - p);
		uint32_t cp;

		memcpy(o, p, n);
		o += n;
		p += n;
		if (p == end)
			break;
		switch (p[1]) {
		case 'b': *o++ = '\b'; break;
		case 'f': *o++ = '\f'; break;
		case 'n': *o++ = '\n'; break;
		case 'r': *o++ = '\r'; break;
		case 't': *o++ = '\t'; break;
		case 'u':
			cp = hex4(p + 2);
			if (cp >= 0xd800 && cp <= 0xdbff) {
				cp = 0x10000 + ((cp - 0xd800) << 10) + (hex4(p + 8) - 0xdc00);
				p += 6;
			}
			o += ev_utf8_encode(cp, o);
			p += 4;
			break;
		default: *o++ = p[1];
		}
		p += 2;
	}
	out->len = (size_t)(o - out->p);
}

/*
 * Whether one of eight bytes seems to: a control, a quote or a backslash, each as the lowest byte
 * from which a small number is borrowed. Bytes above 0x7f are none.
 */
static bool needs_escape(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
	const uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');

	return (((w - ones * 0x20) | (quote - ones) | (slash - ones)) & ~w & high) != 0;
}

/* The first byte that needs an escape, or end. Sixteen bytes are looked at at once. */
static const char *behind_plain(const char *p, const char *end)
{
	typedef uint8_t bytes EV_VECTOR(16);
	uint64_t halves[2];

	for (; end - p >= (ptrdiff_t)sizeof(bytes); p += sizeof(bytes)) {
		bytes v, stop;

		memcpy(&v, p, sizeof v);
		stop = (bytes)(v < 0x20) | (bytes)(v == '"') | (bytes)(v == '\\');
		memcpy(halves, &stop, sizeof halves);
		if ((halves[0] | halves[1]) != 0)
			break;
	}
	for (; end - p >= (ptrdiff_t)sizeof(uint64_t); p += sizeof(uint64_t)) {
		uint64_t w;

		memcpy(&w, p, sizeof w);
		if (needs_escape(w))
			break;
	}
	while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
		p++;
	return p;
}

void ev_json_escape(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;

	while (p < end) {
		const char *from = p;
		unsigned char c;

		p = behind_plain(p, end);
		ev_buf_put(out, from, (size_t)(p - from));
		if (p == end)
			return;
		c = (unsigned char)*p++;
		ev_buf_putc(out, '\\');
		switch (c) {
		case '"':
		case '\\': ev_buf_putc(out, (char)c); break;
		case '\b': ev_buf_putc(out, 'b'); break;
		case '\f': ev_buf_putc(out, 'f'); break;
		case '\n': ev_buf_putc(out, 'n'); break;
		case '\r': ev_buf_putc(out, 'r'); break;
		case '\t': ev_buf_putc(out, 't'); break;
		default:
			ev_buf_puts(out, "u00");
			ev_buf_putc(out, hex_digits[c >> 4]);
			ev_buf_putc(out, hex_digits[c & 15]);
		}
	}
}

void ev_json_quote(const char *p, size_t len, struct ev_buf *out)
{
	ev_buf_putc(out, '"');
	ev_json_escape(p, len, out);
	ev_buf_putc(out, '"');
}

/* The 36 bytes in a text that may be a UUID, without what may stand around them; or NULL. */
static const char *core(const char *p, size_t len)
{
	static const char urn[] = "urn:uuid:";
	const size_t urn_len = sizeof urn - 1;

	if (len == EV_UUID_TEXT + 2 && p[0] == '{' && p[len - 1] == '}')
		return p + 1;
	if (len != EV_UUID_TEXT + urn_len)
		return NULL;
	for (size_t i = 0; i < urn_len; i++)
		if (urn[i] == ':' ? p[i] != ':' : (p[i] | 0x20) != urn[i])
			return NULL;
	return p + urn_len;
}

bool ev_uuid_canonical(const char *p, size_t len, char out[EV_UUID_TEXT])
{
	if (len != EV_UUID_TEXT && (p = core(p, len)) == NULL)
		return false;
	for (int i = 0; i < EV_UUID_TEXT; i++)
		out[i] = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] | 0x20) : p[i];
	return ev_uuid_is_canonical(out);
}

bool ev_uuid_valid(const char *p, size_t len)
{
	char canonical[EV_UUID_TEXT];

	return ev_uuid_canonical(p, len, canonical);
}

void ev_base64(const void *data, size_t len, struct ev_buf *out)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;

	while (len > 0) {
		size_t n = len < 3 ? len : 3;
		uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) |
			     (n > 2 ? p[2] : 0U);
		char *o = ev_buf_room(out, 4);

		for (size_t i = 0; i < 4; i++)
			o[i] = i <= n ? alphabet[v >> (18 - 6 * i) & 63] : '=';
		out->len += 4;
		p += n;
		len -= n;
	}
}

/* The six bits that a digit of base64 stands for, or -1. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool ev_unbase64(const char *p, size_t len, struct ev_buf *out)
{
	size_t padding = len > 0 && p[len - 1] == '=';
	uint32_t bits = 0;

	if (len % 4 != 0)
		return false;
	padding += padding > 0 && p[len - 2] == '=';
	for (size_t i = 0; i < len - padding; i++) {
		int v = sextet(p[i]);

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 > 0)
			ev_buf_putc(out, (char)(bits >> (6 - 2 * (i % 4))));
	}
	return true;
}
