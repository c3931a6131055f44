/*
 * The connection to PostgreSQL: libpq, its errors, and how a transaction begins.
 */
#include "warehouse/postgres.h"

#ifdef EV_LIBPQ

#include "base/mem.h"
#include "warehouse/dialect.h"

#include <dlfcn.h>
#include <string.h>

enum { OLDEST = 120000 }; /* PostgreSQL 12 */

#define LIBPQ "libpq.so.5"

struct ev_pq ev_pq;

#define NAME_AND_PLACE(name) {"PQ" #name, offsetof(struct ev_pq, name)},
static const struct {
	const char *name;
	size_t at;
} functions[] = {EV_PQ_FUNCTIONS(NAME_AND_PLACE)};

enum ev_status ev_pg_library(struct ev_error *err)
{
	void *library, *function;

	if (ev_pq.exec != NULL)
		return EV_OK;
	library = dlopen(LIBPQ, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; i < sizeof functions / sizeof functions[0] && library != NULL; i++) {
		function = dlsym(library, functions[i].name);
		if (function == NULL)
			library = NULL;
		else /* ISO C has no cast from an object to a function */
			memcpy((char *)&ev_pq + functions[i].at, &function, sizeof function);
	}
	if (library != NULL)
		return EV_OK;
	ev_pq = (struct ev_pq){0};
	return ev_fail(err, "postgresql: libpq cannot be loaded: %s: install it (libpq5)",
		       dlerror());
}

/* A message of libpq or the server in one line. */
static void put_message(const char *text, struct ev_buf *out)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && text[i] != '\t')
			ev_buf_putc(out, text[i]);
		else if (text[i] == '\n')
			ev_buf_puts(out, ": ");
}

static const char *state_of(const PGresult *r)
{
	const char *state = ev_pq.resultErrorField(r, PG_DIAG_SQLSTATE);

	return state != NULL ? state : "";
}

bool ev_pg_is_state(const PGresult *r, const char *state)
{
	return strcmp(state_of(r), state) == 0;
}

/* By the class of an error, or all of its code (PostgreSQL's manual, appendix A). */
static const struct {
	const char *state, *advice;
} advices[] = {
	{"08", "nothing was changed: run the same line again"},
	{"57P0", "nothing was changed: run the same line again"},
	{"40", "other programs change the same rows, and nothing was changed: run the same line "
	       "again"},
	{"55P03", "another program holds it, and nothing was changed: run the same line again"},
	{"53100", "make room on the server's disk"},
	{"25006", "load into the primary server, with a role that may write"},
	{"42501", "evload needs USAGE on the schema, SELECT, INSERT and DELETE on the tables, "
		  "SELECT and INSERT on ev_ledger (evschema grants --loader), and TEMPORARY on "
		  "the database"},
};

static const char *advice_of(const char *state)
{
	for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
		if (strncmp(state, advices[i].state, strlen(advices[i].state)) == 0)
			return advices[i].advice;
	return NULL;
}

/* r: what the server says, or NULL where nothing came of it. */
enum ev_status ev_pg_trouble(struct ev_postgres *p, const char *doing, const PGresult *r,
			     struct ev_error *err)
{
	const char *text = r != NULL ? ev_pq.resultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	/* What libpq says by itself, without the server, is that the connection is no more. */
	bool lost = ev_pq.status(p->conn) == CONNECTION_BAD || state_of(r)[0] == '\0';
	const char *advice = advice_of(lost ? "08" : state_of(r));
	struct ev_buf what = {0};

	p->again = !lost && strncmp(state_of(r), "40", 2) == 0;
	put_message(text != NULL ? text : ev_pq.errorMessage(p->conn), &what);
	ev_fail(err, "%s: %s: %s%s%s", p->name, doing, ev_buf_str(&what),
		advice != NULL ? ": " : "", advice != NULL ? advice : "");
	ev_buf_free(&what);
	return EV_FATAL;
}

/* NULL after an error, which is told. */
PGresult *ev_pg_ask(struct ev_postgres *p, const char *doing, const char *sql, int n,
		    const char *const *values, struct ev_error *err)
{
	PGresult *r = n > 0 ? ev_pq.execParams(p->conn, sql, n, NULL, values, NULL, NULL, 0)
			    : ev_pq.exec(p->conn, sql);
	ExecStatusType st = ev_pq.resultStatus(r);

	if (st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK || st == PGRES_COPY_IN)
		return r;
	ev_pg_trouble(p, doing, r, err);
	ev_pq.clear(r);
	return NULL;
}

enum ev_status ev_pg_run(struct ev_postgres *p, const char *doing, const char *sql,
			 struct ev_error *err)
{
	PGresult *r = ev_pg_ask(p, doing, sql, 0, NULL, err);

	ev_pq.clear(r);
	return r != NULL ? EV_OK : EV_FATAL;
}

void ev_pg_put_table(const struct ev_postgres *p, const struct ev_table *t, struct ev_buf *sql)
{
	ev_sql_table(ev_dialect_find("postgres"), p->schema, t->name, sql);
}

/* The server's notices are for psql. */
static void no_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

static enum ev_status check_server(struct ev_postgres *p, struct ev_error *err)
{
	const char *encoding = ev_pq.parameterStatus(p->conn, "server_encoding");

	if (ev_pq.serverVersion(p->conn) < OLDEST)
		return ev_fail(err, "%s: the server is PostgreSQL %d: evload needs 12 or newer",
			       p->name, ev_pq.serverVersion(p->conn) / 10000);
	if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
		return ev_fail(err,
			       "%s: the database is in %s, which cannot hold every text that an "
			       "event may bear: make one with CREATE DATABASE ... ENCODING 'UTF8' "
			       "TEMPLATE template0",
			       p->name, encoding != NULL ? encoding : "no known encoding");
	return EV_OK;
}

/* Where no environment of the model names one: that in which evschema's statements made tables. */
static enum ev_status find_schema(struct ev_postgres *p, struct ev_error *err)
{
	PGresult *r;

	if (p->schema != NULL)
		return EV_OK;
	r = ev_pg_ask(p, "the schema", "SELECT pg_catalog.current_schema()", 0, NULL, err);
	if (r == NULL)
		return EV_FATAL;
	if (!ev_pq.getisnull(r, 0, 0))
		p->schema = ev_strdup(ev_pq.getvalue(r, 0, 0));
	ev_pq.clear(r);
	return p->schema != NULL
		       ? EV_OK
		       : ev_fail(err,
				 "%s: no schema of the search_path is there: name one in an "
				 "environment of the model, and the environment with -e",
				 p->name);
}

enum ev_status ev_pg_connect(struct ev_postgres *p, struct ev_error *err)
{
	static const char *const names[] = {"dbname", "client_encoding",
					    "fallback_application_name", NULL};
	const char *const values[] = {p->where, "UTF8", "evload", NULL};
	struct ev_buf what = {0};

	p->conn = ev_pq.connectdbParams(names, values, 1);
	if (p->conn == NULL)
		ev_oom();
	ev_pq.setNoticeReceiver(p->conn, no_notice, NULL);
	if (ev_pq.status(p->conn) != CONNECTION_OK) {
		put_message(ev_pq.errorMessage(p->conn), &what);
		ev_fail(err, "%s: %s%s", p->name, ev_buf_str(&what),
			ev_pq.connectionNeedsPassword(p->conn)
				? ": put it into the file that PGPASSFILE names, or ~/.pgpass"
				: "");
		ev_buf_free(&what);
		return EV_FATAL;
	}
	if (ev_pq.setnonblocking(p->conn, 1) != 0)
		return ev_pg_trouble(p, "the connection", NULL, err);
	if (check_server(p, err) != EV_OK || find_schema(p, err) != EV_OK)
		return EV_FATAL;
	if (p->ledger == NULL) {
		ev_buf_reset(&p->scratch);
		ev_sql_table(ev_dialect_find("postgres"), p->schema, "ev_ledger", &p->scratch);
		p->ledger = ev_strdup(ev_buf_str(&p->scratch));
	}
	return EV_OK;
}

/*
 * What the role or the database sets shall not matter: names are looked for in PostgreSQL's own
 * schema alone, rules for rows hide none, and a pipe may take its time.
 */
enum ev_status ev_pg_begin(struct ev_postgres *p, const char *access, struct ev_error *err)
{
	static const char settings[] =
		"SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL row_security = off; "
		"SET LOCAL DateStyle = ISO; SET LOCAL TimeZone = 'UTC'; "
		"SET LOCAL quote_all_identifiers = off; "
		"SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = "
		"0; SELECT set_config(name, '0', true) FROM pg_settings "
		"WHERE name = 'transaction_timeout'";

	ev_buf_reset(&p->scratch);
	ev_buf_printf(&p->scratch, "BEGIN ISOLATION LEVEL READ COMMITTED %s; %s", access, settings);
	return ev_pg_run(p, "BEGIN", ev_buf_str(&p->scratch), err);
}

/*
 * Two loads into one schema go one after the other. The lock ends with the transaction, and so with
 * the connection.
 */
enum ev_status ev_pg_lock(struct ev_postgres *p, struct ev_error *err)
{
	const char *ledger = p->ledger;
	PGresult *r;

	r = ev_pg_ask(p, "the lock of another load",
		      "SELECT pg_advisory_xact_lock(" EV_PG_LOCK ", $1::regclass::oid::int4)", 1,
		      &ledger, err);
	ev_pq.clear(r);
	return r != NULL ? EV_OK : EV_FATAL;
}

/* What libpq is given of a URL: one with an authority as it is, else what is behind the colon. */
const char *ev_pg_conninfo(const char *url)
{
	const char *colon = strchr(url, ':');

	return strncmp(colon, "://", 3) == 0 ? url : colon + 1;
}

/* What libpq says of a URL may repeat it, and with it a password. */
enum ev_status ev_pg_check_url(const char *url, struct ev_error *err)
{
	static const char *const secrets[] = {"password", "sslpassword"};
	PQconninfoOption *options = ev_pq.conninfoParse(ev_pg_conninfo(url), NULL);
	enum ev_status st = EV_OK;

	if (options == NULL)
		return ev_fail(
			err,
			"postgresql: libpq cannot read the target's name: write "
			"postgresql://[USER@]HOST[:PORT]/DATABASE, or postgresql:service=NAME, or "
			"postgresql: alone and PGHOST, PGDATABASE and so on in the environment");
	for (PQconninfoOption *o = options; o->keyword != NULL && st == EV_OK; o++)
		for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
			if (o->val != NULL && o->val[0] != '\0' &&
			    strcmp(o->keyword, secrets[i]) == 0)
				st = ev_fail(
					err,
					"postgresql: a password on the command line is there for "
					"all to see: put it into the file that PGPASSFILE names "
					"(~/.pgpass), or into a service file, and name "
					"postgresql:service=NAME");
	ev_pq.conninfoFree(options);
	return st;
}

#endif
