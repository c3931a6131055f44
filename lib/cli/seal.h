/*
 * seal: the control lines of a chain. Floor 10, libevcli.
 *
 * A head opens a section, a seal closes it, and between them stand positions (evkit.7, "The seal").
 * All but positions bear an HMAC under the job's secret, so that no line from outside can pass for
 * one; what stands between a head and its seal, positions too, is covered by the seal's digest.
 */
#ifndef EV_SEAL_H
#define EV_SEAL_H

#include "base/buf.h"
#include "base/hash.h"
#include "record/offsets.h"
#include "record/reject.h"
#include "record/shard.h"
#include "store/span.h"
#include "json/view.h"

enum { CLI_MAX_COUNTS = 16, CLI_MAX_STAGES = 32, CLI_NAME = 31 };

struct cli_stage {
	char program[CLI_NAME + 1];
	/*
	 * Of what went from one program to the other beside the pipe (cli/shard.h): the sum of
	 * hashes modulo 2^64, which does not depend on the order. 0 if nothing did.
	 */
	uint64_t digest;
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

struct cli_seal; /* the job's secret, and what reads and signs lines */

/* NULL if EVKIT_SEAL is not set. Exits with status 2 if it is set but empty. */
struct cli_seal *cli_seal_open(void);
void cli_seal_free(struct cli_seal **s);
/* EV_DIGEST_SECRET bytes made of the secret, which the digests of streams are under. */
const uint8_t *cli_seal_digest_secret(const struct cli_seal *s);
/* Made of the secret, too: that of the port. */
uint64_t cli_seal_seed(const struct cli_seal *s);

enum cli_kind {
	CLI_RECORD, /* no control line */
	CLI_HEAD,
	CLI_SEAL,
	CLI_AT,	    /* where the next line came from */
	CLI_OTHER,  /* of the chain, but unknown to this version */
	CLI_FORGED, /* looks like a control line, but is not signed, or not as evkit writes it */
};

enum { CLI_MAC = 2 * EV_SHA256 }; /* hex digits */

/*
 * A control line. Members that are NULL or empty are left out when it is written; a line is read
 * only if it has all that its kind must have.
 */
struct cli_control {
	enum cli_kind kind;
	char mac[CLI_MAC + 1];	/* of all but CLI_AT */
	char head[CLI_MAC + 1]; /* of a seal: the mac of the head that it closes */
	const char *batch;	/* of a head and a seal; the reader's, valid until the next line */
	bool ok;		/* of a seal */
	bool unchecked;		/* of a head: lines may be no valid records */
	bool stream;		/* of a head: the section is a piece of a stream, no batch */
	char digest[33];	/* of a seal */
	/*
	 * Of a seal: how far topics were read up to here. To be written, or NULL; what a line says
	 * is added to it when it is read.
	 */
	struct ev_offsets *offsets;
	struct cli_chain chain; /* of a seal whole; of a head the programs alone */
	struct ev_shard shard;	/* of a head */
	struct ev_span span;	/* of a head; its digests are the reader's, until the next line */
	struct {
		const char *source;    /* the reader's, valid until the next line */
		uint64_t line, offset; /* offset: EV_NO_OFFSET where it is not known */
	} at;			       /* of a position */
};

/* Reads a line. EV_IN_SLACK bytes stand behind it. */
enum cli_kind cli_control_read(struct cli_seal *s, const char *p, size_t len,
			       struct cli_control *line);
/* Appends the line, with its LF; all but CLI_AT are signed, and their mac is set. */
void cli_control_write(struct cli_seal *s, struct cli_control *line, struct ev_buf *out);

/* The stages as a JSON array. */
void cli_chain_write(const struct cli_chain *chain, struct ev_buf *out);
/* The balance sheet as lines for people. */
void cli_chain_print(const struct cli_chain *chain, struct ev_buf *out);

void cli_stage_add(struct cli_stage *stage, const char *name, uint64_t value);
/* 0 if there is no such count. */
uint64_t cli_stage_count(const struct cli_stage *stage, const char *name);
/* Adds the counts and digests of another section; false if its stages are others. */
bool cli_chain_sum(struct cli_chain *sum, const struct cli_chain *more);

/* Makes a new secret in a new file that only its owner can read. */
enum ev_status cli_seal_new(const char *file, struct ev_error *err);

#endif
