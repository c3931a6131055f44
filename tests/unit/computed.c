/* Computed values behind a document: copies, names, shapes, and what is not there. */
#include "json/computed.h"

#include "scan/symbol.h"
#include "support.h"
#include "tap.h"
#include "json/canon.h"
#include "json/path.h"
#include "json/view.h"

static struct ev_scan *scan;
static struct ev_computing made;

static const struct ev_doc *record(const char *text)
{
	static struct ev_buf padded;
	struct ev_flaw flaw;

	ev_buf_reset(&padded);
	ev_buf_puts(&padded, text);
	memset(ev_buf_room(&padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	return ev_scan(scan, padded.p, strlen(text), &flaw);
}

/* The value of a number, in its canonical form; "-" for none. */
static const char *value_of(const struct ev_doc *d, uint32_t number, uint32_t from)
{
	static struct ev_buf out;
	const struct ev_computed *v = ev_computed_find(d, number, from);

	ev_buf_reset(&out);
	if (v == NULL)
		return "unknown";
	if (v->node == EV_NOWHERE)
		ev_buf_printf(&out, "-%s", v->why != NULL ? v->why : "");
	else
		ev_canonical(d, v->node, NULL, 0, &out);
	return ev_buf_str(&out);
}

static void check_values(void)
{
	static const char json[] = "{\"n\":[1,{\"x\":\"\\u0041\"}],\"a\":2}";
	const struct ev_doc *d = record("{\"a\":{\"b\":[1,{\"c\":\"x\"}],\"d\":null},\"e\":\"y\"}");
	const struct ev_computed *v;
	struct ev_path *path;
	struct ev_error err;
	uint32_t a = ev_member(d, 0, "a", 1), symbol = d->nodes[a - 1].count;

	ev_computing_begin(&made, d);
	ev_computing_node(&made, 1, 0, a);
	ev_computing_none(&made, 2, 0, NULL);
	ev_computing_none(&made, 3, 0, "it is wrong");
	ok(ev_computing_json(&made, 4, 3, json, strlen(json)), "a JSON text is taken");
	ok(!ev_computing_json(&made, 5, 0, "{", 1), "and what is none is not");
	ok(!ev_computing_json(&made, 5, 0, "{\"a\":1,\"a\":2}", 13),
	   "nor one with the same name twice");
	ev_computing_json(&made, 5, 4, "\"late\"", 6);
	d = ev_computing_end(&made);
	is(value_of(d, 1, 0), "{\"b\":[1,{\"c\":\"x\"}],\"d\":null}", "a value of the document");
	is(value_of(d, 2, 0), "-", "none");
	is(value_of(d, 3, 0), "-it is wrong", "and none with a reason");
	is(value_of(d, 4, 3), "{\"a\":2,\"n\":[1,{\"x\":\"A\"}]}", "of an element");
	is(value_of(d, 4, 0), "unknown", "not of the event");
	is(value_of(d, 5, 4), "\"late\"", "behind others");
	is(value_of(d, 6, 0), "unknown", "one that is of no number");
	ev_canonical(d, 0, NULL, 0, &made.name);
	is(ev_buf_str(&made.name), "{\"a\":{\"b\":[1,{\"c\":\"x\"}],\"d\":null},\"e\":\"y\"}",
	   "the event itself is as it was");
	ev_buf_reset(&made.name);
	ok(d->shape == EV_NO_SHAPE, "containers leave no shape");

	v = ev_computed_find(d, 4, 3);
	is_int(d->nodes[ev_member(d, v->node, "a", 1) - 1].count, symbol,
	       "names have the document's symbols");
	path = ev_path_parse("$item.n[1].x", &err);
	path->computed = 4;
	ok(ev_kind(d, ev_path_get(path, d, 3)) == EV_STRING, "a path goes on in the value");
	ok(ev_path_get(path, d, 0) == EV_NOWHERE, "and leads nowhere where there is none");
	ev_path_free(&path);
	path = ev_path_parse(".n", &err);
	path->computed = 3;
	ok(!ev_path_is_open(path, d, 0, NULL, NULL), "one through a value that failed is refused");
	path->computed = 2;
	ok(ev_path_is_open(path, d, 0, NULL, NULL), "through one that is not there it is not");
	ev_path_free(&path);
}

/* The shape that is left to a document with one value, or none with a reason. */
static uint32_t shape_with(const char *json, const char *why)
{
	const struct ev_doc *d = record("{\"s\":1}");

	ev_computing_begin(&made, d);
	if (json != NULL)
		ev_computing_json(&made, 1, 0, json, strlen(json));
	else
		ev_computing_none(&made, 1, 0, why);
	return ev_computing_end(&made)->shape;
}

static void check_shapes(void)
{
	static const struct {
		const char *json, *why, *what;
	} others[] = {{"\"7\"", NULL, "a text"}, {"null", NULL, "null"},
		      {NULL, NULL, "none"},	 {NULL, "failed", "one that failed"},
		      {"true", NULL, "true"},	 {"false", NULL, "false"}};
	enum { n_others = sizeof others / sizeof others[0] };
	uint32_t shape = EV_NO_SHAPE, had[n_others];

	for (int i = 0; i < 5 && shape == EV_NO_SHAPE; i++)
		shape = shape_with("1.5", NULL);
	ok(shape != EV_NO_SHAPE, "a value of the kind that the shape began with keeps it");
	is_int(shape_with("7", NULL), shape, "whatever its digits");
	for (size_t i = 0; i < n_others; i++) {
		had[i] = shape_with(others[i].json, others[i].why);
		ok(had[i] != EV_NO_SHAPE && had[i] != shape && (i == 0 || had[i] != had[i - 1]),
		   "%s has a shape of its own", others[i].what);
	}
	for (size_t i = 0; i < n_others; i++)
		is_int(shape_with(others[i].json, others[i].why), had[i], "%s", others[i].what);
	is_int(shape_with("[1]", NULL), EV_NO_SHAPE, "a list has none");
	is_int(shape_with("8", NULL), shape, "and the next is as the first");
}

/* Values that are the document's own. */
static void check_places(void)
{
	uint32_t shapes[40];
	int with = 0, different = 0;

	for (int turn = 0; turn < 3; turn++)
		for (uint32_t i = 0; i < 40; i++) {
			struct ev_buf text = {0};
			const struct ev_doc *d;
			uint32_t list;

			ev_buf_puts(&text, "{\"l\":[0");
			for (int k = 1; k < 40; k++)
				ev_buf_printf(&text, ",%d", k);
			ev_buf_puts(&text, "]}");
			d = record(ev_buf_str(&text));
			ev_buf_free(&text);
			list = ev_member(d, 0, "l", 1);
			ev_computing_begin(&made, d);
			ev_computing_node(&made, 1, 0, list + 1 + i);
			d = ev_computing_end(&made);
			if (turn == 2) {
				with += d->shape != EV_NO_SHAPE;
				different += d->shape != EV_NO_SHAPE && d->shape != shapes[i];
			}
			shapes[i] = d->shape;
			if (i == 39)
				is_int(ev_computed_find(d, 1, 0)->node, list + 40, "in its place");
		}
	is_int(with, 32, "so many places in documents of one shape have one of their own");
	is_int(different, 0, "always the same");
	for (int i = 0; i < 3; i++) {
		const struct ev_doc *d = record("{\"l\":[1,{\"a\":2}]}");

		ev_computing_begin(&made, d);
		ev_computing_node(&made, 1, 0, ev_member(d, 0, "l", 1));
		d = ev_computing_end(&made);
		is(value_of(d, 1, 0), "[1,{\"a\":2}]", "a list of the document");
		shapes[i] = d->shape;
	}
	ok(shapes[2] != EV_NO_SHAPE, "which has a shape");
}

/* A filter takes what is neither null nor false. */
static void check_filters(void)
{
	static const char *const values[] = {"true", "0", "\"\"", "false", "null", NULL};
	struct ev_path filter = {.computed = 1};

	for (int i = 0; i < 5; i++) {
		const struct ev_doc *d = record("{\"a\":[1,2]}");
		uint32_t list = ev_member(d, 0, "a", 1), second = ev_element(d, list, 1);

		ev_computing_begin(&made, d);
		ev_computing_json(&made, 1, 0, values[i], strlen(values[i]));
		ev_computing_none(&made, 2, second - 1, NULL);
		ev_computing_json(&made, 2, second, values[i], strlen(values[i]));
		d = ev_computing_end(&made);
		filter.root = EV_ROOT_EVENT;
		filter.computed = 1;
		is_int(ev_path_takes(&filter, d, 0), i < 3, "%s", values[i]);
		is_int(ev_path_takes(&filter, d, second), i < 3, "and for an element");
		filter.root = EV_ROOT_ITEM;
		filter.computed = 2;
		is_int(ev_path_takes(&filter, d, second), i < 3, "of an element");
		is_int(ev_path_takes(&filter, d, second - 1), 0, "of one without a value");
		is_int(ev_path_takes(&filter, d, 0), i < 3, "of one of the elements");
		filter.computed = 3;
		is_int(ev_path_takes(&filter, d, 0), 0, "of no element");
	}
}

int main(void)
{
	scan = ev_scan_new();
	ev_computing_init(&made, scan);
	check_values();
	check_shapes();
	check_places();
	check_filters();
	ev_computing_free(&made);
	ev_scan_free(&scan);
	return done();
}
