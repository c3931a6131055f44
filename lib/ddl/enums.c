/*
 * The values that a type's JSON Schema allows at a path: an enum or a const, behind properties,
 * items, allOf and $ref. What the schema says otherwise is not followed; then nothing is found.
 */
#include "ddl/internal.h"
#include "io/in.h"

#include <stdlib.h>

enum { MAX_SCHEMA = 16 * 1024 * 1024, MAX_DEPTH = 32, MAX_LOOKS = 10000 };

struct document {
	char *name; /* relative to the model's folder */
	char *text;
	struct ev_yaml_doc *doc; /* NULL if it cannot be read */
};

struct ddl_enums {
	const struct ev_model *model;
	struct document *list;
	size_t n;
	int looks; /* at schemas, for the value that is being looked for */
};

struct ddl_enums *ddl_enums_new(const struct ev_model *m)
{
	struct ddl_enums *e = ev_calloc(1, sizeof *e);

	e->model = m;
	return e;
}

void ddl_enums_free(struct ddl_enums **enums)
{
	struct ddl_enums *e = *enums;

	for (size_t i = 0; i < e->n; i++) {
		free(e->list[i].name);
		free(e->list[i].text);
		ev_yaml_free(&e->list[i].doc);
	}
	free(e->list);
	free(e);
	*enums = NULL;
}

/* A file is read once. text: of a schema that stands in the model, or NULL. */
static const struct ev_yaml *root_of(struct ddl_enums *e, const char *name, const char *text)
{
	struct ev_buf path = {0};
	struct ev_error none;
	struct document *d;
	size_t len = 0;

	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->list[i].name, name) == 0)
			return e->list[i].doc != NULL ? ev_yaml_root(e->list[i].doc) : NULL;
	e->list = ev_realloc_array(e->list, e->n + 1, sizeof *e->list);
	d = &e->list[e->n++];
	*d = (struct document){.name = ev_strdup(name)};
	if (text != NULL) {
		len = strlen(text);
		d->text = ev_calloc(1, len + EV_IN_SLACK);
		memcpy(d->text, text, len);
	} else if (name[0] != '/' && strstr(name, "..") == NULL && strchr(name, ':') == NULL) {
		ev_buf_printf(&path, "%s/%s", e->model->root, name);
		if (ev_in_slurp(ev_buf_str(&path), MAX_SCHEMA, &d->text, &len, &none) != EV_OK)
			d->text = NULL;
		ev_buf_free(&path);
	}
	if (d->text != NULL)
		d->doc = ev_yaml_read_json(name, d->text, len, &none);
	return d->doc != NULL ? ev_yaml_root(d->doc) : NULL;
}

/* A JSON Pointer's place, in which nothing is escaped that names of definitions have. */
static const struct ev_yaml *pointed(const struct ev_yaml *at, const char *pointer)
{
	while (at != NULL && *pointer == '/') {
		size_t len = strcspn(++pointer, "/");
		char *name = ev_strndup(pointer, len);

		at = at->kind == EV_YAML_MAP ? ev_yaml_get(at, name) : NULL;
		free(name);
		pointer += len;
	}
	return at;
}

/* A schema, and the file that it stands in. */
struct place {
	const struct ev_yaml *at;
	const char *file;
};

static struct place follow(struct ddl_enums *e, const char *file, const char *ref)
{
	size_t len = strcspn(ref, "#");
	const char *slash = strrchr(file, '/');
	struct ev_buf name = {0};
	struct place p = {NULL, file};

	if (len > 0) {
		if (slash != NULL)
			ev_buf_put(&name, file, (size_t)(slash - file) + 1);
		ev_buf_put(&name, ref, len);
	} else {
		ev_buf_puts(&name, file);
	}
	p.at = root_of(e, ev_buf_str(&name), NULL);
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->list[i].name, name.p) == 0)
			p.file = e->list[i].name;
	if (ref[len] == '#')
		p.at = pointed(p.at, ref + len + 1);
	ev_buf_free(&name);
	return p;
}

static const struct ev_yaml *find(struct ddl_enums *e, struct place in, const struct ev_step *steps,
				  size_t n, int depth)
{
	const struct ev_yaml *v, *found = NULL;

	if (in.at == NULL || in.at->kind != EV_YAML_MAP || depth > MAX_DEPTH ||
	    e->looks == MAX_LOOKS)
		return NULL;
	e->looks++; /* references that lead to each other need not end */
	if (n == 0) {
		if ((v = ev_yaml_get(in.at, "enum")) != NULL && v->kind == EV_YAML_LIST)
			return v;
		if ((v = ev_yaml_get(in.at, "const")) != NULL && v->kind == EV_YAML_SCALAR)
			return v;
	} else if (steps[0].kind == EV_STEP_NAME) {
		if ((v = ev_yaml_get(in.at, "properties")) != NULL && v->kind == EV_YAML_MAP &&
		    (v = ev_yaml_get(v, steps[0].name)) != NULL)
			found = find(e, (struct place){v, in.file}, steps + 1, n - 1, depth + 1);
	} else if ((v = ev_yaml_get(in.at, "items")) != NULL) {
		found = find(e, (struct place){v, in.file}, steps + 1, n - 1, depth + 1);
	}
	if (found == NULL && (v = ev_yaml_get(in.at, "$ref")) != NULL && v->kind == EV_YAML_SCALAR)
		found = find(e, follow(e, in.file, v->text), steps, n, depth + 1);
	v = ev_yaml_get(in.at, "allOf");
	for (size_t i = 0; found == NULL && v != NULL && v->kind == EV_YAML_LIST && i < v->n; i++)
		found = find(e, (struct place){v->items[i], in.file}, steps, n, depth + 1);
	return found;
}

const struct ev_yaml *ddl_enums_of(struct ddl_enums *e, const struct ev_event_type *type,
				   const struct ev_step *steps, size_t n)
{
	const struct ev_contract *c = &type->put;
	struct ev_buf name = {0};
	struct place in = {NULL, ""};

	if (c->file == NULL && c->text == NULL)
		return NULL;
	/* One in the model itself is told apart by what no file is called. */
	if (c->file == NULL)
		ev_buf_printf(&name, ":%zu", (size_t)(type - e->model->types));
	else
		ev_buf_puts(&name, c->file);
	in.at = root_of(e, ev_buf_str(&name), c->text);
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->list[i].name, name.p) == 0)
			in.file = e->list[i].name;
	ev_buf_free(&name);
	e->looks = 0;
	return find(e, in, steps, n, 0);
}
