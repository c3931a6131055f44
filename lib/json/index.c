#include "json/index.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A bit for each of 64 octets. */
struct masks {
	uint64_t quote, backslash, op, space, control, high, lf;
};

/* The line that is being indexed, and how much is written. */
struct writer {
	struct ev_index *ix;
	size_t n, n_escapes;
	struct ev_index_line line;
	bool suspect; /* the block at hand is no UTF-8, or reaches into what is none */
};

enum { EDGE_BEFORE = 8 };

/*
 * A block at an edge of the text, with the three octets before it and white space around what is
 * not the text's.
 */
static const uint8_t *edge_block(const uint8_t *text, size_t base, size_t len,
				 uint8_t edge[EDGE_BEFORE + 128])
{
	size_t before = base >= 3 ? 3 : 0;

	memset(edge, ' ', EDGE_BEFORE + 128);
	memcpy(edge + EDGE_BEFORE - before, text + base - before,
	       before + (len - base < 64 ? len - base : 64));
	return edge + EDGE_BEFORE;
}

/* What stands in few blocks: control characters and escapes in strings. */
static void rare(struct writer *w, uint32_t from, const struct masks *m, uint64_t escaped,
		 uint64_t inside)
{
	uint64_t control = m->control & inside, escapes = m->backslash & ~escaped & inside;

	if (control != 0 && w->line.control == UINT32_MAX)
		w->line.control = from + (uint32_t)__builtin_ctzll(control);
	for (; escapes != 0; escapes &= escapes - 1)
		w->ix->escapes[w->n_escapes++] = from + (uint32_t)__builtin_ctzll(escapes);
}

static void begin_line(struct writer *w, uint32_t pos)
{
	w->line = (struct ev_index_line){.pos = pos,
					 .first = (uint32_t)w->n,
					 .escape = (uint32_t)w->n_escapes,
					 .control = UINT32_MAX,
					 .suspect = w->suspect};
}

/* end: the position of its LF, or the text's end. */
static void end_line(struct writer *w, uint32_t end, bool unclosed)
{
	struct ev_index *ix = w->ix;

	w->line.len = end - w->line.pos;
	w->line.n = (uint32_t)w->n - w->line.first;
	w->line.n_escapes = (uint32_t)w->n_escapes - w->line.escape;
	w->line.unclosed = unclosed;
	ix->at[w->n++] = w->line.len;
	ix->at[w->n++] = w->line.len;
	if (ix->n_lines == ix->cap_lines)
		ev_grow(&ix->lines, &ix->cap_lines, ix->n_lines + 1, sizeof *ix->lines);
	ix->lines[ix->n_lines++] = w->line;
	begin_line(w, end + 1);
}

static void end_text(struct writer *w, uint32_t len, bool unclosed, bool lines)
{
	if (!lines || w->line.pos < len)
		end_line(w, len, unclosed);
}

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

/*
 * Writes the positions of the set bits, eight at a time: what is written too much is overwritten.
 * LOWEST_BIT is of anything, also of 0.
 */
#define FLATTEN_EIGHT(w, from, bits)                                                   \
	do {                                                                           \
		uint32_t *at = (w)->ix->at + (w)->n;                                   \
		uint32_t *end = at + __builtin_popcountll(bits);                       \
                                                                                       \
		(w)->n = (size_t)(end - (w)->ix->at);                                  \
		for (; at < end; at += 8) {                                            \
			TAKE(0, from, bits), TAKE(1, from, bits), TAKE(2, from, bits); \
			TAKE(3, from, bits), TAKE(4, from, bits), TAKE(5, from, bits); \
			TAKE(6, from, bits), TAKE(7, from, bits);                      \
		}                                                                      \
	} while (0)
#define TAKE(k, from, bits) (at[k] = (from) + LOWEST_BIT(bits), (bits) &= (bits)-1)

/* The portable way: a table of classes. */

enum { QUOTE = 1, BACKSLASH = 2, OP = 4, SPACE = 8, CONTROL = 16, HIGH = 32, LF = 64 };

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
	classes['\n'] |= LF;
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
		m.lf |= (c >> 6) << i;
	}
	return m;
}

/* It cannot tell of a whole block: each line with octets above 0x7f is looked at by itself. */
static inline bool utf8_error_portable(const uint8_t *p)
{
	(void)p;
	return true;
}

#define LOWEST_BIT(x) ((uint32_t)__builtin_ctzll((x) | 1ULL << 63))
static inline void flatten_portable(struct writer *w, uint32_t from, uint64_t bits)
{
	FLATTEN_EIGHT(w, from, bits);
}
#undef LOWEST_BIT

#define WAY portable
#define TARGET
#define prefix_xor_portable prefix_xor_shifts
#include "json/index_walk.h"
#undef WAY
#undef TARGET

#ifdef __x86_64__

#include <immintrin.h>

/*
 * The faults of two octets in a row. TOO_SHORT: no continuation where one must be; TOO_LONG: one
 * where none may be; TWO: a second continuation, which the length of the sequence must allow. Of
 * four octets' first, 0xf4 and more can be too large.
 */
enum {
	TOO_SHORT = 1,
	TOO_LONG = 2,
	OVERLONG_3 = 4,
	TOO_LARGE = 8,
	SURROGATE = 16,
	OVERLONG_2 = 32,
	OVERLONG_4 = 64, /* and, behind 0xf5 and more, too large */
	TWO = 128,
	ANY_LOW = TOO_SHORT | TOO_LONG | TWO,
	ABOVE = ANY_LOW | TOO_LARGE | OVERLONG_4,
};

static const uint8_t utf8_first_high[16] = {
	TOO_LONG,
	TOO_LONG,
	TOO_LONG,
	TOO_LONG,
	TOO_LONG,
	TOO_LONG,
	TOO_LONG,
	TOO_LONG,
	TWO,
	TWO,
	TWO,
	TWO,
	TOO_SHORT | OVERLONG_2,
	TOO_SHORT,
	TOO_SHORT | OVERLONG_3 | SURROGATE,
	TOO_SHORT | TOO_LARGE | OVERLONG_4,
};

static const uint8_t utf8_first_low[16] = {
	ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
	ANY_LOW | OVERLONG_2,
	ANY_LOW,
	ANY_LOW,
	ANY_LOW | TOO_LARGE,
	ABOVE,
	ABOVE,
	ABOVE,
	ABOVE,
	ABOVE,
	ABOVE,
	ABOVE,
	ABOVE,
	ABOVE | SURROGATE,
	ABOVE,
	ABOVE,
};

static const uint8_t utf8_second_high[16] = {
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
	TOO_LONG | TWO | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
	TOO_LONG | TWO | OVERLONG_2 | OVERLONG_3 | TOO_LARGE,
	TOO_LONG | TWO | OVERLONG_2 | SURROGATE | TOO_LARGE,
	TOO_LONG | TWO | OVERLONG_2 | SURROGATE | TOO_LARGE,
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
	TOO_SHORT,
};

/*
 * One shuffle by the low four bits finds the only octet of a class that could stand there. A form
 * feed and a SUB pass for "," and ":" so; the walk looks at the octet itself and refuses them.
 * "|0x20" takes the brackets and the braces together.
 */
#define OPS    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0
#define SPACES ' ', 2, 3, 4, 5, 6, 7, 8, 9, '\t', '\n', 12, 13, '\r', 15, 0

#define SSE42  __attribute__((target("sse4.2,popcnt,pclmul")))

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

static bool has_portable(void)
{
	return true;
}

typedef void index_fn(struct writer *, const uint8_t *, size_t, uint64_t);

/* The best first. */
static const struct way {
	const char *name;
	bool (*has)(void);
	index_fn *fn;
} ways[] = {
#ifdef __x86_64__
	{"avx512", has_avx512, index_avx512},
	{"avx2", has_avx2, index_avx2},
	{"sse42", has_sse42, index_sse42},
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

/* An octet is a token, or a LF that ends a line: that takes two places. */
static void run(struct ev_index *ix, const char *p, size_t len, uint64_t lines)
{
	struct writer w = {.ix = ix};

	if (chosen == NULL)
		ev_index_use(0);
	if (ix->cap < len + 64) {
		ix->cap = len + len / 2 + 128;
		ix->at = ev_realloc_array(ix->at, ix->cap, 2 * sizeof *ix->at);
		ix->escapes = ev_realloc_array(ix->escapes, ix->cap, sizeof *ix->escapes);
	}
	ix->text = p;
	ix->n_lines = 0;
	begin_line(&w, 0);
	chosen(&w, (const uint8_t *)p, len, lines);
}

void ev_index_lines(struct ev_index *ix, const char *p, size_t len)
{
	run(ix, p, len, ~0ULL);
}

void ev_index_text(struct ev_index *ix, const char *p, size_t len)
{
	run(ix, p, len, 0);
}

void ev_index_free(struct ev_index *ix)
{
	free(ix->at);
	free(ix->escapes);
	free(ix->lines);
	*ix = (struct ev_index){0};
}
