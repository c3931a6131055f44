/*
 * index_neon: stage one of the scanner in NEON, which each little-endian AArch64 has. Floor 2. A
 * part of index.c, which alone includes it.
 */
#ifndef EV_INDEX_NEON_H
#define EV_INDEX_NEON_H

#include "scan/index_tables.h"

#include <arm_neon.h>
#include <sys/auxv.h>

/* A bit for each byte of four comparisons: the weights of eight bytes are added up in pairs. */
static inline uint64_t neon_bits(const uint8x16_t x[4])
{
	const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t low = vpaddq_u8(vandq_u8(x[0], weights), vandq_u8(x[1], weights));
	uint8x16_t high = vpaddq_u8(vandq_u8(x[2], weights), vandq_u8(x[3], weights));
	uint8x16_t sums = vpaddq_u8(low, high);

	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

/*
 * Where the kernel reports the instruction. In assembler, since gcc and clang have different names
 * for the extension in a function's attributes.
 */
static inline uint64_t prefix_xor_pmull(uint64_t x)
{
	uint64x2_t product;

	__asm__(".arch_extension aes\n\tpmull %0.1q, %1.1d, %2.1d"
		: "=w"(product)
		: "w"(vdupq_n_u64(x)), "w"(vdupq_n_u64(~0ULL)));
	return vgetq_lane_u64(product, 0);
}

#define TARGET
#define VECTOR		uint8x16_t
#define WIDTH		16
#define BOOLS		uint8x16_t
#define LOAD(p)		vld1q_u8(p)
#define TABLE(t)	LOAD(t)
#define SHUFFLE(t, v)	vqtbl1q_u8(t, v)
#define LOOKUP(t, v)	SHUFFLE(t, LOW_HALF(v))
#define EACH(x)		vdupq_n_u8(x)
#define AND(a, b)	vandq_u8(a, b)
#define OR(a, b)	vorrq_u8(a, b)
#define LOW_HALF(v)	AND(v, EACH(0x0f))
#define HIGH_HALF(v)	vshrq_n_u8(v, 4)
#define SUBTRACT(a, b)	vqsubq_u8(a, b)
#define DIFFER(a, b)	(vmaxvq_u8(veorq_u8(a, b)) != 0)
#define SIGNED(v)	vreinterpretq_s8_u8(v)
#define EQUAL(a, b)	vceqq_u8(a, b)
#define GREATER(a, b)	vcgtq_s8(SIGNED(a), SIGNED(b))
#define EITHER(a, b)	OR(a, b)
#define BUT_NOT(a, b)	vbicq_u8(a, b)
#define ANY(x)		(vmaxvq_u8(x) != 0)
#define BITS(x)		neon_bits(x)

#define ISA		neon
#define prefix_xor_neon prefix_xor_shifts
#define flatten_neon	flatten_portable
#include "scan/index_block.h"
#include "scan/index_walk.h"

#define ISA pmull
#define TARGET
#define classify_pmull	    classify_neon
#define classify_slow_pmull classify_slow_neon
#define flatten_pmull	    flatten_portable
#define utf8_error_pmull    utf8_error_neon
#include "scan/index_walk.h"

static bool has_pmull(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_PMULL) != 0;
}

static bool has_neon(void)
{
	return true;
}

#endif
