#include "expect/expect.h"
#include "expect/internal.h"
#include "io/in.h"
#include "schema/schema.h"

enum { MAX_FILE = 16 * 1024 * 1024 };

/* Opening */

static struct ev_suite *new_suite(const char *name, const char *file, const char *root,
				  const struct ev_suite_options *o)
{
	struct ev_suite *s = ev_calloc(1, sizeof *s);

	s->name = ev_strdup(name);
	s->file = ev_strdup(file);
	s->root = ev_strdup(root);
	s->options = *o;
	s->scan = ev_scan_new();
	s->locator = ev_locator_new();
	return s;
}

struct ev_suite *ev_suite_of_model(const struct ev_model *m, const struct ev_suite_options *o,
				   struct ev_error *err)
{
	struct ev_suite *s = new_suite(m->name, m->file != NULL ? m->file : "", m->root, o);

	if (m->expectations != NULL && !ev_suite_read_model(s, m->expectations, err))
		ev_suite_free(&s);
	return s;
}

struct ev_suite *ev_suite_of_file(const char *file, const char *root,
				  const struct ev_suite_options *o, struct ev_error *err)
{
	struct ev_suite *s = new_suite(file, file, root, o);
	struct ev_yaml_doc *doc = NULL;
	char *text = NULL;
	size_t len;

	if (ev_in_slurp(file, MAX_FILE, &text, &len, err) != EV_OK ||
	    (doc = ev_yaml_read_json(file, text, len, err)) == NULL ||
	    !ev_suite_read_file(s, ev_yaml_root(doc), err))
		ev_suite_free(&s);
	ev_yaml_free(&doc);
	free(text);
	return s;
}

void ev_suite_free(struct ev_suite **suite)
{
	struct ev_suite *s = *suite;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct ev_expect *e = &s->list[i];

		if (e->own != NULL && e->ops->close != NULL)
			e->ops->close(e);
		free(e->own);
		free(e->kwargs);
		free(e->meta);
		free(e->id);
		free(e->notes);
		free(e->description);
		free(e->mostly);
		free(e->remembered);
		free(e->asks.list);
		ev_expect_limit_free(&e->range.min);
		ev_expect_limit_free(&e->range.max);
		ev_expect_values_free(&e->set);
		ev_expect_sample_free(&e->sample);
		ev_buf_free(&e->error);
		ev_buf_free(&e->result);
		ev_buf_free(&e->histogram);
	}
	for (size_t i = 0; i < s->n_columns; i++) {
		ev_path_free(&s->columns[i].path);
		ev_containers_free(&s->columns[i].containers);
	}
	while (s->conditions != NULL) {
		struct ev_expect_condition *c = s->conditions;

		s->conditions = c->next;
		ev_expr_free(&c->expr);
		free(c->text);
		free(c->asks.list);
		free(c);
	}
	free(s->list);
	free(s->columns);
	ev_containers_free(&s->containers);
	ev_schema_set_free(&s->schemas);
	ev_scan_free(&s->scan);
	ev_locator_free(&s->locator);
	ev_arena_free(&s->arena);
	ev_buf_free(&s->scratch);
	ev_buf_free(&s->shown);
	ev_buf_free(&s->key);
	free(s->name);
	free(s->file);
	free(s->root);
	free(s);
	*suite = NULL;
}

size_t ev_suite_count(const struct ev_suite *s)
{
	return s->n;
}

const char *ev_suite_name(const struct ev_suite *s)
{
	return s->name;
}

enum ev_outcome ev_suite_outcome(const struct ev_suite *s, size_t i)
{
	return s->list[i].outcome;
}

bool ev_suite_is_critical(const struct ev_suite *s, size_t i)
{
	return s->list[i].severity == SEVERITY_CRITICAL;
}

void ev_suite_digest(const struct ev_suite *s, char out[33])
{
	struct ev_digest *digest = ev_digest_new();

	for (size_t i = 0; i < s->n; i++) {
		const char *parts[] = {s->list[i].kind->name, s->list[i].kwargs};

		for (size_t k = 0; k < 2; k++)
			ev_digest_add(digest, parts[k], strlen(parts[k]) + 1);
	}
	ev_hash128_hex(ev_digest_value(digest), out);
	ev_digest_free(&digest);
}

/* Paths */

void ev_suite_ask(struct ev_suite *s, struct ev_presence *presence)
{
	s->presence = presence;
	for (size_t i = 0; i < s->n; i++) {
		struct ev_expect *e = &s->list[i];
		struct ev_presence_by by = {e->kind->name, s->file, e->place};

		for (size_t k = 0; k < e->n_columns; k++)
			ev_presence_add(presence, NULL, ev_expect_column_of(e, k)->path, &by,
					&e->asks);
		if (e->condition != NULL)
			ev_presence_add_expr(presence, e->condition->expr, &by,
					     &e->condition->asks);
	}
}

void ev_suite_asked(struct ev_suite *s)
{
	for (const struct ev_expect_condition *c = s->conditions; c != NULL; c = c->next)
		ev_presence_ask(s->presence, &c->asks);
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].n.met || s->list[i].condition == NULL)
			ev_presence_ask(s->presence, &s->list[i].asks);
}

/* An expectation on a path that no event has is inconclusive, never passed. */
static void judge_paths(struct ev_expect *e)
{
	const struct ev_presence *presence = e->suite->presence;
	const char *path = NULL;

	if (presence != NULL && e->condition != NULL)
		path = ev_presence_absent(presence, &e->condition->asks);
	if (presence != NULL && path == NULL && (e->n.met || e->condition == NULL))
		path = ev_presence_absent(presence, &e->asks);
	if (path == NULL || e->outcome == EV_EXPECT_FAIL)
		return;
	e->outcome = EV_EXPECT_INCONCLUSIVE;
	ev_buf_reset(&e->error);
	ev_buf_printf(&e->error, "no event of the batch has %s", path);
}

/* Judging */

static void judge(struct ev_expect *e)
{
	ev_buf_reset(&e->result);
	ev_buf_putc(&e->result, '{');
	(e->ops->judge != NULL ? e->ops->judge : ev_expect_judge_rows)(e, &e->result);
	ev_buf_putc(&e->result, '}');
	if (e->n.undecided > 0 || e->n.misfits > 0)
		e->outcome = EV_EXPECT_FAIL;
	judge_paths(e);
	ev_arena_reset(&e->suite->arena);
}

enum ev_status ev_suite_judge(struct ev_suite *s, ev_suite_put *put, void *ctx,
			      struct ev_error *err)
{
	struct ev_buf line = {0};
	enum ev_status st = EV_OK;

	ev_expect_add_counted(s);
	for (size_t i = 0; i < s->n && st == EV_OK; i++) {
		struct ev_expect *e = &s->list[i];

		if (put != NULL) {
			ev_buf_reset(&line);
			ev_expect_state_write(s, i, &line);
			st = put(ctx, line.p, line.len, err);
		}
		if (st == EV_OK && e->ops->finish != NULL)
			st = e->ops->finish(e, i, put, ctx, err);
		if (st == EV_OK)
			judge(e);
	}
	ev_buf_free(&line);
	return st;
}
