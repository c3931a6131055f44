#include "base/md5.h"
#include "base/hash.h"
#include "base/mem.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16, BLOCKS = 4, WORDS = 16 }; /* blocks of a message at most; words of a block */

/* Messages of the same number of blocks, word by word: the w-th words of all stand together. */
struct set {
	uint32_t words[BLOCKS * WORDS][LANES];
	char *out[LANES];
	unsigned n;
};

struct ev_md5 {
	struct set sets[BLOCKS];
};

/* floor(2^32 * abs(sin(i + 1))) */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391};

typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define STEP(f, a, b, c, d, word, i, n)                      \
	do {                                                 \
		lanes w;                                     \
                                                             \
		memcpy(&w, block[(word) % WORDS], sizeof w); \
		(a) += f(b, c, d) + w + sines[i];            \
		(a) = ROTATE(a, n) + (b);                    \
	} while (0)
#define ROUND(f, from, word, n1, n2, n3, n4)                 \
	for (unsigned i = (from); i < (from) + 16; i += 4) { \
		STEP(f, a, b, c, d, word(i), i, n1);         \
		STEP(f, d, a, b, c, word(i + 1), i + 1, n2); \
		STEP(f, c, d, a, b, word(i + 2), i + 2, n3); \
		STEP(f, b, c, d, a, word(i + 3), i + 3, n4); \
	}
#define F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define G(x, y, z) ((y) ^ ((z) & ((x) ^ (y))))
#define H(x, y, z) ((x) ^ (y) ^ (z))
#define I(x, y, z) ((y) ^ ((x) | ~(z)))
#define WORD_F(i)  (i)
#define WORD_G(i)  (5 * (i) + 1)
#define WORD_H(i)  (3 * (i) + 5)
#define WORD_I(i)  (7 * (i))

/*
 * The digests of a set, compiled once for each instruction set: the compiler makes of a vector as
 * many registers as it takes.
 */
#define WAY(name, target)                                                                  \
	target static void digests_##name(const struct set *s, size_t blocks,              \
					  uint32_t out[4][LANES])                          \
	{                                                                                  \
		const lanes zero = {0};                                                    \
		lanes a = zero + 0x67452301, b = zero + 0xefcdab89, c = zero + 0x98badcfe, \
		      d = zero + 0x10325476;                                               \
                                                                                           \
		for (size_t k = 0; k < blocks; k++) {                                      \
			const uint32_t(*block)[LANES] = &s->words[k * WORDS];              \
			lanes a0 = a, b0 = b, c0 = c, d0 = d;                              \
                                                                                           \
			ROUND(F, 0, WORD_F, 7, 12, 17, 22)                                 \
			ROUND(G, 16, WORD_G, 5, 9, 14, 20)                                 \
			ROUND(H, 32, WORD_H, 4, 11, 16, 23)                                \
			ROUND(I, 48, WORD_I, 6, 10, 15, 21)                                \
			a += a0;                                                           \
			b += b0;                                                           \
			c += c0;                                                           \
			d += d0;                                                           \
		}                                                                          \
		memcpy(out[0], &a, sizeof a);                                              \
		memcpy(out[1], &b, sizeof b);                                              \
		memcpy(out[2], &c, sizeof c);                                              \
		memcpy(out[3], &d, sizeof d);                                              \
	}

WAY(plain, )

static bool has_plain(void)
{
	return true;
}

#ifdef __x86_64__

WAY(avx2, __attribute__((target("avx2"))))
WAY(avx512, __attribute__((target("avx512f,avx512vl"))))

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
}

#endif

typedef void digests_fn(const struct set *, size_t, uint32_t[4][LANES]);

static const struct way {
	const char *name;
	bool (*has)(void);
	digests_fn *fn;
} ways[] = {
#ifdef __x86_64__
	{"avx512", has_avx512, digests_avx512},
	{"avx2", has_avx2, digests_avx2},
#endif
	{"plain", has_plain, digests_plain},
};

static digests_fn *chosen;

static const struct way *way(unsigned i)
{
	for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++)
		if (ways[k].has() && i-- == 0)
			return &ways[k];
	return NULL;
}

const char *ev_md5_way(unsigned i)
{
	const struct way *w = way(i);

	return w != NULL ? w->name : NULL;
}

void ev_md5_use(unsigned i)
{
	chosen = way(i)->fn;
}

struct ev_md5 *ev_md5_new(void)
{
	if (chosen == NULL)
		ev_md5_use(0);
	return ev_calloc(1, sizeof(struct ev_md5));
}

void ev_md5_free(struct ev_md5 **m)
{
	free(*m);
	*m = NULL;
}

/* Eight hex digits of a word's four octets, the lowest first: a nibble an octet, all at once. */
static void put_word(uint32_t word, char out[8])
{
	uint64_t v = word;

	v = (v | v << 16) & 0x0000ffff0000ffff;
	v = (v | v << 8) & 0x00ff00ff00ff00ff;
	v = (v >> 4 | v << 8) & 0x0f0f0f0f0f0f0f0f;
	v += 0x3030303030303030 + ((v + 0x0606060606060606) >> 4 & 0x0101010101010101) * 39;
	v = htole64(v);
	memcpy(out, &v, sizeof v);
}

static void compute(struct set *s, size_t blocks)
{
	uint32_t state[4][LANES];

	chosen(s, blocks, state);
	for (unsigned lane = 0; lane < s->n; lane++)
		for (unsigned k = 0; k < 4; k++)
			put_word(state[k][lane], s->out[lane] + 8UL * k);
	s->n = 0;
}

void ev_md5_add(struct ev_md5 *m, const void *p, size_t len, char *out)
{
	size_t blocks = (len + 8) / 64 + 1;
	uint8_t message[BLOCKS * 64];
	struct set *s;
	uint64_t bits;

	if (blocks > BLOCKS) {
		char hex[EV_MD5_HEX + 1];

		ev_md5_hex(p, len, hex);
		memcpy(out, hex, EV_MD5_HEX);
		return;
	}
	memcpy(message, p, len);
	memset(message + len, 0, blocks * 64 - len);
	message[len] = 0x80;
	bits = htole64(len * 8);
	memcpy(message + blocks * 64 - 8, &bits, sizeof bits);
	s = &m->sets[blocks - 1];
	for (size_t k = 0; k < blocks; k++) {
		uint32_t(*words)[LANES] = &s->words[k * WORDS];
		uint32_t block[WORDS];

		memcpy(block, message + k * 64, sizeof block);
#pragma GCC unroll 16
		for (size_t i = 0; i < WORDS; i++)
			words[i][s->n] = le32toh(block[i]);
	}
	s->out[s->n++] = out;
	if (s->n == LANES)
		compute(s, blocks);
}

void ev_md5_settle(struct ev_md5 *m)
{
	for (size_t i = 0; i < BLOCKS; i++)
		if (m->sets[i].n > 0)
			compute(&m->sets[i], i + 1);
}
