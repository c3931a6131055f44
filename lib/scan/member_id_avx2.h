/*
 * member_id_avx2: names compared by one vector, in functions that are compiled for processors with
 * AVX2. Floor 2.
 */
#ifndef EV_MEMBER_ID_AVX2_H
#define EV_MEMBER_ID_AVX2_H

#include "base/compiler.h"
#include "scan/member_id.h"

#ifdef __x86_64__
#include <immintrin.h>

#define EV_MEMBER_ID_AVX2 EV_TARGET("avx2,bmi,bmi2")

/* ev_member_id_is. */
EV_MEMBER_ID_AVX2 static inline bool ev_member_id_is_avx2(const struct ev_member_id *member_id,
							  const char *p)
{
	__m256i at = _mm256_loadu_si256((const __m256i *)(const void *)p);

	return _mm256_testz_si256(_mm256_xor_si256(at, (__m256i)member_id->name),
				  (__m256i)member_id->keep);
}
#endif

#endif
