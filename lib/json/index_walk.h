/*
 * index_walk: the body of stage one of the scanner. Floor 2. It is compiled once for each
 * instruction set by index.c, which defines WAY (the suffix), TARGET (the attributes), LOWEST_BIT
 * (of anything, also of 0) or flatten_WAY itself, and classify_WAY and prefix_xor_WAY.
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

#ifdef LOWEST_BIT
/*
 * Writes the positions of the set bits, eight at a time: what is written too much is overwritten.
 */
TARGET static inline uint32_t *JOIN(flatten_, WAY)(uint32_t *out, uint32_t base, uint64_t bits)
{
	uint32_t *end = out + __builtin_popcountll(bits);

#define TAKE(k) (out[k] = base + LOWEST_BIT(bits), bits &= bits - 1)
	for (; out < end; out += 8) {
		TAKE(0), TAKE(1), TAKE(2), TAKE(3);
		TAKE(4), TAKE(5), TAKE(6), TAKE(7);
	}
#undef TAKE
	return end;
}
#endif

TARGET static void JOIN(index_, WAY)(struct ev_index *ix, const uint8_t *p, size_t len)
{
	uint64_t in_string = 0;	   /* all ones if the block begins inside a string */
	uint64_t escape_carry = 0; /* 1 if the block's first octet is escaped */
	uint64_t scalar_carry = 0; /* 1 if the octet before the block belongs to a scalar */
	uint64_t high = 0;
	uint32_t *at = ix->at;
	uint32_t *escapes = ix->escapes;

	for (size_t base = 0; base < len; base += 64) {
		struct masks m = JOIN(classify_, WAY)(p + base);
		uint64_t live = len - base >= 64 ? ~0ULL : (1ULL << (len - base)) - 1;
		uint64_t escaped = 0, quotes, inside, scalar, starts;

		m.backslash &= live;
		if ((m.backslash | escape_carry) != 0) {
			/*
			 * An escape begins at every other backslash of a run (simdjson,
			 * find_escaped).
			 */
			const uint64_t even = 0x5555555555555555ULL;
			uint64_t runs = m.backslash & ~escape_carry;
			uint64_t follows = runs << 1 | escape_carry;
			uint64_t odd_starts = runs & ~even & ~follows;
			uint64_t even_runs;

			escape_carry = __builtin_add_overflow(odd_starts, runs, &even_runs);
			escaped = (even ^ even_runs << 1) & follows;
		}
		quotes = m.quote & ~escaped & live;
		inside = JOIN(prefix_xor_, WAY)(quotes) ^ in_string;
		in_string = -(inside >> 63);

		if ((m.control & inside & live) != 0 && ix->control == UINT32_MAX)
			ix->control = (uint32_t)base +
				      (uint32_t)__builtin_ctzll(m.control & inside & live);
		if ((m.backslash & inside) != 0)
			escapes = JOIN(flatten_, WAY)(escapes, (uint32_t)base,
						      m.backslash & ~escaped & inside);

		scalar = ~(m.op | m.space | quotes | inside) & live;
		starts = scalar & ~(scalar << 1 | scalar_carry);
		scalar_carry = scalar >> 63;
		at = JOIN(flatten_, WAY)(at, (uint32_t)base,
					 (m.op & ~inside & live) | quotes | starts);
		high |= m.high & live;
	}
	ix->n = (size_t)(at - ix->at);
	ix->n_escapes = (size_t)(escapes - ix->escapes);
	ix->high = high != 0;
	ix->unclosed = in_string != 0;
}

#undef JOIN
#undef JOIN2
