/* Arguments of expectations: each is checked, and errors have its place. */
#include "expect/internal.h"
#include "model/nearest.h"
#include "scan/scalar.h"

enum { MAX_NUMBER = 400 };

bool ev_expect_opening_fail(struct ev_expect_opening *o, const struct ev_yaml *at, const char *fmt,
			    ...)
{
	struct ev_error detail;
	va_list ap;

	va_start(ap, fmt);
	ev_vfail(&detail, fmt, ap);
	va_end(ap);
	ev_fail(o->err, "%s:%zu:%zu: %s", o->file, at->line, at->column, detail.text);
	return false;
}

/* Arguments */

bool ev_expect_is_null(const struct ev_yaml *y)
{
	return y->kind == EV_YAML_SCALAR && y->plain &&
	       (y->len == 0 || strcmp(y->text, "~") == 0 || strcmp(y->text, "null") == 0);
}

const struct ev_yaml *ev_expect_argument(const struct ev_expect_opening *o, const char *name)
{
	const struct ev_yaml *y = ev_yaml_get(o->kwargs, name);

	return y != NULL && !ev_expect_is_null(y) ? y : NULL;
}

static bool is_number(const struct ev_yaml *y)
{
	enum ev_kind kind;

	return y->kind == EV_YAML_SCALAR && y->plain && y->len > 0 &&
	       ev_scalar_end(y->text, 0, y->len, &kind) == y->len && kind == EV_NUMBER;
}

bool ev_expect_number_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			 char **out)
{
	if (!is_number(y))
		return ev_expect_opening_fail(o, y, "%s must be a number", what);
	if (y->len > MAX_NUMBER)
		return ev_expect_opening_fail(o, y, "%s has more than %d characters", what,
					      MAX_NUMBER);
	*out = ev_strndup(y->text, y->len);
	return true;
}

bool ev_expect_limit_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			struct ev_expect_limit *out)
{
	if (ev_expect_is_null(y))
		return true;
	if (y->kind != EV_YAML_SCALAR || y->len == 0 || y->len > MAX_NUMBER)
		return ev_expect_opening_fail(o, y, "%s must be a number, a time or a text", what);
	out->text = ev_strndup(y->text, y->len);
	out->len = y->len;
	if (is_number(y)) {
		out->kind = LIMIT_NUMBER;
	} else if (ev_expect_read_moment(y->text, y->len, &out->time)) {
		out->kind = LIMIT_TIME;
	} else {
		out->kind = LIMIT_TEXT;
	}
	return true;
}

bool ev_expect_argument_limit(struct ev_expect_opening *o, const char *name,
			      struct ev_expect_limit *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	return y == NULL || ev_expect_limit_of(o, y, name, out);
}

bool ev_expect_argument_count(struct ev_expect_opening *o, const char *name, uint64_t *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);
	struct ev_number n;
	int64_t v;

	if (y == NULL)
		return true;
	if (is_number(y)) {
		ev_number_read(y->text, y->len, &n);
		if (ev_number_int64(&n, &v) && v >= 0) {
			*out = (uint64_t)v;
			return true;
		}
	}
	return ev_expect_opening_fail(o, y, "%s must be a whole number, 0 or more", name);
}

bool ev_expect_argument_bool(struct ev_expect_opening *o, const char *name, bool *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	if (y == NULL)
		return true;
	if (y->kind != EV_YAML_SCALAR ||
	    (strcmp(y->text, "true") != 0 && strcmp(y->text, "false") != 0))
		return ev_expect_opening_fail(o, y, "%s must be true or false", name);
	*out = y->text[0] == 't';
	return true;
}

bool ev_expect_word_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
		       const char *const *words, int *out)
{
	const char *text = y->kind == EV_YAML_SCALAR ? y->text : "";
	char hint[EV_HINT];

	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return true;
		}
	}
	return ev_expect_opening_fail(o, y, "%s cannot be '%s': %s", what, text,
				      ev_nearest_hint(text, words, hint));
}

bool ev_expect_argument_word(struct ev_expect_opening *o, const char *name,
			     const char *const *words, int *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	return y == NULL || ev_expect_word_of(o, y, name, words, out);
}

bool ev_expect_share_of(struct ev_expect_opening *o, const struct ev_yaml *y, const char *what,
			char **out)
{
	return ev_expect_number_of(o, y, what, out) &&
	       ((y->text[0] != '-' && ev_number_compare(y->text, y->len, "1", 1) <= 0) ||
		ev_expect_opening_fail(o, y, "%s must be a share from 0 to 1", what));
}

void ev_expect_values_of(const struct ev_yaml *list, struct ev_expect_values *out)
{
	struct ev_buf json = {0};

	for (size_t i = 0; i < list->n; i++) {
		ev_buf_reset(&json);
		ev_yaml_json(list->items[i], &json);
		ev_expect_values_add(out, json.p, json.len);
	}
	ev_buf_free(&json);
}

bool ev_expect_argument_set(struct ev_expect_opening *o, const char *name,
			    struct ev_expect_values *out)
{
	const struct ev_yaml *y = ev_expect_argument(o, name);

	if (y == NULL)
		return true;
	if (y->kind != EV_YAML_LIST)
		return ev_expect_opening_fail(o, y, "%s must be a list such as [A, B]", name);
	if (y->n > EXPECT_MAX_SET)
		return ev_expect_opening_fail(o, y, "%s has more than %d values", name,
					      EXPECT_MAX_SET);
	ev_expect_values_of(y, out);
	return true;
}

bool ev_expect_is_among(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

bool ev_expect_range_is_of_numbers(const struct ev_expect_range *r)
{
	return r->min.kind <= LIMIT_NUMBER && r->max.kind <= LIMIT_NUMBER;
}

bool ev_expect_limits_are_numbers(struct ev_expect *e, struct ev_expect_opening *o)
{
	return ev_expect_range_is_of_numbers(&e->range) ||
	       ev_expect_opening_fail(o, o->at, "min_value and max_value must be numbers here");
}
