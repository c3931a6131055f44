/* Instants, the calendar, RFC 3339 and time zones. */
#include "base/time.h"
#include "base/zone.h"

#include "support.h"
#include "tap.h"

#include <dirent.h>
#include <time.h>

static enum ev_time_form parse(const char *text, struct ev_time *t)
{
	*t = (struct ev_time){0};
	return ev_time_parse(text, strlen(text), t);
}

static bool is_date(const char *text)
{
	struct ev_date d;

	return ev_date_parse(text, strlen(text), &d);
}

/* The C library's opinion of a reading in UTC; the reading begins the text. */
static int64_t utc(const char *text)
{
	struct tm tm = {0};

	if (strptime(text, "%Y-%m-%d", &tm) == NULL || strptime(text + 11, "%H:%M:%S", &tm) == NULL)
		return INT64_MIN;
	return timegm(&tm);
}

static const struct {
	const char *text;
	enum ev_time_form form;
	int32_t nsec;
	int64_t sec;
} times[] = {
	{"1970-01-01T00:00:00Z", EV_TIME_ZONED, 0, 0},
	{"1970-01-01t00:00:01z", EV_TIME_ZONED, 0, 1},
	{"2026-03-01T10:00:00.000000Z", EV_TIME_ZONED, 0, 1772359200},
	{"2026-03-01T11:00:00+01:00", EV_TIME_ZONED, 0, 1772359200},
	{"2026-03-01T04:30:00-05:30", EV_TIME_ZONED, 0, 1772359200},
	{"2026-02-28T10:01:00-23:59", EV_TIME_ZONED, 0, 1772359200},
	{"2026-03-01T10:00:00-00:00", EV_TIME_ZONED, 0, 1772359200},
	{"2026-03-01T10:00:00", EV_TIME_NAIVE, 0, 1772359200},
	{"2026-03-01T10:00:00.5", EV_TIME_NAIVE, 500000000, 1772359200},
	{"2026-03-01T10:00:00.5Z", EV_TIME_ZONED, 500000000, 1772359200},
	{"2026-03-01T10:00:00.000000001Z", EV_TIME_ZONED, 1, 1772359200},
	{"2026-03-01T10:00:00.999999999+01:00", EV_TIME_ZONED, 999999999, 1772355600},
	{"2026-03-01T10:00:00.9999999999999999999999Z", EV_TIME_ZONED, 999999999, 1772359200},
	{"1969-12-31T23:59:59.25Z", EV_TIME_ZONED, 250000000, -1},
	{"0000-01-01T00:00:00Z", EV_TIME_ZONED, 0, -62167219200},
	{"9999-12-31T23:59:59Z", EV_TIME_ZONED, 0, 253402300799},
	/* A leap second is the second after it. */
	{"2016-12-31T23:59:60Z", EV_TIME_ZONED, 0, 1483228800},
	{"2016-12-31T23:59:60.5Z", EV_TIME_ZONED, 500000000, 1483228800},
	{"2017-01-01T00:59:60+01:00", EV_TIME_ZONED, 0, 1483228800},
	{"2016-12-31T15:59:60-08:00", EV_TIME_ZONED, 0, 1483228800},
	{"2016-12-31T23:59:61Z", EV_TIME_BAD, 0, 0},
	{"2016-12-31T22:59:60Z", EV_TIME_BAD, 0, 0},
	{"2016-12-31T23:58:60Z", EV_TIME_BAD, 0, 0},
	{"2016-12-31T23:59:60+01:00", EV_TIME_BAD, 0, 0},
	{"2016-12-31T23:59:60", EV_TIME_BAD, 0, 0}, /* nobody knows where UTC is */
	{"", EV_TIME_BAD, 0, 0},
	{"2026-03-01", EV_TIME_BAD, 0, 0},
	{"2026-03-01T", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00.", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00.Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00,5Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00ZZ", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00Z ", EV_TIME_BAD, 0, 0},
	{" 2026-03-01T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00 Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01 10:00:00Z", EV_TIME_ZONED, 0, 1772359200},
	{"2026-03-01 10:00:00.5", EV_TIME_NAIVE, 500000000, 1772359200},
	{"2026-03-01  10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01\t10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01T24:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:60:00Z", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00+24:00", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00+01:60", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00+1:00", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00+01", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00+0100", EV_TIME_BAD, 0, 0},
	{"2026-03-01T10:00:00+01:000", EV_TIME_BAD, 0, 0},
	{"2026-02-29T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2024-02-29T10:00:00Z", EV_TIME_ZONED, 0, 1709200800},
	{"1900-02-29T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2000-02-29T10:00:00Z", EV_TIME_ZONED, 0, 951818400},
	{"2026-04-31T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-00-01T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-13-01T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-01-00T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"-026-01-01T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"+2026-01-01T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"10000-01-01T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"20260301T100000Z", EV_TIME_BAD, 0, 0},
	{"2026-060T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2026-W09-7T10:00:00Z", EV_TIME_BAD, 0, 0},
	{"2\xd9\xa1"
	 "26-03-01T10:00:00Z",
	 EV_TIME_BAD, 0, 0},
};

static void test_times(void)
{
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct ev_time t;
		enum ev_time_form form = parse(times[i].text, &t);

		if (!ok(form == times[i].form && (form == EV_TIME_BAD || (t.sec == times[i].sec &&
									  t.nsec == times[i].nsec)),
			"the time '%s'", times[i].text))
			diag("form %d, %lld s %d ns", (int)form, (long long)t.sec, t.nsec);
	}
	/* A text that is right, cut anywhere with the rest of it behind: the length rules. */
	for (size_t len = 0; len < 27; len++) {
		static const char text[] = "2026-03-01T10:00:00.123456Z";
		struct ev_time t;
		enum ev_time_form form = ev_time_parse(text, len, &t);

		is_int(form, len < 19 || len == 20 ? EV_TIME_BAD : EV_TIME_NAIVE,
		       "%zu bytes of a time", len);
	}
}

/* Right or not, with Z a text says what it says with +00:00, which is read in another way. */
static void test_plain(void)
{
	static const char *const like[] = {"2026-03-01T10:00:00", "2024-02-29T23:59:59.123",
					   "0000-12-31T19:09:10.1234567891",
					   "2026-03-01T10:00:00.000123"};
	char out[EV_TIME_TEXT], want[EV_TIME_TEXT];
	unsigned wrong = 0;

	for (int i = 0; i < 400000; i++) {
		char text[48];
		size_t len = strlen(like[i % 4]);
		struct ev_time t = {0}, u = {0};
		enum ev_time_form form;
		bool fast;

		memcpy(text, like[i % 4], len + 1);
		for (size_t n = random_below(3); n > 0; n--)
			text[random_below(len)] = random_below(4) != 0
							  ? (char)('0' + random_below(10))
							  : (char)random_below(256);
		memcpy(text + len, i % 8 < 4 ? "Z" : "z", 2);
		form = ev_time_parse(text, len + 1, &t);
		fast = form == EV_TIME_ZONED && ev_time_in_range(t) && text[10] == 'T' &&
		       memcmp(text + 17, "60", 2) != 0;
		wrong += ev_time_utc(text, len + 1, out) != fast;
		wrong += len + 1 == EV_TIME_TEXT &&
			 ev_time_is_canonical(text) != (fast && memcmp(out, text, len + 1) == 0);
		if (fast) {
			ev_time_format(t, want);
			wrong += memcmp(out, want, sizeof want) != 0;
		}
		memcpy(text + len, "+00:00", 7);
		wrong += ev_time_parse(text, len + 6, &u) != form || u.sec != t.sec ||
			 u.nsec != t.nsec;
	}
	is_int(wrong, 0, "with Z as with +00:00");
}

static void test_clock(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"10:00:00Z", true},   {"10:00:00.123z", true},	  {"10:00:00+01:00", true},
		{"23:59:60Z", true},   {"15:59:60-08:00", true},  {"10:00:60Z", false},
		{"10:00:00", false},   {"10:00Z", false},	  {"24:00:00Z", false},
		{"1:00:00Z", false},   {"10:00:00.Z", false},	  {"", false},
		{"T10:00:00Z", false}, {"10:00:00+25:00", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(ev_clock_valid(cases[i].text, strlen(cases[i].text)) == cases[i].good,
		   "the clock '%s'", cases[i].text);
}

static void test_format(void)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
		{"2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000000Z"},
		{"2026-03-01T00:30:00.123456789+01:00", "2026-02-28T23:30:00.123456Z"},
		{"2026-12-31T23:59:59.9999999-00:01", "2027-01-01T00:00:59.999999Z"},
		{"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
		{"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
	};
	struct ev_time t, u;
	char out[EV_TIME_TEXT + 1];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(out, 0, sizeof out);
		parse(cases[i].text, &t);
		ev_time_format(t, out);
		is(out, cases[i].written, "%s written", cases[i].text);
		ok(ev_time_in_range(t), "%s is in range", cases[i].text);
	}
	parse("0000-12-31T23:59:59Z", &t);
	ok(!ev_time_in_range(t), "the year 0 is not in range");
	parse("0001-01-01T00:00:00+00:01", &t);
	ok(!ev_time_in_range(t), "an offset may lead before the year 1");
	parse("9999-12-31T23:59:60Z", &t);
	ok(!ev_time_in_range(t), "a leap second may lead behind the year 9999");
	parse("9999-12-31T23:59:59-00:01", &t);
	ok(!ev_time_in_range(t), "an offset may lead behind the year 9999");

	parse("2026-03-01T10:00:00.000000001Z", &t);
	parse("2026-03-01T11:00:00.000000001+01:00", &u);
	is_int(ev_time_compare(t, u), 0, "one instant in two zones");
	u.nsec++;
	ok(ev_time_compare(t, u) < 0 && ev_time_compare(u, t) > 0, "a nanosecond decides");
	parse("1969-12-31T23:59:59.9Z", &t);
	parse("1970-01-01T00:00:00Z", &u);
	ok(ev_time_compare(t, u) < 0, "before 1970 is before");
}

/* Each day of 0000 to 9999, counted on by the rules that children learn. */
static void test_days(void)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t days = -719528;
	int weekday = 6; /* the first of January 0000 was a Saturday */
	unsigned wrong = 0;

	for (int year = 0; year <= 9999; year++)
		for (int month = 1; month <= 12; month++) {
			bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
			int length = lengths[month - 1] + (month == 2 && leap);

			for (int day = 1; day <= length; day++, days++, weekday = weekday % 7 + 1) {
				struct ev_date d = ev_date_of_days(days), e = {0};
				char want[32], text[EV_DATE_TEXT + 1] = "";

				ev_date_format(d, text);
				want[0] = (char)('0' + year / 1000);
				want[1] = (char)('0' + year / 100 % 10);
				want[2] = (char)('0' + year / 10 % 10);
				want[3] = (char)('0' + year % 10);
				want[4] = want[7] = '-';
				want[5] = (char)('0' + month / 10);
				want[6] = (char)('0' + month % 10);
				want[8] = (char)('0' + day / 10);
				want[9] = (char)('0' + day % 10);
				wrong += d.year != year || d.month != month || d.day != day ||
					 ev_date_days(d) != days ||
					 ev_date_weekday(days) != weekday ||
					 memcmp(text, want, EV_DATE_TEXT) != 0 ||
					 !ev_date_parse(text, EV_DATE_TEXT, &e) ||
					 ev_date_days(e) != days;
			}
			{
				char text[32];

				snprintf(text, sizeof text, "%04d-%02d-%02d", year, month,
					 length + 1);
				wrong += is_date(text);
			}
		}
	is_int(days, 2932897, "the days of 0000 to 9999 were counted");
	is_int(wrong, 0, "each is what it is, there and back");
}

static void test_weeks(void)
{
	static const struct {
		const char *date;
		int year, week, weekday;
	} cases[] = {
		{"2026-03-01", 2026, 9, 7},  {"2026-03-02", 2026, 10, 1},
		{"2020-12-31", 2020, 53, 4}, {"2021-01-01", 2020, 53, 5},
		{"2021-01-03", 2020, 53, 7}, {"2021-01-04", 2021, 1, 1},
		{"2018-12-31", 2019, 1, 1},  {"2019-12-30", 2020, 1, 1},
		{"2016-01-03", 2015, 53, 7}, {"2024-12-30", 2025, 1, 1},
		{"1970-01-01", 1970, 1, 4},  {"1969-12-28", 1969, 52, 7},
		{"2000-02-29", 2000, 9, 2},  {"9999-12-31", 9999, 52, 5},
	};
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ev_date d;
		int year, week;

		ev_date_parse(cases[i].date, EV_DATE_TEXT, &d);
		ev_date_week(ev_date_days(d), &year, &week);
		ok(year == cases[i].year && week == cases[i].week &&
			   ev_date_weekday(ev_date_days(d)) == cases[i].weekday,
		   "%s is day %d of week %d of %d", cases[i].date, cases[i].weekday, cases[i].week,
		   cases[i].year);
	}
	for (int64_t days = -200000; days < 200000; days += 1 + (int64_t)random_below(3)) {
		time_t t = (time_t)days * 86400;
		struct tm tm;
		char text[32], *end;
		int year, week, want_year, want_week, want_day;

		gmtime_r(&t, &tm);
		strftime(text, sizeof text, "%G %V %u", &tm);
		want_year = (int)strtol(text, &end, 10);
		want_week = (int)strtol(end, &end, 10);
		want_day = (int)strtol(end, NULL, 10);
		ev_date_week(days, &year, &week);
		wrong +=
			year != want_year || week != want_week || ev_date_weekday(days) != want_day;
	}
	is_int(wrong, 0, "the weeks of a thousand years are as the C library has them");
}

/* TOML takes its times from RFC 3339; these of its valid ones are none. */
static const struct {
	const char *value, *why;
} deviations[] = {
	{"1979-05-27 07:32Z", "no seconds"},	{"1979-05-27 07:32-07:00", "no seconds"},
	{"1979-05-27T07:32", "no seconds"},	{"13:37", "no seconds"},
	{"17:45:00", "a clock without offset"}, {"10:32:00.555", "a clock without offset"},
	{"'2020-01-01x'", "a string"},
};

static const char *deviation(const char *value)
{
	for (size_t i = 0; i < sizeof deviations / sizeof deviations[0]; i++)
		if (strcmp(deviations[i].value, value) == 0)
			return deviations[i].why;
	return NULL;
}

static bool nothing(const char *text)
{
	struct ev_time t;

	return parse(text, &t) == EV_TIME_BAD && !is_date(text) &&
	       !ev_clock_valid(text, strlen(text));
}

static void toml_value(const char *file, char *value, bool valid)
{
	const char *why = deviation(value);
	struct ev_time t;
	size_t len = strlen(value);

	if (!valid || why != NULL) {
		ok(nothing(value), "%s: %s is nothing%s%s", file, value, why != NULL ? ": " : "",
		   why != NULL ? why : "");
		/* What is wrong with a space is wrong with a T. */
		if (!valid && len > 10 && value[10] == ' ') {
			value[10] = 'T';
			ok(nothing(value), "%s: %s is nothing", file, value);
		}
		return;
	}
	if (len == EV_DATE_TEXT) {
		ok(is_date(value), "%s: %s is a date", file, value);
		return;
	}
	{
		size_t end = strcspn(value + 11, "Zz+-") + 11;
		int64_t offset = 0;

		if (end + 6 == len)
			offset = strtol(value + end, NULL, 10) * 3600 +
				 (value[end] == '-' ? -60 : 60) * strtol(value + end + 4, NULL, 10);
		ok(parse(value, &t) == (end < len ? EV_TIME_ZONED : EV_TIME_NAIVE) &&
			   t.sec == utc(value) - offset,
		   "%s: %s is a time", file, value);
	}
}

static int is_toml(const struct dirent *d)
{
	return strstr(d->d_name, ".toml") != NULL;
}

/* Lines of the form: key = value # comment. */
static unsigned toml_folder(const char *folder, bool valid)
{
	const char *path = data_path(folder);
	struct dirent **files;
	char dir[4096], line[512];
	unsigned values = 0;
	int n;

	if (path == NULL) {
		skip("there is no rfc3339-toml under EVKIT_DATA", "%s", folder);
		return 0;
	}
	snprintf(dir, sizeof dir, "%s", path);
	n = scandir(dir, &files, is_toml, alphasort);
	for (int i = 0; i < n; i++) {
		char name[8192];
		FILE *f;

		snprintf(name, sizeof name, "%s/%s", dir, files[i]->d_name);
		f = fopen(name, "r");
		while (f != NULL && fgets(line, sizeof line, f) != NULL) {
			char *value = strchr(line, '=');

			line[strcspn(line, "#\n")] = '\0';
			if (value == NULL || *line == '\0')
				continue;
			value += 1 + strspn(value + 1, " ");
			for (size_t len = strlen(value); len > 0 && value[len - 1] == ' ';)
				value[--len] = '\0';
			toml_value(files[i]->d_name, value, valid);
			values++;
		}
		if (f != NULL)
			fclose(f);
		free(files[i]);
	}
	free(files);
	return values;
}

static void test_toml(void)
{
	unsigned valid = toml_folder("rfc3339-toml/tests/valid/datetime", true);
	unsigned invalid = toml_folder("rfc3339-toml/tests/invalid/datetime", false);

	invalid += toml_folder("rfc3339-toml/tests/invalid/local-date", false);
	invalid += toml_folder("rfc3339-toml/tests/invalid/local-datetime", false);
	invalid += toml_folder("rfc3339-toml/tests/invalid/local-time", false);
	if (valid + invalid > 0)
		ok(valid >= 30 && invalid >= 70, "%u valid values and %u invalid ones were seen",
		   valid, invalid);
}

/* Time zones */

static int64_t local(const char *text)
{
	struct ev_time t;

	parse(text, &t);
	return t.sec;
}

static void is_utc(struct ev_zone *z, const char *reading, const char *want)
{
	struct ev_time t = {.sec = ev_zone_to_utc(z, local(reading))};
	char out[EV_TIME_TEXT + 1] = "";

	ev_time_format(t, out);
	out[19] = '\0';
	is(out, want, "%s there", reading);
}

static void test_zones(void)
{
	static const char *const unknown[] = {"Europe/Atlantis",
					      "",
					      "europe/amsterdam?",
					      "Europe",
					      "/etc/localtime",
					      "../zoneinfo/UTC",
					      "zone.tab",
					      "tzdata.zi",
					      "EST5EDT,M3.2.0,M11.1.0",
					      "UTC+1",
					      "\n"};
	struct ev_zone *ams, *lord, *apia, *utc_zone;
	struct ev_error err;
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		struct ev_zone *z = ev_zone_open(unknown[i], &err);

		ok(z == NULL && strstr(err.text, "no time zone '") != NULL, "no zone '%s'",
		   unknown[i]);
		ev_zone_free(&z);
	}
	if ((utc_zone = ev_zone_open("UTC", &err)) != NULL) {
		is_int(ev_zone_offset(utc_zone, 1772359200), 0, "UTC needs no database");
		is_int(ev_zone_to_utc(utc_zone, 1772359200), 1772359200, "in either direction");
	}
	ev_zone_free(&utc_zone);
	ok(utc_zone == NULL, "a zone is freed");
	if ((ams = ev_zone_open("Europe/Amsterdam", &err)) == NULL) {
		skip("there is no database of time zones", "time zones");
		return;
	}
	lord = ev_zone_open("Australia/Lord_Howe", &err);
	apia = ev_zone_open("Pacific/Apia", &err);

	is_int(ev_zone_offset(ams, local("2026-01-15T12:00:00Z")), 3600, "winter in Amsterdam");
	is_int(ev_zone_offset(ams, local("2026-07-15T12:00:00Z")), 7200, "summer in Amsterdam");
	is_int(ev_zone_offset(ams, local("2026-03-29T00:59:59Z")), 3600,
	       "the last second of winter");
	is_int(ev_zone_offset(ams, local("2026-03-29T01:00:00Z")), 7200, "the first of summer");
	is_int(ev_zone_offset(ams, local("2026-10-25T00:59:59Z")), 7200,
	       "the last second of summer");
	is_int(ev_zone_offset(ams, local("2026-10-25T01:00:00Z")), 3600, "the first of winter");
	is_utc(ams, "2026-03-01T10:00:00", "2026-03-01T09:00:00");
	is_utc(ams, "2026-07-01T10:00:00", "2026-07-01T08:00:00");
	is_utc(ams, "2026-03-29T01:59:59", "2026-03-29T00:59:59");
	/* Clocks set forward: 02:00 to 03:00 never was, and is read with winter's offset. */
	is_utc(ams, "2026-03-29T02:00:00", "2026-03-29T01:00:00");
	is_utc(ams, "2026-03-29T02:30:00", "2026-03-29T01:30:00");
	is_utc(ams, "2026-03-29T02:59:59", "2026-03-29T01:59:59");
	is_utc(ams, "2026-03-29T03:00:00", "2026-03-29T01:00:00");
	/* Clocks set back: 02:00 to 03:00 was twice, and is taken the first time. */
	is_utc(ams, "2026-10-25T01:59:59", "2026-10-24T23:59:59");
	is_utc(ams, "2026-10-25T02:00:00", "2026-10-25T00:00:00");
	is_utc(ams, "2026-10-25T02:30:00", "2026-10-25T00:30:00");
	is_utc(ams, "2026-10-25T02:59:59", "2026-10-25T00:59:59");
	is_utc(ams, "2026-10-25T03:00:00", "2026-10-25T02:00:00");
	if (lord != NULL && apia != NULL) {
		/* Half an hour of summer time; a day that was left out. */
		is_utc(lord, "2026-10-04T02:15:00", "2026-10-03T15:45:00");
		is_utc(lord, "2026-04-05T01:45:00", "2026-04-04T14:45:00");
		is_utc(apia, "2011-12-29T23:59:59", "2011-12-30T09:59:59");
		is_utc(apia, "2011-12-31T00:00:00", "2011-12-30T10:00:00");
		is_utc(apia, "2011-12-30T12:00:00", "2011-12-30T22:00:00");
	}
	for (int i = 0; i < 300000; i++) {
		struct ev_zone *z = i % 1000 < 500 || lord == NULL ? ams : lord;
		int64_t t = (int64_t)random_below(6000000000) - 2000000000, reading, back;

		if (i % 2 == 0)
			t = local("2026-10-25T00:00:00Z") + (int64_t)random_below(172800) - 86400;
		reading = t + ev_zone_offset(z, t);
		back = ev_zone_to_utc(z, reading);
		wrong += back > t || back + ev_zone_offset(z, back) != reading || t - back > 10800;
	}
	is_int(wrong, 0, "300,000 instants there and back, at most an overlap earlier");
	ev_zone_free(&ams);
	ev_zone_free(&lord);
	ev_zone_free(&apia);
}

/* A text says the same behind one of its own minute as behind one of another. */
static void test_minutes(void)
{
	static const char odd[] = "0123456789:.-+TtZz ";
	const char begin[] = "2026-03-01T10:07:";
	unsigned wrong = 0, right = 0;

	for (unsigned k = 0; k < 400000; k++) {
		char text[64];
		struct ev_time a = {0}, b = {0}, other;
		enum ev_time_form first, second;
		int len = sprintf(text, "%s%02u", begin, (unsigned)random_below(62));

		if (random_below(3) > 0)
			len += sprintf(text + len, ".%0*u", (int)random_below(12),
				       (unsigned)random_below(1000));
		else if (random_below(20) == 0)
			text[len++] = '.';
		len += sprintf(text + len, "%s", random_below(9) > 0 ? "Z" : "+01:00");
		if (random_below(3) == 0)
			text[random_below((size_t)len)] = odd[random_below(sizeof odd - 1)];
		parse("2031-12-31T23:59:59Z", &other);
		first = ev_time_parse(text, (size_t)len, &a);
		parse("2026-03-01T10:07:59.5Z", &other);
		second = ev_time_parse(text, (size_t)len, &b);
		right += first == EV_TIME_ZONED;
		wrong += first != second || (first != EV_TIME_BAD && ev_time_compare(a, b) != 0);
	}
	ok(right > 100000, "many times of one minute are right");
	is_int(wrong, 0, "what was parsed before makes no difference");
	is_int(parse("1970-01-01T00:00:01Z", &(struct ev_time){0}), EV_TIME_ZONED, "nor nothing");
}

int main(void)
{
	test_times();
	test_plain();
	test_minutes();
	test_clock();
	test_format();
	test_days();
	test_weeks();
	test_toml();
	test_zones();
	return done();
}
