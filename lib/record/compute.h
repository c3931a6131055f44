/*
 * compute: the values that a model computes from its events. Floor 6.
 */
#ifndef EV_COMPUTE_H
#define EV_COMPUTE_H

#include "model/model.h"
#include "json/computed.h"

struct ev_compute;

/* The model is borrowed; scan: of the events. NULL where the model computes nothing of that. */
struct ev_compute *ev_compute_new(const struct ev_model *m, bool star, struct ev_scan *scan);
void ev_compute_free(struct ev_compute **c);
/* The event with its values; valid until the next one. */
const struct ev_doc *ev_compute(struct ev_compute *c, const struct ev_doc *d);

#endif
