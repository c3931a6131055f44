/*
 * SQLite as a target: the connection, the ledger, and what a load begins and ends with.
 */
#include "warehouse/sqlite.h"
#include "warehouse/dialect.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUSY_MS = 10000 };

enum ev_status ev_sqlite_trouble(struct ev_sqlite *s, const char *doing, struct ev_error *err)
{
	int rc = sqlite3_errcode(s->db);
	const char *advice = rc == SQLITE_BUSY || rc == SQLITE_LOCKED
				     ? ": another program holds it, try again"
			     : rc == SQLITE_FULL     ? ": make room on the disk"
			     : rc == SQLITE_READONLY ? ": make the file and its folder writable"
						     : "";

	if (rc == SQLITE_NOMEM)
		ev_oom();
	return ev_fail(err, "%s: %s: %s%s", s->file, doing, sqlite3_errmsg(s->db), advice);
}

enum ev_status ev_sqlite_run(struct ev_sqlite *s, const char *sql, struct ev_error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? EV_OK
		       : ev_sqlite_trouble(s, sql, err);
}

enum ev_status ev_sqlite_prepare(struct ev_sqlite *s, const char *sql, sqlite3_stmt **st,
				 struct ev_error *err)
{
	return sqlite3_prepare_v2(s->db, sql, -1, st, NULL) == SQLITE_OK
		       ? EV_OK
		       : ev_sqlite_trouble(s, sql, err);
}

int ev_sqlite_bind(sqlite3_stmt *st, int i, const char *text)
{
	return sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

const char *ev_sqlite_text(struct ev_sqlite *s, sqlite3_stmt *q, int i, struct ev_error *err)
{
	const char *text = (const char *)sqlite3_column_text(q, i);

	if (text == NULL)
		ev_sqlite_trouble(s, "a text cannot be read", err);
	return text;
}

/* The entry that took the place of all before it. */
#define SINCE \
	"coalesce((SELECT max(commit_no) FROM ev_ledger WHERE mode IN ('snapshot', 'whole')), 0)"

static enum ev_status sqlite_known(struct ev_target *t, const char *batch, bool *known,
				   char digest[33], struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	if (ev_sqlite_prepare(
		    s,
		    "SELECT digest FROM ev_ledger WHERE batch = ?1 AND commit_no >= " SINCE
		    " ORDER BY commit_no DESC LIMIT 1",
		    &q, err) != EV_OK)
		return EV_FATAL;
	rc = ev_sqlite_bind(q, 1, batch);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	*known = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW) {
		const char *text = ev_sqlite_text(s, q, 0, err);

		if (text != NULL)
			snprintf(digest, 33, "%s", text);
		else
			st = EV_FATAL;
	} else if (rc != SQLITE_DONE) {
		st = ev_sqlite_trouble(s, "the ledger cannot be read", err);
	}
	sqlite3_finalize(q);
	return st;
}

static enum ev_status sqlite_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
				  struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;

	if (ev_sqlite_prepare(s,
			      "SELECT count(*), coalesce(sum(rows), 0) FROM ev_ledger "
			      "WHERE commit_no >= " SINCE,
			      &q, err) != EV_OK)
		return EV_FATAL;
	if (sqlite3_step(q) == SQLITE_ROW) {
		*batches = (uint64_t)sqlite3_column_int64(q, 0);
		*rows = (uint64_t)sqlite3_column_int64(q, 1);
	} else {
		st = ev_sqlite_trouble(s, "the ledger cannot be read", err);
	}
	sqlite3_finalize(q);
	return st;
}

static enum ev_status sqlite_enter(struct ev_target *t, const struct ev_ledger_entry *e,
				   struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;

	if (ev_sqlite_prepare(
		    s,
		    "INSERT INTO ev_ledger "
		    "(commit_no, batch, digest, mode, rows, balance, position, model, offsets) "
		    "SELECT coalesce(max(commit_no), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM ev_ledger",
		    &q, err) != EV_OK)
		return EV_FATAL;
	if (ev_sqlite_bind(q, 1, e->batch) != SQLITE_OK ||
	    ev_sqlite_bind(q, 2, e->digest) != SQLITE_OK ||
	    ev_sqlite_bind(q, 3, e->mode) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 4, (int64_t)e->rows) != SQLITE_OK ||
	    ev_sqlite_bind(q, 5, e->balance) != SQLITE_OK ||
	    ev_sqlite_bind(q, 6, e->position) != SQLITE_OK ||
	    ev_sqlite_bind(q, 7, e->model) != SQLITE_OK ||
	    ev_sqlite_bind(q, 8, e->offsets) != SQLITE_OK || sqlite3_step(q) != SQLITE_DONE)
		st = ev_sqlite_trouble(s, "the ledger cannot be written", err);
	sqlite3_finalize(q);
	free(s->last_batch);
	free(s->last_position);
	s->last_batch = ev_strdup(e->batch);
	s->last_position = e->position != NULL ? ev_strdup(e->position) : NULL;
	snprintf(s->last_digest, sizeof s->last_digest, "%s", e->digest);
	return st;
}

/* Whether the row of the ledger that q stands on is this one. */
static enum ev_status is_entry(struct ev_sqlite *s, sqlite3_stmt *q,
			       const struct ev_ledger_entry *e, bool *same, struct ev_error *err)
{
	const char *const want[] = {e->batch, e->digest, e->mode};

	for (int i = 0; i < 3 && *same; i++) {
		const char *text = ev_sqlite_text(s, q, i, err);

		if (text == NULL)
			return EV_FATAL;
		*same = strcmp(text, want[i]) == 0;
	}
	return EV_OK;
}

static enum ev_status sqlite_newest(struct ev_target *t, const struct ev_ledger_entry *e, size_t n,
				    bool *same, struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	size_t i = n;
	int rc = SQLITE_DONE;

	if (ev_sqlite_prepare(s,
			      "SELECT batch, digest, mode FROM ev_ledger ORDER BY commit_no DESC",
			      &q, err) != EV_OK)
		return EV_FATAL;
	*same = true;
	while (st == EV_OK && *same && i > 0 && (rc = sqlite3_step(q)) == SQLITE_ROW)
		st = is_entry(s, q, &e[--i], same, err);
	if (st == EV_OK && *same && i > 0 && rc != SQLITE_DONE)
		st = ev_sqlite_trouble(s, "the ledger cannot be read", err);
	*same = *same && i == 0 && n > 0;
	sqlite3_finalize(q);
	return st;
}

/*
 * Closes the database. What is not committed is rolled back, here or by who opens it next, so an
 * error changes nothing.
 */
static void hang_up(struct ev_sqlite *s)
{
	ev_sqlite_finalize(s);
	if (s->db != NULL && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(s->db);
	s->db = NULL;
	s->ready = false;
}

static enum ev_status open_file(struct ev_sqlite *s, struct ev_error *err)
{
	struct ev_buf path = {0};
	int rc;

	/* One thread alone calls SQLite, so it needs no locks. It says no once it has begun. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* A name that begins with file: or a colon is no more than a name. */
	ev_buf_printf(&path, "%s%s", s->file[0] == '/' ? "" : "./", s->file);
	rc = sqlite3_open_v2(ev_buf_str(&path), &s->db, SQLITE_OPEN_READWRITE, NULL);
	ev_buf_free(&path);
	if (rc != SQLITE_OK)
		return ev_fail(err,
			       "%s: cannot be opened: %s: make it first with evschema -m %s -t "
			       "sqlite | sqlite3 %s",
			       s->file, s->db != NULL ? sqlite3_errmsg(s->db) : "no memory",
			       s->model, s->file);
	if (sqlite3_busy_timeout(s->db, BUSY_MS) != SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
		return ev_sqlite_trouble(s, "cannot be set up", err);
	return EV_OK;
}

/* Whether the newest entry is in the ledger, as any reader of the file sees it from now on. */
static bool is_in(struct ev_sqlite *s)
{
	sqlite3_stmt *q = NULL;
	struct ev_error err;
	bool in;

	hang_up(s);
	in = open_file(s, &err) == EV_OK &&
	     sqlite3_prepare_v2(s->db,
				"SELECT batch = ? AND digest = ? AND position IS ? FROM ev_ledger "
				"ORDER BY commit_no DESC LIMIT 1",
				-1, &q, NULL) == SQLITE_OK &&
	     ev_sqlite_bind(q, 1, s->last_batch) == SQLITE_OK &&
	     ev_sqlite_bind(q, 2, s->last_digest) == SQLITE_OK &&
	     ev_sqlite_bind(q, 3, s->last_position) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW &&
	     sqlite3_column_int(q, 0) == 1;
	sqlite3_finalize(q);
	return in;
}

/*
 * COMMIT can say no though the data is in: once the journal is gone, a folder that cannot be synced
 * takes nothing back. So the ledger is asked.
 */
static enum ev_status sqlite_commit(struct ev_target *t, struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);

	if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		return EV_OK;
	ev_fail(err, "%s: COMMIT: %s", s->file, sqlite3_errmsg(s->db));
	return is_in(s) ? EV_OK : EV_FATAL;
}

static void sqlite_abandon(struct ev_target *t)
{
	struct ev_sqlite *s = ev_sqlite_of(t);

	ev_sqlite_forget(s);
	if (sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		hang_up(s);
}

static void sqlite_free(struct ev_target *t)
{
	struct ev_sqlite *s = ev_sqlite_of(t);

	hang_up(s);
	ev_sqlite_free_rows(s);
	free(s->last_batch);
	free(s->last_position);
	ev_buf_free(&s->scratch);
	free(s->statements);
	free(s->file);
	free(s);
}

static enum ev_status strange(struct ev_sqlite *s, const char *what, const char *which,
			      struct ev_error *err)
{
	return ev_fail(err,
		       "%s: the ledger is not as evload writes it: %s of the row with commit_no "
		       "%.40s: put back ev_ledger as it was, or load a snapshot into a new file",
		       s->file, what, which);
}

/* A ledger that other hands made or changed may hold anything. */
static enum ev_status check_ledger(struct ev_sqlite *s, struct ev_error *err)
{
	static const char rows[] =
		"SELECT CASE WHEN typeof(commit_no) IS NOT 'integer' THEN 'commit_no' "
		"WHEN commit_no NOT BETWEEN 1 AND 1000000000000000 THEN 'commit_no' "
		"WHEN typeof(batch) IS NOT 'text' THEN 'batch' "
		"WHEN typeof(digest) IS NOT 'text' OR length(digest) <> 32 THEN 'digest' "
		"WHEN typeof(mode) IS NOT 'text' OR mode NOT IN ('insert', 'snapshot', 'changes', "
		"'whole') THEN 'mode' "
		"WHEN typeof(rows) IS NOT 'integer' THEN 'rows' "
		"WHEN rows NOT BETWEEN 0 AND 1000000000000000 THEN 'rows' "
		"WHEN typeof(balance) IS NOT 'text' THEN 'balance' "
		"WHEN typeof(position) IS NOT iif(mode IN ('changes', 'whole'), 'text', 'null') "
		"THEN 'position' WHEN typeof(model) IS NOT typeof(position) THEN 'model' "
		"WHEN typeof(offsets) NOT IN ('text', 'null') THEN 'offsets' END AS c, "
		"quote(commit_no) FROM ev_ledger WHERE c IS NOT NULL UNION ALL "
		"SELECT 'a second', quote(commit_no) FROM ev_ledger GROUP BY commit_no "
		"HAVING count(*) > 1 LIMIT 1";
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	if (ev_sqlite_prepare(s, rows, &q, err) != EV_OK)
		return EV_FATAL;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		const char *what = ev_sqlite_text(s, q, 0, err);
		const char *which = what != NULL ? ev_sqlite_text(s, q, 1, err) : NULL;

		st = EV_FATAL;
		if (which != NULL)
			strange(s, what, which, err);
	} else if (rc != SQLITE_DONE) {
		st = ev_sqlite_trouble(s, "the ledger cannot be read", err);
	}
	sqlite3_finalize(q);
	return st;
}

static enum ev_status find_ledger(struct ev_sqlite *s, struct ev_error *err)
{
	static const char *const sql[] = {"SELECT 1 FROM ev_ledger LIMIT 0",
					  ("SELECT commit_no, batch, digest, mode, rows, balance, "
					   "position, model FROM ev_ledger LIMIT 0"),
					  "SELECT offsets FROM ev_ledger LIMIT 0"};
	static const char *const lacks[] = {
		"there is no ledger: make the tables first",
		"the ledger is that of another version: make the tables in a new file"};
	sqlite3_stmt *q;

	for (int i = 0; i < 3; i++) {
		if (sqlite3_prepare_v2(s->db, sql[i], -1, &q, NULL) == SQLITE_OK) {
			sqlite3_finalize(q);
			continue;
		}
		if (sqlite3_errcode(s->db) != SQLITE_ERROR)
			return ev_sqlite_trouble(s, "the ledger cannot be read", err);
		if (i == 2)
			return ev_sqlite_lacks_offsets(s, err);
		return ev_fail(err, "%s: %s with evschema -m %s -t sqlite | sqlite3 %s", s->file,
			       lacks[i], s->model, i == 0 ? s->file : "FILE");
	}
	return check_ledger(s, err);
}

/* What the newest entry says. */
static enum ev_status read_entry(struct ev_sqlite *s, sqlite3_stmt *q, struct ev_standing *standing,
				 struct ev_error *err)
{
	const char *text, *number;

	standing->fresh = false;
	standing->follows = sqlite3_column_type(q, 1) != SQLITE_NULL;
	if (!standing->follows)
		return EV_OK;
	if ((number = ev_sqlite_text(s, q, 0, err)) == NULL ||
	    (text = ev_sqlite_text(s, q, 1, err)) == NULL)
		return EV_FATAL;
	if (!ev_point_read(text, &standing->at))
		return strange(s, "position", number, err);
	if ((text = ev_sqlite_text(s, q, 2, err)) == NULL)
		return EV_FATAL;
	snprintf(standing->model, sizeof standing->model, "%s", text);
	return EV_OK;
}

static enum ev_status read_standing(struct ev_sqlite *s, struct ev_standing *standing,
				    struct ev_error *err)
{
	enum ev_status st = EV_OK;
	sqlite3_stmt *q;
	int rc;

	*standing = (struct ev_standing){.fresh = true};
	if (ev_sqlite_prepare(s,
			      "SELECT commit_no, position, model FROM ev_ledger "
			      "ORDER BY commit_no DESC LIMIT 1",
			      &q, err) != EV_OK)
		return EV_FATAL;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		st = read_entry(s, q, standing, err);
	else if (rc != SQLITE_DONE)
		st = ev_sqlite_trouble(s, "the ledger cannot be read", err);
	sqlite3_finalize(q);
	return st;
}

static enum ev_status sqlite_offsets(struct ev_target *t, struct ev_offsets *all,
				     struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	enum ev_status st = EV_OK;
	const char *text, *number;
	sqlite3_stmt *q;
	int rc;

	if (ev_sqlite_prepare(s,
			      "SELECT offsets, commit_no FROM ev_ledger WHERE offsets IS NOT NULL "
			      "ORDER BY commit_no DESC LIMIT 1",
			      &q, err) != EV_OK)
		return EV_FATAL;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		if ((text = ev_sqlite_text(s, q, 0, err)) == NULL)
			st = EV_FATAL;
		else if (!ev_offsets_parse(text, strlen(text), all))
			st = (number = ev_sqlite_text(s, q, 1, err)) == NULL
				     ? EV_FATAL
				     : strange(s, "offsets", number, err);
	} else if (rc != SQLITE_DONE) {
		st = ev_sqlite_trouble(s, "the ledger cannot be read", err);
	}
	sqlite3_finalize(q);
	return st;
}

/* Of a transaction: what is compared stays so until the commit. */
static enum ev_status make_ready(struct ev_sqlite *s, struct ev_error *err)
{
	if (s->ready)
		return EV_OK;
	if (find_ledger(s, err) != EV_OK)
		return EV_FATAL;
	if (ev_sqlite_check_is_plain(s, NULL, err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < s->tables->n; i++)
		if (ev_sqlite_check_is_plain(s, &s->tables->list[i], err) != EV_OK ||
		    ev_sqlite_check_table(s, &s->tables->list[i], err) != EV_OK ||
		    ev_sqlite_prepare_table(s, &s->tables->list[i], err) != EV_OK)
			return EV_FATAL;
	s->ready = true;
	return EV_OK;
}

static enum ev_status sqlite_begin(struct ev_target *t, struct ev_standing *standing,
				   struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);

	if (s->db == NULL && open_file(s, err) != EV_OK)
		return EV_FATAL;
	/* 64 MiB of pages are held in memory. */
	if (ev_sqlite_run(s, "PRAGMA cache_size = -65536", err) != EV_OK ||
	    ev_sqlite_run(s, "BEGIN IMMEDIATE", err) != EV_OK || make_ready(s, err) != EV_OK)
		return EV_FATAL;
	return read_standing(s, standing, err);
}

static enum ev_status sqlite_check(struct ev_target *t, struct ev_differences *out,
				   struct ev_error *err)
{
	struct ev_sqlite *s = ev_sqlite_of(t);
	enum ev_status st;
	sqlite3_stmt *q;

	if ((s->db == NULL && open_file(s, err) != EV_OK) ||
	    ev_sqlite_run(s, "BEGIN", err) != EV_OK)
		return EV_FATAL;
	s->differences = out;
	if (sqlite3_prepare_v2(s->db, "SELECT 1 FROM ev_ledger LIMIT 0", -1, &q, NULL) ==
	    SQLITE_OK) {
		sqlite3_finalize(q);
		st = ev_sqlite_check_is_plain(s, NULL, err);
		if (st == EV_OK)
			st = find_ledger(s, err);
	} else if (sqlite3_errcode(s->db) == SQLITE_ERROR) {
		st = ev_sqlite_lacks_ledger(s, err);
	} else {
		st = ev_sqlite_trouble(s, "the ledger cannot be read", err);
	}
	for (size_t i = 0; i < s->tables->n && st == EV_OK; i++) {
		st = ev_sqlite_check_is_plain(s, &s->tables->list[i], err);
		if (st == EV_OK)
			st = ev_sqlite_check_table(s, &s->tables->list[i], err);
	}
	return st;
}

static const struct ev_target_ops ops = {.check = sqlite_check,
					 .begin = sqlite_begin,
					 .known = sqlite_known,
					 .live = sqlite_live,
					 .clear = ev_sqlite_clear,
					 .erase = ev_sqlite_erase,
					 .insert = ev_sqlite_insert,
					 .flush = ev_sqlite_flush,
					 .offsets = sqlite_offsets,
					 .enter = sqlite_enter,
					 .newest = sqlite_newest,
					 .commit = sqlite_commit,
					 .abandon = sqlite_abandon,
					 .free = sqlite_free};

/* url: sqlite:FILE. */
static struct ev_sqlite *new_sqlite(const char *url, const struct ev_tables *tables,
				    const char *model)
{
	struct ev_sqlite *s = ev_calloc(1, sizeof *s);

	s->target.ops = &ops;
	s->target.keeps = true;
	s->target.name = url;
	s->file = ev_strdup(url + strlen("sqlite:"));
	s->model = model;
	s->tables = tables;
	s->statements = ev_calloc(tables->n, sizeof *s->statements);
	return s;
}

static struct ev_target *sqlite_open(const char *url, const char *schema,
				     const struct ev_tables *tables, const char *model,
				     struct ev_error *err)
{
	struct ev_sqlite *s;

	(void)schema;
	if (ev_dialect_takes(ev_dialect_find("sqlite"), tables, model, err) != EV_OK)
		return NULL;
	s = new_sqlite(url, tables, model);
	if (open_file(s, err) == EV_OK)
		return &s->target;
	sqlite_free(&s->target);
	return NULL;
}

static enum ev_status sqlite_stand(const char *url, const char *schema, const char *model,
				   struct ev_standing *standing, struct ev_offsets *offsets,
				   struct ev_error *err)
{
	static const struct ev_tables none = {NULL, 0};
	struct ev_sqlite *s = new_sqlite(url, &none, model);
	enum ev_status st = open_file(s, err);

	(void)schema;
	if (st == EV_OK && ev_sqlite_run(s, "BEGIN", err) == EV_OK)
		st = find_ledger(s, err);
	else
		st = EV_FATAL;
	if (st == EV_OK)
		st = read_standing(s, standing, err);
	if (st == EV_OK)
		st = sqlite_offsets(&s->target, offsets, err);
	sqlite_free(&s->target);
	return st;
}

const struct ev_engine ev_sqlite = {
	.dialect = "sqlite", .open = sqlite_open, .stand = sqlite_stand};