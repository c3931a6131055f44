#include "model/expect.h"
#include "model/expect_in.h"
#include "model/jschema.h"
#include "json/canon.h"
#include "json/decimal.h"
#include "json/form.h"
#include "json/sum.h"

#include <stdlib.h>

/* Positions and samples */

const struct ev_position *frame_position(struct frame *f)
{
	if (f->pos.source == NULL)
		ev_locate(f->locator, f->rec, f->event->origin, f->event->origin_len, &f->pos);
	return &f->pos;
}

static int place_order(const struct sampled *a, const struct ev_position *pos, uint64_t element)
{
	int order = ev_position_compare(&a->pos, pos);

	return order != 0 ? order : (a->element > element) - (a->element < element);
}

/* One place may be told of twice, by its origin or in two states: then the values are in order. */
static int order_of(const struct sampled *a, const struct ev_position *pos, uint64_t element,
		    const char *value, size_t len)
{
	int order = place_order(a, pos, element);

	if (order == 0)
		order = memcmp(a->value.p, value, a->value.len < len ? a->value.len : len);
	return order != 0 ? order : (a->value.len > len) - (a->value.len < len);
}

bool sample_wants(const struct sample *s, const struct ev_position *pos, uint64_t element)
{
	return s->n < EXPECT_SAMPLE || place_order(&s->list[s->n - 1], pos, element) >= 0;
}

void sample_add(struct sample *s, const struct ev_position *pos, uint64_t element,
		const char *value, size_t len)
{
	struct sampled item;
	size_t i;

	if (s->n == EXPECT_SAMPLE && order_of(&s->list[s->n - 1], pos, element, value, len) <= 0)
		return;
	if (s->n < EXPECT_SAMPLE) {
		item = (struct sampled){.element = 0};
		s->n++;
	} else {
		item = s->list[s->n - 1];
	}
	for (i = s->n - 1; i > 0 && order_of(&s->list[i - 1], pos, element, value, len) > 0; i--)
		s->list[i] = s->list[i - 1];
	ev_position_copy(&item.pos, pos);
	item.element = element;
	ev_buf_reset(&item.value);
	ev_buf_put(&item.value, value, len);
	s->list[i] = item;
}

void sample_write(const struct sample *s, struct ev_buf *out)
{
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < s->n; i++) {
		const struct sampled *x = &s->list[i];

		ev_buf_puts(out, i > 0 ? ",[" : "[");
		ev_position_write(&x->pos, true, out);
		ev_buf_printf(out, ",%llu,", (unsigned long long)x->element);
		ev_buf_put(out, x->value.p, x->value.len);
		ev_buf_putc(out, ']');
	}
	ev_buf_putc(out, ']');
}

bool sample_merge(struct sample *s, const struct ev_doc *d, uint32_t at)
{
	struct ev_position pos = {0};
	bool good = at != EV_NOWHERE && ev_kind(d, at) == EV_ARRAY;

	for (uint32_t i = good ? ev_first(d, at) : 0; good && i < ev_end(d, at);
	     i = ev_next(d, i)) {
		uint32_t element, value;
		uint64_t n;
		const char *p;
		size_t len;

		good = ev_kind(d, i) == EV_ARRAY && d->nodes[i].count == 3 &&
		       ev_position_read(d, i + 1, &pos);
		if (!good)
			break;
		element = ev_next(d, i + 1);
		value = ev_next(d, element);
		good = ev_u64_of(d, element, &n);
		p = ev_raw(d, value, &len);
		if (good)
			sample_add(s, &pos, n, p, len);
	}
	ev_position_free(&pos);
	return good;
}

void show_value(const struct ev_doc *d, uint32_t at, struct ev_buf *out)
{
	struct ev_buf scratch = {0};
	const char *p;
	size_t len, cut;

	if (at == EV_NOWHERE) {
		ev_buf_puts(out, "null");
		return;
	}
	p = ev_raw(d, at, &len);
	if (len <= EXPECT_SHOWN) {
		ev_buf_put(out, p, len);
		return;
	}
	if (ev_kind(d, at) == EV_STRING)
		p = ev_string(d, at, &scratch, &len);
	cut = len < EXPECT_SHOWN ? len : EXPECT_SHOWN;
	while (cut < len && cut > 0 && ((unsigned char)p[cut] & 0xc0) == 0x80)
		cut--;
	ev_buf_putc(out, '"');
	ev_json_escape(p, cut, out);
	ev_buf_puts(out, cut < len ? "...\"" : "\"");
	ev_buf_free(&scratch);
}

/* Values and limits */

const char *canonical_of(const struct ev_doc *d, uint32_t at, struct ev_buf *scratch, size_t *len)
{
	const struct ev_node *n = &d->nodes[at];

	if (n->kind == EV_STRING && !n->escaped)
		return ev_raw(d, at, len);
	ev_buf_reset(scratch);
	ev_canonical(d, at, NULL, 0, scratch);
	*len = scratch->len;
	return ev_buf_str(scratch);
}

static size_t values_slot(const struct values *v, const char *p, size_t len)
{
	size_t i = ev_hash64(p, len, 0) & (v->cap - 1);

	while (v->slots[i] != 0 && (v->list[v->slots[i] - 1].len != len ||
				    memcmp(v->list[v->slots[i] - 1].text, p, len) != 0))
		i = (i + 1) & (v->cap - 1);
	return i;
}

long values_find(const struct values *v, const struct ev_doc *d, uint32_t at,
		 struct ev_buf *scratch)
{
	const char *p;
	size_t len, i;

	if (v->n == 0)
		return NOT_A_VALUE;
	p = canonical_of(d, at, scratch, &len);
	i = values_slot(v, p, len);
	return v->slots[i] != 0 ? (long)v->slots[i] - 1 : NOT_A_VALUE;
}

void values_count(struct expect *e, struct frame *f, uint64_t *counts, other_value *other)
{
	const struct cells *c = cells_of(e, 0);
	struct ev_buf *scratch = &e->suite->scratch, *shown = &e->suite->shown;

	e->elements += c->n;
	for (size_t i = 0; i < c->n; i++) {
		const char *p;
		size_t len;
		long at;

		if (is_missing(f->d, c->at[i])) {
			e->missing++;
			continue;
		}
		at = values_find(&e->set, f->d, c->at[i], scratch);
		if (at != NOT_A_VALUE) {
			counts[at]++;
			continue;
		}
		p = canonical_of(f->d, c->at[i], scratch, &len);
		if (len <= EXPECT_SHOWN) {
			other(e->own, p, len, p, len);
			continue;
		}
		ev_buf_reset(shown);
		show_value(f->d, c->at[i], shown);
		other(e->own, p, len, shown->p, shown->len);
	}
}

/* json: padded as the scanner wants it. A value that is there already is not added again. */
void values_add(struct values *v, const char *json, size_t len)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf text = {0}, canonical = {0};
	const struct ev_doc *d;
	struct ev_flaw flaw;
	size_t i;

	ev_buf_put(&text, json, len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, text.p, len, &flaw);
	if (d != NULL)
		ev_canonical(d, 0, NULL, 0, &canonical);
	if (2 * (v->n + 1) > v->cap) {
		v->cap = v->cap == 0 ? 16 : 2 * v->cap;
		free(v->slots);
		v->slots = ev_calloc(v->cap, sizeof *v->slots);
		for (size_t k = 0; k < v->n; k++)
			v->slots[values_slot(v, v->list[k].text, v->list[k].len)] = (uint32_t)k + 1;
	}
	i = values_slot(v, ev_buf_str(&canonical), canonical.len);
	if (v->slots[i] == 0) {
		v->list = ev_realloc_array(v->list, v->n + 1, sizeof *v->list);
		v->list[v->n].text = ev_strndup(canonical.p, canonical.len);
		v->list[v->n].len = canonical.len;
		v->list[v->n].shown = ev_strndup(json, len);
		v->slots[i] = (uint32_t)++v->n;
	}
	ev_buf_free(&text);
	ev_buf_free(&canonical);
	ev_scan_free(&scan);
}

void values_free(struct values *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->list[i].text);
		free(v->list[i].shown);
	}
	free(v->list);
	free(v->slots);
	*v = (struct values){0};
}

void limit_free(struct limit *l)
{
	free(l->text);
	*l = (struct limit){0};
}

bool read_moment(const char *p, size_t len, struct ev_time *t)
{
	struct ev_date date;

	if (ev_time_parse(p, len, t) != EV_TIME_BAD)
		return true;
	if (!ev_date_parse(p, len, &date))
		return false;
	*t = (struct ev_time){ev_date_days(date) * 86400, 0};
	return true;
}

static int text_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

bool limit_compare(const struct limit *l, const struct ev_doc *d, uint32_t at,
		   struct ev_buf *scratch, int *order)
{
	struct ev_time t;
	const char *p;
	size_t len;

	if (l->kind == LIMIT_NUMBER) {
		if (ev_kind(d, at) != EV_NUMBER)
			return false;
		p = ev_raw(d, at, &len);
		*order = ev_number_compare(p, len, l->text, l->len);
		return true;
	}
	if (ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_string(d, at, scratch, &len);
	if (l->kind == LIMIT_TIME) {
		if (!read_moment(p, len, &t))
			return false;
		*order = ev_time_compare(t, l->time);
	} else {
		*order = text_compare(p, len, l->text, l->len);
	}
	return true;
}

/* Columns and rows */

/* Finds the values of a column of lists. */
static struct cells find_list(struct column *c, const struct ev_event *event)
{
	size_t n = ev_each_find(c->list, event);

	if (n > c->found.cap)
		ev_grow(&c->found.at, &c->found.cap, n, sizeof *c->found.at);
	for (size_t k = 0; k < n; k++)
		c->found.at[k] = ev_each_at(c->list, k)[c->slot];
	return (struct cells){c->found.at, n};
}

/* In records of one shape the values are always the same nodes. */
static const struct cells *know_cells(struct ev_suite *s, uint32_t shape)
{
	struct cells *known;
	uint32_t *to;
	size_t n = 0;

	for (size_t i = 0; i < s->n_columns; i++)
		n += s->found[i].n;
	known = ev_malloc(s->n_columns * sizeof *known + n * sizeof *to + 1);
	to = (uint32_t *)(known + s->n_columns);
	for (size_t i = 0; i < s->n_columns; i++) {
		known[i] = (struct cells){to, s->found[i].n};
		for (size_t k = 0; k < s->found[i].n; k++)
			*to++ = s->found[i].at[k];
	}
	if (s->known == NULL)
		s->known = ev_calloc(EV_SHAPES + 1, sizeof(struct cells *));
	s->known[shape] = known;
	return known;
}

static __attribute__((noinline)) const struct cells *find_cells(struct ev_suite *s,
								const struct ev_event *event)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		struct column *c = &s->columns[i];

		s->found[i] = c->path->many ? find_list(c, event)
					    : (struct cells){&event->at[c->slot], 1};
	}
	return event->doc->shape != EV_NO_SHAPE ? know_cells(s, event->doc->shape) : s->found;
}

void count_unexpected(struct expect *e, struct frame *f, uint64_t element, uint32_t at)
{
	struct ev_buf *shown = &e->suite->shown;

	e->unexpected++;
	if (e->sample.n == EXPECT_SAMPLE && f->pos.timed &&
	    ev_time_compare(f->pos.time, e->sample.list[EXPECT_SAMPLE - 1].pos.time) > 0)
		return;
	if (!sample_wants(&e->sample, frame_position(f), element))
		return;
	ev_buf_reset(shown);
	show_value(f->d, at, shown);
	sample_add(&e->sample, &f->pos, element, shown->p, shown->len);
}

static __attribute__((noinline)) bool ask(struct expect *e, const struct ev_doc *d, uint32_t at,
					  struct remembered *keep, const struct remembered *r)
{
	*keep = *r;
	keep->good = e->kind->good(e, d, at);
	return keep->good;
}

/* The same question, asked once of a short value as long as it is remembered. */
static inline bool still_good(struct expect *e, const struct ev_doc *d, uint32_t at)
{
	struct remembered r, *known;
	const char *p;
	size_t len;

	p = ev_raw(d, at, &len);
	if (len > 16)
		return e->kind->good(e, d, at);
	/* The text goes on behind the value. */
	memcpy(&r.head, p, 8);
	memcpy(&r.tail, p + (len > 8 ? len - 8 : 0), 8);
	if (len < 8)
		r.head = r.tail = le64toh(r.head) & ev_symbols_keep[len];
	r.len = (uint32_t)len;
	known = &e->remembered[(r.head * 0x9e3779b97f4a7c15 ^ r.tail * 0xc2b2ae3d27d4eb4f) >> 58];
	if (known->head == r.head && known->tail == r.tail && known->len == r.len)
		return known->good;
	return ask(e, d, at, known, &r);
}

static inline void take_value(struct expect *e, struct frame *f, uint64_t element, uint32_t at)
{
	if (is_missing(f->d, at))
		e->missing++;
	else if (!(e->remembered != NULL ? still_good(e, f->d, at) : e->kind->good(e, f->d, at)))
		count_unexpected(e, f, element, at);
}

/* Of a column that has one value. */
static enum ev_status step_value(struct expect *e, struct frame *f, struct ev_error *err)
{
	(void)err;
	e->elements++;
	take_value(e, f, 0, *cells_of(e, 0)->at);
	return EV_OK;
}

static enum ev_status step_values(struct expect *e, struct frame *f, struct ev_error *err)
{
	const struct cells *c = cells_of(e, 0);

	(void)err;
	e->elements += c->n;
	for (size_t i = 0; i < c->n; i++)
		take_value(e, f, i, c->at[i]);
	return EV_OK;
}

static void count_row(struct expect *e, struct frame *f, uint64_t element, const uint32_t *at)
{
	struct ev_buf *shown = &e->suite->shown;

	e->unexpected++;
	if (!sample_wants(&e->sample, frame_position(f), element))
		return;
	ev_buf_reset(shown);
	for (size_t k = 0; k < e->n_columns; k++) {
		ev_buf_putc(shown, k == 0 ? '[' : ',');
		show_value(f->d, at[k], shown);
	}
	ev_buf_putc(shown, ']');
	sample_add(&e->sample, &f->pos, element, shown->p, shown->len);
}

/* at: the nodes of a row. missing: how many are. */
static void take_row(struct expect *e, struct frame *f, uint64_t element, const uint32_t *at,
		     size_t missing)
{
	if ((e->ignore == IGNORE_ALL_MISSING && missing == e->n_columns) ||
	    (e->ignore == IGNORE_ANY_MISSING && missing > 0))
		e->missing++;
	else if (!e->kind->row(e, f->d, at))
		count_row(e, f, element, at);
}

static enum ev_status step_rows(struct expect *e, struct frame *f, struct ev_error *err)
{
	uint32_t at[EXPECT_MAX_COLUMNS];
	size_t n = 1;

	(void)err;
	for (size_t k = 0; k < e->n_columns; k++)
		if (column_of(e, k)->path->many)
			n = cells_of(e, k)->n;
	e->elements += n;
	for (size_t i = 0; i < n; i++) {
		size_t missing = 0;

		for (size_t k = 0; k < e->n_columns; k++) {
			at[k] = cells_of(e, k)->at[column_of(e, k)->path->many ? i : 0];
			missing += is_missing(f->d, at[k]);
		}
		take_row(e, f, i, at, missing);
	}
	return EV_OK;
}

/* Of columns that have one value each. */
static enum ev_status step_row(struct expect *e, struct frame *f, struct ev_error *err)
{
	uint32_t at[EXPECT_MAX_COLUMNS];
	size_t missing = 0;

	(void)err;
	for (size_t k = 0; k < e->n_columns; k++) {
		at[k] = *cells_of(e, k)->at;
		missing += is_missing(f->d, at[k]);
	}
	e->elements++;
	take_row(e, f, 0, at, missing);
	return EV_OK;
}

static bool condition_holds(struct expect *e, struct frame *f)
{
	struct ev_suite *s = e->suite;
	struct condition *c = &s->conditions[e->condition];

	if (c->stamp != s->records) {
		c->stamp = s->records;
		c->truth = ev_expr_test(c->expr, f->d, 0, &s->scratch);
	}
	e->untold += c->truth == EV_CANNOT;
	return c->truth == EV_HOLDS;
}

static enum ev_status step_if(struct expect *e, struct frame *f, struct ev_error *err)
{
	return condition_holds(e, f) ? e->then(e, f, err) : EV_OK;
}

static bool is_list(const struct expect *e)
{
	for (size_t i = 0; i < e->n_columns; i++)
		if (column_of(e, i)->path->many)
			return true;
	return false;
}

static expect_step *step_of(const struct expect *e)
{
	if (e->kind->good != NULL)
		return is_list(e) ? step_values : step_value;
	if (e->kind->row != NULL)
		return is_list(e) ? step_rows : step_row;
	return e->kind->step;
}

void ev_suite_read_from(struct ev_suite *s, struct ev_events *events)
{
	struct ev_symbols *symbols = ev_scan_symbols(ev_events_scan(events));

	s->found = ev_calloc(s->n_columns, sizeof *s->found);
	for (size_t i = 0; i < s->n_columns; i++) {
		struct column *c = &s->columns[i];

		ev_path_bind(c->path, symbols);
		c->each.symbols = c->tail.symbols = symbols;
		if (c->path->many) {
			c->list = ev_events_each(events, &c->each);
			c->slot = ev_picks_add(c->list->picks, &c->tail);
		} else {
			c->slot = ev_events_want(events, c->path);
		}
	}
	for (size_t i = 0; i < s->n_conditions; i++)
		ev_expr_bind(s->conditions[i].expr, ev_events_scan(events));
	for (size_t i = 0; i < s->n; i++) {
		struct expect *e = &s->list[i];

		e->then = step_of(e);
		e->step = e->condition != SIZE_MAX ? step_if : e->then;
		if (e->kind->remembers)
			e->remembered = ev_calloc(EXPECT_REMEMBERED, sizeof *e->remembered);
	}
}

enum ev_status ev_suite_step(struct ev_suite *s, const struct ev_event *event,
			     const struct ev_record *rec, struct ev_error *err)
{
	struct frame f = {.d = event->doc,
			  .event = event,
			  .rec = rec,
			  .pos = {.time = event->time, .timed = true},
			  .locator = s->locator};

	s->records++;
	if (s->known != NULL && s->known[event->doc->shape] != NULL)
		s->cells = s->known[event->doc->shape];
	else
		s->cells = find_cells(s, event);
	for (struct expect *e = s->list, *end = e + s->n; e < end; e++)
		if (e->step(e, &f, err) == EV_FATAL)
			return EV_FATAL;
	return EV_OK;
}

/* State */

static void write_state(const struct expect *e, size_t index, struct ev_buf *out)
{
	ev_buf_printf(out,
		      "{\"expectation\":%zu,\"elements\":%llu,\"missing\":%llu,"
		      "\"unexpected\":%llu,\"untold\":%llu,\"misfits\":%llu,\"sample\":",
		      index, (unsigned long long)e->elements, (unsigned long long)e->missing,
		      (unsigned long long)e->unexpected, (unsigned long long)e->untold,
		      (unsigned long long)e->misfits);
	sample_write(&e->sample, out);
	if (e->kind->write != NULL)
		e->kind->write(e, out);
	ev_buf_putc(out, '}');
}

static enum ev_status damaged(struct ev_error *err)
{
	ev_fail(err, "the state is damaged");
	return EV_REJECT;
}

/* The counts of a line of state. */
struct counts {
	uint64_t elements, missing, unexpected, untold, misfits;
};

static bool read_counts(const struct ev_doc *d, struct counts *c)
{
	return ev_state_u64(d, 0, "elements", &c->elements) &&
	       ev_state_u64(d, 0, "missing", &c->missing) &&
	       ev_state_u64(d, 0, "unexpected", &c->unexpected) &&
	       ev_state_u64(d, 0, "untold", &c->untold) &&
	       ev_state_u64(d, 0, "misfits", &c->misfits);
}

uint64_t present_in(const struct ev_doc *d)
{
	struct counts c;

	read_counts(d, &c);
	return c.elements - c.missing - c.misfits;
}

/* Whether they can be of that expectation and so many events. */
static bool counts_fit(const struct expect *e, const struct counts *c, uint64_t events)
{
	uint64_t apart = 0, rows = 0;

	if (!ev_count_add(&apart, c->missing) || !ev_count_add(&apart, c->misfits) ||
	    !ev_count_add(&apart, c->unexpected) || apart > c->elements ||
	    (c->misfits > 0 && e->misfit == NULL) || (c->untold > 0 && e->condition == SIZE_MAX) ||
	    (c->unexpected > 0 && is_unique_kind(e)) || c->untold > events)
		return false;
	if (is_list(e))
		return true;
	return ev_count_add(&rows, c->elements) && ev_count_add(&rows, c->untold) &&
	       (e->condition == SIZE_MAX ? rows == events : rows <= events);
}

static bool merge_counts(struct expect *e, const struct counts *c)
{
	return ev_count_add(&e->elements, c->elements) && ev_count_add(&e->missing, c->missing) &&
	       ev_count_add(&e->unexpected, c->unexpected) && ev_count_add(&e->untold, c->untold) &&
	       ev_count_add(&e->misfits, c->misfits);
}

static bool sample_fits(const struct ev_doc *d, uint32_t at, uint64_t unexpected)
{
	return at != EV_NOWHERE && ev_kind(d, at) == EV_ARRAY &&
	       d->nodes[at].count == (unexpected < EXPECT_SAMPLE ? unexpected : EXPECT_SAMPLE);
}

enum ev_status ev_suite_merge(struct ev_suite *s, const struct ev_doc *d, uint64_t events,
			      struct ev_error *err)
{
	uint32_t sample = ev_member(d, 0, "sample", 6);
	struct expect *e;
	struct counts c;
	uint64_t index;

	/* Each stands there once, in their order, with its keys behind it. */
	if (ev_state_u64(d, 0, "unique", &index)) {
		if (index >= s->n || index + 1 != s->merged || !is_unique_kind(&s->list[index]))
			return damaged(err);
		return unique_merge(&s->list[index], d, ev_member(d, 0, "keys", 4), err);
	}
	if (!ev_state_u64(d, 0, "expectation", &index) || index >= s->n || index != s->merged)
		return damaged(err);
	e = &s->list[s->merged++];
	if (!read_counts(d, &c) || !counts_fit(e, &c, events) || !merge_counts(e, &c) ||
	    !sample_fits(d, sample, c.unexpected) || !sample_merge(&e->sample, d, sample) ||
	    (e->kind->merge != NULL && !e->kind->merge(e, d, 0)))
		return damaged(err);
	return EV_OK;
}

bool ev_suite_merged(struct ev_suite *s)
{
	bool good = s->merged == s->n;

	for (size_t i = 0; i < s->n && good; i++)
		good = !is_unique_kind(&s->list[i]) || unique_is_whole(&s->list[i]);
	s->merged = 0;
	return good;
}

/* Judging */

static void judge(struct expect *e)
{
	ev_buf_reset(&e->result);
	if (e->kind->judge != NULL)
		e->kind->judge(e, &e->result);
	else
		judge_rows(e, &e->result);
	if (e->untold > 0 || e->misfits > 0)
		e->outcome = EV_EXPECT_FAIL;
	ev_arena_reset(&e->suite->arena);
}

enum ev_status ev_suite_judge(struct ev_suite *s, ev_suite_put *put, void *ctx,
			      struct ev_error *err)
{
	struct ev_buf line = {0};
	enum ev_status st = EV_OK;

	for (size_t i = 0; i < s->n && st == EV_OK; i++) {
		struct expect *e = &s->list[i];

		if (put != NULL) {
			ev_buf_reset(&line);
			write_state(e, i, &line);
			st = put(ctx, line.p, line.len, err);
		}
		if (st == EV_OK && is_unique_kind(e))
			st = unique_finish(e, i, put, ctx, err);
		if (st == EV_OK)
			judge(e);
	}
	ev_buf_free(&line);
	return st;
}

/* What was found */

size_t ev_suite_count(const struct ev_suite *s)
{
	return s->n;
}

const char *ev_suite_name(const struct ev_suite *s)
{
	return s->name;
}

enum ev_outcome ev_suite_outcome(const struct ev_suite *s, size_t i)
{
	return s->list[i].outcome;
}

bool ev_suite_is_critical(const struct ev_suite *s, size_t i)
{
	return s->list[i].severity == SEVERITY_CRITICAL;
}

void ev_suite_tell(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	static const char *const severities[] = {"", " (a warning)", " (for information)"};
	const struct expect *e = &s->list[i];

	ev_buf_printf(out, "%s:%zu:%zu: %s %s%s", s->file, e->place.line, e->place.column,
		      e->kind->name,
		      e->outcome == EV_EXPECT_FAIL ? "does not hold" : "cannot be told to hold",
		      severities[e->severity]);
	if (e->outcome == EV_EXPECT_INCONCLUSIVE && e->error.len > 0) {
		ev_buf_puts(out, ": ");
		ev_buf_put(out, e->error.p, e->error.len);
	} else if (e->unexpected > 0) {
		ev_buf_printf(out, ": %llu of %llu values", (unsigned long long)e->unexpected,
			      (unsigned long long)e->elements);
	}
}

void ev_suite_digest(const struct ev_suite *s, char out[33])
{
	struct ev_digest *digest = ev_digest_new();

	for (size_t i = 0; i < s->n; i++) {
		const char *parts[] = {s->list[i].kind->name, s->list[i].kwargs};

		for (size_t k = 0; k < 2; k++)
			ev_digest_add(digest, parts[k], strlen(parts[k]) + 1);
	}
	ev_hash128_hex(ev_digest_value(digest), out);
	ev_digest_free(&digest);
}

static void put_exception(const struct expect *e, struct ev_buf *out)
{
	struct ev_buf text = {0};

	if (e->untold > 0)
		ev_buf_printf(&text, "row_condition could not be told for %llu events",
			      (unsigned long long)e->untold);
	if (e->misfits > 0)
		ev_buf_printf(&text, "%s%llu values %s", text.len > 0 ? "; " : "",
			      (unsigned long long)e->misfits, e->misfit);
	ev_buf_printf(out, "{\"raised_exception\":%s,\"exception_message\":",
		      text.len > 0 ? "true" : "false");
	if (text.len > 0)
		ev_json_quote(text.p, text.len, out);
	else
		ev_buf_puts(out, "null");
	ev_buf_puts(out, ",\"exception_traceback\":null}");
	ev_buf_free(&text);
}

void ev_suite_result(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	static const char *const severities[] = {"critical", "warning", "info"};
	const struct expect *e = &s->list[i];

	ev_buf_printf(out, "{\"success\":%s,\"expectation_config\":{\"type\":\"%s\",\"kwargs\":%s",
		      e->outcome == EV_EXPECT_PASS ? "true" : "false", e->kind->name, e->kwargs);
	ev_buf_printf(out, ",\"meta\":%s,\"severity\":\"%s\"", e->meta != NULL ? e->meta : "{}",
		      severities[e->severity]);
	if (e->id != NULL)
		ev_buf_printf(out, ",\"id\":%s", e->id);
	if (e->notes != NULL)
		ev_buf_printf(out, ",\"notes\":%s", e->notes);
	if (e->description != NULL)
		ev_buf_printf(out, ",\"description\":%s", e->description);
	ev_buf_puts(out, "},\"result\":");
	ev_buf_put(out, e->result.p, e->result.len);
	ev_buf_puts(out, ",\"meta\":{},\"exception_info\":");
	put_exception(e, out);
	ev_buf_putc(out, '}');
}

static void put_limit(const char *name, const struct limit *l, bool strict, struct ev_buf *out)
{
	if (l->kind == LIMIT_NONE)
		return;
	ev_buf_printf(out, "%s\"%s\":", out->p[out->len - 1] == '{' ? "" : ",", name);
	if (l->kind == LIMIT_NUMBER)
		ev_buf_put(out, l->text, l->len);
	else
		ev_json_quote(l->text, l->len, out);
	if (strict)
		ev_buf_printf(out, ",\"strict_%s\":true", name);
}

void ev_suite_extra(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	static const char *const outcomes[] = {"pass", "fail", "inconclusive"};
	const struct expect *e = &s->list[i];

	ev_buf_printf(out,
		      "{\"verdict\":\"%s\",\"approximate\":%s,\"error\":", outcomes[e->outcome],
		      e->approximate ? "true" : "false");
	if (e->error.len > 0)
		ev_json_quote(e->error.p, e->error.len, out);
	else
		ev_buf_puts(out, "null");
	ev_buf_puts(out, ",\"limits\":");
	if (e->range.min.kind == LIMIT_NONE && e->range.max.kind == LIMIT_NONE &&
	    e->mostly == NULL) {
		ev_buf_puts(out, "null");
	} else {
		ev_buf_putc(out, '{');
		put_limit("min", &e->range.min, e->range.strict_min, out);
		put_limit("max", &e->range.max, e->range.strict_max, out);
		if (e->mostly != NULL)
			ev_buf_printf(out, "%s\"mostly\":%s",
				      out->p[out->len - 1] == '{' ? "" : ",", e->mostly);
		ev_buf_putc(out, '}');
	}
	ev_buf_puts(out, ",\"histogram\":");
	if (e->histogram.len > 0)
		ev_buf_put(out, e->histogram.p, e->histogram.len);
	else
		ev_buf_puts(out, "null");
	ev_buf_putc(out, '}');
}

void ev_suite_free(struct ev_suite **suite)
{
	struct ev_suite *s = *suite;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct expect *e = &s->list[i];

		if (e->kind != NULL && e->kind->close != NULL)
			e->kind->close(e);
		free(e->kwargs);
		free(e->meta);
		free(e->id);
		free(e->notes);
		free(e->description);
		free(e->mostly);
		free(e->remembered);
		limit_free(&e->range.min);
		limit_free(&e->range.max);
		values_free(&e->set);
		for (size_t k = 0; k < e->sample.n; k++) {
			ev_position_free(&e->sample.list[k].pos);
			ev_buf_free(&e->sample.list[k].value);
		}
		ev_buf_free(&e->error);
		ev_buf_free(&e->result);
		ev_buf_free(&e->histogram);
	}
	for (size_t i = 0; i < s->n_columns; i++) {
		ev_path_free(&s->columns[i].path);
		free(s->columns[i].found.at);
	}
	for (size_t i = 0; i < s->n_conditions; i++) {
		ev_expr_free(&s->conditions[i].expr);
		free(s->conditions[i].text);
	}
	free(s->list);
	free(s->columns);
	for (size_t i = 0; s->known != NULL && i <= EV_SHAPES; i++)
		free(s->known[i]);
	free(s->known);
	free(s->found);
	free(s->conditions);
	ev_jschema_set_free(&s->schemas);
	ev_scan_free(&s->scan);
	ev_locator_free(&s->locator);
	ev_arena_free(&s->arena);
	ev_buf_free(&s->scratch);
	ev_buf_free(&s->shown);
	free(s->name);
	free(s->file);
	free(s->root);
	free(s);
	*suite = NULL;
}
