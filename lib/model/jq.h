/*
 * jq: programs in libjq. The door to libjq. Floor 3.
 *
 * libjq holds numbers as doubles, and reads no record that is nested deeper than 256. The caller
 * sees to it that a program does not read files, modules, the clock or the environment
 * (ev_expr_compile does); here only ~/.jq is kept out. Nothing bounds the time or the memory that a
 * program takes: jq 1.6 has no means for it, so a program like repeat(1) runs for ever.
 *
 * To make a program takes some 25 ms, which libjq needs for its own library. Not for several
 * threads: HOME is unset for that time.
 */
#ifndef EV_JQ_H
#define EV_JQ_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>

struct ev_jq;

/* NULL, with the first line of libjq's own message, if it is no program. */
struct ev_jq *ev_jq_compile(const char *program, struct ev_error *err);
void ev_jq_free(struct ev_jq **q);

/*
 * Runs it on one JSON text, for its truth: *holds as in model/expr.h. EV_REJECT, with why filled,
 * if the program raised an error on this input.
 */
enum ev_status ev_jq_test(struct ev_jq *q, const char *json, size_t len, bool *holds,
			  struct ev_buf *why);

#endif
