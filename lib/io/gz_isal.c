#include "io/deflate.h"
#include "io/inflate.h"

#ifdef EV_ISAL
#include "base/mem.h"

#include <isa-l/igzip_lib.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void *isal_open(void)
{
	struct inflate_state *z = ev_malloc(sizeof *z);

	isal_inflate_init(z);
	return z;
}

static void isal_begin(void *state)
{
	struct inflate_state *z = state;

	isal_inflate_reset(z);
	z->crc_flag = ISAL_GZIP_NO_HDR_VER;
}

static enum ev_inflate isal_run(void *state, const char **in, size_t *in_len, char *out,
				size_t *out_len)
{
	struct inflate_state *z = state;
	uint32_t in_now = (uint32_t)*in_len, out_now = (uint32_t)*out_len;
	int rc;

	z->next_in = (uint8_t *)(uintptr_t)*in;
	z->avail_in = in_now;
	z->next_out = (uint8_t *)out;
	z->avail_out = out_now;
	rc = isal_inflate(z);
	*in += in_now - z->avail_in;
	*in_len -= in_now - z->avail_in;
	*out_len = out_now - z->avail_out;
	if (rc < 0)
		return EV_INFLATE_DAMAGED;
	return z->block_state == ISAL_BLOCK_FINISH ? EV_INFLATE_END : EV_INFLATE_MORE;
}

size_t ev_deflate_isal(const void *p, size_t len, void *out, size_t room)
{
	uint8_t memory[ISAL_DEF_LVL1_SMALL];
	struct isal_zstream z;

	/* Its init leaves fields out. The state ends with its buffers, which are large. */
	memset(&z, 0, offsetof(struct isal_zstream, internal_state.buffer));
	isal_deflate_stateless_init(&z);
	z.gzip_flag = IGZIP_GZIP;
	z.level = 1;
	z.level_buf = memory;
	z.level_buf_size = sizeof memory;
	z.end_of_stream = 1;
	z.next_in = (uint8_t *)(uintptr_t)p;
	z.avail_in = (uint32_t)len;
	z.next_out = out;
	z.avail_out = (uint32_t)room;
	return isal_deflate_stateless(&z) == COMP_OK ? room - z.avail_out : 0;
}

const struct ev_inflater ev_inflate_isal = {"ISA-L", isal_open, isal_begin, isal_run, free};
#endif
