#include "cli/shard.h"
#include "base/mem.h"
#include "cli/cli.h"

#include <stdlib.h>

struct cli_shard_set {
	char *batch;
	uint32_t n, n_seen;
	bool *seen;
};

struct ev_shard cli_shard(void)
{
	const char *text = getenv("EVKIT_SHARD");
	struct ev_shard shard = {.n = 0};

	if (text != NULL && !ev_shard_read(text, &shard))
		cli_fail("EVKIT_SHARD must be K/N, the K-th of N shards, from 0/8 to 7/8 for "
			 "eight, and N at most %d: set it so, or unset it",
			 EV_MOST_SHARDS);
	return shard;
}

/* True if neither the section nor this program is of a shard, too. */
static bool is_own(const struct cli_shards *s, const struct ev_shard *shard)
{
	return s->own.n == shard->n && s->own.k == shard->k;
}

static struct cli_shard_set *set_of(struct cli_shards *s, const char *batch, uint32_t n)
{
	struct cli_shard_set *set;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->sets[i].batch, batch) == 0)
			return &s->sets[i];
	s->sets = ev_realloc_array(s->sets, s->n + 1, sizeof *s->sets);
	set = &s->sets[s->n++];
	*set = (struct cli_shard_set){.batch = ev_strdup(batch), .n = n};
	set->seen = ev_calloc(n, sizeof *set->seen);
	return set;
}

const char *cli_shards_begin(const struct cli_shards *s, const struct ev_shard *shard, bool alone)
{
	if (is_own(s, shard))
		return NULL;
	if (s->own.n > 0)
		return "this section is not of the shard that EVKIT_SHARD names: one of the two is "
		       "meant for another";
	if (alone)
		return "this section is of a shard, and what keeps a state is of one shard alone: "
		       "set EVKIT_SHARD for this program, too";
	return NULL;
}

const char *cli_shards_take(struct cli_shards *s, const struct ev_shard *shard, const char *batch)
{
	struct cli_shard_set *set;

	if (is_own(s, shard))
		return NULL;
	set = set_of(s, batch, shard->n);
	if (set->n != shard->n)
		return "other sections of this batch are of another number of shards: the batches "
		       "of evstar --map and --reduce need two names";
	if (set->seen[shard->k])
		return "this shard of the batch came before: give each once; the batches of evstar "
		       "--map and --reduce need two names";
	set->seen[shard->k] = true;
	set->n_seen++;
	return NULL;
}

const char *cli_shards_name(struct cli_shards *s, const struct ev_shard *shard, const char *batch)
{
	if (shard->n == 0 || batch[0] == '\0')
		return batch;
	ev_buf_reset(&s->name);
	ev_buf_printf(&s->name, "%s %u/%u", batch, shard->k, shard->n);
	return ev_buf_str(&s->name);
}

/* The counts of the stages that say so. */
static const struct {
	const char *what, *off, *by, *made_up, *up_by;
} put_off[] = {
	[CLI_CONTRIBUTIONS] = {"contributions", "mapped", "evstar --map", "reduced",
			       "evstar --reduce"},
	[CLI_VERDICTS] = {"events", "deferred", "evvalidate --defer", "judged",
			  "evvalidate --merge"},
};

/* A stage that counts them has a digest of them. */
static void add_handed(struct cli_handed *sum, const struct cli_stage *stage, const char *name)
{
	const uint64_t n = cli_stage_count(stage, name);

	sum->n += n;
	sum->digest += n > 0 ? stage->digest : 0;
}

void cli_shards_count(struct cli_shards *s, const struct cli_chain *chain)
{
	for (size_t i = 0; i < chain->n; i++) {
		for (enum cli_put_off k = 0; k < CLI_PUT_OFF; k++) {
			add_handed(&s->off[k], &chain->list[i], put_off[k].off);
			add_handed(&s->made_up[k], &chain->list[i], put_off[k].made_up);
		}
	}
}

void cli_shards_check_counts(const struct cli_shards *s)
{
	for (enum cli_put_off k = 0; k < CLI_PUT_OFF; k++) {
		if (s->off[k].n != s->made_up[k].n)
			cli_fail("%llu %s were %s by %s, and %llu %s by %s: give all that both "
				 "wrote, each once",
				 (unsigned long long)s->off[k].n, put_off[k].what, put_off[k].off,
				 put_off[k].by, (unsigned long long)s->made_up[k].n,
				 put_off[k].made_up, put_off[k].up_by);
		if (s->off[k].digest != s->made_up[k].digest)
			cli_fail("the %llu %s that were %s by %s are not those that were %s by %s: "
				 "one was changed on the way, or one lost and another doubled: "
				 "make all of it again",
				 (unsigned long long)s->off[k].n, put_off[k].what, put_off[k].off,
				 put_off[k].by, put_off[k].made_up, put_off[k].up_by);
	}
}

/* The first shards that did not come, for people. */
static void list_missing(const struct cli_shard_set *set, struct ev_buf *out)
{
	enum { MOST = 5 };
	const uint32_t missing = set->n - set->n_seen;
	uint32_t n = 0;

	for (uint32_t i = 0; i < set->n && n < MOST; i++)
		if (!set->seen[i])
			ev_buf_printf(out, "%s%u/%u", n++ > 0 ? ", " : "", i, set->n);
	if (missing > n)
		ev_buf_printf(out, " and %u more", missing - n);
}

void cli_shards_check(const struct cli_shards *s)
{
	struct ev_buf list = {0};

	for (size_t i = 0; i < s->n; i++) {
		const struct cli_shard_set *set = &s->sets[i];

		if (set->n_seen == set->n)
			continue;
		list_missing(set, &list);
		cli_fail("of batch %s shards are missing: %s: give all of them, or set EVKIT_SHARD "
			 "where one shard alone is meant",
			 set->batch[0] != '\0' ? set->batch : "without a name", ev_buf_str(&list));
	}
}

void cli_shards_free(struct cli_shards *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->sets[i].batch);
		free(s->sets[i].seen);
	}
	free(s->sets);
	ev_buf_free(&s->name);
}
