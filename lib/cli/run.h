/*
 * run: the record loop: what drives an engine, with all that the pipe contract asks (evkit.7).
 * Floor 10, libevcli.
 */
#ifndef EV_CLI_RUN_H
#define EV_CLI_RUN_H

#include "cli/cli.h"
#include "frame/frame.h"

/* How sections of a sealed input (a batch each, head to seal) become sections of the output. */
enum cli_flow {
	CLI_FLOW_EACH,	 /* one out for each in */
	CLI_FLOW_GATHER, /* all in, one out */
	CLI_FLOW_SINK,	 /* none out: the engine is called at the end of each batch */
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
	 * then still fails is reported with the status CLI_NO, for the load is in.
	 */
	bool commits;
	/*
	 * Each line that goes out is put in the step of the record that it is, or is made of, so it
	 * has that record's place.
	 */
	bool keeps_places;
	/*
	 * It lets through what is no valid record: the head says so, unless a program before it has
	 * checked each line.
	 */
	bool unchecked;
	/* Or NULL: where its records are cut, which are no lines. Of one that begins a chain. */
	struct ev_frames *frames;
	enum ev_status (*step)(void *engine, const struct ev_record *rec, struct ev_error *err);
	/* Or NULL: emits the rest; with a state, that of each section. */
	enum ev_status (*finish)(void *engine, struct ev_error *err);
	/* Or NULL: puts out what is held back, before the input is waited for. */
	enum ev_status (*flush)(void *engine, struct ev_error *err);
	const struct ev_count *counts; /* or NULL: out is counted by the loop */
	const uint64_t *header; /* or NULL: those of its counts that are neither good nor bad */
	/* Or NULL: the digest of its stage (seal.h). Of an engine that makes one section. */
	const uint64_t *digest;
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

/* Define the functions of an engine of one type, as struct cli_engine has them. */
#define CLI_CALL(name, call)                                           \
	static enum ev_status name(void *engine, struct ev_error *err) \
	{                                                              \
		return call(engine, err);                              \
	}
#define CLI_STEP(name, call)                                                     \
	static enum ev_status name(void *engine, const struct ev_record *record, \
				   struct ev_error *err)                         \
	{                                                                        \
		return call(engine, record, err);                                \
	}

/*
 * Runs every record of the inputs (n file names, or none for standard input) through the engine,
 * with all that the pipe contract asks. Returns the exit status; exits on trouble.
 */
int cli_run(struct cli *c, const struct cli_engine *e, char *const *inputs, size_t n);

#endif
