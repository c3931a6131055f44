/* MD5 of many messages at once against MD5 of each. */
#include "base/md5.h"
#include "base/hash.h"
#include "tap.h"

enum { LENGTHS = 400 };

/* Every length, in an order that mixes the numbers of blocks. */
static void test_lengths(struct ev_md5 *m, const char *way)
{
	static char text[LENGTHS], got[LENGTHS][EV_MD5_HEX];
	unsigned wrong = 0;
	char want[33];

	for (size_t i = 0; i < LENGTHS; i++)
		text[i] = (char)(i * 37 + 11);
	memset(got, 0, sizeof got);
	for (size_t i = 0; i < LENGTHS; i++) {
		size_t len = i * 7 % LENGTHS;

		ev_md5_add(m, text, len, got[len]);
	}
	ev_md5_settle(m);
	for (size_t i = 0; i < LENGTHS; i++) {
		ev_md5_hex(text, i, want);
		wrong += memcmp(got[i], want, EV_MD5_HEX) != 0;
	}
	is_int(wrong, 0, "%s: messages of 0 to %d octets", way, LENGTHS - 1);
}

static void test_settle(struct ev_md5 *m, const char *way)
{
	char message[] = "message digest", out[EV_MD5_HEX + 1] = {0};

	ev_md5_add(m, message, strlen(message), out);
	memset(message, 'x', sizeof message - 1);
	is(out, "", "%s: a message waits for others", way);
	ev_md5_settle(m);
	is(out, "f96b697d7cb7938d525a2f31aaf161d0",
	   "%s: and is computed when asked for, from a copy", way);
	memset(out, 0, sizeof out);
	ev_md5_settle(m);
	is(out, "", "%s: once", way);
}

int main(void)
{
	const char *way;

	for (unsigned i = 0; (way = ev_md5_way(i)) != NULL; i++) {
		struct ev_md5 *m;

		ev_md5_use(i);
		m = ev_md5_new();
		test_lengths(m, way);
		test_settle(m, way);
		ev_md5_free(&m);
		ok(m == NULL, "%s: freed", way);
	}
	return done();
}
