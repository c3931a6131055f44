#include "base/layout.h"

#include <string.h>

enum { DAY = 86400, HALF_DAY = 12 };

static const char *const month_names[] = {
	"January", "February",	"March",   "April",    "May",	   "June", "July",
	"August",  "September", "October", "November", "December", NULL,
};
static const char *const day_names[] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", NULL,
};
static const char *const halves[] = {"AM", "PM", NULL};

/* What is read of a text, field by field. */
struct reading {
	const char *p, *end;
	const char *flaw;
	struct ev_date date; /* month 0: none */
	int32_t year_day, hour, minute, second;
	int32_t afternoon;    /* -1: the hour is one of 24 */
	const char *fraction; /* its digits, or NULL */
	size_t fraction_len;
	int64_t epoch; /* milliseconds */
	bool has_year, has_epoch, zoned, utc;
	int32_t offset; /* minutes */
};

static bool fails(struct reading *r, const char *flaw)
{
	r->flaw = flaw;
	return false;
}

static bool is_digit(const struct reading *r)
{
	return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

/* So many digits: a number in a range. */
static inline bool number(struct reading *r, int digits, int32_t least, int32_t most, int32_t *out,
			  const char *flaw)
{
	const char *first = r->p;
	int32_t v = 0;

	for (int i = 0; i < digits; i++, r->p++) {
		if (!is_digit(r))
			return fails(r, flaw);
		v = v * 10 + (*r->p - '0');
	}
	*out = v;
	if (v >= least && v <= most)
		return true;
	r->p = first;
	return fails(r, flaw);
}

static bool day_with_blank(struct reading *r)
{
	const char *first = r->p;
	int32_t tens = 0;

	if (r->p < r->end && *r->p == ' ')
		r->p++;
	if (!number(r, 1, 0, 9, &tens, "the day of the month is missing"))
		return false;
	r->date.day = tens;
	if (r->p - first == 1 && is_digit(r))
		r->date.day = tens * 10 + (*r->p++ - '0');
	if (r->date.day >= 1 && r->date.day <= 31)
		return true;
	r->p = first;
	return fails(r, "there is no such day of the month");
}

/* One of a list of names, or so many of its first bytes (0: all); *out counts from 1. */
static bool name(struct reading *r, const char *const *names, size_t most, int32_t *out,
		 const char *flaw)
{
	for (int32_t i = 0; names[i] != NULL; i++) {
		size_t len = most > 0 ? most : strlen(names[i]);

		if ((size_t)(r->end - r->p) >= len && memcmp(r->p, names[i], len) == 0) {
			r->p += len;
			*out = i + 1;
			return true;
		}
	}
	return fails(r, flaw);
}

/* Seconds or milliseconds since 1970. */
static bool epoch(struct reading *r, int64_t unit)
{
	enum { DIGITS = 15 };
	const char *first = r->p;
	int64_t v = 0;

	while (is_digit(r) && r->p - first < DIGITS)
		v = v * 10 + (*r->p++ - '0');
	if (r->p == first)
		return fails(r, "the number of seconds or milliseconds since 1970 is missing");
	if (v > INT64_C(253402300799999) / unit) {
		r->p = first;
		return fails(r, "it lies beyond the year 9999");
	}
	r->epoch = v * unit;
	r->has_epoch = r->has_year = r->zoned = r->utc = true;
	return true;
}

static bool fraction(struct reading *r)
{
	enum { DIGITS = 9 };

	r->fraction = r->p;
	while (is_digit(r) && r->p - r->fraction < DIGITS)
		r->p++;
	r->fraction_len = (size_t)(r->p - r->fraction);
	return r->fraction_len > 0 || fails(r, "the digits of a second's fraction are missing");
}

/* Z, +01:00, +0100 or +01. */
static bool offset(struct reading *r)
{
	static const char flaw[] = "the offset from UTC is missing, such as +0100";
	int32_t hours, minutes = 0;
	bool minus;

	r->zoned = true;
	if (r->p < r->end && (*r->p == 'Z' || *r->p == 'z')) {
		r->p++;
		r->utc = true;
		return true;
	}
	if (r->p == r->end || (*r->p != '+' && *r->p != '-'))
		return fails(r, flaw);
	minus = *r->p++ == '-';
	if (!number(r, 2, 0, 23, &hours, flaw))
		return false;
	if (r->end - r->p >= 3 && *r->p == ':')
		r->p++;
	if (is_digit(r) && !number(r, 2, 0, 59, &minutes, flaw))
		return false;
	r->offset = (hours * 60 + minutes) * (minus ? -1 : 1);
	return true;
}

static bool zone_name(struct reading *r)
{
	static const char *const names[] = {"UTC", "GMT", "Z", NULL};
	int32_t which;

	r->zoned = r->utc = true;
	return name(r, names, 0, &which,
		    "the zone is neither UTC nor GMT, and no other name says for sure which one "
		    "is meant");
}

static bool two_digit_year(struct reading *r)
{
	if (!number(r, 2, 0, 99, &r->date.year, "the year's two digits are missing"))
		return false;
	r->date.year += r->date.year < 69 ? 2000 : 1900;
	r->has_year = true;
	return true;
}

static bool read_all(struct reading *r, const char *layout);

static bool read_one(struct reading *r, char directive)
{
	int32_t unused;

	switch (directive) {
	case 'Y':
		r->has_year = true;
		return number(r, 4, 1, 9999, &r->date.year, "the year's four digits are missing");
	case 'y': return two_digit_year(r);
	case 'm': return number(r, 2, 1, 12, &r->date.month, "there is no such month");
	case 'b': return name(r, month_names, 3, &r->date.month, "there is no such month");
	case 'B': return name(r, month_names, 0, &r->date.month, "there is no such month");
	case 'd': return number(r, 2, 1, 31, &r->date.day, "there is no such day of the month");
	case 'e': return day_with_blank(r);
	case 'j': return number(r, 3, 1, 366, &r->year_day, "there is no such day of the year");
	case 'H': return number(r, 2, 0, 23, &r->hour, "there is no such hour");
	case 'I': return number(r, 2, 1, 12, &r->hour, "there is no such hour of twelve");
	case 'p': return name(r, halves, 0, &r->afternoon, "neither AM nor PM");
	case 'M': return number(r, 2, 0, 59, &r->minute, "there is no such minute");
	case 'S': return number(r, 2, 0, 60, &r->second, "there is no such second");
	case 'f': return fraction(r);
	case 's': return epoch(r, 1000);
	case 'Q': return epoch(r, 1);
	case 'z': return offset(r);
	case 'Z': return zone_name(r);
	case 'a': return name(r, day_names, 3, &unused, "there is no such day of the week");
	case 'A': return name(r, day_names, 0, &unused, "there is no such day of the week");
	case 'F': return read_all(r, "%Y-%m-%d");
	case 'T': return read_all(r, "%H:%M:%S");
	}
	return false;
}

static bool read_all(struct reading *r, const char *layout)
{
	for (const char *l = layout; *l != '\0'; l++) {
		if (*l == '%' && *++l != '%') {
			if (!read_one(r, *l))
				return false;
		} else if (r->p < r->end && *r->p == *l) {
			r->p++;
		} else {
			return fails(r, "it does not go on as its format says");
		}
	}
	return true;
}

/* Writing */

static inline void put_pair(char *out, int32_t v)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
}

static char *put_reading(char *out, const struct reading *r)
{
	static const char form[] = "0000-00-00T00:00:00";

	memcpy(out, form, sizeof form - 1);
	ev_date_format(r->date, out);
	put_pair(out + 11, r->hour);
	put_pair(out + 14, r->minute);
	put_pair(out + 17, r->second);
	out += sizeof form - 1;
	if (r->fraction_len > 0) {
		*out++ = '.';
		memcpy(out, r->fraction, r->fraction_len);
		out += r->fraction_len;
	}
	return out;
}

static char *put_offset(char *out, const struct reading *r)
{
	const int32_t minutes = r->offset < 0 ? -r->offset : r->offset;

	if (r->utc) {
		*out++ = 'Z';
		return out;
	}
	out[0] = r->offset < 0 ? '-' : '+';
	put_pair(out + 1, minutes / 60);
	out[3] = ':';
	put_pair(out + 4, minutes % 60);
	return out + 6;
}

/* The date and the time of the day of seconds since 1970. */
static void set_seconds(struct reading *r, int64_t sec)
{
	const int64_t days = sec / DAY - (sec % DAY < 0);
	const int32_t rest = (int32_t)(sec - days * DAY);

	r->date = ev_date_of_days(days);
	r->hour = rest / 3600;
	r->minute = rest / 60 % 60;
	r->second = rest % 60;
}

static int64_t local_seconds(const struct reading *r)
{
	return ev_date_days(r->date) * DAY + r->hour * 3600L + r->minute * 60L + r->second;
}

/* The date in the twelve months that are meant. */
static bool find_year(struct reading *r, const struct ev_layout_place *place)
{
	const struct ev_date *from = &place->from;

	if (r->has_year)
		return true;
	if (from->month == 0)
		return fails(r, "the time has no year: say it with --year");
	r->date.year = from->year + (r->date.month < from->month ||
				     (r->date.month == from->month && r->date.day < from->day));
	return r->date.year <= 9999 || fails(r, "it lies beyond the year 9999");
}

static void find_day(struct reading *r)
{
	if (r->year_day == 0)
		return;
	/* Day 366 of a common year is the first of the next one, and so no day of this. */
	r->date = r->year_day == 366 && !ev_date_is_leap(r->date.year)
			  ? (struct ev_date){r->date.year, 2, 30}
			  : ev_date_of_days(ev_date_days((struct ev_date){r->date.year, 1, 1}) +
					    r->year_day - 1);
}

/* Of what was read, the instant in the place that is meant. */
static bool settle(struct reading *r, const struct ev_layout_place *place)
{
	if (r->has_epoch)
		set_seconds(r, r->epoch / 1000);
	if (r->afternoon >= 0)
		r->hour = r->hour % HALF_DAY + (r->afternoon == 2 ? HALF_DAY : 0);
	if (!find_year(r, place))
		return false;
	find_day(r);
	if (!ev_date_exists(r->date))
		return fails(r, "there is no such day in that month");
	if (r->zoned)
		return true;
	if (place->zone == NULL)
		return fails(r, "the time has no offset from UTC: say its zone with --zone");
	if (r->second == 60)
		return fails(r, "there is no second 60 but at the end of a day in UTC");
	set_seconds(r, ev_zone_to_utc(place->zone, local_seconds(r)));
	r->utc = true;
	return true;
}

/* So many digits of a number are the fraction, unless it is none. */
static void set_fraction(struct reading *r, int64_t v, unsigned n, char digits[9])
{
	if (v == 0)
		return;
	for (unsigned i = n; i > 0; i--, v /= 10)
		digits[i - 1] = (char)('0' + v % 10);
	r->fraction = digits;
	r->fraction_len = n;
}

static bool write_time(const struct reading *r, struct ev_layout_time *t)
{
	struct ev_time unused;

	if (r->date.year < 1 || r->date.year > 9999)
		return false;
	t->text_len = (size_t)(put_offset(put_reading(t->text, r), r) - t->text);
	/* All else was held to its range. */
	return r->second < 60 || ev_time_parse(t->text, t->text_len, &unused) == EV_TIME_ZONED;
}

/*
 * Writes the time with the colon that its offset lacks, as in +0100 or +01, or returns 0. Most
 * programs write it so, and what is meant is clear.
 */
static size_t put_colon(const char *p, size_t len, char *out, size_t room)
{
	const bool minutes = len > 5 && (p[len - 5] == '+' || p[len - 5] == '-');
	const size_t hours_end = minutes ? len - 2 : len;

	if (len < 3 || len + 3 > room || (!minutes && p[len - 3] != '+' && p[len - 3] != '-'))
		return 0;
	memcpy(out, p, hours_end);
	out[hours_end] = ':';
	memcpy(out + hours_end + 1, minutes ? p + hours_end : "00", 2);
	return hours_end + 3;
}

/* RFC 3339 is read by its own reader, as far as its characters go, and stays as it is written. */
static bool read_rfc3339(const struct ev_layout_place *place, const char *p, size_t len,
			 struct ev_layout_time *t)
{
	static const char marks[] = "0123456789-+:.TtZz";
	struct ev_time parsed;
	struct reading r = {.afternoon = -1};
	enum ev_time_form form;
	size_t n = 0;

	while (n < len && n < sizeof t->text &&
	       (memchr(marks, p[n], sizeof marks - 1) != NULL ||
		(n == EV_DATE_TEXT && p[n] == ' ')))
		n++;
	t->len = n;
	t->at = 0;
	form = ev_time_parse(p, n, &parsed);
	if (form == EV_TIME_ZONED) {
		memcpy(t->text, p, n);
		t->text_len = n;
		return true;
	}
	t->text_len = put_colon(p, n, t->text, sizeof t->text);
	if (ev_time_parse(t->text, t->text_len, &parsed) == EV_TIME_ZONED)
		return true;
	if (form == EV_TIME_BAD || place->zone == NULL) {
		t->flaw = form == EV_TIME_BAD
				  ? ev_time_flaw(p, n > 0 || len == 0 ? n : 1)
				  : "the time has no offset from UTC: say its zone with --zone";
		return false;
	}
	set_seconds(&r, ev_zone_to_utc(place->zone, parsed.sec));
	r.utc = true;
	if (n > 20) {
		r.fraction = p + 20;
		r.fraction_len = n - 20;
	}
	return write_time(&r, t);
}

bool ev_layout_read(const char *layout, const struct ev_layout_place *place, const char *p,
		    size_t len, struct ev_layout_time *t)
{
	struct reading r = {.p = p, .end = p + len, .afternoon = -1};
	char millis[9];
	bool good;

	if (layout == NULL)
		return read_rfc3339(place, p, len, t);
	good = read_all(&r, layout);
	t->at = t->len = (size_t)(r.p - p);
	if (good) {
		t->at = 0;
		if (r.has_epoch)
			set_fraction(&r, r.epoch % 1000, 3, millis);
		good = settle(&r, place);
	}
	if (good && !write_time(&r, t))
		good = fails(&r, r.second == 60
					 ? "there is no second 60 but at the end of a day in UTC"
					 : "it lies beyond the year 9999");
	t->flaw = r.flaw;
	return good;
}

bool ev_layout_instant(int64_t units, unsigned digits, struct ev_layout_time *t)
{
	struct reading r = {.afternoon = -1, .utc = true};
	char fraction_text[9];
	int64_t unit = 1;

	for (unsigned i = 0; i < digits; i++)
		unit *= 10;
	if (units < 0 || units / unit > INT64_C(253402300799))
		return false;
	set_seconds(&r, units / unit);
	set_fraction(&r, units % unit, digits, fraction_text);
	return write_time(&r, t);
}

/* Checking a layout */

/* What a directive says, as a letter for each; those in capitals are two of another. */
static const struct {
	char directive;
	const char *says;
} directives[] = {
	{'Y', "y"}, {'y', "y"},	 {'m', "m"},	   {'b', "m"},	      {'B', "m"},   {'d', "d"},
	{'e', "d"}, {'j', "md"}, {'H', "h"},	   {'I', "i"},	      {'p', "p"},   {'M', "n"},
	{'S', "s"}, {'f', "f"},	 {'s', "ymdhnsz"}, {'Q', "ymdhnszf"}, {'z', "z"},   {'Z', "z"},
	{'a', ""},  {'A', ""},	 {'F', "ymd"},	   {'T', "hns"},      {'\0', NULL},
};

static const char *what_says(char directive)
{
	size_t i = 0;

	while (directives[i].directive != '\0' && directives[i].directive != directive)
		i++;
	return directives[i].says;
}

static bool says(const char *seen, char what)
{
	return strchr(seen, what) != NULL;
}

bool ev_layout_check(const char *layout, unsigned *lacks, struct ev_error *err)
{
	char seen[16] = "";
	size_t n = 0;

	for (const char *l = layout; *l != '\0'; l++) {
		const char *more;

		if (*l != '%' || *++l == '%')
			continue;
		if (*l == '\0' || (more = what_says(*l)) == NULL) {
			ev_fail(err, "there is no %%%.1s in a time", l);
			return false;
		}
		for (; *more != '\0'; more++) {
			if (says(seen, *more)) {
				ev_fail(err, "%%%c says once more what stands before it", *l);
				return false;
			}
			seen[n++] = *more;
		}
	}
	*lacks = (says(seen, 'y') ? 0 : EV_LAYOUT_NO_YEAR) |
		 (says(seen, 'z') ? 0 : EV_LAYOUT_NO_OFFSET);
	if (!says(seen, 'm') || !says(seen, 'd'))
		ev_fail(err, "it has no day: %%d and %%m, or %%F, or %%s");
	else if (!says(seen, 'n') || says(seen, 'h') == says(seen, 'i') ||
		 says(seen, 'i') != says(seen, 'p'))
		ev_fail(err, "it has no time of the day: %%T, or %%H and %%M, or %%I, %%M and %%p");
	else
		return true;
	return false;
}
