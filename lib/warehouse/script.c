/*
 * load.sql of a bundle. In every dialect it does the same: it stages the files, then works out a
 * verdict from what was staged and from the newest entry of the ledger, stops unless that is to
 * apply or to do nothing, and deletes, inserts and enters the load in the ledger. Whatever changes
 * rows asks for the verdict, so a statement that is run alone, or out of order, changes nothing.
 */
#include "warehouse/script.h"
#include "warehouse/column.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Rows of one INSERT of literals: each client takes as many. */
enum { AT_ONCE = 500 };

void script_put(struct script *s, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p != '\0'; p++)
		if (*p == '[' || *p == ']')
			*p = s->b->sql->quote;
	ev_buf_puts(s->out, text);
}

static void script_text(struct script *s, const char *text)
{
	ev_sql_text(s->b->sql, text, strlen(text), s->out);
}

void script_name(struct script *s, const char *name)
{
	ev_sql_name(s->b->sql, name, s->out);
}

const char *script_stage_of(const struct script *s, size_t table, char name[32])
{
	if (table == s->b->tables->n)
		return "ev_delete";
	snprintf(name, 32, "ev_stage_%zu", table + 1);
	return name;
}

void script_columns(struct script *s, const struct ev_table *t, size_t n, const char *prefix)
{
	for (size_t i = 0; i < n; i++) {
		script_put(s, "%s%s", i > 0 ? ", " : "", prefix);
		script_name(s, t->columns[i].name);
	}
}

void script_table(struct script *s, const struct ev_table *t)
{
	ev_sql_rows(s->b->sql, NULL, t, s->out);
}

void script_own(struct script *s, const char *name, const char *const *columns, size_t n)
{
	script_put(s, "%s %s (", s->e->temporary, name);
	for (size_t i = 0; i < n; i++) {
		bool integer = columns[i][0] == '#';

		script_put(s, "%s%s %s", i > 0 ? ", " : "", columns[i] + integer,
			   integer ? s->e->integer : s->e->text);
	}
	script_put(s, ")%s;\n", s->e->behind);
}

/* The bundle's own figures, as tables */

static void begin_rows(struct script *s, const char *table, size_t i)
{
	if (i % AT_ONCE == 0)
		script_put(s, "%sINSERT INTO %s VALUES\n\t", i > 0 ? ";\n" : "", table);
	else
		script_put(s, ",\n\t");
}

/* The positions at which the load can be applied. */
static void put_points(struct script *s)
{
	static const char *const columns[] = {"point", "#n"};
	const struct ev_span *span = &s->b->span;
	struct ev_point p = span->to;
	char position[EV_STORE_POSITION];

	script_own(s, "ev_point", columns, 2);
	if (!s->b->by_position || span->from == 0)
		return;
	for (uint64_t n = span->from; n <= span->to.number; n++) {
		p.number = n;
		memcpy(p.digest, ev_span_digest(span, n), EV_STORE_DIGEST);
		ev_point_write(&p, position);
		begin_rows(s, "ev_point", (size_t)(n - span->from));
		script_put(s, "('%s', %llu)", position, (unsigned long long)n);
	}
	script_put(s, ";\n");
}

/* What is to be entered in the ledger. */
static void put_entries(struct script *s)
{
	static const char *const columns[] = {"#n",	   "batch",	 "digest",
					      "load_mode", "#row_count", "balance",
					      "point",	   "model",	 "offsets"};
	char position[EV_STORE_POSITION];

	script_own(s, "ev_entry", columns, 9);
	for (size_t i = 0; i < s->b->n_entries; i++) {
		const struct ev_bundle_entry *e = &s->b->entries[i];

		begin_rows(s, "ev_entry", i);
		script_put(s, "(%zu, ", i + 1);
		script_text(s, e->batch);
		script_put(s, ", '%s', '%s', %llu, ", e->digest, e->mode,
			   (unsigned long long)e->rows);
		script_text(s, e->balance);
		if (s->b->by_position) {
			ev_point_write(&s->b->span.to, position);
			script_put(s, ", '%s', '%s', ", position, s->b->model);
		} else {
			script_put(s, ", NULL, NULL, ");
		}
		if (e->offsets != NULL)
			script_text(s, e->offsets);
		else
			script_put(s, "NULL");
		script_put(s, ")");
	}
	script_put(s, ";\n");
}

/* The verdict */

static void put_size(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = script_files_of(s, table);
	unsigned long long bytes = 0;

	script_put(s, "\tWHEN ");
	if (strcmp(s->e->target, "postgres") == 0)
		script_put(s, "CAST(:'bytes_%zu' AS BIGINT)", table + 1);
	for (size_t k = 0; k < f->n; k++) {
		bytes += f->list[k].bytes;
		if (strcmp(s->e->target, "sqlite") == 0)
			script_put(s, "%slength(readfile('%s'))", k > 0 ? " + " : "",
				   f->list[k].file);
		else if (strcmp(s->e->target, "duckdb") == 0)
			script_put(s, "%s(SELECT size FROM read_blob('%s'))", k > 0 ? " + " : "",
				   f->list[k].file);
	}
	script_put(
		s,
		" <> %llu\n\t\tTHEN '%s: the files are not as long as the manifest says: copy the "
		"bundle again'\n",
		bytes,
		script_table_of(s, table) != NULL ? script_table_of(s, table)->name : "ev_delete");
}

/* Whether the files came whole. */
static void put_counts(struct script *s)
{
	char name[32];

	for (size_t i = 0; i <= s->b->tables->n; i++) {
		const struct ev_bundle_files *f = script_files_of(s, i);
		const struct ev_table *t = script_table_of(s, i);
		unsigned long long rows = f->rows;

		if (f->n == 0)
			continue;
		script_put(s,
			   "\tWHEN (SELECT count(*) FROM %s) <> %llu\n"
			   "\t\tTHEN '%s: there are not the %llu "
			   "rows of the manifest: copy the bundle again'\n",
			   script_stage_of(s, i, name), rows, t != NULL ? t->name : "ev_delete",
			   rows);
		if (s->e->sizes)
			put_size(s, i);
		if (t == NULL || !s->b->kind->keyless)
			continue;
		script_put(s, "\tWHEN (SELECT count(*) FROM (SELECT DISTINCT ");
		script_columns(s, t, t->n_keys, "");
		script_put(
			s,
			" FROM %s) AS k) <> %llu\n\t\tTHEN '%s: two rows have one key: all days go "
			"through one evversion and evstar'\n",
			script_stage_of(s, i, name), rows, t->name);
	}
}

/* Where nothing enforces keys: rows that are there, and will not be deleted. */
static void put_there(struct script *s)
{
	char name[32];

	for (size_t i = 0; i < s->b->tables->n; i++) {
		const struct ev_table *t = script_table_of(s, i);

		if (script_files_of(s, i)->n == 0)
			continue;
		script_put(s, "\tWHEN (SELECT count(*) FROM ");
		script_name(s, t->name); /* of what counts a view, where loads erase nothing */
		script_put(s, " AS t JOIN %s AS s ON ", script_stage_of(s, i, name));
		for (size_t k = 0; k < t->n_keys; k++)
			script_put(s, "%st.[%s] = s.[%s]", k > 0 ? " AND " : "", t->columns[k].name,
				   t->columns[k].name);
		if (script_files_of(s, s->b->tables->n)->n > 0) {
			script_put(s, " LEFT JOIN ev_delete AS d ON d.owner = ");
			script_put(s,
				   ev_sql_is_uuid_key(s->b->sql, &t->columns[0])
					   ? "CAST(t.[%s] AS %s)"
					   : "t.[%s]",
				   t->columns[0].name, s->e->text);
			script_put(s, " AND d.of_table = '%s' ",
				   t->fact != NULL ? EV_ALL_FACTS : t->name);
			if (t->fact != NULL && s->b->by_position) /* what is new has no rows */
				script_put(s, "AND d.first_commit < %llu ",
					   (unsigned long long)s->b->span.to.number);
			script_put(s, "WHERE d.owner IS NULL");
		}
		script_put(s, ") > 0\n\t\tTHEN '%s: holds rows already that the load brings: ",
			   t->name);
		script_put(s, s->b->by_position
				      ? "other hands put them there: evversion --since 0 puts "
					"all in the place of what is there'\n"
				      : "what changes them is a load with a state, or a snapshot "
					"of all days'\n");
	}
}

static void judge_changes(struct script *s)
{
	char to[EV_STORE_POSITION];
	unsigned long long from = s->b->span.from;

	ev_point_write(&s->b->span.to, to);
	script_put(s,
		   "\tWHEN l.n = 0\n\t\tTHEN 'nothing was loaded here yet, and "
		   "this bundle brings what "
		   "changed since commit %llu: begin with one of evversion --since 0'\n",
		   from);
	script_put(
		s,
		"\tWHEN l.last_point IS NULL\n\t\tTHEN 'what is here was loaded without a state: "
		"evversion --since 0 puts all of a state in the place of it'\n");
	script_put(
		s,
		"\tWHEN l.last_model <> '%s'\n\t\tTHEN 'what is here was loaded by another model: "
		"evversion --since 0 takes the new one'\n",
		s->b->model);
	script_put(s, "\tWHEN l.last_point = '%s' THEN 'nothing'\n", to);
	script_put(
		s,
		"\tWHEN p.n IS NULL\n\t\tTHEN 'the ledger stands at ' || "
		"l.last_point || ', and this "
		"bundle leads from commit %llu to %s: apply those between first, or make one with "
		"evversion --since and the position of the ledger'\n",
		from, to);
}

static void judge_whole(struct script *s)
{
	char to[EV_STORE_POSITION];

	ev_point_write(&s->b->span.to, to);
	script_put(s,
		   "\tWHEN l.last_point = '%s' AND l.last_mode = 'whole' AND "
		   "l.last_digest = '%s' AND l.last_model "
		   "= '%s' THEN 'nothing'\n",
		   to, s->b->entries[0].digest, s->b->model);
}

static void judge_snapshot(struct script *s)
{
	script_put(
		s,
		"\tWHEN (SELECT count(*) FROM [ev_ledger] AS o JOIN ev_entry AS e ON o.[batch] = "
		"e.batch AND o.[digest] = e.digest AND o.[mode] = "
		"e.load_mode\n\t\tAND o.[commit_no] = "
		"e.n + (SELECT max([commit_no]) FROM [ev_ledger]) - %zu) = %zu THEN 'nothing'\n",
		s->b->n_entries, s->b->n_entries);
}

/* How many of the bundle's batches the ledger holds since all was replaced. */
static void put_held(struct script *s, const char *more)
{
	script_put(s,
		   "(SELECT count(*) FROM [ev_ledger] AS o JOIN ev_entry AS e "
		   "ON o.[batch] = e.batch%s "
		   "WHERE o.[commit_no] >=\n\t\t(SELECT "
		   "coalesce(max([commit_no]), 0) FROM [ev_ledger] "
		   "WHERE [mode] IN ('snapshot', 'whole')))",
		   more);
}

static void judge_insert(struct script *s)
{
	script_put(
		s,
		"\tWHEN l.last_point IS NOT NULL\n\t\tTHEN 'what is here follows a state, and what "
		"comes without one cannot be added to that: load what comes out of it, or a "
		"snapshot of all days'\n\tWHEN ");
	put_held(s, " AND o.[digest] = e.digest");
	script_put(s, " = %zu THEN 'nothing'\n\tWHEN ", s->b->n_entries);
	put_held(s, "");
	script_put(s, " > 0\n\t\tTHEN 'some of the batches were loaded before, "
		      "and not all, or with other "
		      "content: give those that are new a bundle of their own'\n");
}

/*
 * The number of the load. Where loads erase nothing, no row has it yet, that of an interrupted load
 * neither.
 */
static void put_number(struct script *s)
{
	bool by_load = s->b->sql->by_load;

	script_put(s, by_load ? "greatest(coalesce(l.last_no, 0)" : "coalesce(l.last_no, 0)");
	for (size_t i = 0; i < s->b->tables->n && by_load; i++) {
		script_put(s, ",\n\t(SELECT max([" EV_LOAD "]) FROM ");
		script_table(s, script_table_of(s, i));
		script_put(s, ")");
	}
	script_put(s, by_load ? ",\n\t(SELECT max([" EV_LOAD "]) FROM [ev_erased])) + 1" : " + 1");
}

static void put_verdict(struct script *s)
{
	static const char *const columns[] = {"#stands", "#load_no", "verdict"};
	const struct ev_bundle *b = s->b;

	script_own(s, "ev_guard", columns, 3);
	ev_buf_puts(s->out, s->e->begin);
	script_put(s, "INSERT INTO ev_guard\nSELECT p.n, ");
	put_number(s);
	script_put(s, ", CASE\n");
	put_counts(s);
	if (b->by_position && b->span.from > 0)
		judge_changes(s);
	else if (b->by_position)
		judge_whole(s);
	else if (ev_bundle_is_whole(b))
		judge_snapshot(s);
	else
		judge_insert(s);
	if (b->kind->keyless && !ev_bundle_is_whole(b))
		put_there(s);
	script_put(
		s,
		"\tELSE 'apply' END\nFROM (SELECT count(*) AS n, max([commit_no]) AS last_no, "
		"max([position]) AS last_point, max([model]) AS last_model,\n\t\tmax([digest]) AS "
		"last_digest, max([mode]) AS last_mode\n\tFROM [ev_ledger] WHERE [commit_no] = "
		"(SELECT max([commit_no]) FROM [ev_ledger])) AS l\nLEFT JOIN ev_point AS p ON "
		"p.point = l.last_point;\n");
	ev_buf_puts(s->out, s->e->raise);
}

/* What changes rows */

#define GUARD "(SELECT verdict FROM ev_guard) = 'apply'"

/* The rows that follow from the model alone stay. */
static void clear_table(struct script *s, const struct ev_table *t)
{
	const struct ev_calendar *c = t->dimension != NULL ? t->dimension->calendar : NULL;
	char from[EV_DATE_TEXT], to[EV_DATE_TEXT];

	script_put(s, "DELETE FROM ");
	script_table(s, t);
	script_put(s, " WHERE " GUARD);
	if (t->dimension != NULL) {
		script_put(s, " AND [%s]", t->columns[0].name);
		script_put(s,
			   ev_sql_is_uuid_key(s->b->sql, &t->columns[0])
				   ? " <> '00000000-0000-0000-0000-000000000000'"
				   : " <> '%s'",
			   ev_unknown_key);
	}
	if (c != NULL) {
		ev_date_format(c->from, from);
		ev_date_format(c->to, to);
		script_put(s, " AND ([date] < '%.*s' OR [date] > '%.*s')", EV_DATE_TEXT, from,
			   EV_DATE_TEXT, to);
	}
	script_put(s, ";\n");
}

/*
 * Between which times of the events the rows lie that go, where rows are laid out by them: so the
 * warehouse need not look through all others for the owners.
 */
static void put_range(struct script *s, const struct ev_table *t)
{
	static const char *const ends[2] = {"00:00:00+00:00", "23:59:59.999999+00:00"};
	const struct ev_bundle *b = s->b;
	const struct ev_column *c = t->day;

	if (c == NULL || c->type != EV_TYPE_TIMESTAMP || b->dateless || b->days[0][0] == '\0' ||
	    b->sql->layout == EV_LAYOUT_NONE)
		return;
	for (int i = 0; i < 2; i++) {
		script_put(s, i == 0 ? "\n\tAND [%s] >= " : " AND [%s] <= ", c->name);
		script_put(s, "CAST('%s %s' AS ", b->days[i], ends[i]);
		ev_sql_type(b->sql, c, s->out);
		script_put(s, ")");
	}
}

static void delete_owners(struct script *s, const struct ev_table *t)
{
	const char *key = t->columns[0].name;

	if (t->fact != NULL && s->b->days[0][0] == '\0' && !s->b->dateless)
		return;
	script_put(s, "DELETE FROM ");
	script_table(s, t);
	script_put(s,
		   " WHERE " GUARD
		   "\n\tAND [%s] IN (SELECT %s FROM ev_delete AS d WHERE d.of_table = '%s'",
		   key,
		   ev_sql_is_uuid_key(s->b->sql, &t->columns[0]) ? "CAST(d.owner AS UUID)"
								 : "d.owner",
		   t->fact != NULL ? EV_ALL_FACTS : t->name);
	if (!s->b->kind->keyless && t->fact != NULL)
		script_put(s, " AND d.first_commit <= (SELECT stands FROM ev_guard)");
	script_put(s, ")");
	put_range(s, t);
	if (s->b->partial && t->versions)
		script_put(
			s,
			"\n\tAND [ev_version] >= (SELECT min(d.from_version) FROM ev_delete AS d "
			"WHERE d.of_table = '" EV_ALL_FACTS "' AND d.owner = [ev_owner])");
	script_put(s, ";\n");
}

static void insert_rows(struct script *s, size_t table)
{
	const struct ev_table *t = script_table_of(s, table);
	bool by_load = s->b->sql->by_load;
	char name[32];

	script_put(s, "INSERT INTO ");
	script_table(s, t);
	script_put(s, " (");
	script_columns(s, t, t->n, "");
	script_put(s, by_load ? ", [" EV_LOAD "])\n\tSELECT " : ")\n\tSELECT ");
	if (strcmp(s->e->target, "sqlite") == 0)
		for (size_t i = 0; i < t->n; i++) {
			script_put(s, "%s", i > 0 ? ",\n\t\t" : "");
			script_sqlite_value(s, &t->columns[i]);
		}
	else
		script_columns(s, t, t->n, "");
	script_put(s, "%s FROM %s WHERE " GUARD ";\n",
		   by_load ? ", assumeNotNull((SELECT load_no FROM ev_guard))" : "",
		   script_stage_of(s, table, name));
}

/* Where loads erase nothing: the rows come, and what they supersede is named. */
static void put_loads(struct script *s)
{
	const struct ev_bundle *b = s->b;
	bool gone = script_files_of(s, b->tables->n)->n > 0;

	for (size_t i = 0; i < b->tables->n; i++)
		if (script_files_of(s, i)->n > 0)
			insert_rows(s, i);
	for (size_t i = 0; i < b->tables->n && gone; i++) {
		const struct ev_table *t = script_table_of(s, i);

		script_put(
			s,
			"INSERT INTO [ev_erased] ([ev_table], [ev_owner], [ev_version], [" EV_LOAD
			"])\n\tSELECT '%s', assumeNotNull(owner), "
			"%s, assumeNotNull((SELECT load_no FROM "
			"ev_guard))\n\tFROM ev_delete WHERE of_table = '%s' AND " GUARD ";\n",
			t->name, t->versions ? "assumeNotNull(from_version)" : "0",
			t->fact != NULL ? EV_ALL_FACTS : t->name);
	}
	for (size_t i = 0; i < b->tables->n; i++) {
		const struct ev_table *t = script_table_of(s, i);

		script_put(s, "SELECT throwIf((SELECT count() FROM ");
		script_table(s, t);
		script_put(s,
			   " WHERE [" EV_LOAD
			   "] = (SELECT load_no FROM ev_guard)) <> %llu AND " GUARD
			   ", '%s: another load at the same time: run it again');\n",
			   (unsigned long long)script_files_of(s, i)->rows, t->name);
	}
}

static void put_changes(struct script *s)
{
	const struct ev_bundle *b = s->b;

	if (b->sql->by_load) {
		put_loads(s);
		return;
	}
	for (size_t i = 0; i < b->tables->n; i++) {
		if (ev_bundle_is_whole(b))
			clear_table(s, script_table_of(s, i));
		else if (script_files_of(s, b->tables->n)->n > 0)
			delete_owners(s, script_table_of(s, i));
	}
	for (size_t i = 0; i < b->tables->n; i++)
		if (script_files_of(s, i)->n > 0)
			insert_rows(s, i);
}

static void put_ledger_rows(struct script *s)
{
	script_put(s, "INSERT INTO [ev_ledger] ([commit_no], [batch], [digest], "
		      "[mode], [rows], [balance], "
		      "[position], [model], [offsets])\n");
	script_put(
		s,
		"\tSELECT e.n + (SELECT load_no FROM ev_guard) - 1, "
		"e.batch, e.digest, e.load_mode, "
		"e.row_count, %se.balance%s, e.point, e.model, e.offsets\n"
		"\tFROM ev_entry AS e WHERE " GUARD ";\n",
		s->e->json, s->e->json_end);
}

static void put_head(struct script *s)
{
	char from[EV_STORE_POSITION], to[EV_STORE_POSITION];
	const struct ev_span *span = &s->b->span;
	struct ev_point p = span->to;

	script_put(s, EV_SCRIPT_HEAD "%s", s->e->target);
	if (s->b->by_position && span->from == 0) {
		ev_point_write(&p, to);
		script_put(s, ": all of a state, which leads to\n-- %s.\n", to);
	} else if (s->b->by_position) {
		ev_point_write(&p, to);
		p.number = span->from;
		memcpy(p.digest, ev_span_digest(span, span->from), EV_STORE_DIGEST);
		ev_point_write(&p, from);
		script_put(s, ": what changed from\n-- %s to\n-- %s.\n", from, to);
	} else {
		script_put(s, ".\n");
	}
	ev_buf_puts(s->out, s->e->head);
	if (s->e->set_schema != NULL)
		s->e->set_schema(s, s->b->schema != NULL ? s->b->schema : s->e->schema);
	ev_buf_puts(s->out, s->e->rest);
}

void ev_bundle_script(const struct ev_bundle *b, struct ev_buf *out)
{
	struct script s = {.b = b, .e = script_engine_of(b->kind->target), .out = out};

	put_head(&s);
	for (size_t i = 0; i <= b->tables->n; i++) {
		if (script_files_of(&s, i)->n == 0)
			continue;
		script_put(&s, "\n-- %s\n",
			   i < b->tables->n ? b->tables->list[i].name : "what is deleted");
		s.e->stage(&s, i);
	}
	script_put(&s, "\n-- what is applied where, and whether it may be\n");
	put_points(&s);
	put_entries(&s);
	put_verdict(&s);
	script_put(&s, "\n");
	put_changes(&s);
	put_ledger_rows(&s);
	ev_buf_puts(out, s.e->end);
}
