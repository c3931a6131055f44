/*
 * index_x86: the ways of stage one of the scanner by SSE4.2, AVX2 and AVX-512. Floor 2. It is a
 * part of index.c, which alone includes it.
 */
#ifndef EV_INDEX_X86_H
#define EV_INDEX_X86_H

#include "json/index_tables.h"

#include <immintrin.h>

#define SSE42 __attribute__((target("sse4.2,popcnt,pclmul")))

SSE42 static inline struct masks classify_sse42(const uint8_t *p)
{
	const __m128i ops = _mm_setr_epi8(OPS), spaces = _mm_setr_epi8(SPACES);
	struct masks m = {0};

	for (unsigned i = 0; i < 64; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));

#define BITS(x) ((uint64_t)(uint32_t)_mm_movemask_epi8(x) << i)
		m.quote |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		m.backslash |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		m.op |= BITS(_mm_cmpeq_epi8(folded, _mm_shuffle_epi8(ops, v)));
		m.space |= BITS(_mm_cmpeq_epi8(v, _mm_shuffle_epi8(spaces, v)));
		m.control |= BITS(
			_mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f)));
		m.lf |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
		m.high |= BITS(v);
#undef BITS
	}
	return m;
}

SSE42 static inline uint64_t prefix_xor_sse42(uint64_t x)
{
	__m128i ones = _mm_set1_epi8((char)0xff);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

#define LOWEST_BIT(x) ((uint32_t)__builtin_ctzll((x) | 1ULL << 63))
SSE42 static inline void flatten_sse42(struct writer *w, uint32_t from, uint64_t bits)
{
	FLATTEN_EIGHT(w, from, bits);
}
#undef LOWEST_BIT

#define WAY	       sse42
#define TARGET	       SSE42
#define VECTOR	       __m128i
#define WIDTH	       16
#define LOAD(p)	       _mm_loadu_si128((const __m128i *)(const void *)(p))
#define TABLE(t)       LOAD(t)
#define SHUFFLE(t, v)  _mm_shuffle_epi8(t, v)
#define EACH(x)	       _mm_set1_epi8((char)(x))
#define AND(a, b)      _mm_and_si128(a, b)
#define OR(a, b)       _mm_or_si128(a, b)
#define LOW_HALF(v)    AND(v, EACH(0x0f))
#define HIGH_HALF(v)   AND(_mm_srli_epi16(v, 4), EACH(0x0f))
#define SUBTRACT(a, b) _mm_subs_epu8(a, b)
#define DIFFER(a, b)   (_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) != 0xffff)
#include "json/index_utf8.h"
#include "json/index_walk.h"
#undef WAY
#undef TARGET
#undef VECTOR
#undef WIDTH
#undef LOAD
#undef TABLE
#undef SHUFFLE
#undef EACH
#undef AND
#undef OR
#undef HIGH_HALF
#undef SUBTRACT
#undef DIFFER

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))

AVX2 static inline struct masks classify_avx2(const uint8_t *p)
{
	const __m256i ops = _mm256_broadcastsi128_si256(_mm_setr_epi8(OPS));
	const __m256i spaces = _mm256_broadcastsi128_si256(_mm_setr_epi8(SPACES));
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
		m.lf |= BITS(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')));
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

#define LOWEST_BIT(x) ((uint32_t)_tzcnt_u64(x))
AVX2 static inline void flatten_avx2(struct writer *w, uint32_t from, uint64_t bits)
{
	FLATTEN_EIGHT(w, from, bits);
}
#undef LOWEST_BIT

#define WAY	       avx2
#define TARGET	       AVX2
#define VECTOR	       __m256i
#define WIDTH	       32
#define LOAD(p)	       _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define HALF(t)	       _mm_loadu_si128((const __m128i *)(const void *)(t))
#define TABLE(t)       _mm256_broadcastsi128_si256(HALF(t))
#define SHUFFLE(t, v)  _mm256_shuffle_epi8(t, v)
#define EACH(x)	       _mm256_set1_epi8((char)(x))
#define AND(a, b)      _mm256_and_si256(a, b)
#define OR(a, b)       _mm256_or_si256(a, b)
#define HIGH_HALF(v)   AND(_mm256_srli_epi16(v, 4), EACH(0x0f))
#define SUBTRACT(a, b) _mm256_subs_epu8(a, b)
#define DIFFER(a, b)   (_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) != -1)
#include "json/index_utf8.h"
#include "json/index_walk.h"
#undef WAY
#undef TARGET
#undef VECTOR
#undef WIDTH
#undef LOAD
#undef TABLE
#undef SHUFFLE
#undef EACH
#undef AND
#undef OR
#undef HIGH_HALF
#undef SUBTRACT
#undef DIFFER

#define AVX512                                                                                    \
	__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt," \
			      "pclmul")))

/* A block is one register, and a comparison its bits. */
AVX512 static inline struct masks classify_avx512(const uint8_t *p)
{
	const __m512i ops = _mm512_broadcast_i32x4(_mm_setr_epi8(OPS));
	const __m512i spaces = _mm512_broadcast_i32x4(_mm_setr_epi8(SPACES));
	__m512i v = _mm512_loadu_si512(p);
	__m512i folded = _mm512_or_si512(v, _mm512_set1_epi8(0x20));

	return (struct masks){
		.quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
		.backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
		.op = _mm512_cmpeq_epi8_mask(folded, _mm512_shuffle_epi8(ops, v)),
		.space = _mm512_cmpeq_epi8_mask(v, _mm512_shuffle_epi8(spaces, v)),
		.control = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)),
		.lf = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')),
		.high = _mm512_movepi8_mask(v),
	};
}

AVX512 static inline uint64_t prefix_xor_avx512(uint64_t x)
{
	__m128i ones = _mm_set1_epi8((char)0xff);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

/*
 * One instruction puts the set bits' numbers side by side; sixteen positions are written at once.
 */
AVX512 static inline void flatten_avx512(struct writer *w, uint32_t from, uint64_t bits)
{
	static const uint8_t numbers[64] = {0,	1,  2,	3,  4,	5,  6,	7,  8,	9,  10, 11, 12,
					    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
					    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
					    39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
					    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	__m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
	__m512i first = _mm512_set1_epi32((int)from);
	size_t count = (size_t)__builtin_popcountll(bits);
	uint32_t *at = w->ix->at + w->n;

#define QUARTER(k)                      \
	_mm512_storeu_si512(            \
		at + 16UL * (k),        \
		_mm512_add_epi32(first, \
				 _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, k))))
	QUARTER(0);
	if (count > 16) {
		QUARTER(1);
		if (count > 32) {
			QUARTER(2);
			QUARTER(3);
		}
	}
#undef QUARTER
	w->n += count;
}

#define WAY	       avx512
#define TARGET	       AVX512
#define VECTOR	       __m512i
#define WIDTH	       64
#define LOAD(p)	       _mm512_loadu_si512(p)
#define TABLE(t)       _mm512_broadcast_i32x4(HALF(t))
#define SHUFFLE(t, v)  _mm512_shuffle_epi8(t, v)
#define EACH(x)	       _mm512_set1_epi8((char)(x))
#define AND(a, b)      _mm512_and_si512(a, b)
#define OR(a, b)       _mm512_or_si512(a, b)
#define HIGH_HALF(v)   AND(_mm512_srli_epi16(v, 4), EACH(0x0f))
#define SUBTRACT(a, b) _mm512_subs_epu8(a, b)
#define DIFFER(a, b)   (_mm512_cmpneq_epi8_mask(a, b) != 0)
#include "json/index_utf8.h"
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

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
	       __builtin_cpu_supports("pclmul");
}

static bool has_sse42(void)
{
	return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") &&
	       __builtin_cpu_supports("pclmul");
}

#endif
