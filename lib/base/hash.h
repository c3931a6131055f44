/*
 * hash: digests. The door to xxHash (XXH3, 128 bits) and to libmd (MD5, SHA-256). Floor 0.
 *
 * XXH3 finds and compares; it keeps no secret. MD5 makes the surrogate keys, because every
 * warehouse has it, and the ids of lines, of which nobody can make another with a given id.
 * SHA-256 signs control lines, as HMAC, and names a page's own script to the browser.
 */
#ifndef EV_HASH_H
#define EV_HASH_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ev_hash128 {
	uint64_t lo, hi;
};

static inline bool ev_hash128_equal(struct ev_hash128 a, struct ev_hash128 b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

struct ev_hash128 ev_hash128(const void *p, size_t len, uint64_t seed);
uint64_t ev_hash64(const void *p, size_t len, uint64_t seed);
/*
 * A seed from the system's source of randomness, for tables that hostile input fills. Where that is
 * refused, the program ends as it does without memory (mem.h).
 */
uint64_t ev_hash_seed(void);

/* The same hash over a stream of bytes. */
struct ev_digest;
struct ev_digest *ev_digest_new(void);
enum { EV_DIGEST_SECRET = 192 };
/* Under a secret of EV_DIGEST_SECRET random bytes, which must outlive the digest. */
struct ev_digest *ev_digest_keyed(const uint8_t *secret);
void ev_digest_reset(struct ev_digest *d);
void ev_digest_add(struct ev_digest *d, const void *p, size_t len);
struct ev_hash128 ev_digest_value(const struct ev_digest *d);
void ev_digest_free(struct ev_digest **d);

/* 32 lower-case hex digits and a NUL. */
void ev_hash128_hex(struct ev_hash128 h, char out[33]);
void ev_md5_hex(const void *p, size_t len, char out[33]);
/*
 * MD5 of as many runs of bytes at once, in some three times the time of the longest (md5.c): each
 * step of MD5 waits for the one before, so one alone leaves the processor idle.
 */
enum { EV_MD5_LANES = 8 };
void ev_md5_hex_lanes(const char *const p[EV_MD5_LANES], const size_t len[EV_MD5_LANES],
		      char out[EV_MD5_LANES][33]);

/* The value of a lower-case hex digit, or -1. */
static inline int ev_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 16 bytes as 32 lower-case hex digits, without a NUL: a digit a lane of a vector. */
static inline void ev_hex16(const void *p, char out[32])
{
	typedef int8_t bytes EV_VECTOR(16);
	bytes v, high, low, digits[2];

	memcpy(&v, p, sizeof v);
	high = v >> 4 & 15;
	low = v & 15;
	digits[0] = __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
					    22, 7, 23);
	digits[1] = __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
					    14, 30, 15, 31);
	for (int i = 0; i < 2; i++)
		digits[i] += '0' + ((digits[i] > 9) & ('a' - '0' - 10));
	memcpy(out, digits, sizeof digits);
}

enum { EV_SHA256 = 32 };

void ev_sha256(const void *p, size_t len, uint8_t out[EV_SHA256]);
/* HMAC (RFC 2104) of SHA-256, under a key of any length. */
void ev_hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
		    uint8_t out[EV_SHA256]);

#endif
