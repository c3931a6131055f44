/*
 * index_walk: the body of stage one of the scanner. Floor 2. It is compiled once for each
 * instruction set by index.c, which defines ISA (the suffix), TARGET (the attributes) and
 * classify_ISA, classify_slow_ISA, prefix_xor_ISA, flatten_ISA and utf8_error_ISA.
 *
 * flatten writes the positions of a block's set bits and the bytes there, and returns what is
 * behind the positions; what it writes too much, 64 at most, is overwritten.
 *
 * The fast path takes blocks of printable ASCII without a backslash and with at most one LF, which
 * most are. Escapes, control characters, UTF-8 and lines that end in a string are the slow path's.
 * A LF is found without a branch, because it cannot be predicted.
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

/* The slow path, also of a block behind one whose end matters to it, and of the last. */
TARGET static EV_NOINLINE uint32_t *JOIN(slow_block_, ISA)(struct writer *w, struct state *s,
							   struct masks m, const uint8_t *p,
							   uint32_t base, size_t left, uint32_t *at)
{
	struct slow_masks slow = JOIN(classify_slow_, ISA)(p);
	uint64_t escaped = resolve_escapes(slow.backslash, &s->escape_carry);
	uint64_t lf = m.lf & w->lines, inside, tokens, escapes, rest;
	uint8_t edge[EDGED];

	slow.blank |= m.lf & ~lf;
	/* An escaped quote stays a mark: outside strings, where that matters, it is wrong. */
	m.mark = (m.mark & ~slow.control) | slow.blank | lf;
	m.space |= slow.blank;
	m.quote &= ~escaped;
	inside = JOIN(prefix_xor_, ISA)(m.quote) ^ s->in_string;
	while ((rest = lf & inside) != 0) { /* what is behind the LF is outside, and it, too */
		note(&w->ix->unclosed, base + (size_t)__builtin_ctzll(rest));
		inside ^= -(rest & -rest);
	}
	tokens = tokens_of(&m, inside, s->behind);
	escapes = slow.backslash & ~escaped & inside;
	if ((slow.high | s->high) != 0 &&
	    JOIN(utf8_error_, ISA)(base > 0 ? p : with_edges(p, 0, 64, edge)))
		note(&w->ix->suspects, base);
	for (rest = slow.control & inside; rest != 0; rest &= rest - 1)
		note(&w->ix->controls, base + (size_t)__builtin_ctzll(rest));
	if (lf != 0)
		grow_lines(w->ix, 64, left);
	for (rest = lf; rest != 0; rest &= rest - 1) {
		uint64_t below = (rest & -rest) - 1;

		end_line(&w->ix->lines[w->ix->n_lines++], base + (size_t)__builtin_ctzll(rest),
			 (size_t)(at - w->ix->at) + (size_t)__builtin_popcountll(tokens & below),
			 w->n_escapes + (size_t)__builtin_popcountll(escapes & below));
	}
	for (; escapes != 0; escapes &= escapes - 1)
		w->ix->escapes[w->n_escapes++] = base + (uint32_t)__builtin_ctzll(escapes);
	at = JOIN(flatten_, ISA)(w->ix, at, p, base, tokens);
	s->in_string = -(inside >> 63);
	s->behind = (m.mark | inside) >> 63;
	s->high = slow.high >> 61;
	return at;
}

TARGET static void JOIN(index_, ISA)(struct writer *w, const uint8_t *text, size_t len)
{
	struct ev_index *ix = w->ix;
	struct state s = {.behind = 1};
	const uint64_t no_lines = ~w->lines;
	uint32_t *at = ix->at;
	uint8_t edge[EDGED];
	size_t base = 0;

	for (; len - base >= 64; base += 64) {
		const uint8_t *p = text + base;
		struct masks m = JOIN(classify_, ISA)(p);
		uint64_t inside = JOIN(prefix_xor_, ISA)(m.quote) ^ s.in_string, tokens;

		if (__builtin_expect(m.slow || (s.escape_carry | s.high |
						(m.lf & (inside | no_lines | (m.lf - 1)))) != 0,
				     false)) {
			at = JOIN(slow_block_, ISA)(w, &s, m, p, (uint32_t)base, len - base, at);
			continue;
		}
		m.mark |= m.lf;
		tokens = tokens_of(&m, inside, s.behind);
		end_line(&ix->lines[ix->n_lines], base + (size_t)__builtin_ctzll(m.lf | 1ULL << 63),
			 (size_t)(at - ix->at) + (size_t)__builtin_popcountll(tokens & (m.lf - 1)),
			 w->n_escapes);
		ix->n_lines += m.lf != 0;
		at = JOIN(flatten_, ISA)(ix, at, p, (uint32_t)base, tokens);
		s.in_string = -(inside >> 63);
		s.behind = (m.mark | inside) >> 63;
	}
	if (base < len) {
		const uint8_t *p = with_edges(text, base, len - base, edge);

		at = JOIN(slow_block_, ISA)(w, &s, JOIN(classify_, ISA)(p), p, (uint32_t)base,
					    len - base, at);
	}
	if (s.high != 0)
		note(&ix->suspects, len);
	if (no_lines != 0 || (len > 0 && text[len - 1] != '\n')) {
		if (s.in_string != 0)
			note(&ix->unclosed, len);
		*at = (uint32_t)len;
		end_line(&ix->lines[ix->n_lines++], len, (size_t)(at - ix->at), w->n_escapes);
	}
}

#undef JOIN
#undef JOIN2
#undef ISA
#undef TARGET
