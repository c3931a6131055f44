/*
 * write: a proposal as a model in YAML, with the reasons as comments. Floor 10, for the files of
 * profile alone.
 */
#ifndef EV_PROFILE_WRITE_H
#define EV_PROFILE_WRITE_H

#include "profile/infer.h"

void ev_write_model(const struct ev_proposal *p, struct ev_buf *out);

/* yaml.c: appends a text as a scalar in flow style, in quotes where it needs them. */
void ev_write_scalar(const char *p, size_t len, struct ev_buf *out);
void ev_write_text(const char *text, struct ev_buf *out);
/* The same always in quotes, so that it is a text in JSON, too. */
void ev_write_quoted(const char *p, size_t len, struct ev_buf *out);
/* Appends "  # text" for people. */
void ev_write_comment(const char *text, struct ev_buf *out);

/* schema.c: the JSON Schema of a type, indented by so many spaces, on lines of its own. */
void ev_write_schema(const struct ev_proposal_type *type, struct ev_buf *out, int indent);
/* Whether texts are of few kinds for good, or as far as one can see. */
bool ev_write_is_closed(const struct ev_tree_node *n);
bool ev_write_is_set(const struct ev_tree_node *n);
/* The texts of a set as a list in flow style. */
void ev_write_set(const struct ev_tree_node *n, struct ev_buf *out);

/* expectations.c */
void ev_write_expectations(const struct ev_proposal *p, struct ev_buf *out);

#endif
