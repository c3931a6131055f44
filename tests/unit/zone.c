/*
 * zone: files of TZif (RFC 8536). The whole database against libc, and files that are made here:
 * each cut, each byte changed, and rules that no zone has today.
 */
#include "base/zone.h"
#include "base/buf.h"

#include "support.h"
#include "tap.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

static const char *database;
static unsigned zones, differ;

/* Against libc, which reads the same file. */
static void compare(const char *name)
{
	struct ev_error err;
	struct ev_zone *z = ev_zone_open(name, &err);
	char tz[1100];

	if (z == NULL) {
		diag("%s", err.text);
		differ++;
		return;
	}
	snprintf(tz, sizeof tz, ":%s", name);
	setenv("TZ", tz, 1);
	tzset();
	for (int i = 0; i < 600; i++) {
		/* From 1830 to 2500, and the hours in which clocks are changed. */
		time_t t = (time_t)random_below(21000000000) - 4400000000;
		struct tm tm;

		if (i % 3 == 0)
			t -= t % 3600 + (time_t)random_below(3) - 1;
		localtime_r(&t, &tm);
		if (tm.tm_gmtoff == ev_zone_offset(z, t))
			continue;
		if (differ++ < 20)
			diag("%s at %lld: libc has %ld", name, (long long)t, tm.tm_gmtoff);
	}
	zones++;
	ev_zone_free(&z);
}

static bool is_zone(const char *path)
{
	char magic[4];
	FILE *f = fopen(path, "rb");
	bool good = f != NULL && fread(magic, 4, 1, f) == 1 && memcmp(magic, "TZif", 4) == 0;

	if (f != NULL)
		fclose(f);
	return good;
}

static void walk(const char *under)
{
	char path[2048], name[1024];
	struct dirent *e;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof path, "%s/%s", database, under);
	if ((dir = opendir(path)) == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		/* posix and right are the database again; the latter counts leap seconds */
		if (e->d_name[0] == '.' || strcmp(e->d_name, "right") == 0 ||
		    strcmp(e->d_name, "posix") == 0)
			continue;
		snprintf(name, sizeof name, "%s%s%s", under, *under != '\0' ? "/" : "", e->d_name);
		snprintf(path, sizeof path, "%s/%s", database, name);
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			walk(name);
		else if (is_zone(path))
			compare(name);
	}
	closedir(dir);
}

/* Files made here */

static void be(struct ev_buf *b, int64_t v, int bytes)
{
	while (bytes-- > 0)
		ev_buf_putc(b, (char)(v >> 8 * bytes));
}

/* Two transitions, in January 1970: 1:00, 2:00 (summer), and 1:00 again unless summer stays. */
static void data_block(struct ev_buf *b, int size, bool stays)
{
	static const int64_t at[] = {1000000, 2000000};

	ev_buf_puts(b, "TZif2");
	for (int i = 0; i < 15; i++)
		ev_buf_putc(b, '\0');
	for (int i = 0; i < 6; i++)
		be(b, (const int[]){3, 3, 0, 2, 3, 8}[i], 4);
	for (int i = 0; i < 2; i++)
		be(b, at[i], size);
	ev_buf_put(b, stays ? "\1\1" : "\1\2", 2);
	for (int i = 0; i < 3; i++) {
		be(b, i == 1 ? 7200 : 3600, 4);
		ev_buf_putc(b, i == 1);
		ev_buf_putc(b, i == 1 ? 4 : 0);
	}
	ev_buf_put(b, "STD\0DST\0", 8);
	ev_buf_put(b, "\0\0\0\0\0\0", 6);
}

static void make(struct ev_buf *b, const char *rule, bool stays)
{
	ev_buf_reset(b);
	data_block(b, 4, stays);
	data_block(b, 8, stays);
	ev_buf_printf(b, "\n%s\n", rule);
}

static struct ev_zone *open_made(const char *p, size_t len, struct ev_error *err)
{
	FILE *f = fopen("zones/Made", "wb");

	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0)
		abort();
	return ev_zone_open("Made", err);
}

static const struct {
	const char *rule;
	int64_t winter, summer; /* offsets on 15 January and 15 July; 0: no rule */
} rules[] = {
	{"STD-1", 3600, 3600},
	{"<+01>-1", 3600, 3600},
	{"", 3600, 3600},
	{"STD-1DST,M3.5.0,M10.5.0/3", 3600, 7200},
	{"STD-1DST-3,M3.5.0,M10.5.0/3", 3600, 10800},
	{"STD-1DST-1:30:15,M1.1.1,M1.3.1/-167", 3600, 3600},
	{"STD-1DST,J60/0,J300/0", 3600, 7200},
	{"STD-1DST,59/0,300/0", 3600, 7200},
	{"STD-1DST,M10.1.0,M4.1.0", 7200, 3600},
	{"STD-1DST,0/0,J365/25", 7200, 7200}, /* summer all the year */
	{"STD-1DST,M3.4.4/50,M10.4.4/50", 3600, 7200},
	{"STD", 0, 0},
	{"ST-1", 0, 0},
	{"STD-1DST", 0, 0},
	{"STD-1DST,M3.5.0", 0, 0},
	{"STD-1DST,M13.5.0,M10.5.0", 0, 0},
	{"STD-1DST,M3.6.0,M10.5.0", 0, 0},
	{"STD-1DST,M3.5.7,M10.5.0", 0, 0},
	{"STD-1DST,J0,J300", 0, 0},
	{"STD-1DST,366,J300", 0, 0},
	{"STD-1DST,M3.5.0/168,M10.5.0", 0, 0},
	{"STD-1DST,M3.5.0,M10.5.0 ", 0, 0},
	{"STD-1\nSTD-1", 0, 0},
	{"STD-25", 0, 0},
	{"<+01-1", 0, 0},
	{"STD-2", 0, 0}, /* not what the last transition says */
};

static void test_rules(void)
{
	struct ev_buf b = {0};
	struct ev_error err;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		struct ev_zone *z;

		make(&b, rules[i].rule, rules[i].winter == 7200);
		z = open_made(b.p, b.len, &err);
		if (rules[i].winter == 0) {
			ok(z == NULL && strstr(err.text, "'Made'") != NULL &&
				   strstr(err.text, "its rule for the years to come") != NULL,
			   "no rule: %s", rules[i].rule);
		} else if (z == NULL) {
			ok(false, "%s: %s", rules[i].rule, err.text);
		} else {
			is_int(ev_zone_offset(z, 1768435200), rules[i].winter, "%s: winter",
			       rules[i].rule);
			is_int(ev_zone_offset(z, 1784073600), rules[i].summer, "%s: summer",
			       rules[i].rule);
		}
		ev_zone_free(&z);
	}
	ev_buf_free(&b);
}

/* The first seconds of summer and winter, with days that have no number in leap years, or have. */
static void test_days(void)
{
	static const struct {
		const char *rule, *first;
		bool stays;
	} days[] = {
		{"STD-1DST,J60/0,J300/0", "2024-02-29T23:00:00Z", false},
		{"STD-1DST,59/0,300/0", "2024-02-28T23:00:00Z", false},
		{"STD-1DST,J59/0,J300/0", "2024-02-27T23:00:00Z", false},
		{"STD-1DST,J60/0,J300/0", "2026-02-28T23:00:00Z", false},
		{"STD-1DST,M2.5.4/0,J300/0", "2024-02-28T23:00:00Z", false},
		{"STD-1DST,M3.4.4/50,J300/0", "2026-03-28T01:00:00Z", false},
		{"STD-1DST,M12.5.0/167,M12.1.0", "2028-01-01T22:00:00Z", true}, /* of 31 December */
	};
	struct ev_buf b = {0};
	struct ev_error err;

	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		struct ev_zone *z;
		struct ev_time t;

		make(&b, days[i].rule, days[i].stays);
		z = open_made(b.p, b.len, &err);
		ev_time_parse(days[i].first, strlen(days[i].first), &t);
		ok(z != NULL && ev_zone_offset(z, t.sec - 1) == 3600 &&
			   ev_zone_offset(z, t.sec) == 7200,
		   "%s: summer begins %s", days[i].rule, days[i].first);
		ev_zone_free(&z);
	}
	ev_buf_free(&b);
}

static void test_damage(void)
{
	struct ev_buf b = {0}, bad = {0};
	struct ev_error err;
	struct ev_zone *z;
	unsigned taken = 0, wrong = 0;

	make(&b, "STD-1DST,M3.5.0,M10.5.0/3", false);
	for (size_t len = 0; len < b.len; len++) {
		z = open_made(b.p, len, &err);
		taken += z != NULL;
		ev_zone_free(&z);
	}
	is_int(taken, 0, "no file that is cut is taken, at none of %zu places", b.len);
	ev_buf_put(&bad, b.p, b.len);
	ev_buf_putc(&bad, '\0');
	ok((z = open_made(bad.p, bad.len, &err)) == NULL, "nor one with something behind it");
	ev_zone_free(&z);
	/* A byte changed gives another zone, or none; in either case every instant has an answer.
	 */
	for (size_t i = 0; i < b.len; i++) {
		for (int to = 0; to < 256; to += 15) {
			ev_buf_reset(&bad);
			ev_buf_put(&bad, b.p, b.len);
			bad.p[i] = (char)to;
			z = open_made(bad.p, bad.len, &err);
			for (int64_t t = -70000000000; z != NULL && t < 300000000000;
			     t += 7654321987) {
				int64_t offset = ev_zone_offset(z, t);

				wrong += offset < -93600 || offset > 93600;
			}
			ev_zone_free(&z);
		}
	}
	is_int(wrong, 0, "a byte changed gives no offset that cannot be");
	for (int i = 0; i < 4000; i++) {
		ev_buf_reset(&bad);
		ev_buf_put(&bad, b.p, b.len);
		for (size_t k = random_below(4) + 1; k > 0; k--)
			bad.p[random_below(bad.len)] = (char)random_u64();
		z = open_made(bad.p, random_below(8) == 0 ? random_below(b.len) : b.len, &err);
		if (z != NULL)
			ev_zone_to_utc(z, (int64_t)random_below(300000000000) - 60000000000);
		ev_zone_free(&z);
	}
	ok(true, "4,000 damaged files do no harm");
	/* Data in 32 bits alone, as of old: what the last transition says goes on. */
	ev_buf_reset(&b);
	data_block(&b, 4, false);
	b.p[4] = '\0';
	z = open_made(b.p, b.len, &err);
	ok(z != NULL && ev_zone_offset(z, 999999) == 3600 && ev_zone_offset(z, 1000000) == 7200 &&
		   ev_zone_offset(z, 2000000) == 3600 && ev_zone_offset(z, 1784073600) == 3600,
	   "a file of version 1");
	ev_zone_free(&z);
	ev_buf_free(&b);
	ev_buf_free(&bad);
}

int main(void)
{
	mkdir("zones", 0700);
	setenv("TZDIR", "zones", 1);
	test_rules();
	test_days();
	test_damage();
	unlink("zones/Made");
	rmdir("zones");
	unsetenv("TZDIR");
	database = "/usr/share/zoneinfo";
	walk("");
	if (zones == 0)
		skip("there is no database of time zones", "time zones");
	else
		is_int(differ, 0, "%u zones are as libc has them", zones);
	return done();
}
