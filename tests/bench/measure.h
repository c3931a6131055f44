/*
 * measure: commands run and timed, and what many runs say together.
 *
 * Everything happens in one temporary folder, which is the current one while it exists and is
 * removed however the program ends. die() ends it with status 2.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "base/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Not every benchmark needs all of it: hence EV_UNUSED below. */
enum { MAX_ROUNDS = 64 };

static char folder[PATH_MAX];
static volatile sig_atomic_t stopped_by;

static int spawn(pid_t *pid, const char *const *argv, const posix_spawn_file_actions_t *files)
{
	return posix_spawnp(pid, argv[0], files, NULL, (char *const *)(uintptr_t)argv, environ);
}

/* ---- the end --------------------------------------------------------------- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};

/* A signal often comes more than once, and to all of a group: none may stop this, nor its rm. */
static void remove_folder(void)
{
	const char *argv[] = {"rm", "-rf", folder, NULL};
	pid_t pid;

	if (*folder == '\0' || chdir("/") != 0)
		return;
	for (int i = 0; i < COUNT(ends); i++)
		signal(ends[i], SIG_IGN);
	if (spawn(&pid, argv, NULL) == 0)
		waitpid(pid, NULL, 0);
	*folder = '\0';
}

EV_PRINTF(1, 2) static _Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static void note_signal(int number)
{
	stopped_by = number;
}

/* Ends the program if a signal asked for it. */
static void heed_signal(void)
{
	int number = stopped_by;

	if (number == 0)
		return;
	remove_folder();
	signal(number, SIG_DFL);
	raise(number);
}

static void open_folder(void)
{
	const char *parent = getenv("TMPDIR");
	struct sigaction action = {.sa_handler = note_signal};

	snprintf(folder, sizeof folder, "%s/evkit-bench.XXXXXX",
		 parent != NULL && *parent != '\0' ? parent : "/tmp");
	if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
		fprintf(stderr, "bench: %s: %s\n", folder, strerror(errno));
		exit(2);
	}
	atexit(remove_folder);
	for (int i = 0; i < COUNT(ends); i++)
		sigaction(ends[i], &action, NULL);
}

/* ---- the machine ----------------------------------------------------------- */

/* Nothing here may use more than the two cores that the pipe is meant for. */
EV_UNUSED static void two_cores(void)
{
	cpu_set_t all, two;
	int n = 0;

	if (sched_getaffinity(0, sizeof all, &all) != 0)
		return;
	CPU_ZERO(&two);
	for (size_t i = 0; i < CPU_SETSIZE && n < 2; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_SET(i, &two);
		n++;
	}
	sched_setaffinity(0, sizeof two, &two);
}

/* ---- a run ----------------------------------------------------------------- */

struct shot {
	double cpu, wall; /* seconds; user and system together, of all processes */
	double memory;	  /* MiB at the peak, of the largest process */
	bool good;	  /* status 0 */
};

/*
 * Runs a program with nothing on standard input and its output thrown away; what it says on
 * standard error is kept in the file "error".
 */
static struct shot shoot_words(const char *const *argv)
{
	posix_spawn_file_actions_t files;
	struct timespec start, end;
	struct rusage used;
	struct shot shot = {0};
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "error", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &start);
	if ((errno = spawn(&pid, argv, &files)) != 0)
		die("%s: %s", argv[0], strerror(errno));
	while (wait4(pid, &status, 0, &used) < 0) {
		if (errno != EINTR)
			die("wait4: %s", strerror(errno));
		if (stopped_by != 0)
			kill(pid, SIGTERM);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	posix_spawn_file_actions_destroy(&files);
	heed_signal();
	shot.wall =
		(double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	shot.cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	shot.memory = (double)used.ru_maxrss / 1024;
	shot.good = status == 0;
	return shot;
}

/* The same for a line of shell. */
static struct shot shoot(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};

	return shoot_words(argv);
}

/* Shows what the last run said, and ends. */
static _Noreturn void die_of(const char *command)
{
	const char *argv[] = {"cat", "error", NULL};
	pid_t pid;

	fflush(stdout);
	if (spawn(&pid, argv, NULL) == 0)
		waitpid(pid, NULL, 0);
	die("this failed: %s", command);
}

/* A line of shell that must succeed. */
static struct shot must(const char *command)
{
	struct shot shot = shoot(command);

	if (!shot.good)
		die_of(command);
	return shot;
}

EV_UNUSED static double file_size(const char *name)
{
	struct stat st;

	if (stat(name, &st) != 0)
		die("%s: %s", name, strerror(errno));
	return (double)st.st_size;
}

/* The first line that a line of shell prints, or NULL if it fails. Valid until the next call. */
EV_UNUSED static const char *answer(const char *command)
{
	static char line[256];
	char full[1024];
	FILE *f;
	bool good;

	snprintf(full, sizeof full, "{ %s; } >said", command);
	if (!shoot(full).good || (f = fopen("said", "r")) == NULL)
		return NULL;
	good = fgets(line, sizeof line, f) != NULL;
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return good ? line : NULL;
}

/* ---- a micro benchmark that waits to be asked (sample.h) -------------------- */

enum { MAX_WORKS = 32, MAX_NAME = 64 };

struct server {
	FILE *to, *from;
	pid_t pid;
	char works[MAX_WORKS][MAX_NAME];
	int n;
};

static void close_server(struct server *s)
{
	if (s->to == NULL)
		return;
	fclose(s->to);
	fclose(s->from);
	waitpid(s->pid, NULL, 0);
	s->to = NULL;
}

/* False if the program cannot run here. */
EV_UNUSED static bool open_server(struct server *s, const char *const *argv)
{
	posix_spawn_file_actions_t files;
	int in[2], out[2];
	bool good = false;

	memset(s, 0, sizeof *s);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		die("pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in[0], 0);
	posix_spawn_file_actions_adddup2(&files, out[1], 1);
	posix_spawn_file_actions_addopen(&files, 2, "error", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	errno = spawn(&s->pid, argv, &files);
	posix_spawn_file_actions_destroy(&files);
	close(in[0]);
	close(out[1]);
	if (errno != 0) {
		close(in[1]);
		close(out[0]);
		return false;
	}
	s->to = fdopen(in[1], "w");
	s->from = fdopen(out[0], "r");
	while (s->n < MAX_WORKS && fgets(s->works[s->n], MAX_NAME, s->from) != NULL) {
		s->works[s->n][strcspn(s->works[s->n], "\n")] = '\0';
		if ((good = *s->works[s->n] == '\0'))
			break;
		s->n++;
	}
	if (!good)
		close_server(s);
	return good;
}

/* One pass of a work. */
struct pass {
	double bytes, values, seconds;
};

EV_UNUSED static struct pass ask(struct server *s, const char *work)
{
	double said[3]; /* bytes, values, nanoseconds */
	char line[256], *p = line, *end = line;

	fprintf(s->to, "%s\n", work);
	fflush(s->to);
	if (fgets(line, sizeof line, s->from) == NULL)
		*line = '\0';
	heed_signal();
	for (int i = 0; i < 3; i++, p = end) {
		said[i] = strtod(p, &end);
		if (end == p)
			die_of(work);
	}
	return (struct pass){said[0], said[1], (said[2] > 1 ? said[2] : 1) / 1e9};
}

/* ---- many runs ------------------------------------------------------------- */

struct series {
	double v[MAX_ROUNDS];
	int n;
};

EV_UNUSED static void note(struct series *s, double v)
{
	if (s->n < MAX_ROUNDS)
		s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median; of an even number the lower of the two in the middle. 0 of none. */
static double median(struct series *s)
{
	if (s->n == 0)
		return 0;
	qsort(s->v, (size_t)s->n, sizeof *s->v, by_value);
	return s->v[(s->n - 1) / 2];
}

/* "1.23 (1.10..1.30)", or a dash of none; to so many digits behind the point. */
EV_UNUSED static const char *spread(struct series *s, int digits)
{
	static char texts[8][64];
	static unsigned turn;
	char *text = texts[turn++ % 8];
	double middle = median(s);

	if (s->n == 0)
		snprintf(text, sizeof texts[0], "-");
	else if (s->n == 1)
		snprintf(text, sizeof texts[0], "%.*f", digits, middle);
	else
		snprintf(text, sizeof texts[0], "%.*f (%.*f..%.*f)", digits, middle, digits,
			 s->v[0], digits, s->v[s->n - 1]);
	return text;
}

/* ---- bounds ---------------------------------------------------------------- */

/* A bound as it stands in a table; none is 0. */
EV_UNUSED static const char *bound(double v, const char *unit)
{
	static char texts[8][32];
	static unsigned turn;
	char *text = texts[turn++ % 8];

	if (v > 0)
		snprintf(text, sizeof texts[0], "%.4g%s", v, unit);
	else
		snprintf(text, sizeof texts[0], "-");
	return text;
}

/* Whether a figure reaches what was set. */
EV_UNUSED static const char *verdict(double figure, double at_least, double stretch)
{
	if (at_least <= 0 && stretch <= 0)
		return "-";
	if (stretch > 0 && figure >= stretch)
		return "stretch";
	return at_least > 0 && figure >= at_least ? "yes" : "no";
}

#endif
