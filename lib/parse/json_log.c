#include "parse/internal.h"
#include "json/view.h"

const struct ev_json_log ev_journald = {
	.type = "JournalEntry", .id = "__CURSOR", .time = "__REALTIME_TIMESTAMP", .micros = true};
const struct ev_json_log ev_logger = {.type = "LogRecord", .time = "time"};

/* Sets the record aside for its time. */
static enum ev_status refuse(struct ev_parse *p, const struct ev_record *rec, const char *why,
			     struct ev_error *err)
{
	const char *name = p->format->json_log->time;

	ev_reasons_reset(&p->why);
	p->why.code = "envelope";
	ev_reasons_add(&p->why, "the event's time (.%s): %s", name, why)->path =
		ev_reasons_text(&p->why, "/%s", name);
	return ev_parse_reject(p, rec, err);
}

/* The event's time, in the member that has it; false with why. */
static bool read_time(struct ev_parse *p, const struct ev_doc *d, struct ev_layout_time *t)
{
	const struct ev_json_log *log = p->format->json_log;
	const uint32_t at = ev_member(d, 0, log->time, strlen(log->time));
	const char *text;
	size_t len;

	t->flaw = "it is missing";
	if (at == EV_NOWHERE)
		return false;
	t->flaw = log->micros ? "it is no text" : "it is neither a text nor a number";
	if (ev_kind(d, at) == EV_STRING)
		text = ev_string(d, at, &p->id, &len);
	else if (ev_kind(d, at) == EV_NUMBER && !log->micros)
		text = ev_raw(d, at, &len);
	else
		return false;
	return log->micros ? ev_parse_epoch(text, len, 6, t)
			   : ev_parse_time(&p->place, text, len, t);
}

/* The member that makes the id, if it is a text. */
static void read_key(struct ev_parse *p, const struct ev_doc *d, struct ev_head *head)
{
	const char *name = p->format->json_log->id;
	const uint32_t at = name != NULL ? ev_member(d, 0, name, strlen(name)) : EV_NOWHERE;

	if (at != EV_NOWHERE && ev_kind(d, at) == EV_STRING)
		head->key = ev_string(d, at, &p->member, &head->key_len);
}

enum ev_status ev_parse_json_log(struct ev_parse *p, const struct ev_record *rec,
				 struct ev_error *err)
{
	struct ev_layout_time time;
	struct ev_head head = {.type = p->format->json_log->type, .time = &time};
	const struct ev_doc *d;
	struct ev_event event;
	const char *object;
	size_t len;

	if (!ev_parse_read(p, rec, &event))
		return ev_parse_reject(p, rec, err);
	d = event.doc;
	for (uint32_t i = ev_first(d, 0); i < ev_end(d, 0); i = ev_next(d, i + 1)) {
		const char *name = ev_string(d, i, &p->member, &len);

		ev_head_has(&head, name, len);
	}
	if (!head.has_time && !read_time(p, d, &time))
		return refuse(p, rec, time.flaw, err);
	read_key(p, d, &head);
	ev_parse_begin(p, rec, &head);
	object = ev_raw(d, 0, &len);
	if (d->nodes[0].count > 0)
		ev_buf_putc(&p->out, ',');
	ev_buf_put(&p->out, object + 1, len - 2);
	return event.origin != NULL ? ev_parse_end_as_is(p, err) : ev_parse_end(p, rec, err);
}
