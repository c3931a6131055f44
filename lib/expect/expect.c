#include "expect/expect.h"
#include "expect/internal.h"
#include "number/decimal.h"
#include "number/sum.h"
#include "scan/form.h"
#include "schema/schema.h"
#include "json/canon.h"
#include "json/write.h"

#include <stdlib.h>

enum { TOLD = 120 }; /* the most bytes of a value in a line for people */

/* Positions and samples */

const struct ev_position *ev_expect_frame_position(struct ev_expect_frame *f)
{
	if (f->pos.source == NULL)
		ev_locate(f->locator, f->rec, f->event->origin, f->event->origin_len, &f->pos);
	return &f->pos;
}

static int place_order(const struct ev_expect_sampled *a, const struct ev_position *pos,
		       uint64_t element)
{
	int order = ev_position_compare(&a->pos, pos);

	return order != 0 ? order : (a->element > element) - (a->element < element);
}

/*
 * Orders by place, then by value: one place may come twice, through its origin or out of two
 * states.
 */
static int order_of(const struct ev_expect_sampled *a, const struct ev_position *pos,
		    uint64_t element, const char *value, size_t len)
{
	int order = place_order(a, pos, element);

	if (order == 0)
		order = memcmp(a->value.p, value, a->value.len < len ? a->value.len : len);
	return order != 0 ? order : (a->value.len > len) - (a->value.len < len);
}

bool ev_expect_sample_wants(const struct ev_expect_sample *s, const struct ev_position *pos,
			    uint64_t element)
{
	return s->n < EXPECT_SAMPLE || place_order(&s->list[s->n - 1], pos, element) >= 0;
}

void ev_expect_sample_add(struct ev_expect_sample *s, const struct ev_position *pos,
			  uint64_t element, const char *value, size_t len)
{
	struct ev_expect_sampled item;
	size_t i;

	if (s->n == EXPECT_SAMPLE && order_of(&s->list[s->n - 1], pos, element, value, len) <= 0)
		return;
	if (s->n < EXPECT_SAMPLE) {
		item = (struct ev_expect_sampled){.element = 0};
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

void ev_expect_sample_write(const struct ev_expect_sample *s, struct ev_buf *out)
{
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < s->n; i++) {
		const struct ev_expect_sampled *x = &s->list[i];

		ev_buf_puts(out, i > 0 ? ",[" : "[");
		ev_position_write(&x->pos, true, out);
		ev_buf_printf(out, ",%llu,", (unsigned long long)x->element);
		ev_buf_put(out, x->value.p, x->value.len);
		ev_buf_putc(out, ']');
	}
	ev_buf_putc(out, ']');
}

bool ev_expect_sample_merge(struct ev_expect_sample *s, const struct ev_doc *d, uint32_t at)
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
			ev_expect_sample_add(s, &pos, n, p, len);
	}
	ev_position_free(&pos);
	return good;
}

void ev_expect_show_value(const struct ev_doc *d, uint32_t at, struct ev_buf *out)
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

const char *ev_expect_canonical_of(const struct ev_doc *d, uint32_t at, struct ev_buf *scratch,
				   size_t *len)
{
	const struct ev_node *n = &d->nodes[at];

	if (n->kind == EV_STRING && !n->escaped)
		return ev_raw(d, at, len);
	ev_buf_reset(scratch);
	ev_canonical(d, at, NULL, 0, scratch);
	*len = scratch->len;
	return ev_buf_str(scratch);
}

long ev_expect_values_find_text(const struct ev_expect_values *v, const char *p, size_t len)
{
	uint64_t hash = ev_hash64(p, len, 0);
	size_t step = 0;
	uint32_t i;

	while ((i = ev_lookup_next(&v->table, hash, &step)) != EV_LOOKUP_NONE)
		if (v->list[i].len == len && memcmp(v->list[i].text, p, len) == 0)
			return i;
	return NOT_A_VALUE;
}

long ev_expect_values_find(const struct ev_expect_values *v, const struct ev_doc *d, uint32_t at,
			   struct ev_buf *scratch)
{
	const char *p;
	size_t len;

	if (v->n == 0)
		return NOT_A_VALUE;
	p = ev_expect_canonical_of(d, at, scratch, &len);
	return ev_expect_values_find_text(v, p, len);
}

void ev_expect_values_count(struct ev_expect *e, struct ev_expect_frame *f, uint64_t *counts,
			    ev_expect_other *other)
{
	const struct ev_expect_cells *c = ev_expect_cells_of(e, 0);
	struct ev_buf *scratch = &e->suite->scratch, *shown = &e->suite->shown;

	e->elements += c->n;
	for (size_t i = 0; ev_expect_next_value(e, f->d, c, &i); i++) {
		const char *p;
		size_t len;
		long at;

		at = ev_expect_values_find(&e->set, f->d, c->at[i], scratch);
		if (at != NOT_A_VALUE) {
			counts[at]++;
			continue;
		}
		p = ev_expect_canonical_of(f->d, c->at[i], scratch, &len);
		if (len <= EXPECT_SHOWN) {
			other(e->own, p, len, p, len);
			continue;
		}
		ev_buf_reset(shown);
		ev_expect_show_value(f->d, c->at[i], shown);
		other(e->own, p, len, shown->p, shown->len);
	}
}

/* Adds a value unless it is there already. json: padded as the scanner needs it. */
void ev_expect_values_add(struct ev_expect_values *v, const char *json, size_t len)
{
	struct ev_scan *scan = ev_scan_new();
	struct ev_buf text = {0}, canonical = {0};
	const struct ev_doc *d;
	struct ev_flaw flaw;

	ev_buf_put(&text, json, len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, text.p, len, &flaw);
	if (d != NULL)
		ev_canonical(d, 0, NULL, 0, &canonical);
	if (ev_expect_values_find_text(v, ev_buf_str(&canonical), canonical.len) == NOT_A_VALUE) {
		v->list = ev_realloc_array(v->list, v->n + 1, sizeof *v->list);
		v->list[v->n].text = ev_strndup(canonical.p, canonical.len);
		v->list[v->n].len = canonical.len;
		v->list[v->n].shown = ev_strndup(json, len);
		ev_lookup_add(&v->table, ev_hash64(canonical.p, canonical.len, 0),
			      (uint32_t)v->n++);
	}
	ev_buf_free(&text);
	ev_buf_free(&canonical);
	ev_scan_free(&scan);
}

void ev_expect_values_free(struct ev_expect_values *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->list[i].text);
		free(v->list[i].shown);
	}
	free(v->list);
	ev_lookup_free(&v->table);
	*v = (struct ev_expect_values){0};
}

void ev_expect_limit_free(struct ev_expect_limit *l)
{
	free(l->text);
	*l = (struct ev_expect_limit){0};
}

bool ev_expect_read_moment(const char *p, size_t len, struct ev_time *t)
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

bool ev_expect_limit_compare(const struct ev_expect_limit *l, const struct ev_doc *d, uint32_t at,
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
		if (!ev_expect_read_moment(p, len, &t))
			return false;
		*order = ev_time_compare(t, l->time);
	} else {
		*order = text_compare(p, len, l->text, l->len);
	}
	return true;
}

/* State */

static void write_state(const struct ev_expect *e, size_t index, struct ev_buf *out)
{
	ev_buf_printf(out,
		      "{\"expectation\":%zu,\"elements\":%llu,\"missing\":%llu,"
		      "\"unexpected\":%llu,\"untold\":%llu,\"misfits\":%llu,\"met\":%d,\"sample\":",
		      index, (unsigned long long)e->elements, (unsigned long long)e->missing,
		      (unsigned long long)e->unexpected, (unsigned long long)e->untold,
		      (unsigned long long)e->misfits, e->met);
	ev_expect_sample_write(&e->sample, out);
	if (e->kind->write != NULL)
		e->kind->write(e, out);
	ev_buf_putc(out, '}');
}

static enum ev_status damaged(struct ev_error *err)
{
	ev_fail(err, "the state is damaged");
	return EV_REJECT;
}

/* The counts in one line of a written state. */
struct counts {
	uint64_t elements, missing, unexpected, untold, misfits, met;
};

static bool read_counts(const struct ev_doc *d, struct counts *c)
{
	return ev_state_u64(d, 0, "elements", &c->elements) &&
	       ev_state_u64(d, 0, "missing", &c->missing) &&
	       ev_state_u64(d, 0, "unexpected", &c->unexpected) &&
	       ev_state_u64(d, 0, "untold", &c->untold) &&
	       ev_state_u64(d, 0, "misfits", &c->misfits) && ev_state_u64(d, 0, "met", &c->met);
}

uint64_t ev_expect_present_in(const struct ev_doc *d)
{
	struct counts c;

	read_counts(d, &c);
	return c.elements - c.missing - c.misfits;
}

/* True if such counts are possible for that expectation and number of events. */
static bool counts_fit(const struct ev_expect *e, const struct counts *c, uint64_t events)
{
	uint64_t apart = 0, rows = 0;

	if (!ev_count_add(&apart, c->missing) || !ev_count_add(&apart, c->misfits) ||
	    !ev_count_add(&apart, c->unexpected) || apart > c->elements ||
	    (c->misfits > 0 && e->misfit == NULL) || (c->untold > 0 && e->condition == SIZE_MAX) ||
	    (c->unexpected > 0 && ev_expect_is_unique_kind(e)) || c->untold > events ||
	    c->met > (e->condition != SIZE_MAX))
		return false;
	if (ev_expect_has_list(e))
		return true;
	return ev_count_add(&rows, c->elements) && ev_count_add(&rows, c->untold) &&
	       (e->condition == SIZE_MAX ? rows == events : rows <= events);
}

static bool merge_counts(struct ev_expect *e, const struct counts *c)
{
	e->met |= c->met > 0;
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
	struct ev_expect *e;
	struct counts c;
	uint64_t index;

	/* Each expectation has one line, in order; the keys of one of uniqueness follow it. */
	if (ev_state_u64(d, 0, "unique", &index)) {
		if (index >= s->n || index + 1 != s->merged ||
		    !ev_expect_is_unique_kind(&s->list[index]))
			return damaged(err);
		return ev_expect_unique_merge(&s->list[index], d, ev_member(d, 0, "keys", 4), err);
	}
	if (!ev_state_u64(d, 0, "expectation", &index) || index >= s->n || index != s->merged)
		return damaged(err);
	e = &s->list[s->merged++];
	if (!read_counts(d, &c) || !counts_fit(e, &c, events) || !merge_counts(e, &c) ||
	    !sample_fits(d, sample, c.unexpected) ||
	    !ev_expect_sample_merge(&e->sample, d, sample) ||
	    (e->kind->merge != NULL && !e->kind->merge(e, d, 0)))
		return damaged(err);
	return EV_OK;
}

bool ev_suite_merged(struct ev_suite *s)
{
	bool good = s->merged == s->n;

	for (size_t i = 0; i < s->n && good; i++)
		good = !ev_expect_is_unique_kind(&s->list[i]) ||
		       ev_expect_unique_is_whole(&s->list[i]);
	s->merged = 0;
	return good;
}

/* Paths */

void ev_suite_ask(struct ev_suite *s, struct ev_presence *presence)
{
	s->presence = presence;
	for (size_t i = 0; i < s->n; i++) {
		struct ev_expect *e = &s->list[i];
		struct ev_presence_by by = {e->kind->name, s->file, e->place};

		for (size_t k = 0; k < e->n_columns; k++)
			ev_presence_add(presence, NULL, ev_expect_column_of(e, k)->path, &by,
					&e->asks);
		if (e->condition != SIZE_MAX)
			ev_presence_add_expr(presence, s->conditions[e->condition].expr, &by,
					     &s->conditions[e->condition].asks);
	}
}

void ev_suite_asked(struct ev_suite *s)
{
	for (size_t i = 0; i < s->n_conditions; i++)
		ev_presence_ask(s->presence, &s->conditions[i].asks);
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].met || s->list[i].condition == SIZE_MAX)
			ev_presence_ask(s->presence, &s->list[i].asks);
}

/* An expectation on a path that no event has is inconclusive, never passed. */
static void judge_paths(struct ev_expect *e)
{
	const struct ev_presence *presence = e->suite->presence;
	const char *path = NULL;

	if (presence != NULL && e->condition != SIZE_MAX)
		path = ev_presence_absent(presence, &e->suite->conditions[e->condition].asks);
	if (presence != NULL && path == NULL && (e->met || e->condition == SIZE_MAX))
		path = ev_presence_absent(presence, &e->asks);
	if (path == NULL || e->outcome == EV_EXPECT_FAIL)
		return;
	e->outcome = EV_EXPECT_INCONCLUSIVE;
	ev_buf_reset(&e->error);
	ev_buf_printf(&e->error, "no event of the batch has %s", path);
}

/* Judging */

static void judge(struct ev_expect *e)
{
	ev_buf_reset(&e->result);
	if (e->kind->judge != NULL)
		e->kind->judge(e, &e->result);
	else
		ev_expect_judge_rows(e, &e->result);
	if (e->untold > 0 || e->misfits > 0)
		e->outcome = EV_EXPECT_FAIL;
	judge_paths(e);
	ev_arena_reset(&e->suite->arena);
}

enum ev_status ev_suite_judge(struct ev_suite *s, ev_suite_put *put, void *ctx,
			      struct ev_error *err)
{
	struct ev_buf line = {0};
	enum ev_status st = EV_OK;

	ev_suite_add_counted(s);
	for (size_t i = 0; i < s->n && st == EV_OK; i++) {
		struct ev_expect *e = &s->list[i];

		if (put != NULL) {
			ev_buf_reset(&line);
			write_state(e, i, &line);
			st = put(ctx, line.p, line.len, err);
		}
		if (st == EV_OK && ev_expect_is_unique_kind(e))
			st = ev_expect_unique_finish(e, i, put, ctx, err);
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

/* What could not be judged. */
static void put_trouble(const struct ev_expect *e, struct ev_buf *out)
{
	if (e->untold > 0)
		ev_buf_printf(out, "row_condition could not be told for %llu events",
			      (unsigned long long)e->untold);
	if (e->misfits > 0)
		ev_buf_printf(out, "%s%llu values %s", e->untold > 0 ? "; " : "",
			      (unsigned long long)e->misfits, e->misfit);
}

/* Appends a text to a line for people, cut to a readable length. */
static void put_short(const char *p, size_t len, struct ev_buf *out)
{
	size_t cut = len;

	if (cut > TOLD) {
		cut = TOLD;
		while (cut > 0 && ((unsigned char)p[cut] & 0xc0) == 0x80)
			cut--;
	}
	ev_buf_put(out, p, cut);
	ev_buf_puts(out, cut < len ? "..." : "");
}

static void tell_limit(const char *strictly, const char *or_equal, const struct ev_expect_limit *l,
		       bool strict, const char *before, struct ev_buf *out)
{
	if (l->kind == LIMIT_NONE)
		return;
	ev_buf_printf(out, "%s%s ", before, strict ? strictly : or_equal);
	put_short(l->text, l->len, out);
}

static void tell_wanted(const struct ev_expect *e, struct ev_buf *out)
{
	const struct ev_expect_range *r = &e->range;
	bool min = r->min.kind != LIMIT_NONE;

	ev_buf_puts(out, "; wanted: ");
	if (!min && r->max.kind == LIMIT_NONE) {
		put_short(e->kwargs, strlen(e->kwargs), out);
		return;
	}
	if (min && r->min.len == r->max.len && memcmp(r->min.text, r->max.text, r->min.len) == 0) {
		ev_buf_puts(out, "exactly ");
		put_short(r->min.text, r->min.len, out);
		return;
	}
	tell_limit("more than", "at least", &r->min, r->strict_min, "", out);
	tell_limit("less than", "at most", &r->max, r->strict_max, min ? " and " : "", out);
	if (e->mostly != NULL)
		ev_buf_printf(out, ", in a share of %s", e->mostly);
}

/* Appends the observed value; false if the kind has none. */
static bool tell_observed(const struct ev_expect *e, struct ev_buf *out)
{
	struct ev_buf text = {0};
	struct ev_flaw flaw;
	const struct ev_doc *d;
	uint32_t at = EV_NOWHERE;
	const char *p;
	size_t len;

	ev_buf_put(&text, e->result.p, e->result.len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(e->suite->scan, text.p, text.len, &flaw);
	if (d != NULL && ev_kind(d, 0) == EV_OBJECT)
		at = ev_member(d, 0, "observed_value", 14);
	if (at != EV_NOWHERE) {
		p = ev_raw(d, at, &len);
		ev_buf_puts(out, ": found ");
		put_short(p, len, out);
	}
	ev_buf_free(&text);
	return at != EV_NOWHERE;
}

static void tell_found(const struct ev_expect *e, struct ev_buf *out)
{
	const struct ev_expect_sampled *first = &e->sample.list[0];

	if (e->unexpected > 0) {
		ev_buf_printf(out, ": %llu of %llu values", (unsigned long long)e->unexpected,
			      (unsigned long long)e->elements);
		if (e->sample.n > 0) {
			ev_buf_puts(out, ", the first ");
			put_short(first->value.p, first->value.len, out);
			ev_buf_printf(out, " at %s:%llu", first->pos.source,
				      (unsigned long long)first->pos.line);
		}
	} else if (e->untold > 0 || e->misfits > 0 || !tell_observed(e, out)) {
		ev_buf_puts(out, ": ");
		put_trouble(e, out);
		if (e->untold == 0 && e->misfits == 0)
			ev_buf_printf(out, "of %llu values", (unsigned long long)e->elements);
	}
	tell_wanted(e, out);
}

void ev_suite_tell(const struct ev_suite *s, size_t i, struct ev_buf *out)
{
	static const char *const severities[] = {"", " (a warning)", " (for information)"};
	const struct ev_expect *e = &s->list[i];

	ev_buf_printf(out, "%s:%zu:%zu: %s", s->file, e->place.line, e->place.column,
		      e->kind->name);
	for (size_t k = 0; k < e->n_columns; k++)
		ev_buf_printf(out, "%s%s", k == 0 ? " of " : ", ",
			      ev_expect_column_of(e, k)->path->text);
	if (e->condition != SIZE_MAX) {
		ev_buf_puts(out, " where ");
		put_short(s->conditions[e->condition].text,
			  strlen(s->conditions[e->condition].text), out);
	}
	ev_buf_printf(out, " %s%s",
		      e->outcome == EV_EXPECT_FAIL ? "does not hold" : "cannot be told to hold",
		      severities[e->severity]);
	if (e->outcome == EV_EXPECT_FAIL) {
		tell_found(e, out);
	} else if (e->error.len > 0) {
		ev_buf_puts(out, ": ");
		ev_buf_put(out, e->error.p, e->error.len);
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

static void put_exception(const struct ev_expect *e, struct ev_buf *out)
{
	struct ev_buf text = {0};

	put_trouble(e, &text);
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
	const struct ev_expect *e = &s->list[i];

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

static void put_limit(const char *name, const struct ev_expect_limit *l, bool strict,
		      struct ev_buf *out)
{
	if (l->kind == LIMIT_NONE)
		return;
	ev_json_name(out, name);
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
	const struct ev_expect *e = &s->list[i];

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
		if (e->mostly != NULL) {
			ev_json_name(out, "mostly");
			ev_buf_puts(out, e->mostly);
		}
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
		struct ev_expect *e = &s->list[i];

		if (e->kind != NULL && e->kind->close != NULL)
			e->kind->close(e);
		free(e->kwargs);
		free(e->meta);
		free(e->id);
		free(e->notes);
		free(e->description);
		free(e->mostly);
		free(e->remembered);
		free(e->asks.list);
		ev_expect_limit_free(&e->range.min);
		ev_expect_limit_free(&e->range.max);
		ev_expect_values_free(&e->set);
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
		ev_containers_free(&s->columns[i].ways);
	}
	for (size_t i = 0; i < s->n_conditions; i++) {
		ev_expr_free(&s->conditions[i].expr);
		free(s->conditions[i].text);
		free(s->conditions[i].asks.list);
	}
	free(s->list);
	free(s->columns);
	free(s->known);
	ev_arena_free(&s->shapes);
	free(s->found);
	ev_containers_free(&s->ways);
	free(s->open);
	free(s->conditions);
	ev_schema_set_free(&s->schemas);
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
