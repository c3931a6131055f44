/*
 * deflate: a block of bytes made into a gzip member (RFC 1952). Floor 1.
 *
 * The member depends on the bytes alone: its header has no time, no name and no system.
 */
#ifndef EV_DEFLATE_H
#define EV_DEFLATE_H

#include <stddef.h>

struct ev_deflater;

struct ev_deflater *ev_deflater_new(void);
/*
 * One that is fast rather than small: by ISA-L where that is built in. Then the bytes of a member
 * depend on the build, and, of one in some 10,000, on the run: what ISA-L 2.30 finds at the head of
 * a block depends on the addresses of its memory. Inflated it is the same.
 */
struct ev_deflater *ev_deflater_fast(void);
/* The bytes that a member of len bytes needs at most. */
size_t ev_deflate_bound(struct ev_deflater *d, size_t len);
/* Writes the member, whole, to out, which has room for the bound; its bytes, or 0 if it cannot. */
size_t ev_deflate(struct ev_deflater *d, const void *p, size_t len, void *out, size_t room);
#ifdef EV_ISAL
/* The same by ISA-L. zlib's bound is room enough. */
size_t ev_deflate_isal(const void *p, size_t len, void *out, size_t room);
#endif
void ev_deflater_free(struct ev_deflater **d);

#endif
