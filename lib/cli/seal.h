/*
 * seal: the control lines of a chain. Floor 4, libevcli.
 *
 * A head opens a section, a seal closes it (evkit.7). Both bear the digest of the job's token, so
 * that no line from outside can pass for one.
 */
#ifndef EV_SEAL_H
#define EV_SEAL_H

#include "base/buf.h"
#include "json/view.h"

enum { CLI_MAX_COUNTS = 12, CLI_MAX_STAGES = 32, CLI_NAME = 31 };

struct cli_stage {
	char program[CLI_NAME + 1];
	size_t n;
	struct {
		char name[CLI_NAME + 1];
		uint64_t value;
	} counts[CLI_MAX_COUNTS];
};

/* The stages that a section has gone through. */
struct cli_chain {
	struct cli_stage list[CLI_MAX_STAGES];
	size_t n;
};

struct cli_seal; /* the job's token, and what reads lines that bear it */

/* NULL if EVKIT_SEAL is not set. Exits with status 2 if it is set but empty. */
struct cli_seal *cli_seal_open(void);
void cli_seal_free(struct cli_seal **s);

enum cli_control { CLI_RECORD, CLI_HEAD, CLI_SEAL, CLI_OTHER };

struct cli_control_line {
	char *batch;		/* the reader's; valid until the next line */
	bool ok;		/* of a seal */
	char digest[33];	/* of a seal */
	struct cli_chain chain; /* of a seal whole; of a head the programs alone */
};

/*
 * What a line is. A line that bears the token but is not as evkit writes it is EV_FATAL.
 * EV_IN_SLACK octets stand behind it.
 */
enum ev_status cli_seal_read(struct cli_seal *s, const char *p, size_t len, enum cli_control *what,
			     struct cli_control_line *line, struct ev_error *err);

void cli_head_write(const struct cli_seal *s, const char *batch, const struct cli_chain *chain,
		    struct ev_buf *out);
void cli_seal_write(const struct cli_seal *s, const char *batch, bool ok, const char *digest,
		    const struct cli_chain *chain, struct ev_buf *out);
/* The stages as a JSON array. */
void cli_chain_write(const struct cli_chain *chain, struct ev_buf *out);
/* The balance sheet as lines for people. */
void cli_chain_print(const struct cli_chain *chain, struct ev_buf *out);

void cli_stage_add(struct cli_stage *stage, const char *name, uint64_t value);
/* 0 if there is no such count. */
uint64_t cli_stage_count(const struct cli_stage *stage, const char *name);
/* Adds the counts of another section; false if its stages are others. */
bool cli_chain_sum(struct cli_chain *sum, const struct cli_chain *more);

/* Makes a new token in a new file that only its owner can read. */
enum ev_status cli_seal_new(const char *file, struct ev_error *err);

#endif
