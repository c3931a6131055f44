#include "cli/cli.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/nearest.h"
#include "json/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	DEFAULT_MAX_LINE = 64 << 20,
	SMALLEST_MAX_LINE = 16,
	LARGEST_MAX_LINE = 1 << 29,
	SMALLEST_BUFFER = 64 << 10,
	MAX_OPTIONS = 64,
	MAX_BATCH = 200,
	MAX_ARGUMENT = 4096,
};

static const char *program_name = "evkit";

/* Prints a line to standard error, behind the name. */
static void print(const char *fmt, va_list ap)
{
	struct ev_error line;

	ev_vfail(&line, fmt, ap);
	fprintf(stderr, "%s: %s\n", program_name, line.text);
}

_Noreturn void cli_fail(const char *fmt, ...)
{
	va_list ap;

	ev_out_unlink_temporaries();
	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
	exit(CLI_TROUBLE);
}

_Noreturn void cli_die(const struct ev_error *err)
{
	cli_fail("%s", err->text);
}

void cli_must(struct cli *c, enum ev_status st)
{
	if (st == EV_FATAL)
		cli_die(&c->error);
}

_Noreturn void cli_usage(const char *fmt, ...)
{
	va_list ap;

	ev_out_unlink_temporaries();
	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try '%s --help'.\n", program_name);
	exit(CLI_TROUBLE);
}

void cli_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
}

void cli_need_seal(void)
{
	if (getenv("EVKIT_SEAL") == NULL)
		cli_usage("--state needs a sealed pipe, or a program that was stopped would look "
			  "like the end of the day: set EVKIT_SEAL (evparse --new-seal FILE)");
}

/* Without memory, so without stdio. */
static void refused(const char *what)
{
	const struct iovec line[] = {{(void *)(uintptr_t)program_name, strlen(program_name)},
				     {": ", 2},
				     {(void *)(uintptr_t)what, strlen(what)},
				     {"\n", 1}};

	ev_out_unlink_temporaries();
	(void)!writev(STDERR_FILENO, line, sizeof line / sizeof line[0]);
	_exit(CLI_TROUBLE);
}

/* Cleans up, then ends the process by that very signal. */
static void on_signal(int sig)
{
	ev_out_unlink_temporaries();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction sa = {.sa_handler = on_signal,
			       .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct sigaction old;

		/* What the parent ignores (nohup) stays ignored; but SIGPIPE must not. */
		if (signals[i] != SIGPIPE && sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &sa, NULL);
	}
}

/*
 * A closed standard descriptor must not become that of a file opened later. It is opened the wrong
 * way round, so that its use fails: a closed standard input is no empty one.
 */
static void fill_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* A large state has many files. Where the system refuses, those that it allows may do. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Options */

enum { NO_MODEL_OPTIONS = 3, NO_INPUT_OPTIONS = 4 };

/* The first ones serve programs that read no model, or no records, too. */
static const struct cli_option common[] = {
	{"output", 'o', "FILE",
	 "write to FILE, which appears when it is whole, not to standard output"},
	{"help", 'h', NULL, "print this help"},
	{"version", 'V', NULL, "print the version"},
	{"model", 'm', "MODEL", "the model file (default: $EVKIT_MODEL, else ./evkit.yaml)"},
	{"stats", '\0', "FILE",
	 "write the counts to FILE as JSON; - prints the balance sheet on standard error"},
	{"batch", '\0', "ID", "the name of this run's input"},
	{"rejects", 'r', "FILE",
	 "set bad records aside in FILE; FOLDER/ names the file by program and batch"},
	{"max-rejects", '\0', "N|P%", "more rejects than this make the verdict no (status 1)"},
	{"max-line", '\0', "SIZE", "a longer line is a reject (default: 64M)"},
	{"first", '\0', NULL, "with EVKIT_SEAL: this program begins the chain"},
	{"progress", '\0', NULL, "show progress on standard error"},
};

enum { N_COMMON = sizeof common / sizeof common[0] };

static size_t n_common(const struct cli_program *p)
{
	switch (p->input) {
	case CLI_NO_MODEL: return NO_MODEL_OPTIONS;
	case CLI_NO_INPUT: return NO_INPUT_OPTIONS;
	default: return N_COMMON;
	}
}

/* What an option takes, behind its help, in lines of a terminal's width. */
static void print_values(const struct cli_option *o, void (*list)(struct ev_buf *out))
{
	enum { MARGIN = 28, WIDTH = 66 };
	size_t used = strlen(o->help);
	struct ev_buf values = {0};
	const char *blank;

	list(&values);
	for (const char *p = ev_buf_str(&values); *p != '\0'; p = blank + (*blank == ' ')) {
		blank = strchrnul(p, ' ');
		if (used + (size_t)(blank - p) > WIDTH) {
			printf("\n%*s", MARGIN, "");
			used = 0;
		}
		used += (size_t)printf(" %.*s", (int)(blank - p), p);
	}
	ev_buf_free(&values);
}

static void print_option(const struct cli_option *o, void (*values)(struct ev_buf *out))
{
	char left[64];

	snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->letter != '\0' ? '-' : ' ',
		 o->letter != '\0' ? o->letter : ' ', o->letter != '\0' ? "," : " ", o->name,
		 o->argument != NULL ? " " : "", o->argument != NULL ? o->argument : "");
	printf("  %-26s %s", left, o->help);
	if (values != NULL)
		print_values(o, values);
	putchar('\n');
}

static _Noreturn void print_and_exit(void)
{
	if (fflush(stdout) != 0 || ferror(stdout) || fclose(stdout) != 0) {
		fprintf(stderr, "%s: standard output: cannot be written: %s\n", program_name,
			strerror(errno));
		exit(CLI_TROUBLE);
	}
	exit(CLI_OK);
}

static _Noreturn void help(const struct cli_program *p)
{
	printf("usage: %s\n\n%s\n\n", p->usage, p->purpose);
	for (const struct cli_option *o = p->options; o != NULL && o->name != NULL; o++)
		print_option(o, o == p->options ? p->values : NULL);
	for (size_t i = 0; i < n_common(p); i++)
		print_option(&common[i], NULL);
	printf("\nExit status: 0 done, 1 the verdict is no, 2 trouble. See %s(1) and evkit(7).\n",
	       p->name);
	print_and_exit();
}

size_t cli_size(const char *option, const char *text)
{
	static const char units[] = "KMGkmg";
	unsigned long long v;
	const char *unit;
	char *end;
	int shift = 0;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*end != '\0' && end[1] == '\0' && (unit = strchr(units, *end)) != NULL)
		shift = 10 * (int)((unit - units) % 3 + 1);
	else if (*end != '\0')
		errno = EINVAL;
	if (errno != 0 || text[0] < '0' || text[0] > '9' ||
	    v > (unsigned long long)SIZE_MAX >> shift >> 1)
		cli_usage("--%s takes a number of bytes such as 64M, not '%s'", option, text);
	return (size_t)v << shift;
}

size_t cli_buffer_size(const char *text)
{
	size_t size = cli_size("buffer-size", text);

	if (size < SMALLEST_BUFFER)
		cli_usage("--buffer-size must be 64K at least");
	return size;
}

uint64_t cli_number(const char *option, const char *text)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0')
		cli_usage("--%s takes a number, not '%s'", option, text);
	return v;
}

double cli_time(const char *text, const char **rest)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
	enum { MOST = 1000000 };
	unsigned long n;
	char *unit;

	*rest = NULL;
	errno = 0;
	n = strtoul(text, &unit, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || n > MOST)
		return 0;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strncmp(unit, units[i].name, strlen(units[i].name)) == 0) {
			*rest = unit + strlen(units[i].name);
			return (double)n * units[i].seconds;
		}
	return 0;
}

/* What --commit-every says: lines, and an age. */
static struct {
	uint64_t lines;
	double seconds;
} sections = {0, -1};

void cli_commit_take(const char *text)
{
	unsigned long long lines;
	const char *rest;
	char *end;

	errno = 0;
	lines = strtoull(text, &end, 10);
	rest = errno != 0 || text[0] < '1' || text[0] > '9' ? NULL : end;
	sections.lines = lines;
	sections.seconds = -1;
	if (rest != NULL && *rest == ',')
		sections.seconds = cli_time(rest + 1, &rest);
	if (rest == NULL || *rest != '\0')
		cli_usage("--commit-every takes a number of lines, and an age if you like, such as "
			  "10000 or 10000,30s, not '%s'",
			  text);
}

void cli_commit_apply(struct cli *c)
{
	if (sections.lines > 0 && getenv("EVKIT_SEAL") == NULL)
		cli_usage("--commit-every makes sections of a sealed chain: set EVKIT_SEAL, see "
			  "evkit(7)");
	c->commit_lines = sections.lines;
	c->commit_seconds = sections.seconds;
}

static void take_limit(struct cli_limit *l, const char *text)
{
	char *end;

	errno = 0;
	l->value = strtoull(text, &end, 10);
	l->percent = *end == '%';
	if (errno != 0 || text[0] < '0' || text[0] > '9' || end[l->percent] != '\0' ||
	    (l->percent && l->value > 100))
		cli_usage("--max-rejects takes a number, or a percentage such as 5%%, not '%s'",
			  text);
	l->set = true;
}

/* An argument may be written into files, and a batch's name is shown to people. */
static void check_argument(const struct cli_option *o, const char *argument)
{
	bool batch = strcmp(o->name, "batch") == 0;
	size_t len = strlen(argument), most = batch ? MAX_BATCH : MAX_ARGUMENT;
	const char *p = argument;

	if (len > most)
		cli_usage("--%s takes at most %zu bytes, not %zu: '%.60s...'", o->name, most, len,
			  argument);
	if (ev_utf8_valid(argument, len) != len)
		cli_usage("--%s takes text in UTF-8, and '%s' is none", o->name, argument);
	while (*p != '\0') {
		uint32_t cp = ev_utf8_next(&p);

		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (batch && !ev_utf8_is_visible(cp)))
			cli_usage("--%s takes no characters that cannot be seen, and '%s' has one",
				  o->name, argument);
	}
}

static void take_common(struct cli *c, const struct cli_option *o, const char *argument)
{
	switch (o->letter) {
	case 'm': c->model = argument; return;
	case 'o': c->output = argument; return;
	case 'r': c->rejects = argument; return;
	case 'h': help(c->program);
	case 'V': printf("%s (evkit) %s\n", c->program->name, PACKAGE_VERSION); print_and_exit();
	}
	if (strcmp(o->name, "stats") == 0) {
		if (strcmp(argument, "-") == 0)
			c->print_stats = true;
		else
			c->stats = argument;
	} else if (strcmp(o->name, "batch") == 0) {
		if (argument[0] == '\0')
			cli_usage("--batch takes a name, such as 2026-03-01");
		c->batch = argument;
	} else if (strcmp(o->name, "max-rejects") == 0) {
		take_limit(&c->max_rejects, argument);
	} else if (strcmp(o->name, "max-line") == 0) {
		c->max_line = cli_size("max-line", argument);
		if (c->max_line < SMALLEST_MAX_LINE || c->max_line > LARGEST_MAX_LINE)
			cli_usage("--max-line must be between %d and 512M", SMALLEST_MAX_LINE);
	} else if (strcmp(o->name, "first") == 0) {
		c->first = true;
	} else {
		c->progress = true;
	}
}

static void parse(struct cli *c, int argc, char **argv)
{
	const struct cli_program *p = c->program;
	const struct cli_option *table[MAX_OPTIONS];
	struct option longs[MAX_OPTIONS + 1] = {0};
	char letters[2 * MAX_OPTIONS + 2] = ":";
	size_t n = 0, own = 0, at = 1;
	int got;

	while (p->options != NULL && p->options[own].name != NULL) {
		table[n++] = &p->options[own];
		own++;
	}
	for (size_t i = 0; i < n_common(p); i++)
		table[n++] = &common[i];
	for (size_t i = 0; i < n; i++) {
		longs[i] = (struct option){table[i]->name, table[i]->argument != NULL, NULL,
					   256 + (int)i};
		if (table[i]->letter != '\0') {
			letters[at++] = table[i]->letter;
			if (table[i]->argument != NULL)
				letters[at++] = ':';
		}
	}
	opterr = 0;
	while ((got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = 0;

		if (got == ':')
			cli_usage("the option '%s' needs an argument", argv[optind - 1]);
		if (got == '?')
			cli_usage("no option '%s'", optopt > 0 && optopt < 256
							    ? (char[]){'-', (char)optopt, '\0'}
							    : argv[optind - 1]);
		if (got >= 256)
			i = (size_t)got - 256;
		else
			while (i + 1 < n && table[i]->letter != got)
				i++;
		if (optarg != NULL)
			check_argument(table[i], optarg);
		if (i < own)
			p->take(i, optarg);
		else
			take_common(c, table[i], optarg != NULL ? optarg : "");
	}
	c->operands = argv + optind;
	c->n_operands = (size_t)(argc - optind);
}

/* Whether -r names a folder, in which the batch names the file. */
static bool rejects_in_folder(const struct cli *c)
{
	size_t len = c->rejects != NULL ? strlen(c->rejects) : 0;

	return len > 0 && c->rejects[len - 1] == '/';
}

/*
 * FOLDER/ stands for FOLDER/PROGRAM.BATCH.rejects.jsonl; other characters than letters,
 * digits, - _ and . become %XX.
 */
static char *rejects_file(const struct cli *c, const char *batch)
{
	struct ev_buf name = {0};

	if (!rejects_in_folder(c))
		return ev_strdup(c->rejects);
	ev_buf_printf(&name, "%s%s.", c->rejects, c->program->name);
	for (const char *p = batch; p != NULL && *p != '\0'; p++) {
		if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= 'a' && *p <= 'z') || strchr("-_.", *p) != NULL)
			ev_buf_putc(&name, *p);
		else
			ev_buf_printf(&name, "%%%02X", (unsigned char)*p);
	}
	ev_buf_puts(&name, batch != NULL ? ".rejects.jsonl" : "rejects.jsonl");
	ev_buf_str(&name);
	return name.p;
}

void cli_name_rejects(struct cli *c, const char *batch)
{
	char *file;

	if (c->batch != NULL || !rejects_in_folder(c) || batch[0] == '\0')
		return;
	file = rejects_file(c, batch);
	if (strlen(strrchr(file, '/') + 1) > NAME_MAX)
		cli_fail("%s: is too long a name: name a file with -r", file);
	ev_rejects_rename(c->port.rejects, file);
	free(file);
}

static void show_plan(const char *text, size_t len)
{
	fwrite(text, 1, len, stderr);
}

/* EVKIT_DEBUG: plan shows what is compiled by shape (json/plan.h); noplan does without. */
static void set_debug(void)
{
	const char *debug = getenv("EVKIT_DEBUG");

	if (debug == NULL || debug[0] == '\0')
		return;
	if (strcmp(debug, "plan") != 0 && strcmp(debug, "noplan") != 0)
		cli_usage("EVKIT_DEBUG is plan or noplan, not '%s'", debug);
	ev_plan_debug(debug[0] == 'n', debug[0] == 'p' ? show_plan : NULL);
}

void cli_open(struct cli *c, const struct cli_program *program, int argc, char **argv)
{
	char *file = NULL;

	program_name = program->name;
	/* A block this large goes back when it is freed, and is kept for no other of its size. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	ev_oom_handler(refused);
	fill_descriptors();
	raise_descriptors();
	catch_signals();
	*c = (struct cli){.program = program, .max_line = DEFAULT_MAX_LINE};
	set_debug();
	parse(c, argc, argv);
	if (program->makes_folder != NULL && program->makes_folder()) {
		c->folder = c->output;
		c->output = NULL;
	}
	c->port.out = c->output != NULL ? ev_out_file(c->output, &c->error)
					: ev_out_fd(STDOUT_FILENO, "standard output");
	if (c->port.out == NULL)
		cli_die(&c->error);
	if (program->input <= CLI_NO_INPUT)
		return;
	if (c->rejects != NULL)
		file = rejects_file(c, c->batch);
	c->port.rejects = ev_rejects_new(program->name, file, &c->error);
	free(file);
	if (c->port.rejects == NULL)
		cli_die(&c->error);
}

struct ev_model *cli_model(struct cli *c, bool required)
{
	const char *file = c->model != NULL ? c->model : getenv("EVKIT_MODEL");
	struct ev_model *m;

	if (file == NULL || file[0] == '\0') {
		if (access("evkit.yaml", F_OK) == 0)
			file = "evkit.yaml";
		else if (required)
			cli_usage("there is no model: name one with -m MODEL or EVKIT_MODEL, or "
				  "keep it as ./evkit.yaml");
		else
			return ev_model_default();
	}
	if ((m = ev_model_read(file, &c->error)) == NULL)
		cli_die(&c->error);
	return m;
}

bool cli_refuses(const struct cli *c, uint64_t rejected, uint64_t in)
{
	const struct cli_limit *l = &c->max_rejects;

	if (!l->set)
		return false;
	return l->percent ? (double)rejected * 100 > (double)l->value * (double)in
			  : rejected > l->value;
}

void cli_note_refusal(uint64_t rejected, uint64_t in)
{
	cli_note("%llu of %llu lines were rejected, more than --max-rejects allows",
		 (unsigned long long)rejected, (unsigned long long)in);
}

void cli_note_nothing(const struct cli_program *program, uint64_t rejected)
{
	cli_note("nothing passed, and the batch is not approved: %llu %s rejected: see whether "
		 "they are wrong or the %s is",
		 (unsigned long long)rejected, rejected == 1 ? "record was" : "records were",
		 program->input == CLI_BEGINS ? "format" : "model");
}

/* The paths that envelope options gave, the last one of each part. */
static struct {
	const char *name, *path;
} envelope[6];

void cli_envelope_take(const char *name, const char *path)
{
	size_t i = 0;

	while (envelope[i].name != NULL && strcmp(envelope[i].name, name) != 0)
		i++;
	envelope[i].name = name;
	envelope[i].path = path;
}

void cli_envelope_apply(struct ev_model *m)
{
	struct ev_error err;

	for (size_t i = 0; i < sizeof envelope / sizeof envelope[0] && envelope[i].name != NULL;
	     i++) {
		/* --version is every program's own, so the path has a longer name. */
		const char *part = envelope[i].name;

		if (strcmp(part, "version-path") == 0)
			part = "version";
		if (ev_model_set_path(m, part, envelope[i].path, &err) != EV_OK)
			cli_die(&err);
	}
}

enum ev_status cli_prepare(struct cli *c)
{
	bool standard = c->output == NULL;

	if (c->port.out == NULL)
		return EV_OK;
	if (standard ? ev_out_commit(&c->port.out, &c->error) != EV_OK
		     : ev_outs_add(&c->files, &c->port.out, &c->error) != EV_OK)
		return EV_FATAL;
	if (standard && close(STDOUT_FILENO) != 0)
		return ev_fail(&c->error, "standard output: cannot be closed: %s", strerror(errno));
	return EV_OK;
}

void cli_commit(struct cli *c)
{
	if (cli_prepare(c) != EV_OK || ev_outs_commit(&c->files, &c->error) != EV_OK)
		cli_die(&c->error);
}

void cli_close(struct cli *c)
{
	ev_out_discard(&c->port.out);
	ev_outs_free(&c->files);
	ev_rejects_free(&c->port.rejects);
	ev_offsets_free(&c->offsets);
}

size_t cli_command(const struct cli *c, const void *commands, size_t n, size_t size,
		   const char *all)
{
	const char *names[CLI_COMMANDS + 1] = {NULL};
	char hint[EV_HINT];
	size_t i = 0;

	if (c->n_operands == 0)
		cli_usage("a command is missing: %s", all);
	for (size_t k = 0; k < n; k++)
		memcpy(&names[k], (const char *)commands + k * size, sizeof *names);
	while (i < n && strcmp(c->operands[0], names[i]) != 0)
		i++;
	if (i == n)
		cli_usage("no command '%s': %s", c->operands[0],
			  ev_nearest_hint(c->operands[0], names, hint));
	return i;
}
