/*
 * chain: the whole job by the clock: gzip logs to the tables of examples/checkout.
 *
 *     chain [-n BYTES] [-r ROUNDS] BUILD SOURCE
 *
 * -n  size of the logs, as tests/bench/events takes it (default 400M)
 * -r  how often each is run (default 5)
 *
 * All six programs in a sealed pipe, to TSV and into SQLite, on two cores; DuckDB makes the same
 * tables of the same logs in one script, on as many threads (duckdb.sh), and `sqlite3 .import` puts
 * TSV into the same tables of the same database. What both made is compared. The two of a pair are
 * run in turn, with a sync before each; what DuckDB takes to start is taken off. DUCKDB says where
 * it is; without it its parts are left out.
 */
#include "measure.h"

static int rounds = 5;

#define CHAIN "evparse day.*.gz | evvalidate | evdedupe | evversion | evstar"
#define DUCK  "\"$bench/duckdb.sh\" chain 'day.*.gz' duck"
#define IMPORT(folder)                                                        \
	"for t in $tables; do echo \".import " folder "/$t.tsv $t\"; done | " \
	"sqlite3 -bail -tabs theirs.db"
#define DATABASES                                                                   \
	"rm -f ours.db theirs.db && evschema -t sqlite | sqlite3 -bail ours.db && " \
	"cp ours.db theirs.db"

/* All columns but the JSON and the names of products, which CSV puts in quotes. */
static const char compare_files[] =
	"for t in order_items payments refunds dim_user dim_event_type dim_channel; do "
	"sort tsv/$t.tsv >ours; sort duck/$t.tsv | cmp - ours || exit; done; "
	"cut -f 1-21 tsv/events.tsv | sort >ours; cut -f 1-21 duck/events.tsv | sort | cmp - ours";

static const char compare_databases[] =
	"for t in $tables; do for db in ours theirs; do "
	"sqlite3 $db.db \"SELECT count(*) FROM $t\"; done | uniq | sed 1d; done | { ! grep .; }";

static const struct job {
	const char *work, *command, *against, *theirs, *prepare, *compare;
	bool duckdb;
	double at_least, stretch;
} jobs[] = {
	{.work = "gzip logs to TSV",
	 .command = CHAIN " | evload tsv:tsv",
	 .against = "DuckDB, of the same logs",
	 .theirs = DUCK,
	 .prepare = "rm -rf tsv duck",
	 .compare = compare_files,
	 .duckdb = true,
	 .at_least = 2.2,
	 .stretch = 2.5},
	{.work = "gzip logs into SQLite",
	 .command = CHAIN " | evload sqlite:ours.db",
	 .against = "DuckDB, of the same logs, and sqlite3 .import",
	 .theirs = DUCK " && : >duck/dim_date.tsv && : >duck/dim_account.tsv && " IMPORT("duck"),
	 .prepare = "rm -rf duck && " DATABASES,
	 .compare = compare_databases,
	 .duckdb = true,
	 .at_least = 2.2,
	 .stretch = 2.5},
	{.work = "gzip logs into SQLite",
	 .command = CHAIN " | evload sqlite:ours.db",
	 .against = "sqlite3 .import alone, of evkit's TSV",
	 .theirs = IMPORT("tsv"),
	 .prepare = DATABASES,
	 .compare = compare_databases},
	{.work = "evload of evstar's rows into SQLite",
	 .command = "evload sqlite:ours.db rows",
	 .against = "sqlite3 .import, of the same as TSV",
	 .theirs = IMPORT("tsv"),
	 .prepare = DATABASES,
	 .compare = compare_databases,
	 .at_least = 2,
	 .stretch = 2.5},
};

struct outcome {
	struct series wall, cpu, their_wall, their_cpu, ratio;
};

static void make_logs(const char *size)
{
	setenv("size", size, 1);
	must("\"$events\" \"$size\" >log && split -n l/4 log day. && gzip day.*");
}

static double start_of_duckdb;

static void run_job(const struct job *job, struct outcome *o)
{
	struct shot ours, theirs;

	must(job->prepare);
	must("sync");
	ours = must(job->command);
	must("sync");
	theirs = must(job->theirs);
	if (job->duckdb)
		theirs.wall -= start_of_duckdb;
	note(&o->wall, ours.wall);
	note(&o->cpu, ours.cpu);
	note(&o->their_wall, theirs.wall);
	note(&o->their_cpu, theirs.cpu);
	note(&o->ratio, theirs.wall / ours.wall);
}

static void print_job(const struct job *job, struct outcome *o)
{
	printf("| %s | %s | %.1f | %s | %s | %.1f | ", job->work, spread(&o->wall, 2),
	       median(&o->cpu), job->against, spread(&o->their_wall, 2), median(&o->their_cpu));
	printf("%s | %.2f | %s | %s | %s |\n", spread(&o->ratio, 2),
	       o->their_wall.v[0] / o->wall.v[0], bound(job->at_least, " x"),
	       bound(job->stretch, " x"), verdict(median(&o->ratio), job->at_least, job->stretch));
	fflush(stdout);
}

static void prepare_environment(const char *build, const char *source)
{
	char path[2 * PATH_MAX + 4096];

	snprintf(path, sizeof path, "%s/cmd:%s", build, getenv("PATH"));
	setenv("PATH", path, 1);
	snprintf(path, sizeof path, "%s/tests/bench", source);
	setenv("bench", path, 1);
	snprintf(path, sizeof path, "%s/tests/bench/events", build);
	setenv("events", path, 1);
	snprintf(path, sizeof path, "%s/examples/checkout/evkit.yaml", source);
	setenv("EVKIT_MODEL", path, 1);
	setenv("EVKIT_SEAL", "0123456789abcdef0123456789abcdef", 1);
	setenv("LC_ALL", "C", 1);
	setenv("tables",
	       "events order_items payments refunds dim_user dim_product dim_event_type "
	       "dim_channel dim_date dim_account",
	       1);
}

static _Noreturn void usage(void)
{
	fputs("usage: chain [-n BYTES[k|M|G]] [-r ROUNDS] BUILD SOURCE\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	char build[PATH_MAX], source[PATH_MAX], version[256] = "";
	const char *size = "400M", *said;
	int option;

	while ((option = getopt(argc, argv, "n:r:")) != -1) {
		switch (option) {
		case 'n': size = optarg; break;
		case 'r': rounds = (int)strtol(optarg, NULL, 10); break;
		default: usage();
		}
	}
	if (argc - optind != 2 || rounds < 1 || rounds > MAX_ROUNDS)
		usage();
	if (realpath(argv[optind], build) == NULL || realpath(argv[optind + 1], source) == NULL) {
		perror("chain");
		return 2;
	}
	prepare_environment(build, source);
	two_cores();
	open_folder();
	if ((said = answer("\"$bench/duckdb.sh\" version")) != NULL)
		snprintf(version, sizeof version, "%s", said);
	make_logs(size);
	printf("### The whole chain\n\n"
	       "%.0f MB of checkout events in four gzip files, by the clock on two cores, each %d "
	       "times: seconds, median\n(least..greatest), and seconds of CPU; ratios are of pairs "
	       "of runs, and of the fastest of each. %s.\n\n"
	       "| work | evkit, s | CPU | against | its s | its CPU | evkit is faster by | "
	       "fastest | at least | aimed at | reached |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
	       file_size("log") / 1e6, rounds,
	       *version != '\0' ? version : "DuckDB is absent (name it in DUCKDB)");
	must(CHAIN " -o rows");
	must("evload tsv:tsv rows");
	if (*version != '\0')
		start_of_duckdb = must("\"$bench/duckdb.sh\" nothing").wall;
	for (int i = 0; i < COUNT(jobs); i++) {
		struct outcome o = {0};

		if (jobs[i].duckdb && *version == '\0')
			continue;
		for (int r = 0; r < rounds; r++)
			run_job(&jobs[i], &o);
		must(jobs[i].compare);
		print_job(&jobs[i], &o);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		die("standard output: %s", strerror(errno));
	return 0;
}
