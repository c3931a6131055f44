/*
 * internal: what the files of star share. Floor 10.
 *
 *   plan.c                what is asked of each type of event, worked out once
 *   shapes.c              where that stands in documents of one shape
 *   version.c             reads what "_ev" says
 *   values.c              reads the cells
 *   references.c          finds the members that cells name, in members.c and calendar.c
 *   rows.c                writes the rows of facts and members
 *   dimensions.c          keeps what events say of members
 *   dimensions_history.c  the same for dimensions of type 2, version by version
 *   history.c             what a member of those was at each time (history.h)
 *   mentions.c            makes sorted lines of what events say
 *   sums.c                makes rows of those lines (sums.h)
 *   contributions.c       writes and reads those as lines of JSON, for evstar --map and --reduce
 *   state.c               follows the sections
 *   compare.c             compares an event's mentions with those before
 *   settle.c              puts a section's mentions into the state, and makes the members' rows
 *   settle_history.c      the same for dimensions of type 2
 *   star.c                takes an event through all of them
 */
#ifndef EV_STAR_INTERNAL_H
#define EV_STAR_INTERNAL_H

#include "record/event.h"
#include "record/presence.h"
#include "star/calendar.h"
#include "star/members.h"
#include "star/mentions.h"
#include "star/plan.h"
#include "star/star.h"
#include "star/state.h"
#include "star/sums.h"
#include "store/sort.h"
#include "warehouse/value.h"
#include "json/pick.h"
#include "json/plan.h"

/* What the rows of a version need of it. */
struct ev_star_version {
	const char *number; /* its number; EV_COPY_OVER bytes can be read */
	size_t number_len;
	char validity[EV_STAR_VALIDITY_TEXT]; /* from the first time on, as JSON */
	size_t validity_len;
	bool current, deleted;
	bool stands;   /* current and not deleted: only then it sets attributes */
	int64_t since; /* it is valid, as in a stamp */
	int64_t until; /* and up to there; INT64_MAX: its end is open */
	/* Copies of its stamps that outlive it. */
	const char *id_kept;
	struct ev_stamp *kept; /* the last; or NULL */
};

/* A reference of an element, resolved to its member. */
struct ev_star_bound {
	const char *key;	       /* NULL until it is known */
	struct ev_star_member *member; /* NULL: none; a guess as long as key is NULL */
	uint64_t hash;
	const char *identity;
	uint32_t len;
	bool spelled; /* a part of the key is spelled in another way than in the identity */
	char day[EV_KEY_TEXT];
};

/* How a cell is read from documents of one shape. */
struct ev_star_take {
	enum ev_star_how {
		EV_STAR_FIXED,	  /* it is the same in all of them */
		EV_STAR_TIME,	  /* the event's time, which has been read */
		EV_STAR_MODIFIED, /* its modified time, likewise */
		EV_STAR_ID,	  /* its id, likewise; a UUID may need another spelling */
		EV_STAR_VALUE,
	} how;
	uint32_t cell; /* of all elements */
	union {
		struct ev_check check; /* of any but what is fixed */
		struct ev_value fixed;
	};
};

struct ev_star_takes {
	struct ev_star_take *list;
	size_t n;
};

/* How a group's cells are read from documents of one shape and kind; a plan is one for each. */
struct ev_star_shape {
	struct ev_star_takes cells; /* of the first group: whatever is the event's own */
	size_t n;		    /* elements */
	bool closed;		    /* of the first group: a path leads through what it cannot */
};

/* The values and references of a group's elements, element by element. */
struct ev_star_elements {
	const struct ev_star_group *group;
	struct ev_each *each; /* the elements; NULL: the event is the one element of its group */
	size_t n;
	char *stores; /* of the event's cells, EV_VALUE_STORE bytes each */
	struct ev_value *values;
	struct ev_star_bound *bounds;
	size_t cap_values, cap_bounds;
};

/* What "_ev" says of a version. */
enum ev_star_what_version {
	EV_STAR_NUMBER_OF,
	EV_STAR_VALID_FROM,
	EV_STAR_VALID_TO,
	EV_STAR_CURRENT,
	EV_STAR_DELETED,
	EV_STAR_SAYS
};

enum { EV_STAR_FETCHED = 16 };

struct ev_star {
	const struct ev_model *m;
	struct ev_star_options options;
	struct ev_port *port;
	struct ev_star_plan *plan;
	struct ev_star_shapes *shapes; /* one a kind of the plan */
	struct ev_presence *presence;
	struct ev_presence_paths *asks; /* of it, one a kind */
	bool *came;			/* whether an event of the kind did */
	struct ev_events *events;
	uint32_t id, time, modified; /* slots */
	uint32_t says[EV_STAR_SAYS]; /* slots */
	struct ev_path *paths[EV_STAR_SAYS];
	struct ev_reasons why;
	struct ev_members **members;	     /* one a dimension; NULL for a calendar */
	struct ev_star_calendar **calendars; /* one a dimension; NULL for any other */

	/* The event at hand. */
	struct ev_event event;
	struct ev_star_time {
		uint64_t event; /* the number of the one whose it is */
		char text[EV_TIME_TEXT + 2 + EV_COPY_OVER];
	} times[2];			   /* [1]: modified, if that is another */
	struct ev_value absent;		   /* what every column has where there is no value */
	struct ev_star_elements *elements; /* one a group of the plan */
	struct ev_star_fetch {
		const struct ev_members *members;
		struct ev_star_bound *bound;
	} fetched[EV_STAR_FETCHED]; /* the first references to large dimensions, to be prefetched */
	size_t n_fetched;
	struct ev_arena store; /* of values that do not lie in the document */
	char *room;	       /* in the store, for the next value */
	bool stored;	       /* something since it was emptied */
	struct ev_buf whole, scratch;
	struct ev_buf owner; /* the event's id, as it stands in a row */
	struct ev_buf row;   /* one that the output has no room for, or of a dimension */

	/* What is said of members. */
	struct ev_arena stamps;
	struct ev_sort *sort; /* of mentions; NULL: none is there yet */
	struct ev_mentions mentions;
	struct ev_star_state *state; /* or NULL */
	struct ev_star_text *texts;  /* of a row, as many as any dimension has columns */
	struct ev_buf span;	     /* of a row of type 2, as JSON */
	bool history;		     /* some dimension is of type 2 */
	bool spilled;		     /* the sort has mentions of type 1, too */
	bool spanned;		     /* a section came out of a state */
	bool replaces_days;	     /* they may be there already */
	struct ev_star_named *named; /* one a dimension; NULL unless lines of contributions pass */
	struct ev_buf event_id;	     /* of such a line */

	struct ev_found found;
	uint64_t n_event, n_delete, n_row, n_mapped, n_reduced;
	uint64_t digest; /* of the contributions (ev_star_digest) */
	struct ev_count counts[5];
};

/* An element of a group: [0] is what its event has, [1] what the element has. */
struct ev_star_element {
	const struct ev_star_group *groups[2];
	const struct ev_value *values[2];
	struct ev_star_bound *bounds[2];
	size_t index;
};

static inline struct ev_star_element ev_star_first(const struct ev_star *s, size_t group)
{
	const struct ev_star_elements *e = &s->elements[0], *f = &s->elements[group];

	return (struct ev_star_element){
		{e->group, f->group}, {e->values, f->values}, {e->bounds, f->bounds}, 0};
}

static inline void ev_star_next(struct ev_star_element *e)
{
	e->values[1] += e->groups[1]->n_cells;
	e->bounds[1] += e->groups[1]->n_references;
	e->index++;
}

static inline const struct ev_value *ev_star_value(const struct ev_star_element *e,
						   struct ev_star_place cell)
{
	return &e->values[cell.own][cell.at];
}

/* Whether a table's filter takes the element. when: of the model, or NULL. */
static inline bool ev_star_takes(const struct ev_column *when, struct ev_star_place cell,
				 const struct ev_star_element *e)
{
	const struct ev_value *v;

	if (when == NULL)
		return true;
	v = ev_star_value(e, cell);
	return !v->null && !(v->len == 5 && memcmp(v->p, "false", 5) == 0);
}

/* What "_ev" says (version.c) */

/*
 * A number that compares as the time does that EV_TIME_TEXT bytes have, and is not negative; false
 * if they are no time. And back.
 */
bool ev_star_moment(const char *text, int64_t *t);
void ev_star_moment_write(int64_t t, char out[EV_TIME_TEXT]);
/* The version at hand, and s->owner; false if it is not as evversion writes it. */
bool ev_star_read_version(struct ev_star *s, struct ev_star_version *v);

/* A line that deletes an event. */
enum { EV_STAR_DELETE_BEGIN = 22 };
extern const char ev_star_delete_begin[EV_STAR_DELETE_BEGIN + 1];
struct ev_star_deleted {
	const char *owner; /* its inside, as JSON has it */
	size_t len;
	uint64_t first; /* 0: it does not say so */
};
/* Of a line that begins so; false if it does not go on as evversion writes it. */
bool ev_star_read_delete(const char *p, size_t len, struct ev_star_deleted *d);

/* Shapes (shapes.c) */

struct ev_star_shapes *ev_star_shapes_new(struct ev_star *s);
/* By group, how the event at hand is taken; or NULL, where there is no plan (json/plan.h). */
const struct ev_star_shape *ev_star_shape_of(struct ev_star *s, const struct ev_star_kind *kind);

/* Values (values.c) */

/* Where the cells of a group are found. */
void ev_star_want_cells(struct ev_star *s, size_t group);
/* Reads what the tables ask of the event and its elements. False if some value does not fit. */
bool ev_star_read_values(struct ev_star *s, const struct ev_star_kind *kind);
/* Fills s->why with every reason why the event does not fit, table by table. */
void ev_star_explain(struct ev_star *s, const char *type, size_t len);
/* The event's time, or its modified time, as a timestamp in quotes; EV_COPY_OVER can be read. */
const char *ev_star_format_time(struct ev_star *s, bool modified);
static inline const char *ev_star_time(struct ev_star *s, bool modified)
{
	modified &= ev_time_compare(s->event.time, s->event.modified) != 0;
	return s->times[modified].event == s->event.number ? s->times[modified].text
							   : ev_star_format_time(s, modified);
}
/* Writes $index, EV_KEY_TEXT bytes at most. */
static inline char *ev_star_put_index(char *o, size_t index)
{
	struct ev_buf digits = {.p = o, .cap = EV_KEY_TEXT};

	if (index < 10) {
		*o = (char)('0' + index);
		return o + 1;
	}
	ev_buf_u64(&digits, index);
	return o + digits.len;
}

/* References (references.c) */

/* First step of finding the members that the event names: hashes, and a prefetch of the table. */
void ev_star_begin_references(struct ev_star *s, const struct ev_star_kind *kind);
/* Second step: prefetches the members themselves. */
void ev_star_fetch_members(struct ev_star *s);
/* Last step: sets the reference's key and member, which is added if it is new. */
void ev_star_find_member(struct ev_star *s, const struct ev_star_element *e,
			 const struct ev_star_reference *r, struct ev_star_bound *b);

static inline const struct ev_star_bound *
ev_star_bound_at(struct ev_star *s, const struct ev_star_element *e, struct ev_star_place reference)
{
	struct ev_star_bound *b = &e->bounds[reference.own][reference.at];

	if (b->key == NULL)
		ev_star_find_member(s, e, &e->groups[reference.own]->references[reference.at], b);
	return b;
}

/* Rows (rows.c) */

enum ev_status ev_star_put_fact(struct ev_star *s, const struct ev_star_fact *f,
				const struct ev_star_version *v, struct ev_error *err);
/*
 * A member's row, of the texts in s->texts. key: EV_KEY_TEXT bytes. Of type 2 the times between
 * which it is valid are set before.
 */
void ev_star_set_span(struct ev_star *s, int64_t since, int64_t until);
enum ev_status ev_star_put_member(struct ev_star *s, size_t dimension, const char *key,
				  bool described, struct ev_error *err);
enum ev_status ev_star_put_day(struct ev_star *s, const struct ev_dimension *d, const char *key,
			       int64_t day, struct ev_error *err);
/* The line that deletes a member's row, or a day's. */
enum ev_status ev_star_put_gone(struct ev_star *s, const struct ev_dimension *d, const char *key,
				struct ev_error *err);

/* Dimensions (dimensions.c) */

/* Finds the members that the event describes, and prefetches their attributes. */
void ev_star_find_described(struct ev_star *s, const struct ev_star_kind *kind);
/* Merges the event's attributes into those members. */
void ev_star_contribute(struct ev_star *s, const struct ev_star_kind *kind,
			struct ev_star_version *v);
/* Sorts the mention in s->mentions; or, of half the work, hands it on as a contribution. */
enum ev_status ev_star_keep_mention(struct ev_star *s, struct ev_error *err);
/* A sort of mentions, within the memory that they may take. */
struct ev_sort *ev_star_sort_new(const struct ev_star *s);
/* Spills mentions to temporary files if they are too many. Only between two events. */
enum ev_status ev_star_make_room(struct ev_star *s, struct ev_error *err);
/* The rows of all dimensions, without a state; or contributions to them. */
enum ev_status ev_star_put_dimensions(struct ev_star *s, struct ev_error *err);

/* Contributions (contributions.c) */

struct ev_star_named *ev_star_named_new(const struct ev_model *m);
void ev_star_named_free(struct ev_star_named **named, const struct ev_model *m);
/* Writes the mention in s->mentions as a line; and that a day outside a calendar was met. */
enum ev_status ev_star_put_contribution(struct ev_star *s, struct ev_error *err);
enum ev_status ev_star_put_contributed_day(struct ev_star *s, size_t dimension, int64_t day,
					   struct ev_error *err);
/* Takes the line at hand, in s->event: a contribution, or a row or a delete, which it hands on. */
enum ev_status ev_star_reduce(struct ev_star *s, const struct ev_record *rec, struct ev_error *err);

/* Dimensions of type 2 (dimensions_history.c) */

/* Adds what a version says of members, deleted or superseded as it may be. */
enum ev_status ev_star_note_version(struct ev_star *s, const struct ev_star_kind *kind,
				    const struct ev_star_version *v, struct ev_error *err);
/* A row of a member; text: as in history.h. */
struct ev_star_spanned {
	int64_t since;
	struct ev_buf text; /* empty: there is none */
};
/* Emits it. member: as a mention's key begins. */
enum ev_status ev_star_put_span(struct ev_star *s, const char *member, struct ev_buf *parts,
				struct ev_star_spanned *row, int64_t until, struct ev_error *err);
/* Makes rows of a dimension's mentions out of the sort; as put_spilled() of dimensions.c. */
void ev_star_put_history(struct ev_star *s, size_t dimension, struct ev_sorted *next,
			 enum ev_status *st, struct ev_error *err);

/* The state (state.c, compare.c, settle.c, settle_history.c) */

/* compare.c: the event at hand ends, and what it says replaces what it said before. */
enum ev_status ev_star_state_end_event(struct ev_star *s, struct ev_error *err);

/* The first byte of a sorted mention's value. */
enum {
	EV_STAR_SAID = '+',  /* new */
	EV_STAR_OTHER = '=', /* known with another value */
	EV_STAR_BACK = '-',  /* taken back */
};

/*
 * The mentions of an event, as its list in the state has them: "DIMENSIONKEY WHAT"; one that is not
 * bare goes on with SPELLED, TIME, the element of WHO, and a digest of its value; of type 2, WHAT
 * is without the time up to which it is valid, which stands before the digest.
 */
struct ev_star_items {
	struct ev_buf text;
	struct ev_star_item {
		size_t at, len, key_len; /* in the text; up to the element */
	} * list;
	size_t n, cap;
};

/* A cursor over the keys of the state that gives each key's latest entry. */
struct ev_star_old {
	struct ev_store_cursor *cursor;
	const struct ev_entry *ahead;
	bool there;
	struct ev_buf key, value;
};

enum { EV_STAR_DIGESTS = 3 };

struct ev_star_state {
	const char *dir;
	char digests[EV_STAR_DIGESTS][33]; /* of the model */
	struct ev_store *store;		   /* NULL until a section begins */
	struct ev_point to;		   /* of the section */
	uint64_t from, at;		   /* where it begins, and where the state stands */
	bool idle;			   /* the state has all of it already */
	bool direct;			   /* what changes now is what goes out */

	/* The event at hand. */
	bool inside;
	uint64_t count;	       /* of events */
	struct ev_buf id, who; /* as mentions have it in WHO */
	uint64_t first;
	struct ev_star_items said, before;
	struct ev_buf key, text;

	struct ev_star_old old; /* of the mentions and lists that are there */
	struct ev_sort *sort;	/* of what is to be put, but for rows */
};

/* The value of a mention or a list that was taken back. */
#define EV_STAR_DEAD "-"
static inline bool ev_star_old_is_dead(const struct ev_star_old *o)
{
	return o->value.len == sizeof EV_STAR_DEAD - 1 && o->value.p[0] == EV_STAR_DEAD[0];
}

/* settle.c: moves to the first entry whose key begins so. */
enum ev_status ev_star_old_find(struct ev_star_old *o, const char *prefix, size_t len,
				struct ev_error *err);
/* The next of those, and the first of them whose key is not less. */
enum ev_status ev_star_old_next(struct ev_star_old *o, struct ev_error *err);
enum ev_status ev_star_old_onward(struct ev_star_old *o, const char *key, size_t len,
				  struct ev_error *err);

/* A row of the state, parsed. fields points to the first separator. */
struct ev_star_kept {
	uint64_t changed, n, described, spelled;
	const char *won, *fields, *end;
	const char *identity, *identity_end; /* NULL: the row has none */
};

/* A number at the head of a row, and past the space behind it. */
uint64_t ev_star_kept_number(const char **p, const char *end);

/* The walk through the sorted mentions, and what the state has of the member at hand. */
struct ev_star_walk {
	struct ev_star *s;
	struct ev_star_state *t;
	struct ev_sorted next;
	enum ev_status st; /* what reading next gave */
	char member[EV_STAR_MEMBER_LEN];
	size_t dimension;
	struct ev_star_sum *sums, *sum; /* one for each dimension; sum: of the member at hand */
	struct ev_star_old rows;
	struct ev_star_kept had, row; /* before and after; had points into rows.value */
	struct ev_buf identity;	      /* the parts of the member's key, each in its one spelling */
	struct ev_buf value;	      /* of row */
	struct ev_sort *sort;	      /* of rows, whose keys sort behind all mentions */
};

/* Whether the next mention's key begins so; on to the next; and an entry for the state. */
bool ev_star_is_new(const struct ev_star_walk *w, const char *prefix, size_t len);
enum ev_status ev_star_walk_next(struct ev_star_walk *w, struct ev_error *err);
enum ev_status ev_star_walk_put(struct ev_star_walk *w, const char *key, size_t key_len,
				const char *value, size_t len, struct ev_error *err);

/* settle_history.c: settles the next member, of type 2. */
enum ev_status ev_star_settle_history(struct ev_star_walk *w, struct ev_error *err);
/* Whether an entry is a member's row, or of type 2 the head of its rows. */
bool ev_star_is_head(const struct ev_entry *e);
/*
 * Emits the rows of the member whose head that is, if they have changed. rows: to read them with.
 */
enum ev_status ev_star_emit_history(struct ev_star *s, const struct ev_buf *key,
				    const struct ev_buf *value, struct ev_star_old *rows,
				    struct ev_error *err);

/*
 * Puts the sorted mentions into the state and makes the rows of their members; emits these too if
 * the output is just what changes now (direct).
 */
enum ev_status ev_star_settle(struct ev_star *s, struct ev_error *err);
/* Emits the rows that changed since the section's beginning. */
enum ev_status ev_star_emit_rows(struct ev_star *s, struct ev_error *err);

#endif
