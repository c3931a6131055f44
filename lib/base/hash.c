#include "base/hash.h"
#include "base/mem.h"

#define XXH_STATIC_LINKING_ONLY
#include <endian.h>
#include <md5.h>
#include <sha2.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <xxhash.h>
#ifdef EV_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

struct ev_digest {
	XXH3_state_t *state;
};

/*
 * The library's wide vectors, which inputs longer than this take, leave the upper halves of
 * registers in use: the next instruction of SSE would wait for hundreds of cycles.
 */
enum { NOT_WIDE = 240 };

#ifdef EV_XXH_DISPATCH
__attribute__((noinline, target("avx"))) static void zero_upper(void)
{
	__builtin_ia32_vzeroupper();
}

static inline void leave_wide(size_t len)
{
	if (len > NOT_WIDE && __builtin_cpu_supports("avx"))
		zero_upper();
}
#else
static inline void leave_wide(size_t len)
{
	(void)len;
}
#endif

struct ev_hash128 ev_hash128(const void *p, size_t len, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(p, len, seed);

	leave_wide(len);
	return (struct ev_hash128){h.low64, h.high64};
}

uint64_t ev_hash64(const void *p, size_t len, uint64_t seed)
{
	uint64_t h = XXH3_64bits_withSeed(p, len, seed);

	leave_wide(len);
	return h;
}

uint64_t ev_hash_seed(void)
{
	uint64_t seed;

	/* where a sandbox refuses it, there are yet the 16 bytes that each process begins with */
	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		memcpy(&seed, (const void *)getauxval(AT_RANDOM), sizeof seed);
	return seed;
}

struct ev_digest *ev_digest_new(void)
{
	struct ev_digest *d = ev_malloc(sizeof *d);

	if ((d->state = XXH3_createState()) == NULL)
		ev_oom();
	ev_digest_reset(d);
	return d;
}

void ev_digest_reset(struct ev_digest *d)
{
	XXH3_128bits_reset(d->state);
}

void ev_digest_add(struct ev_digest *d, const void *p, size_t len)
{
	XXH3_128bits_update(d->state, p, len);
	leave_wide(SIZE_MAX); /* what came before counts, too */
}

struct ev_hash128 ev_digest_value(const struct ev_digest *d)
{
	XXH128_hash_t h = XXH3_128bits_digest(d->state);

	return (struct ev_hash128){h.low64, h.high64};
}

void ev_digest_free(struct ev_digest **d)
{
	if (*d == NULL)
		return;
	XXH3_freeState((*d)->state);
	free(*d);
	*d = NULL;
}

void ev_hash128_hex(struct ev_hash128 h, char out[33])
{
	uint64_t words[2] = {htobe64(h.hi), htobe64(h.lo)};

	ev_hex16(words, out);
	out[32] = '\0';
}

void ev_md5_hex(const void *p, size_t len, char out[33])
{
	uint8_t b[MD5_DIGEST_LENGTH];
	MD5_CTX c;

	MD5Init(&c);
	MD5Update(&c, p, len);
	MD5Final(b, &c);
	ev_hex16(b, out);
	out[32] = '\0';
}

void ev_sha256(const void *p, size_t len, uint8_t out[EV_SHA256])
{
	SHA2_CTX c;

	SHA256Init(&c);
	SHA256Update(&c, p, len);
	SHA256Final(out, &c);
}

void ev_sha256_hex(const void *p, size_t len, char out[33])
{
	uint8_t b[EV_SHA256];

	ev_sha256(p, len, b);
	ev_hex16(b, out);
	out[32] = '\0';
}
