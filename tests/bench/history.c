/*
 * history: a day of events where so many are known already: the whole chain, with states,
 * into SQLite, by the clock on two cores.
 *
 *     history [-k DAYS,...] [-n EVENTS] [-r DAYS] BUILD SOURCE
 *
 * -k  days that the state has taken, in rising order (default 1,10,50)
 * -n  events of a day (default a million)
 * -r  days that are measured at each (default 3); they follow one another
 *
 * 1% of a day are updates of past events, any as likely (tests/bench/events --past). Directly
 * behind each day, the same day goes into an empty state and an empty database, which is what it is
 * compared with. What came before it is taken day by day by evversion alone; then evstar and evload
 * are brought up by one line. All lies in a folder under TMPDIR, which needs 0.6 kB an
 * event, and half as much again while SQLite loads.
 */
#include "measure.h"

enum { MOST_STATES = 8 };

static int days = 3, events = 1000000;

/* A day's lines. */
#define MAKE "\"$events\" --past=$past $size | head -n $lines"

/* The line that a shop runs. $at: where the two states and the database are. */
static const char day[] =
	"evparse --batch d$past day.gz | evvalidate | "
	"evversion --state $at/events --since \"$(evload --position sqlite:$at/shop.db)\" | "
	"evstar --state $at/members | evload sqlite:$at/shop.db";

static const char fresh[] = "rm -rf $at && mkdir $at && evschema -t sqlite | sqlite3 $at/shop.db";

/* A day goes into the state, and nowhere else. */
static const char fill[] =
	MAKE " | evparse --batch d$past | "
	     "evversion --state full/events --since "
	     "\"$(evstate info full/events 2>/dev/null | sed -n 's/^position: *//p' | grep . || "
	     "echo 0)\" | cat";

static const char catch_up[] = "evversion --batch all --state full/events "
			       "--since \"$(evload --position sqlite:full/shop.db)\" </dev/null | "
			       "evstar --state full/members | evload sqlite:full/shop.db";

static void set_number(const char *name, int64_t n)
{
	char number[32];

	snprintf(number, sizeof number, "%lld", (long long)n);
	setenv(name, number, 1);
}

static struct shot one_day(const char *at)
{
	setenv("at", at, 1);
	must("sync");
	return must(day);
}

static double answered(const char *command)
{
	const char *said = answer(command);

	if (said == NULL)
		die_of(command);
	return strtod(said, NULL);
}

static void one_size(int known)
{
	struct series wall = {0}, cpu = {0}, empty_wall = {0}, empty_cpu = {0}, ratio = {0};

	for (int i = 0; i < days; i++) {
		struct shot full, empty;

		set_number("past", (int64_t)events * (known + i));
		must(MAKE " | gzip -1 >day.gz");
		full = one_day("full");
		setenv("at", "empty", 1);
		must(fresh);
		empty = one_day("empty");
		must("rm -rf empty");
		note(&wall, full.wall);
		note(&cpu, full.cpu);
		note(&empty_wall, empty.wall);
		note(&empty_cpu, empty.cpu);
		note(&ratio, full.wall / empty.wall);
	}
	printf("| %.4g | %s | %.1f | %s | %.1f | %s | 2 | %s | %.0f | %.0f | %.1f |\n",
	       (double)events * known / 1e6, spread(&wall, 1), median(&cpu), spread(&empty_wall, 1),
	       median(&empty_cpu), spread(&ratio, 2), median(&ratio) <= 2 ? "yes" : "no",
	       answered("du -sb full/events") / (known + days) / events,
	       answered("du -sb full/members") / (known + days) / events,
	       answered("du -sb full/shop.db") / 1e9);
	fflush(stdout);
}

static void prepare_environment(const char *build, const char *source)
{
	char path[2 * PATH_MAX + 4096];

	snprintf(path, sizeof path, "%s/cmd:%s", build, getenv("PATH"));
	setenv("PATH", path, 1);
	snprintf(path, sizeof path, "%s/tests/bench/events", build);
	setenv("events", path, 1);
	setenv("source", source, 1);
	setenv("EVKIT_MODEL", "history.yaml", 1);
	setenv("EVKIT_SEAL", "0123456789abcdef0123456789abcdef", 1);
	setenv("LC_ALL", "C", 1);
}

static _Noreturn void usage(void)
{
	fputs("usage: history [-k DAYS,...] [-n EVENTS] [-r DAYS] BUILD SOURCE\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	int states[MOST_STATES] = {1, 10, 50}, n = 3, known = 0, option;
	char build[PATH_MAX], source[PATH_MAX];

	while ((option = getopt(argc, argv, "k:n:r:")) != -1) {
		switch (option) {
		case 'k':
			n = 0;
			for (char *p = optarg; *p != '\0' && n < MOST_STATES; p += *p == ',')
				states[n++] = (int)strtol(p, &p, 10);
			break;
		case 'n': events = (int)strtol(optarg, NULL, 10); break;
		case 'r': days = (int)strtol(optarg, NULL, 10); break;
		default: usage();
		}
	}
	for (int i = 0, least = 1; i < n; least = states[i++] + days)
		if (states[i] < least)
			usage();
	if (argc - optind != 2 || n == 0 || events < 100 || days < 1 || days > MAX_ROUNDS)
		usage();
	if (realpath(argv[optind], build) == NULL || realpath(argv[optind + 1], source) == NULL) {
		perror("history");
		return 2;
	}
	prepare_environment(build, source);
	two_cores();
	open_folder();
	must("cp -R \"$source/examples/checkout/schemas\" \"$source/tests/bench/history.yaml\" .");
	setenv("at", "full", 1);
	must(fresh);
	set_number("size", (int64_t)events * 600);
	set_number("lines", events);
	printf("\n### A day where there is a history\n\n"
	       "%d events of some 519 bytes, 1%% of them updates of past ones, out of gzip "
	       "into SQLite, by the clock on\ntwo cores: seconds, median (least..greatest) of %d "
	       "days, and seconds of CPU.\n\n"
	       "| million events before | the day, s | CPU | the same into nothing, s | CPU | "
	       "times as long | at most | reached | evversion's state, bytes an event | evstar's | "
	       "database, GB |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
	       events, days);
	for (int i = 0; i < n; i++) {
		for (; known < states[i]; known++) {
			set_number("past", (int64_t)events * known);
			must(fill);
		}
		must(catch_up);
		one_size(states[i]);
		known += days;
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		die("standard output: %s", strerror(errno));
	return 0;
}
