/*
 * amounts: what the records of a batch amount to, by the model's measures and by currency. Part of
 * validate. Floor 10.
 *
 * A measure takes a record as the views of evschema do: the types that it is for add to it, those
 * under minus take from it.
 */
#ifndef EV_VALIDATE_AMOUNTS_H
#define EV_VALIDATE_AMOUNTS_H

#include "model/model.h"
#include "number/sum.h"
#include "scan/scan.h"

enum { EV_AMOUNT_CURRENCY = 16, EV_AMOUNTS = 64 };

/* Zero-initialise. At most EV_AMOUNTS; what is beyond counts as unread under no currency. */
struct ev_amounts {
	struct ev_amount {
		uint32_t measure; /* of the model's */
		char currency[EV_AMOUNT_CURRENCY + 1];
		struct ev_sum sum;
		uint64_t values; /* that were added up */
		uint64_t unread; /* that are missing, or no numbers */
	} * list;
	size_t n, cap;
};

/* Adds the amounts of an event; type: its type, or NULL. */
void ev_amounts_of(const struct ev_model *m, const struct ev_doc *d, const char *type,
		   struct ev_amounts *a);
void ev_amounts_add(struct ev_amounts *to, const struct ev_amounts *from);
/* Drops all of them. */
void ev_amounts_clear(struct ev_amounts *a);
void ev_amounts_free(struct ev_amounts *a);
/* Appends the member "amounts", by measure and currency. exact: as ev_amounts_read takes it. */
void ev_amounts_write(const struct ev_model *m, struct ev_amounts *a, bool exact,
		      struct ev_buf *out);
/* Adds such a list in an object of a state. False if it is damaged. */
bool ev_amounts_read(const struct ev_model *m, const struct ev_doc *d, uint32_t object,
		     struct ev_amounts *a);

#endif
