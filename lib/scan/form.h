/*
 * form: the spellings of strings, UUIDs and bytes. Floor 2.
 */
#ifndef EV_FORM_H
#define EV_FORM_H

#include "base/buf.h"
#include "base/compiler.h"

#include <stdbool.h>

/* Appends the bytes that a JSON string's inside (checked by the scanner) stands for. */
void ev_json_unescape(const char *p, size_t len, struct ev_buf *out);
/* Appends valid UTF-8 as the inside of a JSON string, with the fewest escapes. */
void ev_json_escape(const char *p, size_t len, struct ev_buf *out);
/* The same in double quotes. */
void ev_json_quote(const char *p, size_t len, struct ev_buf *out);

enum { EV_UUID_TEXT = 36 };

/*
 * Any spelling of a UUID (RFC 9562: either case; braces or "urn:uuid:" around it) in its canonical
 * one: lower case, 8-4-4-4-12. False if it is none. No NUL is written.
 */
bool ev_uuid_canonical(const char *p, size_t len, char out[EV_UUID_TEXT]);
/* Whether it is one. */
bool ev_uuid_valid(const char *p, size_t len);

/* Whether EV_UUID_TEXT bytes are one in its canonical spelling, and can be taken as they stand. */
static inline bool ev_uuid_is_canonical(const char *p)
{
	typedef uint8_t bytes EV_VECTOR(16);
	static const uint8_t at[] = {0, 16, 20}; /* the last of three parts overlaps the second */
	static const bytes hyphens[] = {
		{0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0},
		{0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0},
		{0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};
	bytes invalid = {0};
	uint64_t halves[2];

#pragma GCC unroll 3
	for (int i = 0; i < 3; i++) {
		const bytes h = hyphens[i]; /* where the two ranges are the hyphen alone */
		bytes v, digit, letter;

		memcpy(&v, p + at[i], sizeof v);
		digit = v - (('0' & ~h) | ('-' & h));
		letter = v - (('a' & ~h) | ('-' & h));
		invalid |= ~((bytes)(digit <= (9 & ~h)) | (bytes)(letter <= (5 & ~h)));
	}
	memcpy(halves, &invalid, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

/* Appends base64 (RFC 4648, section 4) with padding. */
void ev_base64(const void *data, size_t len, struct ev_buf *out);
/* Appends the bytes of such a text. False if it is none. */
bool ev_unbase64(const char *p, size_t len, struct ev_buf *out);

#endif
