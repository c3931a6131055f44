#include "regex/regex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "regex/internal.h"

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
	WORK_OF_WHOLE = 1 << 22, /* of one that begins at the first byte alone */
	WORK_OF_FURTHEST = 1 << 16,
	WORK_PER_WHOLE_BYTE = 64,
	WORK_PER_ITEM = 16, /* each byte that an item of the pattern takes is one more */
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
	const struct ev_regex *spent; /* the first that reached a bound since ev_regex_spent */
	const char *pattern;	      /* as PCRE2 has it, of a search that is counted; else NULL */
	int64_t left;		      /* work that it may still do */
	size_t at;		      /* in the text */
	size_t far, far_item;	      /* the furthest that it got: in the text, in the pattern */
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
	if ((flags & EV_REGEX_BYTES) == 0 && ev_utf8_valid(pattern, len) < len) {
		ev_fail(err, "not UTF-8 at byte %zu", ev_utf8_valid(pattern, len));
		return false;
	}
	if ((flags & EV_REGEX_ECMA) == 0) {
		ev_buf_put(out, pattern, len);
		return true;
	}
	return ev_regex_from_ecma(pattern, len, out, err);
}

/* NULL with the error, and PCRE2's number for it. */
static pcre2_code *compile(struct ev_buf *pattern, unsigned flags, uint32_t options, int *number,
			   struct ev_error *err)
{
	PCRE2_SIZE offset;
	pcre2_code *code;

	options |= PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
	if ((flags & EV_REGEX_WHOLE) != 0)
		options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL | PCRE2_DUPNAMES;
	if ((flags & EV_REGEX_BYTES) == 0)
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
			ev_fail(err, "%s at byte %zu", text, (size_t)offset);
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
 * counted here: PCRE2 calls before each item of the pattern, with its position. No clock is
 * read, so that a record is judged alike on every machine.
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
	if (shared.pattern == NULL) /* the expression has a call of its own, (?C1) */
		return 0;
	if (b->current_position > shared.at)
		shared.left -= (int64_t)(b->current_position - shared.at);
	if (b->current_position >= shared.far) {
		shared.far = b->current_position;
		shared.far_item = b->pattern_position;
	}
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

static int64_t work_for(const struct ev_regex *re, int64_t len)
{
	const int64_t near = len < FAR ? len : FAR;

	if ((re->flags & EV_REGEX_WHOLE) != 0)
		return WORK_OF_WHOLE + WORK_PER_WHOLE_BYTE * len;
	return WORK + WORK_PER_BYTE * near + WORK_PER_FAR_BYTE * (len - near);
}

static int search_counted(struct ev_regex *re, const char *p, size_t len, int64_t work)
{
	struct ev_buf translated = {0};
	struct ev_error err;
	int n = PCRE2_ERROR_CALLOUT;

	if (!as_pcre(re->pattern, re->len, re->flags, &translated, &err))
		return n;
	if (re->counted == NULL) {
		/* Without a call nobody learns how far the search of a whole text got. */
		const uint32_t calls = (re->flags & EV_REGEX_WHOLE) != 0
					       ? PCRE2_AUTO_CALLOUT | PCRE2_NO_START_OPTIMIZE
					       : PCRE2_AUTO_CALLOUT;

		re->counted = compile(&translated, re->flags, calls, &n, &err);
		if (re->counted != NULL)
			pcre2_jit_compile(re->counted, PCRE2_JIT_COMPLETE);
	}
	if (re->counted != NULL) {
		shared.pattern = ev_buf_str(&translated);
		shared.at = shared.far = shared.far_item = 0;
		shared.left = work;
		n = search(re, re->counted, p, len, UINT32_MAX);
		shared.pattern = NULL;
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
		n = search_counted(re, p, len, work_for(re, (int64_t)len));
	if (n < 0 && n != PCRE2_ERROR_NOMATCH && shared.spent == NULL)
		shared.spent = re;
	re->matched = n >= 0;
	return re->matched;
}

void ev_regex_furthest(struct ev_regex *re, const char *p, size_t len, size_t *text_at,
		       size_t *pattern_at)
{
	search_counted(re, p, len, WORK_OF_FURTHEST + WORK_PER_WHOLE_BYTE * (int64_t)len);
	*text_at = shared.far;
	*pattern_at = shared.far_item;
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
