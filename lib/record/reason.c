#include "record/reason.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 60 };

void ev_reasons_clear(struct ev_reasons *r)
{
	r->code = NULL;
	r->n = 0;
	ev_arena_reset(&r->arena);
}

void ev_reasons_free(struct ev_reasons *r)
{
	ev_arena_free(&r->arena);
	free(r->list);
	*r = (struct ev_reasons){0};
}

static const char *format(struct ev_reasons *r, const char *fmt, va_list ap)
{
	struct ev_buf text = {0};
	const char *copy;

	ev_buf_vprintf(&text, fmt, ap);
	copy = ev_arena_copy(&r->arena, text.p, text.len);
	ev_buf_free(&text);
	return copy;
}

const char *ev_reasons_text(struct ev_reasons *r, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = format(r, fmt, ap);
	va_end(ap);
	return text;
}

struct ev_reason *ev_reasons_add(struct ev_reasons *r, const char *fmt, ...)
{
	va_list ap;

	ev_grow(&r->list, &r->cap, r->n + 1, sizeof *r->list);
	r->list[r->n] = (struct ev_reason){0};
	va_start(ap, fmt);
	r->list[r->n].message = format(r, fmt, ap);
	va_end(ap);
	return &r->list[r->n++];
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool ev_reason_is_repeated(const struct ev_reasons *r, size_t i)
{
	const struct ev_reason *x = &r->list[i];

	for (size_t k = 0; k < i; k++) {
		const struct ev_reason *y = &r->list[k];

		if (same(x->message, y->message) && same(x->path, y->path) &&
		    same(x->rule, y->rule) && same(x->keyword, y->keyword))
			return true;
	}
	return false;
}

const char *ev_reasons_copy(struct ev_reasons *r, const char *p, size_t len)
{
	return ev_arena_copy(&r->arena, p, len);
}

const char *ev_reasons_quote(struct ev_reasons *r, const char *p, size_t len)
{
	const char *end = p + len;
	struct ev_buf text = {0};
	size_t shown = 0;
	const char *copy;

	for (; p < end && shown < SHOWN; shown++) {
		char one[EV_UTF8_SHOWN + 1];
		size_t n = ev_utf8_show(&p, (size_t)(end - p), one);

		ev_buf_put(&text, one, n);
	}
	if (p < end)
		ev_buf_puts(&text, "...");
	copy = ev_arena_copy(&r->arena, text.p, text.len);
	ev_buf_free(&text);
	return copy;
}
