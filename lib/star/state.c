#include "star/state.h"
#include "base/hash.h"
#include "base/mem.h"
#include "star/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARTS_OF_MEMORY = 4 };

struct ev_star_state *ev_star_state_new(const char *dir)
{
	struct ev_star_state *t = ev_calloc(1, sizeof *t);

	t->dir = dir;
	return t;
}

void ev_star_state_free(struct ev_star_state **state)
{
	struct ev_star_state *t = *state;

	if (t == NULL)
		return;
	ev_store_cursor_free(&t->old.cursor);
	ev_store_free(&t->store);
	ev_sort_free(&t->sort);
	ev_buf_free(&t->id);
	ev_buf_free(&t->who);
	ev_buf_free(&t->said.text);
	ev_buf_free(&t->before.text);
	free(t->said.list);
	free(t->before.list);
	ev_buf_free(&t->key);
	ev_buf_free(&t->old.key);
	ev_buf_free(&t->old.value);
	ev_buf_free(&t->text);
	free(t);
	*state = NULL;
}

/* Position */

static struct ev_point position(const struct ev_store *store)
{
	struct ev_point p = ev_store_position(store, ev_store_head(store));
	const char *follows = ev_store_note(store, "follows");

	memset(p.store, 0, sizeof p.store);
	if (p.number > 0 && strlen(follows) == EV_STORE_ID)
		memcpy(p.store, follows, EV_STORE_ID);
	return p;
}

static bool is_of_chain(const struct ev_span *span, const struct ev_point *p)
{
	return p->number == 0 ||
	       (strcmp(p->store, span->to.store) == 0 && p->number >= span->from &&
		p->number <= span->to.number &&
		memcmp(ev_span_digest(span, p->number), p->digest, EV_STORE_DIGEST) == 0);
}

/* Digests of the model: what evversion must have been run with, and what the members depend on. */
static const struct {
	const char *note; /* or NULL */
	enum ev_model_part part;
} depends[EV_STAR_DIGESTS] = {
	{NULL, EV_PART_ALL}, {"envelope", EV_PART_ENVELOPE}, {"star", EV_PART_STAR}};

static bool is_of_model(const struct ev_star_state *t)
{
	for (size_t i = 0; i < EV_STAR_DIGESTS && ev_store_head(t->store) > 0; i++)
		if (depends[i].note != NULL &&
		    strcmp(ev_store_note(t->store, depends[i].note), t->digests[i]) != 0)
			return false;
	return true;
}

/* Called once: it reads the schema files. */
static enum ev_status open_store(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;

	if (t->store != NULL)
		return EV_OK;
	for (size_t i = 0; i < EV_STAR_DIGESTS; i++)
		ev_model_digest(s->m, depends[i].part, t->digests[i]);
	t->store = ev_store_open(t->dir, &ev_store_members, EV_STORE_WRITE, err);
	return t->store != NULL ? EV_OK : EV_FATAL;
}

/*
 * A state that begins has nothing of the members that were gone before: who stands in front of that
 * commit cannot be told of them.
 */
static enum ev_status check_beginning(struct ev_star_state *t, const struct ev_span *span,
				      struct ev_error *err)
{
	const char *began = ev_store_note(t->store, "began");
	char number[24];

	if (span->from == 0 && ev_store_head(t->store) == 0) {
		snprintf(number, sizeof number, "%llu", (unsigned long long)span->to.number);
		ev_store_set_note(t->store, "began", number);
		return EV_OK;
	}
	if (span->from == 0 || span->from >= strtoull(began, NULL, 10))
		return EV_OK;
	return ev_fail(err,
		       "%s: began anew at commit %s, and cannot tell what has changed since commit "
		       "%llu: take everything with evversion --since 0",
		       t->dir, began, (unsigned long long)span->from);
}

static enum ev_status check(struct ev_star_state *t, const struct ev_span *span,
			    const struct ev_point *p, struct ev_error *err)
{
	if (ev_span_check(span, p, t->digests[0], t->dir, err) != EV_OK)
		return EV_FATAL;
	if (span->from > 0 && !is_of_model(t))
		return ev_fail(err,
			       "%s: was made by another model: take the new one with evversion "
			       "--since 0",
			       t->dir);
	return EV_OK;
}

enum ev_status ev_star_state_begin(struct ev_star *s, const struct ev_span *span,
				   struct ev_error *err)
{
	struct ev_star_state *t = s->state;
	struct ev_point p;

	if (span == NULL)
		return ev_fail(err, "--state takes what evversion --state wrote: give evversion a "
				    "state, or evstar none");
	if (open_store(s, err) != EV_OK)
		return EV_FATAL;
	p = position(t->store);
	if (check(t, span, &p, err) != EV_OK)
		return EV_FATAL;
	if (!is_of_chain(span, &p) || !is_of_model(t)) {
		ev_store_clear(t->store);
		p.number = 0;
	}
	if (check_beginning(t, span, err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < EV_STAR_DIGESTS; i++)
		if (depends[i].note != NULL)
			ev_store_set_note(t->store, depends[i].note, t->digests[i]);
	t->to = span->to;
	t->from = span->from;
	t->at = p.number;
	t->idle = p.number == span->to.number;
	t->direct = !t->idle && p.number == span->from && !s->history;
	t->inside = false;
	ev_buf_reset(&t->id);
	t->old.cursor = ev_store_cursor_new(t->store, 0);
	t->sort = ev_sort_new(s->options.memory / PARTS_OF_MEMORY, s->options.folder);
	return EV_OK;
}

/* Sections */

enum ev_status ev_star_state_finish(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;

	if (ev_star_state_end_event(s, err) != EV_OK ||
	    (!t->idle && ev_star_settle(s, err) != EV_OK))
		return EV_FATAL;
	t->inside = false;
	ev_store_cursor_free(&t->old.cursor);
	ev_sort_free(&t->sort);
	if (!t->idle && ev_store_prepare(t->store, err) != EV_OK)
		return EV_FATAL;
	return t->direct ? EV_OK : ev_star_emit_rows(s, err);
}

enum ev_status ev_star_commit(struct ev_star *s, struct ev_error *err)
{
	struct ev_star_state *t = s->state;

	return t->idle ? EV_OK : ev_store_commit_as(t->store, &t->to, err);
}

enum ev_status ev_star_merge(struct ev_star *s, struct ev_error *err)
{
	return ev_store_merge(s->state->store, err);
}
