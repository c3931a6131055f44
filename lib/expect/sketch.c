#include "expect/sketch.h"
#include "base/compiler.h"
#include "number/decimal.h"
#include "record/position.h"
#include "scan/form.h"
#include "json/view.h"
#include "json/write.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { PRECISION = 14, REGISTERS = 1 << PRECISION, RANKS = 64 - PRECISION + 1 };

/* Tally */

static size_t limit_of(const struct ev_tally *t)
{
	return t->kind == EV_TALLY_DISTINCT ? EV_TALLY_EXACT : EV_TALLY_HELD;
}

static struct ev_tallied *find(const struct ev_tally *t, struct ev_hash128 key)
{
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&t->by_key, key.lo, &step)) != EV_LOOKUP_NONE)
		if (t->list[i].key.lo == key.lo && t->list[i].key.hi == key.hi)
			return &t->list[i];
	return NULL;
}

static void note(uint8_t *registers, struct ev_hash128 key)
{
	size_t i = (size_t)(key.hi >> (64 - PRECISION));
	uint64_t rest = key.hi << PRECISION;
	uint8_t rank = (uint8_t)(rest == 0 ? RANKS : __builtin_clzll(rest) + 1);

	if (rank > registers[i])
		registers[i] = rank;
}

static void to_registers(struct ev_tally *t)
{
	if (t->registers == NULL)
		t->registers = ev_calloc(REGISTERS, 1);
	for (size_t i = 0; i < t->n; i++)
		note(t->registers, t->list[i].key);
	free(t->list);
	ev_lookup_free(&t->by_key);
	t->list = NULL;
	t->n = t->cap = 0;
}

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/*
 * Subtracts the median count from all counts, which drops at least half of the values
 * (Misra-Gries).
 */
static void prune(struct ev_tally *t)
{
	uint64_t *counts = ev_malloc(t->n * sizeof *counts), cut;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		counts[i] = t->list[i].count;
	qsort(counts, t->n, sizeof *counts, descending);
	cut = counts[EV_TALLY_HELD / 2];
	free(counts);
	ev_lookup_free(&t->by_key);
	for (size_t i = 0; i < t->n; i++) {
		struct ev_tallied *s = &t->list[i];

		if (s->count <= cut) {
			free(s->text);
			continue;
		}
		s->count -= cut;
		ev_lookup_add(&t->by_key, s->key.lo, (uint32_t)n);
		t->list[n++] = *s;
	}
	t->n = n;
	t->error += cut;
}

void ev_tally_add(struct ev_tally *t, struct ev_hash128 key, uint64_t count, const char *text,
		  size_t len)
{
	struct ev_tallied *s;

	if (t->registers != NULL) {
		note(t->registers, key);
		return;
	}
	if ((s = find(t, key)) != NULL) {
		s->count += count;
		return;
	}
	ev_grow(&t->list, &t->cap, t->n + 1, sizeof *t->list);
	ev_lookup_add(&t->by_key, key.lo, (uint32_t)t->n);
	t->list[t->n++] =
		(struct ev_tallied){key, count, text != NULL ? ev_strndup(text, len) : NULL};
	if (t->n <= limit_of(t))
		return;
	if (t->kind == EV_TALLY_DISTINCT)
		to_registers(t);
	else
		prune(t);
}

bool ev_tally_is_exact(const struct ev_tally *t)
{
	return t->registers == NULL && t->error == 0;
}

/* Ertl's sigma and tau, by the series of "New cardinality estimation algorithms", section 2. */
static double sigma(double x)
{
	double y = 1, z = x, before;

	if (x == 1)
		return HUGE_VAL;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static double tau(double x)
{
	double y = 1, z = 1 - x, before;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

static double estimate(const uint8_t *registers)
{
	static const double alpha = 0.721347520444481703680; /* 1 / (2 ln 2) */
	uint32_t histogram[RANKS + 1] = {0};
	double m = REGISTERS, z;

	for (size_t i = 0; i < REGISTERS; i++)
		histogram[registers[i]]++;
	z = m * tau(1 - histogram[RANKS] / m);
	for (int k = RANKS - 1; k >= 1; k--)
		z = 0.5 * (z + histogram[k]);
	z += m * sigma(histogram[0] / m);
	return alpha * m * m / z;
}

uint64_t ev_tally_distinct(const struct ev_tally *t, uint64_t *low, uint64_t *high)
{
	static const double three_errors = 3 * 1.04 / 128; /* 1.04 / sqrt(2^14) each */
	double n;

	if (t->registers == NULL)
		return *low = *high = t->n;
	/*
	 * Damaged registers can give none or infinitely many: the estimate is kept within what is
	 * possible.
	 */
	n = fmin(fmax(estimate(t->registers), EV_TALLY_EXACT + 1), 0x1p62);
	*low = (uint64_t)(n * (1 - three_errors));
	*high = (uint64_t)ceil(n * (1 + three_errors));
	if (*low <= EV_TALLY_EXACT)
		*low = EV_TALLY_EXACT + 1;
	return (uint64_t)(n + 0.5);
}

static int by_key(const void *a, const void *b)
{
	const struct ev_tallied *x = *(const struct ev_tallied *const *)a,
				*y = *(const struct ev_tallied *const *)b;

	if (x->key.hi != y->key.hi)
		return x->key.hi < y->key.hi ? -1 : 1;
	return (x->key.lo > y->key.lo) - (x->key.lo < y->key.lo);
}

void ev_tally_write(const struct ev_tally *t, struct ev_buf *out)
{
	const struct ev_tallied **list = ev_calloc(t->n + 1, sizeof(const struct ev_tallied *));

	if (t->registers != NULL) {
		ev_buf_puts(out, "{\"registers\":\"");
		for (size_t i = 0; i < REGISTERS; i++)
			ev_buf_printf(out, "%02x", t->registers[i]);
		ev_buf_puts(out, "\"}");
	} else {
		for (size_t i = 0; i < t->n; i++)
			list[i] = &t->list[i];
		qsort(list, t->n, sizeof(const struct ev_tallied *), by_key);
		ev_buf_putc(out, '{');
		ev_json_u64(out, "error", t->error);
		ev_json_open(out, "values", '[');
		for (size_t i = 0; i < t->n; i++) {
			char hex[33];

			ev_hash128_hex(list[i]->key, hex);
			ev_json_open(out, NULL, '[');
			ev_json_text(out, NULL, hex);
			ev_json_u64(out, NULL, list[i]->count);
			ev_json_text_if_any(out, NULL, list[i]->text);
			ev_buf_putc(out, ']');
		}
		ev_buf_puts(out, "]}");
	}
	free(list);
}

static bool merge_registers(struct ev_tally *t, const struct ev_doc *d, uint32_t at,
			    uint64_t values)
{
	const char *p;
	size_t len, set = 0;

	p = ev_raw(d, at, &len);
	if (ev_kind(d, at) != EV_STRING || len != 2 * REGISTERS + 2 ||
	    t->kind != EV_TALLY_DISTINCT || values <= EV_TALLY_EXACT)
		return false;
	to_registers(t);
	for (size_t i = 0; i < REGISTERS; i++) {
		int high = ev_hex_digit(p[1 + 2 * i]), low = ev_hex_digit(p[2 + 2 * i]);
		int v = high * 16 + low;

		if (high < 0 || low < 0 || v > RANKS)
			return false;
		set += v > 0;
		if (v > t->registers[i])
			t->registers[i] = (uint8_t)v;
	}
	return set > 0 && set <= values;
}

/*
 * Of two texts of one value the lesser is kept, so that the order of the input makes no difference.
 */
static void keep_lesser(struct ev_tally *t, struct ev_hash128 key, const char *text)
{
	struct ev_tallied *s = find(t, key);

	if (s == NULL || strcmp(text, s->text) >= 0)
		return;
	free(s->text);
	s->text = ev_strdup(text);
}

/* A value's text out of a written state: JSON. */
static const char *text_of(const struct ev_doc *d, uint32_t at, struct ev_scan *scan,
			   struct ev_buf *copy, size_t *len)
{
	struct ev_buf scratch = {0};
	struct ev_flaw flaw;
	const char *p;

	if (ev_kind(d, at) != EV_STRING)
		return NULL;
	p = ev_string(d, at, &scratch, len);
	ev_buf_reset(copy);
	ev_buf_put(copy, p, *len);
	ev_buf_free(&scratch);
	memset(ev_buf_room(copy, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, copy->p, *len, &flaw);
	return d != NULL && d->duplicate == EV_NOWHERE ? copy->p : NULL;
}

/*
 * True if the counts of a written state are possible: every value is held or was pruned, and each
 * pruning took its count from more than half of the values.
 */
static bool adds_up(uint64_t held, uint64_t error, uint64_t values)
{
	if (error == 0)
		return held == values;
	return held <= values && error <= (values - held) / (EV_TALLY_HELD / 2 + 1);
}

bool ev_tally_merge(struct ev_tally *t, const struct ev_doc *d, uint32_t at, uint64_t values)
{
	struct ev_scan *scan;
	struct ev_buf scratch = {0};
	uint64_t error, held = 0;
	uint32_t list;
	bool good = true;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_OBJECT)
		return false;
	if ((list = ev_member(d, at, "registers", 9)) != EV_NOWHERE)
		return merge_registers(t, d, list, values);
	list = ev_member(d, at, "values", 6);
	if (list == EV_NOWHERE || ev_kind(d, list) != EV_ARRAY ||
	    !ev_state_u64(d, at, "error", &error) || (error > 0 && t->kind == EV_TALLY_DISTINCT) ||
	    !ev_count_add(&t->error, error))
		return false;
	scan = ev_scan_new();
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list) && good; i = ev_next(d, i)) {
		struct ev_hash128 key;
		uint64_t count;
		const char *text = NULL;
		size_t len = 0;

		good = ev_kind(d, i) == EV_ARRAY && d->nodes[i].count >= 2 &&
		       ev_hash_of(d, i + 1, &key) && ev_u64_of(d, i + 2, &count) && count > 0 &&
		       ev_count_add(&held, count);
		if (good && t->kind == EV_TALLY_FREQUENT) {
			text = d->nodes[i].count == 3 ? text_of(d, i + 3, scan, &scratch, &len)
						      : NULL;
			good = text != NULL;
			if (good)
				keep_lesser(t, key, text);
		}
		if (good)
			ev_tally_add(t, key, count, text, len);
	}
	ev_buf_free(&scratch);
	ev_scan_free(&scan);
	return good && adds_up(held, error, values);
}

void ev_tally_free(struct ev_tally *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i].text);
	free(t->list);
	ev_lookup_free(&t->by_key);
	free(t->registers);
	*t = (struct ev_tally){.kind = t->kind};
}

/* Quantiles */

enum {
	STEPS = 128,
	STEP_BITS = 7,
	EXPONENTS = 2048,
	SHIFT = 52 - STEP_BITS,
	BUCKETS = EXPONENTS * STEPS,
	INFINITE = (EXPONENTS - 1) * STEPS /* the last bucket of finite numbers */
};

struct ev_quantile {
	uint64_t n, zeros;
	char (*held)[EV_QUANTILE_TEXT + 1]; /* the numbers; NULL once there are buckets */
	size_t cap;
	bool sorted, sketched;
	uint64_t *buckets[2][EXPONENTS]; /* of negative and of positive numbers */
};

struct ev_quantile *ev_quantile_new(void)
{
	return ev_calloc(1, sizeof(struct ev_quantile));
}

static inline void count_bucket(struct ev_quantile *q, bool positive, uint32_t bucket, uint64_t n)
{
	uint64_t **to = &q->buckets[positive][bucket / STEPS];

	if (*to == NULL)
		*to = ev_calloc(STEPS, sizeof **to);
	(*to)[bucket % STEPS] += n;
}

/* The slow path: any number. */
static EV_NOINLINE double read_double(const char *text, size_t len)
{
	char *copy = ev_strndup(text, len);
	double v = strtod(copy, NULL);

	free(copy);
	return v;
}

/*
 * The double next to a number. Where digits and power of ten are doubles themselves, one operation
 * rounds it right (W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990).
 */
static inline double nearest(const char *text, size_t len)
{
	static const double tens[] = {1e0,  1e1,  1e2,	1e3,  1e4,  1e5,  1e6,	1e7,
				      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	const int64_t exact = INT64_C(1) << DBL_MANT_DIG;
	struct ev_small s;

	if (FLT_EVAL_METHOD != 0 || !ev_small_read_padded(text, len, &s) || s.coef > exact ||
	    s.coef < -exact || s.exp > 22 || s.exp < -22)
		return read_double(text, len);
	return s.exp < 0 ? (double)s.coef / tens[-s.exp] : (double)s.coef * tens[s.exp];
}

static inline void sketch(struct ev_quantile *q, const char *text, size_t len)
{
	double v = nearest(text, len);
	uint64_t bits;

	if (v == 0) {
		q->zeros++;
		return;
	}
	memcpy(&bits, &v, sizeof bits);
	count_bucket(q, v > 0, (uint32_t)((bits & ~(UINT64_C(1) << 63)) >> SHIFT), 1);
}

static void to_buckets(struct ev_quantile *q)
{
	for (uint64_t i = 0; i < q->n; i++)
		sketch(q, q->held[i], strlen(q->held[i]));
	free(q->held);
	q->held = NULL;
	q->cap = 0;
	q->sketched = true;
}

void ev_quantile_add(struct ev_quantile *q, const char *text, size_t len)
{
	if (!q->sketched && (len > EV_QUANTILE_TEXT || q->n >= EV_QUANTILE_EXACT))
		to_buckets(q);
	if (!q->sketched) {
		ev_grow(&q->held, &q->cap, q->n + 1, sizeof *q->held);
		memcpy(q->held[q->n], text, len);
		q->held[q->n][len] = '\0';
		q->sorted = false;
	} else {
		sketch(q, text, len);
	}
	q->n++;
}

uint64_t ev_quantile_count(const struct ev_quantile *q)
{
	return q->n;
}

bool ev_quantile_is_exact(const struct ev_quantile *q)
{
	return !q->sketched;
}

/* A number with the double nearest to it: where the doubles differ, they order the numbers. */
struct sortable {
	double near;
	char text[EV_QUANTILE_TEXT + 1];
};

static int by_number(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	int order = (x->near > y->near) - (x->near < y->near);

	if (order == 0)
		order = ev_number_compare(x->text, strlen(x->text), y->text, strlen(y->text));
	return order != 0 ? order : strcmp(x->text, y->text); /* 1.0 and 1 have an order too */
}

static void sort_held(struct ev_quantile *q)
{
	struct sortable *list = ev_malloc(q->n * sizeof *list);

	for (uint64_t i = 0; i < q->n; i++) {
		memcpy(list[i].text, q->held[i], sizeof list[i].text);
		list[i].near = nearest(list[i].text, strlen(list[i].text));
	}
	qsort(list, q->n, sizeof *list, by_number);
	for (uint64_t i = 0; i < q->n; i++)
		memcpy(q->held[i], list[i].text, sizeof list[i].text);
	free(list);
	q->sorted = true;
}

static void put_edge(double v, struct ev_buf *out)
{
	if (isinf(v))
		return;
	ev_buf_printf(out, "%.17g", v);
}

static void edges(bool positive, uint32_t bucket, struct ev_buf *low, struct ev_buf *high)
{
	uint64_t near_bits = (uint64_t)bucket << SHIFT, far_bits = (uint64_t)(bucket + 1) << SHIFT;
	double near, far;

	memcpy(&near, &near_bits, sizeof near);
	memcpy(&far, &far_bits, sizeof far);
	if (isnan(far))
		far = HUGE_VAL;
	put_edge(positive ? near : -far, low);
	put_edge(positive ? far : -near, high);
}

void ev_quantile_at(struct ev_quantile *q, uint64_t rank, struct ev_buf *low, struct ev_buf *high)
{
	ev_buf_reset(low);
	ev_buf_reset(high);
	if (!q->sketched) {
		if (!q->sorted)
			sort_held(q);
		ev_buf_puts(low, q->held[rank]);
		ev_buf_puts(high, q->held[rank]);
		return;
	}
	/* In ascending order: the negative numbers from the last bucket on, 0, the positive. */
	for (uint32_t i = 0; i < 2 * BUCKETS; i++) {
		bool positive = i >= BUCKETS;
		uint32_t bucket = positive ? i - BUCKETS : BUCKETS - 1 - i;
		const uint64_t *b = q->buckets[positive][bucket / STEPS];

		if (i == BUCKETS && rank < q->zeros) {
			ev_buf_putc(low, '0');
			ev_buf_putc(high, '0');
			return;
		}
		rank -= i == BUCKETS ? q->zeros : 0;
		if (b == NULL) {
			i += STEPS - 1; /* to the next row */
			continue;
		}
		if (rank < b[bucket % STEPS]) {
			edges(positive, bucket, low, high);
			return;
		}
		rank -= b[bucket % STEPS];
	}
}

void ev_quantile_write(const struct ev_quantile *q, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	if (!q->sketched) {
		ev_json_open(out, "numbers", '[');
		for (uint64_t i = 0; i < q->n; i++)
			ev_json_raw(out, NULL, q->held[i], strlen(q->held[i]));
		ev_buf_puts(out, "]}");
		return;
	}
	ev_json_u64(out, "zeros", q->zeros);
	ev_json_open(out, "buckets", '[');
	for (uint32_t i = 0; i < 2 * BUCKETS; i++) {
		uint32_t side = i / BUCKETS, bucket = i % BUCKETS;
		const uint64_t *b = q->buckets[side][bucket / STEPS];

		if (b == NULL || b[bucket % STEPS] == 0)
			continue;
		ev_json_name(out, NULL);
		ev_buf_printf(out, "[%u,%u,%llu]", side, bucket,
			      (unsigned long long)b[bucket % STEPS]);
	}
	ev_buf_puts(out, "]}");
}

bool ev_quantile_merge(struct ev_quantile *q, const struct ev_doc *d, uint32_t at, uint64_t numbers)
{
	uint32_t list;
	uint64_t zeros, all = 0;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_OBJECT)
		return false;
	if ((list = ev_member(d, at, "numbers", 7)) != EV_NOWHERE) {
		if (ev_kind(d, list) != EV_ARRAY || d->nodes[list].count != numbers)
			return false;
		for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
			const char *p;
			size_t len;

			if (ev_kind(d, i) != EV_NUMBER)
				return false;
			p = ev_raw(d, i, &len);
			ev_quantile_add(q, p, len);
		}
		return true;
	}
	list = ev_member(d, at, "buckets", 7);
	if (list == EV_NOWHERE || ev_kind(d, list) != EV_ARRAY ||
	    !ev_state_u64(d, at, "zeros", &zeros) || !ev_count_add(&all, zeros))
		return false;
	if (!q->sketched)
		to_buckets(q);
	if (!ev_count_add(&q->n, numbers))
		return false;
	q->zeros += zeros;
	for (uint32_t i = ev_first(d, list); i < ev_end(d, list); i = ev_next(d, i)) {
		uint64_t side, bucket, n;

		if (ev_kind(d, i) != EV_ARRAY || d->nodes[i].count != 3 ||
		    !ev_u64_of(d, i + 1, &side) || !ev_u64_of(d, i + 2, &bucket) ||
		    !ev_u64_of(d, i + 3, &n) || side > 1 || bucket > INFINITE ||
		    !ev_count_add(&all, n))
			return false;
		count_bucket(q, side == 1, (uint32_t)bucket, n);
	}
	return all == numbers;
}

void ev_quantile_free(struct ev_quantile **q)
{
	if (*q == NULL)
		return;
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < EXPONENTS; i++)
			free((*q)->buckets[side][i]);
	free((*q)->held);
	free(*q);
	*q = NULL;
}
