#include "frame/csv.h"

/* Where the quotes end that are open at p: at the closing one, or at the end. */
static const char *close_quotes(const char *p, const char *end, struct ev_csv_field *field)
{
	while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		if (p + 1 == end || p[1] != '"')
			return p;
		field->doubled = true;
		p += 2;
	}
	field->unclosed = true;
	return end;
}

bool ev_csv_next(const char **p, const char *end, char separator, struct ev_csv_field *field)
{
	const char *behind = *p, *close, *stop;

	*field = (struct ev_csv_field){.p = *p};
	if (behind < end && *behind == '"') {
		field->quoted = true;
		field->p++;
		close = close_quotes(field->p, end, field);
		field->len = (size_t)(close - field->p);
		behind = close < end ? close + 1 : end;
	}
	stop = behind < end ? memchr(behind, separator, (size_t)(end - behind)) : NULL;
	if (!field->quoted) {
		field->len = (size_t)((stop != NULL ? stop : end) - field->p);
		field->misplaced = memchr(field->p, '"', field->len) != NULL;
	} else if (behind < end && *behind != separator) {
		field->misplaced = true;
	}
	*p = stop != NULL ? stop + 1 : end;
	return stop != NULL;
}

void ev_csv_put(const struct ev_csv_field *field, struct ev_buf *out)
{
	const char *p = field->p, *end = p + field->len, *quote;

	while (field->doubled && (quote = memchr(p, '"', (size_t)(end - p))) != NULL) {
		ev_buf_put(out, p, (size_t)(quote + 1 - p));
		p = quote + 2;
	}
	ev_buf_put(out, p, (size_t)(end - p));
}
