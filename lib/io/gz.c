#include "io/gz.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>

/* Where in a member the next byte stands. */
enum part { FIXED, EXTRA_LENGTH, EXTRA, NAME, COMMENT, HEADER_CRC, DATA };

enum { FIXED_LENGTH = 10 };

/* Flags of a header; FTEXT, the lowest, means nothing here. */
enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16, RESERVED = 224 };

struct ev_gz {
	const struct ev_inflater *by;
	void *state;
	enum part part;
	size_t at;	 /* bytes of the part that have passed, where it has a length */
	unsigned length; /* of FEXTRA; or the checksum that the header has */
	unsigned flags;
	uint32_t crc; /* of the header */
	bool filled;  /* the inflater had no room left, and may have more */
};

const struct ev_inflater *const ev_gz_inflaters[] = {
#ifdef EV_ISAL
	&ev_inflate_isal,
#endif
	&ev_inflate_zlib, NULL};

struct ev_gz *ev_gz_new(const struct ev_inflater *by)
{
	struct ev_gz *g = ev_calloc(1, sizeof *g);

	g->by = by;
	g->state = by->open();
	return g;
}

void ev_gz_reset(struct ev_gz *g)
{
	g->part = FIXED;
	g->at = 0;
	g->crc = 0;
	g->filled = false;
}

/* The part that comes behind one of the header; not every header has all of them. */
static void next_part(struct ev_gz *g)
{
	static const unsigned flag[] = {
		[EXTRA_LENGTH] = FEXTRA, [EXTRA] = FEXTRA,     [NAME] = FNAME,
		[COMMENT] = FCOMMENT,	 [HEADER_CRC] = FHCRC, [DATA] = 0};

	do
		g->part++;
	while (g->part != DATA &&
	       ((g->flags & flag[g->part]) == 0 || (g->part == EXTRA && g->length == 0)));
	g->at = 0;
	if (g->part == DATA)
		g->by->begin(g->state);
}

/* Takes a byte of the part that has ten. NULL, or what is wrong. */
static const char *take_fixed(struct ev_gz *g, unsigned char c)
{
	static const unsigned char magic[] = {0x1f, 0x8b};

	if (g->at < sizeof magic && c != magic[g->at])
		return "no gzip header where a member should begin";
	if (g->at == 2 && c != 8)
		return "unknown compression method";
	if (g->at == 3 && (c & RESERVED) != 0)
		return "unknown header flags";
	if (g->at == 3)
		g->flags = c;
	if (++g->at == FIXED_LENGTH)
		next_part(g);
	return NULL;
}

/* Takes a byte of the header. NULL, or what is wrong. */
static const char *take_header(struct ev_gz *g, unsigned char c)
{
	if (g->part != HEADER_CRC)
		g->crc = ev_crc32(g->crc, &c, 1);
	switch (g->part) {
	case FIXED: return take_fixed(g, c);
	case EXTRA_LENGTH:
	case HEADER_CRC:
		g->length = g->at == 0 ? c : g->length | (unsigned)c << 8;
		if (g->at++ == 0)
			return NULL;
		if (g->part == HEADER_CRC && g->length != (g->crc & 0xffff))
			return "the header does not have its checksum";
		next_part(g);
		return NULL;
	case EXTRA:
		if (++g->at == g->length)
			next_part(g);
		return NULL;
	default: /* a text up to its NUL */
		if (c == '\0')
			next_part(g);
		return NULL;
	}
}

/* Takes data of a member. NULL, or what is wrong. */
static const char *take_data(struct ev_gz *g, const char **in, size_t *in_len, char *out,
			     size_t *out_len)
{
	size_t room = *out_len = *out_len < INT_MAX ? *out_len : INT_MAX;
	size_t len = *in_len < INT_MAX ? *in_len : INT_MAX, left = len;
	enum ev_inflate done = g->by->run(g->state, in, &left, out, out_len);

	*in_len -= len - left;
	if (done == EV_INFLATE_DAMAGED)
		return "the data or its checksum is wrong";
	if (done == EV_INFLATE_END)
		ev_gz_reset(g);
	else
		g->filled = *out_len == room;
	return NULL;
}

enum ev_status ev_gz_inflate(struct ev_gz *g, const char **in, size_t *in_len, char *out,
			     size_t *out_len, const char **why)
{
	size_t room = *out_len;

	*out_len = 0;
	*why = NULL;
	while (*why == NULL && *out_len < room && (*in_len > 0 || g->filled)) {
		size_t wrote = room - *out_len;

		if (g->part == DATA) {
			*why = take_data(g, in, in_len, out + *out_len, &wrote);
			*out_len += wrote;
		} else {
			*why = take_header(g, (unsigned char)*(*in)++);
			--*in_len;
		}
	}
	return *why == NULL ? EV_OK : EV_FATAL;
}

bool ev_gz_complete(const struct ev_gz *g)
{
	return g->part == FIXED && g->at == 0;
}

void ev_gz_free(struct ev_gz **g)
{
	if (*g == NULL)
		return;
	(*g)->by->close((*g)->state);
	free(*g);
	*g = NULL;
}
