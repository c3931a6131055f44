#include "base/status.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { RAW = 4096, TEXT = sizeof(struct ev_error), TAIL = 300 };

/* The length of the text cut to at most size bytes, without a part of a character at its end. */
static size_t whole(const char *text, size_t size)
{
	while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

enum ev_status ev_vfail(struct ev_error *err, const char *fmt, va_list ap)
{
	char raw[RAW], shown[EV_UTF8_SHOWN * RAW + 1];
	const char *p = raw, *end;
	size_t n = 0, head, tail;

	vsnprintf(raw, sizeof raw, fmt, ap);
	end = raw + strlen(raw);
	while (p < end)
		n += ev_utf8_show(&p, (size_t)(end - p), shown + n);
	shown[n] = '\0';
	if (n < TEXT) {
		memcpy(err->text, shown, n + 1);
		return EV_FATAL;
	}
	head = whole(shown, TEXT - TAIL - 4);
	tail = n - TAIL;
	while (((unsigned char)shown[tail] & 0xc0) == 0x80)
		tail++;
	memcpy(err->text, shown, head);
	memcpy(err->text + head, "...", 3);
	memcpy(err->text + head + 3, shown + tail, n - tail + 1);
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
