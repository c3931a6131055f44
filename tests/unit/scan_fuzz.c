/*
 * The scanner against a slow recursive parser: verdicts, nodes and equal names must agree on texts
 * that grow out of a grammar, texts that were damaged at random, and lines that were cut anywhere
 * in a block, by every way to index a text.
 *
 * EVKIT_FUZZ_ROUNDS is the number of texts (run the program itself: tests/run clears EVKIT_*).
 */
#include "base/buf.h"
#include "scan/index.h"
#include "scan/scan.h"
#include "json/view.h"

#include "support.h"
#include "tap.h"

/* The slow parser: RFC 8259, one function for each rule of its grammar. */

struct slow {
	const char *p;
	size_t at, len;
	unsigned depth;
	bool control; /* one was in a string; the scanner tells it before the rest */
	int code;     /* the first flaw, and where it is */
	size_t flaw_at;
	struct ev_node *nodes;
	uint32_t n;
	uint32_t duplicate;
	/* The decoded name of the node of the same index, if it is a string. */
	struct name {
		char *p;
		size_t len;
		uint32_t object; /* of a member's name: the object's node; else EV_NOWHERE */
	} * names;
};

enum { MAX_NODES = 20000, MAX_TEXT = 12000, RIGHT = -1 };

static bool fail(struct slow *s, int code, size_t at)
{
	s->code = code;
	s->flaw_at = at;
	return false;
}

static int peek(const struct slow *s)
{
	return s->at < s->len ? (unsigned char)s->p[s->at] : -1;
}

static void blanks(struct slow *s)
{
	while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r')
		s->at++;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(int c)
{
	return is_digit(c)	      ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* \uXXXX at the current place; -1 if it is none. */
static long unit(const struct slow *s, size_t at)
{
	long v = 0;

	if (at + 6 > s->len || s->p[at] != '\\' || s->p[at + 1] != 'u')
		return -1;
	for (size_t i = at + 2; i < at + 6; i++) {
		if (hex_value((unsigned char)s->p[i]) < 0)
			return -1;
		v = v * 16 + hex_value((unsigned char)s->p[i]);
	}
	return v;
}

static size_t put_utf8(long v, char *out)
{
	if (v < 0x80) {
		out[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (char)(0xc0 + v / 64);
		out[1] = (char)(0x80 + v % 64);
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (char)(0xe0 + v / 4096);
		out[1] = (char)(0x80 + v / 64 % 64);
		out[2] = (char)(0x80 + v % 64);
		return 3;
	}
	out[0] = (char)(0xf0 + v / 262144);
	out[1] = (char)(0x80 + v / 4096 % 64);
	out[2] = (char)(0x80 + v / 64 % 64);
	out[3] = (char)(0x80 + v % 64);
	return 4;
}

static uint32_t new_node(struct slow *s, enum ev_kind kind)
{
	if (s->n == MAX_NODES)
		abort();
	s->nodes[s->n] = (struct ev_node){.pos = (uint32_t)s->at, .kind = kind};
	s->names[s->n].object = EV_NOWHERE;
	return s->n++;
}

static void end_node(struct slow *s, uint32_t i)
{
	s->nodes[i].end = (uint32_t)s->at;
	s->nodes[i].next = s->n;
}

static bool string(struct slow *s)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	uint32_t node = new_node(s, EV_STRING);
	size_t begin = s->at++;
	char *out = malloc(s->len + 1);
	size_t n = 0;

	if (out == NULL)
		abort();
	s->names[node].p = out;
	for (;;) {
		int c = peek(s);
		const char *letter;
		long v, low;

		if (c < 0)
			return fail(s, EV_FLAW_SYNTAX, begin);
		if (c < 0x20)
			s->control = true;
		if (c == '"')
			break;
		if (c != '\\') {
			out[n++] = (char)c;
			s->at++;
			continue;
		}
		s->nodes[node].escaped = 1;
		c = s->at + 1 < s->len ? (unsigned char)s->p[s->at + 1] : -1;
		if (c > 0 && (letter = strchr(letters, c)) != NULL) {
			out[n++] = meant[letter - letters];
			s->at += 2;
			continue;
		}
		if ((v = unit(s, s->at)) < 0)
			return fail(s, EV_FLAW_SYNTAX, s->at);
		if (v >= 0xd800 && v <= 0xdfff) {
			low = unit(s, s->at + 6);
			if (v > 0xdbff || low < 0xdc00 || low > 0xdfff)
				return fail(s, EV_FLAW_SURROGATE, s->at);
			v = 0x10000 + (v - 0xd800) * 1024 + (low - 0xdc00);
			s->at += 6;
		}
		s->at += 6;
		n += put_utf8(v, out + n);
	}
	s->at++;
	s->names[node].len = n;
	end_node(s, node);
	return true;
}

static bool digits(struct slow *s)
{
	if (!is_digit(peek(s)))
		return false;
	while (is_digit(peek(s)))
		s->at++;
	return true;
}

static bool number(struct slow *s)
{
	uint32_t node = new_node(s, EV_NUMBER);
	size_t begin = s->at;

	s->at += peek(s) == '-';
	if (peek(s) == '0')
		s->at++;
	else if (!digits(s))
		return fail(s, EV_FLAW_SYNTAX, begin);
	if (peek(s) == '.') {
		s->at++;
		if (!digits(s))
			return fail(s, EV_FLAW_SYNTAX, begin);
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		s->at += peek(s) == '+' || peek(s) == '-';
		if (!digits(s))
			return fail(s, EV_FLAW_SYNTAX, begin);
	}
	end_node(s, node);
	return true;
}

static bool word(struct slow *s, const char *text, enum ev_kind kind)
{
	size_t n = strlen(text);
	uint32_t node = new_node(s, kind);

	if (s->len - s->at < n || memcmp(s->p + s->at, text, n) != 0)
		return fail(s, EV_FLAW_SYNTAX, s->at);
	s->at += n;
	end_node(s, node);
	return true;
}

/* A word or a number ends where white space or another token begins. */
static bool ended(struct slow *s, size_t begin)
{
	int c = peek(s);

	return c < 0 || (c != 0 && strchr(" \t\n\r,:{}[]\"", c) != NULL) ||
	       fail(s, EV_FLAW_SYNTAX, begin);
}

static bool value(struct slow *s);

static bool array(struct slow *s)
{
	uint32_t node = new_node(s, EV_ARRAY);

	s->at++;
	blanks(s);
	if (peek(s) != ']')
		for (;;) {
			if (!value(s))
				return false;
			s->nodes[node].count++;
			blanks(s);
			if (peek(s) == ']')
				break;
			if (peek(s) != ',')
				return fail(s, EV_FLAW_SYNTAX, s->at);
			s->at++;
		}
	s->at++;
	end_node(s, node);
	return true;
}

/* Of a name: which object's it is. */
static void note_names(struct slow *s, uint32_t object)
{
	for (uint32_t i = object + 1; i < s->nodes[object].next; i = s->nodes[i + 1].next)
		s->names[i].object = object;
}

static void equal_names(struct slow *s, uint32_t object)
{
	for (uint32_t i = object + 1; i < s->nodes[object].next; i = s->nodes[i + 1].next)
		for (uint32_t k = object + 1; k < i; k = s->nodes[k + 1].next)
			if (s->nodes[i].pos < s->duplicate && s->names[i].len == s->names[k].len &&
			    memcmp(s->names[i].p, s->names[k].p, s->names[i].len) == 0)
				s->duplicate = s->nodes[i].pos;
}

static bool object(struct slow *s)
{
	uint32_t node = new_node(s, EV_OBJECT);

	s->at++;
	blanks(s);
	if (peek(s) != '}')
		for (;;) {
			blanks(s);
			if (peek(s) != '"')
				return fail(s, EV_FLAW_SYNTAX, s->at);
			if (!string(s))
				return false;
			blanks(s);
			if (peek(s) != ':')
				return fail(s, EV_FLAW_SYNTAX, s->at);
			s->at++;
			if (!value(s))
				return false;
			s->nodes[node].count++;
			blanks(s);
			if (peek(s) == '}')
				break;
			if (peek(s) != ',')
				return fail(s, EV_FLAW_SYNTAX, s->at);
			s->at++;
		}
	s->at++;
	end_node(s, node);
	note_names(s, node);
	equal_names(s, node);
	return true;
}

static bool value(struct slow *s)
{
	size_t begin;
	bool good;

	blanks(s);
	begin = s->at;
	switch (peek(s)) {
	case '{':
	case '[':
		if (s->depth == EV_MAX_DEPTH)
			return fail(s, EV_FLAW_DEPTH, s->at);
		s->depth++;
		good = peek(s) == '{' ? object(s) : array(s);
		s->depth--;
		return good;
	case '"': return string(s);
	case 't': return word(s, "true", EV_TRUE) && ended(s, begin);
	case 'f': return word(s, "false", EV_FALSE) && ended(s, begin);
	case 'n': return word(s, "null", EV_NULL) && ended(s, begin);
	}
	if (peek(s) == '-' || is_digit(peek(s)))
		return number(s) && ended(s, begin);
	return fail(s, EV_FLAW_SYNTAX, s->at);
}

static void parse_slowly(struct slow *s, const char *p, size_t len)
{
	for (uint32_t i = 0; i < s->n; i++) {
		free(s->names[i].p);
		s->names[i].p = NULL;
	}
	s->p = p;
	s->at = 0;
	s->len = len;
	s->depth = 0;
	s->control = false;
	s->code = RIGHT;
	s->flaw_at = 0;
	s->n = 0;
	s->duplicate = EV_NOWHERE;
	if (value(s)) {
		blanks(s);
		if (s->at < s->len)
			fail(s, EV_FLAW_SYNTAX, s->at);
	}
}

/* Texts */

/* Ten backslashes and ten that escape them. */
#define ESCAPED "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"

static const char *const seeds[] = {
	"{\"event_id\":\"3f2b8c1e-0d4a-4c55-9a43-2f7f0c9f1a11\",\"event_type\":\"CartCheckedOut\","
	"\"event_timestamp\":\"2026-03-01T10:00:00Z\",\"version\":1,"
	"\"metadata\":{\"items\":[{\"sku\":\"A-1\","
	"\"qty\":2,\"price\":19.10},{\"sku\":\"B\\u00e9\",\"qty\":1,\"price\":0.5e1}],"
	"\"total\":43.20}}",
	"[1,-2,3.5,-4e10,5E-3,0,-0,0.0,true,false,null,\"\",\"a\",[],{},[[]],{\"\":{}}]",
	"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud834\\udd1e\",\"\\u0061\":1,"
	"\"b\":\"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\"}",
	"{\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k9\":9,"
	"\"k10\":10,"
	"\"k11\":11,"
	"\"k12\":12,\"k13\":13,\"k14\":14,\"k15\":15,\"k16\":16,\"k17\":17,\"k1\\u0038\":18}",
	"\"" ESCAPED ESCAPED ESCAPED ESCAPED "\\\"" ESCAPED ESCAPED "a" ESCAPED "\"",
	"   [ \"x\" ,\r\n\t{ \"y\" : [ 1 , 2 ] } ]   ",
	"12345678901234567890.12345678901234567890e-400",
	"{\"a\":1,\"a\":2,\"b\":{\"a\":1,\"c\":3,\"c\":4}}",
};

static const struct {
	const char *p;
	size_t len;
} pieces[] = {
#define P(s)                     \
	{                        \
		s, sizeof(s) - 1 \
	}
	P("\""),
	P("\\"),
	P("\\\""),
	P("\\\\"),
	P("\\u"),
	P("\\ud834"),
	P("\\udd1e"),
	P("\\u0061"),
	P("\\u0000"),
	P("{"),
	P("}"),
	P("["),
	P("]"),
	P(","),
	P(":"),
	P(" "),
	P("\n"),
	P("\t"),
	P("\r"),
	P("\f"),
	P("\v"),
	P("\x1a"),
	P("\x1e"),
	P("\0"),
	P("\x7f"),
	P("0"),
	P("-"),
	P("1"),
	P("."),
	P("e"),
	P("E+"),
	P("01"),
	P("true"),
	P("false"),
	P("null"),
	P("\"\":"),
	P("\"a\":1,"),
	P(",\"a\":2"),
	P("\xc3\xa9"),
	P("\xc3"),
	P("\xa9"),
	P("\xed\xa0\x80"),
	P("\xe2\x82\xac"),
	P("\xf0\x9d\x84\x9e"),
	P("\xf4\x90\x80\x80"),
	P("\xff"),
	P("\xef\xbb\xbf"),
	P("[]"),
	P("{}"),
	P("\"\""),
	P("z"),
	P("                                                                "),
	P("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
#undef P
};

enum { PIECES = sizeof pieces / sizeof pieces[0], SEEDS = sizeof seeds / sizeof seeds[0] };

static bool one_in(size_t n)
{
	return random_below(n) == 0;
}

static void put_blanks(struct ev_buf *b)
{
	static const char kinds[] = " \t\n\r";

	for (size_t n = one_in(6) ? random_below(one_in(10) ? 80 : 3) : 0; n > 0; n--)
		ev_buf_putc(b, kinds[random_below(4)]);
}

static void put_string(struct ev_buf *b)
{
	static const char *const parts[] = {"\\\"",
					    "\\\\",
					    "\\/",
					    "\\n",
					    "\\u00e9",
					    "\\ud834\\udd1e",
					    "\xc3\xa9",
					    "\xe2\x82\xac",
					    "\xf0\x9d\x84\x9e",
					    "{",
					    "]",
					    ":",
					    ",",
					    "\x7f"};

	ev_buf_putc(b, '"');
	for (size_t n = random_below(one_in(15) ? 90 : 5); n > 0; n--)
		if (one_in(4))
			ev_buf_puts(b, parts[random_below(sizeof parts / sizeof parts[0])]);
		else
			ev_buf_putc(b, (char)('a' + random_below(3)));
	ev_buf_putc(b, '"');
}

/* A name: of few, so that some are equal; or one that hardly differs from others. */
static void put_name(struct ev_buf *b, size_t i)
{
	static const size_t lengths[] = {7, 8, 9, 15, 16, 17, 24, 63, 64, 65, 255, 256, 257};
	static const char *const spellings[] = {"%c", "\\u%04x"};
	size_t len = lengths[random_below(sizeof lengths / sizeof lengths[0])];
	size_t at = random_below(len);

	switch (random_below(8)) {
	case 0: put_string(b); return;
	case 1:
	case 2:
		ev_buf_putc(b, '"');
		for (size_t k = 0; k < len; k++)
			if (k == at)
				ev_buf_printf(b, spellings[one_in(4)],
					      (int)('a' + random_below(3)));
			else
				ev_buf_putc(b, 'z');
		ev_buf_putc(b, '"');
		return;
	case 3: ev_buf_printf(b, "\"\\u0000%zu\"", random_below(100)); return;
	default: ev_buf_printf(b, "\"name%zu\"", one_in(20) ? random_below(i + 1) : i);
	}
}

static void put_number(struct ev_buf *b)
{
	if (one_in(3))
		ev_buf_putc(b, '-');
	ev_buf_u64(b, one_in(3) ? 0 : random_u64() >> random_below(64));
	if (one_in(3))
		ev_buf_printf(b, ".%0*d", (int)random_below(4) + 1, (int)random_below(10));
	if (one_in(4))
		ev_buf_printf(b, "%c%s%d", one_in(2) ? 'e' : 'E',
			      one_in(2)	  ? "-"
			      : one_in(2) ? "+"
					  : "",
			      (int)random_below(1000));
}

static void put_value(struct ev_buf *b, unsigned depth)
{
	size_t kind = random_below(depth > 5 || b->len > MAX_TEXT / 2 ? 5 : 8);
	size_t n = random_below(one_in(12) ? 24 : 4);

	put_blanks(b);
	switch (kind) {
	case 0: ev_buf_puts(b, "null"); break;
	case 1: ev_buf_puts(b, one_in(2) ? "true" : "false"); break;
	case 2: put_number(b); break;
	case 3:
	case 4: put_string(b); break;
	case 5:
	case 6:
		ev_buf_putc(b, '{');
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				ev_buf_putc(b, ',');
			put_blanks(b);
			if (n > 10)
				put_name(b, i);
			else
				put_string(b);
			put_blanks(b);
			ev_buf_putc(b, ':');
			put_value(b, depth + 1);
		}
		put_blanks(b);
		ev_buf_putc(b, '}');
		break;
	default:
		ev_buf_putc(b, '[');
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				ev_buf_putc(b, ',');
			put_value(b, depth + 1);
		}
		put_blanks(b);
		ev_buf_putc(b, ']');
	}
	put_blanks(b);
}

static void put_deep(struct ev_buf *b, size_t depth)
{
	bool object = one_in(2);

	for (size_t i = 0; i < depth; i++)
		ev_buf_puts(b, object ? "{\"a\":" : "[");
	ev_buf_puts(b, "0");
	for (size_t i = 0; i < depth; i++)
		ev_buf_putc(b, object ? '}' : ']');
}

/* An object of more members than a word, or a set of names, has bits. */
static void put_wide(struct ev_buf *b)
{
	size_t n = 60 + random_below(one_in(3) ? 500 : 10);

	ev_buf_putc(b, '{');
	for (size_t i = 0; i < n && b->len < MAX_TEXT - 400; i++) {
		if (i > 0)
			ev_buf_putc(b, ',');
		if (one_in(30))
			put_name(b, i);
		else
			ev_buf_printf(b, "\"member%zu\"", i);
		ev_buf_puts(b, ":1");
	}
	ev_buf_putc(b, '}');
}

static void replace(struct ev_buf *b, size_t at, size_t cut, const char *p, size_t len)
{
	struct ev_buf out = {0};

	ev_buf_put(&out, b->p, at);
	ev_buf_put(&out, p, len);
	ev_buf_put(&out, b->p + at + cut, b->len - at - cut);
	ev_buf_str(&out); /* never without memory */
	ev_buf_free(b);
	*b = out;
}

static void damage(struct ev_buf *b)
{
	size_t at = random_below(b->len + 1), left = b->len - at,
	       span = left > 0 ? random_below(left) : 0;
	size_t piece = random_below(PIECES);
	char copy[64];

	switch (random_below(8)) {
	case 0: /* a byte becomes another */
		if (left > 0)
			b->p[at] = (char)random_u64();
		return;
	case 1:
		if (left > 0)
			b->p[at] = (char)(b->p[at] ^ 1 << random_below(8));
		return;
	case 2: replace(b, at, left > 0, "", 0); return;
	case 3: replace(b, at, span % 20, "", 0); return;
	case 4: /* what stands here stands here twice */
		span = span % sizeof copy;
		memcpy(copy, b->p + at, span);
		replace(b, at, 0, copy, span);
		return;
	case 5: b->len = at; return;
	case 6: replace(b, at, left > 0 ? 1 : 0, pieces[piece].p, pieces[piece].len); return;
	default: replace(b, at, 0, pieces[piece].p, pieces[piece].len);
	}
}

/* A text with the form of one before: other digits, other letters in strings. */
static void respell(struct ev_buf *b, const struct ev_buf *form)
{
	bool inside = false;

	ev_buf_reset(b);
	for (size_t i = 0; i < form->len; i++) {
		char c = form->p[i];
		bool digit = is_digit((unsigned char)c) && !inside,
		     letter = c >= 'a' && c <= 'c' && inside && i > 0 && form->p[i - 1] != '\\';

		inside ^= c == '"' && (i == 0 || form->p[i - 1] != '\\');
		if (digit && one_in(2))
			c = (char)('0' + random_below(10));
		if (letter && one_in(20))
			c = (char)('a' + random_below(3));
		ev_buf_putc(b, c);
		if ((digit || letter) && one_in(20))
			ev_buf_put(b, &c, 1);
		if (letter && one_in(30))
			ev_buf_puts(b, "\\u00e9");
	}
	ev_buf_str(b); /* never without memory */
}

enum { FORMS = 4 };

static struct ev_buf forms[FORMS];

/* A text, now and then of a form that has been before. */
static void make_right_text(struct ev_buf *b)
{
	struct ev_buf *form = &forms[random_below(FORMS)];

	if (form->len > 0 && one_in(3)) {
		respell(b, form);
		return;
	}
	if (one_in(40))
		put_deep(b, EV_MAX_DEPTH - 8 + random_below(12));
	else if (one_in(40))
		put_wide(b);
	else if (one_in(2))
		ev_buf_puts(b, seeds[random_below(SEEDS)]);
	else
		put_value(b, 0);
	if (one_in(10)) {
		ev_buf_reset(form);
		ev_buf_put(form, b->p, b->len);
	}
}

static void make_text(struct ev_buf *b)
{
	size_t shift = random_below(3) == 0 ? random_below(64) : 0;

	ev_buf_reset(b);
	memset(ev_buf_room(b, shift + 1), ' ', shift);
	b->len = shift;
	make_right_text(b);
	for (size_t n = one_in(3) ? 0 : 1 + random_below(4); n > 0; n--)
		damage(b);
	if (b->len > MAX_TEXT)
		b->len = MAX_TEXT;
}

/* Comparing */

static void show(const char *text, size_t len)
{
	struct ev_buf b = {0};

	for (size_t i = 0; i < len; i++)
		if (text[i] >= ' ' && text[i] < 0x7f && text[i] != '\\')
			ev_buf_putc(&b, text[i]);
		else
			ev_buf_printf(&b, "\\x%02x", (unsigned)(unsigned char)text[i]);
	diag("the text: %s", ev_buf_str(&b));
	ev_buf_free(&b);
}

/* What the scanner found of a name, in an object at member id `home`. */
static const char *name_differs(const struct slow *s, const struct ev_doc *d, uint32_t i,
				uint32_t home)
{
	const struct ev_node *b = &d->nodes[i];
	const struct ev_member_id *member_id = &d->member_ids->all[b->member_id];
	uint32_t at;

	if (b->count != EV_NO_SYMBOL &&
	    b->count != ev_symbols_add(d->symbols, s->names[i].p, s->names[i].len))
		return "a symbol";
	if (b->member_id == EV_NO_MEMBER_ID)
		return NULL;
	if (home == EV_NO_MEMBER_ID || member_id->parent != home || member_id->symbol != b->count)
		return "a member_id";
	at = ev_member_by_id(d, b->member_id);
	if (at == EV_NOWHERE || at < i + 1)
		return "where a member_id was seen";
	return NULL;
}

static const char *nodes_differ(const struct slow *s, const struct ev_doc *d)
{
	static uint32_t member_ids[MAX_NODES]; /* of values */
	const char *what;

	if (d->n != s->n)
		return "the number of nodes";
	if (d->duplicate != s->duplicate)
		return "the equal names";
	member_ids[0] = EV_ROOT;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct ev_node *a = &s->nodes[i], *b = &d->nodes[i];

		if (a->pos != b->pos || a->end != b->end || a->kind != b->kind ||
		    a->escaped != b->escaped)
			return "a node";
		if (s->names[i].object != EV_NOWHERE) {
			if ((what = name_differs(s, d, i, member_ids[s->names[i].object])) != NULL)
				return what;
			member_ids[i + 1] = b->member_id;
			continue;
		}
		if (a->next != b->next)
			return "what is behind a value";
		if (a->kind != EV_STRING && a->count != b->count)
			return "a count";
		if (a->kind == EV_ARRAY)
			for (uint32_t k = i + 1; k < a->next; k = s->nodes[k].next)
				member_ids[k] = member_ids[i] != EV_NO_MEMBER_ID
							? d->member_ids->all[member_ids[i]].element
							: EV_NO_MEMBER_ID;
	}
	return NULL;
}

/* NULL, or what differs. */
static const char *differ(const struct slow *s, const struct ev_doc *d, const struct ev_flaw *flaw)
{
	size_t good = slow_utf8(s->p, s->len);
	bool right = s->code == RIGHT && !s->control && good == s->len;

	if ((d != NULL) != right)
		return right ? "it is right" : "it is wrong";
	if (right)
		return nodes_differ(s, d);
	if (good < s->len)
		return flaw->code == EV_FLAW_UTF8 && flaw->at == good ? NULL : "it is no UTF-8";
	/* In a text that is wrong before it, what is inside a string is a matter of parity. */
	if (flaw->code == EV_FLAW_CONTROL)
		return (unsigned char)s->p[flaw->at] < ' ' ? NULL : "the control character";
	if (s->control)
		return "there is a control character";
	if (strcmp(flaw->what, "a string is not closed") == 0)
		return NULL;
	return (int)flaw->code == s->code && flaw->at == s->flaw_at ? NULL : "the flaw";
}

enum { MAX_LINES = 12 };

/* A run: what was seen. */
struct tally {
	struct ev_scan *scan;
	struct slow slow;
	long wrong, accepted, twice, shaped, flawed[6];
};

static void judge(struct tally *t, const char *p, size_t len, const struct ev_doc *d,
		  const struct ev_flaw *flaw, unsigned way)
{
	const char *what = differ(&t->slow, d, flaw);

	if (what != NULL) {
		t->wrong++;
		diag("by %s: %s", ev_index_implementation(way), what);
		if (d == NULL)
			diag("flaw %d at %u (%s), not %d at %zu", (int)flaw->code, flaw->at,
			     flaw->what, t->slow.code, t->slow.flaw_at);
		show(p, len);
	} else if (way == 0) {
		t->accepted += d != NULL;
		t->twice += d != NULL && d->duplicate != EV_NOWHERE;
		t->shaped += d != NULL && d->shape != EV_NO_SHAPE;
		t->flawed[flaw->code] += d == NULL;
	}
}

/* A text by itself. */
static void one_text(struct tally *t, const char *p, size_t len)
{
	parse_slowly(&t->slow, p, len);
	for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
		struct ev_flaw flaw = {0};

		ev_index_use(way);
		judge(t, p, len, ev_scan(t->scan, p, len, &flaw), &flaw, way);
	}
}

/* Texts that are lines side by side, none of which may spoil another. */
static void lines(struct tally *t, struct guarded *page, size_t slack, const char *filler)
{
	size_t from[MAX_LINES], len[MAX_LINES] = {0}, n = 1 + random_below(MAX_LINES);
	struct ev_buf b = {0}, one = {0};
	bool last_lf = random_below(2) == 0;
	const char *p;

	for (size_t i = 0; i < n; i++) {
		make_text(&one);
		if (b.len + one.len > MAX_TEXT - 2)
			n = i + 1, one.len = 0;
		for (size_t k = 0; k < one.len; k++)
			if (one.p[k] == '\n')
				one.p[k] = ' ';
		from[i] = b.len;
		len[i] = one.len;
		ev_buf_put(&b, one.p, one.len);
		if (i + 1 < n || last_lf)
			ev_buf_putc(&b, '\n');
	}
	ev_buf_putc(&b, '\n'); /* the slack begins with it, as ev_index_lines wants */
	b.len--;
	p = guarded_put(page, b.p, b.len + 1, slack - 1, filler);
	for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
		struct ev_index ix = {0};

		ev_index_use(way);
		ev_index_lines(&ix, p, b.len);
		if (ix.n_lines != n - (!last_lf && len[n - 1] == 0)) {
			diag("by %s: %zu lines, not %zu", ev_index_implementation(way), ix.n_lines,
			     n);
			t->wrong++;
		}
		for (size_t i = 0; i < ix.n_lines && i < n; i++) {
			size_t crs = 0;
			struct ev_flaw flaw = {0};

			if (ix.lines[i].pos != from[i] || ix.lines[i].len != len[i]) {
				diag("by %s: line %zu at %u", ev_index_implementation(way), i,
				     ix.lines[i].pos);
				t->wrong++;
			}
			while (crs < len[i] && p[from[i] + len[i] - crs - 1] == '\r')
				crs++;
			parse_slowly(&t->slow, p + from[i], len[i] - crs);
			judge(t, p + from[i], len[i] - crs,
			      ev_scan_line(t->scan, &ix, i, len[i] - crs, &flaw), &flaw, way);
		}
		ev_index_free(&ix);
	}
	ev_buf_free(&b);
	ev_buf_free(&one);
}

/* A seed cut to len bytes, shift blanks before it, and behind it the whole seed. */
static void cut(struct tally *t, struct guarded *page, const char *seed, size_t len, size_t shift)
{
	struct ev_buf b = {0};
	size_t whole = strlen(seed), lengths[2] = {shift + len, whole};
	const char *p;

	memset(ev_buf_room(&b, shift + 1), ' ', shift);
	b.len = shift;
	ev_buf_put(&b, seed, len);
	ev_buf_putc(&b, '\n');
	ev_buf_put(&b, seed, whole);
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] == '\n' && i != lengths[0])
			b.p[i] = ' ';
	ev_buf_putc(&b, '\n');
	while (lengths[0] > 0 && b.p[lengths[0] - 1] == '\r')
		lengths[0]--;
	p = guarded_first(page, b.p, b.len, EV_SCAN_SLACK, "\"");
	for (size_t i = 0; i < 2; i++) {
		size_t from = i == 0 ? 0 : shift + len + 1;

		parse_slowly(&t->slow, p + from, lengths[i]);
		for (unsigned way = 0; ev_index_implementation(way) != NULL; way++) {
			struct ev_index ix = {0};
			struct ev_flaw flaw = {0};

			ev_index_use(way);
			ev_index_lines(&ix, p, b.len);
			judge(t, p + from, lengths[i],
			      ev_scan_line(t->scan, &ix, i, lengths[i], &flaw), &flaw, way);
			ev_index_free(&ix);
		}
	}
	ev_buf_free(&b);
}

/* Every seed, cut behind every byte, at every place in a block. */
static long cuts(struct tally *t, struct guarded *page)
{
	long n = 0;

	for (size_t i = 0; i < SEEDS; i++)
		for (size_t len = 0; len <= strlen(seeds[i]); len++)
			for (size_t shift = 0; shift < 64 && t->wrong < 10; shift++, n++)
				cut(t, page, seeds[i], len, shift);
	return n;
}

int main(void)
{
	static const char *const fillers[] = {"0123456789", "\"", "\\",	   "\\\"",
					      "]",	    "}",  " ",	   "e5",
					      "\xff",	    "\n", "u0000", "\"\\u0000"};
	const char *rounds_text = getenv("EVKIT_FUZZ_ROUNDS");
	long rounds = rounds_text != NULL ? strtol(rounds_text, NULL, 10) : 300000;
	long n_cuts;
	struct guarded page = guarded_new(MAX_TEXT + 4096);
	struct tally t = {.scan = ev_scan_new(),
			  .slow = {.nodes = calloc(MAX_NODES, sizeof *t.slow.nodes),
				   .names = calloc(MAX_NODES, sizeof *t.slow.names)}};
	struct ev_buf b = {0};

	if (t.slow.nodes == NULL || t.slow.names == NULL)
		abort();
	for (long round = 0; round < rounds && t.wrong < 10; round++) {
		/* Where the text ends and begins in memory is of no consequence either. */
		size_t slack = EV_SCAN_SLACK + random_below(64);
		const char *filler = fillers[random_below(sizeof fillers / sizeof fillers[0])];

		if (round % 1024 == 0) { /* one that has names to learn */
			ev_scan_free(&t.scan);
			t.scan = ev_scan_new();
		}
		if (round % 8 == 0) {
			lines(&t, &page, slack, filler);
			continue;
		}
		make_text(&b);
		one_text(
			&t,
			(one_in(2) ? guarded_put : guarded_first)(&page, b.p, b.len, slack, filler),
			b.len);
	}
	is_int(t.wrong, 0, "the scanner and the slow parser agree in %ld rounds", rounds);
	t.wrong = 0;
	n_cuts = cuts(&t, &page);
	is_int(t.wrong, 0, "and on %ld lines that were cut", n_cuts);
	diag("%ld accepted, %ld of them with equal names, %ld of a known shape", t.accepted,
	     t.twice, t.shaped);
	diag("%ld syntax, %ld utf8, %ld surrogate, %ld control, %ld depth",
	     t.flawed[EV_FLAW_SYNTAX], t.flawed[EV_FLAW_UTF8], t.flawed[EV_FLAW_SURROGATE],
	     t.flawed[EV_FLAW_CONTROL], t.flawed[EV_FLAW_DEPTH]);
	ok(rounds < 1000 || (t.accepted > rounds / 10 && t.twice > 0 && t.shaped > rounds / 50 &&
			     t.flawed[EV_FLAW_SYNTAX] > rounds / 10 && t.flawed[EV_FLAW_UTF8] > 0 &&
			     t.flawed[EV_FLAW_SURROGATE] > 0 && t.flawed[EV_FLAW_CONTROL] > 0),
	   "there were texts of each kind");
	parse_slowly(&t.slow, "0", 1);
	free(t.slow.nodes);
	free(t.slow.names);
	ev_buf_free(&b);
	for (size_t i = 0; i < FORMS; i++)
		ev_buf_free(&forms[i]);
	ev_scan_free(&t.scan);
	return done();
}
