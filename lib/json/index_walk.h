/*
 * index_walk: the body of stage one of the scanner. Floor 2. It is compiled once for each
 * instruction set by index.c, which defines WAY (the suffix), TARGET (the attributes) and
 * classify_WAY, classify_odd_WAY, prefix_xor_WAY, flatten_WAY and utf8_error_WAY.
 *
 * flatten writes the positions of a block's set bits and the octets there, and returns what is
 * behind the positions; what it writes too much, 64 at most, is overwritten.
 *
 * Most blocks are printable ASCII without a backslash. What only others need, which is the ends of
 * lines, escapes, control characters and UTF-8, is not looked at in them.
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

/* A block that has something odd, stands behind one whose end matters to it, or is the last. */
TARGET static __attribute__((noinline)) uint32_t *JOIN(odd_, WAY)(struct writer *w, struct state *s,
								  struct masks m, const uint8_t *p,
								  uint32_t base, uint32_t *at)
{
	struct odd odd = JOIN(classify_odd_, WAY)(p);
	uint64_t escaped = resolve_escapes(odd.backslash, &s->escape_carry);
	uint64_t inside, tokens, ends;
	uint8_t edge[EDGED];

	/* An escaped quote stays a mark: outside strings, where that matters, it is wrong. */
	m.mark = (m.mark & ~odd.control) | odd.blank;
	m.space |= odd.blank;
	m.quote &= ~escaped;
	inside = JOIN(prefix_xor_, WAY)(m.quote) ^ s->in_string;
	tokens = tokens_of(&m, inside, s->behind);
	if ((odd.high | s->high) != 0)
		w->suspect = JOIN(utf8_error_, WAY)(base > 0 ? p : with_edges(p, 0, 64, edge));
	w->line.suspect |= w->suspect;
	for (ends = odd.lf & w->lines; ends != 0; ends &= ends - 1) { /* a segment up to a LF */
		unsigned end = (unsigned)__builtin_ctzll(ends);
		uint64_t below = (1ULL << end) - 1, rest = ~below << 1;
		uint32_t from = base - w->line.pos;

		at = JOIN(flatten_, WAY)(w->ix, at, p, from, tokens & below);
		rare(w, from, &odd, escaped, inside & below);
		at = end_line(w, at, base + end, (inside >> end & 1) != 0);
		if ((inside >> end & 1) != 0) {
			inside ^= ~below; /* also the LF is outside now */
			tokens = tokens_of(&m, inside, s->behind);
		}
		tokens &= rest;
		odd.control &= rest;
		odd.backslash &= rest;
	}
	at = JOIN(flatten_, WAY)(w->ix, at, p, base - w->line.pos, tokens);
	rare(w, base - w->line.pos, &odd, escaped, inside);
	s->in_string = -(inside >> 63);
	s->behind = (m.mark | inside) >> 63;
	s->high = odd.high >> 61;
	w->suspect = false;
	return at;
}

TARGET static void JOIN(index_, WAY)(struct writer *w, const uint8_t *text, size_t len)
{
	struct state s = {.behind = 1};
	uint32_t *at = w->ix->at;
	uint8_t edge[EDGED];
	size_t base = 0;

	for (; len - base >= 64; base += 64) {
		const uint8_t *p = text + base;
		struct masks m = JOIN(classify_, WAY)(p);
		uint64_t inside;

		if (__builtin_expect(m.odd || (s.escape_carry | s.high) != 0, false)) {
			at = JOIN(odd_, WAY)(w, &s, m, p, (uint32_t)base, at);
			continue;
		}
		inside = JOIN(prefix_xor_, WAY)(m.quote) ^ s.in_string;
		at = JOIN(flatten_, WAY)(w->ix, at, p, (uint32_t)base - w->line.pos,
					 tokens_of(&m, inside, s.behind));
		s.in_string = -(inside >> 63);
		s.behind = (m.mark | inside) >> 63;
	}
	if (base < len) {
		const uint8_t *p = with_edges(text, base, len - base, edge);

		at = JOIN(odd_, WAY)(w, &s, JOIN(classify_, WAY)(p), p, (uint32_t)base, at);
	}
	w->line.suspect |= s.high != 0;
	if (w->lines == 0 || w->line.pos < len)
		end_line(w, at, (uint32_t)len, s.in_string != 0);
}

#undef JOIN
#undef JOIN2
