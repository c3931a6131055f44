#include "validate/validate.h"
#include "base/mem.h"
#include "contract/contracts.h"
#include "schema/schema.h"
#include "validate/verdict.h"

#include <stdlib.h>

struct ev_validate {
	const struct ev_model *m;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_scan *scan; /* for one schema alone */
	struct ev_schema_set *schemas;
	const struct ev_schema *schema;
	struct ev_contracts *contracts; /* NULL: one schema is all */
	struct ev_reasons why;
	uint64_t n_out;
	uint64_t n_warned;
	uint64_t n_dropped;
	struct ev_count counts[4];
	struct ev_verdict *verdict;	/* of the batch; NULL: there is none to be made */
	const struct ev_event *current; /* of the record in hand, as far as it was read */
	const struct ev_record *record;
};

static struct ev_validate *new_engine(const struct ev_model *m, struct ev_port *port)
{
	struct ev_validate *v = ev_calloc(1, sizeof *v);

	v->m = m;
	v->port = port;
	v->counts[0] = (struct ev_count){"out", &v->n_out, true, false};
	v->counts[1] = (struct ev_count){"warning", &v->n_warned, false, false};
	if (m != NULL && m->unknown_types == EV_UNKNOWN_DROP)
		v->counts[2] = (struct ev_count){"dropped", &v->n_dropped, true, false};
	return v;
}

void ev_validate_free(struct ev_validate **validate)
{
	struct ev_validate *v = *validate;

	if (v == NULL)
		return;
	ev_contracts_free(&v->contracts);
	ev_schema_set_free(&v->schemas);
	ev_events_free(&v->events);
	ev_scan_free(&v->scan);
	ev_reasons_free(&v->why);
	free(v);
	*validate = NULL;
}

const struct ev_count *ev_validate_counts(const struct ev_validate *v)
{
	return v->counts;
}

const char *ev_validate_lint(struct ev_validate *v, size_t i)
{
	return v->contracts != NULL ? ev_contracts_lint(v->contracts, i)
				    : ev_schema_set_lint(v->schemas, i);
}

struct ev_presence *ev_validate_presence(struct ev_validate *v)
{
	return v->contracts != NULL ? ev_contracts_presence(v->contracts) : NULL;
}

/* Opening */

static void note_warning(void *ctx, const struct ev_rule *rule)
{
	struct ev_validate *v = ctx;

	v->n_warned++;
	if (v->verdict != NULL && ev_verdict_batch(v->verdict) != NULL)
		ev_batch_warn(ev_verdict_batch(v->verdict), v->current, v->record, rule);
}

struct ev_validate *ev_validate_open(const struct ev_model *m, struct ev_port *port,
				     struct ev_error *err)
{
	struct ev_validate *v = new_engine(m, port);

	v->events = ev_events_new(m, EV_CHECK_ALL, EV_TRUST_RAW);
	v->contracts = ev_contracts_open(m, v->events, err);
	if (v->contracts == NULL)
		ev_validate_free(&v);
	else
		ev_contracts_warn(v->contracts, note_warning, v);
	return v;
}

static bool compile_schema(struct ev_validate *v, const struct ev_validate_schema *s,
			   struct ev_error *err)
{
	const char *slash = strrchr(s->file, '/');
	char *root = slash != NULL
			     ? ev_strndup(s->file, slash == s->file ? 1 : (size_t)(slash - s->file))
			     : ev_strdup(".");

	v->schemas = ev_schema_set_new(root);
	ev_schema_set_symbols(v->schemas, ev_scan_symbols(v->scan));
	free(root);
	ev_schema_set_formats(v->schemas, !s->formats_annotate);
	if (s->draft != NULL && !ev_schema_set_draft(v->schemas, s->draft)) {
		ev_fail(err,
			"there is no draft '%s': name 2020-12, 2019-09, draft-07, draft-06 or "
			"draft-04",
			s->draft);
		return false;
	}
	if (s->folder != NULL && !ev_schema_set_map(v->schemas, s->folder, s->base, err))
		return false;
	v->schema = ev_schema_file(v->schemas, slash != NULL ? slash + 1 : s->file, err);
	return v->schema != NULL;
}

struct ev_validate *ev_validate_open_schema(const struct ev_validate_schema *schema,
					    struct ev_port *port, struct ev_error *err)
{
	struct ev_validate *v = new_engine(NULL, port);

	v->scan = ev_scan_new();
	if (!compile_schema(v, schema, err))
		ev_validate_free(&v);
	return v;
}

/* The batch as a whole */

static void note_reject(void *ctx, const struct ev_record *rec, const char *origin,
			size_t origin_len, const struct ev_reasons *why)
{
	struct ev_validate *v = ctx;

	ev_batch_reject(ev_verdict_batch(v->verdict), v->current, rec, origin, origin_len, why);
}

void ev_validate_for(struct ev_validate *v, struct ev_verdict *verdict)
{
	v->verdict = verdict;
	if (verdict != NULL)
		ev_verdict_read_from(verdict, v->events, ev_validate_presence(v));
	if (verdict != NULL && ev_verdict_batch(verdict) != NULL)
		ev_rejects_watch(v->port->rejects, note_reject, v);
}

/* Judging */

static enum ev_status step_schema(struct ev_validate *v, const struct ev_record *rec,
				  struct ev_error *err)
{
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan_line(v->scan, rec->index, rec->nth, rec->len, &flaw);

	ev_reasons_reset(&v->why);
	if (d == NULL) {
		ev_reasons_of_flaw(&flaw, 0, &v->why);
	} else if (d->duplicate != EV_NOWHERE) {
		ev_reasons_add(&v->why, "column %u: the same name stands twice in one object",
			       d->duplicate + 1);
		v->why.code = "duplicate-name";
	} else if (ev_contract_schema(v->schema, NULL, d, EV_NOWHERE, &v->why)) {
		v->n_out++;
		return ev_port_line(v->port, rec->p, rec->len, err);
	}
	return ev_rejects_put(v->port->rejects, rec, NULL, 0, &v->why, err);
}

enum ev_status ev_validate_step(struct ev_validate *v, const struct ev_record *rec,
				struct ev_error *err)
{
	struct ev_event event;
	enum ev_status st;

	if (v->schema != NULL)
		return step_schema(v, rec, err);
	v->current = &event;
	v->record = rec;
	st = ev_events_read(v->events, rec, &event, &v->why);
	if (st == EV_OK && ev_contracts_drop(v->contracts, &event)) {
		v->current = NULL;
		v->n_dropped++;
		return EV_OK;
	}
	if (st != EV_OK || !ev_contracts_judge(v->contracts, &event, &v->why) ||
	    (v->verdict != NULL && !ev_verdict_passes(v->verdict, &event, &v->why))) {
		st = ev_rejects_put(v->port->rejects, rec, event.origin, event.origin_len, &v->why,
				    err);
		v->current = NULL;
		return st;
	}
	v->current = NULL;
	ev_contracts_passed(v->contracts, &event);
	if (v->verdict != NULL && ev_verdict_pass(v->verdict, &event, rec, err) == EV_FATAL)
		return EV_FATAL;
	v->n_out++;
	return ev_port_line(v->port, rec->p, rec->len, err);
}
