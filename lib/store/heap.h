/*
 * heap: the least of some sorted sequences, by their numbers. Floor 3, for the files of the store.
 */
#ifndef EV_HEAP_H
#define EV_HEAP_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

typedef bool ev_heap_less(const void *ctx, size_t a, size_t b);

/* Puts the heap's i-th in its place below; all others are in theirs. */
static EV_ALWAYS_INLINE void ev_heap_down(size_t *heap, size_t n, size_t i, ev_heap_less *less,
					  const void *ctx)
{
	for (size_t least = i;; i = least) {
		size_t left = 2 * i + 1, swap = heap[i];

		for (size_t k = left; k <= left + 1 && k < n; k++)
			if (less(ctx, heap[k], heap[least]))
				least = k;
		if (least == i)
			return;
		heap[i] = heap[least];
		heap[least] = swap;
	}
}

static EV_ALWAYS_INLINE void ev_heap_build(size_t *heap, size_t n, ev_heap_less *less,
					   const void *ctx)
{
	for (size_t i = n; i > 0; i--)
		ev_heap_down(heap, n, i - 1, less, ctx);
}

#endif
