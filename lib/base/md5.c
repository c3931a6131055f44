#include "base/md5.h"
#include "base/hash.h"
#include "base/mem.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Messages of a set; octets and words of a block; blocks of a message at most. */
enum { LANES = 32, BLOCK = 64, WORDS = 16, BLOCKS = 4, CLEARED = 32 };

/* Messages of the same number of blocks. */
struct set {
	uint8_t messages[LANES][BLOCKS * BLOCK];
	uint8_t behind[CLEARED]; /* the last one may be written over */
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

typedef uint32_t words4 __attribute__((vector_size(16)));
typedef uint64_t pairs2 __attribute__((vector_size(16)));

static inline words4 load4(const uint8_t *p)
{
	words4 v;

	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	for (int i = 0; i < 4; i++)
		v[i] = __builtin_bswap32(v[i]);
#endif
	return v;
}

/* The i-th words of `lanes` messages side by side: four words of four messages at a time. */
static inline __attribute__((always_inline)) void
gather(uint8_t (*messages)[BLOCKS * BLOCK], size_t lanes, size_t block, uint32_t *words)
{
	for (size_t lane = 0; lane < lanes; lane += 4) {
#pragma GCC unroll 4
		for (size_t i = 0; i < WORDS; i += 4) {
			const size_t at = block * BLOCK + 4 * i;
			words4 v[4], low[2], high[2];

#pragma GCC unroll 4
			for (size_t k = 0; k < 4; k++)
				v[k] = load4(messages[lane + k] + at);
#pragma GCC unroll 2
			for (size_t k = 0; k < 2; k++) {
				low[k] =
					__builtin_shufflevector(v[2 * k], v[2 * k + 1], 0, 4, 1, 5);
				high[k] =
					__builtin_shufflevector(v[2 * k], v[2 * k + 1], 2, 6, 3, 7);
			}
			v[0] = (words4)__builtin_shufflevector((pairs2)low[0], (pairs2)low[1], 0,
							       2);
			v[1] = (words4)__builtin_shufflevector((pairs2)low[0], (pairs2)low[1], 1,
							       3);
			v[2] = (words4)__builtin_shufflevector((pairs2)high[0], (pairs2)high[1], 0,
							       2);
			v[3] = (words4)__builtin_shufflevector((pairs2)high[0], (pairs2)high[1], 1,
							       3);
#pragma GCC unroll 4
			for (size_t k = 0; k < 4; k++)
				memcpy(words + (i + k) * lanes + lane, &v[k], sizeof v[k]);
		}
	}
}

#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))
/* Of two vectors in turn, so that one is computed while the other waits for its last step. */
#define STEP1(f, a, b, c, d, i, n)                \
	do {                                      \
		memcpy(&w, word, sizeof w);       \
		word += sizeof w / sizeof *word;  \
		(a) += f(b, c, d) + w + sines[i]; \
		(a) = ROTATE(a, n) + (b);         \
	} while (0)
#define STEP(f, a, b, c, d, nth, i, n)                       \
	do {                                                 \
		const uint32_t *word = words[(nth) % WORDS]; \
                                                             \
		STEP1(f, a##0, b##0, c##0, d##0, i, n);      \
		STEP1(f, a##1, b##1, c##1, d##1, i, n);      \
	} while (0)
#define ROUND(f, from, nth, n1, n2, n3, n4)                                        \
	_Pragma("GCC unroll 4") for (unsigned i = (from); i < (from) + 16; i += 4) \
	{                                                                          \
		STEP(f, a, b, c, d, nth(i), i, n1);                                \
		STEP(f, d, a, b, c, nth(i + 1), i + 1, n2);                        \
		STEP(f, c, d, a, b, nth(i + 2), i + 2, n3);                        \
		STEP(f, b, c, d, a, nth(i + 3), i + 3, n4);                        \
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
 * The digests of the first n messages of a set, or more of them, for an instruction set whose
 * vectors have so many lanes. A digest has four words: the first of each stand together, and so on.
 */
#define WAY(name, target, width)                                                                   \
	target static void digests_##name(struct set *s, size_t blocks, unsigned n,                \
					  uint32_t out[4][LANES])                                  \
	{                                                                                          \
		typedef uint32_t lanes __attribute__((vector_size(4 * (width))));                  \
                                                                                                   \
		for (unsigned from = 0; from < n; from += 2 * (width)) {                           \
			const lanes zero = {0};                                                    \
			lanes w, a0 = zero + 0x67452301, b0 = zero + 0xefcdab89,                   \
				 c0 = zero + 0x98badcfe, d0 = zero + 0x10325476, a1 = a0, b1 = b0, \
				 c1 = c0, d1 = d0;                                                 \
                                                                                                   \
			for (size_t k = 0; k < blocks; k++) {                                      \
				uint32_t words[WORDS][2 * (width)];                                \
				lanes before[] = {a0, b0, c0, d0, a1, b1, c1, d1};                 \
                                                                                                   \
				gather(s->messages + from, 2UL * (width), k, words[0]);            \
				ROUND(F, 0, WORD_F, 7, 12, 17, 22)                                 \
				ROUND(G, 16, WORD_G, 5, 9, 14, 20)                                 \
				ROUND(H, 32, WORD_H, 4, 11, 16, 23)                                \
				ROUND(I, 48, WORD_I, 6, 10, 15, 21)                                \
				a0 += before[0];                                                   \
				b0 += before[1];                                                   \
				c0 += before[2];                                                   \
				d0 += before[3];                                                   \
				a1 += before[4];                                                   \
				b1 += before[5];                                                   \
				c1 += before[6];                                                   \
				d1 += before[7];                                                   \
			}                                                                          \
			memcpy(out[0] + from, (lanes[]){a0, a1}, 2 * sizeof w);                    \
			memcpy(out[1] + from, (lanes[]){b0, b1}, 2 * sizeof w);                    \
			memcpy(out[2] + from, (lanes[]){c0, c1}, 2 * sizeof w);                    \
			memcpy(out[3] + from, (lanes[]){d0, d1}, 2 * sizeof w);                    \
		}                                                                                  \
	}

WAY(plain, , 4)

static bool has_plain(void)
{
	return true;
}

#ifdef __x86_64__

WAY(avx2, __attribute__((target("avx2"))), 8)
WAY(avx512, __attribute__((target("avx512f,avx512vl"))), 16)

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
}

#endif

typedef void digests_fn(struct set *, size_t, unsigned, uint32_t[4][LANES]);

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

static void compute(struct set *s, size_t blocks)
{
	uint32_t state[4][LANES];

	chosen(s, blocks, s->n, state);
	for (unsigned lane = 0; lane < s->n; lane++) {
		words4 digest = {htole32(state[0][lane]), htole32(state[1][lane]),
				 htole32(state[2][lane]), htole32(state[3][lane])};

		ev_hex16(&digest, s->out[lane]);
	}
	s->n = 0;
}

void ev_md5_add(struct ev_md5 *m, const void *p, size_t len, char *out)
{
	size_t blocks = (len + 8) / BLOCK + 1;
	uint64_t bits = htole64(len * 8);
	uint8_t *message;
	struct set *s;

	if (blocks > BLOCKS) {
		char hex[EV_MD5_HEX + 1];

		ev_md5_hex(p, len, hex);
		memcpy(out, hex, EV_MD5_HEX);
		return;
	}
	s = &m->sets[blocks - 1];
	message = s->messages[s->n];
	memcpy(message, p, len);
	for (uint8_t *o = message + len; o < message + blocks * BLOCK; o += CLEARED)
		memset(o, 0, CLEARED); /* and a part of what is not there yet */
	message[len] = 0x80;
	memcpy(message + blocks * BLOCK - 8, &bits, sizeof bits);
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
