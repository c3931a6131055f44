#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define HIGH_BITS 0x8080808080808080ULL

/*
 * The second byte's range excludes overlong forms, surrogates and values above U+10FFFF (RFC 3629,
 * section 4).
 */
static size_t sequence(const unsigned char *p, size_t left)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (p[0] < 0xc2)
		return 0;
	if (p[0] < 0xe0) {
		n = 2;
	} else if (p[0] < 0xf0) {
		n = 3;
		if (p[0] == 0xe0)
			lo = 0xa0;
		if (p[0] == 0xed)
			hi = 0x9f;
	} else if (p[0] < 0xf5) {
		n = 4;
		if (p[0] == 0xf0)
			lo = 0x90;
		if (p[0] == 0xf4)
			hi = 0x8f;
	} else {
		return 0;
	}
	if (left < n || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Steps over ASCII, many bytes at a time. */
static size_t ascii(const unsigned char *p, size_t i, size_t len)
{
	uint64_t w[4];

	for (; len - i >= sizeof w; i += sizeof w) {
		memcpy(w, p + i, sizeof w);
		if (((w[0] | w[1] | w[2] | w[3]) & HIGH_BITS) != 0)
			break;
	}
	while (i < len && p[i] < 0x80)
		i++;
	return i;
}

size_t ev_utf8_valid(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = ascii(p, 0, len);

	while (i < len) {
		size_t n = sequence(p + i, len - i);

		if (n == 0)
			return i;
		i += n;
		if (i < len && p[i] < 0x80)
			i = ascii(p, i, len);
	}
	return len;
}

size_t ev_utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

uint32_t ev_utf8_next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	uint32_t cp = p[0];
	size_t n = cp < 0x80 ? 1 : cp < 0xe0 ? 2 : cp < 0xf0 ? 3 : 4;

	if (n > 1)
		cp &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | (p[i] & 0x3f);
	*s += n;
	return cp;
}

bool ev_utf8_is_visible(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} others[] = {
		{0x0, 0x1f},	    {0x7f, 0x9f},	   {0xad, 0xad},       {0x34f, 0x34f},
		{0x600, 0x605},	    {0x61c, 0x61c},	   {0x6dd, 0x6dd},     {0x70f, 0x70f},
		{0x890, 0x891},	    {0x8e2, 0x8e2},	   {0x115f, 0x1160},   {0x17b4, 0x17b5},
		{0x180b, 0x180f},   {0x200b, 0x200f},	   {0x2028, 0x202e},   {0x2060, 0x206f},
		{0x3164, 0x3164},   {0xe000, 0xf8ff},	   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff},   {0xffa0, 0xffa0},	   {0xfff0, 0xfffb},   {0xfffe, 0xffff},
		{0x110bd, 0x110bd}, {0x110cd, 0x110cd},	   {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
		{0x1d173, 0x1d17a}, {0xe0000, UINT32_MAX},
	};

	if (cp >= 0x20 && cp < 0x7f)
		return true;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (cp <= others[i].last)
			return cp < others[i].first && (cp & 0xfffe) != 0xfffe;
	return false;
}

size_t ev_utf8_show(const char **s, size_t len, char out[EV_UTF8_SHOWN + 1])
{
	const unsigned char *p = (const unsigned char *)*s;
	size_t n = p[0] < 0x80 ? 1 : sequence(p, len);
	uint32_t cp;

	if (n == 0) {
		(*s)++;
		return (size_t)snprintf(out, EV_UTF8_SHOWN + 1, "\\x%02x", p[0]);
	}
	cp = ev_utf8_next(s);
	if (!ev_utf8_is_visible(cp))
		return (size_t)snprintf(out, EV_UTF8_SHOWN + 1, cp > 0xffff ? "\\U%08x" : "\\u%04x",
					(unsigned)cp);
	memcpy(out, p, n);
	return n;
}

size_t ev_utf8_count(const char *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return n;
}
