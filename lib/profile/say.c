/* What was seen, in words. */
#include "base/mem.h"
#include "profile/infer.h"

char *ev_infer_text(const char *fmt, ...)
{
	struct ev_buf b = {0};
	va_list ap;

	va_start(ap, fmt);
	ev_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	return ev_infer_take(&b);
}

char *ev_infer_take(struct ev_buf *b)
{
	char *text = ev_strdup(ev_buf_str(b));

	ev_buf_free(b);
	return text;
}

void ev_infer_put_count(uint64_t v, struct ev_buf *out)
{
	char digits[32];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	while (n-- > 0) {
		ev_buf_putc(out, digits[n]);
		if (n > 0 && n % 3 == 0)
			ev_buf_putc(out, ',');
	}
}

void ev_infer_put_things(uint64_t v, const char *thing, struct ev_buf *out)
{
	ev_infer_put_count(v, out);
	ev_buf_printf(out, " %s%s", thing, v == 1 ? "" : "s");
}
