/*
 * port: what an engine writes to. Floor 3.
 */
#ifndef EV_PORT_H
#define EV_PORT_H

#include "io/out.h"
#include "model/reject.h"

/* Both are borrowed. */
struct ev_port {
	struct ev_out *out;
	struct ev_rejects *rejects;
};

static inline enum ev_status ev_port_line(struct ev_port *port, const void *p, size_t len,
					  struct ev_error *err)
{
	if (ev_out_line(port->out, p, len) == EV_OK)
		return EV_OK;
	*err = port->out->error;
	return EV_FATAL;
}

#endif
