#include "base/mem.h"
#include "io/deflate.h"
#include "io/inflate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 15 + 16 }; /* the largest window; a gzip header is required */

static void *zlib_open(void)
{
	z_stream *z = ev_calloc(1, sizeof *z);

	if (inflateInit2(z, GZIP_ONLY) != Z_OK)
		ev_oom();
	return z;
}

/* zlib checks the trailer where it has seen a header, so it is given the shortest one. */
static void zlib_begin(void *state)
{
	static const Bytef header[10] = {0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, 0xff};
	z_stream *z = state;
	Bytef none;

	if (inflateReset(z) != Z_OK)
		ev_oom(); /* no other way to fail with a state of inflateInit2 */
	z->next_in = (z_const Bytef *)header;
	z->avail_in = sizeof header;
	z->next_out = &none;
	z->avail_out = 0;
	inflate(z, Z_NO_FLUSH); /* an error stays, and is returned by the next call */
}

static enum ev_inflate zlib_run(void *state, const char **in, size_t *in_len, char *out,
				size_t *out_len)
{
	z_stream *z = state;
	uInt in_now = (uInt)*in_len, out_now = (uInt)*out_len;
	int rc;

	z->next_in = (z_const Bytef *)*in;
	z->avail_in = in_now;
	z->next_out = (Bytef *)out;
	z->avail_out = out_now;
	rc = inflate(z, Z_NO_FLUSH);
	*in += in_now - z->avail_in;
	*in_len -= in_now - z->avail_in;
	*out_len = out_now - z->avail_out;
	if (rc == Z_MEM_ERROR)
		ev_oom();
	if (rc == Z_STREAM_END)
		return EV_INFLATE_END;
	return rc == Z_OK || rc == Z_BUF_ERROR ? EV_INFLATE_MORE : EV_INFLATE_DAMAGED;
}

static void zlib_close(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct ev_inflater ev_inflate_zlib = {"zlib", zlib_open, zlib_begin, zlib_run, zlib_close};

uint32_t ev_crc32(uint32_t crc, const void *p, size_t len)
{
	return (uint32_t)crc32_z(crc, p, len);
}

struct ev_deflater {
	z_stream z;
	gz_header header;
	bool fast;
};

enum { LEVEL = 6, FAST = 1, MEMORY = 8, UNKNOWN_SYSTEM = 255 };

static struct ev_deflater *new_deflater(int level)
{
	struct ev_deflater *d = ev_calloc(1, sizeof *d);

	d->fast = level == FAST;
	if (deflateInit2(&d->z, level, Z_DEFLATED, GZIP_ONLY, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		ev_oom();
	d->header.os = UNKNOWN_SYSTEM;
	return d;
}

struct ev_deflater *ev_deflater_new(void)
{
	return new_deflater(LEVEL);
}

struct ev_deflater *ev_deflater_fast(void)
{
	return new_deflater(FAST);
}

/* Both can only fail for a state that deflateInit2 has not made. */
static void begin(struct ev_deflater *d)
{
	if (deflateReset(&d->z) != Z_OK || deflateSetHeader(&d->z, &d->header) != Z_OK)
		ev_oom();
}

size_t ev_deflate_bound(struct ev_deflater *d, size_t len)
{
	begin(d);
	return deflateBound(&d->z, len);
}

size_t ev_deflate(struct ev_deflater *d, const void *p, size_t len, void *out, size_t room)
{
#ifdef EV_ISAL
	size_t made = d->fast ? ev_deflate_isal(p, len, out, room) : 0;

	if (made > 0)
		return made;
#endif
	begin(d);
	d->z.next_in = (z_const Bytef *)p;
	d->z.avail_in = (uInt)len;
	d->z.next_out = out;
	d->z.avail_out = (uInt)room;
	return deflate(&d->z, Z_FINISH) == Z_STREAM_END ? room - d->z.avail_out : 0;
}

void ev_deflater_free(struct ev_deflater **d)
{
	if (*d == NULL)
		return;
	deflateEnd(&(*d)->z);
	free(*d);
	*d = NULL;
}
