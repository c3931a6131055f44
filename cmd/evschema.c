/* evschema: the DDL for a warehouse. */
#include "cli/cli.h"
#include "ddl/ddl.h"

static const char *environment, *target;

static const struct cli_option options[] = {
	{"environment", 'e', "NAME", "an environment of the model: its target and schema"},
	{"target", 't', "TARGET", "sqlite, postgres, snowflake ...; over the environment's own"},
	{0},
};

static void take(size_t index, const char *argument)
{
	if (index == 0)
		environment = argument;
	else
		target = argument;
}

static const struct cli_program program = {
	.name = "evschema",
	.usage = "evschema [options] -e environment\n       evschema [options] -t target",
	.purpose = "Prints the statements that make the model's tables in a warehouse.",
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

int main(int argc, char **argv)
{
	struct ev_ddl what = {0};
	struct ev_model *model;
	struct ev_error err;
	struct cli cli;

	cli_open(&cli, &program, argc, argv);
	if (cli.n_operands > 0)
		cli_usage("there is nothing to read: '%s'", cli.operands[0]);
	model = cli_model(&cli, true);
	what.model = model;
	what.dialect = find_dialect(model, &what.schema);
	if (ev_ddl_create(&what, cli.port.out, &err) != EV_OK)
		cli_die(&err);
	cli_commit(&cli);
	ev_model_free(&model);
	cli_close(&cli);
	return CLI_OK;
}
