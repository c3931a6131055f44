#include "model/yaml.h"
#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "scan/form.h"
#include "json/view.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	MAX_DEPTH = 64,
	MAX_NODES = 1000000, /* counted as often as aliases make them stand there */
	FEW_KEYS = 8,	     /* are compared one by one */
	NODE_BYTES = 64,     /* of a text, that count as a node more */
};

/* A node, and what the reader alone needs to know of it. */
struct built {
	struct ev_yaml y;
	size_t weight; /* nodes in it, aliases counted in full */
	int height;    /* levels below it */
	bool open;     /* its end is not read yet */
};

struct place {
	size_t byte;
	struct ev_yaml at; /* its line and column */
};

struct ev_yaml_doc {
	struct ev_arena arena;
	struct ev_yaml *root;
	const char *file;
	struct ev_error *err;
	struct place place;	  /* of a text in JSON, how far it was read */
	struct ev_symbols *names; /* of anchors, while it is read */
	struct built **anchored;  /* by the number of the name, from 1 */
	size_t cap_anchored;
};

/* The list or map that is being read at one depth. */
struct level {
	struct built *node;
	struct ev_yaml **parts; /* items; key, value, key, value */
	size_t n, cap;
};

/* Reports what is wrong at a node; false, for a reader to return. */
static bool wrong(struct ev_yaml_doc *d, const struct ev_yaml *at, const char *fmt, ...)
	EV_PRINTF(3, 4);

static bool wrong(struct ev_yaml_doc *d, const struct ev_yaml *at, const char *fmt, ...)
{
	struct ev_error what;
	va_list ap;

	va_start(ap, fmt);
	ev_vfail(&what, fmt, ap);
	va_end(ap);
	ev_fail(d->err, "%s:%zu:%zu: %s", d->file, at->line, at->column, what.text);
	return false;
}

/* Whether no key of a map stands there twice. */
static bool keys_differ(struct ev_yaml_doc *d, const struct ev_yaml *map)
{
	struct ev_symbols *seen = map->n > FEW_KEYS ? ev_symbols_new(0) : NULL;
	bool good = true;

	for (size_t i = 0; good && i < map->n; i++) {
		const struct ev_yaml *key = map->keys[i];

		if (seen != NULL)
			good = ev_symbols_add(seen, key->text, key->len) == i + 1;
		for (size_t k = 0; seen == NULL && good && k < i; k++)
			good = strcmp(map->keys[k]->text, key->text) != 0;
		if (!good)
			wrong(d, key, "the key '%s' stands here twice: remove one", key->text);
	}
	if (seen != NULL)
		ev_symbols_free(&seen);
	return good;
}

static bool add_part(struct ev_yaml_doc *d, struct level *l, struct built *part)
{
	bool key = l->node->y.kind == EV_YAML_MAP && l->n % 2 == 0;

	if (key && part->y.kind != EV_YAML_SCALAR)
		return wrong(d, &part->y, "a key must be a plain text: quote it");
	ev_grow(&l->parts, &l->cap, l->n + 1, sizeof(struct ev_yaml *));
	l->parts[l->n++] = &part->y;
	l->node->weight += part->weight;
	if (part->height >= l->node->height)
		l->node->height = part->height + 1;
	return true;
}

static bool close_level(struct ev_yaml_doc *d, struct level *l)
{
	struct ev_yaml *y = &l->node->y;
	bool map = y->kind == EV_YAML_MAP;

	y->n = map ? l->n / 2 : l->n;
	y->items = ev_arena_alloc(&d->arena, y->n * sizeof(struct ev_yaml *));
	if (map)
		y->keys = ev_arena_alloc(&d->arena, y->n * sizeof(struct ev_yaml *));
	for (size_t i = 0; i < y->n; i++) {
		y->items[i] = l->parts[map ? 2 * i + 1 : i];
		if (map)
			y->keys[i] = l->parts[2 * i];
	}
	l->n = 0;
	l->node->open = false;
	return !map || keys_differ(d, y);
}

static struct built *new_node(struct ev_yaml_doc *d, const yaml_event_t *e, enum ev_yaml_kind kind,
			      const yaml_char_t *anchor)
{
	struct built *b = ev_arena_zalloc(&d->arena, sizeof *b);
	const char *name = (const char *)anchor;
	uint32_t number;

	b->y.kind = kind;
	b->y.line = e->start_mark.line + 1;
	b->y.column = e->start_mark.column + 1;
	b->weight = 1;
	b->open = kind != EV_YAML_SCALAR;
	if (name != NULL) {
		number = ev_symbols_add(d->names, name, strlen(name));
		ev_grow(&d->anchored, &d->cap_anchored, number + 1UL, sizeof(struct built *));
		d->anchored[number] = b; /* the last one of a name counts */
	}
	return b;
}

/* The node that an event makes or names; NULL with the error. */
static struct built *node_of(struct ev_yaml_doc *d, const yaml_event_t *e)
{
	struct built *b;
	const char *name;
	uint32_t known = d->names->n, number;
	struct ev_yaml at = {.line = e->start_mark.line + 1, .column = e->start_mark.column + 1};

	switch (e->type) {
	case YAML_SEQUENCE_START_EVENT:
		return new_node(d, e, EV_YAML_LIST, e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return new_node(d, e, EV_YAML_MAP, e->data.mapping_start.anchor);
	case YAML_SCALAR_EVENT:
		b = new_node(d, e, EV_YAML_SCALAR, e->data.scalar.anchor);
		b->y.len = e->data.scalar.length;
		b->y.text = ev_arena_copy(&d->arena, e->data.scalar.value, b->y.len);
		b->y.plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		b->weight += b->y.len / NODE_BYTES;
		if (strlen(b->y.text) == b->y.len)
			return b;
		wrong(d, &b->y, "a NUL stands in the text: remove it");
		return NULL;
	default: /* an alias */
		name = (const char *)e->data.alias.anchor;
		number = ev_symbols_add(d->names, name, strlen(name));
		if (number > known)
			wrong(d, &at,
			      "the alias *%s names no anchor before it: write &%s where it is "
			      "meant",
			      name, name);
		else if (d->anchored[number]->open)
			wrong(d, &at,
			      "the alias *%s stands within what it names: write it flatter and "
			      "without aliases",
			      name);
		else
			return d->anchored[number];
		return NULL;
	}
}

static bool within_bounds(struct ev_yaml_doc *d, const yaml_event_t *e, const struct built *b,
			  int depth, size_t weight)
{
	struct ev_yaml at = {.line = e->start_mark.line + 1, .column = e->start_mark.column + 1};

	if (depth + b->height > MAX_DEPTH)
		return wrong(d, &at, "nested deeper than 64: write it flatter and without aliases");
	return weight <= MAX_NODES ||
	       wrong(d, &at, "more than a million nodes: write it flatter and without aliases");
}

static bool not_yaml(struct ev_yaml_doc *d, const yaml_parser_t *parser)
{
	struct ev_yaml at = {.line = parser->problem_mark.line + 1,
			     .column = parser->problem_mark.column + 1};

	return wrong(d, &at, "no YAML: %s%s%s: check the indentation and the quotes",
		     parser->problem != NULL ? parser->problem : "unreadable",
		     parser->context != NULL ? " " : "",
		     parser->context != NULL ? parser->context : "");
}

/* One event. *depth: of the levels that are open; *total: the weight of what was read. */
static bool take_event(struct ev_yaml_doc *d, const yaml_event_t *e, struct level *levels,
		       int *depth, size_t *total)
{
	struct built *b;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return d->root == NULL ||
		       wrong(d, &(struct ev_yaml){.line = e->start_mark.line + 1, .column = 1},
			     "a second document begins here: keep one model a file");
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b = levels[*depth].node;
		if (b == NULL || !close_level(d, &levels[*depth]))
			return false;
		--*depth;
		break;
	case YAML_SCALAR_EVENT:
	case YAML_ALIAS_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if ((b = node_of(d, e)) == NULL)
			return false;
		*total += b->weight;
		if (!within_bounds(d, e, b, *depth, *total))
			return false;
		if (e->type == YAML_SCALAR_EVENT || e->type == YAML_ALIAS_EVENT)
			break;
		levels[++*depth].node = b;
		return true;
	default: return true;
	}
	if (*depth > 0)
		return add_part(d, &levels[*depth], b);
	d->root = &b->y;
	return true;
}

static bool read_document(struct ev_yaml_doc *d, yaml_parser_t *parser)
{
	struct level levels[MAX_DEPTH + 2] = {{0}};
	bool good = true, end = false;
	size_t total = 0;
	int depth = 0;

	while (good && !end) {
		yaml_event_t e;

		if (!yaml_parser_parse(parser, &e)) {
			good = not_yaml(d, parser);
			break;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		good = take_event(d, &e, levels, &depth, &total);
		yaml_event_delete(&e);
	}
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		free(levels[i].parts);
	if (good && d->root == NULL)
		return wrong(d, &(struct ev_yaml){.line = 1, .column = 1},
			     "the file is empty: write a model, see evkit-model(5)");
	return good;
}

#define START ((struct place){0, {.line = 1, .column = 1}})

/* Goes on to a byte behind. The column counts characters. */
static void go_to(struct place *p, const char *text, size_t byte)
{
	for (; p->byte < byte; p->byte++) {
		if (text[p->byte] == '\n') {
			p->at.line++;
			p->at.column = 1;
		} else if ((text[p->byte] & 0xc0) != 0x80) {
			p->at.column++;
		}
	}
}

/* Checked ahead, for libyaml gives no line to such an error. */
static bool is_utf8(struct ev_yaml_doc *d, const char *text, size_t len)
{
	struct place p = START;
	size_t good = ev_utf8_valid(text, len);

	if (good == len)
		return true;
	go_to(&p, text, good);
	return wrong(d, &p.at, "this is no UTF-8: save the file in UTF-8");
}

struct ev_yaml_doc *ev_yaml_read(const char *file, const char *text, size_t len,
				 struct ev_error *err)
{
	struct ev_yaml_doc *d = ev_calloc(1, sizeof *d);
	yaml_parser_t parser;
	bool good;

	d->file = file;
	d->err = err;
	d->names = ev_symbols_new(0);
	if (!yaml_parser_initialize(&parser))
		ev_oom();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	good = is_utf8(d, text, len) && read_document(d, &parser);
	yaml_parser_delete(&parser);
	ev_symbols_free(&d->names);
	free(d->anchored);
	if (!good)
		ev_yaml_free(&d);
	return d;
}

static struct ev_yaml *convert_json(struct ev_yaml_doc *y, const struct ev_doc *d, uint32_t at,
				    int depth);

static bool json_members(struct ev_yaml_doc *y, const struct ev_doc *d, uint32_t at,
			 struct ev_yaml *to, int depth)
{
	bool object = ev_kind(d, at) == EV_OBJECT;

	to->kind = object ? EV_YAML_MAP : EV_YAML_LIST;
	to->items = ev_arena_alloc(&y->arena, d->nodes[at].count * sizeof(struct ev_yaml *));
	if (object)
		to->keys = ev_arena_alloc(&y->arena, d->nodes[at].count * sizeof(struct ev_yaml *));
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at); i = ev_next(d, i)) {
		if (object && (to->keys[to->n] = convert_json(y, d, i++, depth)) == NULL)
			return false;
		if ((to->items[to->n++] = convert_json(y, d, i, depth)) == NULL)
			return false;
	}
	return true;
}

static struct ev_yaml *convert_json(struct ev_yaml_doc *y, const struct ev_doc *d, uint32_t at,
				    int depth)
{
	struct ev_yaml *to = ev_arena_zalloc(&y->arena, sizeof *to);
	struct ev_buf scratch = {0};
	const char *p;

	go_to(&y->place, d->text, d->nodes[at].pos); /* nodes come in the order of the text */
	*to = y->place.at;
	if (depth > MAX_DEPTH) {
		wrong(y, to, "nested deeper than 64: write it flatter");
		return NULL;
	}
	if (ev_kind(d, at) >= EV_ARRAY)
		return json_members(y, d, at, to, depth + 1) ? to : NULL;
	to->kind = EV_YAML_SCALAR;
	to->plain = ev_kind(d, at) != EV_STRING;
	p = to->plain ? ev_raw(d, at, &to->len) : ev_string(d, at, &scratch, &to->len);
	to->text = ev_arena_copy(&y->arena, p, to->len);
	ev_buf_free(&scratch);
	if (strlen(to->text) == to->len)
		return to;
	wrong(y, to, "a NUL stands in the text: remove it");
	return NULL;
}

struct ev_yaml_doc *ev_yaml_read_json(const char *file, const char *text, size_t len,
				      struct ev_error *err)
{
	struct ev_yaml_doc *y = ev_calloc(1, sizeof *y);
	struct ev_scan *scan = ev_scan_new();
	struct ev_flaw flaw = {0};
	const struct ev_doc *d = ev_scan(scan, text, len, &flaw);

	y->file = file;
	y->err = err;
	y->place = START;
	if (d == NULL || d->duplicate != EV_NOWHERE) {
		go_to(&y->place, text, d == NULL ? flaw.at : d->duplicate);
		wrong(y, &y->place.at, "no JSON: %s",
		      d == NULL ? flaw.what : "the same name stands twice in one object");
	} else {
		y->root = convert_json(y, d, 0, 0);
	}
	ev_scan_free(&scan);
	if (y->root == NULL)
		ev_yaml_free(&y);
	return y;
}

const struct ev_yaml *ev_yaml_root(const struct ev_yaml_doc *doc)
{
	return doc->root;
}

void ev_yaml_free(struct ev_yaml_doc **doc)
{
	if (*doc == NULL)
		return;
	ev_arena_free(&(*doc)->arena);
	free(*doc);
	*doc = NULL;
}

const struct ev_yaml *ev_yaml_get(const struct ev_yaml *map, const char *key)
{
	if (map->kind != EV_YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}

/* Whether a plain scalar is a JSON number, true, false or null, and so stands in JSON as it is. */
static bool is_json_scalar(const struct ev_yaml *node)
{
	struct ev_buf padded = {0};
	struct ev_scan *scan;
	struct ev_flaw flaw;
	bool is;

	if (strchr("-0123456789tfn", node->text[0]) == NULL)
		return false;
	scan = ev_scan_new();
	ev_buf_put(&padded, node->text, node->len);
	memset(ev_buf_room(&padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	is = ev_scan(scan, padded.p, node->len, &flaw) != NULL;
	ev_buf_free(&padded);
	ev_scan_free(&scan);
	return is;
}

static void scalar_json(const struct ev_yaml *node, struct ev_buf *out)
{
	if (node->plain && (node->len == 0 || strcmp(node->text, "~") == 0))
		ev_buf_puts(out, "null");
	else if (node->plain && is_json_scalar(node))
		ev_buf_put(out, node->text, node->len);
	else
		ev_json_quote(node->text, node->len, out);
}

void ev_yaml_json(const struct ev_yaml *node, struct ev_buf *out)
{
	switch (node->kind) {
	case EV_YAML_SCALAR: scalar_json(node, out); return;
	case EV_YAML_LIST:
		ev_buf_putc(out, '[');
		for (size_t i = 0; i < node->n; i++) {
			if (i > 0)
				ev_buf_putc(out, ',');
			ev_yaml_json(node->items[i], out);
		}
		ev_buf_putc(out, ']');
		return;
	case EV_YAML_MAP:
		ev_buf_putc(out, '{');
		for (size_t i = 0; i < node->n; i++) {
			if (i > 0)
				ev_buf_putc(out, ',');
			ev_json_quote(node->keys[i]->text, node->keys[i]->len, out);
			ev_buf_putc(out, ':');
			ev_yaml_json(node->items[i], out);
		}
		ev_buf_putc(out, '}');
		return;
	}
}
