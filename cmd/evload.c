/* evload: rows into a warehouse, in one transaction. */
#include "cli/run.h"
#include "load/load.h"
#include "warehouse/target.h"

#include <stdlib.h>

static const char *table, *position, *positions, *environment, *bundle_for, *verify, *metrics;
static uint64_t part;
static bool snapshot, empty, unsealed, gzip;
static enum ev_tsv dialect;

static const struct cli_option options[] = {
	{"table", 't', "TABLE", "write the rows of TABLE as TSV to standard output"},
	{"dialect", '\0', "DIALECT", "of TSV: pgtext (default) or csvq"},
	{"gzip", '\0', NULL, "with tsv:FOLDER: write files in gzip format"},
	{"snapshot", '\0', NULL, "replace all rows of the model's tables by the input"},
	{"empty", '\0', NULL, "where all rows are replaced: an input with no event is meant, too"},
	{"unsealed", '\0', NULL, "load an input without a seal into a database, too"},
	{"position", '\0', "TARGET", "print where in a state the target stands, and end"},
	{"environment", 'e', "NAME", "an environment of the model: the schema of its tables"},
	{"for", '\0', "WAREHOUSE", "with -o DIR: put together a bundle for it"},
	{"part", '\0', "SIZE", "with --for: end a file behind so many bytes of TSV"},
	{"positions", '\0', "TARGET", "print how far topics and streams are loaded, and end"},
	{"verify", '\0', "DIR", "hold the files of a bundle against its manifest, and end"},
	{"metrics", '\0', "FILE", "write the balance sheet to FILE, as Prometheus reads it"},
	{0},
};

static void take(size_t index, const char *argument)
{
	switch (index) {
	case 0: table = argument; return;
	case 1:
		if (strcmp(argument, "pgtext") != 0 && strcmp(argument, "csvq") != 0)
			cli_usage("--dialect takes pgtext or csvq, not '%s'", argument);
		dialect = argument[0] == 'c' ? EV_TSV_CSVQ : EV_TSV_PGTEXT;
		return;
	case 2: gzip = true; return;
	case 3: snapshot = true; return;
	case 4: empty = true; return;
	case 5: unsealed = true; return;
	case 6: position = argument; return;
	case 7: environment = argument; return;
	case 8: bundle_for = argument; return;
	case 9: part = cli_size("--part", argument); return;
	case 10: positions = argument; return;
	case 11: verify = argument; return;
	case 12:
		if (strcmp(argument, "-") == 0)
			cli_usage("--metrics takes a file, which ends in .prom for node_exporter");
		metrics = argument;
		return;
	}
}

static bool makes_folder(void)
{
	return bundle_for != NULL;
}

static const struct cli_program program = {
	.name = "evload",
	.usage = "evload [options] sqlite:file [file ...]\n"
		 "       evload [options] postgresql:[...] [file ...]\n"
		 "       evload [options] tsv:folder [file ...]\n"
		 "       evload [options] -o dir --for warehouse [file ...]\n"
		 "       evload [options] -t table [file ...]\n"
		 "       evload --position target\n"
		 "       evload --positions target\n"
		 "       evload --verify dir",
	.purpose = "Loads the rows that evstar wrote, all of them or none.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
	.makes_folder = makes_folder,
};

/* In a pipe without a seal a program that failed looks like the end of the day. */
static void must_be_sealed(struct cli *c)
{
	const char *secret = getenv("EVKIT_SEAL");

	/* An empty secret is told by what reads it. */
	if (unsealed || (secret != NULL && (secret[0] == '\0' || !c->first)))
		return;
	ev_fail(&c->error,
		"the input has no seal, which a database needs, for without it a program that "
		"failed looks like the end of the day: export EVKIT_SEAL for the whole pipe "
		"(evparse --new-seal FILE makes a secret), or say --unsealed");
	cli_die(&c->error);
}

/* The schema that the environment names, which must be one of the target. */
static const char *find_schema(const struct ev_model *m, const char *target)
{
	const struct ev_environment *e;

	if (environment == NULL)
		return NULL;
	if ((e = ev_model_environment(m, environment)) == NULL)
		cli_usage("the model has no environment '%s'", environment);
	if (strcmp(e->target, target) != 0)
		cli_usage("the environment '%s' is one of %s, and the target is not", environment,
			  e->target);
	return e->schema;
}

/*
 * How much of a target's name may be shown. What is none of evload's may be a misspelt one that
 * bears a password.
 */
static int shown(const char *where)
{
	return (int)(strncmp(where, "tsv:", 4) == 0 ? strlen(where) : strcspn(where, ":"));
}

static struct ev_target *open_bundle(struct cli *c, const struct ev_model *m,
				     const struct ev_tables *tables)
{
	struct ev_target *t;

	if (c->folder == NULL)
		cli_usage("--for needs -o DIR, the folder that the bundle is put together in");
	if (table != NULL || gzip)
		cli_usage("--for says how the files are written: leave out %s",
			  table != NULL ? "-t" : "--gzip");
	must_be_sealed(c);
	t = ev_bundle_open(c->folder, tables, bundle_for, find_schema(m, bundle_for), part, m->file,
			   &c->error);
	if (t == NULL)
		cli_die(&c->error);
	t->name = c->folder;
	t->environment = environment;
	return t;
}

static struct ev_target *open_target(struct cli *c, const struct ev_model *m,
				     const struct ev_tables *tables)
{
	const struct ev_engine *engine = NULL;
	struct ev_target *t = NULL;
	const char *where, *schema;

	if (bundle_for != NULL)
		return open_bundle(c, m, tables);
	if (part > 0)
		cli_usage("--part goes with --for");
	if (gzip && table != NULL)
		cli_usage("--gzip goes with tsv:FOLDER, not with -t: give the output to gzip");
	if (table != NULL) {
		if (ev_tables_find(tables, table, strlen(table)) == NULL)
			cli_usage("the model has no table '%s'", table);
		t = ev_tsv_table(c->port.out, table, dialect);
		t->name = "-t";
		return t;
	}
	if (c->n_operands == 0)
		cli_usage("name a target: sqlite:FILE, postgresql:..., tsv:FOLDER, or -t TABLE");
	where = c->operands[0];
	if (gzip && strncmp(where, "tsv:", 4) != 0)
		cli_usage("--gzip goes with tsv:FOLDER");
	engine = ev_engine_find(where);
	schema = find_schema(m, engine != NULL ? engine->dialect : "");
	if (engine != NULL) {
		must_be_sealed(c);
		t = engine->open(where, schema, tables, m->file, &c->error);
	} else if (strncmp(where, "tsv:", 4) == 0) {
		t = ev_tsv_folder(where + 4, tables, dialect, gzip, &c->error);
	} else {
		cli_usage("'%.*s' is no target: name sqlite:FILE, postgresql:..., tsv:FOLDER, or "
			  "-t TABLE",
			  shown(where), where);
	}
	c->operands++;
	c->n_operands--;
	if (t != NULL) {
		t->name = where;
		t->environment = environment;
		return t;
	}
	cli_die(&c->error);
}

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_load_step(engine, rec, err);
}

static enum ev_status begin(void *engine, const char *batch, const struct ev_span *span,
			    struct ev_error *err)
{
	return ev_load_begin(engine, batch, span, err);
}

static enum ev_status end(void *engine, const char *batch, const char *digest, const char *balance,
			  struct ev_error *err)
{
	return ev_load_end(engine, batch, digest, balance, err);
}

static enum ev_status finish(void *engine, struct ev_error *err)
{
	struct ev_loaded what;

	if (unsealed && !snapshot && getenv("EVKIT_SEAL") == NULL && !ev_load_is_eventful(engine))
		return ev_fail(err,
			       "nothing came, and without a seal an empty batch looks like a "
			       "program that failed, so nothing was loaded: see what the programs "
			       "before this one said");
	if (ev_load_commit(engine, &what, err) != EV_OK)
		return EV_FATAL;
	if (!what.done)
		cli_note("the target holds this input already: nothing was changed");
	else if (what.replaced_batches > 0)
		cli_note("the %s took the place of all that was loaded before: %llu %s of %llu %s "
			 "in the ledger",
			 what.whole ? "whole of the state" : "snapshot",
			 (unsigned long long)what.replaced_batches,
			 what.replaced_batches == 1 ? "batch" : "batches",
			 (unsigned long long)what.replaced_rows,
			 what.replaced_rows == 1 ? "row" : "rows");
	return EV_OK;
}

/* Where a database stands. The model is read for the environment's schema alone. */
static enum ev_status ask_database(struct cli *c, const struct ev_engine *engine, const char *where,
				   struct ev_buf *text)
{
	const char *model = c->model != NULL ? c->model : "evkit.yaml", *schema = NULL;
	struct ev_model *m = environment != NULL ? cli_model(c, true) : NULL;
	char at[EV_STORE_POSITION];
	struct ev_offsets offsets = {0};
	struct ev_standing standing;
	enum ev_status st;

	if (m != NULL)
		schema = find_schema(m, engine->dialect);
	st = engine->stand(where, schema, model, &standing, &offsets, &c->error);
	if (st == EV_OK && positions != NULL) {
		ev_offsets_write(&offsets, text);
	} else if (st == EV_OK) {
		st = ev_standing_write(&standing, where, at, &c->error);
		ev_buf_puts(text, st == EV_OK ? at : "");
	}
	ev_offsets_free(&offsets);
	ev_model_free(&m);
	return st;
}

/* The position of any target; no bundle is known to load topics. */
static enum ev_status ask_target(struct cli *c, const char *where, struct ev_buf *text)
{
	const struct ev_engine *engine = ev_engine_find(where);
	char at[EV_STORE_POSITION];

	if (engine != NULL)
		return ask_database(c, engine, where, text);
	if (environment != NULL)
		find_schema(cli_model(c, true), "");
	if (positions != NULL)
		return ev_fail(&c->error,
			       "%.*s: only sqlite:FILE and postgresql:... know how far topics are "
			       "loaded",
			       shown(where), where);
	if (strncmp(where, "tsv:", 4) == 0 || !ev_bundle_is_there(where))
		return ev_fail(&c->error,
			       "%.*s: only sqlite:FILE, postgresql:... and a bundle keep a "
			       "position: into any other target evversion --since 0 puts all of a "
			       "state",
			       shown(where), where);
	if (ev_bundle_position(where, at, &c->error) != EV_OK)
		return EV_FATAL;
	ev_buf_puts(text, at);
	return EV_OK;
}

/* Prints where a target stands. */
static void print_position(struct cli *c)
{
	const char *where = positions != NULL ? positions : position;
	struct ev_buf text = {0};

	if (c->n_operands > 0)
		cli_usage("--position%s reads no rows: '%s'", positions != NULL ? "s" : "",
			  c->operands[0]);
	cli_must(c, ask_target(c, where, &text));
	ev_out_line(c->port.out, text.p, text.len);
	ev_buf_free(&text);
	cli_commit(c);
}

/* Holds a bundle against its manifest; the exit status. */
static int verify_bundle(struct cli *c)
{
	if (c->n_operands > 0)
		cli_usage("--verify reads no rows: '%s'", c->operands[0]);
	switch (ev_bundle_verify(verify, &c->error)) {
	case EV_OK: break;
	case EV_REJECT: cli_note("%s", c->error.text); return CLI_NO;
	default: cli_die(&c->error);
	}
	cli_commit(c);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	struct ev_tables *tables;
	struct ev_target *target;
	struct ev_model *model;
	struct ev_load *load;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	if (position != NULL || positions != NULL) {
		print_position(&cli);
		cli_close(&cli);
		return CLI_OK;
	}
	if (verify != NULL) {
		status = verify_bundle(&cli);
		cli_close(&cli);
		return status;
	}
	model = cli_model(&cli, true);
	tables = ev_tables_new(model);
	target = open_target(&cli, model, tables);
	cli.unsealed = unsealed;
	cli.metrics = metrics;
	load = ev_load_open(model, tables, target, snapshot, empty,
			    getenv("EVKIT_SEAL") != NULL && !cli.first && !unsealed);
	ev_load_keep_offsets(load, &cli.offsets);
	status = cli_run(&cli,
			 &(struct cli_engine){.engine = load,
					      .flow = CLI_FLOW_SINK,
					      .commits = table == NULL,
					      .step = step,
					      .finish = finish,
					      .counts = ev_load_counts(load),
					      .begin = begin,
					      .end = end},
			 cli.operands, cli.n_operands);
	ev_load_free(&load);
	target->ops->free(target);
	ev_tables_free(&tables);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}
