/*
 * What queues and containers put around a record. What is set aside is the record as it came, with
 * all that is around it; what is said of it is said of what is in it.
 */
#include "parse/internal.h"
#include "scan/form.h"

/* A queue's answer */

/* The record as an object of JSON, or NULL, with why. */
static const struct ev_doc *read_object(struct ev_parse *p, const char *text, size_t len)
{
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan(p->scan, text, len, &flaw);

	if (d == NULL) {
		ev_reasons_of_flaw(&flaw, 0, &p->why);
		return NULL;
	}
	if (ev_kind(d, 0) == EV_OBJECT)
		return d;
	p->why.code = "not-object";
	ev_reasons_add(&p->why, "a record is one JSON object, and this is a JSON %s",
		       ev_kind_name(ev_kind(d, 0)));
	return NULL;
}

/* The text of a member; or NULL, with why. Valid until the next one. */
static const char *text_of(struct ev_parse *p, const struct ev_doc *d, const char *name,
			   size_t *len)
{
	const uint32_t at = ev_member(d, 0, name, strlen(name));

	if (at != EV_NOWHERE && ev_kind(d, at) == EV_STRING)
		return ev_string(d, at, &p->scratch, len);
	p->why.code = "foreign";
	ev_reasons_add(&p->why, "the record has no text '%s'", name);
	return NULL;
}

/* What the queue knows it by, if it says so. */
static void take_key(struct ev_parse *p, const struct ev_doc *d, const char *name)
{
	const uint32_t at = ev_member(d, 0, name, strlen(name));
	const char *text;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(d, at) != EV_STRING)
		return;
	text = ev_string(d, at, &p->scratch, &len);
	ev_buf_put(&p->key, text, len);
}

/* The source of a record that has one: the file and the key. */
static const char *keyed_source(struct ev_parse *p, const struct ev_record *rec)
{
	ev_buf_reset(&p->source);
	ev_buf_printf(&p->source, "%s/", rec->source);
	ev_buf_put(&p->source, p->key.p, p->key.len);
	return ev_buf_str(&p->source);
}

bool ev_unwrap_kinesis(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	const struct ev_doc *d = read_object(p, rec->p, rec->len);
	const char *text;
	size_t len;

	if (d == NULL || (text = text_of(p, d, "Data", &len)) == NULL)
		return false;
	if (!ev_unbase64(text, len, out)) {
		p->why.code = "foreign";
		ev_reasons_add(&p->why, "'Data' is not base64");
		return false;
	}
	take_key(p, d, "SequenceNumber");
	return true;
}

bool ev_unwrap_sqs(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	const struct ev_doc *d = read_object(p, rec->p, rec->len);
	const char *text;
	size_t len;

	if (d == NULL || (text = text_of(p, d, "Body", &len)) == NULL)
		return false;
	ev_buf_put(out, text, len);
	take_key(p, d, "MessageId");
	return true;
}

/* A container's lines */

bool ev_unwrap_docker(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	const char *at = rec->p, *end = rec->p + rec->len;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf != NULL ? lf : end;
		const struct ev_doc *d = read_object(p, at, (size_t)(stop - at));
		const char *text;
		size_t len;

		if (d == NULL || (text = text_of(p, d, "log", &len)) == NULL)
			return false;
		ev_buf_put(out, text, len);
		at = stop + (lf != NULL);
	}
	return true;
}

/* Behind the third blank of: TIME stdout P half. NULL if it is none such. */
static const char *cri_text(const char *p, const char *end)
{
	for (int i = 0; i < 2; i++) {
		p = memchr(p, ' ', (size_t)(end - p));
		if (p == NULL)
			return NULL;
		p++;
	}
	if (!ev_cri_tag(p, end))
		return NULL;
	while (p < end && *p != ' ')
		p++;
	return p < end ? p + 1 : p;
}

bool ev_unwrap_cri(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	const char *at = rec->p, *end = rec->p + rec->len;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf != NULL ? lf : end, *text = cri_text(at, stop);

		if (text == NULL) {
			p->why.code = "foreign";
			ev_reasons_add(&p->why,
				       "not a line of containerd: a time, stdout or stderr, and P "
				       "or F stand before what was logged");
			return false;
		}
		ev_buf_put(out, text, (size_t)(stop - text));
		at = stop + (lf != NULL);
	}
	return true;
}

/* What is in it */

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum ev_status ev_parse_wrapped(struct ev_parse *p, const struct ev_record *rec,
				struct ev_error *err)
{
	struct ev_record inner = *rec;
	struct ev_buf *w = &p->wrapped;
	enum ev_status st;

	if (rec->cut)
		return ev_parse_cut(p, rec, err);
	ev_reasons_reset(&p->why);
	ev_buf_reset(w);
	ev_buf_reset(&p->key);
	if (!p->wrapping->unwrap(p, rec, w))
		return ev_parse_reject(p, rec, err);
	while (w->len > 0 && is_white(w->p[w->len - 1]))
		w->len--;
	memset(ev_buf_room(w, EV_IN_SLACK), 0, EV_IN_SLACK);
	inner.p = w->p;
	inner.len = w->len;
	while (inner.len > 0 && is_white(*inner.p)) {
		inner.p++;
		inner.len--;
	}
	if (inner.len == 0)
		return ev_parse_refuse(p, rec, "foreign", "there is nothing in the record", err);
	if (p->key.len > 0)
		inner.source = keyed_source(p, rec);
	p->whole = rec;
	st = p->format->step(p, &inner, err);
	p->whole = NULL;
	return st;
}
