/*
 * inflate: what gz asks of a library that inflates. Floor 1.
 *
 * An inflater takes the deflate data of a gzip member (RFC 1951) and the trailer behind it
 * (RFC 1952), which it checks. All that there are take the same members for whole, and give the
 * same bytes. Of damage, one may know at once what another finds by the checksum, or by the end of
 * the input.
 */
#ifndef EV_INFLATE_H
#define EV_INFLATE_H

#include <stddef.h>
#include <stdint.h>

enum ev_inflate {
	EV_INFLATE_MORE,   /* as much as the input or the room allowed; the member goes on */
	EV_INFLATE_END,	   /* the member has ended, and its trailer is right */
	EV_INFLATE_DAMAGED /* the data is not deflate data, or does not match its trailer */
};

struct ev_inflater {
	const char *name;
	void *(*open)(void);
	/* The data of a member comes next. */
	void (*begin)(void *state);
	/*
	 * *in and *in_len are updated to what is left, *out_len to what was written. Neither length
	 * is above INT_MAX.
	 */
	enum ev_inflate (*run)(void *state, const char **in, size_t *in_len, char *out,
			       size_t *out_len);
	void (*close)(void *state);
};

extern const struct ev_inflater ev_inflate_zlib;
#ifdef EV_ISAL
extern const struct ev_inflater ev_inflate_isal;
#endif

/* CRC-32 as gzip has it, of what went before (0 at first) and these bytes. */
uint32_t ev_crc32(uint32_t crc, const void *p, size_t len);

#endif
