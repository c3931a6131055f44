/*
 * What a state depends on, as digests: comments, spaces and the order of the model's parts change
 * none of them.
 */
#include "base/hash.h"
#include "io/in.h"
#include "model/model.h"
#include "scan/form.h"

#include <stdlib.h>

/* The version of the rules by which evkit makes versions and rows, part of every digest. */
static const char rules[] = "evkit 1";

static void add_path(struct ev_buf *b, const struct ev_path *path)
{
	if (path != NULL)
		ev_buf_puts(b, path->text);
	ev_buf_putc(b, '\n');
}

/* A part of the model as it was written, as JSON. */
static void add_part(struct ev_buf *b, const struct ev_model *m, const char *part, const char *key)
{
	const struct ev_yaml *y = m->yaml != NULL ? ev_yaml_root(m->yaml) : NULL;

	if (y != NULL)
		y = ev_yaml_get(y, part);
	if (y != NULL && key != NULL)
		y = ev_yaml_get(y, key);
	if (y != NULL)
		ev_yaml_json(y, b);
	ev_buf_putc(b, '\n');
}

/*
 * The star as JSON, without what says nothing of its rows: how keys are stored, and descriptions,
 * which facts, dimensions and their columns have. level: 0 is the star itself.
 */
static void add_star(struct ev_buf *b, const struct ev_yaml *y, int level)
{
	bool first = true;

	if (y->kind != EV_YAML_MAP || level > 4) {
		ev_yaml_json(y, b);
		return;
	}
	ev_buf_putc(b, '{');
	for (size_t i = 0; i < y->n; i++) {
		const char *key = y->keys[i]->text;
		bool columns = strcmp(key, "columns") == 0;

		if ((level == 0 && strcmp(key, "keys") == 0) ||
		    ((level == 2 || level == 4) && strcmp(key, "description") == 0))
			continue;
		ev_buf_puts(b, first ? "" : ",");
		first = false;
		ev_json_quote(key, y->keys[i]->len, b);
		ev_buf_putc(b, ':');
		if (level == 2 && !columns)
			ev_yaml_json(y->items[i], b);
		else
			add_star(b, y->items[i], level + 1);
	}
	ev_buf_putc(b, '}');
}

static void add_tables(struct ev_buf *b, const struct ev_model *m)
{
	const struct ev_yaml *y =
		m->yaml != NULL ? ev_yaml_get(ev_yaml_root(m->yaml), "star") : NULL;

	if (y != NULL)
		add_star(b, y, 0);
	ev_buf_putc(b, '\n');
	for (size_t i = 0; i < m->n_dimensions; i++) {
		const struct ev_calendar *c = m->dimensions[i].calendar;

		for (size_t k = 0; c != NULL && k < c->n_holidays; k++)
			ev_buf_printf(b, "%lld %s\n", (long long)c->holidays[k].day,
				      c->holidays[k].name);
	}
}

static void add_envelope(struct ev_buf *b, const struct ev_model *m)
{
	const struct ev_path *const paths[] = {m->id,	   m->type,	m->time,
					       m->version, m->modified, m->op};

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		add_path(b, paths[i]);
	for (size_t i = 0; i < m->n_ignore; i++)
		add_path(b, m->ignore[i]);
	ev_buf_puts(b, m->by_arrival ? "arrival\n" : "\n");
	add_part(b, m, "event", "zone");
}

/* A schema that cannot be read is left out: evvalidate reports it. */
static void add_schema(struct ev_buf *b, const struct ev_model *m, const struct ev_contract *c)
{
	struct ev_buf path = {0};
	struct ev_error none;
	char *text = NULL;
	size_t len;

	if (c->file == NULL)
		return;
	ev_buf_printf(&path, "%s/%s", m->root, c->file);
	if (ev_in_slurp(ev_buf_str(&path), SIZE_MAX, &text, &len, &none) == EV_OK)
		ev_buf_put(b, text, len);
	ev_buf_putc(b, '\n');
	free(text);
	ev_buf_free(&path);
}

static void add_contract(struct ev_buf *b, const struct ev_model *m)
{
	add_part(b, m, "types", NULL);
	add_part(b, m, "unknown_types", NULL);
	add_part(b, m, "rules", NULL);
	for (size_t i = 0; i < m->n_types; i++) {
		add_schema(b, m, &m->types[i].put);
		add_schema(b, m, &m->types[i].patch);
	}
}

void ev_model_digest(const struct ev_model *m, enum ev_model_part part, char hex[33])
{
	struct ev_buf b = {0};

	ev_buf_puts(&b, rules);
	ev_buf_putc(&b, '\n');
	switch (part) {
	case EV_PART_ALL: add_envelope(&b, m);	    /* fall through */
	case EV_PART_CONTRACT: add_contract(&b, m); /* fall through */
	case EV_PART_STAR: add_tables(&b, m); break;
	case EV_PART_ENVELOPE: add_envelope(&b, m); break;
	}
	ev_hash128_hex(ev_hash128(b.p, b.len, 0), hex);
	ev_buf_free(&b);
}
