#include "base/time.h"
#include "base/compiler.h"

#include <endian.h>
#include <string.h>

#define DAY 86400

/*
 * Days and civil dates by eras of 400 years: H. Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms".
 */
int64_t ev_date_days(struct ev_date d)
{
	/* An era earlier, so that the year -1, in which the year 0 begins, is no exception. */
	uint32_t y = (uint32_t)(d.year + 400 - (d.month <= 2));
	uint32_t doy =
		(153U * (uint32_t)(d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + (uint32_t)d.day - 1;

	return (int64_t)(y * 365 + y / 4 - y / 100 + y / 400 + doy) - (146097 + 719468);
}

struct ev_date ev_date_of_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int32_t month = (int32_t)(mp < 10 ? mp + 3 : mp - 9);

	return (struct ev_date){(int32_t)(yoe + era * 400 + (month <= 2)), month,
				(int32_t)(doy - (153 * mp + 2) / 5 + 1)};
}

int ev_date_weekday(int64_t days)
{
	int64_t w = (days + 3) % 7;

	return (int)(w < 0 ? w + 7 : w) + 1;
}

void ev_date_week(int64_t days, int *year, int *week)
{
	int64_t thursday = days - ev_date_weekday(days) + 4;
	struct ev_date d = ev_date_of_days(thursday);
	struct ev_date first = {d.year, 1, 1};

	*year = d.year;
	*week = (int)((thursday - ev_date_days(first)) / 7) + 1;
}

static bool digits(const char *p, int n, int32_t *out)
{
	int32_t v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (p[i] - '0');
	}
	*out = v;
	return true;
}

bool ev_date_is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline bool day_exists(struct ev_date d)
{
	static const int8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (d.month < 1 || d.month > 12 || d.day < 1)
		return false;
	return d.day <= 28 ||
	       d.day <= month_days[d.month - 1] + (d.month == 2 && ev_date_is_leap(d.year));
}

bool ev_date_exists(struct ev_date d)
{
	return day_exists(d);
}

bool ev_date_parse(const char *p, size_t len, struct ev_date *d)
{
	return len == EV_DATE_TEXT && p[4] == '-' && p[7] == '-' && digits(p, 4, &d->year) &&
	       digits(p + 5, 2, &d->month) && digits(p + 8, 2, &d->day) && day_exists(*d);
}

/* Nanoseconds of a fraction's last digit, by the number of its digits. */
static const int32_t nano[] = {1000000000, 100000000, 10000000, 1000000, 100000,
			       10000,	   1000,      100,	10,	 1};

typedef uint8_t bytes16 EV_VECTOR(16);

/*
 * "2026-03-01T10:00:00Z", with or without a fraction, as most are. Sixteen bytes are compared at
 * once with the least and the greatest that each may be; then the rest. False for any other form.
 */
static inline bool fast_utc(const char *p, size_t len, struct ev_date *d, int32_t *sec,
			    int32_t *nsec)
{
	static const bytes16 least = {'0', '0', '0', '0', '-', '0', '0', '-',
				      '0', '0', 'T', '0', '0', ':', '0', '0'};
	static const bytes16 above = {9, 9, 9, 9, 0, 1, 9, 0, 3, 9, 0, 2, 9, 0, 5, 9};
	bytes16 v, bad;
	uint64_t halves[2], pairs[2];
	uint32_t hour, second;
	size_t i = 19;

	if (len < 20 || p[16] != ':' || (p[len - 1] != 'Z' && p[len - 1] != 'z'))
		return false;
	memcpy(&v, p, sizeof v);
	v -= least;
	bad = (bytes16)(v > above);
	memcpy(halves, &bad, sizeof halves);
	if ((halves[0] | halves[1]) != 0 || (uint8_t)(p[17] - '0') > 5 ||
	    (uint8_t)(p[18] - '0') > 9)
		return false;
	*nsec = 0;
	if (p[i] == '.') {
		for (i = 20; i < 29 && (uint8_t)(p[i] - '0') <= 9; i++)
			*nsec = *nsec * 10 + (p[i] - '0');
		*nsec *= nano[i - 20];
		while ((uint8_t)(p[i] - '0') <= 9)
			i++;
	}
	if (i != len - 1 || i == 20)
		return false;
	/* Byte i is then the number of two digits that begins at i. */
	memcpy(pairs, &v, sizeof pairs);
	pairs[0] = le64toh(pairs[0]);
	pairs[1] = le64toh(pairs[1]);
	pairs[0] = pairs[0] * 10 + (pairs[0] >> 8);
	pairs[1] = pairs[1] * 10 + (pairs[1] >> 8);
	hour = pairs[1] >> 24 & 0xff;
	second = (uint32_t)(p[17] - '0') * 10 + (uint32_t)(p[18] - '0');
	*d = (struct ev_date){(int32_t)((pairs[0] & 0xff) * 100 + (pairs[0] >> 16 & 0xff)),
			      (int32_t)(pairs[0] >> 40 & 0xff), (int32_t)(pairs[1] & 0xff)};
	*sec = (int32_t)(hour * 3600 + (uint32_t)(pairs[1] >> 48 & 0xff) * 60 + second);
	return hour < 24 && day_exists(*d);
}

bool ev_time_is_canonical(const char *p)
{
	struct ev_date d;
	int32_t sec, nsec;

	return p[19] == '.' && p[EV_TIME_TEXT - 1] == 'Z' &&
	       fast_utc(p, EV_TIME_TEXT, &d, &sec, &nsec) && d.year != 0;
}

bool ev_time_utc(const char *p, size_t len, char out[EV_TIME_TEXT])
{
	struct ev_date d;
	int32_t sec, nsec;

	if (!fast_utc(p, len, &d, &sec, &nsec) || d.year == 0)
		return false;
	memcpy(out, "0000-00-00T00:00:00.000000Z", EV_TIME_TEXT);
	memcpy(out, p, 19);
	if (len > 21)
		memcpy(out + 20, p + 20, len - 21 < 6 ? len - 21 : 6);
	return true;
}

/* A clock reading: seconds of the day, nanoseconds, the offset in seconds if there is one. */
struct clock {
	int32_t sec, nsec, offset;
	bool zoned, leap;
};

static bool clock_parse(const char *p, size_t len, struct clock *c)
{
	int32_t h, m, s, oh, om;
	size_t i = 8;

	if (len < 8 || p[2] != ':' || p[5] != ':' || !digits(p, 2, &h) || !digits(p + 3, 2, &m) ||
	    !digits(p + 6, 2, &s) || h > 23 || m > 59 || s > 60)
		return false;
	*c = (struct clock){.sec = h * 3600 + m * 60 + s, .leap = s == 60};
	if (i < len && p[i] == '.') {
		int32_t unit = 100000000;
		size_t first = ++i;

		for (; i < len && p[i] >= '0' && p[i] <= '9'; i++, unit /= 10)
			c->nsec += (p[i] - '0') * unit;
		if (i == first)
			return false;
	}
	if (i == len)
		return true;
	c->zoned = true;
	if (p[i] == 'Z' || p[i] == 'z')
		return i + 1 == len;
	if ((p[i] != '+' && p[i] != '-') || len - i != 6 || p[i + 3] != ':' ||
	    !digits(p + i + 1, 2, &oh) || !digits(p + i + 4, 2, &om) || oh > 23 || om > 59)
		return false;
	c->offset = (oh * 3600 + om * 60) * (p[i] == '-' ? -1 : 1);
	return true;
}

/* A leap second is inserted at the end of a UTC day, and nowhere else. */
static bool leap_fits(const struct clock *c)
{
	int32_t utc = ((c->sec - c->offset) % DAY + DAY) % DAY;

	return !c->leap || (c->zoned && utc == 0);
}

bool ev_clock_valid(const char *p, size_t len)
{
	struct clock c;

	return clock_parse(p, len, &c) && c.zoned && leap_fits(&c);
}

static size_t n_digits(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* Whether a text begins as the form, in which each 0 stands for a digit. */
static bool has_form(const char *p, size_t len, const char *form)
{
	for (size_t i = 0; form[i] != '\0'; i++)
		if (i == len || (form[i] == '0' ? n_digits(p + i, 1) == 0 : p[i] != form[i]))
			return false;
	return true;
}

/* What is wrong with the text behind the seconds. */
static const char *offset_flaw(const char *p, size_t len)
{
	if (*p == ',')
		return "a point must stand in front of the fraction of a second";
	if (*p == '.') {
		size_t n = n_digits(p + 1, len - 1) + 1;

		if (n == 1)
			return "no digits stand behind the point";
		p += n;
		len -= n;
	}
	if (len > 0 && *p == ' ')
		return "a space stands in front of the zone, which is Z or an offset such as "
		       "+01:00";
	if (len == 5 && (*p == '+' || *p == '-') && n_digits(p + 1, 4) == 4)
		return "its offset has no colon, as +01:00 has";
	if (len == 3 && (*p == '+' || *p == '-') && n_digits(p + 1, 2) == 2)
		return "its offset has no minutes, as +01:00 has";
	return "its zone is neither Z nor an offset such as +01:00";
}

const char *ev_time_flaw(const char *p, size_t len)
{
	struct ev_date d;
	struct clock c;

	if (len == 0)
		return "it is empty";
	if (len >= 9 && n_digits(p, len) == len)
		return "it is a number, such as of seconds since 1970, and no date";
	if (!has_form(p, len, "0000-00-00"))
		return "it does not begin with a date such as 2026-03-01";
	if (!ev_date_parse(p, EV_DATE_TEXT, &d))
		return "there is no such day";
	if (len == EV_DATE_TEXT)
		return "the time of the day is missing, as T10:00:00Z";
	p += EV_DATE_TEXT;
	len -= EV_DATE_TEXT;
	if (*p != 'T' && *p != 't' && *p != ' ')
		return "there is neither a T nor a space between the day and the time";
	p++;
	len--;
	if (!has_form(p, len, "00:00:00"))
		return has_form(p, len, "00:00") ? "it has no seconds"
						 : "its time of the day is not such as 10:00:00";
	if (!clock_parse(p, 8, &c))
		return "there is no such time of the day";
	if (len > 8 && !clock_parse(p, len, &c))
		return offset_flaw(p + 8, len - 8);
	return "there is no second 60 but at the end of a day in UTC";
}

/* Times come one near another: the minute of the last one in UTC by "Z". */
struct minute {
	char text[17]; /* "2026-03-01T10:00:" */
	int64_t sec;
};

/* ":00Z" or ":00.037Z", behind it. */
static inline bool in_minute(const struct minute *m, const char *p, size_t len, struct ev_time *t)
{
	uint32_t tens, ones;
	int32_t nsec = 0;

	if (len < 20 || memcmp(p, m->text, sizeof m->text) != 0 || p[len - 1] != 'Z')
		return false;
	tens = (uint8_t)(p[17] - '0');
	ones = (uint8_t)(p[18] - '0');
	if (tens > 5 || ones > 9)
		return false;
	if (len > 20) {
		size_t i = 20;

		if (p[19] != '.' || len < 22 || len > 30)
			return false;
		for (; i < len - 1; i++) {
			uint32_t digit = (uint8_t)(p[i] - '0');

			if (digit > 9)
				return false;
			nsec = nsec * 10 + (int32_t)digit;
		}
		nsec *= nano[i - 20];
	}
	*t = (struct ev_time){m->sec + (int64_t)(tens * 10 + ones), nsec};
	return true;
}

static _Thread_local struct minute last_minute = {"1970-01-01T00:00:", 0};

static EV_NOINLINE enum ev_time_form parse_any(const char *p, size_t len, struct ev_time *t)
{
	struct ev_date d;
	struct clock c;
	int32_t sec, nsec;

	if (fast_utc(p, len, &d, &sec, &nsec)) {
		*t = (struct ev_time){ev_date_days(d) * DAY + sec, nsec};
		memcpy(last_minute.text, p, sizeof last_minute.text);
		last_minute.sec = t->sec - sec % 60;
		return EV_TIME_ZONED;
	}
	if (len < 19 || (p[10] != 'T' && p[10] != 't' && p[10] != ' ') ||
	    !ev_date_parse(p, EV_DATE_TEXT, &d) || !clock_parse(p + 11, len - 11, &c) ||
	    !leap_fits(&c))
		return EV_TIME_BAD;
	t->sec = ev_date_days(d) * DAY + c.sec - c.offset;
	t->nsec = c.nsec;
	return c.zoned ? EV_TIME_ZONED : EV_TIME_NAIVE;
}

enum ev_time_form ev_time_parse(const char *p, size_t len, struct ev_time *t)
{
	return in_minute(&last_minute, p, len, t) ? EV_TIME_ZONED : parse_any(p, len, t);
}

/* Two digits of v, below 100. */
static inline void put_pair(char *out, uint32_t v)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	memcpy(out, pairs + 2UL * v, 2);
}

void ev_date_format(struct ev_date d, char out[EV_DATE_TEXT])
{
	put_pair(out, (uint32_t)d.year / 100);
	put_pair(out + 2, (uint32_t)d.year % 100);
	out[4] = '-';
	put_pair(out + 5, (uint32_t)d.month);
	out[7] = '-';
	put_pair(out + 8, (uint32_t)d.day);
}

static int64_t floor_days(int64_t sec)
{
	return sec / DAY - (sec % DAY < 0);
}

bool ev_time_in_range(struct ev_time t)
{
	/* From 0001-01-01 to 9999-12-31. */
	return t.sec >= INT64_C(-719162) * DAY && t.sec < INT64_C(2932897) * DAY;
}

void ev_time_format(struct ev_time t, char out[EV_TIME_TEXT])
{
	/* Times come one near another, and often twice: the text of the last one, and its day. */
	static _Thread_local struct {
		int64_t sec, days;
		int32_t nsec;
		char text[EV_TIME_TEXT + 1];
	} last = {0, 0, 0, "1970-01-01T00:00:00.000000Z"};

	if (t.sec != last.sec) {
		int64_t days = floor_days(t.sec);
		uint32_t sec = (uint32_t)(t.sec - days * DAY), minute = sec / 60, hour = sec / 3600;

		if (days != last.days)
			ev_date_format(ev_date_of_days(days), last.text);
		put_pair(last.text + 11, hour);
		put_pair(last.text + 14, minute - hour * 60);
		put_pair(last.text + 17, sec - minute * 60);
		last.sec = t.sec;
		last.days = days;
	}
	if (t.nsec != last.nsec) {
		uint32_t micro = (uint32_t)t.nsec / 1000, high = micro / 10000, low = micro % 10000;

		put_pair(last.text + 20, high);
		put_pair(last.text + 22, low / 100);
		put_pair(last.text + 24, low % 100);
		last.nsec = t.nsec;
	}
	memcpy(out, last.text, EV_TIME_TEXT);
}

int ev_time_compare(struct ev_time a, struct ev_time b)
{
	if (a.sec != b.sec)
		return a.sec < b.sec ? -1 : 1;
	return (a.nsec > b.nsec) - (a.nsec < b.nsec);
}
