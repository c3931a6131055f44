#include "base/mem.h"
#include "store/internal.h"

#include <inttypes.h>
#include <stdlib.h>

static const char first_line[] = "evkit-state 1\n";

void ev_manifest_part_free(struct ev_manifest_part *part)
{
	ev_run_free(&part->run);
	ev_buf_free(&part->from);
}

void ev_manifest_clear_notes(struct ev_manifest *m)
{
	for (; m->n_notes > 0; m->n_notes--) {
		free(m->notes[m->n_notes - 1].name);
		free(m->notes[m->n_notes - 1].value);
	}
}

void ev_manifest_free(struct ev_manifest *m)
{
	ev_manifest_clear_notes(m);
	for (size_t i = 0; i < m->n_parts; i++)
		ev_manifest_part_free(&m->parts[i]);
	free(m->notes);
	free(m->parts);
	*m = (struct ev_manifest){.notes = NULL};
}

/* Writing */

static void put_digest(struct ev_buf *out, struct ev_hash128 h)
{
	char hex[33];

	ev_hash128_hex(h, hex);
	ev_buf_printf(out, " %s", hex);
}

static void put_part(const struct ev_manifest_part *p, enum ev_run_form form, struct ev_buf *out)
{
	const struct ev_run_facts *f = &p->facts;

	ev_buf_printf(out, "run %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, f->number, p->level,
		      p->group, p->into);
	ev_buf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, f->entries, f->bytes,
		      f->commit, f->stamp);
	put_digest(out, f->data);
	put_digest(out, f->index);
	ev_buf_puts(out, p->from.len > 0 ? " =" : " -");
	for (size_t i = 0; i < p->from.len && form == EV_RUN_BINARY; i++)
		ev_buf_printf(out, "%02x", (unsigned char)p->from.p[i]);
	if (form == EV_RUN_TEXT)
		ev_buf_put(out, p->from.p, p->from.len);
	ev_buf_putc(out, '\n');
}

void ev_manifest_write(const struct ev_manifest *m, const struct ev_store_kind *kind,
		       struct ev_buf *out)
{
	struct ev_hash128 sum;

	ev_buf_puts(out, first_line);
	ev_buf_printf(out, "kind %s\nid %s\n", kind->name, m->id);
	ev_buf_printf(out, "seed %016" PRIx64 " %016" PRIx64 "\n", m->seeds[0], m->seeds[1]);
	for (size_t i = 0; i < m->n_notes; i++)
		ev_buf_printf(out, "note %s %s\n", m->notes[i].name, m->notes[i].value);
	ev_buf_printf(out, "head %" PRIu64 " %s\n", m->head, m->digest);
	ev_buf_printf(out, "log %" PRIu64, m->log);
	put_digest(out, m->log_sum);
	ev_buf_printf(out, "\nnext %" PRIu64 "\n", m->next);
	for (size_t i = 0; i < m->n_parts; i++)
		put_part(&m->parts[i], kind->form, out);
	sum = ev_hash128(out->p, out->len, 0);
	ev_buf_puts(out, "sum");
	put_digest(out, sum);
	ev_buf_putc(out, '\n');
}

/* Reading. The digest is right, so the text is as it was written; still nothing is trusted. */

static bool take(const char **p, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*p, text, len) != 0)
		return false;
	*p += len;
	return true;
}

static bool take_u64(const char **p, uint64_t *v, int base)
{
	char *end;

	if (**p == '-' || **p == '+' || **p <= ' ')
		return false;
	*v = strtoull(*p, &end, base);
	if (end == *p)
		return false;
	*p = end;
	return true;
}

static bool take_word(const char **p, char *to, size_t len)
{
	if (strcspn(*p, " \n") != len)
		return false;
	memcpy(to, *p, len);
	to[len] = '\0';
	*p += len;
	return true;
}

static bool hex_value(const char *p, uint64_t *v)
{
	char text[17], *end;

	memcpy(text, p, 16);
	text[16] = '\0';
	*v = strtoull(text, &end, 16);
	return end == text + 16;
}

static bool take_digest(const char **p, struct ev_hash128 *h)
{
	char text[33];

	return take(p, " ") && take_word(p, text, 32) && hex_value(text, &h->hi) &&
	       hex_value(text + 16, &h->lo);
}

static bool take_from(const char **p, enum ev_run_form form, struct ev_buf *from)
{
	size_t len;

	if (take(p, " -"))
		return true;
	if (!take(p, " ="))
		return false;
	len = strcspn(*p, "\n");
	if (form == EV_RUN_TEXT) {
		ev_buf_put(from, *p, len);
		*p += len;
		return len > 0;
	}
	if (len != (size_t)2 * EV_RUN_KEY)
		return false;
	for (size_t i = 0; i < EV_RUN_KEY; i++, *p += 2) {
		const char digits[] = {(*p)[0], (*p)[1], '\0'};
		char *end;

		ev_buf_putc(from, (char)strtoul(digits, &end, 16));
		if (*end != '\0')
			return false;
	}
	return true;
}

static bool take_part(const char **p, enum ev_run_form form, struct ev_manifest *m)
{
	struct ev_manifest_part part = {.level = 0};
	uint64_t *const numbers[] = {&part.facts.number, &part.level,	      &part.group,
				     &part.into,	 &part.facts.entries, &part.facts.bytes,
				     &part.facts.commit, &part.facts.stamp};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (!take(p, " ") || !take_u64(p, numbers[i], 10))
			return false;
	if (!take_digest(p, &part.facts.data) || !take_digest(p, &part.facts.index) ||
	    !take_from(p, form, &part.from)) {
		ev_buf_free(&part.from);
		return false;
	}
	ev_grow(&m->parts, &m->cap_parts, m->n_parts + 1, sizeof *m->parts);
	m->parts[m->n_parts++] = part;
	return true;
}

static bool take_note(const char **p, struct ev_manifest *m)
{
	size_t name = strcspn(*p, " \n"), value;

	if (name == 0 || (*p)[name] != ' ')
		return false;
	value = strcspn(*p + name + 1, " \n");
	ev_grow(&m->notes, &m->cap_notes, m->n_notes + 1, sizeof *m->notes);
	m->notes[m->n_notes++] =
		(struct ev_manifest_note){ev_strndup(*p, name), ev_strndup(*p + name + 1, value)};
	*p += name + 1 + value;
	return true;
}

static bool take_all(const char *p, const struct ev_store_kind *kind, struct ev_manifest *m)
{
	if (!take(&p, "id ") || !take_word(&p, m->id, EV_STORE_ID) || !take(&p, "\nseed ") ||
	    !take_u64(&p, &m->seeds[0], 16) || !take(&p, " ") || !take_u64(&p, &m->seeds[1], 16) ||
	    !take(&p, "\n"))
		return false;
	while (take(&p, "note "))
		if (!take_note(&p, m) || !take(&p, "\n"))
			return false;
	if (!take(&p, "head ") || !take_u64(&p, &m->head, 10) || !take(&p, " ") ||
	    !take_word(&p, m->digest, EV_STORE_DIGEST) || !take(&p, "\nlog ") ||
	    !take_u64(&p, &m->log, 10) || !take_digest(&p, &m->log_sum) || !take(&p, "\nnext ") ||
	    !take_u64(&p, &m->next, 10) || !take(&p, "\n"))
		return false;
	while (take(&p, "run"))
		if (!take_part(&p, kind->form, m) || !take(&p, "\n"))
			return false;
	return strncmp(p, "sum ", 4) == 0;
}

/* Whether the last line has the digest of all lines before it. */
static bool has_sum(const char *p, size_t len)
{
	enum { SUM = 4 + 32 + 1 };
	char hex[33];

	if (len < SUM || p[len - 1] != '\n' || memchr(p, '\0', len) != NULL)
		return false;
	ev_hash128_hex(ev_hash128(p, len - SUM, 0), hex);
	return memcmp(p + len - SUM, "sum ", 4) == 0 && memcmp(p + len - SUM + 4, hex, 32) == 0;
}

bool ev_manifest_kind(const char *p, size_t len, char kind[EV_STORE_KIND])
{
	const size_t first = sizeof first_line - 1 + 5;
	size_t n = 0;

	if (len < first || memcmp(p, first_line, first - 5) != 0 ||
	    memcmp(p + first - 5, "kind ", 5) != 0)
		return false;
	for (p += first, len -= first; n < len && n + 1 < EV_STORE_KIND && p[n] > ' '; n++)
		kind[n] = p[n];
	kind[n] = '\0';
	return n > 0 && n < len && p[n] == '\n';
}

enum ev_status ev_manifest_read(const char *file, const char *p, size_t len,
				const struct ev_store_kind *kind, struct ev_manifest *m,
				struct ev_error *err)
{
	const size_t first = sizeof first_line - 1;
	enum ev_status st = EV_OK;
	size_t name;
	char *text;

	*m = (struct ev_manifest){.notes = NULL};
	if (len >= 12 && memcmp(p, first_line, 12) == 0 &&
	    (len < first || memcmp(p, first_line, first) != 0))
		return ev_fail(err,
			       "%s: is of another format than evkit-state 1: use the version of "
			       "evkit that made it, or make the state anew from the raw logs",
			       file);
	if (len < first || memcmp(p, first_line, first) != 0 || !has_sum(p, len))
		return ev_fail(err,
			       "%s: is damaged, or no manifest of a state: bring the state back "
			       "from a copy, or make it anew from the raw logs",
			       file);
	text = ev_strndup(p + first, len - first);
	name = strlen(kind->name);
	if (strncmp(text, "kind ", 5) != 0 || strncmp(text + 5, kind->name, name) != 0 ||
	    text[5 + name] != '\n')
		st = ev_fail(err,
			     "%s: the folder is the state of another program (%.*s): give %s a "
			     "folder of its own",
			     file, (int)strcspn(text, "\n"), text, kind->program);
	else if (!take_all(text + 5 + name + 1, kind, m))
		st = ev_fail(err,
			     "%s: has a line that evkit does not write: bring the state back "
			     "from a copy, or make it anew from the raw logs",
			     file);
	free(text);
	if (st != EV_OK)
		ev_manifest_free(m);
	return st;
}
