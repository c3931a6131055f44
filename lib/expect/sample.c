/* The sample of unexpected values: the earliest of them, each with its place. */
#include "base/utf8.h"
#include "expect/internal.h"
#include "scan/form.h"

const struct ev_position *ev_expect_position(struct ev_expect_frame *f)
{
	if (f->pos.source == NULL)
		ev_locate(f->locator, f->rec, f->event->origin, f->event->origin_len, &f->pos);
	return &f->pos;
}

static int by_place(const struct ev_expect_sampled *a, const struct ev_position *pos,
		    uint64_t element)
{
	int order = ev_position_compare(&a->pos, pos);

	return order != 0 ? order : (a->element > element) - (a->element < element);
}

int ev_expect_sampled_compare(const struct ev_expect_sampled *a, const struct ev_expect_sampled *b)
{
	int order = by_place(a, &b->pos, b->element);

	return order != 0 ? order
			  : ev_bytes_compare(a->value.p, a->value.len, b->value.p, b->value.len);
}

void ev_expect_sampled_set(struct ev_expect_sampled *s, const struct ev_position *pos,
			   uint64_t element, const char *value, size_t len)
{
	char *source = s->pos.source;

	if (source != NULL && strcmp(source, pos->source) == 0) {
		s->pos = *pos;
		s->pos.source = source;
	} else {
		ev_position_copy(&s->pos, pos);
	}
	s->element = element;
	ev_buf_reset(&s->value);
	ev_buf_put(&s->value, value, len);
}

void ev_expect_sampled_free(struct ev_expect_sampled *s)
{
	ev_position_free(&s->pos);
	ev_buf_free(&s->value);
}

void ev_expect_sampled_write(const struct ev_expect_sampled *s, struct ev_buf *out)
{
	ev_json_name(out, NULL);
	ev_position_write(&s->pos, true, out);
	ev_json_u64(out, NULL, s->element);
	ev_json_raw(out, NULL, s->value.p, s->value.len);
}

bool ev_expect_sampled_read(const struct ev_doc *d, uint32_t list, uint32_t skip,
			    struct ev_expect_sampled *s)
{
	uint32_t element, value;
	const char *p;
	size_t len;

	if (list == EV_NOWHERE || ev_kind(d, list) != EV_ARRAY ||
	    d->nodes[list].count != skip + 3 || !ev_position_read(d, list + 1 + skip, &s->pos))
		return false;
	element = ev_next(d, list + 1 + skip);
	value = ev_next(d, element);
	p = ev_raw(d, value, &len);
	ev_buf_reset(&s->value);
	ev_buf_put(&s->value, p, len);
	return ev_u64_of(d, element, &s->element);
}

void ev_expect_sample_add(struct ev_expect_sample *s, const struct ev_expect_sampled *x)
{
	struct ev_expect_sampled item = {.element = 0};
	size_t i = s->n;

	while (i > 0 && ev_expect_sampled_compare(&s->list[i - 1], x) > 0)
		i--;
	if (i == EXPECT_SAMPLE)
		return;
	if (s->n == EXPECT_SAMPLE)
		item = s->list[--s->n];
	memmove(&s->list[i + 1], &s->list[i], (s->n++ - i) * sizeof item);
	ev_expect_sampled_set(&item, &x->pos, x->element, x->value.p, x->value.len);
	s->list[i] = item;
}

void ev_expect_sample_write(const struct ev_expect_sample *s, struct ev_buf *out)
{
	ev_json_open(out, "sample", '[');
	for (size_t i = 0; i < s->n; i++) {
		ev_json_open(out, NULL, '[');
		ev_expect_sampled_write(&s->list[i], out);
		ev_buf_putc(out, ']');
	}
	ev_buf_putc(out, ']');
}

bool ev_expect_sample_merge(struct ev_expect_sample *s, const struct ev_doc *d, uint32_t at)
{
	struct ev_expect_sampled x = {.element = 0};
	bool good = true;

	for (uint32_t i = ev_first(d, at); good && i < ev_end(d, at); i = ev_next(d, i)) {
		good = ev_expect_sampled_read(d, i, 0, &x);
		if (good)
			ev_expect_sample_add(s, &x);
	}
	ev_expect_sampled_free(&x);
	return good;
}

void ev_expect_sample_free(struct ev_expect_sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		ev_expect_sampled_free(&s->list[i]);
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
	cut = ev_utf8_cut(p, len, EXPECT_SHOWN);
	ev_buf_putc(out, '"');
	ev_json_escape(p, cut, out);
	ev_buf_puts(out, cut < len ? "...\"" : "\"");
	ev_buf_free(&scratch);
}

void ev_expect_count_unexpected(struct ev_expect *e, struct ev_expect_frame *f, const uint32_t *at)
{
	const struct ev_expect_sampled *last = &e->sample.list[EXPECT_SAMPLE - 1];
	struct ev_buf *shown = &e->suite->shown;

	e->n.unexpected++;
	if (e->sample.n == EXPECT_SAMPLE &&
	    ((f->pos.timed && ev_time_compare(f->pos.time, last->pos.time) > 0) ||
	     by_place(last, ev_expect_position(f), f->element) < 0))
		return;
	ev_buf_reset(shown);
	ev_buf_put(shown, "[", e->n_columns > 1);
	for (size_t k = 0; k < e->n_columns; k++) {
		ev_buf_put(shown, ",", k > 0);
		ev_expect_show_value(f->d, at[k], shown);
	}
	ev_buf_put(shown, "]", e->n_columns > 1);
	ev_expect_sample_add(&e->sample, &(struct ev_expect_sampled){*ev_expect_position(f),
								     f->element, *shown});
}
