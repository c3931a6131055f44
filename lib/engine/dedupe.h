/*
 * dedupe: redeliveries, and nothing else. Floor 4.
 *
 * A record is a duplicate if one with the same id and the same content (canonical form, without
 * what the model ignores) has been seen in this run. Memory: 22 to 43 octets for each
 * different record, and 64 for a moment whenever the table doubles.
 */
#ifndef EV_DEDUPE_H
#define EV_DEDUPE_H

#include "model/count.h"
#include "model/model.h"
#include "model/port.h"

struct ev_dedupe;

/*
 * keys: n paths that alone are the identity, so that the first record wins; none for the rule
 * above. duplicates: where dropped records go, or NULL. All are borrowed.
 */
struct ev_dedupe *ev_dedupe_open(const struct ev_model *m, struct ev_path *const *keys, size_t n,
				 struct ev_out *duplicates, struct ev_port *port);
enum ev_status ev_dedupe_step(struct ev_dedupe *d, const struct ev_record *rec,
			      struct ev_error *err);
const struct ev_count *ev_dedupe_counts(const struct ev_dedupe *d);
void ev_dedupe_free(struct ev_dedupe **d);

#endif
