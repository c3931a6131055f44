/* UTF-8, against a slow decoder. */
#include "base/utf8.h"

#include "support.h"
#include "tap.h"

static void test_table(void)
{
	static const struct {
		const char *text;
		size_t len, good;
	} cases[] = {
#define C(s, good) {s, sizeof(s) - 1, good}
		C("", 0),
		C("a", 1),
		C("a\0b", 3),
		C("\x7f", 1),
		C("\x80", 0),
		C("\xbf", 0),
		C("\xc0\x80", 0),
		C("\xc1\xbf", 0),
		C("\xc2", 0),
		C("\xc2\x80", 2),
		C("\xdf\xbf", 2),
		C("\xc3\x28", 0),
		C("\xe0\x9f\xbf", 0),
		C("\xe0\xa0\x80", 3),
		C("\xe2\x82", 0),
		C("\xe2\x28\xa1", 0),
		C("\xed\x9f\xbf", 3),
		C("\xed\xa0\x80", 0),
		C("\xed\xbf\xbf", 0),
		C("\xee\x80\x80", 3),
		C("\xef\xbf\xbf", 3),
		C("\xf0\x8f\xbf\xbf", 0),
		C("\xf0\x90\x80\x80", 4),
		C("\xf0\x90\x80", 0),
		C("\xf4\x8f\xbf\xbf", 4),
		C("\xf4\x90\x80\x80", 0),
		C("\xf5\x80\x80\x80", 0),
		C("\xf8\x88\x80\x80\x80", 0),
		C("\xfc\x84\x80\x80\x80\x80", 0),
		C("\xfe", 0),
		C("\xff", 0),
		C("abcdefgh\xff", 8),
		C("abcdefgh\xc3\xa9", 10),
		C("abcdefg\xc3\xa9hijklmnop\x80", 18),
		C("\xe2\x82\xac\xe2\x82\xac\xe2\x82", 6),
#undef C
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		is_int((long long)ev_utf8_valid(cases[i].text, cases[i].len),
		       (long long)cases[i].good, "case %zu is valid up to %zu", i, cases[i].good);
}

/* Every scalar value is written, judged, read and counted; every value that is none is refused. */
static void test_all(void)
{
	unsigned written = 0, refused = 0, odd = 0;

	for (uint32_t v = 0; v <= 0x10ffff; v++) {
		char text[8] = {0};
		const char *p = text;
		size_t len = ev_utf8_encode(v, text);
		bool scalar = v < 0xd800 || v > 0xdfff;

		refused += !scalar && ev_utf8_valid(text, len) == 0;
		if (!scalar)
			continue;
		written += ev_utf8_valid(text, len) == len && slow_utf8(text, len) == len &&
			   ev_utf8_next(&p) == v && p == text + len &&
			   ev_utf8_count(text, len) == 1;
		odd += ev_utf8_valid(text, len - 1) != 0 ||
		       len != 1U + (v >= 0x80) + (v >= 0x800) + (v >= 0x10000);
	}
	is_int(written, 0x110000 - 0x800, "every scalar value is written and read");
	is_int(refused, 0x800, "no surrogate is valid");
	is_int(odd, 0, "each has its length, and is nothing when cut");
}

/* Every start of two bytes, with likely ones behind them, and at each place of a word. */
static void test_starts(void)
{
	static const unsigned char likely[] = {0x00, 0x7f, 0x80, 0x8f, 0x90,
					       0x9f, 0xa0, 0xbf, 0xc0, 0xff};
	struct guarded page = guarded_new(4096);
	unsigned wrong = 0, valid = 0;

	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++)
			for (size_t c = 0; c < sizeof likely; c++)
				for (size_t d = 0; d < sizeof likely; d++) {
					char text[24];
					size_t at = (size_t)(a + b) % 17, len = at + 4;

					memset(text, 'x', sizeof text);
					text[at] = (char)a;
					text[at + 1] = (char)b;
					text[at + 2] = (char)likely[c];
					text[at + 3] = (char)likely[d];
					len += c % 3;
					wrong +=
						ev_utf8_valid(guarded_put(&page, text, len, 0, "."),
							      len) != slow_utf8(text, len);
					valid += slow_utf8(text, len) == len;
				}
	is_int(wrong, 0, "starts of four bytes are decided as by the slow decoder");
	ok(valid > 100000, "%u of them are valid", valid);
}

static void test_random(void)
{
	struct guarded page = guarded_new(4096);
	unsigned wrong = 0, counted = 0;

	for (int round = 0; round < 300000; round++) {
		char text[256];
		size_t len = 0, n = random_below(40), good, count = 0;

		for (size_t i = 0; i < n; i++) {
			uint32_t v = (uint32_t)(random_u64() >> (43 + random_below(21)));

			if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
				v = 'x';
			len += ev_utf8_encode(v, text + len);
		}
		if (random_below(2) == 0 && len > 0)
			text[random_below(len)] = (char)random_u64();
		good = slow_utf8(text, len);
		wrong += ev_utf8_valid(guarded_put(&page, text, len, 0, "."), len) != good;
		if (good < len)
			continue;
		for (const char *p = text; p < text + len; count++)
			ev_utf8_next(&p);
		counted += count == ev_utf8_count(text, len);
		wrong += count != ev_utf8_count(text, len);
	}
	is_int(wrong, 0, "300,000 random texts are decided, decoded and counted");
	ok(counted > 100000, "%u were valid", counted);
}

int main(void)
{
	test_table();
	test_all();
	test_starts();
	test_random();
	return done();
}
