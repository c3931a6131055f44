/* Memory, buffers, the arena, digests and the text of errors. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "base/status.h"

#include "support.h"
#include "tap.h"

#include <setjmp.h>

/* The address sanitizer would end the program where malloc returns NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static jmp_buf out_of_memory;

static const char *given_up;

static void give_up(const char *what)
{
	given_up = what;
	longjmp(out_of_memory, 1);
}

static void test_memory(void)
{
	static void *volatile nothing;
	size_t cap = 0;
	uint32_t *array = NULL;
	struct ev_buf b = {0};
	char *s;

	ev_oom_handler(give_up);
	ok(setjmp(out_of_memory) != 0 || (nothing = ev_malloc(SIZE_MAX / 2)) == NULL,
	   "malloc calls the handler");
	is(given_up, "out of memory: give it more, or smaller input", "which is told why");
	ok(setjmp(out_of_memory) != 0 || (nothing = ev_calloc(SIZE_MAX / 2, 16)) == NULL,
	   "calloc calls the handler");
	ok(setjmp(out_of_memory) != 0 ||
		   (nothing = ev_realloc_array(NULL, SIZE_MAX / 4 + 2, 4)) == NULL,
	   "a product that overflows calls the handler");
	ok(setjmp(out_of_memory) != 0 || (nothing = ev_buf_room(&b, SIZE_MAX - 5)) == NULL,
	   "a buffer that cannot grow calls the handler");
	ev_buf_puts(&b, "x");
	ok(setjmp(out_of_memory) != 0 || (nothing = ev_buf_room(&b, SIZE_MAX)) == NULL,
	   "a sum that overflows calls the handler");
	ev_oom_handler(NULL);

	for (uint32_t i = 0; i < 1000; i++) {
		ev_grow(&array, &cap, i + 1, sizeof *array);
		array[i] = i;
	}
	ok(cap >= 1000 && cap < 2000 && array[0] == 0 && array[999] == 999, "an array grows");
	free(array);
	s = ev_strndup("abcdef", 3);
	is(s, "abc", "a part of a string is copied");
	free(s);
	s = ev_strdup("");
	is(s, "", "an empty string is copied");
	free(s);
	free(ev_malloc(0));
	free(ev_calloc(0, 0));
	ev_buf_free(&b);
}

static void test_buf(void)
{
	struct ev_buf b = {0};

	is(ev_buf_str(&b), "", "an empty buffer is an empty string");
	ev_buf_put(&b, NULL, 0);
	ev_buf_puts(&b, "one");
	ev_buf_putc(&b, ' ');
	ev_buf_printf(&b, "%d-%s", 2, "two");
	ev_buf_printf(&b, "%s", "");
	ev_buf_putc(&b, ' ');
	ev_buf_u64(&b, 0);
	ev_buf_putc(&b, ' ');
	ev_buf_u64(&b, UINT64_MAX);
	is(ev_buf_str(&b), "one 2-two 0 18446744073709551615", "what was put");
	is_int((long long)b.len, 32, "its length");
	ev_buf_reset(&b);
	for (int i = 0; i < 100000; i++)
		ev_buf_putc(&b, (char)('a' + i % 26));
	ok(b.len == 100000 && b.p[99999] == 'a' + 99999 % 26 && b.cap >= b.len, "a buffer grows");
	ev_buf_free(&b);
	ok(b.p == NULL && b.len == 0 && b.cap == 0, "a buffer is freed");
}

static void test_arena(void)
{
	struct ev_arena a = {0};
	char *p[3000];
	unsigned wrong = 0;

	ok(ev_arena_alloc(&a, 0) != NULL && ev_arena_zalloc(&a, 0) != NULL,
	   "nothing has a place, too");
	for (size_t i = 0; i < 3000; i++) {
		size_t size = i % 500 == 0 ? 300000 : i % 400;

		p[i] = ev_arena_zalloc(&a, size + 1);
		wrong += (uintptr_t)p[i] % 8 != 0;
		for (size_t k = 0; k <= size; k++)
			wrong += p[i][k] != 0;
		memset(p[i], (int)(i % 256), size + 1);
	}
	for (size_t i = 0; i < 3000; i++)
		wrong += (unsigned char)p[i][0] != i % 256;
	is_int(wrong, 0, "3,000 blocks are aligned, zero, and apart");
	is(ev_arena_copy(&a, "abc\0def", 3), "abc", "a copy ends with NUL");
	is(ev_arena_copy(&a, NULL, 0), "", "a copy of nothing");
	ok(a.total >= 1800000, "what was taken is counted");
	for (int round = 0; round < 4; round++) {
		size_t most = a.total;

		ev_arena_reset(&a);
		ok(a.total <= most && a.total < 300000, "a reset gives back all but a block");
		for (int i = 0; i < 10 << round; i++)
			memset(ev_arena_alloc(&a, round % 2 ? 300000 : 3000), 1, 3000);
	}
	ev_arena_reset(&a);
	ev_arena_reset(&a);
	is(ev_arena_copy(&a, "abc", 3), "abc", "it is used on");
	ev_arena_free(&a);
	ev_arena_reset(&a);
	ok(a.blocks == NULL && a.total == 0, "an arena is freed");
}

static const char *sum_hex(const uint8_t sum[EV_SHA256])
{
	static char hex[2 * EV_SHA256 + 1];

	ev_hex16(sum, hex);
	ev_hex16(sum + EV_SHA256 / 2, hex + EV_SHA256);
	return hex;
}

/* A digest under a secret is another, whatever the length, and the same each time. */
static void test_keyed(void)
{
	uint8_t secret[EV_DIGEST_SECRET];
	struct ev_digest *plain = ev_digest_new(), *keyed, *again;
	unsigned alike = 0, wrong = 0;
	char text[2000] = "";

	for (size_t i = 0; i < sizeof secret; i++)
		secret[i] = (uint8_t)random_u64();
	keyed = ev_digest_keyed(secret);
	again = ev_digest_keyed(secret);
	for (size_t len = 0; len < sizeof text; len += 13) {
		struct ev_hash128 h, k, g;

		ev_digest_reset(plain);
		ev_digest_reset(keyed);
		ev_digest_reset(again);
		ev_digest_add(plain, text, len);
		ev_digest_add(keyed, text, len);
		ev_digest_add(again, text, len / 2);
		ev_digest_add(again, text, len - len / 2);
		h = ev_digest_value(plain);
		k = ev_digest_value(keyed);
		g = ev_digest_value(again);
		alike += h.lo == k.lo || h.hi == k.hi;
		wrong += g.lo != k.lo || g.hi != k.hi;
	}
	is_int(alike, 0, "a secret changes the digest");
	is_int(wrong, 0, "the digest under a secret is that of its whole, too");
	ev_digest_free(&plain);
	ev_digest_free(&keyed);
	ev_digest_free(&again);
}

/* Messages of all lengths around blocks, each lane against the digest of one alone. */
static void test_md5_lanes(void)
{
	const char *p[EV_MD5_LANES];
	size_t len[EV_MD5_LANES];
	char out[EV_MD5_LANES][33], one[33], text[400];
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 37 + i / 7);
	for (size_t n = 0; n < 260; n++) {
		for (size_t l = 0; l < EV_MD5_LANES; l++) {
			p[l] = text + l;
			len[l] = l % 3 == 0 ? n : (n * (l + 1) + l) % 300;
		}
		ev_md5_hex_lanes(p, len, out);
		for (size_t l = 0; l < EV_MD5_LANES; l++) {
			ev_md5_hex(p[l], len[l], one);
			wrong += strcmp(out[l], one) != 0;
		}
	}
	ok(wrong == 0, "MD5 of several at once is that of each");
}

static void test_hash(void)
{
	/* Around the ends of blocks, as md5sum has them. */
	static const struct {
		size_t len;
		const char *hex;
	} md5s[] = {
		{54, "eced9e0b81ef2bba605cbc5e2e76a1d0"},
		{55, "ef1772b6dff9a122358552954ad0df65"},
		{56, "3b0c8ac703f828b04c6c197006d17218"},
		{57, "652b906d60af96844ebd21b674f35e93"},
		{63, "b06521f39153d618550606be297466d5"},
		{64, "014842d480b571495a4a0363793f7367"},
		{65, "c743a45e0d2e6a95cb859adae0248435"},
		{119, "8a7bd0732ed6a28ce75f6dabc90e1613"},
		{120, "5f61c0ccad4cac44c75ff505e1f1e537"},
	};
	struct ev_digest *d = ev_digest_new();
	struct ev_hash128 h, g;
	uint64_t seed;
	unsigned wrong = 0;
	uint8_t sum[EV_SHA256];
	char hex[33], text[2000];

	ev_md5_hex("", 0, hex);
	is(hex, "d41d8cd98f00b204e9800998ecf8427e", "MD5 of nothing (RFC 1321)");
	ev_md5_hex("message digest", 14, hex);
	is(hex, "f96b697d7cb7938d525a2f31aaf161d0", "MD5 of 'message digest'");
	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof md5s / sizeof md5s[0]; i++) {
		ev_md5_hex(text, md5s[i].len, hex);
		is(hex, md5s[i].hex, "MD5 of %zu times 'a'", md5s[i].len);
	}
	ev_sha256("abc", 3, sum);
	is(sum_hex(sum), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	   "SHA-256 of 'abc' (FIPS 180-4)");
	ev_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, sum);
	is(sum_hex(sum), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	   "HMAC under a short key (RFC 4231, case 2)");
	memset(text, 0xaa, 131);
	ev_hmac_sha256(text, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
		       sum);
	is(sum_hex(sum), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	   "HMAC under a long key (RFC 4231, case 6)");
	ev_hash128_hex((struct ev_hash128){0x0123456789abcdef, 0xfedcba9876543210}, hex);
	is(hex, "fedcba98765432100123456789abcdef", "the high half is written first");
	ev_hash128_hex(ev_hash128("", 0, 0), hex);
	is(hex, "99aa06d3014798d86001c324468d497f", "XXH3 of nothing is as its makers have it");
	ok(ev_hash64("a", 1, 1) != ev_hash64("a", 1, 2), "a seed changes the hash");
	seed = ev_hash_seed();
	ok(ev_hash_seed() != seed, "seeds differ");

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)random_u64();
	for (size_t len = 0; len < sizeof text; len += 7) {
		size_t cut = random_below(len + 1);

		ev_digest_reset(d);
		ev_digest_add(d, text, cut);
		ev_digest_add(d, text + cut, len - cut);
		h = ev_digest_value(d);
		g = ev_hash128(text, len, 0);
		wrong += h.lo != g.lo || h.hi != g.hi;
	}
	is_int(wrong, 0, "a stream has the hash of its whole");
	ev_digest_free(&d);
	ok(d == NULL, "a digest is freed");
	ev_digest_free(&d);
}

/* Numbers under few hashes: each is found under its own, and no other. */
static void test_lookup(void)
{
	enum { N = 20000, HASHES = 3000 };
	struct ev_lookup t = {0};
	unsigned wrong = 0;

	for (int round = 0; round < 2; round++) {
		size_t step = 0;

		ok(ev_lookup_next(&t, 0, &step) == EV_LOOKUP_NONE, "an empty table has nothing");
		for (uint32_t i = 0; i < N; i++)
			ev_lookup_add(&t, (uint64_t)(i % HASHES) << 32 | i, i);
		for (uint32_t h = 0; h < HASHES + 10; h++) {
			uint32_t i, n = 0;

			for (step = 0;
			     (i = ev_lookup_next(&t, (uint64_t)h << 32, &step)) != EV_LOOKUP_NONE;
			     n++)
				wrong += i % HASHES != h || i >= N;
			wrong += n != (h < HASHES ? (N - h + HASHES - 1) / HASHES : 0);
		}
		is_int(wrong, 0, "all that was added is found, under its hash alone");
		ev_lookup_reset(&t, round == 0 ? 3 : N);
	}
	ev_lookup_free(&t);
}

static void test_status(void)
{
	struct ev_error err;
	char large[4000];

	is_int(ev_fail(&err, "%s:%d: %s", "file", 7, "it is wrong"), EV_FATAL, "an error is fatal");
	is(err.text, "file:7: it is wrong", "its text");
	ev_fail(&err, "a\nb\tc\x1b[31m\x7f"
		      "\xc3\xa9 \xc2\x9b"
		      "31m \xc2\xa0 \xc2");
	is(err.text, "a\\u000ab\\u0009c\\u001b[31m\\u007f\xc3\xa9 \\u009b31m \xc2\xa0 \\xc2",
	   "nothing in it steers a terminal");
	memset(large, 'x', sizeof large);
	large[sizeof large - 1] = '\0';
	ev_fail(&err, "%s", large);
	is_int((long long)strlen(err.text), sizeof err.text - 1, "a long text is cut");
}

int main(void)
{
	test_memory();
	test_buf();
	test_arena();
	test_hash();
	test_md5_lanes();
	test_lookup();
	test_keyed();
	test_status();
	return done();
}
