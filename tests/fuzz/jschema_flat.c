/*
 * Random contracts against many records that nearly keep to them: the judgement by flat programs,
 * which decides most values by fast checks, and the search for reasons, keyword by keyword.
 * Both must say the same.
 */
#include "base/buf.h"
#include "scan/scan.h"
#include "schema/schema.h"
#include "json/view.h"

#include "fuzz.h"

enum { RECORDS = 40, MEMBERS = 9, ITEMS = 5, WORDS = 12, NODES = 400, ALIKE = 4 };

/* What a contract asks of a value, as far as it takes to make values that keep to it. */

enum kind {
	UUID,
	DATE,
	TIME,
	IPV4,
	URI,
	EMAIL,
	HOSTNAME,
	PATTERN,
	WORD,
	NUMBER,
	LENGTH,
	MIXED,
	OBJECT,
	ARRAY,
	KINDS
};

struct item {
	const char *chars; /* of a class; the literal itself if it is one character */
	const char *class;
	size_t min, max;
	const char *quantifier;
};

struct node {
	size_t n_items, n_words, n;
	const char *names[MEMBERS];
	struct node *inside[MEMBERS]; /* the first also of an array */
	const char *words[WORDS];
	struct item items[ITEMS];
	enum kind kind;
	int low, high; /* of a number, or of lengths; high < 0: none */
	bool open, whole, exclusive;
	char extra; /* additionalProperties: 't'rue, 'f'alse, or 'n'umber */
	char part;  /* something that cannot be merged, or '\0' */
	bool required[MEMBERS];
};

static struct node nodes[NODES];
static size_t n_nodes;

static const char *const names[] = {
	"id", "type", "at",  "user", "amount",	 "qty", "a name of more than sixteen bytes",
	"x",  "",     "n01", "n02",  "\xc3\xa9",
};

static const char *const words[] = {
	"",
	"a",
	"b",
	"EUR",
	"USD",
	"GBP",
	"EURO",
	"partner-api",
	"12345678",
	"12345679",
	"1234567812345678",
	"1234567x12345678",
	"123456781234567",
	"12345678x12345678",
	"12345678y12345678",
	"TicketRefundRequested",
	"TicketRefundRevoked__",
	"a word that has some more bytes than thirty-two",
	"a word that has a few more bytes than 32",
	"\xc3\xa9t\xc3\xa9",
	"abcdefgh",
	"abcdefghabcdefgh",
	"abcdefghabcdefghabcdefgh",
	"abcdefgh and so on to ijklmnop",
	"abcdefgh_and so on to ijklmnop",
	"abcdefgh and so on to_ijklmnop",
};

static const struct {
	const char *class, *chars;
} classes[] = {
	{"[0-9]", "0123456789"},
	{"\\\\d", "0123456789"},
	{"[A-Z]", "AZMQ"},
	{"[a-z]", "azmq"},
	{"[A-Za-z]", "AZazmQ"},
	{"[0-9a-fA-F]", "09afAFb3"},
	{"[0-9A-F]", "09AF"},
	{"[a-z0-9_-]", "az09_-"},
	{"[A-Za-z0-9._@+-]", "AZaz09._@+-"},
	{"[-+]", "+-"},
	{"[@-Z]", "@AZ"},
	{"[ -~]", " ~@a[]"},
	{"[ac-eg]", "acdeg"},
	{"[\\\\.\\\\d]", ".0129"},
	{"-", "-"},
	{"S", "S"},
	{"_", "_"},
	{"\\\\.", "."},
	{"/", "/"},
	{"\xc3\xa9", "\xc3\xa9"},
	{"(?:ab|c)", "c"},
};

static const struct {
	const char *text;
	size_t min, max;
} quantifiers[] = {
	{"", 1, 1},	 {"", 1, 1},	    {"", 1, 1},	      {"{4}", 4, 4},	{"{6}", 6, 6},
	{"{8}", 8, 8},	 {"{33}", 33, 33},  {"{16}", 16, 16}, {"{17}", 17, 17}, {"{48}", 48, 48},
	{"+", 1, 20},	 {"*", 0, 20},	    {"{0}", 0, 0},    {"?", 0, 1},	{"{2,5}", 2, 5},
	{"{1,}", 1, 60}, {"{3,50}", 3, 50},
};

static struct node *new_node(int depth);

static void new_pattern(struct node *n)
{
	n->open = chance(4);
	n->n_items = 1 + random_below(ITEMS);
	for (size_t i = 0; i < n->n_items; i++) {
		size_t c = random_below(sizeof classes / sizeof *classes),
		       /* mostly fixed but for the last */
			q = random_below(i + 1 < n->n_items && !chance(8)
						 ? 10
						 : sizeof quantifiers / sizeof *quantifiers);

		n->items[i] = (struct item){classes[c].chars, classes[c].class, quantifiers[q].min,
					    quantifiers[q].max, quantifiers[q].text};
		n->low += (int)quantifiers[q].min;
	}
	n->high = chance(2) ? n->low + (int)random_below(20) : -1;
}

static void new_object(struct node *n, int depth)
{
	size_t from = random_below(sizeof names / sizeof *names);

	n->n = chance(2) ? 1 + random_below(2) : random_below(MEMBERS + 1);
	for (size_t i = 0; i < n->n; i++) {
		n->names[i] = names[(from + i) % (sizeof names / sizeof *names)];
		n->required[i] = chance(2);
		n->inside[i] = new_node(depth - 1);
	}
	n->extra = PICK("tttfn"); /* the NUL is 't' as well */
	n->part = chance(5) ? PICK("pides") : '\0';
}

static struct node *new_node(int depth)
{
	struct node *n = &nodes[n_nodes++];

	if (n_nodes == NODES)
		abort();
	*n = (struct node){.kind = depth > 0 && chance(4) ? chance(2) ? OBJECT : ARRAY
				   : chance(3)		  ? PATTERN
							  : (enum kind)random_below(OBJECT)};
	n->low = (int)random_below(4);
	n->high = chance(2) ? n->low + (int)random_below(60) : -1;
	n->whole = chance(2);
	n->exclusive = chance(3);
	switch (n->kind) {
	case PATTERN: new_pattern(n); break;
	case WORD:
		n->n_words = 1 + random_below(WORDS);
		for (size_t i = 0, from = random_below(sizeof words / sizeof *words);
		     i < n->n_words; i++)
			n->words[i] = words[(from + i) % (sizeof words / sizeof *words)];
		break;
	case NUMBER: n->low -= chance(2) ? 50 : 0; break;
	case OBJECT: new_object(n, depth); break;
	case ARRAY: n->inside[0] = new_node(depth - 1); break;
	default: break;
	}
	return n;
}

/* The text of a contract */

static void put_schema(struct ev_buf *b, const struct node *n);

static void put_lengths(struct ev_buf *b, const struct node *n)
{
	if (chance(6))
		ev_buf_printf(b, ",\"minLength\":%d", n->low);
	if (n->high >= 0 && chance(6))
		ev_buf_printf(b, ",\"maxLength\":%d", n->high);
}

static void put_words(struct ev_buf *b, const struct node *n)
{
	if (n->n_words == 1 && chance(2)) {
		ev_buf_printf(b, "\"const\":\"%s\"", n->words[0]);
		return;
	}
	ev_buf_puts(b, "\"enum\":[");
	for (size_t i = 0; i < n->n_words; i++)
		ev_buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", n->words[i]);
	for (size_t k = chance(20) ? count_at_bound() : 0; k > 0; k--)
		ev_buf_printf(b, ",\"word %zu\"", k);
	ev_buf_puts(b, chance(3) ? ",null,false,1.0]" : "]");
}

static void put_limits(struct ev_buf *b, const struct node *n)
{
	static const char *const parts[] = {"", "", "", ".0", ".5", ".25", "e0"};

	ev_buf_printf(b, "\"type\":\"%s\"", n->whole ? "integer" : "number");
	if (!chance(4))
		ev_buf_printf(b, ",\"%s\":%d%s", n->exclusive ? "exclusiveMinimum" : "minimum",
			      chance(3) ? 0 : n->low, PICK(parts));
	if (n->high >= 0)
		ev_buf_printf(b, ",\"%s\":%d%s", n->exclusive ? "exclusiveMaximum" : "maximum",
			      n->high, PICK(parts));
	if (chance(8))
		ev_buf_puts(b, ",\"multipleOf\":0.5");
}

/* The members of an object; half: those of one of two schemas that it is split into. */
static void put_properties(struct ev_buf *b, const struct node *n, size_t half)
{
	const char *comma = "";

	ev_buf_puts(b, "\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; i < n->n; i++) {
		if (half < 2 && i % 2 != half && !chance(4))
			continue;
		ev_buf_printf(b, "%s\"%s\":", comma, n->names[i]);
		put_schema(b, n->inside[i]);
		comma = ",";
	}
	for (size_t k = half != 1 && chance(40) ? count_at_bound() : 0; k > 0; k--) {
		ev_buf_printf(b, "%s\"further %zu\":{\"type\":\"number\",\"minimum\":%zu}", comma,
			      k, k % 9);
		comma = ",";
	}
	ev_buf_puts(b, "},\"required\":[");
	comma = "";
	for (size_t i = 0; i < n->n; i++) {
		if (!n->required[i] || (half < 2 && i % 2 != half && !chance(4)))
			continue;
		ev_buf_printf(b, "%s\"%s\"", comma, n->names[i]);
		comma = ",";
	}
	ev_buf_puts(b, "]");
}

/* What has to be asked apart from the rest. */
static void put_part(struct ev_buf *b, const struct node *n)
{
	const char *first = n->n > 0 ? n->names[0] : "x",
		   *last = n->n > 0 ? n->names[n->n - 1] : "y";

	switch (n->part) {
	case 'p': ev_buf_puts(b, ",\"patternProperties\":{\"^n0\":{\"maxLength\":30}}"); break;
	case 'i':
		ev_buf_printf(b, ",\"if\":{\"required\":[\"%s\"]},\"then\":{\"required\":[\"%s\"]}",
			      first, last);
		break;
	case 'd': ev_buf_printf(b, ",\"dependentRequired\":{\"%s\":[\"%s\"]}", first, last); break;
	case 's':
		ev_buf_printf(b, ",\"dependentSchemas\":{\"%s\":{\"required\":[\"%s\"]}}", first,
			      last);
		break;
	case 'e': ev_buf_puts(b, ",\"propertyNames\":{\"maxLength\":30}"); break;
	default: break;
	}
}

static void put_object(struct ev_buf *b, const struct node *n)
{
	if (n->extra != 'f' && chance(3)) {
		ev_buf_puts(b, "\"allOf\":[{");
		put_properties(b, n, 0);
		put_part(b, n);
		ev_buf_puts(b, "},{");
		put_properties(b, n, 1);
		ev_buf_puts(b, "}]");
	} else {
		put_properties(b, n, 2);
		put_part(b, n);
	}
	if (n->extra == 'f')
		ev_buf_puts(b, ",\"additionalProperties\":false");
	else if (n->extra == 'n')
		ev_buf_puts(b, ",\"additionalProperties\":{\"type\":\"number\",\"minimum\":0}");
	if (chance(4))
		ev_buf_printf(b, ",\"minProperties\":%d", n->low);
	if (chance(4))
		ev_buf_printf(b, ",\"maxProperties\":%zu", n->n + 1);
}

static void put_pattern(struct ev_buf *b, const struct node *n)
{
	ev_buf_puts(b, "\"pattern\":\"^");
	for (size_t i = 0; i < n->n_items; i++)
		ev_buf_printf(b, "%s%s", n->items[i].class, n->items[i].quantifier);
	ev_buf_puts(b, n->open ? "\"" : "$\"");
}

static void put_schema(struct ev_buf *b, const struct node *n)
{
	static const char *const formats[] = {"uuid", "date",  "date-time", "ipv4",
					      "uri",  "email", "hostname"};
	bool again = chance(10);

	ev_buf_puts(b, again ? "{\"allOf\":[true,{" : "{");
	switch (n->kind) {
	case UUID:
	case DATE:
	case TIME:
	case IPV4:
	case URI:
	case EMAIL:
	case HOSTNAME:
		ev_buf_printf(b, "\"type\":\"string\",\"format\":\"%s\"", formats[n->kind]);
		put_lengths(b, n);
		break;
	case PATTERN:
		put_pattern(b, n);
		put_lengths(b, n);
		break;
	case WORD:
		put_words(b, n);
		if (chance(4))
			put_lengths(b, n);
		break;
	case NUMBER: put_limits(b, n); break;
	case LENGTH:
		ev_buf_printf(b, "\"type\":[\"string\",\"null\"],\"minLength\":%d", n->low);
		if (n->high >= 0)
			ev_buf_printf(b, ",\"maxLength\":%d", n->high);
		break;
	case MIXED:
		ev_buf_puts(
			b, chance(2) ? "\"type\":[\"boolean\",\"integer\",\"string\"],\"minimum\":1"
				     : "\"not\":{\"type\":\"object\"}");
		break;
	case OBJECT: put_object(b, n); break;
	case ARRAY:
		ev_buf_printf(b, "\"type\":\"array\",\"maxItems\":%d,\"items\":", 3 + n->low);
		put_schema(b, n->inside[0]);
		if (chance(4))
			ev_buf_puts(b, ",\"minItems\":1");
		break;
	case KINDS: break;
	}
	ev_buf_puts(b, again ? "}]}" : "}");
}

/* Records */

/* Characters beside the ends of ranges, and others that take part in formats. */
static void put_special(struct ev_buf *b)
{
	static const char *const special[] = {
		"/", "0", "9", ":", "@", "A",	 "F",	     "G",
		"Z", "[", "`", "a", "f", "g",	 "z",	     "{",
		"-", ".", " ", "~", "_", "\x7f", "\xc3\xa9", "\xf0\x9f\x8e\xab",
		"2", "5", "6", "T", "t", "1",	 "\x1d",     "\x10"};

	ev_buf_puts(b, PICK(special));
}

/* A text with a character more, less or other, now and then; its characters stay whole. */
static void put_mutated(struct ev_buf *b, const char *p, size_t len)
{
	size_t at = len > 1 && chance(3) ? len - random_below(3) : random_below(len + 1);

	while (at < len && ((unsigned char)p[at] & 0xc0) == 0x80)
		at++;
	ev_buf_put(b, p, at);
	if (chance(3)) {
		size_t end = at < len ? at + 1 : at;

		while (end < len && ((unsigned char)p[end] & 0xc0) == 0x80)
			end++;
		if (chance(4) || at == len)
			put_special(b); /* one more */
		else if (chance(4))
			at = end; /* one less */
		else {
			put_special(b);
			at = end;
		}
	}
	ev_buf_put(b, p + at, len - at);
}

/* As JSON, with an escape here and there if one is wanted. */
static void put_string(struct ev_buf *b, const char *p, size_t len)
{
	bool escapes = chance(12);

	ev_buf_putc(b, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < 0x20 || c == '"' || c == '\\' || (escapes && c < 0x80 && chance(4)))
			ev_buf_printf(b, "\\u%04x", c);
		else
			ev_buf_putc(b, (char)c);
	}
	ev_buf_putc(b, '"');
}

static const char *const schemes[] = {"https://", "http://",   "http:/", "https:", "ftp://",
				      "HTTP://",  "httpss://", "http",	 ":",	   ""};

static const char *const special_chars[] = {"%41", "%zz", "[", "]",	   " ",
					    "^",   "@",	  "#", "\xc3\xa9", "--"};
static const char *const labels[] = {"a", "shop", "example", "X1", "7", "xn--", "a-b", "ab--c"};

static void put_chars(struct ev_buf *b, const char *chars, size_t most)
{
	for (size_t k = random_below(most + 1); k > 0; k--) {
		if (chance(60))
			ev_buf_puts(b, PICK(special_chars));
		else
			ev_buf_putc(b, chars[random_below(strlen(chars))]);
	}
}

/* Labels, of which most are right. */
static void put_host(struct ev_buf *b)
{
	for (size_t n = 1 + random_below(3); n > 0; n--) {
		ev_buf_puts(b, chance(10) ? "" : PICK(labels));
		put_chars(b, "abzAZ019-", chance(12) ? 70 : 6);
		ev_buf_puts(b, n == 1 || chance(30) ? "" : chance(30) ? ".." : "b.");
	}
}

static void put_time(struct ev_buf *b, bool date_alone)
{
	static const char *const ends[] = {"Z", "z", "+01:00", "-23:59", "", "+24:00"};

	ev_buf_printf(b, "%04zu-%02zu-%02zu",
		      chance(4) ? random_below(10000) : 2024 + random_below(4),
		      random_below(chance(8) ? 21 : 13), 1 + random_below(chance(3) ? 32 : 28));
	if (date_alone)
		return;
	ev_buf_printf(b, "%c%02zu:%02zu:%02zu", chance(12) ? 't' : 'T',
		      random_below(chance(8) ? 30 : 24), random_below(chance(8) ? 62 : 60),
		      random_below(chance(8) ? 62 : 60));
	if (!chance(3)) {
		ev_buf_putc(b, '.');
		for (size_t k = chance(2)   ? 3
				: chance(2) ? 11 + random_below(4)
					    : random_below(12);
		     k > 0; k--)
			ev_buf_putc(b, (char)('0' + random_below(10)));
	}
	ev_buf_puts(b, chance(6) ? PICK(ends) : "Z");
}

/* What a string of the kind looks like. */
static void put_text(struct ev_buf *b, const struct node *n)
{
	switch (n->kind) {
	case UUID:
		for (int i = 0; i < 36; i++)
			ev_buf_putc(b, i == 8 || i == 13 || i == 18 || i == 23
					       ? '-'
					       : PICK("0123456789abcdefABCDEF0123456789abcde"
						      "f0"));
		break;
	case DATE: put_time(b, true); break;
	case TIME: put_time(b, false); break;
	case IPV4:
		for (size_t i = 0, k = chance(10) ? 3 + random_below(3) : 4; i < k; i++)
			ev_buf_printf(b, i > 0 ? ".%0*zu" : "%0*zu", chance(15) ? 3 : 1,
				      random_below(chance(3)   ? 10
						   : chance(4) ? 300
							       : 256));
		break;
	case URI:
		ev_buf_puts(b, chance(2) ? "https://" : PICK(schemes));
		put_host(b);
		put_chars(b, "abzAZ019.-_~/?=&!$'()*+,;:@#", chance(3) ? 40 : 12);
		break;
	case EMAIL:
		put_chars(b, "abzAZ019._+", 8);
		ev_buf_puts(b, chance(20) ? "" : "x@");
		put_host(b);
		break;
	case HOSTNAME: put_host(b); break;
	case PATTERN:
		for (size_t i = 0; i < n->n_items; i++) {
			const struct item *t = &n->items[i];
			size_t k = t->min + random_below(t->max - t->min + 1);

			for (; k > 0; k--) {
				if ((unsigned char)t->chars[0] >= 0x80)
					ev_buf_puts(b, t->chars);
				else
					ev_buf_putc(b, t->chars[random_below(strlen(t->chars))]);
			}
		}
		for (size_t k = n->open ? random_below(20) : 0; k > 0; k--)
			put_special(b);
		break;
	case WORD:
		if (chance(20))
			ev_buf_printf(b, "word %zu", random_below(1030));
		else
			ev_buf_puts(b,
				    chance(5) ? PICK(words) : n->words[random_below(n->n_words)]);
		break;
	default:
		for (size_t k = random_below(8); k > 0; k--)
			put_special(b);
		if (chance(3))
			ev_buf_puts(b, "and so on, to a length that is more than some limits");
	}
}

static void put_number(struct ev_buf *b, const struct node *n)
{
	static const char *const rare[] = {"-0",
					   "-0.0",
					   "0.0",
					   "1e1",
					   "0.5",
					   "-0.5",
					   "1.0",
					   "10E-1",
					   "1e400",
					   "-1e-9",
					   "2.0000000000000000001",
					   "999999999999999999",
					   "1000000000000000000",
					   "123456789012345678901234567890"};
	static const char *const parts[] = {"", "", "", "", ".5", ".0", ".25", ".99", "e0", "E+1"};
	int at = chance(2) || n->high < 0 ? n->low : n->high;

	if (chance(6))
		ev_buf_puts(b, PICK(rare));
	else
		ev_buf_printf(b, "%d%s", at + (int)random_below(5) - 2, PICK(parts));
}

static void put_value(struct ev_buf *b, const struct node *n);

static void put_any(struct ev_buf *b)
{
	static const char *const any[] = {"null", "true",  "false", "0",  "-1",	 "1.5",
					  "\"\"", "\"a\"", "[]",    "{}", "[1]", "{\"id\":1}"};

	ev_buf_puts(b, PICK(any));
}

/* Members in their order, or in any; some missing, some more. */
static void put_members(struct ev_buf *b, const struct node *n)
{
	size_t order[MEMBERS], first = chance(3) ? random_below(n->n + 1) : 0;
	bool more = chance(4);
	const char *comma = "";

	for (size_t i = 0; i < n->n; i++)
		order[i] = (i + first) % n->n;
	for (size_t i = n->n; i > 1 && chance(2); i--) {
		size_t k = random_below(i), t = order[i - 1];

		order[i - 1] = order[k];
		order[k] = t;
	}
	ev_buf_putc(b, '{');
	for (size_t i = 0; i < n->n; i++) {
		if (chance(n->required[order[i]] ? 60 : 4))
			continue;
		ev_buf_puts(b, comma);
		if (chance(20))
			put_string(b, n->names[order[i]], strlen(n->names[order[i]]));
		else
			ev_buf_printf(b, "\"%s\"", n->names[order[i]]);
		ev_buf_putc(b, ':');
		put_value(b, n->inside[order[i]]);
		comma = ",";
	}
	if (more) {
		for (size_t k = 0, many = chance(50) ? 1 + count_at_bound() : 1; k < many; k++) {
			ev_buf_printf(b, "%s\"further %zu\":", comma,
				      many > 1 ? k : random_below(10));
			if (chance(2))
				put_any(b);
			else
				ev_buf_putc(b, '7');
			comma = ",";
		}
	}
	ev_buf_putc(b, '}');
}

static void put_value(struct ev_buf *b, const struct node *n)
{
	struct ev_buf text = {0}, mutated = {0};

	if (chance(60)) {
		put_any(b);
		return;
	}
	switch (n->kind) {
	case NUMBER: put_number(b, n); break;
	case OBJECT: put_members(b, n); break;
	case ARRAY:
		ev_buf_putc(b, '[');
		for (size_t k = 0, many = chance(300) ? count_at_bound() : random_below(6);
		     k < many; k++) {
			ev_buf_puts(b, k > 0 ? "," : "");
			put_value(b, n->inside[0]);
		}
		ev_buf_putc(b, ']');
		break;
	default:
		if (n->kind >= LENGTH && chance(4)) {
			put_any(b);
			break;
		}
		put_text(&text, n);
		if (chance(6))
			put_mutated(&mutated, ev_buf_str(&text), text.len);
		else
			ev_buf_put(&mutated, ev_buf_str(&text), text.len);
		put_string(b, ev_buf_str(&mutated), mutated.len);
	}
	ev_buf_free(&text);
	ev_buf_free(&mutated);
}

/* Holding them against one another */

static struct {
	uint64_t schemas, values, valid, wrong, shaped;
} total;

static const struct ev_doc *scan_text(struct ev_scan *scan, struct ev_buf *text)
{
	const struct ev_doc *d;
	struct ev_flaw flaw;

	memset(ev_buf_room(text, EV_SCAN_SLACK), 0, EV_SCAN_SLACK);
	d = ev_scan(scan, text->p, text->len, &flaw);
	if (d == NULL) {
		diag("%s: %s", ev_buf_str(text), flaw.what);
		abort();
	}
	return d;
}

static void hold(uint64_t number, const struct ev_schema *s, const struct ev_doc *d,
		 const struct ev_buf *schema, struct ev_reasons *reasons)
{
	uint32_t without = ev_kind(d, 0) == EV_OBJECT && d->nodes[0].count > 0 && chance(4)
				   ? ev_first(d, 0) + 1
				   : EV_NOWHERE;
	bool valid;

	if (without != EV_NOWHERE && chance(2) && ev_next(d, without) < ev_end(d, 0))
		without = ev_next(d, without) + 1;
	valid = ev_schema_valid(s, d, 0, without);
	ev_reasons_reset(reasons);
	ev_schema_explain(s, d, 0, without, reasons);
	total.values++;
	total.valid += valid;
	total.shaped += d->shape != EV_NO_SHAPE;
	if (valid == (reasons->n == 0) || total.wrong++ >= 10)
		return;
	printf("# contract %llu: said to be %s, with %zu reasons why not\n#   %.*s\n#   %.*s\n",
	       (unsigned long long)number, valid ? "valid" : "invalid", reasons->n,
	       (int)schema->len, schema->p, (int)d->len, d->text);
}

/* The same nodes, but for the texts of some strings and numbers. */
static void put_alike(struct ev_buf *b, const struct ev_doc *d)
{
	const struct node any = {.low = -5, .high = 1000};
	struct ev_buf text = {0}, mutated = {0};
	uint32_t from = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		const struct ev_node *n = &d->nodes[i];
		bool name = i + 1 < d->n && ev_kind(d, i) == EV_STRING && d->text[n->end] == ':';
		const char *p;
		size_t len;

		if (name || (n->kind != EV_STRING && n->kind != EV_NUMBER) || !chance(4))
			continue;
		ev_buf_put(b, d->text + from, n->pos - from);
		from = n->end;
		if (n->kind == EV_NUMBER) {
			put_number(b, &any);
			continue;
		}
		p = ev_string(d, i, &text, &len);
		ev_buf_reset(&mutated);
		put_mutated(&mutated, p, len);
		put_string(b, ev_buf_str(&mutated), mutated.len);
	}
	ev_buf_put(b, d->text + from, d->len - from);
	ev_buf_free(&text);
	ev_buf_free(&mutated);
}

/*
 * A value, and others of its shape: the scanner learns a form when it meets it again, and from then
 * on the judgement goes by a plan for the shape.
 */
static void hold_alike(uint64_t number, const struct ev_schema *s, struct ev_scan *scan,
		       const struct ev_buf *value, const struct ev_buf *schema,
		       struct ev_reasons *reasons)
{
	struct ev_buf first = {0}, next = {0};
	const struct ev_doc *d;

	ev_buf_put(&first, value->p, value->len);
	hold(number, s, scan_text(scan, &first), schema, reasons);
	for (int i = 0; i < ALIKE; i++) {
		d = scan_text(scan, &first);
		ev_buf_reset(&next);
		put_alike(&next, d);
		hold(number, s, scan_text(scan, &next), schema, reasons);
	}
	ev_buf_free(&first);
	ev_buf_free(&next);
}

static void round_of(uint64_t number, struct ev_buf *schema, struct ev_buf *value,
		     struct ev_reasons *reasons)
{
	struct ev_schema_set *set = ev_schema_set_new(".");
	struct ev_scan *scan = ev_scan_new();
	const struct ev_schema *compiled;
	const struct node *top;
	struct ev_error err;

	random_begin(number);
	do {
		n_nodes = 0;
		top = new_node(2);
	} while (top->kind != OBJECT || top->n == 0);
	ev_schema_set_symbols(set, ev_scan_symbols(scan));
	ev_buf_reset(schema);
	put_schema(schema, top);
	compiled = ev_schema_text(set, "contract", schema->p, schema->len, &err);
	total.schemas++;
	if (compiled == NULL) {
		total.wrong++;
		printf("# contract %llu: %s\n", (unsigned long long)number, err.text);
	}
	for (int i = 0; compiled != NULL && i < RECORDS; i++) {
		ev_buf_reset(value);
		put_value(value, top);
		hold_alike(number, compiled, scan, value, schema, reasons);
	}
	ev_schema_set_free(&set);
	ev_scan_free(&scan);
}

int main(int argc, char **argv)
{
	struct ev_buf schema = {0}, value = {0};
	struct ev_reasons reasons = {0};
	struct rounds rounds = rounds_asked(argc, argv, 1);
	uint64_t number;

	while (rounds_next(&rounds, &number))
		round_of(number, &schema, &value, &reasons);
	ok(total.wrong == 0, "%llu contracts and %llu records, of which %llu are valid",
	   (unsigned long long)total.schemas, (unsigned long long)total.values,
	   (unsigned long long)total.valid);
	ok(rounds.n == 1 || (total.valid > total.values / 8 && total.valid < total.values / 8 * 7),
	   "there are enough of both");
	ok(rounds.n == 1 || total.shaped > total.values / 4, "and %llu of a known shape",
	   (unsigned long long)total.shaped);
	ev_reasons_free(&reasons);
	ev_buf_free(&schema);
	ev_buf_free(&value);
	return done();
}
