/*
 * cli: what the programs share: options, the record loop, the seal, exit. Floor 9, libevcli.
 *
 * The room lib/cli is what may print and exit: libevcli, which the programs alone see.
 *
 * These functions may print, and those marked so may exit. Exit status: 0 done, 1 the verdict is
 * no, 2 trouble (evkit.7).
 */
#ifndef EV_CLI_H
#define EV_CLI_H

#include "io/out.h"
#include "record/count.h"
#include "model/model.h"
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

/* What a program is, to its options and its help. */
struct cli_program {
	const char *name;
	const char *usage;   /* the synopsis, a line each way; begins with the name */
	const char *purpose; /* one line */
	enum cli_input input;
	const struct cli_option *options;
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

struct cli_limit {
	bool set, percent;
	uint64_t value;
};

struct cli {
	const struct cli_program *program;
	const char *model, *rejects, *batch, *stats, *output;
	const char *folder; /* -o, where that names a folder; output is then NULL */
	struct cli_limit max_rejects;
	size_t max_line;
	bool first, progress;
	/*
	 * Of a program that begins a chain: a section of the output is sealed after so many lines,
	 * or when it is so many seconds old and more have to be waited for. No lines: it is one.
	 */
	uint64_t commit_lines;
	double commit_seconds; /* negative: however old it is */
	bool unsealed;	       /* a sink's input may be without a seal, though EVKIT_SEAL is set */
	char **operands;       /* as given behind the options */
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
void cli_close(struct cli *c);

/* A number of bytes: 64M, 1G. Exits by cli_usage if it is none. */
size_t cli_size(const char *option, const char *text);
/* A number without a sign. */
uint64_t cli_number(const char *option, const char *text);

/* Prints "PROGRAM: text" and exits with status 2. Uncommitted files are removed. */
_Noreturn void cli_die(const struct ev_error *err);
/* The same for a wrong use, with a hint at --help. */
_Noreturn void cli_usage(const char *fmt, ...) EV_PRINTF(1, 2);
/* Prints a note on standard error. */
void cli_note(const char *fmt, ...) EV_PRINTF(1, 2);

/* How sections of a sealed input (a batch each, head to seal) become sections of the output. */
enum cli_flow {
	CLI_FLOW_EACH,	 /* one out for each in */
	CLI_FLOW_GATHER, /* all in, one out */
	CLI_FLOW_SINK,	 /* none out: the engine is told of each batch */
};

/* What the loop counted, for an engine that judges. batch is "" where it has no name. */
struct cli_sums {
	uint64_t in, rejected, blank;
};

/* An engine, as the record loop drives it. Functions that may be NULL are marked so. */
struct cli_engine {
	void *engine;
	enum cli_flow flow;
	/*
	 * Of a sink: finish commits. All that can fail is done before it, as far as it can be; what
	 * then still fails is told with the status CLI_NO, for the load is in.
	 */
	bool commits;
	/*
	 * Each line that goes out is put in the step of the record that it is, or is made of, so it
	 * has that record's place.
	 */
	bool keeps_places;
	enum ev_status (*step)(void *engine, const struct ev_record *rec, struct ev_error *err);
	/* Or NULL: emits the rest; with a state, that of each section. */
	enum ev_status (*finish)(void *engine, struct ev_error *err);
	/* Or NULL: puts out what is held back, before the input is waited for. */
	enum ev_status (*flush)(void *engine, struct ev_error *err);
	const struct ev_count *counts; /* or NULL: out is counted by the loop */
	/*
	 * It keeps a state: each section of the input (CLI_FLOW_EACH) is a commit. What finish has
	 * emitted is flushed, and then commit makes it count, unless the verdict is no.
	 */
	bool state;
	bool opens; /* end opens the section of the output: by port->open, before a line */
	enum ev_status (*commit)(void *engine, struct ev_error *err);
	/* Behind the commit, when the seal is out: what can wait until the next program has it. */
	enum ev_status (*merge)(void *engine, struct ev_error *err);
	/*
	 * Or NULL: a section begins. batch: its name, or NULL where it has none; span: what it
	 * shows of a state, or NULL. One that has no begin takes no section out of a state.
	 */
	enum ev_status (*begin)(void *engine, const char *batch, const struct ev_span *span,
				struct ev_error *err);
	/*
	 * For a sink: a batch is whole. digest: 32 hex digits; balance: the stages as JSON. The
	 * same, or NULL, of one with a state: a section is whole; it has no balance.
	 */
	enum ev_status (*end)(void *engine, const char *batch, const char *digest,
			      const char *balance, struct ev_error *err);
	bool no_batch; /* lines are judged one by one: all of them may be rejected */
	/*
	 * Or NULL: judges the batch as a whole before its seal is written. *approved: what
	 * --max-rejects says; may be set to false.
	 */
	enum ev_status (*judge)(void *engine, const char *batch, const struct cli_sums *sums,
				bool *approved, struct ev_error *err);
};

/*
 * Runs every record of the inputs (n file names, or none for standard input) through the engine,
 * with all that the pipe contract asks. Returns the exit status; exits on trouble.
 */
int cli_run(struct cli *c, const struct cli_engine *e, char *const *inputs, size_t n);

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

#endif
