#include "json/scan.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/form.h"
#include "json/index.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 16 }; /* members up to which names are compared pair by pair */

/* A name of an object that is open. */
struct seen {
	uint64_t signature;
	uint32_t node;
};

/* A container that is open, while another inside it is walked. */
struct level {
	struct seen *names; /* its own among those seen */
	uint32_t container, count;
	bool object;
};

struct ev_scan {
	struct ev_index ix;
	struct ev_node *nodes;
	size_t cap;
	struct ev_doc doc;
	struct level levels[EV_MAX_DEPTH]; /* the containers around the current one */
	struct seen *seen;		   /* the names of the objects that are open */
	size_t cap_seen;
	struct ev_buf name_a, name_b; /* decoded names */
	uint32_t *table;	      /* of name nodes, open addressing, for large objects */
	size_t table_cap;
	uint64_t seed;
};

struct ev_scan *ev_scan_new(void)
{
	struct ev_scan *s = ev_calloc(1, sizeof *s);

	s->seed = ev_hash_seed();
	return s;
}

void ev_scan_free(struct ev_scan **s)
{
	if (*s == NULL)
		return;
	ev_index_free(&(*s)->ix);
	ev_buf_free(&(*s)->name_a);
	ev_buf_free(&(*s)->name_b);
	free((*s)->nodes);
	free((*s)->seen);
	free((*s)->table);
	free(*s);
	*s = NULL;
}

static const struct ev_doc *flawed(struct ev_flaw *flaw, enum ev_flaw_code code, size_t at,
				   const char *what)
{
	*flaw = (struct ev_flaw){code, (uint32_t)at, what};
	return NULL;
}

/* Equal names */

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

/* Eight octets that differ for most different names; equal names without escapes have the same. */
static inline uint64_t signature(const char *name, size_t len)
{
	uint64_t w;

	memcpy(&w, name, sizeof w);
	w = le64toh(w);
	if (len < 8)
		w &= (1ULL << 8 * len) - 1;
	return w ^ (uint64_t)len << 56;
}

static uint32_t equal_names_few(struct ev_scan *s, const char *text, const struct seen *names,
				size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (names[k].signature == names[i].signature &&
			    same_name(s, text, &s->nodes[names[k].node], &s->nodes[names[i].node]))
				return s->nodes[names[i].node].pos;
	return EV_NOWHERE;
}

static uint32_t equal_names_many(struct ev_scan *s, const char *text, uint32_t object)
{
	size_t size = 64;

	while (size < 2 * (size_t)s->nodes[object].count)
		size *= 2;
	ev_grow(&s->table, &s->table_cap, size, sizeof *s->table);
	memset(s->table, 0, size * sizeof *s->table);
	for (uint32_t i = object + 1; i < s->nodes[object].next; i = s->nodes[i + 1].next) {
		const char *p;
		size_t len, slot;

		name_of(text, &s->nodes[i], &s->name_a, &p, &len);
		slot = ev_hash64(p, len, s->seed) & (size - 1);
		for (; s->table[slot] != 0; slot = (slot + 1) & (size - 1))
			if (same_name(s, text, &s->nodes[s->table[slot]], &s->nodes[i]))
				return s->nodes[i].pos;
		s->table[slot] = i;
	}
	return EV_NOWHERE;
}

/* Scalars: each returns the octet behind the token, or 0 with the flaw's text. */

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t number(const char *p, size_t i, const char **what)
{
	*what = "a number is not as JSON writes it";
	i += p[i] == '-';
	if (p[i] == '0') {
		i++;
	} else {
		if (!digit(p[i]))
			return 0;
		while (digit(p[i]))
			i++;
	}
	if (p[i] == '.') {
		if (!digit(p[++i]))
			return 0;
		while (digit(p[i]))
			i++;
	}
	if (p[i] == 'e' || p[i] == 'E') {
		i++;
		i += p[i] == '+' || p[i] == '-';
		if (!digit(p[i]))
			return 0;
		while (digit(p[i]))
			i++;
	}
	return i;
}

/* A number with no token behind it: nothing ends it in the slack, where other digits may stand. */
static size_t last_number(struct ev_scan *s, const char *p, size_t pos, size_t len,
			  const char **what)
{
	size_t end;

	ev_buf_reset(&s->name_a);
	ev_buf_put(&s->name_a, p + pos, len - pos);
	end = number(ev_buf_str(&s->name_a), 0, what);
	return end != 0 ? pos + end : 0;
}

static bool ends_token(char c)
{
	switch (c) {
	case ' ':
	case '\t':
	case '\n':
	case '\r':
	case ',':
	case ':':
	case '{':
	case '}':
	case '[':
	case ']':
	case '"': return true;
	}
	return false;
}

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (digit(c))
			v = v << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/*
 * Checks the escapes that stand before end, from **escape on. A surrogate is right as a pair of
 * neighbours, high before low (RFC 8259, section 7).
 */
static bool escapes_right(const char *p, const uint32_t **escape, const uint32_t *escapes_end,
			  size_t end, struct ev_flaw *flaw)
{
	while (*escape < escapes_end && **escape < end) {
		size_t at = *(*escape)++;
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
		default:
			flawed(flaw, EV_FLAW_SYNTAX, at, "no such escape in a string");
			return false;
		}
		if (end - at < 7 || (v = hex4(p + at + 2)) < 0) {
			flawed(flaw, EV_FLAW_SYNTAX, at, "\\u needs four hex digits");
			return false;
		}
		if (v < 0xd800 || v > 0xdfff)
			continue;
		if (v < 0xdc00 && end - at >= 13 && p[at + 6] == '\\' && p[at + 7] == 'u') {
			int low = hex4(p + at + 8);

			if (low >= 0xdc00 && low <= 0xdfff) {
				++*escape;
				continue;
			}
		}
		flawed(flaw, EV_FLAW_SURROGATE, at, "half of a surrogate pair stands alone");
		return false;
	}
	return true;
}

/* The two ways to look for equal names; escapes may spell one name in several ways. */
static uint32_t equal_names(struct ev_scan *s, const char *text, uint32_t object,
			    const struct seen *names, size_t n, bool escaped)
{
	return n <= FEW && !escaped ? equal_names_few(s, text, names, n)
				    : equal_names_many(s, text, object);
}

/*
 * The walk. `at` steps through the places of the index, which ends with two sentinels: the text's
 * end. The container at hand is kept in locals, those around it in s->levels.
 */
static const struct ev_doc *walk(struct ev_scan *s, const char *p, size_t len, struct ev_flaw *flaw)
{
	const uint32_t *at = s->ix.at;
	const uint32_t *escape = s->ix.escapes, *escapes_end = escape + s->ix.n_escapes;
	struct ev_node *nodes = s->nodes;
	struct seen *names = s->seen, *names_end = names;
	uint32_t n = 0, depth = 0, container = 0, count = 0;
	bool object = false, escaped_names = false;
	size_t pos, end;
	const char *what;
	enum ev_kind kind;

#define SYNTAX(where, text) return flawed(flaw, EV_FLAW_SYNTAX, where, text)
/* A node for the string at pos, up to end. */
#define STRING()                                                                \
	do {                                                                    \
		nodes[n] = (struct ev_node){.pos = (uint32_t)pos,               \
					    .end = (uint32_t)end,               \
					    .next = n + 1,                      \
					    .kind = EV_STRING};                 \
		if (escape < escapes_end && *escape < end) {                    \
			nodes[n].escaped = 1;                                   \
			if (!escapes_right(p, &escape, escapes_end, end, flaw)) \
				return NULL;                                    \
		}                                                               \
	} while (0)

value:
	pos = *at++;
	if (pos == len)
		SYNTAX(len, "a value is missing at the end");
	if (p[pos] == '"') { /* most are strings; the processor learns a plain branch better */
		end = *at++ + 1UL;
		STRING();
		n++;
		goto behind_value;
	}
	switch (p[pos]) {
	case '{':
	case '[':
		if (depth == EV_MAX_DEPTH)
			return flawed(flaw, EV_FLAW_DEPTH, pos, "nested deeper than 512");
		s->levels[depth++] = (struct level){names, container, count, object};
		object = p[pos] == '{';
		nodes[n] = (struct ev_node){.pos = (uint32_t)pos,
					    .kind = object ? EV_OBJECT : EV_ARRAY};
		container = n++;
		count = 0;
		names = names_end;
		if (*at < len && p[*at] == (object ? '}' : ']')) {
			pos = *at++;
			goto close;
		}
		if (object)
			goto name;
		goto value;
	case 't':
		kind = EV_TRUE;
		end = len - pos >= 4 && memcmp(p + pos, "true", 4) == 0 ? pos + 4 : 0;
		what = "not a JSON value";
		break;
	case 'f':
		kind = EV_FALSE;
		end = len - pos >= 5 && memcmp(p + pos, "false", 5) == 0 ? pos + 5 : 0;
		what = "not a JSON value";
		break;
	case 'n':
		kind = EV_NULL;
		end = len - pos >= 4 && memcmp(p + pos, "null", 4) == 0 ? pos + 4 : 0;
		what = "not a JSON value";
		break;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		kind = EV_NUMBER;
		end = *at == len ? last_number(s, p, pos, len, &what) : number(p, pos, &what);
		break;
	case '}':
	case ']':
	case ',':
	case ':': SYNTAX(pos, "a value is missing here");
	default: SYNTAX(pos, "not a JSON value");
	}
	if (end == 0 || (end < len && !ends_token(p[end])))
		SYNTAX(pos, what);
	nodes[n] = (struct ev_node){
		.pos = (uint32_t)pos, .end = (uint32_t)end, .next = n + 1, .kind = kind};
	n++;

behind_value:
	if (depth == 0) {
		if (*at != len)
			SYNTAX(*at, "the text goes on behind its value");
		s->doc = (struct ev_doc){p, (uint32_t)len, nodes, n, s->doc.duplicate};
		return &s->doc;
	}
	count++;
	pos = *at++;
	if (pos == len)
		SYNTAX(len, "an object or array is not closed");
	if (p[pos] == ',') {
		if (object)
			goto name;
		goto value;
	}
	if (p[pos] == (object ? '}' : ']'))
		goto close;
	SYNTAX(pos, object ? "',' or '}' is missing behind a member"
			   : "',' or ']' is missing behind an element");

name:
	pos = *at++;
	if (pos == len || p[pos] != '"')
		SYNTAX(pos, "a member's name in double quotes is missing here");
	end = *at++ + 1UL;
	STRING();
	escaped_names |= nodes[n].escaped;
	*names_end++ = (struct seen){signature(p + pos + 1, end - pos - 2), n};
	n++;
	pos = *at++;
	if (pos == len || p[pos] != ':')
		SYNTAX(pos, "':' is missing behind a member's name");
	goto value;

close:
	nodes[container].end = (uint32_t)pos + 1;
	nodes[container].next = n;
	nodes[container].count = count & ((1U << 28) - 1);
	if (object && count > 1 && s->doc.duplicate == EV_NOWHERE)
		s->doc.duplicate = equal_names(s, p, container, names, (size_t)(names_end - names),
					       escaped_names);
	depth--;
	names_end = names;
	container = s->levels[depth].container;
	count = s->levels[depth].count;
	names = s->levels[depth].names;
	object = s->levels[depth].object;
	goto behind_value;
#undef STRING
#undef SYNTAX
}

const struct ev_doc *ev_scan(struct ev_scan *s, const char *p, size_t len, struct ev_flaw *flaw)
{
	if (len > EV_SCAN_MAX)
		return flawed(flaw, EV_FLAW_LENGTH, EV_SCAN_MAX, "longer than 512 MiB");
	ev_index(&s->ix, p, len);
	if (s->ix.high) {
		size_t good = ev_utf8_valid(p, len);

		if (good < len)
			return flawed(flaw, EV_FLAW_UTF8, good, "not UTF-8");
	}
	if (s->ix.control != UINT32_MAX)
		return flawed(flaw, EV_FLAW_CONTROL, s->ix.control,
			      "a raw control character in a string");
	if (s->ix.unclosed)
		return flawed(flaw, EV_FLAW_SYNTAX, s->ix.at[s->ix.n - 1],
			      "a string is not closed");
	s->ix.at[s->ix.n] = s->ix.at[s->ix.n + 1] = (uint32_t)len; /* sentinels */
	ev_grow(&s->nodes, &s->cap, s->ix.n + 1, sizeof *s->nodes);
	ev_grow(&s->seen, &s->cap_seen, s->ix.n / 2 + 1, sizeof *s->seen);
	s->doc.duplicate = EV_NOWHERE;
	return walk(s, p, len, flaw);
}
