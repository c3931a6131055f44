/*
 * tap: what the unit tests are written with. Each of these is one assertion, named as by printf:
 *
 *     ok(good, "text %d is refused", i);
 *     is(got, want, "...");        strings; NULL differs from every string
 *     is_int(got, want, "...");
 *     skip("why", "...");          an assertion that is not made
 *
 * ok, is and is_int return whether it held, so that diag can say more where it did not. main ends
 * with `return done();`.
 */
#ifndef TAP_H
#define TAP_H

#include "base/compiler.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static inline void tap_line(bool good, const char *why_skip, const char *fmt, va_list ap)
{
	char name[512];

	vsnprintf(name, sizeof name, fmt, ap);
	for (char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == '#')
			*p = '?';
	tap_failed += !good;
	printf("%sok %d - %s%s%s\n", good ? "" : "not ", ++tap_count, name,
	       why_skip != NULL ? " # skip " : "", why_skip != NULL ? why_skip : "");
	fflush(stdout); /* what was asserted before a crash is told */
}

EV_PRINTF(1, 2) static inline void diag(const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text, *end; p != NULL; p = end) {
		end = strchr(p, '\n');
		if (end != NULL)
			*end++ = '\0';
		printf("# %s\n", p);
	}
}

EV_PRINTF(2, 3) static inline bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, NULL, fmt, ap);
	va_end(ap);
	return good;
}

EV_PRINTF(3, 4) static inline bool is(const char *got, const char *want, const char *fmt, ...)
{
	bool good = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, NULL, fmt, ap);
	va_end(ap);
	if (!good) {
		diag("got:    %s", got != NULL ? got : "(null)");
		diag("wanted: %s", want != NULL ? want : "(null)");
	}
	return good;
}

EV_PRINTF(3, 4) static inline bool is_int(long long got, long long want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(got == want, NULL, fmt, ap);
	va_end(ap);
	if (got != want)
		diag("got %lld, wanted %lld", got, want);
	return got == want;
}

EV_PRINTF(2, 3) static inline void skip(const char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(true, why, fmt, ap);
	va_end(ap);
}

static inline int done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
