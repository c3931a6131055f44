/*
 * support: what several unit tests need. Files of data and of cases, random numbers that are the
 * same in every run, texts with a slack that ends at memory that cannot be read, and a slow decoder
 * of UTF-8.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The path of a file under EVKIT_DATA, valid until the next call; NULL if it is not there. */
static inline const char *data_path(const char *name)
{
	static char path[4096];
	const char *dir = getenv("EVKIT_DATA");

	if (dir == NULL)
		return NULL;
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, R_OK) == 0 ? path : NULL;
}

/* A whole file, with a NUL behind it; free() it. NULL if it cannot be read. */
static inline char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	size_t cap = 0, n;

	*len = 0;
	if (f == NULL)
		return NULL;
	do {
		p = realloc(p, cap += 65536);
		if (p == NULL)
			abort();
		n = fread(p + *len, 1, cap - *len - 1, f);
		*len += n;
	} while (n > 0);
	p[*len] = '\0';
	fclose(f);
	return p;
}

/*
 * The cases of a file of tests/data/cases: so many lines each, without an escape. Between two of
 * them, empty lines and those that begin with # are passed over.
 */
struct cases {
	char *text, *at;
};

static inline struct cases cases_open(const char *name)
{
	char path[4096];
	size_t len;
	struct cases c;

	snprintf(path, sizeof path, "%s/tests/data/cases/%s", getenv("srcdir"), name);
	c.at = c.text = read_file(path, &len);
	if (c.text == NULL) {
		printf("Bail out! %s cannot be read: srcdir names the sources\n", path);
		exit(1);
	}
	return c;
}

/* The n lines of the next case. False, and the text is freed, when there is none. */
static inline bool cases_next(struct cases *c, char *lines[], size_t n)
{
	for (; *c->at == '\n' || *c->at == '#'; c->at += *c->at == '\n')
		c->at += strcspn(c->at, "\n");
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(c->at, "\n");

		if (len == 0 && i == 0) {
			free(c->text);
			return false;
		}
		if (len == 0) {
			printf("Bail out! a case lacks lines: %s\n", lines[0]);
			exit(1);
		}
		lines[i] = c->at;
		c->at += len;
		if (*c->at != '\0')
			*c->at++ = '\0';
	}
	return true;
}

/* D. Lehmer's generator with 128 bits of state. */
static unsigned __int128 random_state = 0x9e3779b97f4a7c15;

static inline uint64_t random_u64(void)
{
	random_state *= 0xda942042e4dd58b5;
	return (uint64_t)(random_state >> 64);
}

static inline size_t random_below(size_t n)
{
	return (size_t)(random_u64() % n);
}

/*
 * Room for texts of up to ROOM bytes that end right before their slack, which ends right before a
 * page that cannot be read; or that begin right behind such a page.
 */
struct guarded {
	char *end; /* of what can be read */
	size_t room;
};

static inline struct guarded guarded_new(size_t room)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (room + page - 1) / page * page;
	char *p = mmap(NULL, page + size + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) != 0 ||
	    mprotect(p + page + size, page, PROT_NONE) != 0)
		abort();
	return (struct guarded){p + page + size, size};
}

static inline const char *guarded_fill(const struct guarded *g, char *p, const char *text,
				       size_t len, size_t slack, const char *filler)
{
	size_t n = strlen(filler);

	if (len + slack > g->room)
		abort();
	if (len != 0)
		memcpy(p, text, len);
	for (size_t i = 0; i < slack; i++)
		p[len + i] = filler[i % n];
	return p;
}

/* A copy of the text, with `slack` bytes behind it, filled by repeating `filler`. */
static inline const char *guarded_put(struct guarded *g, const char *text, size_t len, size_t slack,
				      const char *filler)
{
	return guarded_fill(g, g->end - slack - len, text, len, slack, filler);
}

/* The same at the beginning of what can be read. */
static inline const char *guarded_first(struct guarded *g, const char *text, size_t len,
					size_t slack, const char *filler)
{
	return guarded_fill(g, g->end - g->room, text, len, slack, filler);
}

/*
 * The length of the scalar value at p, by table 3-7 of the Unicode standard turned into arithmetic:
 * decode as if everything were allowed, then ask whether it is. 0 if it is not UTF-8.
 */
static inline size_t slow_utf8_one(const unsigned char *p, size_t left)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000};
	size_t n = 0;
	uint32_t v;

	while (n < 8 && (p[0] & (0x80 >> n)) != 0)
		n++;
	if (n == 0)
		return 1;
	if (n == 1 || n > 6 || n > left)
		return 0;
	v = p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
		v = v * 64 + (p[i] - 0x80U);
	}
	return v >= smallest[n] && v <= 0x10ffff && (v < 0xd800 || v > 0xdfff) ? n : 0;
}

/* The length of the longest valid prefix. */
static inline size_t slow_utf8(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = slow_utf8_one((const unsigned char *)text + i, len - i);

		if (n == 0)
			break;
		i += n;
	}
	return i;
}

#endif
