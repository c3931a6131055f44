/*
 * jq: programs in libjq. The door to libjq. Floor 3.
 *
 * libjq holds numbers as doubles. Programs cannot read files, modules or the environment.
 */
#ifndef EV_JQ_H
#define EV_JQ_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>

struct ev_jq;

struct ev_jq *ev_jq_compile(const char *program, struct ev_error *err);
void ev_jq_free(struct ev_jq **q);

/*
 * Runs it on one JSON text, for its truth: *holds as in model/expr.h. EV_REJECT, with why filled, if
 * the program raised an error on this input.
 */
enum ev_status ev_jq_test(struct ev_jq *q, const char *json, size_t len, bool *holds,
			  struct ev_buf *why);

#endif
