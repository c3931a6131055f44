#include "record/reject.h"
#include "base/utf8.h"
#include "io/out.h"
#include "record/position.h"
#include "scan/form.h"
#include "json/part.h"
#include "json/write.h"

#include <stdlib.h>

enum { CODES = 32 };

struct ev_rejects {
	const char *stage;
	struct ev_out *out; /* NULL: the first reject ends the run */
	struct ev_buf line;
	uint64_t n, n_kept;
	struct {
		const char *code;
		uint64_t n;
	} by_code[CODES];
	char tail[3]; /* bytes of a long line that wait for a group of three */
	size_t n_tail;
	ev_rejects_watcher *watcher; /* or NULL */
	void *ctx;
};

struct ev_rejects *ev_rejects_new(const char *stage, const char *file, struct ev_error *err)
{
	struct ev_rejects *r = ev_calloc(1, sizeof *r);

	r->stage = stage;
	if (file != NULL && (r->out = ev_out_file(file, err)) == NULL)
		ev_rejects_free(&r);
	return r;
}

static void count(struct ev_rejects *r, const char *code)
{
	r->n++;
	for (size_t i = 0; i < CODES; i++) {
		if (r->by_code[i].code == NULL)
			r->by_code[i].code = code;
		if (strcmp(r->by_code[i].code, code) == 0) {
			r->by_code[i].n++;
			return;
		}
	}
}

void ev_record_source(const char *source, struct ev_buf *out)
{
	for (const char *p = source; *p != '\0';) {
		size_t n = ev_utf8_valid(p, strlen(p));

		ev_buf_put(out, p, n);
		p += n;
		if (*p != '\0')
			ev_buf_printf(out, "%%%02X", (unsigned char)*p++);
	}
}

void ev_record_position(const struct ev_record *rec, struct ev_buf *out)
{
	struct ev_buf text = {0};

	ev_record_source(rec->source, &text);
	ev_json_text(out, "source", ev_buf_str(&text));
	ev_json_u64(out, "line", rec->line);
	if (rec->offset != EV_NO_OFFSET)
		ev_json_u64(out, "offset", rec->offset);
	ev_buf_free(&text);
}

static void envelope(struct ev_rejects *r, const struct ev_record *rec, const char *origin,
		     size_t origin_len, const struct ev_reasons *why)
{
	struct ev_buf *b = &r->line;

	ev_buf_reset(b);
	ev_buf_puts(b, "{\"_ev\":{\"reject\":{");
	ev_json_text(b, "stage", r->stage);
	if (origin != NULL && origin_len > 2) {
		/* source, line and offset as evparse wrote them: the inside of the object */
		ev_json_name(b, NULL);
		ev_buf_put(b, origin + 1, origin_len - 2);
	} else {
		ev_record_position(rec, b);
	}
	ev_json_text(b, "code", why->code);
	ev_buf_puts(b, ",\"reasons\":[");
	for (size_t i = 0; i < why->n; i++) {
		const struct ev_reason *reason = &why->list[i];

		if (ev_reason_is_repeated(why, i))
			continue;
		ev_buf_puts(b, i == 0 ? "{" : ",{");
		ev_json_text_if_any(b, "rule", reason->rule);
		ev_json_text_if_any(b, "path", reason->path);
		ev_json_text_if_any(b, "keyword", reason->keyword);
		ev_json_text_if_any(b, "message", reason->message);
		ev_json_text_if_any(b, "explain", reason->explain);
		ev_buf_putc(b, '}');
	}
	ev_buf_puts(b, "]}},");
}

/* "rule 'r' (model:4:9): /path: message", each where there is one; the record's own path is "". */
static void say(const struct ev_reason *r, struct ev_buf *out)
{
	if (r->rule != NULL && r->keyword != NULL && strcmp(r->keyword, "jq") == 0)
		ev_buf_printf(out, "rule '%s'%s%s%s: ", r->rule, r->place != NULL ? " (" : "",
			      r->place != NULL ? r->place : "", r->place != NULL ? ")" : "");
	if (r->path != NULL && r->path[0] != '\0')
		ev_buf_printf(out, "%s: ", r->path);
	ev_buf_puts(out, r->message);
}

/* Whether it does not even begin as JSON does that holds a record, as a line of a log does. */
static bool is_other_text(const struct ev_record *rec, const struct ev_reasons *why)
{
	const char *end = rec->p + rec->len, *p = ev_json_behind_blanks(rec->p, end);

	return strcmp(why->code, "json") == 0 && p < end && *p != '{' && *p != '[';
}

/* Names the line of the raw log if the record has its origin, as a reject does. */
static enum ev_status no_file(const struct ev_record *rec, const char *origin, size_t origin_len,
			      const struct ev_reasons *why, struct ev_error *err)
{
	struct ev_locator *locator = ev_locator_new();
	struct ev_position at = {.source = NULL};
	struct ev_buf text = {0};
	enum ev_status st;
	size_t more = 0;

	if (why->n > 0)
		say(&why->list[0], &text);
	else
		ev_buf_puts(&text, why->code);
	for (size_t i = 1; i < why->n; i++)
		more += !ev_reason_is_repeated(why, i);
	if (more > 0)
		ev_buf_printf(&text, " (and %zu more)", more);
	if (is_other_text(rec, why))
		ev_buf_puts(&text, " (lines that are no JSON are for evparse --format)");
	ev_locate(locator, rec, origin, origin_len, &at);
	st = ev_fail(err, "%s:%llu: %s: mend it, or set bad records aside with -r FILE",
		     origin != NULL ? at.source : rec->source, (unsigned long long)at.line,
		     ev_buf_str(&text));
	ev_locator_free(&locator);
	ev_buf_free(&text);
	return st;
}

/* Counts the reject and begins its line in r->line; EV_FATAL if there is no file. */
static enum ev_status begin(struct ev_rejects *r, const struct ev_record *rec, const char *origin,
			    size_t origin_len, const struct ev_reasons *why, struct ev_error *err)
{
	count(r, why->code);
	if (r->out == NULL)
		return no_file(rec, origin, origin_len, why, err);
	if (r->watcher != NULL)
		r->watcher(r->ctx, rec, origin, origin_len, why);
	envelope(r, rec, origin, origin_len, why);
	return EV_OK;
}

static enum ev_status write_line(struct ev_rejects *r, struct ev_error *err)
{
	return ev_out_status(r->out, ev_out_put(r->out, r->line.p, r->line.len), err);
}

enum ev_status ev_rejects_put(struct ev_rejects *r, const struct ev_record *rec, const char *origin,
			      size_t origin_len, const struct ev_reasons *why, struct ev_error *err)
{
	struct ev_buf *b = &r->line;

	if (begin(r, rec, origin, origin_len, why, err) != EV_OK)
		return EV_FATAL;
	if (ev_utf8_valid(rec->p, rec->len) == rec->len) {
		ev_buf_puts(b, "\"raw\":");
		ev_json_quote(rec->p, rec->len, b);
	} else {
		ev_buf_puts(b, "\"raw_base64\":\"");
		ev_base64(rec->p, rec->len, b);
		ev_buf_putc(b, '"');
	}
	ev_buf_puts(b, "}\n");
	return write_line(r, err) == EV_OK ? EV_REJECT : EV_FATAL;
}

enum ev_status ev_rejects_begin(struct ev_rejects *r, const struct ev_record *first,
				const struct ev_reasons *why, struct ev_error *err)
{
	if (begin(r, first, NULL, 0, why, err) != EV_OK)
		return EV_FATAL;
	ev_buf_puts(&r->line, "\"raw_base64\":\"");
	r->n_tail = 0;
	return write_line(r, err);
}

enum ev_status ev_rejects_part(struct ev_rejects *r, const char *p, size_t len,
			       struct ev_error *err)
{
	size_t groups;

	ev_buf_reset(&r->line);
	while (r->n_tail > 0 && r->n_tail < 3 && len > 0) {
		r->tail[r->n_tail++] = *p++;
		len--;
	}
	if (r->n_tail == 3) {
		ev_base64(r->tail, 3, &r->line);
		r->n_tail = 0;
	}
	groups = len / 3 * 3;
	ev_base64(p, groups, &r->line);
	if (len > groups) {
		memcpy(r->tail, p + groups, len - groups);
		r->n_tail = len - groups;
	}
	return write_line(r, err);
}

enum ev_status ev_rejects_end(struct ev_rejects *r, struct ev_error *err)
{
	ev_buf_reset(&r->line);
	ev_base64(r->tail, r->n_tail, &r->line);
	ev_buf_puts(&r->line, "\"}\n");
	return write_line(r, err) == EV_OK ? EV_REJECT : EV_FATAL;
}

void ev_rejects_watch(struct ev_rejects *r, ev_rejects_watcher *fn, void *ctx)
{
	r->watcher = fn;
	r->ctx = ctx;
}

uint64_t ev_rejects_count(const struct ev_rejects *r)
{
	return r->n;
}

const char *ev_rejects_code(const struct ev_rejects *r, size_t i, uint64_t *n)
{
	if (i >= CODES || r->by_code[i].code == NULL)
		return NULL;
	*n = r->by_code[i].n;
	return r->by_code[i].code;
}

void ev_rejects_rename(struct ev_rejects *r, const char *file)
{
	ev_out_rename(r->out, file);
}

enum ev_status ev_rejects_keep(struct ev_rejects *r, struct ev_error *err)
{
	if (r->out == NULL || r->n == r->n_kept)
		return EV_OK;
	if (ev_out_sync(r->out, err) != EV_OK)
		return EV_FATAL;
	ev_out_keep(r->out);
	r->n_kept = r->n;
	return EV_OK;
}

enum ev_status ev_rejects_prepare(struct ev_rejects *r, struct ev_error *err)
{
	return r->out != NULL ? ev_out_prepare(r->out, err) : EV_OK;
}

enum ev_status ev_rejects_commit(struct ev_rejects *r, struct ev_error *err)
{
	return r->out != NULL ? ev_out_commit(&r->out, err) : EV_OK;
}

void ev_rejects_free(struct ev_rejects **r)
{
	if (*r == NULL)
		return;
	ev_out_discard(&(*r)->out);
	ev_buf_free(&(*r)->line);
	free(*r);
	*r = NULL;
}
