/*
 * index_x86: stage one of the scanner in SSE4.2, AVX2 and AVX-512. Floor 2. A part of index.c,
 * which alone includes it.
 */
#ifndef EV_INDEX_X86_H
#define EV_INDEX_X86_H

#include "base/compiler.h"
#include "scan/index_tables.h"

#include <immintrin.h>

/*
 * The numbers of a byte's set bits, lowest first, a byte each; the bytes behind them are
 * undefined. From the bits above the lowest: one more each, and 0 in front if the lowest is set.
 */
#define NUMBERS(b, above) (((above) + 0x0101010101010101ULL) << ((b)&1) * 8)
#define OF_2(b)		  NUMBERS(b, NUMBERS((b) >> 1, 0ULL))
#define OF_4(b)		  NUMBERS(b, NUMBERS((b) >> 1, OF_2((b) >> 2)))
#define OF_6(b)		  NUMBERS(b, NUMBERS((b) >> 1, OF_4((b) >> 2)))
#define OF_8(b)		  NUMBERS(b, NUMBERS((b) >> 1, OF_6((b) >> 2)))
#define FOUR(b)		  OF_8(b), OF_8((b) + 1), OF_8((b) + 2), OF_8((b) + 3)
#define SIXTEEN(b)	  FOUR(b), FOUR((b) + 4), FOUR((b) + 8), FOUR((b) + 12)
#define SIXTY_FOUR(b)	  SIXTEEN(b), SIXTEEN((b) + 16), SIXTEEN((b) + 32), SIXTEEN((b) + 48)
static const uint64_t numbers[256] = {SIXTY_FOUR(0U), SIXTY_FOUR(64U), SIXTY_FOUR(128U),
				      SIXTY_FOUR(192U)};
#undef NUMBERS
#undef OF_2
#undef OF_4
#undef OF_6
#undef OF_8
#undef FOUR
#undef SIXTEEN
#undef SIXTY_FOUR

/* Makes each round use the one before: gcc would compute eight constants and shifts instead. */
#define KEEP(first, bits) __asm__("" : "+x"(first), "+r"(bits))

#define SSE42		  EV_TARGET("sse4.2,popcnt,pclmul")

SSE42 static inline uint64_t prefix_xor_sse42(uint64_t x)
{
	__m128i ones = _mm_set1_epi8((char)0xff);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

/* Eight bits at a time. */
SSE42 static inline uint32_t *flatten_sse42(const struct ev_index *ix, uint32_t *at,
					    const uint8_t *p, uint32_t from, uint64_t bits)
{
	__m128i first = _mm_set1_epi32((int)from);
	uint8_t *byte = ix->bytes + (at - ix->at);

	UNROLL
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *n = (const uint8_t *)&numbers[bits & 0xff];
		__m128i low = _mm_cvtepu8_epi32(_mm_loadu_si32(n));
		__m128i high = _mm_cvtepu8_epi32(_mm_loadu_si32(n + 4));
		unsigned count = (unsigned)__builtin_popcountll(bits & 0xff);

		_mm_storeu_si128((__m128i *)(void *)at, _mm_add_epi32(first, low));
		_mm_storeu_si128((__m128i *)(void *)(at + 4), _mm_add_epi32(first, high));
		_mm_storeu_si64(byte,
				_mm_shuffle_epi8(_mm_loadu_si64(p + 8UL * i), _mm_loadu_si64(n)));
		first = _mm_add_epi32(first, _mm_set1_epi32(8));
		at += count;
		byte += count;
		bits >>= 8;
		KEEP(first, bits);
	}
	return at;
}

SSE42 static inline uint64_t bits_sse42(const __m128i x[4])
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < 4; i++)
		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(x[i]) << 16 * i;
	return bits;
}

#define ISA	       sse42
#define TARGET	       SSE42
#define VECTOR	       __m128i
#define WIDTH	       16
#define BOOLS	       __m128i
#define LOAD(p)	       _mm_loadu_si128((const __m128i *)(const void *)(p))
#define TABLE(t)       LOAD(t)
#define SHUFFLE(t, v)  _mm_shuffle_epi8(t, v)
#define LOOKUP(t, v)   SHUFFLE(t, v)
#define EACH(x)	       _mm_set1_epi8((char)(x))
#define AND(a, b)      _mm_and_si128(a, b)
#define OR(a, b)       _mm_or_si128(a, b)
#define LOW_HALF(v)    AND(v, EACH(0x0f))
#define HIGH_HALF(v)   AND(_mm_srli_epi16(v, 4), EACH(0x0f))
#define SUBTRACT(a, b) _mm_subs_epu8(a, b)
#define EQUAL(a, b)    _mm_cmpeq_epi8(a, b)
#define GREATER(a, b)  _mm_cmpgt_epi8(a, b)
#define EITHER(a, b)   OR(a, b)
#define BUT_NOT(a, b)  _mm_andnot_si128(b, a)
#define ANY(x)	       (_mm_movemask_epi8(x) != 0)
#define BITS(x)	       bits_sse42(x)
#define DIFFER(a, b)   (_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) != 0xffff)
#include "scan/index_block.h"
#include "scan/index_walk.h"

#define AVX2 EV_TARGET("avx2,bmi,bmi2,popcnt,pclmul")

/* Eight bits at a time. */
AVX2 static inline uint32_t *flatten_avx2(const struct ev_index *ix, uint32_t *at, const uint8_t *p,
					  uint32_t from, uint64_t bits)
{
	__m256i first = _mm256_set1_epi32((int)from);
	uint8_t *byte = ix->bytes + (at - ix->at);

	UNROLL
	for (unsigned i = 0; i < 8; i++) {
		__m128i packed =
			_mm_loadl_epi64((const __m128i *)(const void *)&numbers[bits & 0xff]);
		unsigned count = (unsigned)__builtin_popcountll(bits & 0xff);

		_mm256_storeu_si256((__m256i *)(void *)at,
				    _mm256_add_epi32(first, _mm256_cvtepu8_epi32(packed)));
		_mm_storeu_si64(byte, _mm_shuffle_epi8(_mm_loadu_si64(p + 8UL * i), packed));
		first = _mm256_add_epi32(first, _mm256_set1_epi32(8));
		at += count;
		byte += count;
		bits >>= 8;
		KEEP(first, bits);
	}
	return at;
}

AVX2 static inline uint64_t bits_avx2(const __m256i x[2])
{
	return (uint32_t)_mm256_movemask_epi8(x[0]) | (uint64_t)(uint32_t)_mm256_movemask_epi8(x[1])
							      << 32;
}

#define prefix_xor_avx2 prefix_xor_sse42
#define ISA		avx2
#define TARGET		AVX2
#define VECTOR		__m256i
#define WIDTH		32
#define BOOLS		__m256i
#define LOAD(p)		_mm256_loadu_si256((const __m256i *)(const void *)(p))
#define HALF(t)		_mm_loadu_si128((const __m128i *)(const void *)(t))
#define TABLE(t)	_mm256_broadcastsi128_si256(HALF(t))
#define SHUFFLE(t, v)	_mm256_shuffle_epi8(t, v)
#define EACH(x)		_mm256_set1_epi8((char)(x))
#define AND(a, b)	_mm256_and_si256(a, b)
#define OR(a, b)	_mm256_or_si256(a, b)
#define HIGH_HALF(v)	AND(_mm256_srli_epi16(v, 4), EACH(0x0f))
#define SUBTRACT(a, b)	_mm256_subs_epu8(a, b)
#define EQUAL(a, b)	_mm256_cmpeq_epi8(a, b)
#define GREATER(a, b)	_mm256_cmpgt_epi8(a, b)
#define EITHER(a, b)	OR(a, b)
#define BUT_NOT(a, b)	_mm256_andnot_si256(b, a)
#define ANY(x)		(!_mm256_testz_si256(x, x))
#define BITS(x)		bits_avx2(x)
#define DIFFER(a, b)	(_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) != -1)
#include "scan/index_block.h"
#include "scan/index_walk.h"

#define AVX512                                                                        \
	EV_TARGET("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt," \
		  "pclmul")

/*
 * One instruction puts the set bits' numbers side by side; sixteen positions are written at once.
 * More than 32 in a block are few.
 */
AVX512 static inline uint32_t *flatten_avx512(const struct ev_index *ix, uint32_t *at,
					      const uint8_t *p, uint32_t from, uint64_t bits)
{
	static const uint8_t all[64] = {0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12,
					13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
					26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
					39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
					52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	__m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(all));
	__m512i first = _mm512_set1_epi32((int)from);
	size_t count = (size_t)__builtin_popcountll(bits);

#define QUARTER(k)                      \
	_mm512_storeu_si512(            \
		at + 16UL * (k),        \
		_mm512_add_epi32(first, \
				 _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, k))))
	_mm512_storeu_si512(ix->bytes + (at - ix->at),
			    _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(p)));
	QUARTER(0);
	QUARTER(1);
	if (count > 32) {
		QUARTER(2);
		QUARTER(3);
	}
#undef QUARTER
	return at + count;
}

#define prefix_xor_avx512 prefix_xor_sse42
#define ISA		  avx512
#define TARGET		  AVX512
#define VECTOR		  __m512i
#define WIDTH		  64
#define BOOLS		  uint64_t
#define LOAD(p)		  _mm512_loadu_si512(p)
#define TABLE(t)	  _mm512_broadcast_i32x4(HALF(t))
#define SHUFFLE(t, v)	  _mm512_shuffle_epi8(t, v)
#define EACH(x)		  _mm512_set1_epi8((char)(x))
#define AND(a, b)	  _mm512_and_si512(a, b)
#define OR(a, b)	  _mm512_or_si512(a, b)
#define HIGH_HALF(v)	  AND(_mm512_srli_epi16(v, 4), EACH(0x0f))
#define SUBTRACT(a, b)	  _mm512_subs_epu8(a, b)
#define EQUAL(a, b)	  _mm512_cmpeq_epi8_mask(a, b)
#define GREATER(a, b)	  _mm512_cmpgt_epi8_mask(a, b)
#define EITHER(a, b)	  ((a) | (b))
#define BUT_NOT(a, b)	  ((a) & ~(b))
#define ANY(x)		  ((x) != 0)
#define BITS(x)		  ((x)[0])
#define DIFFER(a, b)	  (_mm512_cmpneq_epi8_mask(a, b) != 0)
#include "scan/index_block.h"
#include "scan/index_walk.h"

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
