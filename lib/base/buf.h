/*
 * buf: a growing run of bytes. Floor 0.
 *
 * Zero-initialise with {0}. The bytes are valid until the next call that adds, and are not ended
 * by NUL unless ev_buf_str asks for it.
 */
#ifndef EV_BUF_H
#define EV_BUF_H

#include "base/mem.h"
#include "base/status.h"

#include <stdint.h>
#include <string.h>

struct ev_buf {
	char *p;
	size_t len;
	size_t cap;
};

void ev_buf_free(struct ev_buf *b);
void ev_buf_grow(struct ev_buf *b, size_t n);
void ev_buf_printf(struct ev_buf *b, const char *fmt, ...) EV_PRINTF(2, 3);
void ev_buf_vprintf(struct ev_buf *b, const char *fmt, va_list ap) EV_PRINTF(2, 0);
/* Appends v in decimal digits. */
void ev_buf_u64(struct ev_buf *b, uint64_t v);
/* The bytes as a string: a NUL stands behind them, outside len. */
const char *ev_buf_str(struct ev_buf *b);

/* Makes room for at least n further bytes and returns where they go; len stays as it is. */
static inline char *ev_buf_room(struct ev_buf *b, size_t n)
{
	if (b->cap - b->len < n || b->p == NULL)
		ev_buf_grow(b, n);
	return b->p + b->len;
}

static inline void ev_buf_put(struct ev_buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(ev_buf_room(b, n), p, n);
	b->len += n;
}

static inline void ev_buf_putc(struct ev_buf *b, char c)
{
	if (b->cap == b->len)
		ev_buf_grow(b, 1);
	b->p[b->len++] = c;
}

static inline void ev_buf_puts(struct ev_buf *b, const char *s)
{
	ev_buf_put(b, s, strlen(s));
}

/*
 * Copies len bytes and returns where they end. It copies in steps, so up to EV_COPY_OVER bytes
 * behind either run are read, or written over: short runs need no call and no branch for their
 * length.
 */
enum { EV_COPY_OVER = 32 };

static inline char *ev_copy_over(char *to, const char *from, size_t len)
{
	char *end = to + len;

	memcpy(to, from, EV_COPY_OVER);
	while ((to += EV_COPY_OVER) < end) {
		from += EV_COPY_OVER;
		memcpy(to, from, EV_COPY_OVER);
	}
	return end;
}

static inline void ev_buf_reset(struct ev_buf *b)
{
	b->len = 0;
}

/* Orders runs of bytes; one that begins another comes before it. */
static inline int ev_bytes_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const size_t len = a_len < b_len ? a_len : b_len;
	int order = len > 0 ? memcmp(a, b, len) : 0;

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

#endif
