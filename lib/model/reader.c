/*
 * What every section of a model is made of: keys, words, names, texts, paths and types of events.
 */
#include "base/mem.h"
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAME = 63, MAX_DESCRIPTION = 1000 };

void ev_read_report(struct ev_reader *r, struct ev_place at, const char *fmt, ...)
{
	struct ev_error detail;
	va_list ap;

	va_start(ap, fmt);
	ev_vfail(&detail, fmt, ap);
	va_end(ap);
	ev_fail(r->err, "%s:%zu:%zu: %s", r->file, at.line, at.column, detail.text);
}

struct ev_place ev_read_place(const struct ev_yaml *y)
{
	return (struct ev_place){y->line, y->column};
}

bool ev_read_is_map(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		    const char *const *known)
{
	char hint[EV_HINT];

	if (y->kind != EV_YAML_MAP)
		return wrong(r, ev_read_place(y), "%s must be a mapping (key: value)", what);
	for (size_t i = 0; known != NULL && i < y->n; i++) {
		const char *key = y->keys[i]->text;
		const char *const *k = known;

		while (*k != NULL && strcmp(*k, key) != 0)
			k++;
		if (*k == NULL)
			return wrong(r, ev_read_place(y->keys[i]), "unknown key '%s' in %s: %s",
				     key, what, ev_nearest_hint(key, known, hint));
	}
	return true;
}

bool ev_read_required(struct ev_reader *r, const struct ev_yaml *map, const char *what,
		      const char *key, const struct ev_yaml **value)
{
	*value = ev_yaml_get(map, key);
	return *value != NULL || wrong(r, ev_read_place(map), "%s needs the key '%s'", what, key);
}

bool ev_read_text(struct ev_reader *r, const struct ev_yaml *y, const char *what, char **out)
{
	if (y->kind != EV_YAML_SCALAR || y->len == 0)
		return wrong(r, ev_read_place(y), "%s must be a text", what);
	*out = ev_strdup(y->text);
	return true;
}

bool ev_read_word(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		  const char *const *words, int *out)
{
	char hint[EV_HINT];

	if (y->kind == EV_YAML_SCALAR) {
		for (*out = 0; words[*out] != NULL; ++*out)
			if (strcmp(words[*out], y->text) == 0)
				return true;
		return wrong(r, ev_read_place(y), "%s cannot be '%s': %s", what, y->text,
			     ev_nearest_hint(y->text, words, hint));
	}
	return wrong(r, ev_read_place(y), "%s must be a word such as '%s'", what, words[0]);
}

/*
 * "description", for people: a comment in the warehouse. What would do something at a terminal is
 * no part of it.
 */
bool ev_read_description(struct ev_reader *r, const struct ev_yaml *map, char **out)
{
	const struct ev_yaml *y = ev_yaml_get(map, "description");

	if (y == NULL)
		return true;
	if (!ev_read_text(r, y, "description", out))
		return false;
	if (y->len > MAX_DESCRIPTION)
		return wrong(r, ev_read_place(y), "a description has %d bytes at most",
			     MAX_DESCRIPTION);
	for (size_t i = 0; i < y->len; i++) {
		unsigned char c = (unsigned char)y->text[i];

		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ||
		    (c == 0xc2 && (unsigned char)y->text[i + 1] < 0xa0))
			return wrong(r, ev_read_place(y),
				     "a description holds no control characters but line ends and "
				     "tabs");
	}
	return true;
}

bool ev_read_is_value(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		      const struct ev_path *out, struct ev_error *why)
{
	char *hint = out == NULL ? strstr(why->text, ", or say floating") : NULL;

	if (hint != NULL) /* rules alone may */
		*hint = '\0';
	return out != NULL ||
	       wrong(r, ev_read_place(y), "%s: '%s' is no %s: %s", what, y->text,
		     ev_model_means_path(y->text) ? "path" : "expression", why->text);
}

bool ev_read_optional_word(struct ev_reader *r, const struct ev_yaml *map, const char *key,
			   const char *const *words, int *out)
{
	const struct ev_yaml *y = ev_yaml_get(map, key);

	return y == NULL || ev_read_word(r, y, key, words, out);
}

bool ev_read_value(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		   struct ev_value_place at, struct ev_path **out)
{
	struct ev_error why;

	if (y->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(y),
			     "%s must be a path such as .a.b, or an expression of jq", what);
	*out = ev_model_value(r->m, y->text, at, &why);
	return ev_read_is_value(r, y, what, *out, &why);
}

/*
 * Names become tables and columns in every warehouse, quoted, but of ASCII letters all the same.
 */
bool ev_read_name(struct ev_reader *r, const struct ev_yaml *key, const char *what, char **out)
{
	/* Columns of every table, and the member that rows bear. */
	static const struct {
		const char *name, *whose;
	} reserved[] = {
		{"_ev", "evkit"},	{"ctid", "PostgreSQL"}, {"tableoid", "PostgreSQL"},
		{"xmin", "PostgreSQL"}, {"xmax", "PostgreSQL"}, {"cmin", "PostgreSQL"},
		{"cmax", "PostgreSQL"},
	};
	/* What is found by these names, unless it is a column, is the catalog's. */
	static const struct {
		const char *name, *whose;
		bool columns;
	} begun[] = {
		{"ev_", "evkit", true}, {"sqlite_", "SQLite", true}, {"pg_", "PostgreSQL", false}};
	const char *p = key->text;
	size_t len = strlen(p);

	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (i > 0 && c >= '0' && c <= '9')))
			len = 0;
	}
	if (len == 0 || len > MAX_NAME)
		return wrong(r, ev_read_place(key),
			     "'%s' cannot name a %s: use a letter or _, then letters, digits and "
			     "_, %d at most",
			     p, what, MAX_NAME);
	for (size_t i = 0; i < sizeof begun / sizeof begun[0]; i++)
		if (strncasecmp(p, begun[i].name, strlen(begun[i].name)) == 0 &&
		    (begun[i].columns || strcmp(what, "column") != 0))
			return wrong(r, ev_read_place(key),
				     "'%s' cannot name a %s: names that begin with %s are %s's own",
				     p, what, begun[i].name, begun[i].whose);
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (strcasecmp(p, reserved[i].name) == 0)
			return wrong(r, ev_read_place(key),
				     "'%s' cannot name a %s: %s has that name for itself", p, what,
				     reserved[i].whose);
	*out = ev_strdup(p);
	return true;
}

bool ev_read_room_for_key(struct ev_reader *r, const struct ev_yaml *at, const char *name)
{
	return strlen(name) + strlen("_key") <= MAX_NAME ||
	       wrong(r, ev_read_place(at),
		     "'%s' is too long: %s_key must have %d characters at most", name, name,
		     MAX_NAME);
}

static bool names_of(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		     struct ev_names *out)
{
	if (y->kind != EV_YAML_LIST || y->n == 0)
		return wrong(r, ev_read_place(y), "%s must be a list such as [A, B]", what);
	out->list = ev_calloc(y->n, sizeof *out->list);
	for (size_t i = 0; i < y->n; i++)
		if (!ev_read_text(r, y->items[i], what, &out->list[out->n++]))
			return false;
	return true;
}

const char *ev_read_hint(const char *word, const void *list, size_t n, size_t size,
			 char out[EV_HINT])
{
	const char **known = ev_calloc(n + 1, sizeof *known);
	const char *hint;

	for (size_t i = 0; i < n; i++)
		memcpy(&known[i], (const char *)list + i * size, sizeof *known);
	hint = ev_nearest_hint(word, known, out);
	free(known);
	return hint;
}

bool ev_read_types_in(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		      struct ev_names *out)
{
	char hint[EV_HINT];

	if (!names_of(r, y, what, out))
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->list[i], "*") == 0)
			return wrong(r, ev_read_place(y->items[i]),
				     "'*' is no event type: name the types, or leave %s out", what);
	for (size_t i = 0; i < out->n && r->m->n_types > 0 && r->m->others == NULL; i++) {
		if (ev_symbols_of(r->types, y->items[i]->text, y->items[i]->len) == EV_NO_SYMBOL)
			return wrong(r, ev_read_place(y->items[i]),
				     "no event type '%s' in types: %s", out->list[i],
				     ev_read_hint(out->list[i], r->m->types, r->m->n_types,
						  sizeof *r->m->types, hint));
	}
	return true;
}

bool ev_read_types(struct ev_reader *r, const struct ev_yaml *map, struct ev_names *out)
{
	const struct ev_yaml *y = ev_yaml_get(map, "for");

	return y == NULL || ev_read_types_in(r, y, "for", out);
}
