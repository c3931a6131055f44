/*
 * walk: the second stage of the scanner, from token to token through the grammar. Floor 2. It is
 * compiled once for each instruction set by scan.c, which defines ISA (the suffix), TARGET (the
 * attributes) and IS_MEMBER_ID (ev_member_id_is).
 */

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

/*
 * `at` steps through the tokens; behind the last stands the end of the text. Members and elements
 * have code of their own, because their branches are predicted better apart.
 *
 * A member id that was seen behind the node of the object at hand is that of an equal name in it.
 */
TARGET static const struct ev_doc *JOIN(walk_, ISA)(struct ev_scan *s, const uint32_t *at,
						    const uint8_t *byte, struct walk *w)
{
	const char *const p = w->p;
	struct ev_member_id *const member_ids = s->member_ids->all,
				   *member_id = &member_ids[EV_ROOT];
	struct ev_node *node = s->nodes, *container;
	struct level *level = s->levels;
	uint64_t n = (uint64_t)s->document << 32; /* and the number of the node */
	uint64_t string;			  /* 1 if the value at hand is one */
	uint32_t *cached;			  /* the predicted member id of the name at hand */

	level->object = false;
	if (byte[0] == '{' || byte[0] == '[')
		goto open;

/*
 * Scans a value and goes to `behind`; a container's member id is `inner`. Strings and short numbers
 * share the fast path, since a branch between them would be mispredicted: EV_STRING is one more
 * than EV_NUMBER, and no escape is in a number.
 */
#define VALUE(behind, inner)                                                               \
	do {                                                                               \
		n++;                                                                       \
		string = byte[0] == '"';                                                   \
		if (w->next_escape >= at[1] &&                                             \
		    (string | ev_is_short_number(p + at[0], (uint32_t)(at[1] - at[0])))) { \
			put_node(node++, extent(at) + (string << 32),                      \
				 (uint32_t)n | (WORD_OF(EV_NUMBER) + (string << 32)));     \
			at += 1 + string, byte += 1 + string;                              \
			goto behind;                                                       \
		}                                                                          \
		if (byte[0] == '{' || byte[0] == '[') {                                    \
			member_id = (inner);                                               \
			n--;                                                               \
			goto open;                                                         \
		}                                                                          \
		if (!other_value(w, at, node++, (uint32_t)n))                              \
			return NULL;                                                       \
		at += 1 + string, byte += 1 + string;                                      \
		goto behind;                                                               \
	} while (0)

element:
	VALUE(behind_element, &member_ids[ev_member_ids_element(s->member_ids, level->home)]);
behind_element:
	if (level == s->levels) {
		if (at[0] < w->len)
			return flawed(w, EV_FLAW_SYNTAX, at[0],
				      "the text goes on behind its value");
		s->doc.nodes = s->nodes;
		s->doc.n = (uint32_t)n;
		s->doc.shape = EV_NO_SHAPE;
		s->doc.where = NULL;
		s->doc.seen = (uint64_t)s->document << 32;
		member_ids[EV_NO_MEMBER_ID].seen = 0;
		return &s->doc;
	}
	level->count++;
	if (byte[0] == ',') {
		at++, byte++;
		goto element;
	}
	if (byte[0] != ']')
		return not_closed(w, at[0], "',' or ']' is missing behind an element");
	goto close;

member:
	if (byte[0] != '"')
		return flawed(w, EV_FLAW_SYNTAX, at[0],
			      "a member's name in double quotes is missing here");
	cached = ev_member_ids_cached(s->member_ids, level->home, p + at[0] + 1, at[1] - at[0] - 1);
	member_id = &member_ids[*cached];
	if (member_id->parent == level->home && IS_MEMBER_ID(member_id, p + at[0])) {
		put_node(node++, string_extent(at), member_id->number | WORD_OF(EV_STRING));
	} else {
		member_id = other_name(s, w, at, level->home, node++);
		if (member_id == NULL)
			return NULL;
		*cached = (uint32_t)(member_id - member_ids);
		level->without_member_id |= member_id == member_ids;
	}
	if (member_id->seen > level->begin && member_id != member_ids)
		note_duplicate(s, at[0]);
	member_id->seen = ++n;
	at += 3, byte += 3;
	VALUE(behind_member, member_id);
behind_member:
	level->count++;
	if (byte[0] == ',') {
		at++, byte++;
		goto member;
	}
	if (byte[0] != '}')
		return not_closed(w, at[0], "',' or '}' is missing behind a member");

close:
	container = &s->nodes[(uint32_t)level->begin];
	put_node(container, container->pos | (at[0] + 1ULL) << 32,
		 (uint32_t)n | (uint64_t)level->count << 36 |
			 WORD_OF(level->object ? EV_OBJECT : EV_ARRAY));
	at++, byte++;
	if (level->without_member_id)
		note_duplicate(s, equal_names(s, p, (uint32_t)level->begin));
	level--;
	if (level->object)
		goto behind_member;
	goto behind_element;

open:
	if (level - s->levels == EV_MAX_DEPTH)
		return flawed(w, EV_FLAW_DEPTH, at[0], "nested deeper than 512");
	level++;
	*level = (struct level){n, (uint32_t)(member_id - member_ids), 0, byte[0] == '{', false};
	(node++)->pos = at[0];
	n++;
	at++, byte++;
	if (byte[0] == (level->object ? '}' : ']'))
		goto close;
	if (level->object)
		goto member;
	goto element;
#undef VALUE
}

#undef JOIN
#undef JOIN2
#undef ISA
#undef TARGET
#undef IS_MEMBER_ID
