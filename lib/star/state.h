/*
 * state: what events say of members, remembered from one run to the next. Floor 9, a part of
 * the star engine.
 *
 * Three kinds of entries (evkit-state.5), of whose keys the latest entry is of account alone:
 *
 *     MEMBER c WHAT ...   a mention that is not bare (mentions.h), or "-": it is said no more
 *     nDIMENSIONKEY       the member's row: CHANGED N D S [WON TIME WHO]... FIELDS
 *     zID                 the keys of the event's mentions with a digest of each, or "-"
 *
 * An event that comes again takes the place of what it said before: what its list has and it does
 * not say any more is taken back. Of a row CHANGED is the commit that last changed what goes out; N
 * mentions stand, D of which say something and S of which spell a part of the key in their own way;
 * WON are the attributes that the stamp TIME WHO has won, as in WHAT; FIELDS the parts of the key
 * and the attributes, each behind SEPARATOR and empty where there is none; where S is not 0, behind
 * another separator, the parts of the identity. So a mention that is new
 * costs nothing but itself and the row, however much the member ever heard; only where what won is
 * taken back, the first mention of each WHAT that stands is looked for.
 */
#ifndef EV_STAR_STATE_H
#define EV_STAR_STATE_H

#include "star/mentions.h"
#include "store/span.h"

struct ev_star;
struct ev_star_state;

/* dir is borrowed, and opened when the first section begins. */
struct ev_star_state *ev_star_state_new(const char *dir);
void ev_star_state_free(struct ev_star_state **state);

/* A section begins. span: what it shows of evversion's state, or NULL. */
enum ev_status ev_star_state_begin(struct ev_star *s, const struct ev_span *span,
				   struct ev_error *err);
/*
 * An event begins, and the one before it is whole. id: its own; first: the commit that brought it.
 * EV_REJECT if it does not come behind the one before it.
 */
enum ev_status ev_star_state_event(struct ev_star *s, const char *id, size_t len, uint64_t first,
				   struct ev_error *err);
/* Whether that is the event at hand. */
bool ev_star_state_is_at(const struct ev_star_state *state, const char *id, size_t len);
/* The section is whole: puts what is new into the state, and emits the members that changed. */
enum ev_status ev_star_state_finish(struct ev_star *s, struct ev_error *err);

#endif
