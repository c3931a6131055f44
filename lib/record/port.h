/*
 * port: what an engine writes to, and what it counts. Floor 6.
 */
#ifndef EV_PORT_H
#define EV_PORT_H

#include "io/out.h"
#include "record/reject.h"
#include "store/span.h"

/*
 * A row of the balance sheet: each record that came in is counted in just one of the counts whose
 * `in_sum` is set. libevcli adds in, out, rejected and blank, which it counts itself.
 */
struct ev_count {
	const char *name; /* NULL behind the last */
	const uint64_t *value;
	bool in_sum;
	bool set_aside; /* its records stand in the rejects file, but do not count as "rejected" */
};

/* All is borrowed. */
struct ev_port {
	/* Or NULL: takes each line in place of out. */
	enum ev_status (*line)(void *ctx, const void *p, size_t len, struct ev_error *err);
	struct ev_out *out;
	struct ev_rejects *rejects;
	/* Called before the next line, once, where that does not follow the one before it. */
	void (*jump)(void *ctx);
	/* For an engine that opens its sections itself: before the first line of one. */
	void (*open)(void *ctx, const struct ev_span *span);
	void *ctx;
	bool jumps;
	size_t len; /* of the last line put, without its LF */
	/* Of hashes that two programs of a job must come to alike: made of its secret, if any. */
	uint64_t seed;
};

static inline enum ev_status ev_port_line(struct ev_port *port, const void *p, size_t len,
					  struct ev_error *err)
{
	if (port->line != NULL)
		return port->line(port->ctx, p, len, err);
	if (__builtin_expect(port->jumps, false)) {
		port->jumps = false;
		port->jump(port->ctx);
	}
	port->len = len;
	return ev_out_status(port->out, ev_out_line(port->out, p, len), err);
}

#endif
