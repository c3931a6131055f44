#include "base/mem.h"
#include "scan/form.h"
#include "version/internal.h"
#include "version/merge.h"

#include <stdlib.h>

/* Reads a line that has been read before, so it cannot fail. */
static void read_again(struct ev_version *v, struct ev_events *events, const char *line, size_t len,
		       struct ev_event *event)
{
	struct ev_record rec = {.p = line, .len = len, .source = ""};

	ev_events_read(events, &rec, event, &v->none);
}

const struct ev_event *ev_version_read(struct ev_version *v, const struct ev_link *l)
{
	if (v->read != l)
		read_again(v, v->events, l->line, l->len, &v->event);
	v->read = l;
	return &v->event;
}

/* Content */

static void fill_content(struct ev_version *v, struct ev_link *l)
{
	const struct ev_event *event = ev_version_read(v, l);
	uint32_t skip[EV_MAX_SKIP];
	size_t n = ev_event_skip(v->events, event, v->bare, 1, skip);
	const struct ev_buf *content;

	if (l->content != NULL)
		return;
	content = ev_content_form(v->contents, event->doc, skip, n);
	l->content = ev_arena_copy(&v->chain.arena, content->p, content->len);
	l->content_len = content->len;
}

static int by_place_in_text(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* The record's bytes without the values that the model ignores. */
static void put_spelling(struct ev_version *v, const char *line, size_t len, struct ev_buf *out)
{
	uint32_t skip[EV_MAX_SKIP];
	struct ev_event event;
	size_t n, from = 0;

	ev_buf_reset(out);
	read_again(v, v->others, line, len, &event);
	n = ev_event_skip(v->others, &event, NULL, 0, skip);
	qsort(skip, n, sizeof *skip, by_place_in_text); /* into the order of the text */
	for (size_t i = 0; i < n; i++) {
		const struct ev_node *node = &event.doc->nodes[skip[i]];

		if (node->pos < from) /* inside another that is ignored */
			continue;
		ev_buf_put(out, line + from, node->pos - from);
		from = node->end;
	}
	ev_buf_put(out, line + from, len - from);
}

int ev_version_compare_spellings(struct ev_version *v, const char *a, size_t a_len, const char *b,
				 size_t b_len)
{
	if (ev_bytes_compare(a, a_len, b, b_len) == 0)
		return 0;
	put_spelling(v, a, a_len, &v->scratch);
	put_spelling(v, b, b_len, &v->other);
	return ev_bytes_compare(v->scratch.p, v->scratch.len, v->other.p, v->other.len);
}

/*
 * The greatest content first. Of equal contents the least spelling wins, so that the order of
 * arrival makes no difference.
 */
static int compare_links(struct ev_version *v, const struct ev_link *a, const struct ev_link *b)
{
	int order = ev_bytes_compare(b->content, b->content_len, a->content, a->content_len);

	if (order == 0)
		order = ev_version_compare_spellings(v, a->line, a->len, b->line, b->len);
	return order != 0 ? order : ev_bytes_compare(a->line, a->len, b->line, b->len);
}

/* A merge sort, because qsort() passes no context to the comparison. */
static void sort_links(struct ev_version *v, struct ev_link *links, struct ev_link *spare, size_t n)
{
	size_t half = n / 2, left = 0, right = half;

	if (n < 2)
		return;
	sort_links(v, links, spare, half);
	sort_links(v, links + half, spare, n - half);
	memcpy(spare, links, half * sizeof *links);
	for (size_t i = 0; left < half; i++)
		links[i] = right < n && compare_links(v, &links[right], &spare[left]) < 0
				   ? links[right++]
				   : spare[left++];
}

/* Rejects */

/* Fills in where a record came from. */
static void read_place(struct ev_version *v, const struct ev_link *l, struct ev_record *rec)
{
	rec->source = l->source;
	rec->line = l->number;
	rec->offset = l->offset;
	if (l->place != NULL)
		ev_version_place_read(v, l->place, rec);
}

static enum ev_status set_aside(struct ev_version *v, const struct ev_link *l, const char *code,
				struct ev_error *err)
{
	const struct ev_event *event = ev_version_read(v, l);
	struct ev_record rec = {.p = l->line, .len = l->len};

	read_place(v, l, &rec);
	v->why.code = code;
	return ev_rejects_put(v->port->rejects, &rec, event->origin, event->origin_len, &v->why,
			      err);
}

/*
 * Notes a record's class. If the input brought it, it is counted; else its class is compared with
 * the one that it had before. code: it becomes a reject, unless it was one already; or NULL.
 */
static enum ev_status classify(struct ev_version *v, struct ev_link *l, enum ev_version_class class,
			       const char *code, struct ev_error *err)
{
	uint64_t *const counts[] = {
		[EV_VERSION_VERSION] = &v->n_version,	  [EV_VERSION_NOOP] = &v->n_noop,
		[EV_VERSION_DUPLICATE] = &v->n_duplicate, [EV_VERSION_CONFLICT] = &v->n_conflict,
		[EV_VERSION_HELD] = &v->n_held,		  [EV_VERSION_MISFIT] = &v->n_misfit,
	};
	bool stood = l->before == EV_VERSION_VERSION || l->before == EV_VERSION_NOOP;
	bool stands = class == EV_VERSION_VERSION || class == EV_VERSION_NOOP;
	enum ev_status st;

	if (v->dry_run) {
		l->before = class;
		return EV_OK;
	}
	if (v->noting) {
		ev_version_note_class(v, l, class);
		return EV_OK;
	}
	l->class = class;
	if (!l->is_new) {
		if (stands && l->before == EV_VERSION_HELD)
			v->n_released++;
		if (stands || !stood)
			return EV_OK;
		if (code == NULL)
			v->n_withheld++;
		else
			v->n_taken_back++;
	} else if (class != EV_VERSION_LONG && counts[class] != NULL) {
		++*counts[class];
	}
	if (code == NULL)
		return EV_OK;
	st = set_aside(v, l, code, err);
	return st == EV_FATAL ? EV_FATAL : EV_OK;
}

static void owner_text(struct ev_version *v, const struct ev_event *event)
{
	ev_buf_reset(&v->owner);
	ev_json_escape(event->id, event->id_len, &v->owner);
}

/* l lost the conflict with the winner, whose content is greater. */
static enum ev_status conflict(struct ev_version *v, struct ev_link *l,
			       const struct ev_link *winner, struct ev_error *err)
{
	struct ev_record rec = {.p = ""};
	struct ev_buf text = {0};
	enum ev_status st;

	ev_reasons_reset(&v->why);
	read_place(v, winner, &rec);
	owner_text(v, ev_version_read(v, l));
	ev_buf_printf(&text,
		      "the event %s: the record at %s:%llu has the same version, time and op, and ",
		      ev_reasons_quote(&v->why, v->owner.p, v->owner.len), rec.source,
		      (unsigned long long)rec.line);
	if (v->options.fail_on_conflict && !v->dry_run) {
		read_place(v, l, &rec);
		st = ev_fail(err,
			     "%s:%llu: %sother content: mend the producer, or set the lesser aside "
			     "with --on-conflict quarantine",
			     rec.source, (unsigned long long)rec.line, ev_buf_str(&text));
	} else {
		ev_reasons_add(&v->why, "%scontent that is greater", ev_buf_str(&text));
		st = classify(v, l, EV_VERSION_CONFLICT, "conflict", err);
	}
	ev_buf_free(&text);
	return st;
}

/* The length of a key up to the end of S; with a state the content's digest follows. */
static size_t order_len(const struct ev_version *v, const struct ev_link *l)
{
	return l->key_len - (v->options.state != NULL ? EV_VERSION_DIGEST : 0);
}

static bool same_order(const struct ev_version *v, const struct ev_link *a, const struct ev_link *b)
{
	size_t len = order_len(v, a);

	return len == order_len(v, b) &&
	       memcmp(a->key + v->chain.word_len, b->key + v->chain.word_len,
		      len - v->chain.word_len) == 0;
}

/* True if the fold skips a link: a new one in a dry run, or one that is gone or unfit. */
static bool is_left_out(const struct ev_version *v, const struct ev_link *l)
{
	return (v->dry_run && l->is_new) || l->gone || l->unfit;
}

static bool same_content(const struct ev_link *a, const struct ev_link *b)
{
	return ev_bytes_compare(a->content, a->content_len, b->content, b->content_len) == 0;
}

/*
 * Records from..to have equal version, time and op. The greatest content wins and is *stands; equal
 * content is a duplicate; other content has lost the conflict.
 */
static enum ev_status settle(struct ev_version *v, size_t from, size_t to, struct ev_link **stands,
			     struct ev_error *err)
{
	struct ev_link *first = &v->chain.links[from], *spare, *last = NULL;
	size_t same = from + 1;

	while (same < to && ev_bytes_compare(first->line, first->len, v->chain.links[same].line,
					     v->chain.links[same].len) == 0)
		same++;
	if (same < to) {
		for (size_t i = from; i < to; i++)
			fill_content(v, &v->chain.links[i]);
		spare = ev_malloc((to - from) * sizeof *spare);
		sort_links(v, first, spare, to - from);
		free(spare);
		v->read = NULL; /* the records have changed places */
	}
	*stands = NULL;
	for (size_t i = from; i < to; i++) {
		struct ev_link *l = &v->chain.links[i];
		enum ev_status st = EV_OK;

		if (is_left_out(v, l))
			continue;
		if (*stands == NULL)
			*stands = l;
		else if (same == to || same_content(last, l))
			st = classify(v, l, EV_VERSION_DUPLICATE, NULL, err);
		else
			st = conflict(v, l, *stands, err);
		if (st != EV_OK)
			return EV_FATAL;
		last = l;
	}
	return EV_OK;
}

/* Emitting */

#define PUT(o, text) ((char *)memcpy((o), (text), sizeof(text) - 1) + sizeof(text) - 1)

static const char put_in[] = ",\"_ev\":", version[] = "{\"version\":",
		  valid_from[] = ",\"valid_from\":\"", valid_to[] = "\",\"valid_to\":\"",
		  current[] = "\",\"valid_to\":null,\"current\":true,\"deleted\":false",
		  gone[] = "\",\"valid_to\":null,\"current\":false,\"deleted\":true",
		  former[] = "\",\"current\":false,\"deleted\":false",
		  former_gone[] = "\",\"current\":false,\"deleted\":true";

/* The most bytes of a version's "_ev", with what is put around it. */
enum { MEMBER_MAX = 256 };

static char *put_u64(char *o, uint64_t n)
{
	struct ev_buf digits = {.p = o, .cap = MEMBER_MAX};

	ev_buf_u64(&digits, n);
	return o + digits.len;
}

/* Writes a version's "_ev" without an origin. to: NULL for the newest version. */
static char *put_version(char *o, uint64_t k, const struct ev_made *made, const char *to)
{
	o = PUT(o, version);
	o = put_u64(o, k);
	o = PUT(o, valid_from);
	o = (char *)memcpy(o, made->from, EV_TIME_TEXT) + EV_TIME_TEXT;
	if (to == NULL)
		return made->deleted ? PUT(o, gone) : PUT(o, current);
	o = PUT(o, valid_to);
	o = (char *)memcpy(o, to, EV_TIME_TEXT) + EV_TIME_TEXT;
	return made->deleted ? PUT(o, former_gone) : PUT(o, former);
}

/* An object without members, in which nothing stands behind a comma. */
static bool is_empty(const struct ev_made *made)
{
	const char *p = made->line + strspn(made->line, " \t\r");

	p += 1 + strspn(p + 1, " \t\r");
	return *p == '}';
}

/* Fast path: a line to which "_ev" is added is written straight into the output. */
static enum ev_status emit_verbatim(struct ev_version *v, const struct ev_made *made,
				    const char *to, struct ev_error *err)
{
	struct ev_out *out = v->port->out;
	bool room = ev_out_room(out, made->len + MEMBER_MAX);
	char *begin, *o;

	ev_buf_reset(&v->line);
	begin = room ? out->buf + out->len : ev_buf_room(&v->line, made->len + MEMBER_MAX);
	o = (char *)memcpy(begin, made->line, made->len - 1) + made->len - 1;
	o = PUT(o, put_in);
	o = put_version(o, v->k, made, to);
	*o++ = '}';
	*o++ = '}';
	if (!room)
		return ev_port_line(v->port, begin, (size_t)(o - begin), err);
	ev_out_made(out, (size_t)(o - begin));
	return EV_OK;
}

static enum ev_status emit_version(struct ev_version *v, const struct ev_made *made, const char *to,
				   struct ev_error *err)
{
	struct ev_buf *m = &v->scratch;
	struct ev_event event;

	v->k++;
	if (v->noting) {
		ev_version_note_made(v, made, to);
		return EV_OK;
	}
	if (v->options.emit == EV_EMIT_LATEST && (to != NULL || made->deleted))
		return EV_OK;
	v->n_out++;
	if (made->verbatim && !is_empty(made))
		return emit_verbatim(v, made, to, err);
	read_again(v, v->others, made->line, made->len, &event);
	ev_buf_reset(m);
	m->len = (size_t)(put_version(ev_buf_room(m, MEMBER_MAX), v->k, made, to) - m->p);
	if (event.origin != NULL) {
		ev_buf_puts(m, ",\"origin\":");
		ev_buf_put(m, event.origin, event.origin_len);
	}
	ev_buf_putc(m, '}');
	ev_buf_reset(&v->line);
	ev_event_write(event.doc, event.reserved, m->p, m->len, &v->line);
	return ev_port_line(v->port, v->line.p, v->line.len, err);
}

/* Sets v->owner, the id as in a JSON string, from the word in the keys. */
static void word_owner(struct ev_version *v)
{
	struct ev_buf id = {0};

	ev_buf_reset(&v->owner);
	if (memchr(v->chain.word, '!', v->chain.word_len) == NULL &&
	    memchr(v->chain.word, '"', v->chain.word_len) == NULL &&
	    memchr(v->chain.word, '\\', v->chain.word_len) == NULL) {
		ev_buf_put(&v->owner, v->chain.word, v->chain.word_len - 1);
		return;
	}
	ev_store_unword(v->chain.word, v->chain.word_len - 1, &id);
	ev_json_escape(id.p, id.len, &v->owner);
	ev_buf_free(&id);
}

void ev_version_add_day(struct ev_version *v, const struct ev_link *l)
{
	struct ev_version_chain *c = &v->chain;
	int64_t sec = ev_version_read(v, l)->time.sec, day = sec / 86400 - (sec % 86400 < 0);

	if (!c->dated || day < c->first_day)
		c->first_day = day;
	if (!c->dated || day > c->last_day)
		c->last_day = day;
	c->dated = true;
}

/*
 * The days between which the rows of the event lie that a reader may have: whatever their event's
 * time was, a record of the event bore it.
 */
static char *put_days(char *o, struct ev_version *v)
{
	const struct ev_version_chain *c = &v->chain;

	for (size_t i = c->n_links; i > 0; i--) /* the fold begins with the first */
		ev_version_add_day(v, &c->links[i - 1]);
	o = PUT(o, ",\"days\":[\"");
	ev_date_format(ev_date_of_days(c->first_day), o);
	o = PUT(o + EV_DATE_TEXT, "\",\"");
	ev_date_format(ev_date_of_days(c->last_day), o);
	return PUT(o + EV_DATE_TEXT, "\"]");
}

static enum ev_status emit_delete(struct ev_version *v, struct ev_error *err)
{
	static const char begin[] = "{\"_ev\":{\"op\":\"delete\",\"owner\":\"";
	char *o, *line;

	word_owner(v);
	ev_buf_reset(&v->line);
	line = o = ev_buf_room(&v->line, v->owner.len + MEMBER_MAX);
	o = PUT(o, begin);
	o = (char *)memcpy(o, v->owner.p, v->owner.len) + v->owner.len;
	*o++ = '"';
	if (v->options.state != NULL && !v->options.as_of) {
		o = PUT(o, ",\"first\":");
		o = put_u64(o, v->chain.first);
		o = PUT(o, ",\"from\":1");
		if (ev_version_is_loaded(v) && v->chain.n_erased == 0)
			o = put_days(o, v);
	}
	*o++ = '}';
	*o++ = '}';
	v->n_out++;
	return ev_port_line(v->port, line, (size_t)(o - line), err);
}

/* The fold */

/* As ev_event_skip, but without lists and objects that the envelope is computed from. */
static size_t bare_skip(struct ev_version *v, const struct ev_event *event, const uint32_t *also,
			size_t n_also, uint32_t skip[EV_MAX_SKIP])
{
	size_t n = ev_event_skip(v->events, event, NULL, 0, skip);
	const size_t all = ev_event_skip(v->events, event, also, n_also, skip);

	for (size_t i = n; i < all; i++)
		if (ev_kind(event->doc, skip[i]) < EV_ARRAY)
			skip[n++] = skip[i];
	return n;
}

static void fill_bare(struct ev_version *v, struct ev_made *made)
{
	uint32_t skip[EV_MAX_SKIP];
	struct ev_event event;
	size_t n;

	if (made->has_bare)
		return;
	v->read = NULL;
	read_again(v, v->events, made->line, made->len, &event);
	n = bare_skip(v, &event, v->bare, BARE, skip);
	made->bare = ev_content_digest(v->bares, event.doc, skip, n);
	made->has_bare = true;
}

/* True if the content differs from the one before in version and modified time at most. */
static bool is_noop(struct ev_version *v)
{
	fill_bare(v, &v->made);
	fill_bare(v, &v->making);
	return ev_hash128_equal(v->made.bare, v->making.bare);
}

/* Notes an event whose type changes: most likely two events have one id by chance. */
static void compare_types(struct ev_version *v)
{
	struct ev_event a, b;
	const char *p, *q;
	size_t p_len, q_len;

	if (v->dry_run)
		return;
	v->read = NULL;
	read_again(v, v->events, v->made.line, v->made.len, &a);
	read_again(v, v->others, v->making.line, v->making.len, &b);
	p = ev_string(a.doc, a.type, &v->scratch, &p_len);
	q = ev_string(b.doc, b.type, &v->other, &q_len);
	if (ev_bytes_compare(p, p_len, q, q_len) == 0)
		return;
	v->n_retyped++;
	if (v->retyped == NULL)
		v->retyped = ev_strndup(b.id, b.id_len);
}

/* Makes `making` the newest version, and emits the one before, whose end is now known. */
static enum ev_status push(struct ev_version *v, struct ev_link *l, struct ev_error *err)
{
	struct ev_made *last = &v->made, *next = &v->making;

	next->link = l;
	memcpy(next->from, l->from, EV_TIME_TEXT);
	if (last->link != NULL && memcmp(last->from, next->from, EV_TIME_TEXT) > 0)
		memcpy(next->from, last->from, EV_TIME_TEXT);
	if (last->link != NULL && !v->dry_run && emit_version(v, last, next->from, err) != EV_OK)
		return EV_FATAL;
	v->made = v->making;
	return classify(v, l, EV_VERSION_VERSION, NULL, err);
}

static enum ev_status fold_whole(struct ev_version *v, struct ev_link *l, struct ev_error *err)
{
	if (v->made.link != NULL && !v->made.deleted) {
		if (is_noop(v))
			return classify(v, l, EV_VERSION_NOOP, NULL, err);
		compare_types(v);
	}
	return push(v, l, err);
}

static enum ev_status orphan(struct ev_version *v, struct ev_link *l, struct ev_error *err)
{
	ev_reasons_reset(&v->why);
	if (v->options.state != NULL)
		return classify(v, l, EV_VERSION_HELD, NULL, err);
	owner_text(v, ev_version_read(v, l));
	ev_reasons_add(&v->why, "the event %s: the patch has no version to stand on",
		       ev_reasons_quote(&v->why, v->owner.p, v->owner.len));
	return classify(v, l, EV_VERSION_LONG, "orphan", err);
}

/*
 * Sets *good if the line satisfies its contract; else v->why has the reasons. Only what a patch
 * made, or what was put under another contract, is judged here: evvalidate has judged the rest.
 */
static enum ev_status judge(struct ev_version *v, const char *line, size_t len, bool *good,
			    struct ev_error *err)
{
	struct ev_event event;

	*good = true;
	ev_reasons_reset(&v->why);
	if (v->m->file == NULL)
		return EV_OK;
	if (v->contracts == NULL) {
		v->judged = ev_events_new(v->m, EV_CHECK_ALL, EV_TRUST_PIPE);
		v->contracts = ev_contracts_open(v->m, v->judged, err);
		if (v->contracts == NULL)
			return EV_FATAL;
	}
	read_again(v, v->judged, line, len, &event);
	event.op = EV_PUT; /* it is whole, whatever its last patch says */
	*good = ev_contracts_judge(v->contracts, &event, &v->why);
	return EV_OK;
}

static enum ev_status fold_patch(struct ev_version *v, struct ev_link *l, struct ev_error *err)
{
	const struct ev_event *event;
	uint32_t skip[EV_MAX_SKIP];
	struct ev_buf *whole;
	struct ev_event base;
	bool good;
	size_t n;

	if (v->made.link == NULL || v->made.deleted)
		return orphan(v, l, err);
	event = ev_version_read(v, l);
	read_again(v, v->others, v->made.line, v->made.len, &base);
	n = bare_skip(v, event, &v->bare[BARE_OP], 1, skip);
	whole = v->made.line == v->wholes[0].p ? &v->wholes[1] : &v->wholes[0];
	ev_buf_reset(whole);
	ev_version_merge_patch(base.doc, &base.reserved, base.reserved != EV_NOWHERE, event->doc,
			       skip, n, whole);
	if (whole->len > EV_SCAN_MAX) {
		ev_reasons_reset(&v->why);
		ev_reasons_add(&v->why, "what the patch makes is longer than 512 MiB");
		return classify(v, l, EV_VERSION_LONG, "too-long", err);
	}
	memset(ev_buf_room(whole, EV_IN_SLACK), 0, EV_IN_SLACK);
	v->making = (struct ev_made){.line = whole->p, .len = whole->len, .verbatim = true};
	if (judge(v, whole->p, whole->len, &good, err) != EV_OK)
		return EV_FATAL;
	return good ? fold_whole(v, l, err) : classify(v, l, EV_VERSION_MISFIT, "misfit", err);
}

/*
 * Marks the puts that break this model's contract as unfit. They count as if evvalidate had
 * rejected them, and do not even win conflicts.
 */
static enum ev_status judge_puts(struct ev_version *v, struct ev_error *err)
{
	for (size_t i = 0; i < v->chain.n_links; i++) {
		struct ev_link *l = &v->chain.links[i];
		bool good = true;

		l->unfit = false;
		if (l->op != EV_PUT || l->is_new || l->gone || l->commit > v->older ||
		    (v->dry_run && v->other_contract))
			continue;
		if (judge(v, l->line, l->len, &good, err) != EV_OK)
			return EV_FATAL;
		l->unfit = !good;
		if (!good && classify(v, l, EV_VERSION_MISFIT, "misfit", err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

static enum ev_status fold_link(struct ev_version *v, struct ev_link *l, struct ev_error *err)
{
	switch ((enum ev_op)l->op) {
	case EV_PUT:
		v->making =
			(struct ev_made){.line = l->line, .len = l->len, .verbatim = l->verbatim};
		return fold_whole(v, l, err);
	case EV_PATCH: return fold_patch(v, l, err);
	case EV_DELETE:
		if (v->made.link == NULL || v->made.deleted)
			return classify(v, l, EV_VERSION_NOOP, NULL, err);
		v->making = v->made;
		v->making.deleted = true;
		return push(v, l, err);
	}
	return EV_OK;
}

static enum ev_status replay(struct ev_version *v, struct ev_error *err)
{
	size_t from, to;

	v->made = (struct ev_made){.link = NULL};
	v->k = 0;
	if (!v->dry_run && !v->noting && emit_delete(v, err) != EV_OK)
		return EV_FATAL;
	if (v->older > 0 && judge_puts(v, err) != EV_OK)
		return EV_FATAL;
	for (from = 0; from < v->chain.n_links; from = to) {
		struct ev_link *stands;

		for (to = from + 1; to < v->chain.n_links; to++)
			if (!same_order(v, &v->chain.links[from], &v->chain.links[to]))
				break;
		if (settle(v, from, to, &stands, err) != EV_OK)
			return EV_FATAL;
		if (stands != NULL && fold_link(v, stands, err) != EV_OK)
			return EV_FATAL;
	}
	return v->made.link != NULL && !v->dry_run ? emit_version(v, &v->made, NULL, err) : EV_OK;
}

enum ev_status ev_version_fold(struct ev_version *v, struct ev_error *err)
{
	bool news = false;

	for (size_t i = 0; i < v->chain.n_links; i++)
		news |= v->chain.links[i].is_new;
	/*
	 * First a dry run, for the classes that the older records had before the new ones, or
	 * the new contract, came.
	 */
	if (v->chain.old && (news || v->other_contract)) {
		v->dry_run = true;
		if (replay(v, err) != EV_OK)
			return EV_FATAL;
		v->dry_run = false;
	} else {
		for (size_t i = 0; i < v->chain.n_links; i++)
			v->chain.links[i].before = EV_VERSION_NONE;
	}
	return replay(v, err);
}
