/*
 * index_walk: the body of stage one of the scanner. Floor 2. It is compiled once for each
 * instruction set by index.c, which defines WAY (the suffix), TARGET (the attributes) and
 * classify_WAY, prefix_xor_WAY, flatten_WAY and utf8_error_WAY.
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

/* The tokens' bits: what stands outside strings, and the quotes. */
TARGET static inline uint64_t JOIN(tokens_, WAY)(const struct masks *m, uint64_t quotes,
						 uint64_t inside, uint64_t scalar_carry)
{
	uint64_t scalar = ~(m->op | m->space | quotes | inside);

	return (m->op & ~inside) | quotes | (scalar & ~(scalar << 1 | scalar_carry));
}

TARGET static void JOIN(index_, WAY)(struct writer *w, const uint8_t *text, size_t len,
				     uint64_t lines)
{
	uint64_t in_string = 0;	   /* all ones if the block begins inside a string */
	uint64_t escape_carry = 0; /* 1 if the block's first octet is escaped */
	uint64_t scalar_carry = 0; /* 1 if the octet before the block belongs to a scalar */
	uint64_t high = 0;	   /* of the block before */
	uint8_t edge[EDGE_BEFORE + 128];

	for (size_t base = 0; base < len; base += 64) {
		const uint8_t *p = text + base;
		uint64_t escaped = 0, quotes, inside, tokens, ends;
		uint32_t from = (uint32_t)base - w->line.pos;
		struct masks m;

		if (base == 0 || len - base < 64)
			p = edge_block(text, base, len, edge);
		m = JOIN(classify_, WAY)(p);
		m.op &= ~m.control; /* a form feed and a SUB look like "," and ":" to some */
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
		quotes = m.quote & ~escaped;
		inside = JOIN(prefix_xor_, WAY)(quotes) ^ in_string;
		tokens = JOIN(tokens_, WAY)(&m, quotes, inside, scalar_carry);
		if ((m.high | high >> 61) != 0)
			w->suspect = JOIN(utf8_error_, WAY)(p);
		w->line.suspect |= w->suspect;
		high = m.high;
		ends = m.lf & lines;
		while (ends != 0) { /* a segment of the block up to a LF */
			unsigned end = (unsigned)__builtin_ctzll(ends);
			uint64_t below = (1ULL << end) - 1, rest = ~below << 1;

			JOIN(flatten_, WAY)(w, from, tokens & below);
			if (((m.control | m.backslash) & inside & below) != 0)
				rare(w, from, &m, escaped, inside & below);
			end_line(w, (uint32_t)base + end, (inside >> end & 1) != 0);
			if ((inside >> end & 1) != 0) {
				inside ^= ~below; /* also the LF is outside now */
				tokens = JOIN(tokens_, WAY)(&m, quotes, inside, scalar_carry);
			}
			tokens &= rest;
			m.control &= rest;
			m.backslash &= rest;
			from = (uint32_t)base - w->line.pos;
			ends &= ends - 1;
		}
		JOIN(flatten_, WAY)(w, from, tokens);
		if (((m.control | m.backslash) & inside) != 0)
			rare(w, from, &m, escaped, inside);
		in_string = -(inside >> 63);
		scalar_carry = ~(m.op | m.space | quotes | inside) >> 63;
		w->suspect = false;
	}
	w->line.suspect |= high >> 61 != 0;
	end_text(w, (uint32_t)len, in_string != 0, lines != 0);
}

#undef JOIN
#undef JOIN2
