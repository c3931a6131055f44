/*
 * state: what a state costs: a batch of a million records through evdedupe --state, where so many
 * keys are there already.
 *
 *     state [-k MILLIONS,...] [-n RECORDS] [-r ROUNDS] BUILD
 *
 * -k  keys in the state, in millions (default 1,10,50)
 * -n  records of the batch (default a million; SQLite and LMDB take a million)
 * -r  how often each is run, the fastest of which is told (default 3)
 *
 * Once the records are all new, and once all were brought by another batch. Beside it stands how
 * long SQLite and LMDB take to add a million new keys to as many, in one commit, if their programs
 * were built. All lies in a folder under TMPDIR, which needs 100 bytes a key. Of a run whose batch
 * is remembered the state is put back before the next one.
 */
#include "measure.h"

enum { MOST_STATES = 8 };

static int records = 1000000, rounds = 3;

/* Records as events are, but short. */
static void make_batch(const char *name)
{
	char command[256];
	FILE *f = fopen("raw", "w");

	for (int i = 0; f != NULL && i < records; i++)
		fprintf(f,
			"{\"event_id\":\"%08x-6a1d-4e9b-8f00-0123456789ab\",\"event_type\":"
			"\"CartCheckedOut\",\"event_timestamp\":\"2026-03-01T10:00:%02dZ\","
			"\"version\":1,\"user_id\":%d,\"total\":%d.99}\n",
			(unsigned)i * 2654435761U, i % 60, i % 5000, i % 300);
	if (f == NULL || fclose(f) != 0)
		die("raw: %s", strerror(errno));
	snprintf(command, sizeof command, "evparse --batch %s -o %s raw", name, name);
	must(command);
}

static void better(struct shot *best, struct shot s)
{
	if (best->wall > 0 && best->wall <= s.wall)
		return;
	*best = s;
}

static void print_shot(struct shot s)
{
	if (s.wall > 0)
		printf(" %.2f s, %.2f s CPU, %.0f MB |", s.wall, s.cpu, s.memory * 1.048576);
	else
		printf(" - |");
}

static struct shot peer(const char *build, const char *name, int millions)
{
	struct shot best = {0};
	char command[PATH_MAX + 64];

	snprintf(command, sizeof command, "%s/tests/bench/%s", build, name);
	if (access(command, X_OK) != 0)
		return best;
	snprintf(command, sizeof command, "%s/tests/bench/%s kv fill %d", build, name, millions);
	must(command);
	for (int i = 0; i < rounds; i++) {
		must("rm -f kv.again && cp kv kv.again");
		snprintf(command, sizeof command, "%s/tests/bench/%s kv.again add", build, name);
		better(&best, must(command));
	}
	must("rm -f kv kv-lock kv.again kv.again-lock");
	return best;
}

static void one_state(const char *build, int millions)
{
	struct shot fresh = {0}, again = {0}, sqlite, lmdb;
	char command[PATH_MAX + 64];

	snprintf(command, sizeof command, "%s/tests/bench/keys filled %d", build, millions);
	must(command);
	for (int i = 0; i < rounds; i++) {
		must("rm -rf state && cp -R filled state && cat state/* >kept && rm kept");
		better(&fresh, must("evdedupe --state state one"));
	}
	for (int i = 0; i < rounds; i++)
		better(&again, must("evdedupe --state state two"));
	must("rm -rf filled state");
	sqlite = peer(build, "kv-sqlite", millions);
	lmdb = peer(build, "kv-lmdb", millions);
	printf("| %d |", millions);
	print_shot(fresh);
	print_shot(again);
	print_shot(sqlite);
	print_shot(lmdb);
	printf("\n");
	fflush(stdout);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: state [-k MILLIONS,...] [-n RECORDS] [-r ROUNDS] BUILD\n");
	exit(2);
}

int main(int argc, char **argv)
{
	int millions[MOST_STATES] = {1, 10, 50}, n = 3, option;
	char build[PATH_MAX], path[PATH_MAX + 4096];

	while ((option = getopt(argc, argv, "k:n:r:")) != -1) {
		switch (option) {
		case 'k':
			n = 0;
			for (char *p = optarg; *p != '\0' && n < MOST_STATES; p += *p == ',')
				millions[n++] = (int)strtol(p, &p, 10);
			break;
		case 'n': records = (int)strtol(optarg, NULL, 10); break;
		case 'r': rounds = (int)strtol(optarg, NULL, 10); break;
		default: usage();
		}
	}
	for (int i = 0; i < n; i++)
		if (millions[i] < 1)
			usage();
	if (argc - optind != 1 || n == 0 || rounds < 1 || records < 1)
		usage();
	if (realpath(argv[optind], build) == NULL) {
		perror("state");
		return 2;
	}
	snprintf(path, sizeof path, "%s/cmd:%s", build, getenv("PATH"));
	setenv("PATH", path, 1);
	setenv("EVKIT_SEAL", "0123456789abcdef0123456789abcdef", 1);
	unsetenv("EVKIT_MODEL");
	open_folder();
	make_batch("one");
	make_batch("two");
	printf("### State\n\nA batch of %d records of %.0f bytes; the fastest of %d runs.\n\n",
	       records, file_size("raw") / records, rounds);
	printf("| million keys before | evdedupe, all new | evdedupe, all known | SQLite, all new "
	       "| LMDB, all new |\n| --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < n; i++)
		one_state(build, millions[i]);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("standard output: %s", strerror(errno));
	return 0;
}
