/* Regular expressions of ECMA-262, with the flag u, in the language of PCRE2. */
#include "regex/internal.h"

#include <string.h>

struct ecma {
	const char *start, *p, *end;
	struct ev_buf out;
	struct ev_error *err;
	bool failed;
};

static void wrong(struct ecma *e, const char *at, const char *what)
{
	if (!e->failed)
		ev_fail(e->err, "%s at byte %zu", what, (size_t)(at - e->start));
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
static const char categories[] =
	" Any=Any Letter=L Cased_Letter=L& LC=L& Uppercase_Letter=Lu"
	" Lowercase_Letter=Ll Titlecase_Letter=Lt Modifier_Letter=Lm"
	" Other_Letter=Lo Mark=M Combining_Mark=M Nonspacing_Mark=Mn"
	" Spacing_Mark=Mc Enclosing_Mark=Me Number=N Decimal_Number=Nd digit=Nd"
	" Letter_Number=Nl Other_Number=No Punctuation=P punct=P"
	" Connector_Punctuation=Pc Dash_Punctuation=Pd Open_Punctuation=Ps"
	" Close_Punctuation=Pe Initial_Punctuation=Pi Final_Punctuation=Pf"
	" Other_Punctuation=Po Symbol=S Math_Symbol=Sm Currency_Symbol=Sc"
	" Modifier_Symbol=Sk Other_Symbol=So Separator=Z Space_Separator=Zs"
	" Line_Separator=Zl Paragraph_Separator=Zp Other=C Control=Cc cntrl=Cc"
	" Format=Cf Surrogate=Cs Private_Use=Co Unassigned=Cn";

/* The short name of a general category; NULL if it is none. */
static const char *category(const char *name, size_t len)
{
	const char *p = categories;

	if (memchr(name, ' ', len) != NULL)
		return NULL;
	while ((p = strchr(p, ' ')) != NULL)
		if (strlen(++p) > len && memcmp(p, name, len) == 0 && p[len] == '=')
			return p + len + 1;
	return NULL;
}

/* e->p is behind \p or \P. */
static void property(struct ecma *e, bool negated)
{
	static const struct {
		const char *ecma, *pcre;
	} kinds[] = {
		{"gc=", ""},	    {"General_Category=", ""}, {"sc=", "sc:"},
		{"Script=", "sc:"}, {"scx=", "scx:"},	       {"Script_Extensions=", "scx:"},
	};
	const char *at = e->p - 2, *close, *name, *brief;
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
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t n = strlen(kinds[i].ecma);

		if (len < n || memcmp(name, kinds[i].ecma, n) != 0)
			continue;
		ev_buf_puts(&e->out, kinds[i].pcre);
		name += n;
		len -= n;
		break;
	}
	brief = category(name, len);
	if (brief != NULL)
		ev_buf_put(&e->out, brief, strcspn(brief, " "));
	else
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

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* An escape that stands for a set of characters. */
static void set(struct ecma *e, char c, bool in_class)
{
	if (c == 'p' || c == 'P')
		property(e, c == 'P');
	else if (c == 's')
		ev_buf_printf(&e->out, in_class ? "%s" : "[%s]", space);
	else if (c == 'S')
		ev_buf_printf(&e->out, in_class ? "%s" : "[^%s]", in_class ? no_space : space);
	else
		ev_buf_printf(&e->out, "\\%c", c);
}

/* \k<name>, or \1: what a group has matched. False if it is neither. */
static bool back_reference(struct ecma *e, char c)
{
	const char *close = e->p < e->end ? memchr(e->p, '>', (size_t)(e->end - e->p)) : NULL;

	if (c == 'k') {
		if (close == NULL || *e->p != '<')
			return false;
		ev_buf_puts(&e->out, "\\k");
		ev_buf_put(&e->out, e->p, (size_t)(close + 1 - e->p));
		e->p = close + 1;
		return true;
	}
	ev_buf_printf(&e->out, "\\g{%c", c);
	while (e->p < e->end && is_digit(*e->p))
		ev_buf_putc(&e->out, *e->p++);
	ev_buf_putc(&e->out, '}');
	return true;
}

/* Any other escape. False if there is none such. */
static bool character(struct ecma *e, char c, bool in_class)
{
	const char *at = e->p - 2;

	switch (c) {
	case 't':
	case 'n':
	case 'r':
	case 'f': ev_buf_printf(&e->out, "\\%c", c); return true;
	case 'v': ev_buf_puts(&e->out, "\\x{b}"); return true;
	case 'b': ev_buf_puts(&e->out, in_class ? "\\x{8}" : "\\b"); return true;
	case 'B': ev_buf_puts(&e->out, "\\B"); return !in_class;
	case 'c':
		if (e->p == e->end || !((*e->p | 0x20) >= 'a' && (*e->p | 0x20) <= 'z'))
			wrong(e, at, "\\c needs a letter");
		else
			ev_buf_printf(&e->out, "\\x{%x}", (unsigned)*e->p++ & 31);
		return true;
	case 'x':
		if (hex(e, e->p, 2) < 0) {
			wrong(e, at, "\\x needs two hex digits");
			return true;
		}
		ev_buf_printf(&e->out, "\\x{%x}", (unsigned)hex(e, e->p, 2));
		e->p += 2;
		return true;
	case 'u': code_point(e); return true;
	case '0': ev_buf_puts(&e->out, "\\x{0}"); return e->p == e->end || !is_digit(*e->p);
	default: break;
	}
	if (c == 'k' || is_digit(c))
		return !in_class && back_reference(e, c);
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return false;
	if ((signed char)c > 0)
		ev_buf_putc(&e->out, '\\'); /* behind one, punctuation is never special */
	ev_buf_putc(&e->out, c);
	return true;
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
	if (c != '\0' && strchr("dDwWsSpP", c) != NULL) {
		set(e, c, in_class);
		return true;
	}
	if (!character(e, c, in_class))
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

bool ev_regex_from_ecma(const char *pattern, size_t len, struct ev_buf *out, struct ev_error *err)
{
	struct ecma e = {.start = pattern, .p = pattern, .end = pattern + len, .err = err};

	translate(&e);
	*out = e.out;
	return !e.failed;
}
