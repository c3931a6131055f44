/*
 * cli: what the programs share: options, the record loop, the seal, exit. Floor 10, libevcli.
 *
 * The room lib/cli is what may print and exit: libevcli, which the programs alone see.
 *
 * These functions may print, and those marked so may exit. Exit status: 0 done, 1 the verdict is
 * no, 2 trouble (evkit.7).
 */
#ifndef EV_CLI_H
#define EV_CLI_H

#include "io/out.h"
#include "model/model.h"
#include "record/offsets.h"
#include "record/port.h"

#include <stdio.h>

enum { CLI_OK = 0, CLI_NO = 1, CLI_TROUBLE = 2 };

/* An option of one program; those that all share are cli's own. */
struct cli_option {
	const char *name;     /* NULL behind the last */
	char letter;	      /* or '\0' */
	const char *argument; /* what --help calls it, or NULL for none */
	const char *help;
};

enum cli_input {
	CLI_NO_MODEL,  /* reads neither records nor the model */
	CLI_NO_INPUT,  /* reads no records */
	CLI_BEGINS,    /* begins a chain: what comes in is raw */
	CLI_CONTINUES, /* reads what another of the programs wrote, unless --first */
};

/* How a program is called: for its options and its help. */
struct cli_program {
	const char *name;
	const char *usage;   /* the synopsis, a line each way; begins with the name */
	const char *purpose; /* one line */
	enum cli_input input;
	const struct cli_option *options;
	void (*values)(struct ev_buf *out); /* or NULL: what the first one takes, for --help */
	/*
	 * Takes an option of the program's own; index into options. Exits by cli_usage if it is
	 * wrong.
	 */
	void (*take)(size_t index, const char *argument);
	/*
	 * Or NULL: behind the options, whether -o names a folder, which is the program's to
	 * make.
	 */
	bool (*makes_folder)(void);
};

/* Where records come from that stand in no file. */
struct cli_source {
	void *ctx;
	/*
	 * EV_OK with a line, or, where none has come for a moment, with NULL for its text: then the
	 * next call may wait for a moment. A line has no index. EV_EOF at the end.
	 */
	enum ev_status (*next)(void *ctx, struct ev_line *line, struct ev_error *err);
	uint64_t bytes; /* of the lines so far */
};

struct cli_limit {
	bool set, percent;
	uint64_t value;
};

struct cli {
	const struct cli_program *program;
	const char *model, *rejects, *batch, *stats, *output;
	const char *metrics; /* where a run's metrics go (metrics.h), or NULL */
	const char *folder;  /* -o, where that names a folder; output is then NULL */
	struct cli_limit max_rejects;
	size_t max_line;
	bool first, progress, print_stats;
	/*
	 * Of a program that begins a chain: a section of the output is sealed after so many lines,
	 * or when it is so many seconds old and more have to be waited for. No lines: it is one.
	 */
	uint64_t commit_lines;
	double commit_seconds; /* negative: however old it is */
	bool unsealed;	       /* a sink's input may be without a seal, though EVKIT_SEAL is set */
	struct cli_source *source; /* or NULL: the inputs */
	/*
	 * How far the topics were read that the chain begins at. The source keeps it; behind it,
	 * the seals of the input say so. What is here stands in each seal of the output.
	 */
	struct ev_offsets offsets;
	char **operands; /* as given behind the options */
	size_t n_operands;
	struct ev_port port;
	struct ev_outs files; /* what cli_commit gives its name to, with the output */
	struct ev_error error;
};

/*
 * Reads the options into *c and opens what they name. Exits on a wrong option, --help and
 * --version.
 */
void cli_open(struct cli *c, const struct cli_program *program, int argc, char **argv);
/*
 * The model that -m, $EVKIT_MODEL or ./evkit.yaml names. Exits if there is none and it is required.
 */
struct ev_model *cli_model(struct cli *c, bool required);
/* The batch of the input is known: it names the file of rejects in a folder, without --batch. */
void cli_name_rejects(struct cli *c, const char *batch);
void cli_close(struct cli *c);

/* Options that name the parts of an envelope, for a use without a model. */
#define CLI_ENVELOPE_OPTIONS                                                      \
	{"id", '\0', "PATH", "where the event's id stands (default: .event_id)"}, \
		{"type", '\0', "PATH", "its type (.event_type)"},                 \
		{"time", '\0', "PATH", "its time (.event_timestamp)"},            \
		{"version-path", '\0', "PATH", "its version (.version)"},         \
		{"modified", '\0', "PATH", "its modified time (.modified_at)"},   \
	{                                                                         \
		"op", '\0', "PATH", "put, patch or delete (.op)"                  \
	}

/* name: of one of the options above. */
void cli_envelope_take(const char *name, const char *path);
/* Puts what was taken over the model's. Exits if a path is none. */
void cli_envelope_apply(struct ev_model *m);

/* A number of bytes: 64M, 1G. Exits by cli_usage if it is none. */
size_t cli_size(const char *option, const char *text);
/* What --buffer-size takes: 64K at least. */
size_t cli_buffer_size(const char *text);
/* A number without a sign. */
uint64_t cli_number(const char *option, const char *text);
/* A time such as 100ms, 30s, 5m or 1h, in seconds; *rest: what is behind it, or NULL. */
double cli_time(const char *text, const char **rest);

/* For programs that begin a chain. */
#define CLI_COMMIT_OPTION                                                                     \
	{                                                                                     \
		"commit-every", '\0', "N[,AGE]",                                              \
			"seal a section of its own every N lines, or when it is 30s old, say" \
	}
/* What --commit-every takes. Exits by cli_usage if it is wrong. */
void cli_commit_take(const char *text);
/* Puts what was taken into *c. Exits by cli_usage if no chain is sealed. */
void cli_commit_apply(struct cli *c);

/* Prints "PROGRAM: text" and exits with status 2. Uncommitted files are removed. */
_Noreturn void cli_die(const struct ev_error *err);
_Noreturn void cli_fail(const char *fmt, ...) EV_PRINTF(1, 2);
/* Dies of c->error if the status is EV_FATAL. */
void cli_must(struct cli *c, enum ev_status st);
/* The same for a wrong use, with a hint at --help. */
_Noreturn void cli_usage(const char *fmt, ...) EV_PRINTF(1, 2);
/* Exits by cli_usage if no chain is sealed, as --state asks for it. */
void cli_need_seal(void);
/* Prints a note on standard error. */
void cli_note(const char *fmt, ...) EV_PRINTF(1, 2);

/* Whether --max-rejects makes the verdict no; a note on standard error says so. */
bool cli_refuses(const struct cli *c, uint64_t rejected, uint64_t in);
void cli_note_refusal(uint64_t rejected, uint64_t in);
/* The note on a batch of which every record was rejected, which is refused. */
void cli_note_nothing(const struct cli_program *program, uint64_t rejected);

/*
 * Commits the output, standard output or -o, and then the files, which say how the run went;
 * cli_run does so itself. Exits on trouble.
 */
void cli_commit(struct cli *c);
/* All of that but the names: standard output is closed, and -o lacks only its name. */
enum ev_status cli_prepare(struct cli *c);

enum { CLI_COMMANDS = 16 }; /* the most that a program has */
/*
 * Which of n commands the first operand names; each is of that size and begins with its name. all:
 * their names, for people.
 */
size_t cli_command(const struct cli *c, const void *commands, size_t n, size_t size,
		   const char *all);

#endif
