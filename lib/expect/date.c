/*
 * Forms of dates and times, in the language of strptime(3) as Python has it. Names are English, in
 * any case, whatever the locale.
 */
#include "expect/internal.h"

#include <ctype.h>
#include <strings.h>

struct moment {
	int year, month, day, yday; /* 0: not given */
};

static const char *const months[] = {"January",	  "February", "March",	  "April",
				     "May",	  "June",     "July",	  "August",
				     "September", "October",  "November", "December"};
static const char *const days[] = {"Monday", "Tuesday",	 "Wednesday", "Thursday",
				   "Friday", "Saturday", "Sunday"};

static const char directives[] = "aAbBcdfHIjmMpSuUwWxXyYzZDFTR%";

bool ev_expect_strftime_is_known(const char *format, const char **wrong)
{
	for (const char *p = format; *p != '\0'; p++) {
		if (*p != '%')
			continue;
		*wrong = p++;
		if (*p == '\0' || strchr(directives, *p) == NULL)
			return false;
	}
	return true;
}

/* At least one digit and at most `most`; the number lies between low and high. */
static bool digits(const char **p, const char *end, int most, int low, int high, int *v)
{
	int n = 0;

	for (*v = 0; n < most && *p < end && isdigit((unsigned char)**p); n++)
		*v = *v * 10 + (*(*p)++ - '0');
	return n > 0 && *v >= low && *v <= high;
}

static bool word(const char **p, const char *end, const char *const *words, size_t n, size_t cut,
		 int *v)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = cut > 0 ? cut : strlen(words[i]);

		if ((size_t)(end - *p) >= len && strncasecmp(*p, words[i], len) == 0) {
			*p += len;
			*v = (int)i + 1;
			return true;
		}
	}
	return false;
}

/* Z, +hh, +hhmm or +hh:mm, the latter two with seconds or not. */
static bool zone(const char **p, const char *end)
{
	int part, low;

	if (*p < end && **p == 'Z') {
		++*p;
		return true;
	}
	if (*p == end || (**p != '+' && **p != '-'))
		return false;
	++*p;
	for (part = 0; part < 3; part++) {
		const char *from = *p;

		if (part > 0 && *p < end && **p == ':')
			++*p;
		if (end - *p < 2 || !isdigit((unsigned char)(*p)[0]) ||
		    !isdigit((unsigned char)(*p)[1])) {
			*p = from;
			break;
		}
		low = ((*p)[0] - '0') * 10 + (*p)[1] - '0';
		if (low > (part == 0 ? 23 : 59))
			return false;
		*p += 2;
	}
	return part > 0;
}

static bool zone_name(const char **p, const char *end)
{
	static const char *const names[] = {"UTC", "GMT"};
	int v;

	return word(p, end, names, 2, 0, &v);
}

static bool match(const char *format, const char **p, const char *end, struct moment *m);

static bool directive(char c, const char **p, const char *end, struct moment *m)
{
	static const char *const halves[] = {"AM", "PM"};
	int v = 0;

	switch (c) {
	case 'a': return word(p, end, days, 7, 3, &v);
	case 'A': return word(p, end, days, 7, 0, &v);
	case 'b': return word(p, end, months, 12, 3, &m->month);
	case 'B': return word(p, end, months, 12, 0, &m->month);
	case 'c': return match("%a %b %d %H:%M:%S %Y", p, end, m);
	case 'd': return digits(p, end, 2, 1, 31, &m->day);
	case 'f': return digits(p, end, 6, 0, 999999, &v);
	case 'H': return digits(p, end, 2, 0, 23, &v);
	case 'I': return digits(p, end, 2, 1, 12, &v);
	case 'j': return digits(p, end, 3, 1, 366, &m->yday);
	case 'm': return digits(p, end, 2, 1, 12, &m->month);
	case 'M': return digits(p, end, 2, 0, 59, &v);
	case 'p': return word(p, end, halves, 2, 0, &v);
	case 'S': return digits(p, end, 2, 0, 61, &v);
	case 'u': return digits(p, end, 1, 1, 7, &v);
	case 'w': return digits(p, end, 1, 0, 6, &v);
	case 'U':
	case 'W': return digits(p, end, 2, 0, 53, &v);
	case 'x':
	case 'D': return match("%m/%d/%y", p, end, m);
	case 'X':
	case 'T': return match("%H:%M:%S", p, end, m);
	case 'R': return match("%H:%M", p, end, m);
	case 'F': return match("%Y-%m-%d", p, end, m);
	case 'y':
		if (end - *p < 2 || !isdigit((unsigned char)(*p)[1]) ||
		    !digits(p, end, 2, 0, 99, &m->year))
			return false;
		m->year += m->year < 69 ? 2000 : 1900;
		return true;
	case 'Y':
		return end - *p >= 4 && isdigit((unsigned char)(*p)[1]) &&
		       isdigit((unsigned char)(*p)[2]) && isdigit((unsigned char)(*p)[3]) &&
		       digits(p, end, 4, 1, 9999, &m->year);
	case 'z': return zone(p, end);
	case 'Z': return zone_name(p, end);
	default: return *p < end && *(*p)++ == '%';
	}
}

/*
 * White space in the format matches any run of it; other characters match themselves in either
 * case.
 */
static bool match(const char *format, const char **p, const char *end, struct moment *m)
{
	for (; *format != '\0'; format++) {
		if (*format == '%') {
			if (!directive(*++format, p, end, m))
				return false;
		} else if (isspace((unsigned char)*format)) {
			if (*p == end || !isspace((unsigned char)**p))
				return false;
			while (*p < end && isspace((unsigned char)**p))
				++*p;
		} else if (*p == end ||
			   tolower((unsigned char)*(*p)++) != tolower((unsigned char)*format)) {
			return false;
		}
	}
	return true;
}

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* True if the month has that day; without a year that of 1900, as in Python. */
static bool is_date(const struct moment *m)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = m->year != 0 ? m->year : 1900;

	if (m->yday == 366 && !leap(year))
		return false;
	if (m->day == 0 || m->month == 0)
		return true;
	return m->day <= lengths[m->month - 1] + (m->month == 2 && leap(year));
}

bool ev_expect_strftime_matches(const char *format, const char *p, size_t len)
{
	const char *end = p + len;
	struct moment m = {0};

	return match(format, &p, end, &m) && p == end && is_date(&m);
}

/* A date, then perhaps a time, then perhaps a zone. */
bool ev_expect_dateutil_parses(const char *p, size_t len)
{
	static const char *const dates[] = {
		"%Y-%m-%d",	"%Y/%m/%d",    "%Y.%m.%d",     "%Y%m%d",	"%m/%d/%Y",
		"%m/%d/%y",	"%m-%d-%Y",    "%d.%m.%Y",     "%d %b %Y",	"%d %B %Y",
		"%b %d %Y",	"%B %d %Y",    "%b %d, %Y",    "%B %d, %Y",	"%d-%b-%Y",
		"%a, %d %b %Y", "%a %d %b %Y", "%A, %d %B %Y", "%A, %B %d, %Y", "%Y-%m",
	};
	static const char *const times[] = {"%H:%M:%S.%f", "%H:%M:%S,%f", "%H:%M:%S", "%H:%M",
					    "%I:%M:%S %p", "%I:%M %p",	  "%I:%M%p",  "%I %p",
					    "%H%M%S",	   "%H%M"};
	const char *end = p + len;

	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		struct moment m = {0};
		const char *rest = p;

		if (!match(dates[i], &rest, end, &m) || !is_date(&m))
			continue;
		if (rest == end)
			return true;
		if (*rest != 'T' && *rest != 't' && *rest != ' ')
			continue;
		rest++;
		for (size_t k = 0; k < sizeof times / sizeof times[0]; k++) {
			const char *behind = rest;

			if (!match(times[k], &behind, end, &m))
				continue;
			if (behind == end)
				return true;
			while (behind < end && isdigit((unsigned char)*behind) &&
			       strstr(times[k], "%f") != NULL)
				behind++; /* beyond six decimals */
			behind += behind < end && *behind == ' ';
			if (behind == end ||
			    ((zone(&behind, end) || zone_name(&behind, end)) && behind == end))
				return true;
		}
	}
	for (size_t k = 0; k < 2; k++)
		if (ev_expect_strftime_matches(k == 0 ? "%H:%M:%S" : "%H:%M", p, len))
			return true;
	return ev_expect_strftime_matches("%a %b %d %H:%M:%S %Y", p, len);
}
