/*
 * Sections: what each may be for this target, and how it comes into the ledger.
 */
#include "load/internal.h"

#include <stdlib.h>

struct ev_load *ev_load_open(const struct ev_model *m, const struct ev_tables *tables,
			     struct ev_target *target, bool snapshot, bool empty, bool sealed)
{
	struct ev_load *l = ev_calloc(1, sizeof *l);

	l->tables = tables;
	l->target = target;
	l->snapshot = snapshot;
	l->may_be_empty = empty;
	l->sealed = sealed;
	ev_load_open_rows(l, m);
	l->counts[0] = (struct ev_count){"row", &l->n_row, true, false};
	l->counts[1] = (struct ev_count){"delete", &l->n_delete, true, false};
	l->counts[2] = (struct ev_count){"skipped", &l->n_skipped, true, false};
	ev_model_digest(m, EV_PART_ALL, l->model);
	return l;
}

void ev_load_free(struct ev_load **load)
{
	struct ev_load *l = *load;

	if (l == NULL)
		return;
	ev_load_free_rows(l);
	ev_buf_free(&l->loaded);
	free(l->batch);
	for (size_t i = 0; i < l->n_entries; i++) {
		free(l->entries[i].batch);
		free(l->entries[i].balance);
		free(l->entries[i].offsets);
	}
	free(l->entries);
	free(l);
	*load = NULL;
}

const struct ev_count *ev_load_counts(const struct ev_load *l)
{
	return l->counts;
}

bool ev_load_is_eventful(const struct ev_load *l)
{
	return l->eventful;
}

/* Sections out of a state */

static enum ev_status check_standing(const struct ev_load *l, const struct ev_span *span,
				     struct ev_error *err)
{
	const struct ev_standing *s = &l->standing;
	const char *name = l->target->name, *environment = l->target->environment;

	if (l->target->ops->show != NULL && l->n_begun > 1)
		return ev_fail(err,
			       "%s: a bundle is of one section, and more come: give each a folder "
			       "of its own, or have evversion --since show all in one",
			       name);
	if (l->target->ops->show == NULL && !l->target->keeps && (span->from > 0 || l->n_begun > 1))
		return ev_fail(
			err,
			"%s keeps no position, so it takes one section alone, which shows all of "
			"a state: evversion --since 0",
			name);
	if (span->from > 0 && !s->fresh && !s->follows)
		return ev_fail(
			err,
			"%s was loaded without a state, so it stands at no position of one: "
			"evversion --since 0 puts all of a state in the place of what is there",
			name);
	if (span->from > s->at.number && (s->fresh || strcmp(s->at.store, span->to.store) == 0))
		return ev_fail(
			err,
			"%s stands at commit %llu, and this shows only what came behind commit "
			"%llu: run the same line with evversion --since \"$(evload "
			"%s%s%s--position %s)\"",
			name, (unsigned long long)s->at.number, (unsigned long long)span->from,
			environment != NULL ? "-e " : "", environment != NULL ? environment : "",
			environment != NULL ? " " : "", name);
	if (ev_span_check(span, &s->at, l->model, name, err) != EV_OK)
		return EV_FATAL;
	if (span->from > 0 && s->follows && strcmp(s->model, l->model) != 0)
		return ev_fail(
			err,
			"%s was loaded by another model: evversion --since 0 takes the new one",
			name);
	return EV_OK;
}

/* Whatever is deleted for one that stands anywhere in the section is deleted for its end. */
static void stand_anywhere(struct ev_load *l, const struct ev_span *span)
{
	l->standing = (struct ev_standing){.follows = true, .at = span->to};
	memcpy(l->standing.model, l->model, sizeof l->model);
}

static enum ev_status begin_span(struct ev_load *l, const struct ev_span *span,
				 struct ev_error *err)
{
	if (l->snapshot)
		return ev_fail(err,
			       "the input comes out of a state, and a snapshot is of input without "
			       "one: leave out --snapshot; evversion --since 0 shows all");
	if (l->target->ops->show != NULL)
		stand_anywhere(l, span);
	if (check_standing(l, span, err) != EV_OK)
		return EV_FATAL;
	l->to = span->to;
	l->whole = span->from == 0;
	if (l->target->ops->show != NULL)
		return l->target->ops->show(l->target, span, err);
	if (l->whole)
		return l->target->ops->clear(l->target, err);
	l->known = l->standing.at.number == l->to.number;
	return EV_OK;
}

/* A batch without a state */

static enum ev_status begin_batch(struct ev_load *l, struct ev_error *err)
{
	if (l->snapshot) /* of all sections */
		return l->n_begun == 1 ? l->target->ops->clear(l->target, err) : EV_OK;
	if (l->may_be_empty)
		return ev_fail(err,
			       "--empty goes with --snapshot, or with what shows all of a state");
	if (l->standing.follows)
		return ev_fail(
			err,
			"%s follows the state %s, and what comes without one cannot be added to "
			"that: load what comes out of it, or a snapshot of all days",
			l->target->name, l->standing.at.store);
	if (l->batch == NULL)
		return EV_OK;
	return l->target->ops->known(l->target, l->batch, &l->known, l->known_digest, err);
}

enum ev_status ev_load_begin(struct ev_load *l, const char *batch, const struct ev_span *span,
			     struct ev_error *err)
{
	free(l->batch);
	l->batch = batch != NULL ? ev_strdup(batch) : NULL;
	l->known = l->conflicting = false;
	l->lines = l->rows = 0;
	if (l->n_begun++ > 0 && l->by_position != (span != NULL))
		return ev_fail(err,
			       "the input has sections that come out of a state and others that do "
			       "not: load them one by one");
	l->by_position = span != NULL;
	if (!l->open && l->target->ops->begin(l->target, &l->standing, err) != EV_OK)
		return EV_FATAL;
	l->open = true;
	return span != NULL ? begin_span(l, span, err) : begin_batch(l, err);
}

/*
 * A section that is given twice would double its rows where no primary key is in the way. Empty
 * ones without a name look alike, and do no harm.
 */
static enum ev_status check_once(const struct ev_load *l, struct ev_error *err)
{
	for (size_t i = 0; i < l->n_entries && l->lines > 0; i++)
		if (strcmp(l->entries[i].batch, l->batch) == 0)
			return ev_fail(err,
				       "batch %s stands twice in the input: give each section once",
				       l->batch);
	return EV_OK;
}

static enum ev_status keep_entry(struct ev_load *l, const char *digest, const char *balance)
{
	struct ev_load_entry *e;

	l->entries = ev_realloc_array(l->entries, l->n_entries + 1, sizeof *l->entries);
	e = &l->entries[l->n_entries++];
	*e = (struct ev_load_entry){
		.batch = ev_strdup(l->batch), .balance = ev_strdup(balance), .rows = l->rows};
	if (l->loaded.len > 0)
		e->offsets = ev_strdup(ev_buf_str(&l->loaded));
	memcpy(e->digest, digest, sizeof e->digest);
	return EV_OK;
}

static enum ev_status no_event(const char *what, struct ev_error *err)
{
	return ev_fail(
		err,
		"the input has no event, and %s of none would leave no row of what was loaded: "
		"see what the programs before this one said; if it is meant, say --empty",
		what);
}

void ev_load_keep_offsets(struct ev_load *l, const struct ev_offsets *offsets)
{
	l->offsets = offsets;
}

/* How far topics are loaded with this batch. */
static enum ev_status find_offsets(struct ev_load *l, struct ev_error *err)
{
	const struct ev_target_ops *ops = l->target->ops;
	struct ev_offsets all = {0};
	enum ev_status st = EV_OK;

	ev_buf_reset(&l->loaded);
	l->further = false;
	if (l->offsets == NULL || l->offsets->n == 0)
		return EV_OK;
	if (ops->offsets != NULL)
		st = ops->offsets(l->target, &all, err);
	l->further = !ev_offsets_hold(&all, l->offsets);
	ev_offsets_add(&all, l->offsets);
	ev_offsets_write(&all, &l->loaded);
	ev_offsets_free(&all);
	return st;
}

/*
 * What came out of a state is committed there and then; also where it has brought nothing new but
 * that topics were read further.
 */
static enum ev_status end_span(struct ev_load *l, const char *digest, const char *balance,
			       struct ev_error *err)
{
	const struct ev_target_ops *ops = l->target->ops;
	char position[EV_STORE_POSITION];
	uint64_t batches = 0, rows = 0;
	struct ev_ledger_entry e = {.batch = l->batch,
				    .digest = digest,
				    .mode = l->whole ? "whole" : "changes",
				    .rows = l->known ? 0 : l->rows,
				    .balance = balance,
				    .position = position,
				    .model = l->model};

	if (l->loaded.len > 0)
		e.offsets = ev_buf_str(&l->loaded);
	if (l->known && !l->further) {
		ops->abandon(l->target);
		l->open = false;
		return EV_OK;
	}
	ev_point_write(&l->to, position);
	if (l->whole && ops->live(l->target, &batches, &rows, err) != EV_OK)
		return EV_FATAL;
	if (l->rows == 0 && rows > 0 && l->whole && !l->may_be_empty)
		return no_event("all of a state", err);
	if (ops->enter(l->target, &e, err) != EV_OK || ops->commit(l->target, err) != EV_OK)
		return EV_FATAL;
	l->open = false;
	l->did.done = true;
	if (batches > 0)
		l->did = (struct ev_loaded){true, batches, rows, true};
	return EV_OK;
}

enum ev_status ev_load_end(struct ev_load *l, const char *batch, const char *digest,
			   const char *balance, struct ev_error *err)
{
	struct ev_row there;

	if (l->batch == NULL) {
		l->batch = ev_strdup(batch != NULL ? batch : digest);
		if (!l->snapshot && !l->by_position &&
		    l->target->ops->known(l->target, l->batch, &l->known, l->known_digest, err) !=
			    EV_OK)
			return EV_FATAL;
	}
	if (l->known && !l->by_position) {
		if (memcmp(l->known_digest, digest, 32) == 0)
			return EV_OK;
		return ev_fail(err,
			       "batch %s was loaded before with other content: give it another "
			       "name, or load a snapshot of all days",
			       l->batch);
	}
	if (ev_load_judge(l, l->target->ops->flush(l->target, &there, err), &there) != EV_OK)
		return EV_FATAL;
	if (l->conflicting) {
		*err = l->conflict;
		return EV_FATAL;
	}
	if (find_offsets(l, err) != EV_OK)
		return EV_FATAL;
	if (l->by_position)
		return end_span(l, digest, balance, err);
	return check_once(l, err) == EV_OK ? keep_entry(l, digest, balance) : EV_FATAL;
}

/* The first batch of a snapshot replaces all that was there; those after it are added. */
static struct ev_ledger_entry entry_of(const struct ev_load *l, size_t i)
{
	const struct ev_load_entry *e = &l->entries[i];

	return (struct ev_ledger_entry){.batch = e->batch,
					.digest = e->digest,
					.mode = l->snapshot && i == 0 ? "snapshot" : "insert",
					.rows = e->rows,
					.balance = e->balance,
					.offsets = e->offsets};
}

static enum ev_status commit_batches(struct ev_load *l, struct ev_loaded *what,
				     struct ev_error *err)
{
	const struct ev_target_ops *ops = l->target->ops;
	struct ev_ledger_entry *all;
	enum ev_status st = EV_OK;
	bool same = false;

	if (l->snapshot && !l->eventful && !l->may_be_empty)
		return no_event("a snapshot", err);
	all = ev_calloc(l->n_entries, sizeof *all);
	for (size_t i = 0; i < l->n_entries; i++)
		all[i] = entry_of(l, i);
	if (l->snapshot)
		st = ops->newest(l->target, all, l->n_entries, &same, err);
	what->done = l->n_entries > 0 && !same;
	if (st == EV_OK && what->done && l->snapshot)
		st = ops->live(l->target, &what->replaced_batches, &what->replaced_rows, err);
	for (size_t i = 0; i < l->n_entries && st == EV_OK && what->done; i++)
		st = ops->enter(l->target, &all[i], err);
	if (st == EV_OK && what->done)
		st = ops->commit(l->target, err);
	free(all);
	return st;
}

enum ev_status ev_load_commit(struct ev_load *l, struct ev_loaded *what, struct ev_error *err)
{
	*what = l->did;
	return l->by_position ? EV_OK : commit_batches(l, what, err);
}
