#include "base/zone.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOT = 900, MEMO = 64 };

struct ev_zone {
	char *name;
	struct {
		int64_t slot, offset;
		bool set;
	} memo[MEMO];
};

static const struct ev_zone *current;

/* A file of the database, and none of the tables in text that lie beside it. */
static bool known(const char *name)
{
	const char *dir = getenv("TZDIR");
	char path[512], magic[4];
	FILE *f;
	bool good;

	if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
		return false;
	snprintf(path, sizeof path, "%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo", name);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	good = fread(magic, sizeof magic, 1, f) == 1 && memcmp(magic, "TZif", sizeof magic) == 0;
	fclose(f);
	return good;
}

struct ev_zone *ev_zone_open(const char *name, struct ev_error *err)
{
	struct ev_zone *z;

	if (strcmp(name, "UTC") != 0 && !known(name)) {
		ev_fail(err,
			"no time zone '%s': give an IANA name such as Europe/Amsterdam (package "
			"tzdata)",
			name);
		return NULL;
	}
	z = ev_calloc(1, sizeof *z);
	z->name = ev_malloc(strlen(name) + 2);
	sprintf(z->name, ":%s", name);
	return z;
}

static int64_t ask_libc(struct ev_zone *z, int64_t utc)
{
	time_t t = (time_t)utc;
	struct tm tm;

	if (current != z) {
		setenv("TZ", z->name, 1);
		tzset();
		current = z;
	}
	return localtime_r(&t, &tm) != NULL ? tm.tm_gmtoff : 0;
}

int64_t ev_zone_offset(struct ev_zone *z, int64_t utc)
{
	int64_t slot = utc / SLOT - (utc % SLOT < 0);
	size_t i = (size_t)((uint64_t)slot % MEMO);
	int64_t offset;

	if (z->memo[i].set && z->memo[i].slot == slot)
		return z->memo[i].offset;
	offset = ask_libc(z, slot * SLOT);
	if (offset != ask_libc(z, slot * SLOT + SLOT - 1))
		return ask_libc(
			z, utc); /* a change inside the slot, as in the days of local mean time */
	z->memo[i].slot = slot;
	z->memo[i].offset = offset;
	z->memo[i].set = true;
	return offset;
}

int64_t ev_zone_to_utc(struct ev_zone *z, int64_t local)
{
	int64_t before = ev_zone_offset(z, local - 86400);
	int64_t after = ev_zone_offset(z, local + 86400);

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
	if (current == *z)
		current = NULL;
	free((*z)->name);
	free(*z);
	*z = NULL;
}
