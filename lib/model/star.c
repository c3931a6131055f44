/*
 * Reading the star of a model: facts and dimensions, with their columns, keys, lists and filters.
 */
#include "model/internal.h"

#include "base/mem.h"
#include "expr/expr.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
	MAX_PRECISION = 38,
	MAX_VARCHAR = 10485760,
	MAX_KEYS = 16,
};

static bool taken(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

/* One to eight digits. */
static bool count_of(const char **p, uint32_t *v)
{
	const char *from = *p;

	for (*v = 0; **p >= '0' && **p <= '9' && *p - from < 8; ++*p)
		*v = *v * 10 + (uint32_t)(**p - '0');
	return *p > from;
}

static bool read_type(struct ev_reader *r, const struct ev_yaml *y, struct ev_column *c)
{
	char hint[EV_HINT];
	const char *p;
	uint32_t size = 0, scale = 0;
	size_t len;
	int type = 0;

	if (y->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(y), "type must be a text such as varchar(64)");
	p = y->text;
	len = strcspn(p, "(");
	while (ev_type_names[type] != NULL &&
	       (strncmp(ev_type_names[type], p, len) != 0 || ev_type_names[type][len] != '\0'))
		type++;
	if (ev_type_names[type] == NULL)
		return wrong(r, ev_read_place(y), "no type '%s': %s", y->text,
			     ev_nearest_hint(y->text, ev_type_names, hint));
	c->type = (enum ev_type)type;
	p += len;
	switch (c->type) {
	case EV_TYPE_VARCHAR:
		if (!taken(&p, '(') || !count_of(&p, &size) || !taken(&p, ')') || *p != '\0' ||
		    size == 0 || size > MAX_VARCHAR)
			return wrong(
				r, ev_read_place(y),
				"'%s' is no type: write varchar(N), N code points from 1 to %d",
				y->text, MAX_VARCHAR);
		break;
	case EV_TYPE_DECIMAL:
		if (!taken(&p, '(') || !count_of(&p, &size) || !taken(&p, ',') ||
		    !count_of(&p, &scale) || !taken(&p, ')') || *p != '\0' || size == 0 ||
		    size > MAX_PRECISION || scale > size)
			return wrong(r, ev_read_place(y),
				     "'%s' is no type: write \"decimal(P,S)\" in quotes, P digits "
				     "from 1 to %d, S of them "
				     "behind the point",
				     y->text, MAX_PRECISION);
		break;
	default:
		if (*p != '\0')
			return wrong(r, ev_read_place(y), "'%s' is no type: write %s alone",
				     y->text, ev_type_names[type]);
	}
	c->size = size;
	c->scale = scale;
	return true;
}

/* Whether a column takes values that another of the same type cannot hold. */
static bool wider(const struct ev_column *a, const struct ev_column *b)
{
	if (a->type == EV_TYPE_DECIMAL)
		return a->scale > b->scale || a->size - a->scale > b->size - b->scale;
	return a->size > b->size;
}

/* Steps of a path that goes on from the elements of a list, or from the event. */
static const struct ev_step *step_at(const struct ev_path *each, const struct ev_path *path,
				     size_t i)
{
	size_t n = path->root == EV_ROOT_ITEM ? each->n : 0;

	if (i < n)
		return &each->steps[i];
	return i < n + path->n ? &path->steps[i - n] : NULL;
}

static bool may_meet(const struct ev_step *a, const struct ev_step *b)
{
	if (a->kind != EV_STEP_NAME || b->kind != EV_STEP_NAME)
		return a->kind != EV_STEP_NAME && b->kind != EV_STEP_NAME;
	return a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}

enum overlap { APART, AROUND, WITHIN };

struct used {
	const struct ev_model *m;
	enum overlap most;
};

static enum overlap overlap(const struct ev_model *m, const struct ev_path *each,
			    const struct ev_path *path);

static void use(void *ctx, const char *text, bool whole)
{
	struct used *u = ctx;
	struct ev_error why;
	struct ev_path *path = ev_path_parse(text[0] != '\0' ? text : ".", &why);
	enum overlap met = path != NULL ? overlap(u->m, NULL, path) : APART;

	if (met == WITHIN || (whole && met == AROUND))
		u->most = WITHIN;
	ev_path_free(&path);
}

/* Whether what is ignored may go into what is computed; of a text for libjq, it may. */
static enum overlap overlap_computed(const struct ev_model *m, const struct ev_path *path)
{
	const struct ev_value_expr *e = &m->exprs[path->computed - 1];
	struct used u = {m, APART};
	struct ev_buf item = {0};

	if (e->each != NULL && e->each->computed == 0)
		ev_path_steps(e->each, &item);
	for (size_t i = 0; i < e->n && m->n_ignore > 0; i++) {
		ev_expr_paths(e->parts[i], item.len > 0 ? ev_buf_str(&item) : NULL, use, &u);
		if (ev_expr_is_foreign(e->parts[i]))
			u.most = WITHIN;
	}
	ev_buf_free(&item);
	return u.most;
}

/* Whether what is ignored may lie within a place, or the place within what is ignored. */
static enum overlap overlap(const struct ev_model *m, const struct ev_path *each,
			    const struct ev_path *path)
{
	enum overlap most = APART;

	if (path->computed != 0)
		return overlap_computed(m, path);
	for (size_t i = 0; i < m->n_ignore && path->root != EV_ROOT_INDEX; i++) {
		const struct ev_path *ignored = m->ignore[i];
		const struct ev_step *s = NULL;
		size_t k = 0;

		while (k < ignored->n && (s = step_at(each, path, k)) != NULL &&
		       may_meet(s, &ignored->steps[k]))
			k++;
		if (k == ignored->n)
			return WITHIN;
		if (s == NULL)
			most = AROUND;
	}
	return most;
}

/* Reports what event.ignore keeps from a place. */
static bool is_ignored(struct ev_reader *r, const struct ev_yaml *y, const char *cannot)
{
	struct ev_error none;
	struct ev_path *path = ev_path_parse(y->text, &none);

	if (path != NULL)
		ev_read_report(r, ev_read_place(y), "'%s' is ignored by event.ignore and cannot %s",
			       y->text, cannot);
	else
		ev_read_report(
			r, ev_read_place(y),
			"what event.ignore names may go into '%s', which so cannot %s: name the "
			"members that it needs, by what is native (evkit-model(5))",
			y->text, cannot);
	ev_path_free(&path);
	return false;
}

/* The dimension that a column refers to. */
static bool read_reference(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *v,
			   struct ev_column *c)
{
	const char *name = v->kind == EV_YAML_SCALAR ? v->text : "";
	char hint[EV_HINT];

	if (!ev_read_room_for_key(r, key, c->name))
		return false;
	c->dimension = ev_model_dimension(r->m, name);
	if (r->m->n_dimensions == 0)
		return wrong(r, ev_read_place(v),
			     "the model has no dimensions: add star.dimensions");
	if (c->dimension == NULL)
		return wrong(r, ev_read_place(v), "no dimension '%s': %s", name,
			     ev_read_hint(name, r->m->dimensions, r->m->n_dimensions,
					  sizeof *r->m->dimensions, hint));
	if (c->dimension->calendar != NULL && c->type != EV_TYPE_TIMESTAMP &&
	    c->type != EV_TYPE_DATE)
		return wrong(r, ev_read_place(v),
			     "a calendar takes a column of type timestamp or date");
	if (c->dimension->n_keys == 1) {
		const struct ev_column *k = &c->dimension->columns.list[c->dimension->keys[0]];

		if (k->type != c->type || wider(c, k)) {
			char type[32];

			ev_type_write(k, type, sizeof type);
			return wrong(r, ev_read_place(v),
				     "the key of %s is of type %s: give this column the same",
				     c->dimension->name, type);
		}
	}
	return true;
}

static bool read_column(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *y,
			const struct ev_path *each, const struct ev_path *when, bool in_fact,
			struct ev_column *c)
{
	static const char *const fact_keys[] = {"from", "type", "dimension", "description", NULL};
	static const char *const dimension_keys[] = {"from", "type", "description", NULL};
	const struct ev_yaml *v;
	enum overlap around;

	c->place = ev_read_place(key);
	/* In a flow mapping the comma of decimal(12,2) without quotes makes a key of its end. */
	v = ev_yaml_get(y, "type");
	if (v != NULL && v->kind == EV_YAML_SCALAR && strncmp(v->text, "decimal(", 8) == 0 &&
	    strchr(v->text, ')') == NULL)
		return read_type(r, v, c);
	if (!ev_read_name(r, key, "column", &c->name) ||
	    !ev_read_is_map(r, y, "a column", in_fact ? fact_keys : dimension_keys) ||
	    !ev_read_description(r, y, &c->description) ||
	    !ev_read_required(r, y, "a column", "from", &v) ||
	    !ev_read_value(r, v, "from", (struct ev_value_place){.each = each, .when = when},
			   &c->from))
		return false;
	if (c->from->many)
		return wrong(r, ev_read_place(v),
			     "a column takes one value: name the list in 'each' and use $item");
	if (c->from->root != EV_ROOT_EVENT && each == NULL)
		return wrong(r, ev_read_place(v),
			     "'%s' stands for an element, but there is no 'each' here",
			     c->from->text);
	around = overlap(r->m, each, c->from);
	if (around == WITHIN)
		return is_ignored(r, v, "be a column");
	if (!ev_read_required(r, y, "a column", "type", &v) || !read_type(r, v, c))
		return false;
	c->around = around == AROUND && c->type == EV_TYPE_JSON;
	if (c->from->root == EV_ROOT_INDEX && c->type != EV_TYPE_INT)
		return wrong(r, ev_read_place(v), "$index is a number: its type is int");
	return (v = ev_yaml_get(y, "dimension")) == NULL || read_reference(r, key, v, c);
}

/*
 * Columns, and the C_key columns that dimensions add, are different to a warehouse that folds case.
 */
static bool names_differ(struct ev_reader *r, const struct ev_columns *columns)
{
	struct ev_symbols *names = ev_symbols_new(0);
	struct ev_buf name = {0};
	bool good = true;
	uint32_t n = 0;

	for (size_t i = 0; i < columns->n && good; i++) {
		const struct ev_column *c = &columns->list[i];

		for (int key = 0; key <= (c->dimension != NULL ? 1 : 0) && good; key++) {
			ev_buf_reset(&name);
			for (const char *p = c->name; *p != '\0'; p++)
				ev_buf_putc(&name, (char)tolower((unsigned char)*p));
			ev_buf_puts(&name, key ? "_key" : "");
			if (ev_symbols_add(names, ev_buf_str(&name), name.len) != ++n)
				good = wrong(r, c->place,
					     "a second column comes out as '%s%s': rename one",
					     c->name, key ? "_key" : "");
		}
	}
	ev_symbols_free(&names);
	ev_buf_free(&name);
	return good;
}

static bool read_columns(struct ev_reader *r, const struct ev_yaml *y, const struct ev_path *each,
			 const struct ev_path *when, bool in_fact, struct ev_columns *out)
{
	if (!ev_read_is_map(r, y, "columns", NULL))
		return false;
	if (y->n == 0)
		return wrong(r, ev_read_place(y), "columns is empty: name at least one");
	out->list = ev_calloc(y->n, sizeof *out->list);
	for (size_t i = 0; i < y->n; i++)
		if (!read_column(r, y->keys[i], y->items[i], each, when, in_fact,
				 &out->list[out->n++]))
			return false;
	return names_differ(r, out);
}

static bool each_of(struct ev_reader *r, const struct ev_yaml *map, struct ev_path **out)
{
	const struct ev_yaml *v = ev_yaml_get(map, "each");
	struct ev_error why;

	if (v == NULL)
		return true;
	if (v->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(v),
			     "each must name a list's elements, such as .items[]");
	*out = ev_model_list(r->m, v->text, &why);
	if (!ev_read_is_value(r, v, "each", *out, &why))
		return false;
	if (!(*out)->many || (*out)->root != EV_ROOT_EVENT)
		return wrong(r, ev_read_place(v),
			     "each must name a list's elements, such as .items[]");
	return overlap(r->m, NULL, *out) != WITHIN || is_ignored(r, v, "be a list of rows");
}

/* A filter: a predicate of the event, or of an element. */
static bool when_of(struct ev_reader *r, const struct ev_yaml *map, struct ev_path *each,
		    struct ev_column **out)
{
	const struct ev_yaml *v = ev_yaml_get(map, "when");
	struct ev_column *c;

	if (v == NULL)
		return true;
	c = *out = ev_calloc(1, sizeof *c);
	c->type = EV_TYPE_JSON;
	c->place = ev_read_place(v);
	if (!ev_read_value(r, v, "when", (struct ev_value_place){.each = each, .filter = true},
			   &c->from))
		return false;
	if (c->from->many)
		return wrong(r, ev_read_place(v),
			     "when takes one value: say any(...) or all(...) of a list");
	if (c->from->root != EV_ROOT_EVENT && each == NULL)
		return wrong(r, ev_read_place(v),
			     "'%s' stands for an element, but there is no 'each' here",
			     c->from->text);
	if (overlap(r->m, each, c->from) == WITHIN)
		return is_ignored(r, v, "decide about rows");
	if (each != NULL && c->from->root == EV_ROOT_EVENT)
		each->when = c->from;
	return true;
}

/* A file beside the model, with the holidays of a calendar. */
static bool read_holidays(struct ev_reader *r, const struct ev_yaml *y, struct ev_calendar *c)
{
	struct ev_buf path = {0};
	struct ev_error why;
	enum ev_status st;

	if (y->kind != EV_YAML_SCALAR || y->len == 0)
		return wrong(r, ev_read_place(y), "holidays must be the name of a file");
	if (y->text[0] == '/' || strstr(y->text, "..") != NULL)
		return wrong(r, ev_read_place(y),
			     "%s: lies outside the model's folder: keep holidays in or below it",
			     y->text);
	ev_buf_printf(&path, strcmp(r->m->root, ".") == 0 ? "%.0s%s" : "%s/%s", r->m->root,
		      y->text);
	st = ev_holidays_read(ev_buf_str(&path), c, &why);
	ev_buf_free(&path);
	if (st != EV_OK)
		*r->err = why; /* it names the file and the line */
	return st == EV_OK;
}

static bool read_calendar(struct ev_reader *r, const struct ev_yaml *y, struct ev_dimension *d)
{
	static const char *const keys[] = {"from", "to", "zone", "holidays", NULL};
	struct ev_calendar *c = d->calendar = ev_calloc(1, sizeof *c);
	const struct ev_yaml *v;
	struct ev_error why;

	if (!ev_read_is_map(r, y, "calendar", keys))
		return false;
	for (int i = 0; i < 2; i++) {
		if (!ev_read_required(r, y, "calendar", keys[i], &v))
			return false;
		if (v->kind != EV_YAML_SCALAR ||
		    !ev_date_parse(v->text, v->len, i == 0 ? &c->from : &c->to))
			return wrong(r, ev_read_place(v), "%s must be a date such as 2026-03-01",
				     keys[i]);
		if ((i == 0 ? c->from : c->to).year == 0)
			return wrong(r, ev_read_place(v), "%s must lie in the years 1 to 9999",
				     keys[i]);
	}
	if (ev_date_days(c->to) < ev_date_days(c->from))
		return wrong(r, ev_read_place(v), "the calendar ends before it begins");
	v = ev_yaml_get(y, "zone");
	if (v != NULL && v->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(v), "zone must be a text");
	if ((c->zone = ev_zone_open(v != NULL ? v->text : "UTC", &why)) == NULL)
		return wrong(r, ev_read_place(v != NULL ? v : y), "%s", why.text);
	v = ev_yaml_get(y, "holidays");
	return v == NULL || read_holidays(r, v, c);
}

/*
 * What decides where a dimension's columns have values. Facts of all events refer to it by the
 * parts of its key, where those are several.
 */
static const struct ev_path *columns_filter(const struct ev_yaml *map, const struct ev_column *when)
{
	const struct ev_yaml *key = ev_yaml_get(map, "key");

	return when == NULL || (key != NULL && key->kind == EV_YAML_LIST && key->n > 1)
		       ? NULL
		       : when->from;
}

static bool read_key(struct ev_reader *r, const struct ev_yaml *y, const struct ev_path *when,
		     struct ev_dimension *d)
{
	size_t n = y->kind == EV_YAML_LIST ? y->n : 1;

	if (n == 0)
		return wrong(r, ev_read_place(y), "key is empty: name at least one path");
	if (n > MAX_KEYS)
		return wrong(r, ev_read_place(y), "a key has at most %d parts", MAX_KEYS);
	d->keys = ev_calloc(n, sizeof *d->keys);
	for (size_t i = 0; i < n; i++) {
		const struct ev_yaml *v = y->kind == EV_YAML_LIST ? y->items[i] : y;
		struct ev_path *path;
		size_t k;

		if (!ev_read_value(r, v, "key",
				   (struct ev_value_place){.each = d->each, .when = when}, &path))
			return false;
		for (k = 0; k < d->columns.n && !ev_path_same(path, d->columns.list[k].from);)
			k++;
		ev_path_free(&path);
		if (k == d->columns.n)
			return wrong(r, ev_read_place(v),
				     "the key %s must be among the columns of %s, which give it "
				     "its type",
				     v->text, d->name);
		if (d->columns.list[k].type == EV_TYPE_JSON)
			return wrong(r, ev_read_place(v), "a key cannot be of type json");
		d->keys[d->n_keys++] = k;
	}
	return true;
}

static bool read_dimension(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *y,
			   struct ev_dimension *d)
{
	static const char *const keys[] = {"key",     "history",  "each",	 "for", "when",
					   "columns", "calendar", "description", NULL};
	static const char *const histories[] = {"scd1", "scd2", NULL};
	const struct ev_yaml *v;
	int history = 0;

	d->place = ev_read_place(key);
	if (!ev_read_name(r, key, "dimension", &d->name) ||
	    !ev_read_room_for_key(r, key, d->name) || !ev_read_is_map(r, y, "a dimension", keys) ||
	    !ev_read_description(r, y, &d->description))
		return false;
	if ((v = ev_yaml_get(y, "calendar")) != NULL)
		return y->n == (d->description != NULL ? 2 : 1)
			       ? read_calendar(r, v, d)
			       : wrong(r, ev_read_place(key), "a calendar has no other keys");
	if (!each_of(r, y, &d->each) || !when_of(r, y, d->each, &d->when) ||
	    !ev_read_types(r, y, &d->types) ||
	    !ev_read_required(r, y, "a dimension", "columns", &v) ||
	    !read_columns(r, v, d->each, columns_filter(y, d->when), false, &d->columns) ||
	    !ev_read_required(r, y, "a dimension", "key", &v) ||
	    !read_key(r, v, columns_filter(y, d->when), d))
		return false;
	for (size_t i = 0; i < d->columns.n; i++) {
		const char *name = d->columns.list[i].name;
		size_t len = strlen(d->name);

		if (strncasecmp(name, d->name, len) == 0 && strcasecmp(name + len, "_key") == 0)
			return wrong(r, d->columns.list[i].place,
				     "'%s' is the name of the dimension's key: rename the column",
				     name);
	}
	if (!ev_read_optional_word(r, y, "history", histories, &history))
		return false;
	d->history = history == 1;
	return !d->history || d->columns.n > d->n_keys ||
	       wrong(r, ev_read_place(ev_yaml_get(y, "history")),
		     "%s has no column beside its key, and so no history: use scd1", d->name);
}

/*
 * A key that lies in the elements of a list is known only to a fact that goes through that list.
 */
static bool keys_reached(struct ev_reader *r, const struct ev_fact *f)
{
	for (size_t i = 0; i < f->columns.n; i++) {
		const struct ev_column *c = &f->columns.list[i];
		const struct ev_dimension *d = c->dimension;

		for (size_t k = 0; d != NULL && d->n_keys > 1 && k < d->n_keys; k++)
			if (d->columns.list[d->keys[k]].from->root != EV_ROOT_EVENT &&
			    (f->each == NULL || !ev_path_same_steps(f->each, d->each)))
				return wrong(r, c->place,
					     "the key of %s lies in %s: a fact that refers to it "
					     "needs the same each",
					     d->name, d->each->text);
	}
	return true;
}

static bool read_fact(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *y,
		      struct ev_fact *f)
{
	static const char *const keys[] = {"keep",    "each",	     "for", "when",
					   "columns", "description", NULL};
	static const char *const keeps[] = {"history", "latest", NULL};
	const struct ev_yaml *v;
	int keep;

	f->place = ev_read_place(key);
	if (!ev_read_name(r, key, "fact", &f->name) || !ev_read_is_map(r, y, "a fact", keys) ||
	    !ev_read_description(r, y, &f->description) ||
	    !ev_read_required(r, y, "a fact", "keep", &v) ||
	    !ev_read_word(r, v, "keep", keeps, &keep) || !each_of(r, y, &f->each) ||
	    !when_of(r, y, f->each, &f->when) || !ev_read_types(r, y, &f->types) ||
	    !ev_read_required(r, y, "a fact", "columns", &v) ||
	    !read_columns(r, v, f->each, f->when != NULL ? f->when->from : NULL, true,
			  &f->columns) ||
	    !keys_reached(r, f))
		return false;
	f->keep = (enum ev_keep)keep;
	return true;
}

static bool tables_differ(struct ev_reader *r, const char *name, struct ev_place at,
			  size_t dimensions, size_t facts)
{
	for (size_t i = 0; i < dimensions + facts; i++)
		if (strcasecmp(i < dimensions ? r->m->dimensions[i].name
					      : r->m->facts[i - dimensions].name,
			       name) == 0)
			return wrong(r, at, "a second table has the name '%s': rename one", name);
	return true;
}

bool ev_read_star(struct ev_reader *r, const struct ev_yaml *y)
{
	static const char *const keys[] = {"facts", "dimensions", "keys", NULL};
	static const char *const stored[] = {"text", "uuid", NULL};
	struct ev_model *m = r->m;
	const struct ev_yaml *v;
	int word = 0;

	if (!ev_read_is_map(r, y, "star", keys))
		return false;
	if ((v = ev_yaml_get(y, "keys")) != NULL && !ev_read_word(r, v, "keys", stored, &word))
		return false;
	m->uuid_keys = word == 1;
	if ((v = ev_yaml_get(y, "dimensions")) != NULL) {
		if (!ev_read_is_map(r, v, "dimensions", NULL))
			return false;
		m->dimensions = ev_calloc(v->n, sizeof *m->dimensions);
		for (size_t i = 0; i < v->n; i++, m->n_dimensions++) {
			/*
			 * counted only when whole, so that no column refers to one that is half
			 * read
			 */
			if (!read_dimension(r, v->keys[i], v->items[i], &m->dimensions[i]) ||
			    !tables_differ(r, m->dimensions[i].name, m->dimensions[i].place, i,
					   0)) {
				m->n_dimensions++;
				return false;
			}
		}
	}
	if (!ev_read_required(r, y, "star", "facts", &v) || !ev_read_is_map(r, v, "facts", NULL))
		return false;
	m->facts = ev_calloc(v->n, sizeof *m->facts);
	for (size_t i = 0; i < v->n; i++)
		if (!read_fact(r, v->keys[i], v->items[i], &m->facts[m->n_facts++]) ||
		    !tables_differ(r, m->facts[i].name, m->facts[i].place, m->n_dimensions, i))
			return false;
	return true;
}
