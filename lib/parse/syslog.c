#include "base/hash.h"
#include "base/mem.h"
#include "parse/internal.h"
#include "scan/form.h"

#include <stdlib.h>

/* A name of RFC 5424: what is printable but for " ] = and blanks. */
static const char *name_end(const char *p, const char *end)
{
	const char *q = p;

	while (q<end && * q> ' ' && *q < 0x7f && *q != '"' && *q != ']' && *q != '=')
		q++;
	return q > p ? q : NULL;
}

/* Behind the quote that ends a value. */
static const char *value_end(const char *p, const char *end)
{
	for (; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : NULL;
}

/* Behind name="value". */
static const char *param_end(const char *p, const char *end)
{
	const char *q = name_end(p, end);

	if (q == NULL || end - q < 2 || q[0] != '=' || q[1] != '"')
		return NULL;
	return value_end(q + 2, end);
}

/* Behind the bracket that closes an element. */
static const char *element_end(const char *p, const char *end)
{
	p = name_end(p + 1, end);
	while (p != NULL && p < end && *p == ' ')
		p = param_end(p + 1, end);
	return p != NULL && p < end && *p == ']' ? p + 1 : NULL;
}

const char *ev_syslog_data_end(const char *p, const char *end)
{
	const char *first = p;

	if (p < end && *p == '-')
		return p + 1;
	while (p != NULL && p < end && *p == '[')
		p = element_end(p, end);
	return p == first ? NULL : p;
}

/* The first parameter of that name, or NULL. */
static struct ev_syslog_param *find_param(struct ev_syslog_params *list, uint64_t hash,
					  const char *name, size_t len)
{
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&list->by_name, hash, &step)) != EV_LOOKUP_NONE)
		if (list->all[i].len == len && memcmp(list->all[i].name, name, len) == 0)
			return &list->all[i];
	return NULL;
}

/* Adds the parameter behind the blank at p to the list; returns what is behind it. */
static const char *add_param(struct ev_syslog_params *list, const char *p, const char *end)
{
	const char *name = p + 1, *equals = name_end(name, end);
	const size_t len = (size_t)(equals - name);
	const uint64_t hash = ev_hash64(name, len, 0);
	const uint32_t own = (uint32_t)list->n;
	struct ev_syslog_param *first = find_param(list, hash, name, len);

	if (first == NULL) {
		ev_lookup_add(&list->by_name, hash, own);
	} else {
		list->all[first->last].next = own;
		first->last = own;
	}
	ev_grow(&list->all, &list->cap, list->n + 1, sizeof *list->all);
	list->all[list->n++] = (struct ev_syslog_param){.name = name,
							.len = len,
							.value = equals + 2,
							.is_again = first != NULL,
							.last = own};
	return value_end(equals + 2, end);
}

static void put_value(struct ev_parse *p, const struct ev_syslog_param *param, const char *end,
		      struct ev_buf *out)
{
	const size_t len = (size_t)(value_end(param->value, end) - param->value) - 1;

	ev_parse_put_text(p, EV_ESCAPE_SYSLOG, param->value, len, out);
}

/* Appends the parameter as a member; where its name is said again, all of that name as a list. */
static void put_param(struct ev_parse *p, uint32_t i, const char *end, struct ev_buf *out)
{
	const struct ev_syslog_param *all = p->params.all;
	const bool list = all[i].next != 0;

	ev_json_quote(all[i].name, all[i].len, out);
	ev_buf_puts(out, list ? ":[" : ":");
	put_value(p, &all[i], end, out);
	while ((i = all[i].next) != 0) {
		ev_buf_putc(out, ',');
		put_value(p, &all[i], end, out);
	}
	if (list)
		ev_buf_putc(out, ']');
}

/* Appends the parameters at p as an object; returns what is behind them. */
static const char *put_params(struct ev_parse *p, const char *at, const char *end,
			      struct ev_buf *out)
{
	struct ev_syslog_params *list = &p->params;

	list->n = 0;
	ev_lookup_reset(&list->by_name, 0);
	while (*at == ' ')
		at = add_param(list, at, end);
	ev_buf_putc(out, '{');
	for (uint32_t i = 0; i < list->n; i++) {
		if (list->all[i].is_again)
			continue;
		if (i > 0)
			ev_buf_putc(out, ',');
		put_param(p, i, end, out);
	}
	ev_buf_putc(out, '}');
	return at;
}

void ev_syslog_data_put(struct ev_parse *p, const char *data, size_t len, struct ev_buf *out)
{
	const char *end = data + len;

	ev_buf_putc(out, '{');
	for (const char *q = data; q < end && *q == '['; q++) {
		const char *id = q + 1;

		if (q > data)
			ev_buf_putc(out, ',');
		q = name_end(id, end);
		ev_json_quote(id, (size_t)(q - id), out);
		ev_buf_putc(out, ':');
		q = put_params(p, q, end, out);
	}
	ev_buf_putc(out, '}');
}

void ev_syslog_params_free(struct ev_syslog_params *list)
{
	free(list->all);
	ev_lookup_free(&list->by_name);
}
