#include "regex/regex.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEPS = 1000000,     /* of all starts of a search that PCRE2 counts */
	STEPS_PER_BYTE = 16, /* and so many more for each start */
	LONG_TEXT = 16 * 1024,
	FAR = 64 * 1024,
	WORK = 1 << 26,		 /* of a search that is counted here */
	WORK_PER_BYTE = 1 << 16, /* and so much more for each byte of the text */
	WORK_PER_FAR_BYTE = 32,	 /* or for those behind the first 64 KiB: a second or two in all */
	WORK_PER_ITEM = 16,	 /* each byte that an item of the pattern takes is one more */
	JIT_STACK_MIN = 32 * 1024,
	JIT_STACK_MAX = 1024 * 1024,
	HEAP_MAX = 64 * 1024, /* KiB, of a search without the JIT */
};

struct ev_regex {
	char *pattern; /* as it was given */
	size_t len;
	unsigned flags;
	pcre2_code *code;
	pcre2_code *counted; /* the same, with calls of count(); NULL until it is needed */
	pcre2_match_data *found;
	uint32_t groups;
	char **names; /* groups + 1 of them, NULL where there is none */
	bool matched;
};

/* What a search works with; shared by all expressions, as only one runs at a time. */
static struct {
	size_t users;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
	const struct ev_regex *spent; /* the first that reached a bound since that was asked */
	const char *pattern;	      /* as PCRE2 has it, of a search that is counted */
	int64_t left;		      /* work that it may still do */
	size_t at;		      /* in the text */
} shared;

static int count(pcre2_callout_block *b, void *unused);

static void share(void)
{
	if (shared.users++ > 0)
		return;
	shared.limits = pcre2_match_context_create(NULL);
	shared.stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (shared.limits == NULL || shared.stack == NULL)
		ev_oom();
	pcre2_set_heap_limit(shared.limits, HEAP_MAX);
	pcre2_set_callout(shared.limits, count, NULL);
	pcre2_jit_stack_assign(shared.limits, NULL, shared.stack);
}

static void unshare(void)
{
	if (--shared.users > 0)
		return;
	pcre2_match_context_free(shared.limits);
	pcre2_jit_stack_free(shared.stack);
}

/* The translation from ECMA-262 */

struct ecma {
	const char *start, *p, *end;
	struct ev_buf out;
	struct ev_error *err;
	bool failed;
};

static void wrong(struct ecma *e, const char *at, const char *what)
{
	if (!e->failed)
		ev_fail(e->err, "%s at octet %zu", what, (size_t)(at - e->start));
	e->failed = true;
}

/* White space and ends of lines (ECMA-262, 12.2 and 12.3), inside a class; and all else. */
static const char space[] =
	"\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"
	"\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
static const char no_space[] = "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}"
			       "\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}"
			       "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}"
			       "\\x{ff00}-\\x{10ffff}";

/* The long names of the general categories (Unicode, PropertyValueAliases.txt). */
static const struct {
	const char *name, *brief;
} categories[] = {
	{"Any", "Any"},
	{"Letter", "L"},
	{"Cased_Letter", "L&"},
	{"LC", "L&"},
	{"Uppercase_Letter", "Lu"},
	{"Lowercase_Letter", "Ll"},
	{"Titlecase_Letter", "Lt"},
	{"Modifier_Letter", "Lm"},
	{"Other_Letter", "Lo"},
	{"Mark", "M"},
	{"Combining_Mark", "M"},
	{"Nonspacing_Mark", "Mn"},
	{"Spacing_Mark", "Mc"},
	{"Enclosing_Mark", "Me"},
	{"Number", "N"},
	{"Decimal_Number", "Nd"},
	{"digit", "Nd"},
	{"Letter_Number", "Nl"},
	{"Other_Number", "No"},
	{"Punctuation", "P"},
	{"punct", "P"},
	{"Connector_Punctuation", "Pc"},
	{"Dash_Punctuation", "Pd"},
	{"Open_Punctuation", "Ps"},
	{"Close_Punctuation", "Pe"},
	{"Initial_Punctuation", "Pi"},
	{"Final_Punctuation", "Pf"},
	{"Other_Punctuation", "Po"},
	{"Symbol", "S"},
	{"Math_Symbol", "Sm"},
	{"Currency_Symbol", "Sc"},
	{"Modifier_Symbol", "Sk"},
	{"Other_Symbol", "So"},
	{"Separator", "Z"},
	{"Space_Separator", "Zs"},
	{"Line_Separator", "Zl"},
	{"Paragraph_Separator", "Zp"},
	{"Other", "C"},
	{"Control", "Cc"},
	{"cntrl", "Cc"},
	{"Format", "Cf"},
	{"Surrogate", "Cs"},
	{"Private_Use", "Co"},
	{"Unassigned", "Cn"},
};

/* e->p is behind \p or \P. */
static void property(struct ecma *e, bool negated)
{
	const char *at = e->p - 2, *close, *name, *equals;
	size_t len;

	if (e->p == e->end || *e->p != '{' ||
	    (close = memchr(e->p, '}', (size_t)(e->end - e->p))) == NULL) {
		wrong(e, at, "\\p needs a property in braces");
		return;
	}
	name = e->p + 1;
	len = (size_t)(close - name);
	e->p = close + 1;
	ev_buf_printf(&e->out, "\\%c{", negated ? 'P' : 'p');
	if ((equals = memchr(name, '=', len)) != NULL) {
		size_t key = (size_t)(equals - name);

		if ((key == 2 && memcmp(name, "gc", 2) == 0) ||
		    (key == 16 && memcmp(name, "General_Category", 16) == 0)) {
			len -= key + 1;
			name = equals + 1;
		} else if ((key == 2 && memcmp(name, "sc", 2) == 0) ||
			   (key == 6 && memcmp(name, "Script", 6) == 0)) {
			ev_buf_puts(&e->out, "sc:");
			len -= key + 1;
			name = equals + 1;
		} else if ((key == 3 && memcmp(name, "scx", 3) == 0) ||
			   (key == 17 && memcmp(name, "Script_Extensions", 17) == 0)) {
			ev_buf_puts(&e->out, "scx:");
			len -= key + 1;
			name = equals + 1;
		}
	}
	for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
		if (strlen(categories[i].name) == len &&
		    memcmp(categories[i].name, name, len) == 0) {
			ev_buf_printf(&e->out, "%s}", categories[i].brief);
			return;
		}
	}
	ev_buf_put(&e->out, name, len);
	ev_buf_putc(&e->out, '}');
}

/* n hex digits at p, or -1. */
static int32_t hex(const struct ecma *e, const char *p, size_t n)
{
	int32_t v = 0;

	if ((size_t)(e->end - p) < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return v;
}

/* e->p is behind \u. */
static void code_point(struct ecma *e)
{
	const char *at = e->p - 2;
	int32_t v = 0;

	if (e->p < e->end && *e->p == '{') {
		const char *close = memchr(e->p, '}', (size_t)(e->end - e->p));
		size_t n = close != NULL ? (size_t)(close - e->p) - 1 : 0;

		if (n == 0 || n > 6 || (v = hex(e, e->p + 1, n)) < 0 || v > 0x10ffff) {
			wrong(e, at, "\\u{} needs the hex digits of a code point");
			return;
		}
		e->p = close + 1;
	} else {
		if ((v = hex(e, e->p, 4)) < 0) {
			wrong(e, at, "\\u needs four hex digits");
			return;
		}
		e->p += 4;
		if (v >= 0xd800 && v <= 0xdbff && e->end - e->p >= 6 && e->p[0] == '\\' &&
		    e->p[1] == 'u') {
			int32_t low = hex(e, e->p + 2, 4);

			if (low >= 0xdc00 && low <= 0xdfff) {
				v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
				e->p += 6;
			}
		}
	}
	if (v >= 0xd800 && v <= 0xdfff)
		wrong(e, at, "half of a surrogate pair stands alone");
	ev_buf_printf(&e->out, "\\x{%x}", (unsigned)v);
}

/* An escape, in a class or outside. True if it stands for a set of characters and not for one. */
static bool escape(struct ecma *e, bool in_class)
{
	const char *at = e->p++;
	char c;

	if (e->p == e->end) {
		wrong(e, at, "the pattern ends in a backslash");
		return false;
	}
	c = *e->p++;
	switch (c) {
	case 'd':
	case 'D':
	case 'w':
	case 'W': ev_buf_printf(&e->out, "\\%c", c); return true;
	case 's': ev_buf_printf(&e->out, in_class ? "%s" : "[%s]", space); return true;
	case 'S':
		ev_buf_printf(&e->out, in_class ? "%s" : "[^%s]", in_class ? no_space : space);
		return true;
	case 'p':
	case 'P': property(e, c == 'P'); return true;
	case 't':
	case 'n':
	case 'r':
	case 'f': ev_buf_printf(&e->out, "\\%c", c); return false;
	case 'v': ev_buf_puts(&e->out, "\\x{b}"); return false;
	case 'b': ev_buf_puts(&e->out, in_class ? "\\x{8}" : "\\b"); return false;
	case 'B':
		if (in_class)
			break;
		ev_buf_puts(&e->out, "\\B");
		return false;
	case 'c':
		if (e->p == e->end || !((*e->p | 0x20) >= 'a' && (*e->p | 0x20) <= 'z')) {
			wrong(e, at, "\\c needs a letter");
			return false;
		}
		ev_buf_printf(&e->out, "\\x{%x}", (unsigned)*e->p++ & 31);
		return false;
	case 'x':
		if (hex(e, e->p, 2) < 0) {
			wrong(e, at, "\\x needs two hex digits");
			return false;
		}
		ev_buf_printf(&e->out, "\\x{%x}", (unsigned)hex(e, e->p, 2));
		e->p += 2;
		return false;
	case 'u': code_point(e); return false;
	case 'k': {
		const char *close =
			e->p < e->end ? memchr(e->p, '>', (size_t)(e->end - e->p)) : NULL;

		if (in_class || close == NULL || *e->p != '<')
			break;
		ev_buf_puts(&e->out, "\\k");
		ev_buf_put(&e->out, e->p, (size_t)(close + 1 - e->p));
		e->p = close + 1;
		return false;
	}
	case '0':
		if (e->p < e->end && *e->p >= '0' && *e->p <= '9')
			break;
		ev_buf_puts(&e->out, "\\x{0}");
		return false;
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		if (in_class)
			break;
		ev_buf_printf(&e->out, "\\g{%c", c);
		while (e->p < e->end && *e->p >= '0' && *e->p <= '9')
			ev_buf_putc(&e->out, *e->p++);
		ev_buf_putc(&e->out, '}');
		return false;
	default:
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			break;
		if ((signed char)c > 0)
			ev_buf_putc(&e->out, '\\'); /* behind one, punctuation is never special */
		ev_buf_putc(&e->out, c);
		return false;
	}
	wrong(e, at, "ECMA-262 has no such escape");
	return false;
}

/* From [ to its ]. A hyphen beside a set stands for itself, so it is escaped: [\s-x]. */
static void class(struct ecma *e)
{
	const char *at = e->p++;
	bool behind_set = false;

	ev_buf_putc(&e->out, '[');
	if (e->p < e->end && *e->p == '^') {
		ev_buf_putc(&e->out, '^');
		e->p++;
	}
	while (e->p < e->end && *e->p != ']' && !e->failed) {
		bool set = false;

		if (*e->p == '\\') {
			set = escape(e, true);
		} else if (*e->p == '[') {
			ev_buf_puts(&e->out, "\\["); /* in PCRE2 [: :] would be a POSIX class */
			e->p++;
		} else if (*e->p == '-' && (behind_set || (e->end - e->p > 2 && e->p[1] == '\\' &&
							   strchr("dDwWsSpP", e->p[2]) != NULL))) {
			ev_buf_puts(&e->out, "\\-");
			e->p++;
		} else {
			ev_buf_putc(&e->out, *e->p++);
		}
		behind_set = set;
	}
	if (e->p == e->end)
		wrong(e, at, "a class is not closed");
	else
		e->p++;
	ev_buf_putc(&e->out, ']');
}

/* The length of a quantifier in braces at p, or 0. */
static size_t braces(const char *p, const char *end)
{
	const char *q = p + 1, *first = q;

	while (q < end && *q >= '0' && *q <= '9')
		q++;
	if (q == first || q == end)
		return 0;
	if (*q == ',')
		for (q++; q < end && *q >= '0' && *q <= '9';)
			q++;
	return q < end && *q == '}' ? (size_t)(q + 1 - p) : 0;
}

static void group(struct ecma *e)
{
	static const char *const kinds[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};
	size_t left = (size_t)(e->end - e->p), n = 1;

	if (left >= 2 && e->p[1] == '*')
		wrong(e, e->p + 1, "there is nothing to repeat");
	if (left >= 2 && e->p[1] == '?') {
		for (size_t i = 0; n == 1 && i < sizeof kinds / sizeof *kinds; i++)
			if (left >= strlen(kinds[i]) &&
			    memcmp(e->p, kinds[i], strlen(kinds[i])) == 0)
				n = strlen(kinds[i]);
		if (n == 1 && left >= 4 && e->p[2] == '<')
			n = 3; /* a name follows */
		if (n == 1)
			wrong(e, e->p, "ECMA-262 has no such group");
	}
	ev_buf_put(&e->out, e->p, n);
	e->p += n;
}

static void translate(struct ecma *e)
{
	bool quantified = false; /* PCRE2 would take a further + as "possessive" */

	while (e->p < e->end && !e->failed) {
		bool quantifier = false;
		size_t n;

		switch (*e->p) {
		case '\\': escape(e, false); break;
		case '[': class(e); break;
		case '(': group(e); break;
		case '.':
			ev_buf_puts(&e->out, "[^\\n\\r\\x{2028}\\x{2029}]");
			e->p++;
			break;
		case '{':
			if ((n = braces(e->p, e->end)) == 0) {
				ev_buf_puts(&e->out, "\\{");
				e->p++;
				break;
			}
			goto repeat;
		case '*':
		case '+':
		case '?':
			n = 1;
repeat:
			if (quantified) {
				wrong(e, e->p, "there is nothing to repeat");
				break;
			}
			quantifier = true;
			ev_buf_put(&e->out, e->p, n);
			e->p += n;
			if (e->p < e->end && *e->p == '?')
				ev_buf_putc(&e->out, *e->p++);
			break;
		case '}':
		case ']':
			ev_buf_putc(&e->out, '\\');
			/* fall through */
		default: ev_buf_putc(&e->out, *e->p++);
		}
		quantified = quantifier;
	}
}

/* Compiling */

static void take_names(struct ev_regex *re)
{
	uint32_t n = 0, size = 0;
	PCRE2_SPTR entry = NULL;

	re->names = ev_calloc(re->groups + 1UL, sizeof *re->names);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &entry);
	for (; n > 0; n--, entry += size) {
		uint32_t k = (uint32_t)entry[0] << 8 | entry[1];

		if (re->names[k] == NULL)
			re->names[k] = ev_strdup((const char *)entry + 2);
	}
}

/* The pattern in PCRE2's own language. */
static bool as_pcre(const char *pattern, size_t len, unsigned flags, struct ev_buf *out,
		    struct ev_error *err)
{
	struct ecma e = {.start = pattern, .p = pattern, .end = pattern + len, .err = err};

	if ((flags & EV_REGEX_OCTETS) == 0 && ev_utf8_valid(pattern, len) < len) {
		ev_fail(err, "not UTF-8 at octet %zu", ev_utf8_valid(pattern, len));
		return false;
	}
	if ((flags & EV_REGEX_ECMA) == 0) {
		ev_buf_put(out, pattern, len);
		return true;
	}
	translate(&e);
	*out = e.out;
	return !e.failed;
}

/* NULL with the error, and PCRE2's number for it. */
static pcre2_code *compile(struct ev_buf *pattern, unsigned flags, uint32_t options, int *number,
			   struct ev_error *err)
{
	PCRE2_SIZE offset;
	pcre2_code *code;

	options |= PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
	if ((flags & EV_REGEX_OCTETS) == 0)
		options |= PCRE2_UTF | PCRE2_NO_UTF_CHECK;
	if ((flags & EV_REGEX_ECMA) != 0)
		options |= PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF;
	code = pcre2_compile((PCRE2_SPTR)ev_buf_str(pattern), pattern->len, options, number,
			     &offset, NULL);
	if (code == NULL && *number == PCRE2_ERROR_HEAP_FAILED)
		ev_oom();
	if (code == NULL) {
		char text[256];

		pcre2_get_error_message(*number, (PCRE2_UCHAR *)text, sizeof text);
		if ((flags & EV_REGEX_ECMA) != 0)
			ev_fail(err, "%s", text); /* a byte of the translation would mislead */
		else
			ev_fail(err, "%s at octet %zu", text, (size_t)offset);
	}
	return code;
}

/* The same of a pattern as it is given; *number is 0 where the error is not PCRE2's. */
static pcre2_code *compile_given(const char *pattern, size_t len, unsigned flags, int *number,
				 struct ev_error *err)
{
	struct ev_buf text = {0};
	pcre2_code *code = NULL;

	*number = 0;
	if (as_pcre(pattern, len, flags, &text, err))
		code = compile(&text, flags, 0, number, err);
	ev_buf_free(&text);
	return code;
}

struct ev_regex *ev_regex_compile(const char *pattern, size_t len, unsigned flags,
				  struct ev_error *err)
{
	struct ev_regex *re;
	int number;
	pcre2_code *code = compile_given(pattern, len, flags, &number, err);

	if (code == NULL)
		return NULL;
	share();
	re = ev_calloc(1, sizeof *re);
	re->pattern = ev_strndup(pattern, len);
	re->len = len;
	re->flags = flags;
	re->code = code;
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	if ((re->found = pcre2_match_data_create_from_pattern(code, NULL)) == NULL)
		ev_oom();
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
	take_names(re);
	return re;
}

bool ev_regex_valid(const char *pattern, size_t len, unsigned flags)
{
	struct ev_error err;
	int number;
	pcre2_code *code = compile_given(pattern, len, flags, &number, &err);

	pcre2_code_free(code);
	return code != NULL || number == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH;
}

void ev_regex_free(struct ev_regex **re)
{
	if (*re == NULL)
		return;
	for (uint32_t i = 0; i <= (*re)->groups; i++)
		free((*re)->names[i]);
	free((*re)->names);
	pcre2_match_data_free((*re)->found);
	pcre2_code_free((*re)->code);
	pcre2_code_free((*re)->counted);
	free((*re)->pattern);
	if (shared.spent == *re)
		shared.spent = NULL;
	free(*re);
	*re = NULL;
	unshare();
}

/*
 * PCRE2 counts steps anew from each byte where a match may begin, and counts none for the repeats
 * of a single character. So a short text is searched with so few steps for each start that together
 * they cannot be too many. If they were too few somewhere, and in a long text, the search is
 * counted here: PCRE2 calls before each item of the pattern, and tells where it stands. No clock is
 * looked at, so that a record is judged alike on every machine.
 */

/* What an item can cost without getting anywhere: a{9} and a group that is to come again. */
static int64_t cost_of(const pcre2_callout_block *b)
{
	const char *item = shared.pattern + b->pattern_position, *p = item + b->next_item_length;
	int64_t most = 0;

	if (b->next_item_length > 1 && item[0] == '\\' && strchr("gk", item[1]) != NULL)
		for (uint32_t i = 1; i < b->capture_top; i++) {
			const PCRE2_SIZE *span = b->offset_vector + 2 * (size_t)i;

			if (span[0] != PCRE2_UNSET && (int64_t)(span[1] - span[0]) > most)
				most = (int64_t)(span[1] - span[0]);
		}
	if (p - item > 2 && (p[-1] == '?' || p[-1] == '+'))
		p--;
	if (p - item < 4 || p[-1] != '}')
		return most;
	while (p > item + 1 && *p != '{')
		p--;
	return most + (p[-1] == 'x' ? 0 : strtol(p + 1, NULL, 10));
}

static int count(pcre2_callout_block *b, void *unused)
{
	(void)unused;
	if (b->current_position > shared.at)
		shared.left -= (int64_t)(b->current_position - shared.at);
	shared.at = b->current_position;
	shared.left -= WORK_PER_ITEM + cost_of(b);
	return shared.left < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

static int search(struct ev_regex *re, const pcre2_code *code, const char *p, size_t len,
		  uint32_t limit)
{
	PCRE2_SPTR text = (PCRE2_SPTR)p;
	int n;

	pcre2_set_match_limit(shared.limits, limit);
	n = pcre2_jit_match(code, text, len, 0, 0, re->found, shared.limits);
	if (n == PCRE2_ERROR_JIT_STACKLIMIT || n == PCRE2_ERROR_JIT_BADOPTION)
		n = pcre2_match(code, text, len, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, re->found,
				shared.limits);
	if (n == PCRE2_ERROR_NOMEMORY)
		ev_oom();
	return n;
}

static int64_t work_for(int64_t len)
{
	const int64_t near = len < FAR ? len : FAR;

	return WORK + WORK_PER_BYTE * near + WORK_PER_FAR_BYTE * (len - near);
}

static int search_counted(struct ev_regex *re, const char *p, size_t len)
{
	struct ev_buf translated = {0};
	struct ev_error err;
	int n = PCRE2_ERROR_CALLOUT;

	if (!as_pcre(re->pattern, re->len, re->flags, &translated, &err))
		return n;
	if (re->counted == NULL) {
		re->counted = compile(&translated, re->flags, PCRE2_AUTO_CALLOUT, &n, &err);
		if (re->counted != NULL)
			pcre2_jit_compile(re->counted, PCRE2_JIT_COMPLETE);
	}
	if (re->counted != NULL) {
		shared.pattern = ev_buf_str(&translated);
		shared.at = 0;
		shared.left = work_for((int64_t)len);
		n = search(re, re->counted, p, len, UINT32_MAX);
	}
	ev_buf_free(&translated);
	return n;
}

bool ev_regex_match(struct ev_regex *re, const char *p, size_t len)
{
	int n = PCRE2_ERROR_MATCHLIMIT;

	p = p != NULL ? p : "";
	if (len <= LONG_TEXT)
		n = search(re, re->code, p, len, (uint32_t)(STEPS / (len + 1) + STEPS_PER_BYTE));
	if (n == PCRE2_ERROR_MATCHLIMIT)
		n = search_counted(re, p, len);
	if (n < 0 && n != PCRE2_ERROR_NOMATCH && shared.spent == NULL)
		shared.spent = re;
	re->matched = n >= 0;
	return re->matched;
}

const char *ev_regex_spent(size_t *len)
{
	const struct ev_regex *re = shared.spent;

	shared.spent = NULL;
	if (re == NULL)
		return NULL;
	*len = re->len;
	return re->pattern;
}

uint32_t ev_regex_groups(const struct ev_regex *re)
{
	return re->groups;
}

const char *ev_regex_group_name(const struct ev_regex *re, uint32_t group_no)
{
	return group_no <= re->groups ? re->names[group_no] : NULL;
}

bool ev_regex_span(const struct ev_regex *re, uint32_t group_no, size_t *from, size_t *to)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(re->found);

	const size_t k = 2 * (size_t)group_no;

	if (!re->matched || group_no > re->groups || at[k] == PCRE2_UNSET)
		return false;
	*from = at[k];
	*to = at[k + 1];
	return true;
}
