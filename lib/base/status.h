/*
 * status: the one scale of outcomes, and the text of an error. Floor 0.
 *
 * The room lib/base has what all others stand on: memory, texts, digests, time, this scale.
 *
 * EV_OK      done; go on
 * EV_EOF     the input has ended; nothing was produced
 * EV_REJECT  this record is not fit; the run goes on
 * EV_FATAL   this run is over; the text is in the caller's struct ev_error
 *
 * A verdict (pass, drop) is no status: each engine has its own word for it.
 */
#ifndef EV_STATUS_H
#define EV_STATUS_H

#include "base/compiler.h"

#include <stdarg.h>

enum ev_status { EV_OK, EV_EOF, EV_REJECT, EV_FATAL };

/* Owned by the caller. The text is one line: "file:line:column: what is wrong: what to do". */
struct ev_error {
	char text[1024];
};

/*
 * Writes the text, and returns EV_FATAL. What is not visible (ev_utf8_is_visible) is escaped, so
 * that no input can steer a terminal or look like something else; of a text that is too long the
 * middle is left out, for what is wrong stands at its head and what to do at its end.
 */
enum ev_status ev_fail(struct ev_error *err, const char *fmt, ...) EV_PRINTF(2, 3);
enum ev_status ev_vfail(struct ev_error *err, const char *fmt, va_list ap) EV_PRINTF(2, 0);

#endif
