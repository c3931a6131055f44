#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void (*oom_handler)(const char *what);

void ev_oom_handler(void (*handler)(const char *what))
{
	oom_handler = handler;
}

_Noreturn void ev_refused(const char *what)
{
	if (oom_handler != NULL)
		oom_handler(what);
	abort();
}

_Noreturn void ev_oom(void)
{
	ev_refused("out of memory: give it more, or smaller input");
}

void *ev_malloc(size_t size)
{
	void *p = malloc(size != 0 ? size : 1);

	if (p == NULL)
		ev_oom();
	return p;
}

void *ev_calloc(size_t n, size_t size)
{
	void *p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		ev_oom();
	return p;
}

void *ev_realloc(void *p, size_t size)
{
	p = realloc(p, size != 0 ? size : 1);
	if (p == NULL)
		ev_oom();
	return p;
}

void *ev_realloc_array(void *p, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		ev_oom();
	return ev_realloc(p, total);
}

void *ev_malloc_huge(size_t size)
{
	const size_t page = 2 << 20, unit = size < page ? 64 : page;
	void *p;

	size += size == 0;
	if (size > SIZE_MAX - unit ||
	    (p = aligned_alloc(unit, (size + unit - 1) & ~(unit - 1))) == NULL)
		ev_oom();
	if (unit == page)
		madvise(p, size, MADV_HUGEPAGE); /* without it the memory is but slower */
	return p;
}

char *ev_strndup(const char *s, size_t len)
{
	char *p = ev_malloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *ev_strdup(const char *s)
{
	return ev_strndup(s, strlen(s));
}

void *ev_realloc_one(void *p, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return p;
	return ev_realloc_array(p, n == 0 ? 1 : 2 * n, size);
}

void ev_grow(void *p, size_t *cap, size_t need, size_t size)
{
	void **array = p;
	size_t n = *cap;

	if (need <= n)
		return;
	while (n < need)
		if (__builtin_add_overflow(n, n / 2 + 16, &n))
			ev_oom();
	*array = ev_realloc_array(*array, n, size);
	*cap = n;
}
