/*
 * jq: programs in libjq. The door to libjq, which is loaded when the first program is compiled.
 * Floor 4.
 *
 * libjq holds numbers as doubles, reads no record that is nested deeper than 256, and has no bound
 * of its work. So it runs in a process of its own, the worker, which all programs share. The worker
 * has no environment, no descriptor but that to its parent, a limit of processor time for each
 * value, and one of memory; it goes when its parent does. One that ends by itself is replaced by a
 * new one, so neither a program nor a fault of libjq ends more than the one evaluation.
 *
 * Time is that of the processor, not of the clock: a second, and another for each MB of the value;
 * a program that runs out of it time after time has half as much each time, down to 1/32, until it
 * comes to an end again. Memory: 512 MiB, and 64 bytes more for each byte of the value.
 *
 * The caller sees to it that a program does not ask for the clock (ev_expr_compile does). An
 * ordering comparison of a number with a string or null raises an error in every program.
 *
 * To make a program takes some 25 ms, which libjq needs for its own library.
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
 * Runs it on one JSON text, for its truth: *holds as in expr.h. With why filled, EV_REJECT if
 * the program raised an error on this input, EV_FATAL if it came to no end within its bounds.
 */
enum ev_status ev_jq_test(struct ev_jq *q, const char *json, size_t len, bool *holds,
			  struct ev_buf *why);
/* The same for its outputs: JSON texts, each with a line's end behind it. */
enum ev_status ev_jq_run(struct ev_jq *q, const char *json, size_t len, struct ev_buf *outputs,
			 struct ev_buf *why);

#endif
