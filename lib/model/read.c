/*
 * Reading a model: each key of its YAML checked, with its place, into struct ev_model.
 */
#include "base/layout.h"
#include "base/mem.h"
#include "io/in.h"
#include "model/internal.h"
#include "model/nearest.h"
#include "regex/regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	MAX_FILE = 16 * 1024 * 1024,
	MAX_NAME = 63,
	MAX_IGNORE = 32,
	MAX_RULES = 10000,
	MAX_DESCRIPTION = 1000
};

/* Errors and keys */

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

static bool text_of(struct ev_reader *r, const struct ev_yaml *y, const char *what, char **out)
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
	if (!text_of(r, y, "description", out))
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

static bool path_of(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		    struct ev_path **out)
{
	struct ev_error why;

	if (y->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(y), "%s must be a path such as .a.b", what);
	*out = ev_path_parse(y->text, &why);
	if (*out == NULL)
		return wrong(r, ev_read_place(y), "%s: '%s' is no path: %s", what, y->text,
			     why.text);
	return true;
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
		if (!text_of(r, y->items[i], what, &out->list[out->n++]))
			return false;
	return true;
}

bool ev_read_unknown(struct ev_reader *r, struct ev_place at, const char *what, const char *where,
		     const char *word, const void *list, size_t n, size_t size)
{
	const char **known = ev_calloc(n + 1, sizeof *known);
	char hint[EV_HINT];

	for (size_t i = 0; i < n; i++)
		memcpy(&known[i], (const char *)list + i * size, sizeof *known);
	ev_read_report(r, at, "no %s '%s'%s: %s", what, word, where,
		       ev_nearest_hint(word, known, hint));
	free(known);
	return false;
}

/* Types of events: they must be among the model's, if it has any. */
static bool types_among(struct ev_reader *r, const struct ev_yaml *y, const char *what,
			struct ev_names *out)
{
	if (!names_of(r, y, what, out))
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->list[i], "*") == 0)
			return wrong(r, ev_read_place(y->items[i]),
				     "'*' is no event type: name the types, or leave %s out", what);
	for (size_t i = 0; i < out->n && r->m->n_types > 0 && r->m->others == NULL; i++) {
		if (ev_symbols_of(r->types, y->items[i]->text, y->items[i]->len) == EV_NO_SYMBOL)
			return ev_read_unknown(r, ev_read_place(y->items[i]), "event type",
					       " in types", out->list[i], r->m->types,
					       r->m->n_types, sizeof *r->m->types);
	}
	return true;
}

bool ev_read_types(struct ev_reader *r, const struct ev_yaml *map, struct ev_names *out)
{
	const struct ev_yaml *y = ev_yaml_get(map, "for");

	return y == NULL || types_among(r, y, "for", out);
}

/* The sections */

/* An id of several parts. */
static bool joined_id(struct ev_reader *r, const struct ev_yaml *y, struct ev_path **out)
{
	enum { MOST = 16 };
	const char *texts[MOST];
	struct ev_error why;
	size_t bad;

	if (y->n == 0 || y->n > MOST)
		return wrong(r, ev_read_place(y), "id as a list has 1 to %d parts", MOST);
	for (size_t i = 0; i < y->n; i++) {
		if (y->items[i]->kind != EV_YAML_SCALAR)
			return wrong(r, ev_read_place(y->items[i]),
				     "a part of the id must be a path such as .a.b, or an "
				     "expression of jq");
		texts[i] = y->items[i]->text;
	}
	*out = ev_model_joined(r->m, texts, y->n, &bad, &why);
	return *out != NULL || ev_read_is_value(r, y->items[bad], "id", NULL, &why);
}

static bool read_ignore(struct ev_reader *r, const struct ev_yaml *y)
{
	struct ev_model *m = r->m;

	if (y->kind != EV_YAML_LIST)
		return wrong(r, ev_read_place(y),
			     "ignore must be a list of paths such as [.received_at]");
	if (y->n > MAX_IGNORE)
		return wrong(r, ev_read_place(y),
			     "ignore takes at most %d paths: name the object around them",
			     MAX_IGNORE);
	m->ignore = ev_calloc(y->n, sizeof(struct ev_path *));
	m->ignore_places = ev_calloc(y->n, sizeof *m->ignore_places);
	for (size_t i = 0; i < y->n; i++) {
		m->ignore_places[i] = ev_read_place(y->items[i]);
		if (!path_of(r, y->items[i], "ignore", &m->ignore[m->n_ignore++]))
			return false;
		if (m->ignore[i]->many || m->ignore[i]->n == 0)
			return wrong(r, ev_read_place(y->items[i]),
				     "ignore takes paths to one member, without []");
	}
	return true;
}

static bool read_event(struct ev_reader *r, const struct ev_yaml *y)
{
	static const char *const keys[] = {"id", "type",   "time", "version", "modified",
					   "op", "ignore", "zone", "order",   NULL};
	static const char *const orders[] = {"time", "arrival", NULL};
	struct ev_model *m = r->m;
	struct ev_path **const paths[] = {&m->id,      &m->type,     &m->time,
					  &m->version, &m->modified, &m->op};
	struct ev_place unused, *const places[] = {&unused,
						   &unused,
						   &unused,
						   &m->version_place,
						   &m->modified_place,
						   &m->op_place};
	const struct ev_yaml *v;
	struct ev_error why;
	int order;

	if (!ev_read_is_map(r, y, "event", keys))
		return false;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		v = ev_yaml_get(y, keys[i]);
		if (v == NULL && (i == 0 || i == 2))
			return wrong(r, ev_read_place(y), "event needs the key '%s'", keys[i]);
		if (v == NULL && i == 1) {
			m->type = ev_model_constant(m, m->name);
			continue;
		}
		if (v == NULL)
			continue;
		*places[i] = ev_read_place(v);
		if (i == 0 && v->kind == EV_YAML_LIST) {
			if (!joined_id(r, v, paths[i]))
				return false;
			continue;
		}
		if (!ev_read_value(r, v, keys[i], (struct ev_value_place){.envelope = true},
				   paths[i]))
			return false;
		if (!ev_model_is_place(*paths[i]))
			return wrong(r, ev_read_place(v),
				     "%s must name one place in the event, such as .%s", keys[i],
				     keys[i]);
	}
	if ((v = ev_yaml_get(y, "ignore")) != NULL && !read_ignore(r, v))
		return false;
	if ((v = ev_yaml_get(y, "zone")) != NULL &&
	    (v->kind != EV_YAML_SCALAR || (m->zone = ev_zone_open(v->text, &why)) == NULL))
		return wrong(r, ev_read_place(v), "%s",
			     v->kind == EV_YAML_SCALAR ? why.text : "zone must be a text");
	if ((v = ev_yaml_get(y, "order")) != NULL) {
		if (!ev_read_word(r, v, "order", orders, &order))
			return false;
		m->by_arrival = order == 1;
		if (order == 0 && (m->version != NULL || m->modified != NULL))
			return wrong(r, ev_read_place(v),
				     "order: time is for events with neither version nor modified: "
				     "leave one of the two out");
	}
	if (m->version == NULL && m->modified == NULL && v == NULL)
		return wrong(r, ev_read_place(y),
			     "event names neither version nor modified, so updates have no order: "
			     "name one, or say "
			     "order: time, or order: arrival");
	return true;
}

static bool read_contract(struct ev_reader *r, const struct ev_yaml *y, struct ev_contract *c)
{
	struct ev_buf json = {0};

	c->place = ev_read_place(y);
	if (y->kind == EV_YAML_SCALAR && y->len == 0)
		return wrong(
			r, ev_read_place(y),
			"a contract is missing here: name a schema file, or write a JSON Schema");
	if (y->kind == EV_YAML_SCALAR && strcmp(y->text, "true") != 0 &&
	    strcmp(y->text, "false") != 0)
		return text_of(r, y, "a contract", &c->file);
	if (y->kind == EV_YAML_LIST)
		return wrong(r, ev_read_place(y),
			     "a contract is a schema file's name or a JSON Schema, not a list");
	ev_yaml_json(y, &json);
	c->text = ev_strndup(json.p, json.len);
	ev_buf_free(&json);
	return true;
}

/* "owner", for people: who must act when events break it. */
static bool owner_of(struct ev_reader *r, const struct ev_yaml *map, char **out)
{
	const struct ev_yaml *y = ev_yaml_get(map, "owner");

	return y == NULL || text_of(r, y, "owner", out);
}

static bool read_types(struct ev_reader *r, const struct ev_yaml *y)
{
	static const char *const keys[] = {"schema", "patch", "owner", NULL};

	if (!ev_read_is_map(r, y, "types", NULL))
		return false;
	r->m->types = ev_calloc(y->n, sizeof *r->m->types);
	for (size_t i = 0; i < y->n; i++) {
		struct ev_event_type *t = &r->m->types[r->m->n_types++];
		const struct ev_yaml *v = y->items[i], *schema = ev_yaml_get(v, "schema"),
				     *patch = ev_yaml_get(v, "patch");

		t->name = ev_strdup(y->keys[i]->text);
		if (strcmp(t->name, "*") == 0)
			r->m->others = t;
		ev_symbols_add(r->types, t->name, strlen(t->name));
		if (schema == NULL && patch == NULL) {
			if (!read_contract(r, v, &t->put))
				return false;
			continue;
		}
		if (!ev_read_is_map(r, v, "a type", keys) || !owner_of(r, v, &t->owner) ||
		    (schema != NULL && !read_contract(r, schema, &t->put)) ||
		    (patch != NULL && !read_contract(r, patch, &t->patch)))
			return false;
	}
	return true;
}

static bool read_rule(struct ev_reader *r, const struct ev_yaml *y, struct ev_rule *rule)
{
	static const char *const keys[] = {"name",     "for",	  "jq",	   "severity",
					   "floating", "explain", "owner", NULL};
	static const char *const severities[] = {"critical", "warning", "info", NULL};
	static const char *const booleans[] = {"false", "true", NULL};
	const struct ev_yaml *v;
	int severity = 0, floating = 0;

	rule->place = ev_read_place(y);
	if (!ev_read_is_map(r, y, "a rule", keys) ||
	    !ev_read_required(r, y, "a rule", "name", &v) || !text_of(r, v, "name", &rule->name) ||
	    !ev_read_required(r, y, "a rule", "jq", &v) || !text_of(r, v, "jq", &rule->jq))
		return false;
	rule->place = ev_read_place(v);
	if (!ev_read_types(r, y, &rule->types) ||
	    !ev_read_optional_word(r, y, "severity", severities, &severity) ||
	    ((v = ev_yaml_get(y, "explain")) != NULL &&
	     !text_of(r, v, "explain", &rule->explain)) ||
	    !owner_of(r, y, &rule->owner) ||
	    !ev_read_optional_word(r, y, "floating", booleans, &floating))
		return false;
	rule->severity = ev_strdup(severities[severity]);
	rule->floating = floating == 1;
	return true;
}

static bool read_rules(struct ev_reader *r, const struct ev_yaml *y)
{
	struct ev_symbols *names;
	bool good = true;

	if (y->kind != EV_YAML_LIST)
		return wrong(r, ev_read_place(y), "rules must be a list, each with a '-'");
	if (y->n > MAX_RULES)
		return wrong(r, ev_read_place(y),
			     "%zu rules are more than %d, the most there may be", y->n, MAX_RULES);
	names = ev_symbols_new(0);
	r->m->rules = ev_calloc(y->n, sizeof *r->m->rules);
	for (size_t i = 0; good && i < y->n; i++) {
		struct ev_rule *rule = &r->m->rules[r->m->n_rules++];

		good = read_rule(r, y->items[i], rule);
		if (good && ev_symbols_add(names, rule->name, strlen(rule->name)) <= i)
			good = wrong(r, ev_read_place(y->items[i]),
				     "a second rule has the name '%s': rename one", rule->name);
	}
	ev_symbols_free(&names);
	return good;
}

/* Measures */

/* The column of a measure's fact that a key names; NULL, and true, if the key is not there. */
static bool column_of(struct ev_reader *r, const struct ev_yaml *y, const struct ev_fact *f,
		      const struct ev_column **out)
{
	const char **known;
	char hint[EV_HINT];

	for (size_t i = 0; y->kind == EV_YAML_SCALAR && i < f->columns.n; i++)
		if (strcmp(f->columns.list[i].name, y->text) == 0) {
			*out = &f->columns.list[i];
			return true;
		}
	if (y->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(y), "name a column of %s", f->name);
	known = ev_calloc(f->columns.n + 1, sizeof *known);
	for (size_t i = 0; i < f->columns.n; i++)
		known[i] = f->columns.list[i].name;
	ev_read_report(r, ev_read_place(y), "%s has no column '%s': %s", f->name, y->text,
		       ev_nearest_hint(y->text, known, hint));
	free(known);
	return false;
}

static bool optional_column(struct ev_reader *r, const struct ev_yaml *map, const char *key,
			    const struct ev_fact *f, const struct ev_column **out)
{
	const struct ev_yaml *v = ev_yaml_get(map, key);

	return v == NULL || column_of(r, v, f, out);
}

static bool measure_fact(struct ev_reader *r, const struct ev_yaml *y, struct ev_measure *m)
{
	const char **known;
	char hint[EV_HINT];

	for (size_t i = 0; y->kind == EV_YAML_SCALAR && i < r->m->n_facts; i++)
		if (strcmp(r->m->facts[i].name, y->text) == 0)
			m->fact = &r->m->facts[i];
	if (m->fact == NULL) {
		known = ev_calloc(r->m->n_facts + 1, sizeof *known);
		for (size_t i = 0; i < r->m->n_facts; i++)
			known[i] = r->m->facts[i].name;
		ev_read_report(
			r, ev_read_place(y), "no fact '%s': %s",
			y->kind == EV_YAML_SCALAR ? y->text : "",
			ev_nearest_hint(y->kind == EV_YAML_SCALAR ? y->text : "", known, hint));
		free(known);
		return false;
	}
	m->time = ev_fact_column(m->fact, r->m->time, EV_TYPE_TIMESTAMP, EV_TYPE_DATE);
	return m->time != NULL ||
	       wrong(r, ev_read_place(y),
		     "%s has no column of the event's time, %s, of type timestamp or date: give it "
		     "one",
		     m->fact->name, r->m->time->text);
}

/* Types of events, by which rows are told apart. */
static bool measure_types(struct ev_reader *r, const struct ev_yaml *map, const char *key,
			  struct ev_measure *m, struct ev_names *out)
{
	const struct ev_yaml *v = ev_yaml_get(map, key);

	if (v == NULL)
		return true;
	m->type = ev_fact_column(m->fact, r->m->type, EV_TYPE_VARCHAR, EV_TYPE_VARCHAR);
	if (m->type == NULL)
		return wrong(r, ev_read_place(v),
			     "%s has no column of the event's type, %s, of type varchar: give it "
			     "one",
			     m->fact->name, r->m->type->text);
	return types_among(r, v, key, out);
}

static bool measure_by(struct ev_reader *r, const struct ev_yaml *map, struct ev_measure *m)
{
	const struct ev_yaml *v = ev_yaml_get(map, "by");

	if (v == NULL)
		return true;
	if (v->kind != EV_YAML_LIST || v->n == 0)
		return wrong(r, ev_read_place(v), "by must be a list of columns such as [a, b]");
	m->by = ev_calloc(v->n, sizeof *m->by);
	for (size_t i = 0; i < v->n; i++) {
		if (!column_of(r, v->items[i], m->fact, &m->by[i]))
			return false;
		if (m->by[i]->type == EV_TYPE_JSON)
			return wrong(r, ev_read_place(v->items[i]), "nothing is grouped by a json");
		for (size_t k = 0; k < m->n_by; k++)
			if (m->by[k] == m->by[i])
				return wrong(r, ev_read_place(v->items[i]),
					     "'%s' stands here twice", m->by[i]->name);
		m->n_by++;
	}
	return true;
}

/* Columns of a measure, beside its own: the view could not tell them apart. */
static bool measure_names_differ(struct ev_reader *r, const struct ev_yaml *y, struct ev_measure *m)
{
	static const char *const own[] = {"hour",    "day",	"week",	    "rows", "total",
					  "started", "reached", "currency", NULL};

	for (size_t i = 0; i < m->n_by; i++)
		for (const char *const *o = own; *o != NULL; o++)
			if (strcasecmp(m->by[i]->name, *o) == 0 && m->by[i] != m->currency)
				return wrong(r, ev_read_place(y),
					     "by cannot name '%s', which the views have for "
					     "themselves: rename the column",
					     m->by[i]->name);
	return true;
}

static bool read_measure(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *y,
			 struct ev_measure *m)
{
	static const char *const sums[] = {"fact",  "column", "currency", "for",
					   "minus", "by",     NULL};
	static const char *const steps[] = {"fact", "of", "from", "to", "by", NULL};
	const struct ev_yaml *v;
	bool is_sum;

	m->place = ev_read_place(key);
	if (!ev_read_name(r, key, "measure", &m->name))
		return false;
	is_sum = y->kind != EV_YAML_MAP || ev_yaml_get(y, "of") == NULL;
	if (!ev_read_is_map(r, y, "a measure", is_sum ? sums : steps) ||
	    !ev_read_required(r, y, "a measure", "fact", &v) || !measure_fact(r, v, m) ||
	    !optional_column(r, y, "column", m->fact, &m->column) ||
	    !optional_column(r, y, "currency", m->fact, &m->currency) ||
	    !optional_column(r, y, "of", m->fact, &m->of) ||
	    !measure_types(r, y, is_sum ? "for" : "from", m, &m->plus) ||
	    !measure_types(r, y, is_sum ? "minus" : "to", m, &m->minus) || !measure_by(r, y, m) ||
	    !measure_names_differ(r, key, m))
		return false;
	if (!is_sum && (m->plus.n == 0 || m->minus.n == 0))
		return wrong(r, ev_read_place(key),
			     "a measure with of needs from and to: types of events");
	if (m->column != NULL && m->column->type != EV_TYPE_INT &&
	    m->column->type != EV_TYPE_DECIMAL)
		return wrong(r, ev_read_place(key),
			     "the column of a measure is an int or a decimal");
	return m->currency == NULL || m->currency->type == EV_TYPE_VARCHAR ||
	       wrong(r, ev_read_place(key), "the currency of a measure is a varchar");
}

static bool read_measures(struct ev_reader *r, const struct ev_yaml *y)
{
	if (!ev_read_is_map(r, y, "measures", NULL))
		return false;
	r->m->measures = ev_calloc(y->n, sizeof *r->m->measures);
	for (size_t i = 0; i < y->n; i++)
		if (!read_measure(r, y->keys[i], y->items[i], &r->m->measures[r->m->n_measures++]))
			return false;
	return true;
}

/* Who has the schema's name for itself; NULL: nobody. */
static const char *own_schema(const struct ev_environment *e)
{
	static const struct {
		const char *name, *target, *whose;
	} own[] = {{"information_schema", NULL, "SQL"},
		   {"system", "clickhouse", "ClickHouse"},
		   {"system", "duckdb", "DuckDB"},
		   {"temp", "duckdb", "DuckDB"}};

	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcasecmp(e->schema, own[i].name) == 0 &&
		    (own[i].target == NULL || strcmp(e->target, own[i].target) == 0))
			return own[i].whose;
	return NULL;
}

static bool read_environments(struct ev_reader *r, const struct ev_yaml *y)
{
	static const char *const keys[] = {"target", "schema", NULL};
	static const char *const targets[] = {"sqlite",	  "postgres",	"snowflake", "redshift",
					      "bigquery", "clickhouse", "duckdb",    NULL};
	struct ev_model *m = r->m;

	if (!ev_read_is_map(r, y, "environments", NULL))
		return false;
	m->environments = ev_calloc(y->n, sizeof *m->environments);
	for (size_t i = 0; i < y->n; i++) {
		struct ev_environment *e = &m->environments[m->n_environments++];
		const struct ev_yaml *v;
		const char *whose;
		int target;

		e->place = ev_read_place(y->keys[i]);
		e->name = ev_strdup(y->keys[i]->text);
		if (!ev_read_is_map(r, y->items[i], "an environment", keys) ||
		    !ev_read_required(r, y->items[i], "an environment", "target", &v) ||
		    !ev_read_word(r, v, "target", targets, &target))
			return false;
		e->target = ev_strdup(targets[target]);
		if ((v = ev_yaml_get(y->items[i], "schema")) != NULL) {
			if (v->kind != EV_YAML_SCALAR)
				return wrong(r, ev_read_place(v), "schema must be a name");
			if (!ev_read_name(r, v, "schema", &e->schema))
				return false;
			if ((whose = own_schema(e)) != NULL)
				return wrong(r, ev_read_place(v),
					     "'%s' cannot name a schema: %s has that name for "
					     "itself",
					     e->schema, whose);
		}
	}
	return true;
}

/* Formats */

static bool has_group(const struct ev_regex *re, const char *name)
{
	for (uint32_t g = 1; g <= ev_regex_groups(re); g++)
		if (ev_regex_group_name(re, g) != NULL &&
		    strcmp(ev_regex_group_name(re, g), name) == 0)
			return true;
	return false;
}

static bool group_of(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		     const struct ev_regex *re)
{
	if (y->kind == EV_YAML_SCALAR && has_group(re, y->text))
		return true;
	return wrong(r, ev_read_place(y),
		     "%s: the pattern has no group '%s': write it as (?<%s>...)", what,
		     y->kind == EV_YAML_SCALAR ? y->text : "",
		     y->kind == EV_YAML_SCALAR ? y->text : "name");
}

/* When it happened: a group, how it is written, and where. */
static bool read_format_time(struct ev_reader *r, const struct ev_yaml *y,
			     const struct ev_regex *re, struct ev_line_format *f)
{
	static const char *const keys[] = {"group", "format", "zone", NULL};
	const struct ev_yaml *v;
	struct ev_error why;
	unsigned lacks;

	if (!ev_read_is_map(r, y, "time", keys) || !ev_read_required(r, y, "time", "group", &v) ||
	    !text_of(r, v, "group", &f->time) || !group_of(r, v, "group", re))
		return false;
	if ((v = ev_yaml_get(y, "format")) != NULL) {
		if (!text_of(r, v, "format", &f->time_layout))
			return false;
		if (!ev_layout_check(f->time_layout, &lacks, &why))
			return wrong(r, ev_read_place(v), "format: %s", why.text);
	}
	if ((v = ev_yaml_get(y, "zone")) == NULL)
		return true;
	if (v->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(v), "zone must be a text");
	f->zone = ev_zone_open(v->text, &why);
	return f->zone != NULL || wrong(r, ev_read_place(v), "%s", why.text);
}

/* What groups are that are no texts. */
static bool read_format_values(struct ev_reader *r, const struct ev_yaml *y,
			       const struct ev_regex *re, struct ev_line_format *f)
{
	static const char *const words[] = {"number", "json", NULL};
	int word;

	if (!ev_read_is_map(r, y, "values", NULL))
		return false;
	f->numbers.list = ev_calloc(y->n, sizeof(char *));
	f->json.list = ev_calloc(y->n, sizeof(char *));
	for (size_t i = 0; i < y->n; i++) {
		struct ev_names *names;

		if (!group_of(r, y->keys[i], "values", re) ||
		    !ev_read_word(r, y->items[i], y->keys[i]->text, words, &word))
			return false;
		names = word == 0 ? &f->numbers : &f->json;
		names->list[names->n++] = ev_strdup(y->keys[i]->text);
	}
	return true;
}

/* Every name becomes a member of the event; _ev is none. */
static bool groups_fit(struct ev_reader *r, const struct ev_yaml *y, const struct ev_regex *re)
{
	size_t n = 0;

	for (uint32_t g = 1; g <= ev_regex_groups(re); g++)
		n += ev_regex_group_name(re, g) != NULL;
	if (n == 0)
		return wrong(r, ev_read_place(y),
			     "the pattern names no group: write one as (?<name>...)");
	return !has_group(re, "_ev") || wrong(r, ev_read_place(y), "the name _ev is reserved");
}

static bool read_format_parts(struct ev_reader *r, const struct ev_yaml *y,
			      const struct ev_regex *re, struct ev_line_format *f)
{
	const struct ev_yaml *v;

	if ((v = ev_yaml_get(y, "type")) == NULL)
		f->type = ev_strdup(r->m->name);
	else if (!text_of(r, v, "type", &f->type))
		return false;
	if ((v = ev_yaml_get(y, "null")) != NULL && !text_of(r, v, "null", &f->null))
		return false;
	return ((v = ev_yaml_get(y, "time")) == NULL || read_format_time(r, v, re, f)) &&
	       ((v = ev_yaml_get(y, "values")) == NULL || read_format_values(r, v, re, f));
}

static bool read_format(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *y,
			struct ev_line_format *f)
{
	static const char *const keys[] = {"pattern", "type", "time", "values", "null", NULL};
	const struct ev_yaml *v;
	struct ev_regex *re;
	struct ev_error why;
	bool good;

	f->place = ev_read_place(key);
	f->name = ev_strdup(key->text);
	if (!ev_read_is_map(r, y, "a format", keys) ||
	    !ev_read_required(r, y, "a format", "pattern", &v) ||
	    !text_of(r, v, "pattern", &f->pattern))
		return false;
	re = ev_regex_compile(v->text, v->len, EV_REGEX_WHOLE, &why);
	if (re == NULL)
		return wrong(r, ev_read_place(v), "pattern: %s", why.text);
	good = groups_fit(r, v, re) && read_format_parts(r, y, re, f);
	ev_regex_free(&re);
	return good;
}

static bool read_formats(struct ev_reader *r, const struct ev_yaml *y)
{
	if (!ev_read_is_map(r, y, "formats", NULL))
		return false;
	r->m->formats = ev_calloc(y->n, sizeof *r->m->formats);
	for (size_t i = 0; i < y->n; i++)
		if (!read_format(r, y->keys[i], y->items[i], &r->m->formats[r->m->n_formats++]))
			return false;
	return true;
}

static bool read_root(struct ev_reader *r, const struct ev_yaml *y)
{
	static const char *const keys[] = {"evkit",	    "name",	"event",   "types",
					   "unknown_types", "rules",	"star",	   "expectations",
					   "environments",  "measures", "formats", NULL};
	static const char *const versions[] = {"1", NULL};
	static const char *const choices[] = {"reject", "pass", "drop", NULL};
	const struct ev_yaml *v;
	int word, unknown_types = EV_UNKNOWN_REJECT;

	if (!ev_read_is_map(r, y, "the model", keys) ||
	    !ev_read_required(r, y, "the model", "evkit", &v) ||
	    !ev_read_word(r, v, "evkit, the version of the model's language,", versions, &word) ||
	    !ev_read_required(r, y, "the model", "name", &v) ||
	    !text_of(r, v, "name", &r->m->name) ||
	    !ev_read_required(r, y, "the model", "event", &v) || !read_event(r, v))
		return false;
	if (((v = ev_yaml_get(y, "types")) != NULL && !read_types(r, v)) ||
	    !ev_read_optional_word(r, y, "unknown_types", choices, &unknown_types) ||
	    ((v = ev_yaml_get(y, "rules")) != NULL && !read_rules(r, v)) ||
	    ((v = ev_yaml_get(y, "star")) != NULL && !ev_read_star(r, v)))
		return false;
	if ((v = ev_yaml_get(y, "measures")) != NULL && !read_measures(r, v))
		return false;
	r->m->unknown_types = (enum ev_unknown)unknown_types;
	if (r->m->others != NULL && (v = ev_yaml_get(y, "unknown_types")) != NULL)
		return wrong(
			r, ev_read_place(v),
			"with a contract for '*' no type is unknown: leave one of the two out");
	if ((v = ev_yaml_get(y, "expectations")) != NULL) {
		if (v->kind != EV_YAML_LIST)
			return wrong(r, ev_read_place(v),
				     "expectations must be a list such as "
				     "[{expect_table_row_count_to_be_between: "
				     "{min_value: 1}}]");
		r->m->expectations = v;
	}
	if ((v = ev_yaml_get(y, "formats")) != NULL && !read_formats(r, v))
		return false;
	return (v = ev_yaml_get(y, "environments")) == NULL || read_environments(r, v);
}

static char *folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? ev_strdup(".")
			     : ev_strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

struct ev_model *ev_model_read(const char *file, struct ev_error *err)
{
	struct ev_model *m = ev_calloc(1, sizeof *m);
	struct ev_reader r = {file, m, err, ev_symbols_new(0)};
	struct ev_yaml_doc *doc = NULL;
	char *text = NULL;
	size_t len;
	bool good;

	m->file = ev_strdup(file);
	m->root = folder_of(file);
	good = ev_in_slurp(file, MAX_FILE, &text, &len, err) == EV_OK &&
	       (doc = ev_yaml_read(file, text, len, err)) != NULL &&
	       read_root(&r, ev_yaml_root(doc));
	m->yaml = doc;
	free(text);
	ev_symbols_free(&r.types);
	if (!good)
		ev_model_free(&m);
	return m;
}
