/* Names as small numbers: every name is found again, however alike names are. */
#include "scan/symbol.h"
#include "base/buf.h"

#include "tap.h"

#include <unistd.h>

enum { SECONDS = 20 }; /* what is below takes far less; a table that never ends takes more */

/* The name as the scanner hands it over: its slack is of no consequence. */
static uint32_t look(struct ev_symbols *s, const struct ev_buf *name)
{
	static const char *const slacks[] = {"\0\0\0\0\0\0\0\0", "\"\"\"\"\"\"\"\""};
	uint32_t found[2];

	for (int i = 0; i < 2; i++) {
		struct ev_buf b = {0};

		ev_buf_put(&b, name->p, name->len);
		ev_buf_put(&b, slacks[i], 8);
		found[i] = ev_symbols_of(s, b.p, name->len);
		ev_buf_free(&b);
	}
	return found[0] == found[1] ? found[0] : UINT32_MAX;
}

/* Names of len bytes whose first and last bytes are alike; the number stands at `at`. */
static void alike(struct ev_buf *name, size_t len, size_t at, unsigned number)
{
	ev_buf_reset(name);
	memset(ev_buf_room(name, len), 'z', len);
	name->len = len;
	for (size_t i = 0; i < 3 && at + i < len; i++, number /= 26)
		name->p[at + i] = (char)('a' + number % 26);
}

static const struct {
	size_t len, at;
	const char *what;
} shapes[] = {
	{3, 0, "three bytes"},
	{8, 5, "eight bytes that end differently"},
	{16, 5, "sixteen bytes, different in the first word's last"},
	{16, 13, "sixteen bytes that end differently"},
	{17, 8, "one byte too many to be told by two words"},
	{24, 9, "the same first and last eight bytes"},
	{256, 100, "the longest that is learned"},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0], NAMES = 3000 };

/* Returns how many are not what they should be. */
static unsigned check(bool added, size_t len, size_t at)
{
	struct ev_symbols *s = ev_symbols_new(added ? 0 : EV_LEARN);
	struct ev_buf name = {0};
	unsigned wrong = 0;

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < NAMES; i++) {
			alike(&name, len, at, i);
			if (added && round == 0)
				wrong += ev_symbols_add(s, name.p, name.len) != i + 1;
			wrong += look(s, &name) != i + 1;
		}
	ev_buf_free(&name);
	ev_symbols_free(&s);
	return wrong;
}

/* Many groups of names that have their first and last eight bytes in common. */
static void groups(void)
{
	struct ev_symbols *s = ev_symbols_new(EV_LEARN);
	struct ev_buf name = {0};
	unsigned wrong = 0, groups = EV_LEARN / 32;

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < groups * 32; i++) {
			alike(&name, 24, 9, i % 32);
			for (unsigned k = 0, g = i / 32 + 1; k < 8; k++, g *= 2654435761U)
				name.p[k] = (char)('a' + (g >> 16) % 26);
			wrong += look(s, &name) != i + 1;
		}
	is_int(wrong, 0, "groups of names that look alike");
	alike(&name, 24, 9, 32);
	is_int(look(s, &name), EV_NO_SYMBOL, "what is too much is not learned");
	ev_buf_free(&name);
	ev_symbols_free(&s);
}

/* U+0000 in a name, and no name at all. */
static void zeros(void)
{
	struct ev_symbols *s = ev_symbols_new(0);
	struct ev_buf name = {0};
	unsigned wrong = 0;

	memset(ev_buf_room(&name, 32), 0, 32);
	for (unsigned i = 0; i <= 32; i++) {
		name.len = i;
		wrong += look(s, &name) != EV_NO_SYMBOL;
		wrong += ev_symbols_add(s, name.p, i) != i + 1;
		for (unsigned k = 0; k <= 32; k++) {
			name.len = k;
			wrong += look(s, &name) != (k <= i ? k + 1 : EV_NO_SYMBOL);
		}
	}
	is_int(wrong, 0, "names of U+0000 alone differ by their length");
	ev_buf_free(&name);
	ev_symbols_free(&s);
}

static void ranks(void)
{
	static const char *const names[] = {
		"b",	 "",	    "ab", "a", "customer_address_2_line", "customer_address_1_line",
		"a\x7f", "\xc3\xa9"};
	static const uint32_t wanted[] = {0, 4, 0, 2, 1, 6, 5, 3, 7};
	struct ev_symbols *s = ev_symbols_new(0);
	const uint32_t *rank;
	unsigned wrong = 0;

	for (size_t i = 0; i < 8; i++)
		ev_symbols_add(s, names[i], strlen(names[i]));
	rank = ev_symbols_ranks(s);
	for (size_t i = 1; i <= 8; i++)
		wrong += rank[i] != wanted[i];
	is_int(wrong, 0, "names in the order of their bytes");
	ev_symbols_free(&s);
}

/* What is not there is not found, with every number of entries and for every symbol. */
static void maps(void)
{
	unsigned wrong = 0;

	for (uint32_t stride = 1; stride < 70; stride += 3) {
		struct ev_lookup m = {0};

		for (uint32_t n = 0; n < 70; n++) {
			wrong += ev_symbol_map_get(&m, EV_NO_SYMBOL) != UINT32_MAX;
			wrong += ev_symbol_map_get(&m, stride * (n + 1)) != UINT32_MAX;
			ev_symbol_map_put(&m, stride * (n + 1), n);
			for (uint32_t k = 0; k <= n; k++)
				wrong += ev_symbol_map_get(&m, stride * (k + 1)) != k;
		}
		ev_lookup_free(&m);
	}
	is_int(wrong, 0, "maps");
}

int main(void)
{
	alarm(SECONDS);
	for (size_t i = 0; i < SHAPES; i++) {
		is_int(check(true, shapes[i].len, shapes[i].at), 0, "added: %s", shapes[i].what);
		is_int(check(false, shapes[i].len, shapes[i].at), 0, "learned: %s", shapes[i].what);
	}
	groups();
	zeros();
	ranks();
	maps();
	return done();
}
