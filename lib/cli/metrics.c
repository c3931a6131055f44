#include "cli/metrics.h"

#include <inttypes.h>
#include <string.h>

static void begin(struct ev_buf *out, const char *name, const char *help)
{
	ev_buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* A label's value: a backslash, a quote and a line feed are escaped. */
static void put_label(struct ev_buf *out, const char *name, const char *value)
{
	ev_buf_printf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			ev_buf_puts(out, "\\n");
			continue;
		}
		if (*value == '\\' || *value == '"')
			ev_buf_putc(out, '\\');
		ev_buf_putc(out, *value);
	}
	ev_buf_putc(out, '"');
}

/* A program that stands in the chain again is evdedupe.2: no two samples have the same labels. */
static void name_stage(const struct cli_chain *chain, size_t at, struct ev_buf *name)
{
	const char *program = chain->list[at].program;
	size_t nth = 1;

	for (size_t i = 0; i < at; i++)
		nth += strcmp(chain->list[i].program, program) == 0;
	ev_buf_reset(name);
	ev_buf_puts(name, program);
	if (nth > 1)
		ev_buf_printf(name, ".%zu", nth);
}

static void put_records(const struct cli_stage *stage, const char *name, struct ev_buf *out)
{
	for (size_t i = 0; i < stage->n; i++) {
		ev_buf_puts(out, "evkit_load_records{");
		put_label(out, "program", name);
		ev_buf_putc(out, ',');
		put_label(out, "count", stage->counts[i].name);
		ev_buf_printf(out, "} %" PRIu64 "\n", stage->counts[i].value);
	}
}

void cli_metrics_write(const struct cli_chain *chain, const char *batch, uint64_t bytes,
		       double seconds, struct ev_buf *out)
{
	struct ev_buf name = {0};

	begin(out, "evkit_load_info", "The batch of the last load.");
	ev_buf_puts(out, "evkit_load_info{");
	put_label(out, "batch", batch);
	ev_buf_puts(out, "} 1\n");
	begin(out, "evkit_load_records",
	      "The balance sheet of the last load: by program, and by the name of the count.");
	for (size_t i = 0; i < chain->n; i++) {
		name_stage(chain, i, &name);
		put_records(&chain->list[i], ev_buf_str(&name), out);
	}
	ev_buf_free(&name);
	begin(out, "evkit_load_read_bytes", "What evload read in the last load.");
	ev_buf_printf(out, "evkit_load_read_bytes %" PRIu64 "\n", bytes);
	begin(out, "evkit_load_duration_seconds", "How long evload ran for the last load.");
	ev_buf_printf(out, "evkit_load_duration_seconds %.3f\n", seconds);
}
