/*
 * csv: the fields of a row (RFC 4180), for any separator. Floor 4.
 */
#ifndef EV_CSV_H
#define EV_CSV_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* As it stands in the row; its text is what ev_csv_put makes of it. */
struct ev_csv_field {
	const char *p; /* without the quotes around it */
	size_t len;
	bool quoted;
	bool doubled;	/* a quote stands in it, twice */
	bool unclosed;	/* its quotes are not closed */
	bool misplaced; /* a quote stands in it, or bytes behind its quotes */
};

/*
 * The field at *p, of a row that ends at `end` without its line end. *p is then where the next one
 * begins. False if it is the last.
 */
bool ev_csv_next(const char **p, const char *end, char separator, struct ev_csv_field *field);
/* Appends the text of a field whose quotes are right. */
void ev_csv_put(const struct ev_csv_field *field, struct ev_buf *out);

#endif
