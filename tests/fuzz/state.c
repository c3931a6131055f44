/*
 * States of evvalidate that come from outside: real ones of random batches, changed as JSON and
 * given the checksum that is theirs. Each must be refused with the one message, or merge to a
 * result that is JSON, whose counts fit each other, that does not depend on the order of the states
 * and that comes again from the state that was written of it.
 *
 *     tests/fuzz/state -c FILE
 *
 * prints the lines of FILE, and the last line that a state of them has.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "validate/validate.h"
#include "validate/verdict.h"
#include "io/in.h"
#include "io/out.h"
#include "record/position.h"
#include "number/decimal.h"
#include "scan/scan.h"
#include "json/view.h"

#include "fuzz.h"

enum { A_PAIR = 40, MOST_LINES = 4000, ONE_TAKES = 60 /* seconds at most */ };

static const char *const expectations[] = {
	"expect_column_values_to_be_between: {column: n, min_value: 0, max_value: 5, mostly: 0.5}",
	"expect_column_values_to_be_between: {column: \"items[].p\", min_value: 1.5}",
	"expect_column_values_to_be_between: {column: time, max_value: \"2026-03-01T11:00:00Z\"}",
	"expect_column_values_to_be_in_set: {column: s, value_set: [a, b, 1], mostly: 0.9}",
	"expect_column_values_to_not_be_in_set: {column: n, value_set: [1, 2]}",
	"expect_column_values_to_be_null: {column: x}",
	"expect_column_values_to_not_be_null: {column: x, mostly: 0.2}",
	"expect_column_values_to_be_of_type: {column: n, type_: integer}",
	"expect_column_values_to_match_regex: {column: s, regex: ^a, row_condition: .n * 2 > 2}",
	"expect_column_values_to_match_like_pattern: {column: s, like_pattern: \"a%\"}",
	"expect_column_value_lengths_to_be_between: {column: s, max_value: 3}",
	"expect_column_pair_values_a_to_be_greater_than_b: {column_A: n, column_B: x}",
	("expect_column_pair_values_to_be_in_set: {column_A: type, column_B: s, value_pairs_set: "
	 "[[A, a], [B, null]], ignore_row_if: neither}"),
	"expect_multicolumn_sum_to_equal: {column_list: [n, x], sum_total: 3, mostly: 0.1}",
	"expect_select_column_values_to_be_unique_within_record: {column_list: [n, x, s]}",
	"expect_column_values_to_be_increasing: {column: n}",
	"expect_column_values_to_be_increasing: {column: time, strictly: true, mostly: 0.5}",
	"expect_column_values_to_be_decreasing: {column: s}",
	"expect_column_values_to_be_unique: {column: id, mostly: 0.6}",
	"expect_column_values_to_be_unique: {column: \"items[].p\"}",
	"expect_compound_columns_to_be_unique: {column_list: [type, s]}",
	"expect_table_row_count_to_be_between: {min_value: 5, max_value: 30}",
	"expect_table_row_count_to_equal: {value: 2, row_condition: .type == \"B\"}",
	"expect_table_column_count_to_be_between: {min_value: 1, max_value: 7}",
	"expect_column_to_exist: {column: x, column_index: 5}",
	"expect_column_to_exist: {column: \"items[].p\"}",
	"expect_table_columns_to_match_set: {column_set: [id, type, time, gone]}",
	"expect_table_columns_to_match_ordered_list: {column_list: [id, type, time, n, s, x, items]}",
	"expect_column_min_to_be_between: {column: n, min_value: -3, strict_min: true}",
	"expect_column_max_to_be_between: {column: s, max_value: z}",
	"expect_column_max_to_be_between: {column: time, min_value: \"2026-03-01\"}",
	"expect_column_sum_to_be_between: {column: n, min_value: 10, max_value: 1024}",
	"expect_column_mean_to_be_between: {column: n, min_value: 2.5, max_value: 2.5}",
	"expect_column_stdev_to_be_between: {column: n, max_value: 1.29099444873580562839}",
	"expect_column_proportion_of_non_null_values_to_be_between: {column: x, min_value: 0.8}",
	"expect_column_distinct_values_to_be_in_set: {column: s, value_set: [a, b]}",
	"expect_column_distinct_values_to_equal_set: {column: n, value_set: [1, 2, 3]}",
	("expect_column_kl_divergence_to_be_less_than: {column: s, partition_object: {values: [a, b], "
	 "weights: [0.75, 0.25]}, threshold: 0}"),
	("expect_column_kl_divergence_to_be_less_than: {column: n, partition_object: {bins: [0, 2, 4], "
	 "weights: [0.5, 0.5]}, threshold: 0.1}"),
	("expect_column_chisquare_test_p_value_to_be_greater_than: {column: s, partition_object: "
	 "{values: [a, b], weights: [0.5, 0.5]}, p: 0.05}"),
	"expect_column_unique_value_count_to_be_between: {column: s, min_value: 2, max_value: 4}",
	"expect_column_unique_value_count_to_be_between: {column: \"many[]\", max_value: 17000}",
	"expect_column_proportion_of_unique_values_to_be_between: {column: \"many[]\", min_value: 0.8}",
	"expect_column_most_common_value_to_be_in_set: {column: s, value_set: [a, b]}",
	("expect_column_most_common_value_to_be_in_set: {column: \"many[]\", value_set: [1], ties_okay: "
	 "true}"),
	"expect_column_median_to_be_between: {column: n, min_value: 2.5, max_value: 2.5}",
	"expect_column_median_to_be_between: {column: \"many[]\", min_value: 2.5}",
	("expect_column_quantile_values_to_be_between: {column: n, quantile_ranges: {quantiles: "
	 "[0, 0.5, 1], value_ranges: [[-3, -3], [null, 6], [1000, null]]}}"),
};

enum { N_EXPECTATIONS = sizeof expectations / sizeof *expectations };

static struct {
	uint64_t states, merged, wrong;
} total;

static uint64_t number; /* of the state at hand */
static char folder[2048];

static void trouble(const char *fmt, ...) EV_PRINTF(1, 2);

static void trouble(const char *fmt, ...)
{
	char what[512];
	va_list ap;

	if (total.wrong++ >= 10)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	printf("# state %llu: %s\n", (unsigned long long)number, what);
	fflush(stdout);
}

/* Files, none of which need outlive the machine: waiting for its disk is left out. */

int fsync(int fd)
{
	(void)fd;
	return 0;
}

static const char *path(const char *name)
{
	static char paths[4][2100];
	static size_t n;
	char *p = paths[n++ % 4];

	snprintf(p, sizeof paths[0], "%s/%s", folder, name);
	return p;
}

static void save(const char *name, const struct ev_buf *text)
{
	FILE *f = fopen(path(name), "wb");

	if (f == NULL || fwrite(text->p, 1, text->len, f) != text->len || fclose(f) != 0)
		abort();
}

static void load(const char *name, struct ev_buf *out)
{
	size_t len;
	char *p = read_file(path(name), &len);

	if (p == NULL)
		abort();
	ev_buf_reset(out);
	ev_buf_put(out, p, len);
	ev_buf_str(out);
	free(p);
}

static bool same(const struct ev_buf *a, const struct ev_buf *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

/* Random batches */

static struct ev_model *random_model(void)
{
	struct ev_buf text = {0};
	struct ev_model *m;
	struct ev_error err;

	ev_buf_puts(&text,
		    "evkit: 1\nname: shop\nevent: {id: .id, type: .type, time: .time, order: "
		    "arrival}\nrules:\n"
		    "  - {name: small, jq: \".n < 4\", severity: warning, explain: Why not.}\n"
		    "  - {name: no c, jq: '.s != \"c\"'}\nexpectations:\n");
	for (size_t n = 1 + random_below(8); n > 0; n--)
		ev_buf_printf(&text, "  - %s\n", PICK(expectations));
	save("evkit.yaml", &text);
	m = ev_model_read(path("evkit.yaml"), &err);
	if (m == NULL) {
		diag("%s", err.text);
		abort();
	}
	ev_buf_free(&text);
	return m;
}

static void put_many(struct ev_buf *b)
{
	size_t n = chance(3) ? 20000 : chance(3) ? count_at_bound() : random_below(50);

	ev_buf_puts(b, ",\"many\":[1");
	for (size_t i = 0; i < n; i++)
		ev_buf_printf(b, ",%zu", i % 18000 + random_below(3));
	ev_buf_putc(b, ']');
}

/* types: how many there are. */
static void random_record(struct ev_buf *b, bool many, size_t types)
{
	static const char *const numbers[] = {
		"0", "1",     "1.0",  "2",     "3",   "-2.5",
		"4", "1e300", "null", "\"1\"", "0.1", "123456789012345678901234567890123456789"};
	static const char *const texts[] = {"\"a\"", "\"b\"",	    "\"c\"", "\"\\u00e9\\n\"",
					    "null",  "\"abcdef\"",  "1",     "[\"x\",2]",
					    "\"d\"", "{\"k\":true}"};

	ev_buf_printf(b,
		      "{\"id\":\"%zu\",\"type\":\"T%zu\",\"time\":\"2026-03-0%zuT1%zu:00:0%zu.5Z\"",
		      random_below(40), random_below(types), chance(30) ? 0 : 1 + random_below(3),
		      random_below(3), random_below(10));
	if (!chance(8))
		ev_buf_printf(b, ",\"n\":%s", chance(9) ? PICK(numbers) : "3");
	if (!chance(8) && !chance(20))
		ev_buf_printf(b, ",\"s\":%s", PICK(texts));
	else if (chance(3))
		ev_buf_printf(b, ",\"s\":\"%0*d\"", (int)random_below(300), 7);
	if (!chance(4))
		ev_buf_printf(b, ",\"x\":%s", PICK(numbers));
	ev_buf_puts(b, ",\"items\":[");
	for (size_t i = 0, n = chance(100) ? count_at_bound() : random_below(4); i < n; i++)
		ev_buf_printf(b, "%s{\"p\":%s}", i > 0 ? "," : "", PICK(numbers));
	ev_buf_putc(b, ']');
	if (many && chance(10))
		put_many(b);
	if (chance(30))
		ev_buf_putc(b, ',');
	ev_buf_putc(b, '}');
}

/* The names of a verdict's files: of what is written, state.NAME and result.NAME. */
static struct ev_verdict *open_verdict(const struct ev_model *m, const char *name)
{
	char state[2100], result[2100];
	struct ev_verdict_options o = {
		.result = result, .state = state, .spill = {1 << 20, folder}};
	struct ev_verdict *v;
	struct ev_error err;

	snprintf(state, sizeof state, "%s/state.%s", folder, name);
	snprintf(result, sizeof result, "%s/result.%s", folder, name);
	if (ev_verdict_open(m, &o, &v, &err) != EV_OK) {
		diag("%s", err.text);
		abort();
	}
	return v;
}

static void must(enum ev_status st, const struct ev_error *err)
{
	if (st != EV_FATAL)
		return;
	diag("state %llu: %s", (unsigned long long)number, err->text);
	abort();
}

/* Judges a random batch, whose files are NAME's. */
static void make_batch(const struct ev_model *m, const char *name)
{
	struct ev_error err;
	FILE *null = fopen("/dev/null", "w");
	struct ev_port port = {.out = null != NULL ? ev_out_fd(fileno(null), "null") : NULL,
			       .rejects = ev_rejects_new("evvalidate", "/dev/null", &err)};
	struct ev_verdict *verdict = open_verdict(m, name);
	struct ev_validate *v = ev_validate_open(m, &port, &err);
	struct ev_outs files = {0};
	struct ev_verdict_counts c = {0};
	struct ev_buf text = {0};
	size_t types = chance(6) ? 1 + count_at_bound() : 3, n;
	bool many = chance(12), approved = true;

	if (null == NULL || port.rejects == NULL || v == NULL)
		abort();
	ev_validate_for(v, verdict);
	n = chance(10) ? 0 : chance(6) ? count_at_bound() : random_below(chance(4) ? 120 : 30);
	for (; n > 0; n--) {
		struct ev_record rec = {.source = chance(9) ? "b\xff" : name,
					.line = c.in + 1,
					.offset = c.in * 100};

		ev_buf_reset(&text);
		random_record(&text, many, types);
		memset(ev_buf_room(&text, EV_IN_SLACK), 0, EV_IN_SLACK);
		rec.p = text.p;
		rec.len = text.len;
		c.in++;
		must(ev_validate_step(v, &rec, &err), &err);
	}
	c.out = *ev_validate_counts(v)[0].value;
	c.warning = *ev_validate_counts(v)[1].value;
	c.rejected = ev_rejects_count(port.rejects);
	ev_validate_presence(v);
	must(ev_verdict_write(verdict, chance(4) ? NULL : name, &c, &approved, &files, &err), &err);
	must(ev_outs_commit(&files, &err), &err);
	ev_outs_free(&files);
	ev_buf_free(&text);
	ev_validate_free(&v);
	ev_verdict_free(&verdict);
	ev_rejects_free(&port.rejects);
	ev_out_discard(&port.out);
	fclose(null);
}

/* Merges states, as evvalidate --merge does, into NAME's. False if they are refused. */
static bool merge(const struct ev_model *m, const char *const *files, size_t n, const char *name)
{
	struct ev_verdict *v = open_verdict(m, name);
	const struct ev_verdict_counts *c;
	const char *first, *last;
	struct ev_buf batch = {0};
	struct ev_outs outs = {0};
	struct ev_error err;
	bool good = true, approved = true;

	for (size_t i = 0; i < n && good; i++) {
		const char *file = path(files[i]), *told;

		good = ev_verdict_merge(v, file, &err) == EV_OK;
		if (good)
			continue;
		told = strstr(err.text, "the state is ");
		if (strncmp(err.text, file, strlen(file)) != 0 ||
		    ((told == NULL ||
		      (strcmp(told, "the state is damaged or cut off: make it again") != 0 &&
		       strncmp(told, "the state is of other expectations", 34) != 0)) &&
		     strstr(err.text, ": this is no state that evvalidate") == NULL))
			trouble("it is refused with: %s", err.text);
	}
	if (good) {
		c = ev_verdict_merged(v, &first, &last);
		if (first != NULL)
			ev_buf_printf(&batch, last != NULL ? "%s..%s" : "%s", first, last);
		must(ev_verdict_write(v, first != NULL ? ev_buf_str(&batch) : NULL, c, &approved,
				      &outs, &err),
		     &err);
		must(ev_outs_commit(&outs, &err), &err);
		ev_outs_free(&outs);
	}
	ev_buf_free(&batch);
	ev_verdict_free(&v);
	return good;
}

/* What fits in a result */

static uint32_t at_path(const struct ev_doc *d, uint32_t at, const char *names)
{
	while (at != EV_NOWHERE && *names != '\0') {
		size_t len = strcspn(names, ".");

		at = ev_member(d, at, names, len);
		names += len + (names[len] == '.');
	}
	return at;
}

/* Counts are integers that a double holds. */
static uint64_t count_at(const struct ev_doc *d, uint32_t at, const char *names)
{
	uint64_t v;

	at = at_path(d, at, names);
	if (at == EV_NOWHERE)
		return 0;
	if (!ev_u64_of(d, at, &v) || v > UINT64_C(1) << 53) {
		trouble("%s is no count", names);
		return 0;
	}
	return v;
}

static uint64_t sum_at(const struct ev_doc *d, uint32_t at, const char *list, const char *name)
{
	uint64_t sum = 0;

	at = at_path(d, at, list);
	for (uint32_t i = at != EV_NOWHERE ? at + 1 : 0; at != EV_NOWHERE && i < ev_end(d, at);
	     i = ev_next(d, i))
		sum += count_at(d, i, name);
	return sum;
}

static bool shares_fit(const struct ev_doc *d, uint32_t at)
{
	static const char *const names[] = {"unexpected_percent", "missing_percent",
					    "unexpected_percent_total",
					    "unexpected_percent_nonmissing"};

	for (size_t i = 0; i < 4; i++) {
		uint32_t k = at_path(d, at, names[i]);
		size_t len;
		const char *p;

		if (k == EV_NOWHERE || ev_kind(d, k) == EV_NULL)
			continue;
		p = ev_raw(d, k, &len);
		if (ev_number_compare(p, len, "0", 1) < 0 ||
		    ev_number_compare(p, len, "100", 3) > 0)
			return false;
	}
	return true;
}

static void check_counts(const struct ev_doc *d, uint32_t at)
{
	uint64_t elements = count_at(d, at, "element_count"),
		 missing = count_at(d, at, "missing_count"),
		 unexpected = count_at(d, at, "unexpected_count"),
		 shown = unexpected < 20 ? unexpected : 20;
	uint32_t list = at_path(d, at, "partial_unexpected_list"),
		 index = at_path(d, at, "partial_unexpected_index_list");

	if (missing + unexpected > elements)
		trouble("%llu elements, %llu missing, %llu unexpected",
			(unsigned long long)elements, (unsigned long long)missing,
			(unsigned long long)unexpected);
	if (list == EV_NOWHERE || index == EV_NOWHERE || d->nodes[list].count != shown ||
	    d->nodes[index].count != shown ||
	    sum_at(d, at, "partial_unexpected_counts", "count") != shown)
		trouble("the lists are not of %llu unexpected values", (unsigned long long)shown);
	if (!shares_fit(d, at))
		trouble("a percentage is none");
}

static void check_result(const struct ev_doc *d, uint32_t i, uint64_t out)
{
	const char *p;
	size_t len;
	uint32_t r = at_path(d, i, "result"), observed = at_path(d, r, "observed_value");

	p = ev_raw(d, at_path(d, i, "expectation_config.type"), &len);
	if (at_path(d, r, "element_count") != EV_NOWHERE)
		check_counts(d, r);
	else if (observed == EV_NOWHERE)
		trouble("%.*s has no result", (int)len, p);
	if (strstr(p, "expect_table_row_count") == p + 1 && count_at(d, r, "observed_value") > out)
		trouble("more rows than events");
	if (count_at(d, r, "details.found_in") > count_at(d, r, "details.events"))
		trouble("found in more events than there are");
	if (strstr(p, "_stdev_") != NULL && strstr(p, "_stdev_") < p + len &&
	    ev_kind(d, observed) == EV_NUMBER && d->text[d->nodes[observed].pos] == '-')
		trouble("a negative deviation");
	if (memmem(p, len, "proportion", 10) != NULL && ev_kind(d, observed) == EV_NUMBER) {
		p = ev_raw(d, observed, &len);
		if (ev_number_compare(p, len, "0", 1) < 0 || ev_number_compare(p, len, "1", 1) > 0)
			trouble("a proportion is none");
	}
	p = ev_raw(d, at_path(d, i, "exception_info.exception_message"), &len);
	if (memmem(p, len, "(null)", 6) != NULL)
		trouble("an exception without a cause: %.*s", (int)len, p);
}

static void check_batch(const struct ev_doc *d, uint32_t m)
{
	uint64_t in = count_at(d, m, "counts.in"), out = count_at(d, m, "counts.out"),
		 rejected = count_at(d, m, "counts.rejected"),
		 blank = count_at(d, m, "counts.blank");
	uint32_t causes = at_path(d, m, "causes");

	if (in != out + rejected + blank)
		trouble("%llu came in, %llu went out, %llu were rejected, %llu were blank",
			(unsigned long long)in, (unsigned long long)out,
			(unsigned long long)rejected, (unsigned long long)blank);
	if (sum_at(d, m, "types", "in") != out + rejected ||
	    sum_at(d, m, "types", "rejected") != rejected)
		trouble("the types do not add up");
	if (sum_at(d, m, "timeline.buckets", "in") > in ||
	    sum_at(d, m, "timeline.buckets", "rejected") > rejected)
		trouble("the timeline has more than there is");
	for (uint32_t i = causes + 1; i < ev_end(d, causes); i = ev_next(d, i))
		if (count_at(d, i, "records") > in || count_at(d, i, "records") == 0)
			trouble("a cause of more records than there are, or of none");
}

static void check_whole(const struct ev_buf *result)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf text = {0};
	const struct ev_doc *d;
	struct ev_flaw flaw;
	uint32_t results, all;

	ev_buf_put(&text, result->p, result->len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, text.p, text.len, &flaw);
	if (d == NULL || d->duplicate != EV_NOWHERE) {
		trouble("the result is no JSON: %s", d == NULL ? flaw.what : "a name stands twice");
	} else {
		check_batch(d, at_path(d, 0, "meta.evkit"));
		results = at_path(d, 0, "results");
		all = at_path(d, 0, "meta.evkit.expectations");
		if (d->nodes[results].count != d->nodes[all].count)
			trouble("the results are not as many as the verdicts");
		for (uint32_t i = results + 1; i < ev_end(d, results); i = ev_next(d, i))
			check_result(d, i, count_at(d, 0, "meta.evkit.counts.out"));
	}
	ev_buf_free(&text);
	ev_scan_free(&scan);
}

/* A state as JSON that can be changed */

struct value {
	char open; /* '[' or '{'; else the text is a scalar */
	const char *text;
	size_t len;
	struct value **items; /* of an object name, value, name, value */
	size_t n;
};

static struct ev_arena arena;
static struct value *lines[MOST_LINES], *others[MOST_LINES]; /* of the state, and of another */
static size_t n_lines, n_others;

static struct value *scalar(const char *text)
{
	struct value *v = ev_arena_zalloc(&arena, sizeof *v);

	v->text = text;
	v->len = strlen(text);
	return v;
}

static struct value *container(char open, struct value *const *items, size_t n)
{
	struct value *v = ev_arena_zalloc(&arena, sizeof *v);

	v->open = open;
	v->n = n;
	v->items = ev_arena_zalloc(&arena, (n + 1) * sizeof(struct value *));
	if (n > 0)
		memcpy(v->items, items, n * sizeof(struct value *));
	return v;
}

/* So that nothing comes to stand in itself. */
static struct value *clone(const struct value *v)
{
	struct value *copy;

	if (v->open == '\0')
		copy = ev_arena_zalloc(&arena, sizeof *copy);
	else
		copy = container(v->open, v->items, v->n);
	copy->text = v->text;
	copy->len = v->len;
	for (size_t i = 0; i < v->n; i++)
		copy->items[i] = clone(v->items[i]);
	return copy;
}

static struct value *copy_of(const struct ev_doc *d, uint32_t at)
{
	struct value *v = ev_arena_zalloc(&arena, sizeof *v);
	enum ev_kind kind = ev_kind(d, at);
	const char *p;

	p = ev_raw(d, at, &v->len);
	if (kind < EV_ARRAY) {
		v->text = ev_arena_copy(&arena, p, v->len);
		return v;
	}
	v->open = kind == EV_ARRAY ? '[' : '{';
	v->items = ev_arena_zalloc(&arena,
				   (2 * (size_t)d->nodes[at].count + 1) * sizeof(struct value *));
	for (uint32_t i = ev_first(d, at); i < ev_end(d, at);) {
		v->items[v->n++] = copy_of(d, i);
		if (kind == EV_OBJECT) {
			v->items[v->n++] = copy_of(d, i + 1);
			i = ev_next(d, i + 1);
		} else {
			i = ev_next(d, i);
		}
	}
	return v;
}

/* All lines but the last, which has the checksum. */
static size_t read_state(const char *name, struct value **out)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf text = {0};
	size_t n = 0;

	load(name, &text);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	for (char *p = text.p, *end;
	     n < MOST_LINES && (end = strchr(p, '\n')) != NULL && end[1] != '\0'; p = end + 1) {
		struct ev_flaw flaw;
		const struct ev_doc *d = ev_scan(scan, p, (size_t)(end - p), &flaw);

		if (d == NULL)
			abort();
		out[n++] = copy_of(d, 0);
	}
	ev_buf_free(&text);
	ev_scan_free(&scan);
	if (n == 0)
		abort();
	return n;
}

static void render(const struct value *v, struct ev_buf *out)
{
	if (v->open == '\0') {
		ev_buf_put(out, v->text, v->len);
		return;
	}
	ev_buf_putc(out, v->open);
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			ev_buf_putc(out, v->open == '{' && i % 2 == 1 ? ':' : ',');
		render(v->items[i], out);
	}
	ev_buf_putc(out, v->open == '{' ? '}' : ']');
}

static void put_end(struct ev_buf *text, size_t n)
{
	char hex[33];

	ev_hash128_hex(ev_hash128(ev_buf_str(text), text->len, 0), hex);
	ev_buf_printf(text, "{\"end\":%zu,\"digest\":\"%s\"}\n", n, hex);
}

static void write_state(const char *name)
{
	struct ev_buf text = {0};

	for (size_t i = 0; i < n_lines; i++) {
		render(lines[i], &text);
		ev_buf_putc(&text, '\n');
	}
	put_end(&text, n_lines);
	save(name, &text);
	ev_buf_free(&text);
}

static int complete(const char *file)
{
	struct ev_buf text = {0};
	size_t len, n = 0;
	char *p = read_file(file, &len);

	if (p == NULL)
		return 2;
	for (size_t i = 0; i < len; i++)
		n += p[i] == '\n';
	ev_buf_put(&text, p, len);
	put_end(&text, n);
	fwrite(text.p, 1, text.len, stdout);
	ev_buf_free(&text);
	free(p);
	return 0;
}

/* Changing it */

struct place {
	struct value *in;
	size_t i;
};

static size_t count_values(const struct value *v)
{
	size_t n = v->n;

	for (size_t i = 0; i < v->n; i++)
		n += count_values(v->items[i]);
	return n;
}

static struct place nth_value(struct value *v, size_t *n)
{
	for (size_t i = 0; i < v->n; i++) {
		struct place p;

		if ((*n)-- == 0)
			return (struct place){v, i};
		p = nth_value(v->items[i], n);
		if (p.in != NULL)
			return p;
	}
	return (struct place){NULL, 0};
}

/* Any value in the lines, names among them; in is NULL where a line has none. */
static struct place any_place(struct value **in, size_t n)
{
	struct value *line = n > 0 ? in[random_below(n)] : NULL;
	size_t values = line != NULL ? count_values(line) : 0, k;

	if (values == 0)
		return (struct place){NULL, 0};
	k = random_below(values);
	return nth_value(line, &k);
}

static bool is_name(struct place p)
{
	return p.in->open == '{' && p.i % 2 == 0;
}

static bool is_number(const struct value *v)
{
	return v->open == '\0' && (v->text[0] == '-' || (v->text[0] >= '0' && v->text[0] <= '9'));
}

static bool is_string(const struct value *v)
{
	return v->open == '\0' && v->text[0] == '"';
}

static struct value *of_u64(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	return scalar(ev_arena_copy(&arena, text, strlen(text)));
}

static struct value *plus(const struct value *v, uint64_t n)
{
	return of_u64(strtoull(v->text, NULL, 10) + n);
}

static struct value *other_number(const struct value *v)
{
	static const char *const hostile[] = {"0",
					      "1",
					      "2",
					      "-1",
					      "-0",
					      "0.5",
					      "1.0",
					      "1e0",
					      "1e400",
					      "-1e400",
					      "1e-400",
					      "1e1199",
					      "9e99999999999999999999",
					      "21",
					      "52",
					      "262016",
					      "262143",
					      "999999999",
					      "9007199254740991",
					      "9007199254740992",
					      "9007199254740993",
					      "4611686018427387904",
					      "9223372036854775807",
					      "9223372036854775808",
					      "18446744073709551615",
					      "18446744073709551616"};
	if (!is_number(v) || chance(2))
		return scalar(PICK(hostile));
	return plus(v, chance(2) ? 1 : UINT64_MAX);
}

static struct value *other_string(const struct value *v)
{
	static const char *const strings[] = {"\"\"",
					      "\"\\u0000\"",
					      "\"a\\u0000b\"",
					      "\"\\ud83d\\ude00\"",
					      "\"}\"",
					      "\"null\"",
					      "\"critical\"",
					      "\"nan\"",
					      "\"0\"",
					      "\"-1\"",
					      "\"1e400\"",
					      "\"9999999999999999999999\"",
					      "\"253402300800\"",
					      "\"-62135596801\"",
					      "\"2026-03-01T10:00:00Z\"",
					      "\"[1\"",
					      "\"\\n\"",
					      "\"\\\"\"",
					      "\"=*=\""};
	struct value *w = ev_arena_zalloc(&arena, sizeof *w);
	struct ev_buf b = {0};
	size_t cut;

	switch (random_below(4)) {
	case 0: return scalar(PICK(strings));
	case 1: /* lengthened */
		ev_buf_putc(&b, '"');
		for (size_t n = chance(4) ? 40000 : 1 + random_below(600); n > 0; n--)
			ev_buf_putc(&b, "f0"[n % 2]);
		ev_buf_putc(&b, '"');
		break;
	case 2: /* cut */
		cut = is_string(v) && v->len > 2 ? random_below(v->len - 2) : 0;
		ev_buf_putc(&b, '"');
		if (cut > 0 && memchr(v->text, '\\', v->len) == NULL &&
		    ((unsigned char)v->text[1 + cut] & 0xc0) != 0x80)
			ev_buf_put(&b, v->text + 1, cut);
		ev_buf_putc(&b, '"');
		break;
	default: /* a character changed */
		if (!is_string(v) || v->len < 3)
			return scalar(PICK(strings));
		ev_buf_put(&b, v->text, v->len);
		cut = 1 + random_below(v->len - 2);
		if ((b.p[cut] & 0x80) == 0 && memchr(v->text, '\\', v->len) == NULL)
			b.p[cut] = "0fzA9 "[random_below(6)];
	}
	w->text = ev_arena_copy(&arena, b.p, b.len);
	w->len = b.len;
	ev_buf_free(&b);
	return w;
}

static struct value *nested(struct value *v)
{
	for (size_t n = chance(2) ? 600 : random_below(12); n > 0; n--)
		v = container('[', &v, 1);
	return v;
}

static struct value *other_type(struct value *v)
{
	static const char *const scalars[] = {"null", "true", "false", "\"x\"", "7"};
	struct value *pair[2] = {scalar("\"x\""), v};

	switch (random_below(5)) {
	case 0: return container('[', NULL, 0);
	case 1: return container('{', NULL, 0);
	case 2: return container('{', pair, 2);
	case 3: return nested(v);
	default: return scalar(PICK(scalars));
	}
}

/* All numbers that are written so, in the whole state. */
static void change_alike(struct value *v, const struct value *like, struct value *to)
{
	for (size_t i = 0; i < v->n; i++) {
		struct value *x = v->items[i];

		if (x->open != '\0')
			change_alike(x, like, to);
		else if (x->len == like->len && memcmp(x->text, like->text, x->len) == 0 &&
			 (v->open == '[' || i % 2 == 1))
			v->items[i] = to;
	}
}

/* Elements of a list, or members, go or come again. */
static void change_members(struct value *v)
{
	size_t step = v->open == '{' ? 2 : 1, n = v->n / step, i, times = 1;
	struct value *old = container(v->open, v->items, v->n);

	if (n == 0)
		return;
	i = random_below(n);
	switch (random_below(4)) {
	case 0: /* one goes */
		v->n -= step;
		memmove(v->items + i * step, v->items + (i + 1) * step,
			(v->n - i * step) * sizeof(struct value *));
		return;
	case 1: /* all behind it go */ v->n = i * step; return;
	case 2: /* two change places */
		for (size_t k = 0, other = random_below(n); k < step; k++) {
			struct value *x = v->items[i * step + k];

			v->items[i * step + k] = v->items[other * step + k];
			v->items[other * step + k] = x;
		}
		return;
	default: /* one comes again, perhaps often */
		times = chance(3) ? 30 : 1;
		v->items = ev_arena_zalloc(&arena, (v->n + times * step) * sizeof(struct value *));
		memcpy(v->items, old->items, v->n * sizeof(struct value *));
		for (; times > 0; times--, v->n += step)
			memcpy(v->items + v->n, old->items + i * step,
			       step * sizeof(struct value *));
	}
}

static void change_lines(void)
{
	size_t i = random_below(n_lines), k = random_below(n_lines);
	struct value *line = lines[i];

	switch (random_below(4)) {
	case 0: memmove(&lines[i], &lines[i + 1], (--n_lines - i) * sizeof(struct value *)); break;
	case 1:
		lines[i] = lines[k];
		lines[k] = line;
		break;
	case 2:
		if (n_lines < MOST_LINES)
			lines[n_lines++] = line;
		break;
	default: lines[i] = others[random_below(n_others)];
	}
}

/* Two numbers of a line grow alike, which may leave the sums as they should be. */
static void change_both(void)
{
	struct value *line = lines[random_below(n_lines)];
	size_t n = count_values(line);
	uint64_t by = chance(2) ? 1 : random_below(1000);

	for (int tries = 0, found = 0; n > 0 && tries < 20 && found < 2; tries++) {
		size_t k = random_below(n);
		struct place p = nth_value(line, &k);

		if (p.in == NULL || is_name(p) || !is_number(p.in->items[p.i]))
			continue;
		p.in->items[p.i] = plus(p.in->items[p.i], by);
		found++;
	}
}

/* Samples have as many values as they can. */
static struct value *full_sample(const struct value *v)
{
	struct value *items[20] = {NULL};

	for (size_t i = 0; i < 20 && v->n > 0; i++)
		items[i] = v->items[i % v->n];
	return container('[', items, v->n > 0 ? 20 : 0);
}

static bool name_is(const struct value *name, const char *list)
{
	struct ev_buf text = {0};
	bool good;

	ev_buf_put(&text, name->text, name->len);
	good = strstr(list, ev_buf_str(&text)) != NULL;
	ev_buf_free(&text);
	return good;
}

/* All counts times the same number: they still fit each other, up to where they are too large. */
static void multiply(struct value *v, uint64_t by)
{
	static const char others_than_counts[] =
		"\"evkit_state\" \"expectation\" \"unique\" \"too_many\" \"unit\" \"first\" "
		"\"last\" \"best\" \"keys\" \"runs\" \"quantile\" \"error\"";

	for (size_t i = 0; i < v->n; i++) {
		struct value *x = v->items[i];

		if (v->open == '{' && i % 2 == 0) {
			if (name_is(x, "\"sample\"") && v->items[i + 1]->open == '[')
				v->items[i + 1] = full_sample(v->items[i + 1]);
			i += name_is(x, "\"sample\"") || name_is(x, others_than_counts);
		} else if (x->open != '\0') {
			multiply(x, by);
		} else if (is_number(x) && memchr(x->text, 'e', x->len) == NULL) {
			v->items[i] = of_u64(strtoull(x->text, NULL, 10) * by);
		}
	}
}

static void multiply_state(void)
{
	uint64_t by = chance(3) ? 2 + random_below(1000) : UINT64_C(1) << (40 + random_below(14));

	for (size_t i = 0; i < n_lines; i++)
		multiply(lines[i], by);
}

static void change_state(void)
{
	struct place p = any_place(lines, n_lines), q;
	struct value *v;

	if (chance(25)) {
		change_lines();
		return;
	}
	if (p.in == NULL)
		return;
	v = p.in->items[p.i];
	if (is_name(p)) { /* must stay a string, for the text to stay JSON */
		q = any_place(lines, n_lines);
		if (chance(2) && q.in != NULL && is_name(q))
			p.in->items[p.i] = q.in->items[q.i];
		else
			p.in->items[p.i] = other_string(v);
		return;
	}
	switch (random_below(9)) {
	case 0: p.in->items[p.i] = other_type(v); break;
	case 1: /* one of another place, or of another state */
		q = chance(2) ? any_place(lines, n_lines) : any_place(others, n_others);
		if (q.in != NULL && q.in->items[q.i]->open == v->open)
			p.in->items[p.i] = clone(q.in->items[q.i]);
		break;
	case 2:
		if (is_number(v)) {
			struct value *to = other_number(v);

			for (size_t i = 0; i < n_lines; i++)
				change_alike(lines[i], v, to);
		}
		break;
	case 3: change_both(); break;
	case 4: change_members(p.in); break;
	default:
		if (is_number(v))
			p.in->items[p.i] = other_number(v);
		else if (is_string(v))
			p.in->items[p.i] = other_string(v);
		else if (v->open != '\0')
			change_members(v);
		else
			p.in->items[p.i] = other_type(v);
	}
}

/* Holding */

/* What was merged into NAME's comes again of its own state, byte by byte. */
static void check_again(const struct ev_model *m, const char *name)
{
	char state[32], result[32];
	struct ev_buf a = {0}, b = {0};

	snprintf(state, sizeof state, "state.%s", name);
	snprintf(result, sizeof result, "result.%s", name);
	load(result, &a);
	check_whole(&a);
	if (!merge(m, (const char *const[]){state}, 1, "again")) {
		trouble("the state that was written is refused");
	} else {
		load("result.again", &b);
		if (!same(&a, &b))
			trouble("the result does not come again from the state");
		load(state, &a);
		load("state.again", &b);
		if (!same(&a, &b))
			trouble("the state does not come again from the state");
	}
	ev_buf_free(&a);
	ev_buf_free(&b);
}

static void check_order(const struct ev_model *m, const char *one, const char *two)
{
	bool forth = merge(m, (const char *const[]){one, two}, 2, "forth"),
	     back = merge(m, (const char *const[]){two, one}, 2, "back");
	struct ev_buf a = {0}, b = {0};

	if (forth != back) {
		trouble("whether the two are refused depends on their order");
	} else if (forth) {
		load("result.forth", &a);
		load("result.back", &b);
		/* beyond its limit, that sketch alone depends on the order */
		if (!same(&a, &b) && strstr(a.p, "Space-Saving") == NULL)
			trouble("the result of two depends on their order");
		check_again(m, "back");
	}
	ev_buf_free(&a);
	ev_buf_free(&b);
}

static struct ev_model *model;
static uint64_t pair = UINT64_MAX;

/* Two batches of one model, whose states are as good as any. */
static void make_pair(void)
{
	random_begin(pair);
	ev_model_free(&model);
	model = random_model();
	make_batch(model, "one");
	make_batch(model, "two");
	if (!merge(model, (const char *const[]){"state.one"}, 1, "same"))
		trouble("a state of evvalidate is refused");
	else
		check_again(model, "same");
	check_order(model, "state.one", "state.two");
}

static void round_of(uint64_t n)
{
	size_t k;

	number = n;
	alarm(ONE_TAKES);
	if (pair != n / A_PAIR) {
		pair = n / A_PAIR;
		make_pair();
	}
	random_begin(n);
	ev_arena_reset(&arena);
	n_lines = read_state("state.one", lines);
	n_others = read_state("state.two", others);
	k = chance(3) ? 1 + random_below(4) : 1;
	if (chance(10)) {
		multiply_state();
		k = random_below(2);
	}
	for (; k > 0 && n_lines > 0; k--)
		change_state();
	write_state("changed");
	total.states++;
	if (!merge(model, (const char *const[]){"changed"}, 1, "merged"))
		return;
	total.merged++;
	check_again(model, "merged");
	check_order(model, "changed", chance(2) ? "state.one" : "state.two");
}

static void remove_all(void)
{
	static const char *const names[] = {"one",    "two",   "same", "again",
					    "merged", "forth", "back"};
	char name[32];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(name, sizeof name, "state.%s", names[i]);
		unlink(path(name));
		snprintf(name, sizeof name, "result.%s", names[i]);
		unlink(path(name));
	}
	unlink(path("evkit.yaml"));
	unlink(path("changed"));
	rmdir(folder);
}

int main(int argc, char **argv)
{
	struct rounds rounds;
	uint64_t n;

	if (argc == 3 && strcmp(argv[1], "-c") == 0)
		return complete(argv[2]);
	rounds = rounds_asked(argc, argv, A_PAIR);
	snprintf(folder, sizeof folder, "%s/evkit-fuzz.XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(folder) == NULL)
		abort();
	while (rounds_next(&rounds, &n))
		round_of(n);
	alarm(0);
	ok(total.wrong == 0, "%llu changed states, of which %llu are merged",
	   (unsigned long long)total.states, (unsigned long long)total.merged);
	remove_all();
	ev_model_free(&model);
	ev_arena_free(&arena);
	return done();
}
