/*
 * shape_match: the inner loops of matching. Floor 2. They are compiled once for each instruction
 * set by shape.c, which defines ISA (the suffix), TARGET (the attributes), IS_MEMBER_ID
 * (ev_member_id_is), ORIGIN (what places count from), ORIGIN_AT and PLACE_MEMBER (place_member).
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

/* Makes the first bytes of all numbers 0, and what is behind the last token. Returns a hash. */
TARGET static uint64_t JOIN(normalize_, ISA)(uint8_t *normalized, const uint8_t *bytes, uint32_t n)
{
	static const bytes_part counts = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
					  11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
					  22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
	words_part sum = {n, n, n, n};

	for (uint32_t i = 0; i < n; i += PART) {
		bytes_part v;

		memcpy(&v, bytes + i, sizeof v);
		v &= ~(bytes_part)((v == '-') | ((bytes_part)(v - '0') < 10));
		if (n - i < PART)
			v &= (bytes_part)(counts < (uint8_t)(n - i));
		memcpy(normalized + i, &v, sizeof v);
		sum = (sum << 5 | sum >> 59) ^ (words_part)v;
	}
	return mix(mix(sum[0], sum[1]), mix(sum[2], sum[3]));
}

/* Whether the names are the shape's. All nodes get their positions, counted from pos. */
TARGET static bool JOIN(members_match_, ISA)(const struct ev_shape *shape,
					     const struct ev_member_id *member_ids,
					     const char *text, uint32_t pos, const uint32_t *at)
{
	const ORIGIN origin = ORIGIN_AT(pos);
	const struct ev_shape_member *m = shape->members, *m_end = m + shape->n_members;
	const struct ev_shape_value *v = shape->values, *v_end = v + shape->n_values;
	const struct ev_shape_container *c = shape->containers, *c_end = c + shape->n_containers;
	struct ev_node *const nodes = shape->nodes;

	for (; m < m_end; m++) {
		const uint32_t *name = BYTES_BEHIND(at, m->token);

		if (!IS_MEMBER_ID(BYTES_BEHIND(member_ids, m->member_id), text + name[0]))
			return false;
		PLACE_MEMBER(BYTES_BEHIND(nodes, m->node), name, m->string, &origin);
	}
	for (; v < v_end; v++)
		place(&nodes[v->place >> 1], at + v->token, v->place & 1, pos);
	for (; c < c_end; c++)
		nodes[c->node].end = at[c->close] + 1 - pos;
	return true;
}

#undef JOIN
#undef JOIN2
#undef ISA
#undef TARGET
#undef IS_MEMBER_ID
#undef ORIGIN
#undef ORIGIN_AT
#undef PLACE_MEMBER
