/*
 * utf8: UTF-8 as RFC 3629 has it (no surrogates, no overlong forms, at most U+10FFFF). Floor 0.
 */
#ifndef EV_UTF8_H
#define EV_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the longest valid prefix; equal to len if all is valid. */
size_t ev_utf8_valid(const char *s, size_t len);

/* Writes the scalar value cp (not a surrogate) as 1 to 4 octets; returns how many. */
size_t ev_utf8_encode(uint32_t cp, char out[4]);

/* Decodes one scalar value from valid UTF-8 and steps *s behind it. */
uint32_t ev_utf8_next(const char **s);

/* The number of code points in valid UTF-8. */
size_t ev_utf8_count(const char *p, size_t len);

#endif
