/*
 * metrics: a run as Prometheus reads it (the text format, version 0.0.4). Floor 10, libevcli.
 */
#ifndef EV_CLI_METRICS_H
#define EV_CLI_METRICS_H

#include "cli/seal.h"

/* Appends all of a run's metrics. bytes: read, inflated. */
void cli_metrics_write(const struct cli_chain *chain, const char *batch, uint64_t bytes,
		       double seconds, struct ev_buf *out);

#endif
