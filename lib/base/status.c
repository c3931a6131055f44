#include "base/status.h"

#include <stdio.h>

enum ev_status ev_vfail(struct ev_error *err, const char *fmt, va_list ap)
{
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	for (char *p = err->text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == '\xc2' && (unsigned char)p[1] >= 0x80 &&
			 (unsigned char)p[1] < 0xa0)
			p[0] = p[1] = '?'; /* U+0080 to U+009F: some terminals obey these too */
	}
	return EV_FATAL;
}

enum ev_status ev_fail(struct ev_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ev_vfail(err, fmt, ap);
	va_end(ap);
	return EV_FATAL;
}
