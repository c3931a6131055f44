#include "base/hash.h"
#include "base/compiler.h"
#include "base/mem.h"

#define XXH_STATIC_LINKING_ONLY
#include <endian.h>
#include <errno.h>
#include <md5.h>
#include <sha2.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>
#ifdef EV_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

struct ev_digest {
	XXH3_state_t *state;
	const uint8_t *secret; /* borrowed, or NULL */
};

/*
 * The library's wide vectors, which inputs longer than this take, leave the upper halves of
 * registers in use: the next instruction of SSE would wait for hundreds of cycles.
 */
enum { NOT_WIDE = 240 };

#ifdef EV_XXH_DISPATCH
static EV_NOINLINE EV_TARGET("avx") void zero_upper(void)
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
	ssize_t n;

	do
		n = getrandom(&seed, sizeof seed, 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof seed) /* so few are never cut short */
		ev_refused("the system gives no random numbers: let it call getrandom(2)");
	return seed;
}

struct ev_digest *ev_digest_new(void)
{
	return ev_digest_keyed(NULL);
}

struct ev_digest *ev_digest_keyed(const uint8_t *secret)
{
	struct ev_digest *d = ev_malloc(sizeof *d);

	d->secret = secret;
	if ((d->state = XXH3_createState()) == NULL)
		ev_oom();
	ev_digest_reset(d);
	return d;
}

void ev_digest_reset(struct ev_digest *d)
{
	if (d->secret != NULL)
		XXH3_128bits_reset_withSecret(d->state, d->secret, EV_DIGEST_SECRET);
	else
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

/* From the bytes where they are: what libmd does around a block costs a short key as much again. */
void ev_md5_hex(const void *p, size_t len, char out[33])
{
	uint32_t state[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	size_t whole = len / MD5_BLOCK_LENGTH * MD5_BLOCK_LENGTH, rest = len - whole;
	uint8_t end[2 * MD5_BLOCK_LENGTH] = {0};
	size_t n = rest < MD5_BLOCK_LENGTH - 8 ? MD5_BLOCK_LENGTH : 2 * MD5_BLOCK_LENGTH;
	uint64_t bits = htole64((uint64_t)len << 3);

	for (size_t i = 0; i < whole; i += MD5_BLOCK_LENGTH)
		MD5Transform(state, (const uint8_t *)p + i);
	memcpy(end, (const uint8_t *)p + whole, rest);
	end[rest] = 0x80;
	memcpy(end + n - sizeof bits, &bits, sizeof bits);
	for (size_t i = 0; i < n; i += MD5_BLOCK_LENGTH)
		MD5Transform(state, end + i);
	for (int i = 0; i < 4; i++)
		state[i] = htole32(state[i]);
	ev_hex16(state, out);
	out[32] = '\0';
}

void ev_sha256(const void *p, size_t len, uint8_t out[EV_SHA256])
{
	SHA2_CTX c;

	SHA256Init(&c);
	SHA256Update(&c, p, len);
	SHA256Final(out, &c);
}

void ev_hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
		    uint8_t out[EV_SHA256])
{
	uint8_t pad[SHA256_BLOCK_LENGTH] = {0};
	SHA2_CTX c;

	if (key_len > sizeof pad)
		ev_sha256(key, key_len, pad);
	else
		memcpy(pad, key, key_len);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36;
	SHA256Init(&c);
	SHA256Update(&c, pad, sizeof pad);
	SHA256Update(&c, p, len);
	SHA256Final(out, &c);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256Init(&c);
	SHA256Update(&c, pad, sizeof pad);
	SHA256Update(&c, out, EV_SHA256);
	SHA256Final(out, &c);
}
