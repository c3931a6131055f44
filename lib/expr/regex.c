/*
 * test("re") and test("re"; "flags"), which libjq has Oniguruma do, in another process. Where an
 * expression means the same in PCRE2, and the text is ASCII, it is searched here.
 *
 * That is known of literals, ., classes, groups, alternatives and quantifiers of what is not empty;
 * of \d \w \s, which differ beyond ASCII alone; and of ^ and $, which are \A and \Z here. All else
 * is libjq's.
 */
#include "regex/regex.h"
#include "expr/internal.h"
#include "scan/form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_REPEATS = 1000, MOST_GROUPS = 60 /* within each other */ };

struct reading {
	const char *p;
	struct ev_buf out;
	bool other; /* something is not known to mean the same */
};

static bool one_of(char c, const char *list)
{
	return c != '\0' && strchr(list, c) != NULL;
}

static void take(struct reading *r, size_t n)
{
	if (r->other)
		return;
	ev_buf_put(&r->out, r->p, n);
	r->p += n;
}

static void escape(struct reading *r)
{
	r->other |= !one_of(r->p[1], "dDwWsSnrt.\\/-+*?()[]{}|^$");
	take(r, 2);
}

static void class(struct reading *r)
{
	const char *first;

	take(r, r->p[1] == '^' ? 2 : 1);
	for (first = r->p; *r->p != ']' && !r->other;) {
		if (*r->p == '\\') {
			escape(r);
		} else if (r->p[1] == '-' && r->p[2] != ']') {
			r->other |= !isalnum((unsigned char)r->p[0]) ||
				    !isalnum((unsigned char)r->p[2]) || r->p[0] > r->p[2];
			take(r, 3);
		} else {
			r->other |= *r->p == '-'
					    ? r->p != first && r->p[1] != ']'
					    : *r->p < ' ' || *r->p > '~' || one_of(*r->p, "[&^");
			if (!isalnum((unsigned char)*r->p))
				ev_buf_putc(&r->out, '\\');
			take(r, 1);
		}
	}
	r->other |= r->p == first;
	take(r, 1);
}

/* Returns the least count. loops: what it stands behind may be repeated. */
static unsigned long quantifier(struct reading *r, bool loops)
{
	unsigned long least = *r->p == '+', most = 1;
	char *end = (char *)r->p;

	r->other |= !loops && *r->p != '?';
	if (*r->p == '{') {
		least = most = strtoul(r->p + 1, &end, 10);
		if (*end == ',')
			most = isdigit((unsigned char)*++end) ? strtoul(end, &end, 10) : least;
		/* of a{2}? Oniguruma has two minds */
		r->other |= !isdigit((unsigned char)r->p[1]) || *end != '}' || end[1] == '?';
	}
	r->other |= most < least || most > MOST_REPEATS;
	take(r, (size_t)(end + 1 - r->p));
	if (*r->p == '?')
		take(r, 1);
	r->other |= one_of(*r->p, "*+?{");
	return least;
}

static void translate(struct reading *r)
{
	uint64_t full = 0, parted = 0; /* a bit a group: it is never empty; it has a | */
	int depth = 0;

	while (*r->p != '\0' && !r->other) {
		bool takes = true;

		switch (*r->p) {
		case '(':
			r->other |= ++depth > MOST_GROUPS;
			full <<= 1;
			parted <<= 1;
			take(r, strncmp(r->p, "(?:", 3) == 0 ? 3 : 1);
			continue;
		case '|':
			parted |= 1;
			take(r, 1);
			continue;
		case '^':
		case '$':
			ev_buf_puts(&r->out, *r->p == '^' ? "\\A" : "(?=\\n?\\z)");
			r->other |= one_of(*++r->p, "*+?{");
			continue;
		case ')':
			r->other |= --depth < 0;
			takes = (full & 1) != 0 && (parted & 1) == 0;
			full >>= 1;
			parted >>= 1;
			take(r, 1);
			break;
		case '[': class(r); break;
		case '\\': escape(r); break;
		case '.':
			ev_buf_puts(&r->out, "[^\\n]");
			r->p++;
			break;
		default:
			r->other |= *r->p < ' ' || *r->p > '~' || one_of(*r->p, "*+?]{}");
			take(r, 1);
		}
		if (!r->other && one_of(*r->p, "*+?{"))
			takes &= quantifier(r, takes) > 0;
		full |= takes;
	}
	r->other |= depth != 0;
}

struct ev_regex *ev_expr_regex(const struct ev_expr_foreign *f)
{
	const struct ev_expr_token *t = f->from;
	const bool flags = f->end - t == 6 && t[3].kind == ';' && t[4].kind == EV_T_STRING;
	struct ev_regex *re = NULL;
	struct ev_buf text = {0};
	struct reading r = {0};
	struct ev_error err;

	if (f->suffix || !ev_expr_token_is(t, "test") || (f->end - t != 4 && !flags) ||
	    t[2].kind != EV_T_STRING)
		return NULL;
	for (size_t i = 0; flags && i < t[4].len; i++)
		r.other |= t[4].p[i] != 'i';
	if (flags && t[4].len > 0)
		ev_buf_puts(&r.out, "(?i)");
	ev_json_unescape(t[2].p, t[2].len, &text);
	r.p = ev_buf_str(&text);
	r.other |= strlen(r.p) != text.len;
	translate(&r);
	if (!r.other)
		re = ev_regex_compile(ev_buf_str(&r.out), r.out.len,
				      EV_REGEX_PCRE | EV_REGEX_BYTES, &err);
	ev_buf_free(&text);
	ev_buf_free(&r.out);
	return re;
}
