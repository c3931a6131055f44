/*
 * jschema_flat: what schemas ask of an object as one flat program over the scanned record. For
 * jschema*.c alone. Floor 3.
 *
 * Of each member the symbol of its name gives a cell, and of the cell the kind of the value gives
 * what to do; that decides most scalars at once, and objects and arrays go on with programs of
 * their own. What a cell cannot tell is asked of the schemas themselves.
 */
#ifndef EV_JSCHEMA_FLAT_H
#define EV_JSCHEMA_FLAT_H

#include "model/jschema_impl.h"

/* What to do with a value of one kind. All but JS_DO_OBJECT and JS_DO_ARRAY may end in JS_DO_ASK. */
enum js_do {
	JS_DO_ASK,  /* hold it against the cell's schemas */
	JS_DO_TAKE, /* it fits */
	JS_DO_LENGTH,
	JS_DO_LAYOUT,
	JS_DO_DATE,
	JS_DO_TIME,
	JS_DO_IPV4,
	JS_DO_WORD,
	JS_DO_NOT_NEGATIVE,
	JS_DO_DECIMAL,
	JS_DO_WHOLE,
	JS_DO_OBJECT,
	JS_DO_ARRAY,
};

/* What several schemas ask of one value. */
struct js_cell {
	uint8_t does[16];    /* enum js_do, by kind and, from 8 on, of strings with escapes */
	uint32_t least, gap; /* a string has least to least + gap octets */
	union {
		const struct js_layout *layout;
		const struct js_words *words;
	};
	int64_t low, high; /* of a number */
	const struct js_inside *object, *array;
	const struct ev_jschema **schemas;
	uint32_t n;
};

struct js_member {
	uint32_t symbol; /* EV_NO_SYMBOL: for any other name, or for each element */
	uint64_t bit;	 /* among those required, or 0 */
	struct js_cell cell;
};

/* What they ask of the inside of an object or an array. */
struct js_inside {
	struct js_member *members; /* open addressing by symbol; of an array one */
	uint32_t mask;
	uint32_t n_rest;
	uint64_t needed;
	uint64_t least, gap;		/* there are least to least + gap members or elements */
	const struct ev_jschema **rest; /* applied as they are */
};

/* The program of a schema that is not compiled yet. */
struct js_flat *js_flat_new(struct ev_jschema_set *set);
/*
 * What a schema asks of objects, made when it is first wanted; NULL if that cannot be said so. Its
 * set has symbols and no dynamic anchors.
 */
const struct js_inside *js_flat_object(const struct ev_jschema *s);

/* jschema_run.c */

/* An object or an array, as the program is; of a document with the set's symbols. */
bool js_flat_fits(struct js_judge *j, const struct js_inside *o, uint32_t i);

#endif
