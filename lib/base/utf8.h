/*
 * utf8: UTF-8 as RFC 3629 has it (no surrogates, no overlong forms, at most U+10FFFF). Floor 0.
 */
#ifndef EV_UTF8_H
#define EV_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the longest valid prefix; equal to len if all is valid. */
size_t ev_utf8_valid(const char *s, size_t len);

/* Writes the scalar value cp (not a surrogate) as 1 to 4 bytes; returns how many. */
size_t ev_utf8_encode(uint32_t cp, char out[4]);

/* Decodes one scalar value from valid UTF-8 and steps *s behind it. */
uint32_t ev_utf8_next(const char **s);

/*
 * Whether a reader sees a scalar value as what it is. Not so controls (C0, C1),
 * what has no shape of its own or turns its neighbours about (Unicode's Cf, Zl, Zp and
 * Default_Ignorable_Code_Point), what is private and what is no character.
 */
bool ev_utf8_is_visible(uint32_t cp);
/* Bytes that an escape of ev_utf8_show takes at most. */
enum { EV_UTF8_SHOWN = 10 };
/*
 * Writes what stands at *s (len bytes from there on, at least one) for people, and steps behind
 * it: a visible character as it is; others as \u202e or \U000e0001; a byte that is no UTF-8 as
 * \xff. Returns how many bytes of out it takes.
 */
size_t ev_utf8_show(const char **s, size_t len, char out[EV_UTF8_SHOWN + 1]);

/* The number of code points in valid UTF-8. */
size_t ev_utf8_count(const char *p, size_t len);

/* The length of what begins a text of valid UTF-8, at most `most` bytes, whole characters. */
static inline size_t ev_utf8_cut(const char *p, size_t len, size_t most)
{
	if (len <= most)
		return len;
	while (most > 0 && ((unsigned char)p[most] & 0xc0) == 0x80)
		most--;
	return most;
}

#endif
