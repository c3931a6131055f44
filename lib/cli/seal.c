#include "cli/seal.h"
#include "base/hash.h"
#include "cli/cli.h"
#include "json/decimal.h"
#include "json/form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char opening[] = "{\"_ev\":{\"";

struct cli_seal {
	char token[33]; /* its digest: what the lines bear */
	struct ev_scan *scan;
	struct ev_buf batch, text;
};

struct cli_seal *cli_seal_open(void)
{
	const char *token = getenv("EVKIT_SEAL");
	struct ev_buf salted = {0};
	struct ev_error err;
	struct cli_seal *s;

	if (token == NULL)
		return NULL;
	if (token[0] == '\0') {
		ev_fail(&err, "EVKIT_SEAL is set but empty: give it the job's token (evparse "
			      "--new-seal FILE makes one), or "
			      "unset it");
		cli_die(&err);
	}
	s = ev_calloc(1, sizeof *s);
	s->scan = ev_scan_new();
	ev_buf_puts(&salted, "evkit seal 1\n");
	ev_buf_puts(&salted, token);
	ev_sha256_hex(salted.p, salted.len, s->token);
	ev_buf_free(&salted);
	return s;
}

void cli_seal_free(struct cli_seal **s)
{
	if (*s == NULL)
		return;
	ev_scan_free(&(*s)->scan);
	ev_buf_free(&(*s)->batch);
	ev_buf_free(&(*s)->text);
	free(*s);
	*s = NULL;
}

/* Reading */

static uint32_t member_of(const struct ev_doc *d, uint32_t object, const char *name,
			  enum ev_kind kind)
{
	uint32_t at = ev_member(d, object, name, strlen(name));

	return at != EV_NOWHERE && ev_kind(d, at) == kind ? at : EV_NOWHERE;
}

static bool short_text(struct cli_seal *s, const struct ev_doc *d, uint32_t at,
		       char out[CLI_NAME + 1])
{
	const char *p;
	size_t len;

	if (ev_kind(d, at) != EV_STRING)
		return false;
	p = ev_string(d, at, &s->text, &len);
	if (len > CLI_NAME)
		return false;
	memcpy(out, p, len);
	out[len] = '\0';
	return true;
}

static bool read_stage(struct cli_seal *s, const struct ev_doc *d, uint32_t object,
		       struct cli_stage *stage)
{
	*stage = (struct cli_stage){.n = 0};
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		char name[CLI_NAME + 1];
		struct ev_number n;
		int64_t v;

		if (!short_text(s, d, i, name))
			return false;
		if (strcmp(name, "program") == 0) {
			if (!short_text(s, d, i + 1, stage->program))
				return false;
			continue;
		}
		if (ev_kind(d, i + 1) != EV_NUMBER || stage->n == CLI_MAX_COUNTS)
			return false;
		ev_number_read(d->text + d->nodes[i + 1].pos,
			       d->nodes[i + 1].end - d->nodes[i + 1].pos, &n);
		if (!ev_number_int64(&n, &v) || v < 0)
			return false;
		cli_stage_add(stage, name, (uint64_t)v);
	}
	return true;
}

static bool read_stages(struct cli_seal *s, const struct ev_doc *d, uint32_t array,
			struct cli_chain *chain)
{
	chain->n = 0;
	for (uint32_t i = ev_first(d, array); i < ev_end(d, array); i = ev_next(d, i)) {
		struct cli_stage *stage = &chain->list[chain->n];

		if (chain->n == CLI_MAX_STAGES)
			return false;
		*stage = (struct cli_stage){.n = 0};
		if (ev_kind(d, i) == EV_OBJECT ? !read_stage(s, d, i, stage)
					       : !short_text(s, d, i, stage->program))
			return false;
		chain->n++;
	}
	return true;
}

static bool read_batch(struct cli_seal *s, const struct ev_doc *d, uint32_t object,
		       struct cli_control_line *line)
{
	uint32_t at = member_of(d, object, "batch", EV_STRING);
	const char *p;
	size_t len;

	if (at == EV_NOWHERE)
		return false;
	p = ev_string(d, at, &s->text, &len);
	ev_buf_reset(&s->batch);
	ev_buf_put(&s->batch, p, len);
	ev_buf_str(&s->batch);
	line->batch = s->batch.p;
	return strlen(line->batch) == len;
}

static bool read_body(struct cli_seal *s, const struct ev_doc *d, uint32_t object,
		      enum cli_control what, struct cli_control_line *line)
{
	uint32_t stages = member_of(d, object, "stages", EV_ARRAY), digest;

	if (!read_batch(s, d, object, line) || stages == EV_NOWHERE ||
	    !read_stages(s, d, stages, &line->chain))
		return false;
	if (what == CLI_HEAD)
		return true;
	line->ok = member_of(d, object, "ok", EV_TRUE) != EV_NOWHERE;
	digest = member_of(d, object, "digest", EV_STRING);
	if (digest == EV_NOWHERE || d->nodes[digest].end - d->nodes[digest].pos != 34)
		return false;
	memcpy(line->digest, d->text + d->nodes[digest].pos + 1, 32);
	line->digest[32] = '\0';
	return line->chain.n > 0;
}

enum ev_status cli_seal_read(struct cli_seal *s, const char *p, size_t len, enum cli_control *what,
			     struct cli_control_line *line, struct ev_error *err)
{
	const struct ev_doc *d;
	struct ev_flaw flaw;
	uint32_t reserved, body, token;

	*what = CLI_RECORD;
	if (len < sizeof opening || memcmp(p, opening, sizeof opening - 1) != 0)
		return EV_OK;
	/* Only a line that is right in every way, and bears the token, is more than a record. */
	d = ev_scan(s->scan, p, len, &flaw);
	if (d == NULL || d->duplicate != EV_NOWHERE || d->nodes[0].count != 1 ||
	    (reserved = member_of(d, 0, "_ev", EV_OBJECT)) == EV_NOWHERE ||
	    d->nodes[reserved].count != 1)
		return EV_OK;
	body = reserved + 2;
	if (ev_kind(d, body) != EV_OBJECT ||
	    (token = member_of(d, body, "token", EV_STRING)) == EV_NOWHERE ||
	    !ev_string_is(d, token, s->token, 32))
		return EV_OK;
	*what = ev_string_is(d, reserved + 1, "head", 4)   ? CLI_HEAD
		: ev_string_is(d, reserved + 1, "seal", 4) ? CLI_SEAL
							   : CLI_OTHER;
	if (*what == CLI_OTHER || read_body(s, d, body, *what, line))
		return EV_OK;
	return ev_fail(err, "a control line of this chain is not as evkit writes it: rerun the "
			    "batch from its source");
}

/* Writing */

static void open_line(const struct cli_seal *s, const char *kind, const char *batch,
		      struct ev_buf *out)
{
	ev_buf_printf(out, "%s%s\":{\"token\":\"%s\",\"batch\":", opening, kind, s->token);
	ev_json_quote(batch, strlen(batch), out);
}

void cli_head_write(const struct cli_seal *s, const char *batch, const struct cli_chain *chain,
		    struct ev_buf *out)
{
	open_line(s, "head", batch, out);
	ev_buf_puts(out, ",\"stages\":[");
	for (size_t i = 0; i < chain->n; i++) {
		if (i > 0)
			ev_buf_putc(out, ',');
		ev_json_quote(chain->list[i].program, strlen(chain->list[i].program), out);
	}
	/*
	 * Every program reads each line whole, so what it lets through is valid and has different
	 * names.
	 */
	ev_buf_puts(out, "],\"checked\":true}}}");
}

void cli_chain_write(const struct cli_chain *chain, struct ev_buf *out)
{
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < chain->n; i++) {
		const struct cli_stage *stage = &chain->list[i];

		ev_buf_puts(out, i > 0 ? ",{\"program\":" : "{\"program\":");
		ev_json_quote(stage->program, strlen(stage->program), out);
		for (size_t k = 0; k < stage->n; k++) {
			ev_buf_putc(out, ',');
			ev_json_quote(stage->counts[k].name, strlen(stage->counts[k].name), out);
			ev_buf_putc(out, ':');
			ev_buf_u64(out, stage->counts[k].value);
		}
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, ']');
}

void cli_seal_write(const struct cli_seal *s, const char *batch, bool ok, const char *digest,
		    const struct cli_chain *chain, struct ev_buf *out)
{
	open_line(s, "seal", batch, out);
	ev_buf_printf(out, ",\"ok\":%s,\"digest\":\"%s\",\"stages\":", ok ? "true" : "false",
		      digest);
	cli_chain_write(chain, out);
	ev_buf_puts(out, "}}}");
}

void cli_chain_print(const struct cli_chain *chain, struct ev_buf *out)
{
	for (size_t i = 0; i < chain->n; i++) {
		const struct cli_stage *stage = &chain->list[i];

		ev_buf_printf(out, "%-10s", stage->program);
		for (size_t k = 0; k < stage->n; k++)
			ev_buf_printf(out, "  %s %llu", stage->counts[k].name,
				      (unsigned long long)stage->counts[k].value);
		ev_buf_putc(out, '\n');
	}
}

void cli_stage_add(struct cli_stage *stage, const char *name, uint64_t value)
{
	if (stage->n == CLI_MAX_COUNTS)
		return;
	snprintf(stage->counts[stage->n].name, CLI_NAME + 1, "%s", name);
	stage->counts[stage->n++].value = value;
}

uint64_t cli_stage_count(const struct cli_stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->n; i++)
		if (strcmp(stage->counts[i].name, name) == 0)
			return stage->counts[i].value;
	return 0;
}

bool cli_chain_sum(struct cli_chain *sum, const struct cli_chain *more)
{
	if (sum->n != more->n)
		return false;
	for (size_t i = 0; i < sum->n; i++) {
		struct cli_stage *a = &sum->list[i];
		const struct cli_stage *b = &more->list[i];

		if (strcmp(a->program, b->program) != 0 || a->n != b->n)
			return false;
		for (size_t k = 0; k < a->n; k++) {
			if (strcmp(a->counts[k].name, b->counts[k].name) != 0)
				return false;
			a->counts[k].value += b->counts[k].value;
		}
	}
	return true;
}

enum ev_status cli_seal_new(const char *file, struct ev_error *err)
{
	uint64_t random[4] = {ev_hash_seed(), ev_hash_seed(), ev_hash_seed(), ev_hash_seed()};
	struct ev_buf text = {0};
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return ev_fail(err,
			       "%s: the token cannot be written: %s: remove the file if the old "
			       "token may go",
			       file, strerror(errno));
	for (size_t i = 0; i < sizeof random / sizeof random[0]; i++)
		ev_buf_printf(&text, "%016llx", (unsigned long long)random[i]);
	ev_buf_putc(&text, '\n');
	good = write(fd, text.p, text.len) == (ssize_t)text.len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	ev_buf_free(&text);
	if (good)
		return EV_OK;
	unlink(file);
	return ev_fail(err, "%s: the token cannot be written: %s", file, strerror(errno));
}
