#include "model/yaml.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "json/form.h"
#include "json/view.h"

#include <stdlib.h>
#include <yaml.h>

enum { MAX_DEPTH = 64, MAX_NODES = 1000000 };

struct ev_yaml_doc {
	struct ev_arena arena;
	struct ev_yaml *root;
	yaml_document_t doc; /* while it is read */
	const char *file;
	size_t nodes;
	struct ev_error *err;
};

static struct ev_yaml *convert(struct ev_yaml_doc *d, int index, int depth);

static struct ev_yaml **array(struct ev_yaml_doc *d, size_t n)
{
	return ev_arena_alloc(&d->arena, n * sizeof(struct ev_yaml *));
}

static bool convert_list(struct ev_yaml_doc *d, const yaml_node_t *from, struct ev_yaml *to,
			 int depth)
{
	const yaml_node_item_t *item = from->data.sequence.items.start;

	to->kind = EV_YAML_LIST;
	to->items = array(d, (size_t)(from->data.sequence.items.top - item));
	for (; item < from->data.sequence.items.top; item++)
		if ((to->items[to->n++] = convert(d, *item, depth)) == NULL)
			return false;
	return true;
}

static bool convert_map(struct ev_yaml_doc *d, const yaml_node_t *from, struct ev_yaml *to,
			int depth)
{
	const yaml_node_pair_t *pair = from->data.mapping.pairs.start;
	size_t n = (size_t)(from->data.mapping.pairs.top - pair);

	to->kind = EV_YAML_MAP;
	to->keys = array(d, n);
	to->items = array(d, n);
	for (; pair < from->data.mapping.pairs.top; pair++) {
		struct ev_yaml *key = convert(d, pair->key, depth);

		if (key == NULL)
			return false;
		if (key->kind != EV_YAML_SCALAR) {
			ev_fail(d->err, "%s:%zu:%zu: a key must be a plain text: quote it", d->file,
				key->line, key->column);
			return false;
		}
		if (ev_yaml_get(to, key->text) != NULL) {
			ev_fail(d->err, "%s:%zu:%zu: the key '%s' stands here twice: remove one",
				d->file, key->line, key->column, key->text);
			return false;
		}
		if ((to->items[to->n] = convert(d, pair->value, depth)) == NULL)
			return false;
		to->keys[to->n++] = key;
	}
	return true;
}

static struct ev_yaml *convert(struct ev_yaml_doc *d, int index, int depth)
{
	const yaml_node_t *from = yaml_document_get_node(&d->doc, index);
	struct ev_yaml *to = ev_arena_zalloc(&d->arena, sizeof *to);
	bool good = true;

	to->line = from->start_mark.line + 1;
	to->column = from->start_mark.column + 1;
	if (depth > MAX_DEPTH || ++d->nodes > MAX_NODES) {
		ev_fail(d->err, "%s:%zu:%zu: %s: write it flatter and without aliases", d->file,
			to->line, to->column,
			depth > MAX_DEPTH ? "nested deeper than 64" : "more than a million nodes");
		return NULL;
	}
	switch (from->type) {
	case YAML_SEQUENCE_NODE: good = convert_list(d, from, to, depth + 1); break;
	case YAML_MAPPING_NODE: good = convert_map(d, from, to, depth + 1); break;
	case YAML_SCALAR_NODE:
	case YAML_NO_NODE:
		to->kind = EV_YAML_SCALAR;
		to->len = from->data.scalar.length;
		to->text = ev_arena_copy(&d->arena, from->data.scalar.value, to->len);
		to->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		if (strlen(to->text) != to->len) {
			ev_fail(d->err, "%s:%zu:%zu: a NUL stands in the text: remove it", d->file,
				to->line, to->column);
			good = false;
		}
		break;
	}
	return good ? to : NULL;
}

/* libyaml tells no line of what is no text. */
static bool is_utf8(struct ev_yaml_doc *d, const char *text, size_t len)
{
	size_t good = ev_utf8_valid(text, len), line = 1, column = 1;

	if (good == len)
		return true;
	for (size_t i = 0; i < good; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	ev_fail(d->err, "%s:%zu:%zu: this is no UTF-8: save the file in UTF-8", d->file, line,
		column);
	return false;
}

static bool not_yaml(struct ev_yaml_doc *d, const yaml_parser_t *parser)
{
	ev_fail(d->err, "%s:%zu:%zu: no YAML: %s%s%s: check the indentation and the quotes",
		d->file, parser->problem_mark.line + 1, parser->problem_mark.column + 1,
		parser->problem != NULL ? parser->problem : "unreadable",
		parser->context != NULL ? " " : "", parser->context != NULL ? parser->context : "");
	return false;
}

static bool read_document(struct ev_yaml_doc *d, yaml_parser_t *parser)
{
	yaml_document_t further;
	bool good = false;

	if (!yaml_parser_load(parser, &d->doc))
		return not_yaml(d, parser);
	if (yaml_document_get_root_node(&d->doc) == NULL) {
		ev_fail(d->err, "%s:1:1: the file is empty: write a model, see evkit-model(5)",
			d->file);
	} else {
		d->root = convert(
			d, (int)(yaml_document_get_root_node(&d->doc) - d->doc.nodes.start) + 1, 0);
		good = d->root != NULL;
	}
	if (good && !yaml_parser_load(parser, &further)) {
		good = not_yaml(d, parser);
	} else if (good) {
		if (yaml_document_get_root_node(&further) != NULL) {
			ev_fail(d->err,
				"%s:%zu:1: a second document begins here: keep one model a file",
				d->file, further.start_mark.line + 1);
			good = false;
		}
		yaml_document_delete(&further);
	}
	yaml_document_delete(&d->doc);
	return good;
}

struct ev_yaml_doc *ev_yaml_read(const char *file, const char *text, size_t len,
				 struct ev_error *err)
{
	struct ev_yaml_doc *d = ev_calloc(1, sizeof *d);
	yaml_parser_t parser;

	d->file = file;
	d->err = err;
	if (!yaml_parser_initialize(&parser))
		ev_oom();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!is_utf8(d, text, len) || !read_document(d, &parser))
		ev_yaml_free(&d);
	yaml_parser_delete(&parser);
	return d;
}

/* Line and column of an octet; column counts characters. */
static void find_place(const char *text, size_t at, struct ev_yaml *to)
{
	to->line = to->column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			to->line++;
			to->column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			to->column++;
		}
	}
}

static struct ev_yaml *convert_json(struct ev_yaml_doc *y, const struct ev_doc *d, uint32_t at,
				    int depth);

static bool json_members(struct ev_yaml_doc *y, const struct ev_doc *d, uint32_t at,
			 struct ev_yaml *to, int depth)
{
	bool object = ev_kind(d, at) == EV_OBJECT;

	to->kind = object ? EV_YAML_MAP : EV_YAML_LIST;
	to->items = array(y, d->nodes[at].count);
	to->keys = object ? array(y, d->nodes[at].count) : NULL;
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

	find_place(d->text, d->nodes[at].pos, to);
	if (depth > MAX_DEPTH) {
		ev_fail(y->err, "%s:%zu:%zu: nested deeper than 64: write it flatter", y->file,
			to->line, to->column);
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
	ev_fail(y->err, "%s:%zu:%zu: a NUL stands in the text: remove it", y->file, to->line,
		to->column);
	return NULL;
}

struct ev_yaml_doc *ev_yaml_read_json(const char *file, const char *text, size_t len,
				      struct ev_error *err)
{
	struct ev_yaml_doc *y = ev_calloc(1, sizeof *y);
	struct ev_scan *scan = ev_scan_new();
	struct ev_flaw flaw = {0};
	const struct ev_doc *d = ev_scan(scan, text, len, &flaw);
	struct ev_yaml at;

	y->file = file;
	y->err = err;
	if (d == NULL || d->duplicate != EV_NOWHERE) {
		find_place(text, d == NULL ? flaw.at : d->duplicate, &at);
		ev_fail(err, "%s:%zu:%zu: no JSON: %s", file, at.line, at.column,
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
