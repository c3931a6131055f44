#include "base/reading.h"
#include "base/time.h"

#include <string.h>

enum place { HEAD, TAIL, WHOLE };

/* To jq, the number of a month by its name. */
#define MONTHS                                                              \
	"{Jan: \"01\", Feb: \"02\", Mar: \"03\", Apr: \"04\", "             \
	"May: \"05\", Jun: \"06\", Jul: \"07\", Aug: \"08\", "              \
	"Sep: \"09\", Oct: \"10\", Nov: \"11\", Dec: \"12\"}"

/*
 * One behind the other: where a part of the text has the form `from`, it becomes `to`, and jq does
 * the same. Directives are those of strptime(3), of all their digits; + is either sign, and T may
 * be a space.
 */
static const struct step {
	enum place place;
	const char *from, *to, *jq;
} steps[] = {
	{HEAD, "%Y/%m/%d", "%Y-%m-%d", " | split(\"/\") | join(\"-\")"},
	{HEAD, "%d.%m.%Y", "%Y-%m-%d", " | .[6:10] + \"-\" + .[3:5] + \"-\" + .[:2] + .[10:]"},
	{HEAD, "%d/%b/%Y:", "%Y-%m-%dT",
	 " | .[7:11] + \"-\" + " MONTHS "[.[3:6]] + \"-\" + .[:2] + \"T\" + .[12:]"},
	{HEAD, "%a, %d %b %Y ", "%Y-%m-%dT",
	 " | .[12:16] + \"-\" + " MONTHS "[.[8:11]] + \"-\" + .[5:7] + \"T\" + .[17:]"},
	{HEAD, "%Y%m%dT%H%M%S", "%Y-%m-%dT%H:%M:%S",
	 " | .[:4] + \"-\" + .[4:6] + \"-\" + .[6:11] + \":\" + .[11:13] + \":\" + .[13:]"},
	{WHOLE, "%Y-%m-%d", "%Y-%m-%dT00:00:00Z", " + \"T00:00:00Z\""},
	{WHOLE, "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:00", " + \":00\""},
	{WHOLE, "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:00Z", " | rtrimstr(\"Z\") + \":00Z\""},
	{HEAD, "%Y-%m-%dT%H:%M+", "%Y-%m-%dT%H:%M:00+", " | .[:16] + \":00\" + .[16:]"},
	{HEAD, "%Y-%m-%dT%H:%M:%S,", "%Y-%m-%dT%H:%M:%S.", " | split(\",\") | join(\".\")"},
	{TAIL, " UTC", "Z", " | rtrimstr(\" UTC\") + \"Z\""},
	{TAIL, " GMT", "Z", " | rtrimstr(\" GMT\") + \"Z\""},
	{TAIL, " Z", "Z", " | rtrimstr(\" Z\") + \"Z\""},
	{TAIL, " +%H:%M", "+%H:%M", " | .[:-7] + .[-6:]"},
	{TAIL, " +%H%M", "+%H:%M", " | .[:-6] + .[-5:-2] + \":\" + .[-2:]"},
	{TAIL, "+%H%M", "+%H:%M", " | .[:-2] + \":\" + .[-2:]"},
};

enum { STEPS = sizeof steps / sizeof steps[0] };

/* What a part of a text says, by directive. */
struct fields {
	char digits[128][4];
	char sign;
};

static size_t size_of(char directive)
{
	return directive == 'Y' ? 4 : directive == 'a' || directive == 'b' ? 3 : 2;
}

/* Bytes that a form takes of a text. */
static size_t length_of(const char *form)
{
	size_t n = 0;

	for (; *form != '\0'; form++)
		n += *form == '%' ? size_of(*++form) : 1;
	return n;
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool read_digits(const char *p, char directive, struct fields *f)
{
	for (size_t i = 0; i < size_of(directive); i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		f->digits[(unsigned char)directive][i] = p[i];
	}
	return true;
}

static bool read_name(const char *p, char directive, struct fields *f)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (directive == 'a')
		return is_letter(p[0]) && is_letter(p[1]) && is_letter(p[2]);
	for (int i = 0; i < 12; i++)
		if (memcmp(months + 3 * i, p, 3) == 0) {
			f->digits['m'][0] = (char)('0' + (i + 1) / 10);
			f->digits['m'][1] = (char)('0' + (i + 1) % 10);
			return true;
		}
	return false;
}

/* Whether the bytes at p, of which there are enough, have the form. */
static bool read_form(const char *form, const char *p, struct fields *f)
{
	for (; *form != '\0'; form++) {
		if (*form == '%') {
			const char directive = *++form;

			if (directive == 'a' || directive == 'b' ? !read_name(p, directive, f)
								 : !read_digits(p, directive, f))
				return false;
			p += size_of(directive);
			continue;
		}
		if (*form == '+' && (*p == '+' || *p == '-'))
			f->sign = *p;
		else if (*p != *form && !(*form == 'T' && (*p == ' ' || *p == 't')))
			return false;
		p++;
	}
	return true;
}

static size_t write_form(const char *form, const struct fields *f, char *out)
{
	const char *from = out;

	for (; *form != '\0'; form++) {
		if (*form == '%') {
			const size_t n = size_of(*++form);

			memcpy(out, f->digits[(unsigned char)*form], n);
			out += n;
		} else {
			*out++ = *form == '+' ? f->sign : *form;
		}
	}
	return (size_t)(out - from);
}

/* False if the text is of another form. */
static bool take_step(const struct step *s, struct ev_reading *r)
{
	const size_t n = length_of(s->from), behind = s->place == HEAD ? r->len - n : 0;
	struct fields f;
	char to[EV_READING_TEXT];
	size_t at, to_len;

	if (s->place == WHOLE ? r->len != n : r->len < n)
		return false;
	at = s->place == TAIL ? r->len - n : 0;
	if (!read_form(s->from, r->text + at, &f))
		return false;
	to_len = write_form(s->to, &f, to);
	memmove(r->text + at + to_len, r->text + at + n, behind);
	memcpy(r->text + at, to, to_len);
	r->len += to_len - n;
	return true;
}

bool ev_reading_of(const char *p, size_t len, struct ev_reading *r)
{
	struct ev_time t;

	if (len < sizeof "0000-00-00" - 1 || len > EV_READING_TEXT)
		return false;
	memcpy(r->text, p, len);
	r->len = len;
	r->steps = 0;
	for (unsigned i = 0; i < STEPS; i++)
		r->steps |= take_step(&steps[i], r) ? 1U << i : 0;
	return ev_time_parse(r->text, r->len, &t) != EV_TIME_BAD;
}

void ev_reading_jq(unsigned taken, struct ev_buf *out)
{
	for (unsigned i = 0; i < STEPS; i++)
		if ((taken & 1U << i) != 0)
			ev_buf_puts(out, steps[i].jq);
}

const char *ev_reading_epoch(size_t digits, bool is_text)
{
	static const struct {
		size_t digits;
		const char *number, *text;
	} units[] = {
		{11, " | todate", " | tonumber | todate"},
		{14, " * 0.001 | todate", " | tonumber * 0.001 | todate"},
		{17, " * 0.000001 | todate", " | tonumber * 0.000001 | todate"},
		{SIZE_MAX, " * 0.000000001 | todate", " | tonumber * 0.000000001 | todate"},
	};
	size_t i = 0;

	while (digits > units[i].digits)
		i++;
	return is_text ? units[i].text : units[i].number;
}
