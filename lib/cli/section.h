/*
 * section: the sections of a run, of the input and of the output. Floor 10, libevcli.
 *
 * The record loop (run.c) hands over each head, line and seal of the input. Here sums and digests
 * are kept and checked, the engine is called where a section begins and ends, and heads and seals
 * of the output are written. Functions exit on trouble.
 *
 * A section that goes out by itself is sealed when the next one begins or the input ends: the last
 * seal must not go before the rejects are safe.
 */
#ifndef EV_CLI_SECTION_H
#define EV_CLI_SECTION_H

#include "cli/run.h"
#include "cli/seal.h"
#include "cli/shard.h"
#include "scan/lines.h"

#include <time.h>

struct cli_section_sums {
	uint64_t in, blank, rejected, header, out;
	uint64_t engine[CLI_MAX_COUNTS];
};

/* The place of a line: the next one that comes in, or that a reader of the output expects. */
struct cli_place {
	const char *source; /* NULL: of none */
	uint64_t line, offset;
};

struct cli_sections {
	struct cli *c;
	const struct cli_engine *e;
	struct cli_seal *seal; /* NULL: no chain */
	bool begins;	       /* this program begins it */
	bool inside;	       /* of a section of the input */
	bool opened;	       /* a section of the output */
	bool refused;	       /* the verdict is no */
	bool unchecked;	       /* no program before this one has checked its lines */
	bool spanned;	       /* the section of the input comes out of a state */
	bool committed;	       /* what fails from now on cannot undo it */
	bool unmerged;	       /* the state could not be tidied up; c->error says why */
	bool long_line;	       /* parts of a line that is too long are passing by */
	bool stream;	       /* sections are pieces of a stream, as long as it pleases */
	bool passed;	       /* a record did, in any section */
	struct cli_shards shards;
	uint64_t n_in, n_blank;
	uint64_t in_a_row;	 /* records rejected, in sections since one in which any passed */
	uint64_t nothing_passed; /* those for which the verdict is no */
	size_t n;		 /* sections of the input */
	struct timespec opened_at;

	/* The section of the input */
	char head[CLI_MAC + 1]; /* the mac of its head */
	struct ev_shard shard;
	uint64_t section_in; /* records and blank lines */
	struct ev_digest *digest;
	struct ev_digest
		*unkeyed; /* a sink's: under no secret, so that it depends on none; or NULL */
	const char *span; /* neighbours among the lines that the digest is to take yet */
	size_t span_len;

	/* The section of the output */
	char own_head[CLI_MAC + 1];
	struct cli_section_sums before; /* at its start */
	struct cli_chain chain;		/* of the producers, or of all sections gathered */
	struct cli_chain total;		/* of all sections, with this program's own stage */
	char *batch, *last_batch;	/* gathered sections may bear several: least and greatest */
	struct ev_buf batches;		/* both as one name */
	const char *whole_batch; /* what --batch says, where each section has a name of its own */
	struct ev_buf own_batch; /* that name */
	uint64_t n_own;
	struct cli_place expected;
};

/* The seconds from one reading of the clock to the other. */
static inline double cli_seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) * 1e-9;
}

/* "source:line: what", and exits. */
_Noreturn void cli_die_at(const struct ev_line *l, const char *what);

/* The input bears no seal: this program begins the chain, or there is none. */
void cli_section_begin_here(struct cli_sections *s);
/* The next section begins that this program makes. */
void cli_section_begin_own(struct cli_sections *s);
/* A section of the input begins, whose head shows that span; or the input, which has none. */
void cli_section_begin(struct cli_sections *s, const char *batch, const struct ev_span *span);
/* For an engine that opens the sections of the output itself: as port->open. */
void cli_section_open(void *ctx, const struct ev_span *span);
/* A head and a seal of the input. */
void cli_section_head(struct cli_sections *s, const struct ev_line *l,
		      const struct cli_control *line);
void cli_section_seal(struct cli_sections *s, const struct ev_line *l,
		      const struct cli_control *line);

/* Adds a line, without the CRs before its end, to the digest of the input. */
void cli_section_digest(struct cli_sections *s, const struct ev_line *l);
/* A line was taken: ends a section that this program makes, if that is full or old. */
void cli_section_count(struct cli_sections *s);
/*
 * Before the input is waited for: what is made goes out, in a stream the seal, too, of a section
 * that is whole.
 */
enum ev_status cli_section_flush(struct cli_sections *s, struct ev_error *err);
/* The milliseconds that are left until what began then has so many seconds. */
int cli_age_left(double age, const struct timespec *since);
/* Until the section has the age that --commit-every names; -1: none is named, or none is open. */
int cli_section_left(const struct cli_sections *s);
/* Writes a control line. */
void cli_section_put(struct cli_sections *s, struct cli_control *line);

/* With a state: the section is whole, or the input is. */
void cli_section_end(struct cli_sections *s);
/* The same for a sink; batch may be NULL. */
void cli_section_end_sink(struct cli_sections *s, const char *batch);
/* Checks the sums of the section of the output, judges, commits and seals it. */
void cli_section_close(struct cli_sections *s);
/* The input has ended: the verdict on all of a stream. */
void cli_section_end_stream(struct cli_sections *s);
/* The name of the output's batch, "" for none; valid until the next call. */
const char *cli_section_batch(struct cli_sections *s);
void cli_section_free(struct cli_sections *s);

#endif
