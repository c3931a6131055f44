/*
 * index_block: what a block of 64 bytes is made of, by vectors. Floor 2. It is compiled once for
 * each instruction set by index.c, which defines ISA, TARGET, VECTOR, WIDTH (bytes), BOOLS (what a
 * comparison of vectors gives) and the operations LOAD, TABLE, SHUFFLE, HIGH_HALF, LOW_HALF, LOOKUP
 * (a shuffle by low halves; undefined for bytes above 0x7f), AND, OR, SUBTRACT (saturating), EACH
 * (a byte for all), EQUAL, GREATER (signed), EITHER, BUT_NOT, ANY, BITS (of a block's BOOLS) and
 * DIFFER (not equal in a byte).
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)
#define PARTS	    (64 / WIDTH)

TARGET static inline struct masks JOIN(classify_, ISA)(const uint8_t *p)
{
	const VECTOR marks = TABLE(index_marks);
	BOOLS quote[PARTS], mark[PARTS], space[PARTS], lf[PARTS], slow;

	UNROLL
	for (unsigned i = 0; i < PARTS; i++) {
		VECTOR v = LOAD(p + (size_t)i * WIDTH);
		BOOLS is_slow;

		quote[i] = EQUAL(v, EACH('"'));
		mark[i] = EQUAL(OR(v, EACH(0x20)), LOOKUP(marks, v));
		space[i] = EQUAL(v, EACH(' '));
		lf[i] = EQUAL(v, EACH('\n'));
		is_slow = EITHER(BUT_NOT(GREATER(EACH(0x20), v), lf[i]), EQUAL(v, EACH('\\')));
		slow = i > 0 ? EITHER(slow, is_slow) : is_slow;
	}
	return (struct masks){
		.quote = BITS(quote),
		.mark = BITS(mark),
		.space = BITS(space),
		.lf = BITS(lf),
		.slow = ANY(slow),
	};
}

TARGET static inline struct slow_masks JOIN(classify_slow_, ISA)(const uint8_t *p)
{
	BOOLS backslash[PARTS], printable[PARTS], high[PARTS], blank[PARTS];

	UNROLL
	for (unsigned i = 0; i < PARTS; i++) {
		VECTOR v = LOAD(p + (size_t)i * WIDTH);

		backslash[i] = EQUAL(v, EACH('\\'));
		printable[i] = GREATER(v, EACH(0x1f));
		high[i] = GREATER(EACH(0), v);
		blank[i] = EITHER(EQUAL(v, EACH('\t')), EQUAL(v, EACH('\r')));
	}
	return (struct slow_masks){
		.backslash = BITS(backslash),
		.control = ~(BITS(printable) | BITS(high)),
		.high = BITS(high),
		.blank = BITS(blank),
	};
}

/*
 * Whether the block is UTF-8 (RFC 3629). Two bytes in a row are wrong if three tables agree on a
 * fault: by the first byte's high half, its low half, and the second's high half. A continuation
 * that is the third or fourth of its sequence is no fault. Three bytes before p are read.
 */
TARGET static inline bool JOIN(utf8_error_, ISA)(const uint8_t *p)
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

#undef PARTS
#undef JOIN
#undef JOIN2
#undef VECTOR
#undef WIDTH
#undef BOOLS
#undef LOAD
#undef TABLE
#undef SHUFFLE
#undef EACH
#undef AND
#undef OR
#undef HIGH_HALF
#undef SUBTRACT
#undef EQUAL
#undef GREATER
#undef EITHER
#undef BUT_NOT
#undef ANY
#undef BITS
#undef DIFFER
