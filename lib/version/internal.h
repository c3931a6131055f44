/*
 * internal: what the files of version share. Floor 10.
 *
 *   version.c    takes records in, and sorts them
 *   state.c      merges them with those of the state, which takes what is new
 *   gather.c     reads an event's records from the state
 *   fold.c       makes versions of an event's chain, and writes them
 *   show.c       notes what became of each record of an event, instead of emitting versions
 *   print.c      writes those notes, for people and for programs
 *   merge.c      applies a patch
 *   batch.c      finds and takes out batches
 *   erase.c      has the records of a person leave
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
 * What one batch delivered of a record in the state. Within one commit a retract comes first, so
 * what the batch brings in the same commit stays.
 */
struct ev_version_delivery {
	const char *batch; /* as JSON */
	size_t len;
	uint64_t brought, retracted; /* the last commit of each; 0: none */
	const char *line;	     /* the least spelling that it brought; NULL: not read yet */
	size_t line_len;
	bool verbatim;
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
	const char *place; /* where it came from: a PLACE of the state; if NULL, source... */
	const char *source;
	uint64_t number, offset;
	char from[EV_TIME_TEXT];
	uint8_t op;	 /* enum ev_op */
	bool verbatim;	 /* a version is its line with "_ev" added, so it need not be read */
	bool is_new;	 /* brought by the input at hand */
	uint64_t commit; /* of a state's record: the last commit with an entry of it */
	bool gone;	 /* of a state's record: every batch that brought it was retracted */
	bool ours;	 /* and the input's batch has brought it before */
	bool unfit;	 /* a put under another contract that breaks this one */
	enum ev_version_class class, before; /* before: without what is new */
	const char *content; /* canonical form; made only where several records have the same S */
	size_t content_len;
	struct ev_version_note *note; /* if it will be shown */
};

/* All records of an event, in the order of their keys. */
struct ev_version_chain {
	struct ev_arena arena;
	struct ev_link *links;
	size_t n_links, cap_links;
	const char *word; /* the first of each key, with the space behind it */
	size_t word_len;
	uint64_t first; /* with a state: the commit that first brought the event */
	/* Of its records that were erased (ev_version_mark); their days are not known any more. */
	struct ev_hash128 *erased;
	size_t n_erased, cap_erased;
	/* with a state: the days (UTC, since 1970) of the records that went through
	 * ev_version_add_day */
	bool dated;
	int64_t first_day, last_day;
	bool old;  /* some record is of an earlier commit */
	bool news; /* some record is new */
};

/* A version whose end is not known until the next one is made. */
struct ev_made {
	const struct ev_link *link; /* the record that made it; NULL: there is no version yet */
	const char *line;
	size_t len;
	bool verbatim, deleted, has_bare;
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
	struct ev_contracts *contracts; /* judge what `judged` has read; made on first use */
	struct ev_events *judged;
	struct ev_event event; /* the record of `read`, unless that is NULL */
	const struct ev_link *read;
	struct ev_reasons why;
	struct ev_reasons none; /* of reading a known line again: always empty */
	struct ev_sort *sort;
	struct ev_content *contents; /* of records that `events` reads, without the id */
	struct ev_content *bares;    /* without all that may differ in a no-op, too */
	struct ev_buf key, line, scratch, other, owner;
	const char **sources;
	size_t n_sources, cap_sources;
	const char *source; /* the last, as it was given */
	uint64_t arrived;

	struct ev_version_chain chain; /* the chain at hand */
	struct ev_version_chain
		later; /* merged; waits until the state's events before it are emitted */
	bool dry_run;  /* fold only what is not new, for link.before; emit nothing */
	bool noting;   /* fold only for link.note; emit and count nothing */
	struct ev_made made, making;
	struct ev_buf wholes[2]; /* what patches made, used in turn */
	uint64_t k;		 /* number of versions emitted */

	uint64_t n_version, n_noop, n_duplicate, n_conflict, n_held, n_misfit, n_out;
	uint64_t n_released, n_withheld, n_taken_back, n_retyped, n_erased;
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
	bool commits;	     /* there will be a new commit */
	struct ev_buf batch; /* the section's batch, as a JSON string */
	struct ev_buf taken; /* the digest of its input */
	uint64_t began;	     /* by arrival: the commit in which this batch began */
	uint64_t delivered;  /* records that the batch delivered, with this section's */
	uint64_t delivered_before, redelivered, missing;
	char *missing_batch;		 /* or NULL */
	struct ev_buf value, what, word; /* word: the next event that changed in the state */
	struct ev_sorted item;		 /* the input's next record */
	bool has_item;
	struct ev_link *spare;
	size_t cap_spare;
};

/* With a state */

/* The first byte of an entry (gather.c). */
enum ev_version_entry {
	EV_ENTRY_REWRITTEN = '+',
	EV_ENTRY_VERBATIM = '*',
	EV_ENTRY_AGAIN = '=',
	EV_ENTRY_RETRACTED = '!',
	EV_ENTRY_ERASED = '~' /* (erase.c) */
};

/* Adds an entry to the list of a record's deliveries, in the arena; returns its batch's. */
struct ev_version_delivery *ev_version_add_delivery(struct ev_arena *arena,
						    struct ev_version_delivery **list,
						    const struct ev_entry *e);
/* The batch named in a PLACE, as JSON. */
const char *ev_version_place_batch(const char *place, size_t *len);
/* The length of an entry's PLACE, which begins at the value's second byte. */
size_t ev_version_place_len(const struct ev_entry *e);
/* Reads source, line and offset out of a PLACE, which ends in NUL. */
void ev_version_place_read(struct ev_version *v, const char *place, struct ev_record *rec);
/* Appends the state's records of the event with that word to the chain. */
enum ev_status ev_version_gather(struct ev_version *v, const char *word, size_t len,
				 struct ev_error *err);

/* Erasing (erase.c) */

/* What stays of a record that was erased: a digest of its key in the state, behind the word. */
static inline struct ev_hash128 ev_version_mark(const struct ev_store *s, const char *key,
						size_t len)
{
	size_t word = ev_run_word(EV_RUN_TEXT, key, len);

	return ev_hash128(key + word, len - word, ev_store_seed(s, 0) ^ ev_store_seed(s, 1));
}
/* Reads such an entry; false if it is not as evkit writes it. first: of its event. */
bool ev_version_mark_read(const struct ev_entry *e, struct ev_hash128 *mark, uint64_t *first);

/* Showing (show.c). */

/* Notes an entry of the link's record while it is gathered; place_len: of its PLACE. */
void ev_version_note_entry(struct ev_version *v, struct ev_link *l, const struct ev_entry *e,
			   size_t place_len);
/* Notes its class, with the reasons in v->why. */
void ev_version_note_class(struct ev_version *v, struct ev_link *l, enum ev_version_class class);
/* Notes that it became the k-th version. to: NULL for the newest. */
void ev_version_note_made(struct ev_version *v, const struct ev_made *made, const char *to);

/* Adds the day of a record's event to those of the chain; reads the record. */
void ev_version_add_day(struct ev_version *v, const struct ev_link *l);
/*
 * Whether a reader of the section may have rows of the chain's event: not one that reads all of the
 * state, and none where the commit to which the section leads is the first that has it.
 */
static inline bool ev_version_is_loaded(const struct ev_version *v)
{
	return v->options.state != NULL && !v->options.as_of && v->options.since.number > 0 &&
	       v->chain.first < v->base + v->commits;
}
/* Folds the chain and emits the event. */
enum ev_status ev_version_fold(struct ev_version *v, struct ev_error *err);
/* Appends an empty link to the chain. */
struct ev_link *ev_version_link(struct ev_version *v);
/* Appends a link for an item of the sort. */
struct ev_link *ev_version_read_item(struct ev_version *v, const struct ev_sorted *item);
/* Empties the chain. */
void ev_version_reset(struct ev_version *v);
/* Reads the record of a link; valid until the next call. */
const struct ev_event *ev_version_read(struct ev_version *v, const struct ev_link *l);
/* Orders records of one content by their bytes, without the values that the model ignores. */
int ev_version_compare_spellings(struct ev_version *v, const char *a, size_t a_len, const char *b,
				 size_t b_len);

#endif
