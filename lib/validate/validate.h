/*
 * validate: each event against its contract. Floor 10.
 *
 * The room lib/validate is the engine of evvalidate.
 *
 * An event is checked in this order, with all reasons of the first step that fails: the text
 * (JSON, UTF-8, names), the envelope, the type's JSON Schema, the columns' types, the rules. What
 * passes goes out byte for byte as it came in.
 */
#ifndef EV_VALIDATE_H
#define EV_VALIDATE_H

#include "record/presence.h"
#include "model/model.h"
#include "record/port.h"

struct ev_validate;

/* Compiles the model's schemas and rules. The model and the port are borrowed. */
struct ev_validate *ev_validate_open(const struct ev_model *m, struct ev_port *port,
				     struct ev_error *err);

/* One schema, and how it is read; NULL is the default of all but file. */
struct ev_validate_schema {
	const char *file;
	const char *folder, *base; /* as ev_schema_set_map has them */
	const char *draft;	   /* as ev_schema_set_draft has it */
	bool formats_annotate;	   /* instead of being asserted */
};

/* Holds each line, any JSON value, against the schema, and nothing else. */
struct ev_validate *ev_validate_open_schema(const struct ev_validate_schema *schema,
					    struct ev_port *port, struct ev_error *err);
/* Reports every record to the verdict of the batch (validate/verdict.h), which is borrowed. */
struct ev_verdict;
void ev_validate_for(struct ev_validate *v, struct ev_verdict *verdict);
/*
 * Which of the paths that the model names were in its events, of the types that passed so far. NULL
 * where there is only one schema.
 */
struct ev_presence *ev_validate_presence(struct ev_validate *v);
enum ev_status ev_validate_step(struct ev_validate *v, const struct ev_record *rec,
				struct ev_error *err);
/*
 * The nth doubtful thing about the schemas and rules, as a line, or NULL behind the last.
 * Valid until the next call.
 */
const char *ev_validate_lint(struct ev_validate *v, size_t i);
const struct ev_count *ev_validate_counts(const struct ev_validate *v);
void ev_validate_free(struct ev_validate **v);

#endif
