#include "cli/seal.h"
#include "base/hash.h"
#include "cli/cli.h"
#include "record/position.h"
#include "json/write.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char opening[] = "{\"_ev\":{\"";
static const char signature[] = "\":{\"mac\":\"";

enum { OPENING = sizeof opening - 1, SIGNATURE = sizeof signature - 1, DIGEST_TEXT = 16 };

static const char *const names[] = {[CLI_HEAD] = "head", [CLI_SEAL] = "seal", [CLI_AT] = "at"};

struct cli_seal {
	const char *secret; /* the environment's */
	uint8_t digest_secret[EV_DIGEST_SECRET];
	struct ev_scan *scan;
	struct ev_buf batch, text, unsigned_line;
};

struct cli_seal *cli_seal_open(void)
{
	const char *secret = getenv("EVKIT_SEAL");
	struct cli_seal *s;

	if (secret == NULL)
		return NULL;
	if (secret[0] == '\0')
		cli_fail("EVKIT_SEAL is set but empty: give it the job's secret (evparse "
			 "--new-seal FILE makes one), or unset it");
	s = ev_calloc(1, sizeof *s);
	s->secret = secret;
	s->scan = ev_scan_new();
	/* No control line begins like these texts, so none is signed by what they make. */
	for (size_t i = 0; i < EV_DIGEST_SECRET / EV_SHA256; i++) {
		const char text[] = {'d', 'i', 'g', 'e', 's', 't', (char)('0' + i)};

		ev_hmac_sha256(secret, strlen(secret), text, sizeof text,
			       s->digest_secret + i * EV_SHA256);
	}
	return s;
}

void cli_seal_free(struct cli_seal **s)
{
	if (*s == NULL)
		return;
	ev_scan_free(&(*s)->scan);
	ev_buf_free(&(*s)->batch);
	ev_buf_free(&(*s)->text);
	ev_buf_free(&(*s)->unsigned_line);
	free(*s);
	*s = NULL;
}

const uint8_t *cli_seal_digest_secret(const struct cli_seal *s)
{
	return s->digest_secret;
}

uint64_t cli_seal_seed(const struct cli_seal *s)
{
	uint64_t seed;

	memcpy(&seed, s->digest_secret, sizeof seed);
	return le64toh(seed);
}

/*
 * The HMAC of a line, which is taken over the line with an empty mac. name_len: of its kind, whose
 * name stands behind the opening.
 */
static void sign(struct cli_seal *s, const char *p, size_t len, size_t name_len,
		 char mac[CLI_MAC + 1])
{
	size_t before = OPENING + name_len + SIGNATURE;
	struct ev_buf *b = &s->unsigned_line;
	uint8_t sum[EV_SHA256];

	ev_buf_reset(b);
	ev_buf_put(b, p, before);
	ev_buf_put(b, p + before + CLI_MAC, len - before - CLI_MAC);
	ev_hmac_sha256(s->secret, strlen(s->secret), b->p, b->len, sum);
	ev_hex16(sum, mac);
	ev_hex16(sum + EV_SHA256 / 2, mac + CLI_MAC / 2);
	mac[CLI_MAC] = '\0';
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

/* A text of so many bytes, as digests have. */
static bool read_hex(const struct ev_doc *d, uint32_t at, char *out, size_t len)
{
	if (at == EV_NOWHERE || d->nodes[at].end - d->nodes[at].pos != len + 2)
		return false;
	memcpy(out, d->text + d->nodes[at].pos + 1, len);
	out[len] = '\0';
	return true;
}

/* The digest of a stage; the line is signed, so it is as it was written. */
static bool read_digest(const struct ev_doc *d, uint32_t at, uint64_t *digest)
{
	char text[DIGEST_TEXT + 1];

	if (ev_kind(d, at) != EV_STRING || !read_hex(d, at, text, DIGEST_TEXT))
		return false;
	*digest = strtoull(text, NULL, 16);
	return true;
}

static bool read_stage(struct cli_seal *s, const struct ev_doc *d, uint32_t object,
		       struct cli_stage *stage)
{
	*stage = (struct cli_stage){.n = 0};
	for (uint32_t i = ev_first(d, object); i < ev_end(d, object); i = ev_next(d, i + 1)) {
		char name[CLI_NAME + 1];
		uint64_t value;

		if (!short_text(s, d, i, name))
			return false;
		if (strcmp(name, "program") == 0) {
			if (!short_text(s, d, i + 1, stage->program))
				return false;
			continue;
		}
		if (strcmp(name, "digest") == 0) {
			if (!read_digest(d, i + 1, &stage->digest))
				return false;
			continue;
		}
		if (stage->n == CLI_MAX_COUNTS || !ev_u64_of(d, i + 1, &value))
			return false;
		cli_stage_add(stage, name, value);
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

/* The text, in the buffer; NULL if it is none, or holds U+0000. */
static const char *read_text(const struct ev_doc *d, uint32_t at, struct ev_buf *b,
			     struct ev_buf *scratch)
{
	const char *p;
	size_t len;

	if (at == EV_NOWHERE)
		return NULL;
	p = ev_string(d, at, scratch, &len);
	ev_buf_reset(b);
	ev_buf_put(b, p, len);
	return strlen(ev_buf_str(b)) == len ? b->p : NULL;
}

static bool read_at(struct cli_seal *s, const struct ev_doc *d, uint32_t object,
		    struct cli_control *line)
{
	line->at.source =
		read_text(d, member_of(d, object, "source", EV_STRING), &s->batch, &s->text);
	line->at.offset = EV_NO_OFFSET;
	return line->at.source != NULL && ev_state_u64(d, object, "line", &line->at.line) &&
	       (ev_member(d, object, "offset", 6) == EV_NOWHERE ||
		ev_state_u64(d, object, "offset", &line->at.offset));
}

/* The commits that a section out of a state shows. */
static bool read_span(const struct ev_doc *d, uint32_t object, struct cli_control *line)
{
	struct ev_span *span = &line->span;
	uint32_t store = ev_member(d, object, "store", 5);
	uint32_t digests = member_of(d, object, "digests", EV_STRING);
	uint64_t n;

	*span = (struct ev_span){.from = 0};
	if (store == EV_NOWHERE)
		return true;
	if (digests == EV_NOWHERE ||
	    !read_hex(d, member_of(d, object, "store", EV_STRING), span->to.store, EV_STORE_ID) ||
	    !ev_state_u64(d, object, "from", &span->from) ||
	    !ev_state_u64(d, object, "to", &span->to.number) ||
	    !read_hex(d, member_of(d, object, "model", EV_STRING), span->model, EV_STORE_DIGEST))
		return false;
	n = (d->nodes[digests].end - d->nodes[digests].pos - 2) / EV_STORE_DIGEST;
	span->digests = d->text + d->nodes[digests].pos + 1;
	if (span->from > span->to.number || n != span->to.number - span->from + 1)
		return false;
	memcpy(span->to.digest, ev_span_digest(span, span->to.number), EV_STORE_DIGEST);
	return true;
}

static bool read_shard(struct cli_seal *s, const struct ev_doc *d, uint32_t object,
		       struct ev_shard *shard)
{
	uint32_t at = ev_member(d, object, "shard", 5);
	char text[CLI_NAME + 1];

	*shard = (struct ev_shard){.n = 0};
	return at == EV_NOWHERE || (short_text(s, d, at, text) && ev_shard_read(text, shard));
}

/* How far topics were read; nothing where no queue stands at the head of the chain. */
static bool read_offsets(const struct ev_doc *d, uint32_t object, struct ev_offsets *offsets)
{
	uint32_t at = ev_member(d, object, "positions", 9);

	return at == EV_NOWHERE || offsets == NULL || ev_offsets_read(d, at, offsets);
}

static bool read_body(struct cli_seal *s, const struct ev_doc *d, uint32_t object,
		      struct cli_control *line)
{
	uint32_t stages = member_of(d, object, "stages", EV_ARRAY);

	if (line->kind == CLI_OTHER)
		return true;
	if (line->kind == CLI_AT)
		return read_at(s, d, object, line);
	line->batch = read_text(d, member_of(d, object, "batch", EV_STRING), &s->batch, &s->text);
	if (line->batch == NULL || stages == EV_NOWHERE ||
	    !read_stages(s, d, stages, &line->chain) || line->chain.n == 0)
		return false;
	line->ok = member_of(d, object, "ok", EV_TRUE) != EV_NOWHERE;
	line->unchecked = member_of(d, object, "checked", EV_TRUE) == EV_NOWHERE;
	line->stream = member_of(d, object, "stream", EV_TRUE) != EV_NOWHERE;
	return line->kind == CLI_HEAD
		       ? read_shard(s, d, object, &line->shard) && read_span(d, object, line)
		       : read_hex(d, member_of(d, object, "head", EV_STRING), line->head,
				  CLI_MAC) &&
				 read_hex(d, member_of(d, object, "digest", EV_STRING),
					  line->digest, 32) &&
				 read_offsets(d, object, line->offsets);
}

/* Reads all bytes, so that the time it takes does not show where they differ. */
static bool same_mac(const char *a, const char *b)
{
	unsigned char differ = 0;

	for (size_t i = 0; i < CLI_MAC; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

static bool is_signed(struct cli_seal *s, const char *p, size_t len, size_t name_len,
		      struct cli_control *line)
{
	size_t before = OPENING + name_len;

	if (len < before + SIGNATURE + CLI_MAC || memcmp(p + before, signature, SIGNATURE) != 0)
		return false;
	sign(s, p, len, name_len, line->mac);
	return same_mac(p + before + SIGNATURE, line->mac);
}

/* The bytes of the name behind the opening, which an object follows; 0 for any other line. */
static size_t kind_len(const char *p, size_t len)
{
	size_t n = 0;

	if (len < OPENING || memcmp(p, opening, OPENING) != 0)
		return 0;
	while (n < CLI_NAME && p[OPENING + n] >= 'a' && p[OPENING + n] <= 'z')
		n++;
	return OPENING + n + 3 < len && memcmp(p + OPENING + n, "\":{", 3) == 0 ? n : 0;
}

enum cli_kind cli_control_read(struct cli_seal *s, const char *p, size_t len,
			       struct cli_control *line)
{
	size_t n = kind_len(p, len);
	const struct ev_doc *d;
	struct ev_flaw flaw;
	uint32_t reserved;

	line->kind = CLI_RECORD;
	if (n == 0)
		return CLI_RECORD;
	d = ev_scan(s->scan, p, len, &flaw);
	/* An event may bear its origin and nothing else (evkit.7, "The reserved member"). */
	if (d == NULL || d->duplicate != EV_NOWHERE || d->nodes[0].count != 1 ||
	    (reserved = member_of(d, 0, "_ev", EV_OBJECT)) == EV_NOWHERE ||
	    d->nodes[reserved].count != 1 || ev_string_is(d, reserved + 1, "origin", 6))
		return CLI_RECORD;
	line->kind = CLI_OTHER;
	for (enum cli_kind k = CLI_HEAD; k <= CLI_AT; k++)
		if (ev_string_is(d, reserved + 1, names[k], strlen(names[k])))
			line->kind = k;
	if ((line->kind != CLI_AT && !is_signed(s, p, len, n, line)) ||
	    !read_body(s, d, reserved + 2, line))
		line->kind = CLI_FORGED;
	return line->kind;
}

/* Writing */

static void write_names(const struct cli_chain *chain, struct ev_buf *out)
{
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < chain->n; i++)
		ev_json_text(out, NULL, chain->list[i].program);
	ev_buf_putc(out, ']');
}

static void write_at(const struct cli_control *line, struct ev_buf *out)
{
	const struct ev_record rec = {
		.source = line->at.source, .line = line->at.line, .offset = line->at.offset};

	ev_buf_puts(out, opening);
	ev_buf_puts(out, names[CLI_AT]);
	ev_buf_puts(out, "\":{");
	ev_record_position(&rec, out);
	ev_buf_puts(out, "}}}\n");
}

static void write_span(const struct ev_span *span, struct ev_buf *out)
{
	ev_json_text(out, "store", span->to.store);
	ev_json_u64(out, "from", span->from);
	ev_json_u64(out, "to", span->to.number);
	ev_json_text(out, "model", span->model);
	ev_buf_puts(out, ",\"digests\":\"");
	ev_buf_put(out, span->digests, (span->to.number - span->from + 1) * EV_STORE_DIGEST);
	ev_buf_putc(out, '"');
}

void cli_control_write(struct cli_seal *s, struct cli_control *line, struct ev_buf *out)
{
	size_t from = out->len, name_len = strlen(names[line->kind]);

	if (line->kind == CLI_AT) {
		write_at(line, out);
		return;
	}
	/* The mac comes first, and is filled in when the rest stands. */
	ev_buf_printf(out, "%s%s%s%*s\"", opening, names[line->kind], signature, CLI_MAC, "");
	if (line->kind == CLI_SEAL)
		ev_json_text(out, "head", line->head);
	ev_json_text(out, "batch", line->batch);
	if (line->kind == CLI_SEAL) {
		ev_json_bool(out, "ok", line->ok);
		ev_json_text(out, "digest", line->digest);
	}
	ev_json_name(out, "stages");
	if (line->kind == CLI_SEAL)
		cli_chain_write(&line->chain, out);
	else
		write_names(&line->chain, out);
	if (line->kind == CLI_HEAD && line->shard.n > 0)
		ev_buf_printf(out, ",\"shard\":\"%u/%u\"", line->shard.k, line->shard.n);
	if (line->kind == CLI_SEAL && line->offsets != NULL && line->offsets->n > 0) {
		ev_json_name(out, "positions");
		ev_offsets_write(line->offsets, out);
	}
	if (line->kind == CLI_HEAD && line->span.to.store[0] != '\0')
		write_span(&line->span, out);
	if (line->kind == CLI_HEAD && line->stream)
		ev_json_bool(out, "stream", true);
	if (line->kind == CLI_HEAD)
		ev_json_bool(out, "checked", !line->unchecked);
	ev_buf_puts(out, "}}}");
	sign(s, out->p + from, out->len - from, name_len, line->mac);
	memcpy(out->p + from + OPENING + name_len + SIGNATURE, line->mac, CLI_MAC);
	ev_buf_putc(out, '\n');
}

void cli_chain_write(const struct cli_chain *chain, struct ev_buf *out)
{
	ev_buf_putc(out, '[');
	for (size_t i = 0; i < chain->n; i++) {
		const struct cli_stage *stage = &chain->list[i];

		ev_buf_puts(out, i > 0 ? ",{" : "{");
		ev_json_text(out, "program", stage->program);
		for (size_t k = 0; k < stage->n; k++)
			ev_json_u64(out, stage->counts[k].name, stage->counts[k].value);
		if (stage->digest != 0)
			ev_buf_printf(out, ",\"digest\":\"%0*llx\"", DIGEST_TEXT,
				      (unsigned long long)stage->digest);
		ev_buf_putc(out, '}');
	}
	ev_buf_putc(out, ']');
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
		a->digest += b->digest;
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
			       "%s: the secret cannot be written: %s: remove the file if the old "
			       "one may go",
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
	return ev_fail(err, "%s: the secret cannot be written: %s", file, strerror(errno));
}
