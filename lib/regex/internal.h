/*
 * internal: what the files of regex share. Floor 3.
 *
 *   regex.c  the door to PCRE2: compiles, and searches with bounded work
 *   ecma.c   the translation from ECMA-262
 *   idn.c    internationalised host names
 */
#ifndef EV_REGEX_INTERNAL_H
#define EV_REGEX_INTERNAL_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>

/* The pattern in the language of PCRE2. False, with the error, if it is not ECMA-262's. */
bool ev_regex_from_ecma(const char *pattern, size_t len, struct ev_buf *out, struct ev_error *err);

#endif
