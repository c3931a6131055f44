#include "scan/scan.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "scan/form.h"
#include "scan/member_id_avx2.h"
#include "scan/scalar.h"
#include "scan/shape.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* A container that is open. The first stands for what is around the value. */
struct level {
	uint64_t begin; /* number of the document << 32 | its node */
	uint32_t home;	/* its member id */
	uint32_t count; /* of its members or elements */
	bool object;
	bool without_member_id; /* some name has no member id: equal ones are not noticed at once */
};

struct ev_scan {
	struct ev_index ix; /* of a text alone */
	struct ev_symbols *symbols;
	struct ev_member_ids *member_ids;
	struct ev_arena plans;
	struct ev_shapes *shapes; /* from the second text on: many scanners read one alone */
	uint32_t document;	  /* the number of the text at hand */
	struct ev_node *nodes;
	uint32_t *at; /* tokens of the text that is walked, from its first byte */
	uint8_t *bytes;
	size_t cap; /* of these three */
	struct ev_doc doc;
	struct level levels[EV_MAX_DEPTH + 1];
	uint32_t *seen; /* by symbol: the last object that was found to have it */
	size_t cap_seen;
	uint32_t object;	      /* the number of the last object whose names were compared */
	struct ev_buf name_a, name_b; /* decoded names */
	struct ev_buf copy;	      /* of a text that runs on into other bytes */
	struct ev_lookup names;	      /* of name nodes */
	uint64_t seed;
};

struct ev_scan *ev_scan_new(void)
{
	struct ev_scan *s = ev_calloc(1, sizeof *s);

	s->symbols = ev_symbols_new(EV_LEARN);
	s->member_ids = ev_member_ids_new(EV_LEARN);
	s->doc.symbols = s->symbols;
	s->doc.member_ids = s->member_ids;
	s->doc.plans = &s->plans;
	s->seed = ev_hash_seed();
	return s;
}

struct ev_symbols *ev_scan_symbols(struct ev_scan *s)
{
	return s->symbols;
}

struct ev_member_ids *ev_scan_member_ids(struct ev_scan *s)
{
	return s->member_ids;
}

uint32_t ev_scan_add_shape(struct ev_scan *s)
{
	return ev_shapes_add(s->shapes);
}

void ev_scan_free(struct ev_scan **s)
{
	if (*s == NULL)
		return;
	ev_index_free(&(*s)->ix);
	ev_symbols_free(&(*s)->symbols);
	ev_member_ids_free(&(*s)->member_ids);
	ev_shapes_free(&(*s)->shapes);
	ev_arena_free(&(*s)->plans);
	ev_buf_free(&(*s)->name_a);
	ev_buf_free(&(*s)->name_b);
	ev_buf_free(&(*s)->copy);
	free((*s)->nodes);
	free((*s)->at);
	free((*s)->bytes);
	free((*s)->seen);
	ev_lookup_free(&(*s)->names);
	free(*s);
	*s = NULL;
}

/* The line that is scanned. */
struct walk {
	const char *p;
	size_t len;
	uint32_t base;			      /* where it stands in what was indexed */
	const uint32_t *escape, *escapes_end; /* those not checked yet, from there */
	uint32_t next_escape;		      /* the first of them, or UINT32_MAX */
	struct ev_flaw *flaw;
	bool *nul; /* of the document */
};

static void next_escape(struct walk *w)
{
	w->next_escape = w->escape < w->escapes_end ? *w->escape - w->base : UINT32_MAX;
}

static const struct ev_doc *flawed(const struct walk *w, enum ev_flaw_code code, size_t at,
				   const char *what)
{
	*w->flaw = (struct ev_flaw){code, (uint32_t)(at < w->len ? at : w->len), what};
	return NULL;
}

/* Names */

static void name_of(const char *text, const struct ev_node *n, struct ev_buf *buf, const char **p,
		    size_t *len)
{
	if (!n->escaped) {
		*p = text + n->pos + 1;
		*len = n->end - n->pos - 2;
		return;
	}
	ev_buf_reset(buf);
	ev_json_unescape(text + n->pos + 1, n->end - n->pos - 2, buf);
	*p = buf->p;
	*len = buf->len;
}

static bool same_name(struct ev_scan *s, const char *text, const struct ev_node *a,
		      const struct ev_node *b)
{
	const char *p, *q;
	size_t p_len, q_len;

	if (!a->escaped && !b->escaped && a->end - a->pos != b->end - b->pos)
		return false;
	name_of(text, a, &s->name_a, &p, &p_len);
	name_of(text, b, &s->name_b, &q, &q_len);
	return p_len == q_len && (p_len == 0 || memcmp(p, q, p_len) == 0);
}

/* The same where names have no symbol. */
static uint32_t equal_names_by_text(struct ev_scan *s, const char *text, uint32_t object)
{
	ev_lookup_reset(&s->names, s->nodes[object].count);
	for (uint32_t i = object + 1; i < s->nodes[object].next; i = s->nodes[i + 1].next) {
		const char *p;
		size_t len, step = 0;
		uint64_t hash;
		uint32_t other;

		name_of(text, &s->nodes[i], &s->name_a, &p, &len);
		hash = ev_hash64(p, len, s->seed);
		while ((other = ev_lookup_next(&s->names, hash, &step)) != EV_LOOKUP_NONE)
			if (same_name(s, text, &s->nodes[other], &s->nodes[i]))
				return s->nodes[i].pos;
		ev_lookup_add(&s->names, hash, i);
	}
	return EV_NOWHERE;
}

/* Where the second of two equal names of an object stands, or EV_NOWHERE. */
static uint32_t equal_names(struct ev_scan *s, const char *text, uint32_t object)
{
	size_t cap = s->cap_seen;

	ev_grow(&s->seen, &s->cap_seen, (size_t)s->symbols->n + 1, sizeof *s->seen);
	if (cap != s->cap_seen || ++s->object == 0) {
		memset(s->seen, 0, s->cap_seen * sizeof *s->seen);
		s->object = 1;
	}
	for (uint32_t i = object + 1; i < s->nodes[object].next; i = s->nodes[i + 1].next) {
		uint32_t symbol = s->nodes[i].count;

		if (symbol == EV_NO_SYMBOL)
			return equal_names_by_text(s, text, object);
		if (s->seen[symbol] == s->object)
			return s->nodes[i].pos;
		s->seen[symbol] = s->object;
	}
	return EV_NOWHERE;
}

/* The first in the text counts. */
static void note_duplicate(struct ev_scan *s, uint32_t at)
{
	if (at < s->doc.duplicate)
		s->doc.duplicate = at;
}

/* Escapes */

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (ev_digit(c))
			v = v << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/*
 * Checks the escapes that stand before end. A surrogate is right as a pair of neighbours, high
 * before low (RFC 8259, section 7).
 */
static EV_NOINLINE bool escapes_right(struct walk *w, size_t end)
{
	const char *p = w->p;

	for (; w->next_escape < end; next_escape(w)) {
		size_t at = *w->escape++ - w->base;
		int v;

		switch (p[at + 1]) {
		case '"':
		case '\\':
		case '/':
		case 'b':
		case 'f':
		case 'n':
		case 'r':
		case 't': continue;
		case 'u': break;
		default: flawed(w, EV_FLAW_SYNTAX, at, "no such escape in a string"); return false;
		}
		if (end - at < 7 || (v = hex4(p + at + 2)) < 0) {
			flawed(w, EV_FLAW_SYNTAX, at, "\\u needs four hex digits");
			return false;
		}
		if (v < 0xd800 || v > 0xdfff) {
			*w->nul |= v == 0;
			continue;
		}
		if (v < 0xdc00 && end - at >= 13 && p[at + 6] == '\\' && p[at + 7] == 'u') {
			int low = hex4(p + at + 8);

			if (low >= 0xdc00 && low <= 0xdfff) {
				w->escape++;
				continue;
			}
		}
		flawed(w, EV_FLAW_SURROGATE, at, "half of a surrogate pair stands alone");
		return false;
	}
	return true;
}

/* The walk */

/* Reports a token that begins no value. */
static const struct ev_doc *no_value(const struct walk *w, size_t at)
{
	char token = w->p[at];

	if (at >= w->len)
		return flawed(w, EV_FLAW_SYNTAX, at, "a value is missing at the end");
	if (token == '}' || token == ']' || token == ',' || token == ':')
		return flawed(w, EV_FLAW_SYNTAX, at, "a value is missing here");
	if (token == '-' || ev_digit(token))
		return flawed(w, EV_FLAW_SYNTAX, at, "a number is not as JSON writes it");
	if (w->len - at >= 3 && memcmp(w->p + at, "\xef\xbb\xbf", 3) == 0)
		return flawed(w, EV_FLAW_SYNTAX, at,
			      "a byte order mark (U+FEFF) stands here, and may head a file alone");
	return flawed(w, EV_FLAW_SYNTAX, at, "not a JSON value");
}

static const struct ev_doc *not_closed(const struct walk *w, size_t at, const char *what)
{
	return flawed(w, EV_FLAW_SYNTAX, at,
		      at >= w->len ? "an object or array is not closed" : what);
}

/*
 * Writes a node as two words: smaller writes would stall the reads of whole words that follow.
 * extent: pos | end << 32; rest: next | word << 32.
 */
static inline void put_node(struct ev_node *node, uint64_t extent, uint64_t rest)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	extent = extent << 32 | extent >> 32;
	rest = rest << 32 | rest >> 32;
#endif
	memcpy(&node->pos, &extent, sizeof extent);
	memcpy(&node->next, &rest, sizeof rest);
}

/* From a token to the next: pos | end << 32. */
static inline uint64_t extent(const uint32_t *at)
{
	return at[0] | (uint64_t)at[1] << 32;
}

/* The same of a string, whose end is behind the next token, which is its quote. */
static inline uint64_t string_extent(const uint32_t *at)
{
	return extent(at) + (1ULL << 32);
}

#define ESCAPED	       (1ULL << 35)
#define WORD_OF(kind_) ((uint64_t)(kind_) << 32)

/*
 * The slow paths are kept out of the walk, so that what the walk needs stays in registers.
 */

/* A string with escapes, or a scalar that is no short number. False, with the flaw, if none. */
static EV_NOINLINE bool other_value(struct walk *w, const uint32_t *at, struct ev_node *node,
				    uint32_t next)
{
	enum ev_kind kind;
	uint64_t end;

	if (w->p[at[0]] == '"') {
		put_node(node, string_extent(at), next | ESCAPED | WORD_OF(EV_STRING));
		return escapes_right(w, at[1] + 1UL);
	}
	end = ev_scalar_end(w->p, at[0], at[1], &kind);
	if (end == 0) {
		no_value(w, at[0]);
		return false;
	}
	put_node(node, at[0] | end << 32, next | WORD_OF(kind));
	return true;
}

/*
 * A name that was not in the cache, in an object at `home`: its node, and its member id. NULL, with
 * the flaw, if it is none.
 */
static EV_NOINLINE struct ev_member_id *other_name(struct ev_scan *s, struct walk *w,
						   const uint32_t *at, uint32_t home,
						   struct ev_node *node)
{
	const char *p = w->p + at[0] + 1;
	size_t len = at[1] - at[0] - 1;
	uint64_t escaped = 0;
	uint32_t symbol, member_id;

	if (w->next_escape < at[1]) {
		if (!escapes_right(w, at[1] + 1UL))
			return NULL;
		escaped = ESCAPED;
		ev_buf_reset(&s->name_a);
		ev_json_unescape(p, len, &s->name_a);
		p = s->name_a.p;
		len = s->name_a.len;
	}
	if (w->p[at[2]] != ':') {
		flawed(w, EV_FLAW_SYNTAX, at[2], "':' is missing behind a member's name");
		return NULL;
	}
	symbol = ev_symbols_of(s->symbols, p, len);
	member_id = ev_member_ids_member(s->member_ids, home, symbol, p, len);
	put_node(node, string_extent(at),
		 member_id | (uint64_t)symbol << 36 | escaped | WORD_OF(EV_STRING));
	return &s->member_ids->all[member_id];
}

#define ISA portable
#define TARGET
#define IS_MEMBER_ID ev_member_id_is
#include "scan/walk.h"

#ifdef __x86_64__
#define ISA	     avx2
#define TARGET	     EV_MEMBER_ID_AVX2
#define IS_MEMBER_ID ev_member_id_is_avx2
#include "scan/walk.h"
#else
#define walk_avx2 walk_portable
#endif

static void number_document(struct ev_scan *s)
{
	if (++s->document != 0)
		return;
	for (uint32_t i = 0; i < s->member_ids->n; i++)
		s->member_ids->all[i].seen = 0;
	s->document = 1;
}

/*
 * The tokens of a line that is walked, and behind them its end, twice, as byte 0. They are taken
 * several at a time, so that some behind them are read and written, too.
 */
static void take_tokens(struct ev_scan *s, const struct ev_index *ix, const struct ev_index_line *l)
{
	typedef uint32_t places EV_VECTOR(32);
	enum { EACH = sizeof(places) / sizeof(uint32_t) };
	const uint32_t *at = ix->at + l->first;
	uint32_t n = l->n;

	if (s->cap < n + 2UL + EACH) {
		s->cap = n + n / 4 + 32UL;
		s->nodes = ev_realloc_array(s->nodes, s->cap, sizeof *s->nodes);
		s->at = ev_realloc_array(s->at, s->cap, sizeof *s->at);
		s->bytes = ev_realloc_array(s->bytes, s->cap, sizeof *s->bytes);
	}
	for (uint32_t i = 0; i < n; i += EACH) {
		places some;

		memcpy(&some, at + i, sizeof some);
		some -= l->pos;
		memcpy(s->at + i, &some, sizeof some);
	}
	memcpy(s->bytes, ix->bytes + l->first, n);
	s->at[n] = s->at[n + 1] = l->len;
	s->bytes[n] = s->bytes[n + 1] = 0;
}

/* NULL if the text has no known shape, or a flaw, which the walk finds. */
static const struct ev_doc *by_shape(struct ev_scan *s, const struct ev_index *ix,
				     const struct ev_index_line *l, struct walk w)
{
	const uint32_t *at = ix->at + l->first;
	struct ev_shape *shape = NULL;

	if (s->shapes != NULL)
		shape = ev_shapes_match(s->shapes, s->member_ids, ix->text, l->pos, at,
					ix->bytes + l->first, l->n);
	if (shape == NULL)
		return NULL;
	while (w.next_escape != UINT32_MAX)
		if (!escapes_right(&w, shape->nodes[ev_shape_escape(shape, w.next_escape)].end))
			return NULL;
	s->doc.nodes = shape->nodes;
	s->doc.n = shape->n_nodes;
	s->doc.shape = shape->number;
	s->doc.where = shape->where;
	s->doc.n_where = shape->n_member_ids;
	return &s->doc;
}

const struct ev_doc *ev_scan_line(struct ev_scan *s, const struct ev_index *ix, size_t line,
				  size_t len, struct ev_flaw *flaw)
{
	const struct ev_index_line *l = &ix->lines[line];
	const char *p = ix->text + l->pos;
	const uint32_t *escape = ix->escapes + l->escape;
	struct walk w = {p, len, l->pos, escape, escape + l->n_escapes, 0, flaw, &s->doc.nul};
	const struct ev_doc *doc;

	next_escape(&w);
	s->doc.unescaped = l->n_escapes == 0;
	s->doc.nul = false;
	if (len > EV_SCAN_MAX)
		return flawed(&w, EV_FLAW_LENGTH, EV_SCAN_MAX, "longer than 512 MiB");
	if (l->suspect) {
		size_t good = ev_utf8_valid(p, len);

		if (good < len)
			return flawed(&w, EV_FLAW_UTF8, good, "not UTF-8");
	}
	if (l->control < len)
		return flawed(&w, EV_FLAW_CONTROL, l->control,
			      "a raw control character in a string");
	if (l->unclosed)
		return flawed(&w, EV_FLAW_SYNTAX, ix->at[l->first + l->n - 1] - l->pos,
			      "a string is not closed");
	s->doc.text = p;
	s->doc.len = (uint32_t)len;
	s->doc.duplicate = EV_NOWHERE;
	doc = by_shape(s, ix, l, w);
	if (doc == NULL) {
		take_tokens(s, ix, l);
		number_document(s);
		doc = ev_index_has_avx2() ? walk_avx2(s, s->at, s->bytes, &w)
					  : walk_portable(s, s->at, s->bytes, &w);
		if (s->shapes == NULL && s->document > 1)
			s->shapes = ev_shapes_new();
		else if (s->shapes != NULL && doc != NULL && doc->duplicate == EV_NOWHERE)
			ev_shapes_learn(s->shapes, s->member_ids, p, s->at, l->n, doc->nodes,
					doc->n);
	}
	return doc;
}

static bool ends_text(char c)
{
	return c == '\0' || c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

const struct ev_doc *ev_scan(struct ev_scan *s, const char *p, size_t len, struct ev_flaw *flaw)
{
	if (len > EV_SCAN_MAX)
		return flawed(&(struct walk){.len = len, .flaw = flaw}, EV_FLAW_LENGTH, EV_SCAN_MAX,
			      "longer than 512 MiB");
	if (!ends_text(p[len])) {
		ev_buf_reset(&s->copy);
		ev_buf_put(&s->copy, p, len);
		memset(ev_buf_room(&s->copy, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
		p = s->copy.p;
	}
	ev_index_text(&s->ix, p, len);
	return ev_scan_line(s, &s->ix, 0, len, flaw);
}
