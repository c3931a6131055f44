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
	if (ev_kind(d, 0) != EV_OBJECT) {
		p->why.code = "not-object";
		ev_reasons_add(&p->why, "a record is one JSON object, and this is a JSON %s",
			       ev_kind_name(ev_kind(d, 0)));
		return NULL;
	}
	if (d->duplicate != EV_NOWHERE) {
		p->why.code = "duplicate-name";
		ev_reasons_add(&p->why, "column %zu: the same name stands twice in one object",
			       (size_t)d->duplicate + 1);
		return NULL;
	}
	return d;
}

static bool foreign(struct ev_parse *p, const char *why)
{
	p->why.code = "foreign";
	ev_reasons_add(&p->why, "%s", why);
	return false;
}

/* The text of a member, valid until the next one; or NULL. */
static const char *text_of(struct ev_parse *p, const struct ev_doc *d, const char *name,
			   size_t *len)
{
	const uint32_t at = ev_member(d, 0, name, strlen(name));

	return at != EV_NOWHERE && ev_kind(d, at) == EV_STRING ? ev_string(d, at, &p->scratch, len)
							       : NULL;
}

/* What the queue knows it by, if it says so. */
static void take_key(struct ev_parse *p, const struct ev_doc *d, const char *name)
{
	const char *text;
	size_t len;

	if ((text = text_of(p, d, name, &len)) != NULL)
		ev_buf_put(&p->key, text, len);
}

/* The last part of a file's path. */
static const char *shard_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash != NULL ? slash + 1 : file;
}

const char *ev_parse_shard(const char *file)
{
	const char *shard = shard_of(file);

	return ev_is_shard_name(shard) ? shard : NULL;
}

/* Its place in the queue: the shard, or else the file, and what the queue knows it by. */
static const char *queue_place(struct ev_parse *p, const struct ev_record *rec)
{
	struct ev_buf *b = &p->source;

	ev_buf_reset(b);
	if (p->options.stream != NULL) {
		ev_buf_puts(b, p->options.stream);
		ev_buf_putc(b, '/');
		ev_buf_puts(b, shard_of(rec->source));
	} else {
		ev_buf_puts(b, rec->source);
	}
	if (p->key.len > 0) {
		ev_buf_putc(b, '/');
		ev_buf_put(b, p->key.p, p->key.len);
	}
	return ev_buf_str(b);
}

/* The shard is read up to this record at least, whatever is in it. False if it bears no number. */
static bool move_on(struct ev_parse *p, const struct ev_record *rec)
{
	if (!ev_is_sequence_number(p->key.p, p->key.len))
		return false;
	ev_offsets_pass_shard(p->options.offsets, p->options.stream, shard_of(rec->source),
			      ev_buf_str(&p->key));
	return true;
}

bool ev_unwrap_kinesis(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	const struct ev_doc *d = read_object(p, rec->p, rec->len);
	const char *text;
	bool numbered;
	size_t len;

	if (d == NULL)
		return false;
	take_key(p, d, "SequenceNumber");
	numbered = p->options.stream == NULL || move_on(p, rec);
	if ((text = text_of(p, d, "Data", &len)) == NULL)
		return foreign(p, "this is no record with a text 'Data', nor an answer with a list "
				  "'Records'");
	if (!numbered)
		return foreign(p, "the record has no 'SequenceNumber' of up to 129 digits");
	return ev_unbase64(text, len, out) || foreign(p, "'Data' is not base64");
}

bool ev_unwrap_sqs(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	const struct ev_doc *d = read_object(p, rec->p, rec->len);
	const char *text;
	size_t len;

	if (d == NULL)
		return false;
	take_key(p, d, "MessageId");
	if ((text = text_of(p, d, "Body", &len)) == NULL)
		return foreign(p,
			       "this is no message with a text 'Body', nor an answer with a list "
			       "'Messages'");
	ev_buf_put(out, text, len);
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

		if (d == NULL)
			return false;
		if ((text = text_of(p, d, "log", &len)) == NULL)
			return foreign(p, "the record has no text 'log'");
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

		if (text == NULL)
			return foreign(p,
				       "not a line of containerd: a time, stdout or stderr, and P "
				       "or F stand before what was logged");
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
	struct ev_record whole = *rec, inner = *rec;
	struct ev_buf *w = &p->wrapped;
	enum ev_status st;
	bool unwrapped;

	if (rec->cut)
		return ev_parse_cut(p, rec, err);
	ev_reasons_reset(&p->why);
	ev_buf_reset(w);
	ev_buf_reset(&p->key);
	unwrapped = p->wrapping->unwrap(p, rec, w);
	inner.source = queue_place(p, rec);
	if (p->options.stream != NULL) /* its files come and go */
		whole.source = inner.source;
	if (!unwrapped)
		return ev_parse_reject(p, &whole, err);
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
		return ev_parse_refuse(p, &whole, "foreign", "there is nothing in the record", err);
	p->whole = &whole;
	st = p->format->step(p, &inner, err);
	p->whole = NULL;
	return st;
}
