/*
 * shard: parts of a batch that were worked on apart, and must come together again. Floor 10,
 * libevcli.
 *
 * EVKIT_SHARD=K/N in the environment of a chain says that it is the K-th of N, from 0 (evkit.7,
 * "Shards"). Its heads say so. A program that has it takes sections of that shard alone; one that
 * does not takes sections of shards only if all N of each batch come. In the same way all that
 * evstar --map contributed must have come through evstar --reduce before it is loaded, each line
 * once and as it was, and what evvalidate --defer put off must have been judged by evvalidate
 * --merge.
 *
 * Functions exit on trouble.
 */
#ifndef EV_CLI_SHARD_H
#define EV_CLI_SHARD_H

#include "cli/seal.h"

/* What one program puts off and another must have made up for. */
enum cli_put_off { CLI_CONTRIBUTIONS, CLI_VERDICTS, CLI_PUT_OFF };

/* How many, and the digest of all of them (struct cli_stage). */
struct cli_handed {
	uint64_t n, digest;
};

struct cli_shards {
	struct ev_shard own;	    /* of the environment */
	struct cli_shard_set *sets; /* one a batch that comes in shards */
	size_t n;
	struct cli_handed off[CLI_PUT_OFF], made_up[CLI_PUT_OFF]; /* as the seals say */
	struct ev_buf name;
};

/* EVKIT_SHARD. */
struct ev_shard cli_shard(void);
/*
 * A section of the input begins, and one has ended. NULL; or what is wrong with its shard. alone:
 * sections are committed one by one, so it cannot be one of several.
 */
const char *cli_shards_begin(const struct cli_shards *s, const struct ev_shard *shard, bool alone);
const char *cli_shards_take(struct cli_shards *s, const struct ev_shard *shard, const char *batch);
/* The name that a batch has in the ledger: "BATCH K/N" where it is of a shard. */
const char *cli_shards_name(struct cli_shards *s, const struct ev_shard *shard, const char *batch);
/* What the seal of a section says was put off, and made up for. */
void cli_shards_count(struct cli_shards *s, const struct cli_chain *chain);
/* Whether all that was put off was made up for, once, as it was; and whether shards are missing. */
void cli_shards_check_counts(const struct cli_shards *s);
void cli_shards_check(const struct cli_shards *s);
void cli_shards_free(struct cli_shards *s);

#endif
