/*
 * What the files that read a model share, and nobody else may see. Floor 5.
 *
 * Each function reads one thing of the YAML; false, with the error, where it is wrong.
 */
#ifndef EV_MODEL_INTERNAL_H
#define EV_MODEL_INTERNAL_H

#include "base/compiler.h"
#include "model/model.h"
#include "model/nearest.h"
#include "model/yaml.h"
#include "scan/symbol.h"

struct ev_reader {
	const char *file;
	struct ev_model *m;
	struct ev_error *err;
	struct ev_symbols *types; /* the names of the model's, by number less one */
};

void ev_read_report(struct ev_reader *r, struct ev_place at, const char *fmt, ...) EV_PRINTF(3, 4);
/* Reports what is wrong and where; false, for a reader to return. */
#define wrong(...) (ev_read_report(__VA_ARGS__), false)
/* ev_nearest_hint of the names in a list, whose elements of that size begin with them. */
const char *ev_read_hint(const char *word, const void *list, size_t n, size_t size,
			 char out[EV_HINT]);

struct ev_place ev_read_place(const struct ev_yaml *y);
/* A map all of whose keys are known. */
bool ev_read_is_map(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		    const char *const *known);
/* The value of a key that must be there. */
bool ev_read_required(struct ev_reader *r, const struct ev_yaml *map, const char *what,
		      const char *key, const struct ev_yaml **value);
bool ev_read_text(struct ev_reader *r, const struct ev_yaml *y, const char *what, char **out);
/* One of a list of words; *out is its place in the list. */
bool ev_read_word(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		  const char *const *words, int *out);
/* The same for a key that may be absent: then *out stays. */
bool ev_read_optional_word(struct ev_reader *r, const struct ev_yaml *map, const char *key,
			   const char *const *words, int *out);
/* "description", if it is there. */
bool ev_read_description(struct ev_reader *r, const struct ev_yaml *map, char **out);
/* A path or an expression of one value. */
bool ev_read_value(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		   struct ev_value_place at, struct ev_path **out);
/* Whether there is a value; else says why not, as it was said of its text. */
bool ev_read_is_value(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		      const struct ev_path *out, struct ev_error *why);
/* A name for tables and columns. */
bool ev_read_name(struct ev_reader *r, const struct ev_yaml *key, const char *what, char **out);
/* A name that "_key" is put behind must leave room for it. */
bool ev_read_room_for_key(struct ev_reader *r, const struct ev_yaml *at, const char *name);
/* A list of types of events; they must be among the model's, if it has any. */
bool ev_read_types_in(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		      struct ev_names *out);
/* "for", if it is there: types of events. */
bool ev_read_types(struct ev_reader *r, const struct ev_yaml *map, struct ev_names *out);

/* The sections of the model that have a file each: star.c, measures.c, formats.c. */
bool ev_read_star(struct ev_reader *r, const struct ev_yaml *y);
bool ev_read_measures(struct ev_reader *r, const struct ev_yaml *y);
bool ev_read_formats(struct ev_reader *r, const struct ev_yaml *y);

#endif
