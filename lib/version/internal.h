/*
 * internal: what the files of version share. Floor 9.
 *
 *   version.c    takes records in, and sorts them
 *   state.c      puts them together with those of the state
 *   fold.c       makes versions of an event's chain, and writes them
 *   show.c       notes instead what became of each record of an event
 *   say.c        writes those notes, for people and for programs
 *   merge.c      applies a patch
 *   batch.c      finds and takes out batches
 */
#ifndef EV_VERSION_INTERNAL_H
#define EV_VERSION_INTERNAL_H

#include "contract/contracts.h"
#include "version/version.h"
#include "record/event.h"
#include "store/sort.h"
#include "json/content.h"

/* What became of a record. */
enum ev_version_class {
	EV_VERSION_NONE, /* not told yet */
	EV_VERSION_VERSION,
	EV_VERSION_NOOP,
	EV_VERSION_DUPLICATE,
	EV_VERSION_CONFLICT,
	EV_VERSION_HELD,   /* a patch without a version to stand on */
	EV_VERSION_MISFIT, /* what a patch makes breaks the contract */
	EV_VERSION_LONG,   /* or is too long */
};

/*
 * A batch that brought a record of the state. A retract is the first of its commit: it goes before
 * what the batch brings while that is the head.
 */
struct ev_bringer {
	const char *batch; /* its JSON */
	size_t len;
	uint64_t brought, retracted; /* the last commits of either; 0: none */
	const char *line; /* the least spelling that it brought, where it is read; else NULL */
	size_t line_len;
	bool plain;
	const char *place;
	struct ev_bringer *next;
};

static inline bool ev_bringer_stays(const struct ev_bringer *b)
{
	return b->retracted <= b->brought;
}

struct ev_version_note;

/* One record of the chain at hand. Its key: "WORD VERSION TIME OP" and, in a state, " DIGEST". */
struct ev_link {
	const char *line; /* EV_IN_SLACK bytes behind it may be read */
	size_t len;
	const char *key;
	size_t key_len;
	/* where it came from, for a state's record, as the state has it; or NULL */
	const char *place;
	const char *source; /* or here */
	uint64_t number, offset;
	char from[EV_TIME_TEXT];
	uint8_t op;  /* enum ev_op */
	bool plain;  /* nothing is taken out of the line, and nothing stands behind its object */
	bool is_new; /* the input at hand brought it */
	uint64_t commit; /* of the state's: the last that an entry of it came with */
	bool gone;	 /* of the state's: every batch that brought it was retracted */
	bool ours;	 /* and the input's batch has brought it before */
	bool unfit;	 /* put under another contract, and not as this one has it */
	enum ev_version_class class, before; /* before: without what is new */
	const char *content; /* canonical; made where another record has the same S */
	size_t content_len;
	struct ev_version_note *note; /* if it is to be shown; or NULL */
};

/* All records of an event. */
struct ev_version_chain {
	struct ev_arena arena;
	struct ev_link *links;
	size_t n_links, cap_links;
	const char *word; /* in the first link's key, with its space */
	size_t word_len;
	uint64_t first; /* with a state: the first commit of the event */
	bool old;	/* some link is of the state's earlier commits */
	bool news;	/* some record is new */
};

/* A version that is made, and may still get an end. */
struct ev_made {
	const struct ev_link *link; /* that made it; NULL: there is none yet */
	const char *line;
	size_t len;
	bool plain, deleted, has_bare;
	struct ev_hash128 bare;
	char from[EV_TIME_TEXT];
};

/* What may differ in a no-op, by slot: the id, which a chain has in common, and these. */
enum { BARE_ID, BARE_VERSION, BARE_MODIFIED, BARE_OP, BARE_TIME, BARE };

struct ev_version {
	const struct ev_model *m;
	struct ev_version_options options;
	struct ev_port *port;
	struct ev_events *events;	/* reads the record at hand */
	struct ev_events *others;	/* and what it meets */
	uint32_t bare[BARE];		/* slots of both */
	struct ev_contracts *contracts; /* of what `judged` reads; made when they are asked */
	struct ev_events *judged;
	struct ev_event event; /* of `read`, as long as that is not NULL */
	const struct ev_link *read;
	struct ev_reasons why;
	struct ev_reasons none; /* what is wrong with a line that was read before */
	struct ev_sort *sort;
	struct ev_content *contents; /* of what `events` reads: all but the id */
	struct ev_content *bares;    /* of the same, without what may differ in a no-op */
	struct ev_buf key, line, scratch, other, owner;
	const char **sources;
	size_t n_sources;
	const char *source; /* the last, as it was given */
	uint64_t arrived;

	struct ev_version_chain chain; /* at hand */
	struct ev_version_chain later; /* one that waits for the state's events before it */
	bool quiet;  /* it is folded to learn the classes alone, and without what is new */
	bool noting; /* nothing is written or counted, but noted on the links */
	struct ev_made made, making;
	struct ev_buf wholes[2]; /* what patches made, in turn */
	uint64_t k;		 /* versions that were emitted */

	uint64_t n_version, n_noop, n_duplicate, n_conflict, n_held, n_misfit, n_out;
	uint64_t n_released, n_withheld, n_taken_back, n_retyped;
	struct ev_count counts[11];
	char *retyped;

	/* with a state */
	struct ev_store *state;
	uint64_t older;	     /* puts up to this commit were judged by another contract */
	bool other_contract; /* than the state's, from now on */
	char model[3][33];   /* digests of the model's parts */
	struct ev_store_look *look, *scan;
	uint64_t base;	     /* the head before the section */
	bool news, wrote;    /* there is a new record; there is something to put */
	bool commits;	     /* the head becomes another */
	struct ev_buf batch; /* the section's, as a JSON string */
	struct ev_buf taken; /* its digest */
	uint64_t began;	     /* by arrival: the commit in which the batch began */
	uint64_t delivered;  /* records that are the batch's from now on */
	uint64_t redelivered, missing;
	struct ev_buf value, what, word; /* word: the next event that the state has news of */
	struct ev_sorted item;		 /* the next of the input's records */
	bool has_item;
	struct ev_link *spare;
	size_t cap_spare;
};

/* With a state: where its entries are read, and gathered (state.c). */

/* What an entry of a record is, by its first byte; see there. */
enum ev_version_entry {
	EV_ENTRY_READ_FIRST = '+',
	EV_ENTRY_AS_IT_IS = '*',
	EV_ENTRY_AGAIN = '=',
	EV_ENTRY_RETRACTED = '!'
};

/* Adds what an entry says of its batch to a record's list, which lies in the arena. */
struct ev_bringer *ev_version_bring(struct ev_arena *arena, struct ev_bringer **list,
				    const struct ev_entry *e);
/* The batch in a PLACE, as JSON. */
const char *ev_version_batch_in(const char *place, size_t *len);
/* The bytes of its PLACE, which stands behind the value's first byte. */
size_t ev_version_place(const struct ev_entry *e);
/* Adds the links of the event whose word that is. */
enum ev_status ev_version_gather(struct ev_version *v, const char *word, size_t len,
				 struct ev_error *err);

/* Showing (show.c). */

/* An entry of the link's record, whose PLACE has that length, as it is gathered. */
void ev_version_note_entry(struct ev_version *v, struct ev_link *l, const struct ev_entry *e,
			   size_t place_len);
/* What became of it, with v->why. */
void ev_version_note_class(struct ev_version *v, struct ev_link *l, enum ev_version_class class);
/* It is the k-th version. to: NULL for the newest. */
void ev_version_note_made(struct ev_version *v, const struct ev_made *made, const char *to);

/* Folds the chain and emits it (unless quiet). */
enum ev_status ev_version_fold(struct ev_version *v, struct ev_error *err);
/* Adds a link of the input's; item as ev_version_step made it. */
struct ev_link *ev_version_link(struct ev_version *v);
enum ev_status ev_version_read_item(struct ev_version *v, const struct ev_sorted *item,
				    struct ev_error *err);
/* Forgets the chain. */
void ev_version_reset(struct ev_version *v);
/* The record of a link of the chain, read; valid until another is. */
const struct ev_event *ev_version_read(struct ev_version *v, const struct ev_link *l);
/* Reads the source, line and offset of a PLACE, which is ended by NUL. */
void ev_version_read_place(struct ev_version *v, const char *place, struct ev_record *rec);
/* A record's bytes without the values that the model ignores. */
void ev_version_spelling(struct ev_version *v, const char *line, size_t len, struct ev_buf *out);

#endif
