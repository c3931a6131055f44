/*
 * port: what an engine writes to. Floor 5.
 */
#ifndef EV_PORT_H
#define EV_PORT_H

#include "io/out.h"
#include "record/reject.h"
#include "store/span.h"

/* All is borrowed. */
struct ev_port {
	struct ev_out *out;
	struct ev_rejects *rejects;
	/* Called before the next line, once, where that does not follow the one before it. */
	void (*jump)(void *ctx);
	/* Of an engine that opens its sections itself: before the first line of one. */
	void (*open)(void *ctx, const struct ev_span *span);
	void *ctx;
	bool jumps;
	size_t len; /* of the last line put, without its LF */
};

static inline enum ev_status ev_port_line(struct ev_port *port, const void *p, size_t len,
					  struct ev_error *err)
{
	if (__builtin_expect(port->jumps, false)) {
		port->jumps = false;
		port->jump(port->ctx);
	}
	port->len = len;
	if (ev_out_line(port->out, p, len) == EV_OK)
		return EV_OK;
	*err = port->out->error;
	return EV_FATAL;
}

#endif
