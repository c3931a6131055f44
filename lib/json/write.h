/*
 * write: JSON, member by member. Floor 3.
 *
 * A comma goes ahead of all but what begins an object or a list. Names are written as they are.
 */
#ifndef EV_WRITE_H
#define EV_WRITE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* "name": ahead of a value; nothing but the comma without a name, as in a list. */
void ev_json_name(struct ev_buf *out, const char *name);
/* text: valid UTF-8; null for NULL. */
void ev_json_text(struct ev_buf *out, const char *name, const char *text);
/* The same, but no member for NULL. */
void ev_json_text_if_any(struct ev_buf *out, const char *name, const char *text);
void ev_json_u64(struct ev_buf *out, const char *name, uint64_t v);
/* json: written as it is. */
void ev_json_raw(struct ev_buf *out, const char *name, const char *json, size_t len);
/* bracket: { or [, whose end is left to the caller. */
void ev_json_open(struct ev_buf *out, const char *name, char bracket);
void ev_json_bool(struct ev_buf *out, const char *name, bool v);
/* A JSON text as it is, but without the white space between its tokens, which may be line ends. */
void ev_json_flat(const char *p, size_t len, struct ev_buf *out);

#endif
