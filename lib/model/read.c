/*
 * Reading a model: each key of its YAML checked, with its place, into struct ev_model.
 */
#include "base/mem.h"
#include "io/in.h"
#include "model/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	MAX_FILE = 16 * 1024 * 1024,
	MAX_IGNORE = 32,
	MAX_RULES = 10000,
};

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

/* What decides which record of an event is the last. */
static bool read_order(struct ev_reader *r, const struct ev_yaml *event)
{
	static const char *const orders[] = {"time", "arrival", NULL};
	const struct ev_yaml *v = ev_yaml_get(event, "order");
	struct ev_model *m = r->m;
	bool ordered = m->version != NULL || m->modified != NULL;
	int order;

	if (v == NULL)
		return ordered ||
		       wrong(r, ev_read_place(event),
			     "event names neither version nor modified, so updates have no order: "
			     "name one, or say order: time, or order: arrival");
	if (!ev_read_word(r, v, "order", orders, &order))
		return false;
	m->by_arrival = order == 1;
	return m->by_arrival || !ordered ||
	       wrong(r, ev_read_place(v),
		     "order: time is for events with neither version nor modified: "
		     "leave one of the two out");
}

/* A value of the envelope. */
static bool read_place_of(struct ev_reader *r, const struct ev_yaml *v, const char *key,
			  struct ev_path **out)
{
	return ev_read_value(r, v, key, (struct ev_value_place){.envelope = true}, out) &&
	       (ev_model_is_place(*out) ||
		wrong(r, ev_read_place(v), "%s must name one place in the event, such as .%s", key,
		      key));
}

static bool read_event(struct ev_reader *r, const struct ev_yaml *y)
{
	static const char *const keys[] = {"id", "type",   "time", "version", "modified",
					   "op", "ignore", "zone", "order",   NULL};
	struct ev_model *m = r->m;
	const struct {
		const char *key;
		struct ev_path **path;
		struct ev_place *place;
	} optional[] = {{"version", &m->version, &m->version_place},
			{"modified", &m->modified, &m->modified_place},
			{"op", &m->op, &m->op_place}};
	const struct ev_yaml *v;
	struct ev_error why;

	if (!ev_read_is_map(r, y, "event", keys) || !ev_read_required(r, y, "event", "id", &v) ||
	    !(v->kind == EV_YAML_LIST ? joined_id(r, v, &m->id)
				      : read_place_of(r, v, "id", &m->id)))
		return false;
	if ((v = ev_yaml_get(y, "type")) == NULL)
		m->type = ev_model_constant(m, m->name);
	else if (!read_place_of(r, v, "type", &m->type))
		return false;
	if (!ev_read_required(r, y, "event", "time", &v) || !read_place_of(r, v, "time", &m->time))
		return false;
	for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
		if ((v = ev_yaml_get(y, optional[i].key)) == NULL)
			continue;
		*optional[i].place = ev_read_place(v);
		if (!read_place_of(r, v, optional[i].key, optional[i].path))
			return false;
	}
	if ((v = ev_yaml_get(y, "ignore")) != NULL && !read_ignore(r, v))
		return false;
	if ((v = ev_yaml_get(y, "zone")) != NULL &&
	    (v->kind != EV_YAML_SCALAR || (m->zone = ev_zone_open(v->text, &why)) == NULL))
		return wrong(r, ev_read_place(v), "%s",
			     v->kind == EV_YAML_SCALAR ? why.text : "zone must be a text");
	return read_order(r, y);
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
		return ev_read_text(r, y, "a contract", &c->file);
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

	return y == NULL || ev_read_text(r, y, "owner", out);
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
	    !ev_read_required(r, y, "a rule", "name", &v) ||
	    !ev_read_text(r, v, "name", &rule->name) ||
	    !ev_read_required(r, y, "a rule", "jq", &v) || !ev_read_text(r, v, "jq", &rule->jq))
		return false;
	rule->place = ev_read_place(v);
	if (!ev_read_types(r, y, &rule->types) ||
	    !ev_read_optional_word(r, y, "severity", severities, &severity) ||
	    ((v = ev_yaml_get(y, "explain")) != NULL &&
	     !ev_read_text(r, v, "explain", &rule->explain)) ||
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
	    !ev_read_text(r, v, "name", &r->m->name) ||
	    !ev_read_required(r, y, "the model", "event", &v) || !read_event(r, v))
		return false;
	if (((v = ev_yaml_get(y, "types")) != NULL && !read_types(r, v)) ||
	    !ev_read_optional_word(r, y, "unknown_types", choices, &unknown_types) ||
	    ((v = ev_yaml_get(y, "rules")) != NULL && !read_rules(r, v)) ||
	    ((v = ev_yaml_get(y, "star")) != NULL && !ev_read_star(r, v)))
		return false;
	if ((v = ev_yaml_get(y, "measures")) != NULL && !ev_read_measures(r, v))
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
	if ((v = ev_yaml_get(y, "formats")) != NULL && !ev_read_formats(r, v))
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
