/*
 * erase: has the records of a person leave a state. Floor 10, a part of the version engine.
 *
 * All records of an event leave of which one bears a value that is to be erased, for a patch or a
 * delete need not bear it. The runs are written anew without them. What stays of the event is its
 * id, by which readers are told to delete it, and a mark for each record, by which it is known when
 * it comes again, and left out.
 */
#ifndef EV_VERSION_ERASE_H
#define EV_VERSION_ERASE_H

#include "record/erasure.h"
#include "store/store.h"

/*
 * Erases, as a commit of its own, unless no record is found. Reads all of the state, which is open
 * for writing, and writes it anew.
 */
enum ev_status ev_version_erase(struct ev_store *s, struct ev_erasure *what,
				struct ev_erased *erased, struct ev_error *err);

#endif
