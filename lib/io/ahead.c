#include "io/ahead.h"
#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct block {
	char *p;
	size_t len;
};

struct ev_ahead {
	pthread_t thread;
	bool threaded; /* else the caller's own thread does the steps */
	struct ev_gz *gz;

	/* The caller's: the room that it is filling, and how far it has taken the first block. */
	size_t put, taken;

	/* What follows is under the lock, but for the bytes of a block, which have one owner. */
	pthread_mutex_t lock;
	pthread_cond_t to_do, done;
	/* Rings: n blocks from first on are full. */
	struct block packed[EV_AHEAD_PACKED], blocks[EV_AHEAD_BLOCKS];
	size_t first_packed, n_packed, first_block, n_blocks;
	size_t used;	 /* bytes of the first packed block */
	bool filled;	 /* the inflater had no room left, and may have more */
	bool busy;	 /* a step is being done */
	bool ended;	 /* no more will be put */
	bool failed;	 /* no more will be inflated */
	const char *why; /* it failed */
	bool quit;
};

static bool has_work(const struct ev_ahead *a)
{
	return (a->n_packed > 0 || a->filled) && a->n_blocks < EV_AHEAD_BLOCKS && !a->failed;
}

/* Inflates one block's worth; the lock is held before and after. */
static void step(struct ev_ahead *a)
{
	struct block *from = &a->packed[a->first_packed];
	struct block *to = &a->blocks[(a->first_block + a->n_blocks) % EV_AHEAD_BLOCKS];
	bool any = a->n_packed > 0; /* more may be put meanwhile */
	size_t len = any ? from->len - a->used : 0, left = len;
	const char *p = from->p + a->used, *why;
	enum ev_status st;

	a->busy = true;
	pthread_mutex_unlock(&a->lock);
	to->len = EV_AHEAD_BLOCK;
	st = ev_gz_inflate(a->gz, &p, &left, to->p, &to->len, &why);
	pthread_mutex_lock(&a->lock);
	a->busy = false;
	a->filled = to->len == EV_AHEAD_BLOCK;
	if (st != EV_OK) {
		a->failed = true;
		a->why = why;
	} else if (to->len > 0) {
		a->n_blocks++;
	}
	if (left > 0) {
		a->used += len - left;
	} else if (any) {
		a->used = 0;
		a->first_packed = (a->first_packed + 1) % EV_AHEAD_PACKED;
		a->n_packed--;
	}
}

static void *work(void *arg)
{
	struct ev_ahead *a = arg;

	pthread_mutex_lock(&a->lock);
	while (!a->quit) {
		if (!has_work(a)) {
			pthread_cond_wait(&a->to_do, &a->lock);
			continue;
		}
		step(a);
		pthread_cond_signal(&a->done);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Signals are for the thread that the caller has. */
static bool start(struct ev_ahead *a)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&a->thread, NULL, work, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

struct ev_ahead *ev_ahead_new(const struct ev_inflater *by)
{
	struct ev_ahead *a = ev_calloc(1, sizeof *a);

	a->gz = ev_gz_new(by);
	if (pthread_mutex_init(&a->lock, NULL) != 0 || pthread_cond_init(&a->to_do, NULL) != 0 ||
	    pthread_cond_init(&a->done, NULL) != 0)
		ev_oom();
	for (size_t i = 0; i < EV_AHEAD_PACKED; i++)
		a->packed[i].p = ev_malloc(EV_AHEAD_BLOCK);
	for (size_t i = 0; i < EV_AHEAD_BLOCKS; i++)
		a->blocks[i].p = ev_malloc(EV_AHEAD_BLOCK);
	a->threaded = start(a);
	return a;
}

void ev_ahead_reset(struct ev_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->failed = true; /* no further step begins */
	while (a->busy)
		pthread_cond_wait(&a->done, &a->lock);
	ev_gz_reset(a->gz);
	a->first_packed = a->n_packed = a->first_block = a->n_blocks = 0;
	a->put = a->taken = a->used = 0;
	a->filled = a->ended = a->failed = false;
	a->why = NULL;
	pthread_mutex_unlock(&a->lock);
}

char *ev_ahead_room(struct ev_ahead *a)
{
	bool full;

	pthread_mutex_lock(&a->lock);
	full = a->ended || a->n_packed == EV_AHEAD_PACKED;
	a->put = (a->first_packed + a->n_packed) % EV_AHEAD_PACKED;
	pthread_mutex_unlock(&a->lock);
	return full ? NULL : a->packed[a->put].p;
}

void ev_ahead_put(struct ev_ahead *a, size_t len)
{
	pthread_mutex_lock(&a->lock);
	a->packed[a->put].len = len;
	a->n_packed += len > 0;
	a->ended = len == 0;
	pthread_cond_signal(&a->to_do);
	pthread_mutex_unlock(&a->lock);
}

/* Waits for a block, or for the time when without the caller there will be none. */
static void wait_for_block(struct ev_ahead *a)
{
	while (a->n_blocks == 0 && (a->busy || has_work(a)))
		if (a->threaded)
			pthread_cond_wait(&a->done, &a->lock);
		else
			step(a);
}

enum ev_status ev_ahead_take(struct ev_ahead *a, char *p, size_t room, size_t *got,
			     const char **why)
{
	struct block *b;
	enum ev_status st = EV_OK;

	pthread_mutex_lock(&a->lock);
	wait_for_block(a);
	b = &a->blocks[a->first_block];
	*got = 0;
	*why = a->why;
	if (a->n_blocks > 0)
		*got = b->len - a->taken < room ? b->len - a->taken : room;
	else if (a->failed)
		st = EV_FATAL;
	else if (a->ended)
		st = ev_gz_complete(a->gz) ? EV_EOF : EV_FATAL;
	pthread_mutex_unlock(&a->lock);
	if (*got == 0)
		return st;
	memcpy(p, b->p + a->taken, *got);
	a->taken += *got;
	if (a->taken < b->len)
		return EV_OK;
	a->taken = 0;
	pthread_mutex_lock(&a->lock);
	a->first_block = (a->first_block + 1) % EV_AHEAD_BLOCKS;
	a->n_blocks--;
	pthread_cond_signal(&a->to_do);
	pthread_mutex_unlock(&a->lock);
	return EV_OK;
}

void ev_ahead_free(struct ev_ahead **ahead)
{
	struct ev_ahead *a = *ahead;

	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->quit = true;
	pthread_cond_signal(&a->to_do);
	pthread_mutex_unlock(&a->lock);
	if (a->threaded)
		pthread_join(a->thread, NULL);
	pthread_cond_destroy(&a->to_do);
	pthread_cond_destroy(&a->done);
	pthread_mutex_destroy(&a->lock);
	for (size_t i = 0; i < EV_AHEAD_PACKED; i++)
		free(a->packed[i].p);
	for (size_t i = 0; i < EV_AHEAD_BLOCKS; i++)
		free(a->blocks[i].p);
	ev_gz_free(&a->gz);
	free(a);
	*ahead = NULL;
}
