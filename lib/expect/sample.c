/* The sample of unexpected values: the earliest of them, each with its place. */
#include "base/utf8.h"
#include "expect/internal.h"
#include "scan/form.h"

const struct ev_position *ev_expect_frame_position(struct ev_expect_frame *f)
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

/* By place, then by value: one place may come twice, through its origin or out of two states. */
static int by_place_and_value(const struct ev_expect_sampled *a, const struct ev_position *pos,
			      uint64_t element, const char *value, size_t len)
{
	int order = by_place(a, pos, element);

	return order != 0 ? order : ev_bytes_compare(a->value.p, a->value.len, value, len);
}

void ev_expect_sample_add(struct ev_expect_sample *s, const struct ev_position *pos,
			  uint64_t element, const char *value, size_t len)
{
	struct ev_expect_sampled item = {.element = 0};
	size_t i = s->n;

	while (i > 0 && by_place_and_value(&s->list[i - 1], pos, element, value, len) > 0)
		i--;
	if (i == EXPECT_SAMPLE)
		return;
	if (s->n == EXPECT_SAMPLE)
		item = s->list[--s->n];
	memmove(&s->list[i + 1], &s->list[i], (s->n++ - i) * sizeof item);
	ev_position_copy(&item.pos, pos);
	item.element = element;
	ev_buf_reset(&item.value);
	ev_buf_put(&item.value, value, len);
	s->list[i] = item;
}

void ev_expect_sampled_write(const struct ev_position *pos, uint64_t element,
			     const struct ev_buf *value, struct ev_buf *out)
{
	ev_json_name(out, NULL);
	ev_position_write(pos, true, out);
	ev_json_u64(out, NULL, element);
	ev_json_raw(out, NULL, value->p, value->len);
}

bool ev_expect_sampled_read(const struct ev_doc *d, uint32_t first, struct ev_position *pos,
			    uint64_t *element, uint32_t *value)
{
	uint32_t second;

	if (!ev_position_read(d, first, pos))
		return false;
	second = ev_next(d, first);
	*value = ev_next(d, second);
	return ev_u64_of(d, second, element);
}

void ev_expect_sample_write(const struct ev_expect_sample *s, struct ev_buf *out)
{
	ev_json_open(out, "sample", '[');
	for (size_t i = 0; i < s->n; i++) {
		ev_json_open(out, NULL, '[');
		ev_expect_sampled_write(&s->list[i].pos, s->list[i].element, &s->list[i].value,
					out);
		ev_buf_putc(out, ']');
	}
	ev_buf_putc(out, ']');
}

bool ev_expect_sample_merge(struct ev_expect_sample *s, const struct ev_doc *d, uint32_t at)
{
	struct ev_position pos = {0};
	bool good = true;

	for (uint32_t i = ev_first(d, at); good && i < ev_end(d, at); i = ev_next(d, i)) {
		uint32_t value;
		uint64_t element;
		const char *p;
		size_t len;

		good = ev_kind(d, i) == EV_ARRAY && d->nodes[i].count == 3 &&
		       ev_expect_sampled_read(d, i + 1, &pos, &element, &value);
		if (!good)
			break;
		p = ev_raw(d, value, &len);
		ev_expect_sample_add(s, &pos, element, p, len);
	}
	ev_position_free(&pos);
	return good;
}

void ev_expect_sample_free(struct ev_expect_sample *s)
{
	for (size_t i = 0; i < s->n; i++) {
		ev_position_free(&s->list[i].pos);
		ev_buf_free(&s->list[i].value);
	}
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
	     by_place(last, ev_expect_frame_position(f), f->element) < 0))
		return;
	ev_buf_reset(shown);
	ev_buf_put(shown, "[", e->n_columns > 1);
	for (size_t k = 0; k < e->n_columns; k++) {
		ev_buf_put(shown, ",", k > 0);
		ev_expect_show_value(f->d, at[k], shown);
	}
	ev_buf_put(shown, "]", e->n_columns > 1);
	ev_expect_sample_add(&e->sample, ev_expect_frame_position(f), f->element, shown->p,
			     shown->len);
}
