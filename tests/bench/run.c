/*
 * run: what `make bench` prints: how fast evkit is on this machine, in Markdown.
 *
 *     run [-n BYTES] [-r ROUNDS] [-a] BUILD SOURCE
 *
 * -n  size of the input, as tests/bench/events takes it (default 1G)
 * -r  how often each command is run (default 5)
 * -a  evkit alone: no other tools, no profile
 *
 * Whatever is compared is run in turn, evkit directly before each of the others, because the speed
 * of a machine changes from one second to the next; a ratio is the median of the ratios of such
 * pairs. Input and files written lie in a folder under TMPDIR; the input is made just before, so it
 * is in memory (if that is large enough). Standard output goes to /dev/null. DUCKDB and AJV_DIR say
 * where those two are (duckdb.sh, ajv.js).
 */
#include "measure.h"
#include "profile.h"

#include <sys/utsname.h>

/* ---- who takes part -------------------------------------------------------- */

enum tool {
	NONE,
	EVKIT,
	SORT,
	GAWK,
	JQ,
	MILLER,
	GOACCESS,
	DUCKDB,
	AJV,
	CAT,
	IGZIP,
	YAJL,
	ICELAKE,
	HASWELL,
	TOOLS
};

/* nothing: starts it and ends it; what that takes is taken off its runs */
static const struct {
	const char *name, *version, *hint, *nothing;
} tools[TOOLS] = {
	[EVKIT] = {"evkit", "evparse --version", "run make first", NULL},
	[SORT] = {"sort -u", "sort --version", "package coreutils", NULL},
	[GAWK] = {"gawk", "gawk --version | cut -d, -f1", "package gawk", NULL},
	[JQ] = {"jq", "jq --version", "package jq", NULL},
	[MILLER] = {"Miller", "mlr --version", "package miller", NULL},
	[GOACCESS] = {"GoAccess", "goaccess --version | head -n 1", "package goaccess", NULL},
	[DUCKDB] = {"DuckDB", "\"$bench/duckdb.sh\" version", "name it in DUCKDB",
		    "\"$bench/duckdb.sh\" nothing"},
	[AJV] = {"ajv", "node \"$bench/ajv.js\" --version",
		 "npm install ajv ajv-formats, and name that folder in AJV_DIR",
		 "node \"$bench/ajv.js\" \"$schemas\" /dev/null"},
	[CAT] = {"cat", "cat --version", "package coreutils", NULL},
	[IGZIP] = {"igzip", "igzip --version 2>&1 | grep .", "package isal", NULL},
	[YAJL] = {"yajl", "yajl --version", "package libyajl-dev", NULL},
	[ICELAKE] = {"simdjson (icelake)", "simdjson-icelake --version",
		     "packages g++ and libsimdjson-dev, and AVX-512", NULL},
	[HASWELL] = {"simdjson (haswell)", "simdjson-haswell --version",
		     "packages g++ and libsimdjson-dev, and AVX2", NULL},
};

static char versions[TOOLS][128]; /* empty: absent */
static int rounds = 5;
static bool alone;

static bool present(enum tool t)
{
	return *versions[t] != '\0';
}

static void find_tools(void)
{
	for (enum tool t = EVKIT; t < (alone ? EVKIT + 1 : TOOLS); t++) {
		const char *said = answer(tools[t].version);

		if (said != NULL)
			snprintf(versions[t], sizeof versions[t], "%s", said);
	}
	if (!present(EVKIT))
		die("the programs are not in the folder of the build: %s", tools[EVKIT].hint);
}

/* ---- the machine ----------------------------------------------------------- */

/* The value of the first line "name : value" or "name=value" of a file, or NULL. */
static const char *setting(const char *file, const char *name)
{
	static char line[512];
	FILE *f = fopen(file, "r");
	size_t len = strlen(name);
	const char *value = NULL;

	while (f != NULL && value == NULL && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, name, len) == 0)
			value = line + len + strspn(line + len, " \t:=\"");
	}
	if (f != NULL)
		fclose(f);
	if (value != NULL)
		line[strcspn(line, "\"")] == '"' ? line[strlen(line) - 1] = '\0' : 0;
	return value;
}

static void describe_caches(void)
{
	const char *comma = "";

	for (int i = 0; i < 8; i++) {
		char command[256];
		const char *said;

		snprintf(command, sizeof command,
			 "cd /sys/devices/system/cpu/cpu0/cache/index%d && read -r l <level && "
			 "read -r t <type && read -r s <size && echo \"L$l $t $s\"",
			 i);
		if ((said = answer(command)) == NULL)
			break;
		printf("%s%s", comma, said);
		comma = ", ";
	}
	if (*comma == '\0')
		printf("unknown");
}

static void describe_machine(void)
{
	struct utsname u;
	cpu_set_t cpus;
	const char *value = setting("/proc/cpuinfo", "model name");

	if (uname(&u) != 0 || sched_getaffinity(0, sizeof cpus, &cpus) != 0)
		die("%s", strerror(errno));
	printf("- processor: %s, %s, %d cores used\n", value != NULL ? value : "unknown", u.machine,
	       CPU_COUNT(&cpus));
	printf("- caches: ");
	describe_caches();
	value = setting("/proc/meminfo", "MemTotal");
	printf("\n- memory: %.0f GiB\n", value != NULL ? strtod(value, NULL) / 1048576 : 0);
	value = setting("/etc/os-release", "PRETTY_NAME");
	printf("- system: %s, %s %s\n", value != NULL ? value : "unknown", u.sysname, u.release);
#ifdef __clang__
	printf("- compiler: clang %s\n", __clang_version__);
#else
	printf("- compiler: gcc %s\n", __VERSION__);
#endif
	for (enum tool t = EVKIT; t < TOOLS; t++)
		if (present(t))
			printf("%s%s", t == EVKIT ? "- programs: " : "; ", versions[t]);
	printf("\n");
	for (enum tool t = EVKIT; t < TOOLS; t++)
		if (!present(t) && !alone)
			printf("- absent: %s (%s)\n", tools[t].name, tools[t].hint);
}

/* ---- the inputs ------------------------------------------------------------ */

enum { PLAIN, SHUFFLED, BROKEN, VARIANTS };

static const char *const variants[VARIANTS] = {"plain.jsonl", "shuffled.jsonl", "broken.jsonl"};

/* What holds for all three, where the other two may be 15% less. */
static double least(struct series of[VARIANTS])
{
	double figure = median(&of[PLAIN]);

	for (int v = SHUFFLED; v < VARIANTS; v++)
		if (of[v].n > 0 && median(&of[v]) / 0.85 < figure)
			figure = median(&of[v]) / 0.85;
	return figure;
}

/* ---- in memory ------------------------------------------------------------- */

static const struct rival_in_memory {
	const char *ours, *theirs;
	enum tool tool;
	double at_least, stretch;
} rivals_in_memory[] = {
	{"scan+6 avx512", "simdjson-dom icelake", ICELAKE, 1.25, 1.5},
	{"scan+6 avx512", "simdjson-ondemand icelake", ICELAKE, 0, 0},
	{"scan+6 avx512", "yajl", YAJL, 0, 0},
	{"scan+6 avx2", "simdjson-dom haswell", HASWELL, 1.25, 1.5},
	{"scan+6 avx2", "simdjson-ondemand haswell", HASWELL, 0, 0},
	{"scan+6 avx2", "yajl", YAJL, 0, 0},
	{"index avx512", "simdjson-stage1 icelake", ICELAKE, 0, 0},
	{"index avx2", "simdjson-stage1 haswell", HASWELL, 0, 0},
};

/* The speed of a work of evkit, in GB/s, on the three inputs. */
struct in_memory {
	struct series speed[VARIANTS], each; /* each: nanoseconds a value */
	struct series rival[COUNT(rivals_in_memory)];
	struct series ratio[COUNT(rivals_in_memory)][VARIANTS];
};

static double speed_of(struct pass p)
{
	return p.bytes / p.seconds / 1e9;
}

static bool has(const struct server *s, const char *work)
{
	for (int i = 0; i < s->n; i++)
		if (strcmp(s->works[i], work) == 0)
			return true;
	return false;
}

static struct server ours_in_memory[VARIANTS], theirs_in_memory[TOOLS][VARIANTS];

static void one_round_in_memory(const char *work, int variant, struct in_memory *m)
{
	struct server *ours = &ours_in_memory[variant];
	struct pass pass = ask(ours, work);

	note(&m->speed[variant], speed_of(pass));
	if (variant == PLAIN)
		note(&m->each, pass.seconds * 1e9 / pass.values);
	for (int i = 0; i < COUNT(rivals_in_memory); i++) {
		const struct rival_in_memory *r = &rivals_in_memory[i];
		struct server *theirs = &theirs_in_memory[r->tool][variant];
		struct pass other;

		/* without a bound, the plain input will do */
		if (strcmp(r->ours, work) != 0 || theirs->to == NULL ||
		    (variant != PLAIN && r->at_least <= 0))
			continue;
		pass = ask(ours, work);
		other = ask(theirs, r->theirs);
		if (variant == PLAIN)
			note(&m->rival[i], speed_of(other));
		note(&m->ratio[i][variant], speed_of(pass) / speed_of(other));
	}
}

/* work: NULL where the line above says it already */
static void print_ours(const char *work, struct in_memory *m)
{
	if (work == NULL)
		printf("| | | | | |");
	else
		printf("| %s | %s | %s | %s | %.0f |", work, spread(&m->speed[PLAIN], 2),
		       spread(&m->speed[SHUFFLED], 2), spread(&m->speed[BROKEN], 2),
		       median(&m->each));
}

static void print_in_memory(const char *work, struct in_memory *m)
{
	bool compared = false;

	for (int i = 0; i < COUNT(rivals_in_memory); i++) {
		const struct rival_in_memory *r = &rivals_in_memory[i];
		struct series *ratio = m->ratio[i];

		if (ratio[PLAIN].n == 0)
			continue;
		print_ours(compared ? NULL : work, m);
		printf(" %s | %.2f | %s | %s | %s | %s | %s | %s |\n", r->theirs,
		       median(&m->rival[i]), spread(&ratio[PLAIN], 2), spread(&ratio[SHUFFLED], 2),
		       spread(&ratio[BROKEN], 2), bound(r->at_least, ""), bound(r->stretch, ""),
		       verdict(least(ratio), r->at_least, r->stretch));
		compared = true;
	}
	if (compared)
		return;
	print_ours(work, m);
	printf(" | | | | | | | |\n");
}

/* Passes are short, so there can be many. */
static int passes(void)
{
	return 4 * rounds < MAX_ROUNDS ? 4 * rounds : MAX_ROUNDS;
}

/* The first round is to warm up. */
static void measure_in_memory(struct in_memory m[MAX_WORKS])
{
	struct server *ours = &ours_in_memory[PLAIN];

	for (int r = -1; r < passes(); r++) {
		if (r == 0)
			memset(m, 0, MAX_WORKS * sizeof *m);
		for (int i = 0; i < ours->n; i++)
			for (int v = 0; v < VARIANTS; v++)
				if (has(&ours_in_memory[v], ours->works[i]))
					one_round_in_memory(ours->works[i], v, &m[i]);
	}
}

static void in_memory(const char *model)
{
	static struct in_memory m[MAX_WORKS];
	static const char *const programs[TOOLS] = {
		[YAJL] = "yajl", [ICELAKE] = "simdjson-icelake", [HASWELL] = "simdjson-haswell"};
	struct server *ours = &ours_in_memory[PLAIN];

	for (int v = 0; v < VARIANTS; v++) {
		const char *argv[] = {"micro", v == PLAIN ? "--" : "-s", model, variants[v], NULL};

		if (!open_server(&ours_in_memory[v], argv))
			die_of("micro");
		for (enum tool t = EVKIT; t < TOOLS; t++) {
			const char *words[] = {programs[t], variants[v], NULL};

			if (programs[t] != NULL && present(t))
				open_server(&theirs_in_memory[t][v], words);
		}
	}
	measure_in_memory(m);
	printf("\n### In memory\n\n"
	       "GB/s of CPU on one core over the head of the input, by way of the index: median "
	       "(least..greatest)\nof %d passes. scan+6 checks every byte and finds six members; "
	       "so does simdjson's DOM; On-Demand does\nnot check what it passes over. schema and "
	       "digest are what they take on top of the scan. Reached is what\nholds with shuffled "
	       "members and broken lines too, within 15%%.\n\n"
	       "| work | GB/s | members shuffled | 1%% broken | ns each | against | its GB/s | "
	       "ratio | shuffled | broken | at least | stretch | reached |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
	       passes());
	for (int i = 0; i < ours->n; i++)
		print_in_memory(ours->works[i], &m[i]);
	for (int v = 0; v < VARIANTS; v++) {
		close_server(&ours_in_memory[v]);
		for (enum tool t = EVKIT; t < TOOLS; t++)
			close_server(&theirs_in_memory[t][v]);
	}
}

/* ---- whole programs -------------------------------------------------------- */

enum { MAX_RIVALS = 4 };

/* A command of another tool. Ratios are of the rates: what it took longer, for the same input. */
struct rival {
	enum tool tool;
	const char *does, *command;
	double at_least, stretch;
	bool small; /* too slow for more than a tenth of the input */
};

/*
 * Commands are lines of shell. $in is the input and $bad the option that sets bad lines aside,
 * where there are some. A row with an input of its own knows no variants.
 */
struct row {
	const char *work, *command;
	double at_least, stretch; /* GB/s of input */
	struct rival rivals[MAX_RIVALS];
	const char *input;   /* in place of $in, made by `prepare` */
	const char *prepare; /* or NULL */
	bool wall;	     /* counts by the clock on the wall, not by CPU */
};

static const struct row rows[] = {
	{.work = "evparse", .command = "evparse $bad $in"},
	{.work = "evparse of nginx's log",
	 .command = "evparse -f nginx $in",
	 .at_least = 0.4,
	 .input = "nginx.log",
	 .prepare = "\"$bench/logs.sh\" nginx <plain.jsonl >nginx.log",
	 .rivals = {{GOACCESS, "its report as JSON",
		     "goaccess $in --log-format=COMBINED --no-global-config -o report.json", 5, 0,
		     false},
		    {MILLER, "words in quotes as JSON",
		     "mlr --icsv --ifs space --implicit-csv-header --ojsonl cat $in", 5, 0,
		     false}}},
	{.work = "evparse of Apache's log",
	 .command = "evparse -f apache $in",
	 .input = "nginx.log",
	 .rivals = {{GOACCESS, "its report as JSON",
		     "goaccess $in --log-format=COMBINED --no-global-config -o report.json", 5, 0,
		     false}}},
	{.work = "evparse of haproxy's log",
	 .command = "evparse -f haproxy --zone UTC $in",
	 .input = "haproxy.log",
	 .prepare = "\"$bench/logs.sh\" haproxy <plain.jsonl >haproxy.log"},
	{.work = "evparse of a W3C log",
	 .command = "evparse -f w3c $in",
	 .input = "w3c.log",
	 .prepare = "\"$bench/logs.sh\" w3c <plain.jsonl >w3c.log",
	 .rivals = {{GOACCESS, "its report as JSON",
		     "goaccess $in --log-format=W3C --no-global-config -o report.json", 5, 0,
		     false}}},
	{.work = "evparse of CloudFront's log",
	 .command = "evparse -f cloudfront $in",
	 .input = "cloudfront.log",
	 .prepare = "\"$bench/logs.sh\" cloudfront <plain.jsonl >cloudfront.log",
	 .rivals = {{GOACCESS, "its report as JSON",
		     "goaccess $in --log-format=CLOUDFRONT --no-global-config -o report.json", 5, 0,
		     false}}},
	{.work = "evparse of syslog's",
	 .command = "evparse -f syslog $in",
	 .input = "syslog.log",
	 .prepare = "\"$bench/logs.sh\" syslog <plain.jsonl >syslog.log"},
	{.work = "evparse of logfmt",
	 .command = "evparse -f logfmt $in",
	 .input = "logfmt.log",
	 .prepare = "\"$bench/logs.sh\" logfmt <plain.jsonl >logfmt.log",
	 .rivals = {{MILLER, "pairs without quotes as JSON",
		     "mlr --idkvp --ifs space --ojsonl cat $in", 0, 0, false}}},
	{.work = "evparse of CSV",
	 .command = "evparse -f csv $in",
	 .input = "orders.csv",
	 .prepare = "\"$bench/logs.sh\" csv <plain.jsonl >orders.csv",
	 .rivals = {{MILLER, "the same", "mlr --icsv --ojsonl cat $in", 0, 0, false}}},
	{.work = "evparse of a JSON array",
	 .command = "evparse -f json-array $in",
	 .input = "array.json",
	 .prepare = "{ echo '['; sed '$!s/$/,/' plain.jsonl; echo ']'; } >array.json"},
	{.work = "evprofile",
	 .command = "evprofile $bad $in",
	 .at_least = 0.15,
	 .stretch = 0.3,
	 .rivals = {{DUCKDB, "the types of all columns", "\"$bench/duckdb.sh\" describe $in", 0, 0,
		     false},
		    {JQ, "the kinds at all paths",
		     "jq -c '[paths(scalars) as $p | ($p | map(strings)) + [getpath($p) | type]]' "
		     "$small",
		     0, 0, true}}},
	{.work = "evvalidate",
	 .command = "evvalidate $bad $in",
	 .at_least = 1.1,
	 .stretch = 1.5,
	 .rivals = {{DUCKDB, "a filter on two columns", "\"$bench/duckdb.sh\" validate $in", 6, 0,
		     false},
		    {AJV, "the same schemas", "node \"$bench/ajv.js\" \"$schemas\" $in", 17, 0,
		     false},
		    {JQ, "the same filter",
		     "jq -c 'select(.version >= 1 and (.event_id | test(\"^[0-9a-f-]{36}$\")))' "
		     "$small",
		     0, 0, true}}},
	{.work = "evdedupe",
	 .command = "evdedupe $bad $in",
	 .at_least = 1.1,
	 .stretch = 1.8,
	 .rivals = {{SORT, "by bytes", "sort -u -S 4G --parallel=1 $in", 3, 0, false},
		    {DUCKDB, "by id and version", "\"$bench/duckdb.sh\" dedupe $in", 6, 0, false},
		    {GAWK, "by id and version, where they stand",
		     "gawk -F'\"' '!seen[$4 $23]++' $in", 0, 0, false},
		    {MILLER, "by id and version",
		     "mlr --ijsonl --ojsonl head -n 1 -g event_id,version $small", 0, 0, true}}},
	{.work = "evversion --emit latest",
	 .command = "evversion --emit latest $bad $in",
	 .at_least = 0.7,
	 .stretch = 1.0,
	 .rivals = {{DUCKDB, "a window by id", "\"$bench/duckdb.sh\" latest $in", 5, 0, false}}},
	{.work = "evstar, fact and 3 dimensions",
	 .command = "evstar -m \"$star\" $bad $in",
	 .at_least = 0.8,
	 .stretch = 1.0},
	{.work = "evload to TSV of these rows",
	 .command = "evload -m \"$star\" tsv:tsv $in",
	 .at_least = 0.8,
	 .stretch = 1.0,
	 .input = "rows.jsonl",
	 .prepare = "evstar -m \"$star\" -o rows.jsonl plain.jsonl"},
	{.work = "evstar and evload together",
	 .command = "evstar -m \"$star\" $bad $in | evload -m \"$star\" tsv:tsv",
	 .rivals = {{DUCKDB, "COPY TO of the same tables", "\"$bench/duckdb.sh\" star $in duck", 5,
		     0, false}}},
	{.work = "evstar, checkout", .command = "evstar $bad $in"},
	{.work = "evload to TSV of these rows, checkout",
	 .command = "evload tsv:tsv $in",
	 .input = "rows.jsonl",
	 .prepare = "evstar -o rows.jsonl plain.jsonl"},
	{.work = "evvalidate, evdedupe, evstar in a pipe, by wall",
	 .command = "evvalidate $bad $in | evdedupe | evstar",
	 .at_least = 0.8,
	 .rivals = {{CAT, "cat, cat, cat", "cat $in | cat | cat", 0, 1, false}},
	 .wall = true},
	{.work = "evlake append, by wall",
	 .command = "evlake append --batch b lake.$$ $in",
	 .at_least = 0.4,
	 .rivals = {{IGZIP, "igzip -1", "igzip -1 -c $in", 1, 0, false}},
	 .wall = true},
	{.work = "evparse of gzip, by wall",
	 .command = "evparse $in",
	 .input = "plain.gz",
	 .prepare = "gzip -c plain.jsonl >plain.gz",
	 .rivals = {{IGZIP, "igzip -dc into evparse", "igzip -dc $in | evparse", 0.9, 0, false}},
	 .wall = true},
	{.work = "evvalidate of gzip, by wall",
	 .command = "evvalidate $in",
	 .input = "plain.gz",
	 .rivals = {{IGZIP, "igzip -dc into evvalidate", "igzip -dc $in | evvalidate", 0.9, 0,
		     false}},
	 .wall = true},
};

struct outcome {
	struct series speed[VARIANTS], wall, memory; /* GB/s, seconds, MiB */
	struct series rival_speed[MAX_RIVALS], rival_memory[MAX_RIVALS], ratio[MAX_RIVALS];
	bool failed[MAX_RIVALS];
};

static struct outcome outcomes[COUNT(rows)];
static double small_bytes;

/* Bytes of the input, inflated if it is gzip: those of the events. */
static double bytes_of(const struct row *row, int variant)
{
	const char *name = row->input != NULL ? row->input : variants[variant];

	return file_size(strstr(name, ".gz") != NULL ? variants[PLAIN] : name);
}

static double seconds(const struct row *row, const struct shot *s)
{
	double t = row->wall ? s->wall : s->cpu;

	return t > 1e-6 ? t : 1e-6; /* the grain of rusage */
}

static void choose(const struct row *row, int variant)
{
	setenv("in", row->input != NULL ? row->input : variants[variant], 1);
	setenv("bad", variant == BROKEN ? "-r rejects.jsonl" : "", 1);
}

/* Whether more was said than which columns the events have nothing for. */
static bool complains(void)
{
	FILE *f = fopen("error", "r");
	char line[4096];
	bool found = f == NULL;

	while (!found && fgets(line, sizeof line, f) != NULL)
		found = strstr(line, ": no event of the batch has .") == NULL;
	if (f != NULL)
		fclose(f);
	return found;
}

static double run_ours(const struct row *row, int variant, struct outcome *o)
{
	struct shot shot;
	double speed;

	choose(row, variant);
	shot = must(row->command);
	if (complains()) /* in a pipe the last program's status is all that is told */
		die_of(row->command);
	speed = bytes_of(row, variant) / seconds(row, &shot) / 1e9;
	note(&o->speed[variant], speed);
	if (variant == PLAIN) {
		note(&o->wall, shot.wall);
		note(&o->memory, shot.memory);
	}
	return speed;
}

/* CPU that a tool takes to do nothing. */
static double start_of(enum tool t)
{
	static double known[TOOLS];
	struct series s = {0};

	if (tools[t].nothing == NULL)
		return 0;
	for (int i = 0; known[t] == 0 && i < 5; i++)
		note(&s, shoot(tools[t].nothing).cpu);
	if (known[t] == 0)
		known[t] = median(&s);
	return known[t];
}

/* Ours, then the other, directly one behind the other. */
static void run_pair(const struct row *row, int i, struct outcome *o)
{
	const struct rival *r = &row->rivals[i];
	struct shot shot;
	double ours, t, speed;

	ours = run_ours(row, PLAIN, o);
	if (o->failed[i])
		return;
	shot = shoot(r->command);
	if (!shot.good) {
		o->failed[i] = true;
		return;
	}
	t = seconds(row, &shot) - start_of(r->tool);
	speed = (r->small ? small_bytes : bytes_of(row, PLAIN)) / (t > 1e-6 ? t : 1e-6) / 1e9;
	note(&o->rival_speed[i], speed);
	note(&o->rival_memory[i], shot.memory);
	note(&o->ratio[i], ours / speed);
}

static void run_row(const struct row *row, struct outcome *o)
{
	if (row->prepare != NULL)
		must(row->prepare);
	for (int r = 0; r < rounds; r++) {
		bool compared = false;

		for (int v = SHUFFLED; row->input == NULL && v < VARIANTS; v++)
			run_ours(row, v, o);
		for (int i = 0; i < MAX_RIVALS; i++) {
			if (row->rivals[i].tool == NONE || !present(row->rivals[i].tool))
				continue;
			run_pair(row, i, o);
			compared = true;
		}
		if (!compared)
			run_ours(row, PLAIN, o);
	}
}

static void print_rows(void)
{
	printf("\n### Whole programs\n\n"
	       "GB/s of input by CPU (user and system; by the clock where the table says so), warm "
	       "file to /dev/null: median\n(least..greatest) of the runs. The input of evload are "
	       "the rows of evstar; of gzip, the bytes count inflated.\nReached is what holds "
	       "with shuffled members and broken lines too, within 15%%.\n\n"
	       "| work | GB/s | members shuffled | 1%% broken | wall, s | peak MiB | at least | "
	       "stretch | reached |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < COUNT(rows); i++) {
		struct outcome *o = &outcomes[i];

		printf("| %s | %s | %s | %s | %s | %.0f | %s | %s | %s |\n", rows[i].work,
		       spread(&o->speed[PLAIN], 2), spread(&o->speed[SHUFFLED], 2),
		       spread(&o->speed[BROKEN], 2), spread(&o->wall, 3), median(&o->memory),
		       bound(rows[i].at_least, ""), bound(rows[i].stretch, ""),
		       verdict(least(o->speed), rows[i].at_least, rows[i].stretch));
	}
}

static void print_rivals(void)
{
	printf("\n### Against other tools\n\n"
	       "How many times faster evkit is, in the same measure, by pairs of runs: median "
	       "(least..greatest). The start\nof DuckDB (a module of Python) and of Node.js is "
	       "taken off. jq and Miller are given a tenth of the input.\n\n"
	       "| work | against | which does | its GB/s | its peak MiB | evkit is faster by | at "
	       "least | stretch | reached |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < COUNT(rows); i++) {
		struct outcome *o = &outcomes[i];

		for (int k = 0; k < MAX_RIVALS && rows[i].rivals[k].tool != NONE; k++) {
			const struct rival *r = &rows[i].rivals[k];

			printf("| %s | %s | %s | ", rows[i].work, tools[r->tool].name, r->does);
			if (o->ratio[k].n == 0)
				printf("%s | | | ", o->failed[k] ? "failed" : "absent");
			else
				printf("%.3g | %.0f | %s | ", median(&o->rival_speed[k]),
				       median(&o->rival_memory[k]), spread(&o->ratio[k], 2));
			printf("%s | %s | %s |\n", bound(r->at_least, " x"),
			       bound(r->stretch, " x"),
			       o->ratio[k].n == 0
				       ? "-"
				       : verdict(median(&o->ratio[k]), r->at_least, r->stretch));
		}
	}
}

/* ---- the start ------------------------------------------------------------- */

static void start_up(void)
{
	static const char *const programs[][6] = {
		{"evparse", "/dev/null"},
		{"evvalidate", "few.jsonl"},
		{"evdedupe", "/dev/null"},
		{"evversion", "/dev/null"},
		{"evstar", "/dev/null"},
		{"evload", "-t", "events", "/dev/null"},
		{"evschema", "-e", "prod"},
		{"evreport", "few.json"},
		{"evprofile", "few.jsonl"},
		{"evkafka", "--version"},
		{"evstate", "info", "few"},
		{"evlake", "verify", "few.lake"},
		{"evreject", "show", "few.rejects"},
	};
	enum { STARTS = 20 };

	printf("\n### Start\n\n"
	       "Milliseconds from start to end with the model of examples/checkout and no "
	       "event (two for evvalidate and evprofile,\nwhich want one, and in what evstate, "
	       "evlake and evreject tell of): median (least..greatest).\n\n"
	       "| program | ms | peak MiB | at most | stretch | reached |\n"
	       "| --- | --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < COUNT(programs); i++) {
		struct series ms = {0}, memory = {0};

		for (int k = 0; k < STARTS; k++) {
			struct shot shot = shoot_words(programs[i]);

			if (!shot.good)
				die_of(programs[i][0]);
			note(&ms, shot.wall * 1e3);
			note(&memory, shot.memory);
		}
		printf("| %s | %s | %.1f | 5 | 2 | %s |\n", programs[i][0], spread(&ms, 2),
		       median(&memory),
		       median(&ms) <= 2	  ? "stretch"
		       : median(&ms) <= 5 ? "yes"
					  : "no");
	}
}

/* ---- all of it ------------------------------------------------------------- */

static void export_path(const char *name, const char *base, const char *rest)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/%s", base, rest);
	setenv(name, path, 1);
}

static void prepare_environment(const char *build, const char *source)
{
	char path[4 * PATH_MAX];
	const char *old = getenv("PATH");

	snprintf(path, sizeof path, "%s/cmd:%s/tests/bench:%s", build, build,
		 old != NULL ? old : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	setenv("LC_ALL", "C", 1);
	setenv("TZ", "UTC", 1);
	unsetenv("EVKIT_SEAL");
	export_path("bench", source, "tests/bench");
	export_path("star", source, "tests/bench/evkit.yaml");
	export_path("schemas", source, "examples/checkout/schemas");
	export_path("EVKIT_MODEL", source, "examples/checkout/evkit.yaml");
	export_path("events", build, "tests/bench/events");
	setenv("small", "small.jsonl", 1);
}

static void make_input(const char *size)
{
	char command[512];

	setenv("size", size, 1);
	must("\"$events\" \"$size\" >plain.jsonl && \"$events\" --shuffle \"$size\" "
	     ">shuffled.jsonl && \"$events\" --spoil \"$size\" >broken.jsonl && "
	     "\"$events\" 1k >few.jsonl && evvalidate --result few.json few.jsonl >few.out && "
	     "EVKIT_SEAL=none evversion --first --batch few --state few --since 0 few.jsonl "
	     ">few.out && "
	     "evlake append --batch few few.lake few.jsonl >few.out && "
	     "echo x | cat few.jsonl - | evparse -r few.rejects >few.out");

	snprintf(command, sizeof command, "\"$events\" %.0f >small.jsonl",
		 file_size(variants[PLAIN]) / 10);
	must(command);
	small_bytes = file_size("small.jsonl");
}

static _Noreturn void usage(void)
{
	fputs("usage: run [-n BYTES[k|M|G]] [-r ROUNDS] [-a] BUILD SOURCE\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	char build[PATH_MAX], source[PATH_MAX];
	const char *size = "1G";
	int option;

	while ((option = getopt(argc, argv, "n:r:a")) != -1) {
		switch (option) {
		case 'n': size = optarg; break;
		case 'r': rounds = (int)strtol(optarg, NULL, 10); break;
		case 'a': alone = true; break;
		default: usage();
		}
	}
	if (argc - optind != 2 || rounds < 1 || rounds > MAX_ROUNDS / MAX_RIVALS)
		usage();
	if (realpath(argv[optind], build) == NULL || realpath(argv[optind + 1], source) == NULL) {
		perror("run");
		return 2;
	}
	prepare_environment(build, source);
	two_cores();
	open_folder();
	find_tools();
	make_input(size);
	printf("%.0f MB of checkout events; each command %d times.\n\n",
	       file_size(variants[PLAIN]) / 1e6, rounds);
	describe_machine();
	in_memory(getenv("EVKIT_MODEL"));
	for (int i = 0; i < COUNT(rows); i++)
		run_row(&rows[i], &outcomes[i]);
	print_rows();
	if (!alone)
		print_rivals();
	start_up();
	if (!alone)
		where_time_goes(variants[PLAIN]);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("standard output: %s", strerror(errno));
	return 0;
}
