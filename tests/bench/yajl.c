/*
 * yajl: the peer of the scanner that is yajl: every line parsed by its callbacks, six members kept.
 *
 *     yajl FILE | --version
 *
 * sample.h says how it is asked.
 */
#include "sample.h"

#include <yajl/yajl_parse.h>
#include <yajl/yajl_version.h>

struct bench {
	struct sample sample;
	int depth;
	int wanted; /* the value that comes is of a member that is asked for */
	uint64_t sum;
};

static int key(void *ctx, const unsigned char *p, size_t len)
{
	static const struct {
		const char *name;
		size_t len;
	} six[] = {{"event_id", 8}, {"event_type", 10}, {"event_timestamp", 15},
		   {"user_id", 7},  {"related_id", 10}, {"version", 7}};
	struct bench *b = ctx;

	b->wanted = 0;
	for (size_t i = 0; b->depth == 1 && i < sizeof six / sizeof *six; i++)
		b->wanted |= six[i].len == len && memcmp(six[i].name, p, len) == 0;
	return 1;
}

static int string(void *ctx, const unsigned char *p, size_t len)
{
	struct bench *b = ctx;

	(void)p;
	b->sum += b->wanted ? len : 0;
	b->wanted = 0;
	return 1;
}

static int number(void *ctx, const char *p, size_t len)
{
	return string(ctx, (const unsigned char *)p, len);
}

static int open_map(void *ctx)
{
	((struct bench *)ctx)->depth++;
	return 1;
}

static int close_map(void *ctx)
{
	((struct bench *)ctx)->depth--;
	return 1;
}

static const yajl_callbacks callbacks = {.yajl_number = number,
					 .yajl_string = string,
					 .yajl_start_map = open_map,
					 .yajl_map_key = key,
					 .yajl_end_map = close_map};

/* A parser a line, so that one bad line costs that line alone. */
static uint64_t parse(void *ctx, const char *p, size_t len)
{
	struct bench *b = ctx;
	yajl_handle h = yajl_alloc(&callbacks, NULL, b);
	uint64_t before = b->sum;

	b->depth = 0;
	if (yajl_parse(h, (const unsigned char *)p, len) == yajl_status_ok)
		yajl_complete_parse(h);
	yajl_free(h);
	return b->sum - before;
}

static uint64_t pass(void *ctx)
{
	return sample_lines(&((struct bench *)ctx)->sample, parse, ctx);
}

int main(int argc, char **argv)
{
	struct sample_work work = {.name = "yajl", .pass = pass};
	struct bench b = {0};

	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "--version") == 0) {
		printf("yajl %d.%d.%d\n", yajl_version() / 10000, yajl_version() / 100 % 100,
		       yajl_version() % 100);
		return 0;
	}
	b.sample = sample_read(argv[1]);
	work.bytes = b.sample.len;
	work.values = b.sample.lines;
	sample_serve(&work, 1, &b);
	free(b.sample.p);
	return 0;
}
