#include "base/zone.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MAX_FILE = 1 << 20, /* bytes; those of the database have some 4,000 */
	HEADER = 44,
	MEMO = 64,
	MEMO_SHIFT = 20, /* 12 days; a range is found where it was asked for last */
	DAY = 86400,
	LARGEST_OFFSET = 25 * 3600 + 59 * 60 + 59, /* RFC 8536, section 3.2 */
};

#define KNOWN (1LL << 38) /* seconds from 1970 in which there are calendars: 8,700 years */

/* When the clocks of a year are changed: a day, and a time of it. */
struct change {
	char form;	      /* 'M', 'J', or '0' for a day counted from 0 */
	int month, week, day; /* of 'M'; else day alone */
	int64_t time;	      /* seconds from midnight, -167 to 167 hours */
};

/* Holds after the last transition: the TZ string at the end of the file. */
struct rule {
	bool known; /* else the last transition holds on */
	bool summer;
	int64_t standard_offset, summer_offset;
	struct change begin, end; /* of summer time */
};

struct ev_zone {
	size_t n;
	int64_t *at;	 /* n transitions, ascending */
	int32_t *offset; /* n + 1: before the first one, and from each on */
	struct rule rule;
	struct {
		int64_t from, until, offset; /* holds for [from, until) */
	} memo[MEMO];
};

/* The text of a rule */

struct text {
	const char *p, *end;
};

static bool take(struct text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

/* A number of at most three digits. */
static bool take_number(struct text *t, int least, int most, int *v)
{
	const char *first = t->p;

	*v = 0;
	while (t->p < t->end && t->p - first < 3 && *t->p >= '0' && *t->p <= '9')
		*v = 10 * *v + (*t->p++ - '0');
	return t->p > first && *v >= least && *v <= most;
}

static bool take_sign(struct text *t)
{
	bool minus = take(t, '-');

	if (!minus)
		take(t, '+');
	return minus;
}

/* [+-]hh[:mm[:ss]], in seconds. */
static bool take_time(struct text *t, int most_hours, int64_t *seconds)
{
	bool minus = take_sign(t);
	int h, m = 0, s = 0;

	if (!take_number(t, 0, most_hours, &h))
		return false;
	if (take(t, ':') &&
	    (!take_number(t, 0, 59, &m) || (take(t, ':') && !take_number(t, 0, 59, &s))))
		return false;
	*seconds = h * 3600L + m * 60L + s;
	if (minus)
		*seconds = -*seconds;
	return true;
}

/* A name of three letters or more, or of other characters in < >. */
static bool take_name(struct text *t)
{
	bool quoted = take(t, '<');
	const char *first = t->p;

	while (t->p < t->end &&
	       (((*t->p | 0x20) >= 'a' && (*t->p | 0x20) <= 'z') ||
		(quoted && ((*t->p >= '0' && *t->p <= '9') || *t->p == '+' || *t->p == '-'))))
		t->p++;
	return t->p - first >= 3 && (!quoted || take(t, '>'));
}

static bool take_change(struct text *t, struct change *c)
{
	*c = (struct change){.form = '0', .time = 7200};
	if (!take(t, ','))
		return false;
	if (take(t, 'M')) {
		c->form = 'M';
		if (!take_number(t, 1, 12, &c->month) || !take(t, '.') ||
		    !take_number(t, 1, 5, &c->week) || !take(t, '.') ||
		    !take_number(t, 0, 6, &c->day))
			return false;
	} else if (take(t, 'J')) {
		c->form = 'J';
		if (!take_number(t, 1, 365, &c->day))
			return false;
	} else if (!take_number(t, 0, 365, &c->day)) {
		return false;
	}
	return !take(t, '/') || take_time(t, 167, &c->time);
}

/* A TZ string (POSIX, with the times of RFC 8536, section 3.3.1). It counts offsets westward. */
static bool read_rule(struct text t, struct rule *r)
{
	int64_t west;

	*r = (struct rule){0};
	if (t.p == t.end)
		return true;
	r->known = true;
	if (!take_name(&t) || !take_time(&t, 24, &west))
		return false;
	r->standard_offset = -west;
	if (t.p == t.end)
		return true;
	r->summer = true;
	r->summer_offset = r->standard_offset + 3600;
	if (!take_name(&t))
		return false;
	if (t.p < t.end && *t.p != ',') {
		if (!take_time(&t, 24, &west))
			return false;
		r->summer_offset = -west;
	}
	return take_change(&t, &r->begin) && take_change(&t, &r->end) && t.p == t.end;
}

/* The local reading of a change, as if UTC. */
static int64_t change_of(const struct change *c, int64_t year)
{
	struct ev_date first = {(int32_t)year, 1, 1};
	int64_t days;

	if (c->form == 'M') {
		struct ev_date next = {(int32_t)year + c->month / 12, c->month % 12 + 1, 1};

		first.month = c->month;
		days = ev_date_days(first);
		/* The first such day of the week (0 is Sunday), then weeks on; 5 is the last. */
		days += (c->day - ev_date_weekday(days) % 7 + 7) % 7 + 7L * (c->week - 1);
		if (days >= ev_date_days(next))
			days -= 7;
	} else {
		days = ev_date_days(first) + c->day;
		if (c->form == 'J') /* 29 February has no number */
			days -= c->day < 60 || !ev_date_is_leap(year);
	}
	return days * DAY + c->time;
}

/* Narrows [*from, *until) around the instant, and says what holds there. */
static int64_t by_rule(const struct rule *r, int64_t utc, int64_t *from, int64_t *until)
{
	int64_t days = utc / DAY - (utc % DAY < 0), year = ev_date_of_days(days).year;
	int64_t last = INT64_MIN, offset = r->standard_offset;

	if (!r->summer)
		return offset;
	/* A time of 167 hours can lie in the next year, or the one before. */
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t change[] = {change_of(&r->end, y) - r->summer_offset,
				    change_of(&r->begin, y) - r->standard_offset};

		for (int begins = 0; begins < 2; begins++) {
			int64_t at = change[begins];

			/* Summer that begins when it ends is summer all the year. */
			if (at <= utc && (at > last || (at == last && begins))) {
				last = at;
				offset = begins ? r->summer_offset : r->standard_offset;
			}
			if (at > utc && at < *until)
				*until = at;
		}
	}
	if (last > *from)
		*from = last;
	return offset;
}

static int64_t find(const struct ev_zone *z, int64_t utc, int64_t *from, int64_t *until)
{
	size_t low = 0, high = z->n; /* of the transitions, those before low are not after utc */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (z->at[middle] <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	*from = low > 0 ? z->at[low - 1] : INT64_MIN;
	*until = low < z->n ? z->at[low] : INT64_MAX;
	if (low == z->n && z->rule.known)
		return by_rule(&z->rule, utc, from, until);
	return z->offset[low];
}

/* The file */

static uint32_t read32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_time(const unsigned char *p, size_t size)
{
	if (size == 4)
		return (int32_t)read32(p);
	return (int64_t)((uint64_t)read32(p) << 32 | read32(p + 4));
}

/* A header, and where the parts of its data stand. */
struct data {
	size_t isut, isstd, leaps, times, types, chars; /* numbers of them */
	size_t size;					/* bytes of a time */
	const unsigned char *time, *index, *type, *name, *leap, *is_std, *is_ut, *end;
};

/* False if they reach behind the end. */
static bool read_header(const unsigned char *p, const unsigned char *end, size_t size,
			struct data *d)
{
	size_t left;

	if ((size_t)(end - p) < HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	*d = (struct data){read32(p + 20), read32(p + 24), read32(p + 28), read32(p + 32),
			   read32(p + 36), read32(p + 40), .size = size};
	p += HEADER;
	left = (size_t)(end - p);
	if (d->isut > left || d->isstd > left || d->leaps > left || d->times > left ||
	    d->types > left || d->chars > left ||
	    d->times * (size + 1) + d->types * 6 + d->chars + d->leaps * (size + 4) + d->isstd +
			    d->isut >
		    left)
		return false;
	d->time = p;
	d->index = d->time + d->times * size;
	d->type = d->index + d->times;
	d->name = d->type + d->types * 6;
	d->leap = d->name + d->chars;
	d->is_std = d->leap + d->leaps * (size + 4);
	d->is_ut = d->is_std + d->isstd;
	d->end = d->is_ut + d->isut;
	return true;
}

/* RFC 8536, section 3.2. NULL, or what is wrong. */
static const char *check_data(const struct data *d)
{
	if (d->types == 0 || d->types > 256 || d->chars == 0 || d->name[d->chars - 1] != '\0' ||
	    (d->isut != 0 && d->isut != d->types) || (d->isstd != 0 && d->isstd != d->types))
		return "its numbers do not fit each other";
	if (d->leaps != 0)
		return "it counts leap seconds, which no other time here does: take the zone that "
		       "does not";
	for (size_t i = 0; i < d->times; i++)
		if (d->index[i] >= d->types ||
		    (i > 0 && read_time(d->time + i * d->size, d->size) <=
				      read_time(d->time + (i - 1) * d->size, d->size)))
			return "its transitions are not in order";
	for (size_t i = 0; i < d->types; i++) {
		const unsigned char *type = d->type + 6 * i;
		int64_t offset = (int32_t)read32(type);

		if (offset < -LARGEST_OFFSET || offset > LARGEST_OFFSET || type[4] > 1 ||
		    type[5] >= d->chars)
			return "an offset or its name is out of range";
	}
	for (size_t i = 0; i < d->isstd + d->isut; i++)
		if (d->is_std[i] > 1)
			return "a flag is neither 0 nor 1";
	return NULL;
}

/* Reads the rest of the file: a TZ string between two line feeds, and nothing more. */
static const char *read_footer(struct ev_zone *z, const unsigned char *p, const unsigned char *end)
{
	struct text t = {(const char *)p + 1, (const char *)end - 1};
	int64_t last = z->n > 0 ? z->at[z->n - 1] : INT64_MIN, from = last, until = INT64_MAX;

	if (end - p < 2 || p[0] != '\n' || end[-1] != '\n')
		return "it is cut short";
	if (!read_rule(t, &z->rule))
		return "its rule for the years to come is wrong";
	if (z->n > 0 && z->rule.known && last > -KNOWN && last < KNOWN &&
	    by_rule(&z->rule, last, &from, &until) != z->offset[z->n])
		return "its rule for the years to come does not fit the last transition";
	return NULL;
}

static void take_data(struct ev_zone *z, const struct data *d)
{
	z->n = d->times;
	z->at = ev_calloc(z->n + 1, sizeof *z->at);
	z->offset = ev_calloc(z->n + 1, sizeof *z->offset);
	z->offset[0] = (int32_t)read32(d->type);
	for (size_t i = 0; i < z->n; i++) {
		z->at[i] = read_time(d->time + i * d->size, d->size);
		z->offset[i + 1] = (int32_t)read32(d->type + 6UL * d->index[i]);
	}
}

/* NULL, or what is wrong with the file. */
static const char *read_file(struct ev_zone *z, const unsigned char *p, size_t len)
{
	const unsigned char *end = p + len;
	bool wide = len > 4 && p[4] >= '2'; /* there are data in 64 bits behind those in 32 */
	const char *why;
	struct data d;

	if (!read_header(p, end, 4, &d) || (wide && !read_header(d.end, end, 8, &d)))
		return "it is cut short";
	if ((why = check_data(&d)) != NULL)
		return why;
	take_data(z, &d);
	if (wide)
		return read_footer(z, d.end, end);
	return d.end == end ? NULL : "something stands behind its end";
}

static enum ev_status no_zone(const char *name, struct ev_error *err)
{
	return ev_fail(err,
		       "no time zone '%s': give an IANA name such as Europe/Amsterdam (package "
		       "tzdata)",
		       name);
}

/* The file's bytes, MAX_FILE at most; *len is one more if it has more. */
static enum ev_status slurp(const char *name, const char *path, unsigned char *p, size_t *len,
			    struct ev_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = 0;

	*len = 0;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG))
		return no_zone(name, err);
	if (fd < 0)
		return ev_fail(err, "the time zone '%s': %s cannot be opened: %s", name, path,
			       strerror(errno));
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return no_zone(name, err);
	}
	while (*len <= MAX_FILE &&
	       ((n = read(fd, p + *len, MAX_FILE + 1 - *len)) > 0 || (n < 0 && errno == EINTR)))
		*len += n > 0 ? (size_t)n : 0;
	if (n < 0)
		ev_fail(err, "the time zone '%s': %s cannot be read: %s", name, path,
			strerror(errno));
	close(fd);
	return n < 0 ? EV_FATAL : EV_OK;
}

/* A file of the database, and none of the tables in text that lie beside it. */
static enum ev_status read_zone(struct ev_zone *z, const char *name, struct ev_error *err)
{
	const char *dir = getenv("TZDIR"), *why = NULL;
	unsigned char *p;
	char path[512];
	enum ev_status st;
	size_t len;

	if (dir == NULL || dir[0] == '\0')
		dir = "/usr/share/zoneinfo";
	if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL ||
	    (size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path)
		return no_zone(name, err);
	p = ev_malloc(MAX_FILE + 1);
	st = slurp(name, path, p, &len, err);
	if (st == EV_OK && len >= 4 && memcmp(p, "TZif", 4) != 0)
		st = no_zone(name, err);
	else if (st == EV_OK)
		why = len > MAX_FILE ? "it is too large" : read_file(z, p, len);
	if (why != NULL)
		st = ev_fail(err,
			     "the time zone '%s': %s is no file of the time zone database: %s: "
			     "install it anew (package tzdata)",
			     name, path, why);
	free(p);
	return st;
}

struct ev_zone *ev_zone_open(const char *name, struct ev_error *err)
{
	struct ev_zone *z = ev_calloc(1, sizeof *z);

	if (strcmp(name, "UTC") == 0)
		z->rule.known = true;
	else if (read_zone(z, name, err) != EV_OK)
		ev_zone_free(&z);
	return z;
}

int64_t ev_zone_offset(struct ev_zone *z, int64_t utc)
{
	size_t i = (size_t)((uint64_t)utc >> MEMO_SHIFT) % MEMO;

	if (utc < z->memo[i].from || utc >= z->memo[i].until) /* none at first: [0, 0) */
		z->memo[i].offset = find(z, utc, &z->memo[i].from, &z->memo[i].until);
	return z->memo[i].offset;
}

int64_t ev_zone_to_utc(struct ev_zone *z, int64_t local)
{
	int64_t before = ev_zone_offset(z, local - DAY);
	int64_t after = ev_zone_offset(z, local + DAY);

	if (ev_zone_offset(z, local - before) == before)
		return local - before;
	if (ev_zone_offset(z, local - after) == after)
		return local - after;
	return local - before;
}

void ev_zone_free(struct ev_zone **z)
{
	if (*z == NULL)
		return;
	free((*z)->at);
	free((*z)->offset);
	free(*z);
	*z = NULL;
}
