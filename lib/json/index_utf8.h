/*
 * index_utf8: whether a block of 64 octets is UTF-8 (RFC 3629), by table look-ups of half octets.
 * Floor 2. It is compiled once for each instruction set by index.c, which defines WAY, TARGET,
 * VECTOR, WIDTH (octets) and the operations LOAD, TABLE, SHUFFLE, HIGH_HALF, LOW_HALF, AND, OR,
 * SUBTRACT (saturating), EACH (an octet for all) and DIFFER (not equal in an octet).
 *
 * Two octets in a row are wrong if three tables agree on a fault: by the first octet's high half,
 * its low half, and the second's high half. A continuation that is the third or fourth of its
 * sequence is no fault.
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

/* Three octets before p are read. */
TARGET static inline bool JOIN(utf8_error_, WAY)(const uint8_t *p)
{
	const VECTOR first_high = TABLE(utf8_first_high), first_low = TABLE(utf8_first_low),
		     second_high = TABLE(utf8_second_high);
	bool error = false;

	for (unsigned i = 0; i < 64; i += WIDTH) {
		VECTOR v = LOAD(p + i), one = LOAD(p + i - 1);
		VECTOR fault = AND(
			AND(SHUFFLE(first_high, HIGH_HALF(one)), SHUFFLE(first_low, LOW_HALF(one))),
			SHUFFLE(second_high, HIGH_HALF(v)));
		VECTOR third = SUBTRACT(LOAD(p + i - 2), EACH(0xe0 - 0x80));
		VECTOR fourth = SUBTRACT(LOAD(p + i - 3), EACH(0xf0 - 0x80));

		error |= DIFFER(AND(OR(third, fourth), EACH(0x80)), fault);
	}
	return error;
}

#undef JOIN
#undef JOIN2
