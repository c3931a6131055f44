#include "validate/amounts.h"
#include "base/mem.h"
#include "record/position.h"
#include "scan/form.h"
#include "json/view.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

static struct ev_amount *amount_of(struct ev_amounts *a, uint32_t measure, const char *currency)
{
	struct ev_amount *x;

	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].measure == measure && strcmp(a->list[i].currency, currency) == 0)
			return &a->list[i];
	if (a->n == EV_AMOUNTS && currency[0] != '\0')
		return NULL;
	ev_grow(&a->list, &a->cap, a->n + 1, sizeof *a->list);
	x = &a->list[a->n++];
	*x = (struct ev_amount){.measure = measure};
	memcpy(x->currency, currency, strlen(currency) + 1);
	return x;
}

static bool is_among(const struct ev_names *names, const char *type)
{
	return names->n > 0 && type != NULL && ev_names_take(names, type, strlen(type));
}

/* How often the measure counts a record of that type: 1, -1 or 0. */
static int sign_of(const struct ev_measure *m, const char *type)
{
	if (m->column == NULL || m->of != NULL ||
	    (m->fact->types.n > 0 && !is_among(&m->fact->types, type)))
		return 0;
	if (is_among(&m->minus, type))
		return -1;
	return m->plus.n == 0 || is_among(&m->plus, type);
}

static uint32_t find(const struct ev_column *c, const struct ev_doc *d, uint32_t item)
{
	if (c == NULL || c->from->root == EV_ROOT_INDEX)
		return EV_NOWHERE;
	return ev_path_get(c->from, d, c->from->root == EV_ROOT_ITEM ? item : 0);
}

static void add_one(const struct ev_measure *m, uint32_t measure, int sign, const struct ev_doc *d,
		    uint32_t item, struct ev_amounts *a)
{
	uint32_t value = find(m->column, d, item), of = find(m->currency, d, item);
	char currency[EV_AMOUNT_CURRENCY + 1] = "";
	struct ev_buf scratch = {0}, text = {0};
	struct ev_amount *x;
	const char *p;
	size_t len;
	bool good = false;

	if (of != EV_NOWHERE && ev_kind(d, of) == EV_STRING) {
		p = ev_string(d, of, &scratch, &len);
		if (len <= EV_AMOUNT_CURRENCY && memchr(p, '\0', len) == NULL)
			memcpy(currency, p, len);
		ev_buf_free(&scratch);
	}
	if ((x = amount_of(a, measure, currency)) == NULL &&
	    (x = amount_of(a, measure, "")) != NULL)
		value = EV_NOWHERE;
	if (value != EV_NOWHERE && ev_kind(d, value) == EV_NUMBER) {
		p = ev_raw(d, value, &len);
		if (sign < 0 && p[0] != '-')
			ev_buf_putc(&text, '-');
		else if (sign < 0)
			p++, len--;
		ev_buf_put(&text, p, len);
		good = ev_sum_add(&x->sum, text.p, text.len);
		ev_buf_free(&text);
	}
	x->values += good;
	x->unread += !good;
}

void ev_amounts_of(const struct ev_model *m, const struct ev_doc *d, const char *type,
		   struct ev_amounts *a)
{
	for (uint32_t i = 0; i < m->n_measures; i++) {
		const struct ev_measure *measure = &m->measures[i];
		int sign = sign_of(measure, type);
		struct ev_found items = {0};

		if (sign == 0)
			continue;
		if (measure->fact->each == NULL) {
			add_one(measure, i, sign, d, 0, a);
			continue;
		}
		ev_path_all(measure->fact->each, d, 0, &items);
		for (size_t k = 0; k < items.n; k++)
			add_one(measure, i, sign, d, items.at[k], a);
		free(items.at);
	}
}

void ev_amounts_add(struct ev_amounts *to, const struct ev_amounts *from)
{
	struct ev_buf text = {0};

	for (size_t i = 0; i < from->n; i++) {
		const struct ev_amount *x = &from->list[i];
		struct ev_amount *y = amount_of(to, x->measure, x->currency);

		if (y == NULL) {
			amount_of(to, x->measure, "")->unread += x->values + x->unread;
			continue;
		}
		ev_buf_reset(&text);
		ev_sum_write(&x->sum, &text);
		ev_sum_merge(&y->sum, text.p, text.len);
		y->values += x->values;
		y->unread += x->unread;
	}
	ev_buf_free(&text);
}

void ev_amounts_clear(struct ev_amounts *a)
{
	for (size_t i = 0; i < a->n; i++)
		ev_sum_free(&a->list[i].sum);
	a->n = 0;
}

void ev_amounts_free(struct ev_amounts *a)
{
	ev_amounts_clear(a);
	free(a->list);
	*a = (struct ev_amounts){0};
}

static int by_measure(const void *a, const void *b)
{
	const struct ev_amount *x = a, *y = b;

	if (x->measure != y->measure)
		return x->measure < y->measure ? -1 : 1;
	return strcmp(x->currency, y->currency);
}

/* The paths in the event at which a measure reads, so that who must not show these can tell. */
static void put_columns(const struct ev_measure *m, struct ev_buf *out)
{
	const struct ev_column *const columns[] = {m->column, m->currency};
	struct ev_buf path = {0};

	ev_json_open(out, "columns", '[');
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		if (columns[i] == NULL)
			continue;
		ev_buf_reset(&path);
		if (columns[i]->from->root == EV_ROOT_ITEM)
			ev_path_steps(m->fact->each, &path);
		ev_path_steps(columns[i]->from, &path);
		ev_json_name(out, NULL);
		ev_json_quote(path.p, path.len, out);
	}
	ev_buf_putc(out, ']');
	ev_buf_free(&path);
}

void ev_amounts_write(const struct ev_model *m, struct ev_amounts *a, bool exact,
		      struct ev_buf *out)
{
	struct ev_buf sum = {0};

	if (a->n > 1)
		qsort(a->list, a->n, sizeof *a->list, by_measure);
	ev_json_open(out, "amounts", '[');
	for (size_t i = 0; i < a->n; i++) {
		const struct ev_amount *x = &a->list[i];

		ev_json_open(out, NULL, '{');
		ev_json_text(out, "measure", m->measures[x->measure].name);
		ev_json_text(out, "currency", x->currency[0] != '\0' ? x->currency : NULL);
		ev_buf_reset(&sum);
		ev_sum_write(&x->sum, &sum);
		ev_json_name(out, "sum");
		if (exact)
			ev_json_quote(sum.p, sum.len, out);
		else
			ev_number_show(sum.p, sum.len, out);
		ev_json_u64(out, "values", x->values);
		ev_json_u64(out, "unread", x->unread);
		if (!exact)
			put_columns(&m->measures[x->measure], out);
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, ']');
	ev_buf_free(&sum);
}

static bool read_one(const struct ev_model *m, const struct ev_doc *d, uint32_t at,
		     struct ev_amounts *a)
{
	char *measure = ev_text_of(d, ev_member(d, at, "measure", 7)),
	     *currency = ev_text_of(d, ev_member(d, at, "currency", 8)),
	     *sum = ev_text_of(d, ev_member(d, at, "sum", 3));
	uint64_t values, unread;
	struct ev_amount *x = NULL;
	bool good = measure != NULL && sum != NULL && ev_state_u64(d, at, "values", &values) &&
		    ev_state_u64(d, at, "unread", &unread) &&
		    (currency == NULL || strlen(currency) <= EV_AMOUNT_CURRENCY);

	for (uint32_t i = 0; good && i < m->n_measures && x == NULL; i++)
		if (strcmp(m->measures[i].name, measure) == 0)
			x = amount_of(a, i, currency != NULL ? currency : "");
	good = x != NULL && ev_sum_merge(&x->sum, sum, strlen(sum)) &&
	       ev_count_add(&x->values, values) && ev_count_add(&x->unread, unread);
	free(measure);
	free(currency);
	free(sum);
	return good;
}

bool ev_amounts_read(const struct ev_model *m, const struct ev_doc *d, uint32_t object,
		     struct ev_amounts *a)
{
	uint32_t list = ev_member(d, object, "amounts", 7);
	bool good = list != EV_NOWHERE && ev_kind(d, list) == EV_ARRAY;

	if (!good)
		return false;
	for (uint32_t i = ev_first(d, list); good && i < ev_end(d, list); i = ev_next(d, i))
		good = m != NULL && read_one(m, d, i, a);
	return good;
}
