/*
 * internal: what the files of version share. Floor 9.
 *
 *   version.c    takes records in, and sorts them
 *   state.c      merges them with those of the state, which takes what is new
 *   gather.c     reads an event's records from the state
 *   fold.c       makes versions of an event's chain, and writes them
 *   show.c       notes what became of each record of an event, instead of emitting versions
 *   print.c      writes those notes, for people and for programs
 *   merge.c      applies a patch
 *   batch.c      finds and takes out batches
 */
#ifndef EV_VERSION_INTERNAL_H
#define EV_VERSION_INTERNAL_H

#include "contract/contracts.h"
#include "record/event.h"
#include "store/sort.h"
#include "version/version.h"
#include "json/content.h"

/* What became of a record. */
enum ev_version_class {
	EV_VERSION_NONE, /* not known yet */
	EV_VERSION_VERSION,
	EV_VERSION_NOOP,
	EV_VERSION_DUPLICATE,
	EV_VERSION_CONFLICT,
	EV_VERSION_HELD,   /* a patch without a version to apply to */
	EV_VERSION_MISFIT, /* what a patch makes breaks its contract */
	EV_VERSION_LONG,   /* or is too long */
};

/*
 * A batch that brought a record of the state. Within one commit a retract comes first, so what the
 * batch brings in the same commit stays.
 */
struct ev_version_delivery {
	const char *batch; /* its JSON */
	size_t len;
	uint64_t brought, retracted; /* the last commit of each; 0: none */
	const char *line; /* the least spelling that it brought; NULL if that was not read */
	size_t line_len;
	bool plain;
	const char *place;
	struct ev_version_delivery *next;
};

static inline bool ev_version_delivery_stays(const struct ev_version_delivery *b)
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
	uint8_t op;	 /* enum ev_op */
	bool plain;	 /* the line goes out whole, with "_ev" added */
	bool is_new;	 /* brought by the input at hand */
	uint64_t commit; /* of a state's record: the last commit with an entry of it */
	bool gone;	 /* of a state's record: every batch that brought it was retracted */
	bool ours;	 /* and the input's batch has brought it before */
	bool unfit;	 /* put under another contract, and breaks this one */
	enum ev_version_class class, before; /* before: when folded without what is new */
	const char *content; /* canonical form; made only where several records have the same S */
	size_t content_len;
	struct ev_version_note *note; /* if it is to be shown; or NULL */
};

/* All records of an event. */
struct ev_version_chain {
	struct ev_arena arena;
	struct ev_link *links;
	size_t n_links, cap_links;
	const char *word; /* points into the first link's key; with the space */
	size_t word_len;
	uint64_t first; /* with a state: the commit that first brought the event */
	bool old;	/* some record is of an earlier commit */
	bool news;	/* some record is new */
};

/* A version whose end is not known until the next one is made. */
struct ev_made {
	const struct ev_link *link; /* the record that made it; NULL: there is no version yet */
	const char *line;
	size_t len;
	bool plain, deleted, has_bare;
	struct ev_hash128 bare;
	char from[EV_TIME_TEXT];
};

/* Bytes of " DIGEST" at the end of a key in a state. */
enum { EV_VERSION_DIGEST = 33 };

/* Slots of what a no-op may differ in, and of the id, which is the same in the whole chain. */
enum { BARE_ID, BARE_VERSION, BARE_MODIFIED, BARE_OP, BARE_TIME, BARE };

struct ev_version {
	const struct ev_model *m;
	struct ev_version_options options;
	struct ev_port *port;
	struct ev_events *events;	/* read the record at hand */
	struct ev_events *others;	/* read the record that it is compared with */
	uint32_t bare[BARE];		/* slots in both */
	struct ev_contracts *contracts; /* judge what `judged` reads; made on first use */
	struct ev_events *judged;
	struct ev_event event; /* of `read`, as long as that is not NULL */
	const struct ev_link *read;
	struct ev_reasons why;
	struct ev_reasons none; /* reasons of re-reading a known line: always empty */
	struct ev_sort *sort;
	struct ev_content *contents; /* digests of what `events` reads, all but the id */
	struct ev_content *bares;    /* the same without what may differ in a no-op */
	struct ev_buf key, line, scratch, other, owner;
	const char **sources;
	size_t n_sources, cap_sources;
	const char *source; /* the last, as it was given */
	uint64_t arrived;

	struct ev_version_chain chain; /* the chain at hand */
	struct ev_version_chain later; /* merged; waits for the state's events before it */
	bool dry_run; /* fold for the classes alone, without what is new; emit nothing */
	bool noting;  /* only take notes on the links: write and count nothing */
	struct ev_made made, making;
	struct ev_buf wholes[2]; /* what patches made, used in turn */
	uint64_t k;		 /* number of versions emitted */

	uint64_t n_version, n_noop, n_duplicate, n_conflict, n_held, n_misfit, n_out;
	uint64_t n_released, n_withheld, n_taken_back, n_retyped;
	struct ev_count counts[11];
	char *retyped;

	/* with a state */
	struct ev_store *state;
	uint64_t older;	     /* puts up to this commit were judged under another contract */
	bool other_contract; /* this model's contract is not the state's */
	char model[3][33];   /* digests of the model's parts */
	struct ev_store_cursor *cursor, *scan;
	uint64_t base;	     /* the head before the section */
	bool news, wrote;    /* there is a new record; something was put into the state */
	bool commits;	     /* there will be a new head */
	struct ev_buf batch; /* the section's batch, as a JSON string */
	struct ev_buf taken; /* the digest of its input */
	uint64_t began;	     /* by arrival: the commit in which this batch began */
	uint64_t delivered;  /* records that the batch has delivered, with these */
	uint64_t delivered_before, redelivered, missing;
	char *missing_batch;		 /* or NULL */
	struct ev_buf value, what, word; /* word: the next event that changed in the state */
	struct ev_sorted item;		 /* the input's next record */
	bool has_item;
	struct ev_link *spare;
	size_t cap_spare;
};

/* With a state: where its entries are read, and gathered (state.c). */

/* The first byte of a record's entry (see state.c). */
enum ev_version_entry {
	EV_ENTRY_READ_FIRST = '+',
	EV_ENTRY_AS_IT_IS = '*',
	EV_ENTRY_AGAIN = '=',
	EV_ENTRY_RETRACTED = '!'
};

/* Adds what an entry says of its batch to a record's list of batches, in the arena. */
struct ev_version_delivery *ev_version_add_delivery(struct ev_arena *arena,
						    struct ev_version_delivery **list,
						    const struct ev_entry *e);
/* The batch named in a PLACE, as JSON. */
const char *ev_version_batch_in(const char *place, size_t *len);
/* The length of an entry's PLACE, which begins at the value's second byte. */
size_t ev_version_place(const struct ev_entry *e);
/* Adds the state's records of the event with that word to the chain. */
enum ev_status ev_version_gather(struct ev_version *v, const char *word, size_t len,
				 struct ev_error *err);

/* Showing (show.c). */

/* Notes an entry of the link's record while it is gathered; place_len: of its PLACE. */
void ev_version_note_entry(struct ev_version *v, struct ev_link *l, const struct ev_entry *e,
			   size_t place_len);
/* Notes what became of it, with the reasons in v->why. */
void ev_version_note_class(struct ev_version *v, struct ev_link *l, enum ev_version_class class);
/* Notes that it became the k-th version. to: NULL for the newest. */
void ev_version_note_made(struct ev_version *v, const struct ev_made *made, const char *to);

/* Folds the chain and emits it (unless dry_run is set). */
enum ev_status ev_version_fold(struct ev_version *v, struct ev_error *err);
/* Adds a link of the input's; item as ev_version_step made it. */
struct ev_link *ev_version_link(struct ev_version *v);
struct ev_link *ev_version_read_item(struct ev_version *v, const struct ev_sorted *item);
/* Empties the chain. */
void ev_version_reset(struct ev_version *v);
/* Reads the record of a link; valid until the next call. */
const struct ev_event *ev_version_read(struct ev_version *v, const struct ev_link *l);
/* Reads source, line and offset out of a PLACE, which ends in NUL. */
void ev_version_read_place(struct ev_version *v, const char *place, struct ev_record *rec);
/* Orders records of one content by their bytes, without the values that the model ignores. */
int ev_version_compare_spellings(struct ev_version *v, const char *a, size_t a_len, const char *b,
				 size_t b_len);

#endif
