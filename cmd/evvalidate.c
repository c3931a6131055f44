/* evvalidate: each event against its contract. */
#include "cli/cli.h"
#include "engine/validate.h"

static const char *schema;

static const struct cli_option options[] = {
	{"schema", '\0', "FILE",
	 "hold each line, any JSON value, against this JSON Schema; no model is read"},
	{0},
};

static void take(size_t index, const char *argument)
{
	(void)index;
	schema = argument;
}

static const struct cli_program program = {
	.name = "evvalidate",
	.usage = "evvalidate [options] [file ...]",
	.purpose = "Holds each event against its contract; what passes leaves octet by octet as it "
		   "came.",
	.input = CLI_CONTINUES,
	.options = options,
	.take = take,
};

static enum ev_status step(void *engine, const struct ev_record *rec, struct ev_error *err)
{
	return ev_validate_step(engine, rec, err);
}

int main(int argc, char **argv)
{
	struct ev_validate *validate;
	struct ev_model *model = NULL;
	struct cli cli;
	int status;

	cli_open(&cli, &program, argc, argv);
	if (schema == NULL)
		model = cli_model(&cli, true);
	validate = schema != NULL ? ev_validate_open_schema(schema, &cli.port, &cli.error)
				  : ev_validate_open(model, &cli.port, &cli.error);
	if (validate == NULL)
		cli_die(&cli.error);
	status = cli_run(&cli,
			 &(struct cli_engine){.engine = validate,
					      .flow = CLI_FLOW_EACH,
					      .step = step,
					      .counts = ev_validate_counts(validate)},
			 cli.operands, cli.n_operands);
	ev_validate_free(&validate);
	ev_model_free(&model);
	cli_close(&cli);
	return status;
}
