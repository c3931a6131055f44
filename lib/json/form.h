/*
 * form: the spellings of strings, UUIDs and octets. Floor 2.
 */
#ifndef EV_FORM_H
#define EV_FORM_H

#include "base/buf.h"

#include <stdbool.h>

/* Appends the octets that a JSON string's inside (checked by the scanner) stands for. */
void ev_json_unescape(const char *p, size_t len, struct ev_buf *out);
/* Appends valid UTF-8 as the inside of a JSON string, with the fewest escapes. */
void ev_json_escape(const char *p, size_t len, struct ev_buf *out);
/* The same in double quotes. */
void ev_json_quote(const char *p, size_t len, struct ev_buf *out);

enum { EV_UUID_TEXT = 36 };

/*
 * Any spelling of a UUID (RFC 9562: either case; braces or "urn:uuid:" around it) in its canonical
 * one: lower case, 8-4-4-4-12. False if it is none. No NUL is written.
 */
bool ev_uuid_canonical(const char *p, size_t len, char out[EV_UUID_TEXT]);
/* Whether it is one. */
bool ev_uuid_valid(const char *p, size_t len);

/* Appends base64 (RFC 4648, section 4) with padding. */
void ev_base64(const void *data, size_t len, struct ev_buf *out);

#endif
