#include "profile/write.h"

#include <string.h>

static void put_said(const char *key, const struct ev_said *s, struct ev_buf *out)
{
	if (s->jq == NULL)
		return;
	ev_buf_printf(out, "  %s: ", key);
	ev_write_text(s->jq, out);
	ev_write_comment(s->why, out);
	ev_buf_putc(out, '\n');
}

static void put_id(const struct ev_proposal *p, struct ev_buf *out)
{
	if (p->n_id == 1) {
		put_said("id", &p->id[0], out);
		return;
	}
	ev_buf_puts(out, "  id:\n");
	for (size_t i = 0; i < p->n_id; i++) {
		ev_buf_puts(out, "    - ");
		ev_write_text(p->id[i].jq, out);
		ev_write_comment(p->id[i].why, out);
		ev_buf_putc(out, '\n');
	}
}

static void put_ignore(const struct ev_proposal *p, struct ev_buf *out)
{
	if (p->n_ignore > 0)
		ev_buf_puts(out, "  ignore:\n");
	for (size_t i = 0; i < p->n_ignore; i++) {
		ev_buf_puts(out, "    - ");
		ev_write_text(p->ignore[i].jq, out);
		ev_write_comment(p->ignore[i].why, out);
		ev_buf_putc(out, '\n');
	}
}

static void put_event(const struct ev_proposal *p, struct ev_buf *out)
{
	ev_buf_puts(out, "event:\n");
	put_id(p, out);
	put_said("type", &p->type, out);
	put_said("time", &p->time, out);
	put_said("version", &p->version, out);
	put_said("modified", &p->modified, out);
	put_said("op", &p->op, out);
	put_said("order", &p->order, out);
	put_ignore(p, out);
	if (p->zone)
		ev_buf_puts(out, "  zone: UTC  # of times that name none: a guess\n");
}

/* A contract for `*` is for all others; and a name that no YAML can hold is none. */
static bool is_type_name(const char *name)
{
	return name != NULL && name[0] != '\0' && strcmp(name, "*") != 0;
}

static void put_types(const struct ev_proposal *p, struct ev_buf *out)
{
	for (size_t i = 0; i < p->n_types; i++)
		if (p->type.jq != NULL && !is_type_name(p->types[i].name)) {
			ev_buf_puts(out, "# A type is called *, so there are no contracts.\n");
			return;
		}
	ev_buf_puts(out, "types:\n");
	for (size_t i = 0; i < p->n_types; i++) {
		const struct ev_proposal_type *t = &p->types[i];
		struct ev_buf count = {0};

		ev_infer_put_things(t->events, "event", &count);
		ev_buf_puts(out, "  ");
		ev_write_text(t->name != NULL ? t->name : p->name, out);
		ev_buf_putc(out, ':');
		ev_write_comment(ev_buf_str(&count), out);
		ev_write_schema(t, out, 4);
		ev_buf_free(&count);
	}
	ev_buf_puts(out, "unknown_types: pass  # reject, when these are all that there can be\n");
}

static void put_table(const struct ev_proposal_table *t, bool fact, struct ev_buf *out)
{
	ev_buf_printf(out, "    %s:", t->name);
	ev_write_comment(t->why, out);
	ev_buf_putc(out, '\n');
	if (fact)
		ev_buf_puts(out, "      keep: latest\n");
	if (t->each != NULL) {
		ev_buf_puts(out, "      each: ");
		ev_write_text(t->each, out);
		ev_buf_putc(out, '\n');
	}
	if (t->of != NULL) {
		ev_buf_puts(out, "      for: [");
		ev_write_quoted(t->of->name, strlen(t->of->name), out);
		ev_buf_puts(out, "]\n");
	}
	if (t->key != NULL) {
		ev_buf_puts(out, "      key: ");
		ev_write_text(t->key, out);
		ev_buf_putc(out, '\n');
	}
	ev_buf_puts(out, "      columns:\n");
	for (size_t i = 0; i < t->n; i++) {
		const struct ev_proposal_column *c = &t->columns[i];

		ev_buf_printf(out, "        %s: {from: ", c->name);
		ev_write_text(c->from, out);
		ev_buf_puts(out, ", type: ");
		ev_write_text(c->type, out);
		if (c->dimension != NULL)
			ev_buf_printf(out, ", dimension: %s", c->dimension);
		ev_buf_puts(out, "}\n");
	}
}

static int year_of(struct ev_time t)
{
	const int64_t day = t.sec / 86400 - (t.sec % 86400 < 0);

	return ev_date_of_days(day).year;
}

static void put_star(const struct ev_proposal *p, struct ev_buf *out)
{
	ev_buf_puts(out, "star:\n  facts:\n");
	for (size_t i = 0; i < p->n_facts; i++)
		put_table(&p->facts[i], true, out);
	if (p->n_dimensions == 0 && !p->times.any)
		return;
	ev_buf_puts(out, "  dimensions:\n");
	for (size_t i = 0; i < p->n_dimensions; i++)
		put_table(&p->dimensions[i], false, out);
	if (p->times.any)
		ev_buf_printf(out,
			      "    dim_date:\n      calendar: {from: %04d-01-01, to: %04d-12-31}\n",
			      year_of(p->times.first), year_of(p->times.last));
}

static void put_measures(const struct ev_proposal *p, struct ev_buf *out)
{
	ev_buf_puts(out, p->n_measures > 0 ? "measures:\n" : "");
	for (size_t i = 0; i < p->n_measures; i++) {
		const struct ev_proposal_measure *m = &p->measures[i];

		ev_buf_printf(out, "  %s: {fact: %s, column: %s, currency: %s}\n", m->name, m->fact,
			      m->column, m->currency);
	}
}

static void put_head(const struct ev_proposal *p, struct ev_buf *out)
{
	ev_buf_puts(out, "# Proposed by evprofile from ");
	ev_infer_put_things(p->events, "event", out);
	ev_buf_puts(out, ". Read it, and change what you know better.\n");
	if (p->equal == 0)
		return;
	ev_buf_puts(out, "# ");
	ev_infer_put_things(p->equal, "event", out);
	ev_buf_puts(
		out,
		" came again with the same content, and evdedupe drops what comes again. If "
		"they are no\n# redeliveries, give each an id by evparse --add-id event_id, and "
		"profile them again.\n");
}

void ev_write_model(const struct ev_proposal *p, struct ev_buf *out)
{
	put_head(p, out);
	ev_buf_puts(out, "evkit: 1\nname: ");
	ev_write_text(p->name, out);
	ev_buf_putc(out, '\n');
	put_event(p, out);
	put_types(p, out);
	ev_write_expectations(p, out);
	put_star(p, out);
	put_measures(p, out);
	ev_buf_puts(out, "environments:\n  dev: {target: sqlite}\n");
}
