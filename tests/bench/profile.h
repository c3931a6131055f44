/*
 * profile: what the programs spend their instructions on, by the processor's counters (perf stat)
 * and by part of the source (Callgrind). Belongs to run.c.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "measure.h"

static const struct {
	const char *name, *command;
} stages[] = {
	{"evparse", "evparse $in"},
	{"evvalidate", "evvalidate $in"},
	{"evdedupe", "evdedupe $in"},
	{"evversion --emit latest", "evversion --emit latest $in"},
	{"evstar, fact and 3 dimensions", "evstar -m \"$star\" $in"},
	{"evload to TSV of these rows", "evload -m \"$star\" tsv:tsv $in"},
};

/* The rows for evload, of the sample or of nothing. */
static const char *stage_input(int i, const char *events)
{
	static char command[256];

	if (i + 1 < COUNT(stages))
		return events;
	snprintf(command, sizeof command, "evstar -m \"$star\" -o stage.jsonl %s", events);
	must(command);
	return "stage.jsonl";
}

/* The counts of one program by the processor's own counters. False if it has none. */
static bool count_events(const char *command, double *instructions, double *cycles)
{
	char line[512], full[1024];
	FILE *f;

	*instructions = *cycles = 0;
	snprintf(full, sizeof full,
		 "perf stat -x, -o perf.csv -e instructions:u,cycles:u sh -c '%s'", command);
	if (!shoot(full).good || (f = fopen("perf.csv", "r")) == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		if (strstr(line, ",instructions") != NULL)
			*instructions = strtod(line, NULL);
		else if (strstr(line, ",cycles") != NULL)
			*cycles = strtod(line, NULL);
	}
	fclose(f);
	return *instructions > 0 && *cycles > 0;
}

static bool by_counters(const char *events)
{
	double instructions, cycles, bytes;

	setenv("in", events, 1);
	if (!count_events("evparse $in", &instructions, &cycles))
		return false;
	printf("By the counters of the processor, over the whole input, in user mode.\n\n"
	       "| program | instructions a byte | cycles a byte |\n| --- | --- | --- |\n");
	for (int i = 0; i < COUNT(stages); i++) {
		const char *in = stage_input(i, events);

		bytes = file_size(in);
		setenv("in", in, 1);
		if (!count_events(stages[i].command, &instructions, &cycles))
			die_of(stages[i].command);
		printf("| %s | %.2f | %.2f |\n", stages[i].name, instructions / bytes,
		       cycles / bytes);
	}
	printf("\n");
	return true;
}

/* One program on one input; the profile goes to a file. */
static bool profile(const char *command, const char *in, const char *file)
{
	char full[1024];

	setenv("in", in, 1);
	snprintf(full, sizeof full, "valgrind --tool=callgrind --callgrind-out-file=%s -q %s", file,
		 command);
	return shoot(full).good;
}

/*
 * Where the sources of the parts stand, the first that fits counts. What has no source here are the
 * libraries; the compiler's own headers, which name instructions, belong to who includes them.
 */
static const struct {
	const char *title, *path, *or_path;
} parts[] = {
	{"input, output", "lib/io/", NULL},
	{"index", "lib/scan/index", NULL},
	{"shapes, walk", "lib/scan/s", NULL},
	{"canonical form", "lib/json/c", NULL},
	{"lines, values", "lib/scan/", "lib/json/"},
	{"numbers", "lib/number/", NULL},
	{"schemas", "lib/schema/", NULL},
	{"events, rules", "lib/record/", "lib/expr/"},
	{"columns, TSV", "lib/warehouse/", "lib/contract/"},
	{"state, sorting", "lib/store/", NULL},
	{"loop", "lib/cli/", "cmd/ev"},
	{"memory, hashes, time", "lib/base/", NULL},
	{"engine", "lib/", NULL},
	{"libraries", "", NULL},
};

enum { MAX_FILES = 4096, INCLUDER = -1 };

static int part_of(const char *path)
{
	int i = 0;

	if (strstr(path, "/include/") != NULL && strstr(path, "intrin.h") != NULL)
		return INCLUDER;
	while (strstr(path, parts[i].path) == NULL &&
	       (parts[i].or_path == NULL || strstr(path, parts[i].or_path) == NULL))
		i++;
	return i;
}

/*
 * Whether a line names a file: fl= of a function, fi= and fe= of what was inlined, cfl= and cfi= of
 * a callee. rest: the name behind a space, where it is the first use of the number.
 */
static bool names_file(const char *line, unsigned long *id, char **rest)
{
	const char *p = line + (*line == 'c');

	if (strncmp(p, "fl=(", 4) != 0 && strncmp(p, "fi=(", 4) != 0 && strncmp(p, "fe=(", 4) != 0)
		return false;
	*id = strtoul(p + 4, rest, 10);
	return *(*rest)++ == ')' && *id < MAX_FILES;
}

/*
 * Adds up a profile by part, times `sign`. The format is that of Valgrind's manual, "Callgrind
 * Format Specification": a number stands for a name after its first use, and the line behind calls=
 * is the cost of the callee.
 */
static void add_profile(const char *name, double sign, double sums[COUNT(parts)])
{
	static int part[MAX_FILES];
	static char line[1 << 16];
	FILE *f = fopen(name, "r");
	int now = COUNT(parts) - 1, whole = now; /* of the line, of the function */
	bool callee = false;

	if (f == NULL)
		die("%s: %s", name, strerror(errno));
	while (fgets(line, sizeof line, f) != NULL) {
		unsigned long id;
		char *rest;

		if (names_file(line, &id, &rest)) {
			if (*rest == ' ')
				part[id] = part_of(rest);
			if (*line == 'c')
				continue;
			now = part[id] != INCLUDER ? part[id] : whole;
			if (line[1] == 'l')
				whole = now;
		} else if (strncmp(line, "fn=", 3) == 0) {
			now = whole;
		} else if (strncmp(line, "calls=", 6) == 0) {
			callee = true;
		} else if (strchr("0123456789+-*", *line) != NULL) {
			if (!callee && strchr(line, ' ') != NULL)
				sums[now] += sign * strtod(strchr(line, ' '), NULL);
			callee = false;
		}
	}
	fclose(f);
}

static void by_callgrind(void)
{
	static const char sample[] = "sample.jsonl", few[] = "few.jsonl";

	must("\"$events\" 4M >sample.jsonl");
	printf("Instructions a byte of input, by where the source stands, as Callgrind counts "
	       "them on a small sample; those of\ntwo events are taken off. Callgrind knows no "
	       "AVX-512, so the index goes another way here.\n\n| program | all |");
	for (int k = 0; k < COUNT(parts); k++)
		printf(" %s |", parts[k].title);
	printf("\n| --- | --- |");
	for (int k = 0; k < COUNT(parts); k++)
		printf(" --- |");
	printf("\n");
	for (int i = 0; i < COUNT(stages); i++) {
		double sums[COUNT(parts)] = {0}, all = 0, bytes;
		const char *in = stage_input(i, sample);

		bytes = file_size(in);
		if (!profile(stages[i].command, in, "cg.out") ||
		    !profile(stages[i].command, stage_input(i, few), "cg.empty")) {
			printf("| %s | failed |\n", stages[i].name);
			continue;
		}
		add_profile("cg.out", 1, sums);
		add_profile("cg.empty", -1, sums);
		for (int k = 0; k < COUNT(parts); k++)
			all += sums[k];
		printf("| %s | %.2f |", stages[i].name, all / bytes);
		for (int k = 0; k < COUNT(parts); k++)
			printf(" %.2f |", sums[k] / bytes);
		printf("\n");
	}
}

static void where_time_goes(const char *events)
{
	bool counted;

	printf("\n### Where the time goes\n\n");
	counted = by_counters(events);
	if (!counted)
		printf("The counters of this processor cannot be read (perf stat).\n");
	if (answer("valgrind --version") != NULL)
		by_callgrind();
	else
		printf("Callgrind is not installed (package valgrind), so no instructions are "
		       "counted by part.\n");
}

#endif
