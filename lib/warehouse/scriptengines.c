/*
 * load.sql: how each engine stages the files of a bundle, and what it says otherwise than others.
 */
#include "warehouse/script.h"

#include <string.h>

static void put_delete_stage(struct script *s)
{
	static const char *const columns[] = {"of_table", "owner", "#first_commit",
					      "#from_version"};

	script_own(s, "ev_delete", columns, 4);
}

/* A stage in the image of the live table, and so with its types. */
static void put_image(struct script *s, size_t table, const char *as, const char *none)
{
	const struct ev_table *t = script_table_of(s, table);
	char name[32];

	if (t == NULL) {
		put_delete_stage(s);
		return;
	}
	script_put(s, "%s %s%s AS SELECT ", s->e->temporary, script_stage_of(s, table, name), as);
	script_columns(s, t, t->n, "");
	script_put(s, " FROM ");
	script_table(s, t);
	script_put(s, " %s;\n", none);
}

/* Schemas have names of letters, digits and _, as the model's tables have. */
static void psql_schema(struct script *s, const char *schema)
{
	script_put(s, "\\if :{?schema}\n\\else\n\\set schema %s\n\\endif\n", schema);
}

static void snowflake_schema(struct script *s, const char *schema)
{
	const char *quote = s->b->schema != NULL ? "\"" : "";

	script_put(s, "SET ev_schema = '%s%s%s'; -- set: the schema of the tables\n", quote, schema,
		   quote);
}

static void duckdb_schema(struct script *s, const char *schema)
{
	script_put(s, "SET schema = '%s'; -- set: the schema of the tables\n", schema);
}

static void bigquery_schema(struct script *s, const char *schema)
{
	script_put(s, "DECLARE dataset STRING DEFAULT '%s'; -- set: the dataset of the tables\n",
		   schema);
}

static void clickhouse_schema(struct script *s, const char *schema)
{
	script_put(s, "USE [%s]; -- set: the database of the tables\n", schema);
}

/* SQLite */

/*
 * A field as pgtext spells it, which .import leaves as it is. A field holds no CR, so that stands
 * for a backslash at first, until no other is left to be mistaken.
 */
void script_sqlite_value(struct script *s, const struct ev_column *c)
{
	struct ev_buf name = {0};

	ev_sql_name(s->b->sql, c->name, &name);
	ev_buf_str(&name);
	switch (c->type) {
	case EV_TYPE_INT: script_put(s, "CAST(nullif(%s, '\\N') AS INTEGER)", name.p); break;
	case EV_TYPE_BOOL: script_put(s, "nullif(%s, '\\N') = 'true'", name.p); break;
	case EV_TYPE_UUID:
	case EV_TYPE_TIMESTAMP:
	case EV_TYPE_DATE:
	case EV_TYPE_DECIMAL: script_put(s, "nullif(%s, '\\N')", name.p); break;
	default:
		script_put(s,
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
	const struct ev_bundle_files *f = script_files_of(s, table);
	const struct ev_table *t = script_table_of(s, table);
	char name[32];

	script_stage_of(s, table, name);
	if (t == NULL) {
		put_delete_stage(s);
	} else {
		script_put(s, "CREATE TEMP TABLE %s (", name);
		for (size_t i = 0; i < t->n; i++) {
			script_put(s, "%s", i > 0 ? ", " : "");
			script_name(s, t->columns[i].name);
			script_put(s, " TEXT");
		}
		script_put(s, ");\n");
	}
	for (size_t k = 0; k < f->n; k++)
		script_put(s, ".import %s %s\n", f->list[k].file, t != NULL ? name : "ev_delete");
	if (t != NULL)
		return;
	script_put(s, "UPDATE ev_delete SET owner = ");
	script_sqlite_value(s, &ev_gone_columns[1]);
	script_put(s, ";\n");
}

/* PostgreSQL */

static void postgres_stage(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = script_files_of(s, table);
	char name[32];
	const char *stage = script_stage_of(s, table, name);

	put_image(s, table, "", "WITH NO DATA");
	for (size_t k = 0; k < f->n; k++)
		script_put(s, "\\copy %s FROM '%s'\n", stage, f->list[k].file);
	script_put(s, "ANALYZE %s;\n", stage);
	script_put(s, "\\set bytes_%zu `cat", table + 1);
	for (size_t k = 0; k < f->n; k++)
		script_put(s, " %s", f->list[k].file);
	script_put(s, " | wc -c`\n");
}

/* Snowflake */

static void snowflake_stage(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = script_files_of(s, table);
	const struct ev_table *t = script_table_of(s, table);
	size_t n = t != NULL ? t->n : 4;
	char name[32];

	put_image(s, table, "", "WHERE FALSE");
	for (size_t k = 0; k < f->n; k++)
		script_put(s, "PUT 'file://./%s' @ev_bundle AUTO_COMPRESS = FALSE;\n",
			   f->list[k].file);
	script_put(s, "COPY INTO %s FROM (SELECT ", script_stage_of(s, table, name));
	for (size_t i = 0; i < n; i++)
		script_put(s,
			   t != NULL && t->columns[i].type == EV_TYPE_JSON ? "%sPARSE_JSON($%zu)"
									   : "%s$%zu",
			   i > 0 ? ", " : "", i + 1);
	script_put(s, " FROM @ev_bundle)\n\tFILES = (");
	for (size_t k = 0; k < f->n; k++)
		script_put(s, "%s'%s'", k > 0 ? ", " : "", f->list[k].file);
	script_put(s, ")\n\tFILE_FORMAT = (TYPE = CSV COMPRESSION = GZIP FIELD_DELIMITER = '\\t' "
		      "FIELD_OPTIONALLY_ENCLOSED_BY = "
		      "'\"'\n\t\tESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () "
		      "EMPTY_FIELD_AS_NULL = TRUE)\n\tON_ERROR = ABORT_STATEMENT;\n");
}

/* Redshift */

static void redshift_stage(struct script *s, size_t table)
{
	const struct ev_table *t = script_table_of(s, table);
	char name[32];

	put_image(s, table, "", "WHERE FALSE");
	script_put(s, "\\set files :bucket '/%s.'\n", t != NULL ? t->name : "ev_delete");
	script_put(s, "COPY %s FROM :'files' IAM_ROLE :'role'\n", script_stage_of(s, table, name));
	script_put(
		s,
		"\tFORMAT CSV DELIMITER '\\t' QUOTE '\"' NULL AS '\\N' TIMEFORMAT 'auto' GZIP;\n");
}

/* BigQuery */

static void bigquery_stage(struct script *s, size_t table)
{
	const struct ev_table *t = script_table_of(s, table);
	const struct ev_column *columns = t != NULL ? t->columns : ev_gone_columns;
	size_t n = t != NULL ? t->n : EV_GONE;
	char name[32];

	script_put(s, "EXECUTE IMMEDIATE FORMAT(r\"\"\"LOAD DATA OVERWRITE TEMP TABLE %s (",
		   script_stage_of(s, table, name));
	for (size_t i = 0; i < n; i++) {
		script_put(s, "%s", i > 0 ? ", " : "");
		script_name(s, columns[i].name);
		script_put(s, " ");
		ev_sql_type(s->b->sql, &columns[i], s->out);
	}
	script_put(s, ")\n\tFROM FILES (format = 'CSV', compression = 'GZIP', ");
	ev_buf_printf(s->out, "uris = ['%%s/%s.*'],\n", t != NULL ? t->name : "ev_delete");
	script_put(s, "\t\tfield_delimiter = '\\t', quote = '\"', null_marker = '\\\\N', "
		      "allow_quoted_newlines = true)\"\"\", bucket);\n");
}

/* ClickHouse */

static void clickhouse_stage(struct script *s, size_t table)
{
	const struct ev_bundle_files *f = script_files_of(s, table);
	char name[32];
	const char *stage = script_stage_of(s, table, name);

	put_image(s, table, " ENGINE = MergeTree ORDER BY tuple()", "WHERE 0");
	for (size_t k = 0; k < f->n; k++)
		script_put(
			s,
			"INSERT INTO %s FROM INFILE '%s' COMPRESSION 'gzip' FORMAT TabSeparated;\n",
			stage, f->list[k].file);
}

/* DuckDB. AUTO_DETECT does not keep it from taking a CR in the first value for the line's end. */

static void duckdb_stage(struct script *s, size_t table)
{
	enum { USUAL = 16777216 };
	const struct ev_bundle_files *f = script_files_of(s, table);
	size_t longest = f->longest < USUAL ? USUAL : f->longest;
	char name[32];

	put_image(s, table, "", "LIMIT 0");
	for (size_t k = 0; k < f->n; k++)
		script_put(
			s,
			"COPY %s FROM '%s' (FORMAT csv, HEADER false, AUTO_DETECT false, NEW_LINE "
			"'\\n', DELIMITER '\\t',\n\tQUOTE '\"', ESCAPE '\"', NULLSTR '\\N', "
			"ALLOW_QUOTED_NULLS false, MAX_LINE_SIZE %zu);\n",
			script_stage_of(s, table, name), f->list[k].file, longest);
}

#define REFUSED "FROM ev_guard WHERE verdict NOT IN ('apply', 'nothing')"

static const struct script_engine engines[] = {
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

const struct script_engine *script_engine_of(const char *target)
{
	const struct script_engine *e = engines;

	while (strcmp(e->target, target) != 0)
		e++;
	return e;
}
