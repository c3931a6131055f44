#include "record/erasure.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/foreign.h"
#include "io/in.h"
#include "number/decimal.h"
#include "scan/form.h"
#include "json/path.h"
#include "json/view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 1 << 28 };

/* What a value is compared as: 't' and the text, or 'n' and the number in canonical form. */
struct form {
	char *p;
	size_t len;
};

struct ev_erasure {
	struct ev_path *path;
	struct ev_scan *scan;
	struct form *values; /* as given */
	size_t n_values, cap_values;
	struct form *forms;
	size_t n_forms, cap_forms;
	struct ev_lookup by_form;
	struct ev_found found;
	struct ev_buf form, text;
};

struct ev_erasure *ev_erasure_new(const char *path, struct ev_error *err)
{
	struct ev_erasure *e = ev_calloc(1, sizeof *e);

	e->path = ev_path_parse(path, err);
	if (e->path != NULL && e->path->root != EV_ROOT_EVENT) {
		ev_fail(err, "an event has no elements: a path from it begins with a point");
		ev_path_free(&e->path);
	}
	if (e->path == NULL) {
		free(e);
		return NULL;
	}
	e->scan = ev_scan_new();
	return e;
}

void ev_erasure_free(struct ev_erasure **erasure)
{
	struct ev_erasure *e = *erasure;

	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n_values; i++)
		free(e->values[i].p);
	for (size_t i = 0; i < e->n_forms; i++)
		free(e->forms[i].p);
	free(e->values);
	free(e->forms);
	free(e->found.at);
	ev_path_free(&e->path);
	ev_scan_free(&e->scan);
	ev_lookup_free(&e->by_form);
	ev_buf_free(&e->form);
	ev_buf_free(&e->text);
	free(e);
	*erasure = NULL;
}

/* Values */

static void form_of_text(struct ev_erasure *e, const char *p, size_t len)
{
	char uuid[EV_UUID_TEXT];

	ev_buf_reset(&e->form);
	ev_buf_putc(&e->form, 't');
	if (ev_uuid_canonical(p, len, uuid))
		ev_buf_put(&e->form, uuid, sizeof uuid);
	else
		ev_buf_put(&e->form, p, len);
}

static void form_of_number(struct ev_erasure *e, const char *p, size_t len)
{
	ev_buf_reset(&e->form);
	ev_buf_putc(&e->form, 'n');
	ev_number_canonical(p, len, &e->form);
}

/* Whether the form at hand is one of the values'; *hash: of it. */
static bool is_form(const struct ev_erasure *e, uint64_t *hash)
{
	const struct ev_buf *form = &e->form;
	size_t step = 0;
	uint32_t i;

	*hash = ev_hash64(form->p, form->len, 0);
	while ((i = ev_lookup_next(&e->by_form, *hash, &step)) != EV_LOOKUP_NONE)
		if (e->forms[i].len == form->len && memcmp(e->forms[i].p, form->p, form->len) == 0)
			return true;
	return false;
}

static void add_form(struct ev_erasure *e)
{
	uint64_t hash;

	if (is_form(e, &hash))
		return;
	ev_lookup_add(&e->by_form, hash, (uint32_t)e->n_forms);
	ev_grow(&e->forms, &e->cap_forms, e->n_forms + 1, sizeof *e->forms);
	e->forms[e->n_forms++] = (struct form){ev_strndup(e->form.p, e->form.len), e->form.len};
}

/* A text as JSON, in the scanner; or NULL. */
static const struct ev_doc *scan(struct ev_erasure *e, const char *p, size_t len)
{
	struct ev_flaw flaw;

	ev_buf_reset(&e->text);
	ev_buf_put(&e->text, p, len);
	memset(ev_buf_room(&e->text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	return ev_scan(e->scan, e->text.p, len, &flaw);
}

void ev_erasure_add(struct ev_erasure *e, const char *value, size_t len)
{
	const struct ev_doc *d;

	ev_grow(&e->values, &e->cap_values, e->n_values + 1, sizeof *e->values);
	e->values[e->n_values++] = (struct form){ev_strndup(value, len), len};
	form_of_text(e, value, len);
	add_form(e);
	d = scan(e, value, len);
	if (d == NULL || ev_kind(d, 0) != EV_NUMBER)
		return;
	form_of_number(e, value, len);
	add_form(e);
}

static void add_line(struct ev_erasure *e, const char *p, size_t len)
{
	const struct ev_doc *d = p[0] == '"' ? scan(e, p, len) : NULL;
	struct ev_buf text = {0};
	const char *value;

	if (d == NULL || ev_kind(d, 0) != EV_STRING) {
		ev_erasure_add(e, p, len);
		return;
	}
	ev_json_unescape(p + 1, len - 2, &text);
	value = ev_buf_str(&text);
	if (text.len > 0)
		ev_erasure_add(e, value, text.len);
	ev_buf_free(&text);
}

enum ev_status ev_erasure_read(struct ev_erasure *e, const char *file, struct ev_error *err)
{
	char *text = NULL;
	size_t len = 0;
	enum ev_status st = ev_in_slurp(file, MOST_VALUES, &text, &len, err);
	const char *end = text + len, *lf;

	if (st == EV_OK)
		st = ev_foreign_check(file, false, text, len, err);
	for (const char *p = text; st == EV_OK && p < end; p = lf + 1) {
		size_t n;

		lf = memchr(p, '\n', (size_t)(end - p));
		lf = lf != NULL ? lf : end;
		n = (size_t)(lf - p);
		n -= n > 0 && p[n - 1] == '\r';
		if (n > 0)
			add_line(e, p, n);
	}
	free(text);
	return st;
}

/* Records */

static bool is_value(struct ev_erasure *e, const struct ev_doc *d, uint32_t i)
{
	const char *p;
	uint64_t hash;
	size_t len;

	if (ev_kind(d, i) == EV_STRING) {
		p = ev_string(d, i, &e->text, &len);
		form_of_text(e, p, len);
	} else {
		p = ev_raw(d, i, &len);
		if (ev_kind(d, i) == EV_NUMBER)
			form_of_number(e, p, len);
		else
			form_of_text(e, p, len);
	}
	return is_form(e, &hash);
}

/* Whether one of the nodes in [i, end) is a value: of all kinds, or only a text. */
static bool any_value(struct ev_erasure *e, const struct ev_doc *d, uint32_t i, uint32_t end,
		      bool texts)
{
	for (; i < end; i++) {
		enum ev_kind kind = ev_kind(d, i);

		if (kind == EV_NULL || kind == EV_ARRAY || kind == EV_OBJECT ||
		    (texts && kind != EV_STRING))
			continue;
		if (is_value(e, d, i))
			return true;
	}
	return false;
}

bool ev_erasure_takes(struct ev_erasure *e, const struct ev_doc *d)
{
	e->found.n = 0;
	ev_path_all(e->path, d, 0, &e->found);
	for (size_t i = 0; i < e->found.n; i++)
		if (any_value(e, d, e->found.at[i], ev_end(d, e->found.at[i]), false))
			return true;
	return false;
}

/* Lines that are no right events */

/* The code unit of an escape \uXXXX, or -1. */
static int32_t unit_of(const char *p, const char *end)
{
	char digits[5] = "", *stop;
	long unit;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	memcpy(digits, p + 2, 4);
	unit = strtol(digits, &stop, 16);
	return stop == digits + 4 && isxdigit((unsigned char)digits[0]) ? (int32_t)unit : -1;
}

/* Undoes the escapes of JSON in bytes that may be anything. */
static void unescape(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;

	ev_buf_room(out, len + 1); /* an escape is never shorter than what it stands for */
	while (p < end) {
		int32_t unit = unit_of(p, end), low = unit < 0 ? -1 : unit_of(p + 6, end);
		uint32_t cp = (uint32_t)unit;

		if (unit < 0) {
			p += *p == '\\' && p + 1 < end && strchr("\"\\/", p[1]) != NULL;
			ev_buf_putc(out, *p++);
			continue;
		}
		p += 6;
		if ((cp & 0xfc00) == 0xd800 && low >= 0 && (low & 0xfc00) == 0xdc00) {
			cp = 0x10000 + ((cp & 0x3ff) << 10) + ((uint32_t)low & 0x3ff);
			p += 6;
		}
		out->len += ev_utf8_encode(cp, ev_buf_room(out, 4));
	}
}

static bool adjoins(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Whether a value stands among the bytes, and no letter or digit beside it. */
static bool mentions(const struct ev_erasure *e, const char *p, size_t len)
{
	for (size_t i = 0; i < e->n_values; i++) {
		const struct form *v = &e->values[i];
		const char *at = p, *end = p + len;

		while ((at = memmem(at, (size_t)(end - at), v->p, v->len)) != NULL) {
			if ((at == p || !adjoins(at[-1])) &&
			    (at + v->len == end || !adjoins(at[v->len])))
				return true;
			at++;
		}
	}
	return false;
}

bool ev_erasure_takes_line(struct ev_erasure *e, const char *p, size_t len)
{
	struct ev_buf plain = {0};
	struct ev_flaw flaw;
	const struct ev_doc *d = ev_scan(e->scan, p, len, &flaw);
	bool takes;

	if (d != NULL)
		return ev_erasure_takes(e, d) || any_value(e, d, 0, ev_end(d, 0), true);
	unescape(p, len, &plain);
	takes = mentions(e, p, len) || mentions(e, plain.p, plain.len);
	ev_buf_free(&plain);
	return takes;
}
