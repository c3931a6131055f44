/*
 * PostgreSQL as a target: the ledger, and what a load begins and ends with.
 */
#include "warehouse/postgres.h"
#include "warehouse/target.h"

#ifdef EV_LIBPQ

#include "base/mem.h"
#include "warehouse/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RECONNECTS = 20 }; /* half a second apart, after a lost COMMIT */

/* The entry that took the place of all before it. */
#define SINCE "coalesce((SELECT max(commit_no) FROM %s WHERE mode IN ('snapshot', 'whole')), 0)"

static enum ev_status postgres_known(struct ev_target *t, const char *batch, bool *known,
				     char digest[33], struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	PGresult *r;

	*known = false;
	if (ev_pg_settle(p, err) != EV_OK)
		return EV_FATAL;
	if (p->rejected) /* which flush tells */
		return EV_OK;
	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT digest FROM %s WHERE batch = $1 AND commit_no >= " SINCE
		      " ORDER BY commit_no DESC LIMIT 1",
		      p->ledger, p->ledger);
	r = ev_pg_ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 1, &batch, err);
	if (r == NULL)
		return EV_FATAL;
	*known = ev_pq.ntuples(r) == 1;
	if (*known)
		snprintf(digest, 33, "%s", ev_pq.getvalue(r, 0, 0));
	ev_pq.clear(r);
	return EV_OK;
}

static enum ev_status postgres_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
				    struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT count(*), coalesce(sum(rows), 0) FROM %s WHERE commit_no >= " SINCE,
		      p->ledger, p->ledger);
	r = ev_pg_ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	*batches = strtoull(ev_pq.getvalue(r, 0, 0), NULL, 10);
	*rows = strtoull(ev_pq.getvalue(r, 0, 1), NULL, 10);
	ev_pq.clear(r);
	return EV_OK;
}

static enum ev_status postgres_enter(struct ev_target *t, const struct ev_ledger_entry *e,
				     struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	char rows[24];
	const char *const values[] = {e->batch,	  e->digest,   e->mode,	 rows,
				      e->balance, e->position, e->model, e->offsets};
	PGresult *r;

	snprintf(rows, sizeof rows, "%llu", (unsigned long long)e->rows);
	ev_buf_reset(&p->scratch);
	ev_buf_printf(
		&p->scratch,
		"INSERT INTO %s "
		"(commit_no, batch, digest, mode, rows, balance, position, model, offsets) "
		"SELECT coalesce(max(commit_no), 0) + 1, $1, $2, $3, $4::int8, $5::jsonb, $6, $7, "
		"$8 FROM %s RETURNING commit_no",
		p->ledger, p->ledger);
	r = ev_pg_ask(p, "the ledger cannot be written", ev_buf_str(&p->scratch), 8, values, err);
	if (r == NULL)
		return EV_FATAL;
	free(p->last_batch);
	free(p->last_position);
	p->last_batch = ev_strdup(e->batch);
	p->last_position = e->position != NULL ? ev_strdup(e->position) : NULL;
	snprintf(p->last_digest, sizeof p->last_digest, "%s", e->digest);
	snprintf(p->last_number, sizeof p->last_number, "%s", ev_pq.getvalue(r, 0, 0));
	ev_pq.clear(r);
	return EV_OK;
}

static enum ev_status postgres_newest(struct ev_target *t, const struct ev_ledger_entry *e,
				      size_t n, bool *same, struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT batch, digest, mode FROM %s ORDER BY commit_no DESC LIMIT %zu",
		      p->ledger, n);
	r = ev_pg_ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	*same = n > 0 && (size_t)ev_pq.ntuples(r) == n;
	for (size_t i = 0; i < n && *same; i++) {
		const struct ev_ledger_entry *one = &e[n - 1 - i];

		*same = strcmp(ev_pq.getvalue(r, (int)i, 0), one->batch) == 0 &&
			strcmp(ev_pq.getvalue(r, (int)i, 1), one->digest) == 0 &&
			strcmp(ev_pq.getvalue(r, (int)i, 2), one->mode) == 0;
	}
	ev_pq.clear(r);
	return EV_OK;
}

static void hang_up(struct ev_postgres *p)
{
	ev_pq.finish(p->conn);
	p->conn = NULL;
	ev_pg_forget(p);
}

/* Whether the newest entry is in the ledger, once the transaction of old is over. */
static enum ev_status ask_ledger(struct ev_postgres *p, bool *in, struct ev_error *err)
{
	const struct timespec pause = {.tv_nsec = 500000000};
	const char *const values[] = {p->last_number, p->last_batch, p->last_digest,
				      p->last_position};
	enum ev_status st = EV_FATAL;
	PGresult *r;

	for (int i = 0; i < RECONNECTS && st != EV_OK; i++) {
		hang_up(p);
		if (i > 0)
			nanosleep(&pause, NULL);
		st = ev_pg_connect(p, err);
	}
	if (st != EV_OK || ev_pg_begin(p, "READ WRITE", err) != EV_OK ||
	    ev_pg_lock(p, err) != EV_OK)
		return EV_FATAL;
	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT FROM %s WHERE commit_no = $1::int8 AND batch = $2 AND digest = $3 "
		      "AND position IS NOT DISTINCT FROM $4",
		      p->ledger);
	r = ev_pg_ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 4, values, err);
	if (r == NULL)
		return EV_FATAL;
	*in = ev_pq.ntuples(r) == 1;
	ev_pq.clear(r);
	return ev_pg_run(p, "COMMIT", "COMMIT", err);
}

/*
 * A COMMIT of which no word comes back may have been made all the same, so the ledger is asked. One
 * that is answered with ROLLBACK was none.
 */
static enum ev_status postgres_commit(struct ev_target *t, struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	PGresult *r = ev_pq.exec(p->conn, "COMMIT");
	bool in = ev_pq.resultStatus(r) == PGRES_COMMAND_OK &&
		  strcmp(ev_pq.cmdStatus(r), "COMMIT") == 0;
	struct ev_error unused;

	if (!in)
		ev_pg_trouble(p, "COMMIT", r, err);
	ev_pq.clear(r);
	if (!in && ask_ledger(p, &in, &unused) != EV_OK)
		return ev_fail(err,
			       "%s: the connection was lost at COMMIT, and the server does not "
			       "tell whether the load is in: run the same line again, which loads "
			       "nothing twice",
			       p->name);
	if (!in)
		return EV_FATAL;
	ev_pg_forget(p);
	return EV_OK;
}

static void postgres_abandon(struct ev_target *t)
{
	struct ev_postgres *p = ev_postgres_of(t);
	struct ev_error unused;

	if (ev_pg_settle(p, &unused) != EV_OK ||
	    ev_pg_run(p, "ROLLBACK", "ROLLBACK", &unused) != EV_OK)
		hang_up(p);
	ev_pg_forget(p);
}

static void postgres_free(struct ev_target *t)
{
	struct ev_postgres *p = ev_postgres_of(t);

	hang_up(p);
	ev_pg_free_waiting(p);
	ev_buf_free(&p->scratch);
	free(p->last_batch);
	free(p->last_position);
	free(p->schema);
	free(p->ledger);
	free(p->name);
	free(p);
}

static enum ev_status strange(struct ev_postgres *p, const char *what, const char *which,
			      struct ev_error *err)
{
	return ev_fail(err,
		       "%s: the ledger is not as evload writes it: %s of the row with commit_no "
		       "%.40s: put back ev_ledger as it was, or load a snapshot into tables made "
		       "anew",
		       p->name, what, which);
}

/* A ledger that other hands made or changed may hold anything. */
static enum ev_status check_ledger(struct ev_postgres *p, struct ev_error *err)
{
	enum ev_status st = EV_OK;
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(
		&p->scratch,
		"SELECT * FROM (SELECT CASE "
		"WHEN (commit_no BETWEEN 1 AND 1000000000000000) IS NOT TRUE THEN 'commit_no' "
		"WHEN batch IS NULL THEN 'batch' "
		"WHEN (length(digest) = 32) IS NOT TRUE THEN 'digest' "
		"WHEN (mode IN ('insert', 'snapshot', 'changes', 'whole')) IS NOT TRUE THEN 'mode' "
		"WHEN (rows BETWEEN 0 AND 1000000000000000) IS NOT TRUE THEN 'rows' "
		"WHEN balance IS NULL THEN 'balance' "
		"WHEN (position IS NULL) = (mode IN ('changes', 'whole')) THEN 'position' "
		"WHEN (model IS NULL) <> (position IS NULL) THEN 'model' END AS what, "
		"coalesce(commit_no::text, 'NULL') FROM %s UNION ALL "
		"SELECT 'a second', commit_no::text FROM %s GROUP BY commit_no "
		"HAVING count(*) > 1) x WHERE what IS NOT NULL LIMIT 1",
		p->ledger, p->ledger);
	r = ev_pg_ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	if (ev_pq.ntuples(r) > 0)
		st = strange(p, ev_pq.getvalue(r, 0, 0), ev_pq.getvalue(r, 0, 1), err);
	ev_pq.clear(r);
	p->checked = st == EV_OK;
	return st;
}

/* What the newest entry says. */
static enum ev_status read_standing(struct ev_postgres *p, struct ev_standing *standing,
				    struct ev_error *err)
{
	enum ev_status st = EV_OK;
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT commit_no, position, model FROM %s ORDER BY commit_no DESC LIMIT 1",
		      p->ledger);
	r = ev_pg_ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	*standing = (struct ev_standing){.fresh = ev_pq.ntuples(r) == 0};
	standing->follows = !standing->fresh && !ev_pq.getisnull(r, 0, 1);
	if (standing->follows) {
		snprintf(standing->model, sizeof standing->model, "%s", ev_pq.getvalue(r, 0, 2));
		if (!ev_point_read(ev_pq.getvalue(r, 0, 1), &standing->at))
			st = strange(p, "position", ev_pq.getvalue(r, 0, 0), err);
	}
	ev_pq.clear(r);
	return st;
}

static enum ev_status postgres_offsets(struct ev_target *t, struct ev_offsets *all,
				       struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);
	enum ev_status st = EV_OK;
	PGresult *r;

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch,
		      "SELECT offsets, commit_no FROM %s WHERE offsets IS NOT NULL "
		      "ORDER BY commit_no DESC LIMIT 1",
		      p->ledger);
	r = ev_pg_ask(p, "the ledger cannot be read", ev_buf_str(&p->scratch), 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	if (ev_pq.ntuples(r) > 0 &&
	    !ev_offsets_parse(ev_pq.getvalue(r, 0, 0), (size_t)ev_pq.getlength(r, 0, 0), all))
		st = strange(p, "offsets", ev_pq.getvalue(r, 0, 1), err);
	ev_pq.clear(r);
	return st;
}

static enum ev_status postgres_begin(struct ev_target *t, struct ev_standing *standing,
				     struct ev_error *err)
{
	struct ev_postgres *p = ev_postgres_of(t);

	if ((p->conn == NULL && ev_pg_connect(p, err) != EV_OK) ||
	    ev_pg_begin(p, "READ WRITE", err) != EV_OK || ev_pg_find_ledger(p, err) != EV_OK ||
	    ev_pg_lock(p, err) != EV_OK ||
	    (!p->checked && (ev_pg_check_is_plain(p, NULL, p->ledger, err) != EV_OK ||
			     check_ledger(p, err) != EV_OK)))
		return EV_FATAL;
	for (size_t i = 0; i < p->tables->n; i++)
		if (ev_pg_check_table(p, &p->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	if (read_standing(p, standing, err) != EV_OK)
		return EV_FATAL;
	p->straight = true;
	return EV_OK;
}

static const struct ev_target_ops ops = {.check = ev_pg_check,
					 .begin = postgres_begin,
					 .known = postgres_known,
					 .live = postgres_live,
					 .clear = ev_pg_clear,
					 .erase = ev_pg_erase,
					 .insert = ev_pg_insert,
					 .flush = ev_pg_flush,
					 .offsets = postgres_offsets,
					 .enter = postgres_enter,
					 .newest = postgres_newest,
					 .commit = postgres_commit,
					 .abandon = postgres_abandon,
					 .free = postgres_free};

static struct ev_postgres *new_postgres(const char *url, const char *schema,
					const struct ev_tables *tables, const char *model)
{
	struct ev_postgres *p = ev_calloc(1, sizeof *p);

	p->target = (struct ev_target){.ops = &ops, .name = url, .keeps = true};
	p->where = ev_pg_conninfo(url);
	p->name = ev_strndup(url, p->where[0] == '\0' ? strlen(url) - 1 : strlen(url));
	p->schema = schema != NULL ? ev_strdup(schema) : NULL;
	p->model = model;
	p->tables = tables;
	p->waiting = ev_calloc(tables->n, sizeof *p->waiting);
	return p;
}

static struct ev_target *postgres_open(const char *url, const char *schema,
				       const struct ev_tables *tables, const char *model,
				       struct ev_error *err)
{
	struct ev_postgres *p;

	if (ev_dialect_takes(ev_dialect_find("postgres"), tables, model, err) != EV_OK ||
	    ev_pg_library(err) != EV_OK || ev_pg_check_url(url, err) != EV_OK)
		return NULL;
	p = new_postgres(url, schema, tables, model);
	if (ev_pg_connect(p, err) == EV_OK)
		return &p->target;
	postgres_free(&p->target);
	return NULL;
}

static enum ev_status postgres_stand(const char *url, const char *schema, const char *model,
				     struct ev_standing *standing, struct ev_offsets *offsets,
				     struct ev_error *err)
{
	static const struct ev_tables none = {NULL, 0};
	struct ev_postgres *p;
	enum ev_status st;

	if (ev_pg_library(err) != EV_OK || ev_pg_check_url(url, err) != EV_OK)
		return EV_FATAL;
	p = new_postgres(url, schema, &none, model);
	st = ev_pg_connect(p, err);
	if (st == EV_OK)
		st = ev_pg_begin(p, "READ ONLY", err);
	if (st == EV_OK)
		st = ev_pg_find_ledger(p, err);
	if (st == EV_OK)
		st = check_ledger(p, err);
	if (st == EV_OK)
		st = read_standing(p, standing, err);
	if (st == EV_OK)
		st = postgres_offsets(&p->target, offsets, err);
	postgres_free(&p->target);
	return st;
}

#else

static enum ev_status absent(struct ev_error *err)
{
	return ev_fail(err, "postgresql: this evload was built without libpq: install libpq-dev, "
			    "and configure and build evkit again");
}

static struct ev_target *postgres_open(const char *url, const char *schema,
				       const struct ev_tables *tables, const char *model,
				       struct ev_error *err)
{
	(void)url;
	(void)schema;
	(void)tables;
	(void)model;
	absent(err);
	return NULL;
}

static enum ev_status postgres_stand(const char *url, const char *schema, const char *model,
				     struct ev_standing *standing, struct ev_offsets *offsets,
				     struct ev_error *err)
{
	(void)url;
	(void)schema;
	(void)model;
	(void)standing;
	(void)offsets;
	return absent(err);
}

#endif

const struct ev_engine ev_postgres = {
	.dialect = "postgres", .open = postgres_open, .stand = postgres_stand};
