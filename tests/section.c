/*
 * section: puts the lines of standard input into a sealed section that comes out of a state, as
 * evstar would, under the secret in EVKIT_SEAL.
 *
 *	section MODEL STORE FROM TO [CHAIN [BATCH]]
 *
 * MODEL	a model file, whose digest the head bears
 * STORE	16 digits; - makes a section that comes out of no state
 * FROM, TO	the commits; the digest of commit N is CHAIN (a digit, default a) and N in 31 digits
 */
#include "cli/cli.h"
#include "cli/seal.h"
#include "model/model.h"

#include <inttypes.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct cli_control head = {.kind = CLI_HEAD}, seal = {.kind = CLI_SEAL, .ok = true};
	struct ev_buf lines = {0}, digests = {0}, text = {0};
	struct cli_stage stage = {.program = "evstar"};
	struct ev_digest *digest;
	struct cli_seal *s = cli_seal_open();
	struct ev_model *model;
	struct ev_error err;
	uint64_t n = 0;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (argc < 5 || s == NULL)
		return 2;
	if ((model = ev_model_read(argv[1], &err)) == NULL)
		cli_die(&err);
	head.span.from = strtoull(argv[3], NULL, 10);
	head.span.to.number = strtoull(argv[4], NULL, 10);
	for (uint64_t i = head.span.from; i <= head.span.to.number; i++)
		ev_buf_printf(&digests, "%c%031" PRIu64, argc > 5 ? argv[5][0] : 'a', i);
	head.span.digests = digests.p;
	if (argv[2][0] != '-')
		snprintf(head.span.to.store, sizeof head.span.to.store, "%s", argv[2]);
	ev_model_digest(model, EV_PART_ALL, head.span.model);
	head.batch = argc > 6 ? argv[6] : "";
	head.chain.list[head.chain.n++] = stage;

	digest = ev_digest_keyed(cli_seal_digest_secret(s));
	for (; (len = getline(&line, &cap, stdin)) > 0; n++) {
		ev_digest_add(digest, line, (size_t)len);
		ev_buf_put(&lines, line, (size_t)len);
	}
	cli_stage_add(&stage, "in", n);
	cli_stage_add(&stage, "out", n);
	seal.chain.list[seal.chain.n++] = stage;
	ev_hash128_hex(ev_digest_value(digest), seal.digest);
	cli_control_write(s, &head, &text);
	ev_buf_put(&text, lines.p, lines.len);
	memcpy(seal.head, head.mac, sizeof seal.head);
	seal.batch = head.batch;
	cli_control_write(s, &seal, &text);
	fwrite(text.p, 1, text.len, stdout);

	ev_digest_free(&digest);
	ev_model_free(&model);
	cli_seal_free(&s);
	ev_buf_free(&lines);
	ev_buf_free(&digests);
	ev_buf_free(&text);
	free(line);
	return fflush(stdout) == 0 ? 0 : 2;
}
