#include "schema/fast.h"

/* Layouts */

/* A set of ASCII characters, by code. */
struct set {
	bool has[128];
};

struct reading {
	const char *p, *end;
	struct ev_schema_layout layout;
	uint32_t n;	/* positions */
	uint32_t least; /* the shortest text; it may end before the last position */
	bool more;	/* the last position may repeat; such texts are left to the slow path */
};

/* Reads an escape that stands for one character, or \d. False for any other letter or digit. */
static bool read_escape(struct reading *r, struct set *set)
{
	unsigned char c;

	if (++r->p == r->end)
		return false;
	c = (unsigned char)*r->p++;
	if (c == 'd') {
		memset(set->has + '0', true, 10);
		return true;
	}
	if (c <= ' ' || c >= 0x7f || (c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
		return false;
	set->has[c] = true;
	return true;
}

static bool read_class(struct reading *r, struct set *set)
{
	r->p++;
	if (r->p < r->end && (*r->p == '^' || *r->p == ']'))
		return false;
	while (r->p < r->end && *r->p != ']') {
		unsigned char lo = (unsigned char)*r->p, hi = lo;

		if (lo == '\\') {
			if (!read_escape(r, set) || (r->p < r->end && *r->p == '-'))
				return false;
			continue;
		}
		r->p++;
		if (r->end - r->p >= 2 && r->p[0] == '-' && r->p[1] != ']') {
			hi = (unsigned char)r->p[1];
			r->p += 2;
		}
		if (lo < ' ' || hi >= 0x7f || hi < lo || lo == '[' || hi == '[' || hi == '\\')
			return false;
		memset(set->has + lo, true, hi - lo + 1U);
	}
	return r->p < r->end && *r->p++ == ']';
}

static bool read_count(struct reading *r, uint32_t *n)
{
	const char *first = r->p;

	for (*n = 0; r->p < r->end && *r->p >= '0' && *r->p <= '9' && *n <= SCHEMA_LAYOUT_WIDTH;
	     r->p++)
		*n = *n * 10 + (uint32_t)(*r->p - '0');
	return r->p > first;
}

/* Reads a quantifier; *most is UINT32_MAX where it is open. */
static bool read_quantifier(struct reading *r, uint32_t *least, uint32_t *most)
{
	*least = *most = 1;
	if (r->p == r->end)
		return true;
	switch (*r->p) {
	case '*':
	case '+':
	case '?':
		*least = *r->p == '+';
		*most = *r->p == '?' ? 1 : UINT32_MAX;
		r->p++;
		break;
	case '{':
		r->p++;
		if (!read_count(r, least))
			return false;
		*most = *least;
		if (r->p < r->end && *r->p == ',') {
			r->p++;
			if (!read_count(r, most))
				*most = UINT32_MAX;
		}
		if (r->p == r->end || *r->p++ != '}' || *most < *least)
			return false;
		break;
	default: return true;
	}
	/* a lazy quantifier would match the same texts; it is refused to keep this simple */
	return r->p == r->end || *r->p != '?';
}

/* One character or class with its quantifier. */
static bool read_item(struct reading *r)
{
	const uint32_t room = r->n < SCHEMA_LAYOUT_WIDTH ? SCHEMA_LAYOUT_WIDTH - r->n : 0;
	struct set set = {{false}};
	uint32_t least, most;

	if (*r->p == '[') {
		if (!read_class(r, &set))
			return false;
	} else if (*r->p == '\\') {
		if (!read_escape(r, &set))
			return false;
	} else {
		unsigned char c = (unsigned char)*r->p++;

		if (c < ' ' || c >= 0x7f || strchr("^$.*+?()[]{}|", c) != NULL)
			return false;
		set.has[c] = true;
	}
	if (!read_quantifier(r, &least, &most) || r->n != r->least || r->more || least > room)
		return false;
	r->least += least;
	r->more = most > room;
	most = r->more ? room : most;
	for (int c = 0; c < 128 && most > 0; c++)
		if (set.has[c])
			r->layout.allowed[c] |= (((uint64_t)1 << most) - 1) << r->n;
	r->n += most;
	return true;
}

const struct ev_schema_layout *ev_schema_layout_read(struct ev_arena *arena, const char *pattern,
						     size_t len)
{
	struct reading r = {.p = pattern, .end = pattern + len};
	bool open;

	if (len == 0 || *r.p++ != '^')
		return NULL;
	while (r.p < r.end && !(*r.p == '$' && r.p + 1 == r.end))
		if (!read_item(&r))
			return NULL;
	open = r.p == r.end; /* then what may come again may as well be what follows */
	r.layout.least = r.least;
	r.layout.width = open ? r.least : r.n;
	r.layout.most = open ? UINT32_MAX : r.n;
	return memcpy(ev_arena_alloc(arena, sizeof r.layout), &r.layout, sizeof r.layout);
}

/* Words */

static struct ev_schema_word word_of(const char *p, size_t len)
{
	struct ev_schema_word word = {.len = len, .text = p};
	size_t in_word = len < 8 ? len : 8;
	char first[8] = {0}, last[8] = {0};

	memcpy(first, p, in_word);
	memcpy(last, p + len - in_word, in_word);
	memcpy(&word.head, first, 8);
	memcpy(&word.tail, last, 8);
	word.head = le64toh(word.head);
	word.tail = le64toh(word.tail);
	return word;
}

/* Fills the table; returns how many words are left to the slow path: another has their slot. */
static uint32_t fill_words(struct ev_schema_words *w, unsigned bits,
			   const struct ev_schema_names *names)
{
	uint32_t left_out = 0;

	for (size_t i = 0; i < (size_t)1 << bits; i++)
		w->slots[i].len = SIZE_MAX;
	for (uint32_t i = 0; i < names->n; i++) {
		struct ev_schema_word word = word_of(names->list[i].p, names->list[i].len);
		struct ev_schema_word *to = &w->slots[ev_schema_word_slot(w, word.head, word.tail)];

		if (to->len == SIZE_MAX)
			*to = word;
		else
			left_out++;
	}
	return left_out;
}

const struct ev_schema_words *ev_schema_words_make(struct ev_arena *arena,
						   const struct ev_schema_names *names)
{
	enum { FACTORS = 16 };
	uint64_t best = 0, factor = 0x9e3779b97f4a7c15;
	uint32_t least = UINT32_MAX;
	struct ev_schema_words *w;
	unsigned bits = 2;

	while (1ULL << bits < 4ULL * names->n)
		bits++;
	w = ev_arena_alloc(arena, sizeof *w + (sizeof(struct ev_schema_word) << bits));
	w->shift = 64 - bits;
	for (int i = 0; i < FACTORS && least > 0; i++, factor *= 0xbf58476d1ce4e5b9) {
		uint32_t left_out;

		w->factor = factor;
		left_out = fill_words(w, bits, names);
		if (left_out < least) {
			least = left_out;
			best = factor;
		}
	}
	w->factor = best;
	fill_words(w, bits, names);
	return w;
}
