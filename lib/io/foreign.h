/*
 * foreign: what the first bytes of an input are, where they are no lines of text. Floor 1.
 *
 * Containers and archives, packed data, and text in UTF-16 or UTF-32, recognised by their magic
 * bytes. What comes with the name is the command that makes lines of it.
 */
#ifndef EV_FOREIGN_H
#define EV_FOREIGN_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define EV_BOM "\xef\xbb\xbf" /* U+FEFF in UTF-8: it may head a text, and is passed over */

enum { EV_FOREIGN_HEAD = 264 }; /* more bytes than these change no answer */

bool ev_gzip_begins(const char *p, size_t len);
/*
 * Whether further bytes may change the answer. No line is kept waiting: these have no whole line in
 * them, or no text before its end.
 */
bool ev_foreign_is_open(const char *p, size_t len);
/*
 * p: the first len bytes of the input of that name ("-" is standard input), or of what was
 * inflated from it. EV_OK, or EV_FATAL: it is foreign.
 */
enum ev_status ev_foreign_check(const char *name, bool inflated, const char *p, size_t len,
				struct ev_error *err);

#endif
