#include "io/gz.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct ev_gz {
	z_stream z;
	bool between; /* no member is open */
};

enum { GZIP_ONLY = 15 + 16 }; /* the largest window; a gzip header is required */

struct ev_gz *ev_gz_new(void)
{
	struct ev_gz *g = ev_calloc(1, sizeof *g);

	if (inflateInit2(&g->z, GZIP_ONLY) != Z_OK)
		ev_oom();
	g->between = true;
	return g;
}

static uInt clamp(size_t n)
{
	return n > INT_MAX ? INT_MAX : (uInt)n;
}

enum ev_status ev_gz_inflate(struct ev_gz *g, const char **in, size_t *in_len, char *out,
			     size_t *out_len, const char **why)
{
	size_t room = *out_len, wrote = 0;
	enum ev_status st = EV_OK;

	while (*in_len > 0 && wrote < room) {
		uInt in_now = clamp(*in_len), out_now = clamp(room - wrote);
		int rc;

		if (g->between) {
			inflateReset(&g->z);
			g->between = false;
		}
		g->z.next_in = (z_const Bytef *)*in;
		g->z.avail_in = in_now;
		g->z.next_out = (Bytef *)out + wrote;
		g->z.avail_out = out_now;
		rc = inflate(&g->z, Z_NO_FLUSH);
		*in += in_now - g->z.avail_in;
		*in_len -= in_now - g->z.avail_in;
		wrote += out_now - g->z.avail_out;
		if (rc == Z_STREAM_END) {
			g->between = true;
		} else if (rc == Z_MEM_ERROR) {
			ev_oom();
		} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
			*why = g->z.msg != NULL ? g->z.msg : "damaged data";
			st = EV_FATAL;
			break;
		}
	}
	*out_len = wrote;
	return st;
}

bool ev_gz_complete(const struct ev_gz *g)
{
	return g->between;
}

void ev_gz_free(struct ev_gz **g)
{
	if (*g == NULL)
		return;
	inflateEnd(&(*g)->z);
	free(*g);
	*g = NULL;
}
