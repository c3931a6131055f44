/*
 * expect: expectations over all events of a batch, by Great Expectations' names and arguments.
 * Floor 8.
 *
 * The room lib/expect judges a batch as a whole, where lib/contract judges each event.
 *
 * A suite is compiled from the model's list or from a file that Great Expectations 1.x exported,
 * holds the state of each of its expectations in bounded memory, and is judged once, at the end.
 * State can be written and added to that of another run of the same suite: the outcome is that of
 * one run over all events, in whatever order the parts are added. (EXPECTATIONS in evkit-model.5
 * has every kind, its arguments and what it keeps; evvalidate.1 says how much memory that is.)
 */
#ifndef EV_EXPECT_H
#define EV_EXPECT_H

#include "record/presence.h"
#include "model/model.h"
#include "record/event.h"

struct ev_suite;

struct ev_suite_options {
	size_t memory;	    /* bytes that the expectations of uniqueness hold together */
	const char *folder; /* for what does not fit */
};

/* The model's list (an empty suite if it has none). Errors have file:line:column. */
struct ev_suite *ev_suite_of_model(const struct ev_model *m, const struct ev_suite_options *o,
				   struct ev_error *err);
/* A suite in JSON, as Great Expectations 1.x writes it. root: of schemas that it names. */
struct ev_suite *ev_suite_of_file(const char *file, const char *root,
				  const struct ev_suite_options *o, struct ev_error *err);
void ev_suite_free(struct ev_suite **suite);

size_t ev_suite_count(const struct ev_suite *s);
/* The suite's name: the model's, or the one in the file. */
const char *ev_suite_name(const struct ev_suite *s);
/* 32 hex digits, equal for suites that say the same. */
void ev_suite_digest(const struct ev_suite *s, char out[33]);

/* Asks the reader of its events for the values it needs. Call before the first event. */
void ev_suite_read_from(struct ev_suite *s, struct ev_events *events);
/*
 * False if a column's path leads through a value of the wrong kind, as .a.b where .a is a text.
 * Adds the reasons.
 */
bool ev_suite_passes(struct ev_suite *s, const struct ev_event *event, struct ev_reasons *why);
/*
 * Adds the paths of its columns and row conditions to presence, which is borrowed. An expectation
 * on a path that no event has is inconclusive. With a row condition its columns are only asked for
 * once the condition held for an event.
 */
void ev_suite_ask(struct ev_suite *s, struct ev_presence *presence);
/* Asks for those paths, because there was an event. Call before judging. */
void ev_suite_asked(struct ev_suite *s);
/* Counts an event. EV_OK, or EV_FATAL if the temporary folder fails. */
enum ev_status ev_suite_step(struct ev_suite *s, const struct ev_event *event,
			     const struct ev_record *rec, struct ev_error *err);

/*
 * Judges, once, after the last event and while the reader of the events still exists. put, if not
 * NULL, is given the state, line by line: each a JSON object, without its LF.
 */
typedef enum ev_status ev_suite_put(void *ctx, const char *line, size_t len, struct ev_error *err);
enum ev_status ev_suite_judge(struct ev_suite *s, ev_suite_put *put, void *ctx,
			      struct ev_error *err);
/* Adds a line of written state, of a run of so many events. EV_REJECT if it is damaged. */
enum ev_status ev_suite_merge(struct ev_suite *s, const struct ev_doc *d, uint64_t events,
			      struct ev_error *err);
/* Call behind the last line of each state: false if lines are missing. */
bool ev_suite_merged(struct ev_suite *s);

/* What was found, after ev_suite_judge. */
enum ev_outcome { EV_EXPECT_PASS, EV_EXPECT_FAIL, EV_EXPECT_INCONCLUSIVE };
enum ev_outcome ev_suite_outcome(const struct ev_suite *s, size_t i);
/* True if the batch is not approved unless this one passes. */
bool ev_suite_is_critical(const struct ev_suite *s, size_t i);
/* Appends a line for people about one that does not pass: where it is written, and what it is. */
void ev_suite_describe(const struct ev_suite *s, size_t i, struct ev_buf *out);
/* Append its element of `results`, and its element of `meta.evkit.expectations`. */
void ev_suite_result(const struct ev_suite *s, size_t i, struct ev_buf *out);
void ev_suite_extra(const struct ev_suite *s, size_t i, struct ev_buf *out);

#endif
