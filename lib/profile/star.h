/*
 * star: the tables in the making, for star.c, facts.c and dimensions.c alone. Floor 10.
 */
#ifndef EV_PROFILE_STAR_H
#define EV_PROFILE_STAR_H

#include "profile/infer.h"

enum { EV_INFER_COLUMNS = 80, /* of a table at most */ EV_INFER_DEEPEST = 6 };

/* Where columns can be found: in an object whose names are no data; in the elements of a list. */
bool ev_infer_is_object(const struct ev_tree_node *n);
bool ev_infer_is_list(const struct ev_tree_node *n);
/* Neither objects nor lists. */
bool ev_infer_is_scalar(const struct ev_tree_node *n);
/* Whether that is what people call an object that is put around others and says nothing. */
bool ev_infer_is_wrapper(const char *words);

/* A table at the end of a list, called so as far as that is free. */
struct ev_proposal_table *ev_infer_new_table(struct ev_proposal *p, struct ev_proposal_table **list,
					     size_t *n, const char *name, size_t len);
/* The column that is filled so; put_column makes it if there is none. n: its values, or NULL. */
struct ev_proposal_column *ev_infer_column_from(const struct ev_proposal_table *t,
						const char *from);
struct ev_proposal_column *ev_infer_put_column(struct ev_proposal_table *t, const char *name,
					       size_t len, const char *from, const char *type,
					       const struct ev_tree_node *n);

/* dimensions.c: of what has an id and comes again. */
void ev_infer_dimensions(struct ev_proposal *p);
/* facts.c: of all events, of each list and of each type. The dimensions are there already. */
void ev_infer_facts(struct ev_proposal *p);

#endif
