#include "io/pack.h"
#include "base/mem.h"
#include "io/deflate.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

enum { JOBS = EV_PACK_THREADS + 2 };

struct job {
	char *block, *member;
	size_t len, member_len;
	bool done;
	void (*deliver)(void *ctx, const char *member, size_t len);
	void *ctx;
};

struct ev_pack {
	pthread_t threads[EV_PACK_THREADS];
	unsigned n_threads;
	size_t n_slots; /* of the ring that are used */
	size_t room;	/* of a member */
	struct ev_deflater *(*deflater)(void);
	struct ev_deflater *own; /* if there is no thread */

	/* What follows is under the lock, but for the bytes of a job that is being done. */
	pthread_mutex_t lock;
	pthread_cond_t to_do, done;
	/* A ring: n_jobs from first on; the first of them that no thread has begun is next. */
	struct job jobs[JOBS];
	size_t first, n_jobs, n_begun;
	bool quit;
};

/* Does the next job; the lock is held before and after. */
static void step(struct ev_pack *p, struct ev_deflater *d)
{
	struct job *j = &p->jobs[(p->first + p->n_begun++) % p->n_slots];

	pthread_mutex_unlock(&p->lock);
	j->member_len = ev_deflate(d, j->block, j->len, j->member, p->room);
	pthread_mutex_lock(&p->lock);
	j->done = true;
}

static void *work(void *arg)
{
	struct ev_pack *p = arg;
	struct ev_deflater *d = p->deflater();

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		if (p->n_begun == p->n_jobs) {
			pthread_cond_wait(&p->to_do, &p->lock);
			continue;
		}
		step(p, d);
		pthread_cond_signal(&p->done);
	}
	pthread_mutex_unlock(&p->lock);
	ev_deflater_free(&d);
	return NULL;
}

static unsigned processors(void)
{
	cpu_set_t set;

	/* It fails where there are more than the set can hold. */
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return EV_PACK_THREADS;
	return (unsigned)CPU_COUNT(&set);
}

/* Signals are for the thread that the caller has. */
static void start(struct ev_pack *p, unsigned threads)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->n_threads < threads &&
	       pthread_create(&p->threads[p->n_threads], NULL, work, p) == 0)
		p->n_threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static struct ev_pack *new_pack(unsigned threads, struct ev_deflater *(*deflater)(void))
{
	struct ev_pack *p = ev_calloc(1, sizeof *p);

	p->deflater = deflater;
	if (threads == 0)
		threads = processors();
	if (threads > EV_PACK_THREADS)
		threads = EV_PACK_THREADS;
	if (pthread_mutex_init(&p->lock, NULL) != 0 || pthread_cond_init(&p->to_do, NULL) != 0 ||
	    pthread_cond_init(&p->done, NULL) != 0)
		ev_oom();
	p->own = deflater();
	p->room = ev_deflate_bound(p->own, EV_PACK_BLOCK);
	p->n_slots = threads + 2;
	for (size_t i = 0; i < p->n_slots; i++) {
		p->jobs[i].block = ev_malloc(EV_PACK_BLOCK);
		p->jobs[i].member = ev_malloc(p->room);
	}
	start(p, threads);
	if (p->n_threads > 0)
		ev_deflater_free(&p->own);
	return p;
}

struct ev_pack *ev_pack_new(unsigned threads)
{
	return new_pack(threads, ev_deflater_new);
}

struct ev_pack *ev_pack_fast(unsigned threads)
{
	return new_pack(threads, ev_deflater_fast);
}

/* Waits for the first job, and delivers its member. */
static void finish_first(struct ev_pack *p)
{
	struct job *j = &p->jobs[p->first];

	pthread_mutex_lock(&p->lock);
	while (!j->done)
		if (p->n_threads > 0)
			pthread_cond_wait(&p->done, &p->lock);
		else
			step(p, p->own);
	p->first = (p->first + 1) % p->n_slots;
	p->n_jobs--;
	p->n_begun--;
	pthread_mutex_unlock(&p->lock);
	if (j->deliver != NULL)
		j->deliver(j->ctx, j->member, j->member_len);
}

void ev_pack_add(struct ev_pack *p, char **block, size_t len,
		 void (*done)(void *ctx, const char *member, size_t len), void *ctx)
{
	struct job *j;
	char *mine = *block;

	if (p->n_jobs == p->n_slots)
		finish_first(p);
	j = &p->jobs[(p->first + p->n_jobs) % p->n_slots];
	*block = j->block;
	*j = (struct job){
		.block = mine, .member = j->member, .len = len, .deliver = done, .ctx = ctx};
	pthread_mutex_lock(&p->lock);
	p->n_jobs++;
	pthread_cond_signal(&p->to_do);
	pthread_mutex_unlock(&p->lock);
}

void ev_pack_drain(struct ev_pack *p)
{
	while (p->n_jobs > 0)
		finish_first(p);
}

void ev_pack_forget(struct ev_pack *p, const void *ctx)
{
	for (size_t i = 0; i < p->n_jobs; i++) {
		struct job *j = &p->jobs[(p->first + i) % p->n_slots];

		if (j->ctx == ctx)
			j->deliver = NULL;
	}
}

void ev_pack_free(struct ev_pack **pack)
{
	struct ev_pack *p = *pack;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->to_do);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	for (size_t i = 0; i < p->n_slots; i++) {
		free(p->jobs[i].block);
		free(p->jobs[i].member);
	}
	pthread_cond_destroy(&p->to_do);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	ev_deflater_free(&p->own);
	free(p);
	*pack = NULL;
}
