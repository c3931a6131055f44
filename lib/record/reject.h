/*
 * reject: the dead letters. Records that are not fit, set aside whole, with every reason. Floor 6.
 *
 * One line a record, in JSON (evkit.7, "The reject envelope"). The file appears under its name only
 * when it is whole. Without a file the first reject ends the run.
 */
#ifndef EV_REJECT_H
#define EV_REJECT_H

#include "base/buf.h"
#include "base/status.h"
#include "record/reason.h"
#include "scan/lines.h"

#include <stdbool.h>
#include <stdint.h>

#define EV_NO_OFFSET UINT64_MAX

/* A record and where it came from. */
struct ev_record {
	const char *p; /* EV_IN_SLACK readable bytes stand behind it */
	size_t len;
	const char *source;
	uint64_t line, offset; /* offset: EV_NO_OFFSET where it is not known */
	size_t before; /* bytes of the line in front of p, where the record is a part of it */
	const struct ev_index *index; /* the record is its lines[nth]; or NULL */
	size_t nth;
	bool cut; /* its file ended before its LF */
};

/* Appends the name of a source; bytes that are no UTF-8 become %XX. */
void ev_record_source(const char *source, struct ev_buf *out);
/* Appends where the record came from: "source":"a.log","line":1,"offset":0. */
void ev_record_position(const struct ev_record *rec, struct ev_buf *out);

struct ev_rejects;

/* stage: the program's name, static. file: where to write, or NULL for none. */
struct ev_rejects *ev_rejects_new(const char *stage, const char *file, struct ev_error *err);
/*
 * Sets the record aside. If the record bears an origin ("_ev" with "origin"), that is named in
 * place of the record's own position; origin is the raw JSON object or NULL. EV_REJECT, or
 * EV_FATAL.
 */
enum ev_status ev_rejects_put(struct ev_rejects *r, const struct ev_record *rec, const char *origin,
			      size_t origin_len, const struct ev_reasons *why,
			      struct ev_error *err);
/* The same for a line too long to be held: begin, its parts, end. */
enum ev_status ev_rejects_begin(struct ev_rejects *r, const struct ev_record *first,
				const struct ev_reasons *why, struct ev_error *err);
enum ev_status ev_rejects_part(struct ev_rejects *r, const char *p, size_t len,
			       struct ev_error *err);
enum ev_status ev_rejects_end(struct ev_rejects *r, struct ev_error *err);

/* Calls fn with each record set aside, before it is written; p is cut for one too long. */
typedef void ev_rejects_watcher(void *ctx, const struct ev_record *rec, const char *origin,
				size_t origin_len, const struct ev_reasons *why);
void ev_rejects_watch(struct ev_rejects *r, ev_rejects_watcher *fn, void *ctx);

uint64_t ev_rejects_count(const struct ev_rejects *r);
/* The counts by code: the i-th code and its count, or NULL behind the last. */
const char *ev_rejects_code(const struct ev_rejects *r, size_t i, uint64_t *n);

/* The file will take this name in place of the one that was given, in the same folder. */
void ev_rejects_rename(struct ev_rejects *r, const char *file);
/*
 * What was set aside so far counts, for it is about to be sealed, and more may follow: it is
 * synced, and whatever ends the run leaves the file under its temporary name.
 */
enum ev_status ev_rejects_keep(struct ev_rejects *r, struct ev_error *err);
/* Writes and syncs all of the file, which has no name yet. */
enum ev_status ev_rejects_prepare(struct ev_rejects *r, struct ev_error *err);
/* Gives the file its name. */
enum ev_status ev_rejects_commit(struct ev_rejects *r, struct ev_error *err);
void ev_rejects_free(struct ev_rejects **r);

#endif
