/*
 * sample: what the micro benchmarks share: lines in memory, the clock, and how they are asked.
 *
 * The speed of a machine changes within a second, so what is compared must be measured in turn. A
 * micro benchmark therefore waits to be asked (by tests/bench/run). It says the names of its works,
 * a line each, and an empty line. Then it takes a name a line on standard input, makes one pass of
 * that work, and answers with a line: the bytes gone through, the values among them, the
 * nanoseconds of CPU that it took, and a sum over what was found, the same each time.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SAMPLE_MAX = 8000000, /* bytes: more than the caches that a core has alone */
	SAMPLE_SLACK = 128,   /* bytes behind the text that scanners may read */
	SAMPLE_NAME = 64,
};

struct sample {
	char *p;
	size_t len; /* ends in a line feed */
	size_t lines;
};

struct sample_work {
	char name[SAMPLE_NAME];
	uint64_t (*pass)(void *ctx); /* returns the same sum each time */
	uint64_t (*less)(void *ctx); /* what else the pass does, which is taken off; or NULL */
	size_t bytes, values;
	void (*use)(unsigned way); /* called before, or NULL */
	unsigned way;
};

/* The head of a file. Ends the program if there is none. */
static inline struct sample sample_read(const char *name)
{
	struct sample s = {NULL, 0, 0};
	FILE *f = fopen(name, "rb");

	s.p = (char *)calloc(1, SAMPLE_MAX + SAMPLE_SLACK);
	if (f == NULL || s.p == NULL) {
		perror(name);
		exit(2);
	}
	s.len = fread(s.p, 1, SAMPLE_MAX, f);
	fclose(f);
	while (s.len > 0 && s.p[s.len - 1] != '\n')
		s.len--;
	memset(s.p + s.len, 0, SAMPLE_SLACK);
	for (size_t i = 0; i < s.len; i++)
		s.lines += s.p[i] == '\n';
	if (s.lines == 0) {
		fprintf(stderr, "%s: there is no line\n", name);
		exit(2);
	}
	return s;
}

/* Calls fn for each line, without its line feed; adds up what it returns. */
static inline uint64_t sample_lines(const struct sample *s,
				    uint64_t (*fn)(void *ctx, const char *p, size_t len), void *ctx)
{
	const char *p = s->p, *end = s->p + s->len;
	uint64_t sum = 0;

	while (p < end) {
		const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p));

		sum += fn(ctx, p, (size_t)(lf - p));
		p = lf + 1;
	}
	return sum;
}

/* Nanoseconds of CPU that a pass takes. */
static inline uint64_t sample_time(uint64_t (*pass)(void *ctx), void *ctx, uint64_t *sum)
{
	struct timespec a, b;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	*sum += pass(ctx);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	return (uint64_t)(b.tv_sec - a.tv_sec) * 1000000000 + (uint64_t)b.tv_nsec -
	       (uint64_t)a.tv_nsec;
}

static inline void sample_answer(const struct sample_work *w, void *ctx)
{
	uint64_t sum = 0, other = 0, ns, less;

	if (w->use != NULL)
		w->use(w->way);
	ns = sample_time(w->pass, ctx, &sum);
	if (w->less != NULL) {
		less = sample_time(w->less, ctx, &other);
		ns = ns > less ? ns - less : 1;
	}
	printf("%zu %zu %llu %llu\n", w->bytes, w->values, (unsigned long long)ns,
	       (unsigned long long)sum);
}

/* Answers until standard input ends. */
static inline void sample_serve(const struct sample_work *works, size_t n, void *ctx)
{
	char line[SAMPLE_NAME];

	for (size_t i = 0; i < n; i++)
		puts(works[i].name);
	puts("");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < n; i++)
			if (strcmp(works[i].name, line) == 0)
				sample_answer(&works[i], ctx);
		fflush(stdout);
	}
}

#endif
