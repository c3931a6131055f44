#include "json/index.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A bit for each of 64 octets. */
struct masks {
	uint64_t quote, backslash, op, space, control, high;
};

static inline uint64_t prefix_xor_shifts(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	x ^= x << 32;
	return x;
}

/* The portable way: a table of classes. */

enum { QUOTE = 1, BACKSLASH = 2, OP = 4, SPACE = 8, CONTROL = 16, HIGH = 32 };

static uint8_t classes[256];

static void fill_classes(void)
{
	for (int c = 0; c < 256; c++)
		classes[c] = (uint8_t)((c < 0x20 ? CONTROL : 0) | (c > 0x7f ? HIGH : 0));
	for (const char *s = "{}[]:,"; *s != '\0'; s++)
		classes[(uint8_t)*s] |= OP;
	for (const char *s = " \t\n\r"; *s != '\0'; s++)
		classes[(uint8_t)*s] |= SPACE;
	classes['"'] |= QUOTE;
	classes['\\'] |= BACKSLASH;
}

static inline struct masks classify_portable(const uint8_t *p)
{
	struct masks m = {0};

	for (unsigned i = 0; i < 64; i++) {
		uint64_t c = classes[p[i]];

		m.quote |= (c & 1) << i;
		m.backslash |= (c >> 1 & 1) << i;
		m.op |= (c >> 2 & 1) << i;
		m.space |= (c >> 3 & 1) << i;
		m.control |= (c >> 4 & 1) << i;
		m.high |= (c >> 5 & 1) << i;
	}
	return m;
}

#define WAY portable
#define TARGET
#define LOWEST_BIT(x)	    ((uint32_t)__builtin_ctzll((x) | 1ULL << 63))
#define prefix_xor_portable prefix_xor_shifts
#include "json/index_walk.h"
#undef WAY
#undef TARGET

#ifdef __x86_64__

#include <immintrin.h>

/* SSE2, which every x86-64 has. "|0x20" takes the brackets and the braces together. */
static inline struct masks classify_sse2(const uint8_t *p)
{
	struct masks m = {0};

	for (unsigned i = 0; i < 64; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
		__m128i op = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
						       _mm_cmpeq_epi8(folded, _mm_set1_epi8('}'))),
					  _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(':')),
						       _mm_cmpeq_epi8(v, _mm_set1_epi8(','))));
		__m128i space = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')),
							  _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'))),
					     _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
							  _mm_cmpeq_epi8(v, _mm_set1_epi8('\r'))));
		__m128i control =
			_mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));

#define BITS(x) ((uint64_t)(uint32_t)_mm_movemask_epi8(x) << i)
		m.quote |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		m.backslash |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		m.op |= BITS(op);
		m.space |= BITS(space);
		m.control |= BITS(control);
		m.high |= BITS(v);
#undef BITS
	}
	return m;
}

#define WAY sse2
#define TARGET
#define prefix_xor_sse2 prefix_xor_shifts
#include "json/index_walk.h"
#undef WAY
#undef TARGET
#undef LOWEST_BIT

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))

/*
 * One shuffle by the low four bits finds the only octet of a class that could stand there. A form
 * feed and a SUB pass for "," and ":" so; the walk looks at the octet itself and refuses them.
 */
AVX2 static inline struct masks classify_avx2(const uint8_t *p)
{
	const __m256i ops = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0));
	const __m256i spaces = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(' ', 2, 3, 4, 5, 6, 7, 8, 9, '\t', '\n', 12, 13, '\r', 15, 0));
	struct masks m = {0};

	for (unsigned i = 0; i < 64; i += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		__m256i folded = _mm256_or_si256(v, _mm256_set1_epi8(0x20));

#define BITS(x) ((uint64_t)(uint32_t)_mm256_movemask_epi8(x) << i)
		m.quote |= BITS(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')));
		m.backslash |= BITS(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));
		m.op |= BITS(_mm256_cmpeq_epi8(folded, _mm256_shuffle_epi8(ops, v)));
		m.space |= BITS(_mm256_cmpeq_epi8(v, _mm256_shuffle_epi8(spaces, v)));
		m.control |= BITS(_mm256_cmpeq_epi8(_mm256_max_epu8(v, _mm256_set1_epi8(0x1f)),
						    _mm256_set1_epi8(0x1f)));
		m.high |= BITS(v);
#undef BITS
	}
	return m;
}

AVX2 static inline uint64_t prefix_xor_avx2(uint64_t x)
{
	__m128i ones = _mm_set1_epi8((char)0xff);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

#define WAY	      avx2
#define TARGET	      AVX2
#define LOWEST_BIT(x) ((uint32_t)_tzcnt_u64(x))
#include "json/index_walk.h"
#undef WAY
#undef TARGET
#undef LOWEST_BIT

#define AVX512                                                                                    \
	__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt," \
			      "pclmul")))

/* A block is one register, and a comparison its bits. */
AVX512 static inline struct masks classify_avx512(const uint8_t *p)
{
	const __m512i ops = _mm512_broadcast_i32x4(
		_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0));
	const __m512i spaces = _mm512_broadcast_i32x4(
		_mm_setr_epi8(' ', 2, 3, 4, 5, 6, 7, 8, 9, '\t', '\n', 12, 13, '\r', 15, 0));
	__m512i v = _mm512_loadu_si512(p);
	__m512i folded = _mm512_or_si512(v, _mm512_set1_epi8(0x20));

	return (struct masks){
		.quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
		.backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
		.op = _mm512_cmpeq_epi8_mask(folded, _mm512_shuffle_epi8(ops, v)),
		.space = _mm512_cmpeq_epi8_mask(v, _mm512_shuffle_epi8(spaces, v)),
		.control = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)),
		.high = _mm512_movepi8_mask(v),
	};
}

AVX512 static inline uint64_t prefix_xor_avx512(uint64_t x)
{
	__m128i ones = _mm_set1_epi8((char)0xff);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

/* One instruction puts the numbers of the set bits side by side; sixteen are written at once. */
AVX512 static inline uint32_t *flatten_avx512(uint32_t *out, uint32_t base, uint64_t bits)
{
	static const uint8_t numbers[64] = {0,	1,  2,	3,  4,	5,  6,	7,  8,	9,  10, 11, 12,
					    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
					    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
					    39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
					    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	__m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
	__m512i first = _mm512_set1_epi32((int)base);
	uint32_t *end = out + __builtin_popcountll(bits);

#define QUARTER(k)                      \
	_mm512_storeu_si512(            \
		out + 16UL * (k),       \
		_mm512_add_epi32(first, \
				 _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, k))))
	QUARTER(0);
	if (end > out + 16) {
		QUARTER(1);
		if (end > out + 32) {
			QUARTER(2);
			QUARTER(3);
		}
	}
#undef QUARTER
	return end;
}

#define WAY    avx512
#define TARGET AVX512
#include "json/index_walk.h"
#undef WAY
#undef TARGET

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2") &&
	       __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
}

static bool has_sse2(void)
{
	return true;
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
	       __builtin_cpu_supports("pclmul");
}

#endif

static bool has_portable(void)
{
	return true;
}

typedef void index_fn(struct ev_index *, const uint8_t *, size_t);

/* The best first. */
static const struct way {
	const char *name;
	bool (*has)(void);
	index_fn *fn;
} ways[] = {
#ifdef __x86_64__
	{"avx512", has_avx512, index_avx512},
	{"avx2", has_avx2, index_avx2},
	{"sse2", has_sse2, index_sse2},
#endif
	{"portable", has_portable, index_portable},
};

static index_fn *chosen;

/* The i-th way that this machine has. */
static const struct way *way(unsigned i)
{
	for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++)
		if (ways[k].has() && i-- == 0)
			return &ways[k];
	return NULL;
}

const char *ev_index_way(unsigned i)
{
	const struct way *w = way(i);

	return w != NULL ? w->name : NULL;
}

void ev_index_use(unsigned i)
{
	fill_classes();
	chosen = way(i)->fn;
}

void ev_index(struct ev_index *ix, const char *p, size_t len)
{
	if (chosen == NULL)
		ev_index_use(0);
	if (ix->cap < len + 64) {
		ix->cap = len + len / 2 + 128;
		ix->at = ev_realloc_array(ix->at, ix->cap, sizeof *ix->at);
		ix->escapes = ev_realloc_array(ix->escapes, ix->cap, sizeof *ix->escapes);
	}
	ix->control = UINT32_MAX;
	chosen(ix, (const uint8_t *)p, len);
}

void ev_index_free(struct ev_index *ix)
{
	free(ix->at);
	free(ix->escapes);
	*ix = (struct ev_index){0};
}
