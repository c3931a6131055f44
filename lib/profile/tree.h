/*
 * tree: what was seen at each path of events. Floor 10, for the files of profile alone.
 *
 * A node stands for a path: the members of an object have one each, and all elements of a list one
 * together. Whatever is in a node knows no order, and two trees can be merged.
 *
 * Bounds: an object that has had more than EV_TREE_NAMES different names keeps those members alone
 * that every one of these objects has, because the others are data and no names. Of all trees there
 * are EV_TREE_NODES nodes at most: where there would be more, what lies deepest is left out, in all
 * of them alike.
 */
#ifndef EV_PROFILE_TREE_H
#define EV_PROFILE_TREE_H

#include "base/lookup.h"
#include "base/reading.h"
#include "base/time.h"
#include "number/decimal.h"
#include "profile/sample.h"
#include "scan/scan.h"

enum {
	EV_TREE_NAMES = 512,
	EV_TREE_NODES = 24000,
	EV_TREE_DEPTH = 24, /* a model in YAML takes two levels for one, and has 64 */
	EV_TREE_NAME = 160, /* bytes of a name: YAML takes keys of 1,024 with their escapes */
};

/* What a text can be: the forms that every text at a path had. */
enum ev_form {
	EV_FORM_DATE_TIME = 1 << 0, /* as the format of that name */
	EV_FORM_TIME = 1 << 1,	    /* that, or without a zone, or with a space */
	EV_FORM_DATE = 1 << 2,
	EV_FORM_UUID = 1 << 3,
	EV_FORM_EMAIL = 1 << 4,
	EV_FORM_URI = 1 << 5,
	EV_FORM_IPV4 = 1 << 6,
	EV_FORM_IPV6 = 1 << 7,
	EV_FORM_NUMBER = 1 << 8, /* plain digits, with or without a point */
	EV_FORM_READ = 1 << 9,	 /* a time of another form, by one reading */
	EV_FORM_CODE = 1 << 10,	 /* letters, digits, _ - . : / alone */
	EV_FORM_CLOCK = 1 << 11, /* what stands behind the T of a time, by one reading */
	EV_FORM_ALL = (1 << 12) - 1,
};

/* What numbers can be, where they are times since 1970: from 2000 to 2100. */
enum ev_epoch {
	EV_EPOCH_SECONDS = 1 << 0,
	EV_EPOCH_MILLIS = 1 << 1,
	EV_EPOCH_MICROS = 1 << 2,
	EV_EPOCH_NANOS = 1 << 3,
	EV_EPOCH_ALL = (1 << 4) - 1,
};

/* The first and the last of some times. */
struct ev_times {
	bool any;
	bool naive; /* one has no zone */
	struct ev_time first, last;
};

/* Numbers, or texts of numbers. */
struct ev_tree_numbers {
	uint64_t n;
	uint32_t whole, fraction; /* most digits before the point, and behind it */
	bool dotted;		  /* one was written with a point */
	bool far;		  /* one has more digits than min and max, which are cut then */
	struct ev_small min, max;
	unsigned epochs; /* enum ev_epoch: what they all can be */
};

struct ev_tree_node {
	struct ev_tree_node *parent;
	char *name; /* NULL: the root, or the elements of a list */
	uint32_t len, depth;
	uint64_t kinds[EV_OBJECT + 1]; /* how many values of each kind there were */
	uint64_t places; /* sum of the places, from 0, at which it stood in its objects */
	/* of an object */
	struct ev_tree_node **members; /* in the order in which they first came */
	uint32_t n, hint;
	size_t cap;
	struct ev_lookup by_name; /* where they are many */
	bool crowded;		  /* it has had too many names */
	bool hidden;		  /* it has had members whose names no model can hold */
	/* of a list */
	struct ev_tree_node *element;
	uint32_t longest_list;

	bool cut;   /* what is in it was left out */
	bool unfit; /* a value has what no warehouse can store */
	/* of texts */
	uint64_t n_empty;
	uint32_t longest; /* code points */
	uint32_t bytes;	  /* of the last that is not empty */
	bool varies;	  /* not all have as many */
	unsigned forms;	  /* enum ev_form */
	bool read;	  /* steps is known */
	unsigned steps;	  /* of EV_FORM_READ and EV_FORM_CLOCK: as struct ev_reading has them */
	uint64_t times;	  /* those that are times as they stand */
	struct ev_times as_they_stand, by_reading;
	struct ev_tree_numbers numbers, texts;
	struct ev_sample sample;
};

/* What all trees of a profile share. */
struct ev_tree_room {
	uint32_t nodes, depth;
	struct ev_sample_room sample;
};

struct ev_tree_node *ev_tree_new(struct ev_tree_room *room);
/* Adds a document. skip: the node of a member's value at its top that does not count. */
void ev_tree_add(struct ev_tree_node *root, struct ev_tree_room *room, const struct ev_doc *d,
		 uint32_t skip);
/* Takes over what is in the other tree, and frees it. */
void ev_tree_merge(struct ev_tree_node *n, struct ev_tree_room *room, struct ev_tree_node **other);
/*
 * A tree of its own with the same in it; samples move there, but for those that can be
 * enumerations.
 */
struct ev_tree_node *ev_tree_copy(struct ev_tree_node *n, struct ev_tree_room *room);
/* Brings it within the depth and the samples' limit of the room. */
void ev_tree_trim(struct ev_tree_node *n, struct ev_tree_room *room);
/*
 * When all was added: takes out the members of crowded objects that are not in each, and puts
 * members into the order in which they mostly stand.
 */
void ev_tree_settle(struct ev_tree_node *n, struct ev_tree_room *room);
void ev_tree_free(struct ev_tree_node **root, struct ev_tree_room *room);

struct ev_tree_node *ev_tree_member(const struct ev_tree_node *n, const char *name, size_t len);
/* Whether both stand at the same place in their trees. */
bool ev_tree_path_is(const struct ev_tree_node *a, const struct ev_tree_node *b);
/* Values of any kind. */
uint64_t ev_tree_values(const struct ev_tree_node *n);

/* value.c */
void ev_times_widen(struct ev_times *times, const struct ev_times *by);
/* Those of the texts, as far as they are times. */
const struct ev_times *ev_tree_times(const struct ev_tree_node *n);
/* Counts a scalar. p: the content of a string; text: a number as it stands. */
void ev_tree_string(struct ev_tree_node *n, const char *p, size_t len);
void ev_tree_number(struct ev_tree_numbers *t, const char *text, size_t len);
void ev_tree_merge_numbers(struct ev_tree_numbers *t, const struct ev_tree_numbers *o);
void ev_tree_merge_values(struct ev_tree_node *n, const struct ev_tree_node *o);

#endif
