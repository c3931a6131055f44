/*
 * A control line of a kind that this version does not know, signed as a later one would: each
 * program hands it on as it stands, byte by byte, and what follows believes the stream. The
 * stream is put together here, by what evkit.7 says of the seal. The programs are those in PATH.
 */
#include "base/buf.h"
#include "base/hash.h"

#include "support.h"
#include "tap.h"

#include <sys/wait.h>

static const char secret[] = "a secret of the job";

static void hex_hmac(const char *p, size_t len, char hex[2 * EV_SHA256 + 1])
{
	uint8_t sum[EV_SHA256];

	ev_hmac_sha256(secret, strlen(secret), p, len, sum);
	for (int i = 0; i < EV_SHA256; i++)
		sprintf(hex + 2 * (size_t)i, "%02x", sum[i]);
}

/* Appends {"_ev":{"KIND":{"mac":"...",REST}}}, whose mac is that of the line without it. */
static void put_control(struct ev_buf *b, const char *kind, const char *rest, char *mac)
{
	struct ev_buf line = {0};

	ev_buf_printf(&line, "{\"_ev\":{\"%s\":{\"mac\":\"\",%s}}}", kind, rest);
	hex_hmac(ev_buf_str(&line), line.len, mac);
	ev_buf_printf(b, "{\"_ev\":{\"%s\":{\"mac\":\"%s\",%s}}}\n", kind, mac, rest);
	ev_buf_free(&line);
}

/* The digest of a section is keyed by what is derived from the secret. */
static struct ev_digest *new_digest(void)
{
	static uint8_t key[EV_DIGEST_SECRET];

	for (size_t i = 0; i < EV_DIGEST_SECRET / EV_SHA256; i++) {
		const char text[] = {'d', 'i', 'g', 'e', 's', 't', (char)('0' + i)};

		ev_hmac_sha256(secret, strlen(secret), text, sizeof text, key + i * EV_SHA256);
	}
	return ev_digest_keyed(key);
}

static char news[1024]; /* the line that nobody knows */

/* A sealed file of two events, with news before, between and behind them; altered: one of them. */
static void write_sealed(const char *name, bool altered)
{
	static const char *const events[] = {
		"{\"id\":\"a\",\"type\":\"T\",\"at\":\"2026-03-01T10:00:00Z\",\"n\":1}\n",
		"{\"id\":\"b\",\"type\":\"T\",\"at\":\"2026-03-01T10:00:00Z\",\"n\":2}\n"};
	struct ev_digest *digest = new_digest();
	struct ev_buf head = {0}, section = {0}, seal = {0}, rest = {0}, line = {0};
	char head_mac[2 * EV_SHA256 + 1], mac[2 * EV_SHA256 + 1], hex[33];
	FILE *f = fopen(name, "wb");

	put_control(&line, "news", "\"of\":[1.0,{\"\\u0061\":\"\xc3\xa9\"}], \"x\" : null", mac);
	snprintf(news, sizeof news, "%s", ev_buf_str(&line));
	put_control(&head, "head", "\"batch\":\"d1\",\"stages\":[\"evparse\"],\"checked\":true",
		    head_mac);
	ev_buf_printf(&section, "%s%s%s%s%s", news, events[0], news, events[1], news);
	if (altered)
		*strstr(ev_buf_str(&section), "1.0") = '2';
	ev_digest_add(digest, section.p, section.len);
	ev_hash128_hex(ev_digest_value(digest), hex);
	ev_buf_printf(&rest,
		      "\"head\":\"%s\",\"batch\":\"d1\",\"ok\":true,\"digest\":\"%s\",\"stages\":["
		      "{\"program\":\"evparse\",\"in\":2,\"out\":2,\"rejected\":0,\"blank\":0}]",
		      head_mac, hex);
	put_control(&seal, "seal", ev_buf_str(&rest), mac);
	if (f == NULL ||
	    fprintf(f, "%s%s%s", ev_buf_str(&head), ev_buf_str(&section), ev_buf_str(&seal)) < 0 ||
	    fclose(f) != 0)
		abort();
	ev_digest_free(&digest);
	ev_buf_free(&head);
	ev_buf_free(&section);
	ev_buf_free(&seal);
	ev_buf_free(&rest);
	ev_buf_free(&line);
}

static int run(const char *command)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execlp("sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* How often the line stands in a file. */
static unsigned times(const char *name)
{
	size_t len;
	char *text = read_file(name, &len);
	unsigned n = 0;

	for (const char *p = text; p != NULL && (p = strstr(p, news)) != NULL; p++)
		n += p == text || p[-1] == '\n';
	free(text);
	return n;
}

int main(void)
{
	static const char *const programs[] = {"evvalidate", "evdedupe", "evversion", "evstar"};
	FILE *model = fopen("evkit.yaml", "w");
	char command[256];

	if (model == NULL ||
	    fputs("evkit: 1\nname: shop\nevent: {id: .id, type: .type, time: .at, modified: .at}\n"
		  "star: {facts: {f: {keep: latest, columns: {n: {from: .n, type: int}}}}}\n",
		  model) < 0 ||
	    fclose(model) != 0)
		abort();
	setenv("EVKIT_SEAL", secret, 1);
	write_sealed("sealed", false);
	write_sealed("altered", true);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		snprintf(command, sizeof command, "%s sealed >out 2>err && cmp -s err /dev/null",
			 programs[i]);
		is_int(run(command), 0, "%s takes a control line that it does not know",
		       programs[i]);
		is_int(times("out"), 3, "%s hands it on as it stands", programs[i]);
		snprintf(
			command, sizeof command,
			"%s altered >out 2>err; st=$?; grep -q 'altered:2: this control line "
			"is not signed' err && exit $st",
			programs[i]);
		is_int(run(command), 2, "%s: one that was altered is trouble", programs[i]);
	}
	is_int(run("evvalidate sealed | evdedupe | evversion | evstar >rows && "
		   "evload tsv:load rows"),
	       0, "and so on through the chain, whose end drops it");
	is_int(times("rows"), 3, "which it reaches");
	is_int(run("cut -f 3 load/f.tsv | tr '\\n' ' ' | grep -qx '1 2 '"), 0,
	       "the rows are in");
	is_int(run("evload tsv:other altered 2>err; st=$?; "
		   "test ! -e other/manifest.json && exit $st"),
	       2, "evload: one that was altered is trouble");
	is_int(run("sed -n 2p sealed | evparse -f json -r rejects >out 2>err; st=$?; "
		   "grep -q '\"code\":\"reserved\"' rejects && exit $st"),
	       1, "in a raw log it is a record of a reserved name");
	return done();
}
