#include "regex/idn.h"
#include "base/buf.h"
#include "base/mem.h"
#include "regex/regex.h"

#include <idn2.h>
#include <stdint.h>
#include <string.h>

enum {
	LABEL_MAX = 63, /* bytes of an A-label */
	DOMAIN_MAX = 253,
	U_LABEL_MAX = 1024, /* bytes; a longer one has no A-label, in whatever normalisation */
};

static bool alphanumeric(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

/* libidn2's verdict on a label; out of memory is none. */
static bool verdict(int result)
{
	if (result == IDN2_MALLOC)
		ev_oom();
	return result == IDN2_OK;
}

static bool a_label(const char *p, size_t len)
{
	char lower[LABEL_MAX + 1];
	uint8_t *ace = NULL;
	bool good;

	if (len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!alphanumeric(p[i]) && p[i] != '-')
			return false;
		lower[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 0x20 : p[i]);
	}
	lower[len] = '\0';
	good = verdict(idn2_register_u8(NULL, (const uint8_t *)lower, &ace, 0));
	idn2_free(ace);
	return good;
}

/* A label with "--" in the third and fourth place is an A-label or none (RFC 5891, 4.2.3.1). */
static bool ascii_label(const char *p, size_t len)
{
	if (len == 0 || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!alphanumeric(p[i]) && p[i] != '-')
			return false;
	return len < 4 || p[2] != '-' || p[3] != '-' ||
	       ((p[0] | 0x20) == 'x' && (p[1] | 0x20) == 'n' && a_label(p, len));
}

bool ev_idn_ascii_hostname(const char *p, size_t len)
{
	const char *end = p + len;

	if (len > DOMAIN_MAX)
		return false;
	for (;;) {
		const char *dot = p < end ? memchr(p, '.', (size_t)(end - p)) : NULL;
		const char *stop = dot != NULL ? dot : end;

		if (!ascii_label(p, (size_t)(stop - p)))
			return false;
		if (dot == NULL)
			return true;
		p = dot + 1;
	}
}

/*
 * The Bidi rule (RFC 5893, section 2), which holds for all labels of a name if one of them has
 * a character that is written from right to left. libidn2 holds it for single labels, in part.
 * What IDNA takes in no label, such as spaces and marks of direction, is not checked again.
 */
static const char right_to_left[] = "[\\p{bc:R}\\p{bc:AL}\\p{bc:AN}]";
static const char bidi_rule[] =
	"^(?:(?!.*\\p{bc:L})(?!.*\\p{bc:EN}.*\\p{bc:AN})(?!.*\\p{bc:AN}.*\\p{bc:EN})"
	"[\\p{bc:R}\\p{bc:AL}](?:.*[\\p{bc:R}\\p{bc:AL}\\p{bc:EN}\\p{bc:AN}])?\\p{bc:NSM}*"
	"|(?!.*[\\p{bc:R}\\p{bc:AL}\\p{bc:AN}])"
	"\\p{bc:L}(?:.*[\\p{bc:L}\\p{bc:EN}])?\\p{bc:NSM}*)$";

/* One for the life of the process, made when it is first needed. */
static bool matches(struct ev_regex **re, const char *pattern, const char *p, size_t len)
{
	struct ev_error err;

	if (*re == NULL)
		*re = ev_regex_compile(pattern, strlen(pattern), EV_REGEX_PCRE, &err);
	return *re != NULL && ev_regex_match(*re, p, len);
}

/* U-labels, each ended by a dot. */
static bool bidi(const char *p, size_t len)
{
	static struct ev_regex *any, *label;

	if (!matches(&any, right_to_left, p, len))
		return true;
	for (const char *end = p + len, *dot; p < end; p = dot + 1) {
		dot = memchr(p, '.', (size_t)(end - p));
		if (!matches(&label, bidi_rule, p, (size_t)(dot - p)))
			return false;
	}
	return true;
}

/* Appends a label as a U-label and a dot; adds the length of its A-label to *bytes. */
static bool u_label(const char *p, size_t len, struct ev_buf *plain, size_t *bytes)
{
	char text[U_LABEL_MAX + 1], *u = NULL;
	uint8_t *ace = NULL;
	bool ascii = true, good;

	if (len == 0 || len > U_LABEL_MAX || p[0] == '-' || p[len - 1] == '-' ||
	    memchr(p, '\0', len) != NULL)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		ascii = ascii && (unsigned char)text[i] < 0x80;
	if (ascii) {
		*bytes += len;
		good = ascii_label(text, len) &&
		       verdict(idn2_to_unicode_8z8z(text, &u, IDN2_NONTRANSITIONAL));
		ev_buf_puts(plain, good ? u : "");
	} else {
		good = verdict(idn2_register_u8((const uint8_t *)text, NULL, &ace, IDN2_NFC_INPUT));
		*bytes += good ? strlen((const char *)ace) : 0;
		ev_buf_put(plain, text, len);
	}
	ev_buf_putc(plain, '.');
	idn2_free(u);
	idn2_free(ace);
	return good;
}

/* The length of a separator of labels at p, or 0. */
static size_t separator(const char *p, const char *end)
{
	static const char *const wide[] = {"\u3002", "\uff0e", "\uff61"};

	if (*p == '.')
		return 1;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if ((size_t)(end - p) >= strlen(wide[i]) &&
		    memcmp(p, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	return 0;
}

bool ev_idn_hostname(const char *p, size_t len)
{
	const char *end = p + len, *stop;
	struct ev_buf plain = {0};
	size_t bytes = 0, skip = 1;
	bool good = true;

	for (; good && skip > 0 && bytes <= DOMAIN_MAX; p = stop + skip) {
		skip = 0;
		for (stop = p; stop < end && (skip = separator(stop, end)) == 0; stop++)
			;
		good = u_label(p, (size_t)(stop - p), &plain, &bytes);
		bytes += skip > 0;
	}
	good = good && bytes <= DOMAIN_MAX && bidi(plain.p, plain.len);
	ev_buf_free(&plain);
	return good;
}
