/*
 * micro: the inner loops of evkit, in memory.
 *
 *     micro [-s] MODEL FILE
 *
 * FILE has events as tests/bench/events writes them; MODEL is that of examples/checkout. -s offers
 * the scanner alone. sample.h says how it is asked.
 */
#include "sample.h"

#include "base/hash.h"
#include "base/time.h"
#include "io/out.h"
#include "model/model.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "scan/index.h"
#include "schema/schema.h"
#include "warehouse/target.h"
#include "json/canon.h"
#include "json/pick.h"
#include "json/view.h"

#include <unistd.h>

enum { MAX_WAYS = 8, MAX_WORKS = 2 * MAX_WAYS + 8, SIX = 6, RUN = 32 * 1024 };

struct works {
	struct sample_work list[MAX_WORKS];
	size_t n;
};

/* Texts out of the sample, one behind the other. */
struct texts {
	struct ev_buf all;
	size_t *len;
	size_t n, cap;
};

struct bench {
	struct sample sample;
	struct ev_scan *scan;
	struct ev_index index;
	struct ev_picks *six; /* what scan_six finds */
	uint32_t slots[SIX];
	struct ev_model *model;
	struct ev_schema_set *schemas;
	const struct ev_schema **schema; /* one a type of the model */
	struct ev_buf out;
	struct texts strings, times, ids, numbers;
	struct ev_out *null;
	struct ev_target *tsv;
	struct ev_table table;
};

/* ---- the scanner ----------------------------------------------------------- */

/* The end of the lines that are indexed together, as the programs take them. */
static const char *run_end(const char *p, const char *end)
{
	return end - p > RUN ? (const char *)memrchr(p, '\n', RUN) + 1 : end;
}

/* Calls fn with each line that is right, checked whole; adds up what it returns. */
static uint64_t each_document(struct bench *b,
			      uint64_t (*fn)(struct bench *b, const struct ev_doc *d))
{
	const char *p = b->sample.p, *end = b->sample.p + b->sample.len;
	uint64_t sum = 0;

	while (p < end) {
		const char *next = run_end(p, end);

		ev_index_lines(&b->index, p, (size_t)(next - p));
		for (size_t i = 0; i < b->index.n_lines; i++) {
			struct ev_flaw flaw;
			const struct ev_doc *d =
				ev_scan_line(b->scan, &b->index, i, b->index.lines[i].len, &flaw);

			if (d != NULL && d->duplicate == EV_NOWHERE)
				sum += fn(b, d);
		}
		p = next;
	}
	return sum;
}

/* The six members of the envelope found. */
static uint64_t scan_six(struct bench *b, const struct ev_doc *d)
{
	uint64_t sum = 0;

	ev_picks_find(b->six, d, 0);
	for (size_t i = 0; i < SIX; i++) {
		uint32_t at = b->six->at[b->slots[i]];

		if (at != EV_NOWHERE)
			sum += d->nodes[at].end;
	}
	return sum;
}

static uint64_t scan_only(struct bench *b, const struct ev_doc *d)
{
	(void)b;
	return d->n;
}

static uint64_t index_only_pass(void *ctx)
{
	struct bench *b = ctx;
	const char *p = b->sample.p, *end = b->sample.p + b->sample.len;
	uint64_t sum = 0;

	while (p < end) {
		const char *next = run_end(p, end);

		ev_index_lines(&b->index, p, (size_t)(next - p));
		sum += b->index.n_lines;
		p = next;
	}
	return sum;
}

/* ---- on top of the scan ---------------------------------------------------- */

static uint64_t schema(struct bench *b, const struct ev_doc *d)
{
	uint32_t type = ev_path_get(b->model->type, d, 0);

	for (size_t i = 0; type != EV_NOWHERE && i < b->model->n_types; i++) {
		const char *name = b->model->types[i].name;

		if (ev_string_is(d, type, name, strlen(name)))
			return ev_schema_valid(b->schema[i], d, 0, EV_NOWHERE);
	}
	return 0;
}

static uint64_t digest(struct bench *b, const struct ev_doc *d)
{
	ev_buf_reset(&b->out);
	ev_canonical(d, 0, NULL, 0, &b->out);
	return ev_hash128(b->out.p, b->out.len, 1).lo;
}

/* ---- forms ----------------------------------------------------------------- */

static uint64_t each(const struct texts *t, struct bench *b,
		     uint64_t (*fn)(struct bench *b, const char *p, size_t len))
{
	const char *p = t->all.p;
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i++) {
		sum += fn(b, p, t->len[i]);
		p += t->len[i];
	}
	return sum;
}

static uint64_t json_escape(struct bench *b, const char *p, size_t len)
{
	ev_buf_reset(&b->out);
	ev_json_escape(p, len, &b->out);
	return b->out.len;
}

static uint64_t tsv_row(struct bench *b, const char *p, size_t len)
{
	struct ev_cell cell = {.p = p, .len = len};
	struct ev_row row = {.table = &b->table, .cells = &cell}, there;
	struct ev_error err;

	return b->tsv->ops->insert(b->tsv, &row, &there, &err) == EV_OK;
}

static uint64_t time_form(struct bench *b, const char *p, size_t len)
{
	char text[EV_TIME_TEXT];
	struct ev_time t;

	(void)b;
	if (ev_time_parse(p, len, &t) != EV_TIME_ZONED)
		return 0;
	ev_time_format(t, text);
	return (uint8_t)text[EV_TIME_TEXT - 2];
}

static uint64_t uuid_form(struct bench *b, const char *p, size_t len)
{
	char text[EV_UUID_TEXT];

	(void)b;
	return ev_uuid_canonical(p, len, text) ? (uint8_t)text[0] : 0;
}

static uint64_t compare(struct bench *b, const char *p, size_t len)
{
	(void)b;
	return (uint64_t)(ev_number_compare(p, len, "100.00", 6) > 0);
}

/* ---- passes ---------------------------------------------------------------- */

#define OVER_DOCUMENTS(fn)                     \
	static uint64_t fn##_pass(void *ctx)   \
	{                                      \
		return each_document(ctx, fn); \
	}
#define OVER_TEXTS(fn, texts)                  \
	static uint64_t fn##_pass(void *ctx)   \
	{                                      \
		struct bench *b = ctx;         \
                                               \
		return each(&b->texts, b, fn); \
	}

OVER_DOCUMENTS(scan_six)
OVER_DOCUMENTS(scan_only)
OVER_DOCUMENTS(schema)
OVER_DOCUMENTS(digest)
OVER_TEXTS(json_escape, strings)
OVER_TEXTS(tsv_row, strings)
OVER_TEXTS(time_form, times)
OVER_TEXTS(uuid_form, ids)
OVER_TEXTS(compare, numbers)

static void keep(struct texts *t, const char *p, size_t len)
{
	if (t->n == t->cap) {
		t->cap = t->cap > 0 ? 2 * t->cap : 1024;
		t->len = ev_realloc_array(t->len, t->cap, sizeof *t->len);
	}
	t->len[t->n++] = len;
	ev_buf_put(&t->all, p, len);
}

/* Takes the texts of a line out, by their form. */
static uint64_t collect(struct bench *b, const struct ev_doc *d)
{
	char id[EV_UUID_TEXT];
	struct ev_time t;

	for (uint32_t i = 0; i < d->n; i++) {
		const char *s = d->text + d->nodes[i].pos;
		size_t n = d->nodes[i].end - d->nodes[i].pos;

		if (ev_kind(d, i) == EV_NUMBER)
			keep(&b->numbers, s, n);
		if (ev_kind(d, i) != EV_STRING)
			continue;
		s = ev_string(d, i, &b->out, &n);
		keep(&b->strings, s, n);
		if (ev_time_parse(s, n, &t) == EV_TIME_ZONED)
			keep(&b->times, s, n);
		if (ev_uuid_canonical(s, n, id))
			keep(&b->ids, s, n);
	}
	return 0;
}

static void texts_free(struct texts *t)
{
	ev_buf_free(&t->all);
	free(t->len);
}

static _Noreturn void die(const struct ev_error *err)
{
	fprintf(stderr, "micro: %s\n", err->text);
	exit(2);
}

static void offer(struct works *w, const char *name, const char *way, size_t bytes, size_t values,
		  uint64_t (*pass)(void *))
{
	struct sample_work *work = &w->list[w->n++];

	snprintf(work->name, sizeof work->name, "%s%s%s", name, *way != '\0' ? " " : "", way);
	work->pass = pass;
	work->bytes = bytes;
	work->values = values;
}

static void offer_scanner(struct works *w, const struct sample *s)
{
	for (unsigned i = 0; ev_index_implementation(i) != NULL && i < MAX_WAYS; i++) {
		offer(w, "scan+6", ev_index_implementation(i), s->len, s->lines, scan_six_pass);
		offer(w, "index", ev_index_implementation(i), s->len, s->lines, index_only_pass);
		for (size_t k = w->n - 2; k < w->n; k++) {
			w->list[k].use = ev_index_use;
			w->list[k].way = i;
		}
	}
}

static void offer_rest(struct works *w, const struct bench *b)
{
	const struct sample *s = &b->sample;
	size_t first = w->n;

	offer(w, "schema", "", s->len, s->lines, schema_pass);
	offer(w, "digest", "", s->len, s->lines, digest_pass);
	w->list[first].less = w->list[first + 1].less = scan_only_pass;
	offer(w, "time", "", b->times.all.len, b->times.n, time_form_pass);
	offer(w, "uuid", "", b->ids.all.len, b->ids.n, uuid_form_pass);
	offer(w, "decimal", "", b->numbers.all.len, b->numbers.n, compare_pass);
	offer(w, "json-escape", "", b->strings.all.len, b->strings.n, json_escape_pass);
	offer(w, "tsv-escape", "", b->strings.all.len, b->strings.n, tsv_row_pass);
	/* the way that programs go */
	for (size_t k = first; k < w->n; k++)
		w->list[k].use = ev_index_use;
}

/* The paths need not outlive the slots. */
static void open_six(struct bench *b)
{
	static const char *const names[SIX] = {".event_id", ".event_type", ".event_timestamp",
					       ".user_id",  ".related_id", ".version"};
	struct ev_error err;

	b->six = ev_picks_new(b->scan);
	for (size_t i = 0; i < SIX; i++) {
		struct ev_path *path = ev_path_parse(names[i], &err);

		if (path == NULL)
			die(&err);
		b->slots[i] = ev_picks_add(b->six, path);
		ev_path_free(&path);
	}
}

static void open_rest(struct bench *b, const char *model)
{
	struct ev_error err;

	if ((b->model = ev_model_read(model, &err)) == NULL)
		die(&err);
	b->schemas = ev_schema_set_new(b->model->root);
	ev_schema_set_symbols(b->schemas, ev_scan_symbols(b->scan));
	b->schema = ev_calloc(b->model->n_types, sizeof(struct ev_schema *));
	for (size_t i = 0; i < b->model->n_types; i++) {
		b->schema[i] = ev_schema_file(b->schemas, b->model->types[i].put.file, &err);
		if (b->schema[i] == NULL)
			die(&err);
	}
	each_document(b, collect);
	b->table = (struct ev_table){.name = "t", .n = 1, .n_keys = 1};
	if ((b->null = ev_out_file("/dev/null", &err)) == NULL)
		die(&err);
	b->tsv = ev_tsv_table(b->null, "t", EV_TSV_PGTEXT);
}

static void close_rest(struct bench *b)
{
	b->tsv->ops->free(b->tsv);
	ev_out_discard(&b->null);
	texts_free(&b->strings);
	texts_free(&b->times);
	texts_free(&b->ids);
	texts_free(&b->numbers);
	free(b->schema);
	ev_schema_set_free(&b->schemas);
	ev_model_free(&b->model);
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	struct works w = {0};
	int option, alone = 0;

	while ((option = getopt(argc, argv, "s")) == 's')
		alone = 1;
	if (option != -1 || argc - optind != 2) {
		fputs("usage: micro [-s] MODEL FILE\n", stderr);
		return 2;
	}
	b.sample = sample_read(argv[optind + 1]);
	b.scan = ev_scan_new();
	open_six(&b);
	offer_scanner(&w, &b.sample);
	if (!alone) {
		open_rest(&b, argv[optind]);
		offer_rest(&w, &b);
	}
	sample_serve(w.list, w.n, &b);
	if (!alone)
		close_rest(&b);
	ev_picks_free(&b.six);
	ev_scan_free(&b.scan);
	ev_index_free(&b.index);
	ev_buf_free(&b.out);
	free(b.sample.p);
	return 0;
}
