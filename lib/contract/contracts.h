/*
 * contracts: what a model asks of each type of event, and whether an event keeps it. Floor 9.
 *
 * The room lib/contract puts schema, columns and rules together into one judgement of an event.
 *
 * Checked in this order, with all reasons of the first step that fails: the type, its JSON Schema,
 * the columns' types, the rules. evvalidate checks what comes in, evversion what patches make.
 */
#ifndef EV_CONTRACTS_H
#define EV_CONTRACTS_H

#include "record/presence.h"
#include "model/model.h"
#include "record/event.h"
#include "schema/schema.h"

struct ev_contracts;

/*
 * Compiles the model's schemas and rules. events reads what is to be judged, and has not read
 * anything yet. Both are borrowed. NULL with the error.
 */
struct ev_contracts *ev_contracts_open(const struct ev_model *m, struct ev_events *events,
				       struct ev_error *err);
/* True if the event is of a type that the model drops. */
bool ev_contracts_drop(struct ev_contracts *v, const struct ev_event *event);
/* True if the event keeps its contract; else why has the reasons and their code. */
bool ev_contracts_judge(struct ev_contracts *v, const struct ev_event *event,
			struct ev_reasons *why);
/*
 * True if a document, without the value `without`, is valid; everything is if s is NULL. rule: goes
 * into the reasons.
 */
bool ev_contract_schema(const struct ev_schema *s, const char *rule, const struct ev_doc *d,
			uint32_t without, struct ev_reasons *why);
/* Notes the paths of an event that passed, for ev_contracts_presence. */
void ev_contracts_passed(struct ev_contracts *v, const struct ev_event *event);
/* Calls fn, while an event is judged, for each rule that fails and is not critical. */
typedef void ev_contracts_warned(void *ctx, const struct ev_rule *rule);
void ev_contracts_warn(struct ev_contracts *v, ev_contracts_warned *fn, void *ctx);
/* Which of the paths that the model names were in events, of the types that passed so far. */
struct ev_presence *ev_contracts_presence(struct ev_contracts *v);
/*
 * The nth doubtful thing about the schemas and rules, as a line, or NULL behind the last.
 * Valid until the next call.
 */
const char *ev_contracts_lint(struct ev_contracts *v, size_t i);
void ev_contracts_free(struct ev_contracts **c);

#endif
