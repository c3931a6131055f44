/*
 * star: events to rows of facts and dimensions. Floor 4.
 *
 * Facts are emitted as events come. A dimension is a function of all versions that mention its
 * members, so its rows come at the end, sorted by key: attribute by attribute the latest (time, S)
 * that bears it wins. Memory: the members of the dimensions, with their
 * attributes, and each version that was the latest of an attribute when it came.
 */
#ifndef EV_STAR_H
#define EV_STAR_H

#include "model/count.h"
#include "model/model.h"
#include "model/port.h"

struct ev_star;

/* NULL, with the error, if the model has no star. The model and the port are borrowed. */
struct ev_star *ev_star_open(const struct ev_model *m, struct ev_port *port, struct ev_error *err);
enum ev_status ev_star_step(struct ev_star *s, const struct ev_record *rec, struct ev_error *err);
/*
 * Rows are held back until there is a block of them. This lets them go: before waiting for input.
 */
enum ev_status ev_star_flush(struct ev_star *s, struct ev_error *err);
/* After the last record: the dimensions, with their unknown members, and the calendars. */
enum ev_status ev_star_finish(struct ev_star *s, struct ev_error *err);
/*
 * Appends a line for people on the i-th path of a column that no event bore, or returns false
 * behind the last; after the last record.
 */
bool ev_star_lacks(struct ev_star *s, size_t i, struct ev_buf *out);
const struct ev_count *ev_star_counts(const struct ev_star *s);
void ev_star_free(struct ev_star **s);

#endif
