/*
 * load.sql of a bundle. In every dialect it does the same: it stages the files, then works out a
 * verdict from what was staged and from the newest entry of the ledger, stops unless that is to
 * apply or to do nothing, and deletes, inserts and enters the load in the ledger. Whatever changes
 * rows asks for the verdict, so a statement that is run alone, or out of order, changes nothing.
 */
#include "warehouse/calendar.h"
#include "warehouse/column.h"
#include "warehouse/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Rows of one INSERT of literals: each client takes as many. */
enum { AT_ONCE = 500 };

struct script;

/* What differs from target to target. */
struct engine {
	const char *target;
	const char *head; /* how it is run, and what is to be set */
	/* Around the schema of the tables, which is given or this one; NULL: it has none. */
	void (*set_schema)(struct script *s, const char *schema);
	const char *schema;
	const char *rest; /* of the head */
	/* Makes the stage of a table, or of what is to be deleted, and fills it. */
	void (*stage)(struct script *s, size_t table);
	const char *temporary; /* ... NAME (columns)behind */
	const char *behind;
	const char *text, *integer;
	const char *begin, *end;     /* of the transaction, behind the stages */
	const char *raise;	     /* stops if the verdict is neither to apply nor nothing */
	const char *json, *json_end; /* around a text that becomes JSON */
	bool sizes; /* files are plain, and the script compares their sizes with the manifest */
};

struct script {
	const struct ev_bundle *b;
	const struct engine *e;
	struct ev_buf *out;
};

/* [name] is an identifier in quotes. */
static void put(struct script *s, const char *fmt, ...) EV_PRINTF(2, 3);

static void put(struct script *s, const char *fmt, ...)
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

static void put_text(struct script *s, const char *text)
{
	ev_sql_text(s->b->sql, text, strlen(text), s->out);
}

static void put_name(struct script *s, const char *name)
{
	ev_sql_name(s->b->sql, name, s->out);
}

static const struct ev_table *table_of(const struct script *s, size_t table)
{
	return table < s->b->tables->n ? &s->b->tables->list[table] : NULL;
}

static const struct ev_bundle_files *files_of(const struct script *s, size_t table)
{
	return &s->b->files[table];
}

/* The stage of a table; that of what is to be deleted is ev_delete. */
static const char *stage_of(const struct script *s, size_t table, char name[32])
{
	if (table == s->b->tables->n)
		return "ev_delete";
	snprintf(name, 32, "ev_stage_%zu", table + 1);
	return name;
}

/* The first n columns of a table, each behind a prefix, with commas between them. */
static void put_columns(struct script *s, const struct ev_table *t, size_t n, const char *prefix)
{
	for (size_t i = 0; i < n; i++) {
		put(s, "%s%s", i > 0 ? ", " : "", prefix);
		put_name(s, t->columns[i].name);
	}
}

static void put_table(struct script *s, const struct ev_table *t)
{
	ev_sql_rows(s->b->sql, NULL, t, s->out);
}

/* One of the script's own tables. # stands before the name of an integer. */
static void put_own(struct script *s, const char *name, const char *const *columns, size_t n)
{
	put(s, "%s %s (", s->e->temporary, name);
	for (size_t i = 0; i < n; i++) {
		bool integer = columns[i][0] == '#';

		put(s, "%s%s %s", i > 0 ? ", " : "", columns[i] + integer,
		    integer ? s->e->integer : s->e->text);
	}
	put(s, ")%s;\n", s->e->behind);
}

static void put_delete_stage(struct script *s)
{
	static const char *const columns[] = {"of_table", "owner", "#first_commit",
					      "#from_version"};

	put_own(s, "ev_delete", columns, 4);
}

/* A stage in the image of the live table, and so with its types. */
static void put_image(struct script *s, size_t table, const char *as, const char *none)
{
	const struct ev_table *t = table_of(s, table);
	char name[32];

	if (t == NULL) {
		put_delete_stage(s);
		return;
	}
	put(s, "%s %s%s AS SELECT ", s->e->temporary, stage_of(s, table, name), as);
	put_columns(s, t, t->n, "");
	put(s, " FROM ");
	put_table(s, t);
	put(s, " %s;\n", none);
}

/* Schemas have names of letters, digits and _, as the model's tables have. */
static void psql_schema(struct script *s, const char *schema)
{
	put(s, "\\if :{?schema}\n\\else\n\\set schema %s\n\\endif\n", schema);
}

static void snowflake_schema(struct script *s, const char *schema)
{
	const char *quote = s->b->schema != NULL ? "\"" : "";

	put(s, "SET ev_schema = '%s%s%s'; -- set: the schema of the tables\n", quote, schema,
	    quote);
}

static void duckdb_schema(struct script *s, const char *schema)
{
	put(s, "SET schema = '%s'; -- set: the schema of the tables\n", schema);
}

static void bigquery_schema(struct script *s, const char *schema)
{
	put(s, "DECLARE dataset STRING DEFAULT '%s'; -- set: the dataset of the tables\n", schema);
}

static void clickhouse_schema(struct script *s, const char *schema)
{
	put(s, "USE [%s]; -- set: the database of the tables\n", schema);
}

/* SQLite */

/*
 * A field as pgtext spells it, which .import leaves as it is. A field holds no CR, so that stands
 * for a backslash at first, until no other is left to be mistaken.
 */
static void sqlite_value(struct script *s, const struct ev_column *c)
{
	struct ev_buf name = {0};

	ev_sql_name(s->b->sql, c->name, &name);
	ev_buf_str(&name);
	switch (c->type) {
	case EV_TYPE_INT: put(s, "CAST(nullif(%s, '\\N') AS INTEGER)", name.p); break;
	case EV_TYPE_BOOL: put(s, "nullif(%s, '\\N') = 'true'", name.p); break;
	case EV_TYPE_UUID:
	case EV_TYPE_TIMESTAMP:
	case EV_TYPE_DATE:
	case EV_TYPE_DECIMAL: put(s, "nullif(%s, '\\N')", name.p); break;
	default:
		put(s,
		    "CASE WHEN %s = '\\N' THEN NULL WHEN instr(%s, '\\') = 0 THEN %s ELSE "
		    "replace(replace(replace(replace(replace(replace(%s, '\\\\', char(13)), "
		    "'\\n', char(10)), '\\t', char(9)), char(13), '\\b'), '\\r', char(13)), "
		    "'\\b', '\\') END",
		    name.p, name.p, name.p, name.p);
	}
	ev_buf_free(&name);
}

static void sqlite_stage(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = files_of(s, table);
	const struct ev_table *t = table_of(s, table);
	char name[32];

	stage_of(s, table, name);
	if (t == NULL) {
		put_delete_stage(s);
	} else {
		put(s, "CREATE TEMP TABLE %s (", name);
		for (size_t i = 0; i < t->n; i++) {
			put(s, "%s", i > 0 ? ", " : "");
			put_name(s, t->columns[i].name);
			put(s, " TEXT");
		}
		put(s, ");\n");
	}
	for (size_t k = 0; k < f->n; k++)
		put(s, ".import %s %s\n", f->list[k].file, t != NULL ? name : "ev_delete");
	if (t != NULL)
		return;
	put(s, "UPDATE ev_delete SET owner = ");
	sqlite_value(s, &ev_gone_columns[1]);
	put(s, ";\n");
}

/* PostgreSQL */

static void postgres_stage(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = files_of(s, table);
	char name[32];
	const char *stage = stage_of(s, table, name);

	put_image(s, table, "", "WITH NO DATA");
	for (size_t k = 0; k < f->n; k++)
		put(s, "\\copy %s FROM '%s'\n", stage, f->list[k].file);
	put(s, "ANALYZE %s;\n", stage);
	put(s, "\\set bytes_%zu `cat", table + 1);
	for (size_t k = 0; k < f->n; k++)
		put(s, " %s", f->list[k].file);
	put(s, " | wc -c`\n");
}

/* Snowflake */

static void snowflake_stage(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = files_of(s, table);
	const struct ev_table *t = table_of(s, table);
	size_t n = t != NULL ? t->n : 4;
	char name[32];

	put_image(s, table, "", "WHERE FALSE");
	for (size_t k = 0; k < f->n; k++)
		put(s, "PUT 'file://./%s' @ev_bundle AUTO_COMPRESS = FALSE;\n", f->list[k].file);
	put(s, "COPY INTO %s FROM (SELECT ", stage_of(s, table, name));
	for (size_t i = 0; i < n; i++)
		put(s,
		    t != NULL && t->columns[i].type == EV_TYPE_JSON ? "%sPARSE_JSON($%zu)"
								    : "%s$%zu",
		    i > 0 ? ", " : "", i + 1);
	put(s, " FROM @ev_bundle)\n\tFILES = (");
	for (size_t k = 0; k < f->n; k++)
		put(s, "%s'%s'", k > 0 ? ", " : "", f->list[k].file);
	put(s,
	    ")\n\tFILE_FORMAT = (TYPE = CSV COMPRESSION = GZIP FIELD_DELIMITER = '\\t' "
	    "FIELD_OPTIONALLY_ENCLOSED_BY = '\"'\n\t\tESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () "
	    "EMPTY_FIELD_AS_NULL = TRUE)\n\tON_ERROR = ABORT_STATEMENT;\n");
}

/* Redshift */

static void redshift_stage(struct script *s, size_t table)
{
	const struct ev_table *t = table_of(s, table);
	char name[32];

	put_image(s, table, "", "WHERE FALSE");
	put(s, "\\set files :bucket '/%s.'\n", t != NULL ? t->name : "ev_delete");
	put(s, "COPY %s FROM :'files' IAM_ROLE :'role'\n", stage_of(s, table, name));
	put(s, "\tFORMAT CSV DELIMITER '\\t' QUOTE '\"' NULL AS '\\N' TIMEFORMAT 'auto' GZIP;\n");
}

/* BigQuery */

static void bigquery_stage(struct script *s, size_t table)
{
	const struct ev_table *t = table_of(s, table);
	const struct ev_column *columns = t != NULL ? t->columns : ev_gone_columns;
	size_t n = t != NULL ? t->n : EV_GONE;
	char name[32];

	put(s, "EXECUTE IMMEDIATE FORMAT(r\"\"\"LOAD DATA OVERWRITE TEMP TABLE %s (",
	    stage_of(s, table, name));
	for (size_t i = 0; i < n; i++) {
		put(s, "%s", i > 0 ? ", " : "");
		put_name(s, columns[i].name);
		put(s, " ");
		ev_sql_type(s->b->sql, &columns[i], s->out);
	}
	put(s, ")\n\tFROM FILES (format = 'CSV', compression = 'GZIP', ");
	ev_buf_printf(s->out, "uris = ['%%s/%s.*'],\n", t != NULL ? t->name : "ev_delete");
	put(s, "\t\tfield_delimiter = '\\t', quote = '\"', null_marker = '\\\\N', "
	       "allow_quoted_newlines = true)\"\"\", bucket);\n");
}

/* ClickHouse */

static void clickhouse_stage(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = files_of(s, table);
	char name[32];
	const char *stage = stage_of(s, table, name);

	put_image(s, table, " ENGINE = MergeTree ORDER BY tuple()", "WHERE 0");
	for (size_t k = 0; k < f->n; k++)
		put(s, "INSERT INTO %s FROM INFILE '%s' COMPRESSION 'gzip' FORMAT TabSeparated;\n",
		    stage, f->list[k].file);
}

/* DuckDB. AUTO_DETECT does not keep it from taking a CR in the first value for the line's end. */

static void duckdb_stage(struct script *s, size_t table)
{
	enum { USUAL = 16777216 };
	const struct ev_bundle_files *f = files_of(s, table);
	size_t longest = f->longest < USUAL ? USUAL : f->longest;
	char name[32];

	put_image(s, table, "", "LIMIT 0");
	for (size_t k = 0; k < f->n; k++)
		put(s,
		    "COPY %s FROM '%s' (FORMAT csv, HEADER false, AUTO_DETECT false, NEW_LINE "
		    "'\\n', DELIMITER '\\t',\n\tQUOTE '\"', ESCAPE '\"', NULLSTR '\\N', "
		    "ALLOW_QUOTED_NULLS false, MAX_LINE_SIZE %zu);\n",
		    stage_of(s, table, name), f->list[k].file, longest);
}

#define REFUSED "FROM ev_guard WHERE verdict NOT IN ('apply', 'nothing')"

static const struct engine engines[] = {
	{
		.target = "sqlite",
		.head = "-- In this folder: sqlite3 shop.db <load.sql\n"
			"-- All is done in one transaction.\n\n"
			".bail on\n.mode ascii\n.separator \"\\t\" \"\\n\"\n",
		.rest = "",
		.stage = sqlite_stage,
		.temporary = "CREATE TEMP TABLE",
		.behind = "",
		.text = "TEXT",
		.integer = "INTEGER",
		.begin = ".mode list\nBEGIN IMMEDIATE;\n",
		.end = "COMMIT;\n",
		.raise = "SELECT verdict " REFUSED ";\n"
			 "CREATE TEMP TABLE ev_refusal (verdict TEXT CONSTRAINT \"the load is "
			 "refused, for the reason above\"\n\tCHECK (verdict IN ('apply', "
			 "'nothing')));\n"
			 "INSERT INTO ev_refusal SELECT verdict FROM ev_guard;\n",
		.json = "",
		.json_end = "",
		.sizes = true,
	},
	{
		.target = "postgres",
		.head = "-- In this folder: psql -X -v schema=shop -f load.sql service=shop\n"
			"-- All is done in one transaction.\n\n"
			"\\set ON_ERROR_STOP on\n",
		.set_schema = psql_schema,
		.schema = "public",
		.rest = "\\encoding UTF8\n"
			"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n"
			"SET LOCAL standard_conforming_strings = on;\n"
			"SET LOCAL search_path = :\"schema\";\n",
		.stage = postgres_stage,
		.temporary = "CREATE TEMP TABLE",
		.behind = "",
		.text = "TEXT COLLATE \"C\"",
		.integer = "BIGINT",
		.begin = "-- Another load into this schema is waited for.\n"
			 "DO 'BEGIN PERFORM pg_advisory_xact_lock(" EV_PG_LOCK
			 ", ''ev_ledger''::regclass::oid::int4); END';\n",
		.end = "COMMIT;\n",
		.raise = "DO 'DECLARE problem TEXT := (SELECT verdict "
			 "FROM ev_guard WHERE verdict NOT IN (''apply'', ''nothing''))"
			 ";\n"
			 "BEGIN\n\tIF problem IS NOT NULL THEN\n\t\tRAISE EXCEPTION ''%'', "
			 "problem;\n\tEND IF;\nEND';\n",
		.json = "CAST(",
		.json_end = " AS JSONB)",
		.sizes = true,
	},
	{
		.target = "snowflake",
		.head = "-- In this folder: snow sql -f load.sql\n"
			"-- Snowflake's DDL commits, so the stages come first; all that changes "
			"rows is one transaction.\n"
			"-- PUT copies the files of this folder to a stage that ends with the "
			"session; where they lie in one\n"
			"-- of yours, leave it out and make ev_bundle with a URL.\n\n"
			"",
		.set_schema = snowflake_schema,
		.schema = "PUBLIC",
		.rest = "USE SCHEMA IDENTIFIER($ev_schema);\n"
			"CREATE OR REPLACE TEMPORARY STAGE ev_bundle;\n",
		.stage = snowflake_stage,
		.temporary = "CREATE OR REPLACE TEMPORARY TABLE",
		.behind = "",
		.text = "VARCHAR",
		.integer = "NUMBER(38,0)",
		.begin = "EXECUTE IMMEDIATE $$\nBEGIN\nBEGIN TRANSACTION;\n"
			 "-- Takes the lock of the ledger: another load waits here.\n"
			 "UPDATE \"ev_ledger\" SET \"batch\" = \"batch\" "
			 "WHERE \"commit_no\" = (SELECT "
			 "max(\"commit_no\") FROM \"ev_ledger\");\n",
		.end = "COMMIT;\nEXCEPTION\n\tWHEN OTHER THEN\n\t\tROLLBACK;\n\t\tRAISE;\nEND;\n"
		       "$$;\n",
		.raise = "-- The verdict is no number, and the error bears it.\n"
			 "SELECT CAST(verdict AS NUMBER) " REFUSED ";\n",
		.json = "PARSE_JSON(",
		.json_end = ")",
	},
	{
		.target = "redshift",
		.head = "-- Copy the files to the bucket, then: psql -X -v schema=shop -v "
			"bucket=s3://shop/bundle\n"
			"--     -v role=arn:aws:iam::123456789012:role/load -f load.sql "
			"'host=... port=5439 dbname=...'\n"
			"-- All is done in one transaction. What psql does with \\set, aws "
			"redshift-data has no words for: there\n"
			"-- put the names in, leave out the lines that begin with a backslash, "
			"and give the statements between\n"
			"-- BEGIN and COMMIT to batch-execute-statement, which takes 40 of them "
			"at most.\n\n"
			"\\set ON_ERROR_STOP on\n",
		.set_schema = psql_schema,
		.schema = "public",
		.rest = "BEGIN;\n"
			"SET search_path TO :\"schema\";\n"
			"LOCK \"ev_ledger\";\n",
		.stage = redshift_stage,
		.temporary = "CREATE TEMP TABLE",
		.behind = "",
		.text = "VARCHAR(65535)",
		.integer = "BIGINT",
		.begin = "",
		.end = "COMMIT;\n",
		.raise = "SELECT verdict " REFUSED ";\n"
			 "-- The verdict above is no number.\n"
			 "SELECT CAST(verdict AS INTEGER) " REFUSED ";\n",
		.json = "JSON_PARSE(",
		.json_end = ")",
	},
	{
		.target = "bigquery",
		.head = "-- Copy the files to the bucket, then: bq query --use_legacy_sql=false "
			"<load.sql\n"
			"-- All that changes rows is one transaction.\n\n",
		.set_schema = bigquery_schema,
		.schema = "shop",
		.rest = "DECLARE bucket STRING DEFAULT 'gs://shop/bundle'; -- set: where the files "
			"lie\n"
			"SET @@dataset_id = dataset;\n",
		.stage = bigquery_stage,
		.temporary = "CREATE TEMP TABLE",
		.behind = "",
		.text = "STRING",
		.integer = "INT64",
		.begin = "BEGIN\nBEGIN TRANSACTION;\n"
			 "-- Of two loads at once, one is cancelled here.\n"
			 "UPDATE `ev_ledger` SET `batch` = `batch` WHERE `commit_no` = (SELECT "
			 "max(`commit_no`) FROM `ev_ledger`);\n",
		.end = "COMMIT TRANSACTION;\nEXCEPTION WHEN ERROR THEN\n\tROLLBACK TRANSACTION;\n"
		       "\tRAISE USING MESSAGE = @@error.message;\nEND;\n",
		.raise = "SELECT ERROR(verdict) " REFUSED ";\n",
		.json = "PARSE_JSON(",
		.json_end = ")",
	},
	{
		.target = "clickhouse",
		.head = "-- In this folder: clickhouse-client --multiquery "
			"<load.sql\n"
			"-- ClickHouse has no transaction over tables. Rows bear the number of "
			"their load, and count when the\n"
			"-- ledger has it, which is the last statement: until then no view shows "
			"any of them. What a load that\n"
			"-- was interrupted left behind never counts. One load at a time.\n\n"
			"",
		.set_schema = clickhouse_schema,
		.schema = "default",
		.rest = "SET join_use_nulls = 1, date_time_input_format = 'best_effort';\n",
		.stage = clickhouse_stage,
		.temporary = "CREATE TEMPORARY TABLE",
		.behind = " ENGINE = Memory",
		.text = "Nullable(String)",
		.integer = "Nullable(Int64)",
		.begin = "",
		.end = "",
		.raise = "SELECT verdict " REFUSED ";\n"
			 "SELECT throwIf((SELECT count() " REFUSED ") > 0, 'the load is refused, "
			 "for the reason above');\n",
		.json = "",
		.json_end = "",
	},
	{
		.target = "duckdb",
		.head = "-- In this folder: duckdb shop.duckdb <load.sql\n"
			"-- All is done in one transaction.\n\n"
			".bail on\n",
		.set_schema = duckdb_schema,
		.schema = "main",
		.rest = "BEGIN TRANSACTION;\n",
		.stage = duckdb_stage,
		.temporary = "CREATE OR REPLACE TEMP TABLE",
		.behind = "",
		.text = "VARCHAR",
		.integer = "BIGINT",
		.begin = "",
		.end = "COMMIT;\n",
		.raise = "SELECT error(verdict) " REFUSED ";\n",
		.json = "CAST(",
		.json_end = " AS JSON)",
		.sizes = true,
	},
};

/* The bundle's own figures, as tables */

static void begin_rows(struct script *s, const char *table, size_t i)
{
	if (i % AT_ONCE == 0)
		put(s, "%sINSERT INTO %s VALUES\n\t", i > 0 ? ";\n" : "", table);
	else
		put(s, ",\n\t");
}

/* The positions at which the load can be applied. */
static void put_points(struct script *s)
{
	static const char *const columns[] = {"point", "#n"};
	const struct ev_span *span = &s->b->span;
	struct ev_point p = span->to;
	char position[EV_STORE_POSITION];

	put_own(s, "ev_point", columns, 2);
	if (!s->b->by_position || span->from == 0)
		return;
	for (uint64_t n = span->from; n <= span->to.number; n++) {
		p.number = n;
		memcpy(p.digest, ev_span_digest(span, n), EV_STORE_DIGEST);
		ev_point_write(&p, position);
		begin_rows(s, "ev_point", (size_t)(n - span->from));
		put(s, "('%s', %llu)", position, (unsigned long long)n);
	}
	put(s, ";\n");
}

/* What is to be entered in the ledger. */
static void put_entries(struct script *s)
{
	static const char *const columns[] = {"#n",	    "batch",   "digest", "load_mode",
					      "#row_count", "balance", "point",	 "model"};
	char position[EV_STORE_POSITION];

	put_own(s, "ev_entry", columns, 8);
	for (size_t i = 0; i < s->b->n_entries; i++) {
		const struct ev_bundle_entry *e = &s->b->entries[i];

		begin_rows(s, "ev_entry", i);
		put(s, "(%zu, ", i + 1);
		put_text(s, e->batch);
		put(s, ", '%s', '%s', %llu, ", e->digest, e->mode, (unsigned long long)e->rows);
		put_text(s, e->balance);
		if (s->b->by_position) {
			ev_point_write(&s->b->span.to, position);
			put(s, ", '%s', '%s')", position, s->b->model);
		} else {
			put(s, ", NULL, NULL)");
		}
	}
	put(s, ";\n");
}

/* The verdict */

static void put_size(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = files_of(s, table);
	unsigned long long bytes = 0;

	put(s, "\tWHEN ");
	if (strcmp(s->e->target, "postgres") == 0)
		put(s, "CAST(:'bytes_%zu' AS BIGINT)", table + 1);
	for (size_t k = 0; k < f->n; k++) {
		bytes += f->list[k].bytes;
		if (strcmp(s->e->target, "sqlite") == 0)
			put(s, "%slength(readfile('%s'))", k > 0 ? " + " : "", f->list[k].file);
		else if (strcmp(s->e->target, "duckdb") == 0)
			put(s, "%s(SELECT size FROM read_blob('%s'))", k > 0 ? " + " : "",
			    f->list[k].file);
	}
	put(s,
	    " <> %llu\n\t\tTHEN '%s: the files are not as long as the manifest says: copy the "
	    "bundle again'\n",
	    bytes, table_of(s, table) != NULL ? table_of(s, table)->name : "ev_delete");
}

/* Whether the files came whole. */
static void put_counts(struct script *s)
{
	char name[32];

	for (size_t i = 0; i <= s->b->tables->n; i++) {
		const struct ev_bundle_files *f = files_of(s, i);
		const struct ev_table *t = table_of(s, i);
		unsigned long long rows = f->rows;

		if (f->n == 0)
			continue;
		put(s,
		    "\tWHEN (SELECT count(*) FROM %s) <> %llu\n"
		    "\t\tTHEN '%s: there are not the %llu "
		    "rows of the manifest: copy the bundle again'\n",
		    stage_of(s, i, name), rows, t != NULL ? t->name : "ev_delete", rows);
		if (s->e->sizes)
			put_size(s, i);
		if (t == NULL || !s->b->kind->keyless)
			continue;
		put(s, "\tWHEN (SELECT count(*) FROM (SELECT DISTINCT ");
		put_columns(s, t, t->n_keys, "");
		put(s,
		    " FROM %s) AS k) <> %llu\n\t\tTHEN '%s: two rows have one key: all days go "
		    "through one evversion and evstar'\n",
		    stage_of(s, i, name), rows, t->name);
	}
}

/* Where nothing enforces keys: rows that are there, and will not be deleted. */
static void put_there(struct script *s)
{
	char name[32];

	for (size_t i = 0; i < s->b->tables->n; i++) {
		const struct ev_table *t = table_of(s, i);

		if (files_of(s, i)->n == 0)
			continue;
		put(s, "\tWHEN (SELECT count(*) FROM ");
		put_name(s, t->name); /* of what counts a view, where loads erase nothing */
		put(s, " AS t JOIN %s AS s ON ", stage_of(s, i, name));
		for (size_t k = 0; k < t->n_keys; k++)
			put(s, "%st.[%s] = s.[%s]", k > 0 ? " AND " : "", t->columns[k].name,
			    t->columns[k].name);
		if (files_of(s, s->b->tables->n)->n > 0) {
			put(s,
			    ev_sql_is_uuid_key(s->b->sql, &t->columns[0])
				    ? " LEFT JOIN ev_delete AS d ON d.owner = CAST(t.[%s] AS %s)"
				    : " LEFT JOIN ev_delete AS d ON d.owner = t.[%s]",
			    t->columns[0].name, s->e->text);
			put(s, " AND d.of_table = '%s' ", t->fact != NULL ? EV_ALL_FACTS : t->name);
			if (t->fact != NULL && s->b->by_position) /* what is new has no rows */
				put(s, "AND d.first_commit < %llu ",
				    (unsigned long long)s->b->span.to.number);
			put(s, "WHERE d.owner IS NULL");
		}
		put(s, ") > 0\n\t\tTHEN '%s: holds rows already that the load brings: ", t->name);
		put(s, s->b->by_position
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
	put(s,
	    "\tWHEN l.n = 0\n\t\tTHEN 'nothing was loaded here yet, and this bundle brings what "
	    "changed since commit %llu: begin with one of evversion --since 0'\n",
	    from);
	put(s, "\tWHEN l.last_point IS NULL\n\t\tTHEN 'what is here was loaded without a state: "
	       "evversion --since 0 puts all of a state in the place of it'\n");
	put(s,
	    "\tWHEN l.last_model <> '%s'\n\t\tTHEN 'what is here was loaded by another model: "
	    "evversion --since 0 takes the new one'\n",
	    s->b->model);
	put(s, "\tWHEN l.last_point = '%s' THEN 'nothing'\n", to);
	put(s,
	    "\tWHEN p.n IS NULL\n\t\tTHEN 'the ledger stands at ' || l.last_point || ', and this "
	    "bundle leads from commit %llu to %s: apply those between first, or make one with "
	    "evversion --since and the position of the ledger'\n",
	    from, to);
}

static void judge_whole(struct script *s)
{
	char to[EV_STORE_POSITION];

	ev_point_write(&s->b->span.to, to);
	put(s,
	    "\tWHEN l.last_point = '%s' AND l.last_mode = 'whole' AND "
	    "l.last_digest = '%s' AND l.last_model "
	    "= '%s' THEN 'nothing'\n",
	    to, s->b->entries[0].digest, s->b->model);
}

static void judge_snapshot(struct script *s)
{
	put(s,
	    "\tWHEN (SELECT count(*) FROM [ev_ledger] AS o JOIN ev_entry AS e ON o.[batch] = "
	    "e.batch AND o.[digest] = e.digest AND o.[mode] = e.load_mode\n\t\tAND o.[commit_no] = "
	    "e.n + (SELECT max([commit_no]) FROM [ev_ledger]) - %zu) = %zu THEN 'nothing'\n",
	    s->b->n_entries, s->b->n_entries);
}

/* How many of the bundle's batches the ledger holds since all was replaced. */
static void put_held(struct script *s, const char *more)
{
	put(s,
	    "(SELECT count(*) FROM [ev_ledger] AS o JOIN ev_entry AS e ON o.[batch] = e.batch%s "
	    "WHERE o.[commit_no] >=\n\t\t(SELECT coalesce(max([commit_no]), 0) FROM [ev_ledger] "
	    "WHERE [mode] IN ('snapshot', 'whole')))",
	    more);
}

static void judge_insert(struct script *s)
{
	put(s, "\tWHEN l.last_point IS NOT NULL\n\t\tTHEN 'what is here follows a state, and what "
	       "comes without one cannot be added to that: load what comes out of it, or a "
	       "snapshot of all days'\n\tWHEN ");
	put_held(s, " AND o.[digest] = e.digest");
	put(s, " = %zu THEN 'nothing'\n\tWHEN ", s->b->n_entries);
	put_held(s, "");
	put(s, " > 0\n\t\tTHEN 'some of the batches were loaded before, and not all, or with other "
	       "content: give those that are new a bundle of their own'\n");
}

/*
 * The number of the load. Where loads erase nothing, no row has it yet, that of an interrupted load
 * neither.
 */
static void put_number(struct script *s)
{
	bool by_load = s->b->sql->by_load;

	put(s, by_load ? "greatest(coalesce(l.last_no, 0)" : "coalesce(l.last_no, 0)");
	for (size_t i = 0; i < s->b->tables->n && by_load; i++) {
		put(s, ",\n\t(SELECT max([" EV_LOAD "]) FROM ");
		put_table(s, table_of(s, i));
		put(s, ")");
	}
	put(s, by_load ? ",\n\t(SELECT max([" EV_LOAD "]) FROM [ev_erased])) + 1" : " + 1");
}

static void put_verdict(struct script *s)
{
	static const char *const columns[] = {"#stands", "#load_no", "verdict"};
	const struct ev_bundle *b = s->b;

	put_own(s, "ev_guard", columns, 3);
	ev_buf_puts(s->out, s->e->begin);
	put(s, "INSERT INTO ev_guard\nSELECT p.n, ");
	put_number(s);
	put(s, ", CASE\n");
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
	put(s, "\tELSE 'apply' END\nFROM (SELECT count(*) AS n, max([commit_no]) AS last_no, "
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

	put(s, "DELETE FROM ");
	put_table(s, t);
	put(s, " WHERE " GUARD);
	if (t->dimension != NULL) {
		put(s, " AND [%s]", t->columns[0].name);
		put(s,
		    ev_sql_is_uuid_key(s->b->sql, &t->columns[0])
			    ? " <> '00000000-0000-0000-0000-000000000000'"
			    : " <> '%s'",
		    ev_unknown_key);
	}
	if (c != NULL) {
		ev_date_format(c->from, from);
		ev_date_format(c->to, to);
		put(s, " AND ([date] < '%.*s' OR [date] > '%.*s')", EV_DATE_TEXT, from,
		    EV_DATE_TEXT, to);
	}
	put(s, ";\n");
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
		put(s, i == 0 ? "\n\tAND [%s] >= " : " AND [%s] <= ", c->name);
		put(s, "CAST('%s %s' AS ", b->days[i], ends[i]);
		ev_sql_type(b->sql, c, s->out);
		put(s, ")");
	}
}

static void delete_owners(struct script *s, const struct ev_table *t)
{
	const char *key = t->columns[0].name;

	if (t->fact != NULL && s->b->days[0][0] == '\0' && !s->b->dateless)
		return;
	put(s, "DELETE FROM ");
	put_table(s, t);
	put(s,
	    " WHERE " GUARD
	    "\n\tAND [%s] IN (SELECT %s FROM ev_delete AS d WHERE d.of_table = '%s'",
	    key,
	    ev_sql_is_uuid_key(s->b->sql, &t->columns[0]) ? "CAST(d.owner AS UUID)" : "d.owner",
	    t->fact != NULL ? EV_ALL_FACTS : t->name);
	if (!s->b->kind->keyless && t->fact != NULL)
		put(s, " AND d.first_commit <= (SELECT stands FROM ev_guard)");
	put(s, ")");
	put_range(s, t);
	if (s->b->partial && t->versions)
		put(s, "\n\tAND [ev_version] >= (SELECT min(d.from_version) FROM ev_delete AS d "
		       "WHERE d.of_table = '" EV_ALL_FACTS "' AND d.owner = [ev_owner])");
	put(s, ";\n");
}

static void insert_rows(struct script *s, size_t table)
{
	const struct ev_table *t = table_of(s, table);
	bool by_load = s->b->sql->by_load;
	char name[32];

	put(s, "INSERT INTO ");
	put_table(s, t);
	put(s, " (");
	put_columns(s, t, t->n, "");
	put(s, by_load ? ", [" EV_LOAD "])\n\tSELECT " : ")\n\tSELECT ");
	if (strcmp(s->e->target, "sqlite") == 0)
		for (size_t i = 0; i < t->n; i++) {
			put(s, "%s", i > 0 ? ",\n\t\t" : "");
			sqlite_value(s, &t->columns[i]);
		}
	else
		put_columns(s, t, t->n, "");
	put(s, "%s FROM %s WHERE " GUARD ";\n",
	    by_load ? ", assumeNotNull((SELECT load_no FROM ev_guard))" : "",
	    stage_of(s, table, name));
}

/* Where loads erase nothing: the rows come, and what they supersede is named. */
static void put_loads(struct script *s)
{
	const struct ev_bundle *b = s->b;
	bool gone = files_of(s, b->tables->n)->n > 0;

	for (size_t i = 0; i < b->tables->n; i++)
		if (files_of(s, i)->n > 0)
			insert_rows(s, i);
	for (size_t i = 0; i < b->tables->n && gone; i++) {
		const struct ev_table *t = table_of(s, i);

		put(s,
		    "INSERT INTO [ev_erased] ([ev_table], [ev_owner], [ev_version], [" EV_LOAD
		    "])\n\tSELECT '%s', assumeNotNull(owner), "
		    "%s, assumeNotNull((SELECT load_no FROM "
		    "ev_guard))\n\tFROM ev_delete WHERE of_table = '%s' AND " GUARD ";\n",
		    t->name, t->versions ? "assumeNotNull(from_version)" : "0",
		    t->fact != NULL ? EV_ALL_FACTS : t->name);
	}
	for (size_t i = 0; i < b->tables->n; i++) {
		const struct ev_table *t = table_of(s, i);

		put(s, "SELECT throwIf((SELECT count() FROM ");
		put_table(s, t);
		put(s,
		    " WHERE [" EV_LOAD "] = (SELECT load_no FROM ev_guard)) <> %llu AND " GUARD
		    ", '%s: another load at the same time: run it again');\n",
		    (unsigned long long)files_of(s, i)->rows, t->name);
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
			clear_table(s, table_of(s, i));
		else if (files_of(s, b->tables->n)->n > 0)
			delete_owners(s, table_of(s, i));
	}
	for (size_t i = 0; i < b->tables->n; i++)
		if (files_of(s, i)->n > 0)
			insert_rows(s, i);
}

static void put_ledger_rows(struct script *s)
{
	put(s,
	    "INSERT INTO [ev_ledger] ([commit_no], [batch], [digest], [mode], [rows], [balance], "
	    "[position], [model])\n");
	put(s,
	    "\tSELECT e.n + (SELECT load_no FROM ev_guard) - 1, e.batch, e.digest, e.load_mode, "
	    "e.row_count, %se.balance%s, e.point, e.model\n\tFROM ev_entry AS e WHERE " GUARD ";\n",
	    s->e->json, s->e->json_end);
}

static void put_head(struct script *s)
{
	char from[EV_STORE_POSITION], to[EV_STORE_POSITION];
	const struct ev_span *span = &s->b->span;
	struct ev_point p = span->to;

	put(s, EV_SCRIPT_HEAD "%s", s->e->target);
	if (s->b->by_position && span->from == 0) {
		ev_point_write(&p, to);
		put(s, ": all of a state, which leads to\n-- %s.\n", to);
	} else if (s->b->by_position) {
		ev_point_write(&p, to);
		p.number = span->from;
		memcpy(p.digest, ev_span_digest(span, span->from), EV_STORE_DIGEST);
		ev_point_write(&p, from);
		put(s, ": what changed from\n-- %s to\n-- %s.\n", from, to);
	} else {
		put(s, ".\n");
	}
	ev_buf_puts(s->out, s->e->head);
	if (s->e->set_schema != NULL)
		s->e->set_schema(s, s->b->schema != NULL ? s->b->schema : s->e->schema);
	ev_buf_puts(s->out, s->e->rest);
}

void ev_bundle_script(const struct ev_bundle *b, struct ev_buf *out)
{
	struct script s = {.b = b, .out = out};

	for (size_t i = 0; s.e == NULL; i++)
		if (strcmp(engines[i].target, b->kind->target) == 0)
			s.e = &engines[i];
	put_head(&s);
	for (size_t i = 0; i <= b->tables->n; i++) {
		if (files_of(&s, i)->n == 0)
			continue;
		put(&s, "\n-- %s\n",
		    i < b->tables->n ? b->tables->list[i].name : "what is deleted");
		s.e->stage(&s, i);
	}
	put(&s, "\n-- what is applied where, and whether it may be\n");
	put_points(&s);
	put_entries(&s);
	put_verdict(&s);
	put(&s, "\n");
	put_changes(&s);
	put_ledger_rows(&s);
	ev_buf_puts(out, s.e->end);
}
