/* evvalidate: each event against its contract. */
#include "cli/cli.h"
#include "engine/validate.h"

#include <string.h>

static struct ev_validate_schema schema;
static const char *only_with_schema;

enum { SCHEMA, SCHEMA_DIR, SCHEMA_BASE, DRAFT, FORMAT };

static const struct cli_option options[] = {
	[SCHEMA] = {"schema", '\0', "FILE",
		    "hold each line, any JSON value, against this JSON Schema; no model is read"},
	[SCHEMA_DIR] = {"schema-dir", '\0', "DIR", "references of the schema reach files in DIR"},
	[SCHEMA_BASE] = {"schema-base", '\0', "URI", "what lies below URI are the files in DIR"},
	[DRAFT] = {"draft", '\0', "DRAFT",
		   "what a schema without $schema is of: 2020-12 (default), 2019-09, draft-07, "
		   "draft-06 or draft-04"},
	[FORMAT] = {"format", '\0', "HOW", "what format does: assert (default) or annotate"},
	{0},
};

static void take(size_t index, const char *argument)
{
	if (index != SCHEMA)
		only_with_schema = options[index].name;
	switch (index) {
	case SCHEMA: schema.file = argument; return;
	case SCHEMA_DIR: schema.folder = argument; return;
	case SCHEMA_BASE: schema.base = argument; return;
	case DRAFT: schema.draft = argument; return;
	case FORMAT:
		schema.formats_annotate = strcmp(argument, "annotate") == 0;
		if (!schema.formats_annotate && strcmp(argument, "assert") != 0)
			cli_usage("--format takes assert or annotate, not '%s'", argument);
		return;
	}
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
	if (schema.file == NULL && only_with_schema != NULL)
		cli_usage("--%s goes with --schema FILE", only_with_schema);
	if (schema.base != NULL && schema.folder == NULL)
		cli_usage("--schema-base goes with --schema-dir DIR, the folder that it names");
	if (schema.file == NULL)
		model = cli_model(&cli, true);
	validate = schema.file != NULL ? ev_validate_open_schema(&schema, &cli.port, &cli.error)
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
