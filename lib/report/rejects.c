/* The rejects of programs other than evvalidate: the causes that no result has. */
#include "report/internal.h"

#include "base/hash.h"
#include "base/lookup.h"
#include "base/utf8.h"
#include "scan/lines.h"
#include "json/excerpt.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MOST_CAUSES = 1000, /* of one file */
	MOST_RAW = 2000,    /* bytes of a record that are kept */
	MOST_TEXT = 500,    /* the same of other texts */
};

/* What a file is read into. */
struct rejects {
	struct ev_report *r;
	struct ev_scan *raw; /* of records */
	struct ev_report_cause *list;
	uint64_t *last; /* the line that was last counted for each */
	size_t n, cap, last_cap;
	struct ev_lookup by_key;
	uint64_t left_out;
	struct ev_buf scratch, key;
};

static struct ev_report_text keep(struct rejects *x, const char *p, size_t len)
{
	return (struct ev_report_text){ev_arena_copy(&x->r->arena, p, len), len};
}

/* A text of an object, p NULL if it has none. Valid until the next call. */
static struct ev_report_text text_at(struct rejects *x, const struct ev_doc *d, uint32_t object,
				     const char *name)
{
	uint32_t i = ev_report_at(d, object, name);
	struct ev_report_text t = {0};

	if (i == EV_NOWHERE || ev_kind(d, i) != EV_STRING)
		return t;
	t.p = ev_string(d, i, &x->scratch, &t.len);
	return t;
}

static struct ev_report_text keep_text(struct rejects *x, const struct ev_doc *d, uint32_t object,
				       const char *name)
{
	struct ev_report_text t = text_at(x, d, object, name);

	return t.p != NULL ? keep(x, t.p, ev_utf8_cut(t.p, t.len, MOST_TEXT)) : t;
}

/* A pointer with * for each index. */
static void put_general(struct ev_report_text pointer, struct ev_buf *out)
{
	for (size_t i = 0; i < pointer.len;) {
		size_t from = i++;
		bool index = true;

		for (; i < pointer.len && pointer.p[i] != '/'; i++)
			index &= pointer.p[i] >= '0' && pointer.p[i] <= '9';
		if (index && i > from + 1)
			ev_buf_puts(out, "/*");
		else
			ev_buf_put(out, pointer.p + from, i - from);
	}
}

static void put_key(struct rejects *x, const struct ev_doc *d, uint32_t object, const char *name)
{
	struct ev_report_text t = text_at(x, d, object, name);

	ev_buf_putc(&x->key, t.p != NULL ? '+' : '-');
	if (t.p != NULL && strcmp(name, "path") == 0)
		put_general(t, &x->key);
	else if (t.p != NULL)
		ev_buf_put(&x->key, t.p, t.len);
	ev_buf_putc(&x->key, '\0');
}

/* The cause that a reason of a reject is of, new or not; NULL if there is no room for it. */
static struct ev_report_cause *find(struct rejects *x, const struct ev_doc *d, uint32_t reject,
				    uint32_t reason)
{
	struct ev_report_cause *c;
	struct ev_buf path = {0};
	size_t step = 0;
	uint64_t hash;
	uint32_t i;

	ev_buf_reset(&x->key);
	put_key(x, d, reject, "stage");
	put_key(x, d, reject, "code");
	put_key(x, d, reason, "rule");
	put_key(x, d, reason, "keyword");
	put_key(x, d, reason, "path");
	hash = ev_hash64(x->key.p, x->key.len, 0);
	while ((i = ev_lookup_next(&x->by_key, hash, &step)) != EV_LOOKUP_NONE)
		if (x->list[i].key.len == x->key.len &&
		    memcmp(x->list[i].key.p, x->key.p, x->key.len) == 0)
			return &x->list[i];
	if (x->n == MOST_CAUSES)
		return NULL;
	ev_grow(&x->list, &x->cap, x->n + 1, sizeof *x->list);
	ev_grow(&x->last, &x->last_cap, x->n + 1, sizeof *x->last);
	ev_lookup_add(&x->by_key, hash, (uint32_t)x->n);
	x->last[x->n] = 0;
	c = &x->list[x->n++];
	*c = (struct ev_report_cause){.key = keep(x, x->key.p, x->key.len)};
	c->severity = keep(x, "critical", 8);
	c->stage = keep_text(x, d, reject, "stage");
	c->code = keep_text(x, d, reject, "code");
	c->rule = keep_text(x, d, reason, "rule");
	c->keyword = keep_text(x, d, reason, "keyword");
	c->explain = keep_text(x, d, reason, "explain");
	c->sample.path = keep_text(x, d, reason, "path");
	if (c->sample.path.p != NULL) {
		put_general(c->sample.path, &path);
		c->path = keep(x, path.p, path.len);
		ev_buf_free(&path);
	}
	return c;
}

/* The record, cut around the value where it is long. */
static void keep_raw(struct rejects *x, const struct ev_doc *d, struct ev_report_sample *s)
{
	struct ev_report_text raw = text_at(x, d, 0, "raw");
	struct ev_buf text = {0}, out = {0}, at = {0}, path = {0};
	const struct ev_doc *record;
	struct ev_flaw flaw;
	size_t from = 0;

	s->raw = (struct ev_report_text){0};
	s->raw_at = REPORT_NOWHERE;
	s->cut = raw.len > MOST_RAW;
	if (raw.p == NULL)
		return;
	ev_buf_put(&text, raw.p, raw.len);
	memset(ev_buf_room(&text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	if (s->path.p != NULL)
		ev_buf_put(&path, s->path.p, s->path.len);
	record = s->cut ? ev_scan(x->raw, text.p, text.len, &flaw) : NULL;
	if (s->cut && record == NULL) {
		from = flaw.at > MOST_RAW / 2
			       ? ev_utf8_cut(text.p, text.len, flaw.at - MOST_RAW / 2)
			       : 0;
		s->raw_at = flaw.at - from;
	}
	if (record != NULL &&
	    ev_excerpt(record, s->path.p != NULL ? ev_buf_str(&path) : NULL, MOST_RAW, &out, &at)) {
		s->raw = keep(x, out.p, out.len);
		s->raw_path = keep(x, at.p, at.len);
	} else {
		s->raw = keep(x, text.p + from,
			      ev_utf8_cut(text.p + from, text.len - from, MOST_RAW));
	}
	ev_buf_free(&text);
	ev_buf_free(&out);
	ev_buf_free(&at);
	ev_buf_free(&path);
}

static void count_reason(struct rejects *x, const struct ev_doc *d, uint32_t reject,
			 uint32_t reason, uint64_t line)
{
	struct ev_report_cause *c = find(x, d, reject, reason);
	struct ev_report_moment m = {0};

	if (c == NULL) {
		x->left_out++;
		return;
	}
	if (x->last[c - x->list] == line)
		return;
	x->last[c - x->list] = line;
	m.source = keep_text(x, d, reject, "source");
	ev_report_found_count(d, reject, "line", &m.line);
	if (c->records++ == 0 || ev_report_compare_moments(&m, &c->last) > 0)
		c->last = m;
	if (c->records > 1 && ev_report_compare_moments(&m, &c->first) >= 0)
		return;
	c->first = m;
	c->sample.source = m.source;
	c->sample.line = m.line;
	c->sample.path = keep_text(x, d, reason, "path");
	c->sample.message = keep_text(x, d, reason, "message");
	keep_raw(x, d, &c->sample);
}

/* False if it is no reject. Those of evvalidate are in its result. */
static bool take(struct rejects *x, const struct ev_doc *d, uint64_t line)
{
	uint32_t ev = d != NULL ? ev_report_at(d, 0, "_ev") : EV_NOWHERE, reject, reasons;
	struct ev_report_text stage, code;

	if (ev == EV_NOWHERE || (reject = ev_report_at(d, ev, "reject")) == EV_NOWHERE)
		return false;
	reasons = ev_report_at(d, reject, "reasons");
	code = text_at(x, d, reject, "code");
	if (code.p == NULL || reasons == EV_NOWHERE || ev_kind(d, reasons) != EV_ARRAY)
		return false;
	stage = text_at(x, d, reject, "stage");
	if (stage.p == NULL)
		return false;
	if (ev_report_is(stage, "evvalidate"))
		return true;
	if (d->nodes[reasons].count == 0)
		count_reason(x, d, reject, reasons, line);
	for (uint32_t i = ev_first(d, reasons); i < ev_end(d, reasons); i = ev_next(d, i))
		count_reason(x, d, reject, i, line);
	return true;
}

static enum ev_status read_lines(struct rejects *x, const char *file, struct ev_error *err)
{
	char *name = ev_strdup(file);
	struct ev_in *in = ev_in_new(&name, 1, EV_SCAN_MAX);
	struct ev_lines *lines = ev_lines_new(in, EV_SCAN_MAX);
	struct ev_scan *scan = ev_scan_new();
	enum ev_status st;
	struct ev_line line;
	struct ev_flaw flaw;

	while ((st = ev_lines_next(lines, &line, err)) == EV_OK) {
		const struct ev_doc *d =
			line.kind == EV_LINE_WHOLE && line.len > 0
				? ev_scan_line(scan, line.index, line.nth, line.len, &flaw)
				: NULL;

		if (line.kind == EV_LINE_WHOLE && line.len == 0)
			continue;
		if (take(x, d, line.number))
			continue;
		st = ev_fail(err, "%s:%llu: is no reject: give a file that a program wrote with -r",
			     file, (unsigned long long)line.number);
		break;
	}
	ev_scan_free(&scan);
	ev_lines_free(&lines);
	ev_in_free(&in);
	free(name);
	return st == EV_EOF ? EV_OK : st;
}

/* Appends the causes of a file to those of a result. */
static enum ev_status add_file(struct ev_report *r, struct ev_report_result *res, const char *file,
			       struct ev_error *err)
{
	struct rejects x = {.r = r, .raw = ev_scan_new()};
	enum ev_status st = read_lines(&x, file, err);
	struct ev_report_cause *all;

	if (st == EV_OK && x.n > 0) {
		all = ev_arena_zalloc(&r->arena, (res->n_causes + x.n) * sizeof *all);
		memcpy(all, res->causes, res->n_causes * sizeof *all);
		memcpy(all + res->n_causes, x.list, x.n * sizeof *all);
		res->causes = all;
		res->n_causes += x.n;
	}
	res->left_out += x.left_out;
	ev_scan_free(&x.raw);
	ev_lookup_free(&x.by_key);
	ev_buf_free(&x.scratch);
	ev_buf_free(&x.key);
	free(x.list);
	free(x.last);
	return st;
}

/* PROGRAM.BATCH.rejects.jsonl, as -r FOLDER/ names it (evkit.7). */
static void put_name(const char *folder, const char *program, struct ev_report_text batch,
		     struct ev_buf *out)
{
	ev_buf_reset(out);
	ev_buf_printf(out, "%s/%s.", folder, program);
	for (size_t i = 0; i < batch.len; i++) {
		char c = batch.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '-' || c == '_' || c == '.')
			ev_buf_putc(out, c);
		else
			ev_buf_printf(out, "%%%02X", (unsigned char)c);
	}
	ev_buf_puts(out, batch.p != NULL ? ".rejects.jsonl" : "rejects.jsonl");
}

static enum ev_status add_folder(struct ev_report *r, const char *folder, struct ev_error *err)
{
	static const char *const programs[] = {"evparse", "evdedupe", "evversion", "evstar",
					       "evload"};
	struct ev_buf name = {0};
	enum ev_status st = EV_OK;

	for (size_t i = 0; i < r->n && st == EV_OK; i++)
		for (size_t k = 0; k < sizeof programs / sizeof programs[0] && st == EV_OK; k++) {
			put_name(folder, programs[k], r->results[i].batch, &name);
			if (access(ev_buf_str(&name), F_OK) == 0)
				st = add_file(r, &r->results[i], ev_buf_str(&name), err);
		}
	ev_buf_free(&name);
	return st;
}

enum ev_status ev_report_rejects(struct ev_report *r, const char *path, struct ev_error *err)
{
	struct stat s;

	if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
		return add_folder(r, path, err);
	if (r->n != 1)
		return ev_fail(err,
			       "%s: is a file, and of which of %zu results is not known: name the "
			       "folder that -r FOLDER/ wrote to",
			       path, r->n);
	return add_file(r, &r->results[0], path, err);
}
