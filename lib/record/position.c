#include "record/position.h"
#include "number/decimal.h"
#include "json/view.h"
#include "json/write.h"

#include <errno.h>
#include <stdlib.h>

bool ev_u64_of(const struct ev_doc *d, uint32_t at, uint64_t *v)
{
	const char *p;
	size_t len;

	*v = 0;
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_NUMBER)
		return false;
	p = ev_raw(d, at, &len);
	for (size_t i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9' || __builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, (uint64_t)(p[i] - '0'), v))
			return false;
	return true;
}

bool ev_state_u64(const struct ev_doc *d, uint32_t object, const char *name, uint64_t *v)
{
	return ev_u64_of(d, ev_member(d, object, name, strlen(name)), v);
}

bool ev_i64_of(const struct ev_doc *d, uint32_t at, int64_t *v)
{
	const char *p;
	char *end;
	size_t len;

	*v = 0;
	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_raw(d, at, &len);
	if (p[1] != '-' && (p[1] < '0' || p[1] > '9'))
		return false;
	errno = 0;
	*v = strtoll(p + 1, &end, 10);
	return end == p + len - 1 && errno == 0;
}

bool ev_count_add(uint64_t *count, uint64_t n)
{
	const uint64_t most = UINT64_C(1) << 53;

	if (n > most || *count > most - n)
		return false;
	*count += n;
	return true;
}

bool ev_hash_of(const struct ev_doc *d, uint32_t at, struct ev_hash128 *h)
{
	const char *p;
	size_t len;

	if (at >= d->n || ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_raw(d, at, &len);
	if (len != 34)
		return false;
	*h = (struct ev_hash128){0, 0};
	for (int i = 0; i < 32; i++) {
		int v = ev_hex_digit(p[1 + i]);

		if (v < 0)
			return false;
		if (i < 16)
			h->hi = h->hi << 4 | (uint64_t)v;
		else
			h->lo = h->lo << 4 | (uint64_t)v;
	}
	return true;
}

char *ev_text_of(const struct ev_doc *d, uint32_t at)
{
	struct ev_buf scratch = {0};
	const char *p;
	char *copy = NULL;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return NULL;
	p = ev_string(d, at, &scratch, &len);
	if (memchr(p, '\0', len) == NULL)
		copy = ev_strndup(p, len);
	ev_buf_free(&scratch);
	return copy;
}

struct ev_locator {
	struct ev_scan *scan;
	struct ev_buf name, padded, scratch;
	const char *source; /* that name is of; NULL: of an origin */
};

struct ev_locator *ev_locator_new(void)
{
	struct ev_locator *l = ev_calloc(1, sizeof *l);

	l->scan = ev_scan_new();
	return l;
}

void ev_locator_free(struct ev_locator **l)
{
	if (*l == NULL)
		return;
	ev_scan_free(&(*l)->scan);
	ev_buf_free(&(*l)->name);
	ev_buf_free(&(*l)->padded);
	ev_buf_free(&(*l)->scratch);
	free(*l);
	*l = NULL;
}

static bool locate_by(struct ev_locator *l, const char *origin, size_t len, struct ev_position *p)
{
	const struct ev_doc *d;
	struct ev_flaw flaw;
	uint32_t source;
	const char *name;

	ev_buf_reset(&l->padded);
	ev_buf_put(&l->padded, origin, len);
	memset(ev_buf_room(&l->padded, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(l->scan, l->padded.p, len, &flaw);
	if (d == NULL || ev_kind(d, 0) != EV_OBJECT)
		return false;
	source = ev_member(d, 0, "source", 6);
	if (source == EV_NOWHERE || ev_kind(d, source) != EV_STRING ||
	    !ev_state_u64(d, 0, "line", &p->line))
		return false;
	if (!ev_state_u64(d, 0, "offset", &p->offset))
		p->offset = EV_NO_OFFSET;
	name = ev_string(d, source, &l->scratch, &len);
	if (memchr(name, '\0', len) != NULL)
		return false;
	l->source = NULL;
	ev_buf_reset(&l->name);
	ev_buf_put(&l->name, name, len);
	ev_buf_str(&l->name);
	return true;
}

void ev_locate(struct ev_locator *l, const struct ev_record *rec, const char *origin, size_t len,
	       struct ev_position *p)
{
	if (origin == NULL || !locate_by(l, origin, len, p)) {
		if (l->source != rec->source) {
			ev_buf_reset(&l->name);
			ev_record_source(rec->source, &l->name);
			ev_buf_str(&l->name);
			l->source = rec->source;
		}
		p->line = rec->line;
		p->offset = rec->offset;
	}
	p->source = l->name.p;
}

int ev_position_compare(const struct ev_position *a, const struct ev_position *b)
{
	int order;

	if (a->timed != b->timed)
		return a->timed ? -1 : 1;
	if (a->timed && (order = ev_time_compare(a->time, b->time)) != 0)
		return order;
	if ((order = strcmp(a->source, b->source)) != 0)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

void ev_position_copy(struct ev_position *to, const struct ev_position *from)
{
	char *source = ev_strdup(from->source);

	free(to->source);
	*to = *from;
	to->source = source;
}

void ev_position_free(struct ev_position *copy)
{
	free(copy->source);
	*copy = (struct ev_position){0};
}

void ev_position_write(const struct ev_position *p, bool full, struct ev_buf *out)
{
	if (full) {
		if (p->timed)
			ev_buf_printf(out, "{\"sec\":\"%lld\",\"nsec\":%d", (long long)p->time.sec,
				      p->time.nsec);
		else
			ev_buf_putc(out, '{');
	} else if (p->timed && ev_time_in_range(p->time)) {
		char text[EV_TIME_TEXT];

		ev_time_format(p->time, text);
		ev_buf_printf(out, "{\"time\":\"%.*s\"", EV_TIME_TEXT, text);
	} else {
		ev_buf_puts(out, "{\"time\":null");
	}
	ev_json_text(out, "source", p->source);
	ev_json_u64(out, "line", p->line);
	if (full && p->offset != EV_NO_OFFSET)
		ev_json_u64(out, "offset", p->offset);
	ev_buf_putc(out, '}');
}

bool ev_position_read(const struct ev_doc *d, uint32_t at, struct ev_position *p)
{
	uint32_t sec;
	uint64_t nsec;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_OBJECT)
		return false;
	sec = ev_member(d, at, "sec", 3);
	p->timed = sec != EV_NOWHERE;
	p->time = (struct ev_time){0};
	if (p->timed) {
		if (!ev_i64_of(d, sec, &p->time.sec) || !ev_state_u64(d, at, "nsec", &nsec) ||
		    nsec > 999999999)
			return false;
		p->time.nsec = (int32_t)nsec;
	}
	free(p->source);
	p->source = ev_text_of(d, ev_member(d, at, "source", 6));
	p->offset = EV_NO_OFFSET;
	return p->source != NULL && ev_state_u64(d, at, "line", &p->line) &&
	       (ev_member(d, at, "offset", 6) == EV_NOWHERE ||
		ev_state_u64(d, at, "offset", &p->offset));
}
