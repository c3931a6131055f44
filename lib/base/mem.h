/*
 * mem: memory, and the one policy for its end. Floor 0.
 *
 * These functions never return NULL. When memory runs out they call the handler with what is wrong,
 * and it must not return (libevcli ends the program with status 2); without a handler they abort.
 * libjq is given the same handler. So ends a program that the system refuses what it never should.
 */
#ifndef EV_MEM_H
#define EV_MEM_H

#include <stddef.h>

void *ev_malloc(size_t size);
void *ev_calloc(size_t n, size_t size);
void *ev_realloc(void *p, size_t size);
/* An array of n elements of size bytes; checks the product for overflow. */
void *ev_realloc_array(void *p, size_t n, size_t size);
/*
 * Room for one element more behind n, of an array that has never got room but by this. It grows
 * at 0 and at powers of two, so what is copied stays in proportion to n.
 */
void *ev_realloc_one(void *p, size_t n, size_t size);
/*
 * What will be visited in no order: from 2 MiB on in huge pages if the system has them, because it
 * would else miss the processor's table of pages at every step. Aligned to 64 bytes. Freed by
 * free.
 */
void *ev_malloc_huge(size_t size);
char *ev_strdup(const char *s);
char *ev_strndup(const char *s, size_t len);

/* Grows the array *p of elements of size bytes so that it holds at least need; *cap is updated. */
void ev_grow(void *p, size_t *cap, size_t need, size_t size);

/* what: a line of text, static, without its LF. */
void ev_oom_handler(void (*handler)(const char *what));
/* Runs the policy; for foreign libraries that report exhaustion themselves. */
_Noreturn void ev_oom(void);
/* The same if the system refuses something else. */
_Noreturn void ev_refused(const char *what);

#endif
