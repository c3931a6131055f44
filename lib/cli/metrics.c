#include "cli/metrics.h"

#include <inttypes.h>

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

static void put_records(const struct cli_stage *stage, struct ev_buf *out)
{
	for (size_t i = 0; i < stage->n; i++) {
		ev_buf_puts(out, "evkit_load_records{");
		put_label(out, "program", stage->program);
		ev_buf_putc(out, ',');
		put_label(out, "count", stage->counts[i].name);
		ev_buf_printf(out, "} %" PRIu64 "\n", stage->counts[i].value);
	}
}

void cli_metrics_write(const struct cli_chain *chain, const char *batch, uint64_t bytes,
		       double seconds, struct ev_buf *out)
{
	begin(out, "evkit_load_info", "The batch of the last load.");
	ev_buf_puts(out, "evkit_load_info{");
	put_label(out, "batch", batch);
	ev_buf_puts(out, "} 1\n");
	begin(out, "evkit_load_records",
	      "The balance sheet of the last load: by program, and by the name of the count.");
	for (size_t i = 0; i < chain->n; i++)
		put_records(&chain->list[i], out);
	begin(out, "evkit_load_read_bytes", "What evload read in the last load.");
	ev_buf_printf(out, "evkit_load_read_bytes %" PRIu64 "\n", bytes);
	begin(out, "evkit_load_duration_seconds", "How long evload ran for the last load.");
	ev_buf_printf(out, "evkit_load_duration_seconds %.3f\n", seconds);
}
