#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void ev_buf_free(struct ev_buf *b)
{
	free(b->p);
	*b = (struct ev_buf){0};
}

void ev_buf_grow(struct ev_buf *b, size_t n)
{
	size_t need;

	if (__builtin_add_overflow(b->len, n, &need))
		ev_oom();
	ev_grow(&b->p, &b->cap, need != 0 ? need : 1, 1);
}

void ev_buf_vprintf(struct ev_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n > 0) {
		vsnprintf(ev_buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void ev_buf_printf(struct ev_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ev_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void ev_buf_u64(struct ev_buf *b, uint64_t v)
{
	char digits[20];
	size_t n = sizeof digits;

	if (v < 10) {
		ev_buf_putc(b, (char)('0' + v));
		return;
	}
	do
		digits[--n] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	ev_buf_put(b, digits + n, sizeof digits - n);
}

const char *ev_buf_str(struct ev_buf *b)
{
	*ev_buf_room(b, 1) = '\0';
	return b->p;
}
