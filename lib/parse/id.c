/* Ids that evparse makes: UUIDs of RFC 9562, version 8, of the MD5 of what an event is known by. */
#include "base/hash.h"
#include "parse/internal.h"
#include "scan/form.h"
#include "scan/index.h"

enum {
	FEWEST = 3, /* lines that are worth digesting at once */
	LONG = 1024 /* bytes of a line that is digested by itself */
};

/* A UUID as JSON. */
static void put_uuid(const char digest[33], struct ev_buf *out)
{
	char *o = ev_buf_room(out, EV_UUID_TEXT + 2);

	memcpy(o, "\"00000000-0000-8000-0000-000000000000\"", EV_UUID_TEXT + 2);
	memcpy(o + 1, digest, 8);
	memcpy(o + 10, digest + 8, 4);
	memcpy(o + 16, digest + 13, 3);
	/* The two low bits of the digit at 16 stand beside the variant's. */
	o[20] = "89ab"[ev_hex_digit(digest[16]) & 3];
	memcpy(o + 21, digest + 17, 3);
	memcpy(o + 25, digest + 20, 12);
	out->len += EV_UUID_TEXT + 2;
}

void ev_parse_put_id(const char *bytes, size_t len, struct ev_buf *out)
{
	char digest[33];

	ev_md5_hex(bytes, len, digest);
	put_uuid(digest, out);
}

void ev_parse_put_place_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	if (p->key.len > 0) {
		ev_parse_put_id(p->key.p, p->key.len, out);
		return;
	}
	rec = p->whole != NULL ? p->whole : rec;
	ev_buf_reset(&p->id);
	ev_record_position(rec, &p->id);
	ev_buf_putc(&p->id, '\n');
	ev_buf_put(&p->id, rec->p, rec->len);
	ev_parse_put_id(p->id.p, p->id.len, out);
}

/* The digest of a line that was digested ahead of its turn; or NULL. */
static const char *digest_of(const struct ev_line_digests *d, const struct ev_record *rec)
{
	uint64_t i = rec->line - d->line;

	return rec->source == d->source && i < d->n && rec->p == d->p[i] && rec->len == d->len[i]
		       ? d->hex[i]
		       : NULL;
}

/* Digests the line and those behind it, as far as they are in memory. */
static void digest_ahead(struct ev_line_digests *d, const struct ev_record *rec)
{
	const struct ev_index *ix = rec->index;

	*d = (struct ev_line_digests){.source = rec->source, .line = rec->line};
	for (; d->n < EV_MD5_LANES && rec->nth + d->n < ix->n_lines; d->n++) {
		const struct ev_index_line *line = &ix->lines[rec->nth + d->n];
		const char *p = ix->text + line->pos;
		size_t len = line->len;

		while (len > 0 && p[len - 1] == '\r')
			len--;
		if (len > LONG)
			break;
		d->p[d->n] = p;
		d->len[d->n] = len;
	}
	if (d->n < FEWEST) {
		d->n = 0;
		return;
	}
	for (size_t i = d->n; i < EV_MD5_LANES; i++)
		d->p[i] = "";
	ev_md5_hex_lanes(d->p, d->len, d->hex);
}

void ev_parse_put_line_id(struct ev_parse *p, const struct ev_record *rec, struct ev_buf *out)
{
	const char *digest = NULL;

	if (rec->index != NULL && (digest = digest_of(&p->ahead, rec)) == NULL) {
		digest_ahead(&p->ahead, rec);
		digest = digest_of(&p->ahead, rec);
	}
	if (digest != NULL)
		put_uuid(digest, out);
	else
		ev_parse_put_id(rec->p, rec->len, out);
}
