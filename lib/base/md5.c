/* MD5 (RFC 1321) of several runs of bytes at once, a lane of a vector each. */
#include "base/hash.h"

#include <endian.h>

enum { BLOCK = 64, WORDS = BLOCK / 4, LANES = EV_MD5_LANES };

typedef uint32_t lanes EV_VECTOR(4 * LANES);

/* 2^32 times the sine of 1, 2, 3, ... radians, without its sign. */
static const uint32_t sines[] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

static EV_ALWAYS_INLINE void step(int round, lanes *a, const lanes *b, const lanes *c,
				  const lanes *d, const lanes *word, uint32_t sine, int turn)
{
	lanes x;

	switch (round) {
	case 0: x = *d ^ (*b & (*c ^ *d)); break;
	case 1: x = *c ^ (*d & (*b ^ *c)); break;
	case 2: x = *b ^ *c ^ *d; break;
	default: x = *c ^ (*b | ~*d);
	}
	x += *a + *word + sine;
	*a = *b + (x << turn | x >> (32 - turn));
}

/* Four steps of a round, each with the word that is by further than that of the one before. */
static EV_ALWAYS_INLINE void steps(int round, int nth, lanes s[4], const lanes w[WORDS], int first,
				   int by, const int turns[4])
{
	const uint32_t *sine = sines + 16 * round + 4 * nth;
	const int k = first + 4 * nth * by;

	step(round, &s[0], &s[1], &s[2], &s[3], &w[k % WORDS], sine[0], turns[0]);
	step(round, &s[3], &s[0], &s[1], &s[2], &w[(k + by) % WORDS], sine[1], turns[1]);
	step(round, &s[2], &s[3], &s[0], &s[1], &w[(k + 2 * by) % WORDS], sine[2], turns[2]);
	step(round, &s[1], &s[2], &s[3], &s[0], &w[(k + 3 * by) % WORDS], sine[3], turns[3]);
}

static EV_ALWAYS_INLINE void round_of(int round, lanes s[4], const lanes w[WORDS], int first,
				      int by, const int turns[4])
{
	steps(round, 0, s, w, first, by, turns);
	steps(round, 1, s, w, first, by, turns);
	steps(round, 2, s, w, first, by, turns);
	steps(round, 3, s, w, first, by, turns);
}

/* A block of each lane. */
static void add_blocks(lanes s[4], const uint8_t *const p[LANES])
{
	lanes w[WORDS], sum[4] = {s[0], s[1], s[2], s[3]};

	for (int i = 0; i < WORDS; i++)
		for (int l = 0; l < LANES; l++) {
			uint32_t word;

			memcpy(&word, p[l] + 4 * i, sizeof word);
			w[i][l] = le32toh(word);
		}
	round_of(0, sum, w, 0, 1, (int[]){7, 12, 17, 22});
	round_of(1, sum, w, 1, 5, (int[]){5, 9, 14, 20});
	round_of(2, sum, w, 5, 3, (int[]){4, 11, 16, 23});
	round_of(3, sum, w, 0, 7, (int[]){6, 10, 15, 21});
	for (int i = 0; i < 4; i++)
		s[i] += sum[i];
}

/* A message's end: what is behind its whole blocks, and the padding. */
struct tail {
	uint8_t bytes[2 * BLOCK];
	size_t whole, blocks; /* of the message: whole ones, and all */
};

static void set_tail(struct tail *t, const uint8_t *p, size_t len)
{
	size_t rest = len % BLOCK, n = rest < BLOCK - 8 ? 1 : 2;
	uint64_t bits = htole64((uint64_t)len << 3);

	*t = (struct tail){.whole = len / BLOCK, .blocks = len / BLOCK + n};
	memcpy(t->bytes, p + t->whole * BLOCK, rest);
	t->bytes[rest] = 0x80;
	memcpy(t->bytes + n * BLOCK - sizeof bits, &bits, sizeof bits);
}

static void write_digest(const lanes s[4], int lane, char out[33])
{
	uint32_t words[4];

	for (int i = 0; i < 4; i++)
		words[i] = htole32(s[i][lane]);
	ev_hex16(words, out);
	out[32] = '\0';
}

/* Block k of a message, or any where it has none. */
static const uint8_t *block_of(const struct tail *t, const uint8_t *p, size_t k)
{
	if (k < t->whole)
		return p + k * BLOCK;
	return t->bytes + (k < t->blocks ? k - t->whole : 0) * BLOCK;
}

void ev_md5_hex_lanes(const char *const p[LANES], const size_t len[LANES], char out[LANES][33])
{
	static const uint32_t start[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	struct tail tails[LANES];
	lanes s[4];
	size_t most = 0;

	for (int i = 0; i < 4; i++)
		s[i] = (lanes){0} + start[i];
	for (int l = 0; l < LANES; l++) {
		set_tail(&tails[l], (const uint8_t *)p[l], len[l]);
		most = tails[l].blocks > most ? tails[l].blocks : most;
	}
	for (size_t k = 0; k < most; k++) {
		const uint8_t *block[LANES];

		for (int l = 0; l < LANES; l++)
			block[l] = block_of(&tails[l], (const uint8_t *)p[l], k);
		add_blocks(s, block);
		for (int l = 0; l < LANES; l++)
			if (k + 1 == tails[l].blocks)
				write_digest(s, l, out[l]);
	}
}
