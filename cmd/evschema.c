/* evschema: the DDL for a warehouse, and what else follows from the model alone. */
#include "cli/cli.h"
#include "ddl/ddl.h"
#include "warehouse/target.h"

static const char *environment, *target, *loader, *analyst;
static int status = CLI_OK;

static const struct cli_option options[] = {
	{"environment", 'e', "NAME", "an environment of the model: its target and schema"},
	{"target", 't', "TARGET", "sqlite, postgres, snowflake ...; over the environment's own"},
	{"for", '\0', "TARGET", "the same as -t"},
	{"loader", '\0', "ROLE", "grants: it may load, and not create"},
	{"analyst", '\0', "ROLE", "grants: it may only read"},
	{0},
};

static void take(size_t index, const char *argument)
{
	const char **const values[] = {&environment, &target, &target, &loader, &analyst};

	*values[index] = argument;
}

static const struct cli_program program = {
	.name = "evschema",
	.usage = "evschema [create] [options] -e environment | -t target\n"
		 "       evschema views [options] -e environment | -t target\n"
		 "       evschema diff [options] -e environment | -t target old new\n"
		 "       evschema check [options] [-e environment] url\n"
		 "       evschema grants [options] -e environment | -t target --loader role "
		 "--analyst role\n"
		 "       evschema dbt [options] -e environment | -t target",
	.purpose = "Prints the statements that make the model's tables and views in a warehouse, "
		   "that change\nthem, and that say who may do what; and a sources.yml of dbt.",
	.input = CLI_NO_INPUT,
	.options = options,
	.take = take,
};

/* The target, and the schema that the environment names. */
static const struct ev_dialect *find_dialect(const struct ev_model *m, const char **schema)
{
	const struct ev_dialect *d;

	if (environment == NULL && target == NULL)
		cli_usage("name an environment with -e or a target with -t");
	if (environment != NULL) {
		const struct ev_environment *e = ev_model_environment(m, environment);

		if (e == NULL)
			cli_usage("the model has no environment '%s'", environment);
		if (target == NULL)
			target = e->target;
		*schema = e->schema;
	}
	if ((d = ev_dialect_find(target)) == NULL)
		cli_usage("this version has no DDL for '%s', only for %s", target,
			  ev_dialect_names());
	return d;
}

/* The target of a database. */
static const char *engine_of(const char *url)
{
	const struct ev_engine *engine = ev_engine_find(url);

	if (engine == NULL)
		/* A misspelt one may bear a password. */
		cli_usage("'%.*s' is no URL of a database: write sqlite:FILE, or postgresql: with "
			  "what libpq takes behind it",
			  (int)strcspn(url, ":"), url);
	return engine->dialect;
}

static struct ev_model *read_model(struct cli *c, const char *file)
{
	struct ev_model *m = ev_model_read(file, &c->error);

	if (m == NULL)
		cli_die(&c->error);
	return m;
}

static enum ev_status create(struct cli *c, struct ev_ddl *what)
{
	return ev_ddl_create(what, c->port.out, &c->error);
}

static enum ev_status views(struct cli *c, struct ev_ddl *what)
{
	return ev_ddl_views(what, c->port.out, &c->error);
}

static enum ev_status diff(struct cli *c, struct ev_ddl *what)
{
	struct ev_model *old = read_model(c, c->operands[1]);
	enum ev_status st = ev_ddl_diff(old, what, c->port.out, &c->error);

	ev_model_free(&old);
	return st;
}

static enum ev_status check(struct cli *c, struct ev_ddl *what)
{
	enum ev_status st;
	bool same;

	st = ev_ddl_check(what, c->operands[1], c->port.out, &same, &c->error);
	if (!same)
		status = CLI_NO;
	return st;
}

static enum ev_status grants(struct cli *c, struct ev_ddl *what)
{
	if (loader == NULL && analyst == NULL)
		cli_usage("name a role with --loader, or with --analyst");
	return ev_ddl_grants(what, loader, analyst, c->port.out, &c->error);
}

static enum ev_status dbt(struct cli *c, struct ev_ddl *what)
{
	return ev_ddl_dbt(what, c->port.out, &c->error);
}

static const struct command {
	const char *name;
	size_t operands; /* behind the name */
	enum ev_status (*run)(struct cli *c, struct ev_ddl *what);
} commands[] = {{"create", 0, create}, {"views", 0, views},   {"diff", 2, diff},
		{"check", 1, check},   {"grants", 0, grants}, {"dbt", 0, dbt}};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct command *find_command(const struct cli *c)
{
	const struct command *command = commands;

	if (c->n_operands == 0)
		return command;
	command += cli_command(c, commands, COMMANDS, sizeof *command, NULL);
	if (c->n_operands != command->operands + 1)
		cli_usage("%s takes %s", command->name,
			  command->operands == 2   ? "two models: the old, the new"
			  : command->operands == 1 ? "the URL of one database"
						   : "no operand");
	return command;
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct ev_ddl what = {0};
	struct ev_model *model;
	struct cli cli;

	cli_open(&cli, &program, argc, argv);
	command = find_command(&cli);
	model = command->operands == 2 ? read_model(&cli, cli.operands[2]) : cli_model(&cli, true);
	what.model = model;
	if (command->operands == 1)
		target = engine_of(cli.operands[1]);
	what.dialect = find_dialect(model, &what.schema);
	what.environment = environment;
	if (command->run(&cli, &what) != EV_OK)
		cli_die(&cli.error);
	cli_commit(&cli);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}
